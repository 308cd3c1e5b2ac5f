#![allow(
    clippy::large_stack_arrays,
    clippy::many_single_char_names,
    reason = "a long table, and six of a kind"
)]

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::domain::digest::Digest;
use crate::domain::expiry::Expiry;
use crate::domain::key::Fingerprint;
use crate::domain::name::ActorName;
use crate::domain::rotation::RotationState;
use crate::store::record_file::samples::{FULL, record as any_record};
use crate::store::record_file::{self, parse};

fn base() -> Record {
    parse(FULL.as_bytes(), "x.json").unwrap()
}

/// The same value, sealed again.
fn resealed(seconds: u64, digest: &str, change: impl FnOnce(&mut Record)) -> Record {
    let mut record = base();
    record.sealed.seal += seconds;
    record.digest = Digest::of(digest.as_bytes());
    record.signatures = SortedSet::default();
    change(&mut record);
    record
}

fn ends(at: &str) -> impl FnOnce(&mut Record) {
    let never = Expiry::Never { why: at.to_owned() };
    move |record| record.sealed.expires = Some(never)
}

/// A new value.
fn set(id: &str, digest: &str) -> Record {
    resealed(9, digest, |record| {
        record.sealed.version.id = format!("01K3Y3Q5W00000000000000{id}").try_into().unwrap();
        record.sealed.version.number += 1;
    })
}

fn known_to(name: &str) -> impl FnOnce(&mut Record) {
    move |record| {
        let keys = [Fingerprint::of(name.as_bytes())].into_iter().collect();
        record.sealed.exposed_to.insert(name.parse().unwrap(), keys);
    }
}

fn edited(about: impl FnOnce(&mut About)) -> Record {
    let mut record = base();
    about(&mut record.about);
    record
}

#[test]
fn which_pair_stays() {
    use Difference::{Ends, Other, Readers, Values};
    use Side::{Ours, Theirs};
    let soon = resealed(1, "soon", ends("soon"));
    let late = resealed(2, "late", ends("late"));
    let with_carol = resealed(3, "carol", known_to("carol"));
    let with_dave = resealed(4, "dave", known_to("dave"));
    let twice = resealed(5, "twice", |_| {});
    let once = resealed(1, "once", |_| {});
    let rotated = |to: &str| {
        let to = to.to_owned();
        resealed(6, &to.clone(), move |record| record.sealed.rotator.as_mut().unwrap().kind = to)
    };
    let carol_and_soon = resealed(1, "both", |record| {
        known_to("carol")(record);
        ends("soon")(record);
    });
    for (what, ours, theirs, expected) in [
        ("nothing happened", base(), base(), Pair::Same),
        ("one reseals", once.clone(), base(), Pair::Changed(Ours)),
        ("both merged the same", soon.clone(), soon.clone(), Pair::Same),
        ("two ends", soon.clone(), late.clone(), Pair::Open(Ends)),
        ("one end and a reseal", soon.clone(), twice.clone(), Pair::Holds(Ours)),
        ("two reseals: the later", twice.clone(), once.clone(), Pair::Holds(Ours)),
        ("one new value", set("00A", "a"), base(), Pair::Changed(Ours)),
        ("two new values", set("00A", "a"), set("00B", "b"), Pair::Open(Values)),
        ("a new value and a reseal", twice.clone(), set("00B", "b"), Pair::Holds(Theirs)),
        ("a new value and another end", set("00A", "a"), late.clone(), Pair::Holds(Ours)),
        (
            "a new value and one more who knows the old",
            set("00A", "a"),
            with_carol.clone(),
            Pair::Holds(Ours),
        ),
        ("one more who knows it, and a reseal", with_carol.clone(), twice.clone(), Pair::Holds(Ours)),
        ("two more who know it", with_carol.clone(), with_dave, Pair::Open(Readers)),
        ("one who knows it, and an end", with_carol.clone(), soon, Pair::Open(Ends)),
        ("the one that has both", with_carol, carol_and_soon, Pair::Holds(Theirs)),
        ("two rotators", rotated("exec"), rotated("manual"), Pair::Open(Other)),
        ("a rotator and a reseal", rotated("exec"), twice, Pair::Holds(Ours)),
        ("a rotator, lost to a new value", set("00A", "a"), rotated("exec"), Pair::Open(Values)),
    ] {
        let mirrored = match expected {
            Pair::Changed(side) => Pair::Changed(side.other()),
            Pair::Holds(side) => Pair::Holds(side.other()),
            other @ (Pair::Same | Pair::Open(_)) => other,
        };
        let merged = merge(Some(&base()), &ours, &theirs, Ours);
        assert_eq!(merged.pair, expected, "{what}");
        let taken = match merged.pair {
            Pair::Changed(side) | Pair::Holds(side) => side.of(&ours, &theirs),
            Pair::Same | Pair::Open(_) => &ours,
        };
        // Record, digest and signatures of one pair, never of two.
        assert_eq!(&merged.record, taken, "{what}");
        assert_eq!(merge(Some(&base()), &theirs, &ours, Ours).pair, mirrored, "{what}, seen from there");
        let chosen = merge(Some(&base()), &ours, &theirs, Theirs).record;
        if merged.is_open() {
            assert_eq!(chosen, theirs, "{what}: theirs");
        }
    }
    let added = merge(None, &set("00A", "a"), &set("00B", "b"), Ours);
    assert_eq!(added.pair, Pair::Open(Values));
    assert_eq!(merge(None, &base(), &base(), Ours).pair, Pair::Same);
}

