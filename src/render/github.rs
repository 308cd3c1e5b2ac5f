//! The report as GitHub workflow commands, which annotate a run:
//! <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>.

use std::fmt::Write as _;

use super::glass;
use crate::domain::finding::{Finding, Level};
use crate::domain::report::{Report, WaivedGroup};
use crate::domain::rescue::GlassOutcome;
use crate::domain::text::{abridged, counted, visible};

/// How many findings that one waiver or baseline lets through are told one by one.
const MOST_WAIVED: usize = 10;

/// Renders the report; the last line says what became of the deploy.
pub fn render(report: &Report) -> String {
    let mut out = String::new();
    for finding in &report.findings {
        command(&mut out, word(finding.level), &title(finding), finding.path.as_deref(), &message(finding));
    }
    for unchecked in &report.unchecked {
        let secret = unchecked.secret.as_ref().map(|secret| format!(" of {secret}")).unwrap_or_default();
        let text = format!("{}: {}", unchecked.what, unchecked.why);
        command(&mut out, "error", &format!("could not be checked{secret}"), None, &text);
    }
    for group in report.waived_groups() {
        waived(&mut out, &group);
    }
    for off in &report.off {
        command(&mut out, "notice", &format!("{} is switched off", off.id), None, &format!("by {}", off.by));
    }
    for group in report.not_proved() {
        let text = format!("{}: {}", abridged(&group.secrets), group.why);
        command(&mut out, "notice", &format!("custody is {}", group.grade.as_str()), None, &text);
    }
    for note in &report.notes {
        command(&mut out, "notice", "secrets check", None, note);
    }
    if let Some(glass) = &report.break_glass {
        let word = if glass.outcome == GlassOutcome::NotNeeded { "notice" } else { "warning" };
        command(&mut out, word, "break-glass", None, &glass::lines(report).join("\n"));
    }
    let end = glass::end(report);
    // Writing into a String can't fail.
    let _ = writeln!(
        out,
        "{}, {}{}, {}, {} could not be checked: {end}",
        counted(report.summary.secrets, "secret"),
        proved(report),
        counted(report.summary.errors, "error"),
        counted(report.summary.warnings, "warning"),
        report.summary.unchecked,
    );
    out
}

/// One notice for each finding, or one for all where a run would be flooded with them.
fn waived(out: &mut String, group: &WaivedGroup<'_>) {
    let end = format!("waived until {} by {}: {}", group.until.brief(), group.by, group.reason);
    if group.waived.len() > MOST_WAIVED {
        for (id, count) in &group.kinds {
            command(out, "notice", id.as_str(), None, &format!("{count} × {id}; {end}"));
        }
        return;
    }
    for waived in &group.waived {
        let finding = &waived.finding;
        let text = format!("{}; {end}", finding.message);
        command(out, "notice", &title(finding), finding.path.as_deref(), &text);
    }
}

/// How many people-counts were proved, where a proof was asked for.
fn proved(report: &Report) -> String {
    if report.custody.is_empty() {
        return String::new();
    }
    format!("{} proved, ", counted(report.summary.proved, "people-count"))
}

fn word(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Off => "notice",
    }
}

fn title(finding: &Finding) -> String {
    match &finding.secret {
        Some(secret) => format!("{} ({secret})", finding.id),
        None => finding.id.to_string(),
    }
}

fn message(finding: &Finding) -> String {
    format!("{}\n{}", finding.message, finding.remedy)
}

fn command(out: &mut String, word: &str, title: &str, path: Option<&str>, message: &str) {
    let file = path.map(|path| format!("file={},", property(path))).unwrap_or_default();
    let _ = writeln!(out, "::{word} {file}title={}::{}", property(title), data(message));
}

/// The toolkit's escapes for the text of a command.
fn data(text: &str) -> String {
    visible(&text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")).into_owned()
}

/// The toolkit's escapes for a property of a command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
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
    fn nothing_in_a_text_can_become_a_command() {
        let mut report = samples::rich();
        for finding in &mut report.findings {
            finding.message = "a\r\n::set-output name=x::y ##[stop-commands]z".to_owned();
            finding.path = Some("a,b:c%\n::error::".to_owned());
        }
        for line in render(&report).lines().filter(|line| line.starts_with("::")) {
            let known = ["::error ", "::warning ", "::notice "].iter().any(|word| line.starts_with(word));
            assert!(known, "{line}");
        }
        assert!(!render(&report).contains("##["));
        assert!(render(&report).contains("file=a%2Cb%3Ac%25%0A\\u{3a}%3Aerror%3A%3A,"));
    }
}
