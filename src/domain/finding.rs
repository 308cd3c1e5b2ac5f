//! Findings, levels, and what could not be judged.

use std::fmt;
use std::str::FromStr;

use super::check_id::CheckId;
use super::tracked_name::CredentialName;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The check does not run; every report says so.
    Off,
    /// Told; fails only with `--strict`.
    Warning,
    /// Blocks the deploy.
    Error,
}

impl Level {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Level {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "off" => Ok(Self::Off),
            "warning" => Ok(Self::Warning),
            "error" => Ok(Self::Error),
            _ => Err(format!("`{text}` is no level: write error, warning or off")),
        }
    }
}

/// One fault that a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub id: CheckId,
    pub level: Level,
    pub secret: Option<CredentialName>,
    /// Relative to the root of the repository, with `/`.
    pub path: Option<String>,
    /// Lower case, no full stop.
    pub message: String,
    /// A command that can be pasted into a shell.
    pub remedy: String,
    /// How bad it is among findings of the same check; compared by `check --against` and `--baseline` only.
    pub weight: i64,
    /// What tells it from another finding of the same check, place and weight: who or which bytes it is about.
    /// Compared by `check --against` and `--baseline` only.
    pub mark: String,
}

/// Something that could not be judged. Unknown is never a pass: it blocks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Unknown {
    /// What could not be judged: a path, a remote, a question.
    pub what: String,
    /// Why not, and how to mend it.
    pub why: String,
}

impl Unknown {
    pub fn new(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self { what: what.into(), why: why.into() }
    }
}

/// A fact, or why it is not known. Checks propagate the latter with `?`, and the driver reports it.
pub type Known<T> = Result<T, Unknown>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_named_as_they_are_written() {
        for (level, name) in [(Level::Off, "off"), (Level::Warning, "warning"), (Level::Error, "error")] {
            assert_eq!((level.to_string().as_str(), level.as_str(), name.parse()), (name, name, Ok(level)));
        }
        assert_eq!(
            "warn".parse::<Level>(),
            Err("`warn` is no level: write error, warning or off".to_owned())
        );
    }
}
