//! Child processes that end: by themselves, or at their deadline together with all that they started.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

mod attended;

#[cfg(unix)]
pub use attended::end_by;
pub use attended::{Attendance, Ended, Output};

use super::environment::Environment;
use super::wiped;
use crate::domain::value::Value;

/// How much of a child's output is kept by custom, in bytes.
const MAX_OUTPUT: usize = 64 * 1024 * 1024;

/// A child process that could not be run to its end.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    #[error("`{program}` is not installed, or not on PATH")]
    NotFound { program: String },
    #[error("`{program}` gave no answer within {seconds} s and was ended")]
    TimedOut { program: String, seconds: u64 },
    #[error("`{program}` printed more than {MAX_OUTPUT} bytes and was ended")]
    TooMuchOutput { program: String },
    #[error("`{program}`: {source}")]
    Io { program: String, source: io::Error },
}

/// What a child process came to.
#[must_use]
#[derive(Debug)]
pub struct Finished {
    pub status: ExitStatus,
    pub stdout: Vec<u8>,
    /// As text; bytes that are no UTF-8 are replaced.
    pub stderr: String,
}

impl Finished {
    pub fn succeeded(&self) -> bool {
        self.status.success()
    }

    /// Standard output as text, without white space at its end.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).trim_end().to_owned()
    }
}

/// What a child process came to that prints a secret.
#[must_use]
pub struct Told {
    pub status: ExitStatus,
    /// What stood on its standard output.
    pub value: Value,
    /// As text; bytes that are no UTF-8 are replaced.
    pub stderr: String,
}

/// A program to run: its arguments, where, and with which environment.
#[derive(Clone)]
pub struct Program {
    name: OsString,
    arguments: Vec<OsString>,
    folder: PathBuf,
    environment: Vec<(OsString, OsString)>,
    /// May be a secret, so it is wiped when the last run is over.
    input: Option<Arc<Zeroizing<Vec<u8>>>>,
}

impl Program {
    /// The child gets the environment without `SECRETS_IDENTITY`.
    pub fn new(name: impl AsRef<OsStr>, folder: &Path, environment: &Environment) -> Self {
        Self {
            name: name.as_ref().to_owned(),
            arguments: Vec::new(),
            folder: folder.to_owned(),
            environment: environment.for_children().map(|(n, v)| (n.to_owned(), v.to_owned())).collect(),
            input: None,
        }
    }

