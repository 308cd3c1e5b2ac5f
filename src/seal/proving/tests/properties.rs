//! Over random values, readers and policies: proved exactly where seal and policy agree, and nothing changed goes by.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value as Json, json};

use crate::domain::expiry::Expiry;
use crate::domain::name::ActorName;
use crate::domain::record::{Runner, Sealed};
use crate::seal::proving::surgery::{Policy, identity, key, prove_bytes};
use crate::seal::samples::{actor, age_key, read_identity, seal_to};

/// Whether every key of the record was proved or is plausible, and nothing is left over.
fn is_all_proved(bytes: &[u8], sealed: &Sealed, policy: &Policy, identity: &[u8]) -> bool {
    let proved = prove_bytes(bytes, sealed, policy, &[read_identity(identity)]);
    proved.is_ok_and(|proved| {
        let fitting = proved.proved.len() + proved.plausible.len();
        proved.missing.is_empty() && proved.surplus.is_empty() && fitting == sealed.all_keys().count()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn proved_exactly_where_seal_and_policy_agree(
        value in proptest::collection::vec(any::<u8>(), 0..300),
        // Of each reader: the number of keys, and whether policy knows each of them, under their name.
        readers in proptest::collection::vec(proptest::collection::vec(0..3_u8, 1..3), 1..5),
        with_bob in any::<bool>(),
        opener in any::<Index>(),
    ) {
        let mut identities = Vec::new();
        let (mut sealed_to, mut policy, mut agreed) = (Vec::new(), Policy::new(), BTreeSet::new());
        let mut unknown = 0;
        for (index, fates) in readers.iter().enumerate() {
            let name = format!("reader-{index}");
            let keys = fates.iter().map(|fate| {
                let (identity, public) = age_key();
                identities.push(identity);
                match fate {
                    0 | 1 => {
                        policy.entry(actor(&name)).or_default().push(public.clone());
                        agreed.insert((actor(&name), public.fingerprint.clone()));
                    }
                    _ => {
                        // Exchanged in policy since: there is another key under that name.
                        policy.entry(actor(&name)).or_default().push(age_key().1);
                        unknown += 1;
                    }
                }
                public
            }).collect::<Vec<_>>();
            sealed_to.push((name, keys));
        }
        if with_bob {
            policy.insert(actor("bob"), vec![key("bob")]);
            agreed.insert((actor("bob"), key("bob").fingerprint));
            sealed_to.push(("bob".to_owned(), vec![key("bob")]));
        }
        let borrowed = sealed_to.iter().map(|(name, keys)| (name.as_str(), keys.iter().collect::<Vec<_>>()));
        let borrowed = borrowed.collect::<Vec<_>>();
        let borrowed = borrowed.iter().map(|(name, keys)| (*name, keys.as_slice())).collect::<Vec<_>>();
        let made = seal_to(&value, &borrowed).unwrap();
        let opener = read_identity(&identities[opener.index(identities.len())]);
        let Ok(proved) = prove_bytes(&made.bytes, &made.sealed, &policy, &[opener]) else {
            return Err(TestCaseError::fail("it does not open"));
        };
        prop_assert!(proved.value.expose() == value);
        prop_assert_eq!(proved.proved.into_iter().collect::<BTreeSet<_>>(), agreed);
        prop_assert_eq!((proved.plausible.len(), proved.missing.len(), proved.surplus.len()), (0, 0, unknown));
    }
}

fn sample() -> (Vec<u8>, Sealed, Policy, Vec<u8>) {
    let (identity, alice) = age_key();
    let (bob, carol) = (key("bob"), key("carol"));
    let made = seal_to(b"a canary", &[("alice", &[&alice]), ("bob", &[&bob]), ("carol", &[&carol])]).unwrap();
    let policy = [("alice", alice), ("bob", bob), ("carol", carol)];
    let policy = policy.map(|(name, key)| (actor(name), vec![key])).into();
    (made.bytes, made.sealed, policy, identity)
}

/// Every single bit of a file, not a sample of them.
#[test]
fn no_bit_of_the_file_can_be_changed() {
    let (bytes, sealed, policy, identity) = sample();
    assert!(is_all_proved(&bytes, &sealed, &policy, &identity));
    for index in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[index] ^= 1 << (index % 8);
        assert!(!is_all_proved(&changed, &sealed, &policy, &identity), "byte {index}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn nothing_changed_is_ever_all_proved(
        at in any::<Index>(),
        byte in any::<u8>(),
        cut in proptest::option::of(any::<Index>()),
    ) {
        let (mut bytes, sealed, policy, identity) = sample();
        let (place, whole) = (at.index(bytes.len()), bytes.clone());
        bytes[place] = byte;
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        prop_assume!(bytes != whole);
        prop_assert!(!is_all_proved(&bytes, &sealed, &policy, &identity));
    }

    /// Whatever byte of the record is another, it either is no record any more, or not this file's.
    #[test]
    fn no_byte_of_the_record_can_be_changed(at in any::<Index>(), byte in any::<u8>()) {
        let (bytes, sealed, policy, identity) = sample();
        let mut written = serde_json::to_vec(&sealed).unwrap();
        let tree = serde_json::from_slice::<Json>(&written).unwrap();
        let place = at.index(written.len());
        written[place] = byte;
        if let Ok(changed) = serde_json::from_slice::<Sealed>(&written) {
            prop_assume!(serde_json::from_slice::<Json>(&written).unwrap() != tree);
            prop_assert!(!is_all_proved(&bytes, &changed, &policy, &identity));
        }
    }
}

/// One meaning has one text, else a record could be edited under its binding.
#[test]
fn no_other_text_of_the_record_means_the_same() {
    let (_, mut sealed, ..) = sample();
    sealed.rotator = Some(Runner { kind: "exec".to_owned(), with: [].into_iter().collect() });
    sealed.expires = Some(Expiry::Never { why: "x".to_owned() });
    let written = serde_json::to_value(&sealed).unwrap();
    assert_eq!(serde_json::from_value::<Sealed>(written.clone()).unwrap(), sealed);
    for (pointer, other) in [
        ("/store", json!(sealed.store.to_string().to_lowercase())),
        ("/version/set_at", json!("2026-08-30T20:15:52+00:00")),
        ("/version/number", json!(3.0)),
        ("/previous", json!(sealed.previous.unwrap().to_string().to_uppercase())),
        ("/previous", Json::Null),
        ("/probe", Json::Null),
        ("/rotator", json!({ "kind": "exec" })),
        ("/expires", json!({ "never": "x", "at": null })),
        ("/readers", json!(["bob", "alice", "carol"])),
        ("/readers", json!(["alice", "alice", "bob", "carol"])),
        ("/format", json!("Text")),
        ("/keys/alice/0/type", json!("x25519")),
        ("/keys/alice/0/stanza", Json::Null),
    ] {
        let mut changed = written.clone();
        let (parent, last) = pointer.rsplit_once('/').unwrap();
        let place = changed.pointer_mut(parent).unwrap();
        match last.parse::<usize>() {
            Ok(index) => place[index] = other.clone(),
            Err(_) => place[last] = other.clone(),
        }
        assert!(serde_json::from_value::<Sealed>(changed).is_err(), "{pointer}: {other}");
    }
}

/// The names are in what is bound, so nobody can stand under another one.
#[test]
fn a_reader_renamed() {
    let (bytes, mut sealed, mut policy, reads) = sample();
    let keys = sealed.keys.remove(&actor("bob")).unwrap();
    sealed.keys.insert(actor("mallory"), keys);
    let known = policy.remove(&actor("bob")).unwrap();
    policy.insert("mallory".parse::<ActorName>().unwrap(), known);
    assert!(!is_all_proved(&bytes, &sealed, &policy, &reads));
    assert!(prove_bytes(&bytes, &sealed, &policy, &[identity("bob")]).is_err());
}
