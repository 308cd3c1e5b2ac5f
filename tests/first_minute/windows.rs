//! Windows and terminals of every kind.

use super::common::person::Person;
use super::common::{NOW, Sandbox, binary, identity_path};
use super::{init, nothing_yet, the_minute};

/// The whole minute, as it was to be seen.
fn seen(columns: u16, variables: &[(&str, &str)]) -> String {
    let (sandbox, laptop) = nothing_yet();
    let mut person = init(&sandbox, &laptop, columns, variables);
    for (question, answer) in &the_minute() {
        person.sees(question).types(answer);
    }
    person.sees("clear to deploy");
    let (code, seen) = person.ends();
    assert_eq!(code, 0, "{seen}");
    seen.replace("\r\n", "\n")
}

#[test]
fn a_narrow_window_breaks_sentences_between_words() {
    let seen = seen(40, &[]);
    // Commands, keys, paths and what git says are as long as they are: they are to be copied.
    let is_copied = |line: &str| {
        line.trim_start().starts_with('$') || line.split(' ').any(|word| word.chars().count() > 24)
    };
    // The report is `check`'s own, and so is what is said of an expiry.
    let guide = seen.split("Step 5").next().unwrap();
    let from_us = guide
        .lines()
        .filter(|line| !line.starts_with("expires "))
        .filter(|line| !is_copied(line) && !line.contains(": secrets: "));
    let long: Vec<&str> = from_us.filter(|line| line.chars().count() > 48).collect();
    assert!(long.is_empty(), "{long:#?}\n{seen}");
}

#[test]
fn a_dumb_terminal_gets_lines_and_nothing_else() {
    let seen = seen(80, &[("TERM", "dumb")]);
    assert!(!seen.contains('\u{1b}'), "{seen:?}");
    // No line is drawn over: a screen reader reads each once.
    assert!(!seen.contains('\r'), "{seen:?}");
}

#[test]
fn no_colour_where_none_is_wanted() {
    assert!(seen(80, &[]).contains('\u{1b}'), "colour where it is wanted");
    assert!(!seen(80, &[("NO_COLOR", "1")]).contains('\u{1b}'));
}

#[test]
fn a_locale_without_our_signs_gets_none_of_them() {
    for locale in ["C", "POSIX", "de_DE.ISO-8859-1"] {
        let seen = seen(80, &[("LC_ALL", locale)]);
        assert!(seen.is_ascii(), "{locale}: {seen}");
    }
}

#[test]
fn another_language_changes_no_word() {
    let (english, german) = (seen(80, &[("LC_ALL", "C.UTF-8")]), seen(80, &[("LC_ALL", "de_DE.UTF-8")]));
    let words = |seen: &str| seen.lines().filter(|line| line.starts_with("Step")).count();
    assert_eq!((words(&english), words(&german)), (5, 5), "{german}");
}

#[test]
fn values_are_shown_as_they_are_whatever_the_locale() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    sandbox.add(&laptop, "web/db", "2028-01-01", "a…b");
    let mut command = sandbox.command(binary(), &laptop);
    command.args(["get", "web/db", "--at", NOW]).env("SECRETS_IDENTITY_FILE", identity_path("alice"));
    let (code, seen) = Person::at(command, Some(80)).ends();
    assert_eq!((code, seen.as_str()), (0, "a…b"));
}
