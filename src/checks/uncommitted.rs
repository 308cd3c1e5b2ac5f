//! # uncommitted
//!
//! What lies in the work tree is not what `HEAD` holds: the credential that runs after a deploy from here is in
//! no commit, and the next deploy from anywhere else takes it away again. Bytes are compared, so files that
//! `git status` does not show (ignored, `assume-unchanged`) can't hide.
//!
//! **Mend:** commit the files; restore those that were deleted by mistake. Of a file that never belonged into the
//! store, commit that it is gone.

use super::{Check, Fault, FileSubject, Judgement, StoreSubject, Subject, rolled_back, wording};
use crate::domain::check_id::CheckId;
use crate::domain::claim::CUSTODY;
use crate::domain::facts::{Difference, Overlooked, Uncommitted};
use crate::domain::finding::Level;
use crate::domain::text::shell_word;

pub const CHECK: Check =
    Check::of_secret(CheckId::Uncommitted, Level::Error, judge).and_file(judge_file).and_store(judge_store);

fn judge(subject: &Subject<'_>) -> Judgement {
    let files = subject.secret.uncommitted.as_ref().map_err(Clone::clone)?;
    let of = |mend: Mend| files.iter().filter(|file| mend_of(file) == mend).collect::<Vec<_>>();
    let groups = [Mend::Commit, Mend::Restore, Mend::Rewrite].map(of);
    let mut faults: Vec<Fault> =
        groups.iter().filter_map(|files| fault(files, subject.secret.name.as_str())).collect();
    // Committed, an older pair would be on its way to the deploy ref.
    if let Some(put_right) = rolled_back::put_right(subject) {
        let remedy = format!("{}{put_right}", look_again(&files.iter().collect::<Vec<_>>()));
        for fault in &mut faults {
            fault.remedy.clone_from(&remedy);
        }
    }
    Ok(faults)
}

fn judge_file(subject: &FileSubject<'_>) -> Judgement {
    let files = subject.file.uncommitted.as_ref().map_err(Clone::clone)?;
    Ok(files.iter().filter_map(|file| fault(&[file], subject.file.name.as_str())).collect())
}

fn judge_store(subject: &StoreSubject<'_>) -> Judgement {
    let files = subject.store.uncommitted.as_ref().map_err(Clone::clone)?;
    let attributes = format!("{}/.gitattributes", subject.setting.store);
    let of_file = |file: &Uncommitted| {
        let fault = fault(&[file], "the rules of the store")?;
        let is_custody = file.path.rsplit('/').next() == Some(CUSTODY);
        if file.path == subject.store.policy_path || file.path == attributes || is_custody {
            return Some(fault);
        }
        // Anything else did not belong into the store: it was not deleted by mistake.
        let remedy = format!("{}{}", look_again(&[file]), wording::commit_removal(&file.path));
        Some(Fault { remedy, ..fault })
    };
    Ok(files.iter().filter_map(of_file).collect())
}

/// What mends a difference.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mend {
    Commit,
    Restore,
    /// git takes the two for the same: it would neither commit the one nor bring back the other while that is there.
    Rewrite,
}

fn mend_of(file: &Uncommitted) -> Mend {
    match file.how {
        Difference::Modified | Difference::NotInHead { .. } => Mend::Commit,
        Difference::Deleted => Mend::Restore,
        Difference::LineEnds => Mend::Rewrite,
    }
}

