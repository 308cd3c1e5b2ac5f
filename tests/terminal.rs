//! What a person at a terminal is asked, on a real one.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers are tests too"
)]

mod common;

use std::path::{Path, PathBuf};

use common::person::Person;
use common::{NOW, Sandbox, identity_path, public_key};

const VALUE: &str = "wX7-hidden-pL2";

fn store() -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    sandbox.add(&laptop, "web/db", "2028-01-01", "hunter2");
    sandbox.push(&laptop);
    (sandbox, laptop)
}

#[test]
fn add_asks_for_all_that_was_not_given_and_never_shows_the_value() {
    let (sandbox, laptop) = store();
    let mut person = Person::runs(&sandbox, &laptop, &["add", "web/api"], Some(&identity_path("alice")));
    person.sees("value: ").types(&format!("{VALUE}\n"));
    person.sees("again: ").types("something else\n");
    person.sees("not the same").sees("value: ").types(&format!("{VALUE}\n"));
    person.sees("again: ").types(&format!("{VALUE}\n"));
    person.sees("expires").types("08/09/2027\n").sees("several dates");
    person.sees("expires").types("30\n").sees("expires").types("1y\n");
    person.sees("owner").types("mallory\n").sees("mallory").sees("owner").types("team\n");
    person.sees("issuer").types("University IT\n").sees("contact").types("it@example.org\n");
    person.sees("next one").types("docs/api.md\n");
    person.sees("in clear").types("nobody-known\n").sees("in clear").types("\n");
    person.sees("push to origin/main now").types("n\n").sees("NOT on origin/main");
    let (code, seen) = person.ends();
    assert_eq!(code, 0, "{seen}");
    assert!(!seen.contains(VALUE) && !seen.contains("something else"), "{seen}");
    assert_eq!(
        sandbox.get(&laptop, "web/api", "bob").code(0).stdout,
        VALUE.as_bytes(),
        "without a line break"
    );
    let record = sandbox.record(&laptop, "web/api");
    assert_eq!(record["sealed"]["expires"]["at"], "2027-03-01T12:00:00Z");
    assert_eq!(record["about"]["owners"], serde_json::json!(["team"]));
    assert_eq!(record["about"]["issuer"]["contact"], "it@example.org");
    assert_eq!(record["about"]["runbook"], "docs/api.md");
}

#[test]
fn what_was_given_is_not_asked_for() {
    let (sandbox, laptop) = store();
    let arguments = [
        "add",
        "web/api",
        "--never",
        "one login",
        "--owner",
        "team",
        "--issuer",
        "IT",
        "--runbook",
        "x",
        "--seen-by",
        "bob",
        "--push",
    ];
    let mut person = Person::runs(&sandbox, &laptop, &arguments, Some(&identity_path("alice")));
    person.sees("value: ").types(&format!("{VALUE}\n")).sees("again: ").types(&format!("{VALUE}\n"));
    person.sees("pushed to origin/main");
    let (code, seen) = person.ends();
    assert_eq!(code, 0, "{seen}");
    for question in ["owner (", "issuer (", "next one", "in clear", "expires (", "push to"] {
        assert!(!seen.contains(question), "{question}: {seen}");
    }
    sandbox.check(&laptop, NOW).code(0);
}

#[test]
fn push_now_pushes() {
    let (sandbox, laptop) = store();
    let arguments = ["set", "web/db", "--expires", "2029-01-01"];
    let mut person = Person::runs(&sandbox, &laptop, &arguments, Some(&identity_path("alice")));
    person.sees("value: ").types(&format!("{VALUE}\n")).sees("again: ").types(&format!("{VALUE}\n"));
    person.sees("push to origin/main now").types("\n").sees("pushed to origin/main");
    let (code, seen) = person.ends();
    assert!(code == 0 && !seen.contains(VALUE), "{seen}");
    let fresh = sandbox.clone("fresh", &[]);
    assert_eq!(sandbox.get(&fresh, "web/db", "bob").code(0).stdout, VALUE.as_bytes());
}

