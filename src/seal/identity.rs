//! Identities: the private halves, and what is known of them without unlocking them.

use std::io;

use age::DecryptError;
use age_core::format::{FileKey, Stanza};
use age_core::secrecy::ExposeSecret as _;
use zeroize::Zeroizing;

use super::key_error::KeyError;
use super::locked::Locked;
use super::plugin::PluginError;
use super::prompts::Prompts;
use super::{header, identity_file, public_key, ssh_identity};
use crate::domain::key::{KeyKind, PublicKey};

/// The largest file of identities, in bytes.
pub const MAX_IDENTITY_BYTES: usize = 1024 * 1024;

/// Why identities could not be read or used. `label` is where they came from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    #[error("{0} is larger than {MAX_IDENTITY_BYTES} bytes: it is no file of identities")]
    TooLarge(String),
    #[error("{0} holds no identity: make one with `secrets key new`")]
    Empty(String),
    #[error("{0} is neither text nor an age file: it is no file of identities")]
    NotText(String),
    #[error("{label}: line {line} is no identity: expected `AGE-SECRET-KEY-1…`, `AGE-PLUGIN-…` or a comment")]
    NotAnIdentity { label: String, line: usize },
    #[error("{label}: line {line} is a public key: give the private half of it")]
    PublicHalf { label: String, line: usize },
    #[error("{label}: {what} can't be used as an identity: {remedy}")]
    Unsupported { label: String, what: String, remedy: &'static str },
    #[error("{0} is damaged: restore it from your backup, or make a new key with `secrets key new`")]
    Damaged(String),
    #[error("{0} is encrypted to keys, not with a passphrase: decrypt it with `age -d` first")]
    NotByPassphrase(String),
    #[error(
        "{0} is protected by a passphrase, and there is nobody to ask: run this on a terminal, or give an identity \
         without a passphrase"
    )]
    NobodyToAsk(String),
    #[error("no passphrase was given for {0}")]
    NoPassphrase(String),
    #[error("wrong passphrase for {0}")]
    WrongPassphrase(String),
    #[error(
        "{0} asks for more work than this tool does for a passphrase (2^22): encrypt it anew with `age -p`"
    )]
    TooMuchWork(String),
    #[error("{label}: {error}")]
    Plugin { label: String, error: PluginError },
}

/// What kind of identity it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdentityKind {
    Key(KeyKind),
    /// A file of identities, itself encrypted with a passphrase: nobody can say what is in it.
    PassphraseFile,
}

/// The private half of a key, perhaps still locked. It has no `Debug`.
pub struct Identity {
    label: String,
    kind: IdentityKind,
    half: PrivateHalf,
}

enum PrivateHalf {
    Open { key: Box<dyn age::Identity + Send + Sync>, public: Vec<PublicKey> },
    Locked(Box<Locked>),
}

impl Identity {
    pub(super) fn open(
        label: String,
        kind: KeyKind,
        key: Box<dyn age::Identity + Send + Sync>,
        public: Option<PublicKey>,
    ) -> Self {
        let half = PrivateHalf::Open { key, public: public.into_iter().collect() };
        Self { label, kind: IdentityKind::Key(kind), half }
    }

    pub(super) fn locked(label: String, kind: IdentityKind, locked: Locked) -> Self {
        Self { label, kind, half: PrivateHalf::Locked(Box::new(locked)) }
    }

    /// Where it came from, with the line if there are several there.
    pub fn label(&self) -> &str {
        &self.label
    }

    pub fn kind(&self) -> &IdentityKind {
        &self.kind
    }

    /// The public halves, as far as they are known now: none of a plugin's, and none of an encrypted file's until
    /// it was unlocked.
    pub fn public_keys(&self) -> &[PublicKey] {
        match &self.half {
            PrivateHalf::Open { public, .. } => public,
            PrivateHalf::Locked(locked) => locked.public_keys(),
        }
    }

    /// Whether a passphrase must be asked for before it opens anything.
    pub fn is_locked(&self) -> bool {
        matches!(&self.half, PrivateHalf::Locked(locked) if !locked.is_unlocked())
    }

