//! A store whose values are hard to quote, and what all tests of this folder ask of it.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::common::{Outcome, Sandbox};

/// Values that one program or another would take for something else.
pub const AWKWARD: &[(&str, &str)] = &[
    ("plain", "hunter2"),
    ("spaces", "  two words  "),
    ("single", "it's 'quoted'"),
    ("double", "say \"hi\""),
    ("both", "it's \"both\""),
    ("backslash", r"C:\new\table"),
    ("doubled", r"a\\b"),
    ("ends-in-backslash", r"a b\"),
    ("mixed", r#"\'"\\'" end"#),
    ("dollar", "pa$$word $HOME $(id)"),
    ("dollar-quote", "it's $HOME"),
    ("backtick", "`id`"),
    ("bang", "wow!! !$"),
    ("hash", "#not a comment # nor this"),
    ("equals", "a=b==c"),
    ("several", "first\nsecond\n\n  third\n"),
    ("ends", "two line ends\n\n"),
    ("starts", "\nbegins with a line end"),
    ("tabs", "\ta\tb\t"),
    ("unicode", "gr\u{fc}n \u{1f511} \u{6f22}\u{5b57}"),
    ("invisible", "a\u{feff}b\u{2028}c\u{85}d\u{7f}e"),
    ("control", "a\u{1}b\u{1b}[31mc"),
    ("yes", "yes"),
    ("null", "null"),
    ("number", "0123"),
    ("float", "1e3"),
    ("date", "2026-03-01"),
    ("tilde", "~"),
    ("colon", "a: b"),
    ("dash", "- item"),
    ("braces", "{a: [b]}"),
    ("percent", "100%25 %0A"),
    ("mark", "EOF\n<<EOF\n::add-mask::x"),
    ("pem", "-----BEGIN X-----\nTUlJRXZRSUJBREFOQmdrcWhraUc5dzBC\n-----END X-----\n"),
];

pub struct Store {
    pub sandbox: Sandbox,
    pub laptop: PathBuf,
}

impl Store {
    /// An empty store of two people.
    pub fn new() -> Self {
        let sandbox = Sandbox::new();
        let laptop = sandbox.store(&["alice", "bob"]);
        Self { sandbox, laptop }
    }

    /// A store with values below `web/`, brought in as JSON.
    pub fn with<'v>(values: impl IntoIterator<Item = (&'v str, &'v str)>) -> Self {
        let store = Self::new();
        let map: serde_json::Map<String, serde_json::Value> =
            values.into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect();
        let json = serde_json::Value::Object(map).to_string();
        store.import(&["-", "--from", "json", "--prefix", "web", "--never", "made up"], &json).code(0);
        store
    }

    /// All the awkward ones but for those named.
    pub fn awkward(but: &[&str]) -> Self {
        Self::with(AWKWARD.iter().copied().filter(|(key, _)| !but.contains(key)))
    }

    pub fn run(&self, arguments: &[&str], stdin: impl AsRef<[u8]>) -> Outcome {
        self.sandbox.secrets(&self.laptop).args(arguments).identity("alice").stdin(stdin).run()
    }

    pub fn import(&self, arguments: &[&str], stdin: impl AsRef<[u8]>) -> Outcome {
        self.run(&[&["import"], arguments].concat(), stdin)
    }

    pub fn export(&self, arguments: &[&str]) -> Outcome {
        self.run(&[&["export"], arguments].concat(), "")
    }

    /// Writes a file beside the repository.
    pub fn file(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        let path = self.sandbox.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The value as the `age` program reads it.
    pub fn value(&self, name: &str) -> Vec<u8> {
        self.sandbox.age(&self.laptop, name, "bob").code(0).stdout
    }
}

/// The variable that a key below `web/` becomes.
pub fn variable(key: &str) -> String {
    key.to_uppercase().replace('-', "_")
}

/// Runs a program on some input, which must succeed; answers with what it printed.
#[track_caller]
pub fn piped(mut command: Command, input: &[u8]) -> Vec<u8> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let mut stdin = child.stdin.take().unwrap();
    let bytes = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&bytes).ok());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
