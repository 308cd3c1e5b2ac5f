//! The policy, validated: people and their keys, who reads what, and how strictly it is judged.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use super::check_id::CheckId;
use super::finding::Level;
use super::glob::{Glob, GlobList};
use super::id::StoreId;
use super::key::{Fingerprint, PublicKey};
use super::name::ActorName;
use super::period::Period;
use super::text::{is_treacherous, visible};
use super::time::Instant;

/// A policy whose names all resolve and whose keys are all valid. Made by `store::policy_file` only.
#[derive(Debug, Clone)]
pub struct Policy {
    pub store: StoreId,
    pub deploy_ref: DeployRef,
    pub people: BTreeMap<ActorName, Person>,
    pub machines: BTreeMap<ActorName, Machine>,
    pub shared_keys: BTreeMap<ActorName, SharedKey>,
    /// Members are people, machines and shared keys; groups hold no groups.
    pub groups: BTreeMap<ActorName, BTreeSet<ActorName>>,
    pub defaults: RuleSet,
    pub scopes: Vec<Scope>,
    /// The globs of `scopes`, at the same positions.
    pub scope_globs: GlobList,
    pub waivers: Vec<Waiver>,
    /// Secrets that must be there.
    pub require: Vec<Glob>,
}

/// The remote branch from which deploys are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeployRef {
    /// Nothing is deployed from git.
    None,
    Branch {
        remote: String,
        branch: String,
    },
}

impl fmt::Display for DeployRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.pad("none"),
            Self::Branch { remote, branch } => f.pad(&format!("{remote}/{branch}")),
        }
    }
}

impl FromStr for DeployRef {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self::None);
        }
        let plain = |part: &str| {
            !part.is_empty()
                && !part.starts_with(['-', '/', '.'])
                && !part.ends_with(['/', '.'])
                && !part.contains("..")
                && !part.contains("@{")
                // Git forbids the first eight; a shell would act on the rest, and refs stand in commands to be pasted.
                && part.chars().all(|c| !c.is_whitespace() && !c.is_control() && !"~^:?*[\\;&|$(){}<>'\"`!#".contains(c) && !is_treacherous(c))
        };
        match text.split_once('/') {
            Some((remote, branch)) if plain(remote) && plain(branch) => {
                Ok(Self::Branch { remote: remote.to_owned(), branch: branch.to_owned() })
            }
            _ => Err(format!(
                "`{}` is no deploy ref: write REMOTE/BRANCH such as origin/main, or none",
                visible(text)
            )),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub keys: Vec<PublicKey>,
    pub contact: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    pub keys: Vec<PublicKey>,
}

/// One key, several people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedKey {
    pub keys: Vec<PublicKey>,
    pub people: BTreeSet<ActorName>,
    /// When somebody last compared the list with the key's real access list.
    pub confirmed: Option<Instant>,
}

/// Whoever can be a reader.
#[derive(Debug, Clone, Copy)]
pub enum Actor<'a> {
    Person(&'a Person),
    Machine(&'a Machine),
    SharedKey(&'a SharedKey),
}

impl<'a> Actor<'a> {
    pub fn keys(self) -> &'a [PublicKey] {
        match self {
            Self::Person(person) => &person.keys,
            Self::Machine(machine) => &machine.keys,
            Self::SharedKey(shared) => &shared.keys,
        }
    }
}

/// What `[defaults]` or a `[[scope]]` sets; what is absent is left as it was.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RuleSet {
    /// People, machines, shared keys and groups.
    pub readers: Option<Vec<ActorName>>,
    pub min_people: Option<u32>,
    /// Descending.
    pub notify_at: Option<Vec<Period>>,
    pub block_within: Option<Period>,
    pub rotate_every: Option<Period>,
    pub max_lifetime: Option<Period>,
    pub levels: BTreeMap<CheckId, Level>,
}

#[derive(Debug, Clone)]
pub struct Scope {
    pub glob: Glob,
    /// In `policy.toml`, from 1.
    pub line: usize,
    pub rules: RuleSet,
}

/// A finding allowed until a date.
#[derive(Debug, Clone)]
pub struct Waiver {
    pub finding: CheckId,
    pub secret: Glob,
    /// From this moment on it is void.
    pub until: Instant,
    pub reason: String,
    pub by: String,
    /// In `policy.toml`, from 1.
    pub line: usize,
}

impl Policy {
    /// The person, machine or shared key of that name; groups are not actors.
    pub fn actor(&self, name: &ActorName) -> Option<Actor<'_>> {
        (self.people.get(name).map(Actor::Person))
            .or_else(|| self.machines.get(name).map(Actor::Machine))
            .or_else(|| self.shared_keys.get(name).map(Actor::SharedKey))
    }

    /// All people, machines and shared keys, by name.
    pub fn actors(&self) -> impl Iterator<Item = (&ActorName, Actor<'_>)> {
        (self.people.iter().map(|(name, person)| (name, Actor::Person(person))))
            .chain(self.machines.iter().map(|(name, machine)| (name, Actor::Machine(machine))))
            .chain(self.shared_keys.iter().map(|(name, shared)| (name, Actor::SharedKey(shared))))
    }

    /// Resolves groups; the names of people, machines and shared keys stay.
    pub fn resolve<'a>(&self, names: impl IntoIterator<Item = &'a ActorName>) -> BTreeSet<ActorName> {
        let mut resolved = BTreeSet::new();
        for name in names {
            match self.groups.get(name) {
                Some(members) => resolved.extend(members.iter().cloned()),
                None => {
                    resolved.insert(name.clone());
                }
            }
        }
        resolved
    }

    /// Whether the name is a person or a group: somebody who can own a secret.
    pub fn can_own(&self, name: &ActorName) -> bool {
        self.people.contains_key(name) || self.groups.contains_key(name)
    }

    /// Whose key this is.
    pub fn holder_of(&self, fingerprint: &Fingerprint) -> Option<&ActorName> {
        self.actors()
            .find(|(_, actor)| actor.keys().iter().any(|key| key.fingerprint == *fingerprint))
            .map(|(name, _)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deploy_refs() {
        for good in ["origin/main", "upstream/release/1.2", "none"] {
            assert_eq!(good.parse::<DeployRef>().unwrap().to_string(), good);
        }
        for bad in
            ["", "main", "origin/", "/main", "-x/main", "origin/-x", "origin/a b", "origin/a..b", "o/a:b"]
        {
            assert!(bad.parse::<DeployRef>().is_err(), "{bad}");
        }
        // What a shell would act on is neither in the remote nor in the branch.
        for c in ";&|$(){}<>'\"`\\!#\u{202e}".chars() {
            assert!(format!("origin/a{c}b").parse::<DeployRef>().is_err(), "{c}");
            assert!(format!("o{c}/main").parse::<DeployRef>().is_err(), "{c}");
        }
    }
}
