//! `secrets set`: a new value, a new version.

use std::collections::BTreeSet;

use super::session::repository;
use super::writing::{accept_keys, echo_expiry, existing_unverified, expiry, finish, read_value};
use super::{CommandError, Session};
use crate::change::sealing::{self, NextVersion, Request, Sealer};
use crate::change::writer::Writer;
use crate::cli::Set;

pub fn run(session: &Session, arguments: &Set) -> Result<u8, CommandError> {
    let place = session.place()?;
    let repository = repository(&place)?;
    let name = &arguments.name;
    let policy = place.policy()?;
    let shown = existing_unverified(&place, name)?;
    if let Some(unknown) = arguments.seen_by.iter().find(|name| policy.actor(name).is_none()) {
        return Err(CommandError::new(format!("--seen-by {unknown}: policy knows nobody of that name")));
    }
    let keychain = session.keychain();
    let mut identities = session.identities(&keychain);
    // Opened before a person types anything: without an identity the values could not be compared.
    let current = identities.open(name.as_str(), &shown.bytes)?;
    let me = session.me(&policy, arguments.sealing.as_person.as_ref())?;
    let prompts = session.prompts();
    let sealer = Sealer { policy: &policy, now: session.now, prompts: &prompts };
    let mut accepted: BTreeSet<_> = arguments.sealing.accept_key.iter().cloned().collect();
    // A new value mends a pair that does not belong together; but then its record says nothing about which keys
    // somebody has accepted before.
    let bound = sealing::verify_bound(&shown.record, &shown.bytes);
    if let Err(error) = &bound {
        session.say(format!("warning: {error}; the new value replaces it"))?;
    }
    let trusted = bound.is_ok().then_some(&shown.record.sealed);
    accept_keys(session, &sealer, name, trusted, &mut accepted)?;

    let value = read_value(session, arguments.from_file.as_deref())?;
    if value.same_as(&current) {
        return Err(CommandError::new(format!("{name}: that is the value it has already (same-value)"))
            .hint("encrypting it again does not renew it: get a new one from its issuer")
            .hint(format!(
                "if the issuer extended it: secrets expiry set {name} --expires DATE --reason WHY"
            )));
    }
    let expires = expiry(session, &arguments.lifetime, arguments.issued, None)?;
    echo_expiry(session, &expires)?;

    let mut writer = Writer::begin(&place.store, repository, &place.folder)?;
    let before = existing_unverified(&place, name)?;
    if before.record.digest != shown.record.digest {
        return Err(CommandError::new(format!("{name}: somebody else changed it meanwhile"))
            .hint(format!("look at it with `secrets show {name}`, then run this again")));
    }
    let request = Request {
        name,
        value: &value,
        expires: Some(expires),
        issued: arguments.issued,
        version: NextVersion::New { set_by: me },
        seen_by: &arguments.seen_by,
        about: before.record.about.clone(),
        previous: Some(&before.record.sealed),
    };
    let (record, sealed) = sealer.seal(request)?;
    writer.put_secret(&record, sealed);
    let message = format!("secrets: set {name} (version {})", record.sealed.version.number);
    finish(session, &place, &policy, writer, &message, &arguments.publish)?;
    Ok(0)
}
