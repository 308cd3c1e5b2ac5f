//! What would happen if somebody left: pure counting over policy and records.

use std::collections::BTreeSet;

use super::custody;
use super::name::{ActorName, SecretName};
use super::policy::{Acceptance, Departed, Policy};
use super::record::Record;
use super::rules::Rules;
use super::time::Instant;

/// What would happen if one person left today, with everything sealed as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Impact {
    /// How many secrets they can open now.
    pub opens: usize,
    /// Secrets that they can open, and with them nobody, one other, or fewer people than there should be.
    pub short: Vec<Short>,
    /// Groups in which nobody else is.
    pub groups: Vec<ActorName>,
    /// Where policy names them, or groups of them alone, as the only readers: `[defaults]`, or a scope's glob.
    pub only_reader_in: Vec<String>,
    /// Secrets that nobody else owns.
    pub owns: Vec<SecretName>,
    /// Shared keys behind which they are, and whether anybody else is.
    pub shared_keys: Vec<(ActorName, bool)>,
    /// Secrets whose current value they know, and that nobody has accepted of them before: to be rotated.
    pub knows: Vec<SecretName>,
    /// What somebody has accepted of them before.
    pub accepted: Vec<Acceptance>,
}

/// A secret that too few people could open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Short {
    pub secret: SecretName,
    /// Who is left.
    pub left: BTreeSet<ActorName>,
    pub min_people: u32,
}

impl Impact {
    /// Of a person of the policy; `records` are those of the store.
    pub fn of<'r>(
        policy: &Policy,
        records: impl IntoIterator<Item = &'r Record>,
        name: &ActorName,
        now: Instant,
    ) -> Self {
        let is_alone = |names: &BTreeSet<ActorName>| names.len() == 1 && names.contains(name);
        let mut impact = Self {
            opens: 0,
            short: Vec::new(),
            groups: policy
                .groups
                .iter()
                .filter(|(_, members)| is_alone(members))
                .map(|(g, _)| g.clone())
                .collect(),
            only_reader_in: only_reader_in(policy, name),
            owns: Vec::new(),
            shared_keys: (policy.shared_keys.iter())
                .filter(|(_, shared)| shared.people.contains(name))
                .map(|(shared, key)| (shared.clone(), !is_alone(&key.people)))
                .collect(),
            knows: Vec::new(),
            accepted: policy
                .acceptances
                .iter()
                .filter(|acceptance| acceptance.of.name() == name)
                .cloned()
                .collect(),
        };
        for record in records {
            impact.count(policy, record, name, now);
        }
        impact
    }

    fn count(&mut self, policy: &Policy, record: &Record, name: &ActorName, now: Instant) {
        let sealed = &record.sealed;
        let mut left = custody::people(sealed, policy);
        if left.remove(name) {
            self.opens += 1;
            let min_people = Rules::of(policy, &sealed.name).min_people.value;
            if left.len() < usize::try_from(min_people.max(2)).unwrap_or(usize::MAX) {
                self.short.push(Short { secret: sealed.name.clone(), left, min_people });
            }
        }
        if !record.about.owners.is_empty()
            && policy.resolve(&record.about.owners) == BTreeSet::from([name.clone()])
        {
            self.owns.push(sealed.name.clone());
        }
        let behind = |shared: &ActorName| {
            policy.shared_keys.get(shared).is_some_and(|shared| shared.people.contains(name))
        };
        let knows = sealed.exposed_to.keys().any(|exposed| exposed == name || behind(exposed));
        let departed = Departed::Actor(name.clone());
        if knows && !policy.accepts(&departed, sealed.version.set_at, now) {
            self.knows.push(sealed.name.clone());
        }
    }

    /// Secrets that fewer people could open than policy demands.
    pub fn below_min_people(&self) -> Vec<&Short> {
        let is_below =
            |short: &&Short| short.left.len() < usize::try_from(short.min_people).unwrap_or(usize::MAX);
        self.short.iter().filter(is_below).collect()
    }

    /// Secrets that nobody could open.
    pub fn with_nobody(&self) -> Vec<&Short> {
        self.short.iter().filter(|short| short.left.is_empty()).collect()
    }

    /// Secrets that one person could open.
    pub fn with_one(&self) -> Vec<&Short> {
        self.short.iter().filter(|short| short.left.len() == 1).collect()
    }
}

fn only_reader_in(policy: &Policy, name: &ActorName) -> Vec<String> {
    let is_only = |readers: &Option<Vec<ActorName>>| {
        readers.as_ref().is_some_and(|readers| policy.resolve(readers) == BTreeSet::from([name.clone()]))
    };
    let defaults = is_only(&policy.defaults.readers).then(|| "[defaults]".to_owned());
    let scopes = policy.scopes.iter().filter(|scope| is_only(&scope.rules.readers));
    defaults.into_iter().chain(scopes.map(|scope| scope.glob.to_string())).collect()
}
