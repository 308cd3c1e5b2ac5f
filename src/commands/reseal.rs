//! `secrets reseal`: same values, same versions, the readers of today.

use super::resealing::{Needing, reseal, tell_left};
use super::session::repository;
use super::writing::finish;
use super::{CommandError, Session};
use crate::change::sealing::Sealer;
use crate::change::writer::Writer;
use crate::cli::Reseal;
use crate::domain::name::SecretName;
use crate::domain::text::counted;

pub fn run(session: &Session, arguments: &Reseal) -> Result<u8, CommandError> {
    let place = session.place()?;
    let mut writer = Writer::begin(&place.store, repository(&place)?, &place.folder)?;
    let policy = place.policy()?;
    let names: Vec<SecretName> =
        if arguments.all { place.list().secrets.into_keys().collect() } else { arguments.names.clone() };
    let prompts = session.prompts();
    let sealer = Sealer { policy: &policy, now: session.now, prompts: &prompts };
    let needing = Needing::among(&place, &sealer, &names);
    needing.say(session)?;
    if arguments.dry_run {
        session.say(format!(
            "{} of {} would be resealed; nothing was changed",
            needing.secrets.len(),
            counted(names.len(), "secret")
        ))?;
        return tell_left(session, &needing.left);
    }
    let mut done: Vec<SecretName> =
        needing.secrets.iter().map(|(secret, _)| secret.record.sealed.name.clone()).collect();
    let left = reseal(session, &sealer, needing, &arguments.sealing.accept_key, &mut writer)?;
    done.retain(|name| left.iter().all(|left| left.name != *name));
    let code = tell_left(session, &left)?;
    let message = match done.as_slice() {
        [] if left.is_empty() => {
            session.say("nothing to do: sealed to just the readers and keys that policy names")?;
            return Ok(code);
        }
        [] => return Ok(code),
        [name] => format!("secrets: reseal {name}"),
        many => format!("secrets: reseal {} secrets", many.len()),
    };
    finish(session, &place, &policy, writer, &message, &arguments.publish)?;
    Ok(code)
}
