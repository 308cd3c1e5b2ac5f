//! When a secret ends: what the command line says, what the value itself carries, and what a person is asked.

use super::{CommandError, Session};
use crate::cli::Lifetime;
use crate::domain::expiry::{Expiry, ExpirySource};
use crate::domain::period::Period;
use crate::domain::text::visible;
use crate::domain::time::Instant;
use crate::domain::value::Value;
use crate::domain::value_end::{ValueEnd, ValueEnds};
use crate::system::terminal::Question;
use crate::value_ends;

/// Refuses an issue that is still to come: it would put off every check that counts from it.
pub fn check_issued(session: &Session, issued: Option<Instant>) -> Result<(), CommandError> {
    match issued {
        Some(date) if date > session.now => Err(CommandError::new(format!(
            "--issued {}: is still to come; now it is {}",
            date.brief(),
            session.now
        ))
        .hint("a date means 00:00 UTC on that day; without --issued it counts from now")),
        Some(_) | None => Ok(()),
    }
}

/// The expiry that was given, asked for on a terminal where none was.
pub fn expiry(
    session: &Session,
    lifetime: &Lifetime,
    issued: Option<Instant>,
    reason: Option<&str>,
) -> Result<Expiry, CommandError> {
    let start = issued.unwrap_or(session.now);
    match given(lifetime, start, reason)? {
        Some(expiry) => Ok(expiry),
        None => ask(session, start, reason),
    }
}

/// The expiry of a new value: the one that was given, else the one that the value carries, which a person is asked
/// about, else the one that a person is asked for.
pub fn expiry_of_value(
    session: &Session,
    value: &Value,
    lifetime: &Lifetime,
    issued: Option<Instant>,
) -> Result<Expiry, CommandError> {
    of_value(session, value, lifetime, issued.unwrap_or(session.now), None)
}

/// The same where a rotator says how long a version lives, which a person is asked about, and which holds where nobody can be
/// asked.
pub fn expiry_with_proposal(
    session: &Session,
    value: &Value,
    lifetime: &Lifetime,
    proposed: Option<Period>,
) -> Result<Expiry, CommandError> {
    of_value(session, value, lifetime, session.now, proposed)
}

fn of_value(
    session: &Session,
    value: &Value,
    lifetime: &Lifetime,
    start: Instant,
    proposed: Option<Period>,
) -> Result<Expiry, CommandError> {
    let given = given(lifetime, start, None)?;
    let ends = value_ends::read(value.expose());
    tell_unread(session, &ends)?;
    let expiry = match (given, ends.earliest()) {
        (Some(expiry), _) => expiry,
        (None, Some(end)) if takes(session, end)? => {
            return Ok(Expiry::At { at: end.at, from: end.source, reason: None });
        }
        (None, _) => ask_proposing(session, start, None, proposed)?,
    };
    warn_of_earlier_end(session, &ends, &expiry)?;
    Ok(expiry)
}

/// Says loudly where a value carries an end that comes before the expiry that it is to have.
pub fn warn_of_earlier_end(session: &Session, ends: &ValueEnds, expiry: &Expiry) -> Result<(), CommandError> {
    let Some(end) = ends.earliest().filter(|end| expiry.at().is_none_or(|at| end.at < at)) else {
        return Ok(());
    };
    session.say(format!(
        "WARNING: the value carries: {}; `secrets check --prove` will find `expiry-mismatch`, and judge it by that \
         date",
        told(end)
    ))
}

/// Says which parts of a value may carry an end that nobody could read.
pub fn tell_unread(session: &Session, ends: &ValueEnds) -> Result<(), CommandError> {
    ends.unread.iter().try_for_each(|part| session.say(format!("not looked into: {}", visible(part))))
}

/// `certificate of CN=x ends 2027-03-01`.
pub fn told(end: &ValueEnd) -> String {
    format!("{} ends {}", visible(&end.what), end.at.brief())
}

