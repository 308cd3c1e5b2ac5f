//! The terminal: what it can show, the questions asked on it, progress, and output.
//!
//! The report goes to standard output; prompts, progress and everything else that is said go to standard error.

mod keyboard;
mod progress;
mod prompt;

use std::io::{self, IsTerminal as _, Write as _};

use super::environment::Environment;
use crate::domain::text::{in_ascii, json_to_show};

pub use progress::Progress;
pub use prompt::{PromptError, Question};

/// What is known of the terminal, read once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about three streams")]
pub struct Terminal {
    pub stdin_is_terminal: bool,
    pub stdout_is_terminal: bool,
    pub stderr_is_terminal: bool,
    /// Whether standard output takes ANSI colours.
    pub color_stdout: bool,
    pub color_stderr: bool,
    /// The columns of standard output; `None` where nothing limits them, as in a file.
    pub width: Option<usize>,
    /// Whether the terminal can do nothing but print lines.
    pub is_dumb: bool,
    /// Whether the locale knows no letters and signs but those of ASCII, or of another set than Unicode.
    pub is_ascii: bool,
}

/// What the three streams are.
#[derive(Clone, Copy)]
struct Streams {
    stdin: bool,
    stdout: bool,
    stderr: bool,
    columns: Option<u16>,
}

impl Terminal {
    pub fn of_this_process(environment: &Environment) -> Self {
        let columns = terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| width.0);
        let streams = Streams {
            stdin: io::stdin().is_terminal(),
            stdout: io::stdout().is_terminal(),
            stderr: io::stderr().is_terminal(),
            columns,
        };
        Self::new(environment, streams)
    }

    /// `NO_COLOR` (no-color.org) rules out colours, then `TERM=dumb`; `CLICOLOR_FORCE` (bixense.com/clicolors) wants
    /// them even without a terminal, `CLICOLOR=0` not even on one.
    fn new(environment: &Environment, streams: Streams) -> Self {
        let is_dumb = is_dumb(environment);
        let is_forced = environment.var("CLICOLOR_FORCE").is_some_and(|force| force != "0");
        let is_wanted = environment.var("CLICOLOR") != Some("0");
        let color = |is_terminal: bool| {
            environment.var("NO_COLOR").is_none() && !is_dumb && (is_forced || (is_terminal && is_wanted))
        };
        let from_variable = || environment.var("COLUMNS")?.parse::<u16>().ok();
        let columns = streams.columns.filter(|columns| *columns > 0);
        Self {
            stdin_is_terminal: streams.stdin,
            stdout_is_terminal: streams.stdout,
            stderr_is_terminal: streams.stderr,
            color_stdout: color(streams.stdout),
            color_stderr: color(streams.stderr),
            width: columns.or_else(from_variable).filter(|columns| *columns > 0).map(usize::from),
            is_dumb,
            is_ascii: is_ascii(environment),
        }
    }

    /// Whether somebody is there to answer questions.
    pub fn can_ask(&self) -> bool {
        self.stdin_is_terminal && self.stderr_is_terminal
    }

    /// Writes to standard output, past the buffer of the standard library: it may be a value, and that buffer is never wiped.
    /// An error of kind [`io::ErrorKind::BrokenPipe`] means that whoever was reading has seen enough: the command ends
    /// there, without a word.
    pub fn write_stdout(&self, bytes: &[u8]) -> io::Result<()> {
        #[cfg(unix)]
        {
            let stdout = io::stdout().lock();
            let mut rest = bytes;
            while !rest.is_empty() {
                match rustix::io::retry_on_intr(|| rustix::io::write(&stdout, rest))? {
                    0 => return Err(io::ErrorKind::WriteZero.into()),
                    written => rest = rest.get(written..).unwrap_or_default(),
                }
            }
            Ok(())
        }
        #[cfg(not(unix))]
        {
            let mut stdout = io::stdout().lock();
            stdout.write_all(bytes)?;
            stdout.flush()
        }
    }

    /// Writes a text for a person to standard output, in the signs that the locale has; see [`Self::write_stdout`].
    pub fn show(&self, bytes: &[u8]) -> io::Result<()> {
        match std::str::from_utf8(bytes) {
            Ok(json) if json.starts_with(['{', '[']) => self.write_stdout(json_to_show(json).as_bytes()),
            Ok(text) if self.is_ascii && self.stdout_is_terminal => {
                self.write_stdout(in_ascii(text).as_bytes())
            }
            Ok(_) | Err(_) => self.write_stdout(bytes),
        }
    }

    /// Writes a line to standard error; see [`Self::write_stdout`] for a broken pipe.
    pub fn say(&self, line: &str) -> io::Result<()> {
        // One write for the whole line, so that it isn't torn by what child processes say.
        let is_ascii = self.is_ascii && self.stderr_is_terminal;
        let line = if is_ascii { in_ascii(line) } else { line.into() };
        io::stderr().lock().write_all(format!("{line}\n").as_bytes())
    }
}

