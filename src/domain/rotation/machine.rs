//! What comes next: a pure function of what is written down and what was seen.

use super::{Rotation, RotationState};
use crate::domain::id::VersionId;
use crate::domain::period::Period;
use crate::domain::time::Instant;

/// What the person or the job wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// As far as it goes.
    Onward,
    /// To the end: the old value is revoked once it may be.
    Retire,
    /// Back.
    Abort,
}

/// What the deploy ref has of the secret, as its remote says now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum There {
    /// The same version, and the same rotation.
    Same,
    /// The same version; the step of the rotation that was written down last is not there yet.
    SameVersion,
    /// An older version that ours is made from.
    Behind,
    /// Somebody else's version or rotation, which ours is not made from.
    Another,
}

/// Everything that the next step depends on.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    pub rotation: Option<&'a Rotation>,
    /// The version that stands in the store here.
    pub version: VersionId,
    /// When that was set.
    pub set_at: Instant,
    /// Whether what was minted ever stood on the deploy ref, as far as that is known: then it may be in use.
    pub was_deployed: bool,
    pub there: There,
    pub overlap: Period,
    pub now: Instant,
    pub wanted: Wanted,
}

/// The next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Write down what is intended.
    Plan,
    /// Nothing is under way, and something was to be ended.
    Nothing,
    /// Revoke what came of earlier attempts, then mint and seal.
    Mint,
    /// Have the deploy ref take what stands here.
    Push,
    /// See whether the new value works.
    Verify,
    /// The new value works, and the old one stays valid until then.
    Overlap { until: Instant },
    /// The overlap is over: the old value may be revoked where that is wanted.
    MayRetire,
    /// Revoke the old value, and forget the rotation.
    Retire,
    /// Somebody else rotated first: revoke what was minted here, and take theirs.
    GiveWay,
    /// Somebody set another value meanwhile: revoke what was minted and is not used.
    ClearUp,
    /// Another value was set, and what was minted may still be in use until then.
    ClearOverlap { until: Instant },
    /// Revoke what may have been minted, and forget the rotation.
    DropPlan,
    /// Seal the old value again.
    GoBack,
    /// The old value stands again, and the new one may still be in use until then.
    BackOverlap { until: Instant },
    /// Revoke the new value, and forget the rotation.
    RevokeNew,
}

pub fn next(seen: &Seen<'_>) -> Next {
    let Some(rotation) = seen.rotation else {
        return match seen.wanted {
            Wanted::Onward => Next::Plan,
            // The end of one is written down here, and not there yet.
            Wanted::Retire | Wanted::Abort if seen.there == There::SameVersion => Next::Push,
            Wanted::Retire | Wanted::Abort => Next::Nothing,
        };
    };
    if seen.there == There::Another {
        return Next::GiveWay;
    }
    let is_new = seen.version == rotation.to;
    let is_old = seen.version == rotation.from.id;
    match rotation.state {
        RotationState::Planned if is_old => match seen.wanted {
            Wanted::Abort => Next::DropPlan,
            Wanted::Onward | Wanted::Retire => Next::Mint,
        },
        RotationState::Sealed | RotationState::Verified if is_new => new_stands(seen, rotation),
        RotationState::Aborted if is_old => old_stands(seen, rotation),
        RotationState::Planned | RotationState::Sealed | RotationState::Verified | RotationState::Aborted => {
            another_stands(seen)
        }
    }
}

/// What was minted is revoked once nothing deploys it any more.
fn another_stands(seen: &Seen<'_>) -> Next {
    if seen.there == There::Behind {
        return Next::Push;
    }
    let until = seen.overlap.after(seen.set_at).unwrap_or(seen.set_at);
    if seen.was_deployed && seen.now < until { Next::ClearOverlap { until } } else { Next::ClearUp }
}

fn new_stands(seen: &Seen<'_>, rotation: &Rotation) -> Next {
    if seen.wanted == Wanted::Abort {
        return Next::GoBack;
    }
    if matches!(seen.there, There::Behind | There::Another) {
        return Next::Push;
    }
    let verified = rotation.verified.as_ref().filter(|_| rotation.state == RotationState::Verified);
    let Some(verified) = verified else { return Next::Verify };
    // Nobody can have seen it work before it was set; and when that was is bound to the value.
    let verified_at = verified.at.max(seen.set_at);
    let until = seen.overlap.after(verified_at).unwrap_or(verified_at);
    if seen.there != There::Same {
        return Next::Push;
    }
    match (seen.now >= until, seen.wanted) {
        (false, _) => Next::Overlap { until },
        (true, Wanted::Retire) => Next::Retire,
        (true, Wanted::Onward | Wanted::Abort) => Next::MayRetire,
    }
}

fn old_stands(seen: &Seen<'_>, rotation: &Rotation) -> Next {
    let was_pushed = rotation.aborted.as_ref().filter(|aborted| aborted.was_pushed);
    let Some(aborted) = was_pushed else {
        // Where the deploy ref has another version it may be the new one, and that is in use.
        return if seen.there == There::Behind { Next::Push } else { Next::RevokeNew };
    };
    if seen.there != There::Same {
        return Next::Push;
    }
    let until = seen.overlap.after(aborted.at).unwrap_or(aborted.at);
    if seen.now >= until { Next::RevokeNew } else { Next::BackOverlap { until } }
}
