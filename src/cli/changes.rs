//! What changes the store, and how a change is sealed and published.

use std::path::PathBuf;

use clap::Args;

use crate::domain::key::Fingerprint;
use crate::domain::name::{ActorName, SecretName};
use crate::domain::period::Period;
use crate::domain::policy::DeployRef;
use crate::domain::time::Instant;
use crate::domain::tracked_name::CredentialName;

// How a change is committed and pushed.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Commit")]
pub struct Publish {
    /// Write the files and leave the commit to me
    #[arg(long, conflicts_with = "push")]
    pub no_commit: bool,
    /// Push the commit to the deploy ref; where that takes no direct push, to a branch named secrets/…
    #[arg(long)]
    pub push: bool,
    /// Whoever runs this pushes by themselves, and says so.
    #[arg(skip)]
    pub is_pushed_later: bool,
}

// How a value is sealed.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Sealing")]
pub struct Sealing {
    /// Who I am; without it, whose key one of my identities is
    #[arg(long = "as", value_name = "NAME")]
    pub as_person: Option<ActorName>,
    /// Seal to a key that the secret was not sealed to before; compare it with its holder first
    #[arg(long, value_name = "FINGERPRINT")]
    pub accept_key: Vec<Fingerprint>,
    /// Sign with this key: a private key of ssh, or a public one whose private half is in my agent
    #[arg(long, value_name = "FILE")]
    pub signing_key: Option<PathBuf>,
}

// When it ends. On a terminal it is asked for where none of these is given.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Expiry")]
pub struct Lifetime {
    /// It ends on this date (00:00 UTC) or at this instant
    #[arg(long, value_name = "DATE", conflicts_with_all = ["expires_in", "never"])]
    pub expires: Option<Instant>,
    /// It ends this long after --issued, else after now: 48h, 90d, 2w, 6mo, 1y
    #[arg(long, value_name = "PERIOD", conflicts_with = "never")]
    pub expires_in: Option<Period>,
    /// It does not lapse, and this is why
    #[arg(long, value_name = "REASON")]
    pub never: Option<String>,
}

impl Lifetime {
    pub fn is_said(&self) -> bool {
        self.expires.is_some() || self.expires_in.is_some() || self.never.is_some()
    }
}

// What is noted of a secret, free to edit later.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Record")]
pub struct Notes {
    /// A person or group that answers for it
    #[arg(long = "owner", value_name = "NAME")]
    pub owners: Vec<ActorName>,
    /// Who gives it out
    #[arg(long, value_name = "NAME")]
    pub issuer: Option<String>,
    /// Whom to ask for the next one
    #[arg(long, value_name = "CONTACT", requires = "issuer")]
    pub issuer_contact: Option<String>,
    /// How to get the next one: a path in the repository, or an address
    #[arg(long, value_name = "PATH")]
    pub runbook: Option<String>,
}

#[derive(Debug, Args)]
pub struct Init {
    /// My name in this store
    #[arg(long, value_name = "NAME")]
    pub person: Option<ActorName>,
    /// My public key: age1… or an ssh-ed25519 or ssh-rsa key; several may be given
    #[arg(long = "key", value_name = "RECIPIENT")]
    pub keys: Vec<String>,
    /// The remote branch from which deploys are made, or none
    #[arg(long, value_name = "REMOTE/BRANCH")]
    pub deploy_ref: Option<DeployRef>,
    #[command(flatten)]
    pub publish: Publish,
}

#[derive(Debug, Args)]
pub struct Add {
    pub name: SecretName,
    /// Read the value from this file, bytes exact
    #[arg(long, value_name = "FILE")]
    pub from_file: Option<PathBuf>,
    #[command(flatten)]
    pub lifetime: Lifetime,
    /// When the issuer made it, if not now
    #[arg(long, value_name = "DATE", help_heading = "Expiry")]
    pub issued: Option<Instant>,
    #[command(flatten)]
    pub notes: Notes,
    /// Who reads it, if not the readers that policy names already; written to policy as a scope of its own
    #[arg(long = "reader", value_name = "NAME", help_heading = "Sealing")]
    pub readers: Vec<ActorName>,
    /// Somebody who has seen the value in clear without being a reader
    #[arg(long, value_name = "NAME", help_heading = "Sealing")]
    pub seen_by: Vec<ActorName>,
    #[command(flatten)]
    pub sealing: Sealing,
    #[command(flatten)]
    pub publish: Publish,
}

// What holds for a new value, wherever it comes from.
#[derive(Debug, Args)]
pub struct Renewal {
    #[command(flatten)]
    pub lifetime: Lifetime,
    /// When the issuer made it, if not now
    #[arg(long, value_name = "DATE", help_heading = "Expiry")]
    pub issued: Option<Instant>,
    /// Somebody who has seen the value in clear without being a reader
    #[arg(long, value_name = "NAME", help_heading = "Sealing")]
    pub seen_by: Vec<ActorName>,
    /// Of a tracked secret: do not have the repository's hooks judge the change before it is written
    #[arg(long, help_heading = "Commit")]
    pub untested_hooks: bool,
    #[command(flatten)]
    pub sealing: Sealing,
    #[command(flatten)]
    pub publish: Publish,
}

#[derive(Debug, Args)]
pub struct Set {
    /// Of the store, or of a file that another tool sealed: clusters/a/enc.yaml#/hub/token
    pub name: CredentialName,
    /// Read the value from this file, bytes exact
    #[arg(long, value_name = "FILE")]
    pub from_file: Option<PathBuf>,
    #[command(flatten)]
    pub renewal: Renewal,
}

#[derive(Debug, Args)]
pub struct Move {
    pub old: SecretName,
    pub new: SecretName,
    #[command(flatten)]
    pub sealing: Sealing,
    #[command(flatten)]
    pub publish: Publish,
}

#[derive(Debug, Args)]
pub struct Sign {
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub names: Vec<SecretName>,
    /// Every secret of which policy requires a signature and that has no valid one
    #[arg(long)]
    pub all: bool,
    /// Do not ask: somebody has looked at what is signed
    #[arg(long)]
    pub yes: bool,
    /// Sign with this key: a private key of ssh, or a public one whose private half is in my agent
    #[arg(long, value_name = "FILE", help_heading = "Sealing")]
    pub signing_key: Option<PathBuf>,
    /// Who I am: the signing key must be this person's
    #[arg(long = "as", value_name = "NAME", help_heading = "Sealing")]
    pub as_person: Option<ActorName>,
    #[command(flatten)]
    pub publish: Publish,
}

#[derive(Debug, Args)]
pub struct Remove {
    #[arg(required = true)]
    pub names: Vec<SecretName>,
    /// Also what is in no commit, and would be lost for good, and what a rotation is under way of
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub publish: Publish,
}

#[derive(Debug, Args)]
pub struct Reseal {
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub names: Vec<SecretName>,
    /// Every secret that is not sealed to just the readers and keys that policy names now
    #[arg(long)]
    pub all: bool,
    /// Open each and mend stanzas that are not what the record says; of secrets given by name this is done in any case
    #[arg(long)]
    pub prove: bool,
    /// Say what would be resealed and why, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub sealing: Sealing,
    #[command(flatten)]
    pub publish: Publish,
}
