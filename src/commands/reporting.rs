//! The gate for whoever asks it: a report in any case, even where there is no store to be judged.

use super::Session;
use super::gate::{self, unchecked};
use crate::cli::Check;
use crate::domain::finding::Unknown;
use crate::domain::report::{Draft, Outlook, Report};
use crate::observe::selection::Selection;
use crate::store::layout::POLICY;

/// The report, whole even where nothing could be judged: whoever reads it learns why.
pub fn report(session: &Session, arguments: &Check) -> Report {
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
        judged: Vec::new(),
        findings: Vec::new(),
        waived: Vec::new(),
        off: Vec::new(),
        unchecked: vec![unchecked(unknown)],
        custody: Vec::new(),
        notes: Vec::new(),
    })
}
