use std::fs;

use crate::common::{NOW, Sandbox};

#[test]
fn a_removed_secret_leaves_the_store_and_policy_but_not_history() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    let add = [
        "add",
        "web/db",
        "--expires",
        "2028-01-01",
        "--as",
        "alice",
        "--reader",
        "bob",
        "--reader",
        "alice",
        "--owner",
        "team",
    ];
    sandbox.secrets(&laptop).args(add).stdin("hunter2").run().code(0);
    sandbox.add(&laptop, "web/api", "2028-01-01", "hunter3");
    let run = sandbox.secrets(&laptop).args(["remove", "web/db"]).run().code(0);
    run.says("history").says("revoke");
    assert_eq!(
        sandbox.changed_by_head(&laptop),
        ["policy.toml", "web/db.age", "web/db.json"].map(|f| format!("secrets/{f}"))
    );
    assert!(!fs::read_to_string(laptop.join("secrets/policy.toml")).unwrap().contains("web/db"));
    sandbox.secrets(&laptop).args(["list"]).run().code(0).says("web/api").lacks("web/db");
    sandbox.secrets(&laptop).args(["remove", "web/db"]).run().code(2).says("web/db");
    sandbox.push(&laptop);
    sandbox.check(&laptop, NOW).code(0);
}

#[test]
fn several_are_removed_in_one_commit_or_none_is() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    for name in ["a/b", "a/c"] {
        sandbox.add(&laptop, name, "2028-01-01", name);
    }
    let before = sandbox.head(&laptop);
    sandbox.secrets(&laptop).args(["remove", "a/b", "a/none"]).run().code(2).says("a/none");
    sandbox.secrets(&laptop).args(["remove"]).run().code(2);
    assert_eq!((sandbox.head(&laptop), sandbox.status(&laptop).as_str()), (before, ""));
    sandbox.secrets(&laptop).args(["remove", "a/b", "a/c"]).run().code(0);
    assert_eq!(sandbox.changed_by_head(&laptop).len(), 4);
    assert_eq!(sandbox.status(&laptop), "");
}

#[test]
fn versions_and_seals_go_on_rising_where_a_name_is_used_again() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    sandbox.add(&laptop, "web/db", "2028-01-01", "hunter2");
    let before = sandbox.record(&laptop, "web/db");
    sandbox.secrets(&laptop).args(["remove", "web/db"]).run().code(0);
    // Between the two stand other commits, and the removal is not the last one. No secret is left by which the keys
    // would be known.
    sandbox.add_accepting(&laptop, "web/api", "2028-01-01", "hunter3", &["alice", "bob"]);
    sandbox.add(&laptop, "web/db", "2028-01-01", "hunter4");
    let after = sandbox.record(&laptop, "web/db");
    assert_eq!(after["sealed"]["version"]["number"], 2);
    assert!(after["sealed"]["seal"].as_u64() > before["sealed"]["seal"].as_u64(), "{after}");
    assert!(after["sealed"]["previous"].is_string());
    assert_eq!(sandbox.get(&laptop, "web/db", "bob").code(0).stdout, b"hunter4");
}

#[test]
fn an_orphan_can_be_removed() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    sandbox.add(&laptop, "web/db", "2028-01-01", "hunter2");
    sandbox.add(&laptop, "web/api", "2028-01-01", "hunter3");
    sandbox.git(&laptop, ["rm", "-q", "secrets/web/db.json"]);
    sandbox.git(&laptop, ["commit", "-qm", "Orphan it"]);
    sandbox.push(&laptop);
    assert!(sandbox.check(&laptop, NOW).code(1).finding_ids().contains(&"orphan".to_owned()));
    sandbox.secrets(&laptop).args(["remove", "web/db", "--push"]).run().code(0);
    sandbox.check(&laptop, NOW).code(0);
}
