//! A person makes the next version: they are shown what there is to know, and asked for what they got.

use std::path::{Component, Path};

use super::ending::expiry_with_proposal;
use super::session::repository;
use super::showing::end_text;
use super::writing::read_value;
use super::{CommandError, Session};
use crate::cli::Rotate;
use crate::domain::expiry::Expiry;
use crate::domain::period::Period;
use crate::domain::record::Record;
use crate::domain::text::visible;
use crate::domain::time::Instant;
use crate::domain::value::Value;
use crate::observe::place::Place;
use crate::system::files;

/// The longest runbook that is shown, in bytes; of a longer one the path is told.
const MAX_RUNBOOK_BYTES: u64 = 64 * 1024;

pub struct ByHand {
    pub value: Value,
    pub expires: Expiry,
    /// A person does not say when the issuer made it: it counts from now.
    pub issued: Option<Instant>,
}

/// Takes the new value from a person at a terminal, from a file or from standard input. `current` is what it replaces;
/// `lifetime` is what its rotator is set to.
pub fn new_value(
    session: &Session,
    place: &Place,
    record: &Record,
    arguments: &Rotate,
    lifetime: Option<Period>,
    current: &Value,
) -> Result<ByHand, CommandError> {
    let is_asked = arguments.from_file.is_none() && session.terminal.can_ask();
    if is_asked {
        for line in briefing(place, record, session.now) {
            session.say(line)?;
        }
    }
    let value = loop {
        let value = read_value(session, arguments.from_file.as_deref())?;
        if !current.same_as(&value) {
            break value;
        }
        if !is_asked {
            return Err(same_value(record));
        }
        session.say("that is the value it has already: give the new one, or press Ctrl-C")?;
    };
    let expires = expiry_with_proposal(session, &value, &arguments.lifetime, lifetime)?;
    Ok(ByHand { value, expires, issued: None })
}

fn same_value(record: &Record) -> CommandError {
    let name = &record.sealed.name;
    CommandError::new(format!("{name}: that is the value it has already (same-value)"))
        .hint("nothing was sealed, and nothing is renewed by it: get a new one from its issuer")
        .hint(format!("then go on: secrets rotate {name}; or leave it: secrets rotate {name} --abort"))
}

/// What a person needs to know who gets the next value, line by line.
fn briefing(place: &Place, record: &Record, now: Instant) -> Vec<String> {
    let (sealed, about) = (&record.sealed, &record.about);
    let version = &sealed.version;
    let mut facts = Vec::new();
    if let Some(issuer) = &about.issuer {
        let contact = issuer.contact.as_ref().map(|contact| format!(" ({contact})")).unwrap_or_default();
        facts.push(("issuer", format!("{}{contact}", issuer.name)));
    }
    let (number, set_at, set_by) = (version.number, version.set_at.brief(), &version.set_by);
    facts.push((
        "old",
        format!("version {number}, set {set_at} by {set_by}; it stays valid until it is retired"),
    ));
    facts.push(("ends", end_text(sealed.expires.as_ref(), now)));
    let text = about.runbook.as_deref().map(|runbook| {
        let text = text_of(place, runbook);
        let told = match &text {
            Ok(_) | Err(None) => runbook.to_owned(),
            Err(Some(why)) => format!("{runbook} ({why})"),
        };
        facts.push(("runbook", told));
        text.unwrap_or_default()
    });

    let mut lines = vec![format!("{}: get a new value from its issuer", sealed.name)];
    lines.extend(facts.iter().map(|(key, fact)| format!("  {key:7}  {}", visible(fact))));
    if let Some(text) = text.filter(|text| !text.trim().is_empty()) {
        lines.push(String::new());
        lines.extend(text.trim().lines().map(|line| format!("  | {}", visible(&line.replace('\t', "    ")))));
        lines.push(String::new());
    }
    lines
}

/// The text of a runbook that is a file of the repository; else why there is none to be shown, if that needs to be said.
fn text_of(place: &Place, runbook: &str) -> Result<String, Option<String>> {
    let path = runbook.split('#').next().unwrap_or_default();
    let is_below = |path: &Path| path.components().all(|part| matches!(part, Component::Normal(_)));
    if path.is_empty() || path.contains("://") || path.starts_with("mailto:") || !is_below(Path::new(path)) {
        return Err(None);
    }
    let Ok(repository) = repository(place) else { return Err(None) };
    let missing = || Some("is no file of this repository here".to_owned());
    let root = repository.root().canonicalize().map_err(|_| missing())?;
    let file = root.join(path).canonicalize().map_err(|_| missing())?;
    // A link may lead anywhere.
    if !file.starts_with(&root) {
        return Err(missing());
    }
    let bytes = files::read(&file, MAX_RUNBOOK_BYTES).map_err(|error| Some(error.reason()))?;
    String::from_utf8(bytes).map_err(|_| Some("is no text".to_owned()))
}
