//! # orphan
//!
//! One half of a secret: a record without a sealed value has nothing to deploy; a sealed value without a record
//! has no expiry and no readers that anybody could check. A sealed file under a name that no secret can have is
//! the same thing.
//!
//! **Mend:** restore the other half from git, or remove this one and add the secret anew.

use super::{Check, Fault, FileSubject, Judgement, StoreSubject, Subject, wording};
use crate::domain::check_id::CheckId;
use crate::domain::facts::StrayKind;
use crate::domain::finding::Level;
use crate::domain::text::shell_word;
use crate::domain::tracked_name::TrackedName;

pub const CHECK: Check =
    Check::of_secret(CheckId::Orphan, Level::Error, judge).and_file(judge_file).and_store(judge_store);

fn judge(subject: &Subject<'_>) -> Judgement {
    let secret = subject.secret;
    let remedy = format!("secrets remove {}", secret.name);
    Ok(match (subject.record()?, subject.sealed()?) {
        (Some(_), None) => {
            let message =
                format!("a record without a sealed value: restore {}, or remove it", secret.sealed_path);
            vec![Fault::new(message, remedy).at(&secret.record_path)]
        }
        (None, Some(_)) => {
            let message = format!(
                "a sealed value without a record: restore {}, or remove it and add it anew",
                secret.record_path
            );
            vec![Fault::new(message, remedy).at(&secret.sealed_path)]
        }
        (Some(_), Some(_)) | (None, None) => Vec::new(),
    })
}

/// Records of what is not there, or not sealed, in a file of another tool: what the record speaks of may stand in clear
/// by now, or under another key.
fn judge_file(subject: &FileSubject<'_>) -> Judgement {
    let of = |name: &TrackedName| {
        let message =
            format!("{} has a record of {name}, and nothing is sealed there", subject.file.claims_path);
        let remedy = format!("secrets untrack {}", shell_word(name.as_str()));
        Fault::new(message, remedy).at(&subject.file.claims_path).marked(name.as_str())
    };
    Ok(subject.file.orphans.iter().map(of).collect())
}

fn judge_store(subject: &StoreSubject<'_>) -> Judgement {
    let sealed = subject.store.strays.iter().filter(|stray| stray.kind == StrayKind::Sealed);
    Ok(sealed
        .map(|stray| {
            let message = "a sealed file under a name that is no secret's: nothing can be checked of it";
            let gone = wording::gone(subject.setting, &subject.policy.deploy_ref, stray);
            let fault = match gone {
                Some((from, remedy)) => Fault::new(format!("{message}; {from}"), remedy),
                None => Fault::new(message, wording::take_out(&stray.path)),
            };
            let fault = fault.at(&stray.path);
            match wording::would_be_name(subject.setting, &stray.path) {
                Some(name) => fault.about(name),
                None => fault,
            }
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::samples::tracked::{CLAIMS, TOKEN, file, judge_file as run_file, tracked_name};
    use crate::checks::samples::{RECORD, SEALED, judge as run, policy, secret, setting, store};
    use crate::domain::facts::{Stray, StrayPlace};
    use crate::domain::finding::Unknown;

    #[test]
    fn both_halves_or_none() {
        for (record, sealed, path) in [
            (true, true, None),
            (true, false, Some(RECORD)),
            (false, true, Some(SEALED)),
            (false, false, None),
        ] {
            let mut secret = secret();
            if !record {
                secret.record = Ok(None);
            }
            if !sealed {
                secret.sealed = Ok(None);
            }
            let faults = run(judge, &policy(), &secret).unwrap();
            assert_eq!(faults.first().and_then(|fault| fault.path.as_deref()), path);
        }
        let mut secret = secret();
        secret.record = Err(Unknown::new(RECORD, "not JSON"));
        assert!(run(judge, &policy(), &secret).is_err());
    }

    #[test]
    fn a_stray_sealed_file() {
        let (setting, policy, mut store) = (setting(), policy(), store());
        let stray = |path: &str, kind| Stray { path: path.to_owned(), kind, place: StrayPlace::Here };
        store.strays = vec![
            stray("secrets/a b.age", StrayKind::Sealed),
            stray("secrets/notes.txt", StrayKind::Plaintext),
        ];
        let faults =
            judge_store(&StoreSubject { setting: &setting, policy: &policy, store: &store }).unwrap();
        assert_eq!(faults.len(), 1);
        assert_eq!(
            faults[0].remedy,
            r#"cd "$(git rev-parse --show-toplevel)" && mv -n -- 'secrets/a b.age' .."#
        );
        assert_eq!(faults[0].about.as_deref(), Some("a b"));
    }

    #[test]
    fn a_record_of_nothing() {
        let mut file = file();
        assert_eq!(run_file(CHECK.file, &policy(), &file), Ok(Vec::new()));
        file.orphans = vec![tracked_name(TOKEN), tracked_name("clusters/a/enc-gone.yaml")];
        let faults = run_file(CHECK.file, &policy(), &file).unwrap();
        assert_eq!(faults.len(), 2);
        assert_eq!(
            faults[0].message,
            format!("{CLAIMS} has a record of {TOKEN}, and nothing is sealed there")
        );
        assert_eq!(faults[0].remedy, format!("secrets untrack '{TOKEN}'"));
        // Of another value it is another fault.
        assert_ne!(faults[0].mark, faults[1].mark);
        assert!(faults.iter().all(|fault| fault.path.as_deref() == Some(CLAIMS)));
    }
}
