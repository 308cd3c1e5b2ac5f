//! Who can open it, proved with one identity.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::toronto::{AZUREAD, CALM, OAUTH, Toronto};
use crate::common::{Outcome, identity_path};

/// `check --prove…` for programs, by a holder of these identities.
fn prove(toronto: &Toronto, folder: &Path, option: &str, identity: &str, code: i32) -> Outcome {
    let run = toronto.sandbox.secrets(folder).args(["check", option, "--format", "json"]).identity(identity);
    run.at(CALM).run().code(code)
}

/// An identity that nothing is sealed to.
fn stranger(toronto: &Toronto) -> PathBuf {
    let path = toronto.sandbox.path("stranger.txt");
    let file = path.to_str().expect("a temporary path is UTF-8");
    if !path.exists() {
        let _ = toronto.sandbox.run(&toronto.laptop, "age-keygen", ["-o", file]).code(0);
    }
    path
}

fn prove_as_stranger(toronto: &Toronto, option: &str, code: i32) -> Outcome {
    let run = toronto.sandbox.secrets(&toronto.laptop).args(["check", option, "--format", "json"]);
    run.env("SECRETS_IDENTITY_FILE", stranger(toronto)).at(CALM).run().code(code)
}

fn grades(outcome: &Outcome) -> Vec<(String, String)> {
    let report = outcome.json();
    let custody = report["custody"].as_array().expect("a proof was asked for");
    let text = |one: &serde_json::Value, key: &str| one[key].as_str().expect("a text").to_owned();
    custody.iter().map(|one| (text(one, "secret"), text(one, "grade"))).collect()
}

fn all(grade: &str) -> Vec<(String, String)> {
    [OAUTH, AZUREAD].map(|name| (name.to_owned(), grade.to_owned())).into()
}

#[test]
fn a_healthy_store_is_proved_with_the_identity_of_ci() {
    let toronto = Toronto::new();
    let proved = prove(&toronto, &toronto.laptop, "--prove", "ci", 0).finds(&[]);
    assert_eq!(grades(&proved), all("proved"));
    assert_eq!(proved.json()["summary"]["proved"], 2);
    assert!(proved.json()["custody"][0]["why"].is_null());

    let sandbox = &toronto.sandbox;
    let human =
        sandbox.secrets(&toronto.laptop).args(["check", "--prove"]).identity("ci").at(CALM).run().code(0);
    let last = human.text().lines().last().unwrap_or_default().to_owned();
    assert_eq!(last, "2 secrets, 2 people-counts proved: clear to deploy");
    let github = sandbox.secrets(&toronto.laptop).args(["check", "--prove", "--format", "github"]);
    let github = github.identity("ci").at(CALM).run().code(0);
    assert!(github.text().contains("2 secrets, 2 people-counts proved, 0 errors"), "{}", github.text());

    // Every reader's identity comes to the same, and so does every whole clone, each time.
    let full = sandbox.clone("full", &[]);
    let detached = sandbox.clone("detached", &[]);
    sandbox.git(&detached, ["checkout", "-q", "--detach"]);
    toronto.git(["worktree", "add", "-q", "--detach", "../worktree"]);
    for clone in [&full, &detached, &sandbox.path("worktree"), &toronto.laptop] {
        for identity in ["ci", "alice", "bob"] {
            assert_eq!(prove(&toronto, clone, "--prove", identity, 0).stdout, proved.stdout, "{identity}");
        }
    }
    // Nobody asked: nothing is said of it.
    let without = toronto.gate(CALM, &[], 0);
    assert!(without.json().get("custody").is_none());
    assert_eq!(without.json()["summary"]["proved"], 0);
}

#[test]
fn who_is_no_reader_proves_nothing() {
    let toronto = Toronto::new();
    let why = "none of the identities found here opens it";
    let required = prove_as_stranger(&toronto, "--prove", 2).finds(&[]).leaves_unchecked(why);
    assert_eq!(grades(&required), all("unproven"));
    assert_eq!(required.json()["summary"]["unchecked"], 2);
    let available = prove_as_stranger(&toronto, "--prove=available", 0).finds(&[]);
    assert_eq!(grades(&available), all("unproven"));
    assert!(available.json()["custody"][0]["why"].as_str().expect("a reason").contains(why));
    assert_eq!(available.json()["unchecked"].as_array().map(Vec::len), Some(0));

    // Without any identity, and in words.
    let run = |option: &str| toronto.sandbox.secrets(&toronto.laptop).args(["check", option]).at(CALM).run();
    let none = "there is no identity here that could open it";
    let human = run("--prove").code(2).says(none).says("2 not proved").says("secrets key new");
    assert!(human.text().ends_with("deploy blocked\n"));
    let human = run("--prove=available").code(0).says(none).says("2 not proved");
    assert!(human.text().ends_with("clear to deploy\n"));
}

#[test]
fn a_check_that_is_off_does_not_hide_what_was_not_proved() {
    let toronto = Toronto::new();
    let policy = toronto.read("secrets/policy.toml");
    let off = "levels = { same-value = \"off\", unproven-reader = \"off\", unlisted-reader = \"off\", tampered = \"off\" }";
    toronto.write("secrets/policy.toml", policy.replace("[defaults]", &format!("[defaults]\n{off}")));
    toronto.publish("Look away");
    prove_as_stranger(&toronto, "--prove", 2).leaves_unchecked("who can open it");
}

