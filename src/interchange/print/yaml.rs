//! One flat mapping, so that YAML 1.1 and 1.2 read the same, and every value is a text.

use super::super::Text;
use super::{Item, Unfit};

/// `key: "value"`; texts of several lines as a block where that shows them as they are.
pub fn yaml(items: &[Item<'_>]) -> Result<Text, Unfit> {
    let mut text = Text::default();
    if items.is_empty() {
        text.push_str("{}\n");
    }
    for item in items {
        let value = item.text()?;
        key(&mut text, item.key);
        text.push_str(": ");
        if is_block(value) {
            block(&mut text, value, "  ");
        } else {
            string(&mut text, value);
            text.push_str("\n");
        }
    }
    Ok(text)
}

/// A key. Plain, many a word would be a number, a boolean or a date.
fn key(text: &mut Text, key: &str) {
    let mut chars = key.chars();
    let is_path = key.contains('/')
        && chars.next().is_some_and(|c| c.is_ascii_alphabetic())
        && chars.all(|c| c.is_ascii_alphanumeric() || "/_-.".contains(c));
    if is_path { text.push_str(key) } else { string(text, key) }
}

/// Whether a literal block shows the value, with nothing that needs a second look: no white space at either end of a
/// line, no other line break than LF, at most one at the end.
fn is_block(value: &str) -> bool {
    let body = value.strip_suffix('\n').unwrap_or(value);
    let plain = |line: &str| {
        !line.starts_with([' ', '\t']) && !line.ends_with([' ', '\t']) && !line.chars().any(needs_escape)
    };
    body.contains('\n') && !body.starts_with('\n') && !body.ends_with('\n') && body.split('\n').all(plain)
}

fn block(text: &mut Text, value: &str, indent: &str) {
    let body = value.strip_suffix('\n');
    text.push_str(if body.is_some() { "|\n" } else { "|-\n" });
    for line in body.unwrap_or(value).split('\n') {
        if !line.is_empty() {
            text.push_str(indent);
            text.push_str(line);
        }
        text.push_str("\n");
    }
}

/// What is not printable in YAML, breaks a line in YAML 1.1, or is not seen.
fn needs_escape(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// A text in double quotes, on one line.
pub(super) fn string(text: &mut Text, plain: &str) {
    text.push_str("\"");
    for c in plain.chars() {
        match c {
            '"' => text.push_str(r#"\""#),
            '\\' => text.push_str(r"\\"),
            '\n' => text.push_str(r"\n"),
            '\r' => text.push_str(r"\r"),
            '\t' => text.push_str(r"\t"),
            c if needs_escape(c) && u32::from(c) <= 0xff => {
                text.push_str(&format!("\\x{:02x}", u32::from(c)));
            }
            c if needs_escape(c) => text.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => text.push_char(c),
        }
    }
    text.push_str("\"");
}
