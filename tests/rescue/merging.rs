//! What closes a rescue branch: merge, squash, rebase, the remedy as it is printed, and anything newer.

use std::path::PathBuf;

use crate::common::toronto::{AZUREAD, OAUTH, REDEPLOY};
use crate::night::Night;

/// A colleague's clone.
#[track_caller]
fn colleague(night: &Night) -> PathBuf {
    night.toronto.sandbox.clone("colleague", &[])
}

#[track_caller]
fn pending(night: &Night, clone: &str) {
    night.a_week_later(clone, &["--scope", AZUREAD], 1).says("rescue-pending");
}

#[test]
fn by_merge_by_squash_by_rebase_and_by_fast_forward() {
    for way in [
        "git merge -q --no-ff --no-edit origin/BRANCH",
        "git merge -q --squash origin/BRANCH && git commit -q -m 'Renew (#812)'",
        "git cherry-pick origin/BRANCH",
        "git merge -q --ff-only origin/BRANCH",
        // What came in meanwhile does not matter.
        "git commit -q --allow-empty -m Meanwhile && git checkout -q -b side origin/BRANCH && git rebase -q main && \
         git checkout -q main && git merge -q --ff-only side",
    ] {
        let night = Night::new();
        let branch = night.broken();
        pending(&night, "before");
        let clone = colleague(&night);
        let script = format!("{} && git push -q origin HEAD:main", way.replace("BRANCH", &branch));
        let _ = night.toronto.sandbox.run(&clone, "bash", ["-ec", &script]).code(0);
        let report = night.a_week_later("after", &[], 0).finds(&[]);
        report.says(&format!("{branch} has nothing that origin/main lacks"));
    }
}

#[test]
fn by_the_remedy_as_it_is_printed() {
    let night = Night::new();
    let branch = night.broken();
    let clone = colleague(&night);
    night.toronto.sandbox.git(&clone, ["commit", "-q", "--allow-empty", "-m", "Meanwhile"]);
    night.toronto.sandbox.git(&clone, ["push", "-q", "origin", "HEAD:main"]);
    night.toronto.sandbox.git(&clone, ["reset", "-q", "--hard", "HEAD~1"]);
    let report = night.toronto.sandbox.gate(&clone, REDEPLOY, &["--scope", AZUREAD], 1);
    let remedy = report.remedy("rescue-pending");
    let _ = night.toronto.sandbox.run(&clone.join("secrets"), "bash", ["-ec", &remedy]).code(0);
    let report = night.a_week_later("after", &[], 0).finds(&[]);
    // And the note's command takes the branch away.
    let note = report.json()["notes"].as_array().unwrap().iter().find_map(|note| {
        note.as_str().unwrap().split_once("it can go: ").map(|(_, command)| command.to_owned())
    });
    let _ = night.toronto.sandbox.run(&clone, "bash", ["-ec", &note.unwrap()]).code(0);
    assert_eq!(night.branches(), [""; 0], "{branch}");
    night.a_week_later("tidied", &[], 0).lacks("rescue");
}

#[test]
fn by_a_newer_version() {
    let night = Night::new();
    let _ = night.broken();
    let clone = colleague(&night);
    let set = |value: &str| {
        let set = ["set", AZUREAD, "--expires", "2023-09-30", "--push"];
        let run = night.run(&clone, &set).identity("bob").stdin(value);
        run.at("2022-09-02T08:00:00Z").run().code(0)
    };
    let _ = set("the very newest");
    night.a_week_later("after", &[], 0).finds(&[]);
}

#[test]
fn an_older_one_merged_elsewhere_does_not_close_it() {
    let night = Night::new();
    let _ = night.broken();
    let clone = colleague(&night);
    // Another secret is renewed; this one stays as it was.
    let set = ["set", OAUTH, "--expires", "2025-06-30", "--push"];
    let _ = night.run(&clone, &set).identity("bob").stdin("another hub's").run().code(0);
    pending(&night, "after");
}

#[test]
fn a_secret_that_is_on_the_branch_only() {
    let night = Night::calm();
    night.toronto.add("utoronto/prod/new", "2023-08-30", "a new one", &["--owner", "infra"]);
    let branch = night.broken();
    let report = night.a_week_later("ci", &["--scope", "utoronto/prod/new"], 1);
    let report = report.finds(&[("rescue-pending", "utoronto/prod/new", "error")]);
    let message = report.message("rescue-pending");
    assert!(message.contains(&format!("only {branch} has version 1")), "{message}");
    assert!(message.contains("would be without it"), "{message}");
    // Merged, and later removed on purpose: whoever has the history sees that.
    let clone = colleague(&night);
    let git = |arguments: &[&str]| night.toronto.sandbox.git(&clone, arguments);
    git(&["merge", "-q", "--ff-only", &format!("origin/{branch}")]);
    let _ = night.run(&clone, &["remove", "utoronto/prod/new", "--yes"]).run();
    git(&["rm", "-q", "--ignore-unmatch", "secrets/utoronto/prod/new.age", "secrets/utoronto/prod/new.json"]);
    let _ = night.toronto.sandbox.run(&clone, "git", ["commit", "-q", "-m", "Remove"]);
    git(&["push", "-q", "origin", "HEAD:main"]);
    let report = night.toronto.sandbox.check(&clone, REDEPLOY);
    assert!(!report.finding_ids().contains(&"rescue-pending".to_owned()), "{}", report.text());
    // A clone that is cut off can't, and blocks until the branch is deleted.
    let shallow = night.toronto.ci("shallow");
    let report = night.toronto.sandbox.check(&shallow, REDEPLOY);
    assert!(report.finding_ids().contains(&"rescue-pending".to_owned()), "{}", report.text());
    git(&["push", "-q", "origin", "--delete", &branch]);
    let report = night.toronto.sandbox.check(&shallow, REDEPLOY);
    assert!(!report.finding_ids().contains(&"rescue-pending".to_owned()), "{}", report.text());
}
