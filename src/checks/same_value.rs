//! # same-value
//!
//! A new version whose value is the old one: only the dates were moved, nothing was rotated. What the issuer ends, ends.
//! Seen with an identity only (`check --prove`), against the version before in git's history.
//!
//! **Mend:** get a new value from the issuer and `secrets set NAME`. If the issuer extended the old one:
//! `secrets expiry set`, which says so and makes no new version.

use super::{Check, Fault, Judgement, Subject};
use crate::domain::check_id::CheckId;
use crate::domain::facts::{PreviousValue, Proof};
use crate::domain::finding::Level;

pub const CHECK: Check = Check::of_secret(CheckId::SameValue, Level::Error, judge);

fn judge(subject: &Subject<'_>) -> Judgement {
    // What was not opened the driver tells of, once for all checks.
    let Proof::Recomputed(recomputed) = &subject.secret.proof else { return Ok(Vec::new()) };
    let Some(record) = subject.record()? else { return Ok(Vec::new()) };
    match recomputed.previous_value.as_ref().map_err(Clone::clone)? {
        PreviousValue::None | PreviousValue::Other | PreviousValue::NotCompared(_) => Ok(Vec::new()),
        PreviousValue::Same(before) => {
            let number = record.sealed.version.number;
            let message =
                format!("version {number} has the same value as version {before}: nothing was rotated");
            let remedy = format!("secrets set {}", subject.secret.name);
            Ok(vec![
                Fault::new(message, remedy)
                    .at(&subject.secret.sealed_path)
                    .marked(format!("{number} {before}")),
            ])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::samples::{judge as run, messages, policy, proved, secret};
    use crate::domain::finding::{Known, Unknown};

    #[test]
    fn only_the_same_value_is_a_fault() {
        let judged = |previous: Known<PreviousValue>| {
            let mut secret = secret();
            let mut recomputed = proved(&secret);
            recomputed.previous_value = previous;
            secret.proof = Proof::Recomputed(recomputed);
            run(judge, &policy(), &secret)
        };
        for well in [PreviousValue::None, PreviousValue::Other, PreviousValue::NotCompared("cut".to_owned())]
        {
            assert_eq!(messages(judged(Ok(well))), [""; 0]);
        }
        assert_eq!(
            messages(judged(Ok(PreviousValue::Same(2)))),
            ["version 3 has the same value as version 2: nothing was rotated"]
        );
        assert!(judged(Err(Unknown::new("the value of the version before", "the history is cut"))).is_err());
        assert_eq!(messages(run(judge, &policy(), &secret())), [""; 0]);
    }
}
