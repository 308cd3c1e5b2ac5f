//! Who can open a secret, as far as record, header, policy and a proof say.

use std::collections::BTreeSet;

use super::facts::{Exposure, Proof, Recomputed, SecretFacts};
use super::key::{Fingerprint, PublicKey};
use super::name::ActorName;
use super::policy::{Actor, Departed, Policy};
use super::record::Sealed;
use super::report::{Custody, Grade};
use super::text::{counted, listed, visible};

/// The people who can open it: those with a key that it is sealed to and that policy still calls theirs, and
/// those behind such a shared key. Machines are no people.
pub fn people(sealed: &Sealed, policy: &Policy) -> BTreeSet<ActorName> {
    people_with(sealed, policy, &|_, _| true)
}

/// The same, as far as a proof bears it out: a key whose stanza is not in the file opens nothing. A proof never makes
/// more of it than record and header do.
pub fn proved_people(sealed: &Sealed, policy: &Policy, proof: &Proof) -> BTreeSet<ActorName> {
    match proof {
        Proof::Recomputed(recomputed) => people_with(sealed, policy, &|reader, fingerprint| {
            let key = (reader.clone(), fingerprint.clone());
            recomputed.proved.contains(&key) || recomputed.plausible.contains(&key)
        }),
        Proof::NotAsked | Proof::NotOpened { .. } | Proof::Broken(_) => people(sealed, policy),
    }
}

fn people_with(
    sealed: &Sealed,
    policy: &Policy,
    counts: &dyn Fn(&ActorName, &Fingerprint) -> bool,
) -> BTreeSet<ActorName> {
    let mut people = BTreeSet::new();
    for (reader, sealed_keys) in sealed.keys.iter() {
        let Some(actor) = policy.actor(reader) else { continue };
        let is_sealed_to = |fingerprint: &Fingerprint| {
            sealed_keys.iter().any(|sealed_key| sealed_key.fingerprint == *fingerprint)
        };
        let still_theirs = |key: &Fingerprint| is_sealed_to(key) && counts(reader, key);
        if !actor.keys().iter().any(|key| still_theirs(&key.fingerprint)) {
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

/// What the proof of a secret came to; `None` where none was asked for.
pub fn grade(facts: &SecretFacts, policy: &Policy) -> Option<Custody> {
    let unproven = |why: String| (Grade::Unproven, Some(why));
    let (grade, why) = match &facts.proof {
        Proof::NotAsked => return None,
        Proof::NotOpened { why, .. } => unproven(why.clone()),
        Proof::Broken(why) => unproven(format!("it is not what it must be: {why}")),
        Proof::Recomputed(recomputed) => match elsewhere(facts, policy) {
            Some(why) => unproven(why),
            None => grade_of(recomputed),
        },
    };
    // An identity's label or a store's id comes from outside.
    let why = why.map(|why| visible(&why).into_owned());
    Some(Custody { secret: facts.name.clone(), grade, why })
}

/// Why it is the proof of another secret.
fn elsewhere(facts: &SecretFacts, policy: &Policy) -> Option<String> {
    let Ok(Some(record)) = &facts.record else { return None };
    if record.sealed.name != facts.name {
        return Some(format!("sealed under the name {}", record.sealed.name));
    }
    (record.sealed.store != policy.store).then(|| "sealed for another store".to_owned())
}

fn grade_of(recomputed: &Recomputed) -> (Grade, Option<String>) {
    let mut faults = Vec::new();
    if !recomputed.missing.is_empty() {
        let readers: BTreeSet<&str> = recomputed.missing.iter().map(|(reader, _)| reader.as_str()).collect();
        let readers: Vec<&str> = readers.into_iter().collect();
        faults.push(format!("no stanza in it is for the key of {}", listed(&readers)));
    }
    if !recomputed.surplus.is_empty() {
        let stanzas = counted(recomputed.surplus.len(), "stanza");
        faults.push(format!("{stanzas} in it can't be recomputed from the keys in record and policy"));
    }
    if !faults.is_empty() {
        return (Grade::Unproven, Some(faults.join("; ")));
    }
    if recomputed.plausible.is_empty() {
        return (Grade::Proved, None);
    }
    let readers: BTreeSet<&str> = recomputed.plausible.iter().map(|(reader, _)| reader.as_str()).collect();
    let readers: Vec<&str> = readers.into_iter().collect();
    let why = format!("for keys of {} age gives nothing that could be recomputed", listed(&readers));
    (Grade::Plausible, Some(why))
}

/// The people who could open it if it were sealed to these readers.
pub fn people_behind(policy: &Policy, readers: &BTreeSet<ActorName>) -> BTreeSet<ActorName> {
    let can_be_sealed_to = |key: &PublicKey| key.kind.can_be_sealed_to();
    let mut people = BTreeSet::new();
    for reader in readers {
        match policy.actor(reader).filter(|actor| actor.keys().iter().any(can_be_sealed_to)) {
            Some(Actor::Person(_)) => {
                people.insert(reader.clone());
            }
            Some(Actor::SharedKey(shared)) => people.extend(shared.people.iter().cloned()),
            Some(Actor::Machine(_)) | None => {}
        }
    }
    people
}

/// Who could open this version, or saw it in clear, and is unknown to policy by now; and which keys could open it that
/// are not their holder's any more. A key is also the holder's who is behind a shared key that it is, or was: of a shared
/// key that was exchanged it is told once, under its own name.
pub fn exposures(sealed: &Sealed, policy: &Policy) -> Vec<Exposure> {
    let exposure =
        |departed| Exposure { departed, secret: sealed.name.clone(), set_at: sealed.version.set_at };
    let mut exposures = Vec::new();
    for (name, fingerprints) in sealed.exposed_to.iter() {
        let Some(actor) = policy.actor(name) else {
            exposures.push(exposure(Departed::Actor(name.clone())));
            continue;
        };
        let is_shared = |old: &Fingerprint| {
            policy.shared_keys.iter().any(|(shared, key)| {
                let was_its =
                    || sealed.exposed_to.get(shared).is_some_and(|its| its.iter().any(|one| one == old));
                key.people.contains(name) && (key.keys.iter().any(|key| key.fingerprint == *old) || was_its())
            })
        };
        let is_theirs = |old: &Fingerprint| actor.keys().iter().any(|key| key.fingerprint == *old);
        let gone = fingerprints.iter().filter(|old| !is_theirs(old) && !is_shared(old));
        exposures.extend(gone.map(|old| exposure(Departed::Key(name.clone(), old.clone()))));
    }
    exposures
}

#[cfg(test)]
mod tests;
