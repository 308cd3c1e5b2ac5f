//! What an edited record or policy can't make the next writer do.

use std::fs;

use serde_json::json;

use crate::common::{NOW, Sandbox, public_key};

fn store() -> (Sandbox, std::path::PathBuf) {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    sandbox.add(&laptop, "web/db", "2028-01-01", "hunter2");
    sandbox.push(&laptop);
    (sandbox, laptop)
}

/// Somebody with write access, and without a key, edits a record.
fn edit(sandbox: &Sandbox, laptop: &std::path::Path, change: impl Fn(&mut serde_json::Value)) {
    let path = laptop.join("secrets/web/db.json");
    let mut record: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(&mut record["sealed"]);
    fs::write(&path, serde_json::to_string_pretty(&record).unwrap()).unwrap();
    sandbox.git(laptop, ["commit", "-qam", "Edit a record"]);
}

#[test]
fn what_would_run_beside_the_plaintext_is_not_taken_from_an_edited_record() {
    let (sandbox, laptop) = store();
    edit(&sandbox, &laptop, |sealed| {
        sealed["probe"] = json!({ "kind": "exec", "with": { "command": "curl example.org" } });
    });
    sandbox.push(&laptop);
    assert_eq!(sandbox.check(&laptop, NOW).code(1).finding_ids(), ["tampered"]);
    let set = || {
        let arguments = ["set", "web/db", "--expires", "2028-02-02"];
        sandbox.secrets(&laptop).args(arguments).identity("alice").stdin("hunter3")
    };
    set().run().code(2).says("alice").says("bob");
    sandbox.accepting_new(set).code(0).says("tampered");
    let sealed = &sandbox.record(&laptop, "web/db")["sealed"];
    assert!(sealed.get("probe").is_none(), "{sealed}");
    assert_eq!(sealed["version"]["number"], 2);
    sandbox.push(&laptop);
    sandbox.check(&laptop, NOW).code(0);
}

#[test]
fn numbers_of_an_edited_record_count_for_nothing() {
    let (sandbox, laptop) = store();
    let seal = sandbox.record(&laptop, "web/db")["sealed"]["seal"].as_u64().unwrap();
    edit(&sandbox, &laptop, |sealed| {
        sealed["seal"] = json!(9_007_199_254_740_991_u64);
        sealed["version"]["number"] = json!(9_007_199_254_740_991_u64);
    });
    sandbox.secrets(&laptop).args(["remove", "web/db"]).run().code(0);
    sandbox.add(&laptop, "web/db", "2028-02-02", "hunter3");
    let sealed = &sandbox.record(&laptop, "web/db")["sealed"];
    assert_eq!(sealed["version"]["number"], 2);
    assert_eq!(sealed["seal"].as_u64().unwrap(), seal + 1);
}

#[test]
fn a_new_secret_goes_to_no_key_that_the_store_has_not_seen() {
    let (sandbox, laptop) = store();
    let path = laptop.join("secrets/policy.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace(&public_key("bob"), &public_key("carol"))).unwrap();
    sandbox.git(&laptop, ["rm", "-q", "secrets/web/db.json"]);
    sandbox.git(&laptop, ["commit", "-qam", "Update keys"]);
    // What the gate says then is followed word for word.
    let orphan = sandbox.check(&laptop, NOW).code(1).says("orphan");
    assert!(!String::from_utf8_lossy(&orphan.stdout).contains("accept-key"));
    sandbox.secrets(&laptop).args(["remove", "web/db"]).run().code(0);
    for name in ["web/db", "web/new"] {
        let add = ["add", name, "--expires", "2028-01-01", "--as", "alice"];
        sandbox
            .secrets(&laptop)
            .args(add)
            .stdin("hunter3")
            .run()
            .code(2)
            .says("bob")
            .lacks("--accept-key SHA256");
        assert!(!laptop.join(format!("secrets/{name}.age")).exists(), "{name}");
    }
}

#[test]
fn what_is_in_no_commit_is_not_removed_unasked() {
    let (sandbox, laptop) = store();
    let set = ["set", "web/db", "--expires", "2028-02-02", "--no-commit"];
    sandbox.secrets(&laptop).args(set).identity("alice").stdin("hunter3").run().code(0);
    sandbox.secrets(&laptop).args(["remove", "web/db"]).run().code(2).says("lost for good").says("--force");
    assert_eq!(sandbox.get(&laptop, "web/db", "bob").code(0).stdout, b"hunter3");
    sandbox.secrets(&laptop).args(["remove", "web/db", "--force"]).run().code(0).lacks("history");
    sandbox.get(&laptop, "web/db", "bob").code(2);
}

#[test]
fn a_name_that_is_moved_onto_goes_on_rising() {
    let (sandbox, laptop) = store();
    for day in ["2028-02-01", "2028-02-02"] {
        let set = ["set", "web/db", "--expires", day];
        sandbox.secrets(&laptop).args(set).identity("alice").stdin(day).run().code(0);
    }
    sandbox.add(&laptop, "web/new", "2028-01-01", "another");
    sandbox.push(&laptop);
    sandbox.secrets(&laptop).args(["remove", "web/db"]).run().code(0);
    sandbox.push(&laptop);
    sandbox.secrets(&laptop).args(["move", "web/new", "web/db"]).identity("alice").run().code(0);
    assert_eq!(sandbox.record(&laptop, "web/db")["sealed"]["version"]["number"], 4);
    assert_eq!(sandbox.get(&laptop, "web/db", "bob").code(0).stdout, b"another");
}

#[test]
fn a_damaged_value_is_mended_by_a_new_one() {
    let (sandbox, laptop) = store();
    let path = laptop.join("secrets/web/db.age");
    let mut bytes = fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&path, bytes).unwrap();
    sandbox.git(&laptop, ["commit", "-qam", "Damage it"]);
    let set = || {
        let arguments = ["set", "web/db", "--expires", "2028-02-02"];
        sandbox.secrets(&laptop).args(arguments).identity("alice").stdin("hunter3")
    };
    sandbox.accepting_new(set).code(0).says("record-behind").says("can't be compared");
    sandbox.push(&laptop);
    sandbox.check(&laptop, NOW).code(0);
    assert_eq!(sandbox.get(&laptop, "web/db", "bob").code(0).stdout, b"hunter3");
}

/// A policy that was read before the lock must not be written after another writer's.
#[test]
fn a_reader_that_is_named_for_a_new_secret_leaves_what_others_wrote_meanwhile() {
    use std::io::Write as _;
    use std::process::Stdio;

    let (sandbox, laptop) = store();
    let add = ["add", "web/two", "--expires", "2028-01-01", "--as", "alice", "--reader", "alice"];
    let mut command = sandbox.secrets(&laptop).args(add).into_command();
    let mut waiting = command.stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    // It reads the policy, then waits for the value: whichever comes first, both writers' work must stand.
    sandbox.secrets(&laptop).args(["machines", "add", "ci", "--key", &public_key("ci")]).run().code(0);
    waiting.stdin.take().unwrap().write_all(b"hunter3").unwrap();
    assert!(waiting.wait().unwrap().success());
    let policy = fs::read_to_string(laptop.join("secrets/policy.toml")).unwrap();
    assert!(policy.contains("[machines.ci]") && policy.contains("web/two"), "{policy}");
}
