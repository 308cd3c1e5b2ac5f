//! Files in the store that are no secret's, and what could not be seen there: in the work tree, in `HEAD` and on the
//! deploy ref. A file that was deleted here is deployed all the same until that is committed and pushed.

use std::collections::BTreeSet;

use super::BLOBS_AT_ONCE;
use super::place::Place;
use super::secrets::Observation;
use super::selection::Selection;
use crate::domain::facts::{Stray, StrayKind, StrayPlace};
use crate::domain::finding::Unknown;
use crate::git::{BlobId, GitError};
use crate::seal::header;
use crate::store::classify::{Listing, secret_file};
use crate::system::files::{self, FileError};

/// As much of a stray file as is read to tell whether it is sealed.
const MAX_STRAY_BYTES: u64 = 64 * 1024 * 1024;

pub(super) struct Strays {
    pub files: Vec<Stray>,
    pub unknowns: Vec<Unknown>,
    /// Those of `HEAD` that are no longer in the work tree, relative to the root of the repository.
    pub deleted: Vec<String>,
}

impl Strays {
    /// `selection` limits what is said of files outside the secrets that are judged.
    pub(super) fn observe(observation: &Observation<'_>, selection: &Selection) -> Self {
        let mut unknowns = observation.listing.unknowns.clone();
        unknowns.retain(|unknown| concerns(observation.place, selection, &unknown.what));
        let mut strays = Self { files: Vec::new(), unknowns, deleted: Vec::new() };
        strays.look_here(observation, selection);
        strays.look_into_head(observation, selection);
        strays.look_into_deploy_ref(observation, selection);
        strays
    }

    fn look_here(&mut self, observation: &Observation<'_>, selection: &Selection) {
        let place = observation.place;
        for file in judged(&observation.listing, selection) {
            match files::read(&place.store.root().join(file), MAX_STRAY_BYTES) {
                Ok(bytes) => self.take(place.path(file), &bytes, StrayPlace::Here),
                Err(FileError::TooLarge { .. }) => self.take(place.path(file), b"", StrayPlace::Here),
                Err(error) => self.unknowns.push(Unknown::new(place.path(file), error.reason())),
            }
        }
    }

    fn look_into_head(&mut self, observation: &Observation<'_>, selection: &Selection) {
        let (place, tree) = (observation.place, &observation.only_in_head);
        let (Some(head), Ok(repository)) = (observation.trees.head_snapshot(), place.known_repository())
        else {
            return;
        };
        let seen: BTreeSet<String> = self.unknowns.iter().map(|unknown| unknown.what.clone()).collect();
        for Unknown { what, why } in &tree.unknowns {
            let path = place.path(what);
            if concerns(place, selection, &path) && !seen.contains(&path) {
                self.deleted.extend(deleted(observation, &path));
                self.unknowns.push(Unknown::new(path, why));
            }
        }
        let mut wanted = Vec::new();
        for path in unseen(place, tree, selection, &[&observation.listing]) {
            if let Some(bytes) = observation.from_head.get(&path) {
                match bytes {
                    Ok(bytes) => self.take(path, bytes, StrayPlace::Here),
                    Err(unknown) => self.unknowns.push(unknown.clone()),
                }
            } else if let Some(entry) = self.named(&path).then(|| head.get(&path)).flatten() {
                self.deleted.extend(deleted(observation, &path));
                wanted.push((path, entry.id));
            }
        }
        self.read(&wanted, StrayPlace::Head, "HEAD", |ids| repository.blobs(ids));
    }

    fn look_into_deploy_ref(&mut self, observation: &Observation<'_>, selection: &Selection) {
        let (place, tree) = (observation.place, &observation.only_in_deploy);
        let Some((tip, there)) = observation.trees.deployed() else { return };
        let seen: BTreeSet<String> = self.unknowns.iter().map(|unknown| unknown.what.clone()).collect();
        for Unknown { what, why } in &tree.unknowns {
            let path = place.path(what);
            if concerns(place, selection, &path) && !seen.contains(&path) {
                self.unknowns.push(Unknown::new(format!("{path} on the deploy ref"), why));
            }
        }
        let here = [&observation.listing, &observation.only_in_head];
        let mut wanted = Vec::new();
        for path in unseen(place, tree, selection, &here) {
            if let Some(entry) = self.named(&path).then(|| there.get(&path)).flatten() {
                wanted.push((path, entry.id));
            }
        }
        self.read(&wanted, StrayPlace::DeployRef, "the deploy ref", |ids| tip.blobs(ids));
    }

    /// Whether git's name for it is the one that it has; if not, it is left unknown.
    fn named(&mut self, path: &str) -> bool {
        let named = !path.contains('\\');
        if !named {
            let why = "its name is not UTF-8, or has a backslash; rename or remove it";
            self.unknowns.push(Unknown::new(path, why));
        }
        named
    }

    fn read(
        &mut self,
        wanted: &[(String, BlobId)],
        at: StrayPlace,
        whose: &str,
        read: impl Fn(&[BlobId]) -> Result<Vec<Vec<u8>>, GitError>,
    ) {
        for part in wanted.chunks(BLOBS_AT_ONCE) {
            let ids: Vec<BlobId> = part.iter().map(|(_, id)| *id).collect();
            match read(&ids) {
                Ok(blobs) => {
                    for ((path, _), bytes) in part.iter().zip(blobs) {
                        self.take(path.clone(), &bytes, at);
                    }
                }
                Err(error) => {
                    let unknown =
                        |path: &String| Unknown::new(format!("{path} in {whose}"), error.to_string());
                    self.unknowns.extend(part.iter().map(|(path, _)| unknown(path)));
                }
            }
        }
    }

    fn take(&mut self, path: String, bytes: &[u8], place: StrayPlace) {
        let kind = if header::looks_like_age(bytes) { StrayKind::Sealed } else { StrayKind::Plaintext };
        self.files.push(Stray { path, kind, place });
    }
}

/// Whether what can't be seen at a path may be part of what is judged. A secret's own file is of one name; anything
/// else, a link to a folder for one, may hide what bears any name.
fn concerns(place: &Place, selection: &Selection, path: &str) -> bool {
    match place.below(path) {
        Some(file) if secret_file(file).is_some() => selection.admits_file(file),
        Some(_) | None => true,
    }
}

/// The files that are part of what is judged, relative to the store. `--file` names all that are.
fn judged<'l>(listing: &'l Listing, selection: &'l Selection) -> impl Iterator<Item = &'l str> {
    let files = listing.others.iter().map(|other| other.path.as_str());
    files.filter(|file| !matches!(selection, Selection::Files(_)) && selection.admits_file(file))
}

/// The judged files of a tree of git that none of the other listings has, relative to the root of the repository.
fn unseen(place: &Place, tree: &Listing, selection: &Selection, others: &[&Listing]) -> Vec<String> {
    let seen: BTreeSet<&str> =
        others.iter().flat_map(|listing| &listing.others).map(|other| other.path.as_str()).collect();
    judged(tree, selection).filter(|file| !seen.contains(file)).map(|file| place.path(file)).collect()
}

/// A path of `HEAD` that is no part of a secret, where it is gone from the work tree.
fn deleted(observation: &Observation<'_>, path: &str) -> Option<String> {
    let on_disk = observation.place.known_repository().ok()?.root().join(path);
    let gone = on_disk.symlink_metadata().is_err() && !observation.from_head.contains_key(path);
    gone.then(|| path.to_owned())
}
