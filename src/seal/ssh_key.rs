//! Public keys of ssh, as they stand in a `.pub` file: type, base64, comment.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::curve;
use super::key_error::KeyError;
use crate::domain::key::{Fingerprint, KeyKind, PublicKey};

const ED25519: &str = "ssh-ed25519";
const RSA: &str = "ssh-rsa";

/// Types of ssh keys that age can't seal to.
fn is_unsupported(kind: &str) -> bool {
    let known = ["ecdsa-sha2-", "ssh-dss", "sk-ssh-", "sk-ecdsa-", "ssh-ed448", "ssh-xmss"];
    known.iter().any(|prefix| kind.starts_with(prefix)) || kind.ends_with("-cert-v01@openssh.com")
}

/// Reads the line of a `.pub` file. `None`: it is no ssh key at all.
pub fn parse(text: &str) -> Option<Result<PublicKey, KeyError>> {
    let (kind, rest) = text.split_once([' ', '\t']).unwrap_or((text, ""));
    let rest = rest.trim_start();
    let (encoded, comment) = rest.split_once([' ', '\t']).unwrap_or((rest, ""));
    let comment = Some(comment.trim()).filter(|comment| !comment.is_empty()).map(str::to_owned);
    match kind {
        ED25519 => Some(ed25519(encoded, comment)),
        RSA => Some(rsa(encoded, comment)),
        other if is_unsupported(other) => Some(Err(KeyError::UnsupportedSsh(other.to_owned()))),
        _ => None,
    }
}

fn decode(encoded: &str) -> Result<Vec<u8>, KeyError> {
    BASE64_STANDARD.decode(encoded).map_err(|_| KeyError::MalformedSsh)
}

/// Takes one `string` (RFC 4251) off the front.
pub(super) fn take_string<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (field, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    *bytes = rest;
    Some(field)
}

/// Whether bytes are a number above zero in its one encoding as an `mpint` (RFC 4251).
fn is_positive(mpint: &[u8]) -> bool {
    match mpint {
        [0, next, ..] => next & 0x80 != 0,
        [first, ..] => (1..0x80).contains(first),
        [] => false,
    }
}

fn ed25519(encoded: &str, comment: Option<String>) -> Result<PublicKey, KeyError> {
    let wire = decode(encoded)?;
    let mut rest = wire.as_slice();
    let kind = take_string(&mut rest).ok_or(KeyError::MalformedSsh)?;
    let point = take_string(&mut rest).ok_or(KeyError::MalformedSsh)?;
    let point: &[u8; 32] = point.try_into().map_err(|_| KeyError::MalformedSsh)?;
    if kind != ED25519.as_bytes() || !rest.is_empty() {
        return Err(KeyError::MalformedSsh);
    }
    let montgomery = curve::check_ed25519(point)
        .map_err(|fault| KeyError::Curve { key: format!("{ED25519} {encoded}"), fault })?;
    Ok(public_key(KeyKind::SshEd25519, ED25519, wire, comment, Some(montgomery)))
}

fn rsa(encoded: &str, comment: Option<String>) -> Result<PublicKey, KeyError> {
    use age::ssh::{ParseRecipientKeyError, Recipient};

    let wire = decode(encoded)?;
    // age does not look behind the modulus; with bytes left there, one key would have many fingerprints. And its
    // parser panics at a number that is all zeros.
    let mut rest = wire.as_slice();
    let fields = (take_string(&mut rest), take_string(&mut rest), take_string(&mut rest));
    let is_whole = matches!(fields, (Some(kind), Some(exponent), Some(modulus))
        if kind == RSA.as_bytes() && is_positive(exponent) && is_positive(modulus));
    if !is_whole || !rest.is_empty() {
        return Err(KeyError::MalformedSsh);
    }
    match format!("{RSA} {encoded}").parse::<Recipient>() {
        Ok(Recipient::SshRsa(..)) => Ok(public_key(KeyKind::SshRsa, RSA, wire, comment, None)),
        Err(ParseRecipientKeyError::RsaModulusTooSmall) => Err(KeyError::RsaTooSmall),
        Err(ParseRecipientKeyError::RsaModulusTooLarge) => Err(KeyError::RsaTooLarge),
        Ok(_) | Err(_) => Err(KeyError::MalformedSsh),
    }
}

fn public_key(
    kind: KeyKind,
    name: &str,
    wire: Vec<u8>,
    comment: Option<String>,
    montgomery: Option<[u8; 32]>,
) -> PublicKey {
    PublicKey {
        kind,
        text: format!("{name} {}", BASE64_STANDARD.encode(&wire)),
        comment,
        fingerprint: Fingerprint::of(&wire),
        recipient_bytes: wire,
        montgomery,
    }
}
