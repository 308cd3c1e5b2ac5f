//! `secrets set`: a new value, a new version.

use super::ending::check_issued;
use super::new_value::{given, seal_new_value};
use super::renewing::{is_file, renew};
use super::{CommandError, Session};
use crate::cli::Set;
use crate::domain::tracked_name::CredentialName;

pub fn run(session: &Session, arguments: &Set) -> Result<u8, CommandError> {
    let place = session.place()?;
    check_issued(session, arguments.issued)?;
    let source = &mut given(session, arguments);
    match &arguments.name {
        CredentialName::Tracked(name) => renew(session, &place, arguments, name, source),
        CredentialName::Own(name) => match is_file(&place, name) {
            Some(file) => renew(session, &place, arguments, &file, source),
            None => seal_new_value(session, &place, arguments, name, source),
        },
    }
}
