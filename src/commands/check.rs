//! `secrets check`: the gate.

use super::accepted::Acceptance;
use super::gate::{self, unchecked};
use super::{CommandError, Session};
use crate::cli::{Check, ReportFormat};
use crate::domain::finding::Unknown;
use crate::domain::report::{Draft, Outlook, Report};
use crate::observe::selection::Selection;
use crate::render;
use crate::store::layout::POLICY;

pub fn run(session: &Session, arguments: &Check) -> Result<u8, CommandError> {
    let acceptance = Acceptance::demanded(session, arguments)?;
    let report = report(session, arguments);
    // The verdict has fallen; no format can change it.
    let code = report.verdict.exit_code();
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

/// The report, whole even where nothing could be judged: whoever reads it learns why.
fn report(session: &Session, arguments: &Check) -> Report {
    let place = match session.place() {
        Ok(place) => place,
        Err(error) => return unjudged(session, arguments, "", Unknown::new("store", error.to_string())),
    };
    let could_not =
        |what: String, why: String| unjudged(session, arguments, &place.folder, Unknown::new(what, why));
    let policy = match place.policy() {
        Ok(policy) => policy,
        Err(error) => return could_not(place.path(POLICY), error.to_string()),
    };
    let current_dir = session.environment.current_dir();
    match Selection::of(&arguments.scope, &arguments.files, &place, current_dir) {
        Ok(selection) => gate::judge(session, arguments, &place, &policy, &selection),
        Err(error) => could_not("--file".to_owned(), error.to_string()),
    }
}

/// The report where nothing could be judged, and why.
fn unjudged(session: &Session, arguments: &Check, store: &str, unknown: Unknown) -> Report {
    Report::conclude(Draft {
        at: session.now,
        store: store.to_owned(),
        store_id: None,
        commit: None,
        deploy_ref: None,
        strict: arguments.strict,
        secrets: 0,
        outlook: Outlook::default(),
        findings: Vec::new(),
        waived: Vec::new(),
        off: Vec::new(),
        unchecked: vec![unchecked(unknown)],
        custody: Vec::new(),
        notes: Vec::new(),
    })
}
