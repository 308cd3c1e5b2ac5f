//! # uncommitted
//!
//! What lies in the work tree is not what `HEAD` holds: the credential that runs after a deploy from here is in
//! no commit, and the next deploy from anywhere else takes it away again. Bytes are compared, so files that
//! `git status` does not show (ignored, `assume-unchanged`) can't hide.
//!
//! **Mend:** commit the files; restore those that were deleted by mistake.

use super::{Check, Fault, Judgement, StoreSubject, Subject, wording};
use crate::domain::check_id::CheckId;
use crate::domain::facts::{Difference, Uncommitted};
use crate::domain::finding::Level;

pub const CHECK: Check = Check::of_secret(CheckId::Uncommitted, Level::Error, judge).and_store(judge_store);

fn judge(subject: &Subject<'_>) -> Judgement {
    let files = subject.secret.uncommitted.as_ref().map_err(Clone::clone)?;
    let (deleted, unsaved) =
        files.iter().partition::<Vec<&Uncommitted>, _>(|file| file.how == Difference::Deleted);
    Ok([unsaved, deleted].iter().filter_map(|files| fault(files, subject.secret.name.as_str())).collect())
}

fn judge_store(subject: &StoreSubject<'_>) -> Judgement {
    let files = subject.store.uncommitted.as_ref().map_err(Clone::clone)?;
    Ok(files.iter().filter_map(|file| fault(&[file], "the rules of the store")).collect())
}

/// One fault for files that are mended by one command; none for no files.
fn fault(files: &[&Uncommitted], what: &str) -> Option<Fault> {
    let first = files.first()?;
    let message = files.iter().map(|file| told(file)).collect::<Vec<_>>().join("; ");
    let paths = wording::pathspecs(files.iter().map(|file| file.path.as_str()));
    let ignored = files.iter().any(|file| matches!(file.how, Difference::NotInHead { ignored_by: Some(_) }));
    let remedy = if first.how == Difference::Deleted {
        format!("git restore --source=HEAD --staged --worktree -- {paths}")
    } else {
        let force = if ignored { "-f " } else { "" };
        format!("git add {force}-- {paths} && git commit -m 'Commit {what}' -- {paths}")
    };
    let weight = i64::try_from(files.len()).unwrap_or(i64::MAX);
    Some(Fault::new(message, remedy).at(&first.path).weighing(weight))
}

fn told(file: &Uncommitted) -> String {
    let path = &file.path;
    match &file.how {
        Difference::Modified => format!("{path} differs from HEAD"),
        Difference::NotInHead { ignored_by: None } => format!("{path} is not in HEAD"),
        Difference::NotInHead { ignored_by: Some(rule) } => {
            format!("{path} is not in HEAD, ignored by {rule}")
        }
        Difference::Deleted => format!("{path} is in HEAD and deleted here"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::samples::{RECORD, SEALED, judge as run, policy, secret, setting, store};
    use crate::domain::finding::Unknown;

    fn differing(path: &str, how: Difference) -> Uncommitted {
        Uncommitted { path: path.to_owned(), how }
    }

    #[test]
    fn every_difference_is_told() {
        let ignored = || Difference::NotInHead { ignored_by: Some(".gitignore:3: *.age".to_owned()) };
        let new = || Difference::NotInHead { ignored_by: None };
        for (files, told) in [
            (vec![], vec![]),
            (
                vec![differing(SEALED, Difference::Modified), differing(RECORD, Difference::Modified)],
                vec![(
                    format!("{SEALED} differs from HEAD; {RECORD} differs from HEAD"),
                    format!(
                        "git add -- :/{SEALED} :/{RECORD} && git commit -m 'Commit web/prod/db' -- :/{SEALED} :/{RECORD}"
                    ),
                )],
            ),
            (
                vec![differing(SEALED, ignored()), differing(RECORD, new())],
                vec![(
                    format!(
                        "{SEALED} is not in HEAD, ignored by .gitignore:3: *.age; {RECORD} is not in HEAD"
                    ),
                    format!(
                        "git add -f -- :/{SEALED} :/{RECORD} && git commit -m 'Commit web/prod/db' -- :/{SEALED} :/{RECORD}"
                    ),
                )],
            ),
            (
                vec![differing(SEALED, Difference::Deleted)],
                vec![(
                    format!("{SEALED} is in HEAD and deleted here"),
                    format!("git restore --source=HEAD --staged --worktree -- :/{SEALED}"),
                )],
            ),
        ] {
            let mut secret = secret();
            secret.uncommitted = Ok(files);
            let faults = run(judge, &policy(), &secret).unwrap();
            let found = faults.into_iter().map(|fault| (fault.message, fault.remedy)).collect::<Vec<_>>();
            assert_eq!(found, told);
        }
    }

    #[test]
    fn deleted_and_changed_are_mended_apart() {
        let mut secret = secret();
        secret.uncommitted =
            Ok(vec![differing(SEALED, Difference::Deleted), differing(RECORD, Difference::Modified)]);
        let faults = run(judge, &policy(), &secret).unwrap();
        assert_eq!(
            faults.iter().map(|f| f.path.as_deref()).collect::<Vec<_>>(),
            [Some(RECORD), Some(SEALED)]
        );
    }

    #[test]
    fn policy_too_and_unknown_stays_unknown() {
        let (setting, policy, mut store) = (setting(), policy(), store());
        store.uncommitted = Ok(vec![differing("secrets/policy.toml", Difference::Modified)]);
        let judged = |store: &crate::domain::facts::StoreFacts| {
            judge_store(&StoreSubject { setting: &setting, policy: &policy, store })
        };
        let faults = judged(&store).unwrap();
        assert_eq!(faults[0].message, "secrets/policy.toml differs from HEAD");
        assert_eq!(faults[0].path.as_deref(), Some("secrets/policy.toml"));

        store.uncommitted = Err(Unknown::new("git", "no repository"));
        assert!(judged(&store).is_err());
        let mut secret = secret();
        secret.uncommitted = Err(Unknown::new("git", "no repository"));
        assert!(run(judge, &policy, &secret).is_err());
    }
}
