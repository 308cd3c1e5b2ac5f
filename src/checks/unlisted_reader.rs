//! # unlisted-reader
//!
//! The value is sealed to somebody whom policy does not name as its reader: a person or a key beyond those that
//! were agreed upon, or a stanza in the file that the record does not account for.
//!
//! **Mend:** `secrets reseal NAME`, or name the reader in policy where that is what was meant. A reader whom
//! policy does not know at all is `departed-reader` instead.

use std::collections::BTreeMap;

use super::{Check, Fault, Judgement, Subject, mending, readership};
use crate::domain::check_id::CheckId;
use crate::domain::facts::Stanza;
use crate::domain::finding::Level;
use crate::domain::name::ActorName;
use crate::domain::policy::Actor;
use crate::domain::record::Sealed;
use crate::domain::text::counted;

pub const CHECK: Check = Check::of_secret(CheckId::UnlistedReader, Level::Error, judge);

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
        faults
            .extend(foreign_keys(subject, sealed, reader, actor).map(|message| Fault::new(message, &remedy)));
    }
    if let Some(file) = subject.sealed()? {
        for (message, weight) in unaccounted(&readership::misfit(sealed, file).surplus) {
            faults.push(Fault::new(message, &remedy).weighing(weight).at(&subject.secret.sealed_path));
        }
    }
    Ok(faults)
}

/// The keys that the record calls this reader's and policy does not.
fn foreign_keys<'a>(
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

/// The stanzas that the record does not account for, in words, equal ones together, with their number.
fn unaccounted(surplus: &[&Stanza]) -> Vec<(String, i64)> {
    let mut kinds = BTreeMap::<&str, i64>::new();
    for stanza in surplus {
        *kinds.entry(stanza.kind.as_str()).or_default() += 1;
    }
    let told = |(kind, number)| {
        let stanzas = counted(number, "stanza");
        (format!("the file has {stanzas} of type {kind} that no key in the record accounts for"), number)
    };
    kinds.into_iter().map(told).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
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
}
