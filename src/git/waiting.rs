//! Rescue branches that could not be pushed yet, in the git dir as `secrets/waiting/COMMIT.json`. The commit itself is
//! kept by a ref of our own.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::ids::Commit;
use super::repository::{Repository, common_dir, folder_with_git};
use super::words;
use crate::domain::json;
use crate::domain::text::shell_word;
use crate::system::environment::Environment;
use crate::system::files::{self, Access, FileError};

const FOLDER: &str = "secrets/waiting";

/// The largest of these files, in bytes.
const MAX_BYTES: u64 = 64 * 1024;

/// A commit that is to be pushed to a branch of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    pub commit: Commit,
    pub remote: String,
    /// Without `refs/heads/`.
    pub branch: String,
    /// The branch that it should be merged into.
    pub base: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    schema: u64,
    commit: String,
    remote: String,
    branch: String,
    base: String,
}

/// What waits can't be told.
#[derive(Debug, thiserror::Error)]
pub enum WaitingError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error(
        "{}: can't be read ({why}); the commit that it was about is among those of `git for-each-ref \
         refs/secrets/rescue`: push that by hand, then remove the file", path.display()
    )]
    Unreadable { path: PathBuf, why: String },
}

impl Waiting {
    /// Reads one of these files; the error says why it is none.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let wire: Wire = json::read(bytes).map_err(|error| words::shown(&error.to_string()))?;
        let commit =
            Commit::parse(&wire.commit).filter(|_| wire.schema == 1 && wire.branch.starts_with("rescue/"));
        let commit = commit.ok_or_else(|| "it is of another form".to_owned())?;
        Ok(Self { commit, remote: wire.remote, branch: wire.branch, base: wire.base })
    }

    /// What pushes it by hand.
    pub fn command(&self) -> String {
        let to = format!("{}:refs/heads/{}", self.commit, self.branch);
        format!("git push --no-verify {} {}", shell_word(&self.remote), shell_word(&to))
    }
}

/// Whether anything may wait in the repository around a folder: a look at a few names, so that it costs nothing where
/// nothing does.
pub fn is_any(start: &Path, environment: &Environment) -> bool {
    let Some(root) = folder_with_git(start, environment) else { return false };
    let dot_git = root.join(".git");
    let git_dir = match fs::metadata(&dot_git) {
        Ok(found) if found.is_dir() => dot_git,
        // A linked work tree's, or a submodule's.
        Ok(_) => {
            let text = fs::read_to_string(&dot_git).unwrap_or_default();
            let Some(path) = text.trim_end().strip_prefix("gitdir: ") else { return false };
            root.join(path)
        }
        Err(_) => return false,
    };
    common_dir(&git_dir).join(FOLDER).symlink_metadata().is_ok()
}

impl Repository {
    /// Remembers, across a loss of power, that this commit is to be pushed.
    pub fn queue_rescue(&self, waiting: &Waiting) -> Result<(), FileError> {
        let wire = Wire {
            schema: 1,
            commit: waiting.commit.to_string(),
            remote: waiting.remote.clone(),
            branch: waiting.branch.clone(),
            base: waiting.base.clone(),
        };
        let path = self.waiting_file(waiting.commit);
        let mut bytes = serde_json::to_vec(&wire)
            .map_err(|error| FileError::Io { path: path.clone(), source: error.into() })?;
        bytes.push(b'\n');
        files::write_atomic(&path, &bytes, Access::OwnerOnly)
    }

    /// What waits, by file name.
    pub fn waiting_rescues(&self) -> Vec<Result<Waiting, WaitingError>> {
        let folder = self.common_dir().join(FOLDER);
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Vec::new(),
            Err(source) => return vec![Err(FileError::Io { path: folder, source }.into())],
        };
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let mut paths: Vec<PathBuf> =
            paths.filter(|path| path.extension().is_some_and(|ending| ending == "json")).collect();
        paths.sort();
        paths.iter().map(|path| read(path)).collect()
    }

    /// It is on the remote: nothing of it is kept here.
    pub fn delivered(&self, waiting: &Waiting) -> Result<(), FileError> {
        files::unlink(&self.waiting_file(waiting.commit))?;
        // Where it was the last one, the next command finds nothing to look into.
        fs::remove_dir(self.common_dir().join(FOLDER)).ok();
        self.forget_rescue(waiting.commit);
        Ok(())
    }

    fn waiting_file(&self, commit: Commit) -> PathBuf {
        self.common_dir().join(FOLDER).join(format!("{commit}.json"))
    }
}

fn read(path: &Path) -> Result<Waiting, WaitingError> {
    let bytes = files::read(path, MAX_BYTES)?;
    Waiting::parse(&bytes).map_err(|why| WaitingError::Unreadable { path: path.to_owned(), why })
}
