//! The policy, validated: people and their keys, who reads what, and how strictly it is judged.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use super::channel::{Channel, Heartbeat, LedgerRules};
use super::check_id::CheckId;
use super::finding::Level;
use super::glob::{Glob, GlobList};
use super::id::StoreId;
use super::key::{Fingerprint, PublicKey, SigningKey};
use super::name::ActorName;
use super::period::Period;
use super::text::{is_treacherous, visible};
use super::time::Instant;
use super::tracking::{Kind, Track};

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
    pub acceptances: Vec<Acceptance>,
    /// Secrets that must be there.
    pub require: Vec<Glob>,
    /// `None`: nothing but the store is looked at.
    pub track: Option<Track>,
    /// Of secrets that other tools have sealed; the first that fits wins.
    pub kinds: Vec<Kind>,
    /// Through what people are told; no two bear the same name.
    pub channels: Vec<Channel>,
    pub heartbeat: Option<Heartbeat>,
    pub ledger: LedgerRules,
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
    /// With which they sign records.
    pub signing_keys: Vec<SigningKey>,
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
    /// How long the old value stays valid behind a rotation.
    pub overlap: Option<Period>,
    pub require_signature: Option<bool>,
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

/// Who or what policy does not know any more.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Departed {
    Actor(ActorName),
    /// One key of somebody who is still there: a stolen laptop.
    Key(ActorName, Fingerprint),
}

impl Departed {
    /// Of the actor, or of the one whose key it was.
    pub fn name(&self) -> &ActorName {
        match self {
            Self::Actor(name) | Self::Key(name, _) => name,
        }
    }
}

/// That somebody who left, or a lost key, knew what was set until then: looked at, and taken as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    pub of: Departed,
    /// Versions set before this moment.
    pub on: Instant,
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

    /// Who signs with this key.
    pub fn signer_with(&self, fingerprint: &Fingerprint) -> Option<&ActorName> {
        let signs = |person: &Person| person.signing_keys.iter().any(|key| key.fingerprint == *fingerprint);
        self.people.iter().find(|(_, person)| signs(person)).map(|(name, _)| name)
    }

    /// Whether somebody looked at it that they knew a version set at this moment, and took it as it is. Who is accepted
    /// as a whole is so with each of their keys. What is dated later than `now` holds for nothing yet: it would cover
    /// versions that nobody has looked at.
    pub fn accepts(&self, departed: &Departed, set_at: Instant, now: Instant) -> bool {
        self.acceptances.iter().any(|acceptance| {
            let whole = matches!(&acceptance.of, Departed::Actor(name) if name == departed.name());
            (whole || acceptance.of == *departed) && acceptance.on <= now && set_at < acceptance.on
        })
    }

    /// Whose key this is.
    pub fn holder_of(&self, fingerprint: &Fingerprint) -> Option<&ActorName> {
        self.actors()
            .find(|(_, actor)| actor.keys().iter().any(|key| key.fingerprint == *fingerprint))
            .map(|(name, _)| name)
    }
}

#[cfg(test)]
pub(in crate::domain) mod tests {
    use super::*;
    use crate::domain::key::KeyKind;

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    /// Of nobody: what a test is not about.
    pub(in crate::domain) fn bare() -> Policy {
        Policy {
            store: "01K3Y3Q5W0000000000000001A".to_owned().try_into().unwrap(),
            deploy_ref: DeployRef::None,
            people: BTreeMap::new(),
            machines: BTreeMap::new(),
            shared_keys: BTreeMap::new(),
            groups: BTreeMap::new(),
            defaults: RuleSet::default(),
            scopes: Vec::new(),
            scope_globs: GlobList::default(),
            waivers: Vec::new(),
            acceptances: Vec::new(),
            require: Vec::new(),
            track: None,
            kinds: Vec::new(),
            channels: Vec::new(),
            heartbeat: None,
            ledger: crate::domain::channel::LedgerRules::default(),
        }
    }

    #[test]
    fn people_are_known_by_their_keys() {
        let name = |name: &str| name.parse::<ActorName>().unwrap();
        let key = |text: &str| PublicKey {
            kind: KeyKind::Opaque,
            text: text.to_owned(),
            comment: None,
            recipient_bytes: text.as_bytes().to_vec(),
            fingerprint: Fingerprint::of(text.as_bytes()),
            montgomery: None,
        };
        let signing = |text: &str| SigningKey {
            text: text.to_owned(),
            comment: None,
            fingerprint: Fingerprint::of(text.as_bytes()),
        };
        let person = |keys: &[&str], signs: &str| Person {
            keys: keys.iter().map(|text| key(text)).collect(),
            signing_keys: vec![signing(signs)],
            contact: None,
        };
        let mut policy = bare();
        policy.people.insert(name("alice"), person(&["laptop"], "hers"));
        policy.people.insert(name("bob"), person(&["phone", "desk"], "his"));
        policy.machines.insert(name("ci"), Machine { keys: vec![key("runner")] });
        policy.groups.insert(name("infra"), BTreeSet::from([name("alice")]));
        for (text, signer, holder) in [
            ("hers", Some("alice"), None),
            ("his", Some("bob"), None),
            ("laptop", None, Some("alice")),
            ("desk", None, Some("bob")),
            ("runner", None, Some("ci")),
            ("lost", None, None),
        ] {
            let fingerprint = Fingerprint::of(text.as_bytes());
            assert_eq!(policy.signer_with(&fingerprint).map(ActorName::as_str), signer, "{text}");
            assert_eq!(policy.holder_of(&fingerprint).map(ActorName::as_str), holder, "{text}");
        }
        for (owner, can) in [("alice", true), ("infra", true), ("ci", false), ("zoe", false)] {
            assert_eq!(policy.can_own(&name(owner)), can, "{owner}");
        }
    }

    #[test]
    fn an_acceptance_holds_for_what_was_set_before_it() {
        let (carol, alice) = ("carol".parse::<ActorName>().unwrap(), "alice".parse::<ActorName>().unwrap());
        let (old, lost) = (Fingerprint::of(b"old"), Fingerprint::of(b"lost"));
        let key = |of: &ActorName, key: &Fingerprint| Departed::Key(of.clone(), key.clone());
        let accepted = |of: Departed| Acceptance {
            of,
            on: at("2026-11-20T12:00:00Z"),
            reason: "looked at".to_owned(),
            by: "alice".to_owned(),
            line: 1,
        };
        let mut policy = bare();
        policy.acceptances = vec![accepted(Departed::Actor(carol.clone())), accepted(key(&alice, &lost))];
        let now = at("2026-11-20T12:00:00Z");
        for (departed, set_at, holds) in [
            (Departed::Actor(carol.clone()), "2026-11-20T11:59:59Z", true),
            (Departed::Actor(carol.clone()), "2026-11-20T12:00:00Z", false),
            (key(&carol, &old), "2026-11-01", true),
            (key(&alice, &lost), "2026-11-01", true),
            (key(&alice, &old), "2026-11-01", false),
            // That a key of hers was lost does not tell that she may leave.
            (Departed::Actor(alice.clone()), "2026-11-01", false),
        ] {
            assert_eq!(policy.accepts(&departed, at(set_at), now), holds, "{departed:?} {set_at}");
        }
        let before = at("2026-11-20T11:59:59Z");
        assert!(!policy.accepts(&Departed::Actor(carol), at("2026-11-01"), before), "dated in the future");
    }

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
