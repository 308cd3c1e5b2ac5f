//! Commits, trees and blobs, read straight from the object database.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use git2::{ErrorCode, ObjectType, Odb, Oid};

use super::error::GitError;
use super::ids::{BlobId, Commit, MAX_BLOB_BYTES};
use super::missing;
use super::program::Git;
use crate::system::files;

/// How far alternates may borrow from alternates; git's own bound.
const MAX_ALTERNATE_DEPTH: usize = 5;

/// An object database and the git that can fetch what a partial clone left out of it.
pub struct Objects {
    /// Opened by itself, not through a repository: so it can be shared between threads, and extensions that
    /// libgit2 does not know but that leave objects as they are (`partialClone`) are no obstacle.
    odb: Odb<'static>,
    path: PathBuf,
    git: Git,
}

impl Objects {
    /// Opens the database in the folder `objects` of a git dir, with what it borrows from others.
    pub(super) fn open(git_dir: &Path, git: Git) -> Result<Self, GitError> {
        let path = git_dir.join("objects");
        let odb = Odb::new().and_then(|odb| add_with_alternates(&odb, &path, 0).map(|()| odb));
        let odb = odb.map_err(|error| GitError::Unreadable {
            path: git_dir.to_owned(),
            why: error.message().to_owned(),
        })?;
        Ok(Self { odb, path: git_dir.to_owned(), git })
    }

    /// The same database, opened once more: libgit2 keeps what was read, and only this makes it let go.
    pub(super) fn opened_again(&self) -> Result<Self, GitError> {
        Self::open(&self.path, self.git.clone())
    }

    /// Has a partial clone fetch what of these it lacks, over one connection. That it fails is no error here: reading
    /// them says so better.
    pub(super) fn bring_here(&self, ids: &[BlobId]) -> Result<(), GitError> {
        let lacking: Vec<Oid> = ids.iter().map(|id| id.0).filter(|id| !self.odb.exists(*id)).collect();
        if lacking.is_empty() { Ok(()) } else { missing::bring_here(&self.git, &lacking) }
    }

    /// Whether the commit and its root tree are here, without fetching anything.
    pub(super) fn has(&self, commit: Commit) -> bool {
        matches!(self.local(commit.0, ObjectType::Commit), Ok(Some(bytes))
            if tree_of(&bytes).is_some_and(|tree| self.odb.exists(tree)))
    }

    /// The id of a commit's root tree. A tree is its own: that of a commit which is not made yet.
    pub(super) fn root_tree(&self, commit: Commit) -> Result<Oid, GitError> {
        if matches!(self.odb.read_header(commit.0), Ok((_, ObjectType::Tree))) {
            return Ok(commit.0);
        }
        let bytes = self.object(commit.0, ObjectType::Commit)?;
        tree_of(&bytes).ok_or_else(|| self.damaged(commit.0, "it is no well-formed commit"))
    }

    /// The entries of one tree, in the order in which git keeps them.
    pub(super) fn tree(&self, id: Oid) -> Result<Vec<TreeEntry>, GitError> {
        let bytes = self.object(id, ObjectType::Tree)?;
        parse_tree(&bytes).ok_or_else(|| self.damaged(id, "it is no well-formed tree"))
    }

    /// The contents of blobs, in the order asked for. What a partial clone lacks is fetched in one go. All are
    /// held in memory at once: ask for some hundred at a time.
    pub(super) fn blobs(&self, ids: &[BlobId]) -> Result<Vec<Vec<u8>>, GitError> {
        let here: Vec<_> =
            ids.iter().map(|id| self.local(id.0, ObjectType::Blob)).collect::<Result<_, _>>()?;
        let lacking: Vec<_> =
            ids.iter().zip(&here).filter(|(_, bytes)| bytes.is_none()).map(|(id, _)| id.0).collect();
        let mut fetched = self.fetch(&lacking, ObjectType::Blob)?;
        (ids.iter().zip(here))
            .map(|(id, bytes)| {
                // An id that is asked for twice is in `fetched` once.
                bytes
                    .or_else(|| fetched.get_mut(&id.0).cloned())
                    .ok_or_else(|| self.damaged(id.0, "git did not give it"))
            })
            .collect()
    }

    /// The contents of one blob, within a bound of the caller's.
    pub(super) fn blob_within(&self, id: BlobId, most: usize) -> Result<Vec<u8>, GitError> {
        match self.local_within(id.0, ObjectType::Blob, most)? {
            Some(bytes) => Ok(bytes),
            None => self.object(id.0, ObjectType::Blob),
        }
    }

    /// The bytes of a commit, within a bound of the caller's.
    pub(super) fn commit_within(&self, commit: Commit, most: usize) -> Result<Vec<u8>, GitError> {
        match self.local_within(commit.0, ObjectType::Commit, most)? {
            Some(bytes) => Ok(bytes),
            None => Err(self.damaged(commit.0, "it is not there")),
        }
    }

    fn object(&self, id: Oid, kind: ObjectType) -> Result<Vec<u8>, GitError> {
        if let Some(bytes) = self.local(id, kind)? {
            return Ok(bytes);
        }
        self.fetch(&[id], kind)?.remove(&id).ok_or_else(|| self.damaged(id, "git did not give it"))
    }

