//! How files stand in the work tree, and how that differs from `HEAD`. The bytes decide, not what the index thinks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use crate::domain::facts::{Difference, Overlooked, Uncommitted};
use crate::domain::finding::{Known, Unknown};
use crate::domain::foreign::{Contents, SealedFormat};
use crate::git::{EntryKind, GitError, Repository, Snapshot};
use crate::observe::difference::{difference_of, from_head};
use crate::system::files;

pub(super) struct Standings<'a> {
    repository: &'a Repository,
    head: Option<Snapshot>,
    /// Paths that are in no commit, with the rule that hides them from git's own status.
    ignored: Known<BTreeMap<String, String>>,
    /// What lies outside a sparse checkout, as `HEAD` has it.
    from_head: BTreeMap<String, Known<Vec<u8>>>,
    overlooked: OnceLock<BTreeMap<String, Overlooked>>,
}

/// One file in the work tree.
pub(super) struct Standing {
    /// `None`: there is no such file.
    pub bytes: Known<Option<Vec<u8>>>,
    pub difference: Known<Option<Difference>>,
}

/// A file that git-crypt keeps open in the work tree, as it is committed.
pub(super) struct Locked {
    pub contents: Contents,
    pub difference: Option<Difference>,
}

impl<'a> Standings<'a> {
    pub fn observe(repository: &'a Repository, head: Option<Snapshot>, paths: &BTreeSet<String>) -> Self {
        let absent = paths.iter().filter(|path| head.as_ref().is_none_or(|head| head.get(path).is_none()));
        let absent: Vec<&String> = absent.collect();
        let ignored = if absent.is_empty() {
            Ok(BTreeMap::new())
        } else {
            let rules = repository.ignored_by(absent);
            rules.map_err(|error| Unknown::new("git check-ignore", error.to_string()))
        };
        let in_head = paths.iter().filter(|path| head.as_ref().is_some_and(|head| head.get(path).is_some()));
        let from_head = head.as_ref().map(|head| from_head(repository, head, in_head)).unwrap_or_default();
        Self { repository, head, ignored, from_head, overlooked: OnceLock::new() }
    }

    pub fn head(&self) -> Option<&Snapshot> {
        self.head.as_ref()
    }

    pub fn of(&self, path: &str, most: u64) -> Standing {
        if let Some(bytes) = self.from_head.get(path) {
            return Standing { bytes: bytes.clone().map(Some), difference: Ok(None) };
        }
        let root = self.repository.root();
        let read = files::read_below(root, &root.join(path), most);
        let bytes = read.map_err(|error| Unknown::new(path, error.reason()));
        let difference = match &bytes {
            Err(unknown) => Err(unknown.clone()),
            Ok(bytes) => {
                let entry = self.head.as_ref().and_then(|head| head.get(path));
                difference_of(bytes.as_deref(), entry, &self.ignored, path)
            }
        };
        Standing { bytes, difference }
    }

    pub fn uncommitted(&self, path: &str, how: Option<Difference>) -> Option<Uncommitted> {
        let overlooked = || {
            self.overlooked.get_or_init(|| {
                // It only makes the remedy longer: a damaged index is told of where it matters.
                self.repository.overlooked_below("").unwrap_or_default()
            })
        };
        how.map(|how| {
            let overlooked = overlooked().get(path).copied().unwrap_or_default();
            Uncommitted { path: path.to_owned(), how, overlooked }
        })
    }

    /// What `HEAD` has of a file that is plain in the work tree, where git-crypt sealed it there. Unlocked, the work tree
    /// holds other bytes than `HEAD` by design, so git's own filter says whether they differ.
    pub fn locked_by_git_crypt(&self, repository: &Repository, path: &str) -> Option<Known<Locked>> {
        let entry = self.head.as_ref()?.get(path)?;
        if !matches!(entry.kind, EntryKind::File | EntryKind::Executable) {
            return None;
        }
        let bytes = match one(repository.blobs(&[entry.id])) {
            Ok(bytes) => bytes,
            Err(unknown) => return Some(Err(unknown)),
        };
        let contents = super::contents(&bytes);
        if !matches!(&contents, Contents::Sealed(file) if file.format == SealedFormat::GitCrypt) {
            return None;
        }
        let filtered = repository.filtered_id(path);
        Some(match filtered {
            Ok(id) => {
                let difference = (id != entry.id).then_some(Difference::Modified);
                Ok(Locked { contents, difference })
            }
            Err(error) => Err(Unknown::new(path, format!("git-crypt keeps it open here: {error}"))),
        })
    }
}

pub(super) fn one(blobs: Result<Vec<Vec<u8>>, GitError>) -> Known<Vec<u8>> {
    let blobs = blobs.map_err(|error| Unknown::new("git", error.to_string()))?;
    blobs.into_iter().next().ok_or_else(|| Unknown::new("git", "gave no answer"))
}
