//! `track` and `untrack`.

use crate::common::public_key;
use crate::desk::{Desk, KMS};

const HUB: &str = "hub:\n  config:\n    GitHubOAuthenticator:\n      client_id: abc\n      client_secret: s3cr3t\n  token: t0k3n\n";

fn hubs() -> Desk {
    let desk = Desk::new();
    desk.sops("clusters/a/enc-prod.yaml", HUB);
    desk.sops("clusters/b/enc-prod.yaml", HUB);
    desk.write("clusters/a/values.yaml", "plain: yes\n");
    desk.publish("Two hubs");
    desk
}

#[test]
fn one_record_for_each_value_in_one_commit() {
    let desk = hubs();
    let before = desk.head();
    let _ = desk.runs(&["track", "**/enc-*", "--owner", "team"], 0).says("6 values").says("2 sops-yaml");
    let changed = desk.sandbox.changed_by_head(&desk.laptop);
    assert_eq!(changed, ["clusters/a/custody.toml", "clusters/b/custody.toml", "secrets/policy.toml"]);
    assert_eq!(desk.sandbox.git(&desk.laptop, ["rev-parse", "HEAD~1"]).trim(), before);
    assert_eq!(desk.status(), "");
    let custody = desk.read("clusters/a/custody.toml");
    assert!(
        custody.contains("[\"enc-prod.yaml#/hub/config/GitHubOAuthenticator/client_secret\"]"),
        "{custody}"
    );
    for key in ["owners = [\"team\"]", "seen = \"sha256:", "data-key = \"sha256:", "set-at = "] {
        assert_eq!(custody.matches(key).count(), 3, "{key}\n{custody}");
    }
    assert!(desk.read("secrets/policy.toml").contains("files = [\"**/enc-*\"]"));
    // Again: nothing is new.
    let head = desk.head();
    let _ = desk.runs(&["track", "**/enc-*", "--owner", "team"], 0).says("nothing to record");
    assert_eq!(desk.head(), head);
}

#[test]
fn a_second_run_adds_only_what_is_new_and_keeps_what_people_wrote() {
    let desk = hubs();
    let _ = desk.runs(&["track", "clusters/a", "--owner", "team"], 0);
    let custody = desk.read("clusters/a/custody.toml");
    let edited =
        custody.replacen("owners = [\"team\"]", "# bob looks after it\nowners = [\"bob\"] # since May", 1);
    desk.write("clusters/a/custody.toml", &edited);
    desk.publish("Bob looks after it");
    desk.sops("clusters/a/enc-staging.yaml", "token: another\n");
    desk.publish("A third file");
    let _ = desk
        .runs(&["track", "clusters/a", "--owner", "team"], 0)
        .says("1 value without record or rule get a record");
    let after = desk.read("clusters/a/custody.toml");
    assert!(after.contains("# bob looks after it\nowners = [\"bob\"] # since May\n"), "{after}");
    for line in edited.lines() {
        assert!(after.contains(line), "{line}\n{after}");
    }
    assert!(after.contains("[\"enc-staging.yaml#/token\"]"));
}

#[test]
fn a_dry_run_writes_nothing() {
    let desk = hubs();
    let (files, head) = (desk.files(), desk.head());
    let _ = desk.runs(&["track", "**/enc-*", "--dry-run"], 0).says("would get a record");
    let json = desk.runs(&["track", "**/enc-*", "--dry-run", "--format", "json"], 0).json();
    assert_eq!(json["files"], 2);
    assert_eq!(json["recorded"].as_array().unwrap().len(), 6);
    assert_eq!((desk.files(), desk.head()), (files, head));
}

#[test]
fn rules_of_policy_make_records_needless() {
    let desk = hubs();
    desk.append(
        "secrets/policy.toml",
        "\n[track]\nfiles = [\"**/enc-*\"]\nnot-secret = [\"**/client_id\"]\n\n[[kind]]\nmatch = \
         \"**/GitHubOAuthenticator/client_secret\"\nnever = \"OAuth app secrets do not lapse\"\nowners = [\"team\"]\n",
    );
    desk.publish("Rules");
    let _ = desk.gate(&[], 1).finds(&[
        ("untracked", "clusters/a/enc-prod.yaml", "error"),
        ("untracked", "clusters/b/enc-prod.yaml", "error"),
    ]);
    let _ = desk.runs(&["track", "**/enc-*", "--owner", "team"], 0).says("2 values").says("2 left out");
    let _ = desk
        .runs(&["expiry", "set", "--scope", "**/token", "--expires", "2027-01-01", "--reason", "told"], 0);
    desk.publish("Tracked");
    let _ = desk.gate(&[], 0).finds(&[]);
}

