//! JSON to a tree.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::tree::{self, MAX_NODES, Node};

/// Reads a document. An error says why it can't be read.
pub fn document(text: &str) -> Result<Node<'_>, String> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let nodes = Cell::new(0);
    Tree(&nodes).deserialize(&mut reader).and_then(|node| reader.end().map(|()| node)).map_err(|error| {
        // What serde_json says itself could quote the text.
        let why = if error.is_data() { error.to_string() } else { "it is not well-formed JSON".to_owned() };
        let why = why.split(" at line ").next().unwrap_or_default();
        format!("{why} (line {})", error.line())
    })
}

/// Counts the values of the whole text.
#[derive(Clone, Copy)]
struct Tree<'c>(&'c Cell<usize>);

impl Tree<'_> {
    fn count<E: de::Error>(self) -> Result<(), E> {
        self.0.set(self.0.get() + 1);
        if self.0.get() > MAX_NODES { Err(E::custom(tree::TOO_MANY)) } else { Ok(()) }
    }

    fn text<'de, E: de::Error>(self, text: impl Into<Cow<'de, str>>) -> Result<Node<'de>, E> {
        self.count()?;
        Ok(Node::Text(text.into()))
    }
}

impl<'de> DeserializeSeed<'de> for Tree<'_> {
    type Value = Node<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree<'_> {
    type Value = Node<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Node<'de>, E> {
        self.count()?;
        Ok(Node::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Node<'de>, E> {
        self.text(value.to_string())
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Node<'de>, E> {
        self.text(value.to_string())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Node<'de>, E> {
        self.text(value.to_string())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Node<'de>, E> {
        self.text(value.to_string())
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Node<'de>, E> {
        self.text(value.to_owned())
    }

    fn visit_borrowed_str<E: de::Error>(self, value: &'de str) -> Result<Node<'de>, E> {
        self.text(value)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node<'de>, A::Error> {
        self.count()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node<'de>, A::Error> {
        self.count()?;
        let mut map = Vec::new();
        while let Some(Key(key)) = entries.next_key()? {
            map.push((key, entries.next_value_seed(self)?));
        }
        if tree::are_unique(&map) { Ok(Node::Map(map)) } else { Err(de::Error::custom(tree::TWICE_ABOVE)) }
    }
}

#[derive(serde::Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees() {
        let read = document(r#"{"a": [1, -2, 1.5, true, null, "x\ny"], "b\u0041": {}}"#).unwrap();
        let texts = |node: &Node<'_>| node.text().map(str::to_owned);
        let Some(Node::List(items)) = read.get("a") else { panic!("{read:?}") };
        assert_eq!(items.iter().filter_map(texts).collect::<Vec<_>>(), ["1", "-2", "1.5", "true", "x\ny"]);
        assert_eq!(items.get(4), Some(&Node::Null));
        assert_eq!(read.get("bA"), Some(&Node::Map(Vec::new())));
    }

    #[test]
    fn what_is_refused() {
        for (text, why) in [
            (r#"{"a": {"b": 1, "b": 2}}"#, "twice"),
            (r#"{"a": 1"#, "well-formed"),
            (r#"{"a": 1} x"#, "well-formed"),
            (&"[".repeat(200), "well-formed"),
            (&format!("[0{}]", ",0".repeat(MAX_NODES)), "too many"),
        ] {
            let error = document(text).unwrap_err();
            assert!(error.contains(why) && error.contains("(line 1)"), "{error}");
        }
    }
}
