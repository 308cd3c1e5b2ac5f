//! `secrets reseal`: same values, same versions, the readers of today.

use super::resealing::{Needing, Resealing, tell_left};
use super::session::repository;
use super::writing::finish;
use super::{CommandError, Session};
use crate::change::sealing::Sealer;
use crate::change::writer::Writer;
use crate::cli::Reseal;
use crate::domain::name::SecretName;
use crate::domain::text::{counted, listed};

pub fn run(session: &Session, arguments: &Reseal) -> Result<u8, CommandError> {
    let place = session.place()?;
    let mut writer = Writer::begin(&place.store, repository(&place)?, &place.folder)?;
    let policy = place.policy()?;
    let mut names: Vec<SecretName> =
        if arguments.all { place.list().secrets.into_keys().collect() } else { arguments.names.clone() };
    if names.is_empty() {
        return Err(CommandError::new("the store holds no secret, so there is nothing to seal again")
            .hint("seal the first one: secrets add NAME"));
    }
    names.sort();
    names.dedup();
    let prompts = session.prompts();
    let sealer = Sealer { policy: &policy, now: session.now, prompts: &prompts };
    let keychain = session.keychain();
    let mut resealing =
        Resealing { session, place: &place, sealer: &sealer, identities: session.identities(&keychain) };
    let mut needing = Needing::among(&place, &sealer, &names);
    // Opening everything takes a while; of the few that are named it is what a remedy of `check --prove` asks for.
    let proves = arguments.prove || !arguments.all;
    if proves {
        resealing.prove(&mut needing);
    }
    resealing.leave_older(&mut needing);
    needing.say(session)?;
    if arguments.dry_run {
        session.say(format!(
            "{} of {} would be resealed; nothing was changed",
            needing.secrets.len(),
            counted(names.len(), "secret")
        ))?;
        return tell_left(session, &needing.left);
    }
    let fitting = std::mem::take(&mut needing.fitting);
    let mut done: Vec<SecretName> = needing.secrets.iter().map(|need| need.name.clone()).collect();
    let left = resealing.reseal(needing, &arguments.sealing.accept_key, &mut writer)?;
    done.retain(|name| left.iter().all(|left| left.name != *name));
    tell_fitting(session, &fitting, proves, arguments.all)?;
    let code = tell_left(session, &left)?;
    let message = match done.as_slice() {
        [] => return Ok(code),
        [name] => format!("secrets: reseal {name}"),
        many => format!("secrets: reseal {} secrets", many.len()),
    };
    let signing_key = arguments.sealing.signing_key.as_deref();
    finish(session, &place, &policy, writer, &message, &arguments.publish, signing_key)?;
    Ok(code)
}

/// Says of what there was nothing to be done, and how well that is known.
fn tell_fitting(
    session: &Session,
    fitting: &[SecretName],
    proved: bool,
    all: bool,
) -> Result<(), CommandError> {
    if fitting.is_empty() {
        return Ok(());
    }
    let which = if all {
        counted(fitting.len(), "secret")
    } else {
        listed(&fitting.iter().map(SecretName::as_str).collect::<Vec<_>>())
    };
    let known = if proved { "opened, and found to be" } else { "by their records" };
    session.say(format!(
        "nothing to do for {which}: {known} sealed to just the readers and keys that policy names"
    ))
}