/// Whether the end that the value carries is taken; where nobody can be asked, it is.
fn takes(session: &Session, end: &ValueEnd) -> Result<bool, CommandError> {
    let carries = format!("the value carries: {}", told(end));
    if !session.terminal.can_ask() {
        session.say(format!("{carries}; that is taken for its expiry"))?;
        return Ok(true);
    }
    let question = Question { what: &format!("{carries}; take it"), remedy: "give --expires DATE" };
    Ok(session.terminal.confirm(question, true)?)
}

/// What the command line says; `None` where it says nothing.
pub fn given(
    lifetime: &Lifetime,
    start: Instant,
    reason: Option<&str>,
) -> Result<Option<Expiry>, CommandError> {
    if let Some(date) = lifetime.expires {
        return Ok(Some(declared(date, reason)));
    }
    if let Some(period) = lifetime.expires_in {
        let end = period.after(start).ok_or_else(|| {
            CommandError::new(format!(
                "--expires-in {period}: {period} after {start} is beyond the year 9999"
            ))
        })?;
        return Ok(Some(declared(end, reason)));
    }
    let Some(why) = &lifetime.never else { return Ok(None) };
    if why.trim().is_empty() {
        return Err(
            CommandError::new("--never needs a reason").hint("--never 'the vendor gives out one login'")
        );
    }
    Ok(Some(Expiry::Never { why: why.clone() }))
}

fn declared(at: Instant, reason: Option<&str>) -> Expiry {
    Expiry::At { at, from: ExpirySource::Declared, reason: reason.map(ToOwned::to_owned) }
}

pub fn ask(session: &Session, start: Instant, reason: Option<&str>) -> Result<Expiry, CommandError> {
    ask_proposing(session, start, reason, None)
}

fn ask_proposing(
    session: &Session,
    start: Instant,
    reason: Option<&str>,
    proposed: Option<Period>,
) -> Result<Expiry, CommandError> {
    if !session.terminal.can_ask() {
        if let Some(at) = proposed.and_then(|proposed| proposed.after(start)) {
            return Ok(Expiry::At { at, from: ExpirySource::Rotator, reason: None });
        }
        return Err(CommandError::new("it is not said when this credential ends")
            .hint("give --expires DATE, --expires-in 1y, or --never REASON"));
    }
    let question =
        Question { what: "expires (date, period such as 1y, or never)", remedy: "give --expires DATE" };
    let proposed = proposed.map(|proposed| proposed.to_string());
    let read = |answer: &str| understand(answer, start);
    if let Some(date) = session.terminal.ask_line(question, proposed.as_deref(), read)? {
        return Ok(declared(date, reason));
    }
    let question = Question { what: "why does it never expire", remedy: "give --never REASON" };
    let given = |why: &str| if why.is_empty() { Err("a reason is needed") } else { Ok(why.to_owned()) };
    Ok(Expiry::Never { why: session.terminal.ask_line(question, None, given)? })
}

fn understand(answer: &str, start: Instant) -> Result<Option<Instant>, String> {
    if answer == "never" {
        return Ok(None);
    }
    if let Ok(period) = answer.parse::<Period>() {
        return period.after(start).map(Some).ok_or_else(|| "that is beyond the year 9999".to_owned());
    }
    Instant::parse_date_or_instant(answer).map(Some).map_err(|error| error.to_string())
}

/// Tells what was understood of an expiry, in UTC and on the local clock.
pub fn echo_expiry(session: &Session, expiry: &Expiry) -> Result<(), CommandError> {
    match expiry {
        Expiry::At { at, .. } => {
            let days = session.now.days_until(*at);
            let distance = if days < 0 { format!("{} days ago", -days) } else { format!("in {days} days") };
            session.say(format!("expires {at} ({distance}; here {})", at.local()))?;
            if *at <= session.now {
                session.say("warning: that is in the past, so `secrets check` will block it")?;
            }
            Ok(())
        }
        Expiry::Never { why } => session.say(format!("never expires: {}", visible(why))),
    }
}
