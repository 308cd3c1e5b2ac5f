//! Identities behind a passphrase. It is asked for once, at the first use that could need it.

use std::sync::OnceLock;

use age::DecryptError;
use age::secrecy::SecretString;
use age::ssh::Identity as SshKey;
use age_core::format::{FileKey, Stanza};

use super::header;
use super::identity::{Identity, IdentityError, IdentityKind, MAX_IDENTITY_BYTES, carry, parse_plain};
use super::payload::{self, PayloadError};
use super::prompts::Prompts;
use crate::domain::key::{KeyKind, PublicKey};

/// How often a passphrase may be mistyped.
const ATTEMPTS: usize = 3;
/// The most work for a passphrase, log2, as in age itself. `age -p` writes 18.
const MAX_WORK_FACTOR: u8 = 22;

/// One or more identities behind a passphrase.
pub struct Locked {
    label: String,
    form: Form,
    prompts: Prompts,
    unlocked: OnceLock<Result<Unlocked, IdentityError>>,
}

enum Form {
    /// The public half is readable, so that the passphrase is asked for only if a stanza names the key.
    Ssh { key: Box<SshKey>, kind: KeyKind, tag: String, public: Option<PublicKey> },
    /// A whole identity file, as a binary age file.
    File(Vec<u8>),
}

/// What the passphrase set free.
pub struct Unlocked {
    identities: Vec<Identity>,
    public: Vec<PublicKey>,
}

impl Locked {
    fn new(label: &str, form: Form, prompts: &Prompts) -> Self {
        Self { label: label.to_owned(), form, prompts: prompts.clone(), unlocked: OnceLock::new() }
    }

    pub fn ssh(
        key: SshKey,
        kind: KeyKind,
        tag: String,
        public: Option<PublicKey>,
        label: &str,
        prompts: &Prompts,
    ) -> Self {
        Self::new(label, Form::Ssh { key: Box::new(key), kind, tag, public }, prompts)
    }

    /// An identity file encrypted with a passphrase, binary or armored.
    pub fn file(bytes: &[u8], label: &str, prompts: &Prompts) -> Result<Identity, IdentityError> {
        let damaged = || IdentityError::Damaged(label.to_owned());
        let binary = payload::dearmor(bytes).map_err(|_| damaged())?;
        if !header::is_by_passphrase(&binary).map_err(|_| damaged())? {
            return Err(IdentityError::NotByPassphrase(label.to_owned()));
        }
        let locked = Self::new(label, Form::File(binary.into_owned()), prompts);
        Ok(Identity::locked(label.to_owned(), IdentityKind::PassphraseFile, locked))
    }

    pub fn is_unlocked(&self) -> bool {
        matches!(self.unlocked.get(), Some(Ok(_)))
    }

    /// What is behind the passphrase, if it was given already.
    pub fn unlocked_identities(&self) -> &[Identity] {
        self.unlocked
            .get()
            .and_then(|unlocked| unlocked.as_ref().ok())
            .map_or(&[], |unlocked| &unlocked.identities)
    }

    pub fn public_keys(&self) -> &[PublicKey] {
        match (&self.form, self.unlocked.get()) {
            (Form::Ssh { public, .. }, _) => public.as_slice(),
            (Form::File(_), Some(Ok(unlocked))) => &unlocked.public,
            (Form::File(_), _) => &[],
        }
    }

    /// What is behind the passphrase, if that could open one of the stanzas.
    pub fn identities_for(&self, stanzas: &[Stanza]) -> Result<&[Identity], IdentityError> {
        if !stanzas.iter().any(|stanza| self.fits(stanza)) {
            return Ok(&[]);
        }
        Ok(&self.unlock()?.identities)
    }

    /// Whether a stanza could be for it.
    fn fits(&self, stanza: &Stanza) -> bool {
        match &self.form {
            Form::Ssh { kind, tag, .. } => stanza.tag == kind.to_string() && stanza.args.first() == Some(tag),
            Form::File(_) => true,
        }
    }

    pub fn unwrap_stanzas(&self, stanzas: &[Stanza]) -> Option<Result<FileKey, DecryptError>> {
        use age::Identity as _;

        match self.identities_for(stanzas) {
            Ok(identities) => identities.iter().find_map(|identity| identity.unwrap_stanzas(stanzas)),
            Err(error) => Some(Err(carry(error))),
        }
    }

    /// Asks for the passphrase unless that was done before. A failure is final: nobody wants to be asked once
    /// per secret.
    pub fn unlock(&self) -> Result<&Unlocked, IdentityError> {
        self.unlocked.get_or_init(|| self.ask()).as_ref().map_err(Clone::clone)
    }

    fn ask(&self) -> Result<Unlocked, IdentityError> {
        let label = || self.label.clone();
        if !self.prompts.can_ask() {
            return Err(IdentityError::NobodyToAsk(label()));
        }
        for attempt in 0..ATTEMPTS {
            let again = if attempt == 0 { "" } else { "wrong passphrase, once more: " };
            let answer = self.prompts.passphrase(&format!("{again}passphrase for {}", self.label));
            let passphrase = answer.ok_or_else(|| IdentityError::NoPassphrase(label()))?;
            if let Some(identities) = self.try_passphrase(passphrase)? {
                let public = identities.iter().flat_map(|identity| identity.public_keys().to_vec()).collect();
                return Ok(Unlocked { identities, public });
            }
        }
        Err(IdentityError::WrongPassphrase(label()))
    }

    /// `None`: the passphrase is wrong.
    fn try_passphrase(&self, passphrase: SecretString) -> Result<Option<Vec<Identity>>, IdentityError> {
        match &self.form {
            Form::Ssh { key, kind, public, .. } => {
                let SshKey::Encrypted(encrypted) = &**key else {
                    return Err(IdentityError::Damaged(self.label.clone()));
                };
                Ok(encrypted.decrypt(passphrase).ok().map(|decrypted| {
                    let key = Box::new(SshKey::from(decrypted));
                    vec![Identity::open(self.label.clone(), kind.clone(), key, public.clone())]
                }))
            }
            Form::File(bytes) => {
                let mut identity = age::scrypt::Identity::new(passphrase);
                identity.set_max_work_factor(MAX_WORK_FACTOR);
                match payload::decrypt(bytes, &identity, MAX_IDENTITY_BYTES) {
                    Ok(plain) => parse_plain(&plain, &self.label, &self.prompts).map(Some),
                    Err(PayloadError::Age(DecryptError::DecryptionFailed)) => Ok(None),
                    Err(PayloadError::Age(DecryptError::ExcessiveWork { .. })) => {
                        Err(IdentityError::TooMuchWork(self.label.clone()))
                    }
                    Err(PayloadError::TooLarge) => Err(IdentityError::TooLarge(self.label.clone())),
                    Err(PayloadError::Age(_) | PayloadError::Header(_)) => {
                        Err(IdentityError::Damaged(self.label.clone()))
                    }
                }
            }
        }
    }
}
