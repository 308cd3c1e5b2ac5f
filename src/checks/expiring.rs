//! # expiring
//!
//! The end is near: inside the first tier of `notify-at` it is a warning, inside `block-within` an error, because
//! a deploy that goes out now may outlive its credential.
//!
//! **Mend:** get a new one from the issuer, then `secrets set NAME`.

use super::term::{self, Term};
use super::{Check, Fault, Judgement, Subject, TrackedSubject, wording};
use crate::domain::check_id::CheckId;
use crate::domain::finding::Level;

pub const CHECK: Check =
    Check::of_secret(CheckId::Expiring, Level::Warning, judge).and_tracked(judge_tracked);

fn judge(subject: &Subject<'_>) -> Judgement {
    term::of_secret(subject, judge_term)
}

fn judge_tracked(subject: &TrackedSubject<'_>) -> Judgement {
    term::of_tracked(subject, judge_term)
}

fn judge_term(term: &Term<'_>) -> Judgement {
    let now = term.now;
    let Some(end) = term.end().filter(|end| now < *end) else { return Ok(Vec::new()) };
    let told = term.rules.notify_at.value.first().is_some_and(|tier| tier.reaches(end, now));
    let blocks = term.rules.block_within.value.reaches(end, now);
    if !told && !blocks {
        return Ok(Vec::new());
    }
    let within = if blocks {
        let rule = &term.rules.block_within;
        format!("; deploys are blocked {} before the end ({})", rule.value, rule.origin)
    } else {
        String::new()
    };
    let message = format!("expires {} ({}){within}", wording::ahead(now, end), end.brief());
    // Whoever accepts that the end is near has not accepted that deploys go out right before it.
    let mark = if blocks { format!("{end} blocks") } else { end.to_string() };
    let fault = Fault::new(message, term.renew()).weighing(-now.days_until(end)).marked(mark);
    Ok(vec![fault.blocking(blocks)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::samples::{ends, judge_at, policy, sealed_of, secret};

    #[test]
    fn around_the_first_tier_and_the_block() {
        let (mut secret, mut policy) = (secret(), policy());
        sealed_of(&mut secret).expires = ends("2022-08-30");
        policy.defaults.block_within = Some("1d".parse().unwrap());
        for (now, told) in [
            ("2022-06-30T23:59:59Z", None),
            ("2022-07-01T00:00:00Z", Some(("expires in 60 days (2022-08-30)", false))),
            ("2022-08-18T00:00:00Z", Some(("expires in 12 days (2022-08-30)", false))),
            ("2022-08-28T23:59:59Z", Some(("expires in 1 day (2022-08-30)", false))),
            (
                "2022-08-29T00:00:00Z",
                Some((
                    "expires tomorrow (2022-08-30); deploys are blocked 1d before the end ([defaults])",
                    true,
                )),
            ),
            (
                "2022-08-29T23:59:59Z",
                Some((
                    "expires tomorrow (2022-08-30); deploys are blocked 1d before the end ([defaults])",
                    true,
                )),
            ),
            ("2022-08-30T00:00:00Z", None),
        ] {
            let faults = judge_at(now, judge, &policy, &secret).unwrap();
            let found = faults.first().map(|fault| (fault.message.as_str(), fault.blocks));
            assert_eq!(found, told, "{now}");
        }
    }

    #[test]
    fn it_gets_heavier_by_the_day() {
        let mut secret = secret();
        sealed_of(&mut secret).expires = ends("2022-08-30");
        let weight = |now| judge_at(now, judge, &policy(), &secret).unwrap()[0].weight;
        assert_eq!((weight("2022-08-18"), weight("2022-08-29")), (-12, -1));
    }

    #[test]
    fn a_block_that_is_wider_than_the_first_tier_still_holds() {
        let (mut secret, mut policy) = (secret(), policy());
        sealed_of(&mut secret).expires = ends("2022-08-30");
        policy.defaults.notify_at = Some(Vec::new());
        assert!(judge_at("2022-08-29", judge, &policy, &secret).unwrap().is_empty());
        policy.defaults.block_within = Some("7d".parse().unwrap());
        assert!(judge_at("2022-08-23", judge, &policy, &secret).unwrap()[0].blocks);
        assert!(judge_at("2022-08-22T23:59:59Z", judge, &policy, &secret).unwrap().is_empty());
    }
}
