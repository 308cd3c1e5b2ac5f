//! What takes over files that other tools have sealed.

use clap::Args;

use super::{Lifetime, Notes, Publish, ReadFormat};
use crate::domain::time::Instant;

#[derive(Debug, Args)]
pub struct Track {
    /// Sealed files, folders that hold some, or quoted globs such as '**/enc-*'
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<String>,
    /// One record for each file as a whole, instead of one for each value in it
    #[arg(long)]
    pub whole: bool,
    /// Say what would be written, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Do not have the repository's hooks judge the change before it is written
    #[arg(long)]
    pub untested_hooks: bool,
    /// For a person, or for a program
    #[arg(long, value_enum, default_value = "human")]
    pub format: ReadFormat,
    #[command(flatten)]
    pub notes: Notes,
    #[command(flatten)]
    pub publish: Publish,
}

#[derive(Debug, Args)]
pub struct Untrack {
    /// Names of tracked secrets, paths of files, folders, or quoted globs
    #[arg(required = true, value_name = "NAME|PATH")]
    pub names: Vec<String>,
    /// Say what would be removed, and remove nothing
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub publish: Publish,
}

#[derive(Debug, Args)]
pub struct Confirm {
    /// Names of tracked secrets, paths of files, folders, or quoted globs; without any, all that are behind
    #[arg(value_name = "NAME|PATH")]
    pub names: Vec<String>,
    #[command(flatten)]
    pub lifetime: Lifetime,
    /// The expiry that was recorded holds for what stands there now too
    #[arg(long, help_heading = "Expiry", conflicts_with_all = ["expires", "expires_in", "never"])]
    pub keep_expiry: bool,
    /// When the issuer made it
    #[arg(long, value_name = "DATE", help_heading = "Expiry")]
    pub issued: Option<Instant>,
    /// Say what is behind and why, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Do not have the repository's hooks judge the change before it is written
    #[arg(long)]
    pub untested_hooks: bool,
    #[command(flatten)]
    pub publish: Publish,
}
