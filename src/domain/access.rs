//! Who can open a file that another tool sealed: the keys that it names, matched to those of policy.

use std::collections::{BTreeMap, BTreeSet};

use super::foreign::{Access, ForeignKey};
use super::key::{KeyKind, PublicKey};
use super::name::ActorName;
use super::policy::{Actor, Policy};
use super::text::{counted, few, listed, visible};

/// Who can open a file that another tool sealed, as far as policy knows the keys that it names.
///
/// A person counts in a group of keys if one of its keys is theirs, or is a shared key behind which they are. Whoever
/// counts in as many groups as the file demands opens it `alone`; who counts in some, but in fewer, is in `together`:
/// but only where everybody who was matched, people, machines and shared keys, comes to enough groups. Else nobody is
/// known to be able to open it, together or not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holders {
    /// People who open it by themselves.
    pub alone: BTreeSet<ActorName>,
    /// People with a part of it, who need others.
    pub together: BTreeSet<ActorName>,
    /// People with a key of their own in it, whether or not that is enough.
    pub by_own_key: BTreeSet<ActorName>,
    /// Machines with a key of it, whether or not that is enough.
    pub machines: BTreeSet<ActorName>,
    /// Shared keys of policy that it is sealed to.
    pub shared: BTreeSet<ActorName>,
    /// Keys that no one actor of policy has, each once, ascending.
    pub unmatched: Vec<ForeignKey>,
    /// Why stanzas that don't say whose they are could not be given to the readers that are claimed, in words.
    pub misfit: Option<String>,
}

impl Holders {
    /// Whether a key of this very actor is in it, not one behind which they are.
    pub fn names(&self, actor: &ActorName) -> bool {
        [&self.by_own_key, &self.machines, &self.shared].into_iter().any(|names| names.contains(actor))
    }
}

/// Matches the keys of a file to policy. `claimed` are the readers, groups included, that somebody says it has: they are
/// believed of stanzas that don't say whose they are, and of nothing else.
///
/// Such stanzas belong to the claimed readers if there are as many of them as these readers have X25519 and plugin keys
/// in policy, each reader with such a key holding one. It is the number alone that tells, so nothing is made of a claim
/// that names somebody whose keys policy does not know.
pub fn holders(access: &Access, policy: &Policy, claimed: &[ActorName]) -> Holders {
    let mut unmatched = BTreeSet::new();
    let mut groups: Vec<BTreeSet<&ActorName>> = Vec::with_capacity(access.groups.len());
    for group in &access.groups {
        let mut holding = BTreeSet::new();
        for key in group {
            match owner(policy, key) {
                Some(name) => drop(holding.insert(name)),
                None => drop(unmatched.insert(key.clone())),
            }
        }
        groups.push(holding);
    }
    let misfit = match of_claimed(access, policy, claimed) {
        Claimed::Nobody => None,
        Claimed::Misfit(why) => Some(why),
        Claimed::Readers(group, readers) => {
            if let Some(holding) = groups.get_mut(group) {
                holding.extend(readers);
            }
            unmatched.retain(|key| !matches!(key, ForeignKey::Anonymous(_)));
            None
        }
    };
    let threshold = access.threshold.max(1);
    let is_reached = groups.iter().filter(|holding| !holding.is_empty()).count() >= threshold;
    let mut holders = Holders { unmatched: unmatched.into_iter().collect(), misfit, ..Holders::default() };
    for name in groups.iter().flatten().copied() {
        if policy.machines.contains_key(name) {
            holders.machines.insert(name.clone());
        } else if policy.shared_keys.contains_key(name) {
            holders.shared.insert(name.clone());
        } else {
            holders.by_own_key.insert(name.clone());
        }
    }
    for (person, held) in parts(policy, &groups) {
        if held >= threshold {
            holders.alone.insert(person.clone());
        } else if is_reached {
            holders.together.insert(person.clone());
        }
    }
    holders
}

