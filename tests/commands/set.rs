use serde_json::json;

use crate::common::{NOW, Run, Sandbox};

fn set<'a>(sandbox: &'a Sandbox, laptop: &std::path::Path) -> Run<'a> {
    sandbox.secrets(laptop).args(["set", "web/db"]).stdin("hunter3")
}

fn store() -> (Sandbox, std::path::PathBuf) {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    sandbox.add(&laptop, "web/db", "2027-01-01", "hunter2");
    (sandbox, laptop)
}

#[test]
fn a_new_value_is_a_new_version() {
    let (sandbox, laptop) = store();
    let before = sandbox.record(&laptop, "web/db");
    let run =
        set(&sandbox, &laptop).args(["--expires", "2028-01-01"]).identity("bob").at("2026-04-01T00:00:00Z");
    run.run().code(0).says("2028-01-01T00:00:00Z").says("version 2");
    assert_eq!(sandbox.changed_by_head(&laptop), ["secrets/web/db.age", "secrets/web/db.json"]);
    let after = sandbox.record(&laptop, "web/db");
    let (old, new) = (&before["sealed"], &after["sealed"]);
    assert_eq!(new["version"]["number"], 2);
    assert_ne!(old["version"]["id"], new["version"]["id"]);
    assert_eq!(new["version"]["set_at"], "2026-04-01T00:00:00Z");
    assert_eq!(new["version"]["set_by"], "bob", "the holder of the identity");
    assert_eq!(new["expires"]["at"], "2028-01-01T00:00:00Z");
    assert!(new["seal"].as_u64() > old["seal"].as_u64());
    assert!(new["previous"].as_str().unwrap().starts_with("sha256:"));
    assert_eq!(after["about"], before["about"]);
    assert_ne!(after["digest"], before["digest"]);
    assert_eq!(sandbox.get(&laptop, "web/db", "alice").code(0).stdout, b"hunter3");
    assert_eq!(sandbox.age(&laptop, "web/db", "alice").code(0).stdout, b"hunter3");
}

#[test]
fn the_seal_rises_even_where_the_clock_stands_still() {
    let (sandbox, laptop) = store();
    let seal = || sandbox.record(&laptop, "web/db")["sealed"]["seal"].as_u64().unwrap();
    let first = seal();
    set(&sandbox, &laptop).args(["--expires", "2028-01-01"]).identity("alice").run().code(0);
    let second = seal();
    assert_eq!(second, first + 1);
    let back = set(&sandbox, &laptop).args(["--expires", "2028-01-01"]).identity("alice").stdin("hunter4");
    back.at("2025-01-01T00:00:00Z").run().code(0);
    assert_eq!(seal(), second + 1);
}

#[test]
fn an_empty_value_is_refused_wherever_it_comes_from() {
    let (sandbox, laptop) = store();
    let before = (sandbox.head(&laptop), sandbox.status(&laptop));
    std::fs::write(sandbox.path("empty"), "").unwrap();
    let set = |arguments: &[&str]| {
        let set = sandbox.secrets(&laptop).args(["set", "web/db", "--expires", "2028-01-01"]);
        set.args(arguments).identity("alice").stdin("").run()
    };
    set(&[]).code(2).says("standard input: the value is empty");
    set(&["--from-file", "../empty"]).code(2).says("../empty: the value is empty");
    assert_eq!((sandbox.head(&laptop), sandbox.status(&laptop)), before);
}

#[test]
fn without_an_identity_that_opens_it_nothing_is_changed() {
    let (sandbox, laptop) = store();
    let before = sandbox.head(&laptop);
    let none = set(&sandbox, &laptop).args(["--expires", "2028-01-01", "--as", "alice"]).run();
    // Where it was looked for is said.
    none.code(2).says("SECRETS_IDENTITY").says("identities.txt").says("id_ed25519");
    let stranger = set(&sandbox, &laptop).args(["--expires", "2028-01-01"]).identity("carol").run();
    stranger.code(2).says("web/db");
    assert_eq!((sandbox.head(&laptop), sandbox.status(&laptop).as_str()), (before, ""));
}