    #[must_use]
    pub fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|a| a.as_ref().to_owned()));
        self
    }

    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        let name = name.as_ref().to_owned();
        self.environment.retain(|(n, _)| *n != name);
        self.environment.push((name, value.as_ref().to_owned()));
        self
    }

    #[must_use]
    pub fn env_remove(mut self, name: impl AsRef<OsStr>) -> Self {
        self.environment.retain(|(n, _)| n != name.as_ref());
        self
    }

    /// What the child reads on standard input; without it, nothing.
    #[must_use]
    pub fn input(mut self, bytes: Vec<u8>) -> Self {
        self.input = Some(Arc::new(Zeroizing::new(bytes)));
        self
    }

    fn shown(&self) -> String {
        self.name.to_string_lossy().into_owned()
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.name);
        command.args(&self.arguments).current_dir(&self.folder).env_clear();
        command.envs(self.environment.iter().map(|(n, v)| (n, v)));
        command
    }

    fn spawn(&self, command: &mut Command) -> Result<Child, ProcessError> {
        command.spawn().map_err(|source| {
            if source.kind() == io::ErrorKind::NotFound {
                ProcessError::NotFound { program: self.shown() }
            } else {
                self.io(source)
            }
        })
    }

    fn io(&self, source: io::Error) -> ProcessError {
        ProcessError::Io { program: self.shown(), source }
    }

    /// Runs it without a terminal, collects what it prints, and ends it and all its children at the deadline.
    pub fn run(&self, limit: Duration) -> Result<Finished, ProcessError> {
        let (status, mut stdout, stderr) = self.run_to_its_end(limit)?;
        let stderr = String::from_utf8_lossy(&stderr).into_owned();
        Ok(Finished { status, stdout: std::mem::take(&mut *stdout), stderr })
    }

    /// The same for a program that prints a secret: no copy of it is left behind.
    pub fn run_for_value(&self, limit: Duration) -> Result<Told, ProcessError> {
        let (status, mut stdout, stderr) = self.run_to_its_end(limit)?;
        let stderr = String::from_utf8_lossy(&stderr).into_owned();
        Ok(Told { status, value: Value::new(std::mem::take(&mut *stdout)), stderr })
    }

    fn run_to_its_end(&self, limit: Duration) -> Result<(ExitStatus, Wiped, Wiped), ProcessError> {
        let mut command = self.command();
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.stdin(if self.input.is_some() { Stdio::piped() } else { Stdio::null() });
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let deadline = Instant::now() + limit;
        let (sender, outputs) = mpsc::channel();
        // Before the child: where there is no thread for it, nothing is begun that would have to be ended half-way.
        let of_stdout = for_pipe(collector(Stream::Out, &sender)).map_err(|e| self.io(e))?;
        let of_stderr = for_pipe(collector(Stream::Error, &sender)).map_err(|e| self.io(e))?;
        drop(sender);
        let of_stdin = self.input.clone().map(|input| {
            // A child that ends without reading all of it is judged by its exit code, not by a broken pipe.
            for_pipe(move |mut stdin: ChildStdin| drop(stdin.write_all(&input)))
        });
        let of_stdin = of_stdin.transpose().map_err(|e| self.io(e))?;
        let mut child = self.spawn(&mut command)?;
        hand_over(child.stdout.take(), Some(of_stdout));
        hand_over(child.stderr.take(), Some(of_stderr));
        hand_over(child.stdin.take(), of_stdin);
        let (mut stdout, mut stderr) = (Wiped::default(), Wiped::default());
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match outputs.recv_timeout(left) {
                Ok((Stream::Out, Ok(bytes))) => stdout = bytes,
                Ok((Stream::Error, Ok(bytes))) => stderr = bytes,
                Ok((_, Err(Overflow::TooMuch))) => {
                    end(&mut child);
                    return Err(ProcessError::TooMuchOutput { program: self.shown() });
                }
                Ok((_, Err(Overflow::Io(source)))) => {
                    end(&mut child);
                    return Err(self.io(source));
                }
                Err(RecvTimeoutError::Timeout) => {
                    end(&mut child);
                    return Err(ProcessError::TimedOut { program: self.shown(), seconds: limit.as_secs() });
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        let status = wait(&mut child, deadline).map_err(|e| self.io(e))?.ok_or_else(|| {
            end(&mut child);
            ProcessError::TimedOut { program: self.shown(), seconds: limit.as_secs() }
        })?;
        Ok((status, stdout, stderr))
    }

    /// Runs it on this process's own terminal, with no deadline: for what may ask a person something, such as a
    /// commit that is signed. Its standard output is sent to standard error, because ours carries the report.
    pub fn run_on_terminal(&self) -> Result<ExitStatus, ProcessError> {
        self.spawn_on_terminal()?.wait().map_err(|e| self.io(e))
    }

    /// The same with a deadline: for what waits for a person who may have gone.
    pub fn run_on_terminal_within(&self, limit: Duration) -> Result<ExitStatus, ProcessError> {
        let deadline = Instant::now() + limit;
        let mut child = self.spawn_on_terminal()?;
        wait(&mut child, deadline).map_err(|e| self.io(e))?.ok_or_else(|| {
            // It is in our own process group, as whatever reads from the terminal must be: it is ended by itself.
            child.kill().ok();
            child.wait().ok();
            ProcessError::TimedOut { program: self.shown(), seconds: limit.as_secs() }
        })
    }

    fn spawn_on_terminal(&self) -> Result<Child, ProcessError> {
        let mut command = self.command();
        command.stdin(Stdio::inherit()).stderr(Stdio::inherit());
        #[cfg(unix)]
        {
            use std::os::fd::AsFd as _;
            let stderr = io::stderr().as_fd().try_clone_to_owned().map_err(|e| self.io(e))?;
            command.stdout(Stdio::from(stderr));
        }
        #[cfg(not(unix))]
        command.stdout(Stdio::null());
        self.spawn(&mut command)
    }
}

enum Stream {
    Out,
    Error,
}

enum Overflow {
    TooMuch,
    Io(io::Error),
}

/// What may be a secret, whether it is handed on or not.
type Wiped = Zeroizing<Vec<u8>>;

type Collected = (Stream, Result<Wiped, Overflow>);

/// Starts a thread that waits for a pipe and then sees to it; without one it ends.
fn for_pipe<P: Send + 'static>(see_to: impl FnOnce(P) + Send + 'static) -> io::Result<mpsc::Sender<P>> {
    let (sender, pipe) = mpsc::channel();
    let see_to_it = move || pipe.recv().map_or((), see_to);
    thread::Builder::new().spawn(see_to_it).map(|_| sender)
}

