//! Files that other tools have sealed, as far as they can be read without a key.

use std::fmt;

use super::digest::Digest;
use super::time::Instant;
use super::tracked_name::Pointer;

/// The tool that sealed a file, and the form that it gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SealedFormat {
    SopsYaml,
    SopsJson,
    SopsDotenv,
    SopsIni,
    /// Any bytes, wrapped in JSON.
    SopsBinary,
    Age,
    AgeArmored,
    GitCrypt,
    /// A Kubernetes manifest that only a cluster's controller opens.
    SealedSecrets,
    AnsibleVault,
}

impl SealedFormat {
    pub const ALL: [Self; 10] = [
        Self::SopsYaml,
        Self::SopsJson,
        Self::SopsDotenv,
        Self::SopsIni,
        Self::SopsBinary,
        Self::Age,
        Self::AgeArmored,
        Self::GitCrypt,
        Self::SealedSecrets,
        Self::AnsibleVault,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::SopsYaml => "sops-yaml",
            Self::SopsJson => "sops-json",
            Self::SopsDotenv => "sops-dotenv",
            Self::SopsIni => "sops-ini",
            Self::SopsBinary => "sops-binary",
            Self::Age => "age",
            Self::AgeArmored => "age-armored",
            Self::GitCrypt => "git-crypt",
            Self::SealedSecrets => "sealed-secrets",
            Self::AnsibleVault => "ansible-vault",
        }
    }

    /// Whether `sops` sealed it, in any of its forms.
    pub fn is_sops(self) -> bool {
        matches!(self, Self::SopsYaml | Self::SopsJson | Self::SopsDotenv | Self::SopsIni | Self::SopsBinary)
    }
}

impl fmt::Display for SealedFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What the bytes of a file turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contents {
    Sealed(ForeignFile),
    /// Nobody sealed it, as far as anybody can tell; in words, why it is not taken for sealed.
    Plain(String),
    /// It bears the unmistakable marks of a format and can't be read as such: cut short, edited by hand, in conflict.
    /// Neither sealed nor plain, so nothing may be concluded from it.
    Damaged(Damage),
}

/// What a file looks like, and why it can't be read as that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    pub format: SealedFormat,
    /// In words. Nothing secret.
    pub why: String,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "looks like {}, and can't be read: {}", self.format, self.why)
    }
}

/// A sealed file, as far as it can be read without a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignFile {
    pub format: SealedFormat,
    /// The encrypted values in the order of the file; of formats that seal whole files, the one.
    pub leaves: Vec<Leaf>,
    /// Values in clear although the file's own rules say that they are to be encrypted.
    pub in_clear: Vec<Pointer>,
    /// Why it can't be told which values may stand in clear, where that is so.
    pub clear_unknown: Option<String>,
    pub access: Access,
    /// When sops last wrote it.
    pub modified: Option<Instant>,
    /// Of the data key in its wrapped forms, where the format has one.
    pub data_key: Option<Digest>,
}

/// An encrypted value of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// `None`: the file as a whole.
    pub pointer: Option<Pointer>,
    /// Of its ciphertext.
    pub seen: Digest,
}

/// Who can open a file: whoever holds keys of at least `threshold` of the groups, any key of a group will do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Access {
    pub groups: Vec<Vec<ForeignKey>>,
    /// At least 1, at most the number of groups; 1 where there is one group only.
    pub threshold: usize,
}

/// A key as a file names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ForeignKey {
    /// An age recipient, `age1…` or an ssh public key, whole.
    Age(String),
    /// The tag of an ssh key in an age file: unpadded base64 of four bytes of its fingerprint.
    SshTag(String),
    /// A stanza of an age file that does not say whose it is: its type.
    Anonymous(String),
    /// The fingerprint of an `OpenPGP` key, upper-case hexadecimal.
    Pgp(String),
    /// The id of a key in a cloud's key service, in the form of `seal::key_service`.
    Kms(String),
    /// A password or a key without owner in the file: `ansible-vault:LABEL`, `git-crypt:NAME`,
    /// `sealed-secrets:controller`.
    Opaque(String),
}

impl ForeignKey {
    /// What the file says of it.
    pub fn id(&self) -> &str {
        match self {
            Self::Age(id)
            | Self::SshTag(id)
            | Self::Anonymous(id)
            | Self::Pgp(id)
            | Self::Kms(id)
            | Self::Opaque(id) => id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sops_seals_is_named_after_it() {
        for format in SealedFormat::ALL {
            assert_eq!(format.is_sops(), format.as_str().starts_with("sops-"), "{format}");
            assert_eq!(format.to_string(), format.as_str());
        }
        assert!(SealedFormat::SopsBinary.is_sops() && !SealedFormat::Age.is_sops());
    }

    #[test]
    fn a_key_is_called_as_in_the_file() {
        let of = [ForeignKey::Age, ForeignKey::SshTag, ForeignKey::Anonymous, ForeignKey::Pgp];
        for key in of.into_iter().chain([ForeignKey::Kms, ForeignKey::Opaque]) {
            assert_eq!(key("as written".to_owned()).id(), "as written");
        }
    }
}
