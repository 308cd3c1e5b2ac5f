use std::collections::HashSet;

use curve25519_dalek::constants::ED25519_BASEPOINT_POINT;
use curve25519_dalek::scalar::Scalar;
use proptest::prelude::*;

use super::*;
use crate::domain::facts::Binding;
use crate::seal::inspection::inspect;
use crate::seal::opening::open;
use crate::seal::public_key;
use crate::seal::samples::{Workshop, actor, age_key, draft, read_identity, seal_to};

/// An X25519 and an ssh-ed25519 key with the same private half.
fn twins(n: u64) -> (PublicKey, PublicKey) {
    use base64::Engine as _;
    let point = ED25519_BASEPOINT_POINT * Scalar::from(n);
    let hrp = bech32::Hrp::parse("age").unwrap();
    let age = age_core::primitives::bech32_encode(hrp, &point.to_montgomery().to_bytes());
    let wire = [b"\0\0\0\x0bssh-ed25519\0\0\0\x20".as_slice(), &point.compress().to_bytes()].concat();
    let ssh = format!("ssh-ed25519 {}", base64::prelude::BASE64_STANDARD.encode(wire));
    (public_key::parse(&age).unwrap(), public_key::parse(&ssh).unwrap())
}

#[test]
fn the_keys_and_the_binding_are_filled_in() {
    let workshop = Workshop::new();
    let ((_, age), (_, ssh), (_, rsa)) =
        (age_key(), workshop.ssh_key("ed25519", ""), workshop.ssh_key("rsa", ""));
    let sealed = seal_to(b"x", &[("alice", &[&age, &rsa]), ("bob", &[&ssh])]).unwrap();
    let seen = inspect(&sealed.bytes).unwrap();
    assert_eq!(seen.binding, Binding::Bound(binding::digest(&sealed.sealed).unwrap()));
    let entry = |key: &PublicKey, stanza| SealedKey {
        kind: key.kind.clone(),
        fingerprint: key.fingerprint.clone(),
        stanza,
    };
    let expected = [
        (
            actor("alice"),
            [entry(&age, None), entry(&rsa, Some(seen.stanzas[1].digest))].into_iter().collect(),
        ),
        (actor("bob"), [entry(&ssh, None)].into_iter().collect()),
    ];
    assert_eq!(sealed.sealed.keys, expected.into_iter().collect());
    // Nothing else of the draft was touched.
    let mut rest = sealed.sealed;
    rest.keys = draft([]).keys;
    assert_eq!(rest, draft(["alice", "bob"]));
}

#[test]
fn a_key_that_a_reader_has_twice_counts_once() {
    let (identity, age) = age_key();
    let sealed = seal_to(b"x", &[("alice", &[&age, &age])]).unwrap();
    assert_eq!(inspect(&sealed.bytes).unwrap().stanzas.len(), 1);
    assert_eq!(open(&sealed.bytes, &[read_identity(&identity)]).unwrap().expose(), b"x");
    // The two forms of one private half are two stanzas of one reader.
    let (age, ssh) = twins(5);
    let sealed = seal_to(b"x", &[("alice", &[&age, &ssh])]).unwrap();
    assert_eq!(inspect(&sealed.bytes).unwrap().stanzas.len(), 2);
}

