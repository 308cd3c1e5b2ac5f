//! A pair made from public keys alone, by somebody who holds no key and can write to the repository.

use crate::common::public_key;
use crate::victim::{DB, Victim};

/// Replaces the value by one of the attacker's own: a later seal, for the very readers that policy names.
fn forge(victim: &Victim) {
    forge_for(victim, ["alice", "bob", "ci"]);
}

/// The same, sealed to the keys of these fixtures as those of alice, bob and ci, and not on the deploy ref yet.
fn forge_for_change(victim: &Victim, holders: [&str; 3]) {
    let record = victim.sandbox.record(&victim.laptop, DB);
    let (seal, number) = (&record["sealed"]["seal"], &record["sealed"]["version"]["number"]);
    let next = |number: &serde_json::Value| (number.as_u64().expect("a number") + 1).to_string();
    victim.cut(&["set", &victim.record(), "/sealed/seal", &next(seal)]);
    victim.cut(&["set", &victim.record(), "/sealed/version/number", &next(number)]);
    victim.cut(&["set", &victim.record(), "/sealed/exposed_to", "{}"]);
    victim.cut(&["set", &victim.record(), "/sealed/version/id", "\"01KDVDNA000000000000000007\""]);
    let value = victim.sandbox.path("chosen-by-the-attacker");
    std::fs::write(&value, "chosen-by-the-attacker").expect("a file can be written");
    let [alice, bob, ci] = holders.map(|holder| [public_key(holder)]);
    let keys = serde_json::json!({ "alice": alice, "bob": bob, "ci": ci }).to_string();
    let value = value.to_str().expect("the path is UTF-8");
    victim.cut(&["seal", &victim.record(), &victim.age(), value, &keys]);
    victim.sandbox.commit_all(&victim.laptop, "Touch the database");
}

fn forge_for(victim: &Victim, holders: [&str; 3]) {
    forge_for_change(victim, holders);
    victim.sandbox.push(&victim.laptop);
}

/// age does not say who encrypts. `docs/threat-model.md` says so, and what keeps such a change out: signatures, and
/// branch protection with review.
#[test]
fn without_signatures_it_passes_and_the_threat_model_says_so() {
    let victim = Victim::new();
    forge(&victim);
    victim.check(&[], 0).finds(&[]);
    for holder in ["alice", "bob", "ci"] {
        victim.prove(holder, 0).finds(&[]);
    }
    assert_eq!(victim.run_as("alice", &["get", DB], "").code(0).stdout, b"chosen-by-the-attacker");
    let told = include_str!("../../docs/threat-model.md").split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("age is not authenticated"), "the threat model hides it");
    assert!(told.contains("anybody can make a new sealed value and a record that fits it"));
    assert!(told.contains("`require-signature`"), "the threat model does not say what helps");
}

/// Without signatures, what was forged counts as the seal before. `docs/threat-model.md` says so; held against the
/// branch that it is to be merged into, the change that brings it fails.
#[test]
fn a_forged_pair_brings_a_key_along_that_nobody_is_asked_about() {
    let victim = Victim::new();
    victim.sandbox.git(&victim.laptop, ["tag", "before"]);
    victim.edit("secrets/policy.toml", &public_key("bob"), &public_key("carol"));
    forge_for(&victim, ["alice", "carol", "ci"]);
    victim.check(&[], 0).finds(&[]);
    let told = victim.check(&["--against", "before"], 1);
    let told = told.finds(&[("weakened-policy", "secrets/policy.toml", "error")]);
    assert!(told.message("weakened-policy").starts_with("bob's key is exchanged"));
    told.says("the change brings a new key for bob");

    victim.run_as("alice", &["set", DB, "--expires", "2028-01-01"], "the-right-one").code(0);
    assert_eq!(victim.sandbox.age(&victim.laptop, DB, "carol").code(0).stdout, b"the-right-one");
    let told = include_str!("../../docs/threat-model.md").split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("Such a pair also counts as the seal before"), "the threat model hides it");
}

/// That the pair before was unsigned already excuses that one, and no other.
#[test]
fn in_place_of_one_that_was_unsigned_it_is_new() {
    let victim = Victim::new();
    victim.edit("secrets/policy.toml", "[defaults]\n", "[defaults]\nrequire-signature = true\n");
    victim.publish("Ask for signatures");
    victim.sandbox.git(&victim.laptop, ["tag", "before"]);
    victim.write("README", "another change");
    victim.publish("Another change");
    victim.check(&["--against", "before"], 0).finds(&[("unsigned", DB, "warning")]);
    forge(&victim);
    victim.check(&["--against", "before"], 1).errors_are(&["unsigned"]);
}

/// A store whose policy asks for signatures, everything in it signed by alice; answers with the path of her key.
fn signed() -> (Victim, String) {
    let victim = Victim::new();
    let signing = victim.sandbox.new_ssh_key("alice-signs");
    let alice = format!("keys = [\"{}\"]", public_key("alice"));
    victim.edit("secrets/policy.toml", &alice, &format!("{alice}\nsigning-keys = [\"{signing}\"]"));
    victim.edit("secrets/policy.toml", "[defaults]\n", "[defaults]\nrequire-signature = true\n");
    victim.publish("Ask for signatures");
    victim.check(&[], 1).errors_are(&["unsigned"]);
    let key = victim.sandbox.path("alice-signs").to_str().expect("the path is UTF-8").to_owned();
    victim.run_as("alice", &["sign", DB, "--yes", "--signing-key", &key], "").code(0);
    victim.sandbox.push(&victim.laptop);
    victim.check(&[], 0).finds(&[]);
    (victim, key)
}

