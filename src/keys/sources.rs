//! Where identities are looked for, in order.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::system::environment::IDENTITY_VARIABLE;

use super::identity::IdentityBytes;

/// The variable that names a file of identities.
pub const IDENTITY_FILE_VARIABLE: &str = "SECRETS_IDENTITY_FILE";

/// A place where identities are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdentitySource {
    /// `--identity FILE`.
    Option(PathBuf),
    /// `SECRETS_IDENTITY`: the key itself.
    Variable,
    /// `SECRETS_IDENTITY_FILE`.
    VariableFile,
    Keyring,
    /// `identities.txt` in the tool's own folder.
    File,
    /// `~/.ssh/id_ed25519`.
    SshKey,
}

impl IdentitySource {
    /// Whether somebody asked for this very one: that it can't be read is then an error, and no reason to go on to
    /// the next.
    pub fn is_explicit(&self) -> bool {
        matches!(self, Self::Option(_) | Self::Variable | Self::VariableFile)
    }
}

impl fmt::Display for IdentitySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option(path) => write!(f, "--identity {}", path.display()),
            Self::Variable => f.pad(IDENTITY_VARIABLE),
            Self::VariableFile => f.pad(IDENTITY_FILE_VARIABLE),
            Self::Keyring => f.pad("OS keyring"),
            Self::File => f.pad(super::file::FILE_NAME),
            Self::SshKey => f.pad("~/.ssh/id_ed25519"),
        }
    }
}

/// The sources that are looked at without asking anybody: a keyring may have to be unlocked.
pub fn without_asking(option: Option<&Path>) -> Vec<IdentitySource> {
    in_order(option).into_iter().filter(|source| *source != IdentitySource::Keyring).collect()
}

/// All sources, in the order in which they are looked at.
pub fn in_order(option: Option<&Path>) -> Vec<IdentitySource> {
    let option = option.map(|path| IdentitySource::Option(path.to_owned()));
    let others = [
        IdentitySource::Variable,
        IdentitySource::VariableFile,
        IdentitySource::Keyring,
        IdentitySource::File,
        IdentitySource::SshKey,
    ];
    option.into_iter().chain(others).collect()
}

/// What a source came to.
pub enum Outcome {
    Found(Vec<IdentityBytes>),
    /// Nothing is there; the text says why.
    Absent(String),
    /// Something is there that must not be used as it is.
    Refused {
        why: String,
        remedy: String,
    },
    Failed {
        why: String,
        remedy: String,
    },
}

/// One source, looked at.
pub struct Probe {
    pub source: IdentitySource,
    pub outcome: Outcome,
    /// What a person should know besides, such as a name in the keyring whose identity is gone.
    pub notes: Vec<String>,
}

impl Probe {
    /// Whether the search must end here with an error.
    pub fn is_fatal(&self) -> bool {
        self.source.is_explicit() && matches!(self.outcome, Outcome::Refused { .. } | Outcome::Failed { .. })
    }
}
