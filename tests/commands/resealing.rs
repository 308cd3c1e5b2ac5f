use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::common::{NOW, Run, Sandbox, public_key, tools};

/// The fingerprint that an error names, for a person to compare.
pub fn fingerprint_in(text: &str) -> String {
    let start = text.find("SHA256:").unwrap_or_else(|| panic!("no fingerprint is named: {text}"));
    let rest = &text[start..];
    rest[..rest.find(|c: char| !(c.is_ascii_alphanumeric() || "+/=:".contains(c))).unwrap_or(rest.len())]
        .to_owned()
}

fn reseal<'a>(sandbox: &'a Sandbox, laptop: &Path, arguments: &[&str]) -> Run<'a> {
    sandbox.secrets(laptop).args(["reseal"]).args(arguments).identity("alice")
}

/// Carol joined the team after the secrets were sealed.
fn store() -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    for name in ["web/db", "web/api"] {
        sandbox.add(&laptop, name, "2028-01-01", &format!("value of {name}"));
    }
    let carol = public_key("carol");
    sandbox
        .secrets(&laptop)
        .args(["people", "add", "carol", "--key", &carol, "--group", "team"])
        .run()
        .code(0);
    sandbox.push(&laptop);
    (sandbox, laptop)
}

#[test]
fn a_dry_run_says_what_and_why_without_an_identity_and_changes_nothing() {
    let (sandbox, laptop) = store();
    let before = sandbox.head(&laptop);
    let run = sandbox.secrets(&laptop).args(["reseal", "--all", "--dry-run"]).run().code(0);
    run.says("web/api: adds carol").says("web/db: adds carol").says("nothing was changed");
    assert_eq!((sandbox.head(&laptop), sandbox.status(&laptop).as_str()), (before, ""));
}

#[test]
fn a_new_key_is_accepted_by_a_person_and_no_text_does_it_for_them() {
    let (sandbox, laptop) = store();
    let before = sandbox.head(&laptop);
    let refused = reseal(&sandbox, &laptop, &["--all"]).run().code(2).says("carol").says("compare");
    let fingerprint = fingerprint_in(&refused.stderr);
    let wrong = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    reseal(&sandbox, &laptop, &["--all", "--accept-key", wrong]).run().code(2);
    reseal(&sandbox, &laptop, &["--all", "--accept-key", "carol"]).run().code(2);
    assert_eq!((sandbox.head(&laptop), sandbox.status(&laptop).as_str()), (before, ""));

    // No remedy anywhere hands out the acceptance: it could be pasted without a thought.
    let report = sandbox.check(&laptop, NOW).code(1).says("unproven-reader").says("secrets reseal");
    let set = sandbox.secrets(&laptop).args(["set", "web/db", "--expires", "2028-01-01"]).identity("alice");
    let set = set.stdin("new").run().code(2);
    let expiry = sandbox
        .secrets(&laptop)
        .args(["expiry", "set", "web/db", "--never", "x"])
        .identity("alice")
        .run()
        .code(2);
    let show = sandbox.secrets(&laptop).args(["show", "web/db"]).run().code(0);
    for outcome in [refused, report, set, expiry, show] {
        let outcome = outcome.lacks("--accept-key SHA256");
        outcome.lacks(&format!("--accept-key {fingerprint}"));
    }
    assert_eq!(sandbox.status(&laptop), "");

    reseal(&sandbox, &laptop, &["--all", "--accept-key", &fingerprint, "--push"]).run().code(0);
    assert_eq!(sandbox.changed_by_head(&laptop).len(), 4);
    for name in ["web/db", "web/api"] {
        assert_eq!(sandbox.get(&laptop, name, "carol").code(0).stdout, format!("value of {name}").as_bytes());
        let sealed = &sandbox.record(&laptop, name)["sealed"];
        assert_eq!(sealed["version"]["number"], 1);
        assert_eq!(sealed["readers"], json!(["alice", "bob", "carol"]));
        assert_eq!(sealed["exposed_to"].as_object().unwrap().len(), 3);
    }
    sandbox.check(&laptop, NOW).code(0);
}

