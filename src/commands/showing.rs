//! What `secrets show` says of any secret, whoever sealed it.

use std::fmt::Write as _;

use serde::Serialize;

use crate::domain::expiry::Expiry;
use crate::domain::finding::Finding;
use crate::domain::rules::{Rule, Rules};
use crate::domain::text::visible;
use crate::domain::time::Instant;
use crate::git::HistoryEntry;
use crate::observe::place::Place;

/// How many commits of a secret's history are shown.
const HISTORY_LENGTH: usize = 10;

#[derive(Serialize)]
pub struct RuleWire {
    rule: String,
    value: String,
    origin: String,
}

impl RuleWire {
    pub fn rule(&self) -> &str {
        &self.rule
    }
}

#[derive(Serialize)]
pub struct HistoryWire {
    commit: String,
    date: String,
    author: String,
    subject: String,
}

#[derive(Serialize)]
pub struct FindingWire {
    id: &'static str,
    level: &'static str,
    message: String,
    remedy: String,
}

impl From<&Finding> for FindingWire {
    fn from(finding: &Finding) -> Self {
        Self {
            id: finding.id.as_str(),
            level: finding.level.as_str(),
            message: finding.message.clone(),
            remedy: finding.remedy.clone(),
        }
    }
}

impl From<HistoryEntry> for HistoryWire {
    fn from(entry: HistoryEntry) -> Self {
        Self { commit: entry.commit, date: entry.date, author: entry.author, subject: entry.subject }
    }
}

/// The latest commits that changed a file, newest first.
pub fn history(place: &Place, path: &str) -> Result<Vec<HistoryWire>, String> {
    let repository = place.repository.as_ref().map_err(ToString::to_string)?;
    let entries = repository.history(path, HISTORY_LENGTH).map_err(|error| error.to_string())?;
    Ok(entries.into_iter().map(HistoryWire::from).collect())
}

/// The rules in force, each with where it comes from.
pub fn rules(rules: &Rules) -> Vec<RuleWire> {
    fn line<T>(name: &str, rule: &Rule<T>, text: impl Fn(&T) -> String) -> RuleWire {
        RuleWire { rule: name.to_owned(), value: text(&rule.value), origin: rule.origin.to_string() }
    }
    let joined = |items: Vec<String>| if items.is_empty() { "none".to_owned() } else { items.join(", ") };
    let optional = |period: &Option<crate::domain::period::Period>| {
        period.map_or_else(|| "off".to_owned(), |period| period.to_string())
    };
    let mut lines = vec![
        line("readers", &rules.readers, |readers| joined(readers.iter().map(ToString::to_string).collect())),
        line("min-people", &rules.min_people, ToString::to_string),
        line("notify-at", &rules.notify_at, |tiers| joined(tiers.iter().map(ToString::to_string).collect())),
        line("block-within", &rules.block_within, ToString::to_string),
        line("rotate-every", &rules.rotate_every, optional),
        line("max-lifetime", &rules.max_lifetime, optional),
        line("overlap", &rules.overlap, ToString::to_string),
        line("require-signature", &rules.require_signature, ToString::to_string),
    ];
    for (id, level) in &rules.levels {
        lines.push(line(&format!("levels.{id}"), level, ToString::to_string));
    }
    lines
}

pub fn people_text(people: &[String]) -> String {
    match people {
        [] => "nobody can open it".to_owned(),
        [one] => format!("1 person can open it: {one}"),
        many => format!("{} people can open it: {}", many.len(), many.join(", ")),
    }
}

/// `2027-08-31 (in 3 days; declared: why)`, or why there is no end.
pub fn end_text(expires: Option<&Expiry>, now: Instant) -> String {
    match expires {
        None => "unknown".to_owned(),
        Some(Expiry::Never { why }) => format!("never: {why}"),
        Some(Expiry::At { at, from, reason }) => {
            let days = now.days_until(*at);
            let distance = if *at <= now { format!("{} days ago", -days) } else { format!("in {days} days") };
            let reason = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
            format!("{} ({distance}; {}{reason})", at.brief(), from.as_str())
        }
    }
}

/// What is shown to a person, part by part.
#[derive(Default)]
pub struct Sections {
    text: String,
}

impl Sections {
    /// A part with its title; nothing where it has no line.
    pub fn add(&mut self, title: &str, lines: Vec<(String, String)>) {
        if lines.is_empty() {
            return;
        }
        let width = lines.iter().map(|(key, _)| key.chars().count()).max().unwrap_or(0);
        // Writing into a String can't fail.
        let _ = writeln!(self.text, "{}", visible(title));
        for (key, value) in lines {
            let line = format!("  {:width$}  {}", visible(&key), visible(&value));
            let _ = writeln!(self.text, "{}", line.trim_end());
        }
        let _ = writeln!(self.text);
    }

    pub fn add_rules(&mut self, rules: &[RuleWire]) {
        let line = |rule: &RuleWire| (rule.rule.clone(), format!("{}  ({})", rule.value, rule.origin));
        self.add("policy in force", rules.iter().map(line).collect());
    }

    pub fn add_history(&mut self, history: &[HistoryWire]) {
        let line = |entry: &HistoryWire| {
            let short: String = entry.commit.chars().take(10).collect();
            (entry.date.clone(), format!("{short}  {}  {}", entry.author, entry.subject))
        };
        self.add("history", history.iter().map(line).collect());
    }

    pub fn add_findings(&mut self, findings: &[FindingWire], unchecked: &[String]) {
        let line =
            |f: &FindingWire| (format!("{} {}", f.level, f.id), format!("{}; {}", f.message, f.remedy));
        self.add("findings (the remote was not asked)", findings.iter().map(line).collect());
        self.add("unchecked", unchecked.iter().map(|text| (String::new(), text.clone())).collect());
    }

    pub fn finish(mut self) -> String {
        let end = self.text.trim_end().len();
        self.text.truncate(end);
        self.text.push('\n');
        self.text
    }
}
