//! The few colours, and breaking lines between words.

use anstyle::{AnsiColor, Style as Ink};

use super::Style;
use crate::domain::finding::Level;

pub(super) const PLAIN: Ink = Ink::new();
pub(super) const NAME: Ink = Ink::new().bold();
pub(super) const QUIET: Ink = Ink::new().dimmed();
pub(super) const COMMAND: Ink = AnsiColor::Cyan.on_default();
pub(super) const GOOD: Ink = AnsiColor::Green.on_default().bold();
pub(super) const BAD: Ink = AnsiColor::Red.on_default().bold();
pub(super) const WARN: Ink = AnsiColor::Yellow.on_default().bold();

pub(super) fn of_level(level: Level) -> Ink {
    match level {
        Level::Error => BAD,
        Level::Warning => WARN,
        Level::Off => QUIET,
    }
}

impl Style {
    pub(super) fn paint(self, ink: Ink, text: &str) -> String {
        if self.color && ink != PLAIN { format!("{ink}{text}{ink:#}") } else { text.to_owned() }
    }

    /// A line of its own, never broken.
    pub(super) fn line(self, indent: usize, ink: Ink, text: &str) -> String {
        format!("{}{}\n", " ".repeat(indent), self.paint(ink, text))
    }

    /// A paragraph: a lead in ink, then the text, broken between words and hanging two columns deeper than the
    /// lead. A word that is longer than a line stays whole.
    pub(super) fn paragraph(self, indent: usize, ink: Ink, lead: &str, text: &str) -> String {
        let hanging = if lead.is_empty() { indent } else { indent + 2 };
        let mut page = format!("{}{}", " ".repeat(indent), self.paint(ink, lead));
        let mut column = indent + lead.chars().count();
        let mut fresh = lead.is_empty();
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let length = word.chars().count();
            if !fresh && column + 1 + length > self.width {
                page.push('\n');
                page.push_str(&" ".repeat(hanging));
                column = hanging;
            } else if !fresh {
                page.push(' ');
                column += 1;
            }
            page.push_str(word);
            column += length;
            fresh = false;
        }
        page.push('\n');
        page
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words() {
        let style = Style { color: false, width: 20 };
        let long = "x".repeat(30);
        for (indent, lead, text, page) in [
            (2, "error:", "one two three four", "  error: one two\n    three four\n".to_owned()),
            (0, "a", &long, format!("a\n  {long}\n")),
            (4, "", "seven letters and", "    seven letters\n    and\n".to_owned()),
            (0, "exactly", "twelve chars", "exactly twelve chars\n".to_owned()),
            (0, "exactly", "twelve charsx", "exactly twelve\n  charsx\n".to_owned()),
        ] {
            assert_eq!(style.paragraph(indent, BAD, lead, text), page);
        }
    }

    #[test]
    fn colour_only_where_it_is_wanted() {
        let (plain, coloured) = (Style { color: false, width: 80 }, Style { color: true, width: 80 });
        assert_eq!(plain.paint(BAD, "error"), "error");
        assert_eq!(coloured.paint(BAD, "error"), "\u{1b}[1m\u{1b}[31merror\u{1b}[0m");
        assert_eq!(coloured.paint(PLAIN, "error"), "error");
    }
}
