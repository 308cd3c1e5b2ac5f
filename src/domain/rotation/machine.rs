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
    /// When that was set; bound to the value.
    pub set_at: Instant,
    pub there: There,
    /// A version that was given up stood on the deploy ref, and may be in use wherever that was deployed.
    pub gave_up_deployed: bool,
    /// What was noted last is from before what stands came there, by a revert say: it says nothing of now.
    pub is_stale: bool,
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
    /// Somebody set another value meanwhile, and the overlap is over: revoke what was minted and is not used.
    ClearUp,
    /// Revoke what may have been minted, and forget the rotation.
    DropPlan,
    /// Seal the old value again.
    GoBack,
    /// The deploy ref has another value again than the new one: write down since when that is known.
    Leave,
    /// The old value stands again, or another one, and the new one may still be in use until then.
    BackOverlap { until: Instant },
    /// Revoke the new value, and forget the rotation.
    RevokeNew,
}

impl Next {
    /// Whether something is written down here, or done at the provider, that the deploy ref is to know.
    pub fn writes(self) -> bool {
        match self {
            Self::Plan
            | Self::Mint
            | Self::Push
            | Self::Verify
            | Self::Retire
            | Self::ClearUp
            | Self::DropPlan
            | Self::GoBack
            | Self::Leave
            | Self::RevokeNew => true,
            // Who gives way gives up what stands here, and takes what the deploy ref has.
            Self::GiveWay
            | Self::Nothing
            | Self::Overlap { .. }
            | Self::MayRetire
            | Self::BackOverlap { .. } => false,
        }
    }
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
    if is_new {
        // Whatever is written down: it works or it does not.
        return new_stands(seen, rotation);
    }
    if !is_old {
        return another_stands(seen, rotation);
    }
    match (rotation.state, seen.wanted) {
        (RotationState::Planned, Wanted::Abort) => dropped(seen, rotation, Next::DropPlan),
        (RotationState::Planned, Wanted::Onward | Wanted::Retire) => Next::Mint,
        // Somebody has put the old value back by hand. The new one may be deployed, so it ends as one that was aborted.
        (RotationState::Sealed | RotationState::Verified, _) => Next::GoBack,
        (RotationState::Aborted, _) => old_stands(seen, rotation),
    }
}

/// Somebody has set a value of their own. What was sealed before may be deployed still: it stays valid until theirs is there,
/// and for the overlap.
fn another_stands(seen: &Seen<'_>, rotation: &Rotation) -> Next {
    match (rotation.state, seen.there) {
        // Not even a plan is ended before: another clone may have sealed what was minted for it, and push that.
        (_, There::Behind) => Next::Push,
        (RotationState::Planned, _) => dropped(seen, rotation, Next::ClearUp),
        _ => left(seen, rotation, Next::ClearUp),
    }
}

/// The end of what came to nothing: at once, but for a value that was deployed before it was given up.
fn dropped(seen: &Seen<'_>, rotation: &Rotation, end: Next) -> Next {
    match (seen.gave_up_deployed, seen.there) {
        (false, _) => end,
        (true, There::Behind) => Next::Push,
        (true, _) => left(seen, rotation, end),
    }
}

/// The deploy ref has the new value no more. What it had when this was written down here says nothing: a push may have come
/// late, or a pull request been merged days after.
fn left(seen: &Seen<'_>, rotation: &Rotation, end: Next) -> Next {
    let Some(left_at) = rotation.left_at.filter(|_| !seen.is_stale) else { return Next::Leave };
    let until = seen.overlap.after(left_at).unwrap_or(left_at);
    let is_over = seen.now >= until;
    match seen.there {
        // It is taken over before it is dropped, and need not be pushed once more for that.
        _ if is_over && end == Next::DropPlan => end,
        There::Same if is_over => end,
        There::Same => Next::BackOverlap { until },
        There::SameVersion | There::Behind | There::Another => Next::Push,
    }
}

fn new_stands(seen: &Seen<'_>, rotation: &Rotation) -> Next {
    if seen.wanted == Wanted::Abort {
        return Next::GoBack;
    }
    if matches!(seen.there, There::Behind | There::Another) {
        return Next::Push;
    }
    let is_of_now = rotation.state == RotationState::Verified && rotation.left_at.is_none() && !seen.is_stale;
    let verified = rotation.verified.as_ref().filter(|_| is_of_now);
    let Some(verified) = verified else { return Next::Verify };
    // Nobody can have seen it work before it was set.
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
    let was_pushed = rotation.aborted.as_ref().is_some_and(|aborted| aborted.was_pushed);
    match (was_pushed, seen.there) {
        // It was not, and has got there since, by a pull request that was merged, say; or it is there once more.
        (false, There::Behind) => Next::GoBack,
        (true, There::Behind) if rotation.left_at.is_some() => Next::GoBack,
        (true, There::Behind) => Next::Push,
        (false, _) => dropped(seen, rotation, Next::RevokeNew),
        (true, _) => left(seen, rotation, Next::RevokeNew),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_or_gives_way_writes_nothing_that_others_must_know() {
        let until = Instant::EPOCH;
        for next in [
            Next::GiveWay,
            Next::Nothing,
            Next::Overlap { until },
            Next::MayRetire,
            Next::BackOverlap { until },
        ] {
            assert!(!next.writes(), "{next:?}");
        }
        for next in [
            Next::Plan,
            Next::Mint,
            Next::Push,
            Next::Verify,
            Next::Retire,
            Next::ClearUp,
            Next::DropPlan,
            Next::GoBack,
            Next::Leave,
            Next::RevokeNew,
        ] {
            assert!(next.writes(), "{next:?}");
        }
    }
}
