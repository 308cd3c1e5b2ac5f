//! Changes to the text of a `custody.toml` that leave everything else in it as it is.

use std::fmt;

use toml_edit::{DocumentMut, Item, Table};

use super::super::toml::comments;
use super::{CustodyError, edit, key_of, parse, with_line_feeds};
use crate::domain::claim::Claim;
use crate::domain::record::SCHEMA;
use crate::domain::tracked_name::TrackedName;

/// What a new file begins with.
const HEAD: &str = "\
# What is known of the secrets in the files beside this one, which other tools have sealed: when each ends, who owns it.
# Written by people and by `secrets track`, `confirm` and `expiry set`; comments stay where they are.
";

const BYTE_ORDER_MARK: char = '\u{feff}';

/// A `custody.toml` while it is changed. `Display` prints it: the very text that was read, until something is changed.
///
/// Line endings are those of the first line; a file that mixes them is made uniform by the first change.
#[derive(Debug, Clone)]
pub struct Draft {
    document: DocumentMut,
    /// While nothing is changed.
    as_read: Option<String>,
    has_mark: bool,
    has_carriage_returns: bool,
}

impl Draft {
    /// A new file, without a secret.
    pub fn new() -> Self {
        let mut document = DocumentMut::new();
        document.insert("schema", toml_edit::value(i64::try_from(SCHEMA).unwrap_or(1)));
        if let Some(mut key) = document.key_mut("schema") {
            key.leaf_decor_mut().set_prefix(HEAD);
        }
        Self { document, as_read: None, has_mark: false, has_carriage_returns: false }
    }

    /// Only what [`parse`] takes can be changed; `path` is for messages.
    pub fn read(text: &str, path: &str) -> Result<Self, CustodyError> {
        parse(text.as_bytes(), path)?;
        let has_carriage_returns =
            text.find('\n').is_some_and(|at| text.get(..at).is_some_and(|line| line.ends_with('\r')));
        let document = with_line_feeds(text.trim_start_matches(BYTE_ORDER_MARK)).parse();
        let document = document.map_err(|error: toml_edit::TomlError| {
            CustodyError::single(path, None, format!("is no TOML: {}; correct it", error.message()))
        })?;
        let has_mark = text.starts_with(BYTE_ORDER_MARK);
        Ok(Self { document, as_read: Some(text.to_owned()), has_mark, has_carriage_returns })
    }

    /// Says what is claimed of a secret whose file lies beside this one: in a new table, in its place among the others,
    /// or in the one that is there, where only the keys that differ are touched.
    pub fn put(&mut self, name: &TrackedName, claim: &Claim) {
        let key = key_of(name);
        if let Some(item) = self.document.get_mut(&key) {
            if edit::update(item, claim) {
                self.as_read = None;
            }
            return;
        }
        let mut item = Item::Table(Table::new());
        edit::update(&mut item, claim);
        if let Some(table) = item.as_table_mut() {
            self.place(&key, table);
        }
        self.document.insert(&key, item);
        self.as_read = None;
    }

    /// Before the first table that comes later by name, else at the end.
    fn place(&mut self, key: &str, table: &mut Table) {
        let later = self.document.iter().filter(|(present, _)| *present > key);
        let next =
            later.filter_map(|(_, item)| item.as_table().filter(|table| !table.is_dotted())?.position());
        if let Some(next) = next.min() {
            comments::each_table(self.document.as_table_mut(), &mut |other| {
                if let Some(position) = other.position().filter(|position| *position >= next) {
                    other.set_position(Some(position + 1));
                }
            });
            table.set_position(Some(next));
            table.decor_mut().set_prefix("\n");
            return;
        }
        let mut last = 0;
        comments::each_table(self.document.as_table_mut(), &mut |other| {
            last = last.max(other.position().unwrap_or(0));
        });
        comments::place(&mut self.document, table, Some(last + 1));
    }

    /// Removes what is said of a secret, and answers whether there was anything.
    pub fn remove(&mut self, name: &TrackedName) -> bool {
        let Some((key, item)) = self.document.remove_entry(&key_of(name)) else { return false };
        self.as_read = None;
        match item {
            Item::Table(table) if !table.is_dotted() => {
                comments::leave_comments(&mut self.document, &table);
            }
            Item::Table(table) => {
                let first = table.iter().next().and_then(|(first, _)| table.key(first));
                comments::leave_comments_above(&mut self.document, first.unwrap_or(&key).leaf_decor());
            }
            Item::None | Item::Value(_) | Item::ArrayOfTables(_) => {
                comments::leave_comments_above(&mut self.document, key.leaf_decor());
            }
        }
        true
    }

    /// Whether nothing is said of any secret.
    pub fn is_empty(&self) -> bool {
        self.document.iter().all(|(key, _)| key == "schema")
    }
}

impl Default for Draft {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(text) = &self.as_read {
            return f.write_str(text);
        }
        if self.has_mark {
            write!(f, "{BYTE_ORDER_MARK}")?;
        }
        let text = self.document.to_string();
        if self.has_carriage_returns { f.write_str(&text.replace('\n', "\r\n")) } else { f.write_str(&text) }
    }
}
