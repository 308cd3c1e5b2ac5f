//! How a secret is mended whose value and record may not belong together.

use super::{Subject, wording};
use crate::domain::facts::{Binding, Deployed, Difference, Presence, Uncommitted};

/// Encrypts it to the readers that policy names now. Refused where the record is not the one that the value was
/// sealed with: then the pair comes first.
pub(super) fn reseal(subject: &Subject<'_>) -> String {
    if is_bound(subject) { format!("secrets reseal {}", subject.secret.name) } else { pair(subject) }
}

/// Whether value and record were sealed together, as far as both are known.
pub(super) fn is_bound(subject: &Subject<'_>) -> bool {
    let (Ok(Some(record)), Ok(Some(file))) = (&subject.secret.record, &subject.secret.sealed) else {
        return true;
    };
    let bound =
        matches!(&file.binding, Binding::Bound(found) if Some(*found) == subject.secret.binding_expected);
    bound && file.digest == record.digest
}

/// Brings value and record together again: where `HEAD` or the deploy ref has other bytes those may be the pair as it
/// was, else only a new value helps.
pub(super) fn pair(subject: &Subject<'_>) -> String {
    let secret = subject.secret;
    let committed = |file: &&Uncommitted| matches!(file.how, Difference::Modified | Difference::Deleted);
    let differing = secret.uncommitted.as_deref().unwrap_or_default();
    if !differing.is_empty() && differing.iter().all(|file| committed(&file)) {
        let paths = wording::pathspecs(differing.iter().map(|file| file.path.as_str()));
        return format!("git restore --source=HEAD --staged --worktree -- {paths}");
    }
    match &secret.deployed {
        Ok(Deployed::Differs { there, .. }) if *there != Presence::Absent => {
            let paths = wording::pathspecs([secret.record_path.as_str(), secret.sealed_path.as_str()]);
            format!("git log -p -- {paths}")
        }
        _ => format!("secrets set {}", secret.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::samples::{
        RECORD, SEALED, actors, at_version, file_of, policy, record_of, seal_to, secret, setting,
    };
    use crate::checks::{
        Check, departed_reader, record_behind, single_holder, tampered, unlisted_reader, unproven_reader,
    };
    use crate::domain::digest::Digest;
    use crate::domain::facts::{Overlooked, SecretFacts};
    use crate::domain::policy::Policy;
    use crate::domain::rules::Rules;

    fn remedies(check: Check, policy: &Policy, secret: &SecretFacts) -> Vec<String> {
        let (setting, rules) = (setting(), Rules::of(policy, &secret.name));
        let subject = Subject { setting: &setting, policy, rules: &rules, secret };
        let faults = check.secret.unwrap()(&subject).unwrap();
        faults.into_iter().map(|fault| fault.remedy).collect()
    }

    #[test]
    fn nothing_is_resealed_that_does_not_belong_together() {
        let mut policy = policy();
        policy.defaults.readers = Some(actors(&["alice", "bob"]));
        policy.people.retain(|name, _| name.as_str() != "carol");
        let mut sound = secret();
        seal_to(&mut sound, &[("alice", &["alice-1"]), ("ci", &["ci-1"]), ("carol", &["carol-1"])]);
        let ways: [fn(&mut SecretFacts); 5] = [
            |secret| file_of(secret).binding = Binding::Absent,
            |secret| file_of(secret).binding = Binding::Malformed("it is not the first"),
            |secret| file_of(secret).binding = Binding::HeaderMalformed("it has no stanza"),
            |secret| secret.binding_expected = Some(Digest::of(b"E")),
            |secret| record_of(secret).digest = Digest::of(b"another"),
        ];
        for check in
            [single_holder::CHECK, unproven_reader::CHECK, unlisted_reader::CHECK, departed_reader::CHECK]
        {
            assert_eq!(remedies(check, &policy, &sound), ["secrets reseal web/prod/db"], "{}", check.id);
            for spoil in ways {
                let mut spoilt = sound.clone();
                spoil(&mut spoilt);
                assert_eq!(remedies(check, &policy, &spoilt), ["secrets set web/prod/db"], "{}", check.id);
            }
        }
    }

    #[test]
    fn what_git_has_is_looked_at_first() {
        let differs =
            |path: &str, how| Uncommitted { path: path.to_owned(), how, overlooked: Overlooked::default() };
        let new = || Difference::NotInHead { ignored_by: None };
        let log = format!("git log -p -- :/{RECORD} :/{SEALED}");
        let restore = format!("git restore --source=HEAD --staged --worktree -- :/{RECORD}");
        let set = "secrets set web/prod/db".to_owned();
        for (uncommitted, there, expected) in [
            (vec![], None, &set),
            (vec![differs(RECORD, Difference::Modified)], None, &restore),
            (vec![differs(RECORD, new()), differs(SEALED, new())], None, &set),
            (vec![], Some(at_version(3, 100)), &log),
            (vec![], Some(Presence::Absent), &set),
            (vec![differs(RECORD, Difference::Modified)], Some(at_version(3, 100)), &restore),
        ] {
            let mut secret = secret();
            file_of(&mut secret).binding = Binding::Absent;
            record_of(&mut secret).digest = Digest::of(b"another");
            secret.uncommitted = Ok(uncommitted);
            let paths = vec![RECORD.to_owned()];
            secret.deployed = Ok(there.map_or(Deployed::Same, |there| Deployed::Differs {
                paths,
                here: at_version(3, 100),
                there,
            }));
            for check in [tampered::CHECK, record_behind::CHECK] {
                assert_eq!(remedies(check, &policy(), &secret), [expected.as_str()], "{}", check.id);
            }
        }
    }
}
