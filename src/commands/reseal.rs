//! `secrets reseal`: same values, same versions, the readers of today.

use std::collections::BTreeSet;

use super::resealing::{needing, reseal};
use super::session::repository;
use super::writing::finish;
use super::{CommandError, Session};
use crate::change::sealing::Sealer;
use crate::change::writer::Writer;
use crate::cli::Reseal;
use crate::domain::name::SecretName;

pub fn run(session: &Session, arguments: &Reseal) -> Result<u8, CommandError> {
    let place = session.place()?;
    let mut writer = Writer::begin(&place.store, repository(&place)?, &place.folder)?;
    let policy = place.policy()?;
    let names: Vec<SecretName> =
        if arguments.all { place.list().secrets.into_keys().collect() } else { arguments.names.clone() };
    let prompts = session.prompts();
    let sealer = Sealer { policy: &policy, now: session.now, prompts: &prompts };
    let needing = needing(&place, &sealer, &names)?;
    if needing.is_empty() {
        session.say("nothing to do: sealed to just the readers and keys that policy names")?;
        return Ok(0);
    }
    for (secret, reasons) in &needing {
        session.say(format!("{}: {}", secret.record.sealed.name, reasons.join(", ")))?;
    }
    if arguments.dry_run {
        session.say(format!(
            "{} of {} would be resealed; nothing was changed",
            needing.len(),
            names.len()
        ))?;
        return Ok(0);
    }
    let keychain = session.keychain();
    let mut identities = session.identities(&keychain);
    let mut accepted: BTreeSet<_> = arguments.sealing.accept_key.iter().cloned().collect();
    let progress = session.terminal.progress("resealing", Some(needing.len() as u64));
    for (secret, _) in &needing {
        reseal(session, &mut identities, &sealer, secret, &mut accepted, &mut writer)?;
        progress.advance(1);
    }
    drop(progress);
    let message = match needing.as_slice() {
        [(secret, _)] => format!("secrets: reseal {}", secret.record.sealed.name),
        many => format!("secrets: reseal {} secrets", many.len()),
    };
    finish(session, &place, &policy, writer, &message, &arguments.publish)?;
    Ok(0)
}
