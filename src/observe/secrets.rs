//! Everything that can be observed of the secrets, without an identity.

use std::collections::{BTreeMap, BTreeSet};

use super::MAX_SEALED_BYTES;
use super::deploy::Comparison;
use super::place::Place;
use super::trees::{DeployTree, Trees, listing_of};
use crate::domain::facts::{Difference, SealedFile, SecretFacts, Uncommitted};
use crate::domain::finding::{Known, Unknown};
use crate::domain::name::SecretName;
use crate::domain::record::Record;
use crate::git::{self, EntryKind, Snapshot};
use crate::seal::{binding, header};
use crate::store::classify::Listing;
use crate::store::layout::{ATTRIBUTES, POLICY};
use crate::store::record_file::{self, MAX_RECORD_BYTES, RecordError};
use crate::system::files;

/// The store as it stands in work tree, `HEAD` and deploy ref, ready to be asked about each secret.
pub struct Observation<'a> {
    pub place: &'a Place,
    pub trees: Trees,
    pub listing: Listing,
    /// Of work tree, `HEAD` and deploy ref together, ascending.
    pub names: Vec<SecretName>,
    pub comparison: Known<Comparison>,
    /// Paths that are in no commit, with the rule that hides them from git's own status.
    pub(super) ignored: Known<BTreeMap<String, String>>,
    /// What lies outside a sparse checkout, as `HEAD` has it.
    pub(super) from_head: BTreeMap<String, Known<Vec<u8>>>,
}

/// One file of the store in the work tree.
pub(super) struct Standing {
    /// `None`: there is no such file.
    pub bytes: Known<Option<Vec<u8>>>,
    pub difference: Known<Option<Difference>>,
}

impl<'a> Observation<'a> {
    pub fn new(place: &'a Place, trees: Trees) -> Self {
        let listing = place.list();
        let mut names: Vec<SecretName> = listing.secrets.keys().cloned().collect();
        for tree in [head_snapshot(&trees), deploy_snapshot(&trees)].into_iter().flatten() {
            names.extend(listing_of(place, tree).secrets.into_keys());
        }
        names.sort();
        names.dedup();
        let comparison = Comparison::observe(place, &trees, &names);
        let ignored = ignored(place, &trees, &listing);
        let from_head = outside_sparse_checkout(place, &trees, &listing);
        Self { place, trees, listing, names, comparison, ignored, from_head }
    }

    pub fn secret(&self, name: &SecretName) -> SecretFacts {
        let record_path = self.place.record_path(name);
        let sealed_path = self.place.sealed_path(name);
        let present = self.listing.secrets.get(name).copied().unwrap_or_default();
        let record = self.standing(&record_path, present.record, MAX_RECORD_BYTES);
        let sealed = self.standing(&sealed_path, present.sealed, MAX_SEALED_BYTES);
        let uncommitted = uncommitted([(&record_path, record.difference), (&sealed_path, sealed.difference)]);
        let deployed = self.comparison.as_ref().map_err(Clone::clone).and_then(|c| c.of(name));
        let contents = Contents { record: record.bytes, sealed: sealed.bytes };
        secret_facts(self.place, name, contents, uncommitted, deployed)
    }

    /// One file as it stands in the work tree, and how that differs from `HEAD`. The bytes decide, not what the
    /// index thinks of them.
    pub(super) fn standing(&self, path: &str, present: bool, most: u64) -> Standing {
        if !present && let Some(bytes) = self.from_head.get(path) {
            return Standing { bytes: bytes.clone().map(Some), difference: Ok(None) };
        }
        let bytes = match self.place.below(path) {
            Some(file) if present => {
                let on_disk = self.place.store.root().join(file);
                files::read_if_present(&on_disk, most).map_err(|error| Unknown::new(path, error.to_string()))
            }
            _ => Ok(None),
        };
        let difference = match &bytes {
            Err(unknown) => Err(unknown.clone()),
            Ok(bytes) => self.difference(path, bytes.as_deref()),
        };
        Standing { bytes, difference }
    }

    fn difference(&self, path: &str, bytes: Option<&[u8]>) -> Known<Option<Difference>> {
        let head = self.trees.head_tree.as_ref().map_err(Clone::clone)?.as_ref();
        Ok(match (bytes, head.and_then(|head| head.get(path))) {
            (None, None) => None,
            (None, Some(_)) => Some(Difference::Deleted),
            (Some(bytes), Some(entry)) => {
                let regular = matches!(entry.kind, EntryKind::File | EntryKind::Executable);
                let same = regular && git::blob_id(bytes) == entry.id;
                (!same).then_some(Difference::Modified)
            }
            (Some(_), None) => {
                let ignored = self.ignored.as_ref().map_err(Clone::clone)?;
                Some(Difference::NotInHead { ignored_by: ignored.get(path).cloned() })
            }
        })
    }
}

/// The bytes of a secret's two files.
pub(super) struct Contents {
    pub record: Known<Option<Vec<u8>>>,
    pub sealed: Known<Option<Vec<u8>>>,
}

