use std::fs;

use crate::common::{NOW, Run, Sandbox, public_key};

fn store() -> (Sandbox, std::path::PathBuf) {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    sandbox.add(&laptop, "web/db", "2028-01-01", "hunter2");
    sandbox.push(&laptop);
    (sandbox, laptop)
}

fn add<'a>(sandbox: &'a Sandbox, laptop: &std::path::Path, name: &str) -> Run<'a> {
    let add = ["add", name, "--expires", "2028-01-01", "--owner", "team", "--as", "alice"];
    sandbox.secrets(laptop).args(add).stdin("hunter3")
}

#[test]
fn a_commit_that_stays_here_is_said_loudly_in_the_last_line() {
    let (sandbox, laptop) = store();
    let run = add(&sandbox, &laptop, "web/api").run().code(0);
    let last = run.stderr.trim_end().lines().last().unwrap_or_default();
    assert!(
        last.contains("NOT on origin/main") && last.contains("git push origin HEAD:main"),
        "{}",
        run.stderr
    );
    let report = sandbox.check(&laptop, NOW).code(1);
    assert_eq!(report.findings(), [("unpushed".to_owned(), "web/api".to_owned(), "error".to_owned())]);
    // What the line names is what mends it.
    sandbox.git(&laptop, ["push", "-q", "origin", "HEAD:main"]);
    sandbox.check(&laptop, NOW).code(0);
}

#[test]
fn the_last_line_is_that_one_for_every_writing_command() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.origin_and_laptop();
    let (alice, bob, carol) = (public_key("alice"), public_key("bob"), public_key("carol"));
    for (arguments, stdin) in [
        (&["init", "--person", "alice", "--key", &alice][..], ""),
        (&["people", "add", "bob", "--key", &bob, "--group", "team"], ""),
        (&["add", "web/x", "--expires", "2028-01-01"], "x"),
        (&["set", "web/x", "--expires", "2028-01-01"], "y"),
        (&["expiry", "set", "web/x", "--never", "why"], ""),
        (&["people", "add", "carol", "--key", &carol, "--group", "team"], ""),
        (&["people", "remove", "carol"], ""),
        (&["people", "remove", "bob"], ""),
        (&["move", "web/x", "web/y"], ""),
        (&["remove", "web/y"], ""),
    ] {
        let run = sandbox.secrets(&laptop).args(arguments).identity("alice").stdin(stdin).run().code(0);
        let last = run.stderr.trim_end().lines().last().unwrap_or_default();
        assert!(last.starts_with("NOT on origin/main"), "{arguments:?}: {}", run.stderr);
    }
}

#[test]
fn with_push_it_is_on_the_deploy_ref() {
    let (sandbox, laptop) = store();
    let run = add(&sandbox, &laptop, "web/api").args(["--push"]).run().code(0);
    run.says("pushed to origin/main").lacks("NOT on");
    assert_eq!(
        sandbox.git(&laptop, ["ls-remote", "origin", "main"]).split('\t').next().unwrap(),
        sandbox.head(&laptop)
    );
    sandbox.check(&laptop, NOW).code(0);
    let fresh = sandbox.clone("fresh", &[]);
    assert_eq!(sandbox.get(&fresh, "web/api", "bob").code(0).stdout, b"hunter3");
}

#[test]
fn other_commits_that_would_go_along_are_listed_and_nothing_is_pushed() {
    let (sandbox, laptop) = store();
    let before = sandbox.git(&laptop, ["ls-remote", "origin", "main"]);
    fs::write(laptop.join("README"), "unfinished\n").unwrap();
    sandbox.git(&laptop, ["commit", "-qam", "Unfinished business"]);
    let run = add(&sandbox, &laptop, "web/api").args(["--push"]).run().code(2);
    run.says("Unfinished business").says("not pushed").lacks("hunter3");
    assert_eq!(sandbox.git(&laptop, ["ls-remote", "origin", "main"]), before);
    // It is committed here, and can be read.
    assert_eq!(sandbox.get(&laptop, "web/api", "alice").code(0).stdout, b"hunter3");
    assert_eq!(sandbox.status(&laptop), "");
}

