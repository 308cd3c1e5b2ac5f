//! For GitHub Actions: workflow commands, which become annotations, and a last line for the log.
//!
//! <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>; the escapes are those of
//! `@actions/core`.

use super::closing;
use crate::domain::finding::{Finding, Level};
use crate::domain::report::Report;
use crate::domain::text::visible;

/// One workflow command a finding; what was not checked is an error there, because it blocks.
pub fn github(report: &Report) -> String {
    let mut lines = Vec::new();
    for finding in &report.findings {
        let command = match finding.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Off => "notice",
        };
        let message = format!("{}\n$ {}", visible(&finding.message), visible(&finding.remedy));
        lines.push(workflow_command(command, finding.path.as_deref(), &title(finding), &message));
    }
    for unchecked in &report.unchecked {
        let place = unchecked.secret.as_ref().map_or(&*unchecked.what, |secret| secret.as_str());
        let message = format!("{}: {}", visible(&unchecked.what), visible(&unchecked.why));
        lines.push(workflow_command("error", None, &format!("not checked: {}", visible(place)), &message));
    }
    for waived in &report.waived {
        let (finding, until) = (&waived.finding, waived.until.brief());
        let terms = format!("until {until}, by {}: {}", waived.by, waived.reason);
        let message = format!("{}\n{}", visible(&finding.message), visible(&terms));
        let title = format!("waived: {}", title(finding));
        lines.push(workflow_command("notice", finding.path.as_deref(), &title, &message));
    }
    for off in &report.off {
        let title = format!("switched off: {}", off.id);
        lines.push(workflow_command("notice", None, &title, &format!("by {}", visible(&off.by))));
    }
    for note in &report.notes {
        lines.push(workflow_command("notice", None, "note", &visible(note)));
    }
    // Old runners take `##[command]` anywhere in a line for a command.
    let closing = format!("{}; {}", closing::facts(report), closing::verdict(report));
    lines.push(closing.replace("##[", "## ["));
    lines.push(String::new());
    lines.join("\n")
}

/// `expired: utoronto/prod/azuread-client`
fn title(finding: &Finding) -> String {
    match (&finding.secret, &finding.path) {
        (Some(secret), _) => format!("{}: {secret}", finding.id),
        (None, Some(path)) => format!("{}: {}", finding.id, visible(path)),
        (None, None) => finding.id.to_string(),
    }
}

fn workflow_command(command: &str, file: Option<&str>, title: &str, message: &str) -> String {
    let file = file.map(|file| format!("file={},", property(&visible(file)))).unwrap_or_default();
    format!("::{command} {file}title={}::{}", property(title), data(message))
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_can_neither_end_its_command_nor_begin_another() {
        assert_eq!(
            workflow_command("error", Some("a,line=1:b\n"), "t::x,%\n", "m\r\n::warning::%0A"),
            "::error file=a%2Cline=1%3Ab\\n,title=t%3A%3Ax%2C%25%0A::m%0D%0A::warning::%250A"
        );
        assert_eq!(workflow_command("notice", None, "t", "m"), "::notice title=t::m");
    }
}
