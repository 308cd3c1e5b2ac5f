//! One writer at a time, and files that are there whole or not at all.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::domain::digest::Digest;
use crate::domain::name::SecretName;
use crate::domain::record::Record;
use crate::git::{GitError, Repository};
use crate::store::journal::{Change, Journal, JournalError, MAX_CHANGE_BYTES};
use crate::store::layout::{RECORD_ENDING, SEALED_ENDING, Store};
use crate::store::lock::{Lock, LockError};
use crate::store::record_file::{self, MAX_RECORD_BYTES, RecordError};

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

/// The two files of a secret as they were read, before anything was made of them: the digest of each, `None` where
/// there was none. Nothing else is overwritten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    pub record: Option<Digest>,
    pub sealed: Option<Digest>,
}

impl Pair {
    /// Of a name that is free.
    pub const ABSENT: Self = Self { record: None, sealed: None };
}

/// The only writer of a repository's store and records, for as long as it lives.
pub struct Writer<'a> {
    /// Below which everything lies that it writes: the store's folder, or the repository's.
    root: &'a Path,
    repository: &'a Repository,
    /// That of the root, relative to the repository's.
    folder: &'a str,
    /// That of the store, relative to the root.
    store_folder: &'a str,
    lock: Lock,
    changes: Vec<Change>,
    paths: Vec<String>,
    /// The secrets that are sealed anew, and where among the changes the record of each is.
    sealed: Vec<(SecretName, usize)>,
    /// How many bytes the changes hold together.
    planned: usize,
}

impl<'a> Writer<'a> {
    /// Takes the lock and completes what an interrupted writer left unfinished.
    pub fn begin(store: &'a Store, repository: &'a Repository, folder: &'a str) -> Result<Self, WriteError> {
        let lock = Self::lock(store, repository)?;
        Ok(Self::new(store.root(), repository, folder, ".", lock))
    }

    /// The same, for changes that lie outside the store too: files are named from the root of the repository, secrets as
    /// ever.
    pub fn begin_in_repository(
        store: &Store,
        repository: &'a Repository,
        folder: &'a str,
    ) -> Result<Self, WriteError> {
        let lock = Self::lock(store, repository)?;
        Ok(Self::new(repository.root(), repository, ".", folder, lock))
    }

    fn lock(store: &Store, repository: &Repository) -> Result<Lock, WriteError> {
        let lock = Lock::acquire(repository.git_dir(), LOCK_LIMIT)?;
        // What was cut short may have been either.
        match Journal::new(&lock, store.root()).roll_forward() {
            Err(JournalError::OtherStore { .. }) => {
                Journal::of_repository(&lock, repository.root()).roll_forward()?
            }
            other => other?,
        };
        Ok(lock)
    }

    fn new(
        root: &'a Path,
        repository: &'a Repository,
        folder: &'a str,
        store_folder: &'a str,
        lock: Lock,
    ) -> Self {
        Self {
            root,
            repository,
            folder,
            store_folder,
            lock,
            changes: Vec::new(),
            paths: Vec::new(),
            sealed: Vec::new(),
            planned: 0,
        }
    }

    /// Plans a file; `None` removes it. `file` is its path below the root, `was` the digest of what was read there.
    pub fn put(&mut self, file: &str, was: Option<Digest>, contents: Option<Vec<u8>>) {
        let path: PathBuf = self.root.join(file);
        self.paths.push(if self.folder == "." { file.to_owned() } else { format!("{}/{file}", self.folder) });
        self.planned += contents.as_ref().map_or(0, Vec::len);
        self.changes.push(Change { path, was, new: contents });
    }

    /// Plans a secret: its record and its sealed value.
    pub fn put_secret(&mut self, was: Pair, record: &Record, sealed: Vec<u8>) {
        let name = &record.sealed.name;
        self.put(&self.in_store(name, SEALED_ENDING), was.sealed, Some(sealed));
        self.sealed.push((name.clone(), self.changes.len()));
        self.put_record(was, record);
    }

