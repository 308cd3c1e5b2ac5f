//! A new value for a secret of the store: a new version, wherever the value comes from.

use std::collections::BTreeSet;

use super::ending::{echo_expiry, expiry_of_value};
use super::renewing::{Source, is_file, renew};
use super::replacing::{Replaced, Replacement};
use super::session::repository;
use super::signing::refuse_unsignable;
use super::standing::{Standing, tracked};
use super::writing::{accept_keys, existing_unverified, finish, policy_unchanged, undisturbed};
use super::{CommandError, Session};
use crate::change::sealing::Sealer;
use crate::change::writer::Writer;
use crate::cli::Renewal;
use crate::domain::name::SecretName;
use crate::domain::tracked_name::CredentialName;
use crate::observe::place::Place;

/// Seals a new value for whatever bears the name: a secret of the store, or one in a file that another tool sealed.
pub fn set_new_value(
    session: &Session,
    place: &Place,
    renewal: &Renewal,
    name: &CredentialName,
    source: &mut Source<'_>,
) -> Result<u8, CommandError> {
    match name {
        CredentialName::Tracked(name) => renew(session, place, renewal, name, source),
        CredentialName::Own(name) => match is_file(place, name) {
            Some(file) => renew(session, place, renewal, &file, source),
            None => seal_new_value(session, place, renewal, name, source),
        },
    }
}

fn seal_new_value(
    session: &Session,
    place: &Place,
    renewal: &Renewal,
    name: &SecretName,
    source: &mut Source<'_>,
) -> Result<u8, CommandError> {
    let repository = repository(place)?;
    let policy = place.policy()?;
    let shown = undisturbed(place, || existing_unverified(place, name))?;
    if let Some(unknown) = renewal.seen_by.iter().find(|name| policy.actor(name).is_none()) {
        return Err(CommandError::new(format!("--seen-by {unknown}: policy knows nobody of that name")));
    }
    let keychain = session.keychain();
    let mut identities = session.identities(&keychain);
    // Before a person types anything.
    let replaced = Replaced::open(session, place, &mut identities, name, shown)?;
    let me = session.me(&policy, renewal.sealing.as_person.as_ref())?;
    let signing_key = renewal.sealing.signing_key.as_deref();
    refuse_unsignable(session, place, &policy, name, signing_key)?;
    let prompts = session.prompts();
    let sealer = Sealer { policy: &policy, now: session.now, prompts: &prompts };
    let mut accepted: BTreeSet<_> = renewal.sealing.accept_key.iter().cloned().collect();
    let tracked = tracked(place, &policy);
    let standing = Standing::observe(session, place, &policy, tracked.as_ref(), std::slice::from_ref(name));
    let (known, above) = replaced.stand(session, &standing, name)?;
    accept_keys(session, &sealer, name, &known, &mut accepted)?;

    let Some(value) = source(replaced.current.as_ref())? else { return Ok(0) };
    if replaced.has(&value) {
        return Err(CommandError::new(format!("{name}: that is the value it has already (same-value)"))
            .hint("encrypting it again does not renew it: get a new one from its issuer")
            .hint(format!(
                "if the issuer extended it: secrets expiry set {name} --expires DATE --reason WHY"
            )));
    }
    let expires = expiry_of_value(session, &value, &renewal.lifetime, renewal.issued)?;
    echo_expiry(session, &expires)?;

    let mut writer = Writer::begin(&place.store, repository, &place.folder)?;
    let policy = policy_unchanged(place, &sealer, name)?;
    let sealer = Sealer { policy: &policy, ..sealer };
    let replacement = Replacement {
        name,
        value: &value,
        expires: Some(expires),
        issued: renewal.issued,
        set_by: me,
        seen_by: &renewal.seen_by,
        above,
        rotation: None,
    };
    let (before, record, sealed) = replacement.seal(place, &sealer, &replaced)?;
    writer.put_secret(before, &record, sealed);
    if let Some(rotation) = &record.rotation {
        session.say(format!(
            "{name}: a rotation was under way ({}); to revoke what was minted for it and is not used: secrets rotate {name}",
            rotation.state
        ))?;
    }
    let message = format!("secrets: set {name} (version {})", record.sealed.version.number);
    finish(session, place, &policy, writer, &message, &renewal.publish, signing_key)?;
    Ok(0)
}
