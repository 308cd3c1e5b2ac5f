//! One writer at a time, and files that are there whole or not at all.

use std::path::PathBuf;
use std::time::Duration;

use crate::domain::name::SecretName;
use crate::domain::record::Record;
use crate::git::{GitError, Repository};
use crate::store::journal::{Change, Journal, JournalError};
use crate::store::layout::{RECORD_ENDING, SEALED_ENDING, Store};
use crate::store::lock::{Lock, LockError};
use crate::store::record_file;

/// How long a writer waits for another one.
const LOCK_LIMIT: Duration = Duration::from_secs(20);

/// Why the store could not be changed. Nothing was, where this is returned.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(
        "{path}: is ignored by {rule}, so it would never be committed: add the line `!{path}` below that rule"
    )]
    Ignored { path: String, rule: String },
    #[error(
        "nothing was written: a {0} is not finished, and git commits no single files until then: finish the {0} first, or give --no-commit"
    )]
    Unfinished(&'static str),
}

/// What becomes of the files when they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    Commit,
    Leave,
}

/// The only writer of the store, for as long as it lives.
pub struct Writer<'a> {
    store: &'a Store,
    repository: &'a Repository,
    folder: &'a str,
    lock: Lock,
    changes: Vec<Change>,
    paths: Vec<String>,
}

impl<'a> Writer<'a> {
    /// Takes the lock and completes what an interrupted writer left unfinished.
    pub fn begin(store: &'a Store, repository: &'a Repository, folder: &'a str) -> Result<Self, WriteError> {
        let lock = Lock::acquire(repository.git_dir(), LOCK_LIMIT)?;
        Journal::new(&lock, store.root()).roll_forward()?;
        Ok(Self { store, repository, folder, lock, changes: Vec::new(), paths: Vec::new() })
    }

    /// Plans a file; `None` removes it. `file` is its path below the store.
    pub fn put(&mut self, file: &str, contents: Option<Vec<u8>>) {
        let path: PathBuf = self.store.root().join(file);
        self.paths.push(if self.folder == "." { file.to_owned() } else { format!("{}/{file}", self.folder) });
        self.changes.push(Change { path, new: contents });
    }

    /// Plans a secret: its record and its sealed value.
    pub fn put_secret(&mut self, record: &Record, sealed: Vec<u8>) {
        let name = &record.sealed.name;
        self.put(&format!("{name}{SEALED_ENDING}"), Some(sealed));
        self.put(&format!("{name}{RECORD_ENDING}"), Some(record_file::print(record)));
    }

    /// Plans the removal of a secret.
    pub fn remove_secret(&mut self, name: &SecretName) {
        self.put(&format!("{name}{SEALED_ENDING}"), None);
        self.put(&format!("{name}{RECORD_ENDING}"), None);
    }

    pub fn is_idle(&self) -> bool {
        self.changes.is_empty()
    }

    /// Journals and writes what was planned; answers with the paths, relative to the root of the repository. The
    /// lock is kept until the answer is dropped, so that the commit that follows is of just these bytes.
    pub fn write(self, then: Then) -> Result<Written, WriteError> {
        if then == Then::Commit
            && let Some(operation) = self.repository.unfinished_operation()
        {
            return Err(WriteError::Unfinished(operation));
        }
        let present: Vec<String> = self
            .changes
            .iter()
            .zip(&self.paths)
            .filter(|(change, _)| change.new.is_some())
            .map(|(_, path)| path.clone())
            .collect();
        // Files that git knows already are committed in spite of any ignore rule; only new ones would be lost.
        let ignored = self.repository.ignored_by(&present)?;
        let head = self.repository.head()?;
        let tree = head.map(|head| self.repository.snapshot(head, self.folder)).transpose()?;
        for (path, rule) in ignored {
            if tree.as_ref().is_none_or(|tree| tree.get(&path).is_none()) {
                return Err(WriteError::Ignored { path, rule });
            }
        }
        Journal::new(&self.lock, self.store.root()).apply(&self.changes)?;
        Ok(Written { paths: self.paths, _lock: self.lock })
    }
}

/// What was written, and the lock.
pub struct Written {
    /// Relative to the root of the repository.
    pub paths: Vec<String>,
    _lock: Lock,
}
