//! For programs. The wire structs are private and stand for themselves: renaming a type of the domain must not
//! rename a key that somebody's pipeline reads.

use std::fmt::Write as _;

use serde::Serialize;

use crate::domain::finding::Finding;
use crate::domain::report::{Report, Summary};
use crate::domain::text::is_treacherous;

const SCHEMA_VERSION: u32 = 1;

/// The report as one JSON object, indented, with a trailing newline. What a terminal would act on is escaped, as
/// JSON allows for every character; the meaning stays.
#[expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "structs of texts and numbers, with text keys, always serialize"
)]
pub fn json(report: &Report) -> String {
    let text = serde_json::to_string_pretty(&WireReport::from(report)).expect("texts and numbers serialize");
    let mut escaped = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        // A line feed can only be the indentation's: within strings serde_json escapes it itself.
        if c != '\n' && is_treacherous(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(c);
        }
    }
    escaped.push('\n');
    escaped
}

#[derive(Serialize)]
struct WireReport<'a> {
    schema_version: u32,
    at: String,
    store: &'a str,
    commit: Option<&'a str>,
    deploy_ref: Option<&'a str>,
    verdict: &'static str,
    summary: WireSummary,
    findings: Vec<WireFinding<'a>>,
    waived: Vec<WireWaived<'a>>,
    off: Vec<WireOff<'a>>,
    unchecked: Vec<WireUnchecked<'a>>,
    store_id: Option<String>,
    strict: bool,
    notes: &'a [String],
}

#[derive(Serialize)]
struct WireSummary {
    secrets: usize,
    proved: usize,
    errors: usize,
    warnings: usize,
    waived: usize,
    unchecked: usize,
}

#[derive(Serialize)]
struct WireFinding<'a> {
    id: &'static str,
    level: &'static str,
    secret: Option<&'a str>,
    path: Option<&'a str>,
    message: &'a str,
    remedy: &'a str,
}

#[derive(Serialize)]
struct WireWaived<'a> {
    #[serde(flatten)]
    finding: WireFinding<'a>,
    until: String,
    reason: &'a str,
    by: &'a str,
}

#[derive(Serialize)]
struct WireOff<'a> {
    id: &'static str,
    by: &'a str,
}

#[derive(Serialize)]
struct WireUnchecked<'a> {
    secret: Option<&'a str>,
    what: &'a str,
    why: &'a str,
}

impl<'a> From<&'a Report> for WireReport<'a> {
    fn from(report: &'a Report) -> Self {
        let waived = report.waived.iter().map(|waived| WireWaived {
            finding: WireFinding::from(&waived.finding),
            until: waived.until.to_string(),
            reason: &waived.reason,
            by: &waived.by,
        });
        let unchecked = report.unchecked.iter().map(|unchecked| WireUnchecked {
            secret: unchecked.secret.as_ref().map(crate::domain::name::SecretName::as_str),
            what: &unchecked.what,
            why: &unchecked.why,
        });
        Self {
            schema_version: SCHEMA_VERSION,
            at: report.at.to_string(),
            store: &report.store,
            commit: report.commit.as_deref(),
            deploy_ref: report.deploy_ref.as_deref(),
            verdict: report.verdict.as_str(),
            summary: WireSummary::from(&report.summary),
            findings: report.findings.iter().map(WireFinding::from).collect(),
            waived: waived.collect(),
            off: report.off.iter().map(|off| WireOff { id: off.id.as_str(), by: &off.by }).collect(),
            unchecked: unchecked.collect(),
            store_id: report.store_id.map(|id| id.to_string()),
            strict: report.strict,
            notes: &report.notes,
        }
    }
}

impl From<&Summary> for WireSummary {
    fn from(summary: &Summary) -> Self {
        let Summary { secrets, proved, errors, warnings, waived, unchecked } = *summary;
        Self { secrets, proved, errors, warnings, waived, unchecked }
    }
}

impl<'a> From<&'a Finding> for WireFinding<'a> {
    fn from(finding: &'a Finding) -> Self {
        Self {
            id: finding.id.as_str(),
            level: finding.level.as_str(),
            secret: finding.secret.as_ref().map(crate::domain::name::SecretName::as_str),
            path: finding.path.as_deref(),
            message: &finding.message,
            remedy: &finding.remedy,
        }
    }
}
