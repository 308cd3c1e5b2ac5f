//! A map in JSON. Structure is `serde_json`'s business; strings are resolved here, so that no copy of a value is made but
//! into the buffer that is wiped in the end.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Content, Entry, Fault, MAX_DEPTH, put, too_deep, twice};
use crate::domain::json_string;
use crate::domain::value::Value;

/// Reads an object, and the objects in it.
pub fn read(text: &str) -> Result<Vec<Entry>, Fault> {
    let mut reader = Reader { text, keys: Vec::new(), entries: Vec::new() };
    if !text.trim_start().starts_with('{') {
        return Err(Fault::at(1, "it is no JSON object of keys and values"));
    }
    reader.object(text)?;
    Ok(reader.entries)
}

struct Reader<'t> {
    text: &'t str,
    keys: Vec<String>,
    entries: Vec<Entry>,
}

impl<'t> Reader<'t> {
    /// Where in the whole text a part of it begins.
    fn offset(&self, part: &str) -> usize {
        (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize)
    }

    /// The line in which it begins.
    fn line(&self, part: &str) -> usize {
        1 + self.text.get(..self.offset(part)).unwrap_or_default().matches('\n').count()
    }

    fn object(&mut self, part: &'t str) -> Result<(), Fault> {
        if self.keys.len() == MAX_DEPTH {
            return Err(too_deep(self.line(part)));
        }
        let mut deserializer = serde_json::Deserializer::from_str(part);
        let members =
            deserializer.deserialize_map(Members).and_then(|members| deserializer.end().map(|()| members));
        let first = self.line(part);
        let members = members.map_err(|error| {
            Fault::at(first + error.line().saturating_sub(1), "it is not well-formed JSON")
        })?;
        let mut seen: HashMap<String, usize> = HashMap::with_capacity(members.len());
        // Counted on from member to member, because a text may have ten thousand.
        let (mut counted, mut line) = (self.offset(part), first);
        for (key, raw) in members {
            let value = raw.get();
            let passed = self.text.get(counted..self.offset(value)).unwrap_or_default();
            line += passed.matches('\n').count();
            counted += passed.len();
            if let Some(earlier) = seen.insert(key.clone(), line) {
                return Err(twice(line, earlier));
            }
            self.keys.push(key);
            self.member(value, line)?;
            self.keys.pop();
        }
        Ok(())
    }

    fn member(&mut self, value: &'t str, line: usize) -> Result<(), Fault> {
        let content = match value.as_bytes().first() {
            Some(b'{') => return self.object(value),
            Some(b'[') => Content::List,
            Some(b'"') => Content::Value(json_string::value(value).ok_or_else(|| {
                Fault::at(line, "it is not well-formed JSON: a string has half of a surrogate pair")
            })?),
            _ if value == "null" => Content::Null,
            _ => Content::Value(Value::new(value.as_bytes().to_vec())),
        };
        put(&mut self.entries, Entry { keys: self.keys.clone(), line, content, remark: None })
    }
}

/// The members of an object in their order, values as they are written.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some((key, value)) = map.next_entry::<Cow<'de, str>, &'de RawValue>()? {
            members.push((key.into_owned(), value));
        }
        Ok(members)
    }
}