#[test]
fn what_is_named_by_its_own_path_must_be_sealed() {
    let desk = hubs();
    let (files, head) = (desk.files(), desk.head());
    for (arguments, says) in [
        (["track", "clusters/a/values.yaml"], "clusters/a/values.yaml: is not sealed"),
        (["track", "clusters/c"], "no sealed file fits it"),
        (["track", "**/none-*"], "no sealed file fits it"),
        (["track", "../elsewhere"], "lies outside the repository"),
    ] {
        let _ = desk.runs(&arguments, 2).says(says);
    }
    assert_eq!((desk.files(), desk.head()), (files, head));
}

#[test]
fn an_ignored_record_is_refused_before_anything_is_written() {
    let desk = hubs();
    desk.write(".gitignore", "custody.toml\n");
    desk.publish("Ignore it");
    let (files, head) = (desk.files(), desk.head());
    let _ = desk.runs(&["track", "**/enc-*"], 2).says("is ignored by .gitignore:1: custody.toml");
    assert_eq!((desk.files(), desk.head()), (files, head));
}

#[test]
fn a_hook_that_refuses_does_so_before_anything_is_written() {
    let desk = hubs();
    // As the real one: whatever has a certain word in its path must be sealed by sops.
    desk.hook(
        "pre-commit",
        "for f in $(git diff --cached --name-only); do case $f in *policy*) grep -q '^sops:' \"$f\" || { echo \"$f is not sealed by sops\" >&2; exit 1; };; esac; done",
    );
    let (files, head) = (desk.files(), desk.head());
    let _ = desk
        .runs(&["track", "**/enc-*"], 2)
        .says("the repository's pre-commit hook refuses this change, so nothing was written")
        .says("secrets/policy.toml is not sealed by sops");
    assert_eq!((desk.files(), desk.head()), (files, head.clone()));
    assert_eq!(desk.sandbox.git(&desk.laptop, ["worktree", "list"]).lines().count(), 1);

    desk.hook("pre-commit", "exit 0");
    desk.hook("commit-msg", "grep -q '^feat' \"$1\" || { echo 'no conventional commit' >&2; exit 1; }");
    let _ =
        desk.runs(&["track", "**/enc-*"], 2).says("commit-msg hook refuses").says("no conventional commit");
    assert_eq!(desk.head(), head);
    desk.hook("commit-msg", "exit 0");
    let _ = desk.runs(&["track", "**/enc-*"], 0);
}

#[test]
fn a_file_as_a_whole() {
    let desk = hubs();
    let _ = desk.runs(&["track", "clusters/a/enc-prod.yaml", "--whole", "--owner", "team"], 0);
    let custody = desk.read("clusters/a/custody.toml");
    assert!(custody.contains("[\"enc-prod.yaml\"]\n"), "{custody}");
    assert_eq!(custody.matches("seen = ").count(), 1);
    desk.publish("Tracked");
    let report = desk.gate(&["--scope", "clusters/a/**"], 1);
    let _ = report.finds(&[("no-expiry", "clusters/a/enc-prod.yaml", "error")]);
}

#[test]
fn a_crowded_file_is_recorded_as_a_whole() {
    let desk = Desk::new();
    let lines: Vec<String> =
        (0..101).map(|number| format!("\"person{number}@example.org\": p{number}\n")).collect();
    desk.sops("enc-passwords.yaml", &lines.concat());
    desk.publish("Passwords");
    let _ = desk.runs(&["track", "enc-passwords.yaml"], 0).says("recorded as a whole").lacks("example.org");
    assert!(!desk.read("custody.toml").contains("example.org"));
}

