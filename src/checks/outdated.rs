//! # outdated
//!
//! The deploy ref has a newer version than the one here: a deploy from this commit would put the old credential
//! back. A stale laptop does that, and a CI job that is run again a week later.
//!
//! **Mend:** pull, and deploy from what the deploy ref has now. Where it was removed or moved here, push that; where an
//! older pair was put back here, restore the newer one.

use super::deployment::{FileStanding, Standing, file_standing, standing};
use super::{Check, Fault, FileSubject, Judgement, Subject, wording};
use crate::domain::check_id::CheckId;
use crate::domain::finding::Level;

pub const CHECK: Check = Check::of_secret(CheckId::Outdated, Level::Error, judge).and_file(judge_file);

fn judge(subject: &Subject<'_>) -> Judgement {
    let Standing::Outdated { paths, here, there } = standing(subject)? else { return Ok(Vec::new()) };
    let deployed = wording::deployed_as(subject.setting);
    let message = match (here, there) {
        (Some(here), Some(there)) if here.number == there.number => format!(
            "a deploy from here would put an earlier seal of version {} back over the one that {deployed} has",
            here.number
        ),
        (Some(here), Some(there)) => format!(
            "a deploy from here would put version {} back over version {}, which {deployed} has",
            here.number, there.number
        ),
        (None, Some(there)) => {
            format!("{deployed} has version {}, and a deploy from here would be without it", there.number)
        }
        (_, None) => format!("{deployed} has it, and a deploy from here would be without it"),
    };
    let behind = there.map_or(1, |there| there.number.saturating_sub(here.map_or(0, |here| here.number)));
    let (message, remedy) = if subject.setting.deployed_is_ancestor {
        // Pulling brings nothing: what is there was taken back in a commit that is here only.
        let how = if here.is_some() { "reverted" } else { "removed" };
        let message = format!("{message}; it was {how} here, and that is not pushed");
        match (here, &subject.setting.deployed_commit) {
            // Pushed, it would be `rolled-back`; the commit is one that is here.
            (Some(_), Some(commit)) => (message, wording::restore_pair(subject.secret, commit)),
            _ => (message, wording::push(&subject.policy.deploy_ref)),
        }
    } else {
        (message, wording::pull(&subject.policy.deploy_ref))
    };
    let fault = Fault::new(message, remedy).weighing(i64::try_from(behind).unwrap_or(i64::MAX));
    Ok(vec![paths.first().map_or(fault.clone(), |path| fault.at(path))])
}

