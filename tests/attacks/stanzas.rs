//! Headers and payloads that were cut open. What anybody sees without an identity is in the file's form: how many
//! stanzas, of which types. What is behind them shows with `--prove`, whichever reader's identity does it.

use crate::common::public_key;
use crate::victim::{DB, Victim};

/// Not alice's, bob's or ci's.
const OUTSIDER: &str = "carol";

/// A file key that is not the file's.
const OTHER_FILE_KEY: &str = "000102030405060708090a0b0c0d0e0f";

/// Alice is on the list and can't open it, and something is in her place; bob is the only person left.
const SHUT_OUT: [&str; 3] = ["single-holder", "unlisted-reader", "unproven-reader"];

#[test]
fn a_stanza_replaced_by_random_bytes() {
    let victim = Victim::new();
    let (key, of_alice) = (victim.file_key("bob"), victim.stanza_of("alice").to_string());
    // Without a key the MAC stays as it was, and no longer fits.
    victim.cut(&["noise", &victim.age(), &of_alice]);
    victim.land();
    victim.prove("bob", 1).errors_are(&["tampered"]);
    victim.prove("ci", 1).errors_are(&["tampered"]);
    // A holder makes it anew; alice is shut out, and still on the list.
    victim.sew_up(&key);
    victim.land();
    assert_ne!(victim.sandbox.age(&victim.laptop, DB, "alice").code, 0);
    victim.check(&[], 0).finds(&[]);
    victim.prove("bob", 1).errors_are(&SHUT_OUT);
    victim.prove("ci", 1).errors_are(&SHUT_OUT);
    // Who can't open it can't prove it, and that is no pass either.
    victim.prove("alice", 2).finds(&[]);
}

#[test]
fn an_outsiders_stanza_under_a_name_of_grease() {
    for kind in ["n8-grease", "X25519"] {
        let victim = Victim::new();
        let key = victim.file_key("bob");
        let stanza = victim.cut(&["wrap", &key, &public_key(OUTSIDER), "--type", kind]);
        victim.cut(&["insert", &victim.age(), "-1", &stanza]);
        victim.sew_up(&key);
        victim.land();
        if kind == "X25519" {
            let got = victim.sandbox.age(&victim.laptop, DB, OUTSIDER).code(0);
            assert_eq!(got.stdout, crate::victim::VALUE.as_bytes(), "the outsider reads it");
        }
        let told = victim.check(&[], 1).errors_are(&["unlisted-reader"]);
        assert!(told.message("unlisted-reader").contains(kind), "{}", told.message("unlisted-reader"));
        victim.is_found_by_each_reader(&["unlisted-reader"]);
    }
}

#[test]
fn an_outsiders_stanza_in_a_readers_place() {
    let victim = Victim::new();
    let key = victim.file_key("bob");
    let stanza = victim.cut(&["wrap", &key, &public_key(OUTSIDER)]);
    victim.cut(&["replace", &victim.age(), &victim.stanza_of("alice").to_string(), &stanza]);
    victim.sew_up(&key);
    victim.land();
    victim.prove("bob", 1).errors_are(&SHUT_OUT);
    victim.prove("ci", 1).errors_are(&SHUT_OUT);
}

#[test]
fn one_readers_stanza_in_anothers_place() {
    let victim = Victim::new();
    let key = victim.file_key("bob");
    let [from, to] = ["bob", "alice"].map(|reader| victim.stanza_of(reader).to_string());
    victim.cut(&["duplicate", &victim.age(), &from, &to]);
    victim.sew_up(&key);
    victim.land();
    victim.prove("bob", 1).errors_are(&SHUT_OUT);
    let told = victim.prove("ci", 1).errors_are(&SHUT_OUT);
    assert!(told.message("unproven-reader").contains("alice"), "{}", told.message("unproven-reader"));
}

