//! The last line, the same wherever people read.

use std::collections::BTreeSet;

use crate::domain::report::{Report, Verdict};
use crate::domain::text::{counted, visible};

/// How many things are named before the rest is counted.
pub(super) const NAMED: usize = 3;

/// How many secrets, how many people-counts were proved, what was found, and what was not checked.
pub(super) fn facts(report: &Report) -> String {
    let summary = &report.summary;
    let mut found = format!("{}, {}", counted(summary.errors, "error"), counted(summary.warnings, "warning"));
    if summary.waived > 0 {
        found = format!("{found}, {} waived", summary.waived);
    }
    let unchecked = report.unchecked.iter().map(|unchecked| &*unchecked.what).collect::<BTreeSet<_>>();
    let mut parts = vec![
        counted(summary.secrets, "secret"),
        format!("{} proved", counted(summary.proved, "people-count")),
        found,
        format!("not checked: {}", some_of(unchecked, "nothing")),
    ];
    let off = report.off.iter().map(|off| off.id.as_str()).collect::<BTreeSet<_>>();
    if !off.is_empty() {
        parts.push(format!("switched off: {}", off.into_iter().collect::<Vec<_>>().join(", ")));
    }
    parts.join("; ")
}

pub(super) fn verdict(report: &Report) -> &'static str {
    match report.verdict {
        Verdict::Pass => "clear to deploy",
        Verdict::Fail | Verdict::Unknown => "deploy blocked",
    }
}

/// The first few, and how many more there are; `none` where there are none.
pub(super) fn some_of<'a>(items: impl IntoIterator<Item = &'a str>, none: &str) -> String {
    let items = items.into_iter().collect::<Vec<_>>();
    if items.is_empty() {
        return none.to_owned();
    }
    let named = items.iter().take(NAMED).map(|item| visible(item)).collect::<Vec<_>>().join(", ");
    match items.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} … and {more} more"),
    }
}
