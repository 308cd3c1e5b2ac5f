//! # rescue-pending
//!
//! A rescue branch holds a newer version than the deploy ref: somebody broke the glass, deployed what is on that branch,
//! and nobody has merged it yet. A deploy from the deploy ref would put the older one back over the hot-fix.
//!
//! **Mend:** merge the branch into the deploy ref, by merge, squash or rebase. Where its version is not wanted any more,
//! delete it.

use super::{Check, Fault, FileSubject, Judgement, StoreSubject, Subject, wording};
use crate::domain::check_id::CheckId;
use crate::domain::facts::{Presence, Setting};
use crate::domain::finding::{Level, Unknown};
use crate::domain::policy::DeployRef;
use crate::domain::rescue::{Rescue, Rescued};
use crate::domain::text::listed;
use crate::domain::tracked_facts::FilePresence;

pub const CHECK: Check =
    Check::of_secret(CheckId::RescuePending, Level::Error, judge).and_file(judge_file).and_store(judge_store);

fn judge(subject: &Subject<'_>) -> Judgement {
    let rescued = subject.secret.rescued.as_ref().map_err(Clone::clone)?;
    let fault = |Rescued { rescue, deployed, rescued }: &Rescued<Presence>| {
        let there = match rescued {
            Presence::At(order) => format!("version {}", order.number),
            Presence::Absent | Presence::Unordered => "it".to_owned(),
        };
        let (compared, behind) = match (deployed, rescued) {
            (Presence::At(here), Presence::At(there)) if here.number == there.number => {
                (format!("an earlier seal of version {} back over", here.number), 0)
            }
            (Presence::At(here), Presence::At(there)) => {
                (format!("version {} back over", here.number), there.number.saturating_sub(here.number))
            }
            (Presence::Unordered, _) => ("one without a record over".to_owned(), 1),
            (Presence::Absent | Presence::At(_), _) => (String::new(), 1),
        };
        let behind = i64::try_from(behind).unwrap_or(i64::MAX);
        pending(subject.setting, &subject.policy.deploy_ref, rescue, &there, &compared)
            .at(&subject.secret.record_path)
            .weighing(behind)
    };
    Ok(rescued.iter().map(fault).collect())
}

/// Files of other tools are ordered by when their tool wrote them.
fn judge_file(subject: &FileSubject<'_>) -> Judgement {
    let rescued = subject.file.rescued.as_ref().map_err(Clone::clone)?;
    let fault = |Rescued { rescue, deployed, rescued }: &Rescued<FilePresence>| {
        let there = match rescued {
            FilePresence::At(at) => format!("the values of {}", at.brief()),
            FilePresence::Absent | FilePresence::Undated => "it".to_owned(),
        };
        let compared = match deployed {
            FilePresence::At(at) => format!("those of {} back over", at.brief()),
            FilePresence::Absent | FilePresence::Undated => String::new(),
        };
        pending(subject.setting, &subject.policy.deploy_ref, rescue, &there, &compared)
            .at(subject.file.name.as_str())
    };
    Ok(rescued.iter().map(fault).collect())
}

/// A branch that can't be read may hold a newer version of anything.
fn judge_store(subject: &StoreSubject<'_>) -> Judgement {
    match subject.store.unread_rescues.as_slice() {
        [] => Ok(Vec::new()),
        [one] => Err(one.clone()),
        [first, ..] => {
            let names: Vec<&str> =
                subject.store.unread_rescues.iter().map(|unknown| unknown.what.as_str()).collect();
            Err(Unknown::new(listed(&names), &first.why))
        }
    }
}