#[test]
fn never_is_asked_why() {
    let (sandbox, laptop) = store();
    let arguments = ["set", "web/db", "--push"];
    let mut person = Person::runs(&sandbox, &laptop, &arguments, Some(&identity_path("alice")));
    person.sees("value: ").types(&format!("{VALUE}\n")).sees("again: ").types(&format!("{VALUE}\n"));
    person
        .sees("expires")
        .types("never\n")
        .sees("why")
        .types("\n")
        .sees("reason")
        .sees("why")
        .types("one login\n");
    person.sees("pushed to");
    let (code, seen) = person.ends();
    assert_eq!(code, 0, "{seen}");
    assert_eq!(sandbox.record(&laptop, "web/db")["sealed"]["expires"]["never"], "one login");
}

#[test]
fn a_person_who_gives_up_changes_nothing() {
    let (sandbox, laptop) = store();
    let before = sandbox.head(&laptop);
    let add = ["add", "web/api"];
    let mut person = Person::runs(&sandbox, &laptop, &add, Some(&identity_path("alice")));
    person.sees("value: ").types("\x03");
    assert_ne!(person.ends().0, 0);
    let mut person = Person::runs(&sandbox, &laptop, &add, Some(&identity_path("alice")));
    person.sees("value: ").types(&format!("{VALUE}\n")).sees("again: ").types(&format!("{VALUE}\n"));
    person.sees("expires").types("\x04");
    let (code, seen) = person.ends();
    assert!(code != 0 && !seen.contains(VALUE), "{seen}");
    assert_eq!((sandbox.head(&laptop), sandbox.status(&laptop).as_str()), (before, ""));
}

#[test]
fn a_new_key_is_sealed_to_after_a_yes_only() {
    let (sandbox, laptop) = store();
    let carol = public_key("carol");
    let people = ["people", "add", "carol", "--key", &carol, "--group", "team", "--push"];
    sandbox.secrets(&laptop).args(people).run().code(0);
    let before = sandbox.head(&laptop);
    let reseal = ["reseal", "--all", "--push"];
    for answer in ["n\n", "\n"] {
        let mut person = Person::runs(&sandbox, &laptop, &reseal, Some(&identity_path("alice")));
        person.sees("carol").sees("SHA256:").sees("confirm").types(answer);
        assert_eq!(person.ends().0, 2);
        assert_eq!((sandbox.head(&laptop), sandbox.status(&laptop).as_str()), (before.clone(), ""));
    }
    let mut person = Person::runs(&sandbox, &laptop, &reseal, Some(&identity_path("alice")));
    person.sees("SHA256:").sees("confirm").types("maybe\n").sees("y or n").sees("confirm").types("y\n");
    person.sees("pushed to origin/main");
    assert_eq!(person.ends().0, 0);
    assert_eq!(sandbox.get(&laptop, "web/db", "carol").code(0).stdout, b"hunter2");
    sandbox.check(&laptop, NOW).code(0);
}

#[test]
fn a_passphrase_is_asked_for_and_not_shown() {
    let (sandbox, laptop) = store();
    let carol = public_key("carol");
    sandbox
        .secrets(&laptop)
        .args(["people", "add", "carol", "--key", &carol, "--group", "team"])
        .run()
        .code(0);
    sandbox.add_accepting(&laptop, "web/api", "2028-01-01", "hunter3", &["carol"]);
    let protected = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/identities/protected.age");
    let get = ["get", "web/api"];
    let mut person = Person::runs(&sandbox, &laptop, &get, Some(&protected));
    person.sees("protected.age").types("worthless\n").sees("hunter3");
    let (code, seen) = person.ends();
    assert!(code == 0 && !seen.contains("worthless\n") && !seen.contains("worthless\r"), "{seen}");

    let home = sandbox.path("home");
    sandbox.run(&home, "ssh-keygen", ["-q", "-t", "ed25519", "-N", "open sesame", "-f", "locked"]).code(0);
    let public = std::fs::read_to_string(home.join("locked.pub")).unwrap();
    sandbox
        .secrets(&laptop)
        .args(["people", "add", "dave", "--key", &public, "--group", "team"])
        .run()
        .code(0);
    sandbox.add_accepting(&laptop, "web/ssh", "2028-01-01", "hunter4", &["dave"]);
    let get = ["get", "web/ssh"];
    let mut person = Person::runs(&sandbox, &laptop, &get, Some(&home.join("locked")));
    person.sees("locked").types("wrong\n").sees("wrong passphrase").sees("locked").types("\x03");
    let (code, seen) = person.ends();
    assert!(code == 2 && !seen.contains("wrong\r"), "{seen}");
    let mut person = Person::runs(&sandbox, &laptop, &get, Some(&home.join("locked")));
    person.sees("locked").types("wrong\n").sees("wrong passphrase").types("open sesame\n").sees("hunter4");
    let (code, seen) = person.ends();
    assert!(code == 0 && !seen.contains("open sesame"), "{seen}");
}

