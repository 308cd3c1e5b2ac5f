//! Two branches, one secret: merged where nothing is lost, and else a clear choice.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::common::{Outcome, Sandbox};

/// A laptop with one secret, git at hand, and two branches.
struct Desk {
    sandbox: Sandbox,
    laptop: PathBuf,
}

impl Desk {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let laptop = sandbox.store(&["alice", "bob"]);
        sandbox.add(&laptop, "web/db", "2027-01-01", "first");
        sandbox.secrets(&laptop).args(["git", "install"]).run().code(0);
        sandbox.git(&laptop, ["branch", "other"]);
        Self { sandbox, laptop }
    }

    fn git(&self, arguments: &[&str]) -> String {
        self.sandbox.git(&self.laptop, arguments)
    }

    fn try_git(&self, arguments: &[&str]) -> Outcome {
        self.sandbox.run(&self.laptop, "git", arguments)
    }

    fn secrets(&self, at: &str, arguments: &[&str], value: &str) {
        self.sandbox
            .secrets(&self.laptop)
            .args(arguments)
            .identity("alice")
            .at(at)
            .stdin(value)
            .run()
            .code(0);
    }

    fn ends(&self, at: &str, end: &str) {
        self.secrets(at, &["expiry", "set", "web/db", "--expires", end, "--reason", "ticket"], "");
    }

    fn set(&self, at: &str, end: &str, value: &str) {
        self.secrets(at, &["set", "web/db", "--expires", end], value);
    }

    fn about(&self, change: impl FnOnce(&mut Value)) {
        let path = self.laptop.join("secrets/web/db.json");
        let mut record = self.sandbox.record(&self.laptop, "web/db");
        change(&mut record["about"]);
        // The order of keys is the tool's; git and the tool don't mind.
        fs::write(&path, serde_json::to_string_pretty(&record).unwrap() + "\n").unwrap();
        self.git(&["commit", "-q", "-a", "-m", "about"]);
    }

    fn resolve(&self, arguments: &[&str], code: i32) -> Outcome {
        self.sandbox.secrets(&self.laptop).args(["git", "resolve"]).args(arguments).run().code(code)
    }

    fn value(&self) -> Vec<u8> {
        self.sandbox.age(&self.laptop, "web/db", "alice").code(0).stdout
    }

    fn end(&self) -> String {
        self.record()["sealed"]["expires"]["at"].as_str().unwrap().to_owned()
    }

    fn record(&self) -> Value {
        self.sandbox.record(&self.laptop, "web/db")
    }

    /// Whether record and value belong together, as the gate sees it once all is committed.
    fn is_whole(&self) {
        let check = self.sandbox.check(&self.laptop, "2026-03-03T00:00:00Z");
        let ids = check.finding_ids();
        for broken in ["record-behind", "tampered", "orphan", "plaintext", "uncommitted"] {
            assert!(!ids.iter().any(|id| id == broken), "{ids:?}");
        }
        assert!(check.json()["unchecked"].as_array().unwrap().is_empty(), "{}", check.text());
    }
}

const FIRST: &str = "2026-03-02T08:00:00Z";
const SECOND: &str = "2026-03-02T09:00:00Z";

#[test]
fn different_fields_are_merged() {
    let desk = Desk::new();
    desk.about(|about| about["runbook"] = json!("docs/db.md"));
    desk.git(&["checkout", "-q", "other"]);
    desk.about(|about| about["issuer"] = json!({"name": "the vendor", "portal": 7}));
    desk.git(&["merge", "-q", "-m", "merge", "main"]);
    let about = &desk.record()["about"];
    assert_eq!(about["runbook"], "docs/db.md");
    assert_eq!(about["issuer"], json!({"name": "the vendor", "portal": 7}));
    assert_eq!(about["owners"], json!(["team"]));
    desk.is_whole();
}

#[test]
fn a_new_value_here_and_an_edit_there() {
    let desk = Desk::new();
    desk.set(FIRST, "2028-01-01", "second");
    desk.git(&["checkout", "-q", "other"]);
    desk.about(|about| about["owners"] = json!(["alice", "team"]));
    desk.git(&["merge", "-q", "-m", "merge", "main"]);
    assert_eq!(desk.value(), b"second");
    assert_eq!(desk.record()["about"]["owners"], json!(["alice", "team"]));
    desk.is_whole();
}

