//! Private keys of ssh (ed25519 and rsa), in the forms that OpenSSH writes.

use age::ssh::{Identity as SshKey, ParseRecipientKeyError, Recipient, UnsupportedKey};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use zeroize::Zeroizing;

use super::identity::{Identity, IdentityError, IdentityKind};
use super::locked::Locked;
use super::prompts::Prompts;
use super::{public_key, ssh_key};
use crate::domain::key::{Fingerprint, KeyKind};

/// An ssh-rsa key of 4096 bits takes 3.4 KiB. The crate's parser starts over at each line.
const MAX_SSH_KEY_BYTES: usize = 32 * 1024;

/// Modulus, exponents, coefficient and primes: as many as a private key of ssh-rsa has.
const RSA_NUMBERS: usize = 6;

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
    if has_a_number_of_zeros(text) {
        return Err(damaged());
    }
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

/// Whether a key of type ssh-rsa holds a number that is written as nothing but zeros: the crate's parser panics at
/// one. What is behind a passphrase is not seen here.
fn has_a_number_of_zeros(text: &str) -> bool {
    let lines = text.lines().skip(1).map(str::trim_end).take_while(|line| !line.starts_with('-'));
    let encoded = Zeroizing::new(lines.collect::<String>());
    let Ok(bytes) = BASE64_STANDARD.decode(encoded.as_bytes()).map(Zeroizing::new) else { return false };
    let Some(mut rest) = bytes.strip_prefix(b"openssh-key-v1\0") else { return false };
    // Cipher, key derivation and its options; then the number of keys, which is one.
    let encryption: [_; 3] = std::array::from_fn(|_| ssh_key::take_string(&mut rest));
    let Some((_, mut keys)) = rest.split_at_checked(4) else { return false };
    let (public, private) = (ssh_key::take_string(&mut keys), ssh_key::take_string(&mut keys));
    let is_open = matches!(encryption.first(), Some(Some(b"none")));
    // Before the private half stands a number, twice.
    let private = private.filter(|_| is_open).and_then(|private| private.get(8..));
    [public, private].into_iter().flatten().any(|half| {
        let mut half = half;
        let is_rsa = ssh_key::take_string(&mut half).is_some_and(|kind| kind.starts_with(b"ssh-rsa"));
        let mut numbers = std::iter::from_fn(|| ssh_key::take_string(&mut half)).take(RSA_NUMBERS);
        is_rsa && numbers.any(|number| !number.is_empty() && number.iter().all(|byte| *byte == 0))
    })
}
