//! Sealing a value to its readers, bound to the facts that its record states.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::{self, Write as _};

use age_core::format::FileKey;
use age_core::secrecy::ExposeSecret as _;
use rand::RngCore as _;
use rand::rngs::OsRng;

use super::binding::{self, BindingError};
use super::derivation::{self, DerivationError, SALT_BYTES};
use super::header::{self, Header, HeaderError};
use super::opaque::{self, OpaqueError};
use super::prompts::Prompts;
use crate::domain::digest::Digest;
use crate::domain::json::SortedSet;
use crate::domain::key::{Fingerprint, KeyKind, PublicKey};
use crate::domain::name::ActorName;
use crate::domain::record::{Sealed, SealedKey};
use crate::domain::value::{MAX_VALUE_BYTES, Value};

/// Why a value was not sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    #[error("there is nobody to seal to: name readers in the policy")]
    NoRecipients,
    #[error("`{0}` has no key to seal to: give one in the policy, or take `{0}` off the readers")]
    NoKey(ActorName),
    #[error("the record's readers are not the ones to seal to")]
    ReadersDiffer,
    #[error("the value is larger than 16 MiB: keep it elsewhere, and seal the key to it")]
    TooLarge,
    #[error(
        "the key `{key}` of `{reader}` is {what}, and age can't seal to it: give `{reader}` an age or ssh key too, or take \
         `{reader}` off the readers"
    )]
    NotOfAge { reader: ActorName, key: String, what: &'static str },
    #[error(
        "`{first}` and `{second}` have the same key {fingerprint}: give each a key of their own in the policy"
    )]
    SharedKey { first: ActorName, second: ActorName, fingerprint: Fingerprint },
    #[error("can't seal to the key {fingerprint} of `{reader}`: {source}")]
    Derivation { reader: ActorName, fingerprint: Fingerprint, source: DerivationError },
    #[error("can't seal to the key {fingerprint} of `{reader}`: {source}")]
    Opaque { reader: ActorName, fingerprint: Fingerprint, source: OpaqueError },
    #[error(
        "the key {fingerprint} of `{reader}` must not stand beside the others (its plugin says so): take it off the readers"
    )]
    Incompatible { reader: ActorName, fingerprint: Fingerprint },
    #[error(transparent)]
    Binding(#[from] BindingError),
    #[error("age could not encrypt the value: {0}")]
    Encryption(String),
}

impl From<io::Error> for SealError {
    fn from(error: io::Error) -> Self {
        Self::Encryption(error.to_string())
    }
}

impl From<HeaderError> for SealError {
    fn from(error: HeaderError) -> Self {
        Self::Encryption(error.to_string())
    }
}

/// A value, sealed.
#[derive(Debug, Clone)]
pub struct SealedValue {
    /// The age file.
    pub bytes: Vec<u8>,
    /// The draft, with the keys filled in that the value was sealed to.
    pub sealed: Sealed,
}

/// Seals a value to all keys of all recipients and binds the file to `draft`, whose `keys` are filled in.
///
/// A key that a reader has twice counts once. `prompts` are for plugins.
pub fn seal(
    value: &Value,
    draft: Sealed,
    recipients: &[(ActorName, Vec<PublicKey>)],
    prompts: &Prompts,
) -> Result<SealedValue, SealError> {
    if value.expose().len() > MAX_VALUE_BYTES {
        return Err(SealError::TooLarge);
    }
    let keys = distinct_keys(recipients)?;
    if !draft.readers.iter().eq(keys.iter().map(|(reader, _)| *reader).collect::<BTreeSet<_>>()) {
        return Err(SealError::ReadersDiffer);
    }
    let recipient = FileKeyRecipient::default();
    let encryptor = age::Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient))
        .map_err(|error| SealError::Encryption(error.to_string()))?;
    let file_key = recipient.0.into_inner().ok_or(SealError::NoRecipients)?;
    let mut salt = [0; SALT_BYTES];
    OsRng.fill_bytes(&mut salt);
    let (header, sealed) = seal_header(draft, &keys, &file_key, &salt, prompts)?;
    Ok(SealedValue { bytes: encrypt(value, encryptor, header)?, sealed })
}

/// The crate's way to hand out the file key that it drew. It asks for no stanza, because all of them are made
/// together afterwards: the binding covers the opaque ones.
#[derive(Default)]
struct FileKeyRecipient(OnceCell<FileKey>);

impl age::Recipient for FileKeyRecipient {
    fn wrap_file_key(
        &self,
        file_key: &FileKey,
    ) -> Result<(Vec<age_core::format::Stanza>, HashSet<String>), age::EncryptError> {
        self.0.get_or_init(|| FileKey::init_with_mut(|copy| copy.copy_from_slice(file_key.expose_secret())));
        Ok((Vec::new(), HashSet::new()))
    }
}

