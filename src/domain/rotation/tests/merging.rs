//! Two states of a rotation, merged.

use proptest::prelude::*;

use super::*;

use RotationState::{Aborted as IsAborted, Planned, Sealed, Verified as IsVerified};

/// Merges where the version that stands was set since both sides began.
fn merge(
    base: Option<&Rotation>,
    taken: Option<&Rotation>,
    lost: Option<&Rotation>,
    stands: VersionId,
) -> Option<Rotation> {
    super::merge(base, taken, lost, Stands { version: stands, is_new: true })
}

fn at(second: u32) -> Instant {
    format!("2026-08-30T12:00:{second:02}Z").parse().unwrap()
}

fn id(number: u128) -> VersionId {
    VersionId::from_parts(at(0), number)
}

fn handles(names: &[&str]) -> SortedSet<Handle> {
    names.iter().map(|name| Handle::try_from((*name).to_owned()).unwrap()).collect()
}

/// Version 1 is rotated.
fn rotated(state: RotationState, to: u128) -> Rotation {
    Rotation {
        state,
        to: id(to),
        from: VersionRef { id: id(1), number: 1 },
        started: Started { at: at(1), by: "alice".parse().unwrap() },
        before: handles(&["a"]),
        abandoned: SortedSet::default(),
        from_handle: None,
        handle: None,
        refused_at: None,
        verified: (state == IsVerified).then(|| Verified { at: at(9), how: How::Tried }),
        aborted: (state == IsAborted).then_some(Aborted { at: at(9), was_pushed: true }),
        left_at: None,
    }
}

fn abandoned(rotation: Option<&Rotation>) -> Vec<VersionId> {
    rotation.map(|rotation| rotation.abandoned.iter().copied().collect()).unwrap_or_default()
}

#[test]
fn what_one_side_did_stands_and_an_end_ends_nothing_that_went_on() {
    let (plan, sealed) = (rotated(Planned, 2), rotated(Sealed, 2));
    for (what, base, taken, lost, expected) in [
        ("nobody", Some(&plan), Some(&plan), Some(&plan), Some(&plan)),
        ("a plan", None, Some(&plan), None, Some(&plan)),
        ("a plan beside another pair", None, None, Some(&plan), Some(&plan)),
        ("sealed", Some(&plan), Some(&sealed), Some(&plan), Some(&sealed)),
        ("sealed beside another pair", Some(&plan), Some(&plan), Some(&sealed), Some(&sealed)),
        ("ended", Some(&plan), None, Some(&plan), None),
        ("ended beside another pair", Some(&plan), Some(&plan), None, None),
        ("ended by both", Some(&plan), None, None, None),
        ("ended, and gone on with", Some(&plan), None, Some(&sealed), Some(&sealed)),
        ("gone on with, and ended", Some(&plan), Some(&sealed), None, Some(&sealed)),
    ] {
        assert_eq!(merge(base, taken, lost, id(1)).as_ref(), expected, "{what}");
    }
}

#[test]
fn what_was_ended_there_is_cleared_up_where_another_value_was_set_here() {
    let verified = rotated(IsVerified, 2);
    assert_eq!(merge(Some(&verified), Some(&verified), None, id(9)), Some(verified.clone()));
    assert_eq!(merge(Some(&verified), Some(&verified), None, id(2)), None);
    // Where it stood before, clearing up is just what was done there.
    let stands = Stands { version: id(9), is_new: false };
    assert_eq!(super::merge(Some(&verified), Some(&verified), None, stands), None);
}

#[test]
fn what_was_ended_and_followed_by_another_one_is_not_gone_on_with() {
    let (begun, stale, next) = (rotated(Sealed, 2), rotated(IsVerified, 2), rotated(IsVerified, 3));
    for stands in [2, 3, 9] {
        for (taken, lost) in [(&stale, &next), (&next, &stale)] {
            let merged = merge(Some(&begun), Some(taken), Some(lost), id(stands)).unwrap();
            // It was ended while somebody may have been minting for it.
            let given_up = if stands == 2 { Vec::new() } else { vec![id(2)] };
            assert_eq!(abandoned(Some(&merged)), given_up);
            // What the other side has may be deployed, so the overlap begins when the next value is seen to work again.
            let again = Rotation { state: Sealed, verified: None, ..next.clone() };
            assert_eq!(Rotation { abandoned: SortedSet::default(), ..merged }, again);
        }
    }
}

