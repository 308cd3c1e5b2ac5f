//! `--gate`: a program that is run only where the gate lets its secrets through, or somebody breaks the glass.

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
