//! Attacks on sealed files, and what each comes to. `alice` holds a key; whoever makes a MAC anew does so too.

use super::{HEALTHY, NOT_FOR_YOU};
use crate::domain::expiry::Expiry;
use crate::domain::record::{Format, Runner};
use crate::seal::binding;
use crate::seal::proving::surgery::{Patient, key, wrap};
use crate::seal::samples::{actor, age_key};
use crate::seal::stanza::encode;
use age_core::format::FileKey;

const OTHER_RECORD: &str = "the record is not the one that the value was sealed with";
const NO_FITTING_MAC: &str =
    "the header does not fit its MAC: it was changed, or a stanza for your key wraps another file key";
const PAYLOAD: &str = "the payload does not decrypt to its end";

const NO_WORDS: [&str; 0] = [];

/// What is done to the file, with which identity it is looked at, and what comes of it.
type Attack = (fn(&mut Patient), &'static str, &'static str);

fn check(attacks: &[Attack]) {
    for (index, (attack, name, outcome)) in attacks.iter().enumerate() {
        let mut patient = Patient::healthy();
        attack(&mut patient);
        assert_eq!(patient.outcome(name), *outcome, "attack {index}");
    }
}

fn noise() -> Vec<u8> {
    let share = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA";
    encode("X25519", &[share], &[7; 32])
}

fn zero_share() -> Vec<u8> {
    encode("X25519", &["A".repeat(43)], &[7; 32])
}

#[test]
fn stanzas_exchanged() {
    check(&[
        // Random bytes for ci: the MAC tells, unless a holder makes it anew.
        (|p| p.stanzas[4] = noise(), "alice", NO_FITTING_MAC),
        (|p| p.stanzas[4] = noise(), "ci", NOT_FOR_YOU),
        (
            |p| {
                p.stanzas[4] = noise();
                p.remac();
            },
            "alice",
            "proved alice bob; plausible carol; missing ci; surplus X25519",
        ),
        // One body of noise behind the right share.
        (
            |p| {
                let text = String::from_utf8(p.stanzas[4].clone()).unwrap();
                let share = text.split([' ', '\n']).nth(2).unwrap();
                p.stanzas[4] = encode("X25519", &[share], &[7; 32]);
                p.remac();
            },
            "bob",
            "proved alice bob; plausible carol; missing ci; surplus X25519",
        ),
        // Alice's stanza once more, in the place of ci's, and beside it.
        (
            |p| {
                p.stanzas[4] = p.stanzas[1].clone();
                p.remac();
            },
            "alice",
            "proved alice bob; plausible carol; missing ci; surplus X25519",
        ),
        (
            |p| {
                p.stanzas.push(p.stanzas[1].clone());
                p.remac();
            },
            "alice",
            "proved alice bob ci; plausible carol; surplus X25519",
        ),
        // A stanza that does open the file for ci, and is not the derived one.
        (
            |p| {
                p.stanzas[4] = wrap(&p.file_key, "X25519", &key("ci"));
                p.remac();
            },
            "ci",
            "proved alice bob; plausible carol; missing ci; surplus X25519",
        ),
        // Carol's can't be recomputed, but its bytes are in the record.
        (
            |p| {
                let tag = key("carol").fingerprint.ssh_tag().unwrap();
                p.stanzas[3] = encode("ssh-rsa", &[tag], &[7; 256]);
                p.remac();
            },
            "alice",
            "proved alice bob ci; plausible nobody; missing carol; surplus ssh-rsa",
        ),
        // All of them made by another tool, behind a binding that fits.
        (
            |p| {
                p.stanzas.truncate(1);
                p.stanzas.push(wrap(&p.file_key, "X25519", &key("alice")));
                p.remac();
            },
            "alice",
            "proved nobody; plausible nobody; missing alice bob carol ci; surplus X25519",
        ),
    ]);
}