#[test]
fn a_remote_that_moved_on_is_said() {
    let (sandbox, laptop) = store();
    let other = sandbox.clone("other", &[]);
    add(&sandbox, &other, "web/theirs").args(["--push"]).run().code(0);
    let run = add(&sandbox, &laptop, "web/ours").args(["--push"]).run().code(2);
    run.says("git pull --rebase origin main");
    sandbox.git(&laptop, ["pull", "-q", "--rebase", "origin", "main"]);
    sandbox.push(&laptop);
    sandbox.check(&laptop, NOW).code(0);
    let names = sandbox.secrets(&laptop).args(["list"]).run().code(0);
    names.says("web/theirs").says("web/ours").says("web/db");
}

#[test]
fn where_the_branch_takes_no_direct_push_it_goes_beside_it() {
    let (sandbox, laptop) = store();
    let hook = "while read old new ref; do [ \"$ref\" = refs/heads/main ] && { echo 'main is protected'; exit 1; }; done; \
                echo 'Create a pull request:'; echo '  https://forge.example/team/repo/pull/new/x'; exit 0";
    sandbox.hook(&sandbox.path("origin.git/hooks"), "pre-receive", hook);
    let before = sandbox.git(&laptop, ["ls-remote", "origin", "main"]);
    let run = add(&sandbox, &laptop, "web/api").args(["--push"]).run().code(0);
    let run = run.says("secrets/").says("https://forge.example/team/repo/pull/new/x");
    let last = run.stderr.trim_end().lines().last().unwrap_or_default();
    assert!(last.contains("NOT on origin/main"), "{}", run.stderr);
    assert_eq!(sandbox.git(&laptop, ["ls-remote", "origin", "main"]), before);
    let branches = sandbox.git(&laptop, ["ls-remote", "origin", "refs/heads/secrets/*"]);
    assert!(branches.starts_with(&sandbox.head(&laptop)), "{branches}");
    // Merged, it opens the gate.
    assert!(sandbox.check(&laptop, NOW).code(1).finding_ids() == ["unpushed"]);
    let head = sandbox.head(&laptop);
    sandbox.git(&sandbox.path("origin.git"), ["update-ref", "refs/heads/main", &head]);
    sandbox.check(&laptop, NOW).code(0);
}

#[test]
fn a_remote_that_takes_nothing_at_all_is_an_error_that_says_why() {
    let (sandbox, laptop) = store();
    sandbox.hook(
        &sandbox.path("origin.git/hooks"),
        "pre-receive",
        "echo 'read-only for maintenance'; exit 1",
    );
    let run = add(&sandbox, &laptop, "web/api").args(["--push"]).run().code(2);
    run.says("read-only for maintenance").says("not pushed");
    fs::rename(sandbox.path("origin.git"), sandbox.path("gone.git")).unwrap();
    add(&sandbox, &laptop, "web/more").args(["--push"]).run().code(2).says("origin");
    assert_eq!(sandbox.get(&laptop, "web/more", "alice").code(0).stdout, b"hunter3");
}

#[test]
fn every_writing_command_pushes_where_asked() {
    let (sandbox, laptop) = store();
    let carol = crate::common::public_key("carol");
    for (arguments, stdin) in [
        (&["add", "web/x", "--expires", "2028-01-01", "--push"][..], "x"),
        (&["set", "web/x", "--expires", "2028-01-01", "--push"], "y"),
        (&["expiry", "set", "web/x", "--never", "why", "--push"], ""),
        (&["move", "web/x", "web/y", "--push"], ""),
        (&["people", "add", "carol", "--key", &carol, "--push"], ""),
        (&["people", "remove", "carol", "--push"], ""),
        (&["remove", "web/y", "--push"], ""),
    ] {
        let run = sandbox.secrets(&laptop).args(arguments).identity("alice").stdin(stdin).run().code(0);
        run.says("pushed to origin/main");
        sandbox.check(&laptop, NOW).lacks("unpushed").code(0);
    }
}

#[test]
fn where_nothing_is_deployed_from_git_there_is_nothing_to_push() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.origin_and_laptop();
    let alice = crate::common::public_key("alice");
    let init = ["init", "--person", "alice", "--key", &alice, "--deploy-ref", "none"];
    sandbox.secrets(&laptop).args(init).run().code(0);
    add(&sandbox, &laptop, "web/api").args(["--owner", "alice"]).run().code(0).lacks("NOT on");
}
