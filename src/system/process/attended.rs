//! A program that stands in this process's place: it has its terminal, streams, signals and exit code, and this process
//! is either gone, or waits to clean up behind it.

use std::process::{Command, Stdio};

use super::{ProcessError, Program};
use crate::system::memory::with_the_limit_as_found;

#[cfg(not(unix))]
pub use elsewhere::Attendance;
#[cfg(unix)]
pub use unix::{Attendance, end_by};

/// How a program ended.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    Code(u8),
    /// By this signal, or not even begun because of it.
    Signal(i32),
}

/// Where the program's standard output goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    ToOurs,
    /// Ours carries something else; a person is at standard error.
    ToStandardError,
}

impl Program {
    /// It runs where this process does, wherever that is called to be.
    fn in_our_place(&self) -> Command {
        let mut command = Command::new(&self.name);
        command.args(&self.arguments).env_clear();
        command.envs(self.environment.iter().map(|(n, v)| (n, v)));
        command.stdin(Stdio::inherit()).stdout(Stdio::inherit()).stderr(Stdio::inherit());
        command
    }

    /// Becomes the program, in this very process: whoever waits for us or sends us signals has to do with it alone.
    /// Returns only where it can't be started.
    #[cfg(unix)]
    pub fn take_over(&self) -> ProcessError {
        let mut command = self.in_our_place();
        let source = with_the_limit_as_found(|| std::os::unix::process::CommandExt::exec(&mut command));
        if source.kind() == std::io::ErrorKind::NotFound {
            ProcessError::NotFound { program: self.shown() }
        } else {
            self.io(source)
        }
    }

    /// Runs it to its end, and hands on what comes for it meanwhile.
    pub fn run_attended(&self, attendance: &Attendance, output: Output) -> Result<Ended, ProcessError> {
        let mut command = self.in_our_place();
        #[cfg(unix)]
        if output == Output::ToStandardError {
            use std::os::fd::AsFd as _;
            let stderr = std::io::stderr().as_fd().try_clone_to_owned().map_err(|e| self.io(e))?;
            command.stdout(Stdio::from(stderr));
        }
        #[cfg(not(unix))]
        let _ = output;
        let start = || match output {
            Output::ToOurs => with_the_limit_as_found(|| self.spawn(&mut command)),
            // An editor works on a value.
            Output::ToStandardError => self.spawn(&mut command),
        };
        attendance.attend(start).map_err(|error| match error {
            Failed::Started(error) => error,
            Failed::Io(source) => self.io(source),
        })
    }
}

/// What kept a program from being run to its end.
enum Failed {
    Started(ProcessError),
    Io(std::io::Error),
}

/// Unix: signals that are sent to this process are sent on. What a terminal sends (Ctrl-C, Ctrl-Z) it sends to all of its
/// foreground group by itself, and the program is in our group.
#[cfg(unix)]
mod unix {
    use std::io;
    use std::process::Child;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
    use std::thread;

