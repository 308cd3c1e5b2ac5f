//! What needs to be sealed again, why, and doing it: for `reseal` and for the removal of a reader.

use std::collections::BTreeSet;

use super::writing::{Existing, accept_keys, existing};
use super::{CommandError, Session};
use crate::change::sealing::{NextVersion, Request, Sealer};
use crate::change::writer::Writer;
use crate::domain::key::Fingerprint;
use crate::domain::name::{ActorName, SecretName};
use crate::domain::record::Sealed;
use crate::observe::identities::Identities;
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

/// Seals one secret again, to whom policy names now, and plans it.
pub fn reseal(
    session: &Session,
    identities: &mut Identities<'_>,
    sealer: &Sealer<'_>,
    before: &Existing,
    accepted: &mut BTreeSet<Fingerprint>,
    writer: &mut Writer<'_>,
) -> Result<(), CommandError> {
    let sealed = &before.record.sealed;
    accept_keys(session, sealer, &sealed.name, Some(sealed), accepted)?;
    let value = identities.open(sealed.name.as_str(), &before.bytes)?;
    let (record, bytes) = sealer.seal(Request {
        name: &sealed.name,
        value: &value,
        expires: sealed.expires.clone(),
        issued: sealed.issued,
        version: NextVersion::Same(sealed.version.clone()),
        seen_by: &[],
        about: before.record.about.clone(),
        previous: Some(sealed),
    })?;
    writer.put_secret(&record, bytes);
    Ok(())
}

/// The secrets that need it, with the reasons.
pub fn needing(
    place: &Place,
    sealer: &Sealer<'_>,
    names: &[SecretName],
) -> Result<Vec<(Existing, Vec<String>)>, CommandError> {
    let mut needing = Vec::new();
    for name in names {
        let secret = existing(place, name)?;
        let reasons = reasons(sealer, &secret.record.sealed)?;
        if !reasons.is_empty() {
            needing.push((secret, reasons));
        }
    }
    Ok(needing)
}
