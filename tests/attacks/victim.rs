//! A store that is attacked: alice, bob and the machine ci read `web/db`, and everything is on the deploy ref.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{NOW, Outcome, Sandbox, public_key, tools};

pub const DB: &str = "web/db";
pub const VALUE: &str = "a-password-for-the-database";

pub struct Victim {
    pub sandbox: Sandbox,
    pub laptop: PathBuf,
}

impl Victim {
    #[track_caller]
    pub fn new() -> Self {
        let sandbox = Sandbox::new();
        let laptop = sandbox.store(&["alice", "bob"]);
        let key = public_key("ci");
        sandbox
            .secrets(&laptop)
            .args(["machines", "add", "ci", "--key", &key, "--group", "team"])
            .run()
            .code(0);
        sandbox.add(&laptop, DB, "2028-01-01", VALUE);
        sandbox.push(&laptop);
        let victim = Self { sandbox, laptop };
        victim.check(&[], 0).finds(&[]);
        victim
    }

    #[expect(clippy::unused_self, reason = "it is the victim's file, wherever that lies")]
    pub fn age(&self) -> String {
        format!("secrets/{DB}.age")
    }

    #[expect(clippy::unused_self, reason = "it is the victim's file, wherever that lies")]
    pub fn record(&self) -> String {
        format!("secrets/{DB}.json")
    }

    /// Runs the knife, which must succeed; answers with what it printed.
    #[track_caller]
    pub fn cut<S: AsRef<OsStr>>(&self, arguments: &[S]) -> String {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let script = root.join("tests/live/age_surgery.py");
        let arguments = std::iter::once(script.as_os_str()).chain(arguments.iter().map(AsRef::as_ref));
        let python = tools::python().display().to_string();
        let cut = self.sandbox.run(&self.laptop, &python, arguments);
        let cut = cut.code(0);
        cut.text().to_owned()
    }

    /// The file key, which each holder knows.
    #[track_caller]
    pub fn file_key(&self, holder: &str) -> String {
        let identity = crate::common::identity_path(holder);
        let identity = identity.to_str().expect("the path of a fixture is UTF-8");
        self.cut(&["file-key", &self.age(), identity]).trim().to_owned()
    }

    /// Makes the header's MAC anew, as every holder can.
    #[track_caller]
    pub fn sew_up(&self, file_key: &str) {
        self.cut(&["remac", &self.age(), file_key]);
    }

    /// The stanza in the header that this holder opens: each other is put aside until it can't be opened any more.
    #[track_caller]
    pub fn stanza_of(&self, holder: &str) -> usize {
        let path = self.laptop.join(self.age());
        let whole = fs::read(&path).expect("the sealed file is there");
        let key = self.file_key(holder);
        let shown: serde_json::Value =
            serde_json::from_str(&self.cut(&["show", &self.age()])).expect("it shows JSON");
        let count = shown["stanzas"].as_array().expect("there are stanzas").len();
        let opened = (1..count).find(|at| {
            self.cut(&["remove", &self.age(), &at.to_string()]);
            self.sew_up(&key);
            let got = self.sandbox.age(&self.laptop, DB, holder);
            fs::write(&path, &whole).expect("the sealed file can be put back");
            got.code != 0
        });
        opened.unwrap_or_else(|| panic!("no stanza is for {holder}"))
    }

    /// Puts the record's digest right, and has it all on the deploy ref.
    #[track_caller]
    pub fn land(&self) {
        self.cut(&["digest", &self.record(), &self.age()]);
        self.publish("Touch the database");
    }

    #[track_caller]
    pub fn publish(&self, message: &str) {
        self.sandbox.publish_all(&self.laptop, message);
    }

    /// The gate without an identity, in every format.
    #[track_caller]
    pub fn check(&self, arguments: &[&str], expected: i32) -> Outcome {
        self.sandbox.gate(&self.laptop, NOW, arguments, expected)
    }

    /// The gate with `--prove` and somebody's identity.
    #[track_caller]
    pub fn prove(&self, holder: &str, expected: i32) -> Outcome {
        let run = |format: &str| {
            let run = self.sandbox.secrets(&self.laptop).args(["check", "--prove", "--format", format]);
            run.identity(holder).run().code(expected)
        };
        let human = run("human");
        let last = human.text().lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
        assert_eq!(last.contains("clear to deploy"), expected == 0, "{}", human.text());
        run("json")
    }

    /// Asserts errors just as these, on [`DB`], whoever of its readers proves it.
    #[track_caller]
    pub fn is_found_by_each_reader(&self, expected: &[&str]) {
        for holder in ["alice", "bob", "ci"] {
            self.prove(holder, 1).errors_are(expected);
        }
    }

    /// Runs `secrets` as this holder.
    #[must_use]
    pub fn run_as(&self, holder: &str, arguments: &[&str], stdin: &str) -> Outcome {
        self.sandbox.secrets(&self.laptop).args(arguments).identity(holder).stdin(stdin).run()
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.laptop.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// A file of the sandbox, outside the repository.
    pub fn read_from(&self, path: &str) -> String {
        fs::read_to_string(self.sandbox.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.laptop.join(path);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder can be made");
        fs::write(path, bytes).expect("a file can be written");
    }

    /// Edits a file; what is to be replaced must be there.
    #[track_caller]
    pub fn edit(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert!(text.contains(from), "{path} has no `{from}`:\n{text}");
        self.write(path, text.replace(from, to));
    }
}

impl Outcome {
    /// Asserts these errors on [`DB`], each of them once, and no other finding.
    #[track_caller]
    pub fn errors_are(self, expected: &[&str]) -> Self {
        let expected = expected.iter().map(|id| (*id, DB, "error")).collect::<Vec<_>>();
        self.finds(&expected)
    }
}
