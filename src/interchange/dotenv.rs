//! dotenv, as `python-dotenv` reads it, but for variables: nothing is expanded. Where programs differ so much that one
//! of them would get another value, the line is refused, and the remedy is the same always: quote it otherwise.

use std::collections::HashMap;

use super::{Content, Entry, Fault, Text, put, twice};
use crate::domain::value::Value;

const HAS_DOLLAR: &str = "has a `$`, which is taken as it is; some programs would put a variable there";
const HAS_HASH: &str =
    "has a `#` outside of quotes, which is taken as a part of it; some programs end it there";
const HAS_BACKSLASH: &str =
    "has a backslash before a character that needs none, and both are taken as they are";
const HAS_HALVED: &str = "has an escape in single quotes, which is resolved; some programs take it as it is";

/// Reads lines of `KEY=value`.
pub fn read(text: &str) -> Result<Vec<Entry>, Fault> {
    let mut scan = Scan { text, at: 0, line: 1 };
    let mut entries = Vec::new();
    let mut seen: HashMap<String, usize> = HashMap::new();
    while scan.skip_to_entry()? {
        let line = scan.line;
        let key = scan.key()?;
        let (value, remark) = scan.value()?;
        if let Some(earlier) = seen.insert(key.clone(), line) {
            return Err(twice(line, earlier));
        }
        put(&mut entries, Entry { keys: vec![key], line, content: Content::Value(value), remark })?;
    }
    Ok(entries)
}

struct Scan<'t> {
    text: &'t str,
    at: usize,
    line: usize,
}

