//! stub
use super::{CommandError, Session};
use crate::cli::Confirm;
pub fn run(_session: &Session, _arguments: &Confirm) -> Result<u8, CommandError> {
    Ok(2)
}
