//! `secrets edit`: a value in an editor, on a file in memory, and a new version of what is saved.

use super::editing::{Desk, editor_of};
use super::ending::check_issued;
use super::new_value::seal_new_value;
use super::renewing::{is_file, renew};
use super::{CommandError, Session};
use crate::cli::{Edit, Set};
use crate::domain::tracked_name::CredentialName;
use crate::domain::value::Value;

pub fn run(session: &Session, arguments: &Edit) -> Result<u8, CommandError> {
    let place = session.place()?;
    check_issued(session, arguments.issued)?;
    let editor = editor_of(session, &place)?;
    let mut desk = Desk::set_up(session, &arguments.name, editor)?;
    let as_set = Set {
        name: arguments.name.clone(),
        from_file: None,
        lifetime: arguments.lifetime.clone(),
        issued: arguments.issued,
        seen_by: arguments.seen_by.clone(),
        untested_hooks: arguments.untested_hooks,
        sealing: arguments.sealing.clone(),
        publish: arguments.publish.clone(),
    };
    let source = &mut |current: Option<&Value>| desk.edit(current);
    let done = match &arguments.name {
        CredentialName::Tracked(name) => renew(session, &place, &as_set, name, source),
        CredentialName::Own(name) => match is_file(&place, name) {
            Some(file) => renew(session, &place, &as_set, &file, source),
            None => seal_new_value(session, &place, &as_set, name, source),
        },
    };
    match done {
        Ok(code) => desk.clear().map(|()| code),
        // It is sealed and committed: in the clear it is of no use to anybody any more.
        Err(error) if error.is_behind_the_commit() => match desk.clear() {
            Ok(()) => Err(error),
            Err(left) => Err(error.hint(left.to_string())),
        },
        Err(error) => Err(desk.keep_work(error)),
    }
}
