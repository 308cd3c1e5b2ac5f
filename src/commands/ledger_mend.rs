//! To be filled in.

use super::{CommandError, Session};
use crate::cli::LedgerMend;

pub fn run(_session: &Session, _arguments: &LedgerMend) -> Result<u8, CommandError> {
    Err(CommandError::new("not there yet"))
}