    /// Asks for the passphrase now, once; nothing to do for others.
    pub fn unlock(&self) -> Result<(), IdentityError> {
        match &self.half {
            PrivateHalf::Open { .. } => Ok(()),
            PrivateHalf::Locked(locked) => locked.unlock().map(|_| ()),
        }
    }

    /// The private halves in it that could open one of the stanzas. Asks for the passphrase if there is one, and if
    /// it is behind it that they are.
    pub(super) fn halves_for(&self, stanzas: &[Stanza]) -> Result<Vec<&Self>, IdentityError> {
        match &self.half {
            PrivateHalf::Open { .. } => Ok(vec![self]),
            PrivateHalf::Locked(locked) => {
                let inner = locked.identities_for(stanzas)?.iter().map(|inner| inner.halves_for(stanzas));
                Ok(inner.collect::<Result<Vec<_>, _>>()?.concat())
            }
        }
    }

    /// The private halves in it that are behind no passphrase any more.
    pub(super) fn unlocked_halves(&self) -> Vec<&Self> {
        match &self.half {
            PrivateHalf::Open { .. } => vec![self],
            PrivateHalf::Locked(locked) => {
                locked.unlocked_identities().iter().flat_map(Self::unlocked_halves).collect()
            }
        }
    }

    /// Those that need somebody's help are tried last: first what asks on a match only, then what always asks.
    pub(super) fn needs_help(&self) -> u8 {
        match (&self.kind, self.is_locked()) {
            (IdentityKind::Key(KeyKind::Plugin(_)), _) => 2,
            (_, false) => 0,
            (IdentityKind::Key(_), true) => 1,
            (IdentityKind::PassphraseFile, true) => 3,
        }
    }
}

impl age::Identity for Identity {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        self.unwrap_stanzas(std::slice::from_ref(stanza))
    }

    fn unwrap_stanzas(&self, stanzas: &[Stanza]) -> Option<Result<FileKey, DecryptError>> {
        match &self.half {
            PrivateHalf::Open { key, .. } => key.unwrap_stanzas(stanzas),
            PrivateHalf::Locked(locked) => locked.unwrap_stanzas(stanzas),
        }
    }
}

/// Carries an error of ours through the crate's, which has no place for others.
pub(super) fn carry(error: IdentityError) -> DecryptError {
    DecryptError::Io(io::Error::other(error))
}

/// Takes out again what [`carry`] put in.
pub(super) fn carried(error: DecryptError) -> Result<IdentityError, DecryptError> {
    if let DecryptError::Io(inner) = error {
        inner.downcast::<IdentityError>().map_err(DecryptError::Io)
    } else {
        Err(error)
    }
}

/// Reads identities in any form that people keep them in: age identity files, such files encrypted with a
/// passphrase (binary or armored), and private keys of ssh. Asks nothing: that is for their first use.
pub fn parse_identities(
    bytes: &[u8],
    label: &str,
    prompts: &Prompts,
) -> Result<Vec<Identity>, IdentityError> {
    if bytes.len() > MAX_IDENTITY_BYTES {
        return Err(IdentityError::TooLarge(label.to_owned()));
    }
    if header::looks_like_age(bytes) {
        return Locked::file(bytes, label, prompts).map(|identity| vec![identity]);
    }
    parse_plain(bytes, label, prompts)
}

/// The same, without encrypted files: what may stand inside of one.
pub(super) fn parse_plain(
    bytes: &[u8],
    label: &str,
    prompts: &Prompts,
) -> Result<Vec<Identity>, IdentityError> {
    let text = std::str::from_utf8(bytes).map_err(|_| IdentityError::NotText(label.to_owned()))?;
    let text = text.trim_start_matches('\u{feff}');
    if text.trim_start().starts_with("-----BEGIN ") {
        return ssh_identity::parse(text.trim(), label, prompts).map(|identity| vec![identity]);
    }
    identity_file::parse(text, label, prompts)
}

/// Makes a new X25519 identity: the line of the identity (without line feed), and its public half.
pub fn generate() -> Result<(Zeroizing<String>, PublicKey), KeyError> {
    let identity = age::x25519::Identity::generate();
    let public = public_key::parse(&identity.to_public().to_string())?;
    Ok((Zeroizing::new(identity.to_string().expose_secret().to_owned()), public))
}

#[cfg(test)]
mod tests;
