//! Who can open a secret, as far as record, header and policy say.

use std::collections::BTreeSet;

use super::name::ActorName;
use super::policy::{Actor, Policy};
use super::record::Sealed;

/// The people who can open it: those with a key that it is sealed to and that policy still calls theirs, and
/// those behind such a shared key. Machines are no people.
pub fn people(sealed: &Sealed, policy: &Policy) -> BTreeSet<ActorName> {
    let mut people = BTreeSet::new();
    for (reader, sealed_keys) in sealed.keys.iter() {
        let Some(actor) = policy.actor(reader) else { continue };
        let still_theirs = actor
            .keys()
            .iter()
            .any(|key| sealed_keys.iter().any(|sealed_key| sealed_key.fingerprint == key.fingerprint));
        if !still_theirs {
            continue;
        }
        match actor {
            Actor::Person(_) => {
                people.insert(reader.clone());
            }
            Actor::SharedKey(shared) => people.extend(shared.people.iter().cloned()),
            Actor::Machine(_) => {}
        }
    }
    people
}
