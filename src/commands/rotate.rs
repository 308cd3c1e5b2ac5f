//! `secrets rotate`: the next steps of a rotation.

use super::{CommandError, Session};
use crate::cli::Rotate;

pub fn run(_session: &Session, _arguments: &Rotate) -> Result<u8, CommandError> {
    Err(CommandError::new("not built"))
}
