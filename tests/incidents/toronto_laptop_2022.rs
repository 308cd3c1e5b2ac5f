//! University of Toronto hub, 2022-08-31: the new client secret was deployed from a laptop, and stayed there for
//! 6 days, 21 hours and 37 minutes. (U3, U7, U9)

use std::fs;

use crate::common::toronto::{
    AZUREAD, CALM, NEW_VALUE, OAUTH, OLD_VALUE, REDEPLOY, RENEWED, SEALED, Toronto,
};

/// As people quote a commit.
fn short(commit: &str) -> &str {
    &commit[..12]
}

#[test]
fn u3a_set_on_the_laptop_and_not_committed() {
    let toronto = Toronto::new();
    toronto.renew(&toronto.laptop, "alice", &["--no-commit"]);
    toronto.gate(RENEWED, &[], 1).finds(&[("uncommitted", AZUREAD, "error")]);
}

#[test]
fn u3b_committed_and_not_pushed() {
    let toronto = Toronto::new();
    let deployed = toronto.git(["rev-parse", "HEAD"]);
    let told = toronto.renew(&toronto.laptop, "alice", &[]);
    assert!(told.stderr.contains("NOT on origin/main"), "{}", told.stderr);
    assert_eq!(toronto.git(["status", "--porcelain"]), "");

    let report = toronto.gate(RENEWED, &[], 1).finds(&[("unpushed", AZUREAD, "error")]);
    let message = report.message("unpushed");
    assert!(message.contains("origin/main"), "{message}");
    assert!(message.contains(short(&deployed)), "{message} does not name {deployed}");
    assert_eq!(report.json()["commit"], toronto.git(["rev-parse", "HEAD"]));
    // The remedy is what the engineer did not do.
    assert!(report.remedy("unpushed").contains("git push origin HEAD:main"), "{}", report.remedy("unpushed"));
}

#[test]
fn u3b_a_forged_remote_tracking_branch_is_not_believed() {
    let toronto = Toronto::new();
    toronto.renew(&toronto.laptop, "alice", &[]);
    toronto.git(["update-ref", "refs/remotes/origin/main", "HEAD"]);
    toronto.gate(RENEWED, &[], 1).finds(&[("unpushed", AZUREAD, "error")]);
}

#[test]
fn u3c_the_sealed_file_is_ignored_and_git_status_is_empty() {
    let toronto = Toronto::new();
    let name = "utoronto/prod/azuread-2022";
    toronto.add(name, "2023-08-30", NEW_VALUE, &["--owner", "infra"]);
    toronto.write(".gitignore", "*.log\n*2022.age\n");
    toronto.publish("Add the client secret of 2022");
    assert_eq!(toronto.git(["status", "--porcelain"]), "");

    let report = toronto.gate(RENEWED, &["--scope", name], 1).finds(&[("uncommitted", name, "error")]);
    let message = report.message("uncommitted");
    assert!(message.contains("ignored by"), "{message}");
    assert!(message.contains(".gitignore:2"), "{message} does not name the rule");
    // What CI has of it is a record of nothing.
    let ci = toronto.ci("ci");
    toronto.sandbox.gate(&ci, RENEWED, &["--scope", name], 1).finds(&[("orphan", name, "error")]);
}

#[test]
fn u3c_add_refuses_what_would_be_ignored() {
    let toronto = Toronto::new();
    toronto.write(".gitignore", "*2022.age\n");
    toronto.publish("Ignore too much");
    let name = "utoronto/prod/azuread-2022";
    toronto
        .sandbox
        .secrets(&toronto.laptop)
        .args(["add", name, "--expires", "2023-08-30", "--as", "alice"])
        .stdin(NEW_VALUE)
        .at(RENEWED)
        .run()
        .code(2)
        .says(".gitignore:1");
    assert_eq!(toronto.git(["status", "--porcelain", "--ignored"]), "");
}

#[test]
fn u3d_pushed_to_a_side_branch_only() {
    let toronto = Toronto::new();
    toronto.renew(&toronto.laptop, "alice", &[]);
    toronto.git(["push", "-q", "origin", "HEAD:renew-azuread"]);
    toronto.gate(RENEWED, &[], 1).finds(&[("unpushed", AZUREAD, "error")]);
}

#[test]
fn u3e_the_remote_is_gone() {
    let toronto = Toronto::new();
    let origin = toronto.sandbox.path("origin.git");
    let elsewhere = toronto.sandbox.path("elsewhere.git");
    fs::rename(&origin, &elsewhere).expect("a folder can be renamed");
    // Both for a laptop that has everything pushed and for one that has not: nobody knows.
    toronto.gate(CALM, &[], 2).finds(&[]).leaves_unchecked("origin/main");
    toronto.renew(&toronto.laptop, "alice", &[]);
    toronto.gate(RENEWED, &[], 2).finds(&[]).leaves_unchecked("origin/main");
    // A fault that needs no remote is found all the same, and blocks as a fault.
    toronto.git(["checkout", "-q", "HEAD~1"]);
    toronto.gate(REDEPLOY, &[], 1).finds(&[("expired", AZUREAD, "error")]).leaves_unchecked("origin/main");
    // The same where the branch is gone and not the repository.
    fs::rename(&elsewhere, &origin).expect("a folder can be renamed");
    toronto.sandbox.git(&origin, ["branch", "-q", "-m", "main", "trunk"]);
    toronto.gate(CALM, &[], 2).leaves_unchecked("origin/main");
}

