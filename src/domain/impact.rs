//! What would happen if somebody left: pure counting over policy and records.

use std::collections::BTreeSet;

use super::access;
use super::custody;
use super::name::ActorName;
use super::policy::{Acceptance, Departed, Policy};
use super::record::Record;
use super::rules::Rules;
use super::time::Instant;
use super::tracked_facts::FileFacts;
use super::tracked_name::{CredentialName, TrackedName};

/// What would happen if one person left today, with everything sealed as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Impact {
    /// How many secrets they can open now; of what other tools have sealed, files.
    pub opens: usize,
    /// Secrets that they can open, and with them nobody, one other, or fewer people than there should be.
    pub short: Vec<Short>,
    /// Groups in which nobody else is.
    pub groups: Vec<ActorName>,
    /// Where policy names them, or groups of them alone, as the only readers: `[defaults]`, or a scope's glob.
    pub only_reader_in: Vec<String>,
    /// Secrets that nobody else owns.
    pub owns: Vec<CredentialName>,
    /// Shared keys behind which they are, and whether anybody else is.
    pub shared_keys: Vec<(ActorName, bool)>,
    /// Secrets whose current value they know, and that nobody has accepted of them before: to be rotated.
    pub knows: Vec<CredentialName>,
    /// What somebody has accepted of them before.
    pub accepted: Vec<Acceptance>,
    /// Files of other tools that name a key of theirs, which only those tools take out.
    pub named_in: Vec<TrackedName>,
}

/// A secret that too few people could open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Short {
    pub secret: CredentialName,
    /// Who is left.
    pub left: BTreeSet<ActorName>,
    pub min_people: u32,
}

impl Impact {
    /// Of a person of the policy; `records` are those of the store, `files` what other tools have sealed.
    pub fn of<'r>(
        policy: &Policy,
        records: impl IntoIterator<Item = &'r Record>,
        files: &[FileFacts],
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
            named_in: Vec::new(),
        };
        for record in records {
            impact.count(policy, record, name, now);
        }
        for file in files {
            impact.count_file(policy, file, name, now);
        }
        impact
    }

    fn count(&mut self, policy: &Policy, record: &Record, name: &ActorName, now: Instant) {
        let sealed = &record.sealed;
        let mut left = custody::people(sealed, policy);
        if left.remove(name) {
            let min_people = Rules::of(policy, &sealed.name).min_people.value;
            self.lose(sealed.name.clone().into(), left, min_people);
        }
        if !record.about.owners.is_empty()
            && policy.resolve(&record.about.owners) == BTreeSet::from([name.clone()])
        {
            self.owns.push(sealed.name.clone().into());
        }
        let behind = |shared: &ActorName| {
            policy.shared_keys.get(shared).is_some_and(|shared| shared.people.contains(name))
        };
        let knows = sealed.exposed_to.keys().any(|exposed| exposed == name || behind(exposed));
        let departed = Departed::Actor(name.clone());
        if knows && !policy.accepts(&departed, sealed.version.set_at, now) {
            self.knows.push(sealed.name.clone().into());
        }
    }

    /// Those count who open a file alone. When its values were set, only the tool that sealed it says.
    fn count_file(&mut self, policy: &Policy, file: &FileFacts, name: &ActorName, now: Instant) {
        let secrets = file.secrets.as_deref().unwrap_or_default();
        let is_only_owner = |owners: &[ActorName]| {
            !owners.is_empty() && policy.resolve(owners) == BTreeSet::from([name.clone()])
        };
        let owned = secrets.iter().filter(|secret| is_only_owner(secret.owners()));
        self.owns.extend(owned.map(|secret| secret.name.clone().into()));
        let Ok(Some(sealed)) = file.sealed() else { return };
        let holders = access::holders(&sealed.access, policy, &file.claimed_readers);
        if holders.names(name) {
            self.named_in.push(file.name.clone());
        }
        let mut left = holders.alone;
        if !left.remove(name) {
            return;
        }
        let min_people = Rules::of_tracked(policy, &file.name).min_people.value;
        self.lose(file.name.clone().into(), left, min_people);
        let departed = Departed::Actor(name.clone());
        if !sealed.modified.is_some_and(|set_at| policy.accepts(&departed, set_at, now)) {
            self.knows.extend(secrets.iter().map(|secret| secret.name.clone().into()));
        }
    }

    /// Counts what they can open, and others perhaps too few.
    fn lose(&mut self, secret: CredentialName, left: BTreeSet<ActorName>, min_people: u32) {
        self.opens += 1;
        if left.len() < usize::try_from(min_people.max(2)).unwrap_or(usize::MAX) {
            self.short.push(Short { secret, left, min_people });
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

#[cfg(test)]
mod tests;
