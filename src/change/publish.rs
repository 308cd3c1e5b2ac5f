//! From written files to the deploy ref: the commit, and the push.

use std::time::Duration;

use super::writer::Written;
use crate::domain::policy::DeployRef;
use crate::git::{Commit, Fallback, GitError, PushError, Pushed, Repository};

/// How long a push may take.
const PUSH_LIMIT: Duration = Duration::from_mins(2);

/// What came of a commit.
#[derive(Debug)]
pub enum Committed {
    /// `--no-commit`: the files are written.
    Left,
    /// The files are as `HEAD` has them already.
    Nothing,
    Made(Commit),
}

/// Commits exactly the paths that were written.
pub fn commit(
    repository: &Repository,
    written: &Written,
    message: &str,
    on_terminal: bool,
) -> Result<Committed, GitError> {
    let made = repository.commit_paths(&written.paths, message, on_terminal)?;
    Ok(made.map_or(Committed::Nothing, Committed::Made))
}

/// Pushes one commit to the deploy ref; `None` where nothing is deployed from git. Commits that touch nothing but the paths
/// `own` may go along; `fallback` says what to do where the deploy ref takes no direct push.
pub fn push(
    repository: &Repository,
    deploy_ref: &DeployRef,
    commit: Commit,
    own: &[String],
    fallback: Fallback<'_>,
) -> Result<Option<Pushed>, PushError> {
    match deploy_ref {
        DeployRef::None => Ok(None),
        DeployRef::Branch { remote, branch } => {
            repository.push_commit(commit, (remote, branch), own, fallback, PUSH_LIMIT).map(Some)
        }
    }
}