#[test]
fn two_ends_are_a_clear_choice() {
    for (side, end) in [
        ("--ours", "2028-05-05T00:00:00Z"),
        ("--theirs", "2028-09-09T00:00:00Z"),
        ("--newer", "2028-05-05T00:00:00Z"),
    ] {
        let desk = Desk::new();
        desk.ends(FIRST, "2028-09-09");
        desk.git(&["checkout", "-q", "other"]);
        desk.ends(SECOND, "2028-05-05");
        let merge = desk.try_git(&["merge", "main"]).code(1);
        for told in [
            "secrets/web/db.json: each side has said when it ends, and they differ",
            "ours    version 1, set 2026-03-01T12:00:00Z by alice, ends 2028-05-05",
            "theirs  version 1, set 2026-03-01T12:00:00Z by alice, ends 2028-09-09",
            "[main]",
            "secrets git resolve web/db --ours",
            "secrets git resolve web/db --theirs",
        ] {
            assert!(merge.stderr.contains(told), "{told}: {}", merge.stderr);
        }
        // Until somebody chooses, the work tree holds a whole pair, and nothing goes through.
        assert_eq!(desk.end(), "2028-05-05T00:00:00Z");
        assert_eq!(desk.value(), b"first");
        assert_ne!(desk.try_git(&["commit", "-m", "x"]).code, 0);
        desk.resolve(&["--all"], 2).says("NOT merged").says("ends 2028-09-09");
        desk.resolve(&["web/other"], 2).says("web/other: is not unmerged");
        desk.resolve(&["web/db", side], 0).says("then: git commit");
        assert_eq!(desk.end(), end, "{side}");
        desk.git(&["commit", "-q", "-m", "merge"]);
        desk.is_whole();
        desk.resolve(&["--all"], 0).says("nothing of the store is unmerged");
    }
}

#[test]
fn two_values_are_both_kept_until_somebody_chooses() {
    for (side, kept, lost) in [("--ours", "of other", "of main"), ("--theirs", "of main", "of other")] {
        let desk = Desk::new();
        desk.set(FIRST, "2028-01-01", "of main");
        desk.git(&["checkout", "-q", "other"]);
        desk.set(SECOND, "2028-02-02", "of other");
        let merge = desk.try_git(&["merge", "main"]).code(1);
        assert!(merge.stderr.contains("each side has set a value of its own"), "{}", merge.stderr);
        // Both are in the index.
        for (stage, value) in [(":2:", "of other"), (":3:", "of main")] {
            let blob = desk.try_git(&["cat-file", "blob", &format!("{stage}secrets/web/db.age")]).code(0);
            fs::write(desk.laptop.join("secrets/web/copy.age"), blob.stdout).unwrap();
            let opened = desk.sandbox.age(&desk.laptop, "web/copy", "bob").code(0);
            assert_eq!(opened.text(), value);
        }
        fs::remove_file(desk.laptop.join("secrets/web/copy.age")).unwrap();
        let told = desk.resolve(&["web/db", side], 0).says("revoke at the issuer").lacks(lost).lacks(kept);
        assert_eq!(desk.value(), kept.as_bytes());
        // What was not taken can be had by the command that is named.
        let command = told.stderr.lines().find_map(|line| line.split_once("git show ")).unwrap().1.to_owned();
        let other = desk.try_git(&["cat-file", "blob", &command]).code(0);
        desk.git(&["commit", "-q", "-m", "merge"]);
        desk.is_whole();
        fs::write(desk.laptop.join("secrets/web/copy.age"), other.stdout).unwrap();
        assert_eq!(desk.sandbox.age(&desk.laptop, "web/copy", "bob").code(0).text(), lost);
    }
}

