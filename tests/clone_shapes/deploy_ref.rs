//! What the remote has now, and what nobody could tell.

use crate::common::remote::{Answer, Remote};
use crate::common::toronto::{AZUREAD, CALM, OAUTH, REDEPLOY, RENEWED, Toronto};
use std::fs;

#[test]
fn a_stale_laptop_is_outdated() {
    let toronto = Toronto::new();
    let other = toronto.sandbox.clone("other", &[]);
    toronto.renew(&other, "bob", &["--push"]);
    // The remote-tracking branch agrees with HEAD, and is no evidence.
    assert_eq!(toronto.git(["rev-parse", "origin/main"]), toronto.git(["rev-parse", "HEAD"]));
    let report = toronto.gate(CALM, &[], 1).finds(&[("outdated", AZUREAD, "error")]);
    let message = report.message("outdated");
    assert!(message.contains("a deploy from here would put version 1 back over version 2"), "{message}");
    assert!(message.contains("origin/main"), "{message}");
    assert!(report.remedy("outdated").contains("git pull"), "{}", report.remedy("outdated"));
    // Fetched or not is the same, and having pulled is the remedy.
    toronto.git(["fetch", "-q"]);
    toronto.gate(CALM, &[], 1).finds(&[("outdated", AZUREAD, "error")]);
    toronto.git(["merge", "-q", "--ff-only", "origin/main"]);
    toronto.gate(CALM, &[], 0).finds(&[]);
}

#[test]
fn what_is_on_the_deploy_ref_only_is_outdated_too() {
    let toronto = Toronto::new();
    let other = toronto.sandbox.clone("other", &[]);
    let name = "utoronto/prod/jupyterhub";
    let add = ["add", name, "--expires", "2024-06-30", "--owner", "infra", "--as", "bob", "--push"];
    toronto.sandbox.secrets(&other).args(add).at(CALM).stdin("a value").run().code(0);
    let ci = toronto.ci("ci");
    toronto.gate(CALM, &[], 1).finds(&[("outdated", name, "error")]);
    toronto.gate(CALM, &["--scope", "callysto/**"], 0).finds(&[]);
    toronto.sandbox.gate(&ci, CALM, &[], 0).finds(&[]);
}

#[test]
fn what_was_removed_or_moved_here_wants_a_push_and_what_was_reverted_the_newer_pair() {
    for (change, how) in [
        (&["secrets", "remove", OAUTH][..], "removed here"),
        (&["secrets", "move", OAUTH, "callysto/prod/oauth2"], "removed here"),
        (&["git", "revert", "--no-edit", "HEAD"], "reverted here"),
    ] {
        let toronto = Toronto::new();
        toronto.renew(&toronto.laptop, "alice", &["--push"]);
        match change {
            ["secrets", arguments @ ..] => {
                let run = toronto.sandbox.secrets(&toronto.laptop).args(arguments);
                let _ = run.identity("alice").at(RENEWED).run().code(0);
            }
            others => {
                let _ = toronto.sandbox.git(&toronto.laptop, &others[1..]);
            }
        }
        let report = toronto.gate(CALM, &[], 1);
        assert!(report.message("outdated").contains(how), "{}", report.message("outdated"));
        if how == "reverted here" {
            // Pushing that would only spread it: what is asked for is the newer pair.
            let restore = report.remedy("outdated");
            assert!(restore.starts_with("git restore --source="), "{restore}");
            assert_eq!(report.remedy("rolled-back"), restore);
            let _ = toronto.sandbox.run(&toronto.laptop, "sh", ["-c", &restore]).code(0);
            toronto.sandbox.commit_all(&toronto.laptop, "Take it back");
            toronto.gate(CALM, &[], 0).finds(&[]);
            continue;
        }
        assert_eq!(report.remedy("outdated"), "git push origin HEAD:main");
        // Whoever is behind as well has to pull first.
        let other = toronto.sandbox.clone("other", &[]);
        fs::write(other.join("README"), "changed\n").expect("a file can be written");
        toronto.sandbox.publish_all(&other, "Change something else");
        assert_eq!(toronto.gate(CALM, &[], 1).remedy("outdated"), "git pull --rebase origin main");
        toronto.git(["pull", "-q", "--rebase", "origin", "main"]);
        toronto.sandbox.push(&toronto.laptop);
        toronto.gate(CALM, &[], 0).finds(&[]);
    }
}

