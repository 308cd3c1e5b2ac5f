//! The names that git gives to blobs and commits.

use std::fmt;

use git2::{ObjectType, Oid};

/// The largest blob that is read, in bytes: twice the largest value.
pub const MAX_BLOB_BYTES: usize = 32 * 1024 * 1024;

/// The id that git gives to the contents of a file: SHA-1 over a header and the raw bytes, no filter applied.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobId(pub(super) Oid);

impl BlobId {
    /// Reads 40 hexadecimal digits; the null id is none.
    pub(super) fn parse(hex: &str) -> Option<Self> {
        (hex.len() == 40).then(|| Oid::from_str(hex).ok()).flatten().filter(|id| !id.is_zero()).map(Self)
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The id that a file of these bytes has in git. libgit2's SHA-1 notices bytes made for a collision; those get
/// the null id, which no object bears, so that they count as different from whatever is committed.
pub fn blob_id(bytes: &[u8]) -> BlobId {
    BlobId(Oid::hash_object(ObjectType::Blob, bytes).unwrap_or(Oid::ZERO_SHA1))
}

/// A commit, by its id; or the tree of one that is not made yet.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Commit(pub(super) Oid);

impl Commit {
    /// Reads 40 hexadecimal digits.
    pub(super) fn parse(hex: &str) -> Option<Self> {
        (hex.len() == 40).then(|| Oid::from_str(hex).ok()).flatten().map(Self)
    }

    /// The first twelve digits, for people.
    pub fn short(&self) -> String {
        self.to_string().chars().take(12).collect()
    }
}

impl fmt::Display for Commit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Commit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_of_git() {
        assert_eq!(blob_id(b"").to_string(), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
        assert_eq!(blob_id(b"hello\n").to_string(), "ce013625030ba8dba906f756967f9e9ca394464a");
        assert_ne!(blob_id(b"a\r\n"), blob_id(b"a\n"));
    }
}
