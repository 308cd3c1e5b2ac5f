//! What brings values in from other programs, and hands them to other programs.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};

use super::{Lifetime, Notes, Publish, Sealing};
use crate::domain::glob::Glob;
use crate::domain::name::{ActorName, SecretName};
use crate::domain::time::Instant;
use crate::domain::tracked_name::CredentialName;
use crate::domain::variable::{Assignment, VariableName};

/// What values are read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ImportFormat {
    /// Lines of KEY=value; no variable is expanded
    Dotenv,
    /// An object; objects in it are followed, lists refused
    Json,
    /// The same in YAML: one document, no aliases, scalars as they are written
    Yaml,
    /// The store of `pass`, opened by your own gpg
    Pass,
    /// The store of `passage`, opened by your identities
    Passage,
}

/// `KEY=NAME`.
#[derive(Debug, Clone)]
pub struct Renaming {
    pub key: String,
    pub name: SecretName,
}

impl FromStr for Renaming {
    type Err = String;

    /// No name of a secret has a `=`, and many a key does.
    fn from_str(text: &str) -> Result<Self, String> {
        let (key, name) = text.rsplit_once('=').ok_or("it is not of the form KEY=NAME")?;
        let name = name.parse().map_err(|error: crate::domain::name::NameError| error.to_string())?;
        Ok(Self { key: key.to_owned(), name })
    }
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Import {
    /// A file, `-` for standard input, or the folder of a store; pass and passage have one by custom
    #[arg(value_name = "FILE|DIR", required_unless_present = "from")]
    pub source: Option<PathBuf>,
    /// What it is written in, where name and content do not tell
    #[arg(long, value_enum)]
    pub from: Option<ImportFormat>,
    /// Put before every name: `web/prod` makes `web/prod/DB_PASSWORD` of `DB_PASSWORD`
    #[arg(long, value_name = "NAME")]
    pub prefix: Option<SecretName>,
    /// The whole name for one key
    #[arg(long = "name", value_name = "KEY=NAME")]
    pub names: Vec<Renaming>,
    /// Only keys that fit; nested ones are written with `/`
    #[arg(long, value_name = "GLOB")]
    pub only: Vec<Glob>,
    /// Not the keys that fit
    #[arg(long, value_name = "GLOB")]
    pub except: Vec<Glob>,
    /// Of each file of pass or passage only the first line, the password by custom; without it, the file as a whole, but
    /// for the line end of one that is a single line
    #[arg(long)]
    pub first_line: bool,
    /// Where a name is there already, seal a new version, as `secrets set` does; equal values stay as they are
    #[arg(long)]
    pub replace: bool,
    /// Say what would come in under which name, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub lifetime: Lifetime,
    /// Bring in what nobody has said an end of; `secrets check` blocks until it is said
    #[arg(long, help_heading = "Expiry", conflicts_with_all = ["expires", "expires_in", "never"])]
    pub without_expiry: bool,
    /// When the issuer made them, if not now
    #[arg(long, value_name = "DATE", help_heading = "Expiry")]
    pub issued: Option<Instant>,
    #[command(flatten)]
    pub notes: Notes,
    /// Who reads new ones, if not the readers that policy names already; written to policy as a scope for each
    #[arg(long = "reader", value_name = "NAME", help_heading = "Sealing")]
    pub readers: Vec<ActorName>,
    /// Somebody who has seen the values in clear without being a reader
    #[arg(long, value_name = "NAME", help_heading = "Sealing")]
    pub seen_by: Vec<ActorName>,
    #[command(flatten)]
    pub sealing: Sealing,
    #[command(flatten)]
    pub publish: Publish,
}

/// What values are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// NAME=value, quoted where it must be
    Dotenv,
    /// One flat object, keys are the names of the secrets
    Json,
    /// The same in YAML
    Yaml,
    /// A manifest of a Kubernetes Secret
    K8sSecret,
    /// Into the file that `GITHUB_ENV` names, with masks for the log on standard output
    GithubEnv,
    /// export NAME='value', for eval
    Shell,
}

/// `KEY=secret`.
#[derive(Debug, Clone)]
pub struct Keyed {
    pub key: String,
    pub secret: CredentialName,
}

impl FromStr for Keyed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, secret) = text.split_once('=').ok_or("it is not of the form KEY=secret")?;
        if key.is_empty() {
            return Err("the key is empty".to_owned());
        }
        let secret = secret.parse().map_err(|error: <CredentialName as FromStr>::Err| error.to_string())?;
        Ok(Self { key: key.to_owned(), secret })
    }
}

#[derive(Debug, Args)]
pub struct Export {
    #[arg(required_unless_present_any = ["scope", "env", "keys"])]
    pub names: Vec<CredentialName>,
    /// Every secret whose name fits, and of those that other tools have sealed also by the path of the file
    #[arg(long, value_name = "GLOB")]
    pub scope: Vec<Glob>,
    #[arg(long, value_enum)]
    pub format: ExportFormat,
    /// This variable for that secret; for dotenv, github-env and shell
    #[arg(long, value_name = "NAME=SECRET")]
    pub env: Vec<Assignment>,
    /// Put before every variable that is named by rule
    #[arg(long, value_name = "VARIABLE")]
    pub prefix: Option<VariableName>,
    /// This key for that secret; for json, yaml and k8s-secret
    #[arg(long = "key", value_name = "KEY=SECRET")]
    pub keys: Vec<Keyed>,
    /// Leave this folder out of every name
    #[arg(long, value_name = "FOLDER")]
    pub strip: Option<SecretName>,
    /// The name of the Secret, for k8s-secret
    #[arg(long, value_name = "NAME", required_if_eq("format", "k8s-secret"))]
    pub name: Option<String>,
    /// Its namespace
    #[arg(long, value_name = "NAME")]
    pub namespace: Option<String>,
}
