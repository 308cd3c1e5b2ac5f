//! `secrets report`: verdict, the year ahead, findings and custody on one page.

use super::inventory::Inventory;
use super::{CommandError, Session, holdings, reporting, written_out};
use crate::cli::{Check, Prove, Report};
use crate::domain::finding::{Known, Unknown};
use crate::domain::matrix::Matrix;
use crate::domain::text::counted;
use crate::domain::timeline::Timeline;
use crate::render::report::{self, Pictures};
use crate::system::files::Access;

/// The exit code where something that is shown is not known.
const NOT_KNOWN: u8 = 2;

pub fn run(session: &Session, arguments: &Report) -> Result<u8, CommandError> {
    // Outside of a store there is nothing to be drawn.
    session.place()?;
    let check = Check {
        scope: arguments.scope.clone(),
        offline: arguments.offline,
        prove: arguments.prove.then_some(Prove::All),
        ..Check::default()
    };
    let report = reporting::report(session, &check);
    let unknown = |error: CommandError| Unknown::new("", error.to_string());
    let inventory = Inventory::read(session, &arguments.scope).map_err(unknown);
    let (timeline, unseen) = match inventory {
        Ok(inventory) => (Ok(inventory.timeline(session.now)), inventory.unknowns.len()),
        Err(unknown) => (Err(unknown), 1),
    };
    let matrix = holdings::matrix(session, &arguments.scope, arguments.prove).map_err(unknown);
    let scopes: Vec<String> = arguments.scope.iter().map(ToString::to_string).collect();
    let pictures = Pictures { report: &report, timeline: &timeline, matrix: &matrix, scopes: &scopes };
    written_out::deliver(session, arguments.output.as_deref(), &report::render(&pictures), Access::Shared)?;
    let known = report.unchecked.is_empty() && unseen == 0 && is_whole(&timeline, &matrix);
    if arguments.output.is_some() {
        // Of what only the pictures show, too.
        let unchecked =
            if known { String::new() } else { format!(", {} not checked", report.summary.unchecked.max(1)) };
        session.say(format!(
            "{}: {}, {}{unchecked}; {}",
            counted(report.summary.secrets, "secret"),
            counted(report.summary.errors, "error"),
            counted(report.summary.warnings, "warning"),
            report.verdict.words()
        ))?;
    }
    // It reports, and `check` judges; but what is not known is never a pass.
    Ok(if known { 0 } else { NOT_KNOWN })
}

fn is_whole(timeline: &Known<Timeline>, matrix: &Known<Matrix>) -> bool {
    timeline.as_ref().is_ok_and(Timeline::is_whole) && matrix.as_ref().is_ok_and(Matrix::is_whole)
}
