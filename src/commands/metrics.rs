//! `secrets metrics`: the store as numbers, for Prometheus.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::inventory::Inventory;
use super::{CommandError, Session, reporting, written_out};
use crate::change::memory::{Memory, MemoryError};
use crate::cli::{Check, Metrics as Arguments};
use crate::domain::channel::LedgerState;
use crate::domain::finding::Unknown;
use crate::domain::ledger::RunEnd;
use crate::domain::metrics::{Measured, Metrics};
use crate::domain::policy::{DeployRef, Policy};
use crate::domain::report::Report;
use crate::domain::text::{counted, visible};
use crate::notify::{Outside, pushgateway};
use crate::observe::place::Place;
use crate::render::openmetrics;
use crate::system::files::Access;
use crate::web::Limits;

/// The exit code where something that is measured is not known.
const NOT_KNOWN: u8 = 2;
/// How much of that is said.
const MOST_SAID: usize = 10;
/// The label `job` of what is pushed.
const JOB: &str = "secrets";
/// Where a clone's repository is known by, in a store that is not deployed from git.
const USUAL_REMOTE: &str = "origin";

pub fn run(session: &Session, arguments: &Arguments) -> Result<u8, CommandError> {
    let place = session.place()?;
    let check = Check { scope: arguments.scope.clone(), offline: arguments.offline, ..Check::default() };
    let report = reporting::report(session, &check);
    let mut unknowns = of_report(&report);
    let mut metrics = Metrics::of_report(&report);
    match Inventory::read(session, &arguments.scope) {
        Ok(inventory) => {
            let measured = |due, people| Measured::new(due, people, &report);
            metrics.measure(inventory.rows.iter().map(|row| measured(&row.due, row.people)).collect());
            unknowns.extend(not_found(&report, inventory.unknowns));
        }
        Err(error) => drop(unknowns.insert(Unknown::new("secrets", error.to_string()))),
    }
    if let Ok(policy) = place.policy() {
        let is_remembered = policy.ledger.state == LedgerState::Git || arguments.state.is_some();
        metrics.channels = is_remembered.then_some(policy.channels.len());
        metrics.repository = known_as(&place, &policy);
        match last_warn(session, arguments, &place, &policy) {
            Ok((last, faults)) => {
                metrics.last_warn = last;
                unknowns.extend(faults);
            }
            Err(unknown) => drop(unknowns.insert(unknown)),
        }
    }
    metrics.unchecked = unknowns.len();
    let text = openmetrics::render(&metrics);
    let delivered = match &arguments.push {
        Some(url) => push(session, arguments, url, &metrics, text),
        None => written_out::deliver(session, arguments.output.as_deref(), &text, Access::Everybody),
    };
    if delivered.is_ok() && (arguments.push.is_some() || arguments.output.is_some()) {
        session.say(format!("{} measured", counted(metrics.judged, "secret")))?;
    }
    let code = say_unknown(session, &unknowns)?;
    delivered.map(|()| code)
}

/// One group for each store, so that none overwrites another's; what was pushed for it before is replaced.
fn push(
    session: &Session,
    arguments: &Arguments,
    url: &str,
    metrics: &Metrics,
    text: String,
) -> Result<(), CommandError> {
    let Some(store) = metrics.store else {
        let what = "--push: policy can't be read, so that it is not known whose metrics these are";
        return Err(CommandError::new(what).hint("secrets check"));
    };
    let grouping = BTreeMap::from([("store".to_owned(), store.to_string())]);
    let limits = Limits::within(Duration::from_secs(arguments.timeout));
    let folder = session.environment.current_dir().to_owned();
    let outside = Outside::new(session.environment.clone(), folder, limits);
    pushgateway::push(url, JOB, &grouping, text.into_bytes(), &outside)?;
    session.say("pushed to the Pushgateway")
}

/// What the gate could not judge.
fn of_report(report: &Report) -> BTreeSet<Unknown> {
    let what = |unchecked: &crate::domain::report::Unchecked| {
        let what = match &unchecked.secret {
            Some(secret) if !unchecked.what.contains(secret.as_str()) => {
                format!("{secret}: {}", unchecked.what)
            }
            _ => unchecked.what.clone(),
        };
        Unknown::new(what, unchecked.why.clone())
    };
    report.unchecked.iter().map(what).collect()
}

/// What is not known of the secrets and that the gate neither found nor left open.
fn not_found(report: &Report, unknowns: Vec<Unknown>) -> impl Iterator<Item = Unknown> {
    let named = |what: &str| {
        let of_finding = |finding: &crate::domain::finding::Finding| {
            finding.secret.as_ref().is_some_and(|secret| secret.as_str() == what)
                || finding.path.as_deref() == Some(what)
        };
        report.findings.iter().any(of_finding)
            || report.waived.iter().any(|waived| of_finding(&waived.finding))
            || report.unchecked.iter().any(|unchecked| unchecked.what == what)
    };
    unknowns.into_iter().filter(|unknown| !named(&unknown.what)).collect::<Vec<_>>().into_iter()
}

/// By what people know the repository.
fn known_as(place: &Place, policy: &Policy) -> Option<String> {
    let remote = match &policy.deploy_ref {
        DeployRef::Branch { remote, .. } => remote.as_str(),
        DeployRef::None => USUAL_REMOTE,
    };
    place.repository.as_ref().ok()?.known_as(remote)
}

/// How `secrets warn` last ended, and what of its memory can't be read.
fn last_warn(
    session: &Session,
    arguments: &Arguments,
    place: &Place,
    policy: &Policy,
) -> Result<(Option<RunEnd>, Vec<Unknown>), Unknown> {
    let rules = &policy.ledger;
    let mut memory = match (&arguments.state, &policy.deploy_ref) {
        (Some(path), _) => Memory::File(session.environment.current_dir().join(path)),
        (None, DeployRef::Branch { remote, .. }) if rules.state == LedgerState::Git => {
            if arguments.offline {
                return Err(Unknown::new(&rules.full_ref, "--offline: the remote was not asked"));
            }
            let unread = |why: String| Unknown::new(&rules.full_ref, why);
            Memory::Remote {
                repository: place.repository.as_ref().map_err(|error| unread(error.to_string()))?,
                remote: remote.clone(),
                full_ref: rules.full_ref.clone(),
                limit: Duration::from_secs(arguments.timeout),
            }
        }
        // Nothing is remembered anywhere, as policy has it.
        (None, _) => return Ok((None, Vec::new())),
    };
    let remembered = memory.read().map_err(|error| match error {
        MemoryError::ReadOnly { ledger, why } | MemoryError::Failed { ledger, why } => {
            Unknown::new(ledger, why)
        }
    })?;
    Ok((remembered.ledger.told().last_run().cloned(), remembered.faults))
}

fn say_unknown(session: &Session, unknowns: &BTreeSet<Unknown>) -> Result<u8, CommandError> {
    if unknowns.is_empty() {
        return Ok(0);
    }
    session.say(format!("NOT checked ({}):", unknowns.len()))?;
    for unknown in unknowns.iter().take(MOST_SAID) {
        session.say(format!("  {}: {}", visible(&unknown.what), visible(&unknown.why)))?;
    }
    if let Some(more) = unknowns.len().checked_sub(MOST_SAID).filter(|more| *more > 0) {
        session.say(format!("  … and {more} more"))?;
    }
    session.say("see: secrets check")?;
    Ok(NOT_KNOWN)
}
