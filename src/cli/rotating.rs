//! Rotation: the command itself, and what it is told to use.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Lifetime, Output, Publish, Sealing};
use crate::domain::name::SecretName;
use crate::domain::policy::DeployRef;

/// Replace a credential by a new one, step by step; the same command goes on where the last run stopped
///
/// planned → minted → sealed → pushed → verified → retired. The rotator of the secret (`secrets rotator set`) makes the new
/// value, and its provider or its probe (`secrets probe set`) tells whether it works; only then, and behind the overlap,
/// --retire ends the old one. Whatever ends a run, nothing that was minted is lost or left behind: the next run asks the
/// provider. This renews the credential itself. To encrypt the same value again, which other tools call rotating, use
/// `secrets reseal`.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 every step that could be taken was taken, even where the next one
waits for a deploy, the overlap or a person; 2 a step failed: nothing is lost,
run the same command again.

Examples:
  secrets rotate web/prod/api --dry-run      what would be done, and what is under way
  secrets rotate web/prod/api --push
  secrets rotate web/prod/api --retire --push     once the overlap is over
  secrets rotate web/prod/api --abort --push      back to the old value
  secrets rotate --due --retire --push       the scheduled job")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line by itself")]
pub struct Rotate {
    #[arg(required_unless_present = "due", conflicts_with = "due")]
    pub names: Vec<SecretName>,
    /// All that are inside their first tier, older than `rotate-every`, or half-way through, and need no person
    #[arg(long)]
    pub due: bool,
    /// Revoke the old value, once the new one is verified and the overlap is over
    #[arg(long, conflicts_with = "abort")]
    pub retire: bool,
    /// Undo what can be undone: revoke what was minted, and seal the old value again
    #[arg(long)]
    pub abort: bool,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Where nothing can try the new value: I have seen it work, and this is how
    #[arg(long, value_name = "REASON", conflicts_with_all = ["due", "abort"])]
    pub vouch: Option<String>,
    /// The old value is revoked at its issuer already: I have done it, or seen it done
    #[arg(long, requires = "retire", conflicts_with = "due")]
    pub revoked_by_hand: bool,
    /// Of a secret that is rotated by hand: read the new value from this file, bytes exact
    #[arg(long, value_name = "FILE", conflicts_with = "due")]
    pub from_file: Option<PathBuf>,
    /// The remote branch that is deployed, where the remote's default branch does not say so
    ///
    /// What is run, and where credentials are sent, is what the record on that branch says.
    #[arg(long, value_name = "REMOTE/BRANCH")]
    pub deploy_ref: Option<DeployRef>,
    /// How long the provider and the probe may take together, in seconds, with all attempts and pauses
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub timeout: u64,
    #[command(flatten)]
    pub lifetime: Lifetime,
    #[command(flatten)]
    pub sealing: Sealing,
    /// Push each step to the deploy ref; where that takes no direct push, to a branch named secrets/…
    #[arg(long, help_heading = "Commit")]
    pub push: bool,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Rotator {
    /// Say what makes the next version: the secret is sealed again with it
    #[command(after_help = "\
Kinds: generate, entra-app-password, aws-iam-access-key, gitlab-token, exec, manual.
Their settings are in docs/guides/rotation.md. A credential is never a setting
itself: write env:VARIABLE or secret:NAME.

Examples:
  secrets rotator set web/prod/cookie-key generate length=48 lifetime=90d
  secrets rotator set web/prod/ci gitlab-token project=web/site token=secret:ops/gitlab scopes=api
  secrets rotator set web/prod/s3 aws-iam-access-key user=backup credentials=secret:ops/iam
  secrets rotator set legacy/ftp manual lifetime=1y")]
    Set(RunnerSet),
    /// From now on nothing makes it
    Remove(RunnerRemove),
}

#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Probe {
    /// Say what tells whether a version works: the secret is sealed again with it
    #[command(after_help = "\
Kinds: oauth2-client-credentials, http, tls, exec. Their settings are in
docs/guides/rotation.md.

Examples:
  secrets probe set web/prod/api http url=https://api.example.org/health status=200
  secrets probe set web/sso oauth2-client-credentials token-url=https://id.example/token client-id=w
  secrets probe set web/prod/tls tls host=www.example.org")]
    Set(RunnerSet),
    /// From now on nothing tells
    Remove(RunnerRemove),
    /// Try the value that stands here, as `secrets rotate` would
    #[command(after_help = "\
Exit codes: 0 it works; 2 it was refused, or could not be tried.

Example:
  secrets probe run web/prod/api")]
    Run(ProbeRun),
}

#[derive(Debug, Args)]
pub struct RunnerSet {
    pub name: SecretName,
    pub kind: String,
    /// A setting of it
    #[arg(value_name = "KEY=VALUE")]
    pub settings: Vec<String>,
    #[command(flatten)]
    pub sealing: Sealing,
    #[command(flatten)]
    pub publish: Publish,
}

#[derive(Debug, Args)]
pub struct RunnerRemove {
    pub name: SecretName,
    #[command(flatten)]
    pub sealing: Sealing,
    #[command(flatten)]
    pub publish: Publish,
}

#[derive(Debug, Args)]
pub struct ProbeRun {
    #[arg(required = true)]
    pub names: Vec<SecretName>,
    /// The remote branch that is deployed, where the remote's default branch does not say so
    #[arg(long, value_name = "REMOTE/BRANCH")]
    pub deploy_ref: Option<DeployRef>,
    /// How long it may take, in seconds, with all attempts and pauses
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub timeout: u64,
}
