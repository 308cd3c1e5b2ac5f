//! # unproven-reader
//!
//! Somebody whom policy names as a reader is not among those to whom the value is sealed, or the file has too
//! few stanzas for the keys that the record names. On the day when the others are asleep, they can't open it.
//!
//! **Mend:** `secrets reseal NAME`, by anybody who can open it.

use super::{Check, Fault, Judgement, Subject, mending, readership};
use crate::domain::check_id::CheckId;
use crate::domain::facts::{Binding, SealedFile};
use crate::domain::finding::Level;
use crate::domain::key::KeyKind;
use crate::domain::name::ActorName;
use crate::domain::policy::Actor;
use crate::domain::record::Sealed;
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
        for (message, weight) in without_stanza(sealed, file) {
            faults.push(Fault::new(message, &remedy).weighing(weight).at(&subject.secret.sealed_path));
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
        // A key in a cloud's key service is no age recipient: nothing here can be sealed to it.
        .filter(|key| key.kind != KeyKind::Kms)
        .filter(|key| sealed_keys.iter().all(|sealed_key| sealed_key.fingerprint != key.fingerprint))
        .map(|key| format!("not sealed to {}, a key of {reader} in policy", key.fingerprint))
        .collect()
}

/// The keys of the record for which the file has no stanza, in words, with their number.
fn without_stanza(sealed: &Sealed, file: &SealedFile) -> Vec<(String, i64)> {
    let missing = readership::misfit(sealed, file).missing;
    let by_whom = if file.binding == Binding::Absent { " (sealed by another tool)" } else { "" };
    let (unnamed, named) = missing.into_iter().partition::<Vec<_>, _>(|(_, key)| key.kind == KeyKind::X25519);
    let mut told = named
        .iter()
        .map(|(reader, key)| {
            let (kind, fingerprint) = (&key.kind, &key.fingerprint);
            (format!("the file has no stanza for {fingerprint}, the {kind} key of {reader}{by_whom}"), 1)
        })
        .collect::<Vec<_>>();
    if !unnamed.is_empty() {
        let readers = (sealed.keys.iter())
            .filter(|(_, keys)| keys.iter().any(|key| key.kind == KeyKind::X25519))
            .map(|(reader, _)| reader.as_str())
            .collect::<Vec<_>>();
        let found = counted(file.stanzas.iter().filter(|stanza| stanza.kind == "X25519").count(), "stanza");
        let (number, readers) = (unnamed.len(), listed(&readers));
        let message = format!("the file has {found} of type X25519, {number} too few for {readers}{by_whom}");
        told.push((message, i64::try_from(number).unwrap_or(i64::MAX)));
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::samples::{
        actor, actors, file_of, judge as run, key, messages, policy, seal_to, sealed_of, secret,
    };

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
}
