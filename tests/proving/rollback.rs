//! An old pair restored over a newer one, with the history at hand.

use std::path::Path;

use crate::common::toronto::{AZUREAD, CALM, NEW_VALUE, OAUTH, RENEWED, Toronto};

/// Both files of the secret.
fn files() -> [String; 2] {
    ["json", "age"].map(|ending| format!("secrets/{AZUREAD}.{ending}"))
}

/// Puts back what a commit had of it.
fn restore(toronto: &Toronto, clone: &Path, commit: &str) {
    let [record, sealed] = files();
    toronto.sandbox.git(clone, ["checkout", "-q", commit, "--", &record, &sealed]);
}

/// A new value, and then the old pair again; everything is on the deploy ref.
fn rolled_back() -> Toronto {
    let toronto = Toronto::new();
    toronto.renew(&toronto.laptop, "alice", &["--push"]);
    restore(&toronto, &toronto.laptop, "HEAD~1");
    toronto.publish("Calm things down");
    toronto
}

const FOUND: [(&str, &str, &str); 2] = [("rolled-back", AZUREAD, "error"), ("expired", AZUREAD, "error")];

#[test]
fn an_old_pair_over_a_newer_one_is_seen_and_mended() {
    let toronto = rolled_back();
    let report = toronto.gate(RENEWED, &[], 1).finds(&FOUND);
    let message = report.message("rolled-back");
    assert!(message.starts_with("a newer seal (version 2, seal "), "{message}");
    let newer = toronto.git(["rev-parse", "HEAD~1"]);
    assert!(message.contains(newer.get(..12).expect("an id")), "{message}");
    // Every whole clone says the same, each time.
    let full = toronto.sandbox.clone("full", &[]);
    let detached = toronto.sandbox.clone("detached", &[]);
    toronto.sandbox.git(&detached, ["checkout", "-q", "--detach"]);
    toronto.git(["worktree", "add", "-q", "--detach", "../worktree"]);
    for clone in [&full, &detached, &toronto.sandbox.path("worktree")] {
        assert_eq!(toronto.sandbox.check(clone, RENEWED).code(1).stdout, report.stdout);
    }
    // Other secrets are none of its business.
    toronto.gate(RENEWED, &["--scope", "callysto/**"], 0).finds(&[]);
    // The remedy is the newer pair; the older one is not sealed again.
    let remedy = report.remedy("rolled-back");
    assert!(remedy.starts_with(&format!("git restore --source={newer} --staged --worktree -- ")), "{remedy}");
    let _ = toronto.sandbox.run(&toronto.laptop.join("secrets/callysto"), "sh", ["-c", &remedy]).code(0);
    toronto.publish("Have the newer one");
    toronto.gate(RENEWED, &[], 0).finds(&[]);
    let got = toronto.sandbox.get(&toronto.laptop, AZUREAD, "bob").code(0);
    assert_eq!(got.stdout, NEW_VALUE.as_bytes());
}

/// What a command says of the newer pair, pasted.
fn paste_the_remedy(toronto: &Toronto, told: &crate::common::Outcome) {
    let remedy = told.stderr.split("to have the newer one: ").nth(1).and_then(|rest| rest.lines().next());
    let remedy = remedy.unwrap_or_else(|| panic!("no remedy is told: {}", told.stderr));
    let _ = toronto.sandbox.run(&toronto.laptop.join("secrets/callysto"), "sh", ["-c", remedy]).code(0);
}