#[test]
fn removing_an_identity_is_asked_about() {
    let sandbox = Sandbox::new();
    let home = sandbox.path("home");
    sandbox.secrets(&home).args(["key", "new", "work", "--place", "file"]).run().code(0);
    let remove = ["key", "remove", "work"];
    let mut person = Person::runs(&sandbox, &home, &remove, None);
    person.sees("work").sees("[y/N]").types("\n").sees("nothing was removed");
    assert_eq!(person.ends().0, 2);
    let mut person = Person::runs(&sandbox, &home, &remove, None);
    person.sees("[y/N]").types("yes\n").sees("removed");
    assert_eq!(person.ends().0, 0);
    sandbox.secrets(&home).args(["key", "list"]).run().code(0).lacks("work");
}

#[test]
fn colour_and_width_are_the_terminals() {
    let (sandbox, laptop) = store();
    let mut person = Person::runs(&sandbox, &laptop, &["check"], None);
    person.sees("clear to deploy");
    let (code, seen) = person.ends();
    assert!(code == 0 && seen.contains("\u{1b}["), "{seen:?}");
}

#[test]
fn the_passphrase_of_a_signing_key_is_asked_for_once_by_ssh_keygen() {
    let (sandbox, laptop) = store();
    let home = sandbox.path("home");
    let keygen = ["-q", "-t", "ed25519", "-N", "correct horse", "-f", "locked"];
    sandbox.run(&home, "ssh-keygen", keygen).code(0);
    let key = std::fs::read_to_string(home.join("locked.pub")).unwrap();
    let path = laptop.join("secrets/policy.toml");
    let policy = std::fs::read_to_string(&path).unwrap();
    let listed = format!("[people.alice]\nsigning-keys = [\"{}\"]\n", key.trim());
    sandbox.add(&laptop, "web/one", "2028-01-01", "hunter2");
    let policy = policy.replace("[people.alice]\n", &listed);
    std::fs::write(&path, policy.replace("[defaults]\n", "[defaults]\nrequire-signature = true\n")).unwrap();
    let locked = home.join("locked");
    let arguments = ["sign", "--all", "--signing-key", locked.to_str().unwrap()];
    let mut person = Person::runs_in_a_session(&sandbox, &laptop, &arguments, None);
    person.sees("sign them as alice").types("y\n");
    person.sees("Enter passphrase").types("wrong\n").sees("did not sign");
    let (code, seen) = person.ends();
    assert_eq!(code, 2, "{seen}");
    assert!(sandbox.record(&laptop, "web/db").get("signatures").is_none());
    // Who says nothing has not looked.
    let mut person = Person::runs_in_a_session(&sandbox, &laptop, &arguments, None);
    person.sees("sign them as alice").types("\n").sees("nothing was signed");
    assert_eq!(person.ends().0, 2);
    assert!(sandbox.record(&laptop, "web/db").get("signatures").is_none());
    let mut person = Person::runs_in_a_session(&sandbox, &laptop, &arguments, None);
    person.sees("web/db: version 1").sees("web/one: version 1");
    person.sees("sign them as alice").types("y\n");
    person.sees("Enter passphrase").types("correct horse\n");
    person.sees("signed by alice").sees("committed").sees("push to origin/main now").types("n\n");
    let (code, seen) = person.ends();
    assert_eq!(code, 0, "{seen}");
    assert_eq!(seen.matches("Enter passphrase").count(), 1, "{seen}");
    assert!(!seen.contains("correct horse"), "{seen}");
    for name in ["web/db", "web/one"] {
        assert_eq!(sandbox.record(&laptop, name)["signatures"][0]["by"], "alice", "{name}");
    }
}

