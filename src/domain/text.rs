//! Text that comes from outside, made fit for a terminal, a shell and a sentence.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

/// Whether a terminal would act on the character, or show nothing, or turn the text around it.
pub fn is_treacherous(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{061c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Whether a CI system that reads a job's log would take this for a command to it: GitHub takes `::NAME …::` where it
/// comes first on a line, which any text may, and `##[NAME]` anywhere (`ActionCommand` of its runner), Azure `##vso[`.
fn is_log_command(text: &str) -> bool {
    let is_named = |rest: &str| rest.starts_with(|c: char| c.is_ascii_alphabetic()) && rest.contains("::");
    text.starts_with("##[") || text.starts_with("##vso[") || text.strip_prefix("::").is_some_and(is_named)
}

/// Whether any of it has to be escaped.
fn is_harmless(text: &str) -> bool {
    !text.chars().any(is_treacherous) && !text.contains("##") && !text.contains("::")
}

/// Whether it would be one as soon as anything else with `::` in it stood behind it on the line.
fn begins_log_command((before, text): (&str, &str)) -> bool {
    let is_first = before.trim_start().is_empty();
    let is_half = |rest: &str| rest.starts_with(|c: char| c.is_ascii_alphabetic());
    is_log_command(text) || (is_first && text.strip_prefix("::").is_some_and(is_half))
}

/// Each character, and whether it has to be escaped.
fn judged(text: &str) -> impl Iterator<Item = (char, bool)> {
    text.char_indices().map(move |(at, c)| {
        let begins = || matches!(c, '#' | ':') && text.split_at_checked(at).is_some_and(begins_log_command);
        (c, is_treacherous(c) || begins())
    })
}

/// The text on one line, with control, bidirectional and invisible characters escaped as in a Rust string, and so that no
/// log of a CI system finds a command in it.
pub fn visible(text: &str) -> Cow<'_, str> {
    if is_harmless(text) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for (c, is_escaped) in judged(text) {
        if !is_escaped {
            shown.push(c);
        } else if is_treacherous(c) {
            shown.extend(c.escape_default());
        } else {
            shown.extend(c.escape_unicode());
        }
    }
    Cow::Owned(shown)
}

/// A JSON document for a terminal and a log: it says the same, with the signs written by their number that either of them
/// would act on. (A line of one never begins with `::`.)
pub fn json_to_show(json: &str) -> Cow<'_, str> {
    let is_escaped = |c: char| c != '\n' && is_treacherous(c);
    if !json.chars().any(is_escaped) && !json.contains("##") {
        return Cow::Borrowed(json);
    }
    let mut shown = String::with_capacity(json.len() + 64);
    for (c, begins) in judged(json) {
        if is_escaped(c) || (begins && c == '#') {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(shown, "\\u{unit:04x}");
            }
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// The text with the signs that this tool draws put in ASCII, for a terminal whose locale has no others. What stands in
/// a text by its own right, such as a name, stays.
pub fn in_ascii(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let mut ascii = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '…' => ascii.push_str("..."),
            '×' | '✗' => ascii.push('x'),
            '·' => ascii.push('.'),
            '●' => ascii.push('#'),
            '◐' => ascii.push('+'),
            '○' => ascii.push('o'),
            '†' => ascii.push('!'),
            '→' => ascii.push('>'),
            other => ascii.push(other),
        }
    }
    Cow::Owned(ascii)
}

/// The text as one word of a POSIX shell: as it is where that is one word, else quoted. What a terminal would
/// act on is written as `$'\x1b'`, which bash, zsh and ksh read.
pub fn shell_word(text: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./:@%+,-".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return Cow::Borrowed(text);
    }
    if judged(text).all(|(_, is_escaped)| !is_escaped) {
        return Cow::Owned(format!("'{}'", text.replace('\'', r"'\''")));
    }
    let mut quoted = String::from("$'");
    for (c, is_escaped) in judged(text) {
        match c {
            '\'' | '\\' => quoted.extend(['\\', c]),
            _ if is_escaped => {
                for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                    // Three octal digits end by themselves; `\x1b` would swallow a digit that follows.
                    let _ = write!(quoted, "\\{byte:03o}");
                }
            }
            _ => quoted.push(c),
        }
    }
    quoted.push('\'');
    Cow::Owned(quoted)
}

