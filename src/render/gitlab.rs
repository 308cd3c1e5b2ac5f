//! The report for GitLab's merge requests: Code Quality, the part of Code Climate's format that GitLab reads:
//! <https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format>.

use serde::Serialize;

use super::glass;
use super::subject::{Fingerprints, path_of, path_of_unchecked, policy, sentence};
use crate::domain::finding::{Finding, Level};
use crate::domain::report::Report;
use crate::domain::text::{abridged, visible};

#[derive(Serialize)]
struct IssueWire {
    description: String,
    check_name: &'static str,
    fingerprint: String,
    severity: &'static str,
    location: LocationWire,
}

#[derive(Serialize)]
struct LocationWire {
    path: String,
    lines: LinesWire,
}

#[derive(Serialize)]
struct LinesWire {
    begin: u32,
}

/// Renders the report as a JSON array, with one line feed at the end. Of what could not be checked each is an issue of
/// the highest severity: a report of that kind has no other place for it.
pub fn render(report: &Report) -> String {
    super::pretty(&issues(report))
}

fn issues(report: &Report) -> Vec<IssueWire> {
    let mut fingerprints = Fingerprints::default();
    let mut issues = Vec::new();
    for finding in &report.findings {
        issues.push(IssueWire {
            description: sentence(finding, report),
            check_name: finding.id.as_str(),
            fingerprint: fingerprints.of(finding),
            severity: severity(finding, report),
            location: at(path_of(finding, report)),
        });
    }
    for unchecked in &report.unchecked {
        let of = unchecked.secret.as_ref().map(|secret| format!("{secret}: ")).unwrap_or_default();
        issues.push(IssueWire {
            description: format!("{of}could not be checked: {}: {}", unchecked.what, unchecked.why),
            check_name: "unchecked",
            fingerprint: fingerprints.of_unchecked(unchecked),
            severity: "blocker",
            location: at(path_of_unchecked(unchecked, report)),
        });
    }
    for waived in &report.waived {
        let (finding, until) = (&waived.finding, waived.until.brief());
        let end = format!("waived until {until} by {}: {}", waived.by, waived.reason);
        issues.push(IssueWire {
            description: format!("{}; {end}", sentence(finding, report)),
            check_name: finding.id.as_str(),
            fingerprint: fingerprints.of(finding),
            severity: "info",
            location: at(path_of(finding, report)),
        });
    }
    if report.break_glass.is_some() {
        issues.push(IssueWire {
            description: glass::lines(report).join("; "),
            check_name: "break-glass",
            fingerprint: fingerprints.of_parts(&["break-glass"]),
            severity: if report.is_let_through() { "major" } else { "info" },
            location: at(policy(report)),
        });
    }
    for off in &report.off {
        issues.push(IssueWire {
            description: format!("{} is switched off by {}", off.id, off.by),
            check_name: off.id.as_str(),
            fingerprint: fingerprints.of_parts(&["off", off.id.as_str(), &off.by]),
            severity: "info",
            location: at(policy(report)),
        });
    }
    for group in report.not_proved() {
        let grade = group.grade.as_str();
        issues.push(IssueWire {
            description: format!("custody is {grade}: {}: {}", abridged(&group.secrets), group.why),
            check_name: "custody",
            fingerprint: fingerprints.of_parts(&["custody", grade, group.why]),
            severity: "info",
            location: at(policy(report)),
        });
    }
    for issue in &mut issues {
        issue.description = visible(&issue.description).into_owned();
    }
    issues
}

fn severity(finding: &Finding, report: &Report) -> &'static str {
    match finding.level {
        _ if report.fails(finding) => "critical",
        Level::Error | Level::Warning => "minor",
        Level::Off => "info",
    }
}

fn at(path: String) -> LocationWire {
    LocationWire { path, lines: LinesWire { begin: 1 } }
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn a_rich_report() {
        insta::assert_snapshot!(render(&samples::rich()));
    }

    #[test]
    fn a_proved_report() {
        insta::assert_snapshot!(render(&samples::proved()));
    }

    #[test]
    fn a_broken_glass_is_an_issue_beside_the_others() {
        let issues = render(&samples::broken_glass());
        assert!(issues.contains(r#""check_name": "break-glass""#), "{issues}");
        assert!(
            issues.contains(r#""severity": "major""#) && issues.contains(r#""severity": "blocker""#),
            "{issues}"
        );
        assert!(!render(&samples::unbroken_glass()).contains(r#""severity": "major""#));
    }

    #[test]
    fn a_passing_report_is_empty_and_an_unknown_one_is_not() {
        assert_eq!(render(&samples::passing()), "[]\n");
        assert!(render(&samples::unknown()).contains(r#""severity": "blocker""#));
    }
}
