//! The report for a program. These structs are the format; they change only with `schema_version`.

use serde::Serialize;

use crate::domain::finding::Finding;
use crate::domain::report::Report;
use crate::domain::rescue::{BreakGlass, GlassOutcome};
use crate::domain::tracked_name::CredentialName;

const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
struct ReportWire<'a> {
    schema_version: u32,
    at: String,
    store: &'a str,
    commit: Option<&'a str>,
    deploy_ref: Option<&'a str>,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    break_glass: Option<BreakGlassWire<'a>>,
    strict: bool,
    summary: SummaryWire,
    outlook: OutlookWire<'a>,
    findings: Vec<FindingWire<'a>>,
    waived: Vec<WaivedWire<'a>>,
    off: Vec<OffWire<'a>>,
    unchecked: Vec<UncheckedWire<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    custody: Vec<CustodyWire<'a>>,
    notes: &'a [String],
    store_id: Option<String>,
}

#[derive(Serialize)]
struct BreakGlassWire<'a> {
    reason: &'a str,
    by: &'a str,
    let_through: bool,
    queued: bool,
    remote: Option<&'a str>,
    branch: Option<&'a str>,
    commit: Option<&'a str>,
    url: Option<&'a str>,
    why: Option<&'a str>,
    left_out: Vec<LeftOutWire<'a>>,
}

#[derive(Serialize)]
struct LeftOutWire<'a> {
    path: &'a str,
    why: &'a str,
}

impl<'a> From<&'a BreakGlass> for BreakGlassWire<'a> {
    fn from(glass: &'a BreakGlass) -> Self {
        let (saved, refused) = match &glass.outcome {
            GlassOutcome::NotNeeded => (None, None),
            GlassOutcome::Broken(saved) => (Some(saved), None),
            GlassOutcome::Refused(why) => (None, Some(why.as_str())),
        };
        let queued = saved.and_then(|saved| saved.queued.as_deref());
        let left_out = saved.map(|saved| saved.left_out.as_slice()).unwrap_or_default();
        Self {
            reason: glass.reason.as_str(),
            by: &glass.by,
            let_through: glass.lets_through(),
            queued: queued.is_some(),
            remote: saved.map(|saved| saved.remote.as_str()),
            branch: saved.map(|saved| saved.branch.as_str()),
            commit: saved.map(|saved| saved.commit.as_str()),
            url: saved.and_then(|saved| saved.url.as_deref()),
            why: queued.or(refused),
            left_out: left_out.iter().map(|out| LeftOutWire { path: &out.path, why: &out.why }).collect(),
        }
    }
}

#[derive(Serialize)]
struct SummaryWire {
    secrets: usize,
    proved: usize,
    errors: usize,
    warnings: usize,
    waived: usize,
    unchecked: usize,
}

#[derive(Serialize)]
struct OutlookWire<'a> {
    fewest_people: Option<usize>,
    next_to_expire: Option<NextWire<'a>>,
}

#[derive(Serialize)]
struct NextWire<'a> {
    secret: &'a str,
    at: String,
}

#[derive(Serialize)]
struct FindingWire<'a> {
    id: &'static str,
    level: &'static str,
    secret: Option<&'a str>,
    path: Option<&'a str>,
    message: &'a str,
    remedy: &'a str,
}

impl<'a> From<&'a Finding> for FindingWire<'a> {
    fn from(finding: &'a Finding) -> Self {
        Self {
            id: finding.id.as_str(),
            level: finding.level.as_str(),
            secret: finding.secret.as_ref().map(CredentialName::as_str),
            path: finding.path.as_deref(),
            message: &finding.message,
            remedy: &finding.remedy,
        }
    }
}

#[derive(Serialize)]
struct WaivedWire<'a> {
    #[serde(flatten)]
    finding: FindingWire<'a>,
    until: String,
    reason: &'a str,
    by: &'a str,
}

#[derive(Serialize)]
struct OffWire<'a> {
    id: &'static str,
    by: &'a str,
}

#[derive(Serialize)]
struct UncheckedWire<'a> {
    secret: Option<&'a str>,
    what: &'a str,
    why: &'a str,
}

#[derive(Serialize)]
struct CustodyWire<'a> {
    secret: &'a str,
    grade: &'static str,
    why: Option<&'a str>,
}

/// Renders the report as JSON, with one line feed at the end.
pub fn render(report: &Report) -> String {
    let summary = &report.summary;
    let wire = ReportWire {
        schema_version: SCHEMA_VERSION,
        at: report.at.to_string(),
        store: &report.store,
        commit: report.commit.as_deref(),
        deploy_ref: report.deploy_ref.as_deref(),
        verdict: report.verdict.as_str(),
        break_glass: report.break_glass.as_ref().map(BreakGlassWire::from),
        strict: report.strict,
        summary: SummaryWire {
            secrets: summary.secrets,
            proved: summary.proved,
            errors: summary.errors,
            warnings: summary.warnings,
            waived: summary.waived,
            unchecked: summary.unchecked,
        },
        outlook: OutlookWire {
            fewest_people: report.outlook.fewest_people,
            next_to_expire: report
                .outlook
                .next_to_expire
                .as_ref()
                .map(|(at, secret)| NextWire { secret: secret.as_str(), at: at.to_string() }),
        },
        findings: report.findings.iter().map(FindingWire::from).collect(),
        waived: report
            .waived
            .iter()
            .map(|waived| WaivedWire {
                finding: FindingWire::from(&waived.finding),
                until: waived.until.to_string(),
                reason: &waived.reason,
                by: &waived.by,
            })
            .collect(),
        off: report.off.iter().map(|off| OffWire { id: off.id.as_str(), by: &off.by }).collect(),
        unchecked: report
            .unchecked
            .iter()
            .map(|unchecked| UncheckedWire {
                secret: unchecked.secret.as_ref().map(CredentialName::as_str),
                what: &unchecked.what,
                why: &unchecked.why,
            })
            .collect(),
        custody: report
            .custody
            .iter()
            .map(|custody| CustodyWire {
                secret: custody.secret.as_str(),
                grade: custody.grade.as_str(),
                why: custody.why.as_deref(),
            })
            .collect(),
        notes: &report.notes,
        store_id: report.store_id.map(|id| id.to_string()),
    };
    super::pretty(&wire)
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn a_proved_report() {
        insta::assert_snapshot!(render(&samples::proved()));
    }

    #[test]
    fn a_rich_report() {
        insta::assert_snapshot!(render(&samples::rich()));
    }

    #[test]
    fn a_report_with_the_glass_broken() {
        insta::assert_snapshot!(render(&samples::broken_glass()));
    }

    #[test]
    fn every_finding_is_listed() {
        let report: serde_json::Value = serde_json::from_str(&render(&samples::many(290))).unwrap();
        assert_eq!(report["findings"].as_array().unwrap().len(), 290);
    }
}