    use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, getpid, kill_process, waitid};
    use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
    use signal_hook::iterator::SignalsInfo;
    use signal_hook::iterator::exfiltrator::WithOrigin;
    use signal_hook::low_level::siginfo::{Cause, Origin};

    use super::{Ended, Failed, ProcessError};

    const HANDED_ON: [i32; 7] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGCONT];

    /// Whom a signal is for.
    enum Stage {
        /// The program is not started yet; with the first signal that means that it should not be.
        Before(Option<i32>),
        During(Pid),
        /// It has ended, and we clean up: nothing keeps us from that.
        After,
        /// The attendance is over: a signal does again what it does to any process.
        Over,
    }

    /// From its beginning to its end no signal ends this process that it could not clean up after.
    pub struct Attendance {
        stage: Arc<Mutex<Stage>>,
        was_to_end: Arc<AtomicBool>,
    }

    impl Attendance {
        /// What is ignored already (`nohup`) stays ignored, by the program too.
        pub fn begin() -> io::Result<Self> {
            let ignored = ignored();
            let heeded = HANDED_ON.iter().filter(|signal| (ignored >> (**signal - 1)) & 1 == 0);
            let mut signals = SignalsInfo::<WithOrigin>::new(heeded)?;
            let stage = Arc::new(Mutex::new(Stage::Before(None)));
            let was_to_end = Arc::new(AtomicBool::new(false));
            let attendance = Self { stage: Arc::clone(&stage), was_to_end: Arc::clone(&was_to_end) };
            thread::Builder::new().name("signals".to_owned()).spawn(move || {
                for origin in signals.forever() {
                    was_to_end.fetch_or(matches!(origin.signal, SIGHUP | SIGTERM), Ordering::SeqCst);
                    heed(&mut lock(&stage), &origin);
                }
            })?;
            Ok(attendance)
        }

        /// Whether somebody wanted this process to end, or its terminal is gone.
        pub fn was_to_end(&self) -> bool {
            self.was_to_end.load(Ordering::SeqCst)
        }

        pub(super) fn attend(
            &self,
            start: impl FnOnce() -> Result<Child, ProcessError>,
        ) -> Result<Ended, Failed> {
            let (child, pid) = {
                // Held meanwhile, so that no signal comes between the question and the start.
                let mut stage = lock(&self.stage);
                if let Stage::Before(Some(signal)) = *stage {
                    return Ok(Ended::Signal(signal));
                }
                let child = start().map_err(Failed::Started)?;
                let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
                let pid = pid.ok_or_else(|| Failed::Io(io::ErrorKind::InvalidData.into()))?;
                *stage = Stage::During(pid);
                (child, pid)
            };
            self.wait(child, pid).map_err(Failed::Io)
        }

        fn wait(&self, mut child: Child, pid: Pid) -> io::Result<Ended> {
            // It is not reaped before it is known to have ended: until then its number can be no other process's.
            let seen = WaitIdOptions::EXITED | WaitIdOptions::STOPPED | WaitIdOptions::NOWAIT;
            while let Some(status) = rustix::io::retry_on_intr(|| waitid(WaitId::Pid(pid), seen))? {
                if !status.stopped() {
                    break;
                }
                stop_along(pid)?;
            }
            *lock(&self.stage) = Stage::After;
            let status = child.wait()?;
            let signal = std::os::unix::process::ExitStatusExt::signal(&status);
            let code = status.code().and_then(|code| u8::try_from(code).ok());
            match (code, signal) {
                (Some(code), _) => Ok(Ended::Code(code)),
                (None, Some(signal)) => Ok(Ended::Signal(signal)),
                (None, None) => Err(io::ErrorKind::InvalidData.into()),
            }
        }
    }

    impl Drop for Attendance {
        fn drop(&mut self) {
            // The thread goes on: once a handler is installed, the default is for us to bring about.
            let before = std::mem::replace(&mut *lock(&self.stage), Stage::Over);
            if let Stage::Before(Some(signal)) = before {
                // Nobody heeded it.
                end_by(signal);
            }
        }
    }

    /// A program that has stopped by itself has the shell wait for us: we stop too, and whoever continues the job continues
    /// both. Where the terminal stopped it, it has stopped us at the same moment, and by now both go on.
    fn stop_along(pid: Pid) -> io::Result<()> {
        let now = WaitIdOptions::STOPPED | WaitIdOptions::NOHANG;
        let is_stopped = |options| {
            let status = rustix::io::retry_on_intr(|| waitid(WaitId::Pid(pid), options))?;
            Ok::<_, io::Error>(status.is_some_and(|status| status.stopped()))
        };
        if is_stopped(now | WaitIdOptions::NOWAIT)? && is_stopped(now)? {
            kill_process(getpid(), Signal::TSTP)?;
        }
        Ok(())
    }

    fn heed(stage: &mut Stage, origin: &Origin) {
        let signal = origin.signal;
        match stage {
            Stage::Before(first) if signal != SIGCONT => {
                first.get_or_insert(signal);
            }
            Stage::During(pid) if is_to_be_handed_on(*pid, origin) => {
                if let Some(signal) = Signal::from_named_raw(signal) {
                    // It may have ended meanwhile.
                    kill_process(*pid, signal).ok();
                }
            }
            Stage::Over if signal != SIGCONT => drop(signal_hook::low_level::emulate_default_handler(signal)),
            Stage::Before(_) | Stage::During(_) | Stage::After | Stage::Over => {}
        }
    }

    /// What the program has got by itself, or has sent itself, is not sent to it again. That a terminal is gone may be
    /// told to us alone, where we lead its session.
    fn is_to_be_handed_on(pid: Pid, origin: &Origin) -> bool {
        let is_everybodys = origin.cause == Cause::Kernel && origin.signal != SIGHUP;
        let sender = origin.process.as_ref().map(|process| process.pid);
        !is_everybodys && sender != Some(pid.as_raw_nonzero().get())
    }

    fn lock(stage: &Mutex<Stage>) -> MutexGuard<'_, Stage> {
        stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The signals that this process was told to ignore when it was started, one bit each; none where the system does not
    /// tell.
    fn ignored() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
    }

    /// Ends this process as the signal ended the program: whoever waits for us, a shell for one, acts by that. Answers with
    /// the exit code that stands for it where it does not end us.
    pub fn end_by(signal: i32) -> u8 {
        // A core would be one of ours, and of no use to anybody.
        let none = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
        rustix::process::setrlimit(rustix::process::Resource::Core, none).ok();
        signal_hook::low_level::emulate_default_handler(signal).ok();
        u8::try_from(128_i32.saturating_add(signal)).unwrap_or(u8::MAX)
    }
}

/// Elsewhere a console tells all that run on it by itself.
#[cfg(not(unix))]
mod elsewhere {
    use std::io;
    use std::process::Child;

    use super::{Ended, Failed, ProcessError};

    pub struct Attendance;

    impl Attendance {
        #[expect(clippy::unnecessary_wraps, reason = "can fail on Unix")]
        pub fn begin() -> io::Result<Self> {
            Ok(Self)
        }

        #[expect(clippy::unused_self, reason = "has a state on Unix")]
        pub fn was_to_end(&self) -> bool {
            false
        }

        #[expect(clippy::unused_self, reason = "has a state on Unix")]
        pub(super) fn attend(
            &self,
            start: impl FnOnce() -> Result<Child, ProcessError>,
        ) -> Result<Ended, Failed> {
            let status = start().map_err(Failed::Started)?.wait().map_err(Failed::Io)?;
            // A code that does not fit is at least none of success.
            Ok(Ended::Code(status.code().map_or(u8::MAX, |code| u8::try_from(code).unwrap_or(u8::MAX))))
        }
    }
}