/// Whatever seals what stands there asks about each key, because nobody signed it. `spare` is what else the attacker
/// edits in the policy.
fn slips_in_nowhere(spare: impl Fn(&Victim)) {
    let (victim, key) = signed();
    // Seals that somebody signed are believed.
    let expiry = ["expiry", "set", DB, "--expires", "2028-02-02", "--reason", "extended"];
    let signing = ["--signing-key", key.as_str()];
    victim.run_as("alice", &[&expiry[..], &signing].concat(), "").code(0).lacks("vouches");
    victim.sandbox.push(&victim.laptop);

    victim.edit("secrets/policy.toml", &public_key("bob"), &public_key("carol"));
    spare(&victim);
    forge_for_change(&victim, ["alice", "carol", "ci"]);
    let add = ["add", "web/new", "--expires", "2028-01-01", "--owner", "team"];
    let commands: [&[&str]; 7] = [
        &["set", DB, "--expires", "2028-01-01"],
        &expiry,
        &["move", DB, "web/elsewhere"],
        &["machines", "remove", "ci"],
        &["people", "remove", "bob"],
        &["reseal", "--all"],
        &add,
    ];
    for command in commands {
        if command[0] == "reseal" {
            // Something for it to do.
            victim.edit("secrets/policy.toml", &public_key("ci"), &victim.sandbox.new_ssh_key("ci-2"));
        }
        let head = victim.sandbox.head(&victim.laptop);
        let told = victim.run_as("alice", &[command, &signing].concat(), "the-right-one").code(2);
        let told = if command == add {
            told.says("no secret that somebody signed")
        } else {
            told.says("nobody vouches")
        };
        let _ = told.says("compare each fingerprint").lacks("the-right-one");
        assert_eq!(victim.sandbox.head(&victim.laptop), head, "{command:?}");
        let files = ["web/db", "web/new", "web/elsewhere"].map(|name| format!("secrets/{name}.age"));
        for file in files.iter().filter(|file| victim.laptop.join(file).exists()) {
            let log = victim.sandbox.git(&victim.laptop, ["log", "-1", "--format=%s", "--", file]);
            assert_eq!(log, "Touch the database", "{file}");
        }
    }
}

#[test]
fn with_signatures_a_forged_pair_brings_no_key_along() {
    slips_in_nowhere(|_| {});
}

/// The change that brings the pair can't spare itself the signature.
#[test]
fn nor_where_the_policy_here_does_not_ask_for_one_any_more() {
    slips_in_nowhere(|victim| {
        victim.edit("secrets/policy.toml", "require-signature = true", "require-signature = false");
    });
}

#[test]
fn where_the_remote_can_t_be_asked_nobody_vouches() {
    let (victim, key) = signed();
    let remote = victim.sandbox.path("origin.git");
    let away = victim.sandbox.path("away.git");
    std::fs::rename(&remote, &away).expect("the remote can be moved");
    let set = ["set", DB, "--expires", "2028-01-01", "--signing-key", &key];
    let told = victim.run_as("alice", &set, "the-right-one").code(2);
    let _ = told.says("whose signatures count is not known").says("nobody vouches");
    std::fs::rename(&away, &remote).expect("the remote can be moved back");
    victim.run_as("alice", &set, "the-right-one").code(0).lacks("vouches");
}

/// The same attack, seen by the gate.
#[test]
fn with_signatures_it_is_unsigned() {
    let (victim, _) = signed();
    let signing = victim.read_from("alice-signs.pub").trim().to_owned();
    // The signature of the pair before does not fit this one.
    forge(&victim);
    let told = victim.check(&[], 1);
    assert!(told.finding_ids().contains(&"tampered".to_owned()), "{:#}", told.json());
    // Taken away, there is none.
    let mut record = victim.sandbox.record(&victim.laptop, DB);
    record.as_object_mut().expect("a record").remove("signatures").expect("it was signed");
    victim.write(&victim.record(), record.to_string());
    victim.publish("Touch the database");
    victim.check(&[], 1).errors_are(&["unsigned"]);
    victim.prove("ci", 1).errors_are(&["unsigned"]);

    // One by the attacker's own key, under alice's name, is false; under a name that nobody listed it counts for none.
    victim.sandbox.new_ssh_key("mallory-signs");
    let policy = victim.read("secrets/policy.toml");
    let mallory = victim.read_from("mallory-signs.pub");
    victim.write("secrets/policy.toml", policy.replace(&signing, mallory.trim()));
    let private = victim.sandbox.path("mallory-signs");
    let sign =
        ["sign", DB, "--yes", "--signing-key", private.to_str().expect("the path is UTF-8"), "--no-commit"];
    victim.run_as("alice", &sign, "").code(0);
    victim.write("secrets/policy.toml", policy);
    victim.publish("Touch the database");
    victim.check(&[], 1).says("tampered");

    // Nor does a change that brings the signing key along: those of the other side count, and it is told.
    victim.sandbox.git(&victim.laptop, ["checkout", "-q", "-b", "feature"]);
    victim.edit("secrets/policy.toml", &signing, mallory.trim());
    victim.sandbox.commit_all(&victim.laptop, "Alice has another signing key");
    let told = victim.check(&["--against", "HEAD~2"], 1);
    let ids = told.finding_ids();
    for id in ["tampered", "unsigned", "weakened-policy"] {
        assert!(ids.contains(&id.to_owned()), "{id}: {:#}", told.json());
    }
    assert!(told.message("weakened-policy").starts_with("alice signs with another key"));
}
