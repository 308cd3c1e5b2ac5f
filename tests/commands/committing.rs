use std::fs;

use crate::common::{NOW, Sandbox};

fn store() -> (Sandbox, std::path::PathBuf) {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    sandbox.add(&laptop, "web/db", "2028-01-01", "hunter2");
    sandbox.push(&laptop);
    (sandbox, laptop)
}

#[test]
fn what_is_staged_or_changed_beside_it_stays_as_it_is() {
    let (sandbox, laptop) = store();
    fs::write(laptop.join("README"), "changed\n").unwrap();
    fs::write(laptop.join("staged"), "staged\n").unwrap();
    fs::write(laptop.join("new"), "untracked\n").unwrap();
    sandbox.git(&laptop, ["add", "staged"]);
    let before = sandbox.status(&laptop);
    assert_eq!(before, " M README\nA  staged\n?? new");
    sandbox.add(&laptop, "web/api", "2028-01-01", "hunter3");
    assert_eq!(sandbox.changed_by_head(&laptop), ["secrets/web/api.age", "secrets/web/api.json"]);
    assert_eq!(sandbox.status(&laptop), before);
    let set = sandbox.secrets(&laptop).args(["set", "web/db", "--expires", "2028-01-01"]).identity("alice");
    set.stdin("hunter4").run().code(0);
    sandbox.secrets(&laptop).args(["remove", "web/api"]).run().code(0);
    sandbox.secrets(&laptop).args(["move", "web/db", "web/sql"]).identity("alice").run().code(0);
    assert_eq!(sandbox.status(&laptop), before);
}

#[test]
fn without_a_commit_the_files_are_there_and_the_gate_is_shut() {
    let (sandbox, laptop) = store();
    let before = sandbox.head(&laptop);
    let set = sandbox.secrets(&laptop).args(["set", "web/db", "--expires", "2028-01-01", "--no-commit"]);
    set.identity("alice").stdin("hunter3").run().code(0).says("not committed");
    assert_eq!(sandbox.head(&laptop), before);
    assert_eq!(sandbox.status(&laptop), " M secrets/web/db.age\n M secrets/web/db.json");
    assert_eq!(sandbox.get(&laptop, "web/db", "alice").code(0).stdout, b"hunter3");
    assert_eq!(sandbox.check(&laptop, NOW).code(1).finding_ids(), ["uncommitted"]);
    sandbox.git(&laptop, ["checkout", "-q", "--", "secrets"]);
    assert_eq!(sandbox.get(&laptop, "web/db", "alice").code(0).stdout, b"hunter2");
    let both = sandbox.secrets(&laptop).args(["remove", "web/db", "--no-commit", "--push"]).run();
    both.code(2);
}

#[test]
fn every_writing_command_obeys_no_commit() {
    let (sandbox, laptop) = store();
    let before = sandbox.head(&laptop);
    let carol = crate::common::public_key("carol");
    for (arguments, stdin) in [
        (&["add", "web/x", "--expires", "2028-01-01", "--no-commit"][..], "x"),
        (&["expiry", "set", "web/db", "--never", "why", "--no-commit"], ""),
        (&["move", "web/db", "web/sql", "--no-commit"], ""),
        (&["remove", "web/sql", "--no-commit", "--force"], ""),
        (&["people", "add", "carol", "--key", &carol, "--no-commit"], ""),
        (&["machines", "add", "ci", "--key", &crate::common::public_key("ci"), "--no-commit"], ""),
        (&["people", "remove", "carol", "--no-commit"], ""),
    ] {
        sandbox
            .secrets(&laptop)
            .args(arguments)
            .identity("alice")
            .stdin(stdin)
            .run()
            .code(0)
            .says("not committed");
        assert_eq!(sandbox.head(&laptop), before, "{arguments:?}");
    }
}

#[test]
fn what_git_was_told_to_overlook_is_committed() {
    for mark in ["--assume-unchanged", "--skip-worktree"] {
        let (sandbox, laptop) = store();
        sandbox.git(&laptop, ["update-index", mark, "secrets/web/db.age", "secrets/web/db.json"]);
        let set = sandbox.secrets(&laptop).args(["set", "web/db", "--expires", "2028-01-01", "--push"]);
        set.identity("alice").stdin("hunter3").run().code(0).says("committed").lacks("nothing to commit");
        assert_eq!(sandbox.changed_by_head(&laptop), ["secrets/web/db.age", "secrets/web/db.json"], "{mark}");
        sandbox.check(&laptop, NOW).code(0);
    }
}

