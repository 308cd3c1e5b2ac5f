//! Stanzas whose ephemeral secret is derived from the file key, so that whoever knows the file key can recompute
//! them and compare byte by byte: that is what proves custody.
//!
//! age's advice is to draw each ephemeral secret at random. Here it is HKDF of the file key, which is itself
//! fresh and random for every file, with a public salt: the Fujisaki-Okamoto idea. Nobody who lacks the file key
//! can tell the difference.

use age_core::format::FileKey;
use age_core::primitives::{aead_encrypt, hkdf};
use age_core::secrecy::ExposeSecret as _;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use x25519_dalek::{PublicKey as Point, StaticSecret};
use zeroize::Zeroizing;

use super::{NAMESPACE, stanza};
use crate::domain::key::{KeyKind, PublicKey};

/// Of the salt S, in bytes.
pub const SALT_BYTES: usize = 32;

const X25519: &str = "X25519";
const X25519_LABEL: &[u8] = b"age-encryption.org/v1/X25519";
const SSH_ED25519: &str = "ssh-ed25519";
const SSH_ED25519_LABEL: &[u8] = b"age-encryption.org/v1/ssh-ed25519";

/// Why no stanza could be derived for a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DerivationError {
    #[error("stanzas for keys of this type can't be derived")]
    NotDerivable,
    #[error("its shared secret is zero: anybody could open what is sealed to it")]
    ZeroSharedSecret,
}

/// The seed of one stanza: the ephemeral secret before clamping.
///
/// `kind` is the stanza's type, `recipient` the 32 bytes of an X25519 key or the wire encoding of an ssh one.
pub fn seed(
    namespace: &str,
    file_key: &FileKey,
    salt: &[u8; SALT_BYTES],
    kind: &str,
    recipient: &[u8],
) -> Result<Zeroizing<[u8; 32]>, DerivationError> {
    let kind_length = u8::try_from(kind.len()).map_err(|_| DerivationError::NotDerivable)?;
    let recipient_length = u16::try_from(recipient.len()).map_err(|_| DerivationError::NotDerivable)?;
    let mut info = format!("{namespace}/v1/stanza-seed").into_bytes();
    info.push(0);
    info.push(kind_length);
    info.extend_from_slice(kind.as_bytes());
    info.extend_from_slice(&recipient_length.to_be_bytes());
    info.extend_from_slice(recipient);
    Ok(Zeroizing::new(hkdf(salt, &info, file_key.expose_secret())))
}

/// Wraps the file key for an X25519 or ssh-ed25519 key, always in the same way, and returns the stanza as it
/// stands in the header.
pub fn derive_stanza(
    file_key: &FileKey,
    salt: &[u8; SALT_BYTES],
    key: &PublicKey,
) -> Result<Vec<u8>, DerivationError> {
    let kind = match key.kind {
        KeyKind::X25519 => X25519,
        KeyKind::SshEd25519 => SSH_ED25519,
        KeyKind::SshRsa | KeyKind::Plugin(_) | KeyKind::Kms | KeyKind::Pgp | KeyKind::Opaque => {
            return Err(DerivationError::NotDerivable);
        }
    };
    let u = key.montgomery.ok_or(DerivationError::NotDerivable)?;
    let ephemeral = StaticSecret::from(*seed(NAMESPACE, file_key, salt, kind, &key.recipient_bytes)?);
    let share = Point::from(&ephemeral);
    let direct = Zeroizing::new(shared_secret(&ephemeral, u)?);
    let encoded_share = BASE64_STANDARD_NO_PAD.encode(share.as_bytes());
    let encrypt = |label: &[u8], shared: &[u8; 32]| {
        let share_and_key = [*share.as_bytes(), u].concat();
        aead_encrypt(&Zeroizing::new(hkdf(&share_and_key, label, shared)), file_key.expose_secret())
    };
    if kind == X25519 {
        return Ok(stanza::encode(kind, &[encoded_share], &encrypt(X25519_LABEL, &direct)));
    }
    // Binds the shared secret to the ssh key that it is meant for.
    let tweak = StaticSecret::from(hkdf(&key.recipient_bytes, SSH_ED25519_LABEL, &[]));
    let tweaked = Zeroizing::new(shared_secret(&tweak, *direct)?);
    let tag = key.fingerprint.ssh_tag().ok_or(DerivationError::NotDerivable)?;
    Ok(stanza::encode(kind, &[tag, encoded_share], &encrypt(SSH_ED25519_LABEL, &tweaked)))
}

fn shared_secret(secret: &StaticSecret, point: [u8; 32]) -> Result<[u8; 32], DerivationError> {
    let shared = secret.diffie_hellman(&Point::from(point));
    if shared.was_contributory() { Ok(*shared.as_bytes()) } else { Err(DerivationError::ZeroSharedSecret) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::samples::age_key;

    /// Such keys never come out of `public_key::parse`; this is the second lock on the same door.
    #[test]
    fn a_zero_shared_secret_is_refused() {
        let file_key = FileKey::new(Box::new([7; 16]));
        let (_, honest) = age_key();
        for kind in [KeyKind::X25519, KeyKind::SshEd25519] {
            let key = |u| PublicKey { kind: kind.clone(), montgomery: Some(u), ..honest.clone() };
            let mut one = [0; 32];
            one[0] = 1;
            for u in [[0; 32], one] {
                let error = derive_stanza(&file_key, &[1; 32], &key(u));
                assert_eq!(error, Err(DerivationError::ZeroSharedSecret));
            }
        }
        let opaque = PublicKey { kind: KeyKind::SshRsa, ..honest };
        assert_eq!(derive_stanza(&file_key, &[1; 32], &opaque), Err(DerivationError::NotDerivable));
    }
}