/// Found by fuzzing: of two files of one digest, each side kept the other one.
#[test]
fn two_seals_that_only_their_readers_tell_apart_come_to_the_same_on_both_sides() {
    let one = resealed(1, "1", |_| ());
    let other =
        resealed(1, "1", |record| record.sealed.readers = ["alice".parse().unwrap()].into_iter().collect());
    let here = merge(Some(&base()), &one, &other, Side::Ours);
    let there = merge(Some(&base()), &other, &one, Side::Theirs);
    assert!(matches!(here.pair, Pair::Holds(_)));
    assert_eq!(here.record, there.record);
}

#[test]
fn a_version_that_was_rolled_back_wins_over_nothing() {
    let mut back = set("00A", "a");
    back.sealed.version.number = base().sealed.version.number - 1;
    let merged = merge(Some(&base()), &back, &resealed(1, "once", |_| {}), Side::Ours);
    assert_eq!(merged.pair, Pair::Open(Difference::Values));
}

fn is_of_a_rotation(pair: Pair) -> bool {
    matches!(pair, Pair::Open(Difference::MayBeRevoked { .. }))
}

/// The value beside the record was changed by one side only, and still it is no matter of taking that: the other side may
/// have had the old value revoked.
#[test]
fn what_was_put_back_and_retired_elsewhere_is_to_be_chosen() {
    let mut verified = base();
    let rotation = verified.rotation.as_mut().unwrap();
    (rotation.state, rotation.aborted) = (RotationState::Verified, None);
    rotation.to = verified.sealed.version.id;
    rotation.from.id = "01K3Y3Q5W0000000000000001A".to_owned().try_into().unwrap();
    let mut back = set("00A", "back");
    back.sealed.version.id = rotation.from.id;
    back.rotation = Some(crate::domain::rotation::Rotation {
        state: RotationState::Aborted,
        aborted: base().rotation.unwrap().aborted,
        ..rotation.clone()
    });
    let retired = Record { rotation: None, ..verified.clone() };
    for (ours, theirs) in [(&back, &retired), (&retired, &back)] {
        let merged = merge(Some(&verified), ours, theirs, Side::Ours);
        assert!(is_of_a_rotation(merged.pair), "{:?}", merged.pair);
        assert!(same_seal(&merged.record, ours));
    }
    // A plan that was dropped there, and sealed here.
    let planned = Record { sealed: back.sealed.clone(), digest: back.digest, ..verified.clone() };
    let dropped = Record { rotation: None, ..planned.clone() };
    for (ours, theirs) in [(&verified, &dropped), (&dropped, &verified)] {
        assert!(is_of_a_rotation(merge(Some(&planned), ours, theirs, Side::Ours).pair));
    }
    // Who has only edited something else takes what was done there.
    let done = Record { rotation: None, ..verified.clone() };
    assert_eq!(merge(Some(&planned), &planned, &done, Side::Ours).pair, Pair::Changed(Side::Theirs));
    let merged = merge(Some(&verified), &back, &verified, Side::Ours);
    assert_eq!(merged.pair, Pair::Changed(Side::Ours), "nobody has retired it");
}

