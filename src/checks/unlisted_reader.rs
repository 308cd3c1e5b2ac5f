//! # unlisted-reader
//!
//! The value is sealed to somebody whom policy does not name as its reader: a person or a key beyond those that
//! were agreed upon, or a stanza in the file that the record does not account for. With `--prove` every stanza that can't
//! be recomputed from the keys in record and policy counts, also one that stands in place of another. Of a file that another
//! tool sealed: a key that is nobody's in policy.
//!
//! **Mend:** `secrets reseal NAME`, or name the reader in policy where that is what was meant. A reader whom
//! policy does not know at all is `departed-reader` instead.

use std::collections::BTreeMap;

use super::{Check, Fault, FileSubject, Judgement, Subject, foreign_keys, mending, readership, wording};
use crate::domain::access;
use crate::domain::check_id::CheckId;
use crate::domain::facts::{Proof, Stanza};
use crate::domain::finding::Level;
use crate::domain::foreign::ForeignKey;
use crate::domain::key::Fingerprint;
use crate::domain::name::ActorName;
use crate::domain::policy::Actor;
use crate::domain::record::Sealed;
use crate::domain::text::{counted, listed};

pub const CHECK: Check = Check::of_secret(CheckId::UnlistedReader, Level::Error, judge).and_file(judge_file);

fn judge(subject: &Subject<'_>) -> Judgement {
    let Some(record) = subject.record()? else { return Ok(Vec::new()) };
    let sealed = &record.sealed;
    let remedy = mending::reseal(subject);
    let demanded = readership::demanded(subject);
    let mut faults = Vec::new();
    for reader in readership::claimed(sealed) {
        let Some(actor) = subject.policy.actor(reader) else { continue };
        if !demanded.contains(reader) {
            let message = format!("sealed to {reader}, whom policy does not name as its reader");
            faults.push(Fault::new(message, &remedy));
            continue;
        }
        if !sealed.readers.contains(reader) {
            let message = format!("sealed to a key of {reader}, whom the record does not list as a reader");
            faults.push(Fault::new(message, &remedy));
        }
        faults.extend(
            keys_beyond_policy(subject, sealed, reader, actor).map(|message| Fault::new(message, &remedy)),
        );
    }
    if let Some(file) = subject.sealed()? {
        for (message, weight) in unaccounted(subject, sealed, &readership::misfit(sealed, file).surplus) {
            let fault = Fault::new(message, &remedy).weighing(weight).marked(subject.pair_mark());
            faults.push(fault.at(&subject.secret.sealed_path));
        }
    }
    Ok(faults)
}

/// Of a file that another tool sealed: a key that nobody in policy has.
fn judge_file(subject: &FileSubject<'_>) -> Judgement {
    let Some(access) = subject.file.access()? else { return Ok(Vec::new()) };
    let holders = access::holders(access, subject.policy, &subject.file.claimed_readers);
    let policy_path = format!("{}/policy.toml", subject.setting.store);
    let of_key = |key: &ForeignKey| {
        let (message, remedy) = match key {
            ForeignKey::Anonymous(kind) => {
                let claims = &subject.file.claims_path;
                let why = holders.misfit.clone().unwrap_or_else(|| {
                    format!("write who can open it into {claims}: readers = [\"NAME\", …]")
                });
                let message = format!("age does not say whose its stanzas of type {kind} are; {why}");
                (message, wording::edit(claims))
            }
            ForeignKey::SshTag(tag) => {
                let message = format!("sealed to an ssh key with tag {tag}, which is nobody's in policy");
                (message, wording::edit(&policy_path))
            }
            ForeignKey::Age(id) | ForeignKey::Pgp(id) | ForeignKey::Kms(id) | ForeignKey::Opaque(id) => {
                let lines = foreign_keys::policy_lines(key).join(" ");
                let message =
                    format!("sealed to {id}, which is nobody's in policy; say whose it is: {lines}");
                (message, wording::edit(&policy_path))
            }
        };
        Fault::new(message, remedy).at(subject.file.name.as_str()).marked(key.id())
    };
    Ok(holders.unmatched.iter().map(of_key).collect())
}

