//! Files as another commit has them, for `check --against`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use crate::domain::finding::{Known, Unknown};
use crate::domain::foreign::{Contents, SealedFormat};
use crate::domain::tracked_facts::FileFacts;
use crate::git::{BlobId, Commit, Entry, EntryKind, GitError, Repository, Snapshot};

pub(super) struct AtCommit<'a> {
    repository: &'a Repository,
    commit: Commit,
    tree: Snapshot,
    /// What the work tree is held against.
    head: Option<&'a Snapshot>,
    /// The regular files, by what they hold; of several with the same bytes the first.
    by_blob: OnceLock<BTreeMap<BlobId, String>>,
}

impl<'a> AtCommit<'a> {
    pub fn observe(repository: &'a Repository, commit: Commit, head: Option<&'a Snapshot>) -> Known<Self> {
        let tree = repository.snapshot(commit, "");
        let tree = tree.map_err(|error| Unknown::new(commit.short(), error.to_string()))?;
        Ok(Self { repository, commit, tree, head, by_blob: OnceLock::new() })
    }

    pub fn tree(&self) -> &Snapshot {
        &self.tree
    }

    /// Has a partial clone fetch what it lacks of these files, over one connection.
    pub fn bring_here(&self, paths: &BTreeSet<String>) -> Known<()> {
        let to_read = paths.iter().filter(|path| !self.has_as_in_head(path));
        let ids: Vec<BlobId> = to_read
            .filter_map(|path| self.tree.get(path))
            .filter(|entry| is_file(entry))
            .map(|entry| entry.id)
            .collect();
        self.repository.bring_here(&ids).map_err(|error| Unknown::new(self.commit.short(), error.to_string()))
    }

    /// `None`: there is no such file.
    pub fn bytes(&self, path: &str) -> Known<Option<Vec<u8>>> {
        let Some(entry) = self.tree.get(path) else { return Ok(None) };
        let unknown = |why: String| Unknown::new(self.shown(path), why);
        if !is_file(entry) {
            return Err(unknown("is not a regular file".to_owned()));
        }
        let blobs =
            self.repository.blobs(&[entry.id]).map_err(|error: GitError| unknown(error.to_string()))?;
        Ok(blobs.into_iter().next())
    }

    /// How a file is called where it can't be read.
    pub fn shown(&self, path: &str) -> String {
        format!("{path} in {}", self.commit.short())
    }

    pub fn has_as_in_head(&self, path: &str) -> bool {
        let here = self.head.and_then(|head| head.get(path));
        here.is_some_and(|here| is_file(here) && Some(here) == self.tree.get(path))
    }

    /// Whether the file that was observed in the work tree has just the bytes that it has here. Who can open what
    /// git-crypt sealed stands elsewhere.
    pub fn is_the_same(&self, here: &FileFacts) -> bool {
        let is_git_crypt = matches!(
            &here.contents,
            Ok(Some(Contents::Sealed(file))) if file.format == SealedFormat::GitCrypt
        );
        !is_git_crypt
            && self.has_as_in_head(here.name.file())
            && here.uncommitted.as_deref().is_ok_and(<[_]>::is_empty)
    }

    /// The file that `HEAD` has under another, new name.
    pub fn moved_from(&self, path: &str) -> Option<&str> {
        if self.tree.get(path).is_some() {
            return None;
        }
        let entry = self.head?.get(path)?;
        let by_blob = self.by_blob.get_or_init(|| {
            let files = self.tree.entries().iter().rev().filter(|(_, entry)| is_file(entry));
            files.map(|(path, entry)| (entry.id, path.clone())).collect()
        });
        by_blob.get(&entry.id).map(String::as_str)
    }
}

fn is_file(entry: &Entry) -> bool {
    matches!(entry.kind, EntryKind::File | EntryKind::Executable)
}