/// Sealed again, the old value would look like the newest.
#[test]
fn an_old_pair_is_not_sealed_again() {
    let expiry = ["expiry", "set", AZUREAD, OAUTH, "--expires", "2023-09-30", "--reason", "extended"];
    let commands: [&[&str]; 5] = [
        &expiry,
        &["move", AZUREAD, "callysto/prod/elsewhere"],
        &["reseal", AZUREAD],
        &["reseal", "--all"],
        &["people", "remove", "carol"],
    ];
    for pushed in [true, false] {
        for command in commands {
            let toronto = if pushed {
                rolled_back()
            } else {
                let toronto = Toronto::new();
                toronto.renew(&toronto.laptop, "alice", &["--push"]);
                restore(&toronto, &toronto.laptop, "HEAD~1");
                toronto
            };
            if command[0] == "reseal" {
                // Something for it to do, for every secret.
                let machine = ["machines", "add", "deployer", "--key"];
                let key = toronto.sandbox.new_ssh_key("deployer");
                let run = toronto.sandbox.secrets(&toronto.laptop).args(machine).args([key.as_str()]);
                let _ = run.args(["--group", "infra"]).at(RENEWED).run().code(0);
            }
            let run = || {
                let run =
                    || toronto.sandbox.secrets(&toronto.laptop).args(command).identity("alice").at(RENEWED);
                toronto.sandbox.accepting_new(run)
            };
            let before =
                files().map(|file| std::fs::read(toronto.laptop.join(file)).expect("a file can be read"));
            let told = run().code(2).says("a newer seal (version 2, seal ").says("(rolled-back)");
            assert_eq!(
                files().map(|file| std::fs::read(toronto.laptop.join(file)).expect("a file can be read")),
                before,
                "{command:?}"
            );
            paste_the_remedy(&toronto, &told);
            if command[0] == "people" {
                let _ = run().code(2).says("policy knows no person named `carol`");
                let reseal = ["reseal", "--all"];
                let run = toronto.sandbox.secrets(&toronto.laptop).args(reseal).identity("alice").at(RENEWED);
                let _ = run.run().code(0).lacks("rolled-back");
            } else {
                let _ = run().code(0).lacks("rolled-back");
            }
            let name = if command[0] == "move" { "callysto/prod/elsewhere" } else { AZUREAD };
            let got = toronto.sandbox.get(&toronto.laptop, name, "alice").code(0);
            assert_eq!(got.stdout, NEW_VALUE.as_bytes(), "{command:?}");
        }
    }
}

/// The newer pair is on the deploy ref as this clone saw it last, and not in what `HEAD` goes back to.
#[test]
fn nor_where_the_deploy_ref_at_hand_has_the_newer_one() {
    let toronto = Toronto::new();
    toronto.git(["checkout", "-q", "-b", "stale"]);
    toronto.git(["checkout", "-q", "main"]);
    toronto.renew(&toronto.laptop, "alice", &["--push"]);
    toronto.git(["checkout", "-q", "stale"]);
    toronto.git(["branch", "-q", "-D", "main"]);
    let expiry = ["expiry", "set", AZUREAD, "--expires", "2023-09-30", "--reason", "extended"];
    let run = || toronto.sandbox.secrets(&toronto.laptop).args(expiry).identity("alice").at(RENEWED).run();
    let told = run().code(2).says("(rolled-back)");
    paste_the_remedy(&toronto, &told);
    let _ = run().code(0);
    // No remote is asked for that.
    toronto.git(["update-ref", "-d", "refs/remotes/origin/main"]);
    toronto.git(["reset", "-q", "--hard", "HEAD~1"]);
    let _ = run().code(0);
}

/// A new value is new, wherever it is set; its numbers rise above all that were.
#[test]
fn a_new_value_over_an_old_pair_bears_new_numbers() {
    let toronto = rolled_back();
    let newest = toronto.git(["show", &format!("HEAD~1:secrets/{AZUREAD}.json")]);
    let newest: serde_json::Value = serde_json::from_str(&newest).expect("a record is JSON");
    let set = ["set", AZUREAD, "--expires", "2023-08-30"];
    // The clock may stand behind.
    let run = toronto.sandbox.secrets(&toronto.laptop).args(set).identity("alice");
    let _ = run.at("2022-08-31T00:00:00Z").stdin("a third one").run().code(0);
    let sealed = toronto.sandbox.record(&toronto.laptop, AZUREAD)["sealed"].clone();
    assert_eq!(sealed["version"]["number"], 3);
    assert!(sealed["seal"].as_u64() > newest["sealed"]["seal"].as_u64(), "{sealed} {newest}");
    toronto.sandbox.push(&toronto.laptop);
    toronto.gate(RENEWED, &[], 0).finds(&[]);
}

#[test]
fn nor_does_it_pass_before_it_is_committed() {
    let toronto = Toronto::new();
    toronto.renew(&toronto.laptop, "alice", &["--push"]);
    restore(&toronto, &toronto.laptop, "HEAD~1");
    let mut expected = FOUND.to_vec();
    expected.push(("uncommitted", AZUREAD, "error"));
    let report = toronto.gate(RENEWED, &[], 1).finds(&expected);
    // Whichever remedy is pasted first: nothing of the older pair is left, staged neither.
    for finding in ["uncommitted", "rolled-back"] {
        restore(&toronto, &toronto.laptop, "HEAD~1");
        let _ = toronto.sandbox.run(&toronto.laptop, "sh", ["-c", &report.remedy(finding)]).code(0);
        assert_eq!(toronto.git(["status", "--porcelain"]), "", "{finding}");
        toronto.gate(RENEWED, &[], 0).finds(&[]);
    }
}