/// Each pair of states of one attempt and of two, the version that stands, and which of them is kept.
#[test]
fn the_one_that_has_come_further_is_kept() {
    for (one, other, stands, kept) in [
        ((Planned, 2), (Sealed, 2), 2, (Sealed, 2)),
        ((Sealed, 2), (IsVerified, 2), 2, (IsVerified, 2)),
        ((IsVerified, 2), (IsAborted, 2), 1, (IsAborted, 2)),
        ((IsVerified, 2), (IsAborted, 2), 2, (IsVerified, 2)),
        ((Planned, 2), (IsAborted, 2), 1, (IsAborted, 2)),
        // Of two plans the one that was made first.
        ((Planned, 2), (Planned, 3), 1, (Planned, 2)),
        // What may be deployed is remembered as it is, whichever version stands.
        ((Planned, 2), (Sealed, 3), 1, (Sealed, 3)),
        ((Planned, 2), (Sealed, 3), 3, (Sealed, 3)),
        ((Planned, 2), (IsVerified, 3), 1, (IsVerified, 3)),
        // Of two that may be, the one whose value stands.
        ((Sealed, 2), (Sealed, 3), 2, (Sealed, 2)),
        ((Sealed, 2), (Sealed, 3), 3, (Sealed, 3)),
        ((IsVerified, 2), (Sealed, 3), 3, (Sealed, 3)),
    ] {
        let (one, other) = (rotated(one.0, one.1), rotated(other.0, other.1));
        for (taken, lost) in [(&one, &other), (&other, &one)] {
            let merged = merge(None, Some(taken), Some(lost), id(stands)).unwrap();
            assert_eq!((merged.state, merged.to), (kept.0, id(kept.1)), "{} {}", one.state, other.state);
            let lost_id = [one.to, other.to].into_iter().find(|to| *to != merged.to);
            assert_eq!(abandoned(Some(&merged)), lost_id.into_iter().collect::<Vec<_>>());
        }
    }
}

/// A common beginning decides only where one side has gone on with it and the other has not.
#[test]
fn two_that_went_on_alike_are_told_apart_as_two_without_a_beginning() {
    let begun = rotated(Planned, 2);
    let waits = Rotation { left_at: Some(at(3)), ..begun.clone() };
    for (what, one, other) in [
        ("both went on with it", &waits, &rotated(Sealed, 2)),
        ("neither did", &rotated(Planned, 4), &rotated(Sealed, 3)),
    ] {
        for (taken, lost) in [(one, other), (other, one)] {
            let merged = merge(Some(&begun), Some(taken), Some(lost), id(1)).unwrap();
            assert_eq!((merged.state, merged.to), (Sealed, other.to), "{what}");
        }
    }
}

#[test]
fn where_nothing_else_decides_the_side_does_whose_pair_stays() {
    let verified = |second| Rotation {
        verified: Some(Verified { at: at(second), how: How::Tried }),
        ..rotated(IsVerified, 2)
    };
    for (taken, lost) in [
        (verified(3), verified(5)),
        (verified(5), verified(3)),
        (rotated(Sealed, 2), rotated(Sealed, 3)),
        (rotated(Sealed, 3), rotated(Sealed, 2)),
    ] {
        let merged = merge(None, Some(&taken), Some(&lost), id(9)).unwrap();
        assert_eq!((merged.to, &merged.verified), (taken.to, &taken.verified));
    }
}

/// Whoever takes over a plan has taken what was minted for it for lost, and may have revoked it.
#[test]
fn the_one_that_was_begun_anew_is_kept() {
    let sealed = rotated(Sealed, 2);
    let anew = Rotation { abandoned: [id(2)].into_iter().collect(), ..rotated(Planned, 3) };
    for (taken, lost) in [(&sealed, &anew), (&anew, &sealed)] {
        let merged = merge(None, Some(taken), Some(lost), id(1)).unwrap();
        assert_eq!((merged.state, merged.to, abandoned(Some(&merged))), (Planned, id(3), vec![id(2)]));
        // And what replaces the new version is of later.
        let next = Rotation { from: VersionRef { id: id(2), number: 2 }, ..rotated(Planned, 4) };
        for (taken, lost) in [(&sealed, &next), (&next, &sealed)] {
            let merged = merge(None, Some(taken), Some(lost), id(2)).unwrap();
            assert_eq!((merged.to, abandoned(Some(&merged))), (id(4), vec![]));
        }
        // Unless it stands all the same.
        let merged = merge(None, Some(taken), Some(lost), id(2)).unwrap();
        assert_eq!((merged.state, merged.to, abandoned(Some(&merged))), (Sealed, id(2), vec![id(3)]));
    }
}

