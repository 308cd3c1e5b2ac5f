//! # tampered
//!
//! The value was not sealed with this record. Somebody edited the record by itself (a later expiry, another
//! reader), copied a value from `staging/` to `prod/` or from another repository, or sealed it with another tool,
//! which binds nothing. Or the header of the value breaks the age format, as no tool writes it. With `--prove` also:
//! the header does not fit its MAC, or the payload does not decrypt to its end. The binding shows that record and
//! value were made together, not by whom. Or the record carries a signature that is not the one of whom it names.
//!
//! **Mend:** look at what changed and who changed it (`git log -p`), restore the pair, or seal the value anew with
//! `secrets set NAME`. `reseal` would only bind the edited record.

use super::{Check, Fault, Judgement, Subject, mending};
use crate::domain::check_id::CheckId;
use crate::domain::facts::{Binding, Proof, Signature, SignatureVerdict};
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
        Binding::HeaderMalformed(why) => {
            reasons.push(format!("the header of the age file is malformed: {why}"));
        }
        Binding::Malformed(why) => reasons.push(format!("the binding is malformed: {why}")),
        Binding::Bound(found) if Some(*found) != secret.binding_expected => {
            reasons.push("the record is not the one that the value was sealed with".to_owned());
        }
        Binding::Bound(_) => {}
    }
    if let Proof::Broken(why) = &secret.proof
        && reasons.iter().all(|reason| reason != why)
    {
        reasons.push(format!("opened, and it is not what it must be: {why}"));
    }
    if sealed.name != secret.name {
        reasons.push(format!("sealed under the name {}", sealed.name));
    }
    if sealed.store != subject.policy.store {
        reasons.push(format!("sealed for another store ({})", sealed.store));
    }
    match &secret.signatures {
        Ok(signatures) => reasons.extend(signatures.iter().filter_map(false_signature)),
        Err(unknown) if reasons.is_empty() => return Err(unknown.clone()),
        Err(_) => {}
    }
    if reasons.is_empty() {
        return Ok(Vec::new());
    }
    let weight = i64::try_from(reasons.len()).unwrap_or(i64::MAX);
    let remedy = mending::pair(subject);
    // Tampered with once more it is another fault, though the same words tell it.
    Ok(vec![Fault::new(reasons.join("; "), remedy).weighing(weight).marked(subject.pair_mark())])
}

fn false_signature(signature: &Signature) -> Option<String> {
    match &signature.verdict {
        SignatureVerdict::False(why) => Some(format!("the signature of {} is false: {why}", signature.by)),
        SignatureVerdict::Valid | SignatureVerdict::NotListed => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::samples::{file_of, judge as run, messages, policy, sealed_of, secret, store_id};
    use crate::domain::digest::Digest;
    use crate::domain::facts::SecretFacts;
    use crate::domain::finding::Unknown;

    /// How the pair is spoilt, and what is told.
    type Way = (fn(&mut SecretFacts), &'static [&'static str]);

    #[test]
    fn every_way_in_which_the_pair_does_not_fit() {
        let ways: [Way; 9] = [
            (|_| {}, &[]),
            (
                |s| file_of(s).binding = Binding::Absent,
                &["sealed by another tool: nothing binds the value to its record"],
            ),
            (
                |s| file_of(s).binding = Binding::HeaderMalformed("a stanza was expected"),
                &["the header of the age file is malformed: a stanza was expected"],
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
                |s| s.proof = Proof::Broken("the header does not fit its MAC".to_owned()),
                &["opened, and it is not what it must be: the header does not fit its MAC"],
            ),
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
    fn what_opening_it_showed_is_told_beside_the_rest_and_never_twice() {
        let absent = "sealed by another tool: nothing binds the value to its record";
        for (broken, told) in [
            (absent, absent.to_owned()),
            ("bad MAC", format!("{absent}; opened, and it is not what it must be: bad MAC")),
        ] {
            let mut secret = secret();
            file_of(&mut secret).binding = Binding::Absent;
            secret.proof = Proof::Broken(broken.to_owned());
            assert_eq!(messages(run(judge, &policy(), &secret)), [told]);
        }
    }

    #[test]
    fn a_false_signature_is_told_beside_the_rest() {
        let mut secret = secret();
        let by = |by: &str, verdict| Signature { by: by.parse().unwrap(), verdict };
        secret.signatures =
            Ok(vec![by("alice", SignatureVerdict::Valid), by("bob", SignatureVerdict::NotListed)]);
        assert!(run(judge, &policy(), &secret).unwrap().is_empty());
        let lie = SignatureVerdict::False("it is not over this record and value".to_owned());
        secret.signatures = Ok(vec![by("alice", lie), by("bob", SignatureVerdict::Valid)]);
        let told = "the signature of alice is false: it is not over this record and value";
        assert_eq!(messages(run(judge, &policy(), &secret)), [told]);
        file_of(&mut secret).binding = Binding::Absent;
        assert!(messages(run(judge, &policy(), &secret))[0].ends_with(&format!("; {told}")));
    }

    #[test]
    fn signatures_that_can_t_be_verified_hide_no_other_fault() {
        let mut secret = secret();
        secret.signatures = Err(Unknown::new("origin/main", "not asked"));
        assert_eq!(run(judge, &policy(), &secret).unwrap_err().what, "origin/main");
        file_of(&mut secret).binding = Binding::Absent;
        assert_eq!(messages(run(judge, &policy(), &secret)).len(), 1);
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