/// Files of other tools are ordered by when their tool wrote them.
fn judge_file(subject: &FileSubject<'_>) -> Judgement {
    let FileStanding::Outdated { here, there } = file_standing(subject.file)? else { return Ok(Vec::new()) };
    let deployed = wording::deployed_as(subject.setting);
    let message = match (here, there) {
        (Some(here), Some(there)) => format!(
            "a deploy from here would put the values of {} back over those of {}, which {deployed} has",
            here.brief(),
            there.brief()
        ),
        (_, Some(there)) => {
            format!(
                "{deployed} has the file of {}, and a deploy from here would be without it",
                there.brief()
            )
        }
        (_, None) => format!("{deployed} has it, and a deploy from here would be without it"),
    };
    let remedy = if !subject.setting.deployed_is_ancestor {
        wording::pull(&subject.policy.deploy_ref)
    } else if let (Some(_), Some(commit)) = (here, &subject.setting.deployed_commit) {
        // Pulling brings nothing: an older state was put back in a commit that is here only.
        let path = wording::pathspec(subject.file.name.as_str());
        format!("git restore --source={} --staged --worktree -- {path}", wording::short(commit))
    } else {
        wording::push(&subject.policy.deploy_ref)
    };
    Ok(vec![Fault::new(message, remedy).at(subject.file.name.as_str())])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::samples::tracked::{FILE, file, judge_file as run_file};
    use crate::checks::samples::{RECORD, at_version, judge as run, policy, secret, setting};
    use crate::domain::facts::{Deployed, Presence, Setting};
    use crate::domain::rules::Rules;
    use crate::domain::tracked_facts::{FileDeployed, FilePresence};

    #[test]
    fn which_version_would_be_put_back() {
        for (here, there, message) in [
            (
                at_version(3, 9),
                at_version(4, 1),
                "a deploy from here would put version 3 back over version 4, which origin/main (222222222222) has",
            ),
            (
                at_version(3, 9),
                at_version(3, 10),
                "a deploy from here would put an earlier seal of version 3 back over the one that origin/main \
                 (222222222222) has",
            ),
            (
                Presence::Absent,
                at_version(1, 1),
                "origin/main (222222222222) has version 1, and a deploy from here would be without it",
            ),
            (
                Presence::Absent,
                Presence::Unordered,
                "origin/main (222222222222) has it, and a deploy from here would be without it",
            ),
        ] {
            let mut secret = secret();
            secret.deployed = Ok(Deployed::Differs { paths: vec![RECORD.to_owned()], here, there });
            let faults = run(judge, &policy(), &secret).unwrap();
            assert_eq!(faults[0].message, message);
            assert_eq!(faults[0].remedy, "git pull --rebase origin main");
            assert_eq!(faults[0].path.as_deref(), Some(RECORD));
        }
    }

    #[test]
    fn what_was_removed_here_wants_a_push_and_what_was_reverted_the_newer_pair() {
        let policy = policy();
        let setting = Setting { deployed_is_ancestor: true, ..setting() };
        for (here, how) in [(at_version(3, 9), "reverted"), (Presence::Absent, "removed")] {
            let mut secret = secret();
            let paths = vec![RECORD.to_owned()];
            secret.deployed = Ok(Deployed::Differs { paths, here, there: at_version(4, 10) });
            let rules = Rules::of(&policy, &secret.name);
            let subject = Subject { setting: &setting, policy: &policy, rules: &rules, secret: &secret };
            let fault = judge(&subject).unwrap().remove(0);
            assert!(fault.message.ends_with(&format!("; it was {how} here, and that is not pushed")));
            let restore = "git restore --source=2222222222222222222222222222222222222222 --staged --worktree -- \
                           :/secrets/web/prod/db.json :/secrets/web/prod/db.age";
            let push = "git push origin HEAD:main";
            assert_eq!(fault.remedy, if how == "reverted" { restore } else { push });
        }
    }

    #[test]
    fn the_same_version_is_not_outdated() {
        let mut secret = secret();
        let (here, there) = (at_version(3, 9), at_version(3, 9));
        secret.deployed = Ok(Deployed::Differs { paths: vec![RECORD.to_owned()], here, there });
        assert!(run(judge, &policy(), &secret).unwrap().is_empty());
    }

    #[test]
    fn values_of_other_tools_by_their_dates() {
        let at = |text: &str| FilePresence::At(text.parse().unwrap());
        for (here, there, message) in [
            (
                at("2026-01-01"),
                at("2026-02-01"),
                "a deploy from here would put the values of 2026-01-01 back over those of 2026-02-01, which origin/main (222222222222) has",
            ),
            (
                FilePresence::Absent,
                at("2026-02-01"),
                "origin/main (222222222222) has the file of 2026-02-01, and a deploy from here would be without it",
            ),
            (
                FilePresence::Absent,
                FilePresence::Undated,
                "origin/main (222222222222) has it, and a deploy from here would be without it",
            ),
        ] {
            let mut file = file();
            file.deployed = Ok(FileDeployed::Differs { here, there });
            assert_eq!(run_file(CHECK.file, &policy(), &file).unwrap()[0].message, message);
        }
        // What was put back in a commit that is here only, pulling does not mend.
        let mut file = file();
        for (here, remedy) in [
            (at("2026-01-01"), format!("git restore --source=222222222222 --staged --worktree -- :/{FILE}")),
            (FilePresence::Absent, "git push origin HEAD:main".to_owned()),
        ] {
            file.deployed = Ok(FileDeployed::Differs { here, there: at("2026-02-01") });
            let setting = Setting { deployed_is_ancestor: true, ..setting() };
            let (policy, rules) = (policy(), Rules::built_in());
            let subject = FileSubject { setting: &setting, policy: &policy, rules: &rules, file: &file };
            assert_eq!(judge_file(&subject).unwrap()[0].remedy, remedy);
        }
    }
}
