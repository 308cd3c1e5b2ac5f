//! `secrets check`: the gate.

use rayon::prelude::*;

use super::{CommandError, Session};
use crate::checks;
use crate::checks::driver::{self, Judged};
use crate::cli::{Check, ReportFormat};
use crate::domain::custody;
use crate::domain::expiry::Expiry;
use crate::domain::facts::{SecretFacts, Setting};
use crate::domain::finding::{Finding, Unknown};
use crate::domain::name::SecretName;
use crate::domain::policy::{DeployRef, Policy};
use crate::domain::report::{Draft, Outlook, Report, Unchecked};
use crate::domain::time::Instant;
use crate::observe::place::Place;
use crate::observe::reference::{self, Reference};
use crate::observe::secrets::Observation;
use crate::observe::selection::Selection;
use crate::observe::store_facts;
use crate::observe::trees::Ask;
use crate::render;
use crate::store::layout::POLICY;

pub fn run(session: &Session, arguments: &Check) -> Result<u8, CommandError> {
    let report = report(session, arguments);
    // The verdict has fallen; no format can change it.
    let code = report.verdict.exit_code();
    session.print(match arguments.format {
        ReportFormat::Human => render::human::render(&report, session.style()),
        ReportFormat::Json => render::json::render(&report),
        ReportFormat::Github => render::github::render(&report),
    })?;
    Ok(code)
}

/// The report, whole even where nothing could be judged: whoever reads it learns why.
fn report(session: &Session, arguments: &Check) -> Report {
    let place = match session.place() {
        Ok(place) => place,
        Err(error) => return unjudged(session, arguments, "", Unknown::new("store", error.to_string())),
    };
    let could_not =
        |what: String, why: String| unjudged(session, arguments, &place.folder, Unknown::new(what, why));
    let policy = match place.policy() {
        Ok(policy) => policy,
        Err(error) => return could_not(place.path(POLICY), error.to_string()),
    };
    let current_dir = session.environment.current_dir();
    match Selection::of(&arguments.scope, &arguments.files, &place, current_dir) {
        Ok(selection) => judge(session, arguments, &place, &policy, &selection),
        Err(error) => could_not("--file".to_owned(), error.to_string()),
    }
}

fn judge(
    session: &Session,
    arguments: &Check,
    place: &Place,
    policy: &Policy,
    selection: &Selection,
) -> Report {
    let mut unknowns = Vec::new();
    let mut notes = Vec::new();
    let reference = arguments.against.as_deref().and_then(|rev| match Reference::observe(place, rev) {
        Ok(reference) => Some(reference),
        Err(unknown) => {
            unknowns.push(unknown);
            None
        }
    });
    let judging = reference.as_ref().map_or_else(
        || policy.clone(),
        |reference| judging_policy(reference, policy, &mut notes, &mut unknowns),
    );
    let ask = match (&arguments.against, arguments.offline) {
        (Some(_), _) => Ask::LeaveOut,
        (None, true) => Ask::Offline,
        (None, false) => Ask::Remote,
    };
    let observation = Observation::new(place, &policy.deploy_ref, ask);
    let setting = setting(session, place, policy, &observation);
    let names: Vec<&SecretName> = observation.names.iter().filter(|name| selection.admits(name)).collect();
    let (mut judged, outlook) = judge_all(&setting, &judging, &names, &|name| observation.secret(name));
    let of_store = selection.narrow(&judging, session.now, &names);
    judged.absorb(driver::judge_store(&setting, &of_store, &store_facts::observe(&observation, selection)));
    if let Some(reference) = &reference
        && let Ok(Some(policy_there)) = reference.policy()
    {
        let there = judge_reference(&setting, &policy_there, reference);
        judged.findings = checks::against(judged.findings, &there, &reference.commit.short());
    }
    if policy.deploy_ref == DeployRef::None {
        notes.push("deploy-ref is \"none\": nothing is deployed from git, so no remote was asked".to_owned());
    }
    judged.unchecked.extend(unknowns.into_iter().map(|unknown| unchecked(None, unknown)));
    Report::conclude(Draft {
        at: session.now,
        store: place.folder.clone(),
        store_id: Some(policy.store),
        commit: setting.head.clone(),
        deploy_ref: Some(policy.deploy_ref.to_string()),
        strict: arguments.strict,
        secrets: names.len(),
        outlook,
        findings: judged.findings,
        waived: judged.waived,
        off: judged.off.into_iter().collect(),
        unchecked: judged.unchecked.into_iter().collect(),
        notes,
    })
}

