//! An attacker puts a key of their own under a colleague's name, and waits for somebody to do what the tool says.

use std::fs;
use std::path::PathBuf;

use crate::common::{NOW, Outcome, binary, identity_path, public_key};
use crate::victim::{DB, VALUE, Victim};

/// Of the fixtures it is nobody's in this store.
const ATTACKER: &str = "carol";

/// More rounds than there are findings to mend one after the other.
const MOST_ROUNDS: usize = 12;

impl Victim {
    /// A folder in which `secrets` is the binary under test, at the test's moment and as one of the readers.
    fn tools_of(&self, holder: &str) -> PathBuf {
        let folder = self.sandbox.path("bin");
        let identity = identity_path(holder);
        let script =
            format!("SECRETS_IDENTITY_FILE='{}' exec '{}' --at {NOW} \"$@\"", identity.display(), binary());
        self.sandbox.hook(&folder, "secrets", &script);
        self.sandbox.hook(&folder, "vi", "exit 0");
        folder
    }

    /// Pastes a command into a shell, with nothing to answer its questions with.
    fn paste(&self, tools: &std::path::Path, command: &str) -> Outcome {
        assert!(!command.contains("--accept-key SHA256"), "it accepts a key by itself: {command}");
        let script = format!("PATH='{}':\"$PATH\"; exec < /dev/null\n{command}", tools.display());
        self.sandbox.run(&self.laptop, "sh", ["-c", &script])
    }

    /// Pastes every remedy, and what the failing ones say to run, until a round changes neither report nor store.
    fn paste_every_remedy(&self, holder: &str, arguments: &[&str]) -> usize {
        let tools = self.tools_of(holder);
        let mut pasted = 0;
        let mut before = None;
        for _ in 0..MOST_ROUNDS {
            let report = self
                .sandbox
                .secrets(&self.laptop)
                .args(["check", "--format", "json"])
                .args(arguments)
                .run()
                .json();
            let now =
                (report["findings"].clone(), report["unchecked"].clone(), self.sandbox.head(&self.laptop));
            if before.as_ref() == Some(&now) {
                return pasted;
            }
            for finding in report["findings"].as_array().expect("a report has findings") {
                let [remedy, message] =
                    ["remedy", "message"].map(|key| finding[key].as_str().expect("a finding has both"));
                let told = self.paste(&tools, remedy);
                if remedy.starts_with("secrets reseal") {
                    // It was run, and it was the key at which it stopped.
                    assert!(told.stderr.contains("never sealed to before"), "{remedy}: {}", told.stderr);
                    assert_eq!(told.code, 2);
                }
                // What the message and the refusal name is tried as well, word for word.
                for command in quoted(message).chain(quoted(&told.stderr)) {
                    drop(self.paste(&tools, command));
                    pasted += 1;
                }
                pasted += 1;
            }
            before = Some(now);
        }
        panic!("the report goes on changing after {MOST_ROUNDS} rounds");
    }

    fn opens_nothing(&self, identity: &str) {
        for folder in ["secrets/web", "secrets/ops"] {
            let Ok(entries) = fs::read_dir(self.laptop.join(folder)) else { continue };
            for entry in entries {
                let path = entry.expect("an entry").path();
                if path.extension().is_some_and(|ending| ending == "age") {
                    let identity = identity_path(identity);
                    let [identity, path] = [&identity, &path].map(|path| path.as_os_str());
                    let got =
                        self.sandbox.run(&self.laptop, "age", ["-d".as_ref(), "-i".as_ref(), identity, path]);
                    assert_ne!(got.code, 0, "the attacker opens {}", path.display());
                }
            }
        }
    }

    fn put_the_attackers_key_under(&self, colleague: &str) {
        self.edit("secrets/policy.toml", &public_key(colleague), &public_key(ATTACKER));
        self.publish("Update a key");
    }
}

/// The commands that a text names between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split('`').skip(1).step_by(2);
    parts.filter(|part| part.starts_with("secrets ") || part.starts_with("git "))
}

