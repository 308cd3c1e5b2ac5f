//! To be filled in.

use super::{CommandError, Session};
use crate::cli::Metrics;

pub fn run(_session: &Session, _arguments: &Metrics) -> Result<u8, CommandError> {
    Err(CommandError::new("not there yet"))
}
