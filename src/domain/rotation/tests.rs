use super::*;
use crate::domain::digest::Digest;
use crate::domain::json::{SortedSet, UniqueMap};
use crate::domain::record::{About, Format, Record, Sealed, Version};

mod merging;
mod model;
mod there;

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

fn id(number: u128) -> VersionId {
    VersionId::from_parts(at("2026-03-01"), number)
}

fn handle(name: &str) -> Handle {
    Handle::try_from(name.to_owned()).unwrap()
}

const BEGUN: &str = "2026-03-01T12:00:00Z";
const NOTED: &str = "2026-03-01T13:00:00Z";

/// Version 1 is rotated to version 2.
fn rotation(state: RotationState) -> Rotation {
    Rotation {
        state,
        to: id(2),
        from: VersionRef { id: id(1), number: 1 },
        started: Started { at: at(BEGUN), by: "alice".parse().unwrap() },
        before: SortedSet::default(),
        abandoned: SortedSet::default(),
        from_handle: None,
        handle: None,
        refused_at: None,
        verified: (state == RotationState::Verified).then(|| Verified { at: at(NOTED), how: How::Tried }),
        aborted: (state == RotationState::Aborted).then(|| Aborted { at: at(NOTED), was_pushed: true }),
        left_at: None,
    }
}

/// What comes next where version `stands` is here, as of a moment, with an overlap of a day.
fn after(rotation: Option<&Rotation>, stands: u128, there: There, wanted: Wanted, now: &str) -> Next {
    let overlap = Period::hours(24);
    let (version, set_at) = (id(stands), at(BEGUN));
    next(&Seen {
        rotation,
        version,
        set_at,
        there,
        gave_up_deployed: false,
        is_stale: false,
        overlap,
        now: at(now),
        wanted,
    })
}

const SOON: &str = "2026-03-02T12:59:59Z";
const LATE: &str = "2026-03-02T13:00:00Z";

fn late() -> Instant {
    at(LATE)
}

#[test]
fn without_a_rotation_one_begins_or_nothing_ends() {
    for there in [There::Same, There::SameVersion, There::Behind, There::Another] {
        assert_eq!(after(None, 1, there, Wanted::Onward, SOON), Next::Plan);
        let ended = if there == There::SameVersion { Next::Push } else { Next::Nothing };
        for wanted in [Wanted::Retire, Wanted::Abort] {
            assert_eq!(after(None, 1, there, wanted, SOON), ended);
        }
    }
}

#[test]
fn whatever_stands_here_somebody_elses_comes_first() {
    use RotationState::{Aborted, Planned, Sealed, Verified};
    for state in [Planned, Sealed, Verified, Aborted] {
        for (stands, wanted) in [(1, Wanted::Onward), (2, Wanted::Retire), (9, Wanted::Abort)] {
            let found = after(Some(&rotation(state)), stands, There::Another, wanted, LATE);
            assert_eq!(found, Next::GiveWay, "{state} {stands}");
        }
    }
}

#[test]
fn the_way_on() {
    use RotationState::{Planned, Sealed, Verified};
    use There::{Behind, Same, SameVersion};
    let overlap = Next::Overlap { until: late() };
    for (state, stands, there, now, onward, retire) in [
        (Planned, 1, Same, SOON, Next::Mint, Next::Mint),
        (Planned, 1, SameVersion, SOON, Next::Mint, Next::Mint),
        (Sealed, 2, Behind, SOON, Next::Push, Next::Push),
        (Sealed, 2, SameVersion, LATE, Next::Verify, Next::Verify),
        (Sealed, 2, Same, LATE, Next::Verify, Next::Verify),
        (Verified, 2, SameVersion, LATE, Next::Push, Next::Push),
        (Verified, 2, Behind, LATE, Next::Push, Next::Push),
        (Verified, 2, Same, SOON, overlap, overlap),
        (Verified, 2, Same, LATE, Next::MayRetire, Next::Retire),
        // Notes that say less than what stands: it is tried all the same.
        (Planned, 2, Same, LATE, Next::Verify, Next::Verify),
    ] {
        for (wanted, expected) in [(Wanted::Onward, onward), (Wanted::Retire, retire)] {
            let found = after(Some(&rotation(state)), stands, there, wanted, now);
            assert_eq!(found, expected, "{state} {there:?} {wanted:?} {now}");
        }
    }
    // A state without what must stand beside it is not believed.
    let bare = Rotation { verified: None, ..rotation(Verified) };
    assert_eq!(after(Some(&bare), 2, Same, Wanted::Retire, LATE), Next::Verify);
    let stale = Rotation { state: Sealed, ..rotation(Verified) };
    assert_eq!(after(Some(&stale), 2, Same, Wanted::Retire, LATE), Next::Verify);
}

