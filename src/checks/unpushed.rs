//! # unpushed
//!
//! The deploy ref, as the remote has it now, does not hold the bytes that `HEAD` holds. Deployed from here they
//! run until somebody deploys from there: that is how the outage began that this tool is about.
//!
//! **Mend:** push to the deploy ref, or merge the branch that has it. Where the deploy ref has the *newer*
//! version it is `outdated` instead.

use super::deployment::{FileStanding, Standing, file_standing, standing};
use super::{Check, Fault, FileSubject, Judgement, StoreSubject, Subject, wording};
use crate::domain::check_id::CheckId;
use crate::domain::facts::{Deployed, Setting};
use crate::domain::finding::Level;
use crate::domain::policy::DeployRef;
use crate::domain::text::listed;

pub const CHECK: Check =
    Check::of_secret(CheckId::Unpushed, Level::Error, judge).and_file(judge_file).and_store(judge_store);

fn judge(subject: &Subject<'_>) -> Judgement {
    let Standing::Unpushed { paths, surely_ahead } = standing(subject)? else { return Ok(Vec::new()) };
    let fault = fault(subject.setting, &subject.policy.deploy_ref, paths, surely_ahead);
    Ok(fault.into_iter().collect())
}

fn judge_file(subject: &FileSubject<'_>) -> Judgement {
    let FileStanding::Unpushed { surely_ahead } = file_standing(subject.file)? else { return Ok(Vec::new()) };
    let path = subject.file.name.as_str().to_owned();
    let fault = fault(subject.setting, &subject.policy.deploy_ref, &[path], surely_ahead);
    Ok(fault.into_iter().collect())
}

fn judge_store(subject: &StoreSubject<'_>) -> Judgement {
    let deployed = subject.store.deployed.as_ref().map_err(Clone::clone)?;
    let Deployed::Differs { paths, .. } = deployed else { return Ok(Vec::new()) };
    let of_path =
        |path: &String| fault(subject.setting, &subject.policy.deploy_ref, std::slice::from_ref(path), false);
    Ok(paths.iter().filter_map(of_path).collect())
}

