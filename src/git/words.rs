//! git's own words, made fit for a message: no terminal escapes, no credentials, one line.

use crate::domain::text::visible;

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

/// A text from outside without what could steer a terminal or give away a credential.
pub fn shown(text: &str) -> String {
    let text = text.strip_prefix("fatal: ").or_else(|| text.strip_prefix("error: ")).unwrap_or(text);
    let plain: String = text.chars().map(|c| if is_plain(c) { c } else { '\u{fffd}' }).collect();
    let mut redacted = redact(&plain);
    if let Some((end, _)) = redacted.char_indices().nth(LONGEST) {
        redacted.truncate(end);
        redacted.push('…');
    }
    visible(&redacted).into_owned()
}

/// Control characters steer terminals; bidirectional overrides make a text read as another one.
fn is_plain(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Takes user name and password out of all URLs: a token often stands in place of the user. `git@` is kept.
pub fn redact(text: &str) -> String {
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
            ("no url", "no url"),
        ] {
            assert_eq!(redact(given), expected);
        }
    }
}
