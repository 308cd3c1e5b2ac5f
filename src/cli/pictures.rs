//! What draws the store: a page, a timeline, a calendar.

use std::path::PathBuf;

use clap::Args;

use crate::domain::glob::Glob;

#[derive(Debug, Args)]
pub struct Report {
    /// As one self-contained page, for a browser, a meeting or a printer
    #[arg(long, required = true)]
    pub html: bool,
    /// Where to write it, whole or not at all; standard output where it is not given
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Only secrets whose name fits
    #[arg(long, value_name = "GLOB")]
    pub scope: Vec<Glob>,
    /// Open every value with my identity and prove who else can
    #[arg(long)]
    pub prove: bool,
    /// Do not ask the remote; what depends on it is shown as not checked
    #[arg(long)]
    pub offline: bool,
}

#[derive(Debug, Args)]
pub struct Calendar {
    /// Where to write it, whole or not at all; standard output where it is not given
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Only secrets whose name fits
    #[arg(long, value_name = "GLOB")]
    pub scope: Vec<Glob>,
    /// As what it appears among other calendars
    #[arg(long, value_name = "NAME", default_value = "Secrets: due dates")]
    pub name: String,
}