#[test]
fn stanzas_added() {
    check(&[
        // An outsider's, under a name that looks like grease.
        (
            |p| {
                let (_, outsider) = age_key();
                p.stanzas.push(wrap(&p.file_key, "x-grease", &outsider));
                p.remac();
            },
            "bob",
            "proved alice bob ci; plausible carol; surplus x-grease",
        ),
        // A zero share, first and last: the crate by itself stops there.
        (
            |p| {
                p.stanzas.insert(1, zero_share());
                p.remac();
            },
            "alice",
            "proved alice bob ci; plausible carol; surplus X25519",
        ),
        (
            |p| {
                p.stanzas.push(zero_share());
                p.remac();
            },
            "ci",
            "proved alice bob ci; plausible carol; surplus X25519",
        ),
        // Malformed ones of the identity's own type hide nothing either.
        (
            |p| {
                p.stanzas.insert(1, encode("X25519", &["x", "y"], &[7; 3]));
                p.stanzas.insert(1, encode("X25519", &NO_WORDS, &[]));
                p.remac();
            },
            "alice",
            "proved alice bob ci; plausible carol; surplus X25519 X25519",
        ),
        (
            |p| {
                let tag = key("bob").fingerprint.ssh_tag().unwrap();
                p.stanzas.insert(1, encode("ssh-ed25519", &[tag.as_str(), "x"], &[7; 32]));
                p.stanzas.insert(1, encode("ssh-ed25519", &[tag.as_str()], &[7; 31]));
                p.remac();
            },
            "bob",
            "proved alice bob ci; plausible carol; surplus ssh-ed25519 ssh-ed25519",
        ),
        // Another file key for alice: first, where it would hide the real one, and last, where age never looks.
        (
            |p| {
                p.stanzas.insert(1, wrap(&FileKey::new(Box::new([1; 16])), "X25519", &key("alice")));
                p.remac();
            },
            "alice",
            NO_FITTING_MAC,
        ),
        (
            |p| {
                p.stanzas.push(wrap(&FileKey::new(Box::new([1; 16])), "X25519", &key("alice")));
                p.remac();
            },
            "alice",
            NO_FITTING_MAC,
        ),
        // To others it is one stanza too many.
        (
            |p| {
                p.stanzas.insert(1, wrap(&FileKey::new(Box::new([1; 16])), "X25519", &key("alice")));
                p.remac();
            },
            "bob",
            "proved alice bob ci; plausible carol; surplus X25519",
        ),
    ]);
}

#[test]
fn the_form_of_the_header() {
    check(&[
        // 48 bytes fill a line; the legacy form leaves out the empty one behind it.
        (
            |p| {
                p.stanzas.push(encode("x", &NO_WORDS, &[0; 48]));
                p.stanzas[5].pop();
                p.remac();
            },
            "alice",
            "the header of the age file is malformed: a line is not canonical base64",
        ),
        (
            |p| {
                p.stanzas.insert(1, encode("x", &NO_WORDS, &[0; 48]));
                p.stanzas[1].pop();
                p.remac();
            },
            "alice",
            "the header of the age file is malformed: a line is not canonical base64",
        ),
        // With its empty line it is only a stanza too many.
        (
            |p| {
                p.stanzas.push(encode("x", &NO_WORDS, &[0; 48]));
                p.remac();
            },
            "alice",
            "proved alice bob ci; plausible carol; surplus x",
        ),
        (
            |p| {
                p.stanzas.push(encode("scrypt", &["AAAAAAAAAAAAAAAAAAAAAA", "10"], &[0; 32]));
                p.remac();
            },
            "alice",
            "the header of the age file is malformed: a passphrase stands beside other stanzas",
        ),
        (
            |p| {
                p.stanzas = vec![encode("scrypt", &["AAAAAAAAAAAAAAAAAAAAAA", "10"], &[0; 32])];
                p.remac();
            },
            "alice",
            "sealed by another tool: nothing binds the value to its record",
        ),
        // Another letter of base64, whichever stands there.
        (|p| p.last_line[10] = if p.last_line[10] == b'A' { b'B' } else { b'A' }, "alice", NO_FITTING_MAC),
        (|p| p.stanzas.swap(1, 2), "bob", NO_FITTING_MAC),
    ]);
}

#[test]
fn the_payload() {
    check(&[
        (|p| p.payload[0] ^= 1, "alice", PAYLOAD),
        (|p| p.payload[20] ^= 1, "alice", PAYLOAD),
        (|p| *p.payload.last_mut().unwrap() ^= 1, "alice", PAYLOAD),
        // The last chunk cut off, cut into, and prolonged.
        (|p| p.payload.truncate(16 + 64 * 1024 + 16), "alice", PAYLOAD),
        (|p| p.payload.truncate(16 + 64 * 1024 + 16 + 100), "alice", PAYLOAD),
        (|p| p.payload.push(0), "alice", PAYLOAD),
        (|p| p.payload.extend_from_slice(&vec![0; 70_000]), "alice", PAYLOAD),
        (|p| p.payload.resize(17 * 1024 * 1024, 0), "alice", "it holds more than 16777216 bytes"),
        // What no payload can be as long as is no verdict: the file is not whole.
        (|p| p.payload.truncate(20), "alice", "the age file is cut short: restore it from git"),
    ]);
    // The payload of another file, whole as it is.
    let (mut patient, other) = (Patient::healthy(), Patient::healthy());
    patient.payload = other.payload;
    assert_eq!(patient.outcome("alice"), PAYLOAD);
}

