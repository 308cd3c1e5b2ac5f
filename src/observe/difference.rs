//! How what lies in the work tree differs from `HEAD`, and what a sparse checkout leaves out of it.

use std::collections::BTreeMap;

use super::BLOBS_AT_ONCE;
use crate::domain::facts::Difference;
use crate::domain::finding::{Known, Unknown};
use crate::git::{self, Entry, EntryKind, Repository, Snapshot};

/// How bytes in the work tree differ from what `HEAD` has at their path.
pub(super) fn difference_of(
    bytes: Option<&[u8]>,
    head: Option<&Entry>,
    ignored: &Known<BTreeMap<String, String>>,
    path: &str,
) -> Known<Option<Difference>> {
    Ok(match (bytes, head) {
        (None, None) => None,
        (None, Some(_)) => Some(Difference::Deleted),
        (Some(bytes), Some(entry)) => {
            let regular = matches!(entry.kind, EntryKind::File | EntryKind::Executable);
            if regular && git::blob_id(bytes) == entry.id {
                None
            } else if regular && with_lf(bytes).is_some_and(|bytes| git::blob_id(&bytes) == entry.id) {
                Some(Difference::LineEnds)
            } else {
                Some(Difference::Modified)
            }
        }
        (Some(_), None) => {
            let ignored = ignored.as_ref().map_err(Clone::clone)?;
            Some(Difference::NotInHead { ignored_by: ignored.get(path).cloned() })
        }
    })
}

/// The bytes with LF for every CRLF; `None` where there is none.
fn with_lf(bytes: &[u8]) -> Option<Vec<u8>> {
    let ends_line = |at: usize| bytes.get(at) == Some(&b'\r') && bytes.get(at + 1) == Some(&b'\n');
    let kept: Vec<u8> =
        bytes.iter().enumerate().filter(|(at, _)| !ends_line(*at)).map(|(_, byte)| *byte).collect();
    (kept.len() < bytes.len()).then_some(kept)
}

/// What of these paths lies outside a sparse checkout, as `HEAD` has it.
pub(super) fn from_head<'p>(
    repository: &Repository,
    head: &Snapshot,
    paths: impl Iterator<Item = &'p String>,
) -> BTreeMap<String, Known<Vec<u8>>> {
    // Where the index can't be read nothing is taken for sparse, and the files are reported as deleted.
    let Ok(outside) = repository.outside_sparse_checkout(paths) else { return BTreeMap::new() };
    let mut found = BTreeMap::new();
    let mut wanted = Vec::new();
    for path in &outside {
        match head.get(path) {
            Some(Entry { id, kind: EntryKind::File | EntryKind::Executable }) => wanted.push((path, *id)),
            Some(_) => {
                found.insert(path.clone(), Err(Unknown::new(path, "is not a regular file in HEAD")));
            }
            None => {}
        }
    }
    for part in wanted.chunks(BLOBS_AT_ONCE) {
        let ids: Vec<git::BlobId> = part.iter().map(|(_, id)| *id).collect();
        match repository.blobs(&ids) {
            Ok(blobs) => {
                found.extend(part.iter().zip(blobs).map(|((path, _), bytes)| ((*path).clone(), Ok(bytes))));
            }
            Err(error) => {
                let unknown = |path: &String| Err(Unknown::new(path.clone(), error.to_string()));
                found.extend(part.iter().map(|(path, _)| ((*path).clone(), unknown(path))));
            }
        }
    }
    found
}
