//! What the reading commands share: records, and words for an expiry.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{CommandError, Session};
use crate::domain::expiry::Expiry;
use crate::domain::finding::Unknown;
use crate::domain::name::{ActorName, SecretName};
use crate::domain::record::Record;
use crate::domain::text::visible;
use crate::observe::place::Place;
use crate::store::record_file::{self, MAX_RECORD_BYTES};
use crate::system::threads::{ParallelIterator as _, Shared as _};

/// The record of a secret as it stands in the work tree; `None` where there is none.
pub fn record(place: &Place, name: &SecretName) -> Result<Option<Record>, CommandError> {
    let path = place.store.record_path(name);
    let Some(bytes) = place.store.read(&path, MAX_RECORD_BYTES)? else { return Ok(None) };
    Ok(Some(record_file::parse(&bytes, &path.display().to_string())?))
}

/// The records of a store, and what of it can't be read: whoever counts must name that.
pub struct Records {
    pub by_name: BTreeMap<SecretName, Record>,
    pub unread: Vec<Unknown>,
}

impl Records {
    pub fn read(place: &Place) -> Self {
        let listing = place.list();
        let names: Vec<SecretName> = listing.secrets.into_keys().collect();
        let read = |name: &SecretName| match record(place, name) {
            Ok(Some(found)) if found.sealed.name == *name => Ok(found),
            Ok(Some(found)) => Err(format!("is the record of `{}`, copied here", found.sealed.name)),
            Ok(None) => Err("a sealed value without a record: nothing says who can open it".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        let found: Vec<_> = names.par_iter().map(read).collect();
        let mut records = Self { by_name: BTreeMap::new(), unread: listing.unknowns };
        for (name, found) in names.into_iter().zip(found) {
            match found {
                Ok(record) => drop(records.by_name.insert(name, record)),
                Err(why) => records.unread.push(Unknown::new(name.to_string(), why)),
            }
        }
        records
    }

    /// Names what can't be read, and answers with the exit code: what was counted is not all there is.
    pub fn tell_unread(&self, session: &Session) -> Result<u8, CommandError> {
        if self.unread.is_empty() {
            return Ok(0);
        }
        session.say(format!("NOT counted, because it can't be read ({}):", self.unread.len()))?;
        for Unknown { what, why } in &self.unread {
            // Many a reason names the file already.
            let line = if why.contains(what.as_str()) { why.clone() } else { format!("{what}: {why}") };
            session.say(format!("  {}", visible(&line)))?;
        }
        session.say("see: secrets check")?;
        Ok(2)
    }

    /// The same for programs.
    pub fn unread_wire(&self) -> Vec<UnreadWire> {
        let wire = |unknown: &Unknown| UnreadWire { what: unknown.what.clone(), why: unknown.why.clone() };
        self.unread.iter().map(wire).collect()
    }
}

#[derive(Serialize)]
pub struct UnreadWire {
    what: String,
    why: String,
}

/// `2027-08-31`, `never` or `unknown`.
pub fn expiry_text(expiry: Option<&Expiry>) -> String {
    match expiry {
        Some(Expiry::At { at, .. }) => at.brief(),
        Some(Expiry::Never { .. }) => "never".to_owned(),
        None => "unknown".to_owned(),
    }
}

/// `alice, bob` or `none`.
pub fn names_text(names: &[ActorName]) -> String {
    let names: Vec<&str> = names.iter().map(ActorName::as_str).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
