//! A person at a real terminal on which the tool runs.

#![allow(clippy::unwrap_used, reason = "a test's helpers are tests too")]

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::{NOW, Sandbox, binary};

/// How long an expected text may take before the test gives up.
const PATIENCE: Duration = Duration::from_mins(1);

/// A person at a terminal on which the tool runs.
pub struct Person {
    child: Child,
    keyboard: File,
    screen: Receiver<Vec<u8>>,
    /// All that was ever to be seen.
    seen: String,
    read_to: usize,
}

impl Person {
    pub fn runs(sandbox: &Sandbox, folder: &Path, arguments: &[&str], identity: Option<&Path>) -> Self {
        Self::starts(sandbox.command(binary(), folder), arguments, identity)
    }

    /// The same where the terminal is also that of every program which the tool starts: what asks for a passphrase
    /// looks for one by itself, and must not find that of whoever runs the tests.
    pub fn runs_in_a_session(
        sandbox: &Sandbox,
        folder: &Path,
        arguments: &[&str],
        identity: Option<&Path>,
    ) -> Self {
        let mut command = sandbox.command("setsid", folder);
        command.args(["--ctty", "--wait", binary()]);
        Self::starts(command, arguments, identity)
    }

    fn starts(mut command: Command, arguments: &[&str], identity: Option<&Path>) -> Self {
        command.args(arguments).args(["--at", NOW]).env("TERM", "xterm");
        if let Some(identity) = identity {
            command.env("SECRETS_IDENTITY_FILE", identity);
        }
        Self::at(command, None)
    }

    /// Any program, in a window of so many columns.
    pub fn at(mut command: Command, columns: Option<u16>) -> Self {
        let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&person).unwrap();
        unlockpt(&person).unwrap();
        if let Some(columns) = columns {
            let size = Winsize { ws_col: columns, ws_row: 50, ws_xpixel: 0, ws_ypixel: 0 };
            tcsetwinsize(&person, size).unwrap();
        }
        let name = ptsname(&person, Vec::new()).unwrap();
        let tool: OwnedFd =
            OpenOptions::new().read(true).write(true).open(name.to_str().unwrap()).unwrap().into();
        command.stdin(Stdio::from(tool.try_clone().unwrap())).stdout(Stdio::from(tool.try_clone().unwrap()));
        let child = command.stderr(Stdio::from(tool)).spawn().unwrap();
        // The parent's copies of the tool's side go with the command, so that reading ends when the tool does.
        drop(command);
        let keyboard = File::from(person);
        let mut side = keyboard.try_clone().unwrap();
        let (sender, screen) = mpsc::channel();
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = side.read(&mut bytes) {
                if sender.send(bytes[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { child, keyboard, screen, seen: String::new(), read_to: 0 }
    }

    /// Waits until a text appears after what was awaited before.
    #[track_caller]
    pub fn sees(&mut self, text: &str) -> &mut Self {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.seen[self.read_to..].find(text) {
                self.read_to += at + text.len();
                return self;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            match self.screen.recv_timeout(left) {
                Ok(bytes) => self.seen.push_str(&String::from_utf8_lossy(&bytes)),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => panic!(
                    "`{text}` does not appear after:\n{}\n---\n{}",
                    &self.seen[..self.read_to],
                    &self.seen[self.read_to..]
                ),
            }
        }
    }

    pub fn types(&mut self, text: &str) -> &mut Self {
        self.keyboard.write_all(text.as_bytes()).unwrap();
        self
    }

    /// All that is to be seen so far, with what is awaited last at its end.
    pub fn seen(&self) -> &str {
        &self.seen[..self.read_to]
    }

    /// The terminal goes away, as when a window is closed; answers with the exit code, if it ends by itself.
    #[track_caller]
    pub fn hangs_up(mut self) -> Option<i32> {
        // The reading side holds a copy of the terminal, which ends with the tool; the tool sees the end of its input
        // by the sign for it.
        self.keyboard.write_all(b"\x04").unwrap();
        let deadline = Instant::now() + PATIENCE;
        while self.screen.recv_timeout(deadline.saturating_duration_since(Instant::now())).is_ok() {}
        assert!(Instant::now() < deadline, "it does not end");
        self.child.wait().unwrap().code()
    }

    /// Waits for the end; answers with the exit code and all that was to be seen.
    #[track_caller]
    pub fn ends(mut self) -> (i32, String) {
        let deadline = Instant::now() + PATIENCE;
        while let Ok(bytes) = self.screen.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            self.seen.push_str(&String::from_utf8_lossy(&bytes));
        }
        assert!(Instant::now() < deadline, "it does not end:\n{}", self.seen);
        (self.child.wait().unwrap().code().unwrap_or(-1), self.seen.clone())
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        // A test that failed must not leave the tool waiting for an answer.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
