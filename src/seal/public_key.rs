//! Public keys as people paste them, checked before anything is sealed to them.

use age_core::primitives::{bech32_decode, bech32_encode};

use super::curve::{self, CurveError};
use super::{foreign_key, key_service, ssh_key};
use crate::domain::key::{Fingerprint, KeyKind, PublicKey};

/// The longest text that is looked at, in bytes. An ssh-rsa key of 4096 bits has 740.
pub const MAX_KEY_BYTES: usize = 16 * 1024;

/// Why a text is no key to seal to. The text itself is in no message, because it might be a private key, unless it
/// was read as a public one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("the key is empty: give an age recipient (`age1…`) or the line of an ssh `.pub` file")]
    Empty,
    #[error("the key is longer than {MAX_KEY_BYTES} bytes: no public key is")]
    TooLong,
    #[error(
        "this is a private key: take it out at once, replace it if others could have seen it, and give its public half \
         (`age-keygen -y FILE`, or the `.pub` file)"
    )]
    Private,
    #[error(
        "this is the identity of an age plugin: give the recipient (`age1…`) that the plugin printed with it"
    )]
    PluginIdentity,
    #[error("the key holds a line break or control character: give one key, on one line")]
    ControlCharacter,
    #[error(
        "this is no public key: expected an age recipient (`age1…`) or an `ssh-ed25519` or `ssh-rsa` key; for files that \
         other tools have sealed also the id of a key in AWS KMS, Google Cloud KMS, Azure Key Vault or Vault, \
         `pgp:FINGERPRINT`, or a name such as `ansible-vault:LABEL` or `git-crypt:NAME`"
    )]
    Unrecognized,
    #[error(
        "this is no OpenPGP fingerprint: write `pgp:` and its 40 or 64 hexadecimal digits, or the 16 of a long key id, as \
         `gpg --list-keys --keyid-format long` prints them"
    )]
    Pgp,
    #[error(
        "behind `{0}:` stands the name of a password or key, in letters, digits and `._/@:-`, and not the password itself"
    )]
    OpaqueName(&'static str),
    #[error("an age recipient is written in lower case: paste it as `age-keygen` printed it")]
    NotLowerCase,
    #[error("the age recipient is damaged, its checksum does not fit: paste it again from its source")]
    Checksum,
    #[error("the age recipient is not written in its one canonical form: ask its owner to print it anew")]
    NotCanonical,
    #[error(
        "`{0}…` is a post-quantum recipient, and those can't be sealed to beside other keys: make an X25519 one with \
         `age-keygen`"
    )]
    PostQuantum(&'static str),
    #[error("the ssh key is damaged: copy the whole line of the `.pub` file")]
    MalformedSsh,
    #[error(
        "age can't seal to ssh keys of type `{0}`: use an ssh-ed25519 key, or make an age key with `secrets key new`"
    )]
    UnsupportedSsh(String),
    #[error("the ssh-rsa key is shorter than 2048 bits: use an ssh-ed25519 key")]
    RsaTooSmall,
    #[error("the ssh-rsa key is longer than age supports (4096 bits): use an ssh-ed25519 key")]
    RsaTooLarge,
    #[error("the key {key} must not be sealed to: {fault}; ask its owner for a new one")]
    Curve { key: String, fault: CurveError },
}

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