/// In how many groups each person counts.
fn parts<'p>(policy: &'p Policy, groups: &[BTreeSet<&'p ActorName>]) -> BTreeMap<&'p ActorName, usize> {
    let mut parts = BTreeMap::new();
    for holding in groups {
        let mut people = BTreeSet::new();
        for name in holding {
            match policy.actor(name) {
                Some(Actor::Person(_)) => drop(people.insert(*name)),
                Some(Actor::SharedKey(shared)) => people.extend(&shared.people),
                Some(Actor::Machine(_)) | None => {}
            }
        }
        for person in people {
            *parts.entry(person).or_default() += 1;
        }
    }
    parts
}

/// Whose key it is: the actor who has the very key, else the only one with a key that it can stand for.
fn owner<'p>(policy: &'p Policy, key: &ForeignKey) -> Option<&'p ActorName> {
    let mut fitting = BTreeSet::new();
    for (name, actor) in policy.actors() {
        for own in actor.keys() {
            match fit(key, own) {
                Fit::Same => return Some(name),
                Fit::Possible => drop(fitting.insert(name)),
                Fit::Other => {}
            }
        }
    }
    // A name that is shorter than the key, and fits keys of several, tells of none of them.
    fitting.pop_first().filter(|_| fitting.is_empty())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
    Same,
    /// One of the two is named by a part only.
    Possible,
    Other,
}

fn fit(found: &ForeignKey, own: &PublicKey) -> Fit {
    let same = |is_it: bool| if is_it { Fit::Same } else { Fit::Other };
    let possible = |is_it: bool| if is_it { Fit::Possible } else { Fit::Other };
    match (found, &own.kind) {
        (
            ForeignKey::Age(text),
            KeyKind::X25519 | KeyKind::SshEd25519 | KeyKind::SshRsa | KeyKind::Plugin(_),
        ) => same(text.split_whitespace().take(2).eq(own.text.split_whitespace())),
        (ForeignKey::SshTag(tag), KeyKind::SshEd25519 | KeyKind::SshRsa) => {
            possible(own.fingerprint.ssh_tag().as_ref() == Some(tag))
        }
        (ForeignKey::Pgp(id), KeyKind::Pgp) => fit_pgp(pgp_digits(id), pgp_digits(&own.text)),
        (ForeignKey::Kms(id), KeyKind::Kms) if *id == own.text => Fit::Same,
        (ForeignKey::Kms(id), KeyKind::Kms) => {
            let ((one, version), (other, other_version)) = (without_version(id), without_version(&own.text));
            possible(one == other && (version.is_none() || other_version.is_none()))
        }
        (ForeignKey::Opaque(id), KeyKind::Opaque) => same(*id == own.text),
        _ => Fit::Other,
    }
}

fn pgp_digits(text: &str) -> &str {
    text.strip_prefix("pgp:").unwrap_or(text)
}

/// A long key id is the end of a fingerprint of version 4, and the begin of one of version 6 (RFC 9580, 5.5.4).
fn fit_pgp(one: &str, other: &str) -> Fit {
    if one.eq_ignore_ascii_case(other) {
        return Fit::Same;
    }
    let (id, fingerprint) = if one.len() < other.len() { (one, other) } else { (other, one) };
    let of_id = match fingerprint.len() {
        40 => fingerprint.get(24..),
        64 => fingerprint.get(..16),
        _ => None,
    };
    if of_id.is_some_and(|part| part.eq_ignore_ascii_case(id)) { Fit::Possible } else { Fit::Other }
}

/// The id of a key in a key service, and the version behind it: of Google Cloud KMS and Azure Key Vault. Whoever may use
/// the key may use its versions.
fn without_version(id: &str) -> (&str, Option<&str>) {
    if let Some((key, version)) = id.split_once("/cryptoKeyVersions/") {
        return (key, Some(version));
    }
    let azure = id.strip_prefix("https://").and_then(|rest| rest.split_once('/'));
    let version = azure
        .and_then(|(_, path)| path.strip_prefix("keys/")?.split_once('/'))
        .map(|(_, version)| version)
        .filter(|version| !version.is_empty());
    let key = version.and_then(|version| id.strip_suffix(version)).unwrap_or(id);
    (key.trim_end_matches('/'), version)
}

