//! The pre-push hook judges what a push brings to the deploy ref.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{Outcome, Sandbox};

fn installed(people: &[&str]) -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(people);
    sandbox.secrets(&laptop).args(["git", "install"]).run().code(0);
    (sandbox, laptop)
}

fn push(sandbox: &Sandbox, laptop: &Path, arguments: &[&str]) -> Outcome {
    sandbox.run(laptop, "git", ["push"].iter().chain(arguments))
}

#[test]
fn a_secret_of_one_person_is_stopped_on_its_way_to_the_deploy_ref() {
    let (sandbox, laptop) = installed(&["alice"]);
    sandbox.add(&laptop, "web/db", "2999-01-01", "hunter2");
    let refused = push(&sandbox, &laptop, &["origin", "HEAD:main"]).code(1).lacks("hunter2");
    assert!(
        refused.stderr.contains("error single-holder web/db: only alice can open it"),
        "{}",
        refused.stderr
    );
    assert!(refused.stderr.contains("git push --no-verify"), "{}", refused.stderr);
    // By its address it is the same branch.
    let address = sandbox.git(&laptop, ["config", "remote.origin.url"]);
    push(&sandbox, &laptop, &[&address, "HEAD:main"]).code(1).says("single-holder");
    // Elsewhere it may be mended.
    push(&sandbox, &laptop, &["origin", "HEAD:topic"]).code(0);
    push(&sandbox, &laptop, &["origin", ":topic"]).code(0);
    push(&sandbox, &laptop, &["--no-verify", "origin", "HEAD:main"]).code(0);
    // It stands there now, and is nobody else's fault.
    fs::write(laptop.join("README"), "changed\n").unwrap();
    sandbox.git(&laptop, ["commit", "-q", "-a", "-m", "x"]);
    push(&sandbox, &laptop, &["origin", "HEAD:main"]).code(0);
    push(&sandbox, &laptop, &["origin", "HEAD:main"]).code(0);
    sandbox.add(&laptop, "web/more", "2999-01-01", "hunter3");
    let refused = push(&sandbox, &laptop, &["origin", "HEAD:main"]).code(1);
    assert!(refused.stderr.contains("web/more") && !refused.stderr.contains("web/db"), "{}", refused.stderr);
}

#[test]
fn an_expired_one_is_stopped() {
    let (sandbox, laptop) = installed(&["alice", "bob"]);
    sandbox
        .secrets(&laptop)
        .args(["add", "web/db", "--expires", "2021-01-01", "--owner", "team", "--as", "alice"])
        .at("2020-02-01T00:00:00Z")
        .stdin("hunter2")
        .run()
        .code(0);
    sandbox.add(&laptop, "web/lasting", "2999-01-01", "hunter3");
    // The hook judges as of now, and that is long after.
    let refused = push(&sandbox, &laptop, &["origin", "HEAD:main"]).code(1);
    assert!(refused.stderr.contains("error expired web/db: expired"), "{}", refused.stderr);
    assert!(!refused.stderr.contains("web/lasting"), "{}", refused.stderr);
}

#[test]
fn a_policy_that_asks_for_more_people_is_held_against_all() {
    let (sandbox, laptop) = installed(&["alice", "bob"]);
    sandbox.add(&laptop, "web/db", "2999-01-01", "hunter2");
    push(&sandbox, &laptop, &["origin", "HEAD:main"]).code(0);
    let policy = laptop.join("secrets/policy.toml");
    let text = fs::read_to_string(&policy).unwrap();
    fs::write(&policy, text.clone() + "\n[[scope]]\nmatch = \"web/**\"\nmin-people = 3\n").unwrap();
    sandbox.git(&laptop, ["commit", "-q", "-a", "-m", "x"]);
    push(&sandbox, &laptop, &["origin", "HEAD:main"]).code(1).says("error single-holder web/db");
    let off = "\n[[scope]]\nmatch = \"web/**\"\nmin-people = 3\nlevels = { single-holder = \"warning\" }\n";
    fs::write(&policy, text + off).unwrap();
    sandbox.git(&laptop, ["commit", "-q", "-a", "-m", "x"]);
    push(&sandbox, &laptop, &["origin", "HEAD:main"]).code(0).says("warning single-holder web/db");
}

#[test]
fn as_the_pre_commit_framework_calls_it() {
    let (sandbox, laptop) = installed(&["alice"]);
    sandbox.add(&laptop, "web/db", "2999-01-01", "hunter2");
    let hook = |branch: &str| {
        sandbox
            .secrets(&laptop)
            .args(["git", "hook", "pre-push"])
            .env("PRE_COMMIT_REMOTE_NAME", "origin")
            .env("PRE_COMMIT_REMOTE_BRANCH", branch)
            .env("PRE_COMMIT_FROM_REF", "HEAD~1")
            .env("PRE_COMMIT_TO_REF", "HEAD")
            .run()
    };
    hook("refs/heads/main").code(1).says("single-holder web/db");
    hook("refs/heads/topic").code(0);
    sandbox.secrets(&laptop).args(["git", "hook", "pre-push", "origin"]).stdin("nonsense\n").run().code(2);
}