#[test]
fn u7_the_laptops_commit_is_pushed() {
    let toronto = Toronto::new();
    let stale = toronto.ci("stale");
    toronto.renew(&toronto.laptop, "alice", &["--push"]);
    toronto.gate(REDEPLOY, &[], 0).finds(&[]);

    let ci = toronto.ci("ci");
    toronto.sandbox.gate(&ci, REDEPLOY, &[], 0).finds(&[]);
    let (told, deployed) = toronto.deploy(&ci, REDEPLOY, "utoronto/prod/*");
    told.code(0).says("clear to deploy");
    assert!(deployed);
    let value = toronto.sandbox.secrets(&ci).args(["get", AZUREAD]).identity("ci").run().code(0);
    assert_eq!(value.stdout, NEW_VALUE.as_bytes());

    // A job of last week that is run again has checked out last week's commit.
    let report = toronto.sandbox.gate(&stale, RENEWED, &["--scope", AZUREAD], 1);
    report.finds(&[("expired", AZUREAD, "error"), ("outdated", AZUREAD, "error")]);
}

#[test]
fn u9_a_later_date_for_the_same_value_is_no_rotation() {
    let toronto = Toronto::new();
    let head = toronto.git(["rev-parse", "HEAD"]);
    toronto
        .sandbox
        .secrets(&toronto.laptop)
        .args(["set", AZUREAD, "--expires", "2023-08-30"])
        .identity("alice")
        .at(RENEWED)
        .stdin(OLD_VALUE)
        .run()
        .code(2)
        .says("same-value")
        .says("secrets expiry set");
    assert_eq!(toronto.git(["rev-parse", "HEAD"]), head);
    assert_eq!(toronto.git(["status", "--porcelain"]), "");
    toronto.gate(RENEWED, &[], 1).finds(&[("expired", AZUREAD, "error")]);
}

/// A program that hands out the client secret which is there already, and calls it new.
#[test]
fn u9_nor_is_it_where_a_rotator_gives_out_the_old_value() {
    let toronto = Toronto::new();
    let script = "#!/bin/sh\nread -r request\ncase $request in\n*'\"mint\"'*) printf '{\"schema_version\":1,\"value\":\"%s\",\"handle\":\"1\"}' OLD ;;\n\
                  *'\"list\"'*) printf '{\"schema_version\":1,\"credentials\":[]}' ;;\n*'\"identify\"'*) printf '{\"schema_version\":1,\"handle\":null}' ;;\nesac\n";
    toronto.write("rotate.sh", script.replace("OLD", OLD_VALUE));
    toronto.git(["add", "--chmod=+x", "rotate.sh"]);
    let run = |arguments: &[&str], code: i32| {
        let run = toronto.sandbox.secrets(&toronto.laptop).args(arguments).identity("alice");
        run.at(RENEWED).run().code(code)
    };
    toronto.publish("A rotator");
    run(&["rotator", "set", AZUREAD, "exec", r#"command=["sh", "rotate.sh"]"#, "--push"], 0);
    run(&["rotate", AZUREAD, "--push"], 2).says("same-value");
    assert_eq!(toronto.git(["status", "--porcelain"]), "");
    let record = toronto.sandbox.record(&toronto.laptop, AZUREAD);
    assert_eq!(record["sealed"]["version"]["number"], 1, "{record}");
    // Nothing has become of it, and the gate still says what is.
    toronto.gate(RENEWED, &[], 1).finds(&[("expired", AZUREAD, "error")]);
}

#[test]
fn u9_forced_by_hand_it_is_found_by_whoever_can_open_it() {
    let toronto = Toronto::new();
    let set = |value: &str| {
        let set = ["set", AZUREAD, "--expires", "2023-08-30"];
        let run = toronto.sandbox.secrets(&toronto.laptop).args(set).identity("alice");
        let _ = run.at(RENEWED).stdin(value).run().code(0);
    };
    // Another value and back, and the one in between squashed away.
    set(NEW_VALUE);
    set(OLD_VALUE);
    toronto.git(["reset", "-q", "--soft", "origin/main"]);
    toronto.git(["commit", "-q", "-m", "Rotate the client secret"]);
    toronto.sandbox.push(&toronto.laptop);
    // To everybody else it looks like a rotation.
    toronto.gate(RENEWED, &[], 0).finds(&[]);
    let prove = ["check", "--prove", "--format", "json"];
    let run = toronto.sandbox.secrets(&toronto.laptop).args(prove).identity("ci").at(RENEWED).run();
    let report = run.code(1).finds(&[("same-value", AZUREAD, "error")]);
    assert!(report.message("same-value").contains("the same value as version 1"));
}

#[test]
fn set_needs_an_identity() {
    let toronto = Toronto::new();
    toronto
        .sandbox
        .secrets(&toronto.laptop)
        .args(["set", AZUREAD, "--expires", "2023-08-30", "--as", "alice"])
        .at(SEALED)
        .stdin(NEW_VALUE)
        .run()
        .code(2)
        .says(AZUREAD);
    assert_eq!(toronto.git(["status", "--porcelain"]), "");
    toronto.gate(CALM, &["--scope", OAUTH], 0).finds(&[]);
}