#[test]
fn the_end_that_a_value_carries_is_proposed() {
    let (sandbox, laptop) = store();
    let pem = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/value_ends/leaf.pem");
    let add = |name: &str| {
        let arguments =
            ["add", name, "--from-file", pem, "--owner", "team", "--issuer", "CA", "--runbook", "r"];
        Person::runs(&sandbox, &laptop, &arguments, Some(&identity_path("alice")))
    };
    let mut person = add("web/taken");
    person.sees("the value carries: certificate").sees("take it").types("\n").sees("expires ");
    person.sees("seen the value").types("\n").sees("push").types("n\n");
    assert_eq!(person.ends().0, 0);
    let taken = sandbox.record(&laptop, "web/taken")["sealed"]["expires"].clone();
    assert_eq!(taken["from"], "x509");
    let mut person = add("web/other");
    person.sees("take it").types("n\n").sees("expires (date").types("2099-01-01\n");
    person.sees("WARNING").sees("expiry-mismatch");
    person.sees("seen the value").types("\n").sees("push").types("n\n");
    assert_eq!(person.ends().0, 0);
    assert_eq!(sandbox.record(&laptop, "web/other")["sealed"]["expires"]["at"], "2099-01-01T00:00:00Z");
}

#[test]
fn confirm_asks_when_each_value_that_changed_ends() {
    let (sandbox, laptop) = store();
    let keys = [public_key("alice"), public_key("bob")];
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let pem = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/value_ends/leaf.pem");
    let pem = std::fs::read(pem).unwrap();
    let names = ["a.age", "b.age", "c.age", "d.age"];
    let seal = |values: [&[u8]; 4]| {
        for (name, value) in names.iter().zip(values) {
            sandbox.age_file(&laptop.join(name), value, &keys, true);
        }
    };
    seal([b"a"; 4]);
    sandbox.commit_all(&laptop, "Seal");
    let track = ["track", "a.age", "b.age", "c.age", "d.age", "--owner", "team"];
    sandbox.secrets(&laptop).args(track).run().code(0);
    let custody = laptop.join("custody.toml");
    let text = std::fs::read_to_string(&custody).unwrap();
    std::fs::write(&custody, text.replace("\"]\nowners", "\"]\nexpires = 2027-08-31\nowners")).unwrap();
    seal([&pem, b"b", b"c", b"a"]);
    sandbox.publish_all(&laptop, "Renew three");

    let mut person = Person::runs(&sandbox, &laptop, &["confirm"], Some(&identity_path("alice")));
    person.sees("a.age: the value is another one").sees("the value carries: certificate").types("\n");
    person
        .sees("b.age: the value is another one")
        .sees("recorded is: ends 2027-08-31; does that hold")
        .types("y\n");
    person.sees("c.age").sees("does that hold").types("n\n").sees("say when it ends now").types("n\n");
    person.sees("1 record brought up to date").sees("d.age").sees("left: c.age").sees("push").types("n\n");
    assert_eq!(person.ends().0, 2);
    let text = std::fs::read_to_string(&custody).unwrap();
    let record = |name: &str| {
        text.split_once(&format!("[\"{name}\"]\n")).unwrap().1.split("\n\n").next().unwrap().to_owned()
    };
    assert!(record("a.age").contains("expires-from = \"x509\""), "{text}");
    assert!(record("b.age").starts_with("expires = 2027-08-31\n"), "{text}");

    let mut person = Person::runs(&sandbox, &laptop, &["confirm"], Some(&identity_path("alice")));
    person.sees("c.age").sees("does that hold").types("\n").sees("say when it ends now").types("\n");
    person.sees("expires (date").types("2028-02-01\n").sees("answered: c.age: ends 2028-02-01");
    person.sees("push").types("n\n");
    assert_eq!(person.ends().0, 0);
}
