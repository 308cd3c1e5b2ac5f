//! A map in YAML: one document, no aliases, no tags. Scalars are taken as they are written, whatever a schema would make
//! of them: `0123`, `1e3` and `yes` are the texts `0123`, `1e3` and `yes`.

use std::borrow::Cow;
use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};

use super::{Content, Entry, Fault, MAX_DEPTH, put, too_deep, twice};
use crate::domain::value::Value;

/// Reads the mapping of a document, and the mappings in it.
///
/// Aliases are refused: a small file could unfold to a huge one.
pub fn read(text: &str) -> Result<Vec<Entry>, Fault> {
    let mut parser = Parser::new_from_str(text);
    let mut builder = Builder::default();
    // What is left out at the end of a text stands, for the parser, on a line behind it.
    let last = 1 + text.matches(['\n', '\r']).count();
    while let Some(event) = parser.next_event() {
        let (event, span) =
            event.map_err(|error| Fault::at(error.marker().line(), "it is not well-formed YAML"))?;
        builder.take(event, span.start.line().min(last))?;
    }
    Ok(builder.entries)
}

/// A collection that has not ended.
enum Open {
    /// With the lines of its keys, and the one whose value comes next.
    Map { seen: HashMap<String, usize>, key: Option<String> },
    /// Only passed over: what it is in is no value.
    List,
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    keys: Vec<String>,
    documents: usize,
    /// How many of the open collections are lists, or lie in one.
    lists: usize,
    entries: Vec<Entry>,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, line: usize) -> Result<(), Fault> {
        match event {
            Event::Scalar(text, style, _, tag) => self.scalar(text, style, tag.as_deref(), line),
            Event::SequenceStart(_, tag) => {
                refuse_tag(tag.as_deref(), line)?;
                self.expect_value(line)?;
                if self.lists == 0 {
                    self.put(Content::List, line)?;
                }
                self.begin(Open::List, line)
            }
            Event::MappingStart(_, tag) => {
                refuse_tag(tag.as_deref(), line)?;
                if !self.open.is_empty() {
                    self.expect_value(line)?;
                }
                self.begin(Open::Map { seen: HashMap::new(), key: None }, line)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                self.end();
                Ok(())
            }
            Event::Alias(_) => Err(Fault::at(line, "there is an alias: write the value out")),
            Event::DocumentStart(_) if self.documents > 0 => {
                Err(Fault::at(line, "a second document begins: import one at a time"))
            }
            Event::DocumentStart(_) => {
                self.documents += 1;
                Ok(())
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
        }
    }

    fn scalar(
        &mut self,
        text: Cow<'_, str>,
        style: ScalarStyle,
        tag: Option<&Tag>,
        line: usize,
    ) -> Result<(), Fault> {
        refuse_tag(tag, line)?;
        match self.open.last_mut() {
            None if is_null(&text) && style == ScalarStyle::Plain => Ok(()),
            None => Err(Fault::at(line, "it is no mapping of keys and values")),
            Some(Open::List) => Ok(()),
            Some(Open::Map { seen, key: key @ None }) => {
                let text = text.into_owned();
                if let Some(earlier) = seen.insert(text.clone(), line) {
                    return Err(twice(line, earlier));
                }
                *key = Some(text);
                Ok(())
            }
            Some(Open::Map { .. }) => {
                let content = if tag.is_none() && style == ScalarStyle::Plain && is_null(&text) {
                    Content::Null
                } else {
                    Content::Value(Value::new(text.into_owned().into_bytes()))
                };
                if self.lists == 0 {
                    self.put(content, line)?;
                }
                self.value_ended();
                Ok(())
            }
        }
    }

    /// An error where a collection stands in the place of a key, or of the whole mapping.
    fn expect_value(&self, line: usize) -> Result<(), Fault> {
        match self.open.last() {
            Some(Open::Map { key: None, .. }) => Err(Fault::at(line, "a key is no text")),
            None => Err(Fault::at(line, "it is no mapping of keys and values")),
            Some(_) => Ok(()),
        }
    }

    fn begin(&mut self, open: Open, line: usize) -> Result<(), Fault> {
        if self.open.len() == MAX_DEPTH {
            return Err(too_deep(line));
        }
        if let Some(Open::Map { key: Some(key), .. }) = self.open.last() {
            self.keys.push(key.clone());
        }
        if self.lists > 0 || matches!(open, Open::List) {
            self.lists += 1;
        }
        self.open.push(open);
        Ok(())
    }

    fn end(&mut self) {
        self.open.pop();
        self.lists = self.lists.saturating_sub(1);
        if let Some(Open::Map { key: Some(_), .. }) = self.open.last() {
            self.keys.pop();
        }
        self.value_ended();
    }

    /// A key comes next.
    fn value_ended(&mut self) {
        if let Some(Open::Map { key, .. }) = self.open.last_mut() {
            *key = None;
        }
    }

    fn put(&mut self, content: Content, line: usize) -> Result<(), Fault> {
        let mut keys = self.keys.clone();
        if let Some(Open::Map { key: Some(key), .. }) = self.open.last() {
            keys.push(key.clone());
        }
        put(&mut self.entries, Entry { keys, line, content, remark: None })
    }
}

/// A tag says what a scalar is to be made into. That of text changes nothing.
fn refuse_tag(tag: Option<&Tag>, line: usize) -> Result<(), Fault> {
    match tag {
        Some(tag) if !(tag.is_yaml_core_schema() && tag.suffix == "str") => {
            Err(Fault::at(line, "there is a tag, and no value is made of another: write it without"))
        }
        Some(_) | None => Ok(()),
    }
}

/// The spellings of null in YAML's core schema.
fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}
