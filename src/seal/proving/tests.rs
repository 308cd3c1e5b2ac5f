//! What healthy files, odd identities and a policy that moved on come to; [`attacks`] and [`properties`] have the rest.

mod attacks;
mod properties;

use super::surgery::{Patient, identity, key, prove_bytes, told, value, wrap};
use super::*;
use crate::domain::key::KeyKind;
use crate::seal::identity::parse_identities;
use crate::seal::samples::{actor, age_key, answering, passphrase_file, read_identity, seal_to, vectors};

const HEALTHY: &str = "proved alice bob ci; plausible carol";
const NOT_FOR_YOU: &str = "none of your identities opens it";

#[test]
fn a_healthy_file_is_proved_with_every_identity() {
    let patient = Patient::healthy();
    for name in ["alice", "bob", "carol", "ci"] {
        let proved = patient.prove(&[identity(name)]);
        assert_eq!(told(&proved), HEALTHY);
        assert!(proved.unwrap_or_else(|e| panic!("{e}")).value.expose() == value());
    }
    assert_eq!(told(&patient.prove(&[])), NOT_FOR_YOU);
    assert_eq!(told(&patient.prove(&[read_identity(&age_key().0)])), NOT_FOR_YOU);
    // The stanzas may stand in any order behind the binding.
    let mut patient = patient;
    patient.stanzas[1..].reverse();
    patient.remac();
    assert_eq!(patient.outcome("bob"), HEALTHY);
}

#[test]
fn a_key_that_policy_does_not_know_is_not_judged() {
    for (name, outcome) in [
        ("ci", "proved alice bob; plausible carol; surplus X25519"),
        ("carol", "proved alice bob ci; plausible nobody; surplus ssh-rsa"),
    ] {
        let mut patient = Patient::healthy();
        patient.policy.remove(&actor(name));
        assert_eq!(patient.outcome("alice"), outcome);
    }
    // Nor one that policy knows as somebody else's.
    let mut patient = Patient::healthy();
    let keys = patient.policy.remove(&actor("ci")).unwrap();
    patient.policy.insert(actor("mallory"), keys);
    assert_eq!(patient.outcome("alice"), "proved alice bob; plausible carol; surplus X25519");
    // Or as one of another type.
    let mut patient = Patient::healthy();
    patient.policy.get_mut(&actor("ci")).unwrap()[0].kind = KeyKind::SshRsa;
    assert_eq!(patient.outcome("alice"), "proved alice bob; plausible carol; surplus X25519");
}

/// Identities that fail, or that would have to ask, are in nobody's way.
#[test]
fn identities_beside_others() {
    let patient = Patient::healthy();
    let workshop = crate::seal::samples::Workshop::new();
    let (protected, public) = workshop.ssh_key("ed25519", "secret");
    let (nobody, asked) = answering(&["secret"]);
    let locked = || crate::seal::identity::parse_identities(&protected, "id", &nobody).unwrap().remove(0);
    assert_eq!(told(&patient.prove(&[locked(), identity("alice")])), HEALTHY);
    assert_eq!(told(&patient.prove(&[locked()])), NOT_FOR_YOU);
    assert_eq!(asked.load(std::sync::atomic::Ordering::SeqCst), 0);

    let made = seal_to(b"x", &[("dave", &[&public]), ("ci", &[&key("ci")])]).unwrap();
    let policy = [(actor("dave"), vec![public]), (actor("ci"), vec![key("ci")])].into();
    let outcome =
        |identities: &[Identity]| told(&prove_bytes(&made.bytes, &made.sealed, &policy, identities));
    assert_eq!(outcome(&[locked(), identity("ci")]), "proved ci dave; plausible nobody");
    assert_eq!(asked.load(std::sync::atomic::Ordering::SeqCst), 0);
    assert_eq!(outcome(&[locked()]), "proved ci dave; plausible nobody");
    assert_eq!(asked.load(std::sync::atomic::Ordering::SeqCst), 1);
    let prompts = crate::seal::prompts::Prompts::none();
    let unasked = crate::seal::identity::parse_identities(&protected, "id", &prompts).unwrap();
    assert!(outcome(&unasked).contains("protected by a passphrase"));
}

#[test]
fn what_is_no_whole_file_is_no_verdict() {
    let patient = Patient::healthy();
    let whole = patient.bytes();
    let prove = |bytes: &[u8]| prove_bytes(bytes, &patient.sealed, &patient.policy, &[identity("alice")]);
    for bytes in [b"".as_slice(), b"age-encryption.org/v2\n", b"x", &whole[..100]] {
        assert!(matches!(prove(bytes), Err(ProvingError::Unreadable(_))), "{}", bytes.len());
    }
}

#[test]
fn a_payload_may_hold_as_much_as_is_taken_and_no_byte_more() {
    let patient = Patient::healthy();
    let decrypt = |most| payload::decrypt_with(&patient.file_key, &patient.payload, most);
    assert!(decrypt(value().len()).is_ok_and(|plaintext| *plaintext == value()));
    assert!(matches!(decrypt(value().len() - 1), Err(PayloadError::TooLarge)));
}

/// What a passphrase has set free is looked at like every other identity: it could be shown another file key.
#[test]
fn an_unlocked_identity_is_shown_one_file_key_only() {
    let mut patient = Patient::healthy();
    patient.stanzas.push(wrap(&FileKey::new(Box::new([1; 16])), "X25519", &key("alice")));
    patient.remac();
    let alice = vectors("identities.json")["alice"]["identity"].as_str().unwrap().to_owned();
    let file = passphrase_file(alice.as_bytes(), "secret", age::armor::Format::Binary);
    let (prompts, _) = answering(&["secret"]);
    let locked = parse_identities(&file, "id", &prompts).unwrap();
    assert!(told(&patient.prove(&locked)).starts_with("the header does not fit its MAC"));
    assert!(!locked[0].is_locked());
}

#[test]
fn whole_files_of_the_other_implementation() {
    for vector in vectors("proofs.json").as_array().unwrap() {
        let bytes =
            base64::Engine::decode(&base64::prelude::BASE64_STANDARD, vector["file"].as_str().unwrap());
        let sealed: Sealed = serde_json::from_value(vector["record"]["sealed"].clone()).unwrap();
        let known = vector["policy"].as_object().unwrap().iter();
        let known = known.map(|(name, text)| {
            (actor(name), vec![crate::seal::public_key::parse(text.as_str().unwrap()).unwrap()])
        });
        let opened_by = identity(vector["opened_by"].as_str().unwrap());
        let outcome = prove_bytes(&bytes.unwrap(), &sealed, &known.collect(), &[opened_by]);
        let expected = &vector["outcome"];
        let told = match &outcome {
            Ok(proved) => {
                let names = |keys: &[(ActorName, Fingerprint)]| {
                    keys.iter().map(|(name, _)| name.to_string()).collect::<Vec<_>>()
                };
                serde_json::json!({
                    "proved": names(&proved.proved),
                    "plausible": names(&proved.plausible),
                    "missing": proved.missing.iter().map(|(name, _)| name.to_string()).collect::<Vec<_>>(),
                    "surplus": proved.surplus.iter().map(|stanza| stanza.kind.clone()).collect::<Vec<_>>(),
                })
            }
            Err(ProvingError::Broken(_)) => serde_json::json!("tampered"),
            Err(error) => serde_json::json!(error.to_string()),
        };
        assert_eq!(told, *expected, "{}", vector["case"]);
    }
}
