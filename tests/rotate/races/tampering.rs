//! A rotation in a record is bound to nothing: whoever may push can write what they like. Nothing that is in use is ever revoked
//! for it.

use std::fs;

use serde_json::{Value, json};

use crate::entra_standin::{APP, APP_KEY};
use crate::stage::{MUCH_LATER, NAME, START, Saved, Stage};

const OTHER: &str = "web/other";

struct Forged {
    stage: Stage,
    /// Nothing is under way.
    at_rest: Saved,
    /// The new value is verified.
    verified: Saved,
    other_id: String,
    other_key: String,
}

impl Forged {
    fn new() -> Self {
        let stage = Stage::with(&[OTHER]);
        stage.standin.allow(9);
        stage.secrets(&stage.laptop).args(["rotate", OTHER, "--push"]).run().code(0);
        let other = stage.sandbox.record(&stage.laptop, OTHER);
        let other_id = other["sealed"]["version"]["id"].as_str().unwrap().to_owned();
        let other_key = stage.standin.key_ids(APP).pop().unwrap();
        let at_rest = stage.save("at-rest", &["laptop"]);
        stage.rotate(&stage.laptop, &["--push"], START).code(0);
        let verified = stage.save("verified", &["laptop"]);
        Self { stage, at_rest, verified, other_id, other_key }
    }

    /// Writes a rotation, pushes it, and runs each command on it as long as anything can come of it.
    fn forge(&self, saved: &Saved, what: &str, change: impl Fn(&mut Value), in_use: &[&str]) {
        for command in [["--push"].as_slice(), &["--retire", "--push"], &["--abort", "--push"]] {
            self.stage.restore(saved);
            let path = self.stage.laptop.join(format!("secrets/{NAME}.json"));
            let mut record = self.stage.sandbox.record(&self.stage.laptop, NAME);
            let untouched = record.clone();
            change(&mut record);
            assert_ne!(record, untouched, "{what}");
            fs::write(&path, format!("{}\n", serde_json::to_string_pretty(&record).unwrap())).unwrap();
            self.stage.sandbox.git(&self.stage.laptop, ["commit", "-q", "-a", "-m", "Forge"]);
            self.stage.sandbox.push(&self.stage.laptop);
            let arguments = [command, &["--timeout", "2"]].concat();
            let outcome = self.stage.rotate(&self.stage.laptop, &arguments, MUCH_LATER);
            let context = format!("{what}, {command:?}: {}{}", outcome.text(), outcome.stderr);
            assert!([0, 2].contains(&outcome.code), "{context}");
            self.stage.what_is_deployed_works(&context);
            let standing = self.stage.standin.key_ids(APP);
            for key in in_use.iter().copied().chain([self.other_key.as_str()]) {
                assert!(
                    standing.iter().any(|one| one == key),
                    "{context}: {key} is gone, there is {standing:?}"
                );
            }
        }
    }
}

/// A rotation that was never begun.
fn unbegun(record: &Value, state: &str, to: &str) -> Value {
    let version = &record["sealed"]["version"];
    json!({
        "state": state, "to": to, "from": { "id": version["id"], "number": version["number"] },
        "started": { "at": START, "by": "alice" },
    })
}

#[test]
fn what_is_in_use_is_not_revoked_for_a_forged_rotation() {
    let forged = Forged::new();
    let other = forged.other_id.clone();
    let rest = &forged.at_rest;
    for state in ["planned", "sealed"] {
        let change = |record: &mut Value| record["rotation"] = unbegun(record, state, &other);
        forged.forge(rest, &format!("another's version is to be made, {state}"), change, &[APP_KEY]);
    }
    let change = |record: &mut Value| {
        record["rotation"] = unbegun(record, "aborted", &other);
        record["rotation"]["aborted"] = json!({ "at": "2020-01-01T00:00:00Z", "was_pushed": false });
    };
    forged.forge(rest, "another's version is aborted", change, &[APP_KEY]);
    let change = |record: &mut Value| {
        record["rotation"] = unbegun(record, "planned", "01K00000000000000000000000");
        record["rotation"]["abandoned"] = json!([other]);
    };
    forged.forge(rest, "another's version is abandoned", change, &[APP_KEY]);
    // Nothing of its own was ever minted.
    let change = |record: &mut Value| {
        record["rotation"] = unbegun(record, "verified", "01K00000000000000000000000");
        record["rotation"]["verified"] = json!({ "at": "2020-01-01T00:00:00Z", "how": "tried" });
    };
    forged.forge(rest, "verified, and never minted", change, &[APP_KEY]);
}

#[test]
fn what_is_in_use_is_not_revoked_for_an_edited_rotation() {
    let forged = Forged::new();
    let (other, key) = (forged.other_id.clone(), forged.other_key.clone());
    let verified = &forged.verified;
    let from = |record: &mut Value| record["rotation"]["from"]["id"] = json!(other);
    forged.forge(verified, "from another", from, &[APP_KEY]);
    let from = |record: &mut Value| record["rotation"]["from_handle"] = json!(key);
    forged.forge(verified, "from another's handle", from, &[APP_KEY]);
    let both = |record: &mut Value| {
        record["rotation"]["from"]["id"] = json!(other);
        record["rotation"]["from_handle"] = json!(key);
    };
    forged.forge(verified, "from another, with its handle", both, &[APP_KEY]);
    let handle = |record: &mut Value| record["rotation"]["handle"] = json!(key);
    forged.forge(verified, "another's handle", handle, &[]);
    // The version that stands is named as one that came to nothing.
    let own = |record: &mut Value| {
        let rotation = record["rotation"].as_object_mut().unwrap();
        rotation.remove("handle");
        let current = rotation["to"].clone();
        rotation["to"] = json!("01K00000000000000000000000");
        rotation["state"] = json!("planned");
        rotation.remove("verified");
        rotation.insert("abandoned".to_owned(), json!([current]));
    };
    forged.forge(verified, "the own one is abandoned", own, &[APP_KEY]);
}

#[test]
fn that_it_works_is_seen_and_not_read() {
    let forged = Forged::new();
    let stage = &forged.stage;
    stage.restore(&forged.verified);
    // Somebody has ended the new one; the record still says that it was verified.
    let new = stage.standin.key_ids(APP).pop().unwrap();
    stage.standin.with(|world| world.take_away(APP, &new));
    let outcome = stage.rotate(&stage.laptop, &["--retire", "--push", "--timeout", "2"], MUCH_LATER).code(2);
    assert!(outcome.text().contains("does not work"), "{}", outcome.text());
    assert!(stage.standin.key_ids(APP).contains(&APP_KEY.to_owned()));
}

#[test]
fn nobody_has_seen_it_work_before_it_was_set() {
    let forged = Forged::new();
    let stage = &forged.stage;
    let long_ago = |record: &mut Value| record["rotation"]["verified"]["at"] = json!("2020-01-01T00:00:00Z");
    stage.restore(&forged.verified);
    let path = stage.laptop.join(format!("secrets/{NAME}.json"));
    let mut record = stage.sandbox.record(&stage.laptop, NAME);
    long_ago(&mut record);
    fs::write(&path, format!("{}\n", serde_json::to_string_pretty(&record).unwrap())).unwrap();
    stage.sandbox.git(&stage.laptop, ["commit", "-q", "-a", "-m", "Forge"]);
    stage.sandbox.push(&stage.laptop);
    stage
        .rotate(&stage.laptop, &["--retire", "--push"], "2027-08-24T01:00:00Z")
        .code(0)
        .says("stays valid until");
    assert!(stage.standin.key_ids(APP).contains(&APP_KEY.to_owned()));
}
