//! What a run of the scheduled job came to.

use serde::Serialize;
use serde_json::value::RawValue;

use super::Style;
use super::lines::Lines;
use super::paint::{BAD, BOLD, DIM, GOOD, WARNING, paint};
use super::table::{Cell, Table};
use crate::domain::finding::Level;
use crate::domain::notice::{Message, Notice};
use crate::domain::text::{counted, visible};
use crate::domain::tracked_name::CredentialName;
use crate::domain::warned::{Outcome, Step, Warned, WarnedChannel};

/// How many notices of a channel are listed.
const MOST_LISTED: usize = 50;

/// For a person.
pub fn human(warned: &Warned, style: Style) -> String {
    let mut page = Lines::new(style);
    let origin = &warned.origin;
    let place = origin
        .repository
        .as_ref()
        .map_or_else(|| origin.store.clone(), |at| format!("{at}, {}", origin.store));
    let secrets = counted(warned.secrets, "secret");
    page.put(&paint(
        &format!("{}: {secrets} on {}", visible(&place), visible(&warned.deployed)),
        BOLD,
        style,
    ));
    page.put(&paint(&format!("as of {}", warned.at), DIM, style));
    for channel in &warned.channels {
        page.put("");
        page.channel(channel);
    }
    if !warned.unchecked.is_empty() {
        page.put("");
        page.put(&paint("not judged", BAD, style));
        for unchecked in &warned.unchecked {
            let secret = unchecked.secret.as_ref().map(|secret| format!("{secret}: ")).unwrap_or_default();
            page.wrapped(2, &format!("{}{}: {}", visible(&secret), unchecked.what, unchecked.why));
        }
    }
    page.put("");
    page.steps(warned);
    page.put(&last_line(warned, style));
    page.text
}

impl Lines {
    fn channel(&mut self, channel: &WarnedChannel) {
        let told = |verb: &str| {
            let message = &channel.message;
            let closed = match message.resolved.len() {
                0 => String::new(),
                number => format!(", {number} closed"),
            };
            format!("{verb} {}{closed}", counted(message.notices.len(), "notice"))
        };
        let (words, ansi) = match &channel.outcome {
            Outcome::Planned => (told("would be told"), WARNING),
            Outcome::Delivered => (told("told"), GOOD),
            Outcome::Failed { told: 0, .. } => ("failed".to_owned(), BAD),
            Outcome::Failed { told, .. } => (format!("told {}, then failed", counted(*told, "notice")), BAD),
            Outcome::Nothing => (nothing(channel), DIM),
        };
        let kind = if channel.name.as_str() == channel.kind {
            String::new()
        } else {
            format!(" ({})", channel.kind)
        };
        self.put(&format!(
            "{}{kind}: {}",
            paint(channel.name.as_str(), BOLD, self.style),
            paint(&words, ansi, self.style)
        ));
        if let Outcome::Failed { why, due_again, .. } = &channel.outcome {
            let again = match due_again {
                0 => String::new(),
                number => format!("; {number} due again in the next run"),
            };
            self.wrapped(2, &format!("{}{again}", visible(why)));
        }
        // What was told on standard output stands above.
        let is_shown = channel.kind == "stdout" && channel.outcome == Outcome::Delivered;
        if channel.outcome != Outcome::Nothing && !is_shown {
            self.notices(&channel.message);
        }
    }

    fn notices(&mut self, message: &Message) {
        let mut table = Table::new(&["NAME", "NOTICE", "TIER"]);
        for notice in message.notices.iter().take(MOST_LISTED) {
            table.cells(row(notice));
        }
        for resolved in message.resolved.iter().take(MOST_LISTED) {
            let name = resolved.secret.as_deref().unwrap_or("the store");
            table.cells([Cell::plain(visible(name)), Cell::good("no longer due"), Cell::plain("")]);
        }
        let style = Style { width: self.style.width.map(|width| width.saturating_sub(2)), ..self.style };
        for line in table.render(style).lines() {
            self.put(&format!("  {line}"));
        }
        let all = message.notices.len().max(message.resolved.len());
        if all > MOST_LISTED {
            self.put(&format!(
                "  and more: {} in all; --format json has them",
                message.notices.len() + message.resolved.len()
            ));
        }
    }

    fn steps(&mut self, warned: &Warned) {
        let memory = visible(&warned.memory).into_owned();
        match &warned.remembered {
            Step::Done => self.wrapped(0, &format!("remembered in {memory}")),
            Step::LeftOut(why) => self.wrapped(0, &format!("not remembered: {why}")),
            Step::Failed(why) => {
                self.wrapped(0, &paint(&format!("not remembered: {}", visible(why)), BAD, self.style));
            }
        }
        match &warned.heartbeat {
            Step::Done => self.put("heartbeat called"),
            Step::LeftOut(why) => self.wrapped(0, &format!("no heartbeat: {why}")),
            Step::Failed(why) => {
                self.wrapped(0, &paint(&format!("no heartbeat: {}", visible(why)), BAD, self.style));
            }
        }
    }
}

