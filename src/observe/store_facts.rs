//! What is observed of the store as a whole.

use super::deploy::plain_files;
use super::secrets::{Observation, uncommitted};
use super::selection::Selection;
use crate::domain::facts::{StoreFacts, Stray, StrayKind};
use crate::domain::finding::Unknown;
use crate::seal::header;
use crate::store::layout::{ATTRIBUTES, POLICY};
use crate::store::policy_file::MAX_POLICY_BYTES;
use crate::system::files;

/// As much of a stray file as is read to tell whether it is sealed.
const MAX_STRAY_BYTES: u64 = 64 * 1024 * 1024;

/// Gathers them. `selection` limits what is said of files outside the secrets that are judged.
pub fn observe(observation: &Observation<'_>, selection: &Selection) -> StoreFacts {
    let place = observation.place;
    let mut unknowns = observation.listing.unknowns.clone();
    let strays = match selection {
        Selection::Files(_) => Vec::new(),
        Selection::All | Selection::Scopes(_) => strays(observation, selection, &mut unknowns),
    };
    for part in selection.idle_parts(&observation.names) {
        unknowns.push(Unknown::new(part, "selects nothing: see `secrets list` for the names"));
    }
    if observation.names.is_empty() {
        unknowns.push(Unknown::new(
            place.folder.clone(),
            "the store holds no secret, so nothing was checked: seal the first one with `secrets add NAME`",
        ));
    }
    match place.unfinished() {
        Ok(None) => {}
        Ok(Some(change)) => unknowns.push(Unknown::new(
            format!("{}/", place.folder),
            format!("{}; to finish it now: secrets doctor --mend", change.description()),
        )),
        Err(error) => unknowns.push(Unknown::new("journal", error.to_string())),
    }
    let plain = [place.path(POLICY), place.path(ATTRIBUTES)];
    let present = [observation.listing.policy, observation.listing.attributes];
    let standings = plain
        .iter()
        .zip(present)
        .map(|(path, present)| (path, observation.standing(path, present, MAX_POLICY_BYTES).difference));
    let without_record = match selection {
        Selection::Files(files) => files.others.clone(),
        Selection::All | Selection::Scopes(_) => Vec::new(),
    };
    StoreFacts {
        names: observation.names.clone(),
        strays,
        without_record,
        policy_path: place.path(POLICY),
        uncommitted: uncommitted(standings),
        deployed: plain_files(&observation.trees, &plain),
        unknowns,
    }
}

fn strays(observation: &Observation<'_>, selection: &Selection, unknowns: &mut Vec<Unknown>) -> Vec<Stray> {
    let place = observation.place;
    let mut strays = Vec::new();
    for other in &observation.listing.others {
        let file = other.path.as_str();
        // A scope judges what would bear a name in it; the rest of the store is another deploy's.
        if let Selection::Scopes(globs) = selection
            && !globs.iter().any(|glob| glob.matches(file) || glob.matches(stem(file)))
        {
            continue;
        }
        match files::read(&place.store.root().join(file), MAX_STRAY_BYTES) {
            Ok(bytes) => {
                let kind =
                    if header::looks_like_age(&bytes) { StrayKind::Sealed } else { StrayKind::Plaintext };
                strays.push(Stray { path: place.path(file), kind });
            }
            Err(files::FileError::TooLarge { .. }) => {
                strays.push(Stray { path: place.path(file), kind: StrayKind::Plaintext });
            }
            Err(error) => unknowns.push(Unknown::new(place.path(file), error.to_string())),
        }
    }
    strays
}

fn stem(file: &str) -> &str {
    let name_start = file.rfind('/').map_or(0, |slash| slash + 1);
    match file.get(name_start..).and_then(|name| name.rfind('.')) {
        Some(dot) if dot > 0 => file.get(..name_start + dot).unwrap_or(file),
        _ => file,
    }
}
