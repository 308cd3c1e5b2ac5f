//! What judges the store, and what shows who holds what.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};

use crate::domain::glob::Glob;
use crate::domain::rescue::Reason;
use crate::domain::time::Instant;

/// How custody is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CustodyFormat {
    /// For a person
    Human,
    /// For a program
    Json,
    /// One self-contained page
    Html,
}

#[derive(Debug, Args)]
pub struct Custody {
    /// Only secrets whose name fits
    #[arg(long, value_name = "GLOB")]
    pub scope: Vec<Glob>,
    /// Open every value with my identity and prove who else can
    #[arg(long)]
    pub prove: bool,
    /// How it is shown
    #[arg(long, value_enum, default_value = "human")]
    pub format: CustodyFormat,
}

/// How the report is written. The exit code is the same for every format.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For a person
    #[default]
    Human,
    /// For a program; see docs/file-formats.md
    Json,
    /// Workflow commands that annotate a run on GitHub
    Github,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// XML as `JUnit` writes it, for what shows the results of tests
    Junit,
    /// Code Quality, for merge requests on GitLab
    Gitlab,
    /// For the summary of a job, or a comment on a change
    Markdown,
}

/// A file into which the report goes too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportFile {
    pub format: ReportFormat,
    pub path: PathBuf,
}

impl FromStr for ReportFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let formats = || {
            ReportFormat::value_variants().iter().filter_map(ValueEnum::to_possible_value).collect::<Vec<_>>()
        };
        let Some((format, path)) = text.split_once('=').filter(|(_, path)| !path.is_empty()) else {
            return Err("write FORMAT=FILE, such as sarif=secrets.sarif".to_owned());
        };
        let format = ReportFormat::from_str(format, false).map_err(|_| {
            let known: Vec<_> = formats().iter().map(|value| value.get_name().to_owned()).collect();
            format!("`{format}` is no format: one of {}", known.join(", "))
        })?;
        Ok(Self { format, path: path.into() })
    }
}

/// Which secrets must be proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Prove {
    /// Every one that is judged; what can't be opened is unchecked, and blocks
    All,
    /// What my identity opens and the history at hand shows; the rest is told, and does not block
    Available,
}

#[derive(Debug, Clone, Default, Args)]
pub struct Check {
    /// Only secrets whose name fits
    #[arg(long, value_name = "GLOB", conflicts_with = "files")]
    pub scope: Vec<Glob>,
    /// Only these sealed files: exactly those that a deploy will read
    #[arg(long = "file", value_name = "PATH")]
    pub files: Vec<PathBuf>,
    /// Fail only for what this change introduces or worsens, judged by the policy of REF; leaves out the deploy ref
    #[arg(long, value_name = "REF")]
    pub against: Option<String>,
    /// Let through what FILE accepts, each finding until its date; FILE counts as HEAD has it, or REF
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Write what this run finds into FILE, accepted until DATE, 180 days ahead at most; the exit code stays
    #[arg(long, value_name = "DATE", requires = "baseline", conflicts_with = "against")]
    pub accept_until: Option<Instant>,
    /// Why it is accepted
    #[arg(long, value_name = "WHY", requires = "accept_until")]
    pub reason: Option<String>,
    /// Do not ask the remote; what depends on it is reported as unchecked
    #[arg(long)]
    pub offline: bool,
    /// Open the values with my identity and prove who else can
    #[arg(long, value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "all")]
    pub prove: Option<Prove>,
    /// Warnings fail too
    #[arg(long)]
    pub strict: bool,
    /// Let a blocked deploy through, once what is about to be deployed is saved on a rescue branch of the remote
    #[arg(long, value_name = "REASON", conflicts_with_all = ["against", "offline", "accept_until"])]
    pub break_glass: Option<Reason>,
    /// Somebody waits who asked for no gate: the remote gets little time.
    #[arg(skip)]
    pub briefly: bool,
    /// How the report is written; the exit code is the same
    #[arg(long, value_enum, default_value = "human")]
    pub format: ReportFormat,
    /// Write the report into FILE too, in that format; once for each file
    #[arg(long, value_name = "FORMAT=FILE")]
    pub output: Vec<ReportFile>,
}