#[test]
fn the_way_back() {
    use RotationState::{Aborted, Planned, Sealed, Verified};
    use There::{Behind, Same, SameVersion};
    for there in [Same, SameVersion, Behind] {
        assert_eq!(after(Some(&rotation(Planned)), 1, there, Wanted::Abort, SOON), Next::DropPlan);
        for state in [Sealed, Verified] {
            assert_eq!(after(Some(&rotation(state)), 2, there, Wanted::Abort, SOON), Next::GoBack);
        }
    }
    let pushed = rotation(Aborted);
    let aborted = self::Aborted { at: at(NOTED), was_pushed: false };
    let kept = Rotation { aborted: Some(aborted), ..pushed.clone() };
    let left = Rotation { left_at: Some(at(NOTED)), ..pushed.clone() };
    let wait = Next::BackOverlap { until: late() };
    for (rotation, there, now, expected) in [
        (&pushed, Behind, LATE, Next::Push),
        // However long ago it was written down: only now it is seen there.
        (&pushed, SameVersion, LATE, Next::Leave),
        (&pushed, Same, LATE, Next::Leave),
        (&left, SameVersion, LATE, Next::Push),
        (&left, Same, SOON, wait),
        (&left, Same, LATE, Next::RevokeNew),
        // The new value is there once more, or has got there after all.
        (&left, Behind, LATE, Next::GoBack),
        (&kept, Behind, SOON, Next::GoBack),
        (&kept, SameVersion, SOON, Next::RevokeNew),
        (&kept, Same, SOON, Next::RevokeNew),
    ] {
        for wanted in [Wanted::Onward, Wanted::Retire, Wanted::Abort] {
            assert_eq!(after(Some(rotation), 1, there, wanted, now), expected, "{there:?} {wanted:?}");
        }
    }
}

/// What was minted may be deployed, so a value that a person sets in between does not end it at once.
#[test]
fn a_value_set_by_hand_meanwhile() {
    use RotationState::{Aborted, Planned, Sealed, Verified};
    use There::{Behind, Same, SameVersion};
    let wait = Next::BackOverlap { until: late() };
    for wanted in [Wanted::Onward, Wanted::Retire, Wanted::Abort] {
        let planned = rotation(Planned);
        for (there, expected) in [(Same, Next::ClearUp), (SameVersion, Next::ClearUp), (Behind, Next::Push)] {
            assert_eq!(after(Some(&planned), 9, there, wanted, SOON), expected, "{there:?}");
        }
        for state in [Sealed, Verified, Aborted] {
            let overtaken = rotation(state);
            let left = Rotation { left_at: Some(at(NOTED)), ..overtaken.clone() };
            for (rotation, there, now, expected) in [
                (&overtaken, Behind, LATE, Next::Push),
                // However long ago it was set: only now it is seen there.
                (&overtaken, SameVersion, LATE, Next::Leave),
                (&overtaken, Same, LATE, Next::Leave),
                (&left, SameVersion, LATE, Next::Push),
                (&left, Same, SOON, wait),
                (&left, Same, LATE, Next::ClearUp),
            ] {
                assert_eq!(after(Some(rotation), 9, there, wanted, now), expected, "{state} {there:?} {now}");
            }
        }
    }
}

#[test]
fn what_was_put_back_by_hand() {
    use RotationState::{Aborted, Sealed, Verified};
    for wanted in [Wanted::Onward, Wanted::Retire, Wanted::Abort] {
        // The old value ends the rotation as one that was aborted; the new one is as good as a new one.
        for state in [Sealed, Verified] {
            assert_eq!(after(Some(&rotation(state)), 1, There::Same, wanted, LATE), Next::GoBack);
        }
    }
    assert_eq!(after(Some(&rotation(Aborted)), 2, There::Same, Wanted::Onward, LATE), Next::Verify);
}