/// The keys that the record calls this reader's and policy does not.
fn keys_beyond_policy<'a>(
    subject: &'a Subject<'_>,
    sealed: &'a Sealed,
    reader: &'a ActorName,
    actor: Actor<'a>,
) -> impl Iterator<Item = String> + 'a {
    let keys = sealed.keys.get(reader).into_iter().flat_map(|keys| keys.iter());
    let fingerprints = keys.map(|key| &key.fingerprint).collect::<std::collections::BTreeSet<_>>();
    fingerprints
        .into_iter()
        .filter(move |fingerprint| actor.keys().iter().all(|known| known.fingerprint != **fingerprint))
        .map(move |fingerprint| match subject.policy.holder_of(fingerprint) {
            Some(holder) => {
                format!("sealed to {fingerprint} as a key of {reader}; policy says that it is {holder}'s")
            }
            None => format!("sealed to {fingerprint} as a key of {reader}; policy does not list it"),
        })
}

/// The stanzas that the record does not account for, in words, equal ones together, with their number. A proof sees
/// more of them than the structure does, never fewer.
fn unaccounted(subject: &Subject<'_>, sealed: &Sealed, surplus: &[&Stanza]) -> Vec<(String, i64)> {
    let recomputed = match &subject.secret.proof {
        Proof::Recomputed(recomputed) => recomputed.surplus.as_slice(),
        Proof::NotAsked | Proof::NotOpened { .. } | Proof::Broken(_) => &[],
    };
    let mut kinds = BTreeMap::<&str, [i64; 2]>::new();
    for stanza in surplus {
        let [seen, _] = kinds.entry(stanza.kind.as_str()).or_default();
        *seen += 1;
    }
    for stanza in recomputed {
        let [_, proved] = kinds.entry(stanza.kind.as_str()).or_default();
        *proved += 1;
    }
    let told = |(kind, [seen, proved]): (&str, [i64; 2])| {
        let unknown = UnknownKeys::of(subject, sealed, kind);
        // Those of foreign keys are told of already, key by key, by this very check.
        let number = seen.max(proved - unknown.foreign);
        let stanzas = counted(number, "stanza");
        let whose = match unknown.departed.as_slice() {
            _ if number <= seen => "that no key in the record accounts for".to_owned(),
            [] => "that no key in record and policy accounts for".to_owned(),
            departed => format!(
                "that no key in record and policy accounts for, perhaps of {}, whom policy does not know",
                listed(departed)
            ),
        };
        (number > 0).then(|| (format!("the file has {stanzas} of type {kind} {whose}"), number))
    };
    kinds.into_iter().filter_map(told).collect()
}

/// The keys of the record whose public half policy does not have: nobody can recompute their stanzas.
struct UnknownKeys<'a> {
    /// How many are those of somebody whom policy knows.
    foreign: i64,
    /// Whom policy does not know.
    departed: Vec<&'a str>,
}

