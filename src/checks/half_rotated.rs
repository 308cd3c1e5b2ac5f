//! # half-rotated
//!
//! A rotation was begun and stands still: for seven days nobody has gone on with it, or somebody has set another value since.
//! Until it is ended two credentials are valid, or one of which nobody knows.
//!
//! **Mend:** `secrets rotate NAME` goes on where it stands.

use super::{Check, Fault, Judgement, Subject, wording};
use crate::domain::check_id::CheckId;
use crate::domain::finding::Level;
use crate::domain::period::Period;
use crate::domain::record::Version;
use crate::domain::rotation::{Rotation, RotationState};
use crate::domain::time::Instant;

pub const CHECK: Check = Check::of_secret(CheckId::HalfRotated, Level::Warning, judge);

/// How long it may stand, the overlap not counted.
const MAY_STAND: Period = Period::days(7);

/// How far the clock of whoever took the last step may be ahead, in seconds. A step from the future says nothing of today.
const SKEW: i64 = 300;

fn judge(subject: &Subject<'_>) -> Judgement {
    let Some(record) = subject.record()? else { return Ok(Vec::new()) };
    let Some(rotation) = &record.rotation else { return Ok(Vec::new()) };
    let (version, now) = (&record.sealed.version, subject.setting.now);
    let overlap = subject.rules.overlap.value;
    let name = &subject.secret.name;
    let begun = format!("begun {} by {}", rotation.started.at.brief(), rotation.started.by);
    let since = rotation.standing_since(version.set_at, overlap);
    let fault = |message: String, remedy: String| {
        let mark = format!("{} {} {}", rotation.to, rotation.state, version.id);
        Ok(vec![Fault::new(message, remedy).weighing(since.days_until(now).max(0)).marked(mark)])
    };
    if !rotation.fits(version.id) {
        let message = format!(
            "{} while a rotation was under way ({}, {begun}); what was minted for it may still be valid at its provider",
            overtaken(rotation, version),
            rotation.state
        );
        return fault(message, format!("secrets rotate {name}"));
    }
    let latest = now.checked_add_seconds(SKEW);
    if let Some(step) = last_step(rotation).filter(|step| latest.is_some_and(|latest| latest < *step)) {
        let state = rotation.state;
        let message =
            format!("a rotation is {state} as of {}, which is still to come ({begun})", step.brief());
        return fault(message, remedy(rotation, name.as_str()));
    }
    if MAY_STAND.after(since).is_none_or(|until| now < until) {
        return Ok(Vec::new());
    }
    let (state, since_when, ago) = (rotation.state, since.brief(), wording::ago(since, now));
    fault(
        format!("a rotation stands {state} since {since_when} ({ago}; {begun})"),
        remedy(rotation, name.as_str()),
    )
}

/// What became of the version that the rotation is about.
fn overtaken(rotation: &Rotation, version: &Version) -> String {
    let (number, set_at) = (version.number, version.set_at.brief());
    if version.id == rotation.from.id {
        format!("version {} was put back", rotation.from.number)
    } else if version.id == rotation.to {
        "the new value stands without having been sealed".to_owned()
    } else {
        format!("version {number} was set {set_at} by {}", version.set_by)
    }
}

/// The last moment that is written down, but for the version's own.
fn last_step(rotation: &Rotation) -> Option<Instant> {
    let verified = rotation.verified.as_ref().map(|verified| verified.at);
    let aborted = rotation.aborted.as_ref().map(|aborted| aborted.at);
    [Some(rotation.started.at), verified, aborted, rotation.left_at].into_iter().flatten().max()
}

