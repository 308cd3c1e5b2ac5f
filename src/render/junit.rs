//! The report for what reads the results of tests (GitLab, Jenkins, Azure Pipelines …), as Jenkins' schema of
//! `JUnit`'s XML has it. A test case is a secret, a file of another tool, or the store: from run to run they bear the
//! same names.
//!
//! Written by hand: five characters are escaped, and a library would bring a parser along.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::glass;
use super::subject::{store, subject_of};
use crate::domain::finding::Finding;
use crate::domain::report::{Report, Unchecked, Waived};
use crate::domain::text::{counted, visible};

/// What the report says of one secret, one file, or the store.
#[derive(Default)]
struct Case<'a> {
    findings: Vec<&'a Finding>,
    unchecked: Vec<&'a Unchecked>,
    waived: Vec<&'a Waived>,
}

/// What becomes of a test case, the worst first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Failure,
    /// Could not be judged.
    Error,
    /// Only what is waived.
    Skipped,
    Pass,
}

/// Renders the report, with one line feed at the end. Its failures and errors are zero where, and only where, the
/// verdict is `pass`.
pub fn render(report: &Report) -> String {
    let cases = cases(report);
    let outcomes: Vec<Outcome> = cases.values().map(|case| case.outcome(report)).collect();
    let count = |outcome| outcomes.iter().filter(|one| **one == outcome).count();
    let tests = outcomes.len() + report.off.len();
    let (failures, errors) = (count(Outcome::Failure), count(Outcome::Error));
    let skipped = count(Outcome::Skipped) + report.off.len();
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let totals = format!(r#"tests="{tests}" failures="{failures}" errors="{errors}""#);
    // Writing into a String can't fail.
    let _ = writeln!(xml, r#"<testsuites name="secrets check" {totals}>"#);
    let _ = writeln!(
        xml,
        r#"  <testsuite name="secrets check" {totals} skipped="{skipped}" time="0" timestamp="{}">"#,
        attribute(report.at.to_string().trim_end_matches('Z'))
    );
    properties(&mut xml, report);
    for ((subject, case), outcome) in cases.iter().zip(&outcomes) {
        case.write(&mut xml, subject, *outcome);
    }
    for off in &report.off {
        test_case(&mut xml, off.id.as_str(), "secrets.switched-off");
        let _ =
            writeln!(xml, ">\n      <skipped>switched off by {}</skipped>\n    </testcase>", text(&off.by));
    }
    aside(&mut xml, report);
    xml.push_str("  </testsuite>\n</testsuites>\n");
    xml
}

/// By subject, what passes included.
fn cases(report: &Report) -> BTreeMap<String, Case<'_>> {
    let mut cases: BTreeMap<String, Case<'_>> =
        report.judged.iter().map(|name| (name.to_string(), Case::default())).collect();
    // What concerns no secret concerns the store; and a report without any test case says nothing.
    cases.entry(store(report)).or_default();
    for finding in &report.findings {
        cases.entry(subject_of(finding, report)).or_default().findings.push(finding);
    }
    for unchecked in &report.unchecked {
        let subject = unchecked.secret.as_ref().map_or_else(|| store(report), ToString::to_string);
        cases.entry(subject).or_default().unchecked.push(unchecked);
    }
    for waived in &report.waived {
        cases.entry(subject_of(&waived.finding, report)).or_default().waived.push(waived);
    }
    cases
}

impl Case<'_> {
    fn outcome(&self, report: &Report) -> Outcome {
        if self.findings.iter().any(|finding| report.fails(finding)) {
            Outcome::Failure
        } else if !self.unchecked.is_empty() {
            Outcome::Error
        } else if self.findings.is_empty() && !self.waived.is_empty() {
            Outcome::Skipped
        } else {
            Outcome::Pass
        }
    }

    fn write(&self, xml: &mut String, subject: &str, outcome: Outcome) {
        test_case(xml, subject, "secrets.check");
        let told = self.told();
        let _ = match outcome {
            Outcome::Failure => {
                let mut ids: Vec<&str> = self.findings.iter().map(|finding| finding.id.as_str()).collect();
                ids.dedup();
                let (ids, first) = (ids.join(", "), self.findings.first());
                let message = first.map(|finding| finding.message.as_str()).unwrap_or_default();
                let message = match self.findings.len() {
                    0 | 1 => message.to_owned(),
                    more => format!("{message}, and {}", counted(more - 1, "more finding")),
                };
                let (ids, message) = (attribute(&ids), attribute(&message));
                writeln!(xml, ">\n      <failure type=\"{ids}\" message=\"{message}\">{told}</failure>")
            }
            Outcome::Error => {
                let first = self.unchecked.first().map(|one| format!("{}: {}", one.what, one.why));
                let message = attribute(&first.unwrap_or_default());
                writeln!(xml, ">\n      <error type=\"unchecked\" message=\"{message}\">{told}</error>")
            }
            Outcome::Skipped => writeln!(xml, ">\n      <skipped>{told}</skipped>"),
            Outcome::Pass if told.is_empty() => {
                xml.push_str("/>\n");
                return;
            }
            Outcome::Pass => writeln!(xml, ">\n      <system-out>{told}</system-out>"),
        };
        xml.push_str("    </testcase>\n");
    }

    /// All that is said of it, a line each.
    fn told(&self) -> String {
        let mut lines = Vec::new();
        for finding in &self.findings {
            lines.push(format!("{} {}: {}", finding.level, finding.id, finding.message));
            if !finding.remedy.is_empty() {
                lines.push(format!("  $ {}", finding.remedy));
            }
        }
        for unchecked in &self.unchecked {
            lines.push(format!("could not be checked: {}: {}", unchecked.what, unchecked.why));
        }
        for waived in &self.waived {
            lines.push(format!(
                "waived until {} by {}: {}: {} ({})",
                waived.until.brief(),
                waived.by,
                waived.finding.id,
                waived.finding.message,
                waived.reason
            ));
        }
        lines.iter().map(|line| text(line)).collect::<Vec<_>>().join("\n")
    }
}

