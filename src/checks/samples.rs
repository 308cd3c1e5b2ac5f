//! Facts and policies for the tests: a healthy secret, and short ways to make it sick.

pub(crate) mod tracked;

use std::collections::BTreeMap;

use super::{Fault, Judgement, Subject};
use crate::domain::digest::Digest;
use crate::domain::expiry::{Expiry, ExpirySource};
use crate::domain::facts::{
    Binding, Deployed, LastWarn, PreviousValue, Proof, Recomputed, SealedFile, SecretFacts, Setting, Stanza,
    StoreFacts,
};
use crate::domain::finding::Level;
use crate::domain::glob::{Glob, GlobList};
use crate::domain::id::{StoreId, VersionId};
use crate::domain::json::SortedSet;
use crate::domain::key::{Fingerprint, KeyKind, PublicKey};
use crate::domain::name::ActorName;
use crate::domain::policy::{DeployRef, Machine, Person, Policy, RuleSet, Scope, SharedKey, Waiver};
use crate::domain::record::{About, Format, Record, Sealed, SealedKey, Version, VersionOrder};
use crate::domain::rules::Rules;
use crate::domain::time::Instant;
use crate::domain::value_end::ValueEnds;

pub(crate) const NAME: &str = "web/prod/db";
pub(crate) const RECORD: &str = "secrets/web/prod/db.json";
pub(crate) const SEALED: &str = "secrets/web/prod/db.age";
pub(crate) const NOW: &str = "2026-06-01T12:00:00Z";

pub(crate) fn time(text: &str) -> Instant {
    text.parse().unwrap()
}

pub(crate) fn actor(name: &str) -> ActorName {
    name.parse().unwrap()
}

pub(crate) fn actors(names: &[&str]) -> Vec<ActorName> {
    names.iter().map(|name| actor(name)).collect()
}

pub(crate) fn store_id(number: u128) -> StoreId {
    StoreId::from_parts(time("2026-01-01"), number)
}

pub(crate) fn setting() -> Setting {
    setting_at(NOW)
}

pub(crate) fn setting_at(now: &str) -> Setting {
    Setting {
        now: time(now),
        store: "secrets".to_owned(),
        deploy_ref: Some("origin/main".to_owned()),
        head: Some("1111111111111111111111111111111111111111".to_owned()),
        deployed_commit: Some("2222222222222222222222222222222222222222".to_owned()),
        deployed_is_ancestor: false,
    }
}

/// A key whose bytes are its label.
pub(crate) fn key(kind: KeyKind, label: &str) -> PublicKey {
    PublicKey {
        kind,
        text: label.to_owned(),
        comment: None,
        recipient_bytes: label.as_bytes().to_vec(),
        fingerprint: Fingerprint::of(label.as_bytes()),
        montgomery: None,
    }
}

pub(crate) fn person(keys: &[&str]) -> Person {
    Person {
        keys: keys.iter().map(|label| key(KeyKind::X25519, label)).collect(),
        signing_keys: Vec::new(),
        contact: None,
    }
}

/// alice and bob (one key each), the machine ci, the group infra of all three, and carol, who reads nothing.
pub(crate) fn policy() -> Policy {
    let defaults = RuleSet { readers: Some(actors(&["infra"])), ..RuleSet::default() };
    let mut policy = Policy {
        store: store_id(1),
        deploy_ref: "origin/main".parse::<DeployRef>().unwrap(),
        people: BTreeMap::new(),
        machines: BTreeMap::from([(actor("ci"), Machine { keys: vec![key(KeyKind::X25519, "ci-1")] })]),
        shared_keys: BTreeMap::new(),
        groups: BTreeMap::from([(actor("infra"), actors(&["alice", "bob", "ci"]).into_iter().collect())]),
        defaults,
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
    };
    for name in ["alice", "bob", "carol"] {
        policy.people.insert(actor(name), person(&[&format!("{name}-1")]));
    }
    policy
}

pub(crate) fn with_scope(policy: Policy, glob: &str, rules: RuleSet) -> Policy {
    with_scopes(policy, [(glob.parse().unwrap(), rules)])
}