fn remedy(rotation: &Rotation, name: &str) -> String {
    let more = match rotation.state {
        RotationState::Planned | RotationState::Sealed => "",
        RotationState::Verified => " --retire",
        RotationState::Aborted => " --abort",
    };
    format!("secrets rotate {name}{more}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::samples::{actor, judge_at, messages, policy, record_of, secret, time};
    use crate::domain::facts::SecretFacts;
    use crate::domain::id::VersionId;
    use crate::domain::json::SortedSet;
    use crate::domain::rotation::{Aborted, How, Started, Verified, VersionRef};

    fn id(number: u128) -> VersionId {
        VersionId::from_parts(time("2026-03-01"), number)
    }

    /// Version 4 replaces version 3; begun on 1 March at 12:00, and gone on with an hour later.
    fn rotated(state: RotationState, was_pushed: bool) -> SecretFacts {
        let mut secret = secret();
        let record = record_of(&mut secret);
        let (from, to) = (record.sealed.version.id, id(4));
        let later = time("2026-03-01T13:00:00Z");
        if matches!(state, RotationState::Sealed | RotationState::Verified) {
            (record.sealed.version.id, record.sealed.version.set_at) = (to, later);
        }
        record.rotation = Some(Rotation {
            state,
            to,
            from: VersionRef { id: from, number: 3 },
            started: Started { at: time("2026-03-01T12:00:00Z"), by: actor("bob") },
            before: SortedSet::default(),
            abandoned: SortedSet::default(),
            from_handle: None,
            handle: None,
            refused_at: None,
            verified: (state == RotationState::Verified).then_some(Verified { at: later, how: How::Tried }),
            aborted: (state == RotationState::Aborted).then_some(Aborted { at: later, was_pushed }),
            left_at: None,
        });
        secret
    }

    fn found(secret: &SecretFacts, now: &str) -> Option<(String, String)> {
        let mut faults = judge_at(now, judge, &policy(), secret).unwrap();
        assert!(faults.len() < 2);
        faults.pop().map(|fault| (fault.message, fault.remedy))
    }

    #[test]
    fn around_the_seventh_day() {
        use RotationState::{Aborted, Planned, Sealed, Verified};
        let begun = "begun 2026-03-01T12:00:00Z by bob";
        for (state, was_pushed, last_quiet, first_told, since, more) in [
            (Planned, false, "2026-03-08T11:59:59Z", "2026-03-08T12:00:00Z", "2026-03-01T12:00:00Z", ""),
            (Sealed, false, "2026-03-08T12:59:59Z", "2026-03-08T13:00:00Z", "2026-03-01T13:00:00Z", ""),
            // The overlap, a day, is no standing still.
            (
                Verified,
                false,
                "2026-03-09T12:59:59Z",
                "2026-03-09T13:00:00Z",
                "2026-03-02T13:00:00Z",
                " --retire",
            ),
            (
                Aborted,
                true,
                "2026-03-09T12:59:59Z",
                "2026-03-09T13:00:00Z",
                "2026-03-02T13:00:00Z",
                " --abort",
            ),
            (
                Aborted,
                false,
                "2026-03-08T12:59:59Z",
                "2026-03-08T13:00:00Z",
                "2026-03-01T13:00:00Z",
                " --abort",
            ),
        ] {
            let secret = rotated(state, was_pushed);
            assert_eq!(found(&secret, last_quiet), None, "{state}");
            let message = format!("a rotation stands {state} since {since} (7 days ago; {begun})");
            let remedy = format!("secrets rotate web/prod/db{more}");
            assert_eq!(found(&secret, first_told), Some((message, remedy)));
        }
        let mut policy = policy();
        policy.defaults.overlap = Some("30d".parse().unwrap());
        let secret = rotated(Verified, false);
        assert_eq!(messages(judge_at("2026-04-07T12:59:59Z", judge, &policy, &secret)), [""; 0]);
        assert_eq!(judge_at("2026-04-07T13:00:00Z", judge, &policy, &secret).unwrap().len(), 1);
    }

    #[test]
    fn another_value_is_told_at_once() {
        use RotationState::{Aborted, Planned, Sealed, Verified};
        let now = "2026-03-01T13:00:01Z";
        for state in [Planned, Sealed, Verified, Aborted] {
            let mut secret = rotated(state, true);
            assert_eq!(found(&secret, now), None, "{state}");
            let version = &mut record_of(&mut secret).sealed.version;
            (version.id, version.number, version.set_by) = (id(9), 5, actor("carol"));
            version.set_at = time("2026-03-01T13:00:00Z");
            let (message, remedy) = found(&secret, now).unwrap();
            assert!(
                message.starts_with("version 5 was set 2026-03-01T13:00:00Z by carol while"),
                "{message}"
            );
            assert!(message.contains(&format!("({state}, begun")) && message.contains("may still be valid"));
            assert_eq!(remedy, "secrets rotate web/prod/db");
        }
        let mut secret = rotated(Sealed, false);
        let record = record_of(&mut secret);
        record.sealed.version.id = record.rotation.as_ref().unwrap().from.id;
        assert!(found(&secret, now).unwrap().0.starts_with("version 3 was put back while"));
    }

    #[test]
    fn a_step_from_the_future_says_nothing_of_today() {
        let secret = rotated(RotationState::Verified, false);
        assert_eq!(found(&secret, "2026-03-01T12:55:00Z"), None);
        let (message, _) = found(&secret, "2026-03-01T12:54:59Z").unwrap();
        assert!(message.contains("verified as of 2026-03-01T13:00:00Z, which is still to come"), "{message}");
    }

    #[test]
    fn without_a_rotation_nothing_stands_still() {
        assert_eq!(found(&secret(), "2099-01-01"), None);
    }
}
