//! Changes to the store that are made whole or not at all.
//!
//! The whole plan, contents included, is first written to the journal in the git dir and made to last; then each
//! file is put in its place; then the journal is removed. Whoever is killed on the way leaves either no journal,
//! and so the old state, or one that the next writer rolls forward to the new state.
//!
//! The journal holds what the store holds: sealed values, records, the policy. Never plaintext.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::lock::{FOLDER, Lock};
use crate::domain::digest::Digest;
use crate::system::files::{self, Access, FileError};
use crate::system::threads::{ParallelIterator as _, Shared as _};

mod place;
mod plan;
#[cfg(test)]
mod tests;

use plan::{Plan, Step};

/// The name of the journal in the git dir's folder.
pub const JOURNAL: &str = "journal.json";
/// The most that one change may write, in bytes, all contents together. Whoever has more to change makes several
/// changes of it.
pub const MAX_CHANGE_BYTES: u64 = 256 * 1024 * 1024;
/// Base 64 makes four bytes of three; the rest is for names.
const MAX_JOURNAL_BYTES: u64 = MAX_CHANGE_BYTES / 3 * 4 + 64 * 1024 * 1024;

/// More steps than this are shared among the processors.
const MANY: usize = 64;

/// A change that was not made, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("{}: lies outside the store {}, and nothing was written", path.display(), root.display())]
    Outside { path: PathBuf, root: PathBuf },
    #[error("{}: is a symbolic link, and nothing is written through it; replace it by a folder", .0.display())]
    SymbolicLink(PathBuf),
    #[error("{}: is in the way of a folder of that name; move it elsewhere", .0.display())]
    InTheWay(PathBuf),
    #[error("{}: changed meanwhile, and nothing was written: run the command again", .0.display())]
    ChangedMeanwhile(PathBuf),
    #[error("the change is larger than {MAX_CHANGE_BYTES} bytes; make it in several parts")]
    TooLarge,
    #[error(
        "{}: holds a change that was cut short and can't be read ({why}); see with `git status` what of it was \
         made, restore the rest from git, then remove this file", journal.display()
    )]
    Corrupt { journal: PathBuf, why: String },
    #[error(
        "{}: was changed after a change of it was cut short; to give the latter up, remove {}, and run the \
         command again", path.display(), journal.display()
    )]
    Diverged { path: PathBuf, journal: PathBuf },
    #[error(
        "{}: holds a change to the store {store} that was cut short; run a command that writes there first",
        journal.display()
    )]
    OtherStore { journal: PathBuf, store: String },
    #[error("{0}")]
    File(#[from] FileError),
}

/// What shall become of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Absolute, in the store.
    pub path: PathBuf,
    /// Of the file that the change was made from; `None` where there was none. It may be long ago: somebody was asked
    /// for a passphrase, or thousands of secrets were sealed.
    pub was: Option<Digest>,
    /// What it shall hold; `None` removes it.
    pub new: Option<Vec<u8>>,
}

/// The journal of one store, in the hands of its one writer.
#[derive(Debug)]
pub struct Journal<'l> {
    path: PathBuf,
    root: &'l Path,
    whole_repository: bool,
}

impl<'l> Journal<'l> {
    /// `root` is the store's folder.
    pub fn new(lock: &'l Lock, root: &'l Path) -> Self {
        Self { path: lock.folder().join(JOURNAL), root, whole_repository: false }
    }

    /// For changes that reach beyond the store; `root` is the repository's folder.
    pub fn of_repository(lock: &'l Lock, root: &'l Path) -> Self {
        Self { whole_repository: true, ..Self::new(lock, root) }
    }

    /// Makes a change. An unfinished one is rolled forward first. Where a file is another one than it was when it was
    /// read, nothing is written: what came in between, by a `git pull` say, is newer than what was made of the old.
    pub fn apply(&self, changes: Vec<Change>) -> Result<(), JournalError> {
        self.roll_forward()?;
        let plan = Plan::make(self.root, self.whole_repository, changes)?;
        plan.phases().iter().try_for_each(|phase| self.perform_all(&plan, phase))
    }

