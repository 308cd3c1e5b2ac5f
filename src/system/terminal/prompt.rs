//! Questions to a person.
//!
//! Plain lines without any cursor movement, so that they work on every terminal and read well in a log of one.

use std::io::{self, Write};

use zeroize::Zeroizing;

use super::Terminal;
use super::keyboard::{Keyboard, Typed};

/// A question, and what to do where it can't be asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// What is asked for, without a colon: `value of utoronto/prod/azuread-client`.
    pub what: &'a str,
    /// How to give it without a terminal: `pass --from-file FILE`.
    pub remedy: &'a str,
}

/// A question without an answer.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    #[error("cannot ask for {what} without a terminal: {remedy}")]
    NoTerminal { what: String, remedy: String },
    #[error("interrupted")]
    Interrupted,
    #[error("the terminal: {0}")]
    Io(#[from] io::Error),
}

impl PromptError {
    fn no_terminal(question: Question<'_>) -> Self {
        Self::NoTerminal { what: question.what.to_owned(), remedy: question.remedy.to_owned() }
    }
}

impl Terminal {
    /// Asks for something that nobody may see; never comes to nothing. Where standard input is not the terminal
    /// (it may carry the value), it is read from the terminal that the process belongs to.
    pub fn ask_hidden(&self, question: Question<'_>) -> Result<Zeroizing<String>, PromptError> {
        self.hidden_dialog(question)?.ask_hidden(question)
    }

    /// The same, twice, until both agree.
    pub fn ask_hidden_twice(&self, question: Question<'_>) -> Result<Zeroizing<String>, PromptError> {
        self.hidden_dialog(question)?.ask_hidden_twice(question)
    }

    /// Asks for a line, until `read` makes something of it; its error is shown. White space around the answer is
    /// dropped, and an empty one is the default, where there is one.
    pub fn ask_line<T, E: std::fmt::Display>(
        &self,
        question: Question<'_>,
        default: Option<&str>,
        read: impl FnMut(&str) -> Result<T, E>,
    ) -> Result<T, PromptError> {
        self.dialog(question)?.ask_line(question, default, read)
    }

    /// Asks for yes or no.
    pub fn confirm(&self, question: Question<'_>, default: bool) -> Result<bool, PromptError> {
        self.dialog(question)?.confirm(question, default)
    }

    fn dialog(&self, question: Question<'_>) -> Result<Dialog<io::Stderr>, PromptError> {
        if !self.can_ask() {
            return Err(PromptError::no_terminal(question));
        }
        Ok(Dialog { keyboard: Keyboard::on_stdin()?, out: io::stderr() })
    }

    fn hidden_dialog(&self, question: Question<'_>) -> Result<Dialog<io::Stderr>, PromptError> {
        if self.stdin_is_terminal || !self.stderr_is_terminal {
            return self.dialog(question);
        }
        let keyboard = Keyboard::controlling().map_err(|_| PromptError::no_terminal(question))?;
        Ok(Dialog { keyboard, out: io::stderr() })
    }
}

struct Dialog<W: Write> {
    keyboard: Keyboard,
    out: W,
}

impl<W: Write> Dialog<W> {
    fn ask_hidden(&mut self, question: Question<'_>) -> Result<Zeroizing<String>, PromptError> {
        self.hidden(&format!("{}: ", plain(question.what)))
    }

    fn ask_hidden_twice(&mut self, question: Question<'_>) -> Result<Zeroizing<String>, PromptError> {
        let what = plain(question.what);
        loop {
            let first = self.hidden(&format!("{what}: "))?;
            let second = self.hidden(&format!("{what}, again: "))?;
            if *first == *second {
                return Ok(first);
            }
            self.object("the two are not the same")?;
        }
    }

    fn hidden(&mut self, prompt: &str) -> Result<Zeroizing<String>, PromptError> {
        loop {
            match self.keyboard.read_hidden(prompt, &mut self.out)? {
                Typed::Text(text) if text.is_empty() => self.object("that was empty")?,
                Typed::Text(text) => return Ok(text),
                Typed::Unusable(why) => self.object(why)?,
                Typed::Interrupted => return Err(PromptError::Interrupted),
            }
        }
    }

    fn ask_line<T, E: std::fmt::Display>(
        &mut self,
        question: Question<'_>,
        default: Option<&str>,
        mut read: impl FnMut(&str) -> Result<T, E>,
    ) -> Result<T, PromptError> {
        let what = plain(question.what);
        let prompt = default.map_or_else(|| format!("{what}: "), |d| format!("{what} [{}]: ", plain(d)));
        loop {
            let answer = self.shown(&prompt)?;
            let answer = match (answer.trim(), default) {
                ("", Some(default)) => default,
                (typed, _) => typed,
            };
            match read(answer) {
                Ok(understood) => return Ok(understood),
                Err(error) => self.object(&plain(&error.to_string()))?,
            }
        }
    }