#[test]
fn a_branch_with_another_value_is_unpushed_and_not_outdated() {
    let toronto = Toronto::new();
    let other = toronto.sandbox.clone("other", &[]);
    toronto.renew(&other, "bob", &["--push"]);
    toronto.renew(&toronto.laptop, "alice", &[]);
    // Two versions 2: which of them is right only people can tell, and until then it is not on the deploy ref.
    let report = toronto.gate(RENEWED, &[], 1).finds(&[("unpushed", AZUREAD, "error")]);
    assert!(report.remedy("unpushed").contains("git pull"), "{}", report.remedy("unpushed"));
}

#[test]
fn policy_and_notes_are_judged_like_values() {
    let toronto = Toronto::new();
    toronto.edit(&format!("secrets/{OAUTH}.json"), "infra", "carol");
    toronto.extend_policy("# a remark\n");
    let both = |id| [(id, "secrets/policy.toml", "error"), (id, OAUTH, "error")];
    toronto.gate(CALM, &[], 1).finds(&both("uncommitted"));
    toronto.sandbox.commit_all(&toronto.laptop, "Carol answers for it");
    toronto.gate(CALM, &[], 1).finds(&both("unpushed"));
    toronto.sandbox.push(&toronto.laptop);
    toronto.gate(CALM, &[], 0).finds(&[]);
}

#[test]
fn commits_elsewhere_in_the_repository_do_not_matter() {
    let toronto = Toronto::new();
    let other = toronto.sandbox.clone("other", &[]);
    fs::write(other.join("README"), "changed\n").expect("a file can be written");
    toronto.sandbox.publish_all(&other, "Change something else");
    toronto.write("notes", "mine\n");
    toronto.sandbox.commit_all(&toronto.laptop, "Change another thing");
    toronto.gate(CALM, &[], 0).finds(&[]);
}

#[test]
fn offline_is_no_pass() {
    let toronto = Toronto::new();
    let report = toronto.gate(CALM, &["--offline"], 2).finds(&[]).leaves_unchecked("origin/main");
    assert!(report.unchecked().iter().any(|(_, why)| why.contains("--offline")), "{:?}", report.unchecked());
    toronto.gate(REDEPLOY, &["--offline"], 1).finds(&[("expired", AZUREAD, "error")]);
}

#[test]
fn offline_asks_nobody() {
    let toronto = Toronto::new();
    let (asked, was_asked) = std::sync::mpsc::channel();
    let remote = Remote::start(&toronto.sandbox, move |count| {
        asked.send(count).ok();
        Answer::Serve
    });
    toronto.git(["remote", "set-url", "origin", &remote.url("origin.git")]);
    toronto.gate(CALM, &["--offline"], 2).finds(&[]);
    toronto.gate(CALM, &["--against", "HEAD"], 0).finds(&[]);
    assert!(was_asked.try_recv().is_err());
    toronto.gate(CALM, &[], 0).finds(&[]);
    assert!(was_asked.try_recv().is_ok());
}

#[test]
fn nothing_is_deployed_from_git() {
    let toronto = Toronto::unpublished();
    toronto.edit("secrets/policy.toml", "origin/main", "none");
    toronto.publish("Seal the client secrets");
    toronto.git(["remote", "remove", "origin"]);
    let report = toronto.gate(CALM, &[], 0).finds(&[]);
    assert_eq!(report.json()["deploy_ref"], "none");
    let human = toronto.sandbox.secrets(&toronto.laptop).args(["check"]).at(CALM).run().code(0);
    human.says("nothing is deployed from git");
    toronto.renew(&toronto.laptop, "alice", &["--no-commit"]);
    toronto.gate(CALM, &[], 1).finds(&[("uncommitted", AZUREAD, "error")]);
}

#[test]
fn a_remote_that_policy_names_and_the_clone_has_not() {
    let toronto = Toronto::new();
    toronto.git(["remote", "rename", "origin", "upstream"]);
    toronto.gate(CALM, &[], 2).finds(&[]).leaves_unchecked("origin/main");
}
