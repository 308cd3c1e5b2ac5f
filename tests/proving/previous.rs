//! A new version whose value is the old one.

use std::fs;
use std::path::Path;

use crate::common::toronto::{AZUREAD, CALM, NEW_VALUE, OLD_VALUE, RENEWED, Toronto};
use crate::common::{Outcome, identity_path};

fn prove(toronto: &Toronto, folder: &Path, option: &str, identity: &str, code: i32) -> Outcome {
    let run = toronto.sandbox.secrets(folder).args(["check", option, "--format", "json"]).identity(identity);
    run.at(RENEWED).run().code(code)
}

fn set(toronto: &Toronto, value: &str, arguments: &[&str]) -> Outcome {
    let run = toronto.sandbox.secrets(&toronto.laptop).args(["set", AZUREAD, "--expires", "2023-08-30"]);
    run.args(arguments).identity("alice").at(RENEWED).stdin(value).run()
}

#[test]
fn a_value_that_was_rotated_passes_and_a_first_one_too() {
    let toronto = Toronto::new();
    toronto.renew(&toronto.laptop, "alice", &["--push"]);
    prove(&toronto, &toronto.laptop, "--prove", "ci", 0).finds(&[]);
    // Not committed yet: the version before is HEAD's.
    let _ = set(&toronto, "another one", &["--no-commit"]).code(0);
    prove(&toronto, &toronto.laptop, "--prove", "ci", 1).finds(&[("uncommitted", AZUREAD, "error")]);
}

#[test]
fn resealing_makes_no_new_version() {
    let toronto = Toronto::new();
    toronto.renew(&toronto.laptop, "alice", &["--push"]);
    let arguments = ["expiry", "set", AZUREAD, "--expires", "2024-08-30", "--reason", "extended", "--push"];
    let run = toronto.sandbox.secrets(&toronto.laptop).args(arguments).identity("alice").at(RENEWED);
    let _ = run.run().code(0);
    prove(&toronto, &toronto.laptop, "--prove", "ci", 0).finds(&[]);
}

#[test]
fn where_the_history_is_cut_it_is_unknown() {
    let toronto = Toronto::new();
    toronto.renew(&toronto.laptop, "alice", &["--push"]);
    let ci = toronto.ci("ci");
    let told = prove(&toronto, &ci, "--prove", "ci", 2).finds(&[]).leaves_unchecked("git fetch --unshallow");
    assert_eq!(told.json()["unchecked"][0]["secret"], AZUREAD);
    assert_eq!(told.json()["unchecked"].as_array().map(Vec::len), Some(1));
    let told = prove(&toronto, &ci, "--prove=available", "ci", 0).finds(&[]);
    let notes = told.json()["notes"].to_string();
    assert!(notes.contains("not held against the version before: "), "{notes}");
    assert!(notes.contains(AZUREAD) && !notes.contains("callysto"), "{notes}");
    assert_eq!(told.json()["summary"]["proved"], 2);
    toronto.sandbox.git(&ci, ["fetch", "-q", "--unshallow"]);
    prove(&toronto, &ci, "--prove", "ci", 0).finds(&[]);
    // A clone without the old blobs gets them.
    let origin = toronto.sandbox.path("origin.git");
    toronto.sandbox.git(&origin, ["config", "uploadpack.allowFilter", "true"]);
    toronto.sandbox.git(&origin, ["config", "uploadpack.allowAnySHA1InWant", "true"]);
    let blobless = toronto.sandbox.clone("blobless", &["--filter=blob:none"]);
    prove(&toronto, &blobless, "--prove", "ci", 0).finds(&[]);
}

#[test]
fn whoever_could_not_read_the_version_before_cannot_compare() {
    let toronto = Toronto::unpublished();
    let policy = toronto.read("secrets/policy.toml");
    toronto.write("secrets/policy.toml", policy.replace("\"carol\", \"ci\"]", "\"carol\"]"));
    toronto.add("ops/pager", "2024-06-30", "first", &["--owner", "infra"]);
    toronto.publish("Without CI");
    toronto.write("secrets/policy.toml", policy);
    toronto.publish("With CI");
    let set = ["set", "ops/pager", "--expires", "2024-12-31", "--push"];
    let set = |value: &str| {
        let run = toronto.sandbox.accepting_new(|| {
            let run = toronto.sandbox.secrets(&toronto.laptop).args(set);
            run.identity("alice").at(CALM).stdin(value)
        });
        let _ = run.code(0);
    };
    set("second");
    let scoped = |option: &str| {
        let run = toronto.sandbox.secrets(&toronto.laptop).args(["check", option, "--scope", "ops/**"]);
        run.args(["--format", "json"]).at(CALM)
    };
    let why = "opens the version before";
    scoped("--prove").identity("ci").run().code(2).finds(&[]).leaves_unchecked(why);
    scoped("--prove=available").identity("ci").run().code(0).finds(&[]).says(why);
    scoped("--prove").identity("bob").run().code(0).finds(&[]);
    // CI's key opens what is here, and a key that is found later the version before.
    let key = fs::read_to_string(identity_path("ci")).expect("a fixture");
    scoped("--prove").env("SECRETS_IDENTITY", &key).identity("bob").run().code(0).finds(&[]);
    set("third");
    scoped("--prove").identity("ci").run().code(0).finds(&[]);
}

#[test]
fn a_version_that_was_squashed_away_hides_nothing() {
    let toronto = Toronto::new();
    let refused = set(&toronto, OLD_VALUE, &[]).code(2);
    refused.says("same-value");
    let _ = set(&toronto, NEW_VALUE, &[]).code(0);
    let _ = set(&toronto, OLD_VALUE, &[]).code(0);
    // Three versions stand in the history: the last differs from the one before.
    toronto.sandbox.push(&toronto.laptop);
    prove(&toronto, &toronto.laptop, "--prove", "ci", 0).finds(&[]);
    toronto.git(["reset", "-q", "--soft", "HEAD~2"]);
    toronto.git(["commit", "-q", "-m", "Rotate it"]);
    toronto.git(["push", "-q", "--force", "origin", "HEAD:main"]);
    for option in ["--prove", "--prove=available"] {
        let told =
            prove(&toronto, &toronto.laptop, option, "ci", 1).finds(&[("same-value", AZUREAD, "error")]);
        assert_eq!(
            told.message("same-value"),
            "version 3 has the same value as version 1: nothing was rotated"
        );
        assert_eq!(told.remedy("same-value"), format!("secrets set {AZUREAD}"));
    }
    // Nothing but an identity sees it.
    toronto.gate(RENEWED, &[], 0).finds(&[]);
}

#[test]
fn a_version_that_came_by_another_name_is_told_of() {
    let toronto = Toronto::new();
    toronto.renew(&toronto.laptop, "alice", &["--push"]);
    let run = toronto.sandbox.secrets(&toronto.laptop).args(["move", AZUREAD, "callysto/prod/sso", "--push"]);
    let _ = run.identity("alice").at(RENEWED).run().code(0);
    for option in ["--prove", "--prove=available"] {
        let told = prove(&toronto, &toronto.laptop, option, "ci", 0).finds(&[]);
        let notes = told.json()["notes"].to_string();
        assert!(
            notes.contains("callysto/prod/sso: not held against the version before: no history here has it"),
            "{notes}"
        );
        assert_eq!(
            told.json()["notes"].as_array().map(Vec::len),
            Some(1),
            "first versions have none before them"
        );
    }
}
