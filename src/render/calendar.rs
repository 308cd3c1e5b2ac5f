//! Due dates as an iCalendar feed (RFC 5545), for calendars that people subscribe to.
//!
//! Written by hand: a library would stamp what it writes with a clock and random ids of its own, and the same store must
//! give the same bytes. Two other implementations read it back in the tests.

mod lines;

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::domain::due::{Due, End, Urgency};
use crate::domain::finding::Unknown;
use crate::domain::id::StoreId;
use crate::domain::name::ActorName;
use crate::domain::text::{counted, few, shell_word};
use crate::domain::time::Instant;
use crate::domain::timeline::Timeline;
use lines::Lines;

/// Revisions are counted from here, in seconds: the numbers of a calendar end in 2088 instead of 2038.
const REVISIONS_FROM: &str = "2020-01-01";
/// How many secrets one event names.
const MOST_NAMED: usize = 20;

/// What the feed is made from.
pub struct Feed<'f> {
    /// As what it appears among somebody's calendars.
    pub name: &'f str,
    pub store: StoreId,
    pub timeline: &'f Timeline,
    /// What may hold secrets of which nothing is known.
    pub unknowns: &'f [Unknown],
}

/// Renders the feed. The same store at the same moment gives the same bytes.
pub fn render(feed: &Feed<'_>) -> String {
    let mut lines = Lines::default();
    lines.plain("BEGIN", "VCALENDAR").plain("VERSION", "2.0");
    lines.plain("PRODID", "-//secrets-cli//due dates//EN").plain("CALSCALE", "GREGORIAN");
    lines.text("NAME", feed.name).text("X-WR-CALNAME", feed.name);
    lines.plain("REFRESH-INTERVAL;VALUE=DURATION", "PT12H").plain("X-PUBLISHED-TTL", "PT12H");
    feed.lapsed(&mut lines);
    feed.unknown(&mut lines);
    for due in &feed.timeline.dues {
        if let Some(at) = due.at() {
            feed.event(&mut lines, due, at);
        }
    }
    lines.plain("END", "VCALENDAR");
    lines.into_text()
}