/// The policy that judges a change, with what a reviewer should know of it.
fn judging_policy(
    reference: &Reference<'_>,
    change: &Policy,
    notes: &mut Vec<String>,
    unknowns: &mut Vec<Unknown>,
) -> Policy {
    let commit = reference.commit.short();
    match reference.policy() {
        Ok(Some(there)) => {
            notes.push(format!("judged by the policy of {commit}; the deploy ref was left out"));
            notes.extend(reference::new_keys(Some(&there), change));
            reference::judging_policy(&there, change).unwrap_or_else(|unknown| {
                unknowns.push(unknown);
                change.clone()
            })
        }
        Ok(None) => {
            notes.push(format!(
                "{commit} has no store, so the change's own policy judges; the deploy ref was left out"
            ));
            notes.extend(reference::new_keys(None, change));
            change.clone()
        }
        Err(unknown) => {
            unknowns.push(unknown);
            change.clone()
        }
    }
}

/// Judges secrets in parallel; each one's facts are dropped as soon as they are judged.
fn judge_all(
    setting: &Setting,
    policy: &Policy,
    names: &[&SecretName],
    observe: &(dyn Fn(&SecretName) -> SecretFacts + Sync),
) -> (Judged, Outlook) {
    let judge = |name: &&SecretName| {
        let facts = observe(name);
        (driver::judge_secret(setting, policy, &facts), outlook(setting.now, policy, &facts))
    };
    names.par_iter().map(judge).reduce(<(Judged, Outlook)>::default, |mut all, one| {
        all.0.absorb(one.0);
        all.1.absorb(one.1);
        all
    })
}

fn outlook(now: Instant, policy: &Policy, facts: &SecretFacts) -> Outlook {
    let Ok(Some(record)) = &facts.record else { return Outlook::default() };
    let ends = record.sealed.expires.as_ref().and_then(Expiry::at).filter(|at| *at > now);
    Outlook {
        fewest_people: Some(custody::people(&record.sealed, policy).len()),
        next_to_expire: ends.map(|at| (at, facts.name.clone())),
    }
}

fn judge_reference(setting: &Setting, policy: &Policy, reference: &Reference<'_>) -> Vec<Finding> {
    let mut judged = driver::judge_store(setting, policy, &reference.store());
    for name in &reference.names {
        judged.absorb(driver::judge_secret(setting, policy, &reference.secret(name)));
    }
    judged.findings
}

fn setting(session: &Session, place: &Place, policy: &Policy, observation: &Observation<'_>) -> Setting {
    let head = observation.trees.head.as_ref().ok().and_then(Option::as_ref);
    Setting {
        now: session.now,
        store: place.folder.clone(),
        deploy_ref: (policy.deploy_ref != DeployRef::None).then(|| policy.deploy_ref.to_string()),
        head: head.map(ToString::to_string),
        deployed_commit: observation.trees.deployed_commit().map(|commit| commit.to_string()),
        deployed_is_ancestor: observation.trees.deployed_is_ancestor(place),
    }
}

fn unchecked(secret: Option<SecretName>, unknown: Unknown) -> Unchecked {
    Unchecked { secret, what: unknown.what, why: unknown.why }
}

/// The report where nothing could be judged, and why.
fn unjudged(session: &Session, arguments: &Check, store: &str, unknown: Unknown) -> Report {
    Report::conclude(Draft {
        at: session.now,
        store: store.to_owned(),
        store_id: None,
        commit: None,
        deploy_ref: None,
        strict: arguments.strict,
        secrets: 0,
        outlook: Outlook::default(),
        findings: Vec::new(),
        waived: Vec::new(),
        off: Vec::new(),
        unchecked: vec![unchecked(None, unknown)],
        notes: Vec::new(),
    })
}
