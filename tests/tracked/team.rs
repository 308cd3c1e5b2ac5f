//! A team whose secrets sops has sealed: alice and bob, one file, a record for each value.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{NOW, Outcome, Run, Sandbox, public_key};

/// The file of the tests.
pub const FILE: &str = "clusters/a/enc-prod.yaml";
pub const CUSTODY: &str = "clusters/a/custody.toml";

pub struct Team {
    pub sandbox: Sandbox,
    pub laptop: PathBuf,
}

impl Team {
    /// With this file, tracked, every value to end on 2027-08-31; everything committed and pushed.
    #[track_caller]
    pub fn with(yaml: &str) -> Self {
        let team = Self::untracked();
        team.seal(FILE, yaml);
        team.track(&[FILE]);
        team
    }

    #[track_caller]
    pub fn untracked() -> Self {
        let sandbox = Sandbox::new();
        let laptop = sandbox.store(&["alice", "bob"]);
        let team = Self { sandbox, laptop };
        // Without any secret of its own the store would be empty.
        team.sandbox.add_accepting(&team.laptop, "own/one", "2027-08-31", "a value", &["alice", "bob"]);
        team.sandbox.push(&team.laptop);
        team
    }

    /// Seals to alice and bob, under a new data key.
    #[track_caller]
    pub fn seal(&self, file: &str, text: impl AsRef<[u8]>) {
        self.sandbox.sops_file(&self.laptop.join(file), text, &[&public_key("alice"), &public_key("bob")]);
    }

    /// `secrets track`, and a date for every record; committed and pushed.
    #[track_caller]
    pub fn track(&self, arguments: &[&str]) {
        self.sandbox.commit_all(&self.laptop, "Seal");
        self.secrets(&["track", "--owner", "team"]).args(arguments).run().code(0);
        for folder in [CUSTODY, "custody.toml"] {
            let path = self.laptop.join(folder);
            if let Ok(text) = fs::read_to_string(&path) {
                fs::write(path, text.replace("\"]\nowners", "\"]\nexpires = 2027-08-31\nowners")).unwrap();
            }
        }
        self.publish("Date the records");
    }

    #[track_caller]
    pub fn publish(&self, message: &str) {
        self.sandbox.publish_all(&self.laptop, message);
    }

    pub fn secrets(&self, arguments: &[&str]) -> Run<'_> {
        self.sandbox.secrets(&self.laptop).args(arguments)
    }

    /// The same as alice, with `sops` on the path.
    pub fn with_sops(&self, arguments: &[&str]) -> Run<'_> {
        self.secrets(arguments).with_sops("alice").identity("alice")
    }

    /// `sops` itself, as alice.
    #[track_caller]
    pub fn sops(&self, arguments: &[&str], stdin: &str) -> Outcome {
        self.sandbox.sops(&self.laptop, "alice", arguments, stdin.as_bytes()).code(0)
    }

    pub fn read(&self, file: &str) -> String {
        fs::read_to_string(self.laptop.join(file)).unwrap()
    }

    pub fn write(&self, file: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.laptop.join(file), bytes).unwrap();
    }

    /// The secrets that a finding is about.
    #[track_caller]
    pub fn found(&self, id: &str) -> Vec<String> {
        let report = self.sandbox.check(&self.laptop, NOW);
        let findings = report.findings().into_iter();
        findings.filter(|(found, ..)| found == id).map(|(_, subject, _)| subject).collect()
    }

    /// The lines of the record of a value.
    #[track_caller]
    pub fn record(&self, name: &str) -> String {
        let (file, pointer) = name.split_once('#').unwrap_or((name, ""));
        let folder = Path::new(file).parent().unwrap();
        let custody = self.read(folder.join("custody.toml").to_str().unwrap());
        let base = Path::new(file).file_name().unwrap().to_str().unwrap();
        let key = if pointer.is_empty() { base.to_owned() } else { format!("{base}#{pointer}") };
        let (_, table) = custody.split_once(&format!("[\"{key}\"]\n")).unwrap();
        table.split("\n\n").next().unwrap().to_owned()
    }

    /// The calls of `sops` since this was asked last.
    pub fn calls(&self) -> Vec<String> {
        let calls = self.sandbox.sops_calls();
        let _ = fs::remove_file(self.sandbox.path("sops-calls"));
        calls
    }

    /// Nothing that was ever printed, committed or handed over by a command line holds it.
    #[track_caller]
    pub fn never_shows(&self, outcome: &Outcome, value: &str) {
        let _ = outcome.clone().lacks(value);
        let calls = self.sandbox.sops_calls();
        assert!(calls.iter().all(|call| !call.contains(value)), "{calls:#?}");
        let objects = ["cat-file", "--batch-all-objects", "--batch"];
        let objects = self.sandbox.run(&self.laptop, "git", objects).code(0);
        assert!(!String::from_utf8_lossy(&objects.stdout).contains(value));
        let left = self.sandbox.run(self.sandbox.root(), "grep", ["-rlF", value, "tmp", "home"]);
        assert_eq!(left.stdout, b"", "no temporary file is left");
    }
}

/// Values `v1` … under the keys `k1` …, each in a map of its own.
pub fn many(count: usize) -> String {
    let one = |number: usize| format!("k{number}:\n    secret: v{number}\n");
    (1..=count).map(one).collect::<Vec<_>>().concat()
}