#[test]
fn a_new_value_wins_over_another_seal_of_the_old_one() {
    for first in [true, false] {
        let desk = Desk::new();
        let new_value = || desk.set(SECOND, "2028-02-02", "second");
        let new_end = || desk.ends(FIRST, "2028-09-09");
        if first {
            new_value();
        } else {
            new_end();
        }
        desk.git(&["checkout", "-q", "other"]);
        if first {
            new_end();
        } else {
            new_value();
        }
        let merge = desk.try_git(&["merge", "main"]).code(1);
        let side = if first { "theirs" } else { "ours" };
        assert!(
            merge.stderr.contains(&format!("{side} holds all that the other changed")),
            "{}",
            merge.stderr
        );
        // Whichever it is, ours stands whole beside our value.
        let expected: &[u8] = if first { b"first" } else { b"second" };
        assert_eq!(desk.value(), expected);
        desk.resolve(&["--all"], 0);
        assert_eq!(desk.value(), b"second");
        desk.git(&["commit", "-q", "-m", "merge"]);
        desk.is_whole();
    }
}

#[test]
fn one_field_that_both_changed() {
    let desk = Desk::new();
    desk.about(|about| about["runbook"] = json!("a.md"));
    desk.git(&["checkout", "-q", "other"]);
    desk.set(FIRST, "2028-01-01", "second");
    desk.about(|about| about["runbook"] = json!("b.md"));
    let merge = desk.try_git(&["merge", "main"]).code(1);
    assert!(merge.stderr.contains("ours    about.runbook \"b.md\""), "{}", merge.stderr);
    assert!(merge.stderr.contains("theirs  about.runbook \"a.md\""), "{}", merge.stderr);
    desk.resolve(&["web/db"], 2).says("about.runbook");
    desk.resolve(&["web/db", "--theirs"], 0);
    assert_eq!(desk.record()["about"]["runbook"], "a.md");
    assert_eq!(desk.value(), b"second", "the pair was changed by one side only");
    desk.git(&["commit", "-q", "-m", "merge"]);
    desk.is_whole();
}

#[test]
fn in_a_rebase_and_a_cherry_pick() {
    for (operation, next) in
        [("rebase", "git rebase --continue"), ("cherry-pick", "git cherry-pick --continue")]
    {
        let desk = Desk::new();
        desk.set(FIRST, "2028-01-01", "of main");
        desk.git(&["checkout", "-q", "other"]);
        desk.set(SECOND, "2028-02-02", "of other");
        let stopped = desk.try_git(&[operation, "main"]).code(1);
        assert!(stopped.stderr.contains("each side has set a value of its own"), "{}", stopped.stderr);
        // Which side is which differs; what is told of them is enough to choose by.
        let (ours, theirs) =
            if operation == "rebase" { ("2028-01-01", "2028-02-02") } else { ("2028-02-02", "2028-01-01") };
        assert!(stopped.stderr.contains(&format!("alice, ends {ours}")), "{}", stopped.stderr);
        let theirs_line = stopped.stderr.lines().find(|line| line.contains("theirs  ")).unwrap();
        assert!(theirs_line.contains(theirs), "{theirs_line}");
        desk.resolve(&["--all", "--theirs"], 0).says(next);
        let mut go_on = desk.sandbox.command("git", &desk.laptop);
        let status = go_on.args([operation, "--continue"]).env("GIT_EDITOR", "true").output().unwrap();
        assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stderr));
        assert_eq!(desk.end(), format!("{theirs}T00:00:00Z"));
        desk.is_whole();
    }
}

#[test]
fn removed_here_and_changed_there() {
    for (side, is_there) in [("--ours", false), ("--theirs", true)] {
        let desk = Desk::new();
        desk.set(FIRST, "2028-01-01", "second");
        desk.sandbox.add(&desk.laptop, "web/more", "2027-01-01", "more");
        desk.git(&["checkout", "-q", "other"]);
        desk.secrets(SECOND, &["remove", "web/db"], "");
        desk.try_git(&["merge", "main"]).code(1).says("deleted in HEAD");
        desk.resolve(&["--all"], 2).says("ours    removed").says("theirs  version 2");
        desk.resolve(&["--all", "--newer"], 2).says("NOT merged");
        desk.resolve(&["web/db", side], 0);
        desk.git(&["commit", "-q", "-m", "merge"]);
        assert_eq!(desk.laptop.join("secrets/web/db.age").exists(), is_there);
        assert_eq!(desk.laptop.join("secrets/web/db.json").exists(), is_there);
        desk.is_whole();
    }
}

