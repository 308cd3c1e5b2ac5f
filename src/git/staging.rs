//! Staging: exactly these paths, as they stand in the work tree.

use std::time::Duration;

use super::error::GitError;
use super::program::Git;
use super::work_tree::nul_separated;
use crate::system::process::Finished;

/// How long it may take: every byte goes through the user's filters, and a large store has hundreds of thousands of files.
const LIMIT: Duration = Duration::from_mins(10);

impl Git {
    /// Stages paths (relative to the root, with `/`), be they new, changed, gone or unmerged, whether or not an ignore rule
    /// or a sparse checkout hides them.
    ///
    /// `git add` would hold every path of the index against every one that it is given: seconds for ten thousand of them,
    /// minutes for a hundred thousand.
    pub(super) fn stage<S: AsRef<str>>(
        &self,
        paths: impl IntoIterator<Item = S>,
    ) -> Result<Finished, GitError> {
        let stage = self.writing().args(["update-index", "--add", "--remove", "--replace", "-z", "--stdin"]);
        Ok(stage.input(nul_separated(paths)).run(LIMIT)?)
    }
}
