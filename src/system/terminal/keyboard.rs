//! One line from the keyboard, shown or hidden.

use zeroize::{Zeroize as _, Zeroizing};

/// The longest answer, in bytes. The whole of it is reserved at once: a buffer that grows leaves copies behind.
const MAX_ANSWER: usize = 64 * 1024;

/// What was typed.
pub(super) enum Typed {
    Text(Zeroizing<String>),
    /// Not an answer; the text says why, and it is asked again.
    Unusable(&'static str),
    /// Ctrl-C, Ctrl-D, or the terminal is gone.
    Interrupted,
}

#[cfg(not(unix))]
pub(super) use elsewhere::Keyboard;
#[cfg(unix)]
pub(super) use unix::Keyboard;

/// Judges a whole answer.
fn finish(mut bytes: Zeroizing<Vec<u8>>) -> Typed {
    let text = match String::from_utf8(std::mem::take(&mut *bytes)) {
        Ok(text) => Zeroizing::new(text),
        Err(error) => {
            error.into_bytes().zeroize();
            return Typed::Unusable("that was not UTF-8");
        }
    };
    if text.chars().any(|c| c.is_control() && c != '\t') {
        return Typed::Unusable(
            "an arrow key or another control key was pressed, which is no part of an answer",
        );
    }
    Typed::Text(text)
}

/// Unix: the terminal's own line editing for answers that are shown; for hidden ones a few keys of our own.
///
/// A hidden answer can't be left to the terminal's line editing, as most prompt libraries do: that silently cuts
/// a line at 4095 bytes, and a secret may well be longer. Nor may Ctrl-C be left to end the process, which would
/// then leave the terminal without echo.
#[cfg(unix)]
mod unix {
    use std::fs::File;
    use std::io::{self, Write};
    use std::os::fd::{AsFd as _, OwnedFd};

    use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
    use zeroize::Zeroizing;

    use super::{MAX_ANSWER, Typed, finish};
    use crate::system::fault::Duty;

    const CTRL_C: u8 = 0x03;
    const CTRL_D: u8 = 0x04;
    const BACKSPACE: u8 = 0x08;
    const CTRL_U: u8 = 0x15;
    const DELETE: u8 = 0x7f;

    /// The most that a terminal's own line editing takes; it drops the rest.
    const LINE_LIMIT: usize = 4095;

    const CUT: &str = "that was longer than a terminal takes in one line";
    const TOO_LONG: &str = "that was longer than 64 KiB";
    const SEVERAL_LINES: &str =
        "that were several lines, and one is asked for here: give longer ones in a file or on standard input";

    pub(in super::super) struct Keyboard(OwnedFd);

    impl Keyboard {
        pub(in super::super) fn on_stdin() -> io::Result<Self> {
            Ok(Self(io::stdin().as_fd().try_clone_to_owned()?))
        }

        /// The terminal that the process belongs to, for when standard input is something else.
        pub(in super::super) fn controlling() -> io::Result<Self> {
            Ok(Self(File::open("/dev/tty")?.into()))
        }

        #[cfg(test)]
        pub(in super::super) fn on(terminal: OwnedFd) -> Self {
            Self(terminal)
        }

        pub(in super::super) fn read_shown(&self, prompt: &str, out: &mut impl Write) -> io::Result<Typed> {
            let _mode = Mode::enter(&self.0, OptionalActions::Now, |mode| {
                mode.local_modes.insert(LocalModes::ICANON | LocalModes::ECHO);
                mode.local_modes.remove(LocalModes::ISIG);
                // Ctrl-C ends the line, as Enter does, instead of the process.
                mode.special_codes[SpecialCodeIndex::VEOL] = CTRL_C;
            })?;
            out.write_all(prompt.as_bytes())?;
            out.flush()?;
            let mut line = Zeroizing::new(Vec::with_capacity(MAX_ANSWER));
            loop {
                let mut chunk = Zeroizing::new([0; 1024]);
                let typed = read(&self.0, &mut chunk)?;
                line.extend_from_slice(typed);
                if typed.is_empty() || line.last() == Some(&CTRL_C) {
                    out.write_all(b"\n")?;
                    return Ok(Typed::Interrupted);
                }
                if line.last() == Some(&b'\n') {
                    line.pop();
                    let is_cut = line.len() >= LINE_LIMIT;
                    return Ok(if is_cut { Typed::Unusable(CUT) } else { finish(line) });
                }
                if line.len() > MAX_ANSWER - chunk.len() {
                    return Ok(Typed::Unusable(TOO_LONG));
                }
            }
        }

