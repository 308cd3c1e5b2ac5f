//! `secrets add`: a new secret.

use super::adding::{self, Notes};
use super::{CommandError, Session};
use crate::cli::Add;

pub fn run(session: &Session, arguments: &Add) -> Result<u8, CommandError> {
    adding::add(session, arguments, Notes::Asked)
}
