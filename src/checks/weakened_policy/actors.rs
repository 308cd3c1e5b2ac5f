//! Whose key is whose: keys put under a name that was there before, and keys that count for somebody else.

use std::collections::BTreeSet;

use crate::domain::facts::Policies;
use crate::domain::key::{Fingerprint, PublicKey};
use crate::domain::name::ActorName;
use crate::domain::policy::{Actor, Policy, SharedKey};
use crate::domain::text::listed;
use crate::domain::time::Instant;

pub(super) fn losses(policies: &Policies) -> impl Iterator<Item = String> {
    let before = &policies.before;
    policies.after.actors().flat_map(|(name, actor)| {
        let mut found = Vec::new();
        found.extend(turned(before, name, actor));
        found.extend(actor.keys().iter().filter_map(|key| brought(before, name, actor, key)));
        match (actor, before.actor(name)) {
            (Actor::SharedKey(after), Some(Actor::SharedKey(before))) => {
                found.extend(shared(name, before, after));
            }
            (Actor::Person(_), _) => found.extend(signers(policies, name)),
            _ => {}
        }
        found
    })
}

fn kind(actor: Actor<'_>) -> &'static str {
    match actor {
        Actor::Person(_) => "a person",
        Actor::Machine(_) => "a machine",
        Actor::SharedKey(_) => "a shared key",
    }
}

/// A name that stands for something else now. A machine counts for nobody, so becoming one takes something away
/// only where somebody reads less for it, and that is told there.
fn turned(before: &Policy, name: &ActorName, actor: Actor<'_>) -> Option<String> {
    let was =
        before.actor(name).map(kind).or_else(|| before.groups.contains_key(name).then_some("a group"))?;
    let is = kind(actor);
    (is != was && !matches!(actor, Actor::Machine(_))).then(|| format!("{name} is {is} instead of {was}"))
}

/// A key that was not this name's before. Keys of new names ask for a look, which a note of the report does.
fn brought(before: &Policy, name: &ActorName, actor: Actor<'_>, key: &PublicKey) -> Option<String> {
    let shown = format!("{} ({})", key.fingerprint, key.kind);
    if let Some(holder) = holder(before, key) {
        return (holder != name).then(|| format!("the key {shown} is {name}'s instead of {holder}'s"));
    }
    let known = before.actor(name)?.keys();
    let here = actor.keys().iter().map(|key| &key.fingerprint).collect::<BTreeSet<_>>();
    let gone = known.iter().map(|key| &key.fingerprint).filter(|old| !here.contains(old));
    let gone = gone.map(Fingerprint::as_str).collect::<Vec<_>>();
    Some(if gone.is_empty() {
        format!("{name} has one more key: {shown}")
    } else {
        format!("{name}'s key is exchanged: {shown} instead of {}", listed(&gone))
    })
}

/// Whose the private half of a key was, whatever its type.
fn holder<'a>(policy: &'a Policy, key: &PublicKey) -> Option<&'a ActorName> {
    let is_same = |other: &PublicKey| {
        other.fingerprint == key.fingerprint
            || (key.montgomery.is_some() && other.montgomery == key.montgomery)
    };
    policy.actors().find(|(_, actor)| actor.keys().iter().any(is_same)).map(|(name, _)| name)
}

fn shared(name: &ActorName, before: &SharedKey, after: &SharedKey) -> Vec<String> {
    let mut found = Vec::new();
    let more = after.people.difference(&before.people).map(ActorName::as_str).collect::<Vec<_>>();
    if !more.is_empty() {
        found.push(format!("the shared key {name} counts for {} too", listed(&more)));
    }
    if let Some(confirmed) = after.confirmed.filter(|at| before.confirmed.is_none_or(|old| *at > old)) {
        let old = before.confirmed.map_or_else(|| "never".to_owned(), Instant::brief);
        found.push(format!("the people of {name} are confirmed on {} instead of {old}", confirmed.brief()));
    }
    found
}

/// Signing keys that nobody, or somebody else, had before: whoever holds them answers for records from now on.
fn signers(policies: &Policies, name: &ActorName) -> Vec<String> {
    let keys = |policy: &Policy| {
        let person = policy.people.get(name);
        person.map(|person| {
            person.signing_keys.iter().map(|key| key.fingerprint.clone()).collect::<BTreeSet<_>>()
        })
    };
    let before = keys(&policies.before).unwrap_or_default();
    let after = keys(&policies.after).unwrap_or_default();
    after.difference(&before).map(|key| format!("{name} signs with another key: {key}")).collect()
}
