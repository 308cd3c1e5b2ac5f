use std::sync::atomic::Ordering;

use super::*;
use crate::seal::identity::parse_identities;
use crate::seal::inspection;
use crate::seal::prompts::Prompts;
use crate::seal::samples::{Workshop, age_key, answering, read_identity, seal_to, vectors};
use crate::seal::{public_key, stanza};

#[test]
fn nobody_and_a_stranger() {
    let ((_, alice), (stranger, _)) = (age_key(), age_key());
    let sealed = seal_to(b"x", &[("alice", &[&alice])]).unwrap().bytes;
    assert_eq!(open(&sealed, &[]).err(), Some(OpenError::NoIdentity));
    assert_eq!(open(&sealed, &[read_identity(&stranger)]).err(), Some(OpenError::NotForYou));
}

/// Any byte changed, any byte missing, any byte more: an error, and never another value.
#[test]
fn damage_is_found() {
    let (identity, key) = age_key();
    let identity = [read_identity(&identity)];
    let sealed = seal_to(b"a canary that is worth nothing", &[("alice", &[&key])]).unwrap().bytes;
    assert!(open(&sealed, &identity).is_ok());
    for index in 0..sealed.len() {
        for flip in [0x01, 0x20, 0x80] {
            let mut changed = sealed.clone();
            changed[index] ^= flip;
            assert!(open(&changed, &identity).is_err(), "byte {index} ^ {flip}");
        }
        assert!(open(&sealed[..index], &identity).is_err(), "cut at {index}");
    }
    let longer = [sealed.as_slice(), b"\0"].concat();
    assert!(matches!(open(&longer, &identity), Err(OpenError::Corrupted(_))));
    let twice = [sealed.as_slice(), &sealed].concat();
    assert!(open(&twice, &identity).is_err());
}

#[test]
fn a_removed_stanza_is_found() {
    let ((identity, alice), (_, bob)) = (age_key(), age_key());
    let sealed = seal_to(b"x", &[("alice", &[&alice]), ("bob", &[&bob])]).unwrap().bytes;
    let starts =
        sealed.windows(3).enumerate().filter(|(_, w)| w == b"-> ").map(|(i, _)| i).collect::<Vec<_>>();
    let without_binding = [&sealed[..starts[0]], &sealed[starts[1]..]].concat();
    assert!(inspection::inspect(&without_binding).is_ok());
    assert_eq!(
        open(&without_binding, &[read_identity(&identity)]).err(),
        Some(OpenError::Corrupted("the header does not fit its MAC"))
    );
}

#[test]
fn what_needs_nobody_is_tried_first_and_a_failure_hides_nothing() {
    let workshop = Workshop::new();
    let ((plain, age), (locked, ssh)) = (age_key(), workshop.ssh_key("ed25519", "correct horse"));
    let sealed = seal_to(b"x", &[("alice", &[&ssh]), ("ci", &[&age])]).unwrap().bytes;
    let (prompts, asked) = answering(&["wrong"]);
    let identities = |prompts: &Prompts| {
        let mut all = parse_identities(&locked, "id_ed25519", prompts).unwrap();
        all.push(read_identity(&plain));
        all
    };
    assert_eq!(open(&sealed, &identities(&prompts)).unwrap().expose(), b"x");
    assert_eq!(asked.load(Ordering::SeqCst), 0);

    // Both of these could open it, but nobody knows the passphrase of the first.
    let (other, other_ssh) = workshop.ssh_key("ed25519", "battery staple");
    let sealed = seal_to(b"x", &[("alice", &[&other_ssh, &ssh])]).unwrap().bytes;
    let (prompts, asked) = answering(&["correct horse"]);
    let mut all = parse_identities(&other, "other", &Prompts::none()).unwrap();
    all.extend(parse_identities(&locked, "id_ed25519", &prompts).unwrap());
    assert_eq!(open(&sealed, &all).unwrap().expose(), b"x");
    assert_eq!(open(&sealed, &all).unwrap().expose(), b"x");
    assert_eq!(asked.load(Ordering::SeqCst), 1);

    let nobody = identities(&Prompts::none());
    assert_eq!(
        open(&sealed, &nobody).err(),
        Some(OpenError::Identity(IdentityError::NobodyToAsk("id_ed25519".to_owned())))
    );
}

/// What is wrong is told, so that whoever reads it knows whether the payload, a stanza or the whole header was changed.
#[test]
fn each_damage_has_its_name() {
    let (identity, key) = age_key();
    let mut sealed = seal_to(b"x", &[("alice", &[&key])]).unwrap().bytes;
    *sealed.last_mut().unwrap() ^= 1;
    let error = open(&sealed, &[read_identity(&identity)]).err();
    assert_eq!(error, Some(OpenError::Corrupted("the payload does not decrypt to its end")));

    let bob = &vectors("identities.json")["bob"];
    let identity = [read_identity(bob["identity"].as_str().unwrap().as_bytes())];
    let bobs = public_key::parse(bob["recipient"].as_str().unwrap()).unwrap();
    let (tag, share) =
        (bobs.fingerprint.ssh_tag().unwrap(), "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA".to_owned());
    for (body, told) in [
        ([7; 32].as_slice(), "a stanza that names your key does not decrypt"),
        (&[7; 31], "a stanza in its header is malformed"),
    ] {
        let stanza = stanza::encode("ssh-ed25519", &[&tag, &share], body);
        let mac = format!("--- {}\n", "A".repeat(43));
        let file = [b"age-encryption.org/v1\n", stanza.as_slice(), mac.as_bytes(), &[0; 32]].concat();
        assert_eq!(open(&file, &identity).err(), Some(OpenError::Corrupted(told)));
    }
}

/// The crate's parser alone would take minutes for this.
#[test]
fn a_long_header_is_read_in_one_go() {
    let (identity, _) = age_key();
    let line = format!("{}\n", "A".repeat(64));
    let body = format!("-> foreign\n{}\n", line.repeat(60_000));
    let mac = format!("--- {}\n", "A".repeat(43));
    let file = [b"age-encryption.org/v1\n", body.as_bytes(), mac.as_bytes(), &[0; 32]].concat();
    assert_eq!(open(&file, &[read_identity(&identity)]).err(), Some(OpenError::NotForYou));
}

#[test]
fn no_age_file() {
    let (identity, _) = age_key();
    let identity = [read_identity(&identity)];
    assert_eq!(open(b"", &identity).err(), Some(OpenError::Header(HeaderError::Empty)));
    assert_eq!(open(b"hello", &identity).err(), Some(OpenError::Header(HeaderError::NotAge)));
    let armor = b"-----BEGIN AGE ENCRYPTED FILE-----\n!!!!\n-----END AGE ENCRYPTED FILE-----\n";
    assert!(matches!(open(armor, &identity), Err(OpenError::Header(HeaderError::Malformed(_)))));
}
