//! The pre-commit hook judges what is staged, and of that what the commit changes.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{Outcome, Sandbox, public_key};

const CANARY: &str = "canary-77aa";

fn installed() -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    sandbox.add(&laptop, "web/db", "2027-01-01", "first");
    sandbox.add(&laptop, "web/old", "2027-01-01", "old");
    sandbox.secrets(&laptop).args(["git", "install"]).run().code(0);
    (sandbox, laptop)
}

fn commit(sandbox: &Sandbox, laptop: &Path, arguments: &[&str]) -> Outcome {
    sandbox.run(laptop, "git", ["commit", "-q", "-m", "x"].iter().chain(arguments))
}

#[test]
fn a_value_in_clear_is_stopped_and_not_repeated() {
    let (sandbox, laptop) = installed();
    for (file, text) in [
        ("secrets/web/token.txt", CANARY.to_owned()),
        ("secrets/web/db.age", CANARY.to_owned()),
        ("secrets/web/db.json", format!("{{\"password\": \"{CANARY}\"}}")),
        ("secrets/.env", format!("TOKEN={CANARY}")),
    ] {
        let before = sandbox.head(&laptop);
        fs::write(laptop.join(file), &text).unwrap();
        sandbox.git(&laptop, ["add", "-A"]);
        // What stands in the work tree does not count.
        fs::remove_file(laptop.join(file)).unwrap();
        let refused = commit(&sandbox, &laptop, &[]).code(1).lacks(CANARY);
        assert!(refused.stderr.contains("error plaintext"), "{file}: {}", refused.stderr);
        assert!(refused.stderr.contains("to mend: ") && refused.stderr.contains("git commit --no-verify"));
        assert_eq!(sandbox.head(&laptop), before);
        sandbox.git(&laptop, ["reset", "-q", "--hard"]);
    }
}

#[test]
fn what_was_there_before_is_not_this_commits_doing() {
    let (sandbox, laptop) = installed();
    fs::write(laptop.join("secrets/token.txt"), CANARY).unwrap();
    sandbox.git(&laptop, ["add", "-A"]);
    commit(&sandbox, &laptop, &["--no-verify"]).code(0);
    fs::write(laptop.join("README"), "changed\n").unwrap();
    commit(&sandbox, &laptop, &["-a"]).code(0);
    sandbox.add(&laptop, "web/more", "2027-01-01", "more");
    fs::write(laptop.join("secrets/token.txt"), format!("{CANARY} again")).unwrap();
    commit(&sandbox, &laptop, &["-a"]).code(1).lacks(CANARY).says("plaintext secrets/token.txt");
    sandbox.git(&laptop, ["rm", "-q", "-f", "secrets/token.txt"]);
    commit(&sandbox, &laptop, &[]).code(0);
}

#[test]
fn a_value_and_a_record_that_do_not_belong_together() {
    let (sandbox, laptop) = installed();
    let web = laptop.join("secrets/web");
    fs::copy(web.join("old.age"), web.join("db.age")).unwrap();
    sandbox.git(&laptop, ["add", "-A"]);
    commit(&sandbox, &laptop, &[]).code(1).says("error record-behind web/db");
    sandbox.git(&laptop, ["reset", "-q", "--hard"]);
    // One half of a new version: the other one is written, and not staged.
    sandbox
        .secrets(&laptop)
        .args(["set", "web/db", "--expires", "2028-01-01", "--no-commit"])
        .identity("alice")
        .stdin("second")
        .run()
        .code(0);
    for half in ["secrets/web/db.age", "secrets/web/db.json"] {
        sandbox.git(&laptop, ["add", half]);
        commit(&sandbox, &laptop, &[]).code(1).says("error record-behind web/db");
        sandbox.git(&laptop, ["reset", "-q"]);
        // A commit of one path has an index of its own.
        commit(&sandbox, &laptop, &["--", half]).code(1).says("error record-behind web/db");
    }
    fs::write(laptop.join("README"), "changed\n").unwrap();
    commit(&sandbox, &laptop, &["--", "README"]).code(0);
    commit(&sandbox, &laptop, &["--", "secrets"]).code(0);
    // Half of a new secret.
    fs::copy(web.join("old.age"), web.join("alone.age")).unwrap();
    sandbox.git(&laptop, ["add", "-A"]);
    commit(&sandbox, &laptop, &[]).code(1).says("error orphan web/alone");
}

#[test]
fn commands_of_the_tool_pass_it() {
    let (sandbox, laptop) = installed();
    sandbox.add(&laptop, "web/new", "2027-01-01", "new");
    sandbox.secrets(&laptop).args(["remove", "web/old"]).identity("alice").run().code(0);
    sandbox.secrets(&laptop).args(["move", "web/new", "web/newer"]).identity("alice").run().code(0);
    sandbox.secrets(&laptop).args(["reseal", "--all"]).identity("alice").run().code(0);
    assert_eq!(sandbox.status(&laptop), "");
}