/// Puts the facts of one secret together, wherever its bytes come from.
pub(super) fn secret_facts(
    place: &Place,
    name: &SecretName,
    contents: Contents,
    uncommitted: Known<Vec<Uncommitted>>,
    deployed: Known<crate::domain::facts::Deployed>,
) -> SecretFacts {
    let record_path = place.record_path(name);
    let sealed_path = place.sealed_path(name);
    let mut plaintext = Vec::new();
    let record =
        contents.record.and_then(|bytes| read_record(bytes.as_deref(), &record_path, &mut plaintext));
    let sealed =
        contents.sealed.and_then(|bytes| read_sealed(bytes.as_deref(), &sealed_path, &mut plaintext));
    let binding_expected = match &record {
        Ok(Some(record)) => binding::digest(&record.sealed).ok(),
        Ok(None) | Err(_) => None,
    };
    SecretFacts {
        name: name.clone(),
        record_path,
        sealed_path,
        record,
        sealed,
        binding_expected,
        plaintext,
        uncommitted,
        deployed,
    }
}

fn read_record(bytes: Option<&[u8]>, path: &str, plaintext: &mut Vec<String>) -> Known<Option<Record>> {
    let Some(bytes) = bytes else { return Ok(None) };
    match record_file::parse(bytes, path) {
        Ok(record) => Ok(Some(record)),
        Err(RecordError::NotARecord { .. }) => {
            plaintext.push(path.to_owned());
            Ok(None)
        }
        Err(error) => Err(Unknown::new(path, error.to_string())),
    }
}

fn read_sealed(bytes: Option<&[u8]>, path: &str, plaintext: &mut Vec<String>) -> Known<Option<SealedFile>> {
    let Some(bytes) = bytes else { return Ok(None) };
    if !header::looks_like_age(bytes) {
        plaintext.push(path.to_owned());
        return Ok(None);
    }
    header::inspect(bytes).map(Some).map_err(|error| Unknown::new(path, error.to_string()))
}

pub(super) fn uncommitted<'p>(
    files: impl IntoIterator<Item = (&'p String, Known<Option<Difference>>)>,
) -> Known<Vec<Uncommitted>> {
    let mut differing = Vec::new();
    for (path, difference) in files {
        if let Some(how) = difference? {
            differing.push(Uncommitted { path: path.clone(), how });
        }
    }
    Ok(differing)
}

fn head_snapshot(trees: &Trees) -> Option<&Snapshot> {
    trees.head_tree.as_ref().ok()?.as_ref()
}

fn deploy_snapshot(trees: &Trees) -> Option<&Snapshot> {
    match &trees.deploy {
        Ok(DeployTree::Asked { tree, .. }) => Some(tree),
        Ok(DeployTree::NotJudged) | Err(_) => None,
    }
}

/// The files of the secrets that are in the work tree, relative to the root of the repository.
fn files_of<'l>(place: &'l Place, listing: &'l Listing) -> impl Iterator<Item = String> + 'l {
    listing.secrets.iter().flat_map(|(name, present)| {
        let record = present.record.then(|| place.record_path(name));
        let sealed = present.sealed.then(|| place.sealed_path(name));
        record.into_iter().chain(sealed)
    })
}

/// The rules of `.gitignore` that hide files which are in no commit.
fn ignored(place: &Place, trees: &Trees, listing: &Listing) -> Known<BTreeMap<String, String>> {
    if trees.head_tree.is_err() {
        return Ok(BTreeMap::new());
    }
    let head = head_snapshot(trees);
    let own = [place.path(POLICY), place.path(ATTRIBUTES)];
    let absent: Vec<String> = files_of(place, listing)
        .chain(own)
        .filter(|path| head.is_none_or(|head| head.get(path).is_none()))
        .collect();
    if absent.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rules = place.known_repository()?.ignored_by(&absent);
    rules.map_err(|error| Unknown::new("git check-ignore", error.to_string()))
}

/// How many blobs are read at once.
const BLOBS_AT_ONCE: usize = 256;

/// What `HEAD` has and the work tree lacks because it lies outside a sparse checkout.
fn outside_sparse_checkout(
    place: &Place,
    trees: &Trees,
    listing: &Listing,
) -> BTreeMap<String, Known<Vec<u8>>> {
    let (Some(head), Ok(repository)) = (head_snapshot(trees), place.known_repository()) else {
        return BTreeMap::new();
    };
    let here: BTreeSet<String> = files_of(place, listing).collect();
    let own = [place.path(POLICY), place.path(ATTRIBUTES)];
    let absent = head.entries().keys().filter(|path| !here.contains(*path) && !own.contains(path));
    // Where the index can't be read nothing is taken for sparse, and the files are reported as deleted.
    let Ok(outside) = repository.outside_sparse_checkout(absent) else { return BTreeMap::new() };
    let wanted: Vec<(&String, git::BlobId)> =
        outside.iter().filter_map(|path| Some((path, head.get(path)?.id))).collect();
    let mut found = BTreeMap::new();
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
