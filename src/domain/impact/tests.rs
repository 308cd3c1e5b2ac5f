use std::collections::BTreeMap;

use super::*;
use crate::domain::claim::Claim;
use crate::domain::digest::Digest;
use crate::domain::facts::Inside;
use crate::domain::finding::Unknown;
use crate::domain::foreign::{Access, Contents, ForeignFile, ForeignKey, SealedFormat};
use crate::domain::glob::GlobList;
use crate::domain::id::{StoreId, VersionId};
use crate::domain::json::{SortedSet, UniqueMap};
use crate::domain::key::{Fingerprint, KeyKind, PublicKey};
use crate::domain::policy::tests::bare;
use crate::domain::policy::{Machine, Person, RuleSet, Scope, SharedKey};
use crate::domain::record::{About, Format, Sealed, SealedKey, Version};
use crate::domain::tracked_facts::{FileDeployed, TrackedSecret};

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

fn actor(name: &str) -> ActorName {
    name.parse().unwrap()
}

fn actors(names: &[&str]) -> Vec<ActorName> {
    names.iter().map(|name| actor(name)).collect()
}

/// Everybody has one key, of their name.
fn key(name: &str) -> PublicKey {
    PublicKey {
        kind: KeyKind::X25519,
        text: name.to_owned(),
        comment: None,
        recipient_bytes: Vec::new(),
        fingerprint: Fingerprint::of(name.as_bytes()),
        montgomery: None,
    }
}

/// al, bo and cy, the machine ci; al and bo are behind the key team, al alone behind lone. Below `x` al is the only
/// reader, and below `three` there should be three people. What al knew before February was accepted.
fn policy() -> Policy {
    let person =
        |name: &str| (actor(name), Person { keys: vec![key(name)], signing_keys: Vec::new(), contact: None });
    let shared = |name: &str, people: &[&str]| {
        let people = actors(people).into_iter().collect();
        (actor(name), SharedKey { keys: vec![key(name)], people, confirmed: None })
    };
    let group = |name: &str, members: &[&str]| (actor(name), actors(members).into_iter().collect());
    let readers = |names: &[&str]| RuleSet { readers: Some(actors(names)), ..RuleSet::default() };
    let scope = |glob: &str, rules| Scope { glob: glob.parse().unwrap(), line: 1, rules };
    let scopes = vec![
        scope("x/**", readers(&["solo"])),
        scope("y/**", readers(&["al", "bo"])),
        scope("three/**", RuleSet { min_people: Some(3), ..RuleSet::default() }),
        scope("one/**", RuleSet { min_people: Some(1), ..RuleSet::default() }),
    ];
    let accepted = |name: &str| Acceptance {
        of: Departed::Actor(actor(name)),
        on: at("2026-02-01"),
        reason: "looked at".to_owned(),
        by: "bo".to_owned(),
        line: 1,
    };
    Policy {
        people: BTreeMap::from(["al", "bo", "cy"].map(person)),
        machines: BTreeMap::from([(actor("ci"), Machine { keys: vec![key("ci")] })]),
        shared_keys: BTreeMap::from([shared("team", &["al", "bo"]), shared("lone", &["al"])]),
        groups: BTreeMap::from([
            group("solo", &["al"]),
            group("both", &["al", "bo"]),
            group("other", &["bo"]),
        ]),
        defaults: readers(&["al"]),
        scope_globs: GlobList::new(scopes.iter().map(|scope| &scope.glob)).unwrap(),
        scopes,
        acceptances: vec![accepted("al"), accepted("bo")],
        ..bare()
    }
}

/// Sealed to these readers' keys; `exposed` could open it, or saw it.
fn record(name: &str, readers: &[&str], exposed: &[&str], set_at: &str, owners: &[&str]) -> Record {
    let sealed_key =
        |name: &str| SealedKey { kind: KeyKind::X25519, fingerprint: key(name).fingerprint, stanza: None };
    let (mut keys, mut exposed_to) = (UniqueMap::default(), UniqueMap::default());
    for reader in readers {
        keys.insert(actor(reader), SortedSet::from_iter([sealed_key(reader)]));
    }
    for name in exposed {
        exposed_to.insert(actor(name), SortedSet::from_iter([key(name).fingerprint]));
    }
    let version = VersionId::from_parts(at("2026-01-01"), 1);
    Record {
        schema: 1,
        sealed: Sealed {
            name: name.parse().unwrap(),
            store: StoreId::from_parts(at("2026-01-01"), 1),
            format: Format::Text,
            version: Version { id: version, number: 1, set_at: at(set_at), set_by: actor("bo") },
            issued: None,
            expires: None,
            readers: actors(readers).into_iter().collect(),
            exposed_to,
            keys,
            seal: 1,
            previous: None,
            rotator: None,
            probe: None,
        },
        digest: Digest::of(b""),
        signatures: SortedSet::default(),
        rotation: None,
        about: About { owners: actors(owners), ..About::default() },
    }
}