fn pending(setting: &Setting, deploy_ref: &DeployRef, rescue: &Rescue, there: &str, compared: &str) -> Fault {
    let Rescue { branch, story } = rescue;
    let deployed = wording::deployed_as(setting);
    let when =
        story.at.map(|at| format!(" {} ({})", wording::ago(at, setting.now), at.brief())).unwrap_or_default();
    let would = if compared.is_empty() {
        format!("a deploy from {deployed} would be without it")
    } else {
        format!("a deploy from {deployed} would put {compared} it")
    };
    let message = format!(
        "{} broke the glass{when}: \u{201c}{}\u{201d}; only {branch} has {there}, and {would}",
        story.by, story.reason
    );
    Fault::new(message, wording::merge(deploy_ref, branch)).marked(branch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::samples::tracked::{file, judge_file as run_file};
    use crate::checks::samples::{at_version, judge as run, policy, secret, setting, store, time};
    use crate::domain::rescue::Story;

    fn rescue(at: Option<&str>) -> Rescue {
        let story =
            Story { by: "alice".to_owned(), at: at.map(time), reason: "lapsed; ticket 812".to_owned() };
        Rescue { branch: "rescue/x".to_owned(), story }
    }

    fn rescued<P>(deployed: P, rescued: P) -> Rescued<P> {
        Rescued { rescue: rescue(Some("2026-05-25T12:00:00Z")), deployed, rescued }
    }

    #[test]
    fn who_when_why_and_where() {
        let told =
            "alice broke the glass 7 days ago (2026-05-25T12:00:00Z): \u{201c}lapsed; ticket 812\u{201d}; ";
        let deployed = "a deploy from origin/main (222222222222) would";
        for (here, there, message, weight) in [
            (
                at_version(3, 9),
                at_version(5, 1),
                format!("only rescue/x has version 5, and {deployed} put version 3 back over it"),
                2,
            ),
            (
                at_version(3, 9),
                at_version(3, 10),
                format!(
                    "only rescue/x has version 3, and {deployed} put an earlier seal of version 3 back over it"
                ),
                0,
            ),
            (
                Presence::Absent,
                at_version(1, 1),
                format!("only rescue/x has version 1, and {deployed} be without it"),
                1,
            ),
        ] {
            let mut secret = secret();
            secret.rescued = Ok(vec![rescued(here, there)]);
            let faults = run(judge, &policy(), &secret).unwrap();
            assert_eq!(faults[0].message, format!("{told}{message}"));
            assert_eq!((faults.len(), faults[0].weight), (1, weight));
            assert_eq!(
                faults[0].remedy,
                "git pull --rebase origin main && git pull --no-rebase --no-edit origin rescue/x && git push origin \
                 HEAD:main"
            );
        }
    }

    #[test]
    fn each_branch_is_told_and_what_is_not_known_stays_unknown() {
        let mut secret = secret();
        assert_eq!(run(judge, &policy(), &secret), Ok(Vec::new()));
        let one = rescued(at_version(3, 9), at_version(4, 10));
        let mut other = one.clone();
        other.rescue = Rescue { branch: "rescue/y".to_owned(), ..rescue(None) };
        secret.rescued = Ok(vec![one, other]);
        let faults = run(judge, &policy(), &secret).unwrap();
        assert_eq!((faults[0].mark.as_str(), faults[1].mark.as_str()), ("rescue/x", "rescue/y"));
        assert!(faults[1].message.starts_with("alice broke the glass: "), "{}", faults[1].message);
        secret.rescued = Err(Unknown::new("origin/main", "not asked"));
        assert!(run(judge, &policy(), &secret).is_err());
    }

    #[test]
    fn files_of_other_tools() {
        let at = |text: &str| FilePresence::At(time(text));
        let mut file = file();
        assert_eq!(run_file(CHECK.file, &policy(), &file), Ok(Vec::new()));
        for (here, there, end) in [
            (
                at("2026-01-01"),
                at("2026-02-01"),
                "only rescue/x has the values of 2026-02-01, and a deploy from origin/main (222222222222) would put \
                 those of 2026-01-01 back over it",
            ),
            (
                FilePresence::Absent,
                FilePresence::Undated,
                "only rescue/x has it, and a deploy from origin/main (222222222222) would be without it",
            ),
        ] {
            file.rescued = Ok(vec![rescued(here, there)]);
            let faults = run_file(CHECK.file, &policy(), &file).unwrap();
            assert!(faults[0].message.ends_with(end), "{}", faults[0].message);
        }
        file.rescued = Err(Unknown::new("a", "b"));
        assert!(run_file(CHECK.file, &policy(), &file).is_err());
    }

    #[test]
    fn branches_that_cant_be_read() {
        let (setting, policy, mut store) = (setting(), policy(), store());
        let told = |store: &crate::domain::facts::StoreFacts| {
            judge_store(&StoreSubject { setting: &setting, policy: &policy, store })
        };
        assert_eq!(told(&store), Ok(Vec::new()));
        store.unread_rescues = vec![Unknown::new("rescue/x", "gone")];
        assert_eq!(told(&store), Err(Unknown::new("rescue/x", "gone")));
        store.unread_rescues.push(Unknown::new("rescue/y", "cut off"));
        assert_eq!(told(&store), Err(Unknown::new("rescue/x and rescue/y", "gone")));
    }
}
