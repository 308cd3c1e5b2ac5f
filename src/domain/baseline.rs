//! The findings of one day, accepted until a date: how a repository that has many of them begins.

use std::collections::{BTreeMap, BTreeSet};

use super::check_id::CheckId;
use super::finding::Finding;
use super::likeness::{Likeness, Place};
use super::report::Waived;
use super::time::Instant;

/// How many days ahead findings may be accepted: long enough to mend hundreds, and no second way of living with them.
pub const MOST_DAYS: i64 = 180;

/// A finding, and until when it is accepted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Accepted {
    pub likeness: Likeness,
    pub until: Instant,
}

/// What was accepted in one go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Baseline {
    pub made_at: Instant,
    pub reason: String,
    /// Whether every value was opened: some findings show only then.
    pub is_proved: bool,
    /// Of each likeness one.
    pub accepted: Vec<Accepted>,
}

/// What a baseline makes of the findings of a run.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Nobody has accepted them.
    pub findings: Vec<Finding>,
    /// They were accepted, and that is over.
    pub lapsed: Vec<(Finding, Instant)>,
    pub waived: Vec<Waived>,
    /// How much of what is accepted is found no more.
    pub mended: usize,
}

/// What of a check's findings can be accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Acceptance {
    Never,
    /// The very term that is over or near, however many days go by.
    Term,
    /// The finding as it was, or a lesser one.
    AsFound,
}

fn acceptance(id: CheckId) -> Acceptance {
    match id {
        // Where the bytes are, and not what they are. One command mends it, and who accepted it once would lose the next
        // value that somebody forgets to commit, to push or to pull.
        CheckId::Uncommitted | CheckId::Unpushed | CheckId::Outdated | CheckId::RescuePending
        // Whether the job runs: one command mends it, and policy asked for it.
        | CheckId::MonitorSilent
        // What a change does to the rules; where a change is judged nothing is accepted.
        | CheckId::WeakenedPolicy
        // It was let through until a date already, by somebody with a reason. That is decided anew one by one.
        | CheckId::WaiverExpired => Acceptance::Never,
        // They weigh more by the day and nobody does anything, so the term itself is compared: the same end, the same
        // day of issue, the same shared key. A new value that lapses in its turn is new. What is accepted as
        // `expiring` is not accepted as `expired`, which is another check, nor inside `block-within`.
        CheckId::Expired
        | CheckId::Expiring
        | CheckId::OverdueRotation
        | CheckId::UnconfirmedKey
        // The very attempt, in the state in which it stands.
        | CheckId::HalfRotated => Acceptance::Term,
        // These weigh as much tomorrow unless somebody changes something: a later end still is more `overlong`.
        CheckId::Overlong
        | CheckId::NoExpiry
        | CheckId::Unowned
        | CheckId::ExpiryMismatch
        | CheckId::Untracked
        | CheckId::Missing
        | CheckId::Orphan
        | CheckId::Plaintext
        | CheckId::RecordBehind
        | CheckId::Tampered
        | CheckId::Unsigned
        | CheckId::RolledBack
        | CheckId::SameValue
        | CheckId::SingleHolder
        | CheckId::UnprovenReader
        | CheckId::UnlistedReader
        | CheckId::DepartedReader
        | CheckId::ExposedToDeparted => Acceptance::AsFound,
    }
}

/// Whether findings of this check can be accepted at all.
pub fn can_be_accepted(id: CheckId) -> bool {
    acceptance(id) != Acceptance::Never
}

/// The last moment until which anything can be accepted, of what is accepted at `made_at`.
pub fn latest_end(made_at: Instant) -> Option<Instant> {
    made_at.checked_add_seconds(MOST_DAYS * 86_400)
}

/// Whether what was accepted covers what is found in the same place.
fn covers(accepted: &Likeness, found: &Likeness) -> bool {
    match acceptance(found.id) {
        Acceptance::Never => false,
        Acceptance::Term => accepted.mark == found.mark,
        Acceptance::AsFound => accepted.stands(found),
    }
}

impl Baseline {
    /// Accepts these findings until a date, as far as they can be.
    pub fn accept(findings: &[Finding], made_at: Instant, until: Instant, reason: String) -> Self {
        let can_be = findings.iter().filter(|finding| can_be_accepted(finding.id));
        let likenesses: BTreeSet<Likeness> = can_be.map(Likeness::of).collect();
        let accepted = likenesses.into_iter().map(|likeness| Accepted { likeness, until }).collect();
        Self { made_at, reason, is_proved: false, accepted }
    }