        pub(in super::super) fn read_hidden(&self, prompt: &str, out: &mut impl Write) -> io::Result<Typed> {
            // What was typed before the prompt stood there is thrown away, and so is, in the end, what was pasted
            // beyond the answer: the shell would show it.
            let mode = Mode::enter(&self.0, OptionalActions::Flush, |mode| {
                mode.local_modes.remove(
                    LocalModes::ECHO
                        | LocalModes::ECHONL
                        | LocalModes::ICANON
                        | LocalModes::ISIG
                        | LocalModes::IEXTEN,
                );
                mode.special_codes[SpecialCodeIndex::VMIN] = 1;
                mode.special_codes[SpecialCodeIndex::VTIME] = 0;
            })?;
            out.write_all(prompt.as_bytes())?;
            out.flush()?;
            let typed = self.hidden_keys(&mode);
            drop(mode);
            out.write_all(b"\n")?;
            typed
        }

        fn hidden_keys(&self, mode: &Mode<'_>) -> io::Result<Typed> {
            let mut line = Zeroizing::new(Vec::with_capacity(MAX_ANSWER));
            let mut is_too_long = false;
            loop {
                let mut chunk = Zeroizing::new([0; 1024]);
                let mut keys = read(&self.0, &mut chunk)?;
                if keys.is_empty() {
                    return Ok(Typed::Interrupted);
                }
                while let Some((key, rest)) = keys.split_first() {
                    keys = rest;
                    match *key {
                        CTRL_C => return Ok(Typed::Interrupted),
                        CTRL_D if line.is_empty() => return Ok(Typed::Interrupted),
                        CTRL_D => {}
                        CTRL_U => line.clear(),
                        BACKSPACE | DELETE => drop_last_char(&mut line),
                        b'\n' | b'\r' if self.more_lines_follow(keys, mode)? => {
                            return Ok(Typed::Unusable(SEVERAL_LINES));
                        }
                        b'\n' | b'\r' if is_too_long => return Ok(Typed::Unusable(TOO_LONG)),
                        b'\n' | b'\r' => return Ok(finish(line)),
                        _ if line.len() == MAX_ANSWER => is_too_long = true,
                        other => line.push(other),
                    }
                }
            }
        }

        /// Whether the end of a line was the end of its first line only: a person who pastes is done with it long
        /// before a tenth of a second has passed.
        fn more_lines_follow(&self, rest: &[u8], mode: &Mode<'_>) -> io::Result<bool> {
            let mut found = !is_blank(rest);
            mode.change(|mode| {
                mode.special_codes[SpecialCodeIndex::VMIN] = 0;
                mode.special_codes[SpecialCodeIndex::VTIME] = 1;
            })?;
            // Bounded, lest a terminal that never falls silent keep us here.
            for _ in 0..16 * 1024 {
                let mut chunk = Zeroizing::new([0; 1024]);
                let pasted = read(&self.0, &mut chunk)?;
                if pasted.is_empty() {
                    break;
                }
                found |= !is_blank(pasted);
            }
            Ok(found)
        }
    }

    fn is_blank(keys: &[u8]) -> bool {
        keys.iter().all(|key| matches!(key, b'\n' | b'\r'))
    }