/// Whose the stanzas are that don't say so.
enum Claimed<'p> {
    /// There are none, or nobody is claimed.
    Nobody,
    /// They hold one each, in this group.
    Readers(usize, Vec<&'p ActorName>),
    Misfit(String),
}

fn of_claimed<'p>(access: &Access, policy: &'p Policy, claimed: &[ActorName]) -> Claimed<'p> {
    let kinds = |group: &[ForeignKey]| -> Vec<String> {
        let kind = |key: &ForeignKey| match key {
            ForeignKey::Anonymous(kind) => Some(kind.clone()),
            ForeignKey::Age(_)
            | ForeignKey::SshTag(_)
            | ForeignKey::Pgp(_)
            | ForeignKey::Kms(_)
            | ForeignKey::Opaque(_) => None,
        };
        group.iter().filter_map(kind).collect()
    };
    let mut anonymous =
        access.groups.iter().map(|group| kinds(group)).enumerate().filter(|(_, kinds)| !kinds.is_empty());
    // Formats with several groups name their keys; of two groups of nameless ones nothing could be told.
    let (Some((group, stanzas)), None) = (anonymous.next(), anonymous.next()) else { return Claimed::Nobody };
    if claimed.is_empty() {
        return Claimed::Nobody;
    }
    let readers = policy.resolve(claimed);
    let strangers: Vec<&str> =
        readers.iter().filter(|name| policy.actor(name).is_none()).map(ActorName::as_str).collect();
    if !strangers.is_empty() {
        let names = few(&strangers, MOST_NAMED);
        return Claimed::Misfit(format!(
            "whose its {} are can't be told, because policy does not know {names}, who is said to read it",
            counted(stanzas.len(), "stanza")
        ));
    }
    let is_nameless = |key: &&PublicKey| matches!(key.kind, KeyKind::X25519 | KeyKind::Plugin(_));
    let holding: Vec<(&ActorName, Vec<&PublicKey>)> = (policy.actors())
        .filter(|(name, _)| readers.contains(*name))
        .map(|(name, actor)| (name, actor.keys().iter().filter(is_nameless).collect::<Vec<_>>()))
        .filter(|(_, keys)| !keys.is_empty())
        .collect();
    let keys: BTreeSet<_> = holding.iter().flat_map(|(_, keys)| keys).map(|key| &key.fingerprint).collect();
    let native = holding.iter().flat_map(|(_, keys)| keys).filter(|key| key.kind == KeyKind::X25519).count();
    // A plugin may write stanzas of age's own type, never the other way round.
    let fits =
        stanzas.len() == keys.len() && stanzas.iter().filter(|kind| *kind == "X25519").count() >= native;
    if fits {
        return Claimed::Readers(group, holding.into_iter().map(|(name, _)| name).collect());
    }
    let names: Vec<&str> = readers.iter().map(ActorName::as_str).collect();
    Claimed::Misfit(misfit(&stanzas, &names, keys.len()))
}

/// How many readers are named where many would say no more.
const MOST_NAMED: usize = 5;

fn misfit(stanzas: &[String], readers: &[&str], keys: usize) -> String {
    let kinds: BTreeSet<_> = stanzas.iter().map(|kind| visible(kind)).collect();
    let kinds: Vec<_> = kinds.into_iter().collect();
    let (types, readers_have) = (
        if kinds.len() == 1 { "type" } else { "types" },
        if readers.len() == 1 { "reader" } else { "readers" },
    );
    let have = if readers.len() == 1 { "has" } else { "have" };
    let keys = if keys == 0 { "no such key".to_owned() } else { counted(keys, "such key") };
    format!(
        "the file has {} of {types} {}, and its {readers_have} {} {have} {keys} in policy",
        counted(stanzas.len(), "stanza"),
        listed(&kinds),
        few(readers, MOST_NAMED)
    )
}

#[cfg(test)]
mod tests;
