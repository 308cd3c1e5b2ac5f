//! What hands values to programs and to people.

use std::ffi::OsString;

use clap::Args;

use super::Renewal;
use crate::domain::glob::Glob;
use crate::domain::rescue::Reason;
use crate::domain::tracked_name::CredentialName;
use crate::domain::variable::{Assignment, VariableName};

#[derive(Debug, Args)]
pub struct Exec {
    /// Set this variable to the value of a secret
    #[arg(long = "env", value_name = "NAME=SECRET")]
    pub env: Vec<Assignment>,
    /// Set this variable to the path of a file in memory that holds the value
    #[arg(long = "file", value_name = "NAME=SECRET")]
    pub file: Vec<Assignment>,
    /// All secrets whose name fits, under names by rule
    #[arg(long, value_name = "GLOB")]
    pub scope: Vec<Glob>,
    /// What the names by rule begin with: `APP_` makes `APP_DB` of web/prod/db
    #[arg(long, value_name = "PREFIX", requires = "scope")]
    pub prefix: Option<VariableName>,
    /// What --scope names as files too; `SECRETS_DIR` is the folder in which all files lie
    #[arg(long, requires = "scope")]
    pub files: bool,
    /// Print which variable gets which secret, open nothing and run nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Judge these secrets first, as `secrets check` does, and run nothing where that blocks
    #[arg(long)]
    pub gate: bool,
    /// Run it though the gate blocks, once what is about to be deployed is saved on a rescue branch of the remote
    #[arg(long, value_name = "REASON", requires = "gate")]
    pub break_glass: Option<Reason>,
    /// The program and its arguments, behind `--`
    #[arg(last = true, value_name = "CMD", required_unless_present = "dry_run")]
    pub command: Vec<OsString>,
}

#[derive(Debug, Args)]
pub struct Edit {
    /// Of the store, or of a file that sops sealed: clusters/a/enc.yaml#/hub/token
    pub name: CredentialName,
    #[command(flatten)]
    pub renewal: Renewal,
}
