//! The one error at the top: what went wrong, and what to do next.

use std::error::Error;
use std::fmt;

use crate::domain::finding::Unknown;
use crate::system::terminal::PromptError;

/// Why a command could not do what it was asked. The exit code is 2.
#[derive(Debug)]
pub struct CommandError {
    message: String,
    hints: Vec<String>,
    /// Whoever was reading our output has seen enough.
    silent: bool,
    /// The person who was asked has left.
    interrupted: bool,
    /// What was to be written is committed; what comes behind that could not be done.
    committed: bool,
}

impl CommandError {
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hints: Vec::new(),
            silent: false,
            interrupted: false,
            committed: false,
        }
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Output that nobody reads any more: there is nothing to say, and nobody to say it to.
    pub fn of_output(error: &std::io::Error) -> Self {
        let silent = error.kind() == std::io::ErrorKind::BrokenPipe;
        Self { silent, ..Self::new(format!("standard output: {error}")) }
    }

    pub fn is_silent(&self) -> bool {
        self.silent
    }

    pub fn is_interruption(&self) -> bool {
        self.interrupted
    }

    /// The same, where what was to be written is committed already.
    #[must_use]
    pub fn behind_the_commit(self) -> Self {
        Self { committed: true, ..self }
    }

    pub fn is_behind_the_commit(&self) -> bool {
        self.committed
    }

    pub fn hints(&self) -> &[String] {
        &self.hints
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Every adapter's error names its file and its remedy by itself, so that its text is all there is to say.
impl<E: Error + 'static> From<E> for CommandError {
    fn from(error: E) -> Self {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(inner) = source {
            let text = inner.to_string();
            // Many libraries repeat the inner error in the outer one.
            if !message.contains(&text) {
                message.push_str(": ");
                message.push_str(&text);
            }
            source = inner.source();
        }
        let interrupted =
            matches!((&error as &dyn Error).downcast_ref::<PromptError>(), Some(PromptError::Interrupted));
        Self { interrupted, ..Self::new(message) }
    }
}

impl From<Unknown> for CommandError {
    fn from(Unknown { what, why }: Unknown) -> Self {
        Self::new(format!("{what}: {why}"))
    }
}