    /// Plans a record by itself: the value stays as it is.
    pub fn put_record(&mut self, was: Pair, record: &Record) {
        let file = self.in_store(&record.sealed.name, RECORD_ENDING);
        self.put(&file, was.record, Some(record_file::print(record)));
    }

    /// Has the records of secrets that are sealed anew changed before they are written, as `wanted` chooses them. They
    /// are read from what would be written, so that nothing else is signed.
    pub fn amend_sealed<E: From<RecordError>>(
        &mut self,
        wanted: impl Fn(&SecretName) -> bool,
        amend: impl FnOnce(&mut [Record]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut places = Vec::new();
        let mut records = Vec::new();
        for (name, place) in self.sealed.iter().filter(|(name, _)| wanted(name)) {
            let planned = self.changes.get(*place).and_then(|change| change.new.as_deref());
            records.push(record_file::parse(planned.unwrap_or_default(), name.as_str())?);
            places.push(*place);
        }
        if records.is_empty() {
            return Ok(());
        }
        amend(&mut records)?;
        for (place, record) in places.into_iter().zip(records) {
            if let Some(change) = self.changes.get_mut(place) {
                change.new = Some(record_file::print(&record));
            }
        }
        Ok(())
    }

    /// Whether another value of so many bytes, with its record, still fits into one change.
    pub fn has_room_for(&self, bytes: usize) -> bool {
        (self.planned + bytes) as u64 + 2 * MAX_RECORD_BYTES <= MAX_CHANGE_BYTES
    }

    /// Plans the removal of a secret.
    pub fn remove_secret(&mut self, was: Pair, name: &SecretName) {
        self.put(&self.in_store(name, SEALED_ENDING), was.sealed, None);
        self.put(&self.in_store(name, RECORD_ENDING), was.record, None);
    }

    /// The path of a secret's file below the root.
    fn in_store(&self, name: &SecretName, ending: &str) -> String {
        match self.store_folder {
            "." => format!("{name}{ending}"),
            folder => format!("{folder}/{name}{ending}"),
        }
    }

    pub fn is_idle(&self) -> bool {
        self.changes.is_empty()
    }

    /// What is planned, by path from the root of the repository.
    pub fn planned(&self) -> impl Iterator<Item = (&str, Option<&[u8]>)> {
        self.paths.iter().map(String::as_str).zip(self.changes.iter().map(|change| change.new.as_deref()))
    }

    /// An error where a file that would be written is hidden by an ignore rule: it would never be committed.
    pub fn refuse_ignored(&self) -> Result<(), WriteError> {
        let present: Vec<String> = self
            .changes
            .iter()
            .zip(&self.paths)
            .filter(|(change, _)| change.new.is_some())
            .map(|(_, path)| path.clone())
            .collect();
        // Files that git knows already are committed in spite of any ignore rule; only new ones would be lost.
        let ignored = self.repository.ignored_by(&present)?;
        if ignored.is_empty() {
            return Ok(());
        }
        let head = self.repository.head()?;
        let tree = head.map(|head| self.repository.snapshot(head, self.folder)).transpose()?;
        for (path, rule) in ignored {
            if tree.as_ref().is_none_or(|tree| tree.get(&path).is_none()) {
                return Err(WriteError::Ignored { path, rule });
            }
        }
        Ok(())
    }

    /// Journals and writes what was planned; answers with the paths, relative to the root of the repository. The
    /// lock is kept until the answer is dropped, so that the commit that follows is of just these bytes.
    pub fn write(self, then: Then) -> Result<Written, WriteError> {
        if then == Then::Commit
            && let Some(operation) = self.repository.unfinished_operation()
        {
            return Err(WriteError::Unfinished(operation));
        }
        self.refuse_ignored()?;
        let journal = if self.folder == "." {
            Journal::of_repository(&self.lock, self.root)
        } else {
            Journal::new(&self.lock, self.root)
        };
        journal.apply(self.changes)?;
        Ok(Written { paths: self.paths, _lock: self.lock })
    }
}

/// What was written, and the lock.
pub struct Written {
    /// Relative to the root of the repository.
    pub paths: Vec<String>,
    _lock: Lock,
}
