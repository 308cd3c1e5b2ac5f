//! A new secret, for whoever adds one.

use std::collections::BTreeSet;

use super::adding::{New, Taken, Unsaid, Vouched, check_names, earlier, notes, policy_with_readers};
use super::ending::{check_issued, echo_expiry, expiry_of_value};
use super::session::repository;
use super::signing::refuse_unsignable;
use super::writing::{accept_keys, finish, last_bound, read_value, same_readers, undisturbed};
use super::{CommandError, Session};
use crate::change::sealing::Sealer;
use crate::change::writer::{Pair, Writer};
use crate::cli::Add;
use crate::store::layout::POLICY;

pub fn add(session: &Session, arguments: &Add, unsaid: Unsaid) -> Result<u8, CommandError> {
    let place = session.place()?;
    let repository = repository(&place)?;
    let name = &arguments.name;
    let names = std::slice::from_ref(name);
    check_issued(session, arguments.issued)?;
    Taken::read(&place).refuse(&place, name)?;
    let (policy, _) = policy_with_readers(&place, names, &arguments.readers)?;
    check_names(&policy, &arguments.notes.owners, &arguments.seen_by)?;
    let me = session.me(&policy, arguments.sealing.as_person.as_ref())?;
    let sealer = Sealer { policy: &policy, now: session.now, prompts: &session.prompts() };
    // Whatever would make sealing fail is found before a person types anything.
    let recipients = sealer.recipients(name)?;
    refuse_unsignable(session, &place, &policy, name, arguments.sealing.signing_key.as_deref())?;
    let mut accepted: BTreeSet<_> = arguments.sealing.accept_key.iter().cloned().collect();
    let known = undisturbed(&place, || {
        let vouched = Vouched::observe(session, &place, &policy, names)?;
        let earlier = earlier(&place, names)?;
        Ok(vouched.map(|vouched| vouched.of(name, earlier.get(name))))
    })?;
    if let Some(known) = known {
        accept_keys(session, &sealer, name, &known, &mut accepted)?;
    }

    let value = read_value(session, arguments.from_file.as_deref())?;
    let expires = expiry_of_value(session, &value, &arguments.lifetime, arguments.issued)?;
    echo_expiry(session, &expires)?;
    let (about, seen_by) = notes(session, &policy, &arguments.notes, &arguments.seen_by, unsaid)?;

    let mut writer = Writer::begin(&place.store, repository, &place.folder)?;
    Taken::read(&place).refuse(&place, name)?;
    let earlier = last_bound(&place, name)?;
    let (policy, policy_text) = {
        let (policy, text) = policy_with_readers(&place, names, &arguments.readers)?;
        same_readers(&Sealer { policy: &policy, ..sealer }, &sealer, name)?;
        (policy, text)
    };
    let sealer = Sealer { policy: &policy, ..sealer };
    let new = New {
        name,
        value: &value,
        expires: Some(expires),
        issued: arguments.issued,
        set_by: me,
        seen_by: &seen_by,
        about,
        earlier: earlier.as_ref(),
    };
    let (record, sealed) = new.seal(&sealer)?;
    if let Some((was, text)) = policy_text {
        writer.put(POLICY, Some(was), Some(text.into_bytes()));
    }
    writer.put_secret(Pair::ABSENT, &record, sealed);
    for (reader, keys) in &recipients {
        for key in keys {
            session.say(format!("sealed to {reader}: {} {}", key.kind, key.fingerprint))?;
        }
    }
    let message = format!("secrets: add {name}");
    let signing_key = arguments.sealing.signing_key.as_deref();
    finish(session, &place, &policy, writer, &message, &arguments.publish, signing_key)?;
    Ok(0)
}
