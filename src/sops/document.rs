//! The values of a decrypted document in JSON. No copy of one is made but into the buffer that is wiped in the end; that
//! is why no parser of a library reads it.

use zeroize::Zeroizing;

use crate::domain::json_string::unescape;
use crate::domain::opened::{Opened, OpenedValue};
use crate::domain::tracked_name::Pointer;
use crate::domain::value::Value;

/// How deep a document may be nested.
const MAX_DEPTH: usize = 200;

/// A text that is no single JSON document. What it is instead is not said: it holds values.
#[derive(Debug, PartialEq, Eq)]
pub struct Malformed;

/// One step on the way to a value.
enum Step {
    Key(String),
    Position(usize),
}

/// Every value of a document that is no object or array.
pub fn values(document: &Value) -> Result<Opened, Malformed> {
    let mut scan = Scan { text: document.expose(), at: 0, path: Vec::new(), opened: Opened::default() };
    scan.value()?;
    scan.skip_space();
    if scan.peek().is_some() {
        return Err(Malformed);
    }
    Ok(scan.opened)
}

/// The address of a value as `sops set` wants it: `["a"]["b"][0]`. It has no escapes, so not every key can be told.
fn address(path: &[Step]) -> Option<String> {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Key(key) if key.contains(['[', ']', '"']) => return None,
            Step::Key(key) => text.extend(["[\"", key, "\"]"]),
            Step::Position(position) => text.extend(["[", &position.to_string(), "]"]),
        }
    }
    (!text.is_empty()).then_some(text)
}

struct Scan<'t> {
    text: &'t [u8],
    at: usize,
    path: Vec<Step>,
    opened: Opened,
}

impl Scan<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    /// The next byte that is no white space.
    fn next(&mut self) -> Result<u8, Malformed> {
        self.skip_space();
        let byte = self.peek().ok_or(Malformed)?;
        self.at += 1;
        Ok(byte)
    }

    fn value(&mut self) -> Result<(), Malformed> {
        if self.path.len() > MAX_DEPTH {
            return Err(Malformed);
        }
        match self.next()? {
            b'{' => self.members(),
            b'[' => self.elements(),
            b'"' => {
                let mut text = self.string()?;
                self.hand_over(std::mem::take(&mut *text), true);
                Ok(())
            }
            _ => {
                self.at -= 1;
                self.word()
            }
        }
    }

    fn members(&mut self) -> Result<(), Malformed> {
        let mut next = self.next()?;
        if next == b'}' {
            return Ok(());
        }
        loop {
            if next != b'"' {
                return Err(Malformed);
            }
            let key = String::from_utf8(self.string()?.to_vec()).map_err(|_| Malformed)?;
            if self.next()? != b':' {
                return Err(Malformed);
            }
            self.path.push(Step::Key(key));
            self.value()?;
            self.path.pop();
            match self.next()? {
                b',' => next = self.next()?,
                b'}' => return Ok(()),
                _ => return Err(Malformed),
            }
        }
    }

    fn elements(&mut self) -> Result<(), Malformed> {
        self.skip_space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        for position in 0.. {
            self.path.push(Step::Position(position));
            self.value()?;
            self.path.pop();
            match self.next()? {
                b',' => {}
                b']' => return Ok(()),
                _ => return Err(Malformed),
            }
        }
        Err(Malformed)
    }

    /// A number, `true`, `false` or `null`.
    fn word(&mut self) -> Result<(), Malformed> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
        let length = rest.iter().take_while(is_part).count();
        let word = rest.get(..length).unwrap_or_default();
        self.at += length;
        let is_number = word.first().is_some_and(|first| first.is_ascii_digit() || *first == b'-');
        if !is_number && !matches!(word, b"true" | b"false" | b"null") {
            return Err(Malformed);
        }
        self.hand_over(word.to_vec(), false);
        Ok(())
    }

    /// A string behind its first quotation mark. The buffer never grows: escapes are longer than what they stand for.
    fn string(&mut self) -> Result<Zeroizing<Vec<u8>>, Malformed> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let mut length = 0;
        while let Some(byte) = rest.get(length).filter(|byte| **byte != b'"') {
            length += if *byte == b'\\' { 2 } else { 1 };
        }
        let raw = rest.get(..length).filter(|_| length < rest.len()).ok_or(Malformed)?;
        self.at += length + 1;
        let mut text = Zeroizing::new(Vec::with_capacity(raw.len()));
        let mut bytes = raw;
        while let Some((first, rest)) = bytes.split_first() {
            bytes = rest;
            match first {
                b'\\' => {
                    let (c, after) = unescape(rest).ok_or(Malformed)?;
                    text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                    bytes = after;
                }
                other => text.push(*other),
            }
        }
        if std::str::from_utf8(&text).is_err() {
            return Err(Malformed);
        }
        Ok(text)
    }

    fn hand_over(&mut self, bytes: Vec<u8>, is_text: bool) {
        let keys = self.path.iter().map(|step| match step {
            Step::Key(key) => key.clone(),
            Step::Position(position) => position.to_string(),
        });
        let pointer = Pointer::of(keys);
        let value = OpenedValue { value: Value::new(bytes), is_text, address: address(&self.path) };
        self.opened.put(pointer.as_ref(), value);
    }
}

#[cfg(test)]
mod tests;
