//! Stanzas that can't be recomputed: ssh-rsa and plugins. Made by age as they are, and known by their digests.

use std::collections::BTreeSet;

use age::Recipient as _;
use age_core::format::{FileKey, Stanza};

use super::plugin::{self, PluginError};
use super::prompts::Prompts;
use super::{binding, stanza};
use crate::domain::key::{KeyKind, PublicKey};

/// Why no stanza could be made for an opaque key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpaqueError {
    #[error("it is a key of another tool, and age can't seal to it")]
    NotOfAge,
    #[error("age can't seal to it")]
    Unusable,
    #[error("{0}")]
    Plugin(#[from] PluginError),
    #[error("the plugin made no stanza, one that can't stand in an age file, or the same one twice")]
    BadStanza,
}

/// What was made for one opaque key.
#[derive(Debug)]
pub struct Wrapped {
    /// As they stand in the header.
    pub stanzas: Vec<Vec<u8>>,
    /// Stanzas may stand only beside others with the same labels.
    pub labels: BTreeSet<String>,
}

pub fn wrap(file_key: &FileKey, key: &PublicKey, prompts: &Prompts) -> Result<Wrapped, OpaqueError> {
    let (stanzas, labels) = match &key.kind {
        KeyKind::SshRsa => {
            let recipient = key.text.parse::<age::ssh::Recipient>().map_err(|_| OpaqueError::Unusable)?;
            recipient.wrap_file_key(file_key).map_err(|_| OpaqueError::Unusable)?
        }
        KeyKind::Plugin(name) => plugin::wrap(file_key, name, &key.text, prompts)?,
        KeyKind::Kms | KeyKind::Pgp | KeyKind::Opaque => return Err(OpaqueError::NotOfAge),
        KeyKind::X25519 | KeyKind::SshEd25519 => return Err(OpaqueError::Unusable),
    };
    let encoded = stanzas.iter().map(encode).collect::<Result<BTreeSet<_>, _>>()?;
    if encoded.is_empty() || encoded.len() != stanzas.len() {
        return Err(OpaqueError::BadStanza);
    }
    Ok(Wrapped { stanzas: encoded.into_iter().collect(), labels: labels.into_iter().collect() })
}

fn encode(made: &Stanza) -> Result<Vec<u8>, OpaqueError> {
    let words_fit = std::iter::once(&made.tag).chain(&made.args).all(age_core::format::is_arbitrary_string);
    // A passphrase stands alone in a file, and the binding is ours to write.
    let is_reserved = made.tag == "scrypt" || made.tag == binding::STANZA_TYPE;
    if words_fit && !is_reserved {
        Ok(stanza::encode(&made.tag, &made.args, &made.body))
    } else {
        Err(OpaqueError::BadStanza)
    }
}