#[test]
fn what_is_refused() {
    let workshop = Workshop::new();
    let ((_, key), (age, ssh), (_, rsa)) = (age_key(), twins(6), workshop.ssh_key("rsa", ""));
    assert!(matches!(seal_to(b"x", &[]), Err(SealError::NoRecipients)));
    assert!(matches!(
        seal_to(b"x", &[("alice", &[&key]), ("bob", &[])]),
        Err(SealError::NoKey(name)) if name == actor("bob")
    ));
    for (first, second) in [(&key, &key), (&age, &ssh), (&ssh, &age), (&rsa, &rsa)] {
        let error = seal_to(b"x", &[("alice", &[first]), ("carol", &[&twins(7).0]), ("bob", &[second])]);
        assert!(matches!(
            error,
            Err(SealError::SharedKey { first, second, .. }) if (first.as_str(), second.as_str()) == ("alice", "bob")
        ));
    }
    for (foreign, told) in [
        ("projects/p/locations/global/keyRings/r/cryptoKeys/k", "is in a key service, and"),
        ("pgp:3D16CEE4A27381B4", "is an OpenPGP key, and"),
        ("git-crypt:default", "is the name of a password or key of another tool, and"),
    ] {
        let foreign = public_key::parse(foreign).unwrap();
        let error = seal_to(b"x", &[("alice", &[&key]), ("team", &[&foreign])]).unwrap_err();
        let begin = format!("the key `{}` of `team` {told} age can't seal to it: give `team`", foreign.text);
        assert!(error.to_string().starts_with(&begin), "{error}");
    }
    let recipients = [(actor("alice"), vec![key.clone()])];
    for readers in [vec![], vec!["bob"], vec!["alice", "bob"]] {
        let error = seal(&Value::new(vec![]), draft(readers), &recipients, &Prompts::none());
        assert!(matches!(error, Err(SealError::ReadersDiffer)));
    }
    let large = vec![0; MAX_VALUE_BYTES + 1];
    assert!(matches!(seal_to(&large, &[("alice", &[&key])]), Err(SealError::TooLarge)));
}

#[test]
fn the_largest_value() {
    let (identity, key) = age_key();
    let value = vec![7; MAX_VALUE_BYTES];
    let sealed = seal_to(&value, &[("alice", &[&key])]).unwrap();
    assert!(open(&sealed.bytes, &[read_identity(&identity)]).unwrap().expose() == value);
}

/// Nothing may link two seals, not even of the same value to the same readers.
#[test]
fn two_seals_share_no_stanza() {
    let workshop = Workshop::new();
    let ((_, age), (_, ssh), (_, rsa)) =
        (age_key(), workshop.ssh_key("ed25519", ""), workshop.ssh_key("rsa", ""));
    let readers: [(&str, &[_]); 1] = [("alice", &[&age, &ssh, &rsa])];
    let lines = |sealed: &SealedValue| {
        let text = String::from_utf8_lossy(&sealed.bytes).into_owned();
        let header = text.split("\n---").next().unwrap().to_owned();
        // The tags of the ssh keys are in both, by age's design; shares, bodies, salt and D in one only.
        let words = header.split(['\n', ' ']).filter(|word| word.len() > 40).map(str::to_owned);
        words.collect::<HashSet<_>>()
    };
    let (first, second) = (seal_to(b"x", &readers).unwrap(), seal_to(b"x", &readers).unwrap());
    assert!(lines(&first).len() > 6);
    assert!(lines(&first).is_disjoint(&lines(&second)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn one_stanza_for_every_key(
        value in proptest::collection::vec(any::<u8>(), 0..300),
        readers in proptest::collection::vec(proptest::collection::vec(any::<bool>(), 1..4), 1..5),
    ) {
        let mut n = 100;
        let mut recipients = Vec::new();
        for (index, kinds) in readers.iter().enumerate() {
            let keys = kinds.iter().map(|is_ssh| {
                n += 1;
                let (age, ssh) = twins(n);
                if *is_ssh { ssh } else { age }
            });
            recipients.push((actor(&format!("reader-{index}")), keys.collect::<Vec<_>>()));
        }
        let draft = draft(recipients.iter().map(|(name, _)| name.as_str()));
        let sealed = seal(&Value::new(value), draft, &recipients, &Prompts::none()).unwrap();
        let seen = inspect(&sealed.bytes).unwrap();
        let kinds = seen.stanzas.iter().map(|s| s.kind.clone()).collect::<Vec<_>>();
        let keys = recipients.iter().flat_map(|(_, keys)| keys).collect::<Vec<_>>();
        prop_assert_eq!(kinds, keys.iter().map(|key| key.kind.to_string()).collect::<Vec<_>>());
        prop_assert_eq!(sealed.sealed.all_keys().count(), keys.len());
        prop_assert_eq!(seen.binding, Binding::Bound(binding::digest(&sealed.sealed).unwrap()));
    }
}
