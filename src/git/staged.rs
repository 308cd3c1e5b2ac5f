//! The commit that is about to be made: what stands in the index that git hands to a hook.

use super::error::GitError;
use super::ids::Commit;
use super::program::{LOCAL_LIMIT, must_succeed};
use super::repository::Repository;
use super::words;

/// Where a hook finds the index that is to be committed; of `git commit -- PATH` it is not the usual one.
const INDEX_VARIABLE: &str = "GIT_INDEX_FILE";

impl Repository {
    /// The tree that a commit of the index would have, to be asked like a commit. Refused where something is unmerged.
    pub fn staged_tree(&self) -> Result<Commit, GitError> {
        let mut write = self.git.writing().args(["write-tree", "--missing-ok"]);
        let environment = self.git.environment();
        if let Some(index) = environment.path(INDEX_VARIABLE) {
            write = write.env(INDEX_VARIABLE, environment.current_dir().join(index));
        }
        let finished = must_succeed("read what is staged", write.run(LOCAL_LIMIT)?)?;
        let text = finished.text();
        let why = || format!("git write-tree answered `{}`", words::shown(&text));
        Commit::parse(&text).ok_or_else(|| GitError::Refused { doing: "read what is staged", why: why() })
    }
}
