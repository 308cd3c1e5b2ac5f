//! `secrets edit`: a value in an editor, on a file in memory, and a new version of what is saved.

use super::editing::{Desk, editor_of};
use super::ending::check_issued;
use super::new_value::set_new_value;
use super::{CommandError, Session};
use crate::cli::Edit;
use crate::domain::value::Value;

pub fn run(session: &Session, arguments: &Edit) -> Result<u8, CommandError> {
    let place = session.place()?;
    check_issued(session, arguments.renewal.issued)?;
    let editor = editor_of(session, &place)?;
    let mut desk = Desk::set_up(session, &arguments.name, editor)?;
    let source = &mut |current: Option<&Value>| desk.edit(current);
    let done = set_new_value(session, &place, &arguments.renewal, &arguments.name, source);
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
