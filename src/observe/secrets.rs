//! Everything that can be observed of the secrets, without an identity.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use super::MAX_SEALED_BYTES;
use super::deploy::Comparison;
use super::place::Place;
use super::trees::{Ask, Trees};
use crate::domain::facts::{Difference, Overlooked, SealedFile, SecretFacts, Uncommitted};
use crate::domain::finding::{Known, Unknown};
use crate::domain::name::SecretName;
use crate::domain::policy::DeployRef;
use crate::domain::record::Record;
use crate::git::{self, Entry, EntryKind};
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
    /// What of `HEAD` and of the deploy ref is not in the listing of the work tree.
    pub(super) only_in_head: Listing,
    pub(super) only_in_deploy: Listing,
    /// Of work tree, `HEAD` and deploy ref together, ascending.
    pub names: Vec<SecretName>,
    pub comparison: Known<Comparison>,
    /// Paths that are in no commit, with the rule that hides them from git's own status.
    pub(super) ignored: Known<BTreeMap<String, String>>,
    /// What lies outside a sparse checkout, as `HEAD` has it.
    pub(super) from_head: BTreeMap<String, Known<Vec<u8>>>,
    /// What git is told to overlook; asked only once something differs from `HEAD`.
    overlooked: OnceLock<BTreeMap<String, Overlooked>>,
}

/// One file of the store in the work tree.
pub(super) struct Standing {
    /// `None`: there is no such file.
    pub bytes: Known<Option<Vec<u8>>>,
    pub difference: Known<Option<Difference>>,
}

impl<'a> Observation<'a> {
    /// Looks at the work tree while git, and with it the remote, is asked.
    pub fn new(place: &'a Place, deploy_ref: &DeployRef, ask: Ask) -> Self {
        let (listing, trees) = rayon::join(|| place.list(), || Trees::observe(place, deploy_ref, ask));
        let only_in_head = trees.only_in_head(place, &listing);
        let only_in_deploy = trees.only_in_deploy(place, &listing);
        let listings = [&listing, &only_in_head, &only_in_deploy];
        let mut names: Vec<SecretName> =
            listings.iter().flat_map(|listing| listing.secrets.keys()).cloned().collect();
        names.sort();
        names.dedup();
        let comparison = Comparison::observe(place, &trees, &names);
        let ignored = ignored(place, &trees, &listing);
        let from_head = outside_sparse_checkout(place, &trees, &listing);
        let overlooked = OnceLock::new();
        Self {
            place,
            trees,
            listing,
            only_in_head,
            only_in_deploy,
            names,
            comparison,
            ignored,
            from_head,
            overlooked,
        }
    }

    pub fn secret(&self, name: &SecretName) -> SecretFacts {
        let record_path = self.place.record_path(name);
        let sealed_path = self.place.sealed_path(name);
        let present = self.listing.secrets.get(name).copied().unwrap_or_default();
        let record = self.standing(&record_path, present.record, MAX_RECORD_BYTES);
        let sealed = self.standing(&sealed_path, present.sealed, MAX_SEALED_BYTES);
        let uncommitted =
            self.uncommitted([(&record_path, record.difference), (&sealed_path, sealed.difference)]);
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
                files::read_if_present(&on_disk, most).map_err(|error| Unknown::new(path, error.reason()))
            }
            _ => Ok(None),
        };
        let difference = match &bytes {
            Err(unknown) => Err(unknown.clone()),
            Ok(bytes) => self.difference(path, bytes.as_deref()),
        };
        Standing { bytes, difference }
    }

    pub(super) fn uncommitted<'p>(
        &self,
        files: impl IntoIterator<Item = (&'p String, Known<Option<Difference>>)>,
    ) -> Known<Vec<Uncommitted>> {
        let mut differing = Vec::new();
        for (path, difference) in files {
            if let Some(how) = difference? {
                let overlooked = self.overlooked().get(path).copied().unwrap_or_default();
                differing.push(Uncommitted { path: path.clone(), how, overlooked });
            }
        }
        Ok(differing)
    }

    fn overlooked(&self) -> &BTreeMap<String, Overlooked> {
        self.overlooked.get_or_init(|| {
            // It only makes the remedy longer: a damaged index is told of where it matters.
            let repository = self.place.repository.as_ref().ok();
            let folder = if self.place.folder == "." { "" } else { self.place.folder.as_str() };
            repository.and_then(|it| it.overlooked_below(folder).ok()).unwrap_or_default()
        })
    }

    fn difference(&self, path: &str, bytes: Option<&[u8]>) -> Known<Option<Difference>> {
        let head = self.trees.head_tree.as_ref().map_err(Clone::clone)?.as_ref();
        Ok(match (bytes, head.and_then(|head| head.get(path))) {
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
                let ignored = self.ignored.as_ref().map_err(Clone::clone)?;
                Some(Difference::NotInHead { ignored_by: ignored.get(path).cloned() })
            }
        })
    }
}

/// The bytes with LF for every CRLF; `None` where there is none.
fn with_lf(bytes: &[u8]) -> Option<Vec<u8>> {
    let ends_line = |at: usize| bytes.get(at) == Some(&b'\r') && bytes.get(at + 1) == Some(&b'\n');
    let kept: Vec<u8> =
        bytes.iter().enumerate().filter(|(at, _)| !ends_line(*at)).map(|(_, byte)| *byte).collect();
    (kept.len() < bytes.len()).then_some(kept)
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
    let head = trees.head_snapshot();
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
pub(super) const BLOBS_AT_ONCE: usize = 256;

/// What `HEAD` has and the work tree lacks because it lies outside a sparse checkout.
fn outside_sparse_checkout(
    place: &Place,
    trees: &Trees,
    listing: &Listing,
) -> BTreeMap<String, Known<Vec<u8>>> {
    let (Some(head), Ok(repository)) = (trees.head_snapshot(), place.known_repository()) else {
        return BTreeMap::new();
    };
    let here: BTreeSet<String> = files_of(place, listing).collect();
    let own = [place.path(POLICY), place.path(ATTRIBUTES)];
    let absent = head.entries().keys().filter(|path| !here.contains(*path) && !own.contains(path));
    // Where the index can't be read nothing is taken for sparse, and the files are reported as deleted.
    let Ok(outside) = repository.outside_sparse_checkout(absent) else { return BTreeMap::new() };
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