#[test]
fn each_secret_by_itself() {
    let toronto = Toronto::unpublished();
    toronto.add(
        "ops/pager",
        "2024-06-30",
        "routing-key",
        &["--owner", "infra", "--reader", "alice", "--reader", "bob"],
    );
    toronto.publish("Seal them");
    let required = prove(&toronto, &toronto.laptop, "--prove", "ci", 2).finds(&[]);
    assert_eq!(required.json()["unchecked"][0]["secret"], "ops/pager");
    assert_eq!(required.json()["summary"]["proved"], 2);
    let scoped = ["check", "--prove", "--scope", "utoronto/**", "--format", "json"];
    let scoped = toronto.sandbox.secrets(&toronto.laptop).args(scoped).identity("ci").at(CALM).run().code(0);
    assert_eq!(grades(&scoped), [(AZUREAD.to_owned(), "proved".to_owned())]);
    // What the first source does not open, the next one does.
    let both = toronto.sandbox.secrets(&toronto.laptop).args(["check", "--prove", "--format", "json"]);
    let ci = fs::read_to_string(identity_path("ci")).expect("a fixture");
    let both = both.env("SECRETS_IDENTITY", ci).identity("bob").at(CALM).run().code(0);
    assert_eq!(both.json()["summary"]["proved"], 3);
}

#[test]
fn an_identity_that_was_named_and_cannot_be_used_is_an_error() {
    let toronto = Toronto::new();
    let nowhere = toronto.sandbox.path("nowhere");
    for (option, code) in [("--prove", 2), ("--prove=available", 0)] {
        let run = toronto.sandbox.secrets(&toronto.laptop).args(["check", option]);
        let told = run.env("SECRETS_IDENTITY_FILE", &nowhere).at(CALM).run().code(code);
        told.says("nowhere").says("2 not proved");
        let run = toronto.sandbox.secrets(&toronto.laptop).args(["check", option]);
        let canary = "AGE-SECRET-KEY-1CANARY";
        run.env("SECRETS_IDENTITY", canary).at(CALM).run().code(code).says("2 not proved").lacks(canary);
    }
}

#[test]
fn keys_that_cannot_be_recomputed_are_plausible() {
    let toronto = Toronto::unpublished();
    let key = toronto.sandbox.path("rsa");
    let file = key.to_str().expect("a temporary path is UTF-8");
    let made = ["-q", "-t", "rsa", "-b", "2048", "-N", "", "-C", "", "-f", file];
    let _ = toronto.sandbox.run(&toronto.laptop, "ssh-keygen", made).code(0);
    let public = fs::read_to_string(toronto.sandbox.path("rsa.pub")).expect("a public key");
    toronto.extend_policy(&format!("[people.dave]\nkeys = [\"{}\"]\n", public.trim()));
    let add =
        ["add", "ops/ssh", "--expires", "2024-06-30", "--owner", "infra", "--as", "alice", "--no-commit"];
    let added = toronto.sandbox.accepting_new(|| {
        let run = toronto
            .sandbox
            .secrets(&toronto.laptop)
            .args(add)
            .args(["--reader", "infra", "--reader", "dave"]);
        run.at(CALM).stdin("a value")
    });
    let _ = added.code(0);
    toronto.publish("Seal them");
    let proved = prove(&toronto, &toronto.laptop, "--prove", "ci", 0).finds(&[]);
    assert_eq!(grades(&proved)[1], ("ops/ssh".to_owned(), "plausible".to_owned()));
    assert!(proved.json()["custody"][1]["why"].as_str().expect("a reason").contains("dave"));
    assert_eq!(proved.json()["summary"]["proved"], 2);
    let run = toronto.sandbox.secrets(&toronto.laptop).args(["check", "--prove"]).identity("ci").at(CALM);
    run.run().code(0).says("2 people-counts proved, 1 plausible: clear to deploy");
}

#[test]
fn a_payload_that_was_changed_is_seen_by_opening_it_only() {
    let toronto = Toronto::new();
    let path = toronto.laptop.join(format!("secrets/{AZUREAD}.age"));
    let mut bytes = fs::read(&path).expect("a sealed value");
    *bytes.last_mut().expect("a byte") ^= 1;
    fs::write(&path, &bytes).expect("it can be written");
    let sum = toronto.sandbox.run(&toronto.laptop, "sha256sum", [path.as_os_str()]).code(0);
    let digest = sum.text().split(' ').next().expect("a digest").to_owned();
    let old =
        toronto.sandbox.record(&toronto.laptop, AZUREAD)["digest"].as_str().expect("a digest").to_owned();
    toronto.edit(&format!("secrets/{AZUREAD}.json"), &old, &format!("sha256:{digest}"));
    toronto.publish("Change the last byte");
    toronto.gate(CALM, &[], 0).finds(&[]);
    for option in ["--prove", "--prove=available"] {
        let proved =
            prove(&toronto, &toronto.laptop, option, "ci", 1).finds(&[("tampered", AZUREAD, "error")]);
        assert!(proved.message("tampered").contains("opened, and it is not what it must be"));
        assert_eq!(grades(&proved)[1], (AZUREAD.to_owned(), "unproven".to_owned()));
    }
    // On the other ref it stands already; a change answers for what it brings.
    let against = ["check", "--prove", "--against", "HEAD", "--format", "json"];
    let run = toronto.sandbox.secrets(&toronto.laptop).args(against).identity("ci").at(CALM);
    run.run().code(0).finds(&[("tampered", AZUREAD, "warning")]);
}
