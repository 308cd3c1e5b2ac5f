//! What does not belong into the store, and is in a commit only.

use std::fs;

use crate::common::toronto::{AZUREAD, CALM, Toronto};

const PLAIN: &str = "secrets/utoronto/prod/pw.txt";

fn with_plaintext() -> Toronto {
    let toronto = Toronto::new();
    toronto.write(PLAIN, "hunter2\n");
    toronto.publish("Save the password");
    toronto
}

/// Runs a remedy as somebody would who pastes it.
#[track_caller]
fn paste(toronto: &Toronto, remedy: &str) {
    let _ = toronto.sandbox.run(&toronto.laptop, "sh", ["-c", remedy]).code(0);
}

#[test]
fn deleting_plaintext_is_not_enough() {
    let toronto = with_plaintext();
    let plain = ("plaintext", PLAIN, "error");
    toronto.gate(CALM, &[], 1).finds(&[plain]);
    fs::remove_file(toronto.laptop.join(PLAIN)).expect("it is there");
    let deleted = [plain, ("uncommitted", PLAIN, "error")];
    let report = toronto.gate(CALM, &[], 1).finds(&deleted);
    assert!(report.message("plaintext").contains("HEAD"), "{}", report.message("plaintext"));
    assert_eq!(report.remedy("plaintext"), report.remedy("uncommitted"));
    toronto.gate(CALM, &["--scope", "utoronto/**"], 1).finds(&deleted);
    toronto.gate(CALM, &["--scope", "callysto/**"], 0).finds(&[]);
    toronto.gate(CALM, &["--file", &format!("secrets/{AZUREAD}.age")], 0).finds(&[]);
    // Taken out of the index or not.
    toronto.git(["rm", "-q", "--cached", PLAIN]);
    let report = toronto.gate(CALM, &[], 1).finds(&deleted);
    paste(&toronto, &report.remedy("plaintext"));
    let report = toronto.gate(CALM, &[], 1).finds(&[plain]);
    assert!(report.message("plaintext").contains("origin/main"), "{}", report.message("plaintext"));
    paste(&toronto, &report.remedy("plaintext"));
    toronto.gate(CALM, &[], 0).finds(&[]);
}

#[test]
fn plaintext_that_only_the_deploy_ref_has() {
    let toronto = Toronto::new();
    let other = toronto.sandbox.clone("other", &[]);
    fs::write(other.join(PLAIN), "hunter2\n").expect("a file can be written");
    fs::write(other.join("secrets/an old one.age"), "age-encryption.org/v1\n")
        .expect("a file can be written");
    toronto.sandbox.publish_all(&other, "Save the password");
    let report = toronto.gate(CALM, &[], 1);
    let report =
        report.finds(&[("plaintext", PLAIN, "error"), ("orphan", "secrets/an old one.age", "error")]);
    assert_eq!(report.remedy("plaintext"), "git pull --rebase origin main");
    toronto.gate(CALM, &["--against", "HEAD"], 0).finds(&[]);
    toronto.gate(CALM, &["--offline"], 2).finds(&[]);
}

#[test]
fn a_sparse_checkout_that_leaves_it_out_changes_nothing() {
    let toronto = with_plaintext();
    let expected = toronto.sandbox.check(&toronto.laptop, CALM).code(1);
    for (name, options) in
        [("sparse", &["--sparse"][..]), ("sparse-blobless", &["--sparse", "--filter=blob:none"])]
    {
        let clone = toronto.sandbox.clone(name, options);
        toronto.sandbox.git(&clone, ["sparse-checkout", "set", "secrets/callysto"]);
        assert!(!clone.join(PLAIN).exists());
        assert_eq!(toronto.sandbox.check(&clone, CALM).code(1).text(), expected.text(), "{name}");
    }
}

#[test]
fn a_submodule_in_the_store_is_never_a_pass() {
    let toronto = Toronto::new();
    toronto.sandbox.git(&toronto.sandbox.path(""), ["init", "-q", "library"]);
    let library = toronto.sandbox.path("library");
    fs::write(library.join("pw.txt"), "hunter2\n").expect("a file can be written");
    toronto.sandbox.commit_all(&library, "Begin");
    let url = format!("file://{}", library.display());
    toronto.git(["submodule", "--quiet", "add", &url, "secrets/teamx"]);
    toronto.publish("Share with another team");
    let clone = toronto.sandbox.clone("plain", &[]);
    let gate = |arguments: &[&str]| {
        toronto.sandbox.gate(&clone, CALM, arguments, 2).finds(&[]).leaves_unchecked("secrets/teamx");
    };
    gate(&[]);
    gate(&["--scope", "utoronto/**"]);
    // Left out by a sparse checkout, the secrets beside it are judged all the same.
    toronto.sandbox.git(&clone, ["sparse-checkout", "set", "secrets/callysto"]);
    gate(&[]);
}

#[cfg(unix)]
#[test]
fn a_link_that_was_deleted_here_is_still_deployed() {
    let toronto = Toronto::new();
    let link = toronto.laptop.join("secrets/t1");
    std::os::unix::fs::symlink("utoronto", &link).expect("a link can be made");
    toronto.publish("Link a folder");
    fs::remove_file(link).expect("it is there");
    let report = toronto.gate(CALM, &[], 1).finds(&[("uncommitted", "secrets/t1", "error")]);
    let report = report.leaves_unchecked("symbolic link");
    paste(&toronto, &report.remedy("uncommitted"));
    toronto.gate(CALM, &[], 2).finds(&[]).leaves_unchecked("secrets/t1 on the deploy ref");
    toronto.sandbox.push(&toronto.laptop);
    toronto.gate(CALM, &[], 0).finds(&[]);
}
