//! What runs on a schedule: warnings, what they remember, metrics.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Output;
use crate::domain::glob::Glob;
use crate::domain::policy::DeployRef;

#[derive(Debug, Args)]
pub struct Warn {
    /// Print who would be told what, and tell nobody
    #[arg(long)]
    pub dry_run: bool,
    /// Remember in FILE what was told, instead of in the remote
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// The remote branch that is deployed, where the remote's default branch does not say so
    ///
    /// Commands of policy are run, and credentials sent to its addresses, as the policy on that branch has them.
    #[arg(long, value_name = "REMOTE/BRANCH")]
    pub deploy_ref: Option<DeployRef>,
    /// How long each channel may take, in seconds, attempts and pauses together
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub timeout: u64,
    #[command(flatten)]
    pub output: Output,
}

/// Metrics for Prometheus (`OpenMetrics` 1.0): when each secret ends, findings, people, the last run of `warn`
///
/// For an organisation that alerts through the Prometheus and Alertmanager that it has. It measures what stands in this
/// clone, as `secrets check` judges it, and itself judges nothing. No value is in it; names of secrets and owners are.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 everything measured; 2 something was not: it is said, counts in
secrets_unchecked, and the rest is written or pushed all the same.

Examples:
  secrets metrics
  secrets metrics --output secrets.prom            for the textfile collector
  secrets metrics --push https://pushgateway.example.org")]
pub struct Metrics {
    /// Only secrets whose name fits
    #[arg(long, value_name = "GLOB")]
    pub scope: Vec<Glob>,
    /// Write them into FILE, whole or not at all and for everybody to read: for the textfile collector of `node_exporter`
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Push them to a Pushgateway, such as <https://pushgateway.example.org>; `SECRETS_PUSH_AUTHORIZATION` goes along
    #[arg(long, value_name = "URL", conflicts_with = "output")]
    pub push: Option<String>,
    /// Do not ask the remote; what depends on it counts as unchecked
    #[arg(long)]
    pub offline: bool,
    /// How long the Pushgateway, and the remote for its ledger, may each take, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub timeout: u64,
    /// The last run of `secrets warn` is read from FILE, instead of from the remote
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Ledger {
    /// What was told to whom, what is open, and when the job last ran
    #[command(after_help = "\
Examples:
  secrets ledger show
  secrets ledger show --format json")]
    Show(LedgerShow),
    /// Take lines that can't be read out of the ledger; git keeps them in its history
    #[command(after_help = "\
Examples:
  secrets ledger mend")]
    Mend(LedgerMend),
}

#[derive(Debug, Args)]
pub struct LedgerShow {
    /// Read FILE instead of the remote's ledger
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
pub struct LedgerMend {
    /// Mend FILE instead of the remote's ledger
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
}
