//! git's own words, made fit for a message: no terminal escapes, no credentials, one line.

use crate::domain::text::{is_treacherous, visible};

/// What git prints after every failed connection, whatever the reason was.
const BOILERPLATE: [&str; 4] = [
    "fatal: Could not read from remote repository.",
    "Please make sure you have the correct access rights",
    "and the repository exists.",
    "fatal: the remote end hung up unexpectedly",
];

/// How much of a line is shown, in characters.
const LONGEST: usize = 300;

/// The last line of git's standard error that says something, ready to be shown.
pub fn last_line(stderr: &str) -> String {
    let lines = || stderr.lines().map(str::trim).filter(|line| !line.is_empty());
    // Behind it is advice to remove a file, of which only this line has the name.
    let lock = lines().rfind(|line| line.ends_with(".lock': File exists."));
    let telling = lines().rfind(|line| !BOILERPLATE.contains(line) && !line.starts_with("hint:"));
    shown(lock.or(telling).or_else(|| lines().next()).unwrap_or("git gave no reason"))
}

/// All that git printed, as one line; for refusals in which a hook speaks.
pub fn all_lines(output: &str) -> String {
    let lines: Vec<_> = output.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if lines.is_empty() { "git gave no reason".to_owned() } else { shown(&lines.join(" / ")) }
}

/// A text from outside without what could steer a terminal or a log, or give away a credential.
pub fn shown(text: &str) -> String {
    let text = text.strip_prefix("fatal: ").or_else(|| text.strip_prefix("error: ")).unwrap_or(text);
    fit(&redact(&plain(text)))
}

/// The same for an address that a server gives out to be opened: what it asks for there is part of it.
pub fn shown_address(text: &str) -> String {
    fit(&without_users(&plain(text)))
}

/// What can't be seen, or steers a terminal, has a mark in its place.
fn plain(text: &str) -> String {
    text.chars().map(|c| if is_treacherous(c) { '\u{fffd}' } else { c }).collect()
}

/// Cut behind all that makes it longer.
fn fit(text: &str) -> String {
    let mut shown = visible(text).into_owned();
    if let Some((end, _)) = shown.char_indices().nth(LONGEST) {
        shown.truncate(end);
        shown.push('…');
    }
    shown
}

/// Takes out of all URLs what may be a credential: user name and password, because a token often stands in place of the
/// user, and what is asked for behind `?`. `git@` is kept.
fn redact(text: &str) -> String {
    let text = without_users(text);
    let mut redacted = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("://") {
        redacted.push_str(before);
        redacted.push_str("://");
        let end = after.find([' ', '\'', '"']).unwrap_or(after.len());
        let (address, beyond) = after.split_at(end);
        match address.split_once('?') {
            Some((place, _)) => {
                redacted.push_str(place);
                redacted.push_str("?…");
            }
            None => redacted.push_str(address),
        }
        rest = beyond;
    }
    redacted.push_str(rest);
    redacted
}

fn without_users(text: &str) -> String {
    let mut redacted = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        redacted.push_str(before);
        redacted.push_str("://");
        let end = after.find(['/', ' ', '\'', '"', '?', '#']).unwrap_or(after.len());
        // A second `://` right behind what looks like a host begins another address.
        let end = after.find("://").map_or(end, |next| next.min(end));
        let (authority, beyond) = after.split_at(end);
        match authority.rsplit_once('@') {
            Some((user, host)) if user != "git" => {
                redacted.push_str("…@");
                redacted.push_str(host);
            }
            _ => redacted.push_str(authority),
        }
        rest = beyond;
    }
    redacted.push_str(rest);
    redacted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_says_why() {
        let ssh = "Permission denied (publickey).\r\nfatal: Could not read from remote repository.\n\n\
                   Please make sure you have the correct access rights\nand the repository exists.\n";
        assert_eq!(last_line(ssh), "Permission denied (publickey).");
        let path = "fatal: '/nowhere' does not appear to be a git repository\n\
                    fatal: Could not read from remote repository.\n\nPlease make sure you have the correct \
                    access rights\nand the repository exists.\n";
        assert_eq!(last_line(path), "'/nowhere' does not appear to be a git repository");
        assert_eq!(last_line(""), "git gave no reason");
        let lock = "fatal: Unable to create '/srv/.git/index.lock': File exists.\n\n\
                    Another git process seems to be running in this repository, e.g.\n\
                    may have crashed in this repository earlier:\nremove the file manually to continue.\n";
        assert_eq!(last_line(lock), "Unable to create '/srv/.git/index.lock': File exists.");
        assert_eq!(last_line(BOILERPLATE[0]), "Could not read from remote repository.");
    }

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(
            shown("fatal: \u{1b}[2Jgone\u{9b}1m\u{202e}x\rY"),
            "\u{fffd}[2Jgone\u{fffd}1m\u{fffd}x\u{fffd}Y"
        );
        assert_eq!(shown(&"ä".repeat(1000)).chars().count(), LONGEST + 1);
    }

    #[test]
    fn credentials_in_urls_are_left_out() {
        for (given, expected) in [
            (
                "unable to access 'https://me:pw@host/x.git/': 403",
                "unable to access 'https://…@host/x.git/': 403",
            ),
            ("https://ghp_token@github.com/o/r", "https://…@github.com/o/r"),
            ("https://u:p@ss@host", "https://…@host"),
            ("ssh://git@host/o/r", "ssh://git@host/o/r"),
            ("a https://t@h b http://u:p@i/ c", "a https://…@h b http://…@i/ c"),
            ("https://a@b://c:d@e", "https://…@b://…@e"),
            ("https://://u:p@e", "https://://…@e"),
            ("https://host/@scope", "https://host/@scope"),
            (
                "unable to access 'https://host/x.git?private_token=t/': 403, why?",
                "unable to access 'https://host/x.git?…': 403, why?",
            ),
            ("https://u:p@host?t=a b https://host/?t=https://u:p@c?d", "https://…@host?… b https://host/?…"),
            ("no url", "no url"),
        ] {
            assert_eq!(redact(given), expected);
        }
    }
}
