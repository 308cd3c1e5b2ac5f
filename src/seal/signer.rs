//! Making signatures: with a private key of ssh that lies open, by ourselves; with everything else (a passphrase, an
//! agent, a security key) by the user's own `ssh-keygen`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ssh_key::private::KeypairData;
use ssh_key::{HashAlg, LineEnding, PrivateKey};
use tempfile::TempDir;
use zeroize::Zeroizing;

use super::signature::{
    self, MAX_SIGNATURE_BYTES, SIGNATURE_NAMESPACE, SigningKeyError, VerifyingKey, describe, parse_key,
};
use crate::domain::key::SigningKey;
use crate::domain::text::{shell_word, visible};
use crate::system::environment::Environment;
use crate::system::files::{self, FileError};
use crate::system::process::{ProcessError, Program};

/// The largest key file that is read. One of RSA with 4096 bits has 3.4 KB.
const MAX_KEY_FILE_BYTES: u64 = 64 * 1024;
/// How long `ssh-keygen` may take where nobody is asked anything.
const ALONE_LIMIT: Duration = Duration::from_mins(1);
/// How long it may take where a person types a passphrase or touches a key.
const PERSON_LIMIT: Duration = Duration::from_mins(10);
/// How many messages one `ssh-keygen` is given: its arguments are limited.
const AT_ONCE: usize = 500;

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
pub enum SignerError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("{path}: {source}")]
    Key { path: String, source: SigningKeyError },
    #[error("{path}: can be read by others, so it is not signed with: run `chmod 600 {}`", shell_word(path))]
    ReadableByOthers { path: String },
    #[error(
        "{path}: is no private key of OpenSSH that could be read, and {path}.pub does not say what it is: convert it \
         with `ssh-keygen -p -f {}`",
        shell_word(path)
    )]
    Unreadable { path: String },
    #[error("{path}: the key makes no signature; make another one with `ssh-keygen -t ed25519`")]
    Refused { path: String },
    #[error(transparent)]
    Process(#[from] ProcessError),
    #[error(
        "`ssh-keygen` did not sign with {path}{}; a key with a passphrase is added to your agent with `ssh-add {}`",
        if why.is_empty() { String::new() } else { format!(": {why}") },
        shell_word(path.trim_end_matches(".pub"))
    )]
    NotSigned { path: String, why: String },
    #[error(
        "`ssh-keygen` signed with another key than {path} says: see whether {path} and its `.pub` file belong together"
    )]
    OtherKey { path: String },
    #[error("a temporary folder can't be used: {0}")]
    Temporary(#[from] io::Error),
}

/// A key to sign with.
pub struct Signer {
    key: SigningKey,
    /// As messages name it.
    label: String,
    form: Form,
}

enum Form {
    Open(Box<PrivateKey>),
    /// What `ssh-keygen -f` is given. The folder lives as long as the file in it is needed.
    ByProgram {
        file: PathBuf,
        _folder: Option<TempDir>,
    },
}

impl Signer {
    /// Reads a private key, or a public one whose private half is in an agent, beside it, or on a security key.
    pub fn read(path: &Path) -> Result<Self, SignerError> {
        let label = path.display().to_string();
        let of_key = |source| SignerError::Key { path: label.clone(), source };
        let bytes = Zeroizing::new(files::read_following_links(path, MAX_KEY_FILE_BYTES)?);
        if !bytes.trim_ascii_start().starts_with(b"-----BEGIN ") {
            let key = parse_key(&String::from_utf8_lossy(&bytes)).map_err(of_key)?;
            return Ok(Self { key, form: by_program(path), label });
        }
        let Ok(private) = PrivateKey::from_openssh(bytes.as_slice()) else {
            // The old forms of PEM, which only OpenSSH itself reads.
            return Self::of_public_half(path, label);
        };
        let described = describe(private.public_key(), None).ok_or(SigningKeyError::Malformed);
        let key = described.and_then(|key| parse_key(&key.text)).map_err(of_key)?;
        // With a security key only `ssh-keygen` can sign; with RSA the crate can't, it takes one prime for both.
        let ours = matches!(private.key_data(), KeypairData::Ed25519(_) | KeypairData::Ecdsa(_));
        if !ours {
            return Ok(Self { key, form: by_program(path), label });
        }
        if files::is_readable_by_others(path)? {
            return Err(SignerError::ReadableByOthers { path: label });
        }
        Ok(Self { key, form: Form::Open(Box::new(private)), label })
    }