/// The path as a pathspec of git that means this very file or folder from any folder of the repository, as one word of
/// a shell; the empty path is the root.
pub fn pathspec(path: &str) -> String {
    // What is neither letter nor digit behind `:/` is read as more magic.
    let literal = path.is_empty()
        || path.starts_with(|c: char| c.is_ascii_alphanumeric()) && !path.contains(['*', '?', '[', '\\']);
    let spec = if literal { format!(":/{path}") } else { format!(":(top,literal){path}") };
    shell_word(&spec).into_owned()
}

/// `git push REMOTE HEAD:BRANCH`, to be pasted into a shell.
pub fn push_command(remote: &str, branch: &str) -> String {
    format!("git push {} {}", shell_word(remote), shell_word(&format!("HEAD:{branch}")))
}

/// `git pull --rebase REMOTE BRANCH`, to be pasted into a shell.
pub fn pull_command(remote: &str, branch: &str) -> String {
    format!("git pull --rebase {} {}", shell_word(remote), shell_word(branch))
}

/// `1 secret`, `2 secrets`.
pub fn counted<N: fmt::Display + Copy + PartialEq + From<u8>>(number: N, noun: &str) -> String {
    if number == N::from(1) { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// `alice`, `alice and bob`, `alice, bob and carol`.
pub fn listed<T: AsRef<str>>(items: &[T]) -> String {
    match items {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [first @ .., last] => {
            let first = first.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
            format!("{first} and {}", last.as_ref())
        }
    }
}

/// How many names are given where many would say no more.
const MOST_NAMED: usize = 3;

/// `a`, `a, b and c`, `a, b, c and 4 more`.
pub fn abridged(names: &[&str]) -> String {
    few(names, MOST_NAMED)
}

/// `a, b and c`, or `a, b and 7 more` where there are more than `most`.
pub fn few<T: AsRef<str>>(items: &[T], most: usize) -> String {
    if items.len() <= most {
        return listed(items);
    }
    let named = items.iter().take(most).map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
    format!("{named} and {} more", items.len().saturating_sub(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_act_on_is_escaped() {
        for (text, shown) in [
            ("plain ä 漢", "plain ä 漢"),
            ("a\x1b[31mb", r"a\u{1b}[31mb"),
            ("a\nb\tc\rd", r"a\nb\tc\rd"),
            ("a\u{202e}b", r"a\u{202e}b"),
            ("a\u{2066}\u{200b}\u{9b}\u{7f}", r"a\u{2066}\u{200b}\u{9b}\u{7f}"),
            ("fe80::1, std::fs, ## 1 and #[x]", "fe80::1, std::fs, ## 1 and #[x]"),
        ] {
            assert_eq!(visible(text), shown);
            assert_eq!(visible(shown), shown, "it is the same the second time");
        }
    }

    #[test]
    fn what_a_log_would_act_on_is_escaped() {
        for (text, shown) in [
            ("::error::x", r"\u{3a}:error::x"),
            (" ::error a", r" \u{3a}:error a"),
            ("a ::set-output name=x::y", r"a \u{3a}:set-output name=x::y"),
            ("##[add-mask]x", r"\u{23}#[add-mask]x"),
            ("###[group]", r"#\u{23}#[group]"),
            ("a##vso[task.complete]", r"a\u{23}#vso[task.complete]"),
        ] {
            assert_eq!(visible(text), shown);
            assert_eq!(visible(shown), shown, "it is the same the second time");
            let alone = serde_json::to_string(&[text]).unwrap();
            let printed = json_to_show(&alone);
            assert!(!printed.contains("##[") && !printed.contains("##vso["), "{printed}");
            assert_eq!(serde_json::from_str::<[String; 1]>(&printed).unwrap(), [text]);
            let treacherous = format!("{text}\u{9b}\u{202e}\u{e0001}\x7f\n");
            let document = serde_json::to_string_pretty(&[text, shown, treacherous.as_str()]).unwrap();
            let printed = json_to_show(&document);
            assert!(!printed.contains("##[") && !printed.contains("##vso["), "{printed}");
            assert!(!printed.chars().any(|c| c != '\n' && is_treacherous(c)), "{printed}");
            assert_eq!(
                serde_json::from_str::<[String; 3]>(&printed).unwrap(),
                [text, shown, treacherous.as_str()]
            );
        }
    }

    #[test]
    fn what_nothing_would_act_on_stays_as_it_is() {
        assert!(matches!(visible("it's #1, 2:30"), Cow::Borrowed("it's #1, 2:30")));
        assert_eq!(json_to_show("[\"#1 a::b ::c::\u{9b}\"]"), r##"["#1 a::b ::c::\u009b"]"##);
    }

    #[test]
    fn our_own_signs_have_a_form_in_ascii_and_names_stay() {
        assert_eq!(in_ascii("plain"), "plain");
        assert_eq!(in_ascii("2 × expired … age1…"), "2 x expired ... age1...");
        let grid = "●◐○✗†·→";
        assert!(in_ascii(grid).is_ascii());
        assert_eq!(
            in_ascii(grid).chars().collect::<std::collections::BTreeSet<_>>().len(),
            7,
            "each its own"
        );
        assert_eq!(in_ascii("Jürgen"), "Jürgen");
    }

    #[test]
    fn a_shell_reads_back_the_word() {
        for (text, word) in [
            ("utoronto/prod/a-b.c_d", "utoronto/prod/a-b.c_d"),
            ("", "''"),
            ("a b", "'a b'"),
            ("it's", r"'it'\''s'"),
            ("~root", "'~root'"),
            ("$(x)", "'$(x)'"),
            ("a\n1\\'", r"$'a\0121\\\''"),
            ("a##[b]", r"$'a\043#[b]'"),
        ] {
            assert_eq!(shell_word(text), word);
            let told = std::process::Command::new("bash")
                .args(["-c", &format!("printf %s {word}")])
                .output()
                .expect("bash is there");
            assert_eq!(told.stdout, text.as_bytes(), "{word}");
        }
        assert!(!visible(&shell_word("a\u{202e}\x1bb")).contains(['\u{202e}', '\x1b']));
        assert_eq!(visible(&shell_word("a\u{202e}\x1bb")), shell_word("a\u{202e}\x1bb"));
    }

    #[test]
    fn names_of_refs_and_files_are_words_of_a_shell() {
        assert_eq!(push_command("origin", "release/1.2"), "git push origin HEAD:release/1.2");
        assert_eq!(push_command("o;id", "m$(id)"), "git push 'o;id' 'HEAD:m$(id)'");
        assert_eq!(pull_command("o;id", "m`id`"), "git pull --rebase 'o;id' 'm`id`'");
        for (path, spec) in [
            ("secrets/a.age", ":/secrets/a.age"),
            ("my store/it's.age", r"':/my store/it'\''s.age'"),
            ("!odd/a[1].age", "':(top,literal)!odd/a[1].age'"),
            ("a[1].age", "':(top,literal)a[1].age'"),
            (".custody/a", "':(top,literal).custody/a'"),
            ("", ":/"),
        ] {
            assert_eq!(pathspec(path), spec);
        }
    }

    #[test]
    fn lists_and_numbers_in_sentences() {
        assert_eq!(
            (counted(1_i64, "day"), counted(0_usize, "day")),
            ("1 day".to_owned(), "0 days".to_owned())
        );
        assert_eq!(listed(&["a", "b", "c"]), "a, b and c");
        assert_eq!(few(&["a", "b", "c"], 3), "a, b and c");
        assert_eq!(abridged(&["a", "b", "c", "d", "e", "f", "g"]), "a, b, c and 4 more");
        assert_eq!(few(&["a", "b", "c", "d"], 2), "a, b and 2 more");
        assert_eq!((listed(&["a"]), listed::<&str>(&[])), ("a".to_owned(), String::new()));
    }
}
