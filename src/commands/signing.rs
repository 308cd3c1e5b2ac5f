//! Signing, as the writing commands share it.

use std::path::Path;

use super::session::repository;
use super::{CommandError, Session};
use crate::change::signing::{Signing, Whereabouts};
use crate::change::writer::Writer;
use crate::domain::name::SecretName;
use crate::domain::policy::Policy;
use crate::domain::record::Record;
use crate::domain::rules::Rules;
use crate::domain::text::counted;
use crate::observe::place::Place;

/// Whether policy wants a secret signed.
pub fn is_required(policy: &Policy, name: &SecretName) -> bool {
    Rules::of(policy, name).require_signature.value
}

/// My signing key, and with it who I am.
pub fn find(
    session: &Session,
    place: &Place,
    policy: &Policy,
    explicit: Option<&Path>,
) -> Result<Signing, CommandError> {
    let repository = repository(place)?;
    Ok(Signing::find(policy, &Whereabouts { explicit, environment: &session.environment, repository })?)
}

/// Puts my signature under each record.
pub fn sign(session: &Session, signing: &Signing, records: &mut [Record]) -> Result<(), CommandError> {
    // The value may have come through a pipe: whoever reads what is said can still be asked.
    Ok(signing.sign(records, &session.environment, session.terminal.stderr_is_terminal)?)
}

/// An error where policy wants the secret signed and no signing key is found: better before a person types anything.
pub fn refuse_unsignable(
    session: &Session,
    place: &Place,
    policy: &Policy,
    name: &SecretName,
    explicit: Option<&Path>,
) -> Result<(), CommandError> {
    if is_required(policy, name) {
        find(session, place, policy, explicit)
            .map_err(|error| unsigned(&error, &format!("{name}: policy requires a signature")))?;
    }
    Ok(())
}

/// Signs what is sealed anew, where policy wants that, before any of it is written.
pub fn sign_where_required(
    session: &Session,
    place: &Place,
    policy: &Policy,
    writer: &mut Writer<'_>,
    explicit: Option<&Path>,
) -> Result<(), CommandError> {
    writer.amend_sealed(
        |name| is_required(policy, name),
        |records| {
            let signed = find(session, place, policy, explicit)
                .and_then(|signing| sign(session, &signing, records).map(|()| signing));
            let signing = signed
                .map_err(|error| unsigned(&error, "policy requires a signature, so nothing was written"))?;
            session.say(match &*records {
                [record] => format!("signed by {}: {}", signing.by, record.sealed.name),
                many => format!("signed by {}: {}", signing.by, counted(many.len(), "secret")),
            })
        },
    )
}

fn unsigned(error: &CommandError, what: &str) -> CommandError {
    let hints = error.hints().to_vec();
    hints.into_iter().fold(CommandError::new(format!("{what}: {error}")), CommandError::hint)
}
