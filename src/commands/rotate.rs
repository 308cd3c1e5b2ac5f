//! `secrets rotate`: the next steps of a rotation.

use std::time::Duration;

use super::reading::Records;
use super::session::repository;
use super::turning::{Turn, failed, observe};
use super::{CommandError, Session};
use crate::cli::{ReadFormat, Rotate};
use crate::domain::expiry::Expiry;
use crate::domain::name::SecretName;
use crate::domain::policy::{DeployRef, Policy};
use crate::domain::record::Record;
use crate::domain::rotated::{Rotated, Run};
use crate::domain::rotator::Rotator;
use crate::domain::rules::Rules;
use crate::render::rotated;
use crate::system::lock::FileLock;
use crate::system::terminal::Question;

/// Held by the one rotation of this clone: a second one would take the first for dead.
const LOCK: &str = "secrets/rotating";

/// How long the one before may still take.
const LOCK_LIMIT: Duration = Duration::from_secs(20);

pub fn run(session: &Session, arguments: &Rotate) -> Result<u8, CommandError> {
    let place = session.place()?;
    let repository = repository(&place)?;
    let policy = place.policy()?;
    let lock = repository.git_dir().join(LOCK);
    let _alone = if arguments.dry_run { None } else { Some(FileLock::acquire(&lock, LOCK_LIMIT)?) };
    // What can't be read may be due, so it is named, and no run that passed it over is a whole one.
    let (names, passed_over) = if arguments.due {
        let records = Records::read(&place);
        (due(session, &records, &policy), records.tell_unread(session)?)
    } else {
        (arguments.names.clone(), 0)
    };
    let deployed = observe(&place, arguments)?.name;
    let pushes = !names.is_empty() && !arguments.dry_run && pushes(session, arguments, &policy)?;
    let rotations = names.iter().map(|name| {
        let turn = Turn::new(session, &place, arguments, &policy, name, pushes);
        turn.map_or_else(|error| unturned(name, &error), Turn::run)
    });
    let run = Run { at: session.now, deployed, is_dry: arguments.dry_run, rotations: rotations.collect() };
    match arguments.output.format {
        ReadFormat::Human => session.print(rotated::human(&run, session.style()))?,
        ReadFormat::Json => session.print(rotated::json(&run))?,
    }
    Ok(run.exit_code().max(passed_over))
}

/// Asked once, for all steps: a rotation is pushed step by step.
fn pushes(session: &Session, arguments: &Rotate, policy: &Policy) -> Result<bool, CommandError> {
    if arguments.push || policy.deploy_ref == DeployRef::None || !session.terminal.can_ask() {
        return Ok(arguments.push);
    }
    let what = format!("push each step to {}", policy.deploy_ref);
    Ok(session.terminal.confirm(Question { what: &what, remedy: "give --push" }, true)?)
}

fn unturned(name: &SecretName, error: &CommandError) -> Rotated {
    let rest = failed(name, error);
    let (kind, done) = (String::new(), Vec::new());
    Rotated { name: name.clone(), kind, from: 0, to: None, reached: None, done, rest, next: None }
}

/// Those that are inside their first tier, older than `rotate-every`, or half-way through, and need no person.
fn due(session: &Session, records: &Records, policy: &Policy) -> Vec<SecretName> {
    let due = records.by_name.iter().filter(|(_, record)| is_due(record, policy, session));
    due.map(|(name, _)| name.clone()).collect()
}

fn is_due(record: &Record, policy: &Policy, session: &Session) -> bool {
    let sealed = &record.sealed;
    let Some(runner) = &sealed.rotator else { return false };
    // One that can't be understood is tried, so that it is told.
    if Rotator::parse(runner).is_ok_and(|rotator| rotator.needs_a_person()) {
        return false;
    }
    if record.rotation.is_some() {
        return true;
    }
    let rules = Rules::of(policy, &sealed.name);
    let ends = sealed.expires.as_ref().and_then(Expiry::at);
    let first = rules.notify_at.value.first();
    let is_near = ends.zip(first).is_some_and(|(end, first)| first.reaches(end, session.now));
    let every = rules.rotate_every.value.and_then(|every| every.after(sealed.since()));
    is_near || every.is_some_and(|due| session.now >= due)
}
