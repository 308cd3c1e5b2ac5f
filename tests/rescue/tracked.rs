//! Files that other tools have sealed go along, and are remembered by when their tool wrote them.

use std::fs;
use std::path::PathBuf;

use crate::common::{NOW, Sandbox, public_key};

const FILE: &str = "clusters/a/enc-prod.yaml";
const TOKEN: &str = "clusters/a/enc-prod.yaml#/token";
const VAULT: &str = "vaults/enc-vault.yml";

struct Hub {
    sandbox: Sandbox,
    laptop: PathBuf,
}

impl Hub {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let laptop = sandbox.store(&["alice", "bob"]);
        let hub = Self { sandbox, laptop };
        hub.seal("2026-01-01", "token: t0k3n\n");
        hub.publish("A hub");
        hub.runs(&["track", "**/enc-*", "--owner", "team"]);
        hub.runs(&["expiry", "set", TOKEN, "--expires", "2027-01-01", "--reason", "told"]);
        hub.publish("Tracked");
        hub.sandbox.gate(&hub.laptop, NOW, &[], 0).finds(&[]);
        hub
    }

    /// Has sops seal it, on a day.
    fn seal(&self, day: &str, yaml: &str) {
        let path = self.laptop.join(FILE);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        self.sandbox.sops_file(&path, yaml, &[&public_key("alice"), &public_key("bob")]);
        self.date(day);
    }

    fn date(&self, day: &str) {
        let path = self.laptop.join(FILE);
        let text = fs::read_to_string(&path).unwrap();
        let (before, date) = text.split_once("lastmodified: ").unwrap();
        let (_, after) = date.split_once('\n').unwrap();
        fs::write(&path, format!("{before}lastmodified: \"{day}T00:00:00Z\"\n{after}")).unwrap();
    }

    #[track_caller]
    fn runs(&self, arguments: &[&str]) {
        let _ = self.sandbox.secrets(&self.laptop).args(arguments).run().code(0);
    }

    #[track_caller]
    fn publish(&self, message: &str) {
        self.sandbox.publish_all(&self.laptop, message);
    }

    #[track_caller]
    fn glass(&self) -> serde_json::Value {
        let check = ["check", "--format", "json", "--break-glass", "hub is down"];
        let told = self.sandbox.secrets(&self.laptop).args(check).identity("alice").run().code(0);
        let glass = told.json()["break_glass"].clone();
        assert_eq!((&glass["let_through"], &glass["queued"]), (&true.into(), &false.into()), "{glass:#}");
        glass
    }
}

#[test]
fn a_newer_file_goes_along_and_blocks_until_it_is_merged() {
    let hub = Hub::new();
    hub.seal("2026-02-01", "token: n3w\n");
    let branch = hub.glass()["branch"].as_str().unwrap().to_owned();
    let ci = hub.sandbox.clone("ci", &["--depth", "1"]);
    let report = hub.sandbox.gate(&ci, NOW, &[], 1).finds(&[("rescue-pending", FILE, "error")]);
    let message = report.message("rescue-pending");
    let told = format!("only {branch} has the values of 2026-02-01");
    assert!(message.contains(&told) && message.contains("those of 2026-01-01"), "{message}");
    // Pushed as it should have been, it is closed.
    hub.publish("A new token");
    let later = hub.sandbox.clone("later", &["--depth", "1"]);
    let report = hub.sandbox.check(&later, NOW);
    assert!(!report.finding_ids().contains(&"rescue-pending".to_owned()), "{}", report.text());
}

#[test]
fn an_older_state_on_the_branch_is_nothing() {
    let hub = Hub::new();
    hub.seal("2026-02-01", "token: n3w\n");
    let _ = hub.glass();
    hub.seal("2026-02-02", "token: n3wer\n");
    hub.publish("Newer still");
    let ci = hub.sandbox.clone("ci", &["--depth", "1"]);
    let report = hub.sandbox.check(&ci, NOW);
    assert!(!report.finding_ids().contains(&"rescue-pending".to_owned()), "{}", report.text());
}

#[test]
fn a_file_that_is_on_the_branch_only() {
    let hub = Hub::new();
    let path = hub.laptop.join("clusters/b/enc-new.yaml");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    hub.sandbox.sops_file(&path, "a: b\n", &[&public_key("alice"), &public_key("bob")]);
    let _ = hub.glass();
    let ci = hub.sandbox.clone("ci", &["--depth", "1"]);
    let report = hub.sandbox.gate(&ci, NOW, &[], 1);
    report.finds(&[("rescue-pending", "clusters/b/enc-new.yaml", "error")]);
}

#[test]
fn what_is_in_clear_does_not_go_along() {
    let hub = Hub::new();
    fs::write(hub.laptop.join("clusters/a/enc-open.yaml"), "token: canary-0815\n").unwrap();
    let left_out = hub.glass()["left_out"].clone();
    assert_eq!(left_out[0]["path"], "clusters/a/enc-open.yaml");
    let arguments = ["cat-file", "--batch-all-objects", "--batch", "--buffer"];
    let all = hub.sandbox.run(&hub.sandbox.path("origin.git"), "git", arguments).code(0).stdout;
    assert!(!all.windows(11).any(|window| window == b"canary-0815"), "plaintext was pushed");
}

/// What nothing dates is unknown, unless the history at hand shows that the deploy ref once had it.
#[test]
fn a_file_that_nothing_dates() {
    let hub = Hub::new();
    let vault = hub.laptop.join(VAULT);
    fs::create_dir_all(vault.parent().unwrap()).unwrap();
    let seal = |text: &str| {
        hub.sandbox.ansible_vault(&vault, text.as_bytes(), None);
    };
    seal("a: 1\n");
    hub.publish("A vault");
    hub.runs(&["track", VAULT, "--owner", "team"]);
    hub.publish("Tracked");
    seal("a: 2\n");
    let branch = hub.glass()["branch"].as_str().unwrap().to_owned();
    let ci = hub.sandbox.clone("ci", &["--depth", "1"]);
    let report = hub.sandbox.check(&ci, NOW);
    let told: Vec<_> = report.unchecked();
    assert!(told.iter().any(|(what, _)| what.contains(VAULT) && what.contains(&branch)), "{told:?}");
    // Merged, and then changed: who has the history knows that what is on the branch is older.
    hub.publish("Merged");
    seal("a: 3\n");
    hub.publish("Newer");
    let full = hub.sandbox.clone("full", &[]);
    let told = hub.sandbox.check(&full, NOW).unchecked();
    assert!(!told.iter().any(|(what, _)| what.contains(&branch)), "{told:?}");
}