fn fault(setting: &Setting, deploy_ref: &DeployRef, paths: &[String], surely_ahead: bool) -> Option<Fault> {
    let (deployed, head) = (wording::deployed_as(setting), wording::head_as(setting));
    let message = format!("{deployed} does not have {} as {head} has", listed(paths));
    let push = wording::push(deploy_ref);
    // Without an order the difference may as well be on the other side; pulling first mends both.
    let remedy = if surely_ahead { push } else { format!("{} && {push}", wording::pull(deploy_ref)) };
    let weight = i64::try_from(paths.len()).unwrap_or(i64::MAX);
    Some(Fault::new(message, remedy).at(paths.first()?).weighing(weight))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::outdated;
    use crate::checks::samples::tracked::{FILE, file, judge_file as run_file};
    use crate::checks::samples::{RECORD, SEALED, at_version, judge as run, policy, secret, setting, store};
    use crate::domain::facts::Presence;
    use crate::domain::finding::Unknown;
    use crate::domain::tracked_facts::{FileDeployed, FileFacts, FilePresence};

    #[test]
    fn it_names_ref_and_commit() {
        let mut secret = secret();
        let paths = vec![SEALED.to_owned(), RECORD.to_owned()];
        secret.deployed = Ok(Deployed::Differs { paths, here: at_version(3, 9), there: Presence::Absent });
        let faults = run(judge, &policy(), &secret).unwrap();
        assert_eq!(
            faults[0].message,
            format!(
                "origin/main (222222222222) does not have {SEALED} and {RECORD} as HEAD (111111111111) has"
            )
        );
        assert_eq!((faults[0].remedy.as_str(), faults[0].weight), ("git push origin HEAD:main", 2));

        // As new there: which of the two is the newer one, nobody can say.
        for (there, is_ahead) in [(at_version(3, 8), true), (at_version(3, 9), false)] {
            let paths = vec![SEALED.to_owned()];
            secret.deployed = Ok(Deployed::Differs { paths, here: at_version(3, 9), there });
            let remedy = run(judge, &policy(), &secret).unwrap().remove(0).remedy;
            assert_eq!(remedy == "git push origin HEAD:main", is_ahead, "{remedy}");
        }
    }

    /// Every pair of states is told by exactly one of `unpushed` and `outdated`.
    #[test]
    fn who_is_ahead() {
        let (absent, unordered) = (Presence::Absent, Presence::Unordered);
        for (here, there, expected) in [
            (at_version(3, 9), at_version(3, 8), "unpushed"),
            (at_version(3, 9), at_version(3, 9), "unpushed"),
            (at_version(3, 9), at_version(3, 10), "outdated"),
            (at_version(4, 1), at_version(3, 9), "unpushed"),
            (at_version(3, 9), at_version(4, 1), "outdated"),
            (at_version(3, 9), absent, "unpushed"),
            (absent, at_version(1, 1), "outdated"),
            (absent, unordered, "outdated"),
            (unordered, at_version(9, 9), "unpushed"),
            (at_version(9, 9), unordered, "unpushed"),
            (unordered, unordered, "unpushed"),
            (unordered, absent, "unpushed"),
        ] {
            let mut secret = secret();
            secret.deployed = Ok(Deployed::Differs { paths: vec![SEALED.to_owned()], here, there });
            let unpushed = run(judge, &policy(), &secret).unwrap().len();
            let outdated = run(outdated::CHECK.secret.unwrap(), &policy(), &secret).unwrap().len();
            let told = if expected == "unpushed" { (1, 0) } else { (0, 1) };
            assert_eq!((unpushed, outdated), told, "{here:?} and {there:?}");
        }
    }

    #[test]
    fn same_not_judged_and_unknown() {
        for (deployed, faults) in [
            (Ok(Deployed::Same), Some(0)),
            (Ok(Deployed::NotJudged), Some(0)),
            (Err(Unknown::new("origin/main", "the remote did not answer")), None),
        ] {
            let mut secret = secret();
            secret.deployed = deployed;
            assert_eq!(run(judge, &policy(), &secret).ok().map(|faults| faults.len()), faults);
        }
    }

    #[test]
    fn policy_too() {
        let (setting, policy, mut store) = (setting(), policy(), store());
        let paths = vec!["secrets/.gitattributes".to_owned(), "secrets/policy.toml".to_owned()];
        let (here, there) = (Presence::Unordered, Presence::Unordered);
        store.deployed = Ok(Deployed::Differs { paths, here, there });
        let faults =
            judge_store(&StoreSubject { setting: &setting, policy: &policy, store: &store }).unwrap();
        assert_eq!(faults.len(), 2);
        assert_eq!(faults[1].path.as_deref(), Some("secrets/policy.toml"));
        assert_eq!(faults[1].remedy, "git pull --rebase origin main && git push origin HEAD:main");
    }

    /// Every pair of states is told by at most one of `unpushed` and `outdated`, and differing ones by just one.
    #[test]
    fn files_of_other_tools() {
        let (old, new) = ("2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z");
        let at = |text: &str| FilePresence::At(text.parse().unwrap());
        let (absent, undated) = (FilePresence::Absent, FilePresence::Undated);
        let (push, pull) = ("git push origin HEAD:main", "git pull --rebase origin main");
        let both = format!("{pull} && {push}");
        for (here, there, expected, remedy) in [
            (at(new), at(old), "unpushed", push),
            (at(old), at(new), "outdated", pull),
            // The same moment, and other bytes: a comment, or a clock that stood still.
            (at(old), at(old), "unpushed", &both),
            (at(old), absent, "unpushed", push),
            (undated, absent, "unpushed", push),
            (absent, at(old), "outdated", pull),
            (absent, undated, "outdated", pull),
            (undated, at(old), "unpushed", &both),
            (at(old), undated, "unpushed", &both),
            (undated, undated, "unpushed", &both),
        ] {
            let mut file = file();
            file.deployed = Ok(FileDeployed::Differs { here, there });
            let found = [CHECK, outdated::CHECK].map(|check| run_file(check.file, &policy(), &file).unwrap());
            let told = found.iter().flatten().collect::<Vec<_>>();
            let id = if found[0].is_empty() { "outdated" } else { "unpushed" };
            assert_eq!((told.len(), id), (1, expected), "{here:?} {there:?}");
            assert_eq!(
                (told[0].path.as_deref(), told[0].remedy.as_str()),
                (Some(FILE), remedy),
                "{here:?} {there:?}"
            );
        }
        for deployed in [Ok(FileDeployed::Same), Ok(FileDeployed::NotJudged)] {
            let file = FileFacts { deployed, ..file() };
            assert_eq!(run_file(CHECK.file, &policy(), &file), Ok(Vec::new()));
            assert_eq!(run_file(outdated::CHECK.file, &policy(), &file), Ok(Vec::new()));
        }
        let file = FileFacts { deployed: Err(Unknown::new("origin/main", "no answer")), ..file() };
        assert!(run_file(CHECK.file, &policy(), &file).is_err());
        assert!(run_file(outdated::CHECK.file, &policy(), &file).is_err());
    }
}
