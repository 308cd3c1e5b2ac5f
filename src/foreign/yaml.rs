//! YAML to trees, one for each document of a stream.

use std::borrow::Cow;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};

use super::tree::{self, Entry, MAX_DEPTH, MAX_NODES, Node};

/// Reads all documents. An error says why they can't be read, and in which line.
///
/// Aliases are refused: the value that one stands for has several names, and a small file could unfold to a huge one.
pub fn documents(text: &str) -> Result<Vec<Node<'_>>, String> {
    let mut parser = Parser::new_from_str(text);
    let mut builder = Builder::default();
    while let Some(event) = parser.next_event() {
        let (event, span) =
            event.map_err(|error| format!("it is not well-formed YAML (line {})", error.marker().line()))?;
        builder.take(event).map_err(|why| format!("{why} (line {})", span.start.line()))?;
    }
    Ok(builder.documents)
}

/// A collection that has not ended.
enum Open<'t> {
    List(Vec<Node<'t>>),
    /// With the key whose value comes next.
    Map(Vec<Entry<'t>>, Option<Cow<'t, str>>),
}

#[derive(Default)]
struct Builder<'t> {
    documents: Vec<Node<'t>>,
    open: Vec<Open<'t>>,
    nodes: usize,
}

impl<'t> Builder<'t> {
    fn take(&mut self, event: Event<'t>) -> Result<(), &'static str> {
        match event {
            Event::Scalar(text, style, _, tag) => self.scalar(text, style, tag.as_deref()),
            Event::SequenceStart(..) => self.begin(Open::List(Vec::new())),
            Event::MappingStart(..) => self.begin(Open::Map(Vec::new(), None)),
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(_) => Err("it has an alias, which stands for a value elsewhere"),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
        }
    }

    fn scalar(
        &mut self,
        text: Cow<'t, str>,
        style: ScalarStyle,
        tag: Option<&Tag>,
    ) -> Result<(), &'static str> {
        if let Some(Open::Map(_, key @ None)) = self.open.last_mut() {
            *key = Some(text);
            return Ok(());
        }
        let is_vault =
            |tag: &Tag| tag.handle == "!" && matches!(tag.suffix.as_str(), "vault" | "vault-encrypted");
        self.put(match tag {
            Some(tag) if is_vault(tag) => Node::Vault(text),
            None if style == ScalarStyle::Plain && is_null(&text) => Node::Null,
            _ => Node::Text(text),
        })
    }

    fn begin(&mut self, open: Open<'t>) -> Result<(), &'static str> {
        if let Some(Open::Map(_, None)) = self.open.last() {
            return Err("a key is no text");
        }
        if self.open.len() == MAX_DEPTH {
            return Err(tree::TOO_DEEP);
        }
        self.open.push(open);
        Ok(())
    }

    fn end(&mut self) -> Result<(), &'static str> {
        let node = match self.open.pop() {
            Some(Open::Map(entries, _)) if !tree::are_unique(&entries) => return Err(tree::TWICE_ABOVE),
            Some(Open::Map(entries, _)) => Node::Map(entries),
            Some(Open::List(items)) => Node::List(items),
            None => return Ok(()),
        };
        self.put(node)
    }

    fn put(&mut self, node: Node<'t>) -> Result<(), &'static str> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(tree::TOO_MANY);
        }
        match self.open.last_mut() {
            Some(Open::List(items)) => items.push(node),
            Some(Open::Map(entries, key)) => entries.extend(key.take().map(|key| (key, node))),
            None => self.documents.push(node),
        }
        Ok(())
    }
}

/// The spellings of null in YAML's core schema.
fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Node<'_> {
        Node::Text(Cow::Borrowed(text))
    }

    #[test]
    fn trees() {
        let read = documents("a: 1\nb: [x, ~, 'null', !!str null]\nc: {}\n'd':\ne: !vault |\n  x\n").unwrap();
        let [document] = read.as_slice() else { panic!("{read:?}") };
        assert_eq!(document.get("a"), Some(&text("1")));
        assert_eq!(
            document.get("b"),
            Some(&Node::List(vec![text("x"), Node::Null, text("null"), text("null")]))
        );
        assert_eq!(document.get("c"), Some(&Node::Map(Vec::new())));
        assert_eq!(document.get("d"), Some(&Node::Null));
        assert_eq!(document.get("e"), Some(&Node::Vault(Cow::Borrowed("x\n"))));
        assert_eq!(documents("a: b\r\n---\r\nc: d\r\n").unwrap().len(), 2);
        assert_eq!(documents("").unwrap(), []);
        assert_eq!(documents("---\n").unwrap(), [Node::Null]);
    }

    #[test]
    fn what_is_refused() {
        for (text, why) in [
            ("a: &x 1\nb: *x\n", "alias"),
            ("a: 1\nb: 2\na: 3\n", "twice"),
            ("? [a]\n: b\n", "a key is no text"),
            ("a: 'b\n", "well-formed"),
            ("a: b: c\n", "well-formed"),
            (&"[".repeat(200), "too deeply"),
            (&format!("[{}]", "x,".repeat(MAX_NODES + 1)), "too many"),
        ] {
            let error = documents(text).unwrap_err();
            assert!(error.contains(why) && error.contains("(line "), "{error}");
        }
    }
}
