//! People, machines, shared keys and groups: who there is, and whose key is whose.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::super::toml::near_miss::hint;
use super::super::toml::{Faults, Node, Table};
use super::KeyParsers;
use crate::domain::key::{Fingerprint, KeyKind, PublicKey, SigningKey};
use crate::domain::name::ActorName;
use crate::domain::policy::{Machine, Person, SharedKey};

#[derive(Default)]
pub(super) struct Actors {
    pub people: BTreeMap<ActorName, Person>,
    pub machines: BTreeMap<ActorName, Machine>,
    pub shared_keys: BTreeMap<ActorName, SharedKey>,
    pub groups: BTreeMap<ActorName, BTreeSet<ActorName>>,
}

/// What a name stands for, and where.
#[derive(Clone, Copy)]
struct Use {
    section: Section,
    line: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    People,
    Machines,
    SharedKeys,
    Groups,
}

impl Section {
    const ALL: [Self; 4] = [Self::People, Self::Machines, Self::SharedKeys, Self::Groups];

    fn key(self) -> &'static str {
        match self {
            Self::People => "people",
            Self::Machines => "machines",
            Self::SharedKeys => "shared-keys",
            Self::Groups => "groups",
        }
    }
}

/// All names of the policy, known before anything that refers to them is read.
pub(super) struct Names(BTreeMap<ActorName, Use>);

impl Names {
    /// Resolves a reference to somebody who can be a reader.
    pub fn reader(&self, node: &Node<'_>, faults: &mut Faults) -> Option<ActorName> {
        self.resolve(node, &Section::ALL, "person, machine, shared key or group", faults)
    }

    /// Resolves a reference to somebody who can own a secret.
    pub fn owner(&self, node: &Node<'_>, faults: &mut Faults) -> Option<ActorName> {
        self.resolve(node, &[Section::People, Section::Groups], "person or group", faults)
    }

    fn resolve(
        &self,
        node: &Node<'_>,
        sections: &[Section],
        what: &str,
        faults: &mut Faults,
    ) -> Option<ActorName> {
        let name: ActorName = node.parsed(faults)?;
        match self.0.get(&name) {
            Some(found) if sections.contains(&found.section) => return Some(name),
            Some(found) => {
                let (section, line) = (found.section.key(), found.line);
                faults.at(
                    node.line,
                    format!(
                        "`{name}` stands under [{section}] (line {line}): only a {what} can be named here"
                    ),
                );
            }
            None => {
                let fitting = self.0.iter().filter(|(_, found)| sections.contains(&found.section));
                let near = hint(name.as_str(), fitting.map(|(name, _)| name.as_str()));
                faults.at(
                    node.line,
                    format!("`{name}` is no {what} of this policy{near}; correct the name, or add it (`secrets people add`, `secrets machines add`)"),
                );
            }
        }
        None
    }

    /// Resolves a list of references, in which each stands once.
    pub fn list(
        &self,
        node: &Node<'_>,
        one: impl Fn(&Self, &Node<'_>, &mut Faults) -> Option<ActorName>,
        faults: &mut Faults,
    ) -> Option<Vec<ActorName>> {
        let mut names: Vec<ActorName> = Vec::new();
        let mut seen = BTreeSet::new();
        for element in node.elements("name somebody, or remove the key", faults)? {
            let Some(name) = one(self, &element, faults) else { continue };
            if seen.insert(name.clone()) {
                names.push(name);
            } else {
                faults.at(element.line, format!("`{name}` stands in this list twice: remove one"));
            }
        }
        Some(names)
    }
}

/// Finds whose key is already somebody's.
#[derive(Default)]
struct Keys {
    by_fingerprint: HashMap<Fingerprint, (String, usize)>,
    by_montgomery: HashMap<[u8; 32], (String, usize)>,
    /// A key may serve both ends: who signs with it is asked apart from who reads with it.
    signing: HashMap<Fingerprint, (String, usize)>,
}

impl Keys {
    /// Notes whose key it is, and answers whose it was before.
    fn claim(&mut self, key: &PublicKey, owner: &str, line: usize) -> Option<(String, usize)> {
        let claim = (owner.to_owned(), line);
        // Both are noted in any case: an age key and an ssh key with the same private half differ in fingerprint.
        let same = self.by_fingerprint.insert(key.fingerprint.clone(), claim.clone());
        let half = key.montgomery.and_then(|u| self.by_montgomery.insert(u, claim));
        same.or(half)
    }

    fn claim_signing(&mut self, key: &SigningKey, owner: &str, line: usize) -> Option<(String, usize)> {
        self.signing.insert(key.fingerprint.clone(), (owner.to_owned(), line))
    }
}

/// Reads the four sections.
pub(super) fn read(root: &mut Table<'_>, parsers: KeyParsers<'_>, faults: &mut Faults) -> (Actors, Names) {
    let sections = Section::ALL.map(|section| {
        let node = root.get(section.key());
        (section, node.and_then(|node| node.table(faults)))
    });
    let names = names(&sections, faults);
    let mut actors = Actors::default();
    let mut keys = Keys::default();
    for (section, table) in &sections {
        for (text, node) in table.iter().flat_map(Table::entries) {
            let Ok(name) = text.parse::<ActorName>() else { continue };
            let node = node.named(format!("{}.{text}", section.key()));
            if *section == Section::Groups {
                let one = |names: &Names, node: &Node<'_>, faults: &mut Faults| {
                    let members = [Section::People, Section::Machines, Section::SharedKeys];
                    names.resolve(node, &members, "person, machine or shared key", faults)
                };
                if let Some(members) = names.list(&node, one, faults) {
                    actors.groups.insert(name, members.into_iter().collect());
                }
                continue;
            }
            let Some(table) = node.table(faults) else { continue };
            let mut reading = Reading { parsers, keys: &mut keys, names: &names, faults };
            reading.actor(*section, name, table, &mut actors);
        }
    }
    (actors, names)
}

