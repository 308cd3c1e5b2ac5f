//! `secrets probe set`: what tells whether a version works.

use super::{CommandError, Session};
use crate::cli::RunnerSet;

pub fn run(_session: &Session, _arguments: &RunnerSet) -> Result<u8, CommandError> {
    Err(CommandError::new("not built"))
}