/// The globs are compiled together once, which for many takes the time of all else.
pub(crate) fn with_scopes(mut policy: Policy, scopes: impl IntoIterator<Item = (Glob, RuleSet)>) -> Policy {
    for (glob, rules) in scopes {
        policy.scopes.push(Scope { glob, line: 20 + policy.scopes.len(), rules });
    }
    policy.scope_globs = GlobList::new(policy.scopes.iter().map(|scope| &scope.glob)).unwrap();
    policy
}

pub(crate) fn levels<const N: usize>(levels: [(&str, Level); N]) -> RuleSet {
    let levels = levels.into_iter().map(|(id, level)| (id.parse().unwrap(), level)).collect();
    RuleSet { levels, ..RuleSet::default() }
}

pub(crate) fn waiver(finding: &str, secret: &str, until: &str) -> Waiver {
    Waiver {
        finding: finding.parse().unwrap(),
        secret: secret.parse().unwrap(),
        until: time(until),
        reason: "ticket 812".to_owned(),
        by: "alice".to_owned(),
        line: 42,
    }
}

pub(crate) fn shared_key(keys: &[&str], people: &[&str]) -> SharedKey {
    SharedKey {
        keys: keys.iter().map(|label| key(KeyKind::X25519, label)).collect(),
        people: actors(people).into_iter().collect(),
        confirmed: None,
    }
}

pub(crate) fn ends(at: &str) -> Option<Expiry> {
    Some(Expiry::At { at: time(at), from: ExpirySource::Declared, reason: None })
}

/// A secret to which no check objects: sealed on 2026-01-01 to alice, bob and ci, ending a year later.
pub(crate) fn secret() -> SecretFacts {
    named(NAME)
}

pub(crate) fn named(name: &str) -> SecretFacts {
    let file = SealedFile {
        digest: Digest::of(name.as_bytes()),
        stanzas: vec![stanza("X25519", &["a"]), stanza("X25519", &["b"]), stanza("X25519", &["c"])],
        binding: Binding::Bound(Digest::of(b"D")),
    };
    let keys = [("alice", "alice-1"), ("bob", "bob-1"), ("ci", "ci-1")];
    let sealed = Sealed {
        name: name.parse().unwrap(),
        store: store_id(1),
        format: Format::Text,
        version: Version {
            id: VersionId::from_parts(time("2026-01-01"), 1),
            number: 3,
            set_at: time("2026-01-01"),
            set_by: actor("alice"),
        },
        issued: None,
        expires: ends("2027-01-01"),
        readers: keys.iter().map(|(reader, _)| actor(reader)).collect(),
        exposed_to: keys
            .iter()
            .map(|(reader, key)| (actor(reader), [Fingerprint::of(key.as_bytes())].into_iter().collect()))
            .collect(),
        keys: keys
            .iter()
            .map(|(reader, key)| (actor(reader), [sealed_key(key)].into_iter().collect()))
            .collect(),
        seal: 100,
        previous: None,
        rotator: None,
        probe: None,
    };
    let record = Record {
        schema: 1,
        sealed,
        digest: file.digest,
        signatures: SortedSet::default(),
        rotation: None,
        about: About { owners: actors(&["infra"]), ..About::default() },
    };
    SecretFacts {
        name: name.parse().unwrap(),
        record_path: format!("secrets/{name}.json"),
        sealed_path: format!("secrets/{name}.age"),
        record: Ok(Some(record)),
        sealed: Ok(Some(file)),
        binding_expected: Some(Digest::of(b"D")),
        plaintext: Vec::new(),
        uncommitted: Ok(Vec::new()),
        deployed: Ok(Deployed::Same),
        rescued: Ok(Vec::new()),
        signatures: Ok(Vec::new()),
        newest_seal: Ok(None),
        proof: Proof::NotAsked,
    }
}

pub(crate) fn sealed_key(label: &str) -> SealedKey {
    SealedKey { kind: KeyKind::X25519, fingerprint: Fingerprint::of(label.as_bytes()), stanza: None }
}

