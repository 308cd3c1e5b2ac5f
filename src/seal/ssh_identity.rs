//! Private keys of ssh (ed25519 and rsa), in the forms that OpenSSH writes.

use age::ssh::{Identity as SshKey, ParseRecipientKeyError, Recipient, UnsupportedKey};

use super::identity::{Identity, IdentityError, IdentityKind};
use super::locked::Locked;
use super::prompts::Prompts;
use super::public_key;
use crate::domain::key::{Fingerprint, KeyKind};

/// An ssh-rsa key of 4096 bits takes 3.4 KiB. The crate's parser starts over at each line.
const MAX_SSH_KEY_BYTES: usize = 32 * 1024;

const USE_ED25519: &str = "use an ssh-ed25519 key, or make an age key with `secrets key new`";

pub fn parse(text: &str, label: &str, prompts: &Prompts) -> Result<Identity, IdentityError> {
    let unsupported = |what: &str, remedy| {
        Err(IdentityError::Unsupported { label: label.to_owned(), what: what.to_owned(), remedy })
    };
    let first = text.lines().next().unwrap_or_default().trim_end();
    match first {
        "-----BEGIN OPENSSH PRIVATE KEY-----" | "-----BEGIN RSA PRIVATE KEY-----" => {}
        "-----BEGIN PRIVATE KEY-----" | "-----BEGIN ENCRYPTED PRIVATE KEY-----" => {
            return unsupported("a private key in PKCS #8", "convert it with `ssh-keygen -p -f FILE`");
        }
        "-----BEGIN EC PRIVATE KEY-----" | "-----BEGIN DSA PRIVATE KEY-----" => {
            return unsupported("an ECDSA or DSA key", USE_ED25519);
        }
        "-----BEGIN PGP PRIVATE KEY BLOCK-----" => return unsupported("an OpenPGP key", USE_ED25519),
        _ => return Err(IdentityError::Damaged(label.to_owned())),
    }
    if text.len() > MAX_SSH_KEY_BYTES {
        return Err(IdentityError::TooLarge(label.to_owned()));
    }
    let damaged = || IdentityError::Damaged(label.to_owned());
    let key = SshKey::from_buffer(text.as_bytes(), None).map_err(|_| damaged())?;
    if let SshKey::Unsupported(unsupported_key) = &key {
        return match unsupported_key {
            UnsupportedKey::EncryptedPem => {
                unsupported("a key in the old PEM encryption", "convert it with `ssh-keygen -p -f FILE`")
            }
            UnsupportedKey::EncryptedSsh(_) => unsupported(
                "an ssh key with an uncommon cipher",
                "convert it with `ssh-keygen -p -Z aes256-ctr -f FILE`",
            ),
            UnsupportedKey::Hardware(_) => unsupported(
                "an ssh key on a security key",
                "make an age key with `secrets key new`, or use an age plugin",
            ),
            UnsupportedKey::Type(_) => unsupported("an ssh key of this type", USE_ED25519),
        };
    }
    let recipient = match Recipient::try_from(key.clone()) {
        Ok(recipient) => recipient,
        Err(ParseRecipientKeyError::Unsupported(_)) => {
            return unsupported("an ssh key of this type", USE_ED25519);
        }
        Err(_) => return Err(damaged()),
    };
    let (kind, wire) = match &recipient {
        Recipient::SshRsa(wire, _) => (KeyKind::SshRsa, wire),
        Recipient::SshEd25519(wire, _) => (KeyKind::SshEd25519, wire),
    };
    // A key that must not be sealed to may still open what was sealed elsewhere.
    let public = public_key::parse(&recipient.to_string()).ok();
    let label = label.to_owned();
    if matches!(key, SshKey::Unencrypted(_)) {
        return Ok(Identity::open(label, kind, Box::new(key), public));
    }
    let tag = Fingerprint::of(wire).ssh_tag().ok_or_else(damaged)?;
    let locked = Locked::ssh(key, kind.clone(), tag, public, &label, prompts);
    Ok(Identity::locked(label, IdentityKind::Key(kind), locked))
}
