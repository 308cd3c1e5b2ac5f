//! How the deploy ref stands to a rotation here: a pure look at the two records.

use super::{Rotation, There};
use crate::domain::record::Record;

/// `is_made_from`: what stands there is among what ours was made from. `None`: it is not, and it was made from ours, or may have
/// been: this clone is behind, and has to pull before it does anything. To give way to one's own successor would be to revoke
/// what is deployed.
pub fn there(ours: &Record, theirs: &Record, is_made_from: bool) -> Option<There> {
    if theirs.sealed == ours.sealed && theirs.rotation == ours.rotation {
        return Some(There::Same);
    }
    let stands = &theirs.sealed.version;
    if is_made_from {
        let is_same = stands.id == ours.sealed.version.id;
        return Some(if is_same { There::SameVersion } else { There::Behind });
    }
    let rotation = ours.rotation.as_ref()?;
    let is_ours = |id| rotation.markers().any(|marker| marker == id);
    let is_rival = |other: &Rotation| !is_ours(other.to);
    let is_another = if stands.id == rotation.from.id {
        // Under a higher number it was put back, behind a value of ours. As it was, somebody has sealed it again, or begun to
        // replace it too.
        stands.number == rotation.from.number && theirs.rotation.as_ref().is_some_and(is_rival)
    } else {
        // A rival's value, made from the same one as ours, has the next number. With a higher one it may be made from ours,
        // which was deployed then, whether or not this clone has seen it sealed.
        !is_ours(stands.id)
            && stands.number == rotation.from.number + 1
            && theirs.rotation.as_ref().is_none_or(is_rival)
    };
    is_another.then_some(There::Another)
}

/// Whether the deploy ref has the old value and no rotation. Where it once had the one that is here, somebody has dropped that there.
pub fn may_be_dropped(ours: &Record, theirs: &Record) -> bool {
    let stands = &theirs.sealed.version;
    theirs.rotation.is_none()
        && ours
            .rotation
            .as_ref()
            .is_some_and(|rotation| stands.id == rotation.from.id && stands.number == rotation.from.number)
}
