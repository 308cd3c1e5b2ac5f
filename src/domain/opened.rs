//! What lies in a sealed file of another tool, in clear.

use std::collections::BTreeMap;

use super::tracked_name::Pointer;
use super::value::Value;

/// What stands where bytes are no text, and the tool that opened the file writes text.
const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();

/// The values of a file, by where they lie. Has no `Debug`, as [`Value`] has none.
#[derive(Default)]
pub struct Opened {
    /// By pointer; the empty one is the file as a whole.
    values: BTreeMap<String, OpenedValue>,
}

/// One value of a file.
pub struct OpenedValue {
    pub value: Value,
    /// Numbers, truth values and nothing are written as JSON writes them.
    pub is_text: bool,
    /// How the tool that sealed it is told where it lies; `None` where it can't be told.
    pub address: Option<String>,
}

impl Opened {
    /// A file that was sealed as a whole.
    pub fn whole(value: Value, address: Option<String>) -> Self {
        let mut opened = Self::default();
        opened.put(None, OpenedValue { value, is_text: true, address });
        opened
    }

    pub fn put(&mut self, pointer: Option<&Pointer>, value: OpenedValue) {
        self.values.insert(key(pointer).to_owned(), value);
    }

    pub fn get(&self, pointer: Option<&Pointer>) -> Option<&OpenedValue> {
        self.values.get(key(pointer))
    }
}

fn key(pointer: Option<&Pointer>) -> &str {
    pointer.map_or("", Pointer::as_str)
}

impl OpenedValue {
    /// Whether two values are the same. Of what was no text that is never known: it was replaced, whatever it was.
    pub fn same_as(&self, other: &Self) -> bool {
        let is_exact =
            |value: &Value| !value.expose().windows(REPLACEMENT.len()).any(|window| window == REPLACEMENT);
        self.is_text == other.is_text && self.value.same_as(&other.value) && is_exact(&self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sameness_is_never_guessed() {
        let value = |text: &str, is_text| OpenedValue {
            value: Value::new(text.as_bytes().to_vec()),
            is_text,
            address: None,
        };
        assert!(value("1", true).same_as(&value("1", true)));
        assert!(value("12345", true).same_as(&value("12345", true)));
        assert!(!value("1", true).same_as(&value("1", false)));
        assert!(!value("1", true).same_as(&value("2", true)));
        assert!(!value("a\u{fffd}", true).same_as(&value("a\u{fffd}", true)));
    }

    #[test]
    fn a_whole_file_lies_at_no_pointer() {
        let opened = Opened::whole(Value::new(b"x".to_vec()), None);
        assert!(opened.get(None).is_some());
        assert!(opened.get(Pointer::of(["a"]).as_ref()).is_none());
    }
}
