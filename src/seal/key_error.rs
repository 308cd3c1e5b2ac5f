//! Why a text is no key to seal to.

use super::curve::CurveError;

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
