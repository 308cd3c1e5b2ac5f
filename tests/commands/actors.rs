use std::fs;

use serde_json::json;

use crate::common::{Sandbox, public_key};

fn policy(laptop: &std::path::Path) -> String {
    fs::read_to_string(laptop.join("secrets/policy.toml")).unwrap()
}

#[test]
fn a_person_joins_with_keys_contact_and_groups() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice"]);
    fs::write(laptop.join("secrets/policy.toml"), format!("# a comment of ours\n{}", policy(&laptop)))
        .unwrap();
    sandbox.git(&laptop, ["commit", "-qam", "Comment"]);
    sandbox.add(&laptop, "web/db", "2028-01-01", "hunter2");
    let bob = public_key("bob");
    let add = sandbox
        .secrets(&laptop)
        .args([
            "people",
            "add",
            "bob",
            "--key",
            &bob,
            "--contact",
            "@bob",
            "--group",
            "team",
            "--group",
            "new",
        ])
        .run();
    // Whoever adds a key can compare it with its holder, and learns that it opens nothing yet.
    add.code(0).says("SHA256:").says("1 secret").says("secrets reseal --all").lacks("--accept-key SHA256");
    assert_eq!(sandbox.changed_by_head(&laptop), ["secrets/policy.toml"]);
    let text = policy(&laptop);
    assert!(text.starts_with("# a comment of ours\n"), "{text}");
    assert!(text.contains(&bob) && text.contains("@bob"), "{text}");

    let list = sandbox.secrets(&laptop).args(["people", "list", "--format", "json"]).run().code(0).json();
    assert_eq!(list["schema_version"], 1);
    let actors = list["actors"].as_array().unwrap();
    assert_eq!(actors.len(), 2);
    assert_eq!(
        (&actors[0]["name"], &actors[0]["sole_holder_of"], &actors[0]["secrets"]),
        (&json!("alice"), &json!(["web/db"]), &json!(1))
    );
    assert_eq!((&actors[1]["name"], &actors[1]["contact"]), (&json!("bob"), &json!("@bob")));
    assert_eq!(actors[1]["groups"], json!(["new", "team"]));
    assert!(actors[1]["keys"][0]["fingerprint"].as_str().unwrap().starts_with("SHA256:"));
    sandbox.secrets(&laptop).args(["people", "list"]).run().code(0).says("bob").says("@bob").says("SHA256:");
}

#[test]
fn a_name_stands_for_one_and_a_key_belongs_to_one() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    let before = policy(&laptop);
    let (alice, carol) = (public_key("alice"), public_key("carol"));
    for arguments in [
        ["machines", "add", "alice", "--key", &carol],
        ["people", "add", "team", "--key", &carol],
        ["people", "add", "carol", "--key", &alice],
        ["machines", "add", "ci", "--key", &alice],
        ["people", "add", "carol", "--key", "age1nonsense"],
        ["people", "add", "../carol", "--key", &carol],
        ["people", "add", "carol", "--group", "team"],
    ] {
        sandbox.secrets(&laptop).args(arguments).run().code(2);
        assert_eq!(policy(&laptop), before, "{arguments:?}");
    }
    assert_eq!(sandbox.status(&laptop), "");
}

#[test]
fn the_same_point_of_the_curve_under_two_names_is_refused_across_key_types() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    let home = sandbox.path("home");
    sandbox.run(&home, "ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", "key"]).code(0);
    let key = fs::read_to_string(home.join("key.pub")).unwrap();
    sandbox.secrets(&laptop).args(["people", "add", "carol", "--key", &key]).run().code(0);
    // The comment is no part of the key.
    let other: Vec<&str> = key.split_whitespace().take(2).collect();
    sandbox
        .secrets(&laptop)
        .args(["people", "add", "dave", "--key", &other.join(" ")])
        .run()
        .code(2)
        .says("carol");
}

#[test]
fn machines_read_but_are_no_people() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice"]);
    let ci = public_key("ci");
    sandbox.secrets(&laptop).args(["machines", "add", "ci", "--key", &ci, "--group", "team"]).run().code(0);
    sandbox.add(&laptop, "web/db", "2028-01-01", "hunter2");
    sandbox.push(&laptop);
    assert_eq!(sandbox.get(&laptop, "web/db", "ci").code(0).stdout, b"hunter2");
    assert_eq!(sandbox.check(&laptop, crate::common::NOW).code(1).finding_ids(), ["single-holder"]);
    let list = sandbox.secrets(&laptop).args(["machines", "list", "--format", "json"]).run().code(0).json();
    assert_eq!((list["actors"].as_array().unwrap().len(), &list["actors"][0]["name"]), (1, &json!("ci")));
    sandbox.secrets(&laptop).args(["machines", "list"]).run().code(0).says("ci");
    sandbox.secrets(&laptop).args(["people", "list"]).run().code(0).lacks(&ci);

    sandbox.secrets(&laptop).args(["machines", "remove", "ci"]).identity("alice").run().code(0);
    sandbox.get(&laptop, "web/db", "ci").code(2);
    assert_eq!(sandbox.get(&laptop, "web/db", "alice").code(0).stdout, b"hunter2");
}

