//! `secrets git hook`: what git's hooks ask. A commit and a push are judged by what they change.

use rayon::prelude::*;

use super::hooking::{Checked, Push, places, pushes};
use super::{CommandError, Session};
use crate::checks;
use crate::checks::driver::{self, Judged, Which};
use crate::cli::{GitHook, HookName};
use crate::domain::check_id::CheckId;
use crate::domain::facts::{SecretFacts, Setting};
use crate::domain::finding::{Finding, Known};
use crate::domain::name::SecretName;
use crate::domain::policy::{DeployRef, Policy};
use crate::domain::report::Unchecked;
use crate::domain::tracked_facts::FileFacts;
use crate::git::{Commit, Repository};
use crate::observe::place::Place;
use crate::observe::reference::Reference;
use crate::observe::step::Step;

/// What stops a commit: a value in clear, and halves that do not belong together.
const OF_COMMIT: [CheckId; 3] = [CheckId::Plaintext, CheckId::RecordBehind, CheckId::Orphan];
/// What stops a push to the deploy ref.
const OF_PUSH: [CheckId; 2] = [CheckId::SingleHolder, CheckId::Expired];

pub fn run(session: &Session, arguments: &GitHook) -> Result<u8, CommandError> {
    let repository = Repository::discover(session.environment.current_dir(), &session.environment)?;
    let places = places(session, &repository)?;
    match arguments.hook {
        HookName::PreCommit => {
            let after = repository.staged_tree()?;
            let mut before: Vec<Commit> = repository.head()?.into_iter().collect();
            before.extend(repository.merge_heads());
            let mut checked = Checked::default();
            for place in &places {
                let step = Step::new(place, &repository, after, before.clone())?;
                checked.absorb(commit(session, place, &step.leading_to("what is staged")));
            }
            checked.told(session, arguments.hook)
        }
        HookName::PrePush => {
            let mut checked = Checked::default();
            for push in pushes(session, &repository, &arguments.arguments)? {
                for place in &places {
                    checked.absorb(pushed(session, place, &repository, &push)?);
                }
            }
            checked.told(session, arguments.hook)
        }
    }
}

fn setting(session: &Session, place: &Place) -> Setting {
    Setting {
        now: session.now,
        store: place.folder.clone(),
        deploy_ref: None,
        head: None,
        deployed_commit: None,
        deployed_is_ancestor: false,
    }
}

fn commit(session: &Session, place: &Place, step: &Step<'_>) -> Checked {
    let policy = match step.policy() {
        Ok(Some(policy)) => policy,
        Ok(None) => return Checked::default(),
        Err(unknown) => return Checked::unknown(unknown),
    };
    let (setting, which) = (setting(session, place), Which::Only(&OF_COMMIT));
    let mut judged = driver::judge_store_by(which, &setting, &policy, &step.store());
    judged.absorb(secrets(&step.after, &step.secrets(), &|facts| {
        driver::judge_secret_by(which, &setting, &policy, facts)
    }));
    let files =
        of_other_tools(step, &policy, &|facts| driver::judge_file_by(which, &setting, &policy, facts));
    Checked::of(judged, files)
}

/// Judges secrets in parallel.
fn secrets(
    reference: &Reference<'_>,
    names: &[&SecretName],
    judge: &(dyn Fn(&SecretFacts) -> Judged + Sync),
) -> Judged {
    let judged = names.par_iter().map(|name| judge(&reference.secret(name, None)));
    judged.reduce(Judged::default, joined)
}

fn joined(mut all: Judged, one: Judged) -> Judged {
    all.absorb(one);
    all
}

/// Judges the files of other tools that a step changes, in parallel.
fn of_other_tools(
    step: &Step<'_>,
    policy: &Policy,
    judge: &(dyn Fn(&FileFacts) -> Judged + Sync),
) -> Known<Judged> {
    let Some(tracked) = step.tracked(policy)? else { return Ok(Judged::default()) };
    let unnamed = |path: &str| Unchecked {
        secret: None,
        what: path.to_owned(),
        why: "can't be named, so nothing about it was judged; rename it".to_owned(),
    };
    let judged = step.changed_files(&tracked.files)?.into_par_iter().map(|path| match tracked.file(path) {
        Some(facts) => judge(&facts),
        None => Judged { unchecked: [unnamed(path)].into(), ..Judged::default() },
    });
    Ok(judged.reduce(Judged::default, joined))
}

/// A push to the deploy ref, held against what the remote has there.
fn pushed(
    session: &Session,
    place: &Place,
    repository: &Repository,
    push: &Push,
) -> Result<Checked, CommandError> {
    let before = push.before.iter().copied().collect();
    let step = Step::new(place, repository, push.after, before)?.leading_to("what is pushed");
    let policy = match step.policy() {
        Ok(Some(policy)) => policy,
        Ok(None) => return Ok(Checked::default()),
        Err(unknown) => return Ok(Checked::unknown(unknown)),
    };
    let DeployRef::Branch { remote, branch } = &policy.deploy_ref else { return Ok(Checked::default()) };
    if !push.is_to(repository, remote, branch)? {
        return Ok(Checked::default());
    }
    let (setting, which) = (setting(session, place), Which::Only(&OF_PUSH));
    let by = |policy: &Policy, facts: &SecretFacts| driver::judge_secret_by(which, &setting, policy, facts);
    // Other rules or other people may let any of them fall short.
    let names = if step.changes_policy() { step.after.names.iter().collect() } else { step.secrets() };
    let here = secrets(&step.after, &names, &|facts| by(&policy, facts));
    let files =
        of_other_tools(&step, &policy, &|facts| driver::judge_file_by(which, &setting, &policy, facts));
    let mut checked = Checked::of(here, files);
    let Some(there) = step.first_before() else { return Ok(checked) };
    let there = there?;
    let Some(standing) = there.policy().ok().flatten() else { return Ok(checked) };
    let names: Vec<_> = names.into_iter().filter(|name| there.names.binary_search(name).is_ok()).collect();
    let standing: Vec<Finding> = secrets(&there, &names, &|facts| by(&standing, facts)).findings;
    checked.judged.findings = checks::against(checked.judged.findings, &standing, &there.commit.short());
    Ok(checked)
}