    /// Sorts out what is accepted at `now`. `by` is what the report calls the baseline; `waived` is what policy lets
    /// through.
    pub fn settle(&self, now: Instant, by: &str, findings: Vec<Finding>, waived: &[Waived]) -> Settled {
        let places = Places::of(&self.accepted);
        let mut found_still = BTreeSet::new();
        for waived in waived {
            let found = Likeness::of(&waived.finding);
            found_still.extend(places.not_mended(&found, &places.covering(&found)));
        }
        let mut settled = Settled::default();
        for finding in findings {
            let found = Likeness::of(&finding);
            let covering = places.covering(&found);
            found_still.extend(places.not_mended(&found, &covering));
            match covering.iter().map(|accepted| accepted.until).max() {
                Some(until) if now < until => settled.waived.push(Waived {
                    finding,
                    until,
                    reason: self.reason.clone(),
                    by: by.to_owned(),
                }),
                Some(until) => settled.lapsed.push((finding, until)),
                None => settled.findings.push(finding),
            }
        }
        settled.mended = self.accepted.len().saturating_sub(found_still.len());
        settled
    }
}

/// What is accepted, by where it stands.
struct Places<'a>(BTreeMap<Place<'a>, Vec<&'a Accepted>>);

impl<'a> Places<'a> {
    fn of(accepted: &'a [Accepted]) -> Self {
        let mut places = BTreeMap::<_, Vec<&Accepted>>::new();
        for accepted in accepted {
            places.entry(accepted.likeness.place()).or_default().push(accepted);
        }
        Self(places)
    }

    fn at<'s>(&'s self, found: &'s Likeness) -> &'s [&'a Accepted] {
        self.0.get(&found.place()).map_or(&[], Vec::as_slice)
    }

