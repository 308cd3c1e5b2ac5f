//! Identities that are kept for me.

use super::{CommandError, Session};
use crate::domain::key::PublicKey;
use crate::domain::name::ActorName;
use crate::keys::file::NewIdentity;
use crate::keys::keychain::{Place, Stored};
use crate::seal::identity;

/// Makes a new identity and keeps it.
pub fn make(session: &Session, name: &ActorName, place: Place) -> Result<PublicKey, CommandError> {
    let (text, public) = identity::generate()?;
    keep(session, name, text.as_bytes(), Some(&public), place)?;
    Ok(public)
}

/// Keeps an identity, and says where.
pub fn keep(
    session: &Session,
    name: &ActorName,
    bytes: &[u8],
    public: Option<&PublicKey>,
    place: Place,
) -> Result<(), CommandError> {
    let public_key = public.map(|key| key.text.as_str()).unwrap_or_default();
    let new = NewIdentity { name, bytes, public_key, created: session.now };
    let Stored { place, fell_back } = session.keychain().add(new, place)?;
    if let Some(reason) = fell_back {
        session.say(format!("not in the OS keyring: {reason}"))?;
        session.say("kept in a file that only you can read instead")?;
    }
    session.say(format!("identity `{name}` is kept in {place}"))
}
