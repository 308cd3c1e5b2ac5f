//! The report as SARIF 2.1.0, for code scanning:
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os-complete.html>.

mod rules;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use serde::Serialize;
use serde::ser::SerializeStruct as _;

use self::rules::{RuleWire, UNCHECKED, rules};
use super::glass;
use super::subject::{Fingerprints, path_of, path_of_unchecked, sentence, store, subject_of};
use crate::domain::check_id::CheckId;
use crate::domain::finding::{Finding, Level};
use crate::domain::report::{Report, Waived};
use crate::domain::text::{listed, visible};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// Paths are relative to the root of the repository.
const ROOT: &str = "%SRCROOT%";

#[derive(Serialize)]
struct LogWire<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [RunWire<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RunWire<'a> {
    tool: ToolWire,
    invocations: [InvocationWire; 1],
    original_uri_base_ids: BasesWire,
    results: Vec<ResultWire>,
    properties: PropertiesWire<'a>,
}

#[derive(Serialize)]
struct ToolWire {
    driver: DriverWire,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DriverWire {
    name: &'static str,
    version: &'static str,
    semantic_version: &'static str,
    rules: Vec<RuleWire>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InvocationWire {
    /// False where something could not be judged: what is not found then may be there.
    execution_successful: bool,
    exit_code: u8,
    exit_code_description: String,
    tool_execution_notifications: Vec<NotificationWire>,
    tool_configuration_notifications: Vec<NotificationWire>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NotificationWire {
    level: &'static str,
    message: TextWire,
    #[serde(skip_serializing_if = "Option::is_none")]
    associated_rule: Option<RuleRefWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locations: Option<[LocationWire; 1]>,
}

#[derive(Serialize)]
struct RuleRefWire {
    id: &'static str,
    index: usize,
}

/// A text, with what nobody would see in it made visible.
pub(super) struct TextWire {
    text: String,
}

impl Serialize for TextWire {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut wire = serializer.serialize_struct("TextWire", 1)?;
        let lines: Vec<_> = self.text.lines().map(visible).collect();
        wire.serialize_field("text", &lines.join("\n"))?;
        wire.end()
    }
}

#[derive(Serialize)]
struct BasesWire {
    #[serde(rename = "%SRCROOT%")]
    root: BaseWire,
}

#[derive(Serialize)]
struct BaseWire {
    description: TextWire,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultWire {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: TextWire,
    locations: [LocationWire; 1],
    partial_fingerprints: FingerprintsWire,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressions: Vec<SuppressionWire>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LocationWire {
    physical_location: PhysicalWire,
    logical_locations: [LogicalWire; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalWire {
    artifact_location: ArtifactWire,
    region: RegionWire,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactWire {
    uri: String,
    uri_base_id: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RegionWire {
    start_line: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalWire {
    fully_qualified_name: String,
    kind: &'static str,
}

/// GitHub reads the first only; it is given so that an alert doesn't hang on what stands in a line of the record.
#[derive(Serialize)]
struct FingerprintsWire {
    #[serde(rename = "primaryLocationLineHash")]
    line: String,
    #[serde(rename = "secretsFinding/v1")]
    finding: String,
}

#[derive(Serialize)]
struct SuppressionWire {
    kind: &'static str,
    status: &'static str,
    justification: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PropertiesWire<'a> {
    verdict: &'static str,
    at: String,
    store: &'a str,
    commit: Option<&'a str>,
    deploy_ref: Option<&'a str>,
    secrets: usize,
    proved: usize,
}

/// Renders the report as SARIF, with one line feed at the end.
pub fn render(report: &Report) -> String {
    let driver = DriverWire {
        name: "secrets",
        version: env!("CARGO_PKG_VERSION"),
        semantic_version: env!("CARGO_PKG_VERSION"),
        rules: rules(),
    };
    let run = RunWire {
        tool: ToolWire { driver },
        invocations: [invocation(report)],
        original_uri_base_ids: BasesWire {
            root: BaseWire { description: text("the root of the repository") },
        },
        results: results(report),
        properties: PropertiesWire {
            verdict: report.verdict.as_str(),
            at: report.at.to_string(),
            store: &report.store,
            commit: report.commit.as_deref(),
            deploy_ref: report.deploy_ref.as_deref(),
            secrets: report.summary.secrets,
            proved: report.summary.proved,
        },
    };
    let wire = LogWire { schema: SCHEMA, version: "2.1.0", runs: [run] };
    super::pretty(&wire)
}

fn invocation(report: &Report) -> InvocationWire {
    let mut execution = Vec::new();
    for unchecked in &report.unchecked {
        let of = unchecked.secret.as_ref().map(|secret| format!(" of {secret}")).unwrap_or_default();
        let subject = unchecked.secret.as_ref().map_or_else(|| store(report), ToString::to_string);
        execution.push(NotificationWire {
            level: "error",
            message: text(&format!("could not be checked{of}: {}: {}", unchecked.what, unchecked.why)),
            associated_rule: Some(RuleRefWire { id: UNCHECKED, index: CheckId::ALL.len() }),
            locations: Some([location(&path_of_unchecked(unchecked, report), &subject)]),
        });
    }
    for group in report.not_proved() {
        let (grade, secrets) = (group.grade.as_str(), listed(&group.secrets));
        execution.push(note(&format!("custody is {grade}: {secrets}: {}", group.why), None));
    }
    execution.extend(report.notes.iter().map(|told| note(told, None)));
    execution.extend(
        glass::lines(report)
            .into_iter()
            .map(|told| NotificationWire { level: "warning", ..note(&told, None) }),
    );
    let off = report.off.iter().map(|off| {
        let rule = RuleRefWire { id: off.id.as_str(), index: index_of(off.id) };
        note(&format!("{} is switched off by {}", off.id, off.by), Some(rule))
    });
    InvocationWire {
        execution_successful: report.unchecked.is_empty(),
        exit_code: report.exit_code(),
        exit_code_description: glass::end(report).to_owned(),
        tool_configuration_notifications: off.collect(),
        tool_execution_notifications: execution,
    }
}

fn results(report: &Report) -> Vec<ResultWire> {
    let mut fingerprints = Fingerprints::default();
    let mut results = Vec::new();
    for found in &report.findings {
        results.push(result(found, report, level(found, report), fingerprints.of(found)));
    }
    // Who looks at alerts only must see it too.
    for unchecked in &report.unchecked {
        let subject = unchecked.secret.as_ref().map_or_else(|| store(report), ToString::to_string);
        let message = format!("{subject}: could not be checked: {}: {}", unchecked.what, unchecked.why);
        results.push(ResultWire {
            rule_id: UNCHECKED,
            rule_index: CheckId::ALL.len(),
            level: "error",
            message: text(&message),
            locations: [location(&path_of_unchecked(unchecked, report), &subject)],
            partial_fingerprints: known_by(fingerprints.of_unchecked(unchecked)),
            suppressions: Vec::new(),
        });
    }
    for waived in &report.waived {
        // Code scanning on GitHub does not look at suppressions: a note alerts nobody.
        let found = result(&waived.finding, report, "note", fingerprints.of(&waived.finding));
        results.push(ResultWire { suppressions: vec![suppression(waived)], ..found });
    }
    results
}

fn result(finding: &Finding, report: &Report, level: &'static str, fingerprint: String) -> ResultWire {
    let subject = subject_of(finding, report);
    let mut message = visible(&sentence(finding, report)).into_owned();
    if !finding.remedy.is_empty() {
        // Writing into a String can't fail.
        let _ = write!(message, "\nTo mend it: {}", visible(&finding.remedy));
    }
    ResultWire {
        rule_id: finding.id.as_str(),
        rule_index: index_of(finding.id),
        level,
        message: text(&message),
        locations: [location(&path_of(finding, report), &subject)],
        partial_fingerprints: known_by(fingerprint),
        suppressions: Vec::new(),
    }
}

fn suppression(waived: &Waived) -> SuppressionWire {
    let (until, by, reason) = (waived.until.brief(), visible(&waived.by), visible(&waived.reason));
    let justification = format!("waived until {until} by {by}: {reason}");
    SuppressionWire { kind: "external", status: "accepted", justification }
}

fn known_by(fingerprint: String) -> FingerprintsWire {
    FingerprintsWire { line: fingerprint.clone(), finding: fingerprint }
}

/// What blocks is an error, also where it is a warning that is strictly taken: readers go by the level.
fn level(finding: &Finding, report: &Report) -> &'static str {
    match finding.level {
        _ if report.fails(finding) => "error",
        Level::Error | Level::Warning => "warning",
        Level::Off => "none",
    }
}

fn index_of(id: CheckId) -> usize {
    CheckId::ALL.iter().position(|one| *one == id).unwrap_or_default()
}

fn location(path: &str, subject: &str) -> LocationWire {
    LocationWire {
        physical_location: PhysicalWire {
            artifact_location: ArtifactWire { uri: uri(path), uri_base_id: ROOT },
            region: RegionWire { start_line: 1 },
        },
        logical_locations: [LogicalWire {
            fully_qualified_name: visible(subject).into_owned(),
            kind: "resource",
        }],
    }
}

/// A path as a relative reference (RFC 3986): also the colon is escaped, which a first segment must not have.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

fn note(told: &str, associated_rule: Option<RuleRefWire>) -> NotificationWire {
    NotificationWire { level: "note", message: text(told), associated_rule, locations: None }
}

fn text(text: &str) -> TextWire {
    TextWire { text: text.to_owned() }
}