#[test]
fn many_commits_later_it_is_seen_still() {
    let toronto = rolled_back();
    for number in 0..5 {
        toronto.write("README", format!("{number}\n"));
        toronto.extend_policy(&format!("# {number}\n"));
        toronto.publish("Something else");
    }
    toronto.gate(RENEWED, &[], 1).finds(&FOUND);
    // A value that is set anew rises above all of them.
    let set = ["set", AZUREAD, "--expires", "2023-08-30", "--push"];
    let run = toronto.sandbox.secrets(&toronto.laptop).args(set).identity("alice");
    let _ = run.at("2022-08-31T20:16:00Z").stdin("a third one").run().code(0);
    toronto.gate(RENEWED, &[], 0).finds(&[]);
}

#[test]
fn with_the_history_cut_off_it_is_not_seen_and_that_is_said() {
    let toronto = rolled_back();
    let ci = toronto.ci("ci");
    let report = toronto.sandbox.gate(&ci, RENEWED, &[], 1).finds(&FOUND[1..]);
    let notes = report.json()["notes"].to_string();
    for told in ["shallow", "refs/secrets/ledger", "git fetch --unshallow", "would not be seen"] {
        assert!(notes.contains(told), "`{told}`: {notes}");
    }
    // It blocks nobody: CI clones like that.
    toronto.sandbox.gate(&ci, RENEWED, &["--scope", "callysto/**"], 0).finds(&[]);
    toronto.sandbox.git(&ci, ["fetch", "-q", "--unshallow"]);
    let whole = toronto.sandbox.gate(&ci, RENEWED, &[], 1).finds(&FOUND);
    assert_eq!(whole.json()["notes"].as_array().map(Vec::len), Some(0));
}

#[test]
fn removed_and_added_anew_is_no_rollback() {
    let toronto = Toronto::new();
    toronto.renew(&toronto.laptop, "alice", &[]);
    let run = |arguments: &[&str]| {
        let run = toronto.sandbox.secrets(&toronto.laptop).args(arguments).identity("alice").at(RENEWED);
        let _ = run.stdin("added anew").run().code(0);
    };
    run(&["remove", AZUREAD]);
    run(&["add", AZUREAD, "--expires", "2023-08-30", "--owner", "infra"]);
    run(&["move", OAUTH, "callysto/prod/oauth2"]);
    run(&["move", "callysto/prod/oauth2", OAUTH]);
    toronto.sandbox.push(&toronto.laptop);
    toronto.gate(RENEWED, &[], 0).finds(&[]);
}

#[test]
fn what_was_tampered_with_and_put_right_does_not_haunt() {
    let toronto = Toronto::new();
    let [record, _] = files();
    let seal = toronto.sandbox.record(&toronto.laptop, AZUREAD)["sealed"]["seal"].to_string();
    toronto.edit(&record, &seal, "1999999999");
    toronto.publish("Claim to be from the future");
    toronto.gate(crate::common::toronto::CALM, &[], 1).finds(&[("tampered", AZUREAD, "error")]);
    toronto.git(["revert", "--no-edit", "HEAD"]);
    toronto.sandbox.push(&toronto.laptop);
    toronto.gate(crate::common::toronto::CALM, &[], 0).finds(&[]);
    // A pair that is bound, under another name.
    let copy = |from: &str, to: &str| {
        for ending in ["json", "age"] {
            let path = |name: &str| toronto.laptop.join(format!("secrets/{name}.{ending}"));
            std::fs::copy(path(from), path(to)).expect("a file can be copied");
        }
    };
    toronto.renew(&toronto.laptop, "alice", &[]);
    copy(AZUREAD, OAUTH);
    toronto.publish("A copy");
    restore_oauth(&toronto);
    toronto.gate(RENEWED, &[], 0).finds(&[]);
}

fn restore_oauth(toronto: &Toronto) {
    toronto.git(["checkout", "-q", "HEAD~2", "--", "secrets/callysto"]);
    toronto.publish("The right one");
}

/// Two branches set it a minute apart, and are merged with this strategy option.
fn merged(theirs_at: &str, option: &str) -> Toronto {
    let toronto = Toronto::new();
    toronto.git(["checkout", "-q", "-b", "side"]);
    let set = ["set", AZUREAD, "--expires", "2023-08-30"];
    let run = toronto.sandbox.secrets(&toronto.laptop).args(set).identity("bob");
    let _ = run.at(theirs_at).stdin("of the side").run().code(0);
    toronto.git(["checkout", "-q", "main"]);
    toronto.renew(&toronto.laptop, "alice", &[]);
    toronto.git(["merge", "-q", "-s", "recursive", "-X", option, "--no-edit", "side"]);
    let [record, sealed] = files();
    let side = if option == "ours" { "main~0^1" } else { "side" };
    toronto.git(["checkout", "-q", side, "--", &record, &sealed]);
    if !toronto.git(["status", "--porcelain"]).is_empty() {
        toronto.git(["commit", "-q", "--amend", "--no-edit"]);
    }
    toronto.sandbox.push(&toronto.laptop);
    toronto
}

