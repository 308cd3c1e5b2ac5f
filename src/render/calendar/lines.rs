//! Content lines of iCalendar: escaped, folded, ended as RFC 5545 has it.

use crate::domain::text::visible;

/// The longest line in octets, its end not counted (RFC 5545, 3.1).
const MOST_OCTETS: usize = 75;

#[derive(Debug, Default)]
pub(super) struct Lines(String);

impl Lines {
    /// A value that needs no escaping: numbers, dates, words of the program's own, addresses.
    pub fn plain(&mut self, name: &str, value: &str) -> &mut Self {
        self.fold(&format!("{name}:{value}"))
    }

    /// Text from anywhere. Characters that would hide or turn it are written out.
    pub fn text(&mut self, name: &str, text: &str) -> &mut Self {
        self.fold(&format!("{name}:{}", escaped(text)))
    }

    /// Text of several lines.
    pub fn paragraphs(&mut self, name: &str, lines: &[String]) -> &mut Self {
        let lines: Vec<String> = lines.iter().map(|line| escaped(line)).collect();
        self.fold(&format!("{name}:{}", lines.join("\\n")))
    }

    /// Breaks a line between characters; the blank with which the rest begins counts.
    fn fold(&mut self, line: &str) -> &mut Self {
        let mut octets = 0;
        for c in line.chars() {
            if octets + c.len_utf8() > MOST_OCTETS {
                self.0.push_str("\r\n ");
                octets = 1;
            }
            self.0.push(c);
            octets += c.len_utf8();
        }
        self.0.push_str("\r\n");
        self
    }

    pub fn into_text(self) -> String {
        self.0
    }
}

/// RFC 5545, 3.3.11.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in visible(text).chars() {
        if matches!(c, '\\' | ';' | ',') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> String {
        let mut lines = Lines::default();
        lines.text("X", text);
        lines.into_text()
    }

    #[test]
    fn what_has_a_meaning_in_a_line_is_escaped() {
        for (text, line) in [
            ("plain: \"quoted\"", "X:plain: \"quoted\"\r\n"),
            ("a;b,c\\d", "X:a\\;b\\,c\\\\d\r\n"),
            // A line end of theirs is shown, and is none of ours.
            ("a\r\nEND:VEVENT", "X:a\\\\r\\\\nEND:VEVENT\r\n"),
            ("a\u{202e}b\u{0}", "X:a\\\\u{202e}b\\\\u{0}\r\n"),
        ] {
            assert_eq!(written(text), line);
        }
        let mut lines = Lines::default();
        lines.paragraphs("X", &["a, b".to_owned(), "c".to_owned()]);
        assert_eq!(lines.into_text(), "X:a\\, b\\nc\r\n");
    }

    #[test]
    fn lines_are_folded_between_characters() {
        for sample in ["x", "ä", "漢", "🔑", "x🔑ä"] {
            for length in 60..200 {
                let text: String = sample.chars().cycle().take(length).collect();
                let folded = written(&text);
                for line in folded.split("\r\n") {
                    assert!(line.len() <= MOST_OCTETS, "{length}: {line}");
                }
                assert_eq!(folded.replace("\r\n ", ""), format!("X:{text}\r\n"));
            }
        }
        assert_eq!(written(&"x".repeat(73)).matches("\r\n").count(), 1);
        assert_eq!(written(&"x".repeat(74)).matches("\r\n").count(), 2);
    }
}
