//! `secrets git hook`: what git's hooks ask. A commit and a push are judged by what they change.

use super::hooking::{Checked, Push, places, pushes};
use super::judging::{setting_here, unnamed};
use super::{CommandError, Session};
use crate::checks;
use crate::checks::driver::{self, Judged, Which};
use crate::cli::{GitHook, HookName};
use crate::domain::check_id::CheckId;
use crate::domain::facts::Setting;
use crate::domain::finding::{Finding, Known};
use crate::domain::name::SecretName;
use crate::domain::policy::{DeployRef, Policy};
use crate::git::{Commit, Repository};
use crate::observe::place::Place;
use crate::observe::reference::Reference;
use crate::observe::step::Step;
use crate::system::threads::{ParallelIterator as _, Shared as _};

/// What stops a commit: a value in clear, and halves that do not belong together.
const OF_COMMIT: [CheckId; 3] = [CheckId::Plaintext, CheckId::RecordBehind, CheckId::Orphan];
/// What stops a push to the deploy ref.
const OF_PUSH: [CheckId; 2] = [CheckId::SingleHolder, CheckId::Expired];

pub fn run(session: &Session, arguments: &GitHook) -> Result<u8, CommandError> {
    let repository = Repository::discover(session.environment.current_dir(), &session.environment)?;
    let places = places(session, &repository)?;
    let mut checked = Checked::default();
    match arguments.hook {
        HookName::PreCommit => {
            let after = repository.staged_tree()?;
            let mut before: Vec<Commit> = repository.head()?.into_iter().collect();
            before.extend(repository.merge_heads());
            for place in &places {
                let step = Step::new(place, &repository, after, before.clone())?;
                checked.absorb(commit(session, place, &step.leading_to("what is staged")));
            }
        }
        HookName::PrePush => {
            for push in pushes(session, &repository, &arguments.arguments)? {
                for place in &places {
                    checked.absorb(pushed(session, place, &repository, &push)?);
                }
            }
        }
    }
    checked.told(session, arguments.hook)
}

/// What is staged, by the policy that is staged with it.
fn commit(session: &Session, place: &Place, step: &Step<'_>) -> Checked {
    let policy = match step.policy() {
        Ok(Some(policy)) => policy,
        Ok(None) => return Checked::default(),
        Err(unknown) => return Checked::unknown(&unknown),
    };
    let judge =
        Judge { setting: setting_here(session.now, place), policy: &policy, which: Which::Only(&OF_COMMIT) };
    let mut judged = driver::judge_store_by(judge.which, &judge.setting, &policy, &step.store());
    judged.absorb(judge.secrets(&step.after, &step.secrets()));
    Checked::of(judged, judge.files(step, step.after.commit, Among::Changed))
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
        Err(unknown) => return Ok(Checked::unknown(&unknown)),
    };
    let DeployRef::Branch { remote, branch } = &policy.deploy_ref else { return Ok(Checked::default()) };
    if !push.is_to(repository, remote, branch) {
        return Ok(Checked::default());
    }
    // Other rules or other people may let any of them fall short.
    let (among, names) = if step.changes_policy() {
        (Among::All, step.after.names.iter().collect())
    } else {
        (Among::Changed, step.secrets())
    };
    let judge =
        Judge { setting: setting_here(session.now, place), policy: &policy, which: Which::Only(&OF_PUSH) };
    let here = judge.secrets(&step.after, &names);
    let mut checked = Checked::of(here, judge.files(&step, step.after.commit, among));
    let Some(there) = step.first_before() else { return Ok(checked) };
    let there = there?;
    // What can't be read there stands for nothing.
    let Some(standing) = there.policy().ok().flatten() else { return Ok(checked) };
    let names: Vec<_> = names.into_iter().filter(|name| there.names.binary_search(name).is_ok()).collect();
    let judge =
        Judge { setting: setting_here(session.now, place), policy: &standing, which: Which::Only(&OF_PUSH) };
    let mut stood = judge.secrets(&there, &names);
    if let Ok(files) = judge.files(&step, there.commit, among) {
        stood.absorb(files);
    }
    checked.judged.findings = new_or_worse(std::mem::take(&mut checked.judged.findings), &stood.findings);
    Ok(checked)
}

/// What was not found before, or was less.
fn new_or_worse(findings: Vec<Finding>, stood: &[Finding]) -> Vec<Finding> {
    let lowered = checks::against(findings.clone(), stood, "the remote");
    // What stands already is told in other words.
    findings.into_iter().zip(lowered).filter(|(own, told)| own == told).map(|(own, _)| own).collect()
}

/// Which files of other tools are judged.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Among {
    All,
    Changed,
}

/// By what is judged.
struct Judge<'a> {
    setting: Setting,
    policy: &'a Policy,
    which: Which<'a>,
}

impl<'a> Judge<'a> {
    /// Judges secrets in parallel.
    fn secrets(&self, reference: &Reference<'_>, names: &[&SecretName]) -> Judged {
        let judge = |name: &&SecretName| {
            driver::judge_secret_by(self.which, &self.setting, self.policy, &reference.secret(name, None))
        };
        names.par_iter().map(judge).reduce(Judged::default, joined)
    }

    /// Judges what other tools have sealed at a commit, in parallel.
    fn files(&self, step: &Step<'a>, at: Commit, among: Among) -> Known<Judged> {
        let Some(tracked) = step.tracked(at, self.policy)? else { return Ok(Judged::default()) };
        let files = match among {
            Among::All => tracked.files.iter().collect(),
            Among::Changed => step.changed_files(&tracked.files)?,
        };
        let judged = files.into_par_iter().map(|path| match tracked.file(path) {
            Some(facts) => driver::judge_file_by(self.which, &self.setting, self.policy, &facts),
            None => unnamed(path),
        });
        let mut judged = judged.reduce(Judged::default, joined);
        for unknown in &tracked.unknowns {
            if among == Among::All || !step.changed_files(std::slice::from_ref(&unknown.what))?.is_empty() {
                judged.absorb(Checked::unknown(unknown).judged);
            }
        }
        Ok(judged)
    }
}

fn joined(mut all: Judged, one: Judged) -> Judged {
    all.absorb(one);
    all
}
