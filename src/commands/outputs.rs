//! One report in several formats: a run asks the remote, and is not to be repeated for each reader.

use super::{CommandError, Session};
use crate::cli::{ReportFile, ReportFormat};
use crate::domain::report::Report;
use crate::render::{self, Style};
use crate::system::files;

/// How a report is written into a file.
const PLAIN: Style = Style { color: false, width: None };

pub fn render(report: &Report, format: ReportFormat, style: Style) -> String {
    match format {
        ReportFormat::Human => render::human::render(report, style),
        ReportFormat::Json => render::json::render(report),
        ReportFormat::Github => render::github::render(report),
        ReportFormat::Sarif => render::sarif::render(report),
        ReportFormat::Junit => render::junit::render(report),
        ReportFormat::Gitlab => render::gitlab::render(report),
        ReportFormat::Markdown => render::markdown::render(report),
    }
}

/// The second report would take the place of the first.
pub fn refuse_one_file_twice(outputs: &[ReportFile]) -> Result<(), CommandError> {
    for (index, output) in outputs.iter().enumerate() {
        if outputs.iter().take(index).any(|other| other.path == output.path) {
            let path = output.path.display();
            return Err(CommandError::new(format!("--output: {path} is given twice"))
                .hint("give each report a file of its own"));
        }
    }
    Ok(())
}

/// Writes every report that can be written, and then tells of the first that could not.
pub fn write(session: &Session, report: &Report, outputs: &[ReportFile]) -> Result<(), CommandError> {
    let mut outcome = Ok(());
    for output in outputs {
        let path = session.environment.current_dir().join(&output.path);
        let text = render(report, output.format, PLAIN);
        let written = files::write_output(&path, text.as_bytes(), files::Access::Shared);
        outcome = outcome.and(written.map_err(|error| {
            CommandError::new(format!("--output: {error}"))
                .hint("the report itself is complete: give a file in a folder that may be written to")
        }));
    }
    outcome
}
