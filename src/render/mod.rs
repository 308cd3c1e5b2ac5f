//! A report, or rows, to bytes. Pure: a renderer computes and counts nothing; the verdict has fallen before.

pub mod calendar;
pub mod custody;
pub mod github;
pub mod gitlab;
pub mod human;
pub mod json;
pub mod junit;
mod lines;
pub mod markdown;
pub mod openmetrics;
pub mod overview;
pub mod report;
pub mod rotated;
pub mod sarif;
pub mod table;
pub mod textconv;
pub mod timeline;
pub mod warned;

mod glass;
mod markup;
mod page;
mod paint;
mod subject;

#[cfg(test)]
mod due_samples;
#[cfg(test)]
mod samples;

use serde::Serialize;

/// How text is shown on standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    pub color: bool,
    /// Columns; `None` where nothing limits them, as in a file.
    pub width: Option<usize>,
}

/// For a program: JSON, with one line feed at the end.
#[expect(clippy::expect_used, reason = "string keys, into memory: it cannot fail")]
fn pretty(wire: &impl Serialize) -> String {
    serde_json::to_string_pretty(wire).expect("a report is printable") + "\n"
}