fn hand_over<P>(pipe: Option<P>, to: Option<mpsc::Sender<P>>) {
    if let (Some(pipe), Some(to)) = (pipe, to) {
        // It waits for nothing else.
        to.send(pipe).ok();
    }
}

fn collector<R: Read>(stream: Stream, sender: &mpsc::Sender<Collected>) -> impl FnOnce(R) + use<R> {
    let sender = sender.clone();
    move |pipe| {
        let result = match wiped::read_to_end(pipe, None, MAX_OUTPUT).map(Wiped::new) {
            Ok(bytes) if bytes.len() > MAX_OUTPUT => Err(Overflow::TooMuch),
            Ok(bytes) => Ok(bytes),
            Err(source) => Err(Overflow::Io(source)),
        };
        // The receiver is gone only when the run was given up.
        sender.send((stream, result)).ok();
    }
}

/// Waits until the deadline. The pipes are closed by now, so the child is about to end or has closed them itself.
fn wait(child: &mut Child, deadline: Instant) -> io::Result<Option<ExitStatus>> {
    let mut pause = Duration::from_micros(50);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            return Ok(None);
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// Whether a process with this number runs on this machine. Elsewhere than on Unix that can't be told, so it may.
pub fn is_running(number: u32) -> bool {
    #[cfg(unix)]
    if let Some(process) = i32::try_from(number).ok().and_then(rustix::process::Pid::from_raw) {
        // One of somebody else's may not be asked, and is there.
        return rustix::process::test_kill_process(process) != Err(rustix::io::Errno::SRCH);
    }
    let _ = number;
    true
}

/// Ends the child and, on Unix, everything in its process group.
fn end(child: &mut Child) {
    #[cfg(unix)]
    if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        rustix::process::kill_process_group(group, rustix::process::Signal::KILL).ok();
    }
    child.kill().ok();
    child.wait().ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Program {
        let path = std::env::split_paths("/usr/local/bin:/usr/bin:/bin").collect::<Vec<_>>();
        let environment = Environment::new(
            [
                ("PATH".into(), std::env::join_paths(path).unwrap()),
                ("SECRETS_IDENTITY".into(), "AGE-SECRET-KEY-1WORTHLESS".into()),
            ],
            PathBuf::from("/"),
        );
        Program::new("sh", Path::new("/"), &environment).args(["-c", script])
    }

    #[test]
    fn output_and_status_are_collected() {
        let finished =
            shell("cat; echo oops >&2; exit 3").input(b"in\n".to_vec()).run(Duration::from_secs(30)).unwrap();
        assert_eq!((finished.text().as_str(), finished.stderr.as_str()), ("in", "oops\n"));
        assert_eq!(finished.status.code(), Some(3));
    }

    #[test]
    fn the_identity_is_not_inherited() {
        let finished = shell("echo \"[$SECRETS_IDENTITY]\"").run(Duration::from_secs(30)).unwrap();
        assert_eq!(finished.text(), "[]");
    }

    #[test]
    fn a_hanging_child_is_ended_with_its_children() {
        // The grandchild holds the pipe open: killing the shell alone would leave us waiting for it.
        let error = shell("sleep 600 & sleep 600").run(Duration::from_millis(50)).unwrap_err();
        assert!(matches!(error, ProcessError::TimedOut { .. }));
    }

    #[test]
    fn a_missing_program_is_named() {
        let environment = Environment::new([], PathBuf::from("/"));
        let error = Program::new("no-such-program", Path::new("/"), &environment)
            .run(Duration::from_secs(5))
            .unwrap_err();
        assert_eq!(error.to_string(), "`no-such-program` is not installed, or not on PATH");
    }
}
