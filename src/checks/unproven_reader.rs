//! # unproven-reader
//!
//! Somebody whom policy names as a reader is not among those to whom the value is sealed, or the file has too
//! few stanzas for the keys that the record names. With `--prove` each key is recomputed: one whose stanza does not stand
//! in the file, byte for byte, is named. On the day when the others are asleep, they can't open it.
//!
//! **Mend:** `secrets reseal NAME`, by anybody who can open it.

use super::{Check, Fault, Judgement, Subject, mending, readership};
use crate::domain::check_id::CheckId;
use crate::domain::facts::{Binding, Proof, Recomputed, SealedFile};
use crate::domain::finding::Level;
use crate::domain::key::KeyKind;
use crate::domain::name::ActorName;
use crate::domain::policy::Actor;
use crate::domain::record::{Sealed, SealedKey};
use crate::domain::text::{counted, listed};

pub const CHECK: Check = Check::of_secret(CheckId::UnprovenReader, Level::Error, judge);

fn judge(subject: &Subject<'_>) -> Judgement {
    let Some(record) = subject.record()? else { return Ok(Vec::new()) };
    let sealed = &record.sealed;
    let remedy = mending::reseal(subject);
    let claimed = readership::claimed(sealed);
    let mut faults = Vec::new();
    for reader in readership::demanded(subject) {
        let Some(actor) = subject.policy.actor(&reader) else { continue };
        if claimed.contains(&reader) {
            faults.extend(keys_left_out(sealed, &reader, actor).into_iter().map(|m| Fault::new(m, &remedy)));
        } else {
            let message = format!("policy names {reader} as a reader, to whom it is not sealed");
            faults.push(Fault::new(message, &remedy));
        }
    }
    if let Some(file) = subject.sealed()? {
        let proof = match &subject.secret.proof {
            Proof::Recomputed(recomputed) => Some(recomputed),
            Proof::NotAsked | Proof::NotOpened { .. } | Proof::Broken(_) => None,
        };
        for (message, weight) in without_stanza(sealed, file, proof) {
            let fault = Fault::new(message, &remedy).weighing(weight).marked(subject.pair_mark());
            faults.push(fault.at(&subject.secret.sealed_path));
        }
    }
    Ok(faults)
}

/// The keys of this reader in policy to which it is not sealed.
fn keys_left_out(sealed: &Sealed, reader: &ActorName, actor: Actor<'_>) -> Vec<String> {
    let Some(sealed_keys) = sealed.keys.get(reader).filter(|keys| !keys.is_empty()) else {
        return vec![format!("the record lists {reader} as a reader, without a key")];
    };
    (actor.keys().iter())
        // A key that only other tools seal to is no age recipient: nothing here can be sealed to it.
        .filter(|key| key.kind.can_be_sealed_to())
        .filter(|key| sealed_keys.iter().all(|sealed_key| sealed_key.fingerprint != key.fingerprint))
        .map(|key| format!("not sealed to {}, a key of {reader} in policy", key.fingerprint))
        .collect()
}

