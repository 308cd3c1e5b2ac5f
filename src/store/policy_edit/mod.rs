//! Changes to the text of a policy that leave comments and formatting where they are.
//!
//! The caller reads the policy before ([`super::policy_file::parse`]) and after: a [`Draft`] knows where things
//! stand, not what they mean.

use std::fmt;

use toml_edit::{DocumentMut, Item, Table, TableLike};

mod acceptances;
mod actors;
mod init;
mod secrets;
#[cfg(test)]
mod tests;
mod tracking;

pub use acceptances::NewAcceptance;
pub use actors::{Added, NewActor, Removal};
pub use init::first_policy;
pub use secrets::Dropped;

/// A change of the policy that can't be made as asked. `Display` says what to do instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    #[error("{path}: is no TOML; `secrets check` names the line")]
    NotToml { path: String },
    #[error("`{key}` in the policy is no {expected}; correct it by hand")]
    Shape { key: String, expected: &'static str },
    #[error("`{name}` is taken: policy has it under [{section}]; choose another name")]
    Taken { name: String, section: &'static str },
    #[error("policy has no person, machine or shared key `{name}`; `secrets people list` prints their names")]
    Unknown { name: String },
    #[error("`{name}` has no such key; `secrets people list` and `secrets machines list` print them")]
    NoSuchKey { name: String },
    #[error(
        "`{name}` would have no key left: add another one first (`secrets {section} add {name} --key …`), or let \
         them go altogether (`secrets {section} remove {name}`)"
    )]
    LastKey { name: String, section: &'static str },
    #[error("`{name}` is the last one in group `{group}`; add somebody to it first, or remove the group too")]
    EmptyGroup { name: String, group: String },
    #[error("nobody would be left to read {scope}; name another reader there first")]
    NoReaders { scope: String },
    #[error("nobody would be left behind shared key `{shared}`; remove `{shared}` first")]
    NobodyBehind { shared: String },
}

/// A policy's text while it is changed. `Display` prints it.
#[derive(Debug, Clone)]
pub struct Draft {
    document: DocumentMut,
}

impl Draft {
    /// `path` is for messages.
    pub fn read(text: &str, path: &str) -> Result<Self, EditError> {
        let document = text.parse().map_err(|_| EditError::NotToml { path: path.to_owned() })?;
        Ok(Self { document })
    }

    /// The tables of `[[scope]]`, `[[waiver]]` or `[[acceptance]]`.
    fn tables(&mut self, key: &str) -> impl Iterator<Item = &mut Table> {
        self.document
            .get_mut(key)
            .and_then(Item::as_array_of_tables_mut)
            .into_iter()
            .flat_map(|all| all.iter_mut())
    }

    fn section(&self, key: &str) -> Option<&dyn TableLike> {
        self.document.get(key).and_then(Item::as_table_like)
    }

    fn section_mut(&mut self, key: &str) -> Option<&mut dyn TableLike> {
        self.document.get_mut(key).and_then(Item::as_table_like_mut)
    }

    /// Makes a change wholly or not at all.
    fn whole<T>(&mut self, change: impl FnOnce(&mut Self) -> Result<T, EditError>) -> Result<T, EditError> {
        let mut changed = self.clone();
        let outcome = change(&mut changed)?;
        *self = changed;
        Ok(outcome)
    }
}

impl fmt::Display for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.document.fmt(f)
    }
}

/// Whether the value at a key is this text.
fn says(table: &dyn TableLike, key: &str, text: &str) -> bool {
    table.get(key).and_then(Item::as_str) == Some(text)
}
