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
        let prompt = match default {
            // That nothing may be answered is for the question to say.
            None | Some("") => format!("{what}: "),
            Some(default) => format!("{what} [{}]: ", plain(default)),
        };
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
mod tests;
