//! What later checks make of rescue branches: whose they are, what of them is believed, and what is left unknown.

use std::fs;

use crate::common::toronto::{AZUREAD, OAUTH, REDEPLOY, RENEWED};
use crate::night::{Night, REASON};

#[test]
fn two_people_break_the_glass_at_once_and_both_are_told() {
    let night = Night::calm();
    let other = night.toronto.sandbox.clone("other", &[]);
    night.toronto.renew(night.laptop(), "alice", &["--no-commit"]);
    night.toronto.renew(&other, "bob", &["--no-commit"]);
    let (one, two) = std::thread::scope(|scope| {
        let one = scope.spawn(|| night.glass(night.laptop(), "alice was first").run().code(0));
        let two = scope.spawn(|| night.glass(&other, "bob was first").identity("bob").run().code(0));
        (one.join().unwrap(), two.join().unwrap())
    });
    let branches = [&one, &two].map(|told| told.json()["break_glass"]["branch"].as_str().unwrap().to_owned());
    assert_ne!(branches[0], branches[1]);
    assert_eq!(night.branches().len(), 2);
    let report = night.a_week_later("ci", &["--scope", AZUREAD], 1);
    let pending = ("rescue-pending", AZUREAD, "error");
    let report = report.finds(&[("expired", AZUREAD, "error"), pending, pending]);
    for text in [&branches[0], &branches[1], "alice was first", "bob was first", "alice broke", "bob broke"] {
        assert!(report.text().contains(text), "{text}: {}", report.text());
    }
}

#[test]
fn a_scope_confines_it() {
    let night = Night::new();
    let _ = night.broken();
    night.a_week_later("ci", &["--scope", OAUTH], 0).finds(&[]);
    let ci = night.toronto.sandbox.path("ci");
    let file = format!("secrets/{AZUREAD}.age");
    for arguments in [&["--scope", "utoronto/**"][..], &["--file", &file]] {
        let report = night.toronto.sandbox.gate(&ci, REDEPLOY, arguments, 1);
        report.finds(&[("expired", AZUREAD, "error"), ("rescue-pending", AZUREAD, "error")]);
    }
}

#[test]
fn offline_and_against_another_ref() {
    let night = Night::new();
    let _ = night.broken();
    let ci = night.toronto.ci("ci");
    let offline = night.toronto.sandbox.gate(&ci, RENEWED, &["--scope", OAUTH, "--offline"], 2);
    offline.finds(&[]).leaves_unchecked("--offline");
    night.toronto.sandbox.gate(&ci, RENEWED, &["--against", "HEAD"], 0).lacks("rescue-pending");
}

#[test]
fn policy_can_switch_it_off_and_is_told_so_and_a_waiver_holds() {
    let night = Night::new();
    let _ = night.broken();
    night.toronto.git(["stash", "-q"]);
    night.toronto.extend_policy("[defaults.levels]\nrescue-pending = \"off\"\n");
    night.toronto.publish("Do not look");
    let report = night.a_week_later("ci", &["--scope", AZUREAD], 1).finds(&[("expired", AZUREAD, "error")]);
    assert_eq!(report.json()["off"][0]["id"], "rescue-pending");
}

#[test]
fn the_glass_can_be_broken_over_a_branch_that_waits() {
    let night = Night::new();
    let first = night.broken();
    let ci = night.toronto.ci("ci");
    let told = night.glass(&ci, "the old one is needed once more").env("CI", "1").run().code(0);
    assert_ne!(told.json()["break_glass"]["branch"], first);
    // What was let through there is older than what waits, so only the first one is still to be merged.
    let report = night.a_week_later("again", &["--scope", AZUREAD], 1);
    assert!(report.message("rescue-pending").contains(&first));
}

/// Puts a commit on a rescue branch as anybody could who may push.
#[track_caller]
fn by_hand(night: &Night, branch: &str, message: &str, change: impl FnOnce(&std::path::Path)) {
    let clone = night.toronto.sandbox.clone(&branch.replace('/', "-"), &[]);
    change(&clone);
    night.toronto.sandbox.git(&clone, ["add", "-A"]);
    night.toronto.sandbox.git(&clone, ["commit", "-q", "--allow-empty", "-m", message]);
    night.toronto.sandbox.git(&clone, ["push", "-q", "origin", &format!("HEAD:{branch}")]);
}

#[test]
fn a_branch_that_was_made_by_hand_tells_who_committed_it() {
    let night = Night::calm();
    by_hand(&night, "rescue/mine", "New client secret, quickly", |clone| {
        night.toronto.renew(clone, "bob", &["--no-commit"]);
    });
    let report = night.a_week_later("ci", &["--scope", AZUREAD], 1);
    let message = report.message("rescue-pending");
    let told = "Alice Example broke the glass";
    assert!(message.contains(told) && message.contains("New client secret, quickly"), "{message}");
}

