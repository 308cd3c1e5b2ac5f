//! A store with secrets near their end, and a program that writes down what it is told.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::common::{Outcome, Run, Sandbox};

/// 40 days before `web/prod/db` ends.
pub const EARLY: &str = "2026-03-01T12:00:00Z";
pub const END: &str = "2026-04-10";

pub struct Desk {
    pub sandbox: Sandbox,
    pub laptop: PathBuf,
}

impl Desk {
    /// A store of two, with `web/prod/db` near its end and `api/key` far from it, and these tables in its policy; pushed.
    pub fn with(tables: &str) -> Self {
        let sandbox = Sandbox::new();
        let laptop = sandbox.store(&["alice", "bob"]);
        sandbox.add_accepting(&laptop, "web/prod/db", END, "hunter2-db", &["alice", "bob"]);
        sandbox.add(&laptop, "api/key", "2027-12-31", "hunter2-key");
        let desk = Self { sandbox, laptop };
        desk.policy(tables);
        desk
    }

    /// Adds tables to the policy, and pushes it.
    pub fn policy(&self, tables: &str) {
        let path = self.laptop.join("secrets/policy.toml");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("{text}\n{tables}\n")).unwrap();
        self.publish("Say who is told");
    }

    pub fn publish(&self, why: &str) {
        self.sandbox.git(&self.laptop, ["add", "-A"]);
        self.sandbox.git(&self.laptop, ["commit", "-q", "-m", why]);
        self.sandbox.push(&self.laptop);
    }

    /// A program that puts what it is told into a folder of its own, a file each time. `and` is run first.
    pub fn listener(&self, name: &str, and: &str) -> PathBuf {
        let folder = self.sandbox.path(&format!("heard-{name}"));
        fs::create_dir_all(&folder).unwrap();
        let program = self.sandbox.path(&format!("{name}.sh"));
        let text = format!(
            "#!/bin/sh\n{and}\nfile=$(mktemp '{folder}/XXXXXXXX') && cat > \"$file\" && mv \"$file\" \"$file.json\"\n",
            folder = folder.display()
        );
        fs::write(&program, text).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        program
    }

    /// Everything that a listener was told.
    pub fn heard(&self, name: &str) -> Vec<Value> {
        let folder = self.sandbox.path(&format!("heard-{name}"));
        let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
        let whole = files.filter(|file| file.extension().is_some_and(|ending| ending == "json"));
        whole.map(|file| serde_json::from_slice(&fs::read(file).unwrap()).unwrap()).collect()
    }

    /// The notices of it, as `SECRET FINDING TIER`, sorted.
    pub fn notices(&self, name: &str) -> Vec<String> {
        let mut all: Vec<String> = self.heard(name).iter().flat_map(|told| notices_of(told)).collect();
        all.sort();
        all
    }

    pub fn warn(&self) -> Run<'_> {
        self.warn_in(&self.laptop)
    }

    pub fn warn_in(&self, folder: &Path) -> Run<'_> {
        self.sandbox.secrets(folder).args(["warn"])
    }

    #[track_caller]
    pub fn warned_at(&self, at: &str) -> Outcome {
        self.warn().at(at).run()
    }

    /// What stands in the ledger of the origin, line by line.
    pub fn ledger(&self) -> Vec<Value> {
        let text =
            self.sandbox.git(&self.sandbox.path("origin.git"), ["show", "refs/secrets/ledger:ledger.jsonl"]);
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// A new value for a secret; pushed.
    pub fn renew(&self, name: &str, expires: &str, value: &str, at: &str) {
        let run =
            self.sandbox.secrets(&self.laptop).identity("alice").args(["set", name, "--expires", expires]);
        run.at(at).stdin(value).run().code(0);
        self.sandbox.push(&self.laptop);
    }
}

pub fn notices_of(told: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let notices = told["notices"].as_array().unwrap().iter();
    notices
        .map(|one| format!("{} {} {}", text(&one["secret"]), text(&one["finding"]), text(&one["tier"])))
        .collect()
}

/// An `exec` channel.
pub fn exec(name: &str, program: &Path, more: &str) -> String {
    format!("[[notify]]\nkind = \"exec\"\nname = \"{name}\"\ncommand = [\"{}\"]\n{more}\n", program.display())
}