#[test]
fn what_either_may_have_minted_is_cleaned_up_and_nothing_else() {
    let (mut one, mut other) = (rotated(Planned, 2), rotated(Planned, 3));
    one.abandoned = [id(5), id(6)].into_iter().collect();
    // The version that is replaced is nobody's to clean up.
    other.abandoned = [id(1), id(6), id(7)].into_iter().collect();
    one.before = handles(&["a", "minted-by-other", "of-both"]);
    other.before = handles(&["a", "minted-by-one", "of-both"]);
    (one.started.at, other.started.at) = (at(5), at(3));
    (one.refused_at, other.refused_at) = (None, Some(at(2)));
    for (taken, lost) in [(&one, &other), (&other, &one)] {
        let merged = merge(None, Some(taken), Some(lost), id(1)).unwrap();
        assert_eq!(abandoned(Some(&merged)), [id(3), id(5), id(6), id(7)]);
        assert_eq!(merged.before, handles(&["a", "of-both"]));
        assert_eq!((merged.started.at, merged.refused_at), (at(3), None), "another attempt was refused");
    }
    // Begun at the same moment, it was begun by whoever began what is kept.
    let by = |name: &str, to| Rotation {
        started: Started { at: at(1), by: name.parse().unwrap() },
        ..rotated(Planned, to)
    };
    let merged = merge(None, Some(&by("bob", 3)), Some(&by("carol", 2)), id(1)).unwrap();
    assert_eq!((merged.to, merged.started.by.as_str()), (id(2), "carol"));
    // Of one attempt, what either side knows of it.
    let mut other = Rotation { to: id(2), ..other };
    other.abandoned = [id(7)].into_iter().collect();
    other.handle = handles(&["minted"]).first().cloned();
    one.from_handle = handles(&["a"]).first().cloned();
    one.refused_at = Some(at(4));
    for (taken, lost) in [(&one, &other), (&other, &one)] {
        let merged = merge(None, Some(taken), Some(lost), id(1)).unwrap();
        assert_eq!(abandoned(Some(&merged)), [id(5), id(6), id(7)]);
        assert_eq!((&merged.handle, &merged.from_handle), (&other.handle, &one.from_handle));
        assert_eq!(merged.refused_at, Some(at(2)), "refused once, it must pass three times");
    }
}

/// The overlap is counted from the later of two notes, and not at all from one that only one side has.
#[test]
fn what_left_the_deploy_ref_left_it_when_both_have_seen_it() {
    let left = |state, second: Option<u32>| Rotation { left_at: second.map(at), ..rotated(state, 2) };
    for (one, other, expected) in
        [(Some(3), Some(7), Some(7)), (Some(7), Some(3), Some(7)), (Some(3), None, None), (None, None, None)]
    {
        for (taken, lost) in [(one, other), (other, one)] {
            let (taken, lost) = (left(Planned, taken), left(Sealed, lost));
            let merged = merge(None, Some(&taken), Some(&lost), id(1)).unwrap();
            assert_eq!(merged.left_at, expected.map(at), "{one:?} {other:?}");
        }
    }
    // Of two attempts, what is given up may be deployed until now.
    let (one, other) = (left(Sealed, Some(3)), Rotation { left_at: Some(at(7)), ..rotated(Sealed, 3) });
    assert_eq!(merge(None, Some(&one), Some(&other), id(2)).unwrap().left_at, None);
}

/// A new value has been seen to work beside the old one, not beside one more that may be deployed.
#[test]
fn what_was_verified_is_so_again_where_another_value_was_sealed() {
    for (given_up, state) in
        [(Planned, IsVerified), (Sealed, Sealed), (IsVerified, Sealed), (IsAborted, Sealed)]
    {
        let (verified, other) = (rotated(IsVerified, 2), rotated(given_up, 3));
        let merged = merge(None, Some(&verified), Some(&other), id(2)).unwrap();
        assert_eq!((merged.to, merged.state), (id(2), state), "{given_up}");
        assert_eq!(merged.verified.is_some(), state == IsVerified, "{given_up}");
    }
}