#[test]
fn a_merge_that_takes_the_older_side() {
    let later = "2022-08-31T20:16:00Z";
    merged(later, "theirs").gate(later, &[], 0).finds(&[]);
    merged(later, "ours").gate(later, &[], 1).finds(&[("rolled-back", AZUREAD, "error")]);
    // Two seals with one number: nobody can say which of them is the newer one.
    let report = merged(RENEWED, "ours").gate(RENEWED, &[], 1).finds(&[("rolled-back", AZUREAD, "error")]);
    let message = report.message("rolled-back");
    assert!(message.starts_with("another seal with the number of this one (version 2"), "{message}");
}

#[test]
fn a_change_that_rolls_back_answers_for_it() {
    let toronto = Toronto::new();
    toronto.renew(&toronto.laptop, "alice", &["--push"]);
    restore(&toronto, &toronto.laptop, "HEAD~1");
    toronto.sandbox.commit_all(&toronto.laptop, "Calm things down");
    let against = |expected| toronto.gate(RENEWED, &["--against", "origin/main"], expected);
    against(1).finds(&FOUND);
    toronto.sandbox.push(&toronto.laptop);
    toronto.write("README", "another change\n");
    toronto.sandbox.commit_all(&toronto.laptop, "Another change");
    against(0).finds(&FOUND.map(|(id, secret, _)| (id, secret, "warning")));
    // A branch that has not seen the new value yet brings none back.
    let toronto = Toronto::new();
    toronto.git(["checkout", "-q", "-b", "stale"]);
    toronto.write("README", "a change\n");
    toronto.sandbox.commit_all(&toronto.laptop, "A change");
    toronto.git(["checkout", "-q", "main"]);
    toronto.renew(&toronto.laptop, "alice", &["--push"]);
    let calm = crate::common::toronto::CALM;
    toronto.git(["checkout", "-q", "stale"]);
    toronto.gate(calm, &["--against", "origin/main"], 0).finds(&[]);
    // And to the deploy it is outdated, whether the newer commits were fetched or not.
    let outdated = [("outdated", AZUREAD, "error")];
    toronto.gate(calm, &[], 1).finds(&outdated);
}

#[test]
fn a_commit_or_tree_that_should_be_here_is_unknown() {
    let toronto = rolled_back();
    toronto.write("README", "something else\n");
    toronto.publish("Something else");
    let newer = toronto.git(["rev-parse", "HEAD~2"]);
    let folder = format!("HEAD~2:secrets/{}", AZUREAD.rsplit_once('/').expect("a folder").0);
    for id in [newer, toronto.git(["rev-parse", &folder])] {
        let (start, rest) = id.split_at(2);
        let object = toronto.laptop.join(".git/objects").join(start).join(rest);
        let aside = toronto.sandbox.path("aside");
        std::fs::rename(&object, &aside).expect("a loose object");
        let report = toronto.gate(CALM, &[], 2).finds(&[]);
        report.leaves_unchecked("git fsck").lacks("would not be seen");
        std::fs::rename(&aside, &object).expect("a loose object");
        toronto.gate(CALM, &[], 1).finds(&FOUND[..1]);
    }
}

#[test]
fn a_stale_clone_says_that_it_does_not_see_the_deploy_refs_history() {
    let toronto = Toronto::new();
    let stale = toronto.sandbox.clone("stale", &[]);
    toronto.renew(&toronto.laptop, "alice", &["--push"]);
    restore(&toronto, &toronto.laptop, "HEAD~1");
    toronto.publish("Calm things down");
    // The same store on both sides, and between them a newer pair.
    let report = toronto.sandbox.gate(&stale, CALM, &[], 0).finds(&[]);
    let note = "the history of origin/main is not here";
    report.says(note).says("git fetch origin main").says("would not be seen");
    let _ = toronto.sandbox.run(&stale, "sh", ["-c", "git fetch origin main"]).code(0);
    toronto.sandbox.gate(&stale, CALM, &[], 1).finds(&FOUND[..1]).lacks("would not be seen");
}
