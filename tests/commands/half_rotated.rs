//! A rotation that stands half-way, as every other command sees it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::common::Sandbox;

const NAME: &str = "web/db";
const BEGUN: &str = "2026-03-02T08:00:00Z";
const NEW_ID: &str = "01KJQ6W4A00000000000000NEW";

/// A store whose secret is being rotated, pushed.
fn planned() -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    sandbox.add(&laptop, NAME, "2028-01-01", "the first");
    sandbox.add(&laptop, "web/api", "2028-01-01", "another");
    let version = sandbox.record(&laptop, NAME)["sealed"]["version"].clone();
    let rotation = json!({
        "state": "planned",
        "to": NEW_ID,
        "from": {"id": version["id"], "number": version["number"]},
        "started": {"at": BEGUN, "by": "alice"},
    });
    note(&sandbox, &laptop, |record| record["rotation"] = rotation);
    (sandbox, laptop)
}

/// What a step of a rotation writes, in the order of the type.
fn note(sandbox: &Sandbox, laptop: &Path, change: impl FnOnce(&mut Value)) {
    let mut record = sandbox.record(laptop, NAME);
    change(&mut record);
    fs::write(laptop.join("secrets").join(NAME).with_extension("json"), format!("{record:#}\n")).unwrap();
    sandbox.git(laptop, ["commit", "-qam", "a step"]);
    sandbox.push(laptop);
}

#[test]
fn check_finds_what_is_left_standing() {
    let (sandbox, laptop) = planned();
    sandbox.check(&laptop, "2026-03-09T07:59:59Z").code(0);
    let found = sandbox.check(&laptop, "2026-03-09T08:00:00Z").code(0);
    assert_eq!(found.finding_ids(), ["half-rotated"]);
    let finding = &found.json()["findings"][0];
    assert_eq!(
        finding["message"],
        format!("a rotation stands planned since {BEGUN} (7 days ago; begun {BEGUN} by alice)")
    );
    assert_eq!((&finding["level"], &finding["remedy"]), (&json!("warning"), &json!("secrets rotate web/db")));
    // Another value is told at once.
    let set = ["set", NAME, "--expires", "2028-01-01", "--push"];
    let set = sandbox.secrets(&laptop).args(set).identity("alice").at(BEGUN).stdin("by hand").run().code(0);
    set.says("a rotation was under way (planned)").says("secrets rotate web/db");
    let found = sandbox.check(&laptop, BEGUN).code(0);
    let message = found.json()["findings"][0]["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("version 2 was set 2026-03-02T08:00:00Z by alice while"), "{message}");
}

#[test]
fn show_list_and_diffs_tell_how_far_it_has_come() {
    let (sandbox, laptop) = planned();
    let secrets = |arguments: &[&str]| sandbox.secrets(&laptop).args(arguments).at(BEGUN).run().code(0);
    let line = format!("planned; replaces version 1; begun {BEGUN} by alice");
    secrets(&["show", NAME]).says(&line);
    assert_eq!(secrets(&["show", NAME, "--format", "json"]).json()["record"]["rotation"]["to"], NEW_ID);
    secrets(&["list"]).says("ok, rotation planned");
    let rows = secrets(&["list", "--format", "json"]).json()["secrets"].clone();
    assert_eq!((&rows[0]["rotation"], &rows[1]["rotation"]), (&Value::Null, &json!("planned")));
    let record = "secrets/web/db.json";
    let shown = secrets(&["git", "textconv", record]);
    shown.says(&format!("rotation     planned, begun {BEGUN} by alice")).says(NEW_ID);
}

#[test]
fn it_is_neither_removed_nor_moved_before_it_is_ended() {
    let (sandbox, laptop) = planned();
    let before = sandbox.head(&laptop);
    let secrets = |arguments: &[&str]| sandbox.secrets(&laptop).args(arguments).identity("alice").run();
    let remove = secrets(&["remove", "web/api", NAME]).code(2).says("a rotation is under way (planned)");
    remove.says("secrets rotate web/db --abort").says("secrets remove web/db --force");
    let moved = secrets(&["move", NAME, "web/other"]).code(2).says("a rotation is under way (planned)");
    moved.says("secrets rotate web/db --abort");
    assert_eq!((sandbox.head(&laptop), sandbox.status(&laptop).as_str()), (before, ""));
    secrets(&["move", "web/api", "web/other"]).code(0);
    secrets(&["remove", NAME, "--force"]).code(0);
}

/// Sealing again is no step of it, and forgets nothing.
#[test]
fn it_goes_along_with_what_is_sealed_again() {
    let (sandbox, laptop) = planned();
    let rotation = sandbox.record(&laptop, NAME)["rotation"].clone();
    let end = ["expiry", "set", NAME, "--expires", "2028-05-05", "--reason", "extended"];
    sandbox.secrets(&laptop).args(end).identity("alice").run().code(0);
    assert_eq!(sandbox.record(&laptop, NAME)["rotation"], rotation);
    sandbox.secrets(&laptop).args(["people", "remove", "bob"]).identity("alice").run().code(0);
    assert_eq!(sandbox.record(&laptop, NAME)["rotation"], rotation);
}
