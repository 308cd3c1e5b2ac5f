//! # departed-reader
//!
//! The value is sealed to a reader whom policy no longer knows: somebody who left, or a machine that was taken
//! down, can still open what lies in the repository.
//!
//! **Mend:** `secrets reseal NAME`. Who left has seen the value all the same; resealing does not take that back.

use super::{Check, Fault, Judgement, Subject, mending, readership};
use crate::domain::check_id::CheckId;
use crate::domain::finding::Level;

pub const CHECK: Check = Check::of_secret(CheckId::DepartedReader, Level::Error, judge);

fn judge(subject: &Subject<'_>) -> Judgement {
    let Some(record) = subject.record()? else { return Ok(Vec::new()) };
    let remedy = mending::reseal(subject);
    Ok(readership::claimed(&record.sealed)
        .into_iter()
        .filter(|reader| subject.policy.actor(reader).is_none())
        .map(|reader| {
            let message = format!("sealed to {reader}, whom policy no longer knows");
            Fault::new(message, &remedy)
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::samples::{actor, judge as run, messages, policy, secret};
    use crate::checks::{unlisted_reader, unproven_reader};

    #[test]
    fn who_left_is_departed_and_nothing_else() {
        let (secret, mut policy) = (secret(), policy());
        assert_eq!(messages(run(judge, &policy, &secret)), [""; 0]);

        policy.people.remove(&actor("bob"));
        policy.groups.clear();
        policy.defaults.readers = Some(vec![actor("alice"), actor("ci")]);
        assert_eq!(messages(run(judge, &policy, &secret)), ["sealed to bob, whom policy no longer knows"]);
        for other in [unlisted_reader::CHECK, unproven_reader::CHECK] {
            assert_eq!(messages(run(other.secret.unwrap(), &policy, &secret)), [""; 0], "{}", other.id);
        }
    }
}