/// One fault for files that are mended by one command; none for no files.
fn fault(files: &[&Uncommitted], what: &str) -> Option<Fault> {
    let first = files.first()?;
    let message = files.iter().map(|file| told(file)).collect::<Vec<_>>().join("; ");
    let paths = wording::pathspecs(files.iter().map(|file| file.path.as_str()));
    let ignored = files.iter().any(|file| matches!(file.how, Difference::NotInHead { ignored_by: Some(_) }));
    let look_again = look_again(files);
    let remedy = match mend_of(first) {
        Mend::Commit => {
            let force = if ignored { "-f " } else { "" };
            let commit = shell_word(&format!("Commit {what}")).into_owned();
            format!("{look_again}git add {force}-- {paths} && git commit -m {commit} -- {paths}")
        }
        Mend::Restore => format!("{look_again}git restore --source=HEAD --staged --worktree -- {paths}"),
        Mend::Rewrite => {
            let files = files.iter().map(|file| shell_word(&file.path)).collect::<Vec<_>>().join(" ");
            let take_away = wording::from_top(&format!("rm -- {files}"));
            format!("{look_again}{take_away} && git restore --source=HEAD --worktree -- {paths}")
        }
    };
    let weight = i64::try_from(files.len()).unwrap_or(i64::MAX);
    Some(Fault::new(message, remedy).at(&first.path).weighing(weight))
}

/// The commands without which git would not see the files.
fn look_again(files: &[&Uncommitted]) -> String {
    let commands = Overlooked::REMEDIES.iter().filter_map(|(option, is_set)| {
        let marked = files.iter().filter(|file| is_set(file.overlooked)).map(|file| file.path.as_str());
        let paths = marked.map(shell_word).collect::<Vec<_>>().join(" ");
        (!paths.is_empty()).then(|| wording::git_at_top(&format!("update-index {option} -- {paths} && ")))
    });
    commands.collect()
}

