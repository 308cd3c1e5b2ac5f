//! The files below one folder in one commit.

use std::collections::BTreeMap;

use git2::Oid;

use super::error::GitError;
use super::ids::{BlobId, Commit};
use super::objects::Objects;
use crate::domain::reach::Reach;
use crate::system::walk::shown_name;

/// The most files that a snapshot may hold. A tree can name itself a million times over in a few bytes.
const MAX_FILES: usize = 1_000_000;

/// What stands at one path of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Of a submodule, the commit that it stands at.
    pub id: BlobId,
    pub kind: EntryKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    File,
    Executable,
    SymbolicLink,
    Submodule,
}

/// The id of a folder's tree: two folders with the same one hold the same names, modes and bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FolderId(Oid);

/// The files below one folder in one commit. Plain data: the repository is not asked again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    folder_id: Option<FolderId>,
    entries: BTreeMap<String, Entry>,
}

impl Snapshot {
    /// `None` where the commit has no such folder.
    pub fn folder_id(&self) -> Option<FolderId> {
        self.folder_id
    }

    /// By path relative to the root of the repository, with `/`. A name that is no UTF-8 is shown with its odd
    /// bytes as `\xNN`, so that it stays distinct and equals no name of a secret.
    pub fn entries(&self) -> &BTreeMap<String, Entry> {
        &self.entries
    }

    pub fn get(&self, path: &str) -> Option<&Entry> {
        self.entries.get(path)
    }

    pub(super) fn empty() -> Self {
        Self { folder_id: None, entries: BTreeMap::new() }
    }

    /// Reads the files below `folder`, relative to the root of the repository; an empty one is the root itself.
    pub(super) fn read(objects: &Objects, commit: Commit, folder: &str) -> Result<Self, GitError> {
        Self::read_within(objects, commit, folder, &Reach::ALL)
    }

    /// The same, leaving out the folders that lie beyond a reach, which is relative to `folder`.
    pub(super) fn read_within(
        objects: &Objects,
        commit: Commit,
        folder: &str,
        reach: &Reach,
    ) -> Result<Self, GitError> {
        let parts = || folder.split('/').filter(|part| !part.is_empty() && *part != ".");
        let mut tree = objects.root_tree(commit)?;
        for part in parts() {
            let entries = objects.tree(tree)?;
            match entries.iter().find(|entry| entry.name == part.as_bytes()) {
                Some(entry) if is_folder(entry.mode) => tree = entry.id,
                _ => return Ok(Self::empty()),
            }
        }
        let prefix: String = parts().flat_map(|part| [part, "/"]).collect();
        let beyond = prefix.len();
        let mut entries = BTreeMap::new();
        let mut folders = vec![(prefix, tree)];
        let mut seen = 0_usize;
        while let Some((prefix, id)) = folders.pop() {
            for entry in objects.tree(id)? {
                seen += 1;
                if seen > MAX_FILES {
                    let (folder, commit) = (folder.to_owned(), commit.to_string());
                    return Err(GitError::TooManyFiles { folder, commit, most: MAX_FILES });
                }
                let path = format!("{prefix}{}", shown_name(&entry.name));
                if is_folder(entry.mode) {
                    if path.get(beyond..).is_some_and(|path| reach.leads_through(path.as_bytes())) {
                        folders.push((path + "/", entry.id));
                    }
                } else {
                    entries.insert(path, Entry { id: BlobId(entry.id), kind: kind(entry.mode) });
                }
            }
        }
        Ok(Self { folder_id: Some(FolderId(tree)), entries })
    }
}

/// What stands at one path of a commit; nothing beside its own folders is read.
pub(super) fn entry(objects: &Objects, commit: Commit, path: &str) -> Result<Option<Entry>, GitError> {
    let mut tree = objects.root_tree(commit)?;
    let mut parts = path.split('/').peekable();
    while let Some(part) = parts.next() {
        let entries = objects.tree(tree)?;
        let Some(found) = entries.iter().find(|entry| entry.name == part.as_bytes()) else { return Ok(None) };
        match (parts.peek(), is_folder(found.mode)) {
            (Some(_), true) => tree = found.id,
            (None, false) => return Ok(Some(Entry { id: BlobId(found.id), kind: kind(found.mode) })),
            (Some(_), false) | (None, true) => return Ok(None),
        }
    }
    Ok(None)
}

const KIND: u32 = 0o170_000;

pub(super) fn is_folder(mode: u32) -> bool {
    mode & KIND == 0o040_000
}

pub(super) fn kind(mode: u32) -> EntryKind {
    match mode & KIND {
        0o120_000 => EntryKind::SymbolicLink,
        0o160_000 => EntryKind::Submodule,
        _ if mode & 0o111 != 0 => EntryKind::Executable,
        _ => EntryKind::File,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_plain_data<T: Send + Sync + Clone>() {}

    #[test]
    fn modes_and_names() {
        is_plain_data::<Snapshot>();
        assert_eq!(kind(0o100_644), EntryKind::File);
        assert_eq!(kind(0o100_755), EntryKind::Executable);
        assert_eq!(kind(0o120_000), EntryKind::SymbolicLink);
        assert_eq!(kind(0o160_000), EntryKind::Submodule);
        assert!(is_folder(0o040_000) && !is_folder(0o160_000));
        assert_eq!(shown_name("grün".as_bytes()), "grün");
        assert_eq!(shown_name(b"a\xffb"), r"a\xFFb");
    }
}
