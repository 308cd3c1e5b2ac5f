//! dotenv, so that `python-dotenv` reads just the value, and as many others as can be.

use super::super::Text;
use super::{Item, Unfit};

/// How a value is written. The first that fits is taken: the fewer escapes, the more programs agree.
enum Quoting {
    /// Plain words stand for themselves everywhere, even where quotes would be taken as a part of the value.
    Bare,
    /// Nothing in it needs an escape.
    Single,
    /// With a backslash before whatever needs one.
    Double,
    /// The same: in double quotes, some programs would put a variable in the place of `$NAME`.
    SingleEscaped,
}

/// `NAME=value`, a line or more each.
pub fn dotenv(items: &[Item<'_>]) -> Result<Text, Unfit> {
    let mut text = Text::default();
    for item in items {
        let value = item.variable()?;
        text.push_str(item.key);
        text.push_str("=");
        match quoting(item, value)? {
            Quoting::Bare => text.push_str(value),
            Quoting::Single => quote(&mut text, value, '\'', |_| None),
            Quoting::SingleEscaped => {
                quote(&mut text, value, '\'', |c| matches!(c, '\'' | '\\').then_some(c));
            }
            Quoting::Double => quote(&mut text, value, '"', |c| match c {
                '"' | '\\' => Some(c),
                '\r' => Some('r'),
                _ => None,
            }),
        }
        text.push_str("\n");
    }
    Ok(text)
}

fn quoting(item: &Item<'_>, value: &str) -> Result<Quoting, Unfit> {
    if has(value, *b"${") {
        return Err(item.unfit(
            "has `${`, in the place of which python-dotenv puts a variable, whatever the quotes",
            "use --format json or shell",
        ));
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@%+=,".contains(c);
    // A backslash stands for itself before anything but a quote and another one.
    let is_literal = !value.contains('\'') && !has(value, *br"\\") && !value.ends_with('\\');
    let has_return = value.contains('\r');
    Ok(if !value.is_empty() && value.chars().all(is_plain) {
        Quoting::Bare
    } else if is_literal && !has_return {
        Quoting::Single
    } else if value.contains('$') && !has_return {
        Quoting::SingleEscaped
    } else if has_return && value.contains(['$', '`']) {
        return Err(item.unfit(
            "has a carriage return beside a `$` or backtick, which programs read differently",
            "use --format json or shell",
        ));
    } else {
        Quoting::Double
    })
}

/// Whether these two stand side by side. The standard library's search leaves pieces of the value on the stack.
fn has(value: &str, pair: [u8; 2]) -> bool {
    value.as_bytes().windows(2).any(|two| two == pair)
}

fn quote(text: &mut Text, value: &str, mark: char, escape: impl Fn(char) -> Option<char>) {
    text.push_char(mark);
    for c in value.chars() {
        match escape(c) {
            Some(escaped) => {
                text.push_char('\\');
                text.push_char(escaped);
            }
            None => text.push_char(c),
        }
    }
    text.push_char(mark);
}
