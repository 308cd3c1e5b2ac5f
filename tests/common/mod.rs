//! A place in which the built binary runs as a user would run it, and nothing of this machine shines through:
//! a home of its own, a cleared environment, real git, a bare origin over a path, and a moment that stands still.

#![allow(
    dead_code,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::unused_self,
    clippy::must_use_candidate,
    reason = "tests say what they expect, and every test binary uses its own part of this"
)]

#[cfg(unix)]
pub mod browser;
#[cfg(unix)]
pub mod foreign;
pub mod gate;
#[cfg(unix)]
pub mod person;
#[cfg(unix)]
pub mod remote;
pub mod tools;
pub mod toronto;

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// The moment as of which everything happens unless a test says otherwise.
pub const NOW: &str = "2026-03-01T12:00:00Z";

/// A temporary folder with a home, and whatever repositories a test makes in it.
pub struct Sandbox {
    folder: TempDir,
}

/// What a run of the binary, or of another program, came to. Whoever runs it must look at it, [`Outcome::code`] first.
#[derive(Debug, Clone)]
pub struct Outcome {
    pub code: i32,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl Outcome {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).expect("standard output is UTF-8")
    }

    /// Asserts the exit code and hands the outcome on.
    #[track_caller]
    pub fn code(self, expected: i32) -> Self {
        assert_eq!(
            self.code,
            expected,
            "exit code\n--- stdout ---\n{}\n--- stderr ---\n{}",
            String::from_utf8_lossy(&self.stdout),
            self.stderr
        );
        self
    }

    /// Asserts that standard output or standard error holds a text.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        let stdout = String::from_utf8_lossy(&self.stdout);
        assert!(
            stdout.contains(text) || self.stderr.contains(text),
            "`{text}` is not said\n--- stdout ---\n{stdout}\n--- stderr ---\n{}",
            self.stderr
        );
        self
    }

    /// Asserts that neither standard output nor standard error holds a text.
    #[track_caller]
    pub fn lacks(self, text: &str) -> Self {
        let stdout = String::from_utf8_lossy(&self.stdout);
        assert!(
            !stdout.contains(text) && !self.stderr.contains(text),
            "`{text}` is said\n--- stdout ---\n{stdout}\n--- stderr ---\n{}",
            self.stderr
        );
        self
    }

    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.stdout).unwrap_or_else(|error| {
            panic!(
                "standard output is no JSON: {error}\n{}\n{}",
                String::from_utf8_lossy(&self.stdout),
                self.stderr
            )
        })
    }

    /// The findings of `check --format json` as `(id, secret or path, level)`, in the report's order.
    #[track_caller]
    pub fn findings(&self) -> Vec<(String, String, String)> {
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let report = self.json();
        let findings = report["findings"].as_array().expect("a report has findings");
        findings
            .iter()
            .map(|f| {
                let subject = if f["secret"].is_null() { &f["path"] } else { &f["secret"] };
                (text(&f["id"]), text(subject), text(&f["level"]))
            })
            .collect()
    }

    /// Just the ids of the findings, in the report's order.
    #[track_caller]
    pub fn finding_ids(&self) -> Vec<String> {
        self.findings().into_iter().map(|(id, _, _)| id).collect()
    }
}

/// One run of the binary, being prepared.
#[must_use]
pub struct Run<'a> {
    sandbox: &'a Sandbox,
    command: Command,
    stdin: Vec<u8>,
    at: Option<String>,
}

impl Run<'_> {
    pub fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.command.args(arguments);
        self
    }

    /// As of when; `NOW` by custom.
    pub fn at(mut self, moment: &str) -> Self {
        self.at = Some(moment.to_owned());
        self
    }

    /// As whom: a name of `tests/fixtures/identities`.
    pub fn identity(mut self, name: &str) -> Self {
        self.command.env("SECRETS_IDENTITY_FILE", identity_path(name));
        self
    }

    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub fn stdin(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.stdin = bytes.as_ref().to_vec();
        self
    }

    /// The command itself, for tests that must start it in a way of their own.
    pub fn into_command(mut self) -> Command {
        let at = self.at.clone().unwrap_or_else(|| NOW.to_owned());
        self.command.args(["--at", &at]);
        self.command
    }

    #[must_use]
    pub fn run(self) -> Outcome {
        let stdin = self.stdin.clone();
        finish(self.into_command(), &stdin)
    }
}

fn finish(mut command: Command, stdin: &[u8]) -> Outcome {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let mut pipe = child.stdin.take().expect("standard input is a pipe");
    let bytes = stdin.to_vec();
    let writer = std::thread::spawn(move || pipe.write_all(&bytes).ok());
    let output = child.wait_with_output().expect("the program can be waited for");
    writer.join().expect("the writer of standard input ends");
    Outcome {
        // A signal is no exit code: -1 equals none that a test could expect.
        code: output.status.code().unwrap_or(-1),
        stdout: output.stdout,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// The binary under test.
pub fn binary() -> &'static str {
    env!("CARGO_BIN_EXE_secrets")
}

pub fn identity_path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/identities").join(format!("{name}.txt"))
}

