//! Signatures over a record and its value, in the form of `ssh-keygen -Y sign` (OpenSSH's PROTOCOL.sshsig).
//!
//! age does not say who sealed: whoever knows the readers' public keys can make a new pair of record and value. A
//! signature says who stands for it. Making one is the business of [`super::signer`].

use ssh_key::public::KeyData;
use ssh_key::{Algorithm, EcdsaCurve, LineEnding, PublicKey, SshSig};

use super::NAMESPACE;
use super::curve::{self, CurveError};
use super::key_error::MAX_KEY_BYTES;
use crate::domain::digest::Digest;
use crate::domain::key::{Fingerprint, SigningKey};
use crate::domain::text::visible;

/// The namespace of the signatures: one that was made for anything else (a commit, a mail) is none of a record.
pub const SIGNATURE_NAMESPACE: &str = "record@secrets-cli";

/// The longest signature that is looked at, in bytes. One by a key of 4096 bits has 1600.
pub const MAX_SIGNATURE_BYTES: usize = 8 * 1024;

const MIN_RSA_BITS: usize = 2048;
/// What the verifying crate takes.
const MAX_RSA_BITS: usize = 4096;

/// Why a text is no key to sign with. The text itself is in no message: it might be a private key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SigningKeyError {
    #[error("the signing key is longer than {MAX_KEY_BYTES} bytes: no public key is")]
    TooLong,
    #[error(
        "this is a private key: take it out at once, replace it if others could have seen it, and give the line of its \
         `.pub` file"
    )]
    Private,
    #[error(
        "this is no signing key: give the line of an ssh `.pub` file, such as `ssh-ed25519 AAAA… alice@laptop`"
    )]
    Unrecognized,
    #[error("the signing key is damaged: copy the whole line of the `.pub` file")]
    Malformed,
    #[error(
        "records can't be signed with ssh keys of type `{0}`: use ssh-ed25519, ecdsa-sha2-nistp256, \
         ecdsa-sha2-nistp384, ssh-rsa, or one of the first two on a security key"
    )]
    Unsupported(String),
    #[error("the ssh-rsa key has {0} bits: sign with one of 2048 to 4096 bits, or an ssh-ed25519 key")]
    RsaBits(usize),
    #[error("the ssh-rsa key has an exponent that makes it worthless: use an ssh-ed25519 key")]
    RsaExponent,
    #[error("the signing key is worthless: {0}; ask its owner for a new one")]
    Curve(#[from] CurveError),
}

/// Reads a key that records are signed with: the line of a `.pub` file.
pub fn parse_key(text: &str) -> Result<SigningKey, SigningKeyError> {
    if text.len() > MAX_KEY_BYTES {
        return Err(SigningKeyError::TooLong);
    }
    let upper = text.to_ascii_uppercase();
    if upper.contains("AGE-SECRET-KEY-") || upper.contains("PRIVATE KEY-----") {
        return Err(SigningKeyError::Private);
    }
    let text = text.trim();
    if text.chars().any(|c| c.is_control() && c != '\t') {
        return Err(SigningKeyError::Unrecognized);
    }
    let (kind, rest) = text.split_once([' ', '\t']).ok_or(SigningKeyError::Unrecognized)?;
    if !["ssh-", "ecdsa-", "sk-"].iter().any(|prefix| kind.starts_with(prefix)) {
        return Err(SigningKeyError::Unrecognized);
    }
    let rest = rest.trim_start();
    let (encoded, comment) = rest.split_once([' ', '\t']).unwrap_or((rest, ""));
    let comment = Some(comment.trim()).filter(|comment| !comment.is_empty()).map(str::to_owned);
    let line = format!("{kind} {encoded}");
    let key = PublicKey::from_openssh(&line).map_err(|_| unread(kind))?;
    check(key.key_data())?;
    describe(&key, comment).ok_or(SigningKeyError::Malformed)
}

/// A type that the crate can't read is told apart from a line that is damaged.
fn unread(kind: &str) -> SigningKeyError {
    let known = ["ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384"];
    let on_security_keys = ["sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"];
    if known.contains(&kind) || on_security_keys.contains(&kind) {
        SigningKeyError::Malformed
    } else {
        SigningKeyError::Unsupported(visible(kind).into_owned())
    }
}

/// The key in the domain's own words; `None` where it has no wire form.
pub(super) fn describe(key: &PublicKey, comment: Option<String>) -> Option<SigningKey> {
    let bare = PublicKey::new(key.key_data().clone(), "");
    Some(SigningKey {
        text: bare.to_openssh().ok()?,
        comment,
        fingerprint: Fingerprint::of(&bare.to_bytes().ok()?),
    })
}

