//! The cells of one row, and what they come to.

use std::fmt::Display;
use std::str::FromStr;

use super::{Row, Table};
use crate::domain::expiry::{Expiry, ExpirySource};
use crate::domain::name::ActorName;
use crate::domain::terms::Terms;
use crate::domain::time::Instant;
use crate::domain::tracked_name::CredentialName;

/// What a cell in `expires` begins with where there is no end.
const NEVER: &str = "never:";

/// A row while it is read.
pub(super) struct Cells {
    line: usize,
    name: Option<CredentialName>,
    expires: Option<Instant>,
    never: Option<String>,
    reason: Option<String>,
    terms: Terms,
    faults: Vec<String>,
}

impl Cells {
    pub fn at(line: usize) -> Self {
        Self {
            line,
            name: None,
            expires: None,
            never: None,
            reason: None,
            terms: Terms::default(),
            faults: Vec::new(),
        }
    }

    pub fn fault(&mut self, message: String) {
        self.faults.push(message);
    }

    /// Takes one cell that says something; `column` is one of [`super::COLUMNS`].
    pub fn put(&mut self, column: &'static str, text: &str) {
        match column {
            "name" => self.name = self.parsed(column, text),
            "expires" => match text.get(..NEVER.len()).filter(|start| start.eq_ignore_ascii_case(NEVER)) {
                Some(start) => self.put_never(column, text.get(start.len()..).unwrap_or_default()),
                None => self.expires = self.parsed(column, text),
            },
            "never" => self.put_never(column, text),
            "reason" => self.reason = Some(text.to_owned()),
            "issued" => self.terms.issued = self.parsed(column, text),
            "owners" => {
                let names = text.split(';').map(str::trim).filter(|name| !name.is_empty());
                self.terms.owners = names.filter_map(|name| self.parsed::<ActorName>(column, name)).collect();
            }
            "issuer" => self.terms.issuer = Some(text.to_owned()),
            "runbook" => self.terms.runbook = Some(text.to_owned()),
            other => self.fault(format!("unknown column `{other}`")),
        }
    }

    fn put_never(&mut self, column: &str, why: &str) {
        if why.trim().is_empty() {
            self.fault(format!(
                "`{column}`: `never` needs a reason: `never: the vendor gives out one login`"
            ));
        } else if self.never.replace(why.trim().to_owned()).is_some() {
            self.fault("it is said twice why it never ends: remove one".to_owned());
        }
    }

    fn parsed<T: FromStr<Err: Display>>(&mut self, column: &str, text: &str) -> Option<T> {
        let parsed = text.parse::<T>();
        parsed.map_err(|error| self.fault(format!("`{column}`: {error}"))).ok()
    }

    /// Adds the row to the table, or what is wrong with it.
    pub fn take_into(mut self, table: &mut Table) {
        if self.expires.is_some() && self.never.is_some() {
            self.fault("it both ends and never ends: remove one of the two".to_owned());
        }
        if self.reason.is_some() && self.expires.is_none() && self.faults.is_empty() {
            self.fault("`reason` says why an end changes, and there is none in `expires`".to_owned());
        }
        if self.name.is_none() && self.faults.is_empty() {
            self.fault("has no `name`".to_owned());
        }
        let reason = self.reason.take();
        self.terms.expires = match (self.expires, self.never.take()) {
            (Some(at), _) => Some(Expiry::At { at, from: ExpirySource::Declared, reason }),
            (None, Some(why)) => Some(Expiry::Never { why }),
            (None, None) => None,
        };
        match self.name {
            Some(name) if self.faults.is_empty() => {
                table.rows.push(Row { line: self.line, name, terms: self.terms });
            }
            _ => self.faults.into_iter().for_each(|message| table.faults.at(self.line, message)),
        }
    }
}