    fn drop_last_char(line: &mut Vec<u8>) {
        while line.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {}
    }

    fn read<'a>(terminal: &OwnedFd, chunk: &'a mut [u8; 1024]) -> io::Result<&'a [u8]> {
        match rustix::io::retry_on_intr(|| rustix::io::read(terminal, &mut chunk[..])) {
            Ok(count) => Ok(chunk.get(..count).unwrap_or_default()),
            // What Linux answers when the other side of the terminal is gone.
            Err(rustix::io::Errno::IO) => Ok(&[]),
            Err(error) => Err(error.into()),
        }
    }

    /// The terminal's settings, changed until this is dropped.
    struct Mode<'a> {
        terminal: &'a OwnedFd,
        original: Termios,
        when: OptionalActions,
        _duty: Duty,
    }

    impl<'a> Mode<'a> {
        fn enter(
            terminal: &'a OwnedFd,
            when: OptionalActions,
            change: impl FnOnce(&mut Termios),
        ) -> io::Result<Self> {
            let original = tcgetattr(terminal)?;
            let mut changed = original.clone();
            change(&mut changed);
            let (shared, before) = (terminal.try_clone()?, original.clone());
            let duty = Duty::new(move || {
                tcsetattr(&shared, OptionalActions::Now, &before).ok();
            });
            let mode = Self { terminal, original, when, _duty: duty };
            tcsetattr(terminal, when, &changed)?;
            Ok(mode)
        }

        fn change(&self, change: impl FnOnce(&mut Termios)) -> io::Result<()> {
            let mut changed = tcgetattr(self.terminal)?;
            change(&mut changed);
            Ok(tcsetattr(self.terminal, OptionalActions::Now, &changed)?)
        }
    }

    impl Drop for Mode<'_> {
        fn drop(&mut self) {
            tcsetattr(self.terminal, self.when, &self.original).ok();
        }
    }
}

/// Windows: its console reads a hidden line key by key, unbounded; Ctrl-C ends the process and leaves no setting
/// changed.
#[cfg(not(unix))]
mod elsewhere {
    use std::io::{self, BufRead as _, Read as _, Write};

    use zeroize::Zeroizing;

    use super::{MAX_ANSWER, Typed, finish};

    pub(in super::super) struct Keyboard;

    impl Keyboard {
        #[expect(clippy::unnecessary_wraps, reason = "can fail on Unix")]
        pub(in super::super) fn on_stdin() -> io::Result<Self> {
            Ok(Self)
        }

        pub(in super::super) fn controlling() -> io::Result<Self> {
            Err(io::ErrorKind::Unsupported.into())
        }

        #[expect(clippy::unused_self, reason = "has a file on Unix")]
        pub(in super::super) fn read_shown(&self, prompt: &str, out: &mut impl Write) -> io::Result<Typed> {
            out.write_all(prompt.as_bytes())?;
            out.flush()?;
            let mut line = Zeroizing::new(Vec::with_capacity(MAX_ANSWER));
            io::stdin().lock().take(MAX_ANSWER as u64).read_until(b'\n', &mut line)?;
            if line.pop_if(|last| *last == b'\n').is_none() {
                return Ok(Typed::Interrupted);
            }
            line.pop_if(|last| *last == b'\r');
            Ok(finish(line))
        }

        #[expect(clippy::unused_self, reason = "has a file on Unix")]
        pub(in super::super) fn read_hidden(&self, prompt: &str, out: &mut impl Write) -> io::Result<Typed> {
            out.flush()?;
            let prompt = prompt.trim_end().trim_end_matches(':');
            let answer = dialoguer::Password::new()
                .with_prompt(prompt)
                .allow_empty_password(true)
                .report(false)
                .interact();
            match answer.map_err(io::Error::from) {
                Ok(text) => Ok(finish(Zeroizing::new(text.into_bytes()))),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(Typed::Interrupted),
                Err(error) => Err(error),
            }
        }
    }
}
