//! What is wrong with a file: all of it, each with its line.

use std::borrow::Cow;
use std::fmt;

use crate::domain::text::visible;

/// How many faults are told; the rest is counted.
const MOST: usize = 200;

/// One thing that is wrong, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// From 1; `None` where it is the file as a whole.
    pub line: Option<usize>,
    pub message: String,
}

/// A file that could not be read. `Display` prints one fault a line, each with file and line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileError {
    pub path: String,
    /// By line; never empty.
    pub faults: Vec<Fault>,
    /// How many more there are.
    pub untold: usize,
}

impl FileError {
    pub fn single(path: &str, line: Option<usize>, message: impl Into<String>) -> Self {
        let fault = Fault { line, message: fit_to_be_shown(message.into()) };
        Self { path: path.to_owned(), faults: vec![fault], untold: 0 }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, fault) in self.faults.iter().enumerate() {
            if position > 0 {
                f.write_str("\n")?;
            }
            match fault.line {
                Some(line) => write!(f, "{}:{line}: {}", self.path, fault.message)?,
                None => write!(f, "{}: {}", self.path, fault.message)?,
            }
        }
        match self.untold {
            0 => Ok(()),
            more => write!(f, "\n{}: and {more} more faults", self.path),
        }
    }
}

impl std::error::Error for FileError {}

/// What stands in these files is public, so messages quote it; but not where somebody took a private key for a name, and
/// nothing that a terminal would act on.
fn fit_to_be_shown(message: String) -> String {
    let upper = message.to_ascii_uppercase();
    if upper.contains("AGE-SECRET-KEY-1") || upper.contains("PRIVATE KEY-----") {
        return "a private key stands here: take it out at once, and replace it if others could have seen it"
            .to_owned();
    }
    match visible(&message) {
        Cow::Borrowed(_) => message,
        Cow::Owned(shown) => shown,
    }
}

/// The faults found so far.
#[derive(Debug, Default)]
pub struct Faults {
    found: Vec<Fault>,
    untold: usize,
}

impl Faults {
    pub fn at(&mut self, line: usize, message: impl Into<String>) {
        if self.found.len() < MOST {
            self.found.push(Fault { line: Some(line), message: fit_to_be_shown(message.into()) });
        } else {
            self.untold += 1;
        }
    }

    /// The value, or `None` and the error as a fault.
    pub fn keep<T, E: fmt::Display>(&mut self, line: usize, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.at(line, error.to_string())).ok()
    }

    /// Whether what follows is counted only, so that no work need go into its message.
    pub fn is_full(&self) -> bool {
        self.found.len() >= MOST
    }

    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    pub fn into_error(mut self, path: &str) -> FileError {
        self.found.sort();
        FileError { path: path.to_owned(), faults: self.found, untold: self.untold }
    }
}
