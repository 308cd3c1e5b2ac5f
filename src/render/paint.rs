//! Colour, where it is wanted, and the wrapping of lines.

use anstyle::{AnsiColor, Style as Ansi};

use super::Style;

pub(super) const BAD: Ansi = AnsiColor::Red.on_default().bold();
pub(super) const WARNING: Ansi = AnsiColor::Yellow.on_default().bold();
pub(super) const GOOD: Ansi = AnsiColor::Green.on_default().bold();
pub(super) const BOLD: Ansi = Ansi::new().bold();
pub(super) const DIM: Ansi = Ansi::new().dimmed();

/// The text in a colour, or as it is.
pub(super) fn paint(text: &str, ansi: Ansi, style: Style) -> String {
    if style.color { format!("{ansi}{text}{ansi:#}") } else { text.to_owned() }
}

/// Breaks a text at blanks into lines of at most `width` columns; a longer word stays whole, so that it can be
/// copied.
pub(super) fn wrap(text: &str, width: Option<usize>) -> Vec<String> {
    let Some(width) = width else { return vec![text.to_owned()] };
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let joined = line.chars().count() + 1 + word.chars().count();
        if !line.is_empty() && joined > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_blanks_and_words_stay_whole() {
        assert_eq!(wrap("one two three", Some(8)), ["one two", "three"]);
        assert_eq!(wrap("one two three", Some(7)), ["one two", "three"]);
        assert_eq!(wrap("one two three", Some(6)), ["one", "two", "three"]);
        assert_eq!(wrap("extraordinary", Some(4)), ["extraordinary"]);
        assert_eq!(wrap("one two three", None), ["one two three"]);
    }

    #[test]
    fn colour_is_for_terminals_only() {
        let style = Style { color: false, width: None };
        assert_eq!(paint("x", BAD, style), "x");
        assert_eq!(paint("x", BAD, Style { color: true, ..style }), "\u{1b}[1m\u{1b}[31mx\u{1b}[0m");
    }
}
