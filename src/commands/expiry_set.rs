//! `secrets expiry set`: same value, other expiry.

use std::collections::BTreeSet;

use super::ending::{echo_expiry, expiry};
use super::reading::names_in;
use super::session::repository;
use super::standing::{Standing, tracked};
use super::writing::{accept_keys, existing, finish};
use super::{CommandError, Session};
use crate::change::sealing::{NextVersion, Request, Sealer};
use crate::change::writer::Writer;
use crate::cli::ExpirySet;

pub fn run(session: &Session, arguments: &ExpirySet) -> Result<u8, CommandError> {
    let place = session.place()?;
    let repository = repository(&place)?;
    let names = names_in(&place, &arguments.names, &arguments.scope)?;
    let expires = expiry(session, &arguments.lifetime, None, arguments.reason.as_deref())?;
    echo_expiry(session, &expires)?;
    let keychain = session.keychain();
    let mut identities = session.identities(&keychain);
    let prompts = session.prompts();
    let mut accepted: BTreeSet<_> = arguments.sealing.accept_key.iter().cloned().collect();

    let mut writer = Writer::begin(&place.store, repository, &place.folder)?;
    let policy = place.policy()?;
    let sealer = Sealer { policy: &policy, now: session.now, prompts: &prompts };
    let tracked = tracked(&place, &policy);
    let standing = Standing::observe(session, &place, &policy, tracked.as_ref(), &names);
    for name in &names {
        let before = existing(&place, name)?;
        let facts = standing.secret(name);
        standing.refuse_older(&facts)?;
        accept_keys(session, &sealer, name, &standing.known_keys(&facts, &[name]), &mut accepted)?;
        let value = identities.open(name.as_str(), &before.bytes)?;
        let request = Request {
            name,
            value: &value,
            expires: Some(expires.clone()),
            issued: before.record.sealed.issued,
            version: NextVersion::Same(before.record.sealed.version.clone()),
            seen_by: &[],
            about: before.record.about.clone(),
            previous: Some(&before.record.sealed),
            earlier: None,
            above: None,
        };
        let (record, sealed) = sealer.seal(request)?;
        writer.put_secret(before.pair(), &record, sealed);
        session.say(format!("{name}: {}", super::reading::expiry_text(Some(&expires))))?;
    }
    let message = match names.as_slice() {
        [name] => format!("secrets: set the expiry of {name}"),
        many => format!("secrets: set the expiry of {} secrets", many.len()),
    };
    let signing_key = arguments.sealing.signing_key.as_deref();
    finish(session, &place, &policy, writer, &message, &arguments.publish, signing_key)?;
    Ok(0)
}