fn told(file: &Uncommitted) -> String {
    let path = &file.path;
    let hidden = if file.overlooked.any() { ", which git is told to overlook" } else { "" };
    match &file.how {
        Difference::Modified => format!("{path} differs from HEAD{hidden}"),
        Difference::LineEnds => format!("{path} has CRLF line ends, and LF in HEAD{hidden}"),
        Difference::NotInHead { ignored_by: None } => format!("{path} is not in HEAD"),
        Difference::NotInHead { ignored_by: Some(rule) } => {
            format!("{path} is not in HEAD, ignored by {rule}")
        }
        Difference::Deleted => format!("{path} is in HEAD and deleted here{hidden}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::samples::tracked::{CLAIMS, FILE, file, judge_file as run_file};
    use crate::checks::samples::{RECORD, SEALED, judge as run, policy, secret, setting, store};
    use crate::domain::digest::Digest;
    use crate::domain::facts::{KnownSeal, SealSource};
    use crate::domain::finding::Unknown;
    use crate::domain::record::VersionOrder;

    fn differing(path: &str, how: Difference) -> Uncommitted {
        Uncommitted { path: path.to_owned(), how, overlooked: Overlooked::default() }
    }

    #[test]
    fn an_older_pair_is_not_to_be_committed() {
        let mut secret = secret();
        secret.uncommitted = Ok(vec![differing(SEALED, Difference::Modified)]);
        let order = VersionOrder { number: 4, seal: 101 };
        let source = SealSource::Commit("3333333333333333333333333333333333333333".to_owned());
        secret.newest_seal = Ok(Some(KnownSeal { order, digest: Digest::of(b"E"), source }));
        let faults = run(judge, &policy(), &secret).unwrap();
        assert!(faults[0].remedy.starts_with("git restore --source=3333333"), "{}", faults[0].remedy);
        secret.newest_seal = Ok(None);
        let faults = run(judge, &policy(), &secret).unwrap();
        assert!(faults[0].remedy.starts_with("git add"), "{}", faults[0].remedy);
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
            (
                vec![differing(RECORD, Difference::LineEnds)],
                vec![(
                    format!("{RECORD} has CRLF line ends, and LF in HEAD"),
                    format!(
                        r#"cd "$(git rev-parse --show-toplevel)" && rm -- {RECORD} && git restore --source=HEAD --worktree -- :/{RECORD}"#
                    ),
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
    fn what_git_overlooks_it_is_told_to_look_at_first() {
        let mut secret = secret();
        let both = Overlooked { assume_unchanged: true, skip_worktree: true };
        let skipped = Overlooked { assume_unchanged: false, skip_worktree: true };
        secret.uncommitted = Ok(vec![
            Uncommitted { overlooked: both, ..differing(SEALED, Difference::Modified) },
            Uncommitted { overlooked: skipped, ..differing(RECORD, Difference::Modified) },
        ]);
        let faults = run(judge, &policy(), &secret).unwrap();
        let top = "git -C \"$(git rev-parse --show-toplevel)\" update-index";
        assert_eq!(
            faults[0].remedy,
            format!(
                "{top} --no-assume-unchanged -- {SEALED} && {top} --no-skip-worktree -- {SEALED} {RECORD} && git add \
                 -- :/{SEALED} :/{RECORD} && git commit -m 'Commit web/prod/db' -- :/{SEALED} :/{RECORD}"
            )
        );
        assert!(faults[0].message.contains("differs from HEAD, which git is told to overlook"));
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

    #[test]
    fn files_of_other_tools_and_their_records() {
        let ignored = Some(".gitignore:1: *secret*".to_owned());
        for (how, message, remedy) in [
            (
                Difference::Modified,
                format!("{FILE} differs from HEAD"),
                format!("git add -- :/{FILE} && git commit -m 'Commit {FILE}' -- :/{FILE}"),
            ),
            (
                Difference::NotInHead { ignored_by: ignored },
                format!("{FILE} is not in HEAD, ignored by .gitignore:1: *secret*"),
                format!("git add -f -- :/{FILE} && git commit -m 'Commit {FILE}' -- :/{FILE}"),
            ),
            (
                Difference::Deleted,
                format!("{FILE} is in HEAD and deleted here"),
                format!("git restore --source=HEAD --staged --worktree -- :/{FILE}"),
            ),
        ] {
            let mut file = file();
            file.uncommitted = Ok(vec![differing(FILE, how)]);
            let faults = run_file(CHECK.file, &policy(), &file).unwrap();
            assert_eq!(faults.len(), 1);
            assert_eq!((&faults[0].message, &faults[0].remedy), (&message, &remedy));
            assert_eq!(faults[0].path.as_deref(), Some(FILE));
        }
        let mut file = file();
        assert_eq!(run_file(CHECK.file, &policy(), &file), Ok(Vec::new()));
        file.uncommitted = Err(Unknown::new("git", "no repository"));
        assert!(run_file(CHECK.file, &policy(), &file).is_err());
        // Of records that were deleted it is not said that they never belonged there.
        let (setting, policy, mut store) = (setting(), policy(), store());
        store.uncommitted = Ok(vec![differing(CLAIMS, Difference::Deleted)]);
        let faults =
            judge_store(&StoreSubject { setting: &setting, policy: &policy, store: &store }).unwrap();
        let restored = format!("git restore --source=HEAD --staged --worktree -- :/{CLAIMS}");
        assert_eq!(faults[0].remedy, restored);
    }

    #[test]
    fn rules_of_the_store_come_back_and_strays_do_not() {
        let (setting, policy, mut store) = (setting(), policy(), store());
        for (path, comes_back) in [
            ("secrets/policy.toml", true),
            ("secrets/.gitattributes", true),
            ("secrets/notes.txt", false),
            ("other/.gitattributes", false),
            ("secrets/custody.toml.bak", false),
        ] {
            store.uncommitted = Ok(vec![differing(path, Difference::Deleted)]);
            let faults = judge_store(&StoreSubject { setting: &setting, policy: &policy, store: &store });
            let remedy = faults.unwrap().remove(0).remedy;
            let expected = if comes_back {
                format!("git restore --source=HEAD --staged --worktree -- :/{path}")
            } else {
                format!("git commit -m 'Remove {path}' -- :/{path}")
            };
            assert_eq!(remedy, expected);
        }
    }
}
