//! Second keys, stolen laptops, and what is known of a key that is gone.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::common::{NOW, Sandbox, public_key};

const LATER: &str = "2026-03-02T12:00:00Z";

/// Alice has a desk (the fixture of alice) and a laptop (that of carol); bob is there too, and both read everything.
fn store() -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    let add = ["people", "add", "alice", "--key", &public_key("carol")];
    let added = sandbox.secrets(&laptop).args(add).run().code(0);
    added
        .says("alice is registered already, and now has 1 new key")
        .says(&fingerprint(&sandbox, &laptop, 1))
        .lacks(&fingerprint(&sandbox, &laptop, 0));
    assert_eq!(sandbox.git(&laptop, ["log", "-1", "--format=%s"]), "secrets: add a key of alice");
    (sandbox, laptop)
}

fn fingerprint(sandbox: &Sandbox, laptop: &Path, key: usize) -> String {
    let list = sandbox.secrets(laptop).args(["people", "list", "--format", "json"]).run().json();
    list["actors"][0]["keys"][key]["fingerprint"].as_str().unwrap().to_owned()
}

fn add_secret(sandbox: &Sandbox, laptop: &Path, name: &str) {
    let add = || {
        let add = ["add", name, "--expires", "2028-01-01", "--owner", "team", "--as", "alice"];
        sandbox.secrets(laptop).args(add).stdin("hunter2")
    };
    sandbox.accepting_new(add).code(0);
}

#[test]
fn a_signing_key_alone_will_do_for_who_is_there() {
    let (sandbox, laptop) = store();
    let key = sandbox.new_ssh_key("alice-signs");
    let other = sandbox.new_ssh_key("alice-signs-too");
    let add = |who, keys: &[&str]| {
        let keys = keys.iter().flat_map(|key| ["--signing-key", key]);
        sandbox.secrets(&laptop).args(["people", "add", who]).args(keys).run()
    };
    add("alice", &[&key, &key]).code(0).says("alice signs with: SHA256:").says("stays with the keys");
    let listed = || {
        let text = fs::read_to_string(laptop.join("secrets/policy.toml")).unwrap();
        text.matches(key.split(' ').nth(1).unwrap()).count()
    };
    assert_eq!(listed(), 1);
    let head = sandbox.head(&laptop);
    // Its comment is no part of it.
    let bare = key.split(' ').take(2).collect::<Vec<_>>().join(" ");
    add("alice", &[&format!("{bare} elsewhere")]).code(0).says("nothing to do");
    assert_eq!(sandbox.head(&laptop), head);
    add("alice", &[&key, &other]).code(0);
    assert_eq!(listed(), 1);
    add("dora", &[&key]).code(2).says("knows nobody named `dora`").says("secrets people add dora --key");
    sandbox.secrets(&laptop).args(["people", "add", "alice"]).run().code(2).says("--key");
    assert_eq!(sandbox.status(&laptop), "");
}

#[test]
fn who_is_there_gets_another_key_and_nothing_twice() {
    let (sandbox, laptop) = store();
    let key = public_key("carol");
    let (head, add) = (sandbox.head(&laptop), ["people", "add", "alice", "--key", &key]);
    sandbox.secrets(&laptop).args(add).run().code(0).says("nothing to do");
    sandbox.secrets(&laptop).args(add).args(["--group", "team"]).run().code(0).says("nothing to do");
    assert_eq!(sandbox.head(&laptop), head);
    let more = ["--contact", "@al", "--group", "night"];
    sandbox.secrets(&laptop).args(add).args(more).run().code(0).says("new group: night");
    assert_eq!(sandbox.git(&laptop, ["log", "-1", "--format=%s"]), "secrets: change person alice");
    let list = sandbox.secrets(&laptop).args(["people", "list"]).run().code(0);
    let short = |key| fingerprint(&sandbox, &laptop, key).chars().take(19).collect::<String>();
    list.says("@al")
        .says("night")
        .says(&format!("X25519 {}…", short(0)))
        .says(&format!("X25519 {}…", short(1)));
    let machine = ["machines", "add", "ci", "--key", &public_key("ci")];
    sandbox.secrets(&laptop).args(machine).run().code(0);
    sandbox.secrets(&laptop).args(machine).run().code(0).says("nothing to do");
}

