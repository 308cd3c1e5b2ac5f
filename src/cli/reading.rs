//! What shows secrets as they stand.

use clap::{Args, ValueEnum};

use crate::domain::glob::Glob;
use crate::domain::tracked_name::CredentialName;

#[derive(Debug, Args)]
pub struct Get {
    pub name: CredentialName,
    /// The value of an older version, as far back as git's history is here
    #[arg(long = "version", value_name = "NUMBER")]
    pub number: Option<u64>,
}

/// How the answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReadFormat {
    Human,
    Json,
}

#[derive(Debug, Args)]
pub struct Output {
    /// For a person, or for a program
    #[arg(long, value_enum, default_value = "human")]
    pub format: ReadFormat,
}

#[derive(Debug, Args)]
pub struct Show {
    /// Of the store, of a value in a file that another tool has sealed, or the path of such a file
    pub name: CredentialName,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
pub struct List {
    /// Only secrets whose name fits
    #[arg(long, value_name = "GLOB")]
    pub scope: Vec<Glob>,
    /// Only secrets of which nobody has said when they end
    #[arg(long)]
    pub without_expiry: bool,
    /// Draw the year ahead, a line for each secret, the most urgent first
    #[arg(long, conflicts_with = "format")]
    pub timeline: bool,
    #[command(flatten)]
    pub output: Output,
}
