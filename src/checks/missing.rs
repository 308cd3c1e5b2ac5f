//! # missing
//!
//! Policy's `require` names a secret that is nowhere: not here, not in `HEAD`, not on the deploy ref. A deploy
//! would run without a credential that it needs.
//!
//! **Mend:** `secrets add NAME`, or take the line out of `require`.

use super::{Check, Fault, Judgement, StoreSubject, wording};
use crate::domain::check_id::CheckId;
use crate::domain::finding::Level;
use crate::domain::glob::Glob;
use crate::domain::name::SecretName;

pub const CHECK: Check = Check::of_store(CheckId::Missing, Level::Error, judge);

fn judge(subject: &StoreSubject<'_>) -> Judgement {
    let (names, tracked) = (&subject.store.names, &subject.store.tracked);
    let is_there = |glob: &Glob| {
        names.iter().any(|name| glob.matches(name.as_str()))
            || tracked.iter().any(|name| glob.matches(name.as_str()) || glob.matches(name.file()))
    };
    let absent = subject.policy.require.iter().filter(|glob| !is_there(glob));
    Ok(absent
        .map(|glob| {
            if let Ok(name) = glob.as_str().parse::<SecretName>() {
                Fault::new("policy requires it, and it is not there", format!("secrets add {name}"))
                    .about(glob.as_str())
            } else {
                let message = format!("policy requires `{glob}`, and no secret has such a name");
                Fault::new(message, wording::edit(&subject.store.policy_path))
                    .at(&subject.store.policy_path)
                    .about(glob.as_str())
            }
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::samples::tracked::{FILE, TOKEN, tracked_name};
    use crate::checks::samples::{policy, setting, store};

    #[test]
    fn what_policy_requires_and_nobody_has() {
        let (setting, mut store) = (setting(), store());
        store.tracked = vec![tracked_name(TOKEN)];
        for (require, messages) in [
            ("web/prod/db", vec![]),
            ("*/prod/*", vec![]),
            // What another tool has sealed is there by its own name, and by that of its file.
            (TOKEN, vec![]),
            (FILE, vec![]),
            ("web/prod/d", vec!["policy requires it, and it is not there"]),
            ("*/dev/*", vec!["policy requires `*/dev/*`, and no secret has such a name"]),
        ] {
            let mut policy = policy();
            policy.require = vec![require.parse().unwrap()];
            let faults = judge(&StoreSubject { setting: &setting, policy: &policy, store: &store }).unwrap();
            assert_eq!(faults.iter().map(|f| f.message.as_str()).collect::<Vec<_>>(), messages, "{require}");
            assert!(faults.iter().all(|fault| fault.about.as_deref() == Some(require)));
        }
    }
}