impl<'a> UnknownKeys<'a> {
    fn of(subject: &Subject<'_>, sealed: &'a Sealed, kind: &str) -> Self {
        let mut unknown = Self { foreign: 0, departed: Vec::new() };
        for (reader, keys) in sealed.keys.iter() {
            let of_kind =
                || keys.iter().filter(|key| key.kind.is_derivable() && key.kind.to_string() == kind);
            match subject.policy.actor(reader) {
                None if of_kind().next().is_some() => unknown.departed.push(reader.as_str()),
                None => {}
                Some(actor) => {
                    let is_known = |fingerprint: &Fingerprint| {
                        actor.keys().iter().any(|key| key.fingerprint == *fingerprint)
                    };
                    let foreign = of_kind().filter(|key| !is_known(&key.fingerprint)).count();
                    unknown.foreign += i64::try_from(foreign).unwrap_or(i64::MAX);
                }
            }
        }
        unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::samples::tracked::{CLAIMS, FILE, file, judge_file as run_file, sealed_in};
    use crate::checks::samples::{actors, file_of, judge as run, messages, policy, seal_to, secret, stanza};

    #[test]
    fn a_known_reader_whom_policy_does_not_name() {
        let (mut secret, mut policy) = (secret(), policy());
        seal_to(
            &mut secret,
            &[("alice", &["alice-1"]), ("bob", &["bob-1"]), ("carol", &["carol-1"]), ("ci", &["ci-1"])],
        );
        assert_eq!(
            messages(run(judge, &policy, &secret)),
            ["sealed to carol, whom policy does not name as its reader"]
        );
        policy.defaults.readers = Some(actors(&["infra", "carol"]));
        assert_eq!(messages(run(judge, &policy, &secret)), [""; 0]);
    }

    #[test]
    fn a_key_that_is_not_the_readers() {
        let (mut secret, policy) = (secret(), policy());
        seal_to(&mut secret, &[("alice", &["alice-1", "alice-0"]), ("bob", &["bob-1"]), ("ci", &["ci-1"])]);
        let told = messages(run(judge, &policy, &secret));
        assert!(
            told.len() == 1 && told[0].ends_with("as a key of alice; policy does not list it"),
            "{told:?}"
        );

        seal_to(&mut secret, &[("alice", &["alice-1", "carol-1"]), ("bob", &["bob-1"]), ("ci", &["ci-1"])]);
        let told = messages(run(judge, &policy, &secret));
        assert!(told.len() == 1 && told[0].ends_with("policy says that it is carol's"), "{told:?}");
    }

    #[test]
    fn a_key_without_its_reader_and_a_reader_twice() {
        let (mut secret, policy) = (secret(), policy());
        crate::checks::samples::sealed_of(&mut secret).readers =
            actors(&["alice", "bob"]).into_iter().collect();
        assert_eq!(
            messages(run(judge, &policy, &secret)),
            ["sealed to a key of ci, whom the record does not list as a reader"]
        );
    }

    #[test]
    fn stanzas_that_nobody_accounts_for() {
        let (mut secret, policy) = (secret(), policy());
        file_of(&mut secret).stanzas.extend([
            stanza("X25519", &["m"]),
            stanza("X25519", &["n"]),
            stanza("zz-grease", &["g"]),
        ]);
        let faults = run(judge, &policy, &secret).unwrap();
        let told = faults.iter().map(|fault| (fault.message.as_str(), fault.weight)).collect::<Vec<_>>();
        assert_eq!(
            told,
            [
                ("the file has 2 stanzas of type X25519 that no key in the record accounts for", 2),
                ("the file has 1 stanza of type zz-grease that no key in the record accounts for", 1),
            ]
        );
    }

    #[test]
    fn a_proof_sees_more_and_says_nothing_twice() {
        use crate::checks::samples::{actor, proved, sealed_key, sealed_of};
        use crate::domain::facts::SecretFacts;
        use crate::domain::key::KeyKind;
        use crate::domain::record::SealedKey;

        let judged = |surplus: &[&str], change: &dyn Fn(&mut SecretFacts)| {
            let mut secret = secret();
            change(&mut secret);
            let mut recomputed = proved(&secret);
            recomputed.surplus = surplus.iter().map(|kind| stanza(kind, &["s"])).collect();
            secret.proof = Proof::Recomputed(recomputed);
            messages(run(judge, &policy(), &secret))
        };
        assert_eq!(judged(&[], &|_| {}), [""; 0]);
        // One stands in another's place: the structure can't see it.
        let exchanged = "the file has 1 stanza of type X25519 that no key in record and policy accounts for";
        assert_eq!(judged(&["X25519"], &|_| {}), [exchanged]);
        // One too many is told once, whoever sees it.
        let one_more: &dyn Fn(&mut SecretFacts) = &|secret| {
            file_of(secret).stanzas.push(stanza("zz-grease", &["g"]));
        };
        let told = ["the file has 1 stanza of type zz-grease that no key in the record accounts for"];
        assert_eq!(judged(&["zz-grease"], one_more), told);
        assert_eq!(judged(&[], one_more), told);
        assert_eq!(judged(&["X25519", "zz-grease"], one_more).len(), 2);
        // A key that is not alice's is told by name, and its stanza is the one that can't be recomputed.
        let foreign: &dyn Fn(&mut SecretFacts) = &|secret| {
            seal_to(secret, &[("alice", &["alice-1", "alice-0"]), ("bob", &["bob-1"]), ("ci", &["ci-1"])]);
        };
        assert_eq!(judged(&["X25519"], foreign).len(), 1);
        assert_eq!(judged(&["X25519", "X25519"], foreign).len(), 2);
        // Of somebody whom policy does not know another check tells, which may be off: this one stays.
        let told = judged(&["X25519"], &|secret| {
            sealed_of(secret).keys.insert(actor("zoe"), [sealed_key("zoe-1")].into_iter().collect());
            file_of(secret).stanzas.push(stanza("X25519", &["z"]));
        });
        assert_eq!(told, [format!("{exchanged}, perhaps of zoe, whom policy does not know")]);
        // A key of another type has no such stanza.
        let told = judged(&["X25519"], &|secret| {
            let ssh = SealedKey { kind: KeyKind::SshEd25519, ..sealed_key("zoe-1") };
            sealed_of(secret).keys.insert(actor("zoe"), [ssh].into_iter().collect());
        });
        assert_eq!(told, [exchanged]);
    }

    #[test]
    fn keys_of_files_that_are_nobodys() {
        let (arn, pgp) = ("arn:aws:kms:us-east-1:1:key/k", "FBC7B9E2A4F9289AC0C1D4843D16CEE4A27381B4");
        let mut file = file();
        assert_eq!(run_file(CHECK.file, &policy(), &file), Ok(Vec::new()));
        let edit = |path: &str| wording::edit(path);
        for (key, message, remedy) in [
            (
                ForeignKey::Age("age1mallory".to_owned()),
                "sealed to age1mallory, which is nobody's in policy; say whose it is: [people.NAME] keys = \
                 [\"age1mallory\"]"
                    .to_owned(),
                edit("secrets/policy.toml"),
            ),
            (
                ForeignKey::Pgp(pgp.to_owned()),
                format!(
                    "sealed to {pgp}, which is nobody's in policy; say whose it is: [people.NAME] keys = \
                     [\"pgp:{pgp}\"]"
                ),
                edit("secrets/policy.toml"),
            ),
            (
                ForeignKey::Kms(arn.to_owned()),
                format!(
                    "sealed to {arn}, which is nobody's in policy; say whose it is: [shared-keys.NAME] keys = \
                     [\"{arn}\"] people = [\"NAME\", \"NAME\"]"
                ),
                edit("secrets/policy.toml"),
            ),
            (
                ForeignKey::SshTag("wUGMhQ".to_owned()),
                "sealed to an ssh key with tag wUGMhQ, which is nobody's in policy".to_owned(),
                edit("secrets/policy.toml"),
            ),
            (
                ForeignKey::Anonymous("X25519".to_owned()),
                format!(
                    "age does not say whose its stanzas of type X25519 are; write who can open it into {CLAIMS}: \
                     readers = [\"NAME\", …]"
                ),
                edit(CLAIMS),
            ),
        ] {
            sealed_in(&mut file).access.groups[0].truncate(2);
            sealed_in(&mut file).access.groups[0].push(key);
            let faults = run_file(CHECK.file, &policy(), &file).unwrap();
            assert_eq!(faults.len(), 1);
            assert_eq!((&faults[0].message, &faults[0].remedy), (&message, &remedy));
            assert_eq!(faults[0].path.as_deref(), Some(FILE));
        }
        // Each of them for itself.
        sealed_in(&mut file).access.groups.push(vec![ForeignKey::Kms(arn.to_owned())]);
        assert_eq!(run_file(CHECK.file, &policy(), &file).unwrap().len(), 2);
    }
}
