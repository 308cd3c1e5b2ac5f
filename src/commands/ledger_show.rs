//! `secrets ledger show`: what was told to whom, what is open, and when the job last ran.

use serde::Serialize;
use serde_json::value::RawValue;

use super::{CommandError, Session, remembered};
use crate::change::memory::Remembered;
use crate::cli::{LedgerShow, ReadFormat};
use crate::domain::ledger::{Claim, Event, RunEnd, Sent};
use crate::domain::notice::Resolved;
use crate::domain::text::{counted, visible};
use crate::domain::time::Instant;
use crate::render::table::Table;
use crate::store::ledger;

/// How many of the last notices a screen has room for.
const MOST_SENT: usize = 20;

/// How much of a text of the ledger is shown in a table, in characters.
const MOST_CHARACTERS: usize = 80;

/// The exit code where something can't be read, or is gone.
const FAULTY: u8 = 2;

#[derive(Serialize)]
struct ShowWire<'a> {
    schema_version: u32,
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_run: Option<Box<RawValue>>,
    open: Vec<OpenWire<'a>>,
    claims: Vec<Box<RawValue>>,
    events: Vec<Box<RawValue>>,
    faults: Vec<FaultWire<'a>>,
}

#[derive(Serialize)]
struct OpenWire<'a> {
    channel: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    dedup_key: String,
}

#[derive(Serialize)]
struct FaultWire<'a> {
    what: &'a str,
    why: &'a str,
}

#[expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the method itself is of one lifetime, and what looks must be of any"
)]
pub fn run(session: &Session, arguments: &LedgerShow) -> Result<u8, CommandError> {
    let remembered = remembered::at(session, arguments.state.as_deref(), |memory| memory.read())?;
    match arguments.output.format {
        ReadFormat::Json => session.print_json(&wire(&remembered, session.now)?)?,
        ReadFormat::Human => session.print(human(session, &remembered))?,
    }
    for fault in &remembered.faults {
        session.say(format!("{}: {}", visible(&fault.what), visible(&fault.why)))?;
    }
    Ok(if remembered.faults.is_empty() { 0 } else { FAULTY })
}

fn wire(remembered: &Remembered, now: Instant) -> Result<ShowWire<'_>, CommandError> {
    let told = remembered.ledger.told();
    let raw = |event: &Event| RawValue::from_string(ledger::line(event).trim_end().to_owned());
    let open = told.channels().into_iter().flat_map(|channel| {
        let open = told.open(channel);
        open.map(|Resolved { secret, dedup_key }| OpenWire { channel: channel.as_str(), secret, dedup_key })
    });
    let claims = told.claims(now).map(|claim| raw(&Event::Claim(claim.clone())));
    Ok(ShowWire {
        schema_version: 1,
        at: now.to_string(),
        last_run: told.last_run().map(|end| raw(&Event::Run(end.clone()))).transpose()?,
        open: open.collect(),
        claims: claims.collect::<Result<_, _>>()?,
        events: ledger::events(&remembered.text).map(|event| raw(&event)).collect::<Result<_, _>>()?,
        faults: remembered
            .faults
            .iter()
            .map(|fault| FaultWire { what: &fault.what, why: &fault.why })
            .collect(),
    })
}

fn human(session: &Session, remembered: &Remembered) -> String {
    let told = remembered.ledger.told();
    let mut text = match told.last_run() {
        None => "last run: none is known\n".to_owned(),
        Some(RunEnd { at, outcome, told, .. }) => {
            format!("last run: {at}, {}, {} told\n", outcome.as_str(), counted(*told, "notice"))
        }
    };
    let mut open = Table::new(&["CHANNEL", "SECRET", "KEY"]);
    let mut number = 0_u64;
    for channel in told.channels() {
        for Resolved { secret, dedup_key } in told.open(channel) {
            number += 1;
            open.row([channel.to_string(), subject(secret.as_ref()), shown(&dedup_key)]);
        }
    }
    section(&mut text, &format!("open: {}", counted(number, "alert")), number, || {
        open.render(session.style())
    });
    let claims: Vec<&Claim> = told.claims(session.now).collect();
    let mut table = Table::new(&["CHANNEL", "UNTIL", "NOTICES", "CLOSING", "RUN"]);
    for Claim { run, until, channel, notices, closing, .. } in &claims {
        let [notices, closing] = [notices.len(), closing.len()].map(|number| number.to_string());
        table.row([channel.to_string(), until.to_string(), notices, closing, run.to_string()]);
    }
    let number = claims.len() as u64;
    section(&mut text, &format!("claimed: {}", counted(number, "time")), number, || {
        table.render(session.style())
    });
    text.push_str(&lately(session, remembered));
    text
}

/// What was told last, the newest first.
fn lately(session: &Session, remembered: &Remembered) -> String {
    let sent = |event| if let Event::Sent(sent) = event { Some(sent) } else { None };
    let mut all: Vec<Sent> = ledger::events(&remembered.text).filter_map(sent).collect();
    all.sort_by_key(|sent| std::cmp::Reverse(sent.at));
    let mut table = Table::new(&["SENT", "CHANNEL", "SECRET", "FINDING", "TIER", "EXPIRES"]);
    for sent in all.iter().take(MOST_SENT) {
        table.row([
            sent.at.to_string(),
            sent.channel.to_string(),
            subject(sent.secret.as_ref()),
            shown(&sent.finding),
            sent.tier.as_deref().map_or_else(|| "-".to_owned(), shown),
            sent.expires.map_or_else(|| "-".to_owned(), Instant::brief),
        ]);
    }
    let number = all.len() as u64;
    let more = if all.len() > MOST_SENT { format!("; the last {MOST_SENT}") } else { String::new() };
    let mut text = String::new();
    let title = format!("sent: {}{more}", counted(number, "notice"));
    section(&mut text, &title, number, || table.render(session.style()));
    text
}

fn section(text: &mut String, title: &str, number: u64, table: impl FnOnce() -> String) {
    text.push_str(title);
    text.push('\n');
    if number > 0 {
        text.push_str(&table());
    }
}

fn subject(secret: Option<&String>) -> String {
    secret.map_or_else(|| "(the store)".to_owned(), |secret| shown(secret))
}

/// A text that others wrote, fit for a table.
fn shown(text: &str) -> String {
    let mut shown: String = visible(text).chars().take(MOST_CHARACTERS).collect();
    if text.chars().nth(MOST_CHARACTERS).is_some() {
        shown.push('…');
    }
    shown
}
