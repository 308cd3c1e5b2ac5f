//! `secrets rotator remove`.

use super::{CommandError, Session};
use crate::cli::RunnerRemove;

pub fn run(_session: &Session, _arguments: &RunnerRemove) -> Result<u8, CommandError> {
    Err(CommandError::new("not built"))
}