    fn fetch(&self, ids: &[Oid], kind: ObjectType) -> Result<BTreeMap<Oid, Vec<u8>>, GitError> {
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        missing::fetch(&self.git, ids, kind).map_err(|error| match error {
            missing::Failure::Object { id, why } => self.damaged(id, &why),
            missing::Failure::TooLarge(id) => GitError::TooLarge { id: BlobId(id), most: MAX_BLOB_BYTES },
            missing::Failure::Git(error) => error,
        })
    }

    /// Reads an object if it is here, within bounds; libgit2 checks that the bytes have that id.
    pub(super) fn local(&self, id: Oid, kind: ObjectType) -> Result<Option<Vec<u8>>, GitError> {
        self.local_within(id, kind, MAX_BLOB_BYTES)
    }

    fn local_within(&self, id: Oid, kind: ObjectType, most: usize) -> Result<Option<Vec<u8>>, GitError> {
        let read = || {
            let (length, found) = self.odb.read_header(id)?;
            if length > most || found != kind {
                return Ok((length, found, Vec::new()));
            }
            Ok((length, found, self.odb.read(id)?.data().to_vec()))
        };
        match read() {
            Ok((_, found, _)) if found != kind => {
                Err(self.damaged(id, &format!("it is a {found}, no {kind}")))
            }
            Ok((length, ..)) if length > most => Err(GitError::TooLarge { id: BlobId(id), most }),
            Ok((.., bytes)) => Ok(Some(bytes)),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err::<_, git2::Error>(error) => Err(self.damaged(id, error.message())),
        }
    }

    pub(super) fn damaged(&self, id: Oid, why: &str) -> GitError {
        GitError::Object { path: self.path.clone(), id: id.to_string(), why: why.to_owned() }
    }
}

fn add_with_alternates(odb: &Odb<'_>, objects: &Path, depth: usize) -> Result<(), git2::Error> {
    // What is under a path that is no UTF-8 is left to the git program, as if a partial clone lacked it.
    let Some(text) = objects.to_str() else { return Ok(()) };
    odb.add_disk_alternate(text)?;
    if depth >= MAX_ALTERNATE_DEPTH {
        return Ok(());
    }
    let list = files::read_following_links(&objects.join("info/alternates"), 1024 * 1024).unwrap_or_default();
    for line in String::from_utf8_lossy(&list).lines() {
        if !line.is_empty() && !line.starts_with(['#', '"']) {
            add_with_alternates(odb, &objects.join(line), depth + 1)?;
        }
    }
    Ok(())
}

/// One line of a tree.
pub(super) struct TreeEntry {
    pub(super) mode: u32,
    pub(super) name: Vec<u8>,
    pub(super) id: Oid,
}

fn tree_of(commit: &[u8]) -> Option<Oid> {
    let line = commit.strip_prefix(b"tree ")?.split(|byte| *byte == b'\n').next()?;
    Commit::parse(std::str::from_utf8(line).ok()?).map(|id| id.0)
}

/// A line of a tree, borrowed from its bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TreeLine<'a> {
    pub mode: u32,
    pub name: &'a [u8],
    pub id: Oid,
}

/// Reads `MODE SP NAME NUL ID`; answers with what comes behind it. Names that could lead out of the folder are
/// malformed.
pub(super) fn tree_line(bytes: &[u8]) -> Option<(TreeLine<'_>, &[u8])> {
    let space = bytes.iter().position(|byte| *byte == b' ')?;
    let (mode, rest) = bytes.split_at(space);
    let mode = u32::from_str_radix(std::str::from_utf8(mode).ok()?, 8).ok()?;
    let rest = rest.get(1..)?;
    let end = rest.iter().position(|byte| *byte == 0)?;
    let (name, rest) = rest.split_at(end);
    if name.is_empty() || name == b"." || name == b".." || name.contains(&b'/') {
        return None;
    }
    let id = Oid::from_bytes(rest.get(1..21)?).ok()?;
    Some((TreeLine { mode, name, id }, rest.get(21..)?))
}

fn parse_tree(mut bytes: &[u8]) -> Option<Vec<TreeEntry>> {
    let mut entries = Vec::new();
    while !bytes.is_empty() {
        let (line, rest) = tree_line(bytes)?;
        entries.push(TreeEntry { mode: line.mode, name: line.name.to_owned(), id: line.id });
        bytes = rest;
    }
    Some(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_trees_are_refused() {
        let entry = |name: &[u8]| [b"100644 ", name, b"\0", &[1; 20]].concat();
        let two = [entry(b"a"), entry(b"b")].concat();
        assert_eq!(parse_tree(&two).unwrap().len(), 2);
        assert!(parse_tree(b"").unwrap().is_empty());
        for cut in 1..two.len() {
            assert!(cut == entry(b"a").len() || parse_tree(&two[..cut]).is_none(), "{cut}");
        }
        for name in [&b""[..], b".", b"..", b"a/b"] {
            assert!(parse_tree(&entry(name)).is_none());
        }
        assert!(tree_of(b"tree 123\n").is_none());
        assert!(tree_of(b"").is_none());
    }
}
