//! `secrets get`: the value, bytes exact.

use super::writing::existing;
use super::{CommandError, Session};
use crate::cli::Get;

pub fn run(session: &Session, arguments: &Get) -> Result<u8, CommandError> {
    let place = session.place()?;
    let secret = existing(&place, &arguments.name)?;
    let value = session.identities(&session.keychain()).open(arguments.name.as_str(), &secret.bytes)?;
    session.print(value.expose())?;
    Ok(0)
}