impl Feed<'_> {
    /// What has ended stands on the day of the run too: nobody looks at days that are over.
    fn lapsed(&self, lines: &mut Lines) {
        let lapsed =
            self.timeline.dues.iter().filter(|due| due.urgency(self.timeline.now) == Urgency::Expired);
        let names: Vec<String> =
            lapsed.filter_map(|due| Some(format!("{} (since {})", due.name, due.at()?.brief()))).collect();
        if !names.is_empty() {
            let summary = format!("{} expired", counted(names.len(), "secret"));
            self.today(lines, "expired", &summary, &names, "secrets list --timeline");
        }
    }

    /// What is not known may end any day.
    fn unknown(&self, lines: &mut Lines) {
        let unread = |due: &Due| match &due.end {
            End::Unread(why) => Some(format!("{}: {why}", due.name)),
            End::Unsaid => Some(format!("{}: nobody has said when it ends", due.name)),
            End::At(_) | End::Never(_) => None,
        };
        let mut told: Vec<String> = self.timeline.dues.iter().filter_map(unread).collect();
        told.extend(self.unknowns.iter().map(|unknown| format!("{}: {}", unknown.what, unknown.why)));
        if !told.is_empty() {
            let summary = format!("{} unknown", counted(told.len(), "due date"));
            self.today(lines, "unknown", &summary, &told, "secrets list --without-expiry");
        }
    }

    fn today(&self, lines: &mut Lines, what: &str, summary: &str, told: &[String], command: &str) {
        let mut text: Vec<String> = told.iter().take(MOST_NAMED).cloned().collect();
        if let Some(more) = told.len().checked_sub(MOST_NAMED).filter(|more| *more > 0) {
            text.push(format!("and {more} more"));
        }
        text.push(format!("see: {command}"));
        let today = self.timeline.from;
        lines.plain("BEGIN", "VEVENT").plain("UID", &self.uid(&format!("\0{what}")));
        lines.plain("DTSTAMP", &stamp(self.timeline.now));
        lines.plain("SEQUENCE", &sequence(Some(self.timeline.now)).to_string());
        all_day(lines, today);
        lines.text("SUMMARY", summary).paragraphs("DESCRIPTION", &text);
        lines.plain("TRANSP", "TRANSPARENT").plain("END", "VEVENT");
    }

    fn event(&self, lines: &mut Lines, due: &Due, at: Instant) {
        let is_over = self.timeline.now >= at;
        let name = due.name.as_str();
        let doubt = due.doubt.map(|id| format!(" (in doubt: {id})")).unwrap_or_default();
        let summary = format!("{name} {}{doubt}", if is_over { "expired" } else { "expires" });
        lines.plain("BEGIN", "VEVENT").plain("UID", &self.uid(name));
        lines.plain("DTSTAMP", &stamp(due.revised.unwrap_or(self.timeline.now)));
        lines.plain("SEQUENCE", &sequence(due.revised).to_string());
        if is_midnight(at) {
            all_day(lines, at);
        } else {
            lines.plain("DTSTART", &stamp(at));
        }
        lines.text("SUMMARY", &summary).paragraphs("DESCRIPTION", &description(due, at));
        lines.text("CATEGORIES", scope_of(due));
        if let Some(address) = due.runbook.as_deref().filter(|runbook| is_address(runbook)) {
            lines.plain("URL", address);
        }
        lines.plain("TRANSP", "TRANSPARENT");
        if !is_over {
            for tier in &due.tiers {
                // Calendars know no months: what a tier comes to before this very end.
                let Some(begins) = tier.before(at) else { continue };
                let seconds = (at.as_datetime() - begins.as_datetime()).num_seconds();
                lines.plain("BEGIN", "VALARM").plain("ACTION", "DISPLAY");
                lines.text("DESCRIPTION", &format!("{name} expires {}", at.brief()));
                lines.plain("TRIGGER", &before(seconds)).plain("END", "VALARM");
            }
        }
        lines.plain("END", "VEVENT");
    }

    /// Of the store and the name, whatever the version: a new value moves the event instead of leaving the old one.
    fn uid(&self, name: &str) -> String {
        let digest = Sha256::digest(format!("{}\n{name}", self.store));
        let hex = digest.iter().take(16).fold(String::new(), |mut hex, byte| {
            // Writing to a string can't fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        format!("{hex}@{}.secrets-cli", self.store.to_string().to_ascii_lowercase())
    }
}

/// What somebody needs who is reminded.
fn description(due: &Due, at: Instant) -> Vec<String> {
    let mut text = vec![if is_midnight(at) {
        format!("ends {} at 00:00 UTC: from the start of that day on it fails", at.date())
    } else {
        format!("ends {at}")
    }];
    if let Some(id) = due.doubt {
        text.push(format!(
            "in doubt ({id}): it may not be the date that belongs to the value; see: secrets check"
        ));
    }
    if !due.block_within.is_zero() {
        text.push(format!("deploys are blocked {} before the end", due.block_within));
    }
    let owners: Vec<&str> = due.owners.iter().map(ActorName::as_str).collect();
    text.push(if owners.is_empty() {
        "owners: nobody".to_owned()
    } else {
        format!("owners: {}", owners.join(", "))
    });
    let people: Vec<String> = due
        .people
        .iter()
        .map(|(name, contact)| match contact {
            Some(contact) => format!("{name} ({contact})"),
            None => name.to_string(),
        })
        .collect();
    if !people.is_empty() {
        text.push(format!("people: {}", few(&people, MOST_NAMED)));
    }
    let told = [("issuer", &due.issuer), ("runbook", &due.runbook)];
    text.extend(told.iter().filter_map(|(what, text)| Some(format!("{what}: {}", text.as_ref()?))));
    text.push(format!("renew: secrets set {}", shell_word(due.name.as_str())));
    text
}

/// The outermost folder; a name without one stands for itself.
fn scope_of(due: &Due) -> &str {
    due.name.as_str().split(['/', '#']).next().unwrap_or_default()
}

/// What may stand as a URI as it is.
fn is_address(runbook: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_graphic() && !"\"<>\\^`{|}".contains(c);
    (runbook.starts_with("https://") || runbook.starts_with("http://")) && runbook.chars().all(is_plain)
}

/// Whether it is a day rather than a time of day.
fn is_midnight(at: Instant) -> bool {
    at.brief() == at.date()
}

fn all_day(lines: &mut Lines, at: Instant) {
    lines.plain("DTSTART;VALUE=DATE", &day(at));
    if let Some(next) = at.checked_add_seconds(86_400) {
        lines.plain("DTEND;VALUE=DATE", &day(next));
    }
}

/// `20270831`
fn day(at: Instant) -> String {
    at.as_datetime().format("%Y%m%d").to_string()
}

/// `20270831T120000Z`
fn stamp(at: Instant) -> String {
    at.as_datetime().format("%Y%m%dT%H%M%SZ").to_string()
}

/// Rises with every seal, so that a calendar takes the later of two for the newer one.
fn sequence(revised: Option<Instant>) -> u64 {
    let from = Instant::parse_date_or_instant(REVISIONS_FROM).map_or(0, Instant::unix_seconds);
    let most = u64::from(i32::MAX.unsigned_abs());
    revised.map_or(0, |at| at.unix_seconds().saturating_sub(from).min(most))
}

/// `-P30D`, or `-PT36H` where it is not whole days.
fn before(seconds: i64) -> String {
    if seconds % 86_400 == 0 {
        format!("-P{}D", seconds / 86_400)
    } else {
        format!("-PT{}H", seconds / 3_600)
    }
}

#[cfg(test)]
mod tests;
