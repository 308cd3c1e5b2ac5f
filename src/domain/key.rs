//! Public keys, after validation, and their fingerprints.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A text that is no fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no fingerprint: expected `SHA256:` and 43 characters of base64, as `ssh-keygen -l` prints them"
)]
pub struct FingerprintError(String);

/// A text that does not even begin a fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` does not tell one key from another: give the fingerprint as `people list` shows it, `SHA256:` and at least {least} characters after it",
    least = FingerprintPrefix::LEAST - FingerprintPrefix::SCHEME
)]
pub struct FingerprintPrefixError(String);

/// `SHA256:` and the unpadded base64 of SHA-256 over a recipient's bytes; for ssh keys the same text that
/// `ssh-keygen -l` prints.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = r"^SHA256:[A-Za-z0-9+/]{43}$"))]
pub struct Fingerprint(String);

impl Fingerprint {
    pub fn of(recipient_bytes: &[u8]) -> Self {
        Self(format!("SHA256:{}", BASE64_STANDARD_NO_PAD.encode(Sha256::digest(recipient_bytes))))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As much of it as tells the keys of one store apart, for tables.
    pub fn short(&self) -> String {
        let short = self.0.get(..FingerprintPrefix::SHOWN).unwrap_or(&self.0);
        format!("{short}…")
    }

    /// The tag by which age names an ssh key in a stanza: unpadded base64 of the first four bytes of the digest.
    pub fn ssh_tag(&self) -> Option<String> {
        let digest = BASE64_STANDARD_NO_PAD.decode(self.0.strip_prefix("SHA256:")?).ok()?;
        Some(BASE64_STANDARD_NO_PAD.encode(digest.first_chunk::<4>()?))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let decoded = text.strip_prefix("SHA256:").and_then(|b64| BASE64_STANDARD_NO_PAD.decode(b64).ok());
        match decoded {
            Some(digest) if digest.len() == 32 => Ok(Self(text.to_owned())),
            _ => Err(FingerprintError(text.to_owned())),
        }
    }
}

/// The beginning of a fingerprint, as a person copies it from a table: enough to choose among somebody's keys, never to
/// accept one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FingerprintPrefix(String);

impl FingerprintPrefix {
    /// The length of `SHA256:`.
    const SCHEME: usize = 7;
    /// How many characters tables show, `SHA256:` included.
    const SHOWN: usize = Self::SCHEME + 12;
    /// How many are needed, `SHA256:` included.
    const LEAST: usize = Self::SCHEME + 8;

    pub fn fits(&self, fingerprint: &Fingerprint) -> bool {
        fingerprint.0.starts_with(&self.0)
    }
}

impl fmt::Display for FingerprintPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for FingerprintPrefix {
    type Err = FingerprintPrefixError;

    fn from_str(text: &str) -> Result<Self, FingerprintPrefixError> {
        let begin = text.strip_suffix('…').unwrap_or(text);
        let is_base64 = begin.strip_prefix("SHA256:").is_some_and(|digits| {
            digits.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(&byte))
        });
        if is_base64 && (Self::LEAST..=Self::SCHEME + 43).contains(&begin.len()) {
            Ok(Self(begin.to_owned()))
        } else {
            Err(FingerprintPrefixError(text.to_owned()))
        }
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = FingerprintError;

    fn try_from(text: String) -> Result<Self, FingerprintError> {
        text.parse()
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        fingerprint.0
    }
}

/// What kind of key it is, and with that what can be known of a stanza made for it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = r"^(X25519|ssh-ed25519|ssh-rsa|plugin/[a-z0-9.+_-]+)$"))]
pub enum KeyKind {
    /// An age recipient, `age1…`. Its stanza can be recomputed.
    X25519,
    /// Its stanza can be recomputed.
    SshEd25519,
    /// Opaque: its stanza can't be recomputed.
    SshRsa,
    /// A recipient of an age plugin (a hardware key, say), with the plugin's name. Opaque.
    Plugin(String),
    /// The id of a key in a cloud's key service; never an age recipient, so never in a record.
    Kms,
    /// The fingerprint of an `OpenPGP` key, `pgp:…`; never an age recipient either.
    Pgp,
    /// A password or key of another tool, named and not shown: `ansible-vault:LABEL`, `git-crypt:NAME`,
    /// `sealed-secrets:controller`.
    Opaque,
}

impl KeyKind {
    /// Whether a holder of the file key can recompute the stanza made for this key.
    pub fn is_derivable(&self) -> bool {
        matches!(self, Self::X25519 | Self::SshEd25519)
    }

