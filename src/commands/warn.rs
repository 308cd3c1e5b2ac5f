//! To be filled in.

use super::{CommandError, Session};
use crate::cli::Warn;

pub fn run(_session: &Session, _arguments: &Warn) -> Result<u8, CommandError> {
    Err(CommandError::new("not there yet"))
}