#[test]
fn what_a_branch_tells_steers_no_terminal_and_no_run() {
    let night = Night::calm();
    let message = "x\n\nRescue-By: \u{1b}[2Jmallory\u{202e}\nRescue-At: never\nRescue-Reason: \u{9b}1m%0A::set-output \
                   name=x::y\r::error::z";
    by_hand(&night, "rescue/mine", message, |clone| {
        night.toronto.renew(clone, "bob", &["--no-commit"]);
    });
    let ci = night.toronto.ci("ci");
    for format in ["human", "json", "github"] {
        let told = night.run(&ci, &["check", "--format", format]).at(REDEPLOY).run().code(1);
        let text = told.says("rescue-pending").says("mallory");
        assert!(!text.text().contains(['\u{1b}', '\u{9b}', '\u{202e}', '\r']), "{}", text.text());
        assert!(!text.text().lines().any(|line| line.starts_with("::set-output")));
    }
}

#[test]
fn a_branch_that_cannot_be_read_is_left_unknown() {
    let night = Night::calm();
    let record = format!("secrets/{AZUREAD}.json");
    by_hand(&night, "rescue/mine", "Damaged", |clone| fs::write(clone.join(&record), "{").unwrap());
    let report = night.a_week_later("ci", &["--scope", AZUREAD], 1).finds(&[("expired", AZUREAD, "error")]);
    report.leaves_unchecked("rescue/mine");
    // Of the other secret it is known.
    night
        .toronto
        .sandbox
        .gate(&night.toronto.sandbox.path("ci"), REDEPLOY, &["--scope", OAUTH], 0)
        .finds(&[]);

    // A branch whose commit is gone: it may hold anything.
    let broken = "refs/heads/rescue/broken";
    let path = night.origin().join(broken);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let tree = night.toronto.sandbox.git(&night.origin(), ["rev-parse", "main^{tree}"]);
    let made = ["-c", "user.name=x", "-c", "user.email=x", "commit-tree", "-m", "x", &tree];
    let commit = night.toronto.sandbox.git(&night.origin(), made);
    night.toronto.sandbox.git(&night.origin(), ["update-ref", broken, &commit]);
    fs::remove_file(night.origin().join(format!("objects/{}/{}", &commit[..2], &commit[2..]))).unwrap();
    let ci = night.toronto.sandbox.path("ci");
    let report = night.toronto.sandbox.check(&ci, RENEWED);
    assert_ne!(report.code, 0);
}

#[test]
fn a_value_without_a_record_has_no_order() {
    let night = Night::calm();
    by_hand(&night, "rescue/mine", "Half of it", |clone| {
        night.toronto.renew(clone, "bob", &["--no-commit"]);
        fs::remove_file(clone.join(format!("secrets/{AZUREAD}.json"))).unwrap();
    });
    let report = night.a_week_later("ci", &["--scope", AZUREAD], 1).finds(&[("expired", AZUREAD, "error")]);
    report.leaves_unchecked("has no record there");
}

#[test]
fn more_branches_than_anybody_reads_are_left_unknown() {
    let night = Night::calm();
    for number in 0..17 {
        let branch = format!("refs/heads/rescue/{number:02}");
        night.toronto.sandbox.git(&night.origin(), ["update-ref", &branch, "main"]);
    }
    let ci = night.toronto.ci("ci");
    let report = night.toronto.sandbox.gate(&ci, RENEWED, &["--scope", OAUTH], 2);
    report.leaves_unchecked("17 branches");
    night.toronto.sandbox.git(&night.origin(), ["update-ref", "-d", "refs/heads/rescue/00"]);
    night.toronto.sandbox.gate(&ci, RENEWED, &["--scope", OAUTH], 0).finds(&[]);
}

#[test]
fn a_branch_of_that_name_further_down_is_none() {
    let night = Night::new();
    let branch = night.broken();
    let elsewhere = format!("refs/heads/x/refs/heads/{branch}");
    night.toronto.sandbox.git(&night.origin(), ["update-ref", &elsewhere, &branch]);
    night.toronto.sandbox.git(&night.origin(), ["update-ref", "-d", &format!("refs/heads/{branch}")]);
    let report = night.a_week_later("ci", &["--scope", AZUREAD], 1);
    report.finds(&[("expired", AZUREAD, "error")]);
}

/// Every shape of clone that CI makes.
#[test]
fn every_clone_sees_it() {
    let night = Night::new();
    let branch = night.broken();
    for (name, options) in [
        ("full", &[][..]),
        ("single", &["--single-branch"]),
        ("shallow", &["--depth", "1"]),
        ("blobless", &["--filter=blob:none"]),
        ("treeless", &["--filter=tree:0"]),
    ] {
        night.toronto.sandbox.git(&night.origin(), ["config", "uploadpack.allowFilter", "true"]);
        let clone = night.toronto.sandbox.clone(name, options);
        let report = night.toronto.sandbox.gate(&clone, REDEPLOY, &["--scope", AZUREAD], 1);
        let message = report.message("rescue-pending");
        assert!(message.contains(&branch) && message.contains(REASON), "{name}: {message}");
    }
}
