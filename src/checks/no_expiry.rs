//! # no-expiry
//!
//! Nobody has said when the credential ends, so nobody will be told before it does. What does not lapse says so,
//! with a reason.
//!
//! **Mend:** `secrets expiry set NAME` with `--expires DATE` or `--never WHY`.

use super::term::{self, Term};
use super::{Check, Fault, Judgement, Subject, TrackedSubject};
use crate::domain::check_id::CheckId;
use crate::domain::finding::Level;

pub const CHECK: Check = Check::of_secret(CheckId::NoExpiry, Level::Error, judge).and_tracked(judge_tracked);

fn judge(subject: &Subject<'_>) -> Judgement {
    term::of_secret(subject, judge_term)
}

fn judge_tracked(subject: &TrackedSubject<'_>) -> Judgement {
    term::of_tracked(subject, judge_term)
}

fn judge_term(term: &Term<'_>) -> Judgement {
    if term.expires.is_some() {
        return Ok(Vec::new());
    }
    let remedy = format!("secrets expiry set {} --expires DATE --reason 'none was recorded'", term.name);
    Ok(vec![Fault::new("nobody has said when it ends, nor that it never does", remedy)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::samples::{ends, judge as run, policy, sealed_of, secret};
    use crate::domain::expiry::Expiry;

    #[test]
    fn a_date_a_reason_or_a_fault() {
        let never = Some(Expiry::Never { why: "does not lapse".to_owned() });
        for (expires, faults) in [(ends("2027-01-01"), 0), (never, 0), (None, 1)] {
            let mut secret = secret();
            sealed_of(&mut secret).expires = expires;
            for fault in run(judge, &policy(), &secret).unwrap() {
                assert!(fault.remedy.contains(" --expires DATE "), "{}", fault.remedy);
            }
            assert_eq!(run(judge, &policy(), &secret).unwrap().len(), faults);
        }
    }
}
