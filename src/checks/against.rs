//! `check --against REF`: a change answers for what it introduces or worsens, not for what already stands.

use std::collections::BTreeMap;

use crate::domain::check_id::CheckId;
use crate::domain::finding::{Finding, Level};
use crate::domain::name::SecretName;

/// Lowers to a warning what already stands on the other ref: the same check on the same place, at least as bad
/// there. What is new or worse stays as it is. `reference_name` is for the message.
pub fn against(change: Vec<Finding>, reference: &[Finding], reference_name: &str) -> Vec<Finding> {
    let mut standing = BTreeMap::<_, Vec<&Finding>>::new();
    for finding in reference {
        standing.entry(place(finding)).or_default().push(finding);
    }
    change
        .into_iter()
        .map(|finding| {
            let there = standing.get(&place(&finding)).map_or(&[][..], Vec::as_slice);
            if there.iter().any(|old| stands(old, &finding)) {
                let message = format!("{} (already on {reference_name})", finding.message);
                Finding { level: Level::Warning, message, ..finding }
            } else {
                finding
            }
        })
        .collect()
}

fn place(finding: &Finding) -> (CheckId, Option<SecretName>, Option<String>) {
    (finding.id, finding.secret.clone(), finding.path.clone())
}

/// Whether `new` is the fault that was there before, or a lesser one.
fn stands(old: &Finding, new: &Finding) -> bool {
    if is_about_its_message(new.id) {
        return old.weight >= new.weight && old.message == new.message && old.mark == new.mark;
    }
    old.weight > new.weight || (old.weight == new.weight && old.mark == new.mark)
}

/// Several faults of these checks may stand in one place, each about another reader, file or glob that only the
/// message names: exchanging one for another is new, however little it weighs.
fn is_about_its_message(id: CheckId) -> bool {
    match id {
        CheckId::Missing
        | CheckId::RecordBehind
        | CheckId::Tampered
        | CheckId::UnprovenReader
        | CheckId::UnlistedReader
        | CheckId::DepartedReader
        | CheckId::WaiverExpired => true,
        CheckId::Uncommitted
        | CheckId::Unpushed
        | CheckId::Outdated
        | CheckId::Untracked
        | CheckId::Orphan
        | CheckId::Plaintext
        | CheckId::Expired
        | CheckId::Expiring
        | CheckId::NoExpiry
        | CheckId::Overlong
        | CheckId::OverdueRotation
        | CheckId::SingleHolder
        | CheckId::Unowned => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
