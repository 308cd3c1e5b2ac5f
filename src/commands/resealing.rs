//! What needs to be sealed again, why, and doing it: for `reseal` and for the removal of a reader.

use std::collections::BTreeSet;

use super::writing::{Existing, accept_keys, existing};
use super::{CommandError, Session};
use crate::change::sealing::{self, NextVersion, Request, Sealer};
use crate::change::writer::Writer;
use crate::domain::key::Fingerprint;
use crate::domain::name::{ActorName, SecretName};
use crate::domain::record::Sealed;
use crate::domain::text::counted;
use crate::domain::value::Value;
use crate::observe::place::Place;

/// Why a secret needs to be sealed again; empty where it does not.
pub fn reasons(sealer: &Sealer<'_>, sealed: &Sealed) -> Result<Vec<String>, CommandError> {
    let wanted: BTreeSet<(ActorName, Fingerprint)> = sealer
        .recipients(&sealed.name)?
        .into_iter()
        .flat_map(|(reader, keys)| keys.into_iter().map(move |key| (reader.clone(), key.fingerprint)))
        .collect();
    let current: BTreeSet<(ActorName, Fingerprint)> =
        sealed.all_keys().map(|(reader, key)| (reader.clone(), key.fingerprint.clone())).collect();
    let readers = |set: &BTreeSet<(ActorName, Fingerprint)>| -> BTreeSet<ActorName> {
        set.iter().map(|(reader, _)| reader.clone()).collect()
    };
    let (wanted_readers, current_readers) = (readers(&wanted), readers(&current));
    let mut reasons = Vec::new();
    for reader in wanted_readers.union(&current_readers) {
        let of = |set: &BTreeSet<(ActorName, Fingerprint)>| -> BTreeSet<Fingerprint> {
            set.iter()
                .filter(|(name, _)| name == reader)
                .map(|(_, fingerprint)| fingerprint.clone())
                .collect()
        };
        let (new, old) = (of(&wanted), of(&current));
        match (new.is_empty(), old.is_empty()) {
            (false, true) => reasons.push(format!("adds {reader}")),
            (true, false) => reasons.push(format!("drops {reader}")),
            _ if new != old => reasons.push(format!("other keys of {reader}")),
            _ => {}
        }
    }
    Ok(reasons)
}

/// The secrets that need it, with the reasons; and those of which that can't be said, with why.
#[derive(Default)]
pub struct Needing {
    pub secrets: Vec<(Existing, Vec<String>)>,
    pub left: Vec<Left>,
}

/// A secret that could not be sealed again, and why.
pub struct Left {
    pub name: SecretName,
    pub why: String,
}

impl Needing {
    pub fn among(place: &Place, sealer: &Sealer<'_>, names: &[SecretName]) -> Self {
        let mut needing = Self::default();
        for name in names {
            let found = existing(place, name).and_then(|secret| {
                let reasons = reasons(sealer, &secret.record.sealed)?;
                Ok((secret, reasons))
            });
            match found {
                Ok((_, reasons)) if reasons.is_empty() => {}
                Ok(found) => needing.secrets.push(found),
                Err(error) => needing.left.push(Left { name: name.clone(), why: error.to_string() }),
            }
        }
        needing
    }

    pub fn say(&self, session: &Session) -> Result<(), CommandError> {
        self.secrets.iter().try_for_each(|(secret, reasons)| {
            session.say(format!("{}: {}", secret.record.sealed.name, reasons.join(", ")))
        })
    }
}

/// Seals again what can be, to whom policy names now, and plans it. New keys are asked for before anything is
/// opened; what none of my identities opens is left to another reader.
pub fn reseal(
    session: &Session,
    sealer: &Sealer<'_>,
    needing: Needing,
    accepted: &[Fingerprint],
    writer: &mut Writer<'_>,
) -> Result<Vec<Left>, CommandError> {
    let keychain = session.keychain();
    let mut identities = session.identities(&keychain);
    let mut accepted: BTreeSet<Fingerprint> = accepted.iter().cloned().collect();
    for (secret, _) in &needing.secrets {
        let sealed = &secret.record.sealed;
        accept_keys(session, sealer, &sealed.name, &sealing::keys_of(sealed), &mut accepted)?;
    }
    let mut left = needing.left;
    let progress = session.terminal.progress("resealing", Some(needing.secrets.len() as u64));
    for (before, _) in needing.secrets {
        let sealed = &before.record.sealed;
        match identities.open(sealed.name.as_str(), &before.bytes) {
            Ok(value) => plan(sealer, &before, &value, writer)?,
            Err(error) => left.push(Left { name: sealed.name.clone(), why: error.to_string() }),
        }
        progress.advance(1);
    }
    Ok(left)
}

fn plan(
    sealer: &Sealer<'_>,
    before: &Existing,
    value: &Value,
    writer: &mut Writer<'_>,
) -> Result<(), CommandError> {
    let sealed = &before.record.sealed;
    let (record, bytes) = sealer.seal(Request {
        name: &sealed.name,
        value,
        expires: sealed.expires.clone(),
        issued: sealed.issued,
        version: NextVersion::Same(sealed.version.clone()),
        seen_by: &[],
        about: before.record.about.clone(),
        previous: Some(sealed),
        earlier: None,
    })?;
    writer.put_secret(&record, bytes);
    Ok(())
}

/// Tells what was left, and answers with the exit code: what was asked was not done to its end.
pub fn tell_left(session: &Session, left: &[Left]) -> Result<u8, CommandError> {
    if left.is_empty() {
        return Ok(0);
    }
    session.say(format!("{} could not be sealed again:", counted(left.len(), "secret")))?;
    for Left { name, why } in left {
        // The error names the secret already.
        session.say(format!(
            "  {}",
            if why.starts_with(name.as_str()) { why.clone() } else { format!("{name}: {why}") }
        ))?;
    }
    session.say("somebody who can open them runs: secrets reseal --all")?;
    Ok(2)
}
