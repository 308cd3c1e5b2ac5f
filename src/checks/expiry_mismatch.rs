//! # expiry-mismatch
//!
//! The value itself carries an end (a certificate, a token, a signed URL), and it comes before the one that was recorded,
//! or none was because it allegedly never lapses. Whoever trusts the record will be told too late. The earlier one is
//! what `expired` and `expiring` judge. Values are looked into by `check --prove` only.
//!
//! **Mend:** `secrets expiry set NAME --expires DATE` with the date that the value carries.

use super::term::{self, Term};
use super::{Check, Fault, Judgement, Subject, TrackedSubject};
use crate::domain::check_id::CheckId;
use crate::domain::expiry::Expiry;
use crate::domain::finding::Level;

pub const CHECK: Check =
    Check::of_secret(CheckId::ExpiryMismatch, Level::Error, judge).and_tracked(judge_tracked);

fn judge(subject: &Subject<'_>) -> Judgement {
    term::of_secret(subject, judge_term)
}

fn judge_tracked(subject: &TrackedSubject<'_>) -> Judgement {
    term::of_tracked(subject, judge_term)
}

fn judge_term(term: &Term<'_>) -> Judgement {
    let (Some(inside), Some(recorded)) = (term.inside, &term.expires) else { return Ok(Vec::new()) };
    let (told, days) = match recorded {
        Expiry::At { at, .. } if inside.at < *at => {
            (format!("the record says {}", at.brief()), inside.at.days_until(*at))
        }
        Expiry::At { .. } => return Ok(Vec::new()),
        Expiry::Never { .. } => ("the record says never".to_owned(), i64::MAX),
    };
    let end = inside.at.brief();
    let message = format!("the value ends {end} ({}), and {told}", inside.what);
    let remedy =
        format!("secrets expiry set {} --expires {end} --reason 'the value says so itself'", term.name);
    Ok(vec![Fault::new(message, remedy).weighing(days)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::samples::{ends, judge as run, messages, policy, proved, sealed_of, secret, time};
    use crate::checks::{expired, expiring};
    use crate::domain::expiry::ExpirySource;
    use crate::domain::facts::{Proof, SecretFacts};
    use crate::domain::value_end::{ValueEnd, ValueEnds};

    fn carrying(at: &str) -> SecretFacts {
        let mut secret = secret();
        let what = "certificate of CN=admin".to_owned();
        let end = ValueEnd { at: time(at), source: ExpirySource::X509, what };
        let ends = ValueEnds { ends: vec![end], unread: Vec::new() };
        secret.proof = Proof::Recomputed(crate::domain::facts::Recomputed { ends, ..proved(&secret) });
        secret
    }

    #[test]
    fn around_the_recorded_end() {
        for (recorded, told) in [
            (ends("2026-09-01T00:00:00Z"), None),
            (ends("2026-09-01T12:00:00Z"), None),
            (
                ends("2026-09-01T12:00:01Z"),
                Some(
                    "the value ends 2026-09-01T12:00:00Z (certificate of CN=admin), and the record says 2026-09-01T12:00:01Z",
                ),
            ),
            (
                Some(Expiry::Never { why: "it does not lapse".to_owned() }),
                Some(
                    "the value ends 2026-09-01T12:00:00Z (certificate of CN=admin), and the record says never",
                ),
            ),
            (None, None),
        ] {
            let mut secret = carrying("2026-09-01T12:00:00Z");
            sealed_of(&mut secret).expires = recorded.clone();
            let found = messages(run(judge, &policy(), &secret));
            assert_eq!(found.first().map(String::as_str), told, "{recorded:?}");
        }
        let mut secret = carrying("2026-09-01");
        secret.proof = Proof::NotAsked;
        assert_eq!(messages(run(judge, &policy(), &secret)), [""; 0]);
    }

    #[test]
    fn the_earlier_one_is_judged() {
        let is_found = |check: Check, secret: &SecretFacts| {
            !run(check.secret.unwrap(), &policy(), secret).unwrap().is_empty()
        };
        // It is 2026-06-01, 12:00.
        for (inside, recorded, has_expired, is_expiring) in [
            ("2026-06-01T12:00:00Z", "2027-01-01", true, false),
            ("2026-06-01T12:00:01Z", "2027-01-01", false, true),
            ("2027-01-01", "2026-06-01T12:00:00Z", true, false),
            ("2027-01-01", "2027-01-01", false, false),
        ] {
            let mut secret = carrying(inside);
            sealed_of(&mut secret).expires = ends(recorded);
            assert_eq!(is_found(expired::CHECK, &secret), has_expired, "{inside} {recorded}");
            assert_eq!(is_found(expiring::CHECK, &secret), is_expiring, "{inside} {recorded}");
        }
    }
}
