//! The commit at a remote's branch, and what is in it.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use super::commit_words::CommitWords;
use super::error::GitError;
use super::ids::{BlobId, Commit};
use super::objects::Objects;
use super::snapshot::{EntryKind, Snapshot};
use crate::domain::reach::Reach;

/// The largest commit whose words are read, in bytes.
const MAX_COMMIT_BYTES: usize = 1024 * 1024;

/// The commit at a remote's branch, with everything of it within reach.
#[derive(Clone)]
pub struct RemoteTip {
    pub(super) commit: Commit,
    pub(super) objects: Arc<Objects>,
    /// The repository of our own that it is read from, where the user's does not have it.
    pub(super) place: Option<PathBuf>,
}

impl RemoteTip {
    pub fn commit(&self) -> Commit {
        self.commit
    }

    /// The files below a folder (relative to the root, with `/`), as the remote has them.
    pub fn snapshot(&self, folder: &str) -> Result<Snapshot, GitError> {
        self.mending(Snapshot::read(&self.objects, self.commit, folder))
    }

    /// The same, without what lies beyond a reach (relative to the folder).
    pub fn snapshot_within(&self, folder: &str, reach: &Reach) -> Result<Snapshot, GitError> {
        self.mending(Snapshot::read_within(&self.objects, self.commit, folder, reach))
    }

    /// What the commit says of itself; at most [`MAX_COMMIT_BYTES`] of it.
    pub fn told(&self) -> Result<CommitWords, GitError> {
        let bytes = self.mending(self.objects.commit_within(self.commit, MAX_COMMIT_BYTES))?;
        Ok(CommitWords::read(&bytes))
    }

    /// Whether it is read from the user's own repository.
    pub fn is_here(&self) -> bool {
        self.place.is_none()
    }

    /// One file of the commit (relative to the root, with `/`), if it is there; of at most `most` bytes.
    pub fn file(&self, path: &str, most: usize) -> Result<Option<Vec<u8>>, GitError> {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let snapshot = self.snapshot(folder)?;
        let Some(entry) = snapshot.get(path) else { return Ok(None) };
        if !matches!(entry.kind, EntryKind::File | EntryKind::Executable) {
            return Err(GitError::NotAFile { file: path.to_owned(), commit: self.commit.to_string() });
        }
        self.mending(self.objects.blob_within(entry.id, most)).map(Some)
    }

    /// Like [`Repository::blobs`], for blobs of this commit.
    pub fn blobs(&self, ids: &[BlobId]) -> Result<Vec<Vec<u8>>, GitError> {
        self.mending(self.objects.blobs(ids))
    }

    /// Throws our own repository away when it turns out to be damaged, so that the next one to ask makes it anew.
    fn mending<T>(&self, result: Result<T, GitError>) -> Result<T, GitError> {
        if let (Err(GitError::Object { .. }), Some(place)) = (&result, &self.place) {
            fs::remove_dir_all(place).ok();
        }
        result
    }
}
