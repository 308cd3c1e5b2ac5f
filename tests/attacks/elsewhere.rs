//! Record and value that were sealed together, and for another place or time.

use std::fs;

use crate::common::{NOW, public_key};
use crate::victim::{DB, VALUE, Victim};

impl Victim {
    /// Both files of a secret.
    fn pair(&self, name: &str) -> [Vec<u8>; 2] {
        ["age", "json"].map(|ending| {
            fs::read(self.laptop.join(format!("secrets/{name}.{ending}"))).expect("a file of the pair")
        })
    }

    fn put_pair(&self, name: &str, [age, json]: [Vec<u8>; 2]) {
        self.write(&format!("secrets/{name}.age"), age);
        self.write(&format!("secrets/{name}.json"), json);
    }
}

#[test]
fn the_pair_of_another_secret_or_environment() {
    for other in ["web/cache", "staging/db"] {
        let victim = Victim::new();
        victim.sandbox.add(&victim.laptop, other, "2028-01-01", "of-another-place");
        victim.put_pair(DB, victim.pair(other));
        victim.publish("Roll it out");
        let told = victim.check(&[], 1).errors_are(&["tampered"]);
        assert!(told.message("tampered").contains(&format!("sealed under the name {other}")));
        victim.is_found_by_each_reader(&["tampered"]);
        victim.run_as("alice", &["get", DB], "").code(2).says(other).lacks("of-another-place");
    }
}

#[test]
fn the_pair_of_another_store() {
    let victim = Victim::new();
    // The same people, the same keys, the same name: only the store is another.
    let other = victim.sandbox.path("other");
    victim.sandbox.git(victim.sandbox.root(), ["init", "-q", "other"]);
    let run = |arguments: &[&str]| {
        victim.sandbox.secrets(&other).args(arguments).stdin("of-another-store").run().code(0)
    };
    run(&["init", "--person", "alice", "--key", &public_key("alice"), "--deploy-ref", "none"]);
    run(&["people", "add", "bob", "--key", &public_key("bob"), "--group", "team"]);
    run(&["machines", "add", "ci", "--key", &public_key("ci"), "--group", "team"]);
    run(&["add", DB, "--expires", "2028-01-01", "--owner", "team", "--as", "alice"]);
    for ending in ["age", "json"] {
        let path = format!("secrets/{DB}.{ending}");
        fs::copy(other.join(&path), victim.laptop.join(&path)).expect("a file can be copied");
    }
    victim.publish("Roll it out");
    let told = victim.check(&[], 1).errors_are(&["tampered"]);
    assert!(told.message("tampered").contains("sealed for another store"));
    victim.is_found_by_each_reader(&["tampered"]);
}

#[test]
fn half_a_pair() {
    for (half, findings) in [("age", ["record-behind", "tampered"]), ("json", ["record-behind", "tampered"])]
    {
        let victim = Victim::new();
        victim.sandbox.add(&victim.laptop, "web/cache", "2028-01-01", "of-another-place");
        let file = |name: &str| victim.laptop.join(format!("secrets/{name}.{half}"));
        fs::copy(file("web/cache"), file(DB)).expect("a file can be copied");
        victim.publish("Roll it out");
        victim.check(&[], 1).errors_are(&findings);
        // With the digest put right it is tampered with all the same.
        victim.land();
        victim.check(&[], 1).errors_are(&["tampered"]);
    }
}

/// A new value on the deploy ref, and then the pair as it was before, put back over it.
fn rolled_back() -> Victim {
    let victim = Victim::new();
    let old = victim.pair(DB);
    let set = ["set", DB, "--expires", "2028-01-01", "--push"];
    victim.run_as("alice", &set, "the-one-after-the-leak").code(0);
    victim.put_pair(DB, old);
    victim.publish("Touch the database");
    assert_eq!(victim.run_as("ci", &["get", DB], "").code(0).stdout, VALUE.as_bytes());
    victim
}

#[test]
fn an_old_pair_over_a_newer_one_with_history_at_hand() {
    let victim = rolled_back();
    let told = victim.check(&[], 1).errors_are(&["rolled-back"]);
    victim.is_found_by_each_reader(&["rolled-back"]);
    // The remedy brings the newer one back.
    let script = told.remedy("rolled-back");
    victim.sandbox.run(&victim.laptop, "sh", ["-c", &script]).code(0);
    victim.publish("Bring it back");
    victim.check(&[], 0).finds(&[]);
    assert_eq!(victim.run_as("ci", &["get", DB], "").code(0).stdout, b"the-one-after-the-leak");
}

#[test]
fn an_old_pair_over_a_newer_one_with_the_ledger_at_hand() {
    let victim = rolled_back();
    // The ledger was written when the newer one was on the deploy ref.
    let git = |arguments: &[&str]| victim.sandbox.git(&victim.laptop, arguments);
    let newer = git(&["show", &format!("HEAD~1:secrets/{DB}.json")]);
    let path = victim.sandbox.path("newer.json");
    fs::write(&path, &newer).expect("a file can be written");
    let digest = victim.cut(&["binding", path.to_str().expect("the path is UTF-8")]).trim().to_owned();
    let sealed =
        serde_json::from_str::<serde_json::Value>(&newer).expect("a record is JSON")["sealed"].clone();
    let line = serde_json::json!({
        "v": 1, "event": "seal", "secret": DB, "number": sealed["version"]["number"], "seal": sealed["seal"],
        "digest": digest,
    });
    fs::write(&path, format!("{line}\n")).expect("a file can be written");
    let blob = git(&["hash-object", "-w", path.to_str().expect("the path is UTF-8")]);
    let tree = victim.sandbox.path("tree");
    fs::write(&tree, format!("100644 blob {blob}\tledger.jsonl\n")).expect("a file can be written");
    let script = format!(
        "git push -q origin \"$(git commit-tree -m Ledger \"$(git mktree < '{}')\")\":refs/secrets/ledger",
        tree.display()
    );
    victim.sandbox.run(&victim.laptop, "sh", ["-c", &script]).code(0);
    let shallow = victim.sandbox.clone("shallow", &["--depth", "1"]);
    victim.sandbox.gate(&shallow, NOW, &[], 1).errors_are(&["rolled-back"]);
}

/// Where neither is at hand the gate can't know. It says what it could not see; CI clones with `--depth 1` must pass.
#[test]
fn an_old_pair_over_a_newer_one_with_neither_at_hand() {
    let victim = rolled_back();
    let shallow = victim.sandbox.clone("shallow", &["--depth", "1"]);
    let told = victim.sandbox.gate(&shallow, NOW, &[], 0).finds(&[]);
    let notes = told.json()["notes"].to_string();
    assert!(notes.contains("history") && notes.contains("older"), "{notes}");
}
