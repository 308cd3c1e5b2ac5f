use std::fs;

use crate::common::{Sandbox, public_key};

fn init<'a>(sandbox: &'a Sandbox, laptop: &std::path::Path) -> crate::common::Run<'a> {
    sandbox.secrets(laptop).args(["init", "--person", "alice", "--key", &public_key("alice")])
}

#[test]
fn it_makes_the_store_and_tells_how_the_second_person_joins() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.origin_and_laptop();
    init(&sandbox, &laptop)
        .run()
        .code(0)
        .says("secrets key new")
        .says("secrets people add")
        .says("second person");
    assert_eq!(sandbox.changed_by_head(&laptop), ["secrets/.gitattributes", "secrets/policy.toml"]);
    assert_eq!(sandbox.status(&laptop), "");
    let policy = fs::read_to_string(laptop.join("secrets/policy.toml")).unwrap();
    assert!(policy.contains("deploy-ref = \"origin/main\""), "{policy}");
    assert!(policy.contains(&public_key("alice")), "{policy}");
    let attributes = fs::read_to_string(laptop.join("secrets/.gitattributes")).unwrap();
    assert!(attributes.contains("* -filter -ident -working-tree-encoding"), "{attributes}");
}

#[test]
fn a_store_of_one_is_blocked_because_one_person_holds_all() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice"]);
    sandbox.check(&laptop, crate::common::NOW).code(2).says("holds no secret");
    sandbox.add(&laptop, "web/db", "2028-01-01", "hunter2");
    sandbox.push(&laptop);
    let outcome = sandbox.check(&laptop, crate::common::NOW).code(1);
    assert_eq!(outcome.finding_ids(), ["single-holder"]);
}

#[test]
fn a_second_store_is_refused() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice"]);
    let before = sandbox.head(&laptop);
    init(&sandbox, &laptop).run().code(2).says("there is a store already").says("secrets people add");
    assert_eq!(sandbox.head(&laptop), before);
    assert_eq!(sandbox.status(&laptop), "");
}

#[test]
fn an_ignored_place_is_refused_with_a_remedy_that_helps() {
    for rule in ["secrets/", "*.age", "secrets", "*.json"] {
        let sandbox = Sandbox::new();
        let laptop = sandbox.origin_and_laptop();
        fs::write(laptop.join(".gitignore"), format!("{rule}\n")).unwrap();
        let refused = init(&sandbox, &laptop).run().code(2).says(".gitignore").says("!secrets/");
        assert!(!laptop.join("secrets").exists(), "{rule}: something was written");
        // The remedy is followed to the letter: the lines that it names, below that rule.
        let hint = refused.stderr.lines().find_map(|line| line.split_once("below that rule: ")).unwrap().1;
        let lines: Vec<&str> = hint.split(" and ").map(|line| line.trim_matches('`')).collect();
        fs::write(laptop.join(".gitignore"), format!("{rule}\n{}\n", lines.join("\n"))).unwrap();
        init(&sandbox, &laptop).run().code(0);
        sandbox.add(&laptop, "web/db", "2028-01-01", "hunter2");
        assert_eq!(sandbox.changed_by_head(&laptop), ["secrets/web/db.age", "secrets/web/db.json"], "{rule}");
    }
}

#[test]
fn where_secrets_is_taken_the_store_is_made_in_custody() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.origin_and_laptop();
    fs::create_dir(laptop.join("secrets")).unwrap();
    fs::write(laptop.join("secrets/values.yaml"), "a: b\n").unwrap();
    init(&sandbox, &laptop).run().code(2).says("taken").says("--store custody");
    init(&sandbox, &laptop).args(["--store", "custody"]).run().code(0);
    // From then on it is found without being named.
    sandbox.add(&laptop, "web/db", "2028-01-01", "hunter2");
    assert!(laptop.join("custody/web/db.age").exists());
    let deep = laptop.join("src/deep");
    fs::create_dir_all(&deep).unwrap();
    sandbox.get(&deep, "web/db", "alice").code(0).says("hunter2");
}

