//! How the deploy ref stands to a rotation here: a pure look at the two records.

use super::{Rotation, There};
use crate::domain::record::Record;

/// `is_ahead`: the deploy ref's commit is among those that ours goes back to. `None`: what stands there was made from ours, or
/// may have been, so that this clone is behind and has to pull before it does anything. To give way to one's own successor
/// would be to revoke what is deployed.
pub fn there(ours: &Record, theirs: &Record, is_ahead: bool) -> Option<There> {
    if theirs.sealed == ours.sealed && theirs.rotation == ours.rotation {
        return Some(There::Same);
    }
    let (here, stands) = (&ours.sealed.version, &theirs.sealed.version);
    let same_or_behind = if stands.id == here.id { There::SameVersion } else { There::Behind };
    if is_ahead {
        return Some(same_or_behind);
    }
    let rotation = ours.rotation.as_ref()?;
    let is_ours = |id| rotation.markers().any(|marker| marker == id);
    let is_rival = |other: &Rotation| !is_ours(other.to);
    if is_ours(stands.id) {
        // A value of this very rotation stands there: nobody's but its own next steps are to be expected.
        let is_still_on = theirs.rotation.as_ref().is_some_and(|other| !is_rival(other));
        return (stands.id == here.id && is_still_on).then_some(There::SameVersion);
    }
    if stands.id == rotation.from.id {
        // Under a higher number it was put back, behind a value of ours.
        if stands.number > rotation.from.number {
            return None;
        }
        let is_rivalled = theirs.rotation.as_ref().is_some_and(is_rival);
        return Some(if is_rivalled { There::Another } else { same_or_behind });
    }
    // A rival's value, made from the same one as ours, has the same number. With a higher one it may be made from ours, which was
    // deployed then, whether or not this clone has seen it sealed.
    if stands.number > rotation.from.number + 1 {
        return None;
    }
    let is_older = stands.number < here.number && !theirs.rotation.as_ref().is_some_and(is_rival);
    Some(if is_older { There::Behind } else { There::Another })
}
