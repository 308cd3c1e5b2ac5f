//! From written files to the deploy ref: the commit, and the push.

use std::time::Duration;

use super::writer::Written;
use crate::domain::policy::DeployRef;
use crate::git::{Commit, GitError, PushError, Pushed, Repository};

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

/// Pushes one commit to the deploy ref; `None` where nothing is deployed from git. `topic` names the branch that it goes
/// to where the deploy ref takes no direct push.
pub fn push(
    repository: &Repository,
    deploy_ref: &DeployRef,
    commit: Commit,
    topic: &str,
) -> Result<Option<Pushed>, PushError> {
    match deploy_ref {
        DeployRef::None => Ok(None),
        DeployRef::Branch { remote, branch } => {
            repository.push_commit(commit, remote, branch, topic, PUSH_LIMIT).map(Some)
        }
    }
}