#[test]
fn one_by_name_leaves_the_others_alone() {
    let (sandbox, laptop) = store();
    let fingerprint = fingerprint_in(&reseal(&sandbox, &laptop, &["web/db"]).run().code(2).stderr);
    reseal(&sandbox, &laptop, &["web/db", "--accept-key", &fingerprint]).run().code(0);
    assert_eq!(sandbox.changed_by_head(&laptop), ["secrets/web/db.age", "secrets/web/db.json"]);
    sandbox.get(&laptop, "web/api", "carol").code(2);
    reseal(&sandbox, &laptop, &["web/none"]).run().code(2).says("web/none");
    reseal(&sandbox, &laptop, &[]).run().code(2);
    reseal(&sandbox, &laptop, &["web/db", "--all"]).run().code(2);
}

#[test]
fn where_nothing_is_to_be_done_nothing_is() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    sandbox.add(&laptop, "web/db", "2028-01-01", "hunter2");
    let before = sandbox.head(&laptop);
    reseal(&sandbox, &laptop, &["--all"]).run().code(0).says("nothing to do");
    assert_eq!((sandbox.head(&laptop), sandbox.status(&laptop).as_str()), (before, ""));
}

#[test]
fn a_key_that_was_exchanged_under_a_colleagues_name_is_not_sealed_to_unseen() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    sandbox.add(&laptop, "web/db", "2028-01-01", "hunter2");
    let path = laptop.join("secrets/policy.toml");
    let text = fs::read_to_string(&path).unwrap();
    // Somebody with write access, but no key, puts their own in bob's place and waits.
    fs::write(&path, text.replace(&public_key("bob"), &public_key("carol"))).unwrap();
    sandbox.git(&laptop, ["commit", "-qam", "Update keys"]);
    sandbox.secrets(&laptop).args(["reseal", "--all", "--dry-run"]).run().code(0).says("other keys of bob");
    reseal(&sandbox, &laptop, &["--all"]).run().code(2).says("bob");
    sandbox.get(&laptop, "web/db", "carol").code(2);
    // Nor may a new value go there unseen.
    let set = sandbox.secrets(&laptop).args(["set", "web/db", "--expires", "2028-01-01"]).identity("alice");
    set.stdin("hunter3").run().code(2).says("bob");
    sandbox.get(&laptop, "web/db", "carol").code(2);
}

#[test]
fn what_my_identity_does_not_open_is_left_to_another_reader() {
    let (sandbox, laptop) = store();
    let add = ["add", "alone/x", "--expires", "2028-01-01", "--as", "alice", "--reader", "bob"];
    sandbox.secrets(&laptop).args(add).stdin("only bob").run().code(0);
    let path = laptop.join("secrets/policy.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("readers = [\"bob\"]", "readers = [\"bob\", \"alice\"]")).unwrap();
    sandbox.git(&laptop, ["commit", "-qam", "Alice reads it too"]);
    let accept = sandbox.accepting(&laptop, &["alice", "carol"]);
    let all = || reseal(&sandbox, &laptop, &["--all"]).args(&accept);
    all().run().code(2).says("alone/x").says("1 secret could not be sealed again");
    // The others were, and nothing else.
    let resealed = ["api.age", "api.json", "db.age", "db.json"].map(|file| format!("secrets/web/{file}"));
    assert_eq!(sandbox.changed_by_head(&laptop), resealed);
    assert_eq!(sandbox.git(&laptop, ["log", "-1", "--format=%s"]), "secrets: reseal 2 secrets");
    sandbox.get(&laptop, "alone/x", "alice").code(2);
    sandbox.get(&laptop, "web/db", "carol").code(0);
    // Again, there is nothing that alice could do.
    let before = sandbox.head(&laptop);
    all().run().code(2).says("alone/x");
    assert_eq!((sandbox.head(&laptop), sandbox.status(&laptop).as_str()), (before, ""));
    all().identity("bob").run().code(0);
    assert_eq!(sandbox.get(&laptop, "alone/x", "alice").code(0).stdout, b"only bob");
}

#[test]
fn what_is_named_is_opened_and_said_to_fit() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    sandbox.add(&laptop, "web/db", "2028-01-01", "hunter2");
    let before = sandbox.head(&laptop);
    let named = reseal(&sandbox, &laptop, &["web/db"]).run().code(0);
    named.says("nothing to do for web/db: opened, and found to be sealed to just");
    reseal(&sandbox, &laptop, &["--all", "--prove"]).run().code(0).says("nothing to do for 1 secret: opened");
    reseal(&sandbox, &laptop, &["--all"]).run().code(0).says("nothing to do for 1 secret: by their records");
    // Without an identity nobody can say.
    let blind = sandbox.secrets(&laptop).args(["reseal", "web/db"]).run().code(2);
    blind.says("web/db: whom it is really sealed to is not proved");
    assert_eq!((sandbox.head(&laptop), sandbox.status(&laptop).as_str()), (before, ""));
}