#[test]
fn nothing_is_written_while_a_merge_is_unfinished() {
    let (sandbox, laptop) = store();
    for (branch, text) in [("side", "theirs\n"), ("main", "ours\n")] {
        sandbox.git(&laptop, ["checkout", "-q", "-B", branch, "origin/main"]);
        fs::write(laptop.join("README"), text).unwrap();
        sandbox.git(&laptop, ["commit", "-q", "-am", branch]);
    }
    for operation in ["merge", "cherry-pick", "rebase"] {
        let _ = sandbox.run(&laptop, "git", [operation, "side"]).code(1);
        let before = (sandbox.head(&laptop), sandbox.status(&laptop));
        let set = |arguments: &[&str]| {
            let set = sandbox.secrets(&laptop).args(["set", "web/db", "--expires", "2028-01-01"]);
            set.args(arguments).identity("alice").stdin(format!("value {operation}")).run()
        };
        set(&[]).code(2).says(&format!("finish the {operation} first, or give --no-commit"));
        assert_eq!((sandbox.head(&laptop), sandbox.status(&laptop)), before, "{operation}");
        assert_eq!(sandbox.get(&laptop, "web/db", "alice").code(0).stdout, b"hunter2");
        set(&["--no-commit"]).code(0);
        assert_eq!(
            sandbox.get(&laptop, "web/db", "alice").code(0).stdout,
            format!("value {operation}").as_bytes()
        );
        sandbox.git(&laptop, ["checkout", "-q", "HEAD", "--", "secrets"]);
        sandbox.git(&laptop, [operation, "--abort"]);
        // Done with, it is no obstacle.
        assert_eq!(sandbox.status(&laptop), "");
    }
    sandbox.add(&laptop, "web/api", "2028-01-01", "hunter3");
}

#[test]
fn a_hook_that_rejects_the_commit_is_quoted_and_the_way_on_named() {
    let (sandbox, laptop) = store();
    let before = sandbox.head(&laptop);
    sandbox.hook(&laptop.join(".git/hooks"), "pre-commit", "echo 'no commits on Fridays' >&2; exit 1");
    let add = ["add", "web/api", "--expires", "2028-01-01", "--owner", "team", "--as", "alice"];
    let add = sandbox.secrets(&laptop).args(add);
    let refused = add.stdin("hunter3").run().code(2).says("no commits on Fridays");
    assert!(refused.stderr.contains("git") && refused.stderr.contains("commit"), "{}", refused.stderr);
    assert_eq!(sandbox.head(&laptop), before);
    // The value is not lost, and the gate says that it is not committed.
    assert_eq!(sandbox.get(&laptop, "web/api", "alice").code(0).stdout, b"hunter3");
    let report = sandbox.check(&laptop, NOW).code(1);
    assert_eq!(report.findings(), [("uncommitted".to_owned(), "web/api".to_owned(), "error".to_owned())]);
}

#[test]
fn hooks_and_signing_are_the_users_own() {
    let (sandbox, laptop) = store();
    let home = sandbox.path("home");
    sandbox.run(&home, "ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", "signing"]).code(0);
    let key = home.join("signing.pub");
    sandbox.git(&laptop, ["config", "gpg.format", "ssh"]);
    sandbox.git(&laptop, ["config", "user.signingKey", key.to_str().unwrap()]);
    sandbox.git(&laptop, ["config", "commit.gpgSign", "true"]);
    sandbox.hook(&laptop.join(".git/hooks"), "commit-msg", "printf '\\nTicket: 812\\n' >> \"$1\"");
    sandbox.add(&laptop, "web/api", "2028-01-01", "hunter3");
    let commit = sandbox.git(&laptop, ["cat-file", "commit", "HEAD"]);
    assert!(commit.contains("-----BEGIN SSH SIGNATURE-----"), "{commit}");
    assert!(commit.contains("secrets: add web/api") && commit.contains("Ticket: 812"), "{commit}");
}

#[test]
fn the_identity_is_not_in_the_environment_of_a_hook() {
    let (sandbox, laptop) = store();
    let seen = sandbox.path("seen");
    let script = format!("env > {}", seen.display());
    for hook in ["pre-commit", "pre-push"] {
        sandbox.hook(&laptop.join(".git/hooks"), hook, &script);
        let _ = fs::remove_file(&seen);
        let key = fs::read_to_string(crate::common::identity_path("alice")).unwrap();
        let key = key.lines().last().unwrap();
        let set = sandbox.secrets(&laptop).args(["set", "web/db", "--expires", "2028-01-01", "--push"]);
        let set = set.env("SECRETS_IDENTITY", key).env("UNRELATED", "kept").stdin(format!("value {hook}"));
        set.run().code(0);
        let environment = fs::read_to_string(&seen).unwrap();
        assert!(environment.contains("UNRELATED=kept"), "{hook}: the hook ran, with the environment");
        assert!(!environment.contains("SECRETS_IDENTITY=") && !environment.contains(key), "{hook}");
    }
}

#[test]
fn a_repository_with_no_commit_yet_takes_a_store() {
    let sandbox = Sandbox::new();
    let fresh = sandbox.path("fresh");
    sandbox.git(sandbox.root(), ["init", "-q", "fresh"]);
    let alice = crate::common::public_key("alice");
    sandbox.secrets(&fresh).args(["init", "--person", "alice", "--key", &alice]).run().code(0);
    sandbox.add(&fresh, "web/db", "2028-01-01", "hunter2");
    assert_eq!(sandbox.git(&fresh, ["rev-list", "--count", "HEAD"]), "2");
}