    fn covering(&self, found: &Likeness) -> Vec<&'a Accepted> {
        self.at(found).iter().copied().filter(|accepted| covers(&accepted.likeness, found)).collect()
    }

    /// What is found still, or stands where something worse is found that nobody accepted.
    fn not_mended(&self, found: &Likeness, covering: &[&'a Accepted]) -> Vec<&'a Accepted> {
        if covering.is_empty() { self.at(found).to_vec() } else { covering.to_vec() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::finding::Level;

    const NOW: &str = "2026-03-01T12:00:00Z";
    const UNTIL: &str = "2026-06-01T00:00:00Z";

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    fn finding(id: &str, secret: &str, weight: i64, mark: &str) -> Finding {
        Finding {
            id: id.parse().unwrap(),
            level: Level::Error,
            secret: secret.parse().ok(),
            path: Some("custody.toml".to_owned()),
            message: format!("{id} {weight}"),
            remedy: String::new(),
            weight,
            mark: mark.to_owned(),
        }
    }

    fn accepting(findings: &[Finding]) -> Baseline {
        Baseline::accept(findings, at(NOW), at(UNTIL), "adoption".to_owned())
    }

    fn settle(baseline: &Baseline, now: &str, found: Finding) -> Settled {
        baseline.settle(at(now), "baseline b.json", vec![found], &[])
    }

    #[test]
    fn what_is_accepted_is_let_through_until_its_end_and_not_a_second_longer() {
        let found = finding("no-expiry", "web/db", 1, "");
        let baseline = accepting(std::slice::from_ref(&found));
        for moment in [NOW, "2026-05-31T23:59:59Z"] {
            let settled = settle(&baseline, moment, found.clone());
            let (finding, until) = (found.clone(), at(UNTIL));
            let (reason, by) = ("adoption".to_owned(), "baseline b.json".to_owned());
            let waived = vec![Waived { finding, until, reason, by }];
            assert_eq!(settled, Settled { waived, ..Settled::default() }, "{moment}");
        }
        for moment in ["2026-06-01T00:00:00Z", "2026-06-01T00:00:01Z"] {
            let lapsed = vec![(found.clone(), at(UNTIL))];
            let settled = settle(&baseline, moment, found.clone());
            assert_eq!(settled, Settled { lapsed, ..Settled::default() }, "{moment}");
        }
    }

    #[test]
    fn what_is_new_or_worse_is_not_accepted() {
        let baseline = accepting(&[
            finding("expired", "a", 8, "2026-02-21"),
            finding("expiring", "b", -20, "2026-03-21"),
            finding("overdue-rotation", "c", 3, "2025-01-01"),
            finding("unconfirmed-key", "", 200, "team"),
            finding("overlong", "d", 30, ""),
            finding("single-holder", "e", 1, "alice"),
            finding("unlisted-reader", "f", 1, "key 1"),
            finding("exposed-to-departed", "", 2, "carol\na\nb"),
        ]);
        for (id, secret, weight, mark, is_accepted) in [
            // It got older, and is the same.
            ("expired", "a", 60, "2026-02-21", true),
            ("overdue-rotation", "c", 90, "2025-01-01", true),
            ("unconfirmed-key", "", 260, "team", true),
            ("expiring", "b", -1, "2026-03-21", true),
            // A new value lapsed in its turn, however short ago.
            ("expired", "a", 1, "2026-04-01", false),
            ("overdue-rotation", "c", 1, "2025-06-01", false),
            ("unconfirmed-key", "", 1, "ops", false),
            // It is over, or so near that deploys are blocked.
            ("expired", "b", 0, "2026-03-21", false),
            ("expiring", "b", -1, "2026-03-21 blocks", false),
            ("overlong", "d", 30, "", true),
            ("overlong", "d", 29, "", true),
            ("overlong", "d", 31, "", false),
            ("single-holder", "e", 1, "alice", true),
            ("single-holder", "e", 1, "bob", false),
            ("single-holder", "e", 2, "alice", false),
            ("unlisted-reader", "f", 1, "key 1", true),
            ("unlisted-reader", "f", 1, "key 2", false),
            ("exposed-to-departed", "", 1, "carol\na", true),
            ("exposed-to-departed", "", 3, "carol\na\nb\nc", false),
            ("no-expiry", "a", 1, "", false),
            ("expired", "z", 8, "2026-02-21", false),
        ] {
            let settled = settle(&baseline, NOW, finding(id, secret, weight, mark));
            assert_eq!(settled.waived.len(), usize::from(is_accepted), "{id} {secret} {weight} {mark}");
            assert_eq!(settled.findings.len(), usize::from(!is_accepted), "{id} {secret} {weight} {mark}");
        }
        let elsewhere =
            Finding { path: Some("other/custody.toml".to_owned()), ..finding("overlong", "d", 30, "") };
        assert_eq!(settle(&baseline, NOW, elsewhere).findings.len(), 1);
        let others = Finding {
            message: "sealed to mallory".to_owned(),
            ..finding("unlisted-reader", "f", 1, "key 1")
        };
        assert_eq!(settle(&baseline, NOW, others).findings.len(), 1);
    }

    #[test]
    fn the_state_of_a_clone_and_what_was_waived_before_are_never_accepted() {
        for id in
            ["uncommitted", "unpushed", "outdated", "weakened-policy", "monitor-silent", "waiver-expired"]
        {
            let found = finding(id, "a", 1, "");
            assert_eq!(accepting(std::slice::from_ref(&found)).accepted, [], "{id}");
            // Nor where somebody wrote it into the file.
            let accepted = vec![Accepted { likeness: Likeness::of(&found), until: at(UNTIL) }];
            let settled = settle(&Baseline { accepted, ..accepting(&[]) }, NOW, found);
            assert_eq!(settled.findings.len(), 1, "{id}");
        }
    }

    #[test]
    fn what_is_mended_is_counted() {
        let all = ["a", "b", "c", "d"].map(|secret| finding("single-holder", secret, 1, "alice"));
        let baseline = accepting(&all);
        let [same, worse, waived, _] = all.clone();
        let worse = Finding { weight: 2, ..worse };
        let waived = Waived { finding: waived, until: at(UNTIL), reason: String::new(), by: String::new() };
        let settled = baseline.settle(at(NOW), "b.json", vec![same.clone(), worse], &[waived]);
        assert_eq!((settled.waived.len(), settled.findings.len(), settled.mended), (1, 1, 1));
        assert_eq!(baseline.settle(at(NOW), "b.json", all.to_vec(), &[]).mended, 0);
        // Of two in one place each is counted for itself.
        let readers = ["x", "y"].map(|key| finding("unlisted-reader", "a", 1, key));
        assert_eq!(settle(&accepting(&readers), NOW, readers[0].clone()).mended, 1);
    }

    #[test]
    fn the_latest_end_is_half_a_year_ahead() {
        assert_eq!(latest_end(at("2026-03-01T12:00:00Z")), Some(at("2026-08-28T12:00:00Z")));
        assert_eq!(latest_end(at("9999-12-31T00:00:00Z")), None);
    }
}
