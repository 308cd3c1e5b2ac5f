//! Walks parsed TOML and notes every fault with its line. serde would stop at the first one.

use std::str::FromStr;

use toml_edit::{Item, TableLike, Value};

use super::faults::Faults;
use super::near_miss::hint;
use crate::domain::record::SCHEMA;
use crate::domain::time::Instant;

/// Where the lines of a text begin.
pub struct Lines(Vec<usize>);

impl Lines {
    pub fn new(text: &str) -> Self {
        Self(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1).collect())
    }

    /// The line, from 1, of a byte.
    pub fn line(&self, offset: usize) -> usize {
        self.0.partition_point(|start| *start <= offset) + 1
    }
}

/// A table of which each key is asked for once; what was not asked for is unknown.
pub struct Table<'t> {
    keys: &'t dyn TableLike,
    lines: &'t Lines,
    /// Of its header.
    pub line: usize,
    /// As messages name it: `[people.alice]`.
    name: String,
    asked: Vec<&'static str>,
}

/// What stands at a key or in an array.
#[derive(Clone)]
pub struct Node<'t> {
    content: Content<'t>,
    lines: &'t Lines,
    pub line: usize,
    name: String,
}

#[derive(Clone, Copy)]
enum Content<'t> {
    Value(&'t Value),
    Item(&'t Item),
}

impl<'t> Table<'t> {
    pub fn root(keys: &'t dyn TableLike, lines: &'t Lines, name: &str) -> Self {
        Self { keys, lines, line: 1, name: name.to_owned(), asked: Vec::new() }
    }

    /// Takes another name for messages, once it is known what kind of table it is.
    pub fn call(&mut self, name: String) {
        self.name = name;
    }

    fn node(&self, key: &str) -> Option<Node<'t>> {
        let (found, item) = self.keys.get_key_value(key)?;
        let span = item.as_table().and_then(toml_edit::Table::span).filter(|_| !item.is_none());
        let start = span.or_else(|| found.span()).or_else(|| item.span()).map(|span| span.start);
        let line = start.map_or(self.line, |start| self.lines.line(start));
        Some(Node { content: Content::Item(item), lines: self.lines, line, name: key.to_owned() })
    }

    /// What stands at a key.
    pub fn get(&mut self, key: &'static str) -> Option<Node<'t>> {
        self.asked.push(key);
        self.node(key)
    }

    /// What stands at a key that must be there; `remedy` says what to write.
    pub fn require(&mut self, key: &'static str, remedy: &str, faults: &mut Faults) -> Option<Node<'t>> {
        let found = self.get(key);
        if found.is_none() {
            faults.at(self.line, format!("{} has no `{key}`: {remedy}", self.name));
        }
        found
    }

    /// Looks at `schema`, which must be there. What a newer one means is not known: where this answers no, all other
    /// faults would be guesses.
    pub fn has_known_schema(&mut self, faults: &mut Faults) -> bool {
        let node = self.require("schema", &format!("write schema = {SCHEMA}"), faults);
        let Some((found, line)) = node.and_then(|node| Some((node.integer(faults)?, node.line))) else {
            return true;
        };
        let found = u64::try_from(found).unwrap_or(0);
        if found > SCHEMA {
            let message = format!(
                "schema {found} is newer than this version of `secrets` understands (it knows {SCHEMA}): upgrade `secrets`"
            );
            faults.at(line, message);
        } else if found < SCHEMA {
            faults.at(line, format!("there is no such schema: write schema = {SCHEMA}"));
        }
        found == SCHEMA
    }

    /// All entries, for tables whose keys are names.
    pub fn entries(&self) -> impl Iterator<Item = (&'t str, Node<'t>)> {
        self.keys.iter().filter_map(|(key, _)| Some((key, self.node(key)?)))
    }

    /// Notes the keys that nobody asked for.
    pub fn finish(self, faults: &mut Faults) {
        for (key, node) in self.entries().filter(|(key, _)| !self.asked.contains(key)) {
            let near = if faults.is_full() { String::new() } else { hint(key, self.asked.iter().copied()) };
            let known = self.asked.join(", ");
            faults.at(node.line, format!("unknown key `{key}` in {}{near} (known are: {known})", self.name));
        }
    }
}

impl<'t> Node<'t> {
    fn value(&self) -> Option<&'t Value> {
        match self.content {
            Content::Value(value) => Some(value),
            Content::Item(item) => item.as_value(),
        }
    }

    fn wrong(&self, expected: &str, faults: &mut Faults) {
        let found = match self.content {
            Content::Value(value) => value.type_name(),
            Content::Item(item) => item.type_name(),
        };
        faults.at(self.line, format!("`{}` must be {expected}, not {found}", self.name));
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether no keys are below it.
    pub fn is_plain(&self) -> bool {
        self.value().is_some_and(|value| !value.is_inline_table())
    }

    pub fn is_array(&self) -> bool {
        self.value().is_some_and(Value::is_array)
    }

    pub fn text(&self, faults: &mut Faults) -> Option<&'t str> {
        let text = self.value().and_then(Value::as_str);
        if text.is_none() {
            self.wrong("a string in quotes", faults);
        }
        text
    }

    /// A text that says something.
    pub fn prose(&self, faults: &mut Faults) -> Option<String> {
        let text = self.text(faults)?;
        if text.trim().is_empty() {
            faults.at(self.line, format!("`{}` is empty: write something, or remove the key", self.name));
            return None;
        }
        Some(text.to_owned())
    }

    /// A text of a form.
    pub fn parsed<T: FromStr<Err: std::fmt::Display>>(&self, faults: &mut Faults) -> Option<T> {
        let result = self.text(faults)?.parse();
        faults.keep(self.line, result.map_err(|e: T::Err| format!("`{}`: {e}", self.name)))
    }

    pub fn integer(&self, faults: &mut Faults) -> Option<i64> {
        let number = self.value().and_then(Value::as_integer);
        if number.is_none() {
            self.wrong("a whole number", faults);
        }
        number
    }

    pub fn flag(&self, faults: &mut Faults) -> Option<bool> {
        let flag = self.value().and_then(Value::as_bool);
        if flag.is_none() {
            self.wrong("true or false, without quotes", faults);
        }
        flag
    }

    /// A date or an instant, as TOML has them or as a string.
    pub fn moment(&self, faults: &mut Faults) -> Option<Instant> {
        let text = match self.value() {
            Some(Value::Datetime(found)) => found.value().to_string(),
            Some(Value::String(found)) => found.value().clone(),
            _ => {
                self.wrong("a date such as 2026-12-31", faults);
                return None;
            }
        };
        let result = Instant::parse_date_or_instant(&text);
        faults.keep(self.line, result.map_err(|e| format!("`{}`: {e}", self.name)))
    }

    pub fn table(&self, faults: &mut Faults) -> Option<Table<'t>> {
        let table = match self.content {
            Content::Value(value) => value.as_inline_table().map(|table| table as &dyn TableLike),
            Content::Item(item) => item.as_table_like(),
        };
        if table.is_none() {
            self.wrong("a table", faults);
        }
        let name = format!("[{}]", self.name);
        table.map(|keys| Table { keys, lines: self.lines, line: self.line, name, asked: Vec::new() })
    }

    /// The same, under the name that messages shall use.
    pub fn named(mut self, name: String) -> Self {
        self.name = name;
        self
    }

    /// The elements of an array that holds at least one; `remedy` says what to write into an empty one.
    pub fn elements(&self, remedy: &str, faults: &mut Faults) -> Option<Vec<Node<'t>>> {
        let Some(array) = self.value().and_then(Value::as_array) else {
            self.wrong("an array of strings", faults);
            return None;
        };
        if array.is_empty() {
            faults.at(self.line, format!("`{}` is empty: {remedy}", self.name));
            return None;
        }
        let element = |value: &'t Value| {
            let line = value.span().map_or(self.line, |span| self.lines.line(span.start));
            Node { content: Content::Value(value), lines: self.lines, line, name: self.name.clone() }
        };
        Some(array.iter().map(element).collect())
    }

    /// The tables of `[[name]]`.
    pub fn tables(&self, faults: &mut Faults) -> Vec<Table<'t>> {
        let name = format!("[[{}]]", self.name);
        if let Content::Item(Item::ArrayOfTables(tables)) = self.content {
            let table = |table: &'t toml_edit::Table| {
                let line = table.span().map_or(self.line, |span| self.lines.line(span.start));
                Table { keys: table, lines: self.lines, line, name: name.clone(), asked: Vec::new() }
            };
            return tables.iter().map(table).collect();
        }
        faults.at(
            self.line,
            format!("`{}` must be written {name}, each with keys of its own below", self.name),
        );
        Vec::new()
    }
}
