//! A store with some secrets, and programs that are given them.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::common::{NOW, Outcome, Sandbox, binary, identity_path};

pub struct Stage {
    pub sandbox: Sandbox,
    pub laptop: PathBuf,
}

impl Stage {
    /// With these secrets, committed and pushed.
    #[track_caller]
    pub fn with(secrets: &[(&str, &[u8])]) -> Self {
        Self::within(Sandbox::new(), secrets)
    }

    /// The same in a sandbox that is there.
    #[track_caller]
    pub fn within(sandbox: Sandbox, secrets: &[(&str, &[u8])]) -> Self {
        let laptop = sandbox.store(&["alice", "bob"]);
        for (name, value) in secrets {
            let add =
                sandbox.secrets(&laptop).args(["add", name, "--expires", "2028-01-01", "--owner", "team"]);
            add.identity("alice").stdin(value).run().code(0);
        }
        sandbox.push(&laptop);
        Self { sandbox, laptop }
    }

    /// `secrets` as alice, to be started.
    pub fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = self.sandbox.command(binary(), &self.laptop);
        command.args(["--at", NOW]).args(arguments).env("SECRETS_IDENTITY_FILE", identity_path("alice"));
        command
    }

    /// `secrets exec` as alice, to its end.
    #[must_use]
    #[track_caller]
    pub fn exec(&self, arguments: &[&str]) -> Outcome {
        run(self.command(["exec"].iter().chain(arguments)), b"")
    }

    /// `secrets exec` of a script of the shell.
    #[must_use]
    #[track_caller]
    pub fn script(&self, options: &[&str], script: &str) -> Outcome {
        self.exec(&[options, &["--", "sh", "-c", script]].concat())
    }

    /// The same, running; its standard output is to be read.
    pub fn running(&self, options: &[&str], script: &str) -> Running {
        let mut command = self.command(["exec"].iter().chain(options));
        command.args(["--", "sh", "-c", script]).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Running { child, stdout }
    }

    /// A value is in no file of the sandbox, `.git` included, but in those that say what is to be edited.
    #[track_caller]
    pub fn nowhere_on_disk(&self, value: &str) {
        let root = self.sandbox.root();
        let found =
            self.sandbox.run(root, "grep", ["-rlFa", "--exclude=editor", "--exclude=keys", value, "."]);
        assert_eq!(found.text(), "", "{value} is on the disk");
        assert_eq!(found.code, 1);
    }
}

/// A program that runs, with what it says.
pub struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Running {
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal, by name.
    #[track_caller]
    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    /// What else it says until nobody holds its standard output any more, and how it ended: a code, or the number of a
    /// signal below zero.
    pub fn ends(mut self) -> (String, i32) {
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        (rest, self.status())
    }

    /// How it ended, whoever still holds its standard output.
    pub fn status(&mut self) -> i32 {
        let status = self.child.wait().unwrap();
        let signal = std::os::unix::process::ExitStatusExt::signal(&status);
        status.code().unwrap_or_else(|| -signal.unwrap())
    }
}

/// Runs a program to its end; one that a signal ended has that signal's number below zero for its code.
#[must_use]
#[track_caller]
pub fn run(mut command: Command, stdin: &[u8]) -> Outcome {
    use std::io::Write as _;
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let bytes = stdin.to_vec();
    let writer = std::thread::spawn(move || pipe.write_all(&bytes).ok());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let signal = std::os::unix::process::ExitStatusExt::signal(&output.status);
    Outcome {
        code: output.status.code().unwrap_or_else(|| -signal.unwrap()),
        stdout: output.stdout,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
