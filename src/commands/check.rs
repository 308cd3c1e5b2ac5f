//! `secrets check`: the gate.

use super::comparing::{self, Side};
use super::judging::{Gate, Seen, setting};
use super::{CommandError, Session};
use crate::checks;
use crate::checks::driver;
use crate::cli::{Check, Prove, ReportFormat};
use crate::domain::facts::{SecretFacts, Uncommitted};
use crate::domain::finding::{Known, Unknown};
use crate::domain::name::SecretName;
use crate::domain::policy::{DeployRef, Policy};
use crate::domain::report::{Draft, Outlook, Report, Unchecked};
use crate::observe::history::Begun;
use crate::observe::place::Place;
use crate::observe::proofs::{Proofs, Prover};
use crate::observe::reference::Reference;
use crate::observe::secrets::Observation;
use crate::observe::selection::Selection;
use crate::observe::signers::SignerSource;
use crate::observe::store_facts;
use crate::observe::tracked::{self, TrackedFiles};
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
        Ok(reference) => Some(reference.with_history(policy.store)),
        Err(unknown) => {
            unknowns.push(unknown);
            None
        }
    });
    let judging = reference.as_ref().map_or_else(
        || policy.clone(),
        |reference| comparing::judging_policy(reference, policy, &mut notes, &mut unknowns),
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
    let policy_there = reference.as_ref().map(|reference| comparing::standing_policy(reference, &judging));
    let (mut there, mut values) = (Seen::default(), Vec::new());
    if let Some(tracked) = &tracked {
        let of_reference = reference.as_ref().zip(policy_there.as_ref());
        let other = of_reference
            .map(|(reference, policy)| Ok((reference.tracked(policy, selection, tracked)?, policy)));
        match other.transpose() {
            Ok(Some((other, policy))) => {
                let gate_there = Gate { setting: &setting, policy };
                let here = Side { gate: &gate, tracked };
                let both =
                    comparing::judge_files(here, Side { gate: &gate_there, tracked: &other }, selection);
                seen.absorb(both.here);
                (there, values) = (both.there, both.values);
            }
            Ok(None) => seen.absorb(gate.judge_files(tracked, selection)),
            Err(unknown) => {
                unknowns.push(unknown);
                seen.absorb(gate.judge_files(tracked, selection));
            }
        }
    }
    let of_store = selection.narrow(&judging, session.now, &names, &seen.tracked.names);
    let mut facts = store_facts::observe(&observation, selection, &seen.tracked.names);
    let covered = tracked.as_ref().map(|tracked| tracked.covered.clone()).unwrap_or_default();
    if let Some(tracked) = tracked {
        facts.unknowns.extend(tracked.unknowns.iter().cloned());
        facts.uncommitted = joined(facts.uncommitted, tracked.uncommitted());
        facts.deployed = tracked::with_custody_files(facts.deployed, tracked.undeployed());
    }
    notes.extend(seen.tracked.notes());
    facts.exposures = std::mem::take(&mut seen.exposures);
    facts.policies = reference.as_ref().and_then(|reference| reference.policies(policy, covered, values));
    let mut judged = std::mem::take(&mut seen.judged);
    judged.absorb(driver::judge_store(&setting, &of_store, &facts));
    if let Some((reference, policy_there)) = reference.as_ref().zip(policy_there.as_ref()) {
        let prover =
            arguments.prove.map(|prove| Prover::with_all(&identities, policy_there, prove == Prove::All));
        let there = comparing::judge_reference(&setting, policy_there, reference, prover.as_ref(), there);
        judged.findings = checks::against(judged.findings, &there, &reference.commit.short());
    }
    notes.extend(observation.blind_spot(&names, &policy.deploy_ref));
    notes.extend(seen.not_compared());
    if policy.deploy_ref == DeployRef::None {
        notes.push("deploy-ref is \"none\": nothing is deployed from git, so no remote was asked".to_owned());
        if reference.is_none() && observation.signers.was_asked() {
            notes.push(
                "signatures were held against the signing keys of the policy here, for want of a deploy ref"
                    .to_owned(),
            );
        }
    }
    judged.unchecked.extend(unknowns.into_iter().map(unchecked));
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

/// Both lists, where both are known.
fn joined(one: Known<Vec<Uncommitted>>, other: Known<Vec<Uncommitted>>) -> Known<Vec<Uncommitted>> {
    let mut all = one?;
    all.extend(other?);
    Ok(all)
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
