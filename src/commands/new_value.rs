//! A new value for a secret of the store: a new version, wherever the value comes from.

use std::collections::BTreeSet;

use super::ending::{echo_expiry, expiry_of_value};
use super::session::repository;
use super::signing::refuse_unsignable;
use super::standing::{KnownKeys, Standing, tracked};
use super::writing::{
    accept_keys, existing_unverified, finish, last_bound, policy_unchanged, read_value, undisturbed,
};
use super::{CommandError, Session};
use crate::change::sealing::{self, NextVersion, Request, Sealer};
use crate::change::writer::Writer;
use crate::cli::Set;
use crate::domain::name::SecretName;
use crate::domain::value::Value;
use crate::observe::place::Place;

/// Where a new value comes from, given the one that it is to replace, where that could be opened. `None`: it is to stay as
/// it is.
pub type Source<'s> = dyn FnMut(Option<&Value>) -> Result<Option<Value>, CommandError> + 's;

/// The source of `secrets set`: a file, standard input, or a prompt.
pub fn given<'s>(
    session: &'s Session,
    arguments: &'s Set,
) -> impl FnMut(Option<&Value>) -> Result<Option<Value>, CommandError> + 's {
    move |_| read_value(session, arguments.from_file.as_deref()).map(Some)
}

/// `secrets set` of a secret of the store.
pub fn seal_new_value(
    session: &Session,
    place: &Place,
    arguments: &Set,
    name: &SecretName,
    source: &mut Source<'_>,
) -> Result<u8, CommandError> {
    let repository = repository(place)?;
    let policy = place.policy()?;
    let shown = undisturbed(place, || existing_unverified(place, name))?;
    if let Some(unknown) = arguments.seen_by.iter().find(|name| policy.actor(name).is_none()) {
        return Err(CommandError::new(format!("--seen-by {unknown}: policy knows nobody of that name")));
    }
    let keychain = session.keychain();
    let mut identities = session.identities(&keychain);
    // A new value mends a pair that does not belong together; but then its record says nothing about which keys
    // somebody has accepted before, nor about what was sealed last.
    let bound = sealing::verify_bound(&shown.record, &shown.bytes);
    if let Err(error) = &bound {
        session.say(format!("warning: {error}; the new value replaces it"))?;
    }
    let previous = if bound.is_ok() { Some(shown.record.sealed.clone()) } else { last_bound(place, name)? };
    // Opened before a person types anything: without an identity the values could not be compared.
    let current = match identities.open(name.as_str(), &shown.bytes) {
        Ok(current) => Some(current),
        Err(error) if bound.is_err() => {
            session.say(format!("warning: the values can't be compared: {error}"))?;
            None
        }
        Err(error) => return Err(error.into()),
    };
    let me = session.me(&policy, arguments.sealing.as_person.as_ref())?;
    let signing_key = arguments.sealing.signing_key.as_deref();
    refuse_unsignable(session, place, &policy, name, signing_key)?;
    let prompts = session.prompts();
    let sealer = Sealer { policy: &policy, now: session.now, prompts: &prompts };
    let mut accepted: BTreeSet<_> = arguments.sealing.accept_key.iter().cloned().collect();
    let tracked = tracked(place, &policy);
    let standing = Standing::observe(session, place, &policy, tracked.as_ref(), std::slice::from_ref(name));
    let facts = standing.secret(name);
    let known = if bound.is_ok() { standing.known_keys(&facts, &[name]) } else { KnownKeys::default() };
    // An older pair may stand here than was ever sealed: the new value rises above all of them.
    let above = match standing.highest(&facts) {
        Ok(above) => above,
        Err(unknown) => {
            let (what, why) = (unknown.what, unknown.why);
            session
                .say(format!("warning: {what}: {why}; so the new version may bear a number that was used"))?;
            None
        }
    };
    accept_keys(session, &sealer, name, &known, &mut accepted)?;

    let Some(value) = source(current.as_ref())? else { return Ok(0) };
    if current.as_ref().is_some_and(|current| value.same_as(current)) {
        return Err(CommandError::new(format!("{name}: that is the value it has already (same-value)"))
            .hint("encrypting it again does not renew it: get a new one from its issuer")
            .hint(format!(
                "if the issuer extended it: secrets expiry set {name} --expires DATE --reason WHY"
            )));
    }
    let expires = expiry_of_value(session, &value, &arguments.lifetime, arguments.issued)?;
    echo_expiry(session, &expires)?;

    let mut writer = Writer::begin(&place.store, repository, &place.folder)?;
    let before = existing_unverified(place, name)?;
    if before.record.digest != shown.record.digest {
        return Err(CommandError::new(format!("{name}: somebody else changed it meanwhile"))
            .hint(format!("look at it with `secrets show {name}`, then run this again")));
    }
    let policy = policy_unchanged(place, &sealer, name)?;
    let sealer = Sealer { policy: &policy, ..sealer };
    let request = Request {
        name,
        value: &value,
        expires: Some(expires),
        issued: arguments.issued,
        version: NextVersion::New { set_by: me },
        seen_by: &arguments.seen_by,
        about: before.record.about.clone(),
        previous: previous.as_ref(),
        earlier: None,
        above,
    };
    let (record, sealed) = sealer.seal(request)?;
    writer.put_secret(before.pair(), &record, sealed);
    let message = format!("secrets: set {name} (version {})", record.sealed.version.number);
    finish(session, place, &policy, writer, &message, &arguments.publish, signing_key)?;
    Ok(0)
}