#[test]
fn an_overlap_of_nothing_ends_at_once_and_one_beyond_all_years_never() {
    let verified = rotation(RotationState::Verified);
    let found = |overlap: &str, verified: &Rotation, set_at: &str, now: &str| {
        next(&Seen {
            rotation: Some(verified),
            version: id(2),
            set_at: at(set_at),
            there: There::Same,
            gave_up_deployed: false,
            is_stale: false,
            overlap: overlap.parse().unwrap(),
            now: at(now),
            wanted: Wanted::Retire,
        })
    };
    assert_eq!(found("0h", &verified, BEGUN, NOTED), Next::Retire);
    // It is not bound to the value when it was verified, and when that was set is.
    assert_eq!(found("24h", &verified, LATE, LATE), Next::Overlap { until: at("2026-03-03T13:00:00Z") });
    let last = at("9999-12-31");
    let forged = Rotation { verified: Some(Verified { at: last, how: How::Tried }), ..verified };
    assert_eq!(found("100y", &forged, BEGUN, NOTED), Next::Overlap { until: last });
}

#[test]
fn what_was_deployed_before_it_was_given_up_ends_behind_the_overlap() {
    use RotationState::{Planned, Sealed};
    let left = |state| Rotation { left_at: Some(at(NOTED)), ..rotation(state) };
    let unpushed = |rotation: Rotation| Rotation {
        aborted: Some(Aborted { at: at(NOTED), was_pushed: false }),
        ..rotation
    };
    for (begun, waits, stands, wanted, end) in [
        (rotation(Planned), left(Planned), 1, Wanted::Abort, Next::DropPlan),
        (rotation(Planned), left(Planned), 9, Wanted::Onward, Next::ClearUp),
        (
            unpushed(rotation(RotationState::Aborted)),
            unpushed(left(RotationState::Aborted)),
            1,
            Wanted::Onward,
            Next::RevokeNew,
        ),
    ] {
        let found = |rotation: &Rotation, there, gave_up_deployed, now: &str| {
            let (version, set_at, overlap) = (id(stands), at(BEGUN), Period::hours(24));
            let rotation = Some(rotation);
            next(&Seen {
                rotation,
                version,
                set_at,
                there,
                gave_up_deployed,
                is_stale: false,
                overlap,
                now: at(now),
                wanted,
            })
        };
        for there in [There::Same, There::SameVersion] {
            assert_eq!(found(&begun, there, false, NOTED), end, "nobody has deployed it");
            assert_eq!(found(&begun, there, true, NOTED), Next::Leave, "{end:?}");
        }
        // Where the old value was put back it is put back once more, above what got there since.
        let behind = if end == Next::RevokeNew { Next::GoBack } else { Next::Push };
        assert_eq!(found(&begun, There::Behind, true, NOTED), behind, "{end:?}");
        assert_eq!(found(&waits, There::SameVersion, true, SOON), Next::Push, "{end:?}");
        assert_eq!(found(&waits, There::Same, true, SOON), Next::BackOverlap { until: late() }, "{end:?}");
        assert_eq!(found(&waits, There::Same, true, LATE), end);
        // A plan is taken over, and that is pushed, before it is dropped.
        let is_over = if end == Next::DropPlan { end } else { Next::Push };
        assert_eq!(found(&waits, There::SameVersion, true, LATE), is_over);
    }
    // What goes on revokes it where the old value is revoked.
    assert_eq!(after(Some(&left(Planned)), 1, There::Same, Wanted::Onward, NOTED), Next::Mint);
    assert_eq!(after(Some(&rotation(Sealed)), 2, There::Same, Wanted::Onward, NOTED), Next::Verify);
}

#[test]
fn since_when_it_stands() {
    use RotationState::{Aborted, Planned, Sealed, Verified};
    let day = Period::hours(24);
    let since = |rotation: &Rotation, set_at: &str| rotation.standing_since(at(set_at), day);
    assert_eq!(since(&rotation(Planned), NOTED), at(BEGUN));
    let left = Rotation { left_at: Some(at(NOTED)), ..rotation(Planned) };
    assert_eq!(since(&left, NOTED), late());
    assert_eq!(since(&rotation(Sealed), NOTED), at(NOTED));
    assert_eq!(since(&rotation(Sealed), "2020-01-01"), at(BEGUN), "put back from long ago");
    assert_eq!(since(&rotation(Verified), NOTED), late());
    assert_eq!(since(&rotation(Aborted), NOTED), late());
    let left = Rotation { left_at: Some(at(LATE)), ..rotation(Aborted) };
    assert_eq!(since(&left, NOTED), at("2026-03-03T13:00:00Z"));
    let kept = self::Aborted { at: at(NOTED), was_pushed: false };
    assert_eq!(since(&Rotation { aborted: Some(kept), ..rotation(Aborted) }, NOTED), at(NOTED));
}

