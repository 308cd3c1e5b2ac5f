//! `secrets probe run`: tries the value that stands here.

use super::{CommandError, Session};
use crate::cli::ProbeRun;

pub fn run(_session: &Session, _arguments: &ProbeRun) -> Result<u8, CommandError> {
    Err(CommandError::new("not built"))
}