fn nothing(channel: &WarnedChannel) -> String {
    match (channel.left_to_others, channel.message.standing.len()) {
        (0, 0) => "nothing is due".to_owned(),
        (0, standing) => format!("nothing is due; {standing} told before"),
        (left, _) => format!("{} left to another run that is at it", counted(left, "notice")),
    }
}

fn row(notice: &Notice) -> [Cell; 3] {
    let name = notice.secret.as_ref().map_or("the store", |secret| secret.as_str());
    let message = visible(&notice.message);
    let told = match notice.level {
        Level::Error => Cell::bad(message),
        Level::Warning | Level::Off => Cell::warning(message),
    };
    let tier = notice.tier.map(|tier| tier.to_string()).unwrap_or_default();
    [Cell::plain(visible(name)), told, Cell::plain(tier)]
}

fn last_line(warned: &Warned, style: Style) -> String {
    let told = warned.told();
    let verb = if warned.is_dry { "would be told" } else { "told" };
    let notices = counted(told, "notice");
    if warned.is_whole() {
        return paint(&format!("{notices} {verb}"), GOOD, style);
    }
    let mut why = Vec::new();
    let failed = |channel: &&WarnedChannel| matches!(channel.outcome, Outcome::Failed { .. });
    match warned.channels.iter().filter(failed).count() {
        0 => {}
        number => why.push(format!("{} failed", counted(number, "channel"))),
    }
    if warned.channels.is_empty() {
        why.push("nobody is told: policy has no [[notify]]".to_owned());
    }
    if !warned.unchecked.is_empty() {
        why.push(format!("{} not judged", counted(warned.unchecked.len(), "thing")));
    }
    if matches!(warned.remembered, Step::Failed(_)) {
        why.push("not remembered".to_owned());
    }
    if matches!(warned.heartbeat, Step::Failed(_)) {
        why.push("no heartbeat".to_owned());
    }
    paint(&format!("{notices} {verb}; {}", why.join(", ")), BAD, style)
}

#[derive(Serialize)]
struct Report<'a> {
    schema_version: u32,
    at: String,
    store: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    store_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repository: Option<&'a str>,
    deployed: &'a str,
    dry_run: bool,
    secrets: usize,
    told: usize,
    channels: Vec<Channel<'a>>,
    unchecked: Vec<Unchecked<'a>>,
    ledger: StepMade<'a>,
    heartbeat: StepMade<'a>,
    exit_code: u8,
}

#[derive(Serialize)]
struct Channel<'a> {
    name: &'a str,
    kind: &'a str,
    outcome: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    told: usize,
    standing: usize,
    left_to_others: usize,
    message: &'a RawValue,
}

#[derive(Serialize)]
struct Unchecked<'a> {
    secret: Option<&'a str>,
    what: &'a str,
    why: &'a str,
}

#[derive(Serialize)]
struct StepMade<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    outcome: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
}

impl<'a> StepMade<'a> {
    fn of(step: &'a Step, name: Option<&'a str>) -> Self {
        let (outcome, why) = match step {
            Step::Done => ("done", None),
            Step::LeftOut(why) => ("left-out", Some(*why)),
            Step::Failed(why) => ("failed", Some(why.as_str())),
        };
        Self { name, outcome, why }
    }
}

/// For a program. `messages` are those of the channels, in their order, as a webhook gets them.
pub fn json(warned: &Warned, messages: &[Box<RawValue>]) -> String {
    let channels = warned.channels.iter().zip(messages).map(|(channel, message)| Channel {
        name: channel.name.as_str(),
        kind: channel.kind,
        outcome: channel.outcome.as_str(),
        error: match &channel.outcome {
            Outcome::Failed { why, .. } => Some(why),
            Outcome::Planned | Outcome::Delivered | Outcome::Nothing => None,
        },
        told: channel.told(),
        standing: channel.message.standing.len(),
        left_to_others: channel.left_to_others,
        message,
    });
    let unchecked = warned.unchecked.iter().map(|unchecked| Unchecked {
        secret: unchecked.secret.as_ref().map(CredentialName::as_str),
        what: &unchecked.what,
        why: &unchecked.why,
    });
    let report = Report {
        schema_version: 1,
        at: warned.at.to_string(),
        store: &warned.origin.store,
        store_id: warned.origin.store_id.map(|id| id.to_string()),
        repository: warned.origin.repository.as_deref(),
        deployed: &warned.deployed,
        dry_run: warned.is_dry,
        secrets: warned.secrets,
        told: warned.told(),
        channels: channels.collect(),
        unchecked: unchecked.collect(),
        ledger: StepMade::of(&warned.remembered, Some(&warned.memory)),
        heartbeat: StepMade::of(&warned.heartbeat, None),
        exit_code: warned.exit_code(),
    };
    super::pretty(&report)
}
