//! That leavers and lost keys knew what was set until now, and that somebody takes it as it is.

use toml_edit::{ArrayOfTables, Datetime, Item, Table};

use super::super::toml::comments;
use super::{Draft, EditError, says};
use crate::domain::policy::Departed;
use crate::domain::time::Instant;

/// What is accepted, by whom and why.
#[derive(Debug, Clone, Copy)]
pub struct NewAcceptance<'a> {
    pub of: &'a Departed,
    /// Versions set before this moment.
    pub on: Instant,
    pub reason: &'a str,
    pub by: &'a str,
}

impl Draft {
    /// Writes an acceptance in the place of an older one of the same, else at the end.
    pub fn accept(&mut self, new: NewAcceptance<'_>) -> Result<(), EditError> {
        let on: Datetime = new.on.to_string().parse().map_err(|_| shape())?;
        let write = |table: &mut Table| {
            table.insert("of", new.of.name().as_str().into());
            if let Departed::Key(_, key) = new.of {
                table.insert("key", key.as_str().into());
            }
            table.insert("on", on.into());
            table.insert("reason", new.reason.into());
            table.insert("by", new.by.into());
        };
        if let Some(older) = self.tables("acceptance").find(|table| is_of(table, new.of)) {
            write(older);
            return Ok(());
        }
        let mut table = Table::new();
        write(&mut table);
        let behind = self.tables("acceptance").filter_map(|table| table.position()).max();
        comments::place(&mut self.document, &mut table, behind);
        let all =
            self.document.entry("acceptance").or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
        all.as_array_of_tables_mut().ok_or_else(shape)?.push(table);
        Ok(())
    }
}

fn is_of(table: &Table, of: &Departed) -> bool {
    let of_key = match of {
        Departed::Actor(_) => !table.contains_key("key"),
        Departed::Key(_, key) => says(table, "key", key.as_str()),
    };
    of_key && says(table, "of", of.name().as_str())
}

fn shape() -> EditError {
    EditError::Shape { key: "acceptance".to_owned(), expected: "[[acceptance]]" }
}

#[cfg(test)]
mod tests {
    use super::super::super::policy_file::{self, samples};
    use super::*;
    use crate::domain::key::Fingerprint;
    use crate::domain::policy::Acceptance;

    fn accepted(text: &str) -> Vec<Acceptance> {
        policy_file::parse(text, "p", samples::PARSERS).unwrap().acceptances
    }

    fn accept(text: &str, of: &Departed, on: &str, reason: &str) -> String {
        let mut draft = Draft::read(text, "p").unwrap();
        let on = on.parse().unwrap();
        draft.accept(NewAcceptance { of, on, reason, by: "bob" }).unwrap();
        draft.to_string()
    }

    #[test]
    fn an_acceptance_is_added_and_replaces_an_older_one_of_the_same() {
        let carol = Departed::Actor("carol".parse().unwrap());
        let key = Departed::Key("carol".parse().unwrap(), Fingerprint::of(b"laptop"));
        let once = accept(samples::FULL, &carol, "2026-11-20T12:00:01Z", "it's \"fine\"\n");
        assert!(once.starts_with(samples::FULL), "{once}");
        let found = accepted(&once);
        assert_eq!(found.len(), 2, "the sample has one of a key already");
        assert_eq!((&found[1].of, found[1].by.as_str()), (&carol, "bob"));
        assert_eq!(found[1].on.to_string(), "2026-11-20T12:00:01Z");
        assert_eq!(found[1].reason, "it's \"fine\"\n");

        let again = accept(&once, &carol, "2026-12-01T00:00:00Z", "still");
        let found = accepted(&again);
        assert_eq!((found.len(), found[1].reason.as_str()), (2, "still"));
        let of_key = accepted(&accept(&again, &key, "2026-12-01T00:00:00Z", "wiped"));
        assert_eq!((of_key.len(), &of_key[2].of), (3, &key));
        // The first one of a store.
        let (before, _) = samples::FULL.split_once("\n[[acceptance]]").unwrap();
        assert_eq!(accepted(&accept(before, &key, "2026-12-01T00:00:00Z", "wiped"))[0].of, key);
    }
}
