//! `secrets custody`: the matrix of people and secrets.

use super::{CommandError, Session, holdings};
use crate::cli::{Custody, CustodyFormat};
use crate::render::custody::{self, Signs};

/// The exit code where something that was asked is not known.
const NOT_KNOWN: u8 = 2;

pub fn run(session: &Session, arguments: &Custody) -> Result<u8, CommandError> {
    let matrix = holdings::matrix(session, &arguments.scope, arguments.prove)?;
    session.print(match arguments.format {
        CustodyFormat::Human => {
            let signs = if session.terminal.is_dumb { Signs::ASCII } else { Signs::UNICODE };
            custody::human::render(&matrix, session.style(), signs)
        }
        CustodyFormat::Json => custody::json::render(&matrix),
        CustodyFormat::Html => custody::html::render(&matrix),
    })?;
    // It reports, and `check` judges; but what is not known is never a pass.
    Ok(if matrix.is_whole() { 0 } else { NOT_KNOWN })
}
