//! # overlong
//!
//! Declared to live longer than `max-lifetime` allows, counted from the day of issue or the day when the version was
//! set, whichever is earlier. Off where policy sets no `max-lifetime`; what never lapses has no lifetime.
//!
//! **Mend:** declare an earlier end with `secrets expiry set NAME`, and renew it by then.

use super::term::{self, Term};
use super::{Check, Fault, Judgement, Subject, TrackedSubject};
use crate::domain::check_id::CheckId;
use crate::domain::expiry::Expiry;
use crate::domain::finding::Level;

pub const CHECK: Check =
    Check::of_secret(CheckId::Overlong, Level::Warning, judge).and_tracked(judge_tracked);

fn judge(subject: &Subject<'_>) -> Judgement {
    term::of_secret(subject, judge_term)
}

fn judge_tracked(subject: &TrackedSubject<'_>) -> Judgement {
    term::of_tracked(subject, judge_term)
}

fn judge_term(term: &Term<'_>) -> Judgement {
    let rule = &term.rules.max_lifetime;
    let (Some(end), Some(most)) = (term.expires.as_ref().and_then(Expiry::at), rule.value) else {
        return Ok(Vec::new());
    };
    let Some(latest) = most.after(term.since.clone()?).filter(|latest| end > *latest) else {
        return Ok(Vec::new());
    };
    let (origin, name) = (&rule.origin, &term.name);
    let message = format!(
        "ends {}, later than {}, the latest that max-lifetime {most} allows ({origin})",
        end.brief(),
        latest.brief()
    );
    let remedy = format!(
        "secrets expiry set {name} --expires {} --reason 'shortened to max-lifetime'",
        latest.brief()
    );
    Ok(vec![Fault::new(message, remedy).weighing(latest.days_until(end))])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::samples::{ends, judge as run, messages, policy, sealed_of, secret, time};

    #[test]
    fn around_the_longest_lifetime() {
        let (mut secret, mut policy) = (secret(), policy());
        let at_most = |policy: &_, secret: &_| messages(run(judge, policy, secret));
        sealed_of(&mut secret).expires = ends("2027-01-01T00:00:01Z");
        assert_eq!(at_most(&policy, &secret), [""; 0]);

        policy.defaults.max_lifetime = Some("1y".parse().unwrap());
        for (end, told) in [
            ("2026-12-31T23:59:59Z", None),
            ("2027-01-01T00:00:00Z", None),
            (
                "2027-01-01T00:00:01Z",
                Some(
                    "ends 2027-01-01T00:00:01Z, later than 2027-01-01, the latest that max-lifetime 1y allows \
                     ([defaults])",
                ),
            ),
        ] {
            sealed_of(&mut secret).expires = ends(end);
            assert_eq!(at_most(&policy, &secret).first().map(String::as_str), told, "{end}");
        }
        assert_eq!(
            run(judge, &policy, &secret).unwrap()[0].remedy,
            "secrets expiry set web/prod/db --expires 2027-01-01 --reason 'shortened to max-lifetime'"
        );
        // An issue in the future, of what was set on 2026-01-01, gives no longer life.
        for (issued, latest) in [("2030-01-01", "2027-01-01"), ("2025-12-01", "2026-12-01")] {
            sealed_of(&mut secret).issued = Some(time(issued));
            assert!(at_most(&policy, &secret)[0].contains(&format!("later than {latest}")), "{issued}");
        }
    }
}