/// The keys of the record for which the file has no stanza, in words, with their number. A proof names each of them;
/// of what it leaves open the structure speaks.
fn without_stanza(sealed: &Sealed, file: &SealedFile, proof: Option<&Recomputed>) -> Vec<(String, i64)> {
    let is_foreign = match proof {
        Some(proof) => proof.proved.is_empty() && proof.plausible.is_empty(),
        None => file.binding == Binding::Absent,
    };
    let by_whom = if is_foreign { " (sealed by another tool)" } else { "" };
    let told = |reader: &ActorName, key: &SealedKey| {
        let (kind, fingerprint) = (&key.kind, &key.fingerprint);
        (format!("the file has no stanza for {fingerprint}, the {kind} key of {reader}{by_whom}"), 1)
    };
    let recomputed = proof.map(|proof| proof.missing.as_slice()).unwrap_or_default();
    let is_told = |reader: &ActorName, key: &SealedKey| {
        recomputed.iter().any(|(other, missing)| other == reader && missing == key)
    };
    let missing = readership::misfit(sealed, file).missing;
    let (unnamed, named) = missing.into_iter().partition::<Vec<_>, _>(|(_, key)| key.kind == KeyKind::X25519);
    let mut faults = recomputed.iter().map(|(reader, key)| told(reader, key)).collect::<Vec<_>>();
    faults.extend(
        named.iter().filter(|(reader, key)| !is_told(reader, key)).map(|(reader, key)| told(reader, key)),
    );
    let recomputed_unnamed = recomputed.iter().filter(|(_, key)| key.kind == KeyKind::X25519).count();
    if unnamed.len() > recomputed_unnamed {
        let readers = (sealed.keys.iter())
            .filter(|(_, keys)| keys.iter().any(|key| key.kind == KeyKind::X25519))
            .map(|(reader, _)| reader.as_str())
            .collect::<Vec<_>>();
        let found = counted(file.stanzas.iter().filter(|stanza| stanza.kind == "X25519").count(), "stanza");
        let (number, readers) = (unnamed.len(), listed(&readers));
        let message = format!("the file has {found} of type X25519, {number} too few for {readers}{by_whom}");
        faults.push((message, i64::try_from(number).unwrap_or(i64::MAX)));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::samples::{
        actor, actors, file_of, judge as run, key, messages, policy, seal_to, sealed_of, secret,
    };
    use crate::domain::key::PublicKey;

    #[test]
    fn a_reader_whom_policy_demands() {
        let (secret, mut policy) = (secret(), policy());
        assert_eq!(messages(run(judge, &policy, &secret)), [""; 0]);
        policy.defaults.readers = Some(actors(&["infra", "carol"]));
        assert_eq!(
            messages(run(judge, &policy, &secret)),
            ["policy names carol as a reader, to whom it is not sealed"]
        );
    }

    #[test]
    fn a_new_key_of_a_reader() {
        let (mut secret, mut policy) = (secret(), policy());
        policy.people.get_mut(&actor("bob")).unwrap().keys.push(key(KeyKind::X25519, "bob-2"));
        let told = messages(run(judge, &policy, &secret));
        assert!(told.len() == 1 && told[0].ends_with("a key of bob in policy"), "{told:?}");

        policy.people.get_mut(&actor("bob")).unwrap().keys.pop();
        policy.people.get_mut(&actor("bob")).unwrap().keys.push(key(KeyKind::Kms, "projects/p"));
        assert_eq!(messages(run(judge, &policy, &secret)), [""; 0]);

        sealed_of(&mut secret).keys.remove(&actor("bob"));
        assert_eq!(
            messages(run(judge, &policy, &secret))[0],
            "the record lists bob as a reader, without a key"
        );
    }

    #[test]
    fn too_few_stanzas() {
        let (mut secret, policy) = (secret(), policy());
        file_of(&mut secret).stanzas.pop();
        let faults = run(judge, &policy, &secret).unwrap();
        assert_eq!(
            faults[0].message,
            "the file has 2 stanzas of type X25519, 1 too few for alice, bob and ci"
        );
        assert_eq!((faults.len(), faults[0].weight), (1, 1));

        file_of(&mut secret).stanzas.clear();
        file_of(&mut secret).binding = Binding::Absent;
        let faults = run(judge, &policy, &secret).unwrap();
        assert!(faults[0].message.ends_with("3 too few for alice, bob and ci (sealed by another tool)"));
        assert_eq!(faults[0].weight, 3);
    }

    #[test]
    fn an_ssh_key_is_named() {
        let (mut secret, mut policy) = (secret(), policy());
        let ssh = key(KeyKind::SshEd25519, "ssh");
        policy.people.get_mut(&actor("alice")).unwrap().keys = vec![ssh.clone()];
        seal_to(&mut secret, &[("alice", &["ssh"]), ("bob", &["bob-1"]), ("ci", &["ci-1"])]);
        let mut sealed_key = crate::checks::samples::sealed_key("ssh");
        sealed_key.kind = KeyKind::SshEd25519;
        sealed_of(&mut secret).keys.insert(actor("alice"), [sealed_key].into_iter().collect());
        file_of(&mut secret).stanzas.pop();
        assert_eq!(
            messages(run(judge, &policy, &secret)),
            [format!("the file has no stanza for {}, the ssh-ed25519 key of alice", ssh.fingerprint)]
        );
    }

    #[test]
    fn of_two_keys_each_is_told_once_whoever_misses_it() {
        let (mut secret, mut policy) = (secret(), policy());
        let [one, two] = ["ssh-1", "ssh-2"].map(|label| key(KeyKind::SshEd25519, label));
        policy.people.get_mut(&actor("alice")).unwrap().keys = vec![one.clone(), two.clone()];
        seal_to(&mut secret, &[("alice", &["ssh-1", "ssh-2"]), ("bob", &["bob-1"]), ("ci", &["ci-1"])]);
        let sealed_key = |label: &str| SealedKey {
            kind: KeyKind::SshEd25519,
            ..crate::checks::samples::sealed_key(label)
        };
        let both = ["ssh-1", "ssh-2"].map(sealed_key);
        sealed_of(&mut secret).keys.insert(actor("alice"), both.into_iter().collect());
        file_of(&mut secret).stanzas.truncate(2);
        // The proof misses the first; of the second the structure tells.
        let mut recomputed = crate::checks::samples::proved(&secret);
        recomputed.missing = vec![(actor("alice"), sealed_key("ssh-1"))];
        secret.proof = Proof::Recomputed(recomputed);
        let told = |key: &PublicKey| {
            format!("the file has no stanza for {}, the ssh-ed25519 key of alice", key.fingerprint)
        };
        assert_eq!(messages(run(judge, &policy, &secret)), [told(&one), told(&two)]);
    }

    #[test]
    fn a_proof_names_what_is_missing_and_drops_nothing() {
        use crate::checks::samples::proved_without;

        let judged = |without: &[&str], change: &dyn Fn(&mut crate::domain::facts::SecretFacts)| {
            let mut secret = secret();
            secret.proof = Proof::Recomputed(proved_without(&secret, without));
            change(&mut secret);
            messages(run(judge, &policy(), &secret))
        };
        assert_eq!(judged(&[], &|_| {}), [""; 0]);
        // As many stanzas as there should be, and one of them is not bob's.
        let told = judged(&["bob"], &|_| {});
        assert_eq!(told.len(), 1);
        assert!(told[0].ends_with("the X25519 key of bob"), "{told:?}");
        // The one that is too few is the one that was named.
        assert_eq!(judged(&["bob"], &|secret| drop(file_of(secret).stanzas.pop())).len(), 1);
        // Two are too few, and the proof knows of one: a key that policy has no public half of can't be recomputed.
        let told = judged(&["bob"], &|secret| file_of(secret).stanzas.truncate(1));
        assert_eq!(told.len(), 2);
        assert!(told[1].starts_with("the file has 1 stanza of type X25519, 2 too few for"), "{told:?}");
        let told = judged(&["alice", "bob", "ci"], &|_| {});
        assert_eq!(told.len(), 3);
        assert!(told.iter().all(|told| told.ends_with("(sealed by another tool)")), "{told:?}");
    }
}
