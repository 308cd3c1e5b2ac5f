//! A message as text for people: standard output, plain mail, and the single lines that other channels are made of.

use std::fmt::Write as _;

use crate::domain::finding::Level;
use crate::domain::notice::{Contact, IssuedBy, Message, Notice, Origin};
use crate::domain::text::{counted, visible};
use crate::domain::time::Instant;
use crate::domain::tracked_name::CredentialName;

/// How wide the text is, in characters. Commands and addresses are never broken, and may be wider.
const WIDTH: usize = 80;
/// How far what is said of a notice stands in, and how wide the words before it are.
const INDENT: usize = 3;
const LABEL: usize = 9;
/// The longest text of others that is shown, in characters. A name has 200 at most.
const MOST_CHARS: usize = 600;
/// The longest command: one for each of many secrets names them all.
const MOST_COMMAND: usize = 4000;
/// The longest subject, in characters.
const MOST_SUBJECT: usize = 200;

/// All of a message, in lines of 80 characters; it ends with a line feed.
pub fn text(message: &Message) -> String {
    let mut text = String::new();
    line(&mut text, 0, &place(&message.origin));
    line(&mut text, 0, &format!("{}, as of {}", counts(message), utc(message.at)));
    if message.is_digest {
        line(&mut text, 0, "all that stands: nobody remembers what was told before");
    }
    text.push_str(&"-".repeat(WIDTH));
    text.push('\n');
    for notice in &message.notices {
        text.push('\n');
        describe(&mut text, notice, message.at);
    }
    if !message.resolved.is_empty() {
        text.push_str("\nno longer due\n");
        for resolved in &message.resolved {
            line(&mut text, INDENT, &plain(subject_of(resolved.secret.as_deref())));
        }
    }
    text
}

/// One line: the most urgent first, and how many more there are.
pub fn subject(message: &Message) -> String {
    let place = place(&message.origin);
    let mended = match message.resolved.len() {
        0 => None,
        number => Some(format!("{number} no longer due")),
    };
    let text = match (message.notices.split_first(), message.resolved.split_first()) {
        (Some((first, rest)), _) => {
            let more = (!rest.is_empty()).then(|| format!("{} more", rest.len()));
            let beside = more.into_iter().chain(mended).collect::<Vec<_>>();
            let beside = if beside.is_empty() { String::new() } else { format!(" ({})", beside.join(", ")) };
            format!("{}{beside}", headline(first))
        }
        (None, Some((first, rest))) => {
            let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
            format!("no longer due: {}{more}", plain(subject_of(first.secret.as_deref())))
        }
        (None, None) => "nothing is due".to_owned(),
    };
    cut(&format!("[{place}] {text}"), MOST_SUBJECT)
}

/// `github.com/org/infra, secrets`: the repository and the store in it.
pub fn place(origin: &Origin) -> String {
    let parts = origin.repository.as_deref().into_iter().chain([origin.store.as_str()]);
    parts.map(plain).collect::<Vec<_>>().join(", ")
}

/// `web/prod/db: expires 2027-08-31 (in 7 days)`.
pub fn headline(notice: &Notice) -> String {
    format!("{}: {}", name(notice), plain(&notice.message))
}

/// What a notice is about: the secret's name, or the store.
pub fn name(notice: &Notice) -> String {
    plain(subject_of(notice.secret.as_ref().map(CredentialName::as_str)))
}

/// `alice (@alice)`.
pub fn person(contact: &Contact) -> String {
    with_contact(contact.name.as_str(), contact.contact.as_deref())
}

/// `University of Toronto IT (it@example.org)`.
pub fn issuer(issuer: &IssuedBy) -> String {
    with_contact(&issuer.name, issuer.contact.as_deref())
}

/// `2027-08-31 00:00 UTC, 7 days left`.
pub fn when(notice: &Notice, at: Instant) -> Option<String> {
    let expires = notice.expires?;
    let left = if at < expires {
        match at.days_until(expires) {
            0 => "less than a day left".to_owned(),
            days => format!("{} left", counted(days, "day")),
        }
    } else {
        match expires.days_until(at) {
            0 => "over for less than a day".to_owned(),
            days => format!("over for {}", counted(days, "day")),
        }
    };
    Some(format!("{}, {left}", utc(expires)))
}

