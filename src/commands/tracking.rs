//! How changes to records of tracked files are tried, written and published.

use super::session::repository;
use super::writing::finish;
use super::{CommandError, Session};
use crate::change::writer::Writer;
use crate::cli::Publish;
use crate::domain::policy::Policy;
use crate::git::{Rehearsal, Repository};
use crate::observe::place::Place;

/// Has ignore rules and the repository's own hooks judge what is planned, before anything is written.
pub fn rehearse(
    session: &Session,
    repository: &Repository,
    writer: &Writer<'_>,
    message: &str,
) -> Result<(), CommandError> {
    writer.refuse_ignored()?;
    match repository.rehearse_commit(writer.planned(), message)? {
        Rehearsal::Passed => Ok(()),
        Rehearsal::NotTried(why) => {
            session.say(format!("the repository's hooks were not tried before: {why}"))
        }
        Rehearsal::Refused { hook, why } => Err(CommandError::new(format!(
            "the repository's {hook} hook refuses this change, so nothing was written: {why}"
        ))
        .hint("custody.toml and policy.toml hold names, dates and digests, never a value: have the hook pass over them")
        .hint("or track fewer paths; if the hook only can't run in a fresh work tree, give --untested-hooks")),
    }
}

/// Rehearses what is planned, unless nothing is committed or nobody wants that, and writes and commits it.
pub fn commit(
    session: &Session,
    place: &Place,
    policy: &Policy,
    writer: Writer<'_>,
    message: &str,
    publish: &Publish,
    untested_hooks: bool,
) -> Result<(), CommandError> {
    if !publish.no_commit && !untested_hooks {
        rehearse(session, repository(place)?, &writer, message)?;
    }
    finish(session, place, policy, writer, message, publish, None)
}
