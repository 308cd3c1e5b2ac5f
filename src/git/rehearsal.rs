//! What the repository's hooks would say of a commit, found out before any of its files is written.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use super::error::GitError;
use super::program::{Git, LOCAL_LIMIT, must_succeed};
use super::repository::Repository;
use super::words;
use crate::system::files::{self, FileError};

/// How long a hook may take: some run whole test suites.
const HOOK_LIMIT: Duration = Duration::from_mins(10);

/// What hooks say of a commit that was not made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rehearsal {
    /// No hook has a say, or those that have let it pass.
    Passed,
    /// Why it could not be found out.
    NotTried(String),
    /// The hook that refuses, and what it says.
    Refused { hook: &'static str, why: String },
}

impl Repository {
    /// Has `pre-commit` and `commit-msg` judge a commit of these files (paths relative to the root; `None` removes one) in
    /// a work tree of its own, which is thrown away. Nothing is committed, and the user's files are not touched.
    pub fn rehearse_commit<'f>(
        &self,
        planned: impl Iterator<Item = (&'f str, Option<&'f [u8]>)>,
        message: &str,
    ) -> Result<Rehearsal, GitError> {
        if self.head()?.is_none() || !self.has_commit_hooks()? {
            return Ok(Rehearsal::Passed);
        }
        let stage = Stage::set(self)?;
        let mut paths = Vec::new();
        for (path, bytes) in planned {
            stage.put(path, bytes)?;
            paths.push(path);
        }
        let _ = must_succeed("stage the files for a rehearsal", stage.git.stage(paths)?)?;
        let message_file = stage.folder.path().join("COMMIT_EDITMSG");
        fs::write(&message_file, message).map_err(|source| temporary(&message_file, source))?;
        let message_file = message_file.to_string_lossy().into_owned();
        for (hook, arguments) in [("pre-commit", vec![]), ("commit-msg", vec!["--", message_file.as_str()])] {
            let run = stage.git.writing().args(["hook", "run", "--ignore-missing", hook]).args(arguments);
            let finished = run.run(HOOK_LIMIT)?;
            if finished.succeeded() {
                continue;
            }
            if finished.stderr.contains("'hook' is not a git command") {
                return Ok(Rehearsal::NotTried(
                    "this git is older than 2.36 and runs no hook by itself".to_owned(),
                ));
            }
            let why = words::all_lines(&format!("{}\n{}", finished.stderr, finished.text()));
            return Ok(Rehearsal::Refused { hook, why });
        }
        Ok(Rehearsal::Passed)
    }

    fn has_commit_hooks(&self) -> Result<bool, GitError> {
        let finished = self.git.read("find the hooks", &["rev-parse", "--git-path", "hooks"])?;
        let folder = self.root().join(finished.text().trim_end());
        Ok(["pre-commit", "commit-msg"].iter().any(|hook| folder.join(hook).exists()))
    }
}

/// A work tree at `HEAD`, thrown away in the end.
struct Stage<'r> {
    repository: &'r Repository,
    folder: TempDir,
    root: PathBuf,
    git: Git,
}

impl<'r> Stage<'r> {
    fn set(repository: &'r Repository) -> Result<Self, GitError> {
        let folder = tempfile::tempdir().map_err(|source| temporary(&std::env::temp_dir(), source))?;
        let root = folder.path().join("tree");
        let path = root.to_string_lossy().into_owned();
        let add = repository.git.writing().env("GIT_LFS_SKIP_SMUDGE", "1");
        let add =
            add.args(["-c", "core.hooksPath=/dev/null", "worktree", "add", "--detach", "--quiet", &path]);
        let _ = must_succeed("make a work tree for a rehearsal", add.run(HOOK_LIMIT)?)?;
        let git = Git::new(&root, repository.git.environment());
        Ok(Self { repository, folder, root, git })
    }

    fn put(&self, path: &str, bytes: Option<&[u8]>) -> Result<(), GitError> {
        let file = self.root.join(path);
        let done = match bytes {
            Some(bytes) => {
                let folder = file.parent().map_or(Ok(()), fs::create_dir_all);
                folder.and_then(|()| fs::write(&file, bytes))
            }
            None => files::unlink(&file).map(|_| ()).map_err(std::io::Error::other),
        };
        done.map_err(|source| temporary(&file, source))
    }
}

impl Drop for Stage<'_> {
    fn drop(&mut self) {
        let path = self.root.to_string_lossy().into_owned();
        let remove = self.repository.git.writing().args(["worktree", "remove", "--force", &path]);
        // What stays is a folder of the system's for temporary files, and git prunes its own note of it.
        drop(remove.run(LOCAL_LIMIT));
    }
}

fn temporary(path: &Path, source: std::io::Error) -> GitError {
    GitError::File(FileError::Io { path: path.to_owned(), source })
}
