//! D, the digest that binds a sealed file to the `sealed` part of its record, and the stanza that carries it.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::derivation::SALT_BYTES;
use super::{NAMESPACE, stanza};
use crate::domain::digest::Digest;
use crate::domain::record::Sealed;

/// The type of the binding stanza.
pub(super) const STANZA_TYPE: &str = "secrets-cli/binding";
/// Its first argument.
pub(super) const STANZA_VERSION: &str = "v1";

/// A `sealed` object without a canonical form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the record's `sealed` object can't be brought into canonical JSON: {0}")]
pub struct BindingError(String);

/// D = SHA-256(`NS/sealed/v1` ‖ 0x00 ‖ JCS(sealed)), with JCS as in RFC 8785.
pub fn digest(sealed: &Sealed) -> Result<Digest, BindingError> {
    let canonical =
        serde_json_canonicalizer::to_vec(sealed).map_err(|error| BindingError(error.to_string()))?;
    let mut hash = Sha256::new();
    hash.update(NAMESPACE.as_bytes());
    hash.update(b"/sealed/v1\0");
    hash.update(&canonical);
    Ok(Digest::from_bytes(hash.finalize().into()))
}

/// The binding stanza, as it stands first in the header.
pub(super) fn stanza(salt: &[u8; SALT_BYTES], digest: &Digest) -> Vec<u8> {
    let salt = BASE64_STANDARD_NO_PAD.encode(salt);
    stanza::encode(STANZA_TYPE, &[STANZA_VERSION, &salt], digest.as_bytes())
}