#[test]
fn a_leaver_leaves_policy_even_where_not_all_can_be_resealed() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob", "carol"]);
    sandbox.add(&laptop, "web/db", "2028-01-01", "hunter2");
    let run = sandbox.secrets(&laptop).args(["people", "remove", "bob"]).run().code(2);
    run.says("web/db").says("secrets reseal --all");
    assert_eq!(sandbox.status(&laptop), "");
    assert!(!policy(&laptop).contains("bob"), "{}", policy(&laptop));
    sandbox.push(&laptop);
    assert_eq!(
        sandbox.check(&laptop, crate::common::NOW).code(1).finding_ids(),
        ["departed-reader", "exposed-to-departed"]
    );
    sandbox.secrets(&laptop).args(["reseal", "--all"]).identity("carol").run().code(0);
    sandbox.push(&laptop);
    sandbox.check(&laptop, crate::common::NOW).code(0);
}

#[test]
fn removing_a_person_reseals_what_they_could_read_in_the_same_commit() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob", "carol"]);
    sandbox.add(&laptop, "web/db", "2028-01-01", "hunter2");
    sandbox.add(&laptop, "web/api", "2028-01-01", "hunter3");
    let run = sandbox.secrets(&laptop).args(["people", "remove", "bob"]).identity("alice").run().code(0);
    run.says("bob knew the values of 2 secrets").says("secrets set");
    assert_eq!(
        sandbox.changed_by_head(&laptop),
        ["policy.toml", "web/api.age", "web/api.json", "web/db.age", "web/db.json"]
            .map(|f| format!("secrets/{f}"))
    );
    assert!(!policy(&laptop).contains("bob"), "{}", policy(&laptop));
    for name in ["web/db", "web/api"] {
        sandbox.get(&laptop, name, "bob").code(2);
        sandbox.get(&laptop, name, "carol").code(0);
        let sealed = &sandbox.record(&laptop, name)["sealed"];
        assert_eq!(sealed["readers"], json!(["alice", "carol"]));
        assert_eq!(sealed["version"]["number"], 1, "the value is the same, so the version is");
        assert!(sealed["exposed_to"]["bob"].is_array(), "who knew this version is not forgotten: {sealed}");
    }
    sandbox.push(&laptop);
    sandbox.check(&laptop, crate::common::NOW).code(0);
    sandbox.secrets(&laptop).args(["people", "remove", "bob"]).identity("alice").run().code(2).says("bob");
    sandbox.secrets(&laptop).args(["machines", "remove", "alice"]).identity("alice").run().code(2);
}

#[test]
fn a_person_who_leaves_is_removed_even_where_nobody_here_can_reseal() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob", "carol"]);
    sandbox.add(&laptop, "web/db", "2028-01-01", "hunter2");
    sandbox.push(&laptop);
    let run = sandbox.secrets(&laptop).args(["people", "remove", "bob", "--push"]).run().code(2);
    run.says("1 secret could not be sealed again").says("web/db").says("secrets reseal --all");
    assert!(!policy(&laptop).contains("bob"));
    // Until somebody does, the gate is shut.
    let report = sandbox.check(&laptop, crate::common::NOW).code(1);
    assert!(report.finding_ids().contains(&"departed-reader".to_owned()), "{}", report.text());
    sandbox.secrets(&laptop).args(["reseal", "--all", "--push"]).identity("carol").run().code(0);
    sandbox.get(&laptop, "web/db", "bob").code(2);
    sandbox.check(&laptop, crate::common::NOW).code(0);
}

#[test]
fn what_only_one_could_open_keeps_them_until_somebody_else_can() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    sandbox.secrets(&laptop).args(["machines", "add", "ci", "--key", &public_key("ci")]).run().code(0);
    for (name, readers) in
        [("alone/x", &["bob"][..]), ("alone/y", &["bob", "ci"]), ("web/db", &["alice", "bob"])]
    {
        let add = || {
            let readers = readers.iter().flat_map(|reader| ["--reader", *reader]);
            let add = ["add", name, "--expires", "2028-01-01", "--as", "bob"];
            sandbox.secrets(&laptop).args(add).args(readers).stdin("hunter2")
        };
        sandbox.accepting_new(add).code(0);
    }
    let (before, head) = (policy(&laptop), sandbox.head(&laptop));
    let refused = sandbox.secrets(&laptop).args(["people", "remove", "bob"]).identity("bob").run().code(2);
    // A machine can't be asked for what it can open.
    refused
        .says("nobody else could open 2 secrets: alone/x and alone/y")
        .lacks("web/db")
        .says("secrets reseal alone/x");
    assert_eq!((policy(&laptop), sandbox.head(&laptop)), (before, head));
    for name in ["alone/x", "alone/y"] {
        sandbox.secrets(&laptop).args(["remove", name]).run().code(0);
    }
    let removed = sandbox.secrets(&laptop).args(["people", "remove", "bob"]).identity("alice").run().code(0);
    removed.says("warning: only alice can open web/db from now on, and min-people is 2");
}

#[test]
fn records_that_cannot_be_read_are_named_and_not_passed_over() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    for name in ["web/api", "web/db", "web/www"] {
        sandbox.add(&laptop, name, "2028-01-01", "hunter2");
    }
    fs::write(laptop.join("secrets/web/db.json"), "{").unwrap();
    fs::remove_file(laptop.join("secrets/web/www.json")).unwrap();
    for command in [&["people", "list"][..], &["people", "impact", "bob"]] {
        let run = sandbox.secrets(&laptop).args(command).run().code(2);
        run.says("NOT counted").says("web/db").says("web/www: a sealed value without a record");
        let json = sandbox.secrets(&laptop).args(command).args(["--format", "json"]).run().code(2).json();
        assert_eq!(json["unread"].as_array().unwrap().len(), 2, "{json:#}");
    }
    let list = sandbox.secrets(&laptop).args(["people", "list", "--format", "json"]).run().code(2).json();
    assert_eq!(list["actors"][0]["secrets"], 1, "the others are counted: {list:#}");
}
