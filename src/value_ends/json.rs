//! The strings of a JSON document, one after the other; no tree is built.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Hands over every string of a text of JSON documents, with the key it stands behind. `false`: the text is none, or
/// not to its end, though strings may have been handed over.
pub(super) fn each_string(text: &str, mut each: impl FnMut(Option<&str>, &str)) -> bool {
    if !text.starts_with(['{', '[', '"']) {
        return false;
    }
    let mut documents = serde_json::Deserializer::from_str(text);
    loop {
        if (Strings { key: None, each: &mut each }).deserialize(&mut documents).is_err() {
            return false;
        }
        if documents.end().is_ok() {
            return true;
        }
    }
}

struct Strings<'a> {
    key: Option<&'a str>,
    each: &'a mut dyn FnMut(Option<&str>, &str),
}

impl<'de> DeserializeSeed<'de> for Strings<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strings<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, string: &str) -> Result<(), E> {
        (self.each)(self.key, string);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(Strings { key: self.key, each: self.each })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while let Some(key) = entries.next_key::<String>()? {
            entries.next_value_seed(Strings { key: Some(&key), each: self.each })?;
        }
        Ok(())
    }
}
