//! # expired
//!
//! The credential has ended: logins with it fail. It is expired from the very second of its end on.
//!
//! **Mend:** get a new one from the issuer, then `secrets set NAME`.

use super::term::{self, Term};
use super::{Check, Fault, Judgement, Subject, TrackedSubject, wording};
use crate::domain::check_id::CheckId;
use crate::domain::finding::Level;

pub const CHECK: Check = Check::of_secret(CheckId::Expired, Level::Error, judge).and_tracked(judge_tracked);

fn judge(subject: &Subject<'_>) -> Judgement {
    term::of_secret(subject, judge_term)
}

fn judge_tracked(subject: &TrackedSubject<'_>) -> Judgement {
    term::of_tracked(subject, judge_term)
}

fn judge_term(term: &Term<'_>) -> Judgement {
    let now = term.now;
    let Some(end) = term.end().filter(|end| now >= *end) else { return Ok(Vec::new()) };
    let message = format!("expired {} ({})", wording::ago(end, now), end.brief());
    Ok(vec![Fault::new(message, term.renew()).weighing(end.days_until(now)).marked(end.to_string())])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::samples::{ends, judge_at, messages, policy, sealed_of, secret};
    use crate::domain::expiry::Expiry;
    use crate::domain::facts::SecretFacts;
    use crate::domain::json::UniqueMap;
    use crate::domain::record::Runner;

    #[test]
    fn around_the_end() {
        let mut secret = secret();
        sealed_of(&mut secret).expires = ends("2022-08-30");
        for (now, told) in [
            ("2022-08-29T23:59:59Z", None),
            ("2022-08-30T00:00:00Z", Some("expired today (2022-08-30)")),
            ("2022-08-30T00:00:01Z", Some("expired today (2022-08-30)")),
            ("2022-08-31T00:00:00Z", Some("expired yesterday (2022-08-30)")),
            ("2022-09-07T12:25:00Z", Some("expired 8 days ago (2022-08-30)")),
        ] {
            let found = messages(judge_at(now, judge, &policy(), &secret));
            assert_eq!(found.first().map(String::as_str), told, "{now}");
        }
    }

    #[test]
    fn without_an_end_nothing_expires() {
        let mut secret = secret();
        for expires in [None, Some(Expiry::Never { why: "does not lapse".to_owned() })] {
            sealed_of(&mut secret).expires = expires;
            assert_eq!(messages(judge_at("2099-01-01", judge, &policy(), &secret)), [""; 0]);
        }
    }

    #[test]
    fn where_something_makes_the_next_version_that_is_the_remedy() {
        let mut secret = secret();
        sealed_of(&mut secret).expires = ends("2022-08-30");
        let remedy = |secret: &SecretFacts| {
            judge_at("2022-08-30", judge, &policy(), secret).unwrap()[0].remedy.clone()
        };
        assert!(remedy(&secret).starts_with("secrets set "), "{}", remedy(&secret));
        sealed_of(&mut secret).rotator =
            Some(Runner { kind: "generate".to_owned(), with: UniqueMap::default() });
        assert!(remedy(&secret).starts_with("secrets rotate "), "{}", remedy(&secret));
    }

    #[test]
    fn it_gets_heavier_by_the_day() {
        let mut secret = secret();
        sealed_of(&mut secret).expires = ends("2022-08-30");
        let weight = |now| judge_at(now, judge, &policy(), &secret).unwrap()[0].weight;
        assert_eq!((weight("2022-08-30"), weight("2022-09-07")), (0, 8));
    }
}