#[test]
fn the_binding() {
    check(&[
        (
            |p| {
                p.stanzas.swap(0, 1);
                p.remac();
            },
            "alice",
            "the binding is malformed: the binding stanza is not the first one",
        ),
        (
            |p| {
                p.stanzas.push(p.stanzas[0].clone());
                p.remac();
            },
            "alice",
            "the binding is malformed: there is more than one binding stanza",
        ),
        (
            |p| {
                p.stanzas.remove(0);
                p.remac();
            },
            "alice",
            "sealed by another tool: nothing binds the value to its record",
        ),
        // Another salt beside the same D: no stanza is derived from it.
        (
            |p| {
                p.stanzas[0] = binding::stanza(&[1; 32], &binding::digest(&p.sealed).unwrap());
                p.remac();
            },
            "alice",
            "proved nobody; plausible carol; missing alice bob ci; surplus X25519 ssh-ed25519 X25519",
        ),
        (
            |p| p.stanzas[0] = binding::stanza(&[1; 32], &binding::digest(&p.sealed).unwrap()),
            "alice",
            NO_FITTING_MAC,
        ),
    ]);
}

/// The record names this stanza as the one of carol's key.
fn pass_off_as_carols(p: &mut Patient, stanza: Vec<u8>) {
    let mut carols = p.sealed.keys[&actor("carol")].first().unwrap().clone();
    carols.stanza = Some(crate::domain::digest::Digest::of(&stanza));
    p.sealed.keys.insert(actor("carol"), std::iter::once(carols).collect());
    p.stanzas[3] = stanza;
    p.rebind();
}

#[test]
fn the_record() {
    check(&[
        (|p| p.sealed.expires = Some(Expiry::Never { why: "so be it".to_owned() }), "alice", OTHER_RECORD),
        (|p| p.sealed.readers = std::iter::once(actor("alice")).collect(), "alice", OTHER_RECORD),
        (|p| p.sealed.format = Format::Binary, "alice", OTHER_RECORD),
        (
            |p| p.sealed.rotator = Some(Runner { kind: "exec".to_owned(), with: [].into_iter().collect() }),
            "alice",
            OTHER_RECORD,
        ),
        (|p| p.sealed.name = "web/staging/db".parse().unwrap(), "alice", OTHER_RECORD),
        (|p| p.sealed.seal += 1, "alice", OTHER_RECORD),
        (|p| drop(p.sealed.keys.remove(&actor("ci"))), "alice", OTHER_RECORD),
        // Bound anew by a holder, the record's keys still answer for every stanza.
        (
            |p| {
                p.sealed.keys.remove(&actor("ci"));
                p.rebind();
            },
            "alice",
            "proved alice bob; plausible carol; surplus X25519",
        ),
        (
            |p| {
                let keys = p.sealed.keys[&actor("alice")].clone();
                p.sealed.keys.insert(actor("mallory"), keys);
                p.rebind();
            },
            "alice",
            HEALTHY,
        ),
        // An outsider's X25519 stanza passed off as carol's, which can't be recomputed.
        (
            |p| {
                let outsiders = wrap(&p.file_key, "X25519", &age_key().1);
                pass_off_as_carols(p, outsiders);
            },
            "alice",
            "proved alice bob ci; plausible nobody; missing carol; surplus X25519",
        ),
        // One for another ssh-rsa key, and one of another type that names hers.
        (
            |p| pass_off_as_carols(p, encode("ssh-rsa", &["AAAAAA"], &[7; 256])),
            "alice",
            "proved alice bob ci; plausible nobody; missing carol; surplus ssh-rsa",
        ),
        (
            |p| {
                let tag = key("carol").fingerprint.ssh_tag().unwrap();
                pass_off_as_carols(p, encode("ssh-rsb", &[tag], &[7; 256]));
            },
            "alice",
            "proved alice bob ci; plausible nobody; missing carol; surplus ssh-rsb",
        ),
    ]);
}