/// A file of sops with one value, which these open, each alone.
fn file(name: &str, readers: &[&str], modified: Option<&str>, owners: &[&str]) -> FileFacts {
    let claim = Claim { owners: actors(owners), ..Claim::default() };
    let groups = vec![readers.iter().map(|name| ForeignKey::Age((*name).to_owned())).collect()];
    FileFacts {
        name: name.parse().unwrap(),
        claims_path: "custody.toml".to_owned(),
        is_covered: true,
        contents: Ok(Some(Contents::Sealed(ForeignFile {
            format: SealedFormat::SopsYaml,
            leaves: Vec::new(),
            in_clear: Vec::new(),
            clear_unknown: None,
            access: Access { groups, threshold: 1 },
            modified: modified.map(at),
            data_key: None,
        }))),
        uncommitted: Ok(Vec::new()),
        deployed: Ok(FileDeployed::Same),
        rescued: Ok(Vec::new()),
        secrets: Ok(vec![TrackedSecret {
            name: format!("{name}#/a").parse().unwrap(),
            claim: Some(claim),
            kind: None,
            seen: Digest::of(b""),
            inside: Inside::NotAsked,
        }]),
        undecided: Vec::new(),
        not_secret: 0,
        orphans: Vec::new(),
        claimed_readers: Vec::new(),
        before: Ok(BTreeMap::new()),
    }
}

fn of(records: &[Record], files: &[FileFacts]) -> Impact {
    Impact::of(&policy(), records, files, &actor("al"), at("2026-06-01"))
}

fn names(names: &[CredentialName]) -> Vec<&str> {
    names.iter().map(CredentialName::as_str).collect()
}

fn short<'i>(short: &[&'i Short]) -> Vec<&'i str> {
    short.iter().map(|short| short.secret.as_str()).collect()
}

#[test]
fn what_policy_says_of_them() {
    let impact = of(&[], &[]);
    assert_eq!(impact.groups, [actor("solo")]);
    assert_eq!(impact.only_reader_in, ["[defaults]", "x/**"]);
    assert_eq!(impact.shared_keys, [(actor("lone"), false), (actor("team"), true)]);
    let accepted: Vec<&str> = impact.accepted.iter().map(|one| one.of.name().as_str()).collect();
    assert_eq!(accepted, ["al"]);
    assert_eq!((impact.opens, impact.short.len()), (0, 0));
}

#[test]
fn secrets_that_too_few_could_open() {
    let sealed = |name: &str, readers: &[&str]| record(name, readers, &[], "2026-03-01", &[]);
    let impact = of(
        &[
            sealed("a", &["al", "ci"]),
            sealed("b", &["al", "bo"]),
            sealed("c", &["al", "bo", "cy"]),
            sealed("d", &["bo"]),
            sealed("e", &["team"]),
            sealed("three/f", &["al", "bo", "cy"]),
            sealed("one/g", &["al", "bo"]),
        ],
        &[],
    );
    assert_eq!(impact.opens, 6);
    assert_eq!(short(&impact.short.iter().collect::<Vec<_>>()), ["a", "b", "e", "three/f", "one/g"]);
    assert_eq!(short(&impact.below_min_people()), ["a", "b", "e", "three/f"]);
    assert_eq!(short(&impact.with_nobody()), ["a"]);
    assert_eq!(short(&impact.with_one()), ["b", "e", "one/g"]);
}

#[test]
fn secrets_that_they_know_and_that_only_they_own() {
    let impact = of(
        &[
            record("a", &["bo"], &["al", "bo"], "2026-02-01", &["al"]),
            record("b", &["bo"], &["bo", "team"], "2026-03-01", &["al", "bo"]),
            record("c", &["bo"], &["bo", "cy"], "2026-03-01", &["solo"]),
            // Accepted; and nobody owns it, which is not them.
            record("d", &["al", "bo"], &["al"], "2026-01-31T23:59:59Z", &[]),
        ],
        &[],
    );
    assert_eq!(names(&impact.knows), ["a", "b"]);
    assert_eq!(names(&impact.owns), ["a", "c"]);
    assert_eq!(impact.opens, 1);
}

#[test]
fn files_of_other_tools() {
    let unread =
        FileFacts { contents: Err(Unknown::new("u", "cut off")), ..file("u", &["al"], None, &["al"]) };
    let impact = of(
        &[],
        &[
            file("a", &["al"], None, &["al"]),
            file("b", &["al", "bo"], Some("2026-01-15"), &["al", "bo"]),
            file("c", &["al", "bo", "cy"], Some("2026-02-15"), &[]),
            file("d", &["bo"], None, &["bo"]),
            // Behind whose key they are, and not one of theirs.
            file("e", &["lone"], None, &["solo"]),
            unread,
        ],
    );
    assert_eq!(impact.opens, 4);
    assert_eq!(short(&impact.short.iter().collect::<Vec<_>>()), ["a", "b", "e"]);
    assert_eq!(impact.named_in.iter().map(TrackedName::as_str).collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!(names(&impact.knows), ["a#/a", "c#/a", "e#/a"]);
    assert_eq!(names(&impact.owns), ["a#/a", "e#/a", "u#/a"]);
}