#[test]
fn what_the_other_side_may_be_about_to_retire() {
    let of = |rotation| record(2, 2, 2, rotation);
    for (version, other, may_be) in [
        (1, of(Some(rotated(IsVerified, 2))), true),
        (2, of(Some(rotated(IsVerified, 2))), false),
        (1, of(Some(rotated(Sealed, 2))), false),
        (1, of(Some(rotated(IsAborted, 2))), false),
        (1, of(None), false),
    ] {
        assert_eq!(may_be_retired(id(version), &other), may_be, "{version}");
    }
}

/// Git merges a pair of one side with the end of a rotation on the other without a word.
#[test]
fn what_the_other_side_may_have_had_revoked() {
    let begun = Rotation { abandoned: [id(5)].into_iter().collect(), ..rotated(Sealed, 2) };
    let over = Rotation { abandoned: [id(2), id(7)].into_iter().collect(), ..rotated(Planned, 3) };
    let next = Rotation { from: VersionRef { id: id(9), number: 9 }, ..rotated(Planned, 4) };
    for (what, version, base, stands, rotation, may_be) in [
        ("ended: what it replaced", 1, Some(&begun), 9, None, true),
        ("ended: what it made", 2, Some(&begun), 9, None, true),
        ("ended: what came to nothing", 5, Some(&begun), 9, None, true),
        ("ended: what is of nobody", 8, Some(&begun), 9, None, false),
        ("ended, and it stands there", 2, Some(&begun), 2, None, false),
        ("ended, and another one begun", 2, Some(&begun), 9, Some(&next), true),
        ("no rotation on either side", 1, None, 9, None, false),
        ("begun on the other side", 1, None, 9, Some(&next), false),
        ("gone on with", 1, Some(&begun), 9, Some(&begun), false),
        ("taken over: what it replaces", 1, Some(&begun), 1, Some(&over), false),
        ("taken over: what it replaces is not there", 1, Some(&begun), 9, Some(&over), false),
        ("taken over: what was taken for lost", 2, Some(&begun), 1, Some(&over), true),
        ("taken for lost, with no common beginning", 7, None, 1, Some(&over), true),
        ("taken for lost, and it stands there", 7, None, 7, Some(&over), false),
    ] {
        let mut other = record(1, 2, 2, rotation.cloned());
        other.sealed.version.id = id(stands);
        assert_eq!(may_be_revoked(id(version), base, &other), may_be, "{what}");
    }
}

/// Of few versions, so that two of them have much in common.
fn any_rotation() -> impl Strategy<Value = Rotation> {
    let state = prop_oneof![Just(Planned), Just(Sealed), Just(IsVerified), Just(IsAborted)];
    let abandoned = proptest::collection::btree_set(1..7_u128, 0..4);
    (state, 2..5_u128, 1..3_u128, abandoned, proptest::option::of(0..9_u32)).prop_map(
        |(state, to, from, abandoned, left_at)| Rotation {
            from: VersionRef { id: id(from), number: 1 },
            abandoned: abandoned.into_iter().filter(|one| *one != to).map(id).collect(),
            left_at: left_at.map(at),
            ..rotated(state, to)
        },
    )
}

proptest! {
    /// Whatever two sides have written down, no id that something may have been minted for is lost.
    #[test]
    fn nothing_that_may_have_been_minted_is_forgotten(
        one in any_rotation(), other in any_rotation(), is_one in any::<bool>(), stands in any::<u8>()
    ) {
        let other = if is_one { Rotation { to: one.to, ..other } } else { other };
        prop_assume!(one != other && other.to != other.from.id && !other.abandoned.contains(&other.to));
        let known = [one.to, one.from.id, other.to, other.from.id];
        let stands = known[usize::from(stands % 4)];
        for (taken, lost) in [(&one, &other), (&other, &one)] {
            let merged = merge(None, Some(taken), Some(lost), stands).unwrap();
            let is_kept = |id: &VersionId| {
                merged.markers().any(|marker| marker == *id) || *id == stands || *id == merged.from.id
            };
            prop_assert!(one.markers().chain(other.markers()).all(|id| is_kept(&id)));
            prop_assert!(!merged.abandoned.contains(&merged.to));
            prop_assert!(!merged.abandoned.contains(&merged.from.id));
            prop_assert!(!merged.abandoned.contains(&stands));
        }
    }
}
