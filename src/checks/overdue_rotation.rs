//! # overdue-rotation
//!
//! The version is older than `rotate-every` allows, counted from the day of issue or the day when it was set,
//! whichever is earlier. Off where policy sets no `rotate-every`. Resealing makes no new version.
//!
//! **Mend:** get a new one, then `secrets set NAME`.

use super::term::{self, Term};
use super::{Check, Fault, Judgement, Subject, TrackedSubject, wording};
use crate::domain::check_id::CheckId;
use crate::domain::finding::Level;

pub const CHECK: Check =
    Check::of_secret(CheckId::OverdueRotation, Level::Warning, judge).and_tracked(judge_tracked);

fn judge(subject: &Subject<'_>) -> Judgement {
    term::of_secret(subject, judge_term)
}

fn judge_tracked(subject: &TrackedSubject<'_>) -> Judgement {
    term::of_tracked(subject, judge_term)
}

fn judge_term(term: &Term<'_>) -> Judgement {
    let (rule, now) = (&term.rules.rotate_every, term.now);
    let Some(every) = rule.value else { return Ok(Vec::new()) };
    let start = term.since.clone()?;
    let Some(due) = every.after(start) else { return Ok(Vec::new()) };
    if now < due {
        return Ok(Vec::new());
    }
    let (version, origin) = (&term.version, &rule.origin);
    let (since, ago) = (start.brief(), wording::ago(due, now));
    let message =
        format!("{version} is of {since}; its rotation was due {ago} (rotate-every {every}, {origin})");
    Ok(vec![Fault::new(message, term.renew()).weighing(due.days_until(now)).marked(start.to_string())])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::samples::{judge_at, messages, policy, sealed_of, secret, time};

    #[test]
    fn around_the_day() {
        let (mut secret, mut policy) = (secret(), policy());
        assert_eq!(messages(judge_at("2099-01-01", judge, &policy, &secret)), [""; 0]);

        policy.defaults.rotate_every = Some("90d".parse().unwrap());
        for (now, told) in [
            ("2026-03-31T23:59:59Z", None),
            (
                "2026-04-01T00:00:00Z",
                Some("version 3 is of 2026-01-01; its rotation was due today (rotate-every 90d, [defaults])"),
            ),
            (
                "2026-04-11T00:00:00Z",
                Some(
                    "version 3 is of 2026-01-01; its rotation was due 10 days ago (rotate-every 90d, [defaults])",
                ),
            ),
        ] {
            let found = messages(judge_at(now, judge, &policy, &secret));
            assert_eq!(found.first().map(String::as_str), told, "{now}");
        }
        sealed_of(&mut secret).issued = Some(time("2025-12-31"));
        assert_eq!(judge_at("2026-03-31", judge, &policy, &secret).unwrap().len(), 1);
        sealed_of(&mut secret).issued = Some(time("2030-01-01"));
        assert_eq!(judge_at("2026-04-01", judge, &policy, &secret).unwrap().len(), 1);
    }
}
