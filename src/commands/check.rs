//! `secrets check`: the gate.

use super::accepted::Acceptance;
use super::breaking_glass;
use super::{CommandError, Session};
use super::{outputs, reporting};
use crate::cli::Check;

pub fn run(session: &Session, arguments: &Check) -> Result<u8, CommandError> {
    outputs::refuse_one_file_twice(&arguments.output)?;
    let acceptance = Acceptance::demanded(session, arguments)?;
    let mut report = reporting::report(session, arguments);
    if let Some(reason) = &arguments.break_glass {
        report = breaking_glass::let_through(session, reason, report);
    }
    // The verdict has fallen; no format can change it.
    let code = report.exit_code();
    let printed = session.print(outputs::render(&report, arguments.format, session.style()));
    // Whoever reads them has them, also where nobody reads what is printed.
    let written = outputs::write(session, &report, &arguments.output);
    printed.and(written)?;
    if let Some(acceptance) = acceptance {
        acceptance.write(session, &report)?;
    }
    Ok(code)
}
