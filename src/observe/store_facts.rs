//! What is observed of the store as a whole.

use super::deploy::plain_files;
use super::secrets::Observation;
use super::selection::Selection;
use super::strays::Strays;
use crate::domain::facts::{Difference, StoreFacts};
use crate::domain::finding::Unknown;
use crate::domain::name::SecretName;
use crate::domain::tracked_name::TrackedName;
use crate::store::layout::{ATTRIBUTES, POLICY};
use crate::store::policy_file::MAX_POLICY_BYTES;

/// Gathers them. `selection` limits what is said of files outside the secrets that are judged.
pub fn observe(observation: &Observation<'_>, selection: &Selection, tracked: &[TrackedName]) -> StoreFacts {
    let place = observation.place;
    let Strays { files: strays, mut unknowns, deleted } = Strays::observe(observation, selection);
    let names: Vec<SecretName> = observation.all_names().into_iter().cloned().collect();
    for part in selection.idle_parts(&names, tracked) {
        unknowns.push(Unknown::new(part, "selects nothing: see `secrets list` for the names"));
    }
    // A part that selects nothing was told above.
    if matches!(selection, Selection::All) && observation.names.is_empty() && tracked.is_empty() {
        unknowns.push(Unknown::new(
            place.folder.clone(),
            "the store holds no secret, so nothing was checked: seal the first one with `secrets add NAME`, or take over \
             files that other tools have sealed with `secrets track PATH`",
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
        .map(|(path, present)| (path, observation.standing(path, present, MAX_POLICY_BYTES).difference))
        .chain(deleted.iter().map(|path| (path, Ok(Some(Difference::Deleted)))));
    let without_record = match selection {
        Selection::Files(files) => files.outside.clone(),
        Selection::All | Selection::Scopes(_) => Vec::new(),
    };
    StoreFacts {
        names: observation.names.clone(),
        tracked: tracked.to_vec(),
        strays,
        without_record,
        policy_path: place.path(POLICY),
        uncommitted: observation.uncommitted(standings),
        deployed: plain_files(&observation.trees, &plain),
        unread_rescues: observation.rescues.unread.clone(),
        last_warn: observation.trees.last_warn.clone(),
        exposures: Vec::new(),
        policies: None,
        unknowns,
    }
}