fn listed(name: &str, marker: Option<u128>, made_at: Option<&str>, was_used: Option<bool>) -> Listed {
    Listed { handle: handle(name), marker: marker.map(id), made_at: made_at.map(at), was_used }
}

#[test]
fn of_marked_ones_only_what_carries_our_marker_is_ours() {
    let mut rotation = rotation(RotationState::Planned);
    rotation.abandoned = [id(3), id(1)].into_iter().collect();
    let all = [
        listed("new", Some(2), Some(NOTED), Some(false)),
        listed("again", Some(2), Some(NOTED), Some(false)),
        listed("given-up", Some(3), None, None),
        // Of the version that is replaced, whatever the record says; of nobody's, however new and unused.
        listed("old", Some(1), Some(NOTED), Some(false)),
        listed("other", Some(4), Some(NOTED), Some(false)),
        listed("unmarked", None, Some(NOTED), Some(false)),
    ];
    let found = strays(&all, &rotation, &[handle("new")], true);
    assert_eq!(found, Strays { ours: vec![handle("again"), handle("given-up")], doubtful: vec![] });
}

#[test]
fn without_markers_what_is_new_and_was_never_used_is_ours() {
    let mut rotation = rotation(RotationState::Planned);
    rotation.before = [handle("old")].into_iter().collect();
    let all = [
        listed("old", None, Some("2025-01-01"), Some(true)),
        listed("kept", None, Some(NOTED), Some(false)),
        listed("new", None, Some(BEGUN), Some(false)),
        // The provider's clock may be five minutes behind.
        listed("skewed", None, Some("2026-03-01T11:55:00Z"), Some(false)),
        listed("older", None, Some("2026-03-01T11:54:59Z"), Some(false)),
        listed("used", None, Some(NOTED), Some(true)),
        listed("untold", None, Some(NOTED), None),
        listed("undated", None, None, Some(false)),
        // A marker counts for nothing where the provider has none.
        listed("marked", Some(2), None, None),
    ];
    let found = strays(&all, &rotation, &[handle("kept")], false);
    assert_eq!(found.ours, [handle("new"), handle("skewed")]);
    assert_eq!(found.doubtful, ["older", "used", "untold", "undated", "marked"].map(handle));
}

/// A record of a version, with a rotation.
fn record(version: u128, number: u64, seal: u64, rotation: Option<Rotation>) -> Record {
    let alice = || "alice".parse().unwrap();
    Record {
        schema: 1,
        sealed: Sealed {
            name: "web/api".parse().unwrap(),
            store: crate::domain::id::StoreId::from_parts(at("2026-01-01"), 1),
            format: Format::Text,
            version: Version { id: id(version), number, set_at: at(NOTED), set_by: alice() },
            issued: None,
            expires: None,
            readers: [alice()].into_iter().collect(),
            exposed_to: UniqueMap::default(),
            keys: UniqueMap::default(),
            seal,
            previous: None,
            rotator: None,
            probe: None,
        },
        digest: Digest::of(b"sealed"),
        signatures: SortedSet::default(),
        rotation,
        about: About::default(),
    }
}

#[test]
fn handles_are_short_texts() {
    for (text, is_one) in [
        ("AKIA0".to_owned(), true),
        ("x".repeat(MAX_HANDLE_BYTES), true),
        ("x".repeat(MAX_HANDLE_BYTES + 1), false),
        (String::new(), false),
        ("a\nb".to_owned(), false),
    ] {
        assert_eq!(Handle::try_from(text.clone()).is_ok(), is_one, "{text:?}");
    }
    let akia = handle("AKIA0");
    assert_eq!((akia.as_str(), akia.to_string().as_str()), ("AKIA0", "AKIA0"));
    assert_eq!(String::from(akia), "AKIA0");
}

#[test]
fn a_state_is_shown_as_it_is_written() {
    use RotationState::{Aborted, Planned, Sealed, Verified};
    for (state, word) in
        [(Planned, "planned"), (Sealed, "sealed"), (Verified, "verified"), (Aborted, "aborted")]
    {
        assert_eq!((state.to_string().as_str(), serde_json::json!(state)), (word, word.into()));
    }
}

#[test]
fn it_is_about_the_version_that_stands_or_about_none() {
    for (state, version) in [
        (RotationState::Planned, 1),
        (RotationState::Aborted, 1),
        (RotationState::Sealed, 2),
        (RotationState::Verified, 2),
    ] {
        let fitting = (1..=3).filter(|number| rotation(state).fits(id(*number)));
        assert_eq!(fitting.collect::<Vec<_>>(), [version], "{state}");
    }
}