/// The public key of a name of `tests/fixtures/identities`.
pub fn public_key(name: &str) -> String {
    let text = fs::read_to_string(identity_path(name)).expect("the fixture is there");
    let line = text.lines().find_map(|line| line.strip_prefix("# public key: "));
    line.expect("the fixture names its public key").to_owned()
}

impl Sandbox {
    pub fn new() -> Self {
        Self::below(&std::env::temp_dir())
    }

    /// Where what is built is: temporary files may be in memory.
    pub fn on_disk() -> Self {
        Self::below(Path::new(env!("CARGO_TARGET_TMPDIR")))
    }

    fn below(folder: &Path) -> Self {
        let folder = tempfile::tempdir_in(folder).expect("a temporary folder can be made");
        let sandbox = Self { folder };
        for folder in ["home", "tmp"] {
            fs::create_dir_all(sandbox.path(folder)).expect("the sandbox's folders can be made");
        }
        let config = "[user]\n\tname = Alice Example\n\temail = alice@example.org\n[init]\n\tdefaultBranch = main\n\
                      [protocol \"file\"]\n\tallow = always\n[core]\n\tfsync = none\n";
        fs::write(sandbox.path("home/.gitconfig"), config).expect("git can be configured");
        sandbox
    }

    /// A path in the sandbox.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    /// A program with the sandbox's environment, and nothing of this machine's but `PATH`.
    pub fn command(&self, program: impl AsRef<OsStr>, folder: &Path) -> Command {
        let mut command = Command::new(program);
        #[expect(clippy::disallowed_methods, reason = "the sandbox takes PATH, and only that, from outside")]
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.current_dir(folder).env_clear().envs([
            ("PATH", path),
            ("HOME", self.path("home").into()),
            ("XDG_CONFIG_HOME", self.path("home/.config").into()),
            // Temporary files are among what the canary is looked for in.
            ("TMPDIR", self.path("tmp").into()),
            // A keyring of the person who runs the tests must not come into them.
            ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus".into()),
            ("GIT_CONFIG_NOSYSTEM", "1".into()),
            ("GIT_CONFIG_GLOBAL", self.path("home/.gitconfig").into()),
            ("GIT_AUTHOR_DATE", NOW.into()),
            ("GIT_COMMITTER_DATE", NOW.into()),
            ("GIT_TERMINAL_PROMPT", "0".into()),
            ("LC_ALL", "C".into()),
            ("TZ", "UTC".into()),
        ]);
        command
    }

    /// Prepares a run of the binary in a folder.
    pub fn secrets(&self, folder: &Path) -> Run<'_> {
        Run { sandbox: self, command: self.command(binary(), folder), stdin: Vec::new(), at: None }
    }

    /// Runs another program to its end.
    #[must_use]
    pub fn run<S: AsRef<OsStr>>(
        &self,
        folder: &Path,
        program: &str,
        arguments: impl IntoIterator<Item = S>,
    ) -> Outcome {
        let mut command = self.command(program, folder);
        command.args(arguments);
        finish(command, b"")
    }

    /// Runs git, which must succeed; answers with what it printed.
    #[track_caller]
    pub fn git<S: AsRef<OsStr>>(&self, folder: &Path, arguments: impl IntoIterator<Item = S>) -> String {
        let outcome = self.run(folder, "git", arguments).code(0);
        outcome.text().trim_end().to_owned()
    }

    /// A bare origin, and a clone of it named `laptop`, with one commit on `main` that is pushed.
    pub fn origin_and_laptop(&self) -> PathBuf {
        let origin = self.path("origin.git");
        self.git(self.folder.path(), ["init", "-q", "--bare", "origin.git"]);
        self.git(self.folder.path(), ["clone", "-q", "origin.git", "laptop"]);
        let laptop = self.path("laptop");
        fs::write(laptop.join("README"), "a repository that deploys\n").expect("a file can be written");
        self.git(&laptop, ["add", "README"]);
        self.git(&laptop, ["commit", "-q", "-m", "Begin"]);
        self.git(&laptop, ["push", "-q", "origin", "HEAD:main"]);
        assert!(origin.join("HEAD").exists());
        laptop
    }

    /// A store with these people in group `team`, who are the default readers; committed and pushed.
    pub fn store(&self, people: &[&str]) -> PathBuf {
        let laptop = self.origin_and_laptop();
        let (first, others) = people.split_first().expect("a store has a first person");
        self.secrets(&laptop)
            .args(["init", "--person", first, "--key", &public_key(first), "--deploy-ref", "origin/main"])
            .run()
            .code(0);
        for person in others {
            self.secrets(&laptop)
                .args(["people", "add", person, "--key", &public_key(person), "--group", "team"])
                .run()
                .code(0);
        }
        self.push(&laptop);
        laptop
    }

    /// Adds a secret that is owned by the team and ends on a date; not pushed.
    #[track_caller]
    pub fn add(&self, laptop: &Path, name: &str, expires: &str, value: &str) {
        self.add_accepting(laptop, name, expires, value, &[]);
    }

    /// The same, with these readers' keys accepted that nothing in the store was sealed to before.
    #[track_caller]
    pub fn add_accepting(&self, laptop: &Path, name: &str, expires: &str, value: &str, new: &[&str]) {
        self.secrets(laptop)
            .args(["add", name, "--expires", expires, "--owner", "team", "--as", "alice"])
            .args(self.accepting(laptop, new))
            .stdin(value)
            .run()
            .code(0);
    }

    /// Runs a command, and where it names new keys runs it again, accepting just those.
    #[track_caller]
    pub fn accepting_new<'a>(&'a self, prepare: impl Fn() -> Run<'a>) -> Outcome {
        let first = prepare().run();
        if first.code != 2 || !first.stderr.contains("compare each fingerprint with its holder") {
            return first;
        }
        let fingerprints = first.stderr.split_whitespace().filter(|word| word.starts_with("SHA256:"));
        let accept: Vec<&str> = fingerprints.flat_map(|fingerprint| ["--accept-key", fingerprint]).collect();
        assert!(!accept.is_empty(), "new keys are named: {}", first.stderr);
        prepare().args(accept).run()
    }

    #[track_caller]
    pub fn push(&self, laptop: &Path) {
        self.git(laptop, ["push", "-q", "origin", "HEAD:main"]);
    }

    /// `secrets check --format json` as of a moment.
    #[must_use]
    pub fn check(&self, folder: &Path, at: &str) -> Outcome {
        self.secrets(folder).args(["check", "--format", "json"]).at(at).run()
    }

    /// A fresh clone of the origin, made with these options.
    pub fn clone(&self, name: &str, options: &[&str]) -> PathBuf {
        let url = format!("file://{}", self.path("origin.git").display());
        let mut arguments = vec!["clone", "-q"];
        arguments.extend(options);
        arguments.extend([url.as_str(), name]);
        self.git(self.folder.path(), arguments);
        self.path(name)
    }
}

