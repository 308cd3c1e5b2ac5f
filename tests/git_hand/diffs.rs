//! What `git diff` and its relatives show: facts, and never a value.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::Sandbox;

const CANARY: &str = "canary-3fb2-hunter2";

fn installed() -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    sandbox.add(&laptop, "web/db", "2027-01-01", CANARY);
    sandbox.secrets(&laptop).args(["git", "install"]).run().code(0);
    (sandbox, laptop)
}

fn set(sandbox: &Sandbox, laptop: &Path, expires: &str, value: &str) {
    sandbox
        .secrets(laptop)
        .args(["set", "web/db", "--expires", expires])
        .identity("alice")
        .at("2026-03-02T08:00:00Z")
        .stdin(value)
        .run()
        .code(0);
}

#[test]
fn a_new_version_reads_as_a_story() {
    let (sandbox, laptop) = installed();
    set(&sandbox, &laptop, "2028-01-01", "another");
    for show in [
        &["diff", "HEAD~1"][..],
        &["log", "-p", "-1"],
        &["show", "HEAD"],
        &["diff", "HEAD~1", "HEAD", "--", "secrets/web"],
    ] {
        let shown = sandbox.git(&laptop, show);
        for line in [
            "-version      1, set 2026-03-01T12:00:00Z by alice",
            "+version      2, set 2026-03-02T08:00:00Z by alice",
            "-expires      2027-01-01 (declared)",
            "+expires      2028-01-01 (declared)",
            " reader       bob  X25519 SHA256:",
            " sealed to    2 keys of type X25519",
        ] {
            assert!(shown.contains(line), "{show:?}: `{line}` in\n{shown}");
        }
        assert!(!shown.contains("Binary files"), "{shown}");
    }
    // The record and its value name each other.
    let blame = sandbox.git(&laptop, ["blame", "-s", "--", "secrets/web/db.json"]);
    assert!(blame.contains("version      2"), "{blame}");
    let stat = sandbox.git(&laptop, ["diff", "--stat", "HEAD~1"]);
    assert!(stat.contains("web/db.age  | Bin"), "{stat}");
    // A patch to be applied elsewhere holds the bytes themselves.
    let patch = sandbox.run(&laptop, "git", ["format-patch", "-1", "--stdout", "--binary"]).code(0);
    let clone = sandbox.path("applied");
    sandbox.git(sandbox.root(), ["clone", "-q", "laptop", "applied"]);
    sandbox.git(&clone, ["reset", "-q", "--hard", "HEAD~1"]);
    fs::write(clone.join("p"), &patch.stdout).unwrap();
    sandbox.git(&clone, ["am", "-q", "p"]);
    for file in ["secrets/web/db.age", "secrets/web/db.json"] {
        assert_eq!(fs::read(clone.join(file)).unwrap(), fs::read(laptop.join(file)).unwrap());
    }
}

#[test]
fn a_value_in_clear_is_in_no_diff() {
    let (sandbox, laptop) = installed();
    let record = fs::read_to_string(laptop.join("secrets/web/db.json")).unwrap();
    for (file, text) in [
        ("secrets/web/db.age", CANARY.to_owned()),
        ("secrets/web/new.age", format!("password: {CANARY}\n")),
        ("secrets/web/db.json", format!("{{\"password\": \"{CANARY}\"}}\n")),
        (
            "secrets/web/new.json",
            record.replace("\"seal\":", &format!("\"{CANARY}\": \"{CANARY}\", \"seal\":")),
        ),
        ("secrets/web/also.json", format!("{{\"schema\": 1, \"sealed\": {{\"name\": \"{CANARY}\"}}}}")),
        ("secrets/web/token.txt", CANARY.to_owned()),
        ("secrets/.env", format!("TOKEN={CANARY}\n")),
    ] {
        fs::write(laptop.join(file), text).unwrap();
    }
    sandbox.git(&laptop, ["add", "-A"]);
    let check = |arguments: &[&str]| {
        let outcome = sandbox.run(&laptop, "git", arguments).code(0).lacks(CANARY);
        assert!(
            outcome.text().contains("not shown    neither an age file nor a record"),
            "{}",
            outcome.text()
        );
        outcome
    };
    check(&["diff", "--cached"]).says("(19 bytes)");
    check(&["diff", "HEAD"]);
    sandbox.git(&laptop, ["commit", "-q", "--no-verify", "-m", "oops"]);
    check(&["log", "-p", "-1"]);
    check(&["show", "--cc"]);
    // Taken away again, it is on the other side of the diff.
    sandbox.git(&laptop, ["rm", "-q", "-r", "secrets/web", "secrets/.env"]);
    check(&["diff", "--cached"]);
    // What people write there is shown as ever.
    fs::write(laptop.join("secrets/README.md"), "read me\n").unwrap();
    let policy = laptop.join("secrets/policy.toml");
    fs::write(&policy, fs::read_to_string(&policy).unwrap() + "# a comment\n").unwrap();
    sandbox.git(&laptop, ["add", "secrets"]);
    let shown = sandbox.git(&laptop, ["diff", "--cached"]);
    assert!(shown.contains("+read me") && shown.contains("+# a comment"), "{shown}");
}

#[test]
fn what_is_broken_says_so_and_stops_no_diff() {
    let (sandbox, laptop) = installed();
    let sealed = laptop.join("secrets/web/db.age");
    let bytes = fs::read(&sealed).unwrap();
    for (bytes, told) in [
        (bytes[..40].to_vec(), "not shown    the age file is cut short"),
        (Vec::new(), "not shown    empty (0 bytes)"),
        (b"age-encryption.org/v1\n-> \x1b[31m\n".to_vec(), "header       malformed"),
        (b"-----BEGIN AGE ENCRYPTED FILE-----\nAAAA\n".to_vec(), "armored"),
        (vec![0; 25 * 1024 * 1024], "larger than anything in a store (26214400 bytes)"),
    ] {
        fs::write(&sealed, bytes).unwrap();
        let shown = sandbox.git(&laptop, ["diff"]);
        assert!(shown.contains(told) && !shown.contains('\x1b'), "{told}: {shown}");
    }
    // A record whose bytes differ and say the same is not without a difference.
    sandbox.git(&laptop, ["checkout", "-q", "."]);
    let record = laptop.join("secrets/web/db.json");
    fs::write(&record, fs::read_to_string(&record).unwrap().replace("  \"", "\"")).unwrap();
    let shown = sandbox.git(&laptop, ["diff"]);
    assert!(shown.contains("+form         not as secrets writes it"), "{shown}");
}

#[test]
fn in_a_linked_work_tree_too() {
    let (sandbox, laptop) = installed();
    sandbox.git(&laptop, ["worktree", "add", "-q", "../beside", "-b", "beside"]);
    let beside = sandbox.path("beside");
    set(&sandbox, &beside, "2028-01-01", "another");
    assert!(sandbox.git(&beside, ["show"]).contains("+version      2"));
    sandbox.git(&laptop, ["worktree", "remove", "../beside"]);
}
