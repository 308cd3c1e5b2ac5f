//! `secrets check`: the gate.

use super::accepted::{Acceptance, Accepted};
use super::insides::Looking;
use super::judging::{Gate, Seen, setting};
use super::{CommandError, Session};
use crate::checks;
use crate::checks::driver;
use crate::cli::{Check, Prove, ReportFormat};
use crate::domain::facts::{SecretFacts, Setting, StoreFacts, Uncommitted};
use crate::domain::finding::{Finding, Known, Unknown};
use crate::domain::name::SecretName;
use crate::domain::policy::{DeployRef, Policy};
use crate::domain::report::{Draft, Outlook, Report, Unchecked};
use crate::observe::history::Begun;
use crate::observe::identities::Identities;
use crate::observe::place::Place;
use crate::observe::proofs::{Proofs, Prover};
use crate::observe::reference::{self, Reference};
use crate::observe::secrets::Observation;
use crate::observe::selection::Selection;
use crate::observe::signers::SignerSource;
use crate::observe::store_facts;
use crate::observe::tracked::{self, Opener, TrackedFiles};
use crate::observe::trees::Ask;
use crate::render;
use crate::store::layout::POLICY;

pub fn run(session: &Session, arguments: &Check) -> Result<u8, CommandError> {
    let acceptance = Acceptance::demanded(session, arguments)?;
    let report = report(session, arguments);
    // The verdict has fallen; no format can change it.
    let code = report.verdict.exit_code();
    session.print(match arguments.format {
        ReportFormat::Human => render::human::render(&report, session.style()),
        ReportFormat::Json => render::json::render(&report),
        ReportFormat::Github => render::github::render(&report),
    })?;
    if let Some(acceptance) = acceptance {
        acceptance.write(session, &report)?;
    }
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
        Ok(reference) => Some(reference.with_history(policy.store)),
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
    let (observation, begun) =
        rayon::join(|| Observation::new(place, &policy.deploy_ref, ask), || Begun::at(place, None));
    let mut observation =
        observation.with_history(begun, policy.store, reference.as_ref().map(Reference::tip));
    if let Some(reference) = &reference {
        observation.signers = SignerSource::reference(reference, policy);
    }
    let setting = setting(session, place, policy, &observation);
    let names: Vec<&SecretName> = observation.names.iter().filter(|name| selection.admits(name)).collect();
    let keychain = session.keychain();
    let mut identities = session.identities(&keychain);
    let gate = Gate { setting: &setting, policy: &judging };
    let mut seen = match arguments.prove {
        None => gate.judge_all(&names, &|name| observation.secret(name)),
        Some(prove) => {
            let progress = session.terminal.progress("proving", Some(names.len() as u64));
            let proofs =
                Proofs { identities: &mut identities, policy: &judging, is_required: prove == Prove::All };
            let see = |facts: SecretFacts| {
                progress.advance(1);
                gate.judge(&facts)
            };
            proofs.each(&names, &|name, prover| observation.proved_secret(name, prover), &see, &Seen::absorb)
        }
    };
    let tracked = TrackedFiles::observe(place, &judging, &observation.trees, selection);
    let tracked = tracked.unwrap_or_else(|unknown| {
        unknowns.push(unknown);
        None
    });
    if let Some(tracked) = &tracked {
        seen.absorb(judge_tracked(session, arguments, &gate, tracked, selection, &mut identities));
    }
    let of_store = selection.narrow(&judging, session.now, &names, &seen.tracked.names);
    let mut facts = store_facts::observe(&observation, selection, &seen.tracked.names);
    if let Some(tracked) = tracked {
        facts.unknowns.extend(tracked.unknowns.iter().cloned());
        facts.uncommitted = joined(facts.uncommitted, tracked.uncommitted());
        facts.deployed = tracked::with_custody_files(facts.deployed, tracked.undeployed());
    }
    notes.extend(seen.tracked.notes());
    notes.extend(seen.insides.notes());
    facts.exposures = std::mem::take(&mut seen.exposures);
    facts.policies = reference.as_ref().and_then(|reference| reference.policies(policy));
    let mut judged = std::mem::take(&mut seen.judged);
    judged.absorb(driver::judge_store(&setting, &of_store, &facts));
    let mut there = None;
    if let Some(reference) = &reference
        && let Ok(Some(policy_there)) = reference.policy()
    {
        let prover =
            arguments.prove.map(|prove| Prover::with_all(&identities, &policy_there, prove == Prove::All));
        there = Some(judge_reference(&setting, &policy_there, reference, prover.as_ref()));
    }
    judged.unchecked.extend(unknowns.into_iter().map(unchecked));
    let lower = |findings| match (&there, &reference) {
        (Some(there), Some(reference)) => checks::against(findings, there, &reference.commit.short()),
        _ => findings,
    };
    let accepted = Accepted::observe(session, arguments, place, reference.as_ref());
    notes.extend(accepted.settle(session.now, arguments, &mut judged, &lower));
    notes.extend(observation.blind_spot(&names, &policy.deploy_ref));
    notes.extend(seen.not_compared());
    if policy.deploy_ref == DeployRef::None {
        notes.extend(without_deploy_ref(reference.is_none() && observation.signers.was_asked()));
    }
    Report::conclude(Draft {
        at: session.now,
        store: place.folder.clone(),
        store_id: Some(policy.store),
        commit: setting.head.clone(),
        deploy_ref: Some(policy.deploy_ref.to_string()),
        strict: arguments.strict,
        secrets: names.len() + seen.tracked.secrets,
        outlook: seen.outlook,
        findings: judged.findings,
        waived: judged.waived,
        off: judged.off.into_iter().collect(),
        unchecked: judged.unchecked.into_iter().collect(),
        custody: seen.custody,
        notes,
    })
}