#[test]
fn the_folders_above_the_store_are_made() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.origin_and_laptop();
    init(&sandbox, &laptop).args(["--store", "deploy/../missing/a"]).run().code(2).says("missing/a");
    fs::write(laptop.join("file"), "1\n").unwrap();
    init(&sandbox, &laptop).args(["--store", "file/b"]).run().code(2).says("file");
    init(&sandbox, &laptop).args(["--store", "deploy/live/secrets"]).run().code(0);
    let store = ["deploy/live/secrets/.gitattributes", "deploy/live/secrets/policy.toml"];
    assert_eq!(sandbox.changed_by_head(&laptop), store);
    sandbox.add(&laptop.join("deploy/live"), "web/db", "2028-01-01", "hunter2");
    sandbox.get(&laptop.join("deploy/live/secrets"), "web/db", "alice").code(0).says("hunter2");
}

#[test]
fn my_own_identity_is_taken_where_no_key_is_named() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.origin_and_laptop();
    let without = sandbox.secrets(&laptop).args(["init", "--person", "alice"]).run();
    without.code(2).says("secrets key new").says("--key");
    assert!(!laptop.join("secrets").exists());
    sandbox.secrets(&laptop).args(["init", "--person", "alice"]).identity("alice").run().code(0);
    let policy = fs::read_to_string(laptop.join("secrets/policy.toml")).unwrap();
    assert!(policy.contains(&public_key("alice")), "{policy}");
}

#[test]
fn without_a_name_git_tells_who_i_am() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.origin_and_laptop();
    sandbox.secrets(&laptop).args(["init", "--key", &public_key("alice")]).run().code(0);
    let policy = fs::read_to_string(laptop.join("secrets/policy.toml")).unwrap();
    assert!(policy.contains("alice"), "{policy}");
}

#[test]
fn keys_that_nothing_may_be_sealed_to_are_refused_and_a_private_one_is_not_repeated() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.origin_and_laptop();
    let private = fs::read_to_string(crate::common::identity_path("alice")).unwrap();
    let private = private.lines().find(|line| line.starts_with("AGE-SECRET-KEY-")).unwrap().to_owned();
    for key in [private.as_str(), "age1notakey", "", "ssh-dss AAAA", "ssh-ed25519 AAAA"] {
        let run = sandbox.secrets(&laptop).args(["init", "--person", "alice", "--key", key]).run();
        let run = run.code(2).says("--key");
        assert!(!run.stderr.contains(&private), "{}", run.stderr);
        assert!(!laptop.join("secrets").exists(), "{key}");
    }
}

#[test]
fn a_store_needs_a_repository_around_it() {
    let sandbox = Sandbox::new();
    let folder = sandbox.path("nowhere");
    fs::create_dir(&folder).unwrap();
    init(&sandbox, &folder).run().code(2).says("git init");
    let laptop = sandbox.origin_and_laptop();
    init(&sandbox, &laptop)
        .args(["--store", "../nowhere/secrets"])
        .run()
        .code(2)
        .says("outside the repository");
    assert!(!folder.join("secrets").exists());
}

#[test]
fn where_nothing_is_deployed_from_git_every_report_says_so() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.origin_and_laptop();
    init(&sandbox, &laptop).args(["--deploy-ref", "none"]).run().code(0).lacks("NOT on");
    sandbox.secrets(&laptop).args(["check"]).run().code(2).says("deploy-ref is \"none\"");
}

#[test]
fn a_deploy_ref_is_a_remote_and_a_branch() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.origin_and_laptop();
    init(&sandbox, &laptop).args(["--deploy-ref", "main"]).run().code(2);
    assert!(!laptop.join("secrets").exists());
    init(&sandbox, &laptop)
        .args(["--deploy-ref", "origin/release/live"])
        .run()
        .code(0)
        .says("origin/release/live");
}
