//! What says when secrets end while their values stay.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Lifetime, Publish, Sealing};
use crate::domain::glob::Glob;
use crate::domain::name::ActorName;
use crate::domain::time::Instant;
use crate::domain::tracked_name::CredentialName;

#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Expiry {
    /// Same value, other expiry
    ///
    /// A secret of the store is sealed again, which needs an identity. Of what another tool has sealed the record beside
    /// its file changes, and no identity is needed. All of it is one commit.
    #[command(after_help = "\
Examples:
  secrets expiry set ci/token --expires 2027-08-31 --reason 'the vendor extended it, ticket 812'
  secrets expiry set 'clusters/a/enc-prod.yaml#/hub/token' --expires 2027-08-31 --issued 2026-08-30
  secrets expiry set --scope '**/enc-*.yaml#/**/cookie_secret' --never 'made by us'
  secrets expiry set --scope 'clusters/a/**' --owner infra")]
    Set(ExpirySet),
    /// Take over dates, owners and issuers from a table
    ///
    /// CSV with a header row, or JSON: an array of objects, or what `secrets list --format json` prints, once it is
    /// filled in. Every fault is told with its line, and where there is one nothing is written.
    #[command(after_help = "\
Columns, in any order; only `name` must be there:
  name      as `secrets list` prints it
  expires   2027-08-31, an instant, or `never: WHY`
  never     why it does not lapse
  reason    why a recorded end changes although the value does not
  issued    when the issuer made it
  owners    several are separated by `;` (in JSON an array will do); `owner` is the same
  issuer    who gives it out
  runbook   how to get the next one
An empty cell leaves what is there as it is. In JSON version, days_left, people,
state and level are passed over, because the list has them.

Examples:
  secrets list --without-expiry --format json > triage.json
  secrets expiry import triage.json --dry-run
  secrets expiry import triage.json
  printf 'name,expires\\nci/token,2027-08-31\\n' | secrets expiry import -")]
    Import(ExpiryImport),
}

#[derive(Debug, Args)]
pub struct ExpirySet {
    #[arg(required_unless_present = "scope")]
    pub names: Vec<CredentialName>,
    /// Every secret whose name fits, and of those that other tools have sealed also by the path of the file
    #[arg(long, value_name = "GLOB")]
    pub scope: Vec<Glob>,
    #[command(flatten)]
    pub lifetime: Lifetime,
    /// Why a recorded end changes although the value does not
    #[arg(long, value_name = "WHY", help_heading = "Expiry")]
    pub reason: Option<String>,
    /// When the issuer made it
    #[arg(long, value_name = "DATE", help_heading = "Expiry")]
    pub issued: Option<Instant>,
    /// A person or group that answers for it, instead of those who do
    #[arg(long = "owner", value_name = "NAME", help_heading = "Record")]
    pub owners: Vec<ActorName>,
    #[command(flatten)]
    pub sealing: Sealing,
    /// Do not have the repository's hooks judge the change before it is written
    #[arg(long, help_heading = "Commit")]
    pub untested_hooks: bool,
    #[command(flatten)]
    pub publish: Publish,
}

#[derive(Debug, Args)]
pub struct ExpiryImport {
    /// The table; `-` is standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Say what would change, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub sealing: Sealing,
    /// Do not have the repository's hooks judge the change before it is written
    #[arg(long, help_heading = "Commit")]
    pub untested_hooks: bool,
    #[command(flatten)]
    pub publish: Publish,
}