#[test]
fn keys_that_nobody_has_come_with_the_lines_to_paste() {
    let desk = Desk::new();
    desk.sandbox.kms_file(&desk.path("enc-a.yaml"), "a: 1x\n", KMS);
    desk.publish("Sealed to a cloud's key");
    let told = desk.runs(&["track", "enc-a.yaml", "--owner", "team"], 0);
    let lines = ["[shared-keys.NAME]", &format!("keys = [\"{KMS}\"]"), "people = [\"NAME\", \"NAME\"]"];
    let told = lines.iter().fold(told, |told, line| told.says(line));
    assert!(told.text().contains("1 file to"), "{}", told.text());
    let _ = desk.runs(&["expiry", "set", "enc-a.yaml#/a", "--expires", "2027-01-01", "--reason", "told"], 0);
    desk.publish("Tracked");
    let _ = desk
        .gate(&[], 1)
        .finds(&[("single-holder", "enc-a.yaml", "error"), ("unlisted-reader", "enc-a.yaml", "error")]);
    desk.append(
        "secrets/policy.toml",
        &format!("\n[shared-keys.cloud]\nkeys = [\"{KMS}\"]\npeople = [\"alice\", \"bob\"]\nconfirmed = 2026-02-01\n"),
    );
    desk.publish("Say whose key it is");
    let _ = desk.gate(&[], 0).finds(&[]);
}

#[test]
fn rules_are_proposed_for_what_many_files_have_in_common() {
    let desk = hubs();
    desk.sops("clusters/c/enc-prod.yaml", HUB);
    let told = desk.runs(&["track", "**/enc-*", "--dry-run"], 0);
    for line in [
        "match = \"**/GitHubOAuthenticator/client_secret\"",
        "match = \"**/hub/token\"",
        "not-secret = [\"**/client_id\"]",
        "# 3 files",
    ] {
        assert!(told.text().contains(line), "{line}\n{}", told.text());
    }
}

#[test]
fn untracking_removes_records_and_leaves_files() {
    let desk = hubs();
    let _ = desk.runs(&["track", "clusters", "--owner", "team"], 0);
    desk.publish("Tracked");
    let sealed = desk.read("clusters/a/enc-prod.yaml");
    let _ = desk.runs(&["untrack", "clusters/a/enc-prod.yaml#/hub/token"], 0);
    assert!(!desk.read("clusters/a/custody.toml").contains("/hub/token"));
    let _ = desk
        .runs(&["untrack", "clusters/a/enc-prod.yaml#/hub/token"], 2)
        .says("no record of a tracked file fits it");
    let _ = desk.runs(&["untrack", "clusters/a", "--dry-run"], 0);
    assert!(desk.path("clusters/a/custody.toml").exists());
    let _ = desk.runs(&["untrack", "clusters/a"], 0);
    assert!(!desk.path("clusters/a/custody.toml").exists());
    assert_eq!(desk.read("clusters/a/enc-prod.yaml"), sealed);
    assert!(desk.path("clusters/b/custody.toml").exists());
    assert_eq!(desk.status(), "");
}

#[test]
fn a_record_that_cannot_be_read_is_named_and_nothing_is_written() {
    let desk = hubs();
    let _ = desk.runs(&["track", "clusters", "--owner", "team"], 0);
    desk.append("clusters/a/custody.toml", "\n[\"enc-prod.yaml#/x\"]\nexpire = 2027-01-01\n");
    desk.publish("A slip");
    let (files, head) = (desk.files(), desk.head());
    let _ = desk.runs(&["track", "clusters"], 2).says("clusters/a/custody.toml").says("expire");
    assert_eq!((desk.files(), desk.head()), (files, head));
    // The gate says so too, and judges the other file.
    let report = desk.gate(&[], 1).leaves_unchecked("clusters/a/custody.toml");
    let whose: Vec<String> = report.findings().into_iter().map(|(_, secret, _)| secret).collect();
    assert!(whose.iter().all(|secret| secret.starts_with("clusters/b/")), "{whose:?}");
    let _ = desk.gate(&["--scope", "clusters/a/**"], 2);
}

#[test]
fn somebody_else_s_key_in_a_file_is_told_by_its_id() {
    let desk = Desk::new();
    let carol = public_key("carol");
    desk.sandbox.sops_file(
        &desk.path("enc.yaml"),
        "a: b\n",
        &[&public_key("alice"), &public_key("bob"), &carol],
    );
    desk.publish("Also to carol");
    let _ = desk.runs(&["track", "enc.yaml", "--owner", "team"], 0);
    let _ = desk.runs(&["expiry", "set", "enc.yaml#/a", "--expires", "2027-01-01", "--reason", "told"], 0);
    desk.publish("Tracked");
    let report = desk.gate(&[], 1).finds(&[("unlisted-reader", "enc.yaml", "error")]);
    assert!(report.message("unlisted-reader").contains(&carol));
}
