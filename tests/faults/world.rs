//! A world that is ruined and made anew for every run: a clone, its origin, a home.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::common::{NOW, Outcome, Sandbox, binary, identity_path, public_key};

/// What of the sandbox a command may change.
const FOLDERS: [&str; 4] = ["laptop", "origin.git", "home", "tmp"];

pub struct World {
    pub sandbox: Sandbox,
    pub laptop: PathBuf,
    /// In memory, as `edit` wants it.
    runtime: TempDir,
}

/// What a struck command came to.
pub struct Ended {
    pub code: Option<i32>,
    pub signal: Option<i32>,
    pub said: String,
}

impl World {
    /// A store of alice and bob with two secrets, pushed.
    pub fn new() -> Self {
        let sandbox = Sandbox::new();
        let laptop = sandbox.store(&["alice", "bob"]);
        sandbox.add(&laptop, "web/api", "2028-01-01", "api's value");
        sandbox.add(&laptop, "web/db", "2028-01-01", "old value");
        sandbox.push(&laptop);
        // Samples of hooks that nobody runs would only be copied each time.
        for hooks in ["laptop/.git/hooks", "origin.git/hooks"] {
            fs::remove_dir_all(sandbox.path(hooks)).unwrap();
        }
        let runtime = tempfile::tempdir_in("/dev/shm").unwrap();
        Self { sandbox, laptop, runtime }
    }

    pub fn path(&self, relative: &str) -> PathBuf {
        self.sandbox.path(relative)
    }

    pub fn write(&self, relative: &str, text: &str) {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn edit_policy(&self, from: &str, to: &str) {
        let path = self.laptop.join("secrets/policy.toml");
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{from} is not in {text}");
        fs::write(path, text.replacen(from, to, 1)).unwrap();
    }

    pub fn publish(&self, message: &str) {
        self.sandbox.git(&self.laptop, ["add", "-A"]);
        self.sandbox.git(&self.laptop, ["commit", "-q", "-m", message]);
        self.sandbox.push(&self.laptop);
    }

    /// Runs a command that must succeed, as alice.
    #[track_caller]
    pub fn runs(&self, arguments: &[&str], stdin: &str) {
        let words = self.words(arguments);
        self.sandbox.secrets(&self.laptop).args(words).identity("alice").stdin(stdin).run().code(0);
    }

    /// Keeps the world as it is, to be made anew again and again.
    pub fn keep(&self) {
        for folder in FOLDERS {
            copy(&self.path(folder), &self.path("kept").join(folder));
        }
    }

    /// Makes the world as it was kept. It stands at the same place, because journals and clones know theirs.
    pub fn restore(&self) {
        for folder in FOLDERS {
            let here = self.path(folder);
            let _ = fs::remove_dir_all(&here);
            copy(&self.path("kept").join(folder), &here);
        }
    }

    /// Words of a command line, with what only this world knows: `{root}`, `{key carol}`, `{accept carol}`.
    pub fn words(&self, arguments: &[&str]) -> Vec<String> {
        let word = |word: &&str| {
            let root = self.sandbox.root().to_str().unwrap();
            let mut text = word.replace("{root}", root);
            for person in ["alice", "bob", "carol"] {
                text = text.replace(&format!("{{key {person}}}"), &public_key(person));
                let accept = format!("{{accept {person}}}");
                if text.contains(&accept) {
                    text = text.replace(&accept, &self.sandbox.accepting(&self.laptop, &[person])[1]);
                }
            }
            text
        };
        arguments.iter().map(word).collect()
    }

    /// A program in the clone, with all that a row may need, and this before everything else on the path.
    fn command(&self, program: &str, first: Option<&Path>) -> Command {
        let mut command = self.sandbox.command(program, &self.laptop);
        command.env("SECRETS_IDENTITY_FILE", identity_path("alice"));
        command.env("EDITOR", self.path("home/editor")).env("GITHUB_ENV", self.path("home/github-env"));
        command.env("XDG_RUNTIME_DIR", self.runtime.path());
        if self.path("home/alice").exists() {
            command.env("SECRETS_SIGNING_KEY", self.path("home/alice"));
        }
        if let Some(first) = first {
            let path = command.get_envs().find_map(|(name, value)| value.filter(|_| name == "PATH"));
            let mut path_with = first.as_os_str().to_owned();
            path_with.push(":");
            path_with.push(path.unwrap());
            command.env("PATH", path_with);
        }
        command
    }

    /// Runs the binary, under strace where there are options for that.
    pub fn run(&self, words: &[String], stdin: &str, strace: &[&str], first: Option<&Path>) -> Ended {
        let mut command = if strace.is_empty() {
            self.command(binary(), first)
        } else {
            let mut command = self.command("strace", first);
            command.args(strace).arg(binary());
            command
        };
        command.args(words).args(["--at", NOW]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // Every process that comes of it keeps this open, so that its end says that nothing moves any more: a git outlives
        // who started it and was killed.
        let (mut nobody_left, held) = std::io::pipe().unwrap();
        rustix::io::fcntl_setfd(&held, rustix::io::FdFlags::empty()).unwrap();
        let mut child = command.spawn().expect("strace can be started: it is in Debian's package `strace`");
        drop(held);
        // Who was killed before reading leaves a broken pipe.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        let output = child.wait_with_output().unwrap();
        assert_eq!(nobody_left.read(&mut [0]).unwrap(), 0);
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let ended =
            Ended { code: output.status.code(), signal: output.status.signal(), said: said.join("\n") };
        assert!(!ended.said.contains("fault of secrets itself"), "{words:?}: {}", ended.said);
        ended
    }

    /// What the gate says of what lies here.
    pub fn check(&self) -> Outcome {
        let run = self.sandbox.secrets(&self.laptop).identity("alice");
        let outcome = run.args(["check", "--offline", "--format", "json"]).run();
        assert!(!outcome.stderr.contains("fault of secrets itself"), "{}", outcome.stderr);
        outcome
    }
}

/// Copies a folder and all that is in it, with its modes.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            copy(&entry.path(), &target);
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(entry.path()).unwrap(), target).unwrap();
        } else if from.components().any(|part| part.as_os_str() == "objects") {
            // git never writes into an object.
            fs::hard_link(entry.path(), target).unwrap();
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
