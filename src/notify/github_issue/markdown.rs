//! A notice as an issue: Markdown in which nothing of others is more than text, and nobody is called by accident.

use std::fmt::Write as _;

use crate::domain::digest::Digest;
use crate::domain::notice::{Message, Notice};
use crate::notify::wording;

/// GitHub's longest title, in characters.
const MOST_TITLE: usize = 256;

/// How many people are named, and how much of each is shown, so that a text stays below GitHub's 65,536 characters with
/// every sign of it escaped.
const MOST_PEOPLE: usize = 20;
const MOST_OF_ONE: usize = 120;

/// How many hexadecimal digits tell what was told.
const DIGITS: usize = 12;

const BEGIN: &str = "<!-- ";
const PREFIX: &str = "secrets:";
const END: &str = " -->";

/// The first line of an issue's text, which nobody sees: what it is about, and what was told of it last.
#[derive(Debug, PartialEq, Eq)]
pub struct Mark {
    /// The key of the alert.
    pub key: String,
    /// Its tier, and what tells this cause and tier from others.
    pub told: String,
}

impl Mark {
    pub fn of(notice: &Notice) -> Self {
        let tier = notice.tier.map_or_else(|| "-".to_owned(), |tier| tier.to_string());
        let digest = Digest::of([notice.cause.as_str(), &tier].join("\0").as_bytes()).to_string();
        let digits = digest.trim_start_matches("sha256:").chars().take(DIGITS).collect::<String>();
        Self { key: notice.dedup_key.clone(), told: format!("{tier}.{digits}") }
    }

    /// In a text that people may have written into.
    pub fn find(body: &str) -> Option<Self> {
        body.lines().find_map(|line| {
            let inner = line.trim_end().strip_prefix(BEGIN)?.strip_suffix(END)?;
            let (key, told) = inner.strip_prefix(PREFIX).map(|_| inner)?.split_once(' ')?;
            Some(Self { key: decoded(key)?, told: told.to_owned() })
        })
    }

    fn line(&self) -> String {
        format!("{BEGIN}{} {}{END}", encoded(&self.key), self.told)
    }
}

