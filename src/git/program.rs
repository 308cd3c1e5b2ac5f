//! The user's own `git`, as a child process that can't be led elsewhere by its environment.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::error::GitError;
use super::words;
use crate::system::environment::Environment;
use crate::system::process::{Finished, Program};

/// The oldest git with which everything here works: 2.31 brought `GIT_CONFIG_COUNT`.
pub const MINIMUM_GIT: (u32, u32, u32) = (2, 31, 0);

/// How long git may take to read what is on this machine.
pub(super) const LOCAL_LIMIT: Duration = Duration::from_mins(1);

/// Variables that would turn git to another repository, index or object database, or make it read paths
/// otherwise. A hook that calls us has some of them set; the folder decides, not they.
const REDIRECTING: [&str; 22] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_QUARANTINE_PATH",
    "GIT_SHALLOW_FILE",
    "GIT_GRAFT_FILE",
    "GIT_REPLACE_REF_BASE",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_CONFIG",
    "GIT_ATTR_SOURCE",
    "GIT_LITERAL_PATHSPECS",
    "GIT_GLOB_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
    "GIT_EXTERNAL_DIFF",
    "GIT_REF_PARANOIA",
    "GIT_INTERNAL_SUPER_PREFIX",
];

/// git, run in one folder.
#[derive(Clone)]
pub(super) struct Git {
    folder: PathBuf,
    environment: Environment,
    /// Set in every child, after the environment was cleaned.
    variables: Vec<(OsString, OsString)>,
}

impl Git {
    pub(super) fn new(folder: &Path, environment: &Environment) -> Self {
        Self { folder: folder.to_owned(), environment: environment.clone(), variables: Vec::new() }
    }

    #[must_use]
    pub(super) fn with(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// The same git on a bare repository, in the same folder.
    #[must_use]
    pub(super) fn on_git_dir(mut self, git_dir: &Path) -> Self {
        self.variables.retain(|(name, _)| name != "GIT_DIR" && name != "GIT_WORK_TREE");
        self.with("GIT_DIR", git_dir)
    }

    pub(super) fn environment(&self) -> &Environment {
        &self.environment
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// git that reads: its words in English, taking no locks, and seeing each object as it is, whatever
    /// `refs/replace` and grafts say.
    pub(super) fn reading(&self) -> Program {
        self.clean()
            .env("LC_ALL", "C")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_NO_REPLACE_OBJECTS", "1")
            .env("GIT_GRAFT_FILE", "/nonexistent")
            .env("GIT_TERMINAL_PROMPT", "0")
    }

    /// git that commits. Its words are for the user, and hooks run in it: the locale stays theirs.
    pub(super) fn writing(&self) -> Program {
        self.clean()
    }

    fn clean(&self) -> Program {
        let mut program = Program::new("git", &self.folder, &self.environment).env("GIT_PAGER", "cat");
        for name in REDIRECTING {
            program = program.env_remove(name);
        }
        // A trace on standard error would bury the line that says why, and may show what was sent.
        for (name, _) in self.environment.for_children() {
            if name.to_string_lossy().starts_with("GIT_TRACE") {
                program = program.env_remove(name);
            }
        }
        self.variables.iter().fold(program, |program, (name, value)| program.env(name, value))
    }

    /// Runs a reading command that must succeed.
    pub(super) fn read(&self, doing: &'static str, arguments: &[&str]) -> Result<Finished, GitError> {
        must_succeed(doing, self.reading().args(arguments).run(LOCAL_LIMIT)?)
    }
}

/// Turns a failed child into an error with git's own words.
pub(super) fn must_succeed(doing: &'static str, finished: Finished) -> Result<Finished, GitError> {
    if finished.succeeded() {
        Ok(finished)
    } else {
        Err(GitError::Refused { doing, why: words::last_line(&finished.stderr) })
    }
}

/// The version of the `git` program.
pub fn git_version(environment: &Environment) -> Result<(u32, u32, u32), GitError> {
    let finished =
        Git::new(environment.current_dir(), environment).read("ask git for its version", &["version"])?;
    parse_version(&finished.text())
        .ok_or_else(|| GitError::Refused { doing: "read git's version", why: words::shown(&finished.text()) })
}

/// Reads `git version 2.39.5 (Apple Git-154)` and the like.
fn parse_version(text: &str) -> Option<(u32, u32, u32)> {
    let mut numbers = text.strip_prefix("git version ")?.split(['.', ' ', '-']).map(str::parse::<u32>);
    let (major, minor) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
    Some((major, minor, numbers.next().and_then(Result::ok).unwrap_or(0)))
}

/// A moment after which nothing is waited for any more, over several children.
#[derive(Clone, Copy)]
pub(super) struct Deadline {
    at: Instant,
    pub(super) limit: Duration,
}

impl Deadline {
    pub(super) fn after(limit: Duration) -> Self {
        Self { at: Instant::now() + limit, limit }
    }

    /// What is left; zero when it has passed.
    pub(super) fn left(self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        assert_eq!(parse_version("git version 2.47.3"), Some((2, 47, 3)));
        assert_eq!(parse_version("git version 2.39.5 (Apple Git-154)"), Some((2, 39, 5)));
        assert_eq!(parse_version("git version 2.45.1.windows.1"), Some((2, 45, 1)));
        assert_eq!(parse_version("git version 2.48.rc0"), Some((2, 48, 0)));
        assert_eq!(parse_version("git version 2.50-dirty"), Some((2, 50, 0)));
        assert_eq!(parse_version("hub version 1"), None);
    }
}
