//! University of Toronto hub, 2022-08-31, once more, and this time the engineer breaks the glass on the laptop. A week
//! later CI is stopped before it puts the old client secret back.

use crate::common::toronto::{AZUREAD, NEW_VALUE, OAUTH, REDEPLOY, RENEWED, Toronto};

const REASON: &str = "logins fail, the client secret of 2021 has lapsed";

/// The night: sealed on the laptop, nothing committed, and deployed from there.
#[track_caller]
fn the_night(toronto: &Toronto) -> String {
    toronto.renew(&toronto.laptop, "alice", &["--no-commit"]);
    let check = ["check", "--scope", "utoronto/prod/*", "--break-glass", REASON];
    let told = toronto.sandbox.secrets(&toronto.laptop).args(check).identity("alice").at(RENEWED).run();
    let told = told.code(0).says("alice broke the glass").says(REASON).says("LET THROUGH by --break-glass");
    let named = told.text().split('`').find(|word| word.starts_with("rescue/"));
    named.expect("the branch is named").to_owned()
}

#[test]
fn a_week_later_ci_is_stopped_and_told_who_when_why_and_where() {
    let toronto = Toronto::new();
    // A job of CI that checked out last week's commit, and is run again.
    let stale = toronto.ci("stale");
    let branch = the_night(&toronto);
    for clone in [toronto.ci("ci"), stale] {
        let (told, deployed) = toronto.deploy(&clone, REDEPLOY, "utoronto/prod/*");
        let told = told.code(1).says("rescue-pending").says("deploy blocked");
        assert!(!deployed);
        // A person reads it wrapped.
        let text = told.text().split_whitespace().collect::<Vec<_>>().join(" ");
        for part in ["alice broke the glass 6 days ago (2022-08-31T20:15:00Z)", REASON, &branch] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let report = toronto.sandbox.gate(&clone, REDEPLOY, &["--scope", AZUREAD], 1);
        let message = report.message("rescue-pending");
        assert!(message.contains("would put version 1 back over it"), "{message}");
        // The other hub is not held up by it.
        let (told, deployed) = toronto.deploy(&clone, REDEPLOY, "callysto/prod/*");
        told.code(0);
        assert!(deployed, "{OAUTH}");
    }
}

#[test]
fn merged_by_pull_request_the_new_one_is_deployed() {
    let toronto = Toronto::new();
    let stale = toronto.ci("stale");
    let branch = the_night(&toronto);
    // What the forge does when the button is pressed.
    let forge = toronto.sandbox.clone("forge", &[]);
    let merge = format!("git merge -q --no-ff --no-edit origin/{branch} && git push -q origin HEAD:main");
    toronto.sandbox.run(&forge, "sh", ["-ec", &merge]).code(0);
    toronto.sandbox.git(&forge, ["push", "-q", "origin", "--delete", &branch]);

    let ci = toronto.ci("ci");
    toronto.sandbox.gate(&ci, REDEPLOY, &[], 0).finds(&[]);
    let (told, deployed) = toronto.deploy(&ci, REDEPLOY, "utoronto/prod/*");
    told.code(0);
    assert!(deployed);
    let value = toronto.sandbox.secrets(&ci).args(["get", AZUREAD]).identity("ci").run().code(0);
    assert_eq!(value.stdout, NEW_VALUE.as_bytes());
    // The job of last week still would put the old one back.
    let report = toronto.sandbox.gate(&stale, REDEPLOY, &["--scope", AZUREAD], 1);
    report.finds(&[("expired", AZUREAD, "error"), ("outdated", AZUREAD, "error")]);
}

/// The remote was down that night too: the next morning's first command delivers what only the laptop has.
#[test]
fn with_the_remote_down_that_night() {
    let toronto = Toronto::new();
    let (origin, gone) = (toronto.sandbox.path("origin.git"), toronto.sandbox.path("gone.git"));
    std::fs::rename(&origin, &gone).expect("a folder can be renamed");
    let branch = the_night(&toronto);
    std::fs::rename(&gone, &origin).expect("a folder can be renamed");
    let ci = toronto.ci("before");
    let report = toronto.sandbox.gate(&ci, REDEPLOY, &["--scope", AZUREAD], 1);
    report.finds(&[("expired", AZUREAD, "error")]);

    let list = toronto.sandbox.secrets(&toronto.laptop).args(["list"]).run().code(0);
    list.says(&format!("delivered `{branch}`"));
    let report = toronto.sandbox.gate(&ci, REDEPLOY, &["--scope", AZUREAD], 1);
    report.finds(&[("expired", AZUREAD, "error"), ("rescue-pending", AZUREAD, "error")]);
}