#[test]
fn added_on_both_sides() {
    let desk = Desk::new();
    desk.sandbox.add(&desk.laptop, "web/new", "2027-03-03", "of main");
    desk.git(&["checkout", "-q", "other"]);
    desk.sandbox.add(&desk.laptop, "web/new", "2027-04-04", "of other");
    let merge = desk.try_git(&["merge", "main"]).code(1);
    assert!(merge.stderr.contains("each side has set a value of its own"), "{}", merge.stderr);
    desk.resolve(&["web/new", "--theirs"], 0);
    assert_eq!(desk.sandbox.age(&desk.laptop, "web/new", "bob").code(0).text(), "of main");
    desk.git(&["commit", "-q", "-m", "merge"]);
    desk.is_whole();
}

#[test]
fn half_of_a_choice_made_by_hand_does_not_get_through() {
    let desk = Desk::new();
    desk.set(FIRST, "2028-01-01", "of main");
    desk.git(&["checkout", "-q", "other"]);
    desk.set(SECOND, "2028-02-02", "of other");
    desk.try_git(&["merge", "main"]).code(1);
    desk.git(&["checkout", "-q", "--theirs", "secrets/web/db.age"]);
    desk.git(&["add", "secrets"]);
    let refused = desk.try_git(&["commit", "-m", "merge"]).code(1);
    assert!(refused.stderr.contains("record-behind web/db"), "{}", refused.stderr);
}

#[test]
fn without_the_driver_two_values_can_be_resolved_too() {
    let desk = Desk::new();
    desk.sandbox.secrets(&desk.laptop).args(["git", "uninstall"]).run().code(0);
    desk.set(FIRST, "2028-01-01", "of main");
    desk.git(&["checkout", "-q", "other"]);
    desk.set(SECOND, "2028-02-02", "of other");
    desk.try_git(&["merge", "main"]).code(1);
    desk.resolve(&["--all", "--newer"], 0);
    assert_eq!(desk.value(), b"of other");
    desk.git(&["commit", "-q", "-m", "merge"]);
    desk.is_whole();
}

#[test]
fn what_is_no_record_is_left_as_ours_has_it() {
    let desk = Desk::new();
    let path = desk.laptop.join("secrets/web/db.json");
    desk.set(FIRST, "2028-01-01", "of main");
    desk.git(&["checkout", "-q", "other"]);
    let canary = "{\"password\": \"canary-91\"}\n";
    fs::write(&path, canary).unwrap();
    desk.git(&["commit", "-q", "-a", "--no-verify", "-m", "oops"]);
    let merge = desk.try_git(&["merge", "main"]).code(1).lacks("canary-91");
    assert!(merge.stderr.contains("can't be merged, and is left as ours has it"), "{}", merge.stderr);
    assert_eq!(fs::read_to_string(Path::new(&path)).unwrap(), canary);
    desk.resolve(&["--all", "--theirs"], 2).lacks("canary-91").says("secrets/web/db.json (ours)");
}

#[test]
fn a_criss_cross_of_branches() {
    let desk = Desk::new();
    desk.ends(FIRST, "2028-09-09");
    desk.git(&["checkout", "-q", "other"]);
    desk.ends(SECOND, "2028-05-05");
    desk.git(&["branch", "their-tip"]);
    // Each takes its own side of the other, so that there are two bases.
    desk.try_git(&["merge", "main"]).code(1);
    desk.resolve(&["--all", "--ours"], 0);
    desk.git(&["commit", "-q", "-m", "one"]);
    desk.git(&["checkout", "-q", "main"]);
    desk.try_git(&["merge", "their-tip"]).code(1);
    desk.resolve(&["--all", "--ours"], 0);
    desk.git(&["commit", "-q", "-m", "two"]);
    let merge = desk.try_git(&["merge", "other"]).code(1);
    assert_eq!(merge.stderr.matches("each side has said when it ends").count(), 1, "{}", merge.stderr);
    desk.resolve(&["--all", "--theirs"], 0);
    assert_eq!(desk.end(), "2028-05-05T00:00:00Z");
    desk.git(&["commit", "-q", "-m", "three"]);
    desk.is_whole();
}