/// Every key once, with its reader; refuses what must not be sealed to.
fn distinct_keys(
    recipients: &[(ActorName, Vec<PublicKey>)],
) -> Result<Vec<(&ActorName, &PublicKey)>, SealError> {
    let mut distinct = Vec::new();
    let mut by_fingerprint = BTreeMap::<&Fingerprint, &ActorName>::new();
    let mut by_coordinate = BTreeMap::<&[u8; 32], &ActorName>::new();
    for (reader, keys) in recipients {
        if keys.is_empty() {
            return Err(SealError::NoKey(reader.clone()));
        }
        for key in keys {
            let fingerprint = &key.fingerprint;
            if !key.kind.can_be_sealed_to() {
                let (reader, key, what) = (reader.clone(), key.text.clone(), described(&key.kind));
                return Err(SealError::NotOfAge { reader, key, what });
            }
            // The same private half may come as an age and as an ssh key.
            let same_key = key.montgomery.as_ref().and_then(|u| by_coordinate.insert(u, reader));
            let same_text = by_fingerprint.insert(fingerprint, reader);
            if let Some(other) = same_key.or(same_text).filter(|other| *other != reader) {
                let (first, second) = (other.clone(), reader.clone());
                return Err(SealError::SharedKey { first, second, fingerprint: fingerprint.clone() });
            }
            if same_text.is_none() {
                distinct.push((reader, key));
            }
        }
    }
    if distinct.is_empty() { Err(SealError::NoRecipients) } else { Ok(distinct) }
}

/// What a key is, in words.
fn described(kind: &KeyKind) -> &'static str {
    match kind {
        KeyKind::X25519 | KeyKind::Plugin(_) => "an age key",
        KeyKind::SshEd25519 | KeyKind::SshRsa => "an ssh key",
        KeyKind::Kms => "in a key service",
        KeyKind::Pgp => "an OpenPGP key",
        KeyKind::Opaque => "the name of a password or key of another tool",
    }
}

/// Makes all stanzas, then the binding, which covers the opaque ones, and puts it first.
pub(super) fn seal_header(
    mut sealed: Sealed,
    keys: &[(&ActorName, &PublicKey)],
    file_key: &FileKey,
    salt: &[u8; SALT_BYTES],
    prompts: &Prompts,
) -> Result<(Vec<u8>, Sealed), SealError> {
    let mut stanzas = Vec::new();
    let mut labels: Option<BTreeSet<String>> = None;
    let mut sealed_keys = BTreeMap::<ActorName, SortedSet<SealedKey>>::new();
    for &(reader, key) in keys {
        let (reader, fingerprint) = (reader.clone(), key.fingerprint.clone());
        let made = sealed_keys.entry(reader.clone()).or_default();
        let entry = |stanza| SealedKey { kind: key.kind.clone(), fingerprint: fingerprint.clone(), stanza };
        let required = if key.kind.is_derivable() {
            let derived = derivation::derive_stanza(file_key, salt, key).map_err(|source| {
                SealError::Derivation { reader: reader.clone(), fingerprint: fingerprint.clone(), source }
            })?;
            made.insert(entry(None));
            stanzas.push(derived);
            BTreeSet::new()
        } else {
            let wrapped = opaque::wrap(file_key, key, prompts).map_err(|source| SealError::Opaque {
                reader: reader.clone(),
                fingerprint: fingerprint.clone(),
                source,
            })?;
            made.extend(wrapped.stanzas.iter().map(|stanza| entry(Some(Digest::of(stanza)))));
            stanzas.extend(wrapped.stanzas);
            wrapped.labels
        };
        if *labels.get_or_insert_with(|| required.clone()) != required {
            return Err(SealError::Incompatible { reader, fingerprint });
        }
    }
    sealed.keys = sealed_keys.into_iter().collect();
    let binding = binding::stanza(salt, &binding::digest(&sealed)?);
    let stanzas = std::iter::once(&binding).chain(&stanzas).map(Vec::as_slice);
    Ok((header::write(stanzas, file_key), sealed))
}

/// Encrypts with the crate, and puts our header in the place of its own, which holds nothing but grease. The
/// payload depends on the file key and its nonce only.
fn encrypt(value: &Value, encryptor: age::Encryptor, header: Vec<u8>) -> Result<Vec<u8>, SealError> {
    let plaintext = value.expose();
    let mut bytes = Vec::with_capacity(plaintext.len());
    let mut writer = encryptor.wrap_output(&mut bytes)?;
    writer.write_all(plaintext)?;
    writer.finish()?;
    let own_header = Header::parse(&bytes)?.length;
    bytes.splice(..own_header, header);
    Ok(bytes)
}

#[cfg(test)]
mod tests;
