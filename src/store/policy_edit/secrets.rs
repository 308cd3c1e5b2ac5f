//! What a policy says of one secret by its exact name: readers, waivers, and that it must be there.

use toml_edit::{Array, ArrayOfTables, Item, Table, Value};

use super::super::toml::comments;
use super::{Draft, EditError, says};
use crate::domain::glob::Glob;
use crate::domain::name::{ActorName, SecretName};

/// What went with a secret.
#[must_use]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dropped {
    pub scopes: usize,
    pub waivers: usize,
}

impl Draft {
    /// Says who reads one secret: in its own `[[scope]]`, if what that says is not overruled by a later one, else
    /// in a new one at the end.
    pub fn set_readers(&mut self, secret: &SecretName, readers: &[ActorName]) -> Result<(), EditError> {
        let list: Value = readers.iter().map(ActorName::as_str).collect::<Array>().into();
        let deciding = self.tables("scope").filter(|scope| decides_readers(scope, secret)).last();
        if let Some(own) = deciding.filter(|scope| says(*scope, "match", secret.as_str())) {
            match own.get_mut("readers") {
                Some(Item::Value(value)) => {
                    let decor = value.decor().clone();
                    *value = list;
                    *value.decor_mut() = decor;
                }
                _ => {
                    own.insert("readers", list.into());
                }
            }
            return Ok(());
        }
        let mut scope = Table::new();
        scope.insert("match", secret.as_str().into());
        scope.insert("readers", list.into());
        let behind = self.tables("scope").filter_map(|scope| scope.position()).max();
        comments::place(&mut self.document, &mut scope, behind);
        let scopes =
            self.document.entry("scope").or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
        let shape = || EditError::Shape { key: "scope".to_owned(), expected: "[[scope]]" };
        scopes.as_array_of_tables_mut().ok_or_else(shape)?.push(scope);
        Ok(())
    }

    /// Lets all that names a secret exactly name it anew; says in how many places.
    pub fn rename_secret(&mut self, old: &SecretName, new: &SecretName) -> usize {
        let mut renamed = 0;
        let mut rename = |value: Option<&mut Value>| {
            if let Some(value) = value.filter(|value| value.as_str() == Some(old.as_str())) {
                let decor = value.decor().clone();
                *value = new.as_str().into();
                *value.decor_mut() = decor;
                renamed += 1;
            }
        };
        for (section, key) in [("scope", "match"), ("waiver", "secret")] {
            for table in self.tables(section) {
                rename(table.get_mut(key).and_then(Item::as_value_mut));
            }
        }
        if let Some(required) = self.document.get_mut("require").and_then(Item::as_array_mut) {
            required.iter_mut().for_each(|value| rename(Some(value)));
        }
        renamed
    }

    /// Removes the scopes and waivers that name a secret exactly, lest they hold for another one that gets its
    /// name. `require` stays: that the secret is missing is then a finding.
    pub fn drop_secret(&mut self, secret: &SecretName) -> Dropped {
        Dropped {
            scopes: self.drop_tables("scope", "match", secret),
            waivers: self.drop_tables("waiver", "secret", secret),
        }
    }

    fn drop_tables(&mut self, section: &str, key: &str, secret: &SecretName) -> usize {
        let Some(tables) = self.document.get_mut(section).and_then(Item::as_array_of_tables_mut) else {
            return 0;
        };
        let is_it = |table: &Table| says(table, key, secret.as_str());
        let dropped: Vec<Table> = tables.iter().filter(|table| is_it(table)).cloned().collect();
        tables.retain(|table| !is_it(table));
        if tables.is_empty() {
            self.document.remove(section);
        }
        for table in &dropped {
            comments::leave_comments(&mut self.document, table);
        }
        dropped.len()
    }
}

/// Whether a scope has a say in who reads a secret: it names it, or it fits it and lists readers.
fn decides_readers(scope: &Table, secret: &SecretName) -> bool {
    let glob = scope.get("match").and_then(Item::as_str).unwrap_or_default();
    let fits = || glob.parse::<Glob>().is_ok_and(|glob| glob.matches(secret.as_str()));
    glob == secret.as_str() || (scope.contains_key("readers") && fits())
}