    /// Whether a value of ours can be sealed to it. The others only open what other tools have sealed.
    pub fn can_be_sealed_to(&self) -> bool {
        match self {
            Self::X25519 | Self::SshEd25519 | Self::SshRsa | Self::Plugin(_) => true,
            Self::Kms | Self::Pgp | Self::Opaque => false,
        }
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::X25519 => f.pad("X25519"),
            Self::SshEd25519 => f.pad("ssh-ed25519"),
            Self::SshRsa => f.pad("ssh-rsa"),
            Self::Plugin(name) => f.pad(&format!("plugin/{name}")),
            Self::Kms => f.pad("kms"),
            Self::Pgp => f.pad("pgp"),
            Self::Opaque => f.pad("opaque"),
        }
    }
}

impl From<KeyKind> for String {
    fn from(kind: KeyKind) -> Self {
        kind.to_string()
    }
}

impl TryFrom<String> for KeyKind {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "X25519" => Ok(Self::X25519),
            "ssh-ed25519" => Ok(Self::SshEd25519),
            "ssh-rsa" => Ok(Self::SshRsa),
            other => match other.strip_prefix("plugin/") {
                Some(name) if !name.is_empty() => Ok(Self::Plugin(name.to_owned())),
                _ => Err(format!("`{text}` is no type of key that a value can be sealed to")),
            },
        }
    }
}

/// A key with which a person signs records: an ssh key, validated when it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// `TYPE BASE64`, without a comment.
    pub text: String,
    pub comment: Option<String>,
    /// As `ssh-keygen -l` prints it.
    pub fingerprint: Fingerprint,
}

/// A public key that was validated when it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    pub kind: KeyKind,
    /// The canonical text without a comment, as it is written into a policy and given to age.
    pub text: String,
    /// What stood behind an ssh key, by custom `user@host`.
    pub comment: Option<String>,
    /// The bytes that identify the recipient: 32 for X25519, the SSH wire encoding for ssh keys, the text
    /// for the others.
    pub recipient_bytes: Vec<u8>,
    pub fingerprint: Fingerprint,
    /// The Montgomery u-coordinate where there is one: two keys with the same one have the same private half,
    /// whatever their types.
    pub montgomery: Option<[u8; 32]>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_begin_of_a_fingerprint_chooses_among_keys() {
        let (one, other) = (Fingerprint::of(b"one"), Fingerprint::of(b"other"));
        for begin in [one.as_str(), &one.short(), one.as_str().get(..15).unwrap()] {
            let begin: FingerprintPrefix = begin.parse().unwrap();
            assert!(begin.fits(&one) && !begin.fits(&other), "{begin}");
        }
        let shown = Fingerprint::of(b"").short();
        assert_eq!(shown, "SHA256:47DEQpj8HBSa…");
        assert_eq!(shown.parse::<FingerprintPrefix>().unwrap().to_string(), "SHA256:47DEQpj8HBSa");
        let longer = format!("{one}A");
        for bad in [
            "",
            "SHA256:",
            one.as_str().get(..14).unwrap(),
            "SHA256:abcd…efgh",
            "MD5:00:11:22:33:44",
            &longer,
        ] {
            assert!(bad.parse::<FingerprintPrefix>().is_err(), "{bad}");
        }
    }

    #[test]
    fn fingerprints_are_of_32_bytes() {
        let fingerprint = Fingerprint::of(b"");
        let text = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU";
        assert_eq!(fingerprint.to_string(), text);
        assert_eq!(text.parse(), Ok(fingerprint.clone()));
        assert_eq!(String::from(fingerprint.clone()), text);
        // `printf '' | openssl dgst -sha256 -binary | head -c 4 | base64`
        assert_eq!(fingerprint.ssh_tag().as_deref(), Some("47DEQg"));
        for bad in
            ["", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU", "SHA256:47DEQg", "SHA256:47DEQ!", "SHA256:"]
        {
            assert!(bad.parse::<Fingerprint>().is_err(), "{bad}");
        }
    }

    #[test]
    fn kinds_by_name_and_by_what_can_be_done_with_them() {
        for (name, derivable, sealable) in [
            ("X25519", true, true),
            ("ssh-ed25519", true, true),
            ("ssh-rsa", false, true),
            ("plugin/yubikey", false, true),
        ] {
            let kind = KeyKind::try_from(name.to_owned()).unwrap();
            assert_eq!((kind.is_derivable(), kind.can_be_sealed_to()), (derivable, sealable), "{name}");
            assert_eq!((kind.to_string(), String::from(kind)), (name.to_owned(), name.to_owned()));
        }
        // What nothing can be sealed to is written into no record, and not read from one.
        for kind in [KeyKind::Kms, KeyKind::Pgp, KeyKind::Opaque] {
            assert!(!kind.is_derivable() && !kind.can_be_sealed_to(), "{kind}");
        }
        for bad in ["", "plugin/", "x25519", "kms"] {
            assert!(KeyKind::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
