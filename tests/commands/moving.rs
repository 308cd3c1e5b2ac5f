use std::fs;

use crate::common::{NOW, Sandbox};

#[test]
fn a_secret_keeps_value_version_and_policy_under_its_new_name() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob", "carol"]);
    let add = ["add", "old/db", "--expires", "2028-01-01", "--owner", "team", "--as", "alice"];
    sandbox
        .secrets(&laptop)
        .args(add)
        .args(["--reader", "alice", "--reader", "bob"])
        .stdin("hunter2")
        .run()
        .code(0);
    let before = sandbox.record(&laptop, "old/db");
    let commits = || sandbox.git(&laptop, ["rev-list", "--count", "HEAD"]).parse::<u32>().unwrap();
    let count = commits();
    sandbox.secrets(&laptop).args(["move", "old/db", "new/prod/db"]).identity("alice").run().code(0);
    assert_eq!(commits(), count + 1);
    assert_eq!(
        sandbox.changed_by_head(&laptop),
        ["new/prod/db.age", "new/prod/db.json", "old/db.age", "old/db.json", "policy.toml"]
            .map(|file| format!("secrets/{file}"))
    );
    assert!(!laptop.join("secrets/old/db.age").exists() && !laptop.join("secrets/old/db.json").exists());
    let policy = fs::read_to_string(laptop.join("secrets/policy.toml")).unwrap();
    assert!(policy.contains("\"new/prod/db\"") && !policy.contains("old/db"), "{policy}");
    let after = sandbox.record(&laptop, "new/prod/db");
    assert_eq!(after["sealed"]["name"], "new/prod/db");
    for kept in ["version", "expires", "readers"] {
        assert_eq!(after["sealed"][kept], before["sealed"][kept], "{kept}");
    }
    assert_eq!(after["about"], before["about"]);
    assert_eq!(sandbox.age(&laptop, "new/prod/db", "bob").code(0).stdout, b"hunter2");
    sandbox.get(&laptop, "old/db", "bob").code(2);
    sandbox.push(&laptop);
    sandbox.check(&laptop, NOW).code(0);
}

#[test]
fn a_move_onto_another_secret_or_to_another_case_is_refused() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    sandbox.add(&laptop, "web/db", "2028-01-01", "hunter2");
    sandbox.add(&laptop, "web/api", "2028-01-01", "hunter3");
    let before = sandbox.head(&laptop);
    for (old, new, said) in [
        ("web/db", "web/api", "there already"),
        ("web/db", "web/db", "there already"),
        ("web/db", "WEB/api", "only in case"),
        ("web/db", "web/DB", "only in case"),
        ("web/none", "web/new", "web/none"),
        ("web/db", "../db", "../db"),
    ] {
        sandbox.secrets(&laptop).args(["move", old, new]).identity("alice").run().code(2).says(said);
    }
    sandbox.secrets(&laptop).args(["move", "web/db", "web/new"]).run().code(2).says("identity");
    assert_eq!((sandbox.head(&laptop), sandbox.status(&laptop).as_str()), (before, ""));
}

#[test]
fn readers_whom_the_new_place_adds_must_be_accepted() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    let carol = crate::common::public_key("carol");
    sandbox.secrets(&laptop).args(["people", "add", "carol", "--key", &carol]).run().code(0);
    let path = laptop.join("secrets/policy.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{text}\n[[scope]]\nmatch = \"prod/**\"\nreaders = [\"team\", \"carol\"]\n"))
        .unwrap();
    sandbox.git(&laptop, ["commit", "-qam", "Carol reads prod"]);
    sandbox.add(&laptop, "dev/db", "2028-01-01", "hunter2");
    let moved = || sandbox.secrets(&laptop).args(["move", "dev/db", "prod/db"]).identity("alice");
    let refused = moved().run().code(2).says("carol").lacks("--accept-key SHA256");
    let fingerprint = crate::resealing::fingerprint_in(&refused.stderr);
    moved().args(["--accept-key", &fingerprint]).run().code(0);
    assert_eq!(sandbox.get(&laptop, "prod/db", "carol").code(0).stdout, b"hunter2");
}
