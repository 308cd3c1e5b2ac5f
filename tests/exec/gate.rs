//! `--gate`: a program that is run only where the gate lets its secrets through, or somebody breaks the glass.

use std::path::Path;

use crate::common::person::Person;
use crate::common::{NOW, Outcome, binary, identity_path};
use crate::stage::{Stage, run};

/// The moment at which `web/old` has ended.
const LATER: &str = "2028-06-01T00:00:00Z";

fn stage() -> Stage {
    let stage = Stage::with(&[("web/old", b"hunter2")]);
    stage.sandbox.add(&stage.laptop, "web/new", "2031-01-01", "hunter3");
    stage.sandbox.push(&stage.laptop);
    stage
}

#[must_use]
fn gate(stage: &Stage, at: &str, options: &[&str]) -> Outcome {
    let mut command = stage.sandbox.command(binary(), &stage.laptop);
    command.env("SECRETS_IDENTITY_FILE", identity_path("alice"));
    command.args(["exec", "--at", at, "--gate"]).args(options).args([
        "--",
        "sh",
        "-c",
        "echo ran $NEW; exit 9",
    ]);
    run(command, b"")
}

#[test]
fn it_blocks_for_just_these_secrets() {
    let stage = stage();
    let new = ["--env", "NEW=web/new"];
    for at in [NOW, LATER] {
        let done = gate(&stage, at, &new).code(9);
        assert_eq!(done.text(), "ran hunter3\n", "standard output is the program's");
        assert!(
            done.stderr.contains("clear to deploy") && done.stderr.contains("1 secret"),
            "{}",
            done.stderr
        );
    }
    for options in [&["--scope", "web/**"][..], &["--env", "NEW=web/new", "--file", "OLD=web/old"]] {
        let blocked = gate(&stage, LATER, options).code(1);
        assert_eq!(blocked.text(), "", "nothing was run");
        for text in ["expired", "web/old", "deploy blocked", "nothing was run"] {
            assert!(blocked.stderr.contains(text), "{text}: {}", blocked.stderr);
        }
        assert!(!blocked.stderr.contains("hunter2"), "{}", blocked.stderr);
        assert_eq!(gate(&stage, NOW, options).code, 9);
    }
    // Unknown is never a pass.
    let origin = stage.sandbox.path("origin.git");
    let gone = stage.sandbox.path("gone.git");
    std::fs::rename(&origin, &gone).unwrap();
    let unknown = gate(&stage, NOW, &new).code(2);
    assert_eq!(unknown.text(), "");
    assert!(unknown.stderr.contains("deploy blocked") && unknown.stderr.contains("nothing was run"));
    std::fs::rename(&gone, &origin).unwrap();
    // Without the gate no remote is asked.
    std::fs::rename(&origin, &gone).unwrap();
    assert_eq!(stage.script(&new, "echo $NEW").code(0).text(), "hunter3\n");
}

fn branches(stage: &Stage) -> String {
    stage.sandbox.git(Path::new(&stage.sandbox.path("origin.git")), ["branch", "--format=%(refname:short)"])
}

#[test]
fn the_glass_can_be_broken() {
    let stage = stage();
    let options = ["--env", "NEW=web/old", "--break-glass", "logins are down"];
    let done = gate(&stage, LATER, &options).code(9);
    assert_eq!(done.text(), "ran hunter2\n");
    assert!(
        done.stderr.contains("logins are down") && !done.stderr.contains("nothing was run"),
        "{}",
        done.stderr
    );
    assert_eq!(branches(&stage).lines().count(), 2, "what is deployed is saved: {}", branches(&stage));
    // Where nothing blocks there is no glass to break.
    assert_eq!(
        gate(&stage, NOW, &["--env", "NEW=web/new", "--break-glass", "just so"]).code(9).text(),
        "ran hunter3\n"
    );
    assert_eq!(branches(&stage).lines().count(), 2);
    // Where it can't be broken, it is not.
    std::fs::remove_dir_all(stage.sandbox.path("origin.git")).unwrap();
    let mut command = stage.sandbox.command(binary(), &stage.laptop);
    command.env("SECRETS_IDENTITY_FILE", identity_path("alice")).env("CI", "true");
    command.args(["exec", "--at", LATER, "--gate"]).args(options).args(["--", "echo", "ran"]);
    let refused = run(command, b"");
    assert!(refused.code != 0 && refused.text().is_empty(), "{}", refused.stderr);
}

#[test]
fn on_a_terminal_the_reason_is_asked_for() {
    let stage = stage();
    let person = || {
        let mut command = stage.sandbox.command(binary(), &stage.laptop);
        command.env("SECRETS_IDENTITY_FILE", identity_path("alice")).env("TERM", "xterm");
        command.args([
            "exec",
            "--at",
            LATER,
            "--gate",
            "--env",
            "NEW=web/old",
            "--",
            "sh",
            "-c",
            "echo ran $NEW; exit 9",
        ]);
        Person::at(command, None)
    };
    let mut declines = person();
    declines.sees("deploy blocked").sees("run it anyway?").types("\n").sees("nothing was run");
    let (code, seen) = declines.ends();
    assert!(code == 1 && !seen.contains("ran hunter2"), "{seen}");
    assert_eq!(branches(&stage), "main");
    let mut insists = person();
    insists.sees("run it anyway?").types("logins are down\n").sees("logins are down").sees("ran hunter2");
    assert_eq!(insists.ends().0, 9);
    assert_eq!(branches(&stage).lines().count(), 2);
}