/// `2027-08-31 00:00 UTC`.
pub fn utc(instant: Instant) -> String {
    instant.as_datetime().format("%Y-%m-%d %H:%M UTC").to_string()
}

/// `1 error, 2 warnings, 1 no longer due`.
pub fn counts(message: &Message) -> String {
    let number = |level| message.notices.iter().filter(|notice| notice.level == level).count();
    let (errors, warnings) = (number(Level::Error), message.notices.len() - number(Level::Error));
    let mut parts = Vec::new();
    if errors > 0 {
        parts.push(counted(errors, "error"));
    }
    if warnings > 0 {
        parts.push(counted(warnings, "warning"));
    }
    if !message.resolved.is_empty() {
        parts.push(format!("{} no longer due", message.resolved.len()));
    }
    if parts.is_empty() { "nothing is due".to_owned() } else { parts.join(", ") }
}

/// The text of others on one line, nothing in it that a terminal would act on, and not longer than fits.
pub fn plain(text: &str) -> String {
    cut(&visible(text), MOST_CHARS)
}

/// The command that mends it, on one line.
pub fn command(notice: &Notice) -> String {
    cut(&visible(&notice.remedy), MOST_COMMAND)
}

/// The first characters of a text, and a sign where there are more.
pub fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
    }
}

fn describe(text: &mut String, notice: &Notice, at: Instant) {
    let name = name(notice);
    line(text, 0, &name);
    line(text, INDENT, &plain(&notice.message));
    if let Some(when) = when(notice, at) {
        let tier = notice.tier.map(|tier| format!(" (tier {tier})")).unwrap_or_default();
        field(text, "when", &format!("{when}{tier}"));
    }
    field(text, "finding", &format!("{}, {}", notice.topic.as_str(), notice.level));
    let owners = notice.owners.iter().map(|owner| plain(owner.as_str())).collect::<Vec<_>>();
    field(text, "owners", &if owners.is_empty() { "nobody".to_owned() } else { owners.join(", ") });
    let people = notice.people.iter().map(person).collect::<Vec<_>>();
    if !people.is_empty() {
        field(text, "people", &people.join(", "));
    }
    if let Some(issued_by) = &notice.issuer {
        field(text, "issuer", &issuer(issued_by));
    }
    if let Some(runbook) = &notice.runbook {
        field(text, "runbook", &plain(runbook));
    }
    // For pasting: a line feed in it would have a shell run one half of it.
    let label = "mend";
    let command = command(notice);
    let _ = writeln!(text, "{:INDENT$}{label:LABEL$}{command}", "");
}

fn subject_of(secret: Option<&str>) -> &str {
    secret.unwrap_or("the store")
}

fn with_contact(name: &str, contact: Option<&str>) -> String {
    match contact {
        Some(contact) => format!("{} ({})", plain(name), plain(contact)),
        None => plain(name),
    }
}

fn field(text: &mut String, label: &str, content: &str) {
    let label = format!("{:INDENT$}{label:LABEL$}", "");
    wrapped(text, &label, INDENT + LABEL, content);
}

fn line(text: &mut String, indent: usize, content: &str) {
    wrapped(text, &" ".repeat(indent), indent, content);
}

