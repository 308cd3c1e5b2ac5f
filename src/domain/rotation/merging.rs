//! Two states of a rotation, made one again. Nothing that may have been minted is forgotten, whichever pair stays: what is
//! not written down any more is never revoked.

use std::cmp::Reverse;

use super::{Rotation, RotationState};
use crate::domain::id::VersionId;
use crate::domain::json::SortedSet;
use crate::domain::record::Record;

/// The version of the pair that stays in a merge.
#[derive(Debug, Clone, Copy)]
pub struct Stands {
    pub version: VersionId,
    /// It was set since both sides began.
    pub is_new: bool,
}

/// Merges what both sides have of it. `taken` is of the side whose pair stays; where nothing else decides, it does.
pub fn merge(
    base: Option<&Rotation>,
    taken: Option<&Rotation>,
    lost: Option<&Rotation>,
    Stands { version: stands, is_new }: Stands,
) -> Option<Rotation> {
    if taken == lost || lost == base {
        return taken.cloned();
    }
    if taken == base {
        // Ended there with a value that a third one has overtaken here: then that is what has to be cleared up.
        let is_overtaken = |one: &&Rotation| is_new && ![one.to, one.from.id].contains(&stands);
        return lost.or(taken.filter(is_overtaken)).cloned();
    }
    let has_moved_on = |one: &Rotation, other: &Rotation| {
        base.is_some_and(|begun| goes_on(other, begun) && !goes_on(one, begun))
    };
    match (taken, lost) {
        // What the other side goes on with was ended on this one; that side may have minted for it since.
        (Some(taken), Some(lost)) if has_moved_on(taken, lost) => Some(both(taken, lost, stands)),
        (Some(taken), Some(lost)) if has_moved_on(lost, taken) => Some(both(lost, taken, stands)),
        (Some(taken), Some(lost)) if weight(lost, taken, stands) > weight(taken, lost, stands) => {
            Some(both(lost, taken, stands))
        }
        (Some(taken), Some(lost)) => Some(both(taken, lost, stands)),
        // One side has ended it, and the other has gone on: ending it twice does no harm.
        (one, other) => one.or(other).cloned(),
    }
}

/// By what one of two is kept: that it was begun because the other had come to nothing or to its end, that its value may be deployed, that it
/// fits the version which stands, how far it has come, and of two plans that it was made first.
fn weight(one: &Rotation, other: &Rotation, stands: VersionId) -> impl Ord {
    let rank = match one.state {
        RotationState::Planned => 0,
        RotationState::Sealed => 1,
        RotationState::Verified => 2,
        RotationState::Aborted => 3,
    };
    let has_taken_over = stands != other.to && one.abandoned.contains(&other.to);
    let replaces_it = one.from.id == other.to;
    (has_taken_over || replaces_it, rank > 0, one.fits(stands), rank, (rank == 0).then_some(Reverse(one.to)))
}

fn both(kept: &Rotation, lost: &Rotation, stands: VersionId) -> Rotation {
    let is_one = kept.to == lost.to;
    let ids = kept.abandoned.iter().chain(lost.abandoned.iter()).copied().chain([lost.to]);
    // What stands, what is being made and what it replaces are nobody's to clean up.
    let abandoned = ids.filter(|id| ![kept.to, kept.from.id, stands].contains(id)).collect();
    let refused_at = kept.refused_at.into_iter().chain(lost.refused_at.filter(|_| is_one)).min();
    if is_one {
        let handle = kept.handle.clone().or_else(|| lost.handle.clone());
        let from_handle = kept.from_handle.clone().or_else(|| lost.from_handle.clone());
        let left_at = kept.left_at.zip(lost.left_at).map(|(one, other)| one.max(other));
        return Rotation { abandoned, from_handle, handle, refused_at, left_at, ..kept.clone() };
    }
    // Of two attempts each may have minted something after the first of them began, and only what stood before both is
    // surely neither's.
    let before: SortedSet<_> = kept.before.intersection(&lost.before).cloned().collect();
    let started = if lost.started.at < kept.started.at { &lost.started } else { &kept.started }.clone();
    // What is given up here may have been deployed until now: the overlap begins anew.
    let merged = Rotation { started, before, abandoned, left_at: None, ..kept.clone() };
    let was_sealed = lost.state != RotationState::Planned;
    if was_sealed && merged.state == RotationState::Verified {
        Rotation { state: RotationState::Sealed, verified: None, ..merged }
    } else {
        merged
    }
}

/// Whether one is the same attempt, or was begun because that had come to nothing.
fn goes_on(one: &Rotation, begun: &Rotation) -> bool {
    one.to == begun.to || one.abandoned.contains(&begun.to)
}

/// Whether the other side may be about to end this version: what it has in its place is verified.
pub fn may_be_retired(version: VersionId, other: &Record) -> bool {
    other
        .rotation
        .as_ref()
        .is_some_and(|rotation| rotation.state == RotationState::Verified && rotation.from.id == version)
}

/// Whether the other side of a merge may have had the value of a version revoked that stands on this side: it has ended the
/// rotation that both began with, or has taken that value for lost and begun anew. Git would call that merge clean.
pub fn may_be_revoked(version: VersionId, base: Option<&Rotation>, other: &Record) -> bool {
    if other.sealed.version.id == version {
        return false;
    }
    let is_given_up = other.rotation.as_ref().is_some_and(|rotation| rotation.abandoned.contains(&version));
    let ended =
        base.filter(|begun| !other.rotation.as_ref().is_some_and(|rotation| goes_on(rotation, begun)));
    is_given_up
        || ended
            .is_some_and(|ended| version == ended.from.id || ended.markers().any(|marker| marker == version))
}