    fn confirm(&mut self, question: Question<'_>, default: bool) -> Result<bool, PromptError> {
        let choice = if default { "Y/n" } else { "y/N" };
        let prompt = format!("{} [{choice}] ", plain(question.what));
        loop {
            match self.shown(&prompt)?.trim().to_ascii_lowercase().as_str() {
                "" => return Ok(default),
                "y" | "yes" => return Ok(true),
                "n" | "no" => return Ok(false),
                _ => self.object("answer y or n")?,
            }
        }
    }

    fn shown(&mut self, prompt: &str) -> Result<Zeroizing<String>, PromptError> {
        loop {
            match self.keyboard.read_shown(prompt, &mut self.out)? {
                Typed::Text(text) => return Ok(text),
                Typed::Unusable(why) => self.object(why)?,
                Typed::Interrupted => return Err(PromptError::Interrupted),
            }
        }
    }

    fn object(&mut self, why: &str) -> io::Result<()> {
        writeln!(self.out, "  {why}")
    }
}

/// A text that moves no cursor: a default may come from a record that somebody else has written.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::fs::{File, OpenOptions};
    use std::io::Read as _;
    use std::os::fd::OwnedFd;
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    use std::thread;

    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use rustix::termios::{Termios, tcgetattr};

    use super::*;

    const QUESTION: Question<'_> = Question { what: "value", remedy: "pass --from-file FILE" };

    /// The person at the other side of a real terminal, and all that was to be seen on it.
    struct Person {
        side: File,
        seen: String,
        read_to: usize,
    }

    impl Person {
        fn awaits(&mut self, text: &str) {
            while !self.seen[self.read_to..].contains(text) {
                let mut bytes = [0; 4096];
                let count = self.side.read(&mut bytes).unwrap();
                self.seen.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
            }
            self.read_to += self.seen[self.read_to..].find(text).unwrap() + text.len();
        }

        fn types(&mut self, keys: impl AsRef<[u8]>) {
            self.side.write_all(keys.as_ref()).unwrap();
        }
    }

    fn settings(terminal: &File) -> String {
        let Termios { input_modes, output_modes, local_modes, special_codes, .. } =
            tcgetattr(terminal).unwrap();
        format!("{input_modes:?} {output_modes:?} {local_modes:?} {special_codes:?}")
    }

    /// Lets a dialog and a person talk; the terminal must be left as it was found.
    fn talk<T: Send>(
        ask: impl FnOnce(&mut Dialog<File>) -> T + Send,
        answer: impl FnOnce(&mut Person),
    ) -> (T, String) {
        let side = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&side).unwrap();
        unlockpt(&side).unwrap();
        let name = ptsname(&side, Vec::new()).unwrap();
        let no_controlling = i32::try_from(rustix::fs::OFlags::NOCTTY.bits()).unwrap();
        let name = OsStr::from_bytes(name.as_bytes());
        let terminal =
            OpenOptions::new().read(true).write(true).custom_flags(no_controlling).open(name).unwrap();
        let before = settings(&terminal);
        let keyboard = Keyboard::on(OwnedFd::from(terminal.try_clone().unwrap()));
        let mut dialog = Dialog { keyboard, out: terminal.try_clone().unwrap() };
        let mut person = Person { side: side.into(), seen: String::new(), read_to: 0 };
        let result = thread::scope(|scope| {
            let dialog = scope.spawn(move || {
                let result = ask(&mut dialog);
                dialog.out.write_all(b"<end>").unwrap();
                result
            });
            answer(&mut person);
            person.awaits("<end>");
            dialog.join().unwrap()
        });
        assert_eq!(settings(&terminal), before);
        (result, person.seen)
    }

    fn hidden(answer: impl FnOnce(&mut Person)) -> (Result<Zeroizing<String>, PromptError>, String) {
        talk(|dialog| dialog.ask_hidden(QUESTION), answer)
    }

    #[test]
    fn a_hidden_answer_is_not_shown_and_can_be_corrected() {
        let (answer, seen) = hidden(|person| {
            person.awaits("value: ");
            person.types("wrong\x15p\u{e4}sx\u{fc}\u{7f}\u{8}s\tw\u{f6}rd \r");
        });
        assert_eq!(*answer.unwrap(), "p\u{e4}ss\tw\u{f6}rd ");
        assert_eq!(seen, "value: \r\n<end>");
    }

    #[test]
    fn a_hidden_answer_is_taken_whole_or_not_at_all() {
        // A terminal's own line editing cuts at 4095 bytes.
        let long = "k".repeat(60_000);
        let (answer, _) = hidden(|person| {
            person.awaits("value: ");
            person.types(format!("{long}\n"));
        });
        assert_eq!(*answer.unwrap(), long);
        let (answer, seen) = hidden(|person| {
            person.awaits("value: ");
            person.types(format!("{long}{long}\n"));
            person.awaits("longer than 64 KiB");
            person.awaits("value: ");
            person.types("-----BEGIN KEY-----\nsecond\nthird\n");
            person.awaits("several lines");
            person.awaits("value: ");
            person.types("up \x1b[A\n");
            person.awaits("arrow key");
            person.awaits("value: ");
            person.types(b"\xff\n");
            person.awaits("not UTF-8");
            person.awaits("value: ");
            person.types("\n");
            person.awaits("empty");
            person.awaits("value: ");
            person.types("pasted with its line end\r\n");
        });
        assert_eq!(*answer.unwrap(), "pasted with its line end");
        assert!(!seen.contains("second") && !seen.contains("kkk"), "{seen}");
    }

    #[test]
    fn two_hidden_answers_must_agree() {
        let (answer, seen) = talk(
            |dialog| dialog.ask_hidden_twice(QUESTION),
            |person| {
                for (first, second) in [("one\n", "two\n"), ("three\n", "three\n")] {
                    person.awaits("value: ");
                    person.types(first);
                    person.awaits("value, again: ");
                    person.types(second);
                }
            },
        );
        assert_eq!(*answer.unwrap(), "three");
        assert!(seen.contains("the two are not the same"));
    }

    #[test]
    fn ctrl_c_and_ctrl_d_interrupt_every_question() {
        for key in ["\x03", "\x04"] {
            let (answer, _) = hidden(|person| {
                person.awaits("value: ");
                person.types(key);
            });
            assert!(matches!(answer, Err(PromptError::Interrupted)));
            let (answer, _) = talk(
                |dialog| dialog.confirm(QUESTION, true),
                |person| {
                    person.awaits("value [Y/n] ");
                    person.types(key);
                },
            );
            assert!(matches!(answer, Err(PromptError::Interrupted)));
        }
        let (answer, _) = hidden(|person| {
            person.awaits("value: ");
            person.types("half\x04way\x03");
        });
        assert!(matches!(answer, Err(PromptError::Interrupted)));
    }

    #[test]
    fn a_line_is_asked_for_until_it_is_understood() {
        let number = |text: &str| text.parse::<u8>().map_err(|_| format!("`{text}` is no \x1b[31mnumber"));
        let (answer, seen) = talk(
            |dialog| dialog.ask_line(QUESTION, Some("7\x1b[2J"), number),
            |person| {
                person.awaits("value [7\u{fffd}[2J]: ");
                person.types("many\n");
                person.awaits("  `many` is no \u{fffd}[31mnumber");
                person.awaits("]: ");
                person.types(format!("{}\n", "1".repeat(5000)));
                person.awaits("longer than a terminal takes");
                person.awaits("]: ");
                person.types(" 4\u{7f}42 \n");
            },
        );
        assert_eq!(answer.unwrap(), 42);
        assert!(!seen.contains('\x1b'));
        let (answer, _) = talk(
            |dialog| dialog.ask_line(QUESTION, Some("7"), number),
            |person| {
                person.awaits("value [7]: ");
                person.types("\n");
            },
        );
        assert_eq!(answer.unwrap(), 7);
    }

    #[test]
    fn yes_or_no() {
        for (default, typed, wanted) in
            [(true, "\n", true), (false, "\n", false), (true, "N\n", false), (false, "Yes\n", true)]
        {
            let (answer, _) = talk(
                |dialog| dialog.confirm(QUESTION, default),
                |person| {
                    person.awaits("value [");
                    person.types("perhaps\n");
                    person.awaits("answer y or n");
                    person.awaits("value [");
                    person.types(typed);
                },
            );
            assert_eq!(answer.unwrap(), wanted);
        }
    }

    #[test]
    fn without_a_terminal_nothing_is_asked() {
        let terminal = Terminal {
            stdin_is_terminal: true,
            stdout_is_terminal: true,
            stderr_is_terminal: false,
            color_stdout: false,
            color_stderr: false,
            width: None,
            is_dumb: false,
        };
        let message = "cannot ask for value without a terminal: pass --from-file FILE";
        assert_eq!(terminal.ask_hidden(QUESTION).unwrap_err().to_string(), message);
        assert_eq!(terminal.ask_hidden_twice(QUESTION).unwrap_err().to_string(), message);
        assert_eq!(terminal.confirm(QUESTION, true).unwrap_err().to_string(), message);
        let unasked = Terminal { stdin_is_terminal: false, stderr_is_terminal: true, ..terminal };
        let line = unasked.ask_line(QUESTION, None, |text| Ok::<_, String>(text.to_owned()));
        assert_eq!(line.unwrap_err().to_string(), message);
    }
}