#[test]
fn a_stolen_laptop_is_shut_out_and_what_it_knew_is_told_until_it_is_rotated() {
    let (sandbox, laptop) = store();
    for name in ["web/api", "web/db"] {
        add_secret(&sandbox, &laptop, name);
        sandbox.get(&laptop, name, "carol").code(0);
    }
    sandbox.push(&laptop);
    let stolen = fingerprint(&sandbox, &laptop, 1);
    let begin: String = stolen.chars().take(15).collect();
    let remove = ["people", "remove", "alice", "--key", &begin];
    let removed = sandbox.secrets(&laptop).args(remove).identity("alice").run().code(0);
    removed
        .says("web/db: other keys of alice")
        .says(&format!("that key of alice ({stolen}) could open 2 secrets"));
    assert_eq!(sandbox.changed_by_head(&laptop).len(), 5, "one commit for policy and secrets");
    assert_eq!(sandbox.git(&laptop, ["log", "-1", "--format=%s"]), "secrets: remove a key of alice");
    sandbox.push(&laptop);
    for name in ["web/api", "web/db"] {
        sandbox.get(&laptop, name, "carol").code(2);
        sandbox.get(&laptop, name, "alice").code(0);
        let exposed = &sandbox.record(&laptop, name)["sealed"]["exposed_to"]["alice"];
        assert_eq!(exposed.as_array().unwrap().len(), 2, "the queue outlives the reseal: {exposed}");
    }
    let report = sandbox.check(&laptop, NOW).code(0);
    assert_eq!(report.finding_ids(), ["exposed-to-departed"]);
    let message = report.message("exposed-to-departed");
    assert!(message.contains(&stolen) && message.contains("2 secrets: web/api and web/db"), "{message}");
    assert_eq!(report.remedy("exposed-to-departed"), "secrets set web/api");
    sandbox.secrets(&laptop).args(["check", "--strict"]).run().code(1);
    let scoped = ["check", "--scope", "web/db", "--format", "json"];
    let scoped = sandbox.secrets(&laptop).args(scoped).run().code(0).message("exposed-to-departed");
    assert!(scoped.contains("the current value of web/db"), "{scoped}");

    // A new value is sealed to whoever is there now, and starts anew.
    for name in ["web/api", "web/db"] {
        let set = ["set", name, "--expires", "2028-01-01", "--push"];
        sandbox.secrets(&laptop).args(set).identity("bob").stdin(name).run().code(0);
        let exposed = &sandbox.record(&laptop, name)["sealed"]["exposed_to"]["alice"];
        assert_eq!(exposed.as_array().unwrap().len(), 1, "{exposed}");
    }
    assert_eq!(sandbox.check(&laptop, NOW).code(0).finding_ids(), [""; 0]);
}

#[test]
fn a_key_that_is_removed_is_one_that_is_there_and_not_the_last() {
    let (sandbox, laptop) = store();
    let (head, remove) = (sandbox.head(&laptop), ["people", "remove", "alice", "--key"]);
    let run = |key: &str| sandbox.secrets(&laptop).args(remove).args([key]).run();
    let other = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    run(other).code(2).says("`alice` has no such key").says(&fingerprint(&sandbox, &laptop, 0));
    for bad in ["SHA256:abc", "alice@laptop"] {
        run(bad).code(2).says("does not tell one key from another").says("at least 8 characters");
    }
    let (first, second) = (fingerprint(&sandbox, &laptop, 0), fingerprint(&sandbox, &laptop, 1));
    let both = sandbox.secrets(&laptop).args(remove).args([first.as_str(), "--key", &second]).run().code(2);
    both.says("no key left").says("secrets people remove alice").says("secrets people add alice --key");
    sandbox.secrets(&laptop).args(["machines", "remove", "alice", "--key", &first]).run().code(2);
    assert_eq!((sandbox.head(&laptop), sandbox.status(&laptop).as_str()), (head, ""));
}

#[test]
fn what_a_lost_key_knew_is_accepted_for_what_was_set_until_then() {
    let (sandbox, laptop) = store();
    add_secret(&sandbox, &laptop, "web/db");
    let accept = |arguments: &[&str], at: &str| {
        let run = sandbox.secrets(&laptop).args(["people", "accept"]).args(arguments);
        run.identity("bob").at(at).run()
    };
    let why = ["--reason", "the laptop was wiped; ticket 812"];
    accept(&["alice", why[0], why[1]], LATER).code(2).says("nothing to accept");
    let (kept, stolen) = (fingerprint(&sandbox, &laptop, 0), fingerprint(&sandbox, &laptop, 1));
    let remove = ["people", "remove", "alice", "--key", &stolen];
    sandbox.secrets(&laptop).args(remove).identity("alice").run().code(0);
    sandbox.push(&laptop);

    accept(&["bob", why[0], why[1]], LATER).code(2).says("nothing to accept");
    accept(&["alice", "--reason", " "], LATER).code(2).says("--reason is empty");
    accept(&["alice", "--key", &kept, why[0], why[1]], LATER).code(2).says("no such key");
    // What was set in the very second is not before it.
    accept(&["alice", why[0], why[1]], NOW).code(2).says("nothing to accept");
    assert_eq!(sandbox.check(&laptop, NOW).code(0).finding_ids(), ["exposed-to-departed"]);

    let begin: String = stolen.chars().take(19).chain(['…']).collect();
    accept(&["alice", "--key", &begin, why[0], why[1]], LATER)
        .code(0)
        .says("1 secret set before 2026-03-02T12:00:00Z: web/db");
    assert_eq!(sandbox.changed_by_head(&laptop), ["secrets/policy.toml"]);
    let policy = fs::read_to_string(laptop.join("secrets/policy.toml")).unwrap();
    let written = format!(
        "[[acceptance]]\nof = \"alice\"\nkey = \"{stolen}\"\non = 2026-03-02T12:00:00Z\nreason = \"{}\"\nby = \"bob\"\n",
        why[1]
    );
    assert!(policy.contains(&written), "{policy}");
    sandbox.push(&laptop);
    assert_eq!(sandbox.check(&laptop, LATER).code(0).finding_ids(), [""; 0]);
    accept(&["alice", why[0], why[1]], LATER).code(2).says("nothing to accept");
    let impact = ["people", "impact", "alice", "--format", "json"];
    let impact = sandbox.secrets(&laptop).args(impact).at(LATER).run().code(0).json();
    assert_eq!(impact["accepted"][0]["key"], json!(stolen));
}