/// Lines of at most [`WIDTH`] characters, broken at spaces only; those after the first stand in by `indent`.
fn wrapped(text: &mut String, first: &str, indent: usize, content: &str) {
    text.push_str(first);
    let mut column = first.chars().count();
    for (number, word) in content.split(' ').enumerate() {
        let width = word.chars().count();
        if number > 0 && column + 1 + width > WIDTH {
            text.push('\n');
            text.push_str(&" ".repeat(indent));
            column = indent;
        } else if number > 0 {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += width;
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::samples;

    #[test]
    fn a_message_for_people() {
        insta::assert_snapshot!(text(&samples::message()), @"
        github.com/example/infra, secrets
        2 errors, 1 warning, 1 no longer due, as of 2027-08-24 00:00 UTC
        --------------------------------------------------------------------------------

        the store
           the remote could not be asked, and 3 secrets were not judged
           finding  unchecked, error
           owners   nobody
           mend     secrets check

        utoronto/prod/azuread-client
           expired 8 days ago (2027-08-16)
           when     2027-08-16 00:00 UTC, over for 8 days (tier 0d)
           finding  expired, error
           owners   infra
           people   alice (@alice), bob
           issuer   University of Toronto IT (it@example.org)
           runbook  docs/runbooks/azuread.md
           mend     secrets set utoronto/prod/azuread-client

        web/prod/db
           expires 2027-08-31 (in 7 days)
           when     2027-08-31 00:00 UTC, 7 days left (tier 7d)
           finding  expiring, warning
           owners   infra
           people   alice (@alice), bob
           issuer   University of Toronto IT (it@example.org)
           runbook  docs/runbooks/azuread.md
           mend     secrets set web/prod/db

        no longer due
           mail/relay
        ");
    }

    #[test]
    fn a_digest_says_that_it_is_one_and_what_is_over_is_said_alone() {
        let message = Message { is_digest: true, ..samples::message() };
        assert!(text(&message).contains("all that stands"));
        let message = Message { notices: Vec::new(), ..samples::message() };
        insta::assert_snapshot!(text(&message), @"
        github.com/example/infra, secrets
        1 no longer due, as of 2027-08-24 00:00 UTC
        --------------------------------------------------------------------------------

        no longer due
           mail/relay
        ");
        assert_eq!(subject(&message), "[github.com/example/infra, secrets] no longer due: mail/relay");
    }

    #[test]
    fn subjects_are_one_line_and_name_the_most_urgent() {
        assert_eq!(
            subject(&samples::message()),
            "[github.com/example/infra, secrets] the store: the remote could not be asked, and 3 secrets were not \
             judged (2 more, 1 no longer due)"
        );
        let mut message = samples::message();
        message.notices[0].message = "a\nBcc: everybody\u{202e}".repeat(40);
        let subject = subject(&message);
        assert_eq!(subject.chars().count(), MOST_SUBJECT);
        assert!(!subject.contains(['\n', '\u{202e}']), "{subject}");
    }

    #[test]
    fn days_are_counted_from_the_moment_of_the_run() {
        for (at, said) in [
            ("2027-08-23T23:59:59Z", "7 days left"),
            ("2027-08-30T00:00:00Z", "1 day left"),
            ("2027-08-30T00:00:01Z", "less than a day left"),
            ("2027-08-31T00:00:00Z", "over for less than a day"),
            ("2027-09-08T00:00:00Z", "over for 8 days"),
            ("2027-09-08T23:59:59Z", "over for 8 days"),
        ] {
            let when = when(&samples::notice("web/db"), samples::at(at)).unwrap();
            assert_eq!(when, format!("2027-08-31 00:00 UTC, {said}"), "{at}");
        }
    }

    #[test]
    fn nothing_of_others_reaches_a_terminal_and_no_command_is_broken() {
        let mut notice = samples::notice("web/db");
        let words = ["lorem ipsum dolor sit amet"; 30].join(" ");
        notice.message = format!("\u{1b}]0;x\u{7} {words}");
        notice.remedy = format!("secrets reseal {words}");
        notice.runbook = Some("a\nb".to_owned());
        notice.issuer = Some(IssuedBy { name: "\u{202e}x".to_owned(), contact: Some("\r".to_owned()) });
        notice.people[0].contact = Some("\u{9b}".to_owned());
        let text = text(&Message { notices: vec![notice], ..samples::message() });
        assert!(!text.contains(|c: char| c != '\n' && crate::domain::text::is_treacherous(c)), "{text:?}");
        let mend = text.lines().filter(|line| line.trim_start().starts_with("mend ")).collect::<Vec<_>>();
        assert!(mend.len() == 1 && mend[0].ends_with(&words), "{mend:?}");
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH || line == mend[0]), "{text}");
    }
}