/// What to know where nothing is deployed from git.
fn without_deploy_ref(signed_by_policy_here: bool) -> impl Iterator<Item = String> {
    let told = "deploy-ref is \"none\": nothing is deployed from git, so no remote was asked";
    let signers =
        "signatures were held against the signing keys of the policy here, for want of a deploy ref";
    [Some(told), signed_by_policy_here.then_some(signers)].into_iter().flatten().map(str::to_owned)
}

/// Judges what other tools have sealed, and looks into it where a proof is asked for.
fn judge_tracked(
    session: &Session,
    arguments: &Check,
    gate: &Gate<'_>,
    tracked: &TrackedFiles<'_>,
    selection: &Selection,
    identities: &mut Identities<'_>,
) -> Seen {
    let opener = Opener::new(&session.environment, identities);
    let looking = arguments.prove.map(|prove| Looking {
        opener: &opener,
        is_required: prove == Prove::All,
        progress: session.terminal.progress("looking into values", Some(tracked.files.len() as u64)),
    });
    gate.judge_files(tracked, selection, looking.as_ref())
}

/// Both lists, where both are known.
fn joined(one: Known<Vec<Uncommitted>>, other: Known<Vec<Uncommitted>>) -> Known<Vec<Uncommitted>> {
    let mut all = one?;
    all.extend(other?);
    Ok(all)
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

fn judge_reference(
    setting: &Setting,
    policy: &Policy,
    reference: &Reference<'_>,
    prover: Option<&Prover<'_>>,
) -> Vec<Finding> {
    let gate = Gate { setting, policy };
    let mut seen = Seen::default();
    for name in &reference.names {
        seen.absorb(gate.judge(&reference.secret(name, prover)));
    }
    let mut judged = seen.judged;
    let store = StoreFacts { exposures: seen.exposures, ..reference.store() };
    judged.absorb(driver::judge_store(setting, policy, &store));
    judged.findings
}

fn unchecked(unknown: Unknown) -> Unchecked {
    Unchecked { secret: None, what: unknown.what, why: unknown.why }
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
        unchecked: vec![unchecked(unknown)],
        custody: Vec::new(),
        notes: Vec::new(),
    })
}