#[test]
fn the_value_that_it_has_already_is_refused_and_the_right_command_named() {
    let (sandbox, laptop) = store();
    let before = sandbox.head(&laptop);
    let same =
        set(&sandbox, &laptop).args(["--expires", "2028-01-01"]).identity("alice").stdin("hunter2").run();
    same.code(2).says("same-value").says("secrets expiry set web/db").lacks("hunter2");
    assert_eq!((sandbox.head(&laptop), sandbox.status(&laptop).as_str()), (before, ""));
}

#[test]
fn it_must_be_said_when_the_new_one_ends_and_what_it_is() {
    let (sandbox, laptop) = store();
    let before = sandbox.head(&laptop);
    set(&sandbox, &laptop).identity("alice").run().code(2).says("--expires DATE");
    set(&sandbox, &laptop).identity("alice").args(["--expires", "08/09/2027"]).run().code(2);
    set(&sandbox, &laptop)
        .identity("alice")
        .args(["--expires", "2028-01-01"])
        .stdin("")
        .run()
        .code(2)
        .says("the value is empty");
    let unknown =
        sandbox.secrets(&laptop).args(["set", "web/none", "--expires", "2028-01-01"]).identity("alice");
    unknown.stdin("x").run().code(2).says("web/none").says("secrets add web/none");
    assert_eq!((sandbox.head(&laptop), sandbox.status(&laptop).as_str()), (before, ""));
}

#[test]
fn who_sets_it_can_be_said_and_who_saw_it_too() {
    let (sandbox, laptop) = store();
    let carol = crate::common::public_key("carol");
    sandbox.secrets(&laptop).args(["people", "add", "carol", "--key", &carol]).run().code(0);
    let run = set(&sandbox, &laptop).identity("alice").args([
        "--expires-in",
        "1y",
        "--as",
        "bob",
        "--seen-by",
        "carol",
    ]);
    run.run().code(0);
    let sealed = &sandbox.record(&laptop, "web/db")["sealed"];
    assert_eq!(sealed["version"]["set_by"], "bob");
    assert_eq!(sealed["expires"]["at"], "2027-03-01T12:00:00Z");
    assert_eq!(sealed["exposed_to"].as_object().unwrap().len(), 3);
    let unknown =
        set(&sandbox, &laptop).identity("alice").args(["--expires-in", "1y", "--seen-by", "mallory"]);
    unknown.stdin("hunter9").run().code(2).says("mallory");
}

#[test]
fn exposure_starts_afresh_with_a_new_value() {
    let (sandbox, laptop) = store();
    sandbox.secrets(&laptop).args(["people", "remove", "bob"]).identity("alice").run().code(0);
    assert!(sandbox.record(&laptop, "web/db")["sealed"]["exposed_to"]["bob"].is_array());
    set(&sandbox, &laptop).args(["--expires", "2028-01-01"]).identity("alice").run().code(0);
    let sealed = &sandbox.record(&laptop, "web/db")["sealed"];
    let exposed: Vec<_> = sealed["exposed_to"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(exposed, ["alice"], "bob never knew this one");
    assert_eq!(sealed["readers"], json!(["alice"]));
}

#[test]
fn after_a_push_the_gate_opens() {
    let (sandbox, laptop) = store();
    sandbox.push(&laptop);
    sandbox.check(&laptop, "2027-01-01T00:00:00Z").code(1).says("expired");
    let run = set(&sandbox, &laptop).args(["--expires", "2028-06-01", "--push"]).identity("alice");
    run.at("2027-01-01T00:00:00Z").run().code(0);
    sandbox.check(&laptop, "2027-01-01T00:00:00Z").code(0);
    sandbox.check(&laptop, NOW).code(0);
}
