//! `secrets check`: the gate.

use super::accepted::Acceptance;
use super::breaking_glass;
use super::reporting;
use super::{CommandError, Session};
use crate::cli::{Check, ReportFormat};
use crate::render;

pub fn run(session: &Session, arguments: &Check) -> Result<u8, CommandError> {
    let acceptance = Acceptance::demanded(session, arguments)?;
    let mut report = reporting::report(session, arguments);
    if let Some(reason) = &arguments.break_glass {
        report = breaking_glass::let_through(session, reason, report);
    }
    // The verdict has fallen; no format can change it.
    let code = report.exit_code();
    session.print(match arguments.format {
        ReportFormat::Human => render::human::render(&report, session.style()),
        ReportFormat::Json => render::json::render(&report),
        ReportFormat::Github => render::github::render(&report),
    })?;
    if let Some(acceptance) = acceptance {
        acceptance.write(session, &report)?;
    }
    Ok(code)
}
