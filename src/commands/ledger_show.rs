//! To be filled in.

use super::{CommandError, Session};
use crate::cli::LedgerShow;

pub fn run(_session: &Session, _arguments: &LedgerShow) -> Result<u8, CommandError> {
    Err(CommandError::new("not there yet"))
}
