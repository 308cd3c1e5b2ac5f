//! The people among the readers that a policy names.

use std::collections::BTreeSet;

use crate::domain::name::ActorName;
use crate::domain::policy::{Actor, Policy};
use crate::domain::text::listed;

/// The people who read, be it through a shared key, and those with a key of their own.
pub(super) struct Readers {
    all: BTreeSet<ActorName>,
    by_own_key: usize,
}

impl Readers {
    pub fn of(policy: &Policy, names: &[ActorName]) -> Self {
        let mut readers = Self { all: BTreeSet::new(), by_own_key: 0 };
        for name in policy.resolve(names) {
            match policy.actor(&name) {
                Some(Actor::Person(_)) => {
                    readers.by_own_key += 1;
                    readers.all.insert(name);
                }
                Some(Actor::SharedKey(shared)) => readers.all.extend(shared.people.iter().cloned()),
                Some(Actor::Machine(_)) | None => {}
            }
        }
        readers
    }

    /// That these are fewer than those before, in words.
    pub fn loss(&self, before: &Self) -> Option<String> {
        let (now, then) = (self.all.len(), before.all.len());
        if now < then {
            let gone = before.all.difference(&self.all).map(ActorName::as_str).collect::<Vec<_>>();
            return Some(format!("{} instead of {then}, without {}", reading(now), listed(&gone)));
        }
        // A list behind one key is a claim; it does not replace people with keys of their own.
        let (now, then) = (self.by_own_key, before.by_own_key);
        (now < then).then(|| format!("{} by a key of their own instead of {then}", reading(now)))
    }
}

fn reading(people: usize) -> String {
    if people == 1 { "1 person reads".to_owned() } else { format!("{people} people read") }
}
