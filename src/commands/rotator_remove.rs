//! `secrets rotator remove`: from now on nothing makes it.

use super::refitting::{Part, refit};
use super::writing::Manner;
use super::{CommandError, Session};
use crate::cli::RunnerRemove;

pub fn run(session: &Session, arguments: &RunnerRemove) -> Result<u8, CommandError> {
    let manner = Manner { sealing: &arguments.sealing, publish: &arguments.publish };
    refit(session, &arguments.name, Part::Rotator, None, &manner)
}