fn names(sections: &[(Section, Option<Table<'_>>)], faults: &mut Faults) -> Names {
    let mut names: BTreeMap<ActorName, Use> = BTreeMap::new();
    for (section, table) in sections {
        for (text, node) in table.iter().flat_map(Table::entries) {
            let Some(name) = faults.keep(node.line, text.parse::<ActorName>()) else { continue };
            match names.get(&name) {
                Some(first) => faults.at(
                    node.line,
                    format!(
                        "`{name}` is taken: it stands under [{}] (line {}); people, machines, shared keys and \
                         groups share one namespace, rename one of the two",
                        first.section.key(),
                        first.line
                    ),
                ),
                None => {
                    names.insert(name, Use { section: *section, line: node.line });
                }
            }
        }
    }
    Names(names)
}

/// What a key is that can't stand in this section: who uses it is not told by who has it.
fn misplaced(kind: &KeyKind, section: Section) -> Option<&'static str> {
    match (kind, section) {
        (KeyKind::Kms, Section::People | Section::Machines) => Some("a key of a cloud's key service"),
        (KeyKind::Opaque, Section::People) => Some("a password or key of another tool"),
        _ => None,
    }
}

/// What is needed to read one person, machine or shared key.
struct Reading<'r> {
    parsers: KeyParsers<'r>,
    keys: &'r mut Keys,
    names: &'r Names,
    faults: &'r mut Faults,
}

impl Reading<'_> {
    fn actor(&mut self, section: Section, name: ActorName, mut table: Table<'_>, actors: &mut Actors) {
        let keys = self.public_keys(section, &name, &mut table);
        match section {
            Section::People => {
                let contact = table.get("contact").and_then(|node| node.prose(self.faults));
                let signing_keys = self.signing_keys(&name, &mut table);
                actors.people.insert(name, Person { keys, signing_keys, contact });
            }
            Section::Machines => {
                actors.machines.insert(name, Machine { keys });
            }
            Section::SharedKeys => {
                let remedy = "name everyone who can use the key, such as people = [\"alice\", \"bob\"]";
                let people = table.require("people", remedy, self.faults).and_then(|node| {
                    let one = |names: &Names, node: &Node<'_>, faults: &mut Faults| {
                        names.resolve(node, &[Section::People], "person", faults)
                    };
                    self.names.list(&node, one, self.faults)
                });
                let confirmed = table.get("confirmed").and_then(|node| node.moment(self.faults));
                let people = people.unwrap_or_default().into_iter().collect();
                actors.shared_keys.insert(name, SharedKey { keys, people, confirmed });
            }
            Section::Groups => {}
        }
        table.finish(self.faults);
    }

    fn public_keys(&mut self, section: Section, name: &ActorName, table: &mut Table<'_>) -> Vec<PublicKey> {
        let remedy = "write keys = [\"age1…\"] or [\"ssh-ed25519 AAAA…\"]; `secrets key list` prints yours";
        let elements = table
            .require("keys", remedy, self.faults)
            .and_then(|node| node.elements(remedy, self.faults))
            .unwrap_or_default();
        let mut keys = Vec::new();
        for element in elements {
            let Some(text) = element.text(self.faults) else { continue };
            let Some(key) = self.faults.keep(element.line, (self.parsers.key)(text)) else { continue };
            if let Some(what) = misplaced(&key.kind, section) {
                self.faults.at(
                    element.line,
                    format!("{what} belongs to several people: move it to [shared-keys.NAME] and list `{name}` under its people"),
                );
            }
            if let Some((owner, line)) = self.keys.claim(&key, name.as_str(), element.line) {
                self.faults.at(
                    element.line,
                    format!("this is the key of `{owner}` on line {line}: a key stands once, under one name; remove one of the two"),
                );
            }
            keys.push(key);
        }
        keys
    }

    fn signing_keys(&mut self, name: &ActorName, table: &mut Table<'_>) -> Vec<SigningKey> {
        let remedy = "write signing-keys = [\"ssh-ed25519 AAAA…\"], or remove the key";
        let elements =
            table.get("signing-keys").and_then(|node| node.elements(remedy, self.faults)).unwrap_or_default();
        let mut keys = Vec::new();
        for element in elements {
            let Some(text) = element.text(self.faults) else { continue };
            let Some(key) = self.faults.keep(element.line, (self.parsers.signing_key)(text)) else {
                continue;
            };
            if let Some((owner, line)) = self.keys.claim_signing(&key, name.as_str(), element.line) {
                self.faults.at(
                    element.line,
                    format!("this is the signing key of `{owner}` on line {line}: a signing key stands once, under one name; remove one of the two"),
                );
            }
            keys.push(key);
        }
        keys
    }
}