fn is_dumb(environment: &Environment) -> bool {
    match environment.var("TERM") {
        Some(term) => term == "dumb",
        None => cfg!(unix),
    }
}

/// By the order in which POSIX has them read. Where nothing is said, as in most containers, the terminal is the one of
/// today, which knows Unicode.
fn is_ascii(environment: &Environment) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| environment.var(name));
    locale.is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        !locale.contains("utf-8") && !locale.contains("utf8")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terminal(variables: &[(&str, &str)], streams: Streams) -> Terminal {
        let variables = variables.iter().map(|(name, value)| (name.into(), value.into()));
        Terminal::new(&Environment::new(variables, "/".into()), streams)
    }

    const ON_A_TERMINAL: Streams = Streams { stdin: true, stdout: true, stderr: true, columns: Some(120) };
    const IN_A_PIPE: Streams = Streams { stdin: false, stdout: false, stderr: true, columns: None };

    #[test]
    fn colour_where_it_is_seen_and_wanted() {
        let term = ("TERM", "xterm");
        for (variables, on_a_terminal, in_a_pipe) in [
            (&[term][..], true, false),
            (&[("TERM", "dumb")], false, false),
            (&[("TERM", "dumb"), ("CLICOLOR_FORCE", "1")], false, false),
            (&[term, ("NO_COLOR", "1")], false, false),
            (&[term, ("NO_COLOR", "")], true, false),
            (&[term, ("CLICOLOR", "0")], false, false),
            (&[term, ("CLICOLOR_FORCE", "1")], true, true),
            (&[term, ("CLICOLOR_FORCE", "0")], true, false),
            (&[term, ("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false, false),
        ] {
            assert_eq!(terminal(variables, ON_A_TERMINAL).color_stdout, on_a_terminal, "{variables:?}");
            assert_eq!(terminal(variables, IN_A_PIPE).color_stdout, in_a_pipe, "{variables:?}");
        }
        assert!(terminal(&[term], IN_A_PIPE).color_stderr);
    }

    #[test]
    fn the_locale_says_which_signs_there_are() {
        for (variables, expected) in [
            (&[][..], false),
            (&[("LANG", "de_DE.UTF-8")], false),
            (&[("LANG", "C.utf8")], false),
            (&[("LC_CTYPE", "UTF-8")], false),
            (&[("LANG", "C")], true),
            (&[("LANG", "de_DE")], true),
            (&[("LANG", "de_DE.ISO-8859-15")], true),
            (&[("LANG", "en_US.UTF-8"), ("LC_ALL", "POSIX")], true),
            (&[("LANG", "en_US.UTF-8"), ("LC_ALL", "")], false),
            (&[("LANG", "C"), ("LC_CTYPE", "en_US.UTF-8")], false),
        ] {
            assert_eq!(terminal(variables, ON_A_TERMINAL).is_ascii, expected, "{variables:?}");
        }
    }

    #[test]
    fn the_terminal_knows_its_width_better_than_the_variable() {
        let columns = ("COLUMNS", "40");
        assert_eq!(terminal(&[columns], ON_A_TERMINAL).width, Some(120));
        assert_eq!(terminal(&[columns], IN_A_PIPE).width, Some(40));
        assert_eq!(terminal(&[columns], Streams { columns: Some(0), ..ON_A_TERMINAL }).width, Some(40));
        for nonsense in ["0", "-1", "wide", ""] {
            assert_eq!(terminal(&[("COLUMNS", nonsense)], IN_A_PIPE).width, None, "{nonsense}");
        }
    }
}
