//! How the deploy ref stands to what is here, and what it says of what was noted.

use super::*;

#[test]
fn dropped_is_what_stands_there_as_before_and_without_a_rotation() {
    let planned = |to: u128| Some(Rotation { to: id(to), ..rotation(RotationState::Planned) });
    for (ours, theirs, is_dropped) in [
        (record(1, 1, 1, planned(2)), record(1, 1, 1, None), true),
        (record(2, 2, 2, Some(rotation(RotationState::Sealed))), record(1, 1, 1, None), true),
        (record(1, 1, 1, planned(2)), record(1, 1, 1, planned(3)), false),
        (record(1, 1, 1, planned(2)), record(9, 1, 1, None), false),
        (record(1, 1, 1, planned(2)), record(1, 2, 2, None), false),
        (record(1, 1, 1, None), record(1, 1, 1, None), false),
    ] {
        assert_eq!(may_be_dropped(&ours, &theirs), is_dropped, "{ours:?}");
    }
}

/// Whoever takes its own successor for a rival revokes what is deployed.
#[test]
fn a_rival_is_told_from_a_successor() {
    use RotationState::{Aborted, Planned, Sealed, Verified};
    let of = |state, to: u128| Some(Rotation { to: id(to), ..rotation(state) });
    let given_up = Rotation { abandoned: [id(3)].into_iter().collect(), ..rotation(Planned) };
    let next = Rotation { from: VersionRef { id: id(2), number: 2 }, ..of(Sealed, 3).unwrap() };
    let (planned, sealed, verified) =
        (record(1, 1, 1, of(Planned, 2)), record(2, 2, 2, of(Sealed, 2)), record(2, 2, 2, of(Verified, 2)));
    let back = record(1, 3, 3, of(Aborted, 2));
    for (what, ours, theirs, expected) in vec![
        ("resealed there", &sealed, record(1, 1, 9, of(Planned, 2)), None),
        ("resealed there, and nothing known of it", &planned, record(1, 1, 9, None), None),
        ("set by hand there, where it was planned", &planned, record(9, 2, 2, of(Planned, 2)), None),
        // A rival's plan, value, and a value that was set by hand instead.
        ("two plans", &planned, record(1, 1, 1, of(Planned, 3)), Some(There::Another)),
        ("sealed, and another's plan", &sealed, record(1, 1, 1, of(Planned, 3)), Some(There::Another)),
        ("two values", &sealed, record(3, 2, 2, of(Sealed, 3)), Some(There::Another)),
        ("an older one", &sealed, record(9, 1, 1, None), None),
        ("theirs is done", &sealed, record(3, 2, 2, None), Some(There::Another)),
        ("set by hand there", &planned, record(9, 2, 2, None), Some(There::Another)),
        ("far ahead of a plan", &planned, record(9, 7, 7, None), None),
        // Our own, further on.
        ("ended there", &verified, record(2, 2, 2, None), None),
        ("rotated on there", &verified, record(3, 3, 3, Some(next.clone())), None),
        ("planned on there", &verified, record(2, 2, 2, Some(Rotation { state: Planned, ..next })), None),
        ("set by hand behind it", &sealed, record(9, 3, 3, of(Sealed, 2)), None),
        ("far ahead of a value", &sealed, record(9, 7, 7, None), None),
        ("sealed there, planned here", &planned, record(2, 2, 2, of(Sealed, 2)), None),
        (
            "sealed there, given up here",
            &record(1, 1, 1, Some(given_up)),
            record(3, 2, 2, of(Sealed, 3)),
            None,
        ),
        ("gone back here, sealed there", &back, record(2, 2, 2, of(Sealed, 2)), None),
        ("gone back here, rotated on there", &back, record(3, 3, 3, of(Sealed, 3)), None),
        ("gone back there", &verified, record(1, 3, 3, of(Aborted, 2)), None),
        ("gone back there, and ended", &sealed, record(1, 3, 3, None), None),
        ("nothing here", &record(1, 1, 1, None), record(3, 2, 2, None), None),
    ] {
        assert_eq!(there(ours, &theirs, false), expected, "{what}");
        // What ours was made from is never a rival.
        let is_same = theirs.sealed.version.id == ours.sealed.version.id;
        let behind = if is_same { There::SameVersion } else { There::Behind };
        assert_eq!(there(ours, &theirs, true), Some(behind), "{what}, and ours made from it");
        assert_eq!(there(ours, ours, false), Some(There::Same));
    }
}

/// A note that was there already when the version came back is of what stood before.
#[test]
fn what_is_noted_counts_from_when_the_version_stands() {
    use RotationState::{Aborted, Sealed, Verified};
    let left = |state| Rotation { left_at: Some(at(NOTED)), ..rotation(state) };
    for (what, ours, first, is_old) in [
        ("verified as it stood", record(2, 2, 2, Some(rotation(Verified))), Some(rotation(Sealed)), false),
        ("put back as verified", record(2, 2, 2, Some(rotation(Verified))), Some(rotation(Verified)), true),
        ("not verified", record(2, 2, 2, Some(rotation(Sealed))), Some(rotation(Sealed)), false),
        ("left as it stood", record(1, 3, 3, Some(left(Aborted))), Some(rotation(Aborted)), false),
        ("put back as left", record(1, 3, 3, Some(left(Aborted))), Some(left(Aborted)), true),
        ("another value, left", record(9, 3, 3, Some(left(Verified))), Some(left(Verified)), true),
        ("not left", record(9, 3, 3, Some(rotation(Verified))), Some(rotation(Verified)), false),
        ("no rotation then", record(2, 2, 2, Some(rotation(Verified))), None, false),
        ("no rotation now", record(2, 2, 2, None), Some(rotation(Verified)), false),
    ] {
        let first = record(1, 1, 1, first);
        assert_eq!(is_stale(&ours, &first, late()), is_old, "{what}");
        assert!(!is_stale(&ours, &first, at(NOTED)), "{what}: noted at this moment");
    }
}

#[test]
fn an_old_note_neither_ends_nor_begins_an_overlap() {
    let next_of = |rotation: &Rotation, stands, is_stale| {
        next(&Seen {
            rotation: Some(rotation),
            version: id(stands),
            set_at: at(BEGUN),
            there: There::Same,
            gave_up_deployed: false,
            is_stale,
            overlap: Period::hours(24),
            now: late(),
            wanted: Wanted::Retire,
        })
    };
    let verified = rotation(RotationState::Verified);
    assert_eq!(next_of(&verified, 2, false), Next::Retire);
    assert_eq!(next_of(&verified, 2, true), Next::Verify);
    let left = Rotation { left_at: Some(at(NOTED)), ..verified.clone() };
    assert_eq!(next_of(&left, 2, false), Next::Verify, "the deploy ref had another one in between");
    assert_eq!(next_of(&left, 9, false), Next::ClearUp);
    assert_eq!(next_of(&left, 9, true), Next::Leave);
}