fn test_case(xml: &mut String, name: &str, class: &str) {
    let _ = write!(xml, r#"    <testcase name="{}" classname="{class}" time="0""#, attribute(name));
}

fn properties(xml: &mut String, report: &Report) {
    let all = [
        ("verdict", Some(report.verdict.as_str())),
        ("at", Some(&*report.at.to_string())),
        ("store", Some(report.store.as_str())),
        ("commit", report.commit.as_deref()),
        ("deploy-ref", report.deploy_ref.as_deref()),
    ]
    .map(|(name, value)| Some(format!(r#"<property name="{name}" value="{}"/>"#, attribute(value?))));
    xml.push_str("    <properties>\n");
    for property in all.into_iter().flatten() {
        let _ = writeln!(xml, "      {property}");
    }
    xml.push_str("    </properties>\n");
}

/// What concerns no single secret, and what became of the deploy.
fn aside(xml: &mut String, report: &Report) {
    xml.push_str("    <system-out>");
    for group in report.not_proved() {
        let (grade, secrets) = (group.grade.as_str(), group.secrets.join(", "));
        let _ = writeln!(xml, "{}", text(&format!("custody is {grade}: {secrets}: {}", group.why)));
    }
    for note in &report.notes {
        let _ = writeln!(xml, "note: {}", text(note));
    }
    for told in glass::lines(report) {
        let _ = writeln!(xml, "break-glass: {}", text(&told));
    }
    let _ = writeln!(xml, "{}</system-out>", glass::end(report));
}

/// Text between tags, on one line. What XML 1.0 forbids altogether, control characters and two others, is shown by its
/// number.
fn text(raw: &str) -> String {
    let mut escaped = String::with_capacity(raw.len());
    for c in visible(raw).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\u{fffe}' | '\u{ffff}' => escaped.extend(c.escape_default()),
            other => escaped.push(other),
        }
    }
    escaped
}

/// The value of an attribute, between double quotes.
fn attribute(raw: &str) -> String {
    text(raw).replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;
    use crate::domain::finding::Level;

    #[test]
    fn a_rich_report() {
        insta::assert_snapshot!(render(&samples::rich()));
    }

    #[test]
    fn a_proved_report() {
        insta::assert_snapshot!(render(&samples::proved()));
    }

    #[test]
    fn a_broken_glass_is_told_and_makes_no_case_pass() {
        let xml = render(&samples::broken_glass());
        assert!(xml.contains("LET THROUGH by --break-glass</system-out>"), "{xml}");
        assert!(xml.contains("break-glass: alice broke the glass") && xml.contains("<error "), "{xml}");
        assert!(render(&samples::unbroken_glass()).contains("deploy blocked</system-out>"));
    }

    #[test]
    fn a_passing_report_has_a_case_for_each_secret_and_one_for_the_store() {
        let xml = render(&samples::passing());
        assert!(
            xml.contains(r#"<testcase name="callysto/prod/oauth" classname="secrets.check" time="0"/>"#),
            "{xml}"
        );
        assert!(xml.contains(r#"tests="3" failures="0" errors="0""#), "{xml}");
    }

    #[test]
    fn what_is_unknown_is_an_error() {
        assert!(render(&samples::unknown()).contains(r#"failures="0" errors="1""#));
    }

    #[test]
    fn warnings_fail_where_they_are_strictly_taken() {
        let mut report = samples::many(2);
        report.findings.iter_mut().for_each(|finding| finding.level = Level::Warning);
        assert!(render(&report).contains(r#"failures="0""#));
        report.strict = true;
        assert!(render(&report).contains(r#"failures="2""#));
    }

    #[test]
    fn no_text_becomes_markup() {
        assert_eq!(text("a<b>&]]>\u{0}\u{b}\u{ffff}\n"), r"a&lt;b&gt;&amp;]]&gt;\u{0}\u{b}\u{ffff}\n");
        assert_eq!(attribute(r#"" x="<"#), "&quot; x=&quot;&lt;");
    }
}