#[test]
fn no_remedy_seals_to_a_key_that_was_put_under_a_colleagues_name() {
    for colleague in ["bob", "ci"] {
        let victim = Victim::new();
        victim.sandbox.add(&victim.laptop, "ops/pager", "2026-03-15", "a-routing-key");
        victim.sandbox.push(&victim.laptop);
        victim.put_the_attackers_key_under(colleague);
        let told = victim.check(&[], 1);
        for id in ["unproven-reader", "unlisted-reader"] {
            assert!(told.finding_ids().contains(&id.to_owned()), "{id}: {:#}", told.json());
        }
        assert!(victim.paste_every_remedy("alice", &[]) > 1);
        victim.opens_nothing(ATTACKER);
        let told = victim.check(&[], 1);
        assert!(told.finding_ids().contains(&"unproven-reader".to_owned()), "{:#}", told.json());
        assert_eq!(victim.run_as("alice", &["get", DB], "").code(0).stdout, VALUE.as_bytes());
    }
}

#[test]
fn nor_on_a_branch_that_is_held_against_another() {
    let victim = Victim::new();
    victim.sandbox.git(&victim.laptop, ["checkout", "-q", "-b", "feature"]);
    victim.edit("secrets/policy.toml", &public_key("bob"), &public_key(ATTACKER));
    victim.sandbox.commit_all(&victim.laptop, "Update a key");
    let against = ["--against", "main"];
    let told = victim.check(&against, 1);
    assert!(told.message("weakened-policy").starts_with("bob's key is exchanged"), "{:#}", told.json());
    assert!(victim.paste_every_remedy("alice", &against) > 1);
    victim.opens_nothing(ATTACKER);
    let told = victim.check(&against, 1);
    assert!(told.message("weakened-policy").starts_with("bob's key is exchanged"), "{:#}", told.json());
}

#[test]
fn a_key_that_is_added_under_a_colleagues_name() {
    let victim = Victim::new();
    let bob = public_key("bob");
    let both = format!("{bob}\", \"{}", public_key(ATTACKER));
    victim.edit("secrets/policy.toml", &bob, &both);
    victim.publish("A second laptop");
    victim.check(&[], 1).errors_are(&["unproven-reader"]);
    victim.paste_every_remedy("alice", &[]);
    victim.opens_nothing(ATTACKER);
    victim.check(&[], 1).errors_are(&["unproven-reader"]);
    // Whoever has compared the fingerprint says so, by name.
    let mut reseal = vec!["reseal", DB];
    let told = victim.run_as("alice", &reseal, "").code(2).says("bob").stderr;
    let fingerprint = told.split_whitespace().find(|word| word.starts_with("SHA256:")).expect("it is named");
    reseal.extend(["--accept-key", fingerprint.trim_end_matches([',', ';', ':', ')'])]);
    victim.run_as("alice", &reseal, "").code(0);
}

#[test]
fn a_value_that_is_replaced_meanwhile_goes_to_nobody_new() {
    // The attacker spoils the pair too, so that the remedy asks for a new value.
    let victim = Victim::new();
    victim.put_the_attackers_key_under("bob");
    victim.cut(&["set", &victim.record(), "/sealed/expires/at", "\"2030-01-01T00:00:00Z\""]);
    victim.land();
    let told = victim.check(&[], 1);
    assert!(told.finding_ids().contains(&"tampered".to_owned()), "{:#}", told.json());
    victim.paste_every_remedy("alice", &[]);
    victim.opens_nothing(ATTACKER);
    let told = victim.check(&[], 1);
    assert!(told.finding_ids().contains(&"tampered".to_owned()), "{:#}", told.json());
    // With a value at hand it is no other.
    let set = ["set", DB, "--expires", "2028-01-01"];
    victim.run_as("alice", &set, "another-password").code(2).says("bob").lacks("--accept-key SHA256");
    victim.opens_nothing(ATTACKER);
}

#[test]
fn a_stranger_among_the_readers() {
    let victim = Victim::new();
    let team = "team = [\"alice\", \"bob\", \"ci\"]";
    victim.edit("secrets/policy.toml", team, "team = [\"alice\", \"bob\", \"ci\", \"mallory\"]");
    let text = victim.read("secrets/policy.toml");
    let stranger = format!("\n[people.mallory]\nkeys = [\"{}\"]\n", public_key(ATTACKER));
    victim.write("secrets/policy.toml", format!("{text}{stranger}"));
    victim.publish("Mallory joins");
    victim.check(&[], 1).errors_are(&["unproven-reader"]);
    victim.paste_every_remedy("bob", &[]);
    victim.opens_nothing(ATTACKER);
    victim.check(&[], 1).errors_are(&["unproven-reader"]);
}
