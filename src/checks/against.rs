//! `check --against REF`: a change answers for what it introduces or worsens, not for what already stands.

use std::collections::BTreeMap;

use crate::domain::finding::{Finding, Level};
use crate::domain::likeness::Likeness;

/// Lowers to a warning what already stands on the other ref: the same check on the same place, at least as bad
/// there. What is new or worse stays as it is. `reference_name` is for the message.
pub fn against(change: Vec<Finding>, reference: &[Finding], reference_name: &str) -> Vec<Finding> {
    let reference: Vec<Likeness> = reference.iter().map(Likeness::of).collect();
    let mut standing = BTreeMap::<_, Vec<&Likeness>>::new();
    for old in &reference {
        standing.entry(old.place()).or_default().push(old);
    }
    change
        .into_iter()
        .map(|finding| {
            let new = Likeness::of(&finding);
            let there = standing.get(&new.place()).map_or(&[][..], Vec::as_slice);
            if there.iter().any(|old| old.stands(&new)) {
                let message = format!("{} (already on {reference_name})", finding.message);
                Finding { level: Level::Warning, message, ..finding }
            } else {
                finding
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::samples::{file_of, judge as run, policy, proved_without, secret, stanza};
    use crate::checks::{Check, unlisted_reader, unproven_reader, unsigned};
    use crate::domain::digest::Digest;
    use crate::domain::facts::{Proof, SecretFacts};

    fn finding(id: &str, secret: &str, weight: i64, message: &str) -> Finding {
        Finding {
            id: id.parse().unwrap(),
            level: Level::Error,
            secret: secret.parse().ok(),
            path: Some(format!("secrets/{secret}.json")),
            message: message.to_owned(),
            remedy: "secrets check".to_owned(),
            weight,
            mark: String::new(),
        }
    }

    #[test]
    fn what_stands_is_lowered_and_what_is_new_or_worse_stays() {
        let reference = [
            finding("expired", "a", 8, "expired 8 days ago"),
            finding("single-holder", "a", 1, "only alice"),
            finding("unlisted-reader", "a", 1, "sealed to carol"),
            finding("unlisted-reader", "a", 1, "sealed to dave"),
        ];
        for (id, secret, weight, message, level) in [
            ("expired", "a", 7, "expired 7 days ago", Level::Warning),
            ("expired", "a", 8, "expired 8 days ago", Level::Warning),
            ("expired", "a", 9, "expired 9 days ago", Level::Error),
            ("expired", "b", 8, "expired 8 days ago", Level::Error),
            ("no-expiry", "a", 1, "nobody has said", Level::Error),
            ("single-holder", "a", 1, "only bob", Level::Warning),
            ("single-holder", "a", 2, "nobody", Level::Error),
            ("unlisted-reader", "a", 1, "sealed to dave", Level::Warning),
            ("unlisted-reader", "a", 1, "sealed to mallory", Level::Error),
        ] {
            let judged = against(vec![finding(id, secret, weight, message)], &reference, "origin/main");
            assert_eq!(judged[0].level, level, "{id} {secret} {weight}");
            let told = if level == Level::Warning {
                format!("{message} (already on origin/main)")
            } else {
                message.to_owned()
            };
            assert_eq!(judged[0].message, told);
        }
    }

    #[test]
    fn what_is_about_others_is_new_unless_it_is_less() {
        let marked = |id, weight, mark: &str| Finding {
            mark: mark.to_owned(),
            ..finding(id, "a", weight, "the same words")
        };
        let reference = [marked("single-holder", 2, "alice"), marked("tampered", 2, "D and F")];
        for (id, weight, mark, level) in [
            ("single-holder", 2, "alice", Level::Warning),
            ("single-holder", 2, "bob", Level::Error),
            ("single-holder", 1, "bob, carol", Level::Warning),
            ("tampered", 2, "D and F", Level::Warning),
            ("tampered", 2, "D and G", Level::Error),
            ("tampered", 1, "D and G", Level::Error),
        ] {
            let judged = against(vec![marked(id, weight, mark)], &reference, "main");
            assert_eq!(judged[0].level, level, "{id} {weight} {mark}");
        }
    }

    #[test]
    fn another_path_is_another_place() {
        let stands = finding("plaintext", "", 1, "not encrypted");
        let moved = Finding { path: Some("secrets/other".to_owned()), ..stands.clone() };
        assert_eq!(against(vec![moved], &[stands], "main")[0].level, Level::Error);
    }

    /// A check, and what makes a pair that it finds fault with.
    type Spoilt = (Check, fn(&mut SecretFacts));

    #[test]
    fn another_pair_with_the_same_fault_is_new() {
        let ways: [Spoilt; 5] = [
            (unsigned::CHECK, |_| {}),
            (unlisted_reader::CHECK, |secret| file_of(secret).stanzas.push(stanza("X25519", &["m"]))),
            (unlisted_reader::CHECK, |secret| {
                let mut recomputed = proved_without(secret, &[]);
                recomputed.surplus.push(stanza("X25519", &["m"]));
                secret.proof = Proof::Recomputed(recomputed);
            }),
            (unproven_reader::CHECK, |secret| drop(file_of(secret).stanzas.pop())),
            (unproven_reader::CHECK, |secret| {
                secret.proof = Proof::Recomputed(proved_without(secret, &["bob"]));
            }),
        ];
        let mut policy = policy();
        policy.defaults.require_signature = Some(true);
        for (check, spoil) in ways {
            let found = |change: &dyn Fn(&mut SecretFacts)| {
                let mut secret = secret();
                spoil(&mut secret);
                change(&mut secret);
                let faults = run(check.secret.unwrap(), &policy, &secret).unwrap();
                assert_eq!(faults.len(), 1, "{}", check.id);
                let fault = &faults[0];
                let (id, mark) = (check.id.as_str(), fault.mark.clone());
                vec![Finding { mark, ..finding(id, "web/prod/db", fault.weight, &fault.message) }]
            };
            let reference = found(&|_| {});
            let level =
                |change: &dyn Fn(&mut SecretFacts)| against(found(change), &reference, "main")[0].level;
            assert_eq!(level(&|_| {}), Level::Warning, "{}", check.id);
            let value: &dyn Fn(&mut SecretFacts) = &|secret| file_of(secret).digest = Digest::of(b"another");
            assert_eq!(level(value), Level::Error, "{}", check.id);
            let record: &dyn Fn(&mut SecretFacts) =
                &|secret| secret.binding_expected = Some(Digest::of(b"another"));
            assert_eq!(level(record), Level::Error, "{}", check.id);
        }
    }
}