    fn of_public_half(path: &Path, label: String) -> Result<Self, SignerError> {
        let mut beside = path.as_os_str().to_owned();
        beside.push(".pub");
        let public = files::read_following_links(Path::new(&beside), MAX_KEY_FILE_BYTES)
            .map_err(|_| SignerError::Unreadable { path: label.clone() })?;
        let key = parse_key(&String::from_utf8_lossy(&public))
            .map_err(|source| SignerError::Key { path: format!("{label}.pub"), source })?;
        Ok(Self { key, form: by_program(path), label })
    }

    /// A public key whose private half is in an agent.
    pub fn in_agent(text: &str, label: &str) -> Result<Self, SignerError> {
        let key = parse_key(text)
            .map_err(|source| SignerError::Key { path: visible(label).into_owned(), source })?;
        let folder = TempDir::new()?;
        let file = folder.path().join("key.pub");
        fs::write(&file, format!("{}\n", key.text))?;
        let form = Form::ByProgram { file, _folder: Some(folder) };
        Ok(Self { key, form, label: visible(label).into_owned() })
    }

    pub fn key(&self) -> &SigningKey {
        &self.key
    }

    pub fn label(&self) -> &str {
        &self.label
    }

    /// Signs every message; answers with the armored signatures in their order. `person_there`: somebody at a terminal
    /// can be asked for a passphrase or a touch.
    pub fn sign(
        &self,
        messages: &[Vec<u8>],
        environment: &Environment,
        person_there: bool,
    ) -> Result<Vec<String>, SignerError> {
        match &self.form {
            Form::Open(private) => {
                messages.iter().map(|message| self.sign_openly(private, message)).collect()
            }
            Form::ByProgram { file, .. } => {
                let mut signatures = Vec::with_capacity(messages.len());
                for part in messages.chunks(AT_ONCE) {
                    signatures.extend(self.sign_by_program(file, part, environment, person_there)?);
                }
                Ok(signatures)
            }
        }
    }

    fn sign_openly(&self, private: &PrivateKey, message: &[u8]) -> Result<String, SignerError> {
        let refused = |_| SignerError::Refused { path: self.label.clone() };
        let signature = private.sign(SIGNATURE_NAMESPACE, HashAlg::Sha512, message).map_err(refused)?;
        signature.to_pem(LineEnding::LF).map_err(refused)
    }

    /// One program for all of them, so that a passphrase is asked for once. What is signed is no secret.
    fn sign_by_program(
        &self,
        file: &Path,
        messages: &[Vec<u8>],
        environment: &Environment,
        person_there: bool,
    ) -> Result<Vec<String>, SignerError> {
        let folder = TempDir::new()?;
        let names: Vec<String> = (0..messages.len()).map(|number| number.to_string()).collect();
        for (name, message) in names.iter().zip(messages) {
            fs::write(folder.path().join(name), message)?;
        }
        let program = Program::new("ssh-keygen", folder.path(), environment)
            .args(["-Y", "sign", "-n", SIGNATURE_NAMESPACE, "-f"])
            .args([file])
            .args(&names);
        self.run(&program, environment, person_there)?;
        let verifying = VerifyingKey::of(&self.key);
        let mut signatures = Vec::with_capacity(messages.len());
        for (name, message) in names.iter().zip(messages) {
            let path = folder.path().join(format!("{name}.sig"));
            let bytes = files::read(&path, MAX_SIGNATURE_BYTES as u64)?;
            let signature = String::from_utf8_lossy(&bytes).into_owned();
            signature::verify(&signature, message, verifying.as_slice())
                .map_err(|_| SignerError::OtherKey { path: self.label.clone() })?;
            signatures.push(signature);
        }
        Ok(signatures)
    }

    fn run(
        &self,
        program: &Program,
        environment: &Environment,
        person_there: bool,
    ) -> Result<(), SignerError> {
        let not_signed = |why: String| SignerError::NotSigned { path: self.label.clone(), why };
        if person_there {
            let status = program.run_on_terminal_within(PERSON_LIMIT)?;
            return if status.success() { Ok(()) } else { Err(not_signed(String::new())) };
        }
        // It would ask on the terminal of whoever started us, behind their back; a window of theirs may still ask.
        let alone = if environment.has("SSH_ASKPASS_REQUIRE") {
            program.clone()
        } else {
            program.clone().env("SSH_ASKPASS_REQUIRE", "force")
        };
        let finished = alone.run(ALONE_LIMIT)?;
        if finished.succeeded() {
            return Ok(());
        }
        let why = finished.stderr.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
        Err(not_signed(visible(why.trim()).into_owned()))
    }
}

fn by_program(path: &Path) -> Form {
    Form::ByProgram { file: path.to_owned(), _folder: None }
}

#[cfg(test)]
mod tests;