#[test]
fn what_the_other_side_has_given_up_is_to_be_chosen() {
    let sealed = set("00A", "a");
    let mut anew = base();
    let given_up = sealed.sealed.version.id;
    anew.rotation.as_mut().unwrap().abandoned = [given_up].into_iter().collect();
    for (ours, theirs) in [(&sealed, &anew), (&anew, &sealed)] {
        assert!(is_of_a_rotation(merge(Some(&base()), ours, theirs, Side::Ours).pair));
    }
    // What the other side has verified may have ended the old one.
    let mut verified = sealed.clone();
    let rotation = verified.rotation.as_mut().unwrap();
    (rotation.state, rotation.to, rotation.aborted) = (RotationState::Verified, given_up, None);
    rotation.from.id = base().sealed.version.id;
    let of = |ours, theirs| merge(Some(&base()), ours, theirs, Side::Ours).pair;
    let both = Difference::MayBeRevoked { ours: true, theirs: true };
    assert_eq!(of(&verified, &anew), Pair::Open(both));
    let one = Difference::MayBeRevoked { ours: true, theirs: false };
    assert_eq!(of(&sealed, &anew), Pair::Open(one));
    let known = Record { rotation: anew.rotation.clone(), ..sealed.clone() };
    assert!(is_of_a_rotation(merge(Some(&base()), &known, &anew, Side::Ours).pair));
    assert_eq!(merge(Some(&known), &known, &sealed, Side::Ours).pair, Pair::Same);
}

#[test]
fn about_is_merged_field_by_field() {
    let runbook = |to: &str| edited(|about| about.runbook = Some(to.to_owned()));
    let owners = |names: &[&str]| {
        edited(|about| about.owners = names.iter().map(|name| name.parse().unwrap()).collect())
    };
    let contact =
        edited(|about| about.issuer.as_mut().unwrap().contact = Some("desk@example.org".to_owned()));
    let note = edited(|about| drop(about.others.insert("team-note".to_owned(), json!({"kept": 1}))));
    let other = edited(|about| drop(about.others.insert("ticket".to_owned(), json!("812"))));
    let both = merge(Some(&base()), &runbook("a.md"), &contact, Side::Ours);
    assert!(both.is_clean());
    assert_eq!(both.record.about.runbook.as_deref(), Some("a.md"));
    assert_eq!(both.record.about.issuer, contact.about.issuer);

    let both = merge(Some(&base()), &note, &other, Side::Ours);
    assert!(both.is_clean());
    assert_eq!(both.record.about.others["team-note"], json!({"kept": 1}));
    assert_eq!(both.record.about.others["ticket"], json!("812"));

    let both = merge(Some(&base()), &owners(&["infra", "web"]), &owners(&["data"]), Side::Ours);
    assert!(both.is_clean());
    let names: Vec<&str> = both.record.about.owners.iter().map(ActorName::as_str).collect();
    assert_eq!(names, ["data", "web"]);

    let both = merge(Some(&base()), &runbook("a.md"), &runbook("b.md"), Side::Ours);
    assert!(!both.is_clean() && both.is_open());
    let field = Field { path: "runbook".to_owned(), ours: Some(json!("a.md")), theirs: Some(json!("b.md")) };
    assert_eq!((both.fields, both.record.about.runbook.as_deref()), (vec![field], Some("a.md")));
    let theirs = merge(Some(&base()), &runbook("a.md"), &runbook("b.md"), Side::Theirs);
    assert_eq!(theirs.record.about.runbook.as_deref(), Some("b.md"));

    let removed = edited(|about| about.issuer = None);
    let both = merge(Some(&base()), &removed, &contact, Side::Ours);
    assert_eq!(both.fields[0].path, "issuer");
    assert_eq!(both.record.about.issuer, None);
}