pub(crate) fn stanza(kind: &str, args: &[&str]) -> Stanza {
    Stanza {
        kind: kind.to_owned(),
        args: args.iter().map(|arg| (*arg).to_owned()).collect(),
        digest: Digest::of(format!("{kind} {args:?}").as_bytes()),
    }
}

/// The sealed part of the secret's record, to be changed.
pub(crate) fn sealed_of(secret: &mut SecretFacts) -> &mut Sealed {
    &mut record_of(secret).sealed
}

pub(crate) fn record_of(secret: &mut SecretFacts) -> &mut Record {
    secret.record.as_mut().unwrap().as_mut().unwrap()
}

pub(crate) fn file_of(secret: &mut SecretFacts) -> &mut SealedFile {
    secret.sealed.as_mut().unwrap().as_mut().unwrap()
}

/// Seals it to just these keys, in record and header alike.
pub(crate) fn seal_to(secret: &mut SecretFacts, keys: &[(&str, &[&str])]) {
    let sealed = sealed_of(secret);
    sealed.readers = keys.iter().map(|(reader, _)| actor(reader)).collect();
    sealed.keys = keys
        .iter()
        .map(|(reader, labels)| (actor(reader), labels.iter().map(|label| sealed_key(label)).collect()))
        .collect();
    let count = sealed.all_keys().count();
    file_of(secret).stanzas = vec![stanza("X25519", &["x"]); count];
}

/// The proof of a secret whose every key opens it.
pub(crate) fn proved(secret: &SecretFacts) -> Recomputed {
    let sealed = &secret.record.as_ref().unwrap().as_ref().unwrap().sealed;
    Recomputed {
        proved: sealed.all_keys().map(|(reader, key)| (reader.clone(), key.fingerprint.clone())).collect(),
        plausible: std::collections::BTreeSet::default(),
        missing: Vec::new(),
        surplus: Vec::new(),
        previous_value: Ok(PreviousValue::Other),
        ends: ValueEnds::default(),
    }
}

/// The same, after which these readers' keys turned out not to open it.
pub(crate) fn proved_without(secret: &SecretFacts, readers: &[&str]) -> Recomputed {
    let sealed = &secret.record.as_ref().unwrap().as_ref().unwrap().sealed;
    let mut recomputed = proved(secret);
    recomputed.proved.retain(|(reader, _)| !readers.contains(&reader.as_str()));
    recomputed.missing = sealed
        .all_keys()
        .filter(|(reader, _)| readers.contains(&reader.as_str()))
        .map(|(reader, key)| (reader.clone(), key.clone()))
        .collect();
    recomputed
}

pub(crate) fn at_version(number: u64, seal: u64) -> crate::domain::facts::Presence {
    crate::domain::facts::Presence::At(VersionOrder { number, seal })
}

/// A store of one secret, to which no check objects.
pub(crate) fn store() -> StoreFacts {
    StoreFacts {
        names: vec![NAME.parse().unwrap()],
        tracked: Vec::new(),
        strays: Vec::new(),
        without_record: Vec::new(),
        policy_path: "secrets/policy.toml".to_owned(),
        uncommitted: Ok(Vec::new()),
        deployed: Ok(Deployed::Same),
        unread_rescues: Vec::new(),
        last_warn: Ok(LastWarn::LeftOut),
        exposures: Vec::new(),
        policies: None,
        unknowns: Vec::new(),
    }
}

/// Judges the secret by the rules that the policy has for it, at [`NOW`].
pub(crate) fn judge(
    judge: fn(&Subject<'_>) -> Judgement,
    policy: &Policy,
    secret: &SecretFacts,
) -> Judgement {
    judge_at(NOW, judge, policy, secret)
}

pub(crate) fn judge_at(
    now: &str,
    judge: fn(&Subject<'_>) -> Judgement,
    policy: &Policy,
    secret: &SecretFacts,
) -> Judgement {
    let rules = Rules::of(policy, &secret.name);
    judge(&Subject { setting: &setting_at(now), policy, rules: &rules, secret })
}

/// The messages of a judgement that could be given.
pub(crate) fn messages(judgement: Judgement) -> Vec<String> {
    judgement.unwrap().into_iter().map(|fault: Fault| fault.message).collect()
}