/// Fit for a comment of HTML, which `--` may not stand in: what is not plain as `%2B`.
fn encoded(key: &str) -> String {
    let mut encoded = String::with_capacity(key.len());
    for byte in key.bytes() {
        let is_plain = byte.is_ascii_alphanumeric() || b":/._".contains(&byte);
        if is_plain || byte == b'-' && !encoded.ends_with('-') {
            encoded.push(char::from(byte));
        } else {
            // Writing into a string can't fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

fn decoded(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(part.get(..2)?, 16).ok()?);
        bytes.extend_from_slice(part.get(2..)?.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

/// It stands for days: it has no days in it that would have to be counted anew.
pub fn title(notice: &Notice, message: &Message) -> String {
    let title = match notice.expires.filter(|_| notice.topic.is_expiry()) {
        Some(end) if message.at < end => format!("{}: expires {}", wording::name(notice), end.brief()),
        Some(end) => format!("{}: expired {}", wording::name(notice), end.brief()),
        None => wording::headline(notice),
    };
    // GitHub reads no Markdown in titles, and mentions are none there; other programs that repeat them may think otherwise.
    wording::cut(&title.replace('@', "@\u{200b}"), MOST_TITLE)
}

pub fn body(notice: &Notice, message: &Message) -> String {
    let mut table = String::new();
    for (label, value) in facts(notice, message) {
        let _ = writeln!(table, "| {label} | {value} |");
    }
    format!(
        "{}\n**{}**: {}\n\n| | |\n|---|---|\n{table}{}\nAs of {}. `secrets warn` of {} opened this issue, keeps it up to \
         date, and closes it when it is mended.\n",
        Mark::of(notice).line(),
        text(&wording::name(notice)),
        text(&wording::plain(&notice.message)),
        mend(notice),
        wording::utc(message.at),
        text(&wording::place(&message.origin))
    )
}

/// What is said when it became more urgent, or has another cause.
pub fn comment(notice: &Notice, message: &Message) -> String {
    let people = notice.people.iter().take(MOST_PEOPLE);
    let people = people.map(|person| text(&wording::cut(&wording::person(person), MOST_OF_ONE)));
    let people = people.collect::<Vec<_>>().join(", ");
    let when = wording::when(notice, message.at).map(|when| format!(" {}.", text(&when))).unwrap_or_default();
    let who = if people.is_empty() { String::new() } else { format!(" It is for {people}.") };
    let (name, message) = (text(&wording::name(notice)), text(&wording::plain(&notice.message)));
    format!("**{name}**: {message}.{when}{who}\n{}", mend(notice))
}

pub fn over(message: &Message) -> String {
    format!("No longer due, as of {}.", wording::utc(message.at))
}

fn facts(notice: &Notice, message: &Message) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    if let Some(when) = wording::when(notice, message.at) {
        let tier = notice.tier.map(|tier| format!(" (tier {tier})")).unwrap_or_default();
        facts.push(("when", text(&(when + &tier))));
    }
    facts.push(("finding", format!("{}, {}", notice.topic.as_str(), notice.level)));
    let owners = notice.owners.iter().map(|owner| wording::plain(owner.as_str())).collect::<Vec<_>>();
    facts.push(("owners", if owners.is_empty() { "nobody".to_owned() } else { few(&owners) }));
    if !notice.people.is_empty() {
        facts.push(("people", few(&notice.people.iter().map(wording::person).collect::<Vec<_>>())));
    }
    if let Some(issuer) = &notice.issuer {
        facts.push(("issuer", text(&wording::issuer(issuer))));
    }
    if let Some(runbook) = &notice.runbook {
        facts.push(("runbook", link(&wording::plain(runbook))));
    }
    facts
}

fn few(names: &[String]) -> String {
    let more = names.len().saturating_sub(MOST_PEOPLE);
    let shown = names.iter().take(MOST_PEOPLE).map(|name| text(&wording::cut(name, MOST_OF_ONE)));
    let shown = shown.chain((more > 0).then(|| format!("and {more} more")));
    shown.collect::<Vec<_>>().join("<br>")
}

/// In code nothing is read as Markdown, and nobody is called.
fn mend(notice: &Notice) -> String {
    let command = wording::command(notice);
    let longest = command.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("\n{fence}sh\n{command}\n{fence}\n")
}

/// A link where it is an address that nothing can end early, else text.
fn link(address: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#%&=+,;".contains(c);
    if address.starts_with("https://") && address.chars().all(plain) {
        format!("[{}](<{address}>)", text(address))
    } else {
        text(address)
    }
}

/// Signs that mean nothing within a line, as long as the others stand as their numbers.
const HARMLESS: &str = ".,-/()'\"%+=;?!";

/// Text within a line that is nothing but text: its signs as their numbers, which Markdown does not read as signs, and
/// behind `@`, `#` and `GH-` a space of no width, so that they call no person and no issue. `www.` alone would be a link.
fn text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() * 2);
    for (at, c) in text.char_indices() {
        let is_behind = |word: &str| {
            let start = at.checked_sub(word.len()).and_then(|start| text.get(start..at));
            start.is_some_and(|before| before.eq_ignore_ascii_case(word))
        };
        if c.is_ascii_punctuation() && (!HARMLESS.contains(c) || c == '.' && is_behind("www")) {
            let _ = write!(escaped, "&#{};", u32::from(c));
        } else {
            escaped.push(c);
        }
        if "@#".contains(c) || c == '-' && is_behind("gh") {
            escaped.push_str("&#8203;");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::samples;

    #[test]
    fn a_mark_is_found_again_whatever_the_key_and_wherever_people_put_it() {
        for key in ["secrets::expiry:web/db", "secrets:01:x:a-->b--%20", "secrets::x:\"<'> &"] {
            let mark = Mark { key: key.to_owned(), told: "7d.0123456789ab".to_owned() };
            let line = mark.line();
            assert_eq!(line.matches("--").count(), 2, "{line}");
            assert_eq!(line.matches(['<', '>']).count(), 2, "{line}");
            for body in [line.clone(), format!("a\r\n{line}\r\nb"), format!("> x\n{line} ")] {
                assert_eq!(Mark::find(&body).as_ref(), Some(&mark), "{body}");
            }
        }
        for body in
            ["", "<!-- secrets:x -->", "> <!-- secrets:x 1 -->", "<!-- other x -->", "<!-- secrets:%G0 1 -->"]
        {
            assert_eq!(Mark::find(body), None, "{body}");
        }
    }

    #[test]
    fn what_was_told_differs_by_tier_and_by_cause_and_not_by_day() {
        let notice = samples::notice("web/db");
        let told = |notice: &Notice| Mark::of(notice).told;
        let later = Notice { days_left: Some(6), message: "x".to_owned(), ..notice.clone() };
        assert_eq!(told(&notice), told(&later));
        assert_ne!(told(&notice), told(&samples::ended("web/db")));
        assert_ne!(told(&notice), told(&Notice { cause: "another version".to_owned(), ..notice.clone() }));
    }

    #[test]
    fn nothing_of_others_is_markdown_or_calls_anybody() {
        let mut notice = samples::notice("web/db");
        let evil =
            "@org/team #1 [x](https://evil.example) <img src=x> | **b** `c` <!-- secrets:x 1 -->\n- @all\\";
        notice.message = evil.to_owned();
        notice.people[0].contact = Some(evil.to_owned());
        notice.issuer = None;
        notice.runbook = Some("https://x/)[@a](b".to_owned());
        notice.remedy = format!("secrets set '```' {evil}");
        let message = samples::message();
        let body = body(&notice, &message);
        let (outside, inside) = body.split_once("\n````sh\n").expect("a fence that the command can't close");
        let (inside, rest) = inside.split_once("\n````\n").unwrap();
        assert!(inside.contains("@org/team") && !inside.contains('\n'), "{inside}");
        for text in [outside, rest] {
            let text = text.replacen(&Mark::of(&notice).line(), "", 1);
            for no in ["@", "[", "](", "<img", "<!--", "**b", "\n- ", "\\"] {
                assert!(!text.contains(no), "{no}: {text}");
            }
            assert!(!text.contains("&#64;o") && !text.contains("&#35;1"), "{text}");
        }
        assert!(
            title(&Notice { topic: crate::domain::notice::Topic::Unchecked, ..notice.clone() }, &message)
                .contains("@\u{200b}org")
        );
        let said = comment(&notice, &message);
        assert!(!said.split("````").next().unwrap().contains(['@', '[', '<']), "{said}");
        notice.runbook = Some("https://wiki.example.com/a-b?c=1#d".to_owned());
        assert!(super::body(&notice, &message).contains("](<https://wiki.example.com/a-b?c=1#d>)"));
    }

    #[test]
    fn a_text_fits_whatever_is_in_it() {
        let mut notice = samples::notice("web/db");
        let long = "@".repeat(5000);
        notice.message.clone_from(&long);
        notice.remedy.clone_from(&long);
        notice.runbook = Some(long.clone());
        notice.people[0].contact = Some(long.clone());
        notice.people = vec![notice.people[0].clone(); 200];
        let message = samples::message();
        let (body, comment) = (body(&notice, &message), comment(&notice, &message));
        assert!(body.len() < 65_000 && comment.len() < 65_000, "{} {}", body.len(), comment.len());
        assert!(body.contains("and 180 more"));
        let unchecked = Notice { message: long, ..samples::unchecked() };
        assert_eq!(title(&unchecked, &message).chars().count(), MOST_TITLE);
    }
}