#[test]
fn about_of_one_side_and_the_pair_of_the_other() {
    let edited = edited(|about| about.runbook = Some("new.md".to_owned()));
    let sealed = set("00A", "a");
    for (ours, theirs) in [(&edited, &sealed), (&sealed, &edited)] {
        let merged = merge(Some(&base()), ours, theirs, Side::Ours);
        assert!(merged.is_clean());
        assert_eq!(merged.record.about.runbook.as_deref(), Some("new.md"));
        assert!(same_seal(&merged.record, &sealed));
        assert_eq!(merged.record.signatures, sealed.signatures, "those over the old pair are void");
    }
}

#[test]
fn signatures_over_one_pair_are_gathered() {
    let sign = |who: &str, sig: &str| {
        let mut record = base();
        let one = RecordSignature { by: who.parse().unwrap(), sig: sig.to_owned() };
        record.signatures.insert(one);
        record
    };
    let merged = merge(Some(&base()), &sign("bob", "b"), &sign("carol", "c"), Side::Ours);
    let by: Vec<&str> = merged.record.signatures.iter().map(|one| one.by.as_str()).collect();
    assert!(merged.is_clean());
    assert_eq!(by, ["alice", "bob", "carol"]);
    let mut unsigned = base();
    unsigned.signatures = SortedSet::default();
    let merged = merge(Some(&base()), &unsigned, &sign("bob", "b"), Side::Ours);
    let by: Vec<&str> = merged.record.signatures.iter().map(|one| one.by.as_str()).collect();
    assert_eq!(by, ["bob"], "one was taken away, the other came");
}

/// A pair of changes to one record, or none of them.
fn changes() -> impl Strategy<Value = (Record, Record, Record)> {
    (any_record(), any_record(), any_record(), any::<[bool; 8]>()).prop_map(|(base, one, other, which)| {
        let change = |from: Record, [pair, about, signed, rotated]: [bool; 4]| {
            let mut record = base.clone();
            if pair {
                (record.sealed, record.digest) = (from.sealed, from.digest);
            }
            if pair || signed {
                record.signatures = from.signatures;
            }
            if about {
                record.about = from.about;
            }
            if rotated {
                record.rotation = from.rotation;
            }
            record
        };
        let [a, b, c, d, e, f, g, h] = which;
        let (ours, theirs) = (change(one, [a, b, c, d]), change(other, [e, f, g, h]));
        (base, ours, theirs)
    })
}

proptest! {
    #[test]
    fn what_one_side_did_stands((base, ours, _) in changes()) {
        prop_assert_eq!(&merge(Some(&base), &ours, &ours, Side::Ours).record, &ours);
        for (one, other) in [(&base, &ours), (&ours, &base)] {
            let merged = merge(Some(&base), one, other, Side::Ours);
            prop_assert!(merged.is_clean());
            prop_assert_eq!(&merged.record, &ours);
        }
    }

    #[test]
    fn both_sides_see_the_same((base, ours, theirs) in changes()) {
        let here = merge(Some(&base), &ours, &theirs, Side::Ours);
        let there = merge(Some(&base), &theirs, &ours, Side::Theirs);
        prop_assert_eq!(&here.record, &there.record);
        prop_assert_eq!(here.is_open(), there.is_open());
        prop_assert_eq!(here.is_clean(), there.is_clean());
        // Whatever comes of it is a record, of one of the two pairs.
        let printed = record_file::print(&here.record);
        prop_assert_eq!(&parse(&printed, "x.json").unwrap(), &here.record);
        prop_assert!(same_seal(&here.record, &ours) || same_seal(&here.record, &theirs));
    }
}