    /// Finishes a change that was cut short, and says whether there was one. A file that was neither as before
    /// nor as after the change is left alone, and so are then all others: somebody has been at work since.
    pub fn roll_forward(&self) -> Result<bool, JournalError> {
        let Some(plan) = read(&self.path)? else { return Ok(false) };
        if !plan.belongs_to(self.root, self.whole_repository) {
            return Err(JournalError::OtherStore { journal: self.path.clone(), store: plan.store });
        }
        plan.check(self.root, &self.path)?;
        plan.phases().iter().skip(1).try_for_each(|phase| self.perform_all(&plan, phase))?;
        Ok(true)
    }

    fn perform_all(&self, plan: &Plan, phase: &[Step<'_>]) -> Result<(), JournalError> {
        if phase.len() > MANY {
            phase.par_iter().try_for_each(|step| self.perform(plan, *step))
        } else {
            phase.iter().try_for_each(|step| self.perform(plan, *step))
        }
    }

    fn perform(&self, plan: &Plan, step: Step<'_>) -> Result<(), JournalError> {
        match step {
            Step::WriteJournal => files::write_atomic(&self.path, &plan.to_bytes(), Access::OwnerOnly)?,
            Step::Prepare { path, content } => files::prepare(&place::prepare(self.root, path)?, content)?,
            Step::SyncPrepared => {
                let put = plan.changes.iter().filter(|planned| planned.is_put());
                let paths: Vec<PathBuf> = put.map(|planned| self.root.join(&planned.path)).collect();
                files::sync_prepared(self.root, &paths)?;
            }
            Step::Put { path } => {
                if let Some(path) = place::find(self.root, path)? {
                    files::put_in_place(&path)?;
                }
            }
            Step::Remove { path } => {
                if let Some(path) = place::find(self.root, path)? {
                    files::unlink(&path)?;
                    place::remove_empty_folders(self.root, &path);
                }
            }
            Step::SyncFolders => {
                // Of all files side by side one tells their folder.
                let folder = |path: &str| path.rsplit_once('/').map(|(folder, _)| folder.to_owned());
                let changes = plan.changes.iter();
                let apart: BTreeMap<_, _> =
                    changes.map(|planned| (folder(&planned.path), planned.path.as_str())).collect();
                let folders = apart.values().map(|path| place::folder_left(self.root, path));
                files::sync_folders(self.root, &folders.collect())?;
            }
            Step::RemoveJournal => files::remove(&self.path)?,
        }
        Ok(())
    }
}

/// A change that was cut short, and waits to be rolled forward.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// Below which they lie: the store's folder, or the repository's.
    root: PathBuf,
    /// The files of it, relative to the root, with `/`.
    pub paths: Vec<String>,
}

impl Unfinished {
    /// Reads a journal; the error says why it is none.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        Plan::from_bytes(bytes).map(Self::from)
    }

    /// Whether a path is a temporary file of it.
    pub fn explains(&self, path: &Path) -> bool {
        self.paths.iter().any(|own| files::temporary_name(&self.root.join(own)) == path)
    }

    /// For people, on one line.
    pub fn description(&self) -> String {
        let shown = self.paths.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
        let more = match self.paths.len().saturating_sub(3) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!("a change of {shown}{more} was cut short; the next command that writes finishes it")
    }
}

/// The change that was cut short, if there is one. Reads only, and asks no lock: a change that is just being made
/// shows as one cut short.
pub fn unfinished(git_dir: &Path) -> Result<Option<Unfinished>, JournalError> {
    let plan = read(&git_dir.join(FOLDER).join(JOURNAL))?;
    Ok(plan.map(Unfinished::from))
}

impl From<Plan> for Unfinished {
    fn from(plan: Plan) -> Self {
        Self {
            root: PathBuf::from(plan.store),
            paths: plan.changes.into_iter().map(|change| change.path).collect(),
        }
    }
}

fn read(path: &Path) -> Result<Option<Plan>, JournalError> {
    let Some(bytes) = files::read_if_present(path, MAX_JOURNAL_BYTES)? else { return Ok(None) };
    let corrupt = |why: String| JournalError::Corrupt { journal: path.to_owned(), why };
    Plan::from_bytes(&bytes).map(Some).map_err(corrupt)
}

/// The digest of a file, or `None` where there is none.
fn digest(path: Option<&Path>) -> Result<Option<Digest>, JournalError> {
    let bytes = path.map(|path| files::read_if_present(path, MAX_CHANGE_BYTES)).transpose()?.flatten();
    Ok(bytes.map(|bytes| Digest::of(&bytes)))
}
