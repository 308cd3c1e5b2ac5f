//! The same for what other tools have sealed: a healthy file of sops with two values.

use std::collections::BTreeMap;

use super::{NOW, actors, ends, setting_at, time};
use crate::checks::{FileSubject, Judgement, TrackedSubject};
use crate::domain::claim::Claim;
use crate::domain::digest::Digest;
use crate::domain::facts::Inside;
use crate::domain::foreign::{Access, Contents, ForeignFile, ForeignKey, Leaf, SealedFormat};
use crate::domain::policy::Policy;
use crate::domain::rules::Rules;
use crate::domain::tracked_facts::{FileDeployed, FileFacts, TrackedSecret};
use crate::domain::tracked_name::TrackedName;

pub(crate) const FILE: &str = "clusters/a/enc-prod.yaml";
pub(crate) const CLAIMS: &str = "clusters/a/custody.toml";
pub(crate) const CLIENT: &str = "clusters/a/enc-prod.yaml#/hub/client_secret";
pub(crate) const TOKEN: &str = "clusters/a/enc-prod.yaml#/hub/token";

pub(crate) fn tracked_name(text: &str) -> TrackedName {
    text.parse().unwrap()
}

/// A value whose ciphertext is its name, recorded under the data key `k`: it ends on 2027-01-01.
pub(crate) fn value(name: &str) -> TrackedSecret {
    let seen = Digest::of(name.as_bytes());
    let claim = Claim {
        expires: ends("2027-01-01"),
        owners: actors(&["infra"]),
        set_at: Some(time("2026-01-01")),
        seen: Some(seen),
        data_key: Some(Digest::of(b"k")),
        line: 2,
        ..Claim::default()
    };
    TrackedSecret { name: tracked_name(name), claim: Some(claim), kind: None, seen, inside: Inside::NotAsked }
}

/// A file to which no check objects: sealed by sops to alice and bob, each of whom opens it.
pub(crate) fn file() -> FileFacts {
    let leaf = |name: &str| Leaf { pointer: tracked_name(name).pointer(), seen: Digest::of(name.as_bytes()) };
    let sealed = ForeignFile {
        format: SealedFormat::SopsYaml,
        leaves: vec![leaf(CLIENT), leaf(TOKEN)],
        in_clear: Vec::new(),
        clear_unknown: None,
        access: access(1, &[&["alice-1", "bob-1"]]),
        modified: Some(time("2026-01-01")),
        data_key: Some(Digest::of(b"k")),
    };
    FileFacts {
        name: tracked_name(FILE),
        claims_path: CLAIMS.to_owned(),
        is_covered: true,
        contents: Ok(Some(Contents::Sealed(sealed))),
        uncommitted: Ok(Vec::new()),
        deployed: Ok(FileDeployed::Same),
        rescued: Ok(Vec::new()),
        secrets: Ok(vec![value(CLIENT), value(TOKEN)]),
        undecided: Vec::new(),
        not_secret: 0,
        orphans: Vec::new(),
        claimed_readers: Vec::new(),
        before: Ok(BTreeMap::new()),
    }
}

/// Groups of age recipients, by the labels of keys.
pub(crate) fn access(threshold: usize, groups: &[&[&str]]) -> Access {
    let group = |labels: &&[&str]| labels.iter().map(|label| ForeignKey::Age((*label).to_owned())).collect();
    Access { groups: groups.iter().map(group).collect(), threshold }
}

/// The file's sealed contents, to be changed.
pub(crate) fn sealed_in(file: &mut FileFacts) -> &mut ForeignFile {
    match file.contents.as_mut().unwrap().as_mut().unwrap() {
        Contents::Sealed(sealed) => sealed,
        Contents::Plain(_) | Contents::Damaged(_) => panic!("it is sealed"),
    }
}

/// A secret of the file, to be changed.
pub(crate) fn secret_in<'f>(file: &'f mut FileFacts, name: &str) -> &'f mut TrackedSecret {
    file.secrets.as_mut().unwrap().iter_mut().find(|secret| secret.name.as_str() == name).unwrap()
}

/// The record of a secret of the file, to be changed.
pub(crate) fn claim_in<'f>(file: &'f mut FileFacts, name: &str) -> &'f mut Claim {
    secret_in(file, name).claim.as_mut().unwrap()
}

/// Judges the file by the rules that the policy has for it, at [`NOW`].
pub(crate) fn judge_file(
    judge: Option<fn(&FileSubject<'_>) -> Judgement>,
    policy: &Policy,
    file: &FileFacts,
) -> Judgement {
    let rules = Rules::of_tracked(policy, &file.name);
    judge.unwrap()(&FileSubject { setting: &setting_at(NOW), policy, rules: &rules, file })
}

/// Judges one secret of the file by the rules that the policy has for it, at [`NOW`].
pub(crate) fn judge_tracked(
    judge: Option<fn(&TrackedSubject<'_>) -> Judgement>,
    policy: &Policy,
    file: &FileFacts,
    name: &str,
) -> Judgement {
    let secret = file.secrets.as_ref().unwrap().iter().find(|secret| secret.name.as_str() == name).unwrap();
    let rules = Rules::of_tracked(policy, &secret.name);
    judge.unwrap()(&TrackedSubject { setting: &setting_at(NOW), policy, rules: &rules, file, secret })
}