#[test]
fn what_cannot_be_judged_stops_it_too() {
    let (sandbox, laptop) = installed();
    let policy = laptop.join("secrets/policy.toml");
    let text = fs::read_to_string(&policy).unwrap();
    fs::write(&policy, format!("{text}\nmin-peple = 3\n")).unwrap();
    fs::write(laptop.join("secrets/web/token"), CANARY).unwrap();
    sandbox.git(&laptop, ["add", "-A"]);
    let refused = commit(&sandbox, &laptop, &[]).lacks(CANARY);
    assert_ne!(refused.code, 0);
    assert!(
        refused.stderr.contains("could not be checked: secrets/policy.toml in what is staged"),
        "{}",
        refused.stderr
    );
    sandbox.git(&laptop, ["reset", "-q", "--hard"]);
    // Without policy nothing says how secrets are judged.
    sandbox.git(&laptop, ["rm", "-q", "secrets/policy.toml"]);
    let refused = commit(&sandbox, &laptop, &[]);
    assert_ne!(refused.code, 0);
    assert!(
        refused.stderr.contains("secrets/policy.toml: is gone while there are secrets"),
        "{}",
        refused.stderr
    );
    sandbox.git(&laptop, ["reset", "-q", "--hard"]);
    let record = laptop.join("secrets/web/db.json");
    fs::write(&record, fs::read_to_string(&record).unwrap().replace("\"readers\"", "\"raeders\"")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", laptop.join("secrets/web/link.age")).unwrap();
    sandbox.git(&laptop, ["add", "-A"]);
    let refused = commit(&sandbox, &laptop, &[]);
    assert_ne!(refused.code, 0);
    assert!(refused.stderr.contains("could not be checked: secrets/web/db.json"), "{}", refused.stderr);
    assert!(refused.stderr.contains("secrets/web/link.age: is a symbolic link"), "{}", refused.stderr);
}

#[test]
fn policy_has_its_say() {
    let (sandbox, laptop) = installed();
    let policy = laptop.join("secrets/policy.toml");
    let text = fs::read_to_string(&policy).unwrap();
    let waiver = "\n[[waiver]]\nfinding = \"plaintext\"\nsecret = \"secrets/token.txt\"\nuntil = 2099-01-01\nreason = \"r\"\nby = \"alice\"\n";
    fs::write(&policy, text + waiver).unwrap();
    fs::write(laptop.join("secrets/token.txt"), CANARY).unwrap();
    sandbox.git(&laptop, ["add", "-A"]);
    commit(&sandbox, &laptop, &[]).code(0).lacks(CANARY);
}

#[test]
fn where_there_is_no_store_nothing_is_judged() {
    let (sandbox, laptop) = installed();
    sandbox.git(&laptop, ["checkout", "-q", "--orphan", "pages"]);
    sandbox.git(&laptop, ["rm", "-q", "-r", "-f", "."]);
    fs::write(laptop.join("index.html"), "hello").unwrap();
    sandbox.git(&laptop, ["add", "-A"]);
    commit(&sandbox, &laptop, &[]).code(0);
}

#[test]
fn in_a_linked_work_tree_and_in_the_first_commit() {
    let (sandbox, laptop) = installed();
    sandbox.git(&laptop, ["worktree", "add", "-q", "../beside", "-b", "beside"]);
    let beside = sandbox.path("beside");
    fs::write(beside.join("secrets/token.txt"), CANARY).unwrap();
    sandbox.git(&beside, ["add", "-A"]);
    commit(&sandbox, &beside, &[]).code(1).lacks(CANARY).says("plaintext secrets/token.txt");
    let fresh = sandbox.path("fresh");
    sandbox.git(sandbox.root(), ["init", "-q", "fresh"]);
    fs::create_dir(fresh.join("secrets")).unwrap();
    fs::copy(laptop.join("secrets/policy.toml"), fresh.join("secrets/policy.toml")).unwrap();
    sandbox.secrets(&fresh).args(["git", "install"]).run().code(0);
    fs::write(fresh.join("secrets/token.txt"), CANARY).unwrap();
    sandbox.git(&fresh, ["add", "-A"]);
    commit(&sandbox, &fresh, &[]).code(1).lacks(CANARY).says("plaintext secrets/token.txt");
}

#[test]
fn what_a_merge_brings_whole_from_one_side_is_not_its_doing() {
    let (sandbox, laptop) = installed();
    sandbox.git(&laptop, ["branch", "other"]);
    fs::write(laptop.join("secrets/token.txt"), CANARY).unwrap();
    fs::write(laptop.join("README"), "here\n").unwrap();
    sandbox.git(&laptop, ["add", "-A"]);
    commit(&sandbox, &laptop, &["--no-verify"]).code(0);
    sandbox.git(&laptop, ["checkout", "-q", "other"]);
    fs::write(laptop.join("README"), "there\n").unwrap();
    commit(&sandbox, &laptop, &["-a"]).code(0);
    let stopped = sandbox.run(&laptop, "git", ["merge", "main"]).code(1);
    assert!(!stopped.stderr.contains(CANARY));
    fs::write(laptop.join("README"), "both\n").unwrap();
    commit(&sandbox, &laptop, &["-a"]).code(0);
}

#[test]
fn files_of_other_tools_are_judged_as_staged() {
    let (sandbox, laptop) = installed();
    let policy = laptop.join("secrets/policy.toml");
    let text = fs::read_to_string(&policy).unwrap();
    fs::write(&policy, text + "\n[track]\nfiles = [\"**/enc-*\"]\n").unwrap();
    sandbox.age_file(&laptop.join("enc-prod"), b"first", &[&public_key("alice"), &public_key("bob")], false);
    sandbox.git(&laptop, ["add", "-A"]);
    commit(&sandbox, &laptop, &[]).code(0);
    sandbox.secrets(&laptop).args(["track", "enc-prod", "--owner", "team"]).run().code(0);
    // Sealed anew, and nobody said when the new one ends.
    sandbox.age_file(&laptop.join("enc-prod"), b"second", &[&public_key("alice"), &public_key("bob")], false);
    sandbox.git(&laptop, ["add", "-A"]);
    commit(&sandbox, &laptop, &[]).code(1).says("error record-behind enc-prod");
    // In clear.
    fs::write(laptop.join("enc-prod"), format!("token: {CANARY}\n")).unwrap();
    sandbox.git(&laptop, ["add", "-A"]);
    commit(&sandbox, &laptop, &[]).code(1).lacks(CANARY).says("plaintext enc-prod");
}
