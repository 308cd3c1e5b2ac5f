//! `secrets set`: a new value, a new version.

use super::ending::check_issued;
use super::new_value::set_new_value;
use super::writing::read_value;
use super::{CommandError, Session};
use crate::cli::Set;
use crate::domain::value::Value;

pub fn run(session: &Session, arguments: &Set) -> Result<u8, CommandError> {
    let place = session.place()?;
    check_issued(session, arguments.renewal.issued)?;
    let source = &mut |_: Option<&Value>| read_value(session, arguments.from_file.as_deref()).map(Some);
    set_new_value(session, &place, &arguments.renewal, &arguments.name, source)
}
