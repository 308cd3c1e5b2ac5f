//! What at a provider was minted for a rotation and is nobody's: a pure look at the provider's list.

use super::{Handle, Rotation};
use crate::domain::id::VersionId;
use crate::domain::time::Instant;

/// How far the clocks of this machine and of a provider may stand apart, in seconds.
const CLOCK_SKEW: u64 = 300;

/// A credential as its provider lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub handle: Handle,
    /// The version that it was minted for, where it says so.
    pub marker: Option<VersionId>,
    pub made_at: Option<Instant>,
    /// Whether anybody ever used it; `None` where the provider does not tell.
    pub was_used: Option<bool>,
}

/// What is to be revoked, and what may not be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Strays {
    pub ours: Vec<Handle>,
    /// It looks like one of ours, but revoking it could break something.
    pub doubtful: Vec<Handle>,
}

/// Finds what was minted for a rotation and is not among those to be kept. `takes_markers` says whether the provider lets a
/// credential carry one: then only that counts. Else whatever was made since the rotation began, was not there before, and
/// was never used can only be ours: its value was lost before anybody saw it.
pub fn strays(listed: &[Listed], rotation: &Rotation, keep: &[Handle], takes_markers: bool) -> Strays {
    let mut strays = Strays::default();
    for one in listed.iter().filter(|one| !keep.contains(&one.handle)) {
        if takes_markers {
            if one.marker.is_some_and(|marker| is_of(rotation, marker)) {
                strays.ours.push(one.handle.clone());
            }
        } else if !rotation.before.contains(&one.handle) {
            let is_younger = one
                .made_at
                .is_some_and(|made| made.unix_seconds() + CLOCK_SKEW >= rotation.started.at.unix_seconds());
            if is_younger && one.was_used == Some(false) {
                strays.ours.push(one.handle.clone());
            } else {
                strays.doubtful.push(one.handle.clone());
            }
        }
    }
    strays
}

/// The version that it replaces is never a stray, whatever the record says.
fn is_of(rotation: &Rotation, marker: VersionId) -> bool {
    marker != rotation.from.id && rotation.markers().any(|own| own == marker)
}
