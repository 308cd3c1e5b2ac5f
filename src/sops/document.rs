//! The values of a decrypted document in JSON. No copy of one is made but into the buffer that is wiped in the end; that
//! is why no parser of a library reads it.

use zeroize::Zeroizing;

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
                b'\\' => bytes = unescape(rest, &mut text).ok_or(Malformed)?,
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

/// Adds what an escape stands for; answers with what follows it. `bytes` begin behind the backslash.
fn unescape<'b>(bytes: &'b [u8], text: &mut Vec<u8>) -> Option<&'b [u8]> {
    let (kind, rest) = bytes.split_first()?;
    let plain = match kind {
        b'"' | b'\\' | b'/' => *kind,
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'u' => {
            let (unit, rest) = code_unit(rest)?;
            let (c, rest) = match unit {
                0xD800..=0xDBFF => {
                    let (low, rest) = code_unit(rest.strip_prefix(b"\\u")?)?;
                    let low = low.checked_sub(0xDC00).filter(|low| *low < 0x400)?;
                    (char::from_u32(0x1_0000 + ((unit - 0xD800) << 10) + low)?, rest)
                }
                other => (char::from_u32(other)?, rest),
            };
            text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            return Some(rest);
        }
        _ => return None,
    };
    text.push(plain);
    Some(rest)
}

fn code_unit(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (digits, rest) = bytes.split_at_checked(4)?;
    let unit = digits.iter().try_fold(0, |unit, digit| Some(unit * 16 + char::from(*digit).to_digit(16)?))?;
    Some((unit, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &[u8]) -> Result<Opened, Malformed> {
        values(&Value::new(text.to_vec()))
    }

    #[test]
    fn values_pointers_and_addresses() {
        let text = br#" {"hub": {"ports": [8080, 0.25e1, true, {"token": "t\"\u003c\ud83d\ude00\n\/"}, []],
            "a/b~": "", "x[0]": "odd", "empty": {}}, "web.yml": null } "#;
        let opened = read(text).unwrap();
        for (pointer, value, is_text, address) in [
            ("/hub/ports/0", "8080", false, Some(r#"["hub"]["ports"][0]"#)),
            ("/hub/ports/1", "0.25e1", false, Some(r#"["hub"]["ports"][1]"#)),
            ("/hub/ports/2", "true", false, Some(r#"["hub"]["ports"][2]"#)),
            ("/hub/ports/3/token", "t\"<\u{1f600}\n/", true, Some(r#"["hub"]["ports"][3]["token"]"#)),
            ("/hub/a~1b~0", "", true, Some(r#"["hub"]["a/b~"]"#)),
            ("/hub/x[0]", "odd", true, None),
            ("/web.yml", "null", false, Some(r#"["web.yml"]"#)),
        ] {
            let found = opened.get(Some(&pointer.parse().unwrap())).unwrap();
            assert_eq!(std::str::from_utf8(found.value.expose()).unwrap(), value, "{pointer}");
            assert_eq!((found.is_text, found.address.as_deref()), (is_text, address), "{pointer}");
        }
        assert!(opened.get(Some(&"/hub/empty".parse().unwrap())).is_none());
    }

    #[test]
    fn what_is_no_document_is_refused() {
        for text in [
            "",
            "{",
            "{}}",
            "{}{}",
            "[1 2]",
            "{\"a\" 1}",
            "{a: 1}",
            "\"",
            "\"\\\"",
            "\"\\q\"",
            "\"\\ud800\"",
            "\"\\ud800\\u0041\"",
            "\"\\u12\"",
            "nul",
            "[,]",
            "{\"a\":1,}",
            "+",
        ] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
        assert!(read(b"\"\xff\"").is_err());
        assert!(read(&b"[".repeat(100_000)).is_err());
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<String>().prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
                prop::collection::btree_map(any::<String>(), inner, 0..5)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    /// Looks every value up in another parser's tree.
    fn count(tree: &serde_json::Value, path: &mut Vec<String>, opened: &Opened) -> Result<(), TestCaseError> {
        let mut down = |key: String, inner: &serde_json::Value| {
            path.push(key);
            count(inner, path, opened)?;
            path.pop();
            Ok(())
        };
        match tree {
            serde_json::Value::Object(map) => {
                map.iter().try_for_each(|(key, inner)| down(key.clone(), inner))
            }
            serde_json::Value::Array(all) => {
                all.iter().enumerate().try_for_each(|(position, inner)| down(position.to_string(), inner))
            }
            leaf @ (serde_json::Value::Null
            | serde_json::Value::Bool(_)
            | serde_json::Value::Number(_)
            | serde_json::Value::String(_)) => {
                let found = opened.get(Pointer::of(&*path).as_ref());
                let text = leaf.as_str().map_or_else(|| leaf.to_string(), ToOwned::to_owned);
                prop_assert_eq!(found.map(|found| found.value.expose()), Some(text.as_bytes()));
                Ok(())
            }
        }
    }

    proptest! {
        #[test]
        fn it_reads_what_serde_json_writes(tree in json()) {
            let opened = read(tree.to_string().as_bytes()).map_err(|_| TestCaseError::fail("malformed"))?;
            count(&tree, &mut Vec::new(), &opened)?;
        }

        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            drop(read(&bytes));
        }
    }
}
