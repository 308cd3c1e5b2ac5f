//! My identities, source by source, no further than is needed: a keyring may ask to be unlocked.

use std::path::Path;

use crate::domain::key::PublicKey;
use crate::domain::name::ActorName;
use crate::domain::policy::Policy;
use crate::domain::value::Value;
use crate::keys::keychain::Keychain;
use crate::keys::search::Search;
use crate::keys::sources::{IdentitySource, Outcome};
use crate::seal::identity::{self, Identity};
use crate::seal::opening::{self, OpenError};
use crate::seal::prompts::Prompts;

/// Why no identity did what was asked.
#[derive(Debug, thiserror::Error)]
pub enum IdentitiesError {
    #[error("{name}: {why}")]
    NoneOpens { name: String, why: String },
    #[error("{why}: {remedy}")]
    Source { why: String, remedy: String },
    #[error("{name}: {source}")]
    Open { name: String, source: OpenError },
}

/// What one source had to give.
pub struct Found {
    pub source: IdentitySource,
    pub state: State,
    /// What a person should know besides.
    pub notes: Vec<String>,
}

/// The state of one source.
pub enum State {
    Identities(Vec<Identity>),
    /// There is nothing; the text says why.
    Absent(String),
    /// There is something, but it can't be used.
    Unusable {
        why: String,
        remedy: String,
    },
}

impl Found {
    pub fn identities(&self) -> &[Identity] {
        match &self.state {
            State::Identities(identities) => identities,
            State::Absent(_) | State::Unusable { .. } => &[],
        }
    }
}

/// The identities, looked for as they are needed and remembered.
pub struct Identities<'a> {
    prompts: Prompts,
    search: Search<'a>,
    found: Vec<Found>,
}

impl<'a> Identities<'a> {
    pub fn new(explicit: Option<&Path>, keychain: &'a Keychain<'_>, prompts: Prompts) -> Self {
        Self { prompts, search: keychain.search(explicit), found: Vec::new() }
    }

    /// The same with what asks nobody for anything: no keyring, and what is locked stays locked.
    pub fn without_asking(explicit: Option<&Path>, keychain: &'a Keychain<'_>) -> Self {
        let search = keychain.search_without_asking(explicit);
        Self { prompts: Prompts::none(), search, found: Vec::new() }
    }

    /// Looks into the next source; `None` when all were looked into.
    fn advance(&mut self) -> Option<&Found> {
        let probe = self.search.next()?;
        let state = match probe.outcome {
            Outcome::Found(all) => {
                let parsed =
                    all.iter().map(|one| identity::parse_identities(&one.bytes, &one.label, &self.prompts));
                match parsed.collect::<Result<Vec<_>, _>>() {
                    Ok(identities) => State::Identities(identities.into_iter().flatten().collect()),
                    Err(error) => State::Unusable {
                        why: error.to_string(),
                        remedy: format!("look at {}", probe.source),
                    },
                }
            }
            Outcome::Absent(why) => State::Absent(why),
            Outcome::Refused { why, remedy } | Outcome::Failed { why, remedy } => {
                State::Unusable { why, remedy }
            }
        };
        self.found.push(Found { source: probe.source, state, notes: probe.notes });
        self.found.last()
    }

    /// Looks into every source.
    pub fn all(&mut self) -> &[Found] {
        while self.advance().is_some() {}
        &self.found
    }

    /// The source at a position, looked into if it was not yet. `None` behind the last one.
    pub fn at(&mut self, position: usize) -> Option<&Found> {
        if position == self.found.len() {
            self.advance()?;
        }
        self.found.get(position)
    }

    /// Opens a sealed value with the first identity that fits.
    pub fn open(&mut self, name: &str, sealed: &[u8]) -> Result<Value, IdentitiesError> {
        let mut position = 0;
        let mut failed = None;
        while let Some(found) = self.at(position) {
            match &found.state {
                State::Unusable { why, remedy } if found.source.is_explicit() => {
                    return Err(IdentitiesError::Source { why: why.clone(), remedy: remedy.clone() });
                }
                State::Unusable { .. } | State::Absent(_) => {}
                State::Identities(identities) => match opening::open(sealed, identities) {
                    Ok(value) => return Ok(value),
                    Err(OpenError::NotForYou | OpenError::NoIdentity) => {}
                    // A passphrase that was not given, a plugin that failed: a later source may still open it.
                    Err(source @ OpenError::Identity(_)) => failed = Some(source),
                    Err(source) => return Err(IdentitiesError::Open { name: name.to_owned(), source }),
                },
            }
            position += 1;
        }
        Err(match failed {
            Some(source) => IdentitiesError::Open { name: name.to_owned(), source },
            None => IdentitiesError::NoneOpens { name: name.to_owned(), why: self.why_none_opens() },
        })
    }

    /// Who I am: the first reader of the policy whose key one of my identities is the private half of.
    pub fn holder(&mut self, policy: &Policy) -> Option<ActorName> {
        let mut position = 0;
        while let Some(found) = self.at(position) {
            let mut keys = found.identities().iter().flat_map(Identity::public_keys);
            if let Some(holder) = keys.find_map(|key| policy.holder_of(&key.fingerprint)) {
                return Some(holder.clone());
            }
            position += 1;
        }
        None
    }

    /// My first public key, for `init`.
    pub fn first_public_key(&mut self) -> Option<PublicKey> {
        let mut position = 0;
        while let Some(found) = self.at(position) {
            if let Some(key) = found.identities().iter().flat_map(Identity::public_keys).next() {
                return Some(key.clone());
            }
            position += 1;
        }
        None
    }

    /// Looks into one more source; false when there is none, or when the one that somebody asked for can't be used.
    pub fn look_further(&mut self) -> bool {
        self.refused().is_none() && self.advance().is_some() && self.refused().is_none()
    }

    /// The sources that were looked into so far.
    pub fn found(&self) -> &[Found] {
        &self.found
    }

    /// The source that somebody asked for and that can't be used, in words.
    fn refused(&self) -> Option<String> {
        match self.found.last() {
            Some(Found { source, state: State::Unusable { why, remedy }, .. }) if source.is_explicit() => {
                Some(format!("{why}: {remedy}"))
            }
            _ => None,
        }
    }

    /// Why nothing was opened, as far as the sources that were looked into go, and what to do.
    pub fn why_none_opens(&self) -> String {
        if let Some(refused) = self.refused() {
            return refused;
        }
        let looked_at = self.looked_at();
        let what = if self.found.iter().any(|found| !found.identities().is_empty()) {
            "none of the identities found here opens it: ask one of its readers to add your key and reseal it"
        } else {
            "there is no identity here that could open it: make one with `secrets key new`, or name one with \
             --identity"
        };
        format!("{what}; looked at: {looked_at}")
    }

    fn looked_at(&self) -> String {
        let parts = self.found.iter().map(|found| match &found.state {
            State::Identities(identities) => format!("{} ({} found)", found.source, identities.len()),
            State::Absent(why) | State::Unusable { why, .. } => format!("{} ({why})", found.source),
        });
        parts.collect::<Vec<_>>().join("; ")
    }
}
