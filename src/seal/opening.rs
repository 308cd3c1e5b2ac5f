//! Opening a sealed value, or any other age file.

use age_core::format::{FileKey, Stanza};

use super::header::HeaderError;
use super::identity::{Identity, IdentityError, carried};
use super::payload::{self, PayloadError};
use crate::domain::value::{MAX_VALUE_BYTES, Value};

/// Why a value was not opened. The caller names the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    #[error(
        "there is no identity to open it with: make one with `secrets key new`, or name one with --identity"
    )]
    NoIdentity,
    #[error("none of your identities opens it: ask one of its readers to add your key and reseal it")]
    NotForYou,
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error(transparent)]
    Header(#[from] HeaderError),
    #[error("its bytes were changed or cut: {0}; restore it from git")]
    Corrupted(&'static str),
    #[error("it holds more than {MAX_VALUE_BYTES} bytes: open it with `age -d`")]
    TooLarge,
}

/// Decrypts an age file, our own or a foreign one, binary or armored.
///
/// Identities that need nobody's help are tried first. One that fails hides none that fits.
pub fn open(bytes: &[u8], identities: &[Identity]) -> Result<Value, OpenError> {
    if identities.is_empty() {
        return Err(OpenError::NoIdentity);
    }
    let binary = payload::dearmor(bytes)?;
    let mut ordered = identities.iter().collect::<Vec<_>>();
    ordered.sort_by_key(|identity| identity.needs_help());
    let mut plaintext = payload::decrypt(&binary, &AnyOf(&ordered), MAX_VALUE_BYTES)?;
    Ok(Value::new(std::mem::take(&mut *plaintext)))
}

impl From<PayloadError> for OpenError {
    fn from(error: PayloadError) -> Self {
        use age::DecryptError;

        let error = match error {
            PayloadError::Header(error) => return error.into(),
            PayloadError::TooLarge => return Self::TooLarge,
            PayloadError::Age(error) => error,
        };
        match carried(error) {
            Ok(identity) => identity.into(),
            Err(DecryptError::NoMatchingKeys) => Self::NotForYou,
            Err(DecryptError::InvalidMac) => Self::Corrupted("the header does not fit its MAC"),
            Err(DecryptError::Io(_)) => Self::Corrupted("the payload does not decrypt to its end"),
            Err(DecryptError::DecryptionFailed) => {
                Self::Corrupted("a stanza that names your key does not decrypt")
            }
            Err(_) => Self::Corrupted("a stanza in its header is malformed"),
        }
    }
}

/// Takes the first identity that fits, and reports a failure only if none does. (The crate by itself stops at the
/// first failure.)
struct AnyOf<'a>(&'a [&'a Identity]);

impl age::Identity for AnyOf<'_> {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, age::DecryptError>> {
        self.unwrap_stanzas(std::slice::from_ref(stanza))
    }

    fn unwrap_stanzas(&self, stanzas: &[Stanza]) -> Option<Result<FileKey, age::DecryptError>> {
        let mut failure = None;
        for identity in self.0 {
            match identity.unwrap_stanzas(stanzas) {
                Some(Ok(file_key)) => return Some(Ok(file_key)),
                Some(Err(error)) => failure = failure.or(Some(Err(error))),
                None => {}
            }
        }
        failure
    }
}

#[cfg(test)]
mod tests;
