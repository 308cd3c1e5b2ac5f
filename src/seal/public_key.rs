//! Public keys as people paste them, checked before anything is sealed to them.

use age_core::primitives::{bech32_decode, bech32_encode};

use super::curve;
use super::key_error::{KeyError, MAX_KEY_BYTES};
use super::{foreign_key, key_service, ssh_key};
use crate::domain::key::{Fingerprint, KeyKind, PublicKey};

/// Reads a public key and checks it as far as its type allows.
///
/// Accepted are X25519 recipients, ssh-ed25519 and ssh-rsa keys, recipients of age plugins, and, for policies
/// only, what other tools seal to: ids of keys in key services, fingerprints of `OpenPGP` keys, names of passwords.
pub fn parse(text: &str) -> Result<PublicKey, KeyError> {
    if text.len() > MAX_KEY_BYTES {
        return Err(KeyError::TooLong);
    }
    refuse_private(text)?;
    let text = text.trim();
    if text.is_empty() {
        return Err(KeyError::Empty);
    }
    if text.chars().any(|c| c.is_control() && c != '\t') {
        return Err(KeyError::ControlCharacter);
    }
    if let Some(ssh) = ssh_key::parse(text) {
        return ssh;
    }
    if key_service::is_key_id(text) {
        return Ok(named_by_its_text(KeyKind::Kms, text));
    }
    if let Some(foreign) = foreign_key::parse(text) {
        let (kind, text) = foreign?;
        return Ok(named_by_its_text(kind, &text));
    }
    if text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("age1")) {
        return age_recipient(text);
    }
    Err(KeyError::Unrecognized)
}

fn refuse_private(text: &str) -> Result<(), KeyError> {
    let upper = text.to_ascii_uppercase();
    let is_pem = upper.contains("-----BEGIN") && upper.contains("PRIVATE KEY");
    if upper.contains("AGE-SECRET-KEY-") || is_pem {
        Err(KeyError::Private)
    } else if upper.trim_start().starts_with("AGE-PLUGIN-") {
        Err(KeyError::PluginIdentity)
    } else {
        Ok(())
    }
}

fn age_recipient(text: &str) -> Result<PublicKey, KeyError> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(KeyError::NotLowerCase);
    }
    let (hrp, data) = bech32_decode(
        text,
        |_| KeyError::Checksum,
        |_| Ok(()),
        |hrp, bytes| Ok((hrp, bytes.collect::<Vec<_>>())),
    )?;
    // The decoder takes any bits as padding; then one key would have many texts.
    if bech32_encode(hrp, &data) != text {
        return Err(KeyError::NotCanonical);
    }
    match hrp.as_str() {
        "age" => x25519(text, &data),
        "age1pq" => Err(KeyError::PostQuantum("age1pq1")),
        "age1tagpq" => Err(KeyError::PostQuantum("age1tagpq1")),
        other => {
            let name = other.strip_prefix("age1").filter(|name| is_plugin_name(name));
            let name = name.ok_or(KeyError::Unrecognized)?;
            Ok(named_by_its_text(KeyKind::Plugin(name.to_owned()), text))
        }
    }
}

fn is_plugin_name(name: &str) -> bool {
    let allowed =
        |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'_');
    !name.is_empty() && name.bytes().all(allowed)
}

fn x25519(text: &str, data: &[u8]) -> Result<PublicKey, KeyError> {
    let u: [u8; 32] = data.try_into().map_err(|_| KeyError::NotCanonical)?;
    curve::check_x25519(&u).map_err(|fault| KeyError::Curve { key: text.to_owned(), fault })?;
    Ok(PublicKey {
        kind: KeyKind::X25519,
        text: text.to_owned(),
        comment: None,
        recipient_bytes: u.to_vec(),
        fingerprint: Fingerprint::of(&u),
        montgomery: Some(u),
    })
}

fn named_by_its_text(kind: KeyKind, text: &str) -> PublicKey {
    PublicKey {
        kind,
        text: text.to_owned(),
        comment: None,
        recipient_bytes: text.as_bytes().to_vec(),
        fingerprint: Fingerprint::of(text.as_bytes()),
        montgomery: None,
    }
}

#[cfg(test)]
mod tests;
