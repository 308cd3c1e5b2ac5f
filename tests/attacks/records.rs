//! A record that is edited by itself. Nobody needs a key for that, and everybody sees it without one.

use crate::victim::{DB, Victim};

/// What is set in the record, by JSON pointer, and what else the gate says beside `tampered`.
const EDITS: [(&str, &str, &[&str]); 11] = [
    ("/sealed/expires/at", "\"2030-01-01T00:00:00Z\"", &[]),
    ("/sealed/expires", "{\"never\": \"it does not lapse\"}", &[]),
    ("/sealed/readers", "[\"alice\", \"bob\"]", &["unlisted-reader"]),
    ("/sealed/readers", "[\"alice\", \"bob\", \"ci\", \"mallory\"]", &["departed-reader"]),
    ("/sealed/format", "\"binary\"", &[]),
    ("/sealed/rotator", "{\"kind\": \"exec\", \"with\": {\"command\": \"curl example.org\"}}", &[]),
    ("/sealed/probe", "{\"kind\": \"exec\", \"with\": {\"command\": \"curl example.org\"}}", &[]),
    ("/sealed/seal", "9007199254740991", &[]),
    ("/sealed/version/number", "7", &[]),
    ("/sealed/version/set_by", "\"bob\"", &[]),
    ("/sealed/exposed_to", "{}", &[]),
];

#[test]
fn whatever_is_edited_the_value_was_not_sealed_with_it() {
    let victim = Victim::new();
    let sound = victim.sandbox.head(&victim.laptop);
    for (pointer, to, beside) in EDITS {
        victim.sandbox.git(&victim.laptop, ["checkout", "-q", &sound, "--", "secrets"]);
        victim.cut(&["set", &victim.record(), pointer, to]);
        victim.land();
        let told = victim.check(&[], 1);
        let mut ids = told.finding_ids();
        ids.retain(|id| id != "tampered");
        assert_eq!(ids, beside, "{pointer}: {:#}", told.json());
        assert!(told.message("tampered").contains("not the one that the value was sealed with"));
        // Nor does anybody get or reseal what the record does not speak for.
        victim.run_as("alice", &["reseal", DB], "").code(2).says("tampered");
    }
}

/// A holder can bind an edited record: they could as well have run `secrets expiry set`.
#[test]
fn what_a_holder_binds_anew_is_another_seal() {
    let victim = Victim::new();
    victim.cut(&["set", &victim.record(), "/sealed/expires/at", "\"2030-01-01T00:00:00Z\""]);
    victim.cut(&["rebind", &victim.record(), &victim.age(), &victim.file_key("bob")]);
    victim.publish("Touch the database");
    // There are two seals of one number then.
    let told = victim.check(&[], 1).errors_are(&["rolled-back"]);
    assert!(told.message("rolled-back").starts_with("another seal with the number of this one"));
    // With the next number it is what the tool itself would have written; git's history says who did it.
    let seal = victim.sandbox.record(&victim.laptop, DB)["sealed"]["seal"].as_u64().expect("a number") + 1;
    victim.cut(&["set", &victim.record(), "/sealed/seal", &seal.to_string()]);
    victim.cut(&["rebind", &victim.record(), &victim.age(), &victim.file_key("bob")]);
    victim.publish("Touch the database");
    victim.check(&[], 0).finds(&[]);
}

#[test]
fn readers_that_are_bound_anew_without_a_stanza_are_seen_without_an_identity() {
    // Bob takes ci's stanza away, and binds a record that still lists it.
    let victim = Victim::new();
    let key = victim.file_key("bob");
    victim.cut(&["remove", &victim.age(), &victim.stanza_of("ci").to_string()]);
    victim.cut(&["rebind", &victim.record(), &victim.age(), &key]);
    victim.publish("Touch the database");
    victim.check(&[], 1).errors_are(&["unproven-reader"]);
}
