//! Commits of exactly the paths that were changed, through the user's own git, so that hooks and signing run.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Component, Path};
use std::time::Duration;

use super::error::GitError;
use super::ids::{Commit, MAX_BLOB_BYTES, blob_id};
use super::repository::Repository;
use super::words;
use super::work_tree::{common_folder, literal, nul_separated};
use crate::domain::text::{pathspec, shell_word};
use crate::system::files::{self, FileError};
use crate::system::process::Program;

/// How long a commit may take where nobody sits at a terminal: hooks can run whole test suites.
const COMMIT_LIMIT: Duration = Duration::from_mins(10);

/// The tree that holds nothing; every SHA-1 repository knows it.
const EMPTY_TREE: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

/// How many paths a command that is shown may name before it names their folder.
const MOST_SHOWN: usize = 6;

/// How many paths git is told to commit by name where nothing else is staged.
const MOST_NAMED: usize = 200;

impl Repository {
    /// Commits these paths (relative to the root, with `/`), be they new, changed or gone, and nothing else:
    /// what is staged or changed beside them stays as it is. `None` where they are committed already, or are nowhere. That
    /// an ignore rule hides one is for whoever writes it to see, before it is written.
    ///
    /// With `terminal`, git runs on this process's terminal, so that a passphrase can be asked for.
    pub fn commit_paths(
        &self,
        paths: &[String],
        message: &str,
        terminal: bool,
    ) -> Result<Option<Commit>, GitError> {
        let paths: BTreeSet<String> = paths.iter().cloned().collect();
        self.commit_set(&paths, message, terminal).map_err(|error| {
            let why = if let GitError::Refused { why, .. } = error { why } else { error.to_string() };
            not_committed(&paths, message, why)
        })
    }

    fn commit_set(
        &self,
        paths: &BTreeSet<String>,
        message: &str,
        terminal: bool,
    ) -> Result<Option<Commit>, GitError> {
        // git would pass over such a path without a word.
        if let Some(path) = paths.iter().find(|path| !is_inside(path)) {
            return Err(refused(&format!("`{path}` lies outside the repository")));
        }
        if paths.is_empty() {
            return Ok(None);
        }
        self.look_again(paths)?;
        let staged = self.git.stage(paths)?;
        if !staged.succeeded() {
            return Err(refused(&staged.stderr));
        }
        let staged = self.staged()?;
        let changed: BTreeSet<String> = paths.intersection(&staged).cloned().collect();
        self.refuse_other_bytes(paths.difference(&changed))?;
        if changed.is_empty() {
            return Ok(None);
        }
        let commit = self.git.writing().args(["commit", "--quiet", "-m", message]);
        if changed.len() > MOST_NAMED && changed == staged {
            // All that is staged are these. git holds every path of the index against every one that it is given, which
            // takes seconds for ten thousand of them, and minutes for a hundred thousand. What somebody stages between that
            // look and the commit goes along.
            run_commit(&commit, terminal)?;
            return self.head();
        }
        let mut list = tempfile::NamedTempFile::new().map_err(temporary)?;
        list.write_all(&nul_separated(changed.iter().map(|path| literal(path)))).map_err(temporary)?;
        let from_file = format!("--pathspec-from-file={}", list.path().display());
        let commit = commit.args(["--only", from_file.as_str(), "--pathspec-file-nul"]);
        run_commit(&commit, terminal)?;
        self.head()
    }

    /// Whatever kept git from taking the bytes that were written (a filter, for one): "nothing to commit" would say
    /// that they are safe.
    fn refuse_other_bytes<'p>(&self, unchanged: impl Iterator<Item = &'p String>) -> Result<(), GitError> {
        let unchanged: BTreeSet<String> = unchanged.cloned().collect();
        if unchanged.is_empty() {
            return Ok(());
        }
        let head = self.head()?.map(|head| self.snapshot(head, common_folder(&unchanged))).transpose()?;
        for path in &unchanged {
            let here = files::read_if_present(&self.root().join(path), MAX_BLOB_BYTES as u64)?;
            let committed = head.as_ref().and_then(|head| head.get(path)).map(|entry| entry.id);
            if here.as_deref().map(blob_id) != committed {
                return Err(refused(&format!(
                    "git does not take the bytes of {path} as they are: see `git check-attr --all -- {}`",
                    shell_word(path)
                )));
            }
        }
        Ok(())
    }

    /// All paths that the index has otherwise than `HEAD`.
    fn staged(&self) -> Result<BTreeSet<String>, GitError> {
        let head = self.head()?.map_or_else(|| EMPTY_TREE.to_owned(), |head| head.to_string());
        let arguments = [
            "diff-index",
            "--cached",
            "--name-only",
            "--no-renames",
            "--ignore-submodules=none",
            "-z",
            &head,
            "--",
        ];
        let differing = self.git.read("compare the index with HEAD", &arguments)?;
        let differing = String::from_utf8_lossy(&differing.stdout).into_owned();
        Ok(differing.split_terminator('\0').map(str::to_owned).collect())
    }
}

fn is_inside(path: &str) -> bool {
    !path.is_empty() && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
}

fn run_commit(commit: &Program, terminal: bool) -> Result<(), GitError> {
    if terminal {
        if commit.run_on_terminal()?.success() {
            return Ok(());
        }
        let why = "git refused the commit, for the reason above".to_owned();
        return Err(GitError::Refused { doing: "commit", why });
    }
    let finished = commit.run(COMMIT_LIMIT)?;
    if finished.succeeded() {
        return Ok(());
    }
    // Hooks speak on both.
    Err(refused(&format!("{}\n{}", finished.stderr, finished.text())))
}

fn refused(output: &str) -> GitError {
    GitError::Refused { doing: "commit", why: words::all_lines(output) }
}

fn temporary(source: std::io::Error) -> GitError {
    GitError::File(FileError::Io { path: std::env::temp_dir(), source })
}

fn not_committed(paths: &BTreeSet<String>, message: &str, why: String) -> GitError {
    let shown: Vec<_> = if paths.len() > MOST_SHOWN {
        vec![pathspec(common_folder(paths))]
    } else {
        paths.iter().map(|path| pathspec(path)).collect()
    };
    let shown = shown.join(" ");
    let command = format!("git add --all -- {shown} && git commit -m {} -- {shown}", shell_word(message));
    GitError::NotCommitted { why, command }
}
