//! The store that is drawn: one secret of each kind, and a canary as every value.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{Outcome, Run, Sandbox, public_key};

/// Every value. It is looked for wherever something is drawn.
pub const CANARY: &str = "kV7xQm2ZrT9uWc4LpHs8YbNd3EgJfA6v";

/// What would be markup, or a line of a calendar.
pub const HOSTILE: &str = "<script>alert(1)</script>; a, b\\c";

pub struct Drawn {
    pub sandbox: Sandbox,
    pub laptop: PathBuf,
}

impl Drawn {
    /// `web/old` expired ten days ago, `web/soon` is inside its first tier, `legacy/ftp` never ends and is alice's
    /// alone, `web/exact` ends at a time of day; pushed.
    pub fn new() -> Self {
        let sandbox = Sandbox::new();
        let laptop = sandbox.store(&["alice", "bob"]);
        let drawn = Self { sandbox, laptop };
        drawn.add("web/old", &["--expires", "2026-02-19", "--owner", "team"]);
        drawn.add("web/soon", &["--expires", "2026-04-10", "--owner", "alice", "--issuer", HOSTILE]);
        drawn.add("web/later", &["--expires", "2026-12-24", "--owner", "bob"]);
        drawn.add("web/exact", &["--expires", "2026-09-30T17:45:00Z", "--owner", "team"]);
        drawn.add("db/beyond", &["--expires", "2029-01-01", "--owner", "bob"]);
        drawn.add("legacy/ftp", &["--never", HOSTILE, "--owner", "team", "--reader", "alice"]);
        drawn.sandbox.push(&drawn.laptop);
        drawn
    }

    pub fn add(&self, name: &str, terms: &[&str]) {
        let add = self.sandbox.secrets(&self.laptop).args(["add", name]).args(terms);
        add.args(["--as", "alice"]).stdin(CANARY).run().code(0);
    }

    pub fn run(&self, arguments: &[&str]) -> Outcome {
        self.prepare(arguments).run().lacks(CANARY)
    }

    pub fn prepare(&self, arguments: &[&str]) -> Run<'_> {
        self.sandbox.secrets(&self.laptop).args(arguments)
    }

    pub fn edit(&self, path: &str, from: &str, to: &str) {
        let path = self.laptop.join(path);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{from}: {text}");
        fs::write(&path, text.replace(from, to)).unwrap();
    }

    /// One record can't be read, and of one secret nobody says when it ends: the file of another tool.
    pub fn damage(&self) {
        fs::write(self.laptop.join("secrets/web/later.json"), "{\"schema\": 1").unwrap();
        let policy = self.laptop.join("secrets/policy.toml");
        let text = fs::read_to_string(&policy).unwrap();
        fs::write(policy, text + "\n[track]\nfiles = [\"enc/*\"]\n").unwrap();
        let key = public_key("alice");
        fs::create_dir_all(self.laptop.join("enc")).unwrap();
        fs::write(self.sandbox.path("plain"), CANARY).unwrap();
        let sealed = self.laptop.join("enc/token.age");
        let plain = self.sandbox.path("plain");
        let arguments = ["-r", &key, "-o", sealed.to_str().unwrap(), plain.to_str().unwrap()];
        self.sandbox.run(&self.laptop, "age", arguments).code(0);
        self.sandbox.run(&self.laptop, "rm", [plain.to_str().unwrap()]).code(0);
    }

    /// Reads a file with one of the programs beside this one; answers with what that says.
    pub fn witness(&self, script: &str, file: &Path) -> serde_json::Value {
        let script = format!("{}/tests/pictures/{script}", env!("CARGO_MANIFEST_DIR"));
        let python = crate::common::tools::python();
        let arguments = ["-W", "ignore", &script, file.to_str().unwrap()];
        self.sandbox.run(&self.laptop, python.to_str().unwrap(), arguments).code(0).json()
    }

    /// Writes what was drawn where a witness can read it.
    pub fn keep(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.sandbox.path(name);
        fs::write(&path, bytes).unwrap();
        path
    }
}