/// Looking at what stands in a store, by other means than the binary's own.
impl Sandbox {
    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    /// The record of a secret as it stands in the work tree.
    #[track_caller]
    pub fn record(&self, laptop: &Path, name: &str) -> serde_json::Value {
        let path = laptop.join(format!("secrets/{name}.json"));
        let text = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// `--accept-key` and the fingerprint of each of these readers' first keys, as a person would give them who has
    /// compared them.
    #[track_caller]
    pub fn accepting(&self, laptop: &Path, readers: &[&str]) -> Vec<String> {
        if readers.is_empty() {
            return Vec::new();
        }
        let list = self.secrets(laptop).args(["people", "list", "--format", "json"]).run().code(0).json();
        let actors = list["actors"].as_array().expect("a list has actors");
        let mut arguments = Vec::new();
        for reader in readers {
            let actor = actors.iter().find(|actor| actor["name"] == *reader).expect("the reader is listed");
            let fingerprint = actor["keys"][0]["fingerprint"].as_str().expect("a key has a fingerprint");
            arguments.extend(["--accept-key".to_owned(), fingerprint.to_owned()]);
        }
        arguments
    }

    /// The value as the `age` program reads it, which knows nothing of this tool.
    #[must_use]
    #[track_caller]
    pub fn age(&self, laptop: &Path, name: &str, identity: &str) -> Outcome {
        let sealed = laptop.join(format!("secrets/{name}.age"));
        self.run(
            laptop,
            "age",
            [OsStr::new("-d"), OsStr::new("-i"), identity_path(identity).as_os_str(), sealed.as_os_str()],
        )
    }

    /// `secrets get` with one of the fixtures' identities.
    #[must_use]
    #[track_caller]
    pub fn get(&self, laptop: &Path, name: &str, identity: &str) -> Outcome {
        self.secrets(laptop).args(["get", name]).identity(identity).run()
    }

    /// The commit at `HEAD`.
    #[track_caller]
    pub fn head(&self, laptop: &Path) -> String {
        self.git(laptop, ["rev-parse", "HEAD"])
    }

    /// The paths that the commit at `HEAD` changed.
    #[track_caller]
    pub fn changed_by_head(&self, laptop: &Path) -> Vec<String> {
        let listed = self.git(laptop, ["show", "--no-renames", "--name-only", "--format=", "HEAD"]);
        listed.lines().map(ToOwned::to_owned).collect()
    }

    /// What `git status` says, staged and not; nothing for a clean work tree.
    #[track_caller]
    pub fn status(&self, laptop: &Path) -> String {
        self.git(laptop, ["status", "--porcelain", "--untracked-files=all"])
    }

    /// Makes an executable hook.
    pub fn hook(&self, hooks: &Path, name: &str, script: &str) {
        let path = hooks.join(name);
        fs::create_dir_all(hooks).expect("the hooks' folder can be made");
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("a hook can be written");
        #[cfg(unix)]
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .expect("it can be made to run");
    }
}