#[test]
fn many_are_resealed_in_one_commit_and_a_second_run_does_the_rest() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    for number in 0..36 {
        let reader = if number % 4 == 0 { "bob" } else { "team" };
        let name = format!("many/{number}");
        let add =
            ["add", &name, "--expires", "2028-01-01", "--as", "alice", "--no-commit", "--reader", reader];
        let run = || sandbox.secrets(&laptop).args(add).stdin(format!("value {number}"));
        sandbox.accepting_new(run).code(0);
    }
    // From now on everybody reads all of them, and carol is new.
    let path = laptop.join("secrets/policy.toml");
    let text = fs::read_to_string(&path).unwrap().replace("readers = [\"bob\"]", "readers = [\"team\"]");
    fs::write(&path, text).unwrap();
    sandbox.commit_all(&laptop, "Many");
    let carol = public_key("carol");
    sandbox
        .secrets(&laptop)
        .args(["people", "add", "carol", "--key", &carol, "--group", "team"])
        .run()
        .code(0);
    let accept = sandbox.accepting(&laptop, &["alice", "bob", "carol"]);
    let all = || sandbox.secrets(&laptop).args(["reseal", "--all"]).args(&accept);
    all().identity("alice").run().code(2).says("9 secrets could not be sealed again");
    assert_eq!(sandbox.changed_by_head(&laptop).len(), 54);
    all().identity("bob").run().code(0).lacks("many/1:").says("many/0: adds alice, adds carol");
    assert_eq!(sandbox.changed_by_head(&laptop).len(), 18);
    for number in 0..36 {
        let opened = sandbox.age(&laptop, &format!("many/{number}"), "carol").code(0);
        assert_eq!(opened.stdout, format!("value {number}").as_bytes());
    }
}

/// Cuts a sealed file open, with no line of the code under test.
fn surgery(sandbox: &Sandbox, laptop: &Path, arguments: &[&str]) -> String {
    let tool = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/live/age_surgery.py");
    let all: Vec<&str> = std::iter::once(tool).chain(arguments.iter().copied()).collect();
    sandbox.run(laptop, tools::python().to_str().unwrap(), all).code(0).text().trim().to_owned()
}

#[test]
fn a_stanza_that_was_forged_is_mended_by_name_though_record_and_policy_agree() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    for name in ["web/api", "web/db"] {
        sandbox.add(&laptop, name, "2028-01-01", "hunter2");
    }
    // Alice keeps bob out: noise in the place of his stanza, and a header that is whole again.
    let (file, record) = ("secrets/web/db.age", "secrets/web/db.json");
    let alice = crate::common::identity_path("alice");
    let key = surgery(&sandbox, &laptop, &["file-key", file, alice.to_str().unwrap()]);
    surgery(&sandbox, &laptop, &["noise", file, "2"]);
    surgery(&sandbox, &laptop, &["remac", file, &key]);
    surgery(&sandbox, &laptop, &["digest", record, file]);
    sandbox.publish_all(&laptop, "Reformat");
    sandbox.get(&laptop, "web/db", "bob").code(2);
    // What can be seen without opening it agrees.
    reseal(&sandbox, &laptop, &["--all"]).run().code(0).says("nothing to do for 2 secrets: by their records");

    let dry = reseal(&sandbox, &laptop, &["web/db", "--dry-run"]).run().code(0);
    dry.says("web/db: is not sealed to bob, though its record says so")
        .says("1 of 1 secret would be resealed");
    let mended = reseal(&sandbox, &laptop, &["--all", "--prove"]).run().code(0);
    mended.says("web/db: is not sealed to bob").says("nothing to do for 1 secret: opened");
    assert_eq!(sandbox.changed_by_head(&laptop), [file, record]);
    assert_eq!(sandbox.age(&laptop, "web/db", "bob").code(0).stdout, b"hunter2");
    reseal(&sandbox, &laptop, &["web/db"]).run().code(0).says("nothing to do for web/db");
}