#[test]
fn a_zero_share_stanza() {
    let victim = Victim::new();
    let key = victim.file_key("bob");
    let zero = victim.cut(&["zero-share", &key]);
    // First, where it would stop whoever reads no further.
    victim.cut(&["insert", &victim.age(), "1", &zero]);
    victim.sew_up(&key);
    victim.land();
    victim.check(&[], 1).errors_are(&["unlisted-reader"]);
    victim.is_found_by_each_reader(&["unlisted-reader"]);
    // In a reader's place.
    let victim = Victim::new();
    let key = victim.file_key("bob");
    let zero = victim.cut(&["zero-share", &key]);
    victim.cut(&["replace", &victim.age(), &victim.stanza_of("alice").to_string(), &zero]);
    victim.sew_up(&key);
    victim.land();
    victim.prove("bob", 1).errors_are(&SHUT_OUT);
}

#[test]
fn a_stanza_that_wraps_another_file_key_first() {
    let victim = Victim::new();
    let key = victim.file_key("bob");
    let other = victim.cut(&["wrap", OTHER_FILE_KEY, &public_key("bob")]);
    victim.cut(&["insert", &victim.age(), "1", &other]);
    victim.sew_up(&key);
    victim.land();
    victim.check(&[], 1).errors_are(&["unlisted-reader"]);
    victim.prove("alice", 1).errors_are(&["unlisted-reader"]);
    victim.prove("ci", 1).errors_are(&["unlisted-reader"]);
    // Tools differ on what bob reads here; nothing of it is proved.
    victim.prove("bob", 1).says("tampered").lacks("\"verdict\": \"pass\"");
}

#[test]
fn a_stanza_that_wraps_another_file_key_in_a_readers_place() {
    let victim = Victim::new();
    let (key, of_alice) = (victim.file_key("bob"), victim.stanza_of("alice").to_string());
    let other = victim.cut(&["wrap", OTHER_FILE_KEY, &public_key("alice")]);
    victim.cut(&["replace", &victim.age(), &of_alice, &other]);
    victim.sew_up(&key);
    victim.land();
    victim.prove("bob", 1).errors_are(&SHUT_OUT);
    victim.prove("alice", 1).errors_are(&["tampered"]);
}

#[test]
fn the_legacy_encoding_of_a_body_of_48_bytes() {
    let victim = Victim::new();
    let key = victim.file_key("bob");
    let grease = victim.cut(&["stanza", &"5a".repeat(48), "n8-grease"]);
    victim.cut(&["insert", &victim.age(), "-1", &grease]);
    victim.cut(&["legacy", &victim.age(), "-1"]);
    victim.sew_up(&key);
    victim.land();
    victim.check(&[], 1).errors_are(&["tampered"]);
    victim.is_found_by_each_reader(&["tampered"]);
}

#[test]
fn a_stanza_for_a_passphrase() {
    for alone in [false, true] {
        let victim = Victim::new();
        let key = victim.file_key("bob");
        let scrypt = victim.cut(&["scrypt", &key, "correct horse"]);
        victim.cut(&["insert", &victim.age(), "-1", &scrypt]);
        if alone {
            (0..4).for_each(|_| drop(victim.cut(&["remove", &victim.age(), "0"])));
        }
        victim.sew_up(&key);
        victim.land();
        let told = victim.check(&[], 1);
        assert!(told.finding_ids().contains(&"tampered".to_owned()), "{:#}", told.json());
        victim.prove("bob", 1).says("tampered");
    }
}

#[test]
fn a_payload_that_was_corrupted_behind_a_good_header() {
    // The first bytes are the nonce; then comes the value, and the tag of the last chunk at the end.
    for cut in [["flip", "0"], ["flip", "16"], ["flip", "-1"], ["cut", "1"], ["cut", "20"], ["append", "00"]]
    {
        let victim = Victim::new();
        victim.cut(&[cut[0], &victim.age(), cut[1]]);
        victim.publish("Touch the database");
        victim.check(&[], 1).errors_are(&["record-behind"]);
        victim.land();
        // The header is whole: only whoever opens it sees.
        victim.is_found_by_each_reader(&["tampered"]);
    }
}

#[test]
fn what_is_sound_is_proved() {
    let victim = Victim::new();
    for holder in ["alice", "bob", "ci"] {
        let told = victim.prove(holder, 0).finds(&[]);
        assert_eq!(told.json()["summary"]["proved"], 1, "{:#}", told.json());
    }
}
