//! Why it is not known what a remote has.

use std::path::PathBuf;
use std::time::Duration;

use super::error::GitError;
use super::program::Deadline;
use crate::domain::text::shell_word;
use crate::system::process::ProcessError;

/// Why the remote's branch is not known.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    #[error(
        "{}: has no remote `{remote}`{}; run `git remote add {} URL`, or mend deploy-ref in policy.toml",
        path.display(), others(known), shell_word(remote)
    )]
    NoSuchRemote { remote: String, path: PathBuf, known: Vec<String> },
    #[error("remote `{remote}` can't be asked: {why}; try `git ls-remote {}`", shell_word(remote))]
    Unreachable { remote: String, why: String },
    #[error("remote `{remote}` has no branch `{branch}`; see `git ls-remote --heads {}`", shell_word(remote))]
    NoSuchBranch { remote: String, branch: String },
    #[error(
        "remote `{remote}` has {count} branches `{pattern}`, and at most {most} are looked into; delete those that are \
         merged: see `git ls-remote {} {}`",
        shell_word(remote),
        shell_word(pattern)
    )]
    TooManyBranches { remote: String, count: usize, most: usize, pattern: String },
    #[error("remote `{remote}` gave no answer within {limit:?}; try `git ls-remote {}`", shell_word(remote))]
    TimedOut { remote: String, limit: Duration },
    #[error("the remote can't be asked: `git` is not installed, or not on PATH")]
    NoGit,
    #[error(transparent)]
    Git(#[from] GitError),
}

fn others(known: &[String]) -> String {
    if known.is_empty() { String::new() } else { format!(" (but {})", known.join(", ")) }
}

impl RemoteError {
    pub(super) fn of_process(error: &ProcessError, remote: &str, deadline: Deadline) -> Self {
        match error {
            ProcessError::NotFound { .. } => Self::NoGit,
            ProcessError::TimedOut { .. } => {
                Self::TimedOut { remote: remote.to_owned(), limit: deadline.limit }
            }
            ProcessError::TooMuchOutput { .. } | ProcessError::Io { .. } => {
                Self::Unreachable { remote: remote.to_owned(), why: error.to_string() }
            }
        }
    }
}
