//! `secrets rotator set`: what makes the next version.

use super::refitting::{Part, refit, typed};
use super::writing::Manner;
use super::{CommandError, Session};
use crate::cli::RunnerSet;

pub fn run(session: &Session, arguments: &RunnerSet) -> Result<u8, CommandError> {
    let runner = typed(Part::Rotator, &arguments.kind, &arguments.settings)?;
    let manner = Manner { sealing: &arguments.sealing, publish: &arguments.publish };
    refit(session, &arguments.name, Part::Rotator, Some(&runner), &manner)
}
