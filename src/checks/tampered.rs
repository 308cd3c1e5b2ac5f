//! # tampered
//!
//! The value was not sealed with this record. Somebody edited the record by itself (a later expiry, another
//! reader), copied a value from `staging/` to `prod/` or from another repository, or sealed it with another tool,
//! which binds nothing. The binding shows that record and value were made together, not by whom.
//!
//! **Mend:** look at what changed and who changed it (`git log -p`), restore the pair, or seal the value anew with
//! `secrets set NAME`. `reseal` would only bind the edited record.

use super::{Check, Fault, Judgement, Subject, mending};
use crate::domain::check_id::CheckId;
use crate::domain::facts::Binding;
use crate::domain::finding::Level;

pub const CHECK: Check = Check::of_secret(CheckId::Tampered, Level::Error, judge);

fn judge(subject: &Subject<'_>) -> Judgement {
    let (Some(record), Some(file)) = (subject.record()?, subject.sealed()?) else { return Ok(Vec::new()) };
    let (sealed, secret) = (&record.sealed, subject.secret);
    let mut reasons = Vec::new();
    match &file.binding {
        Binding::Absent => {
            reasons.push("sealed by another tool: nothing binds the value to its record".to_owned());
        }
        Binding::Malformed(why) => reasons.push(format!("the binding is malformed: {why}")),
        Binding::Bound(found) if Some(*found) != secret.binding_expected => {
            reasons.push("the record is not the one that the value was sealed with".to_owned());
        }
        Binding::Bound(_) => {}
    }
    if sealed.name != secret.name {
        reasons.push(format!("sealed under the name {}", sealed.name));
    }
    if sealed.store != subject.policy.store {
        reasons.push(format!("sealed for another store ({})", sealed.store));
    }
    if reasons.is_empty() {
        return Ok(Vec::new());
    }
    let weight = i64::try_from(reasons.len()).unwrap_or(i64::MAX);
    let remedy = mending::pair(subject);
    // Tampered with once more it is another fault, though the same words tell it.
    let record = secret.binding_expected.map(|digest| digest.to_string()).unwrap_or_default();
    let fault = Fault::new(reasons.join("; "), remedy).weighing(weight);
    Ok(vec![fault.marked(format!("{record} {}", file.digest))])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::samples::{file_of, judge as run, messages, policy, sealed_of, secret, store_id};
    use crate::domain::digest::Digest;
    use crate::domain::facts::SecretFacts;

    /// How the pair is spoilt, and what is told.
    type Way = (fn(&mut SecretFacts), &'static [&'static str]);

    #[test]
    fn every_way_in_which_the_pair_does_not_fit() {
        let ways: [Way; 7] = [
            (|_| {}, &[]),
            (
                |s| file_of(s).binding = Binding::Absent,
                &["sealed by another tool: nothing binds the value to its record"],
            ),
            (
                |s| file_of(s).binding = Binding::Malformed("it is not the first"),
                &["the binding is malformed: it is not the first"],
            ),
            (
                |s| file_of(s).binding = Binding::Bound(Digest::of(b"E")),
                &["the record is not the one that the value was sealed with"],
            ),
            (|s| s.binding_expected = None, &["the record is not the one that the value was sealed with"]),
            (
                |s| sealed_of(s).name = "web/staging/db".parse().unwrap(),
                &["sealed under the name web/staging/db"],
            ),
            (
                |s| sealed_of(s).store = store_id(2),
                &["sealed for another store (01KDVDNA000000000000000002)"],
            ),
        ];
        for (change, told) in ways {
            let mut secret = secret();
            change(&mut secret);
            let found = messages(run(judge, &policy(), &secret));
            assert_eq!(found.len(), told.len(), "{found:?}");
            for (found, told) in found.iter().zip(told) {
                assert!(found.starts_with(told), "{found}");
            }
        }
    }

    #[test]
    fn each_tampering_is_another() {
        let mut secret = secret();
        let mut marks = std::collections::BTreeSet::new();
        file_of(&mut secret).binding = Binding::Absent;
        for (record, value) in [(b"D", b"V"), (b"E", b"V"), (b"E", b"W")] {
            secret.binding_expected = Some(Digest::of(record));
            file_of(&mut secret).digest = Digest::of(value);
            marks.insert(run(judge, &policy(), &secret).unwrap().remove(0).mark);
        }
        assert_eq!(marks.len(), 3);
    }

    #[test]
    fn a_copy_from_elsewhere_gives_all_reasons_at_once() {
        let mut secret = secret();
        sealed_of(&mut secret).store = store_id(2);
        sealed_of(&mut secret).name = "a".parse().unwrap();
        let faults = run(judge, &policy(), &secret).unwrap();
        assert_eq!((faults.len(), faults[0].weight), (1, 2));
    }
}