impl<'t> Scan<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn fault(&self, why: impl Into<String>) -> Fault {
        Fault::at(self.line, why)
    }

    fn skip_blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t']).len();
    }

    /// To the next line that says something; `false` at the end.
    fn skip_to_entry(&mut self) -> Result<bool, Fault> {
        loop {
            self.skip_blanks();
            if self.rest().is_empty() {
                return Ok(false);
            }
            if !self.rest().starts_with(['#', '\n', '\r']) {
                return Ok(true);
            }
            self.end_line()?;
        }
    }

    /// Past a comment, if there is one, and the end of the line. Nothing else may stand there.
    fn end_line(&mut self) -> Result<(), Fault> {
        self.skip_blanks();
        let line = self.line_text()?;
        if !line.is_empty() && !line.starts_with('#') {
            return Err(self.fault("text follows the closing quote: quote the value as a whole"));
        }
        self.next_line(line);
        Ok(())
    }

    fn next_line(&mut self, line: &str) {
        self.at += line.len();
        let rest = self.rest();
        let end = rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix('\n'));
        if let Some(after) = end {
            self.at += rest.len() - after.len();
            self.line += 1;
        }
    }

    /// What is left of the line, without its end.
    fn line_text(&self) -> Result<&'t str, Fault> {
        let line = self.rest().split('\n').next().unwrap_or_default();
        let line = line.strip_suffix('\r').filter(|_| self.rest().len() > line.len()).unwrap_or(line);
        if line.contains('\r') {
            return Err(
                self.fault("a carriage return stands within the line: save the file with other line ends")
            );
        }
        Ok(line)
    }

    /// `KEY=`, maybe behind `export`.
    fn key(&mut self) -> Result<String, Fault> {
        let line = self.line_text()?;
        let no_key = || self.fault("there is no `KEY=`; a value of several lines must stand in quotes");
        let (before, _) = line.split_once('=').ok_or_else(no_key)?;
        let key = match before.strip_prefix("export") {
            Some(after) if after.starts_with([' ', '\t']) => after.trim(),
            _ => before.trim(),
        };
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        if key.is_empty() || !key.chars().all(fits) {
            return Err(self.fault(
                "what stands before `=` is no key: letters, digits, `_`, `.` and `-`; a value of several lines must stand \
                 in quotes",
            ));
        }
        self.at += before.len() + 1;
        self.skip_blanks();
        Ok(key.to_owned())
    }

    fn value(&mut self) -> Result<(Value, Option<&'static str>), Fault> {
        match self.rest().chars().next() {
            Some(quote @ ('\'' | '"')) => {
                self.at += 1;
                let quoted = self.quoted(quote)?;
                self.end_line()?;
                Ok(quoted)
            }
            _ => self.bare(),
        }
    }

    fn bare(&mut self) -> Result<(Value, Option<&'static str>), Fault> {
        let line = self.line_text()?;
        if line.starts_with('`') {
            return Err(self
                .fault("the value begins with a backtick, which some programs take for a quote: quote it"));
        }
        if line.starts_with("-----BEGIN ") {
            // The lines below it may look like keys, and would be shown as such.
            return Err(self.fault("the value goes on in the lines below it: quote it as a whole"));
        }
        if line.starts_with('#') {
            return Err(self.fault(
                "a `#` follows the `=`: for some programs that is a comment behind no value, for others a value: quote it",
            ));
        }
        let comment = line
            .match_indices('#')
            .find(|(at, _)| line.get(..*at).is_some_and(|before| before.ends_with([' ', '\t'])));
        let value = comment.map_or(line, |(at, _)| line.get(..at).unwrap_or_default());
        let value = value.trim_end_matches([' ', '\t']);
        let remark =
            if value.contains('#') { Some(HAS_HASH) } else { has_variable(value).then_some(HAS_DOLLAR) };
        let value = Value::new(value.as_bytes().to_vec());
        self.next_line(line);
        Ok((value, remark))
    }

    /// To the closing quote, which may stand some lines below.
    fn quoted(&mut self, quote: char) -> Result<(Value, Option<&'static str>), Fault> {
        let begun = self.line;
        let rest = self.rest();
        let end = closing(rest, quote).ok_or_else(|| Fault::at(begun, "the quote is not closed"))?;
        let raw = rest.get(..end).unwrap_or_default();
        // Nothing becomes longer, so the buffer never grows.
        let mut value = Text::with_capacity(raw.len());
        let mut remark = (quote == '"' && has_variable(raw)).then_some(HAS_DOLLAR);
        let mut chars = raw.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '\n' => self.line += 1,
                // A line that ends so is a line.
                '\r' if chars.peek() == Some(&'\n') => continue,
                '\r' => return Err(self.fault("a carriage return stands within the line: write it as `\\r`")),
                '\\' => match (quote, chars.peek().copied()) {
                    ('"', Some('$' | '`')) => {
                        return Err(self.fault(
                                "an escaped `$` or backtick stands in double quotes, which programs read differently: use \
                                 single quotes",
                            ));
                    }
                    (_, Some(next)) => match escaped(quote, next) {
                        Some(meant) => {
                            chars.next();
                            remark = remark.or((quote == '\'').then_some(HAS_HALVED));
                            value.push_char(meant);
                            continue;
                        }
                        None => remark = remark.or((quote == '"').then_some(HAS_BACKSLASH)),
                    },
                    (_, None) => {}
                },
                _ => {}
            }
            value.push_char(c);
        }
        self.at += end + quote.len_utf8();
        Ok((Value::new(value.into_bytes()), remark))
    }
}

/// Where the closing quote is. A backslash keeps the character after it from being one.
fn closing(text: &str, quote: char) -> Option<usize> {
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        if c == quote {
            return Some(at);
        }
        if c == '\\' {
            chars.next();
        }
    }
    None
}

/// What an escape stands for.
fn escaped(quote: char, c: char) -> Option<char> {
    match c {
        '\\' | '\'' => Some(c),
        _ if quote == '\'' => None,
        '"' => Some('"'),
        'a' => Some('\u{7}'),
        'b' => Some('\u{8}'),
        'f' => Some('\u{c}'),
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        'v' => Some('\u{b}'),
        _ => None,
    }
}

/// Whether a shell would put something in the place of a part.
fn has_variable(text: &str) -> bool {
    let begins = |c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '{' | '(');
    text.split('$').skip(1).any(|after| after.starts_with(begins))
}
