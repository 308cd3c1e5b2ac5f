//! `secrets add`: a new secret.

use super::adding::Unsaid;
use super::new_secret;
use super::{CommandError, Session};
use crate::cli::Add;

pub fn run(session: &Session, arguments: &Add) -> Result<u8, CommandError> {
    new_secret::add(session, arguments, Unsaid::Asked)
}