fn check(key: &KeyData) -> Result<(), SigningKeyError> {
    match key {
        KeyData::Ed25519(key) => Ok(curve::check_ed25519(&key.0).map(drop)?),
        KeyData::SkEd25519(key) => Ok(curve::check_ed25519(&key.public_key().0).map(drop)?),
        KeyData::SkEcdsaSha2NistP256(_) => Ok(()),
        KeyData::Ecdsa(key) if matches!(key.curve(), EcdsaCurve::NistP256 | EcdsaCurve::NistP384) => Ok(()),
        KeyData::Rsa(key) => {
            let length = bits(key.n.as_positive_bytes().unwrap_or_default());
            let exponent = key.e.as_positive_bytes().unwrap_or_default();
            if !(MIN_RSA_BITS..=MAX_RSA_BITS).contains(&length) {
                Err(SigningKeyError::RsaBits(length))
            } else if bits(exponent) < 2 || exponent.last().is_none_or(|byte| byte % 2 == 0) {
                // With 1 as its exponent, anybody could sign.
                Err(SigningKeyError::RsaExponent)
            } else {
                Ok(())
            }
        }
        KeyData::Ecdsa(_) | KeyData::Dsa(_) | KeyData::Other(_) | _ => {
            Err(SigningKeyError::Unsupported(visible(key.algorithm().as_str()).into_owned()))
        }
    }
}

/// The length of a big-endian number without leading zeros.
fn bits(number: &[u8]) -> usize {
    let mut digits = number.iter().skip_while(|byte| **byte == 0);
    let first = digits.next().map_or(0, |byte| 8 - byte.leading_zeros() as usize);
    first + 8 * digits.count()
}

/// What is signed: `NS/record/v1`, D and the digest of the sealed file in hexadecimal, each with a line feed.
pub fn message(binding: &Digest, file: &Digest) -> Vec<u8> {
    let hex = |digest: &Digest| digest.to_string().trim_start_matches("sha256:").to_owned();
    format!("{NAMESPACE}/record/v1\n{}\n{}\n", hex(binding), hex(file)).into_bytes()
}

/// A key that signatures are held against.
#[derive(Debug, Clone)]
pub struct VerifyingKey(PublicKey);

impl VerifyingKey {
    /// `None` where the text was not read by [`parse_key`].
    pub fn of(key: &SigningKey) -> Option<Self> {
        PublicKey::from_openssh(&key.text).ok().map(Self)
    }
}

/// Why a signature is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FalseSignature {
    #[error("it is longer than {MAX_SIGNATURE_BYTES} bytes")]
    TooLong,
    #[error("it is no signature in the form of `ssh-keygen -Y sign`")]
    Malformed,
    #[error("it was made for another purpose than a record")]
    OtherPurpose,
    #[error("it was made with {0}, which is none of their signing keys")]
    OtherKey(Fingerprint),
    #[error("it is not over this record and value")]
    DoesNotFit,
}

/// Whether an armored signature over the message was made with one of the keys.
pub fn verify(armored: &str, message: &[u8], keys: &[VerifyingKey]) -> Result<(), FalseSignature> {
    if armored.len() > MAX_SIGNATURE_BYTES {
        return Err(FalseSignature::TooLong);
    }
    let signature = read(armored)?;
    if signature.namespace() != SIGNATURE_NAMESPACE {
        return Err(FalseSignature::OtherPurpose);
    }
    let Some(VerifyingKey(key)) = keys.iter().find(|key| key.0.key_data() == signature.public_key()) else {
        let key = PublicKey::new(signature.public_key().clone(), "");
        let bytes = key.to_bytes().map_err(|_| FalseSignature::Malformed)?;
        return Err(FalseSignature::OtherKey(Fingerprint::of(&bytes)));
    };
    key.verify(SIGNATURE_NAMESPACE, message, &signature).map_err(|_| FalseSignature::DoesNotFit)
}

fn read(armored: &str) -> Result<SshSig, FalseSignature> {
    let signature = SshSig::from_pem(armored).map_err(|_| FalseSignature::Malformed)?;
    // SHA-1 is no hash of SSHSIG, but a key of RSA could still name it for the signature inside.
    let weak = matches!(signature.algorithm(), Algorithm::Rsa { hash: None } | Algorithm::Dsa);
    // One signature has one text, so that two readers of it see the same. This one type the crate can't print.
    let canonical = signature.algorithm() == Algorithm::SkEcdsaSha2NistP256
        || signature.to_pem(LineEnding::LF).is_ok_and(|printed| printed.trim_end() == armored.trim_end());
    if weak || !canonical || signature.version() != SshSig::VERSION {
        return Err(FalseSignature::Malformed);
    }
    Ok(signature)
}

#[cfg(test)]
mod tests;
