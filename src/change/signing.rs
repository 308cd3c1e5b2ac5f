//! Who signs what is written: the key is looked for, and its holder found in the policy.

use std::path::{Path, PathBuf};

use crate::domain::json::SortedSet;
use crate::domain::name::{ActorName, SecretName};
use crate::domain::policy::Policy;
use crate::domain::record::{Record, RecordSignature};
use crate::domain::text::shell_word;
use crate::git::{GitError, GitSigningKey, Repository};
use crate::seal::binding::{self, BindingError};
use crate::seal::signature;
use crate::seal::signer::{Signer, SignerError};
use crate::system::environment::Environment;

/// The variable that names the file of a signing key.
const SIGNING_KEY_VARIABLE: &str = "SECRETS_SIGNING_KEY";

/// Why nothing could be signed.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    #[error(
        "policy lists no signing key: below [people.NAME] in policy.toml write signing-keys = [\"ssh-ed25519 AAAA…\"] \
         with the line of your `.pub` file, commit it and push it"
    )]
    NobodySigns,
    #[error(
        "{path}: is no signing key of this policy: below your [people.NAME] in policy.toml write signing-keys = \
         [\"{key}\"], commit it and push it"
    )]
    NotListed { path: String, key: String },
    #[error(
        "no signing key of this policy was found: name yours with --signing-key FILE or {SIGNING_KEY_VARIABLE}; looked \
         at: {looked_at}"
    )]
    NoneFound { looked_at: String },
    #[error(
        "{path}: is the signing key of {holder}, not of {wanted}: leave out `--as {wanted}`, or name another key"
    )]
    OtherHolder { path: String, holder: ActorName, wanted: ActorName },
    #[error("{name}: {source}")]
    Binding { name: SecretName, source: BindingError },
    #[error(transparent)]
    Signer(#[from] SignerError),
    #[error(transparent)]
    Git(#[from] GitError),
}

/// Where a signing key may be.
pub struct Whereabouts<'a> {
    /// What was given on the command line.
    pub explicit: Option<&'a Path>,
    pub environment: &'a Environment,
    pub repository: &'a Repository,
}

/// A person of the policy, and the key that they sign with.
pub struct Signing {
    pub by: ActorName,
    signer: Signer,
}

impl Signing {
    /// The first of: the one on the command line, [`SIGNING_KEY_VARIABLE`], git's own, `~/.ssh/id_ed25519`. What was
    /// named for this tool must fit; of the others, the first that policy lists is taken.
    pub fn find(policy: &Policy, at: &Whereabouts<'_>) -> Result<Self, SigningError> {
        if policy.people.values().all(|person| person.signing_keys.is_empty()) {
            return Err(SigningError::NobodySigns);
        }
        let environment = at.environment;
        let named = at.explicit.map(Path::to_owned).or_else(|| environment.path(SIGNING_KEY_VARIABLE));
        if let Some(path) = named {
            let signer = Signer::read(&environment.current_dir().join(path))?;
            return Self::listed(policy, signer);
        }
        let mut looked_at = Vec::new();
        for (label, candidate) in candidates(at)? {
            let found = match candidate {
                Ok(signer) => Self::listed(policy, signer),
                Err(why) => {
                    looked_at.push(format!("{label} ({why})"));
                    continue;
                }
            };
            match found {
                Ok(signing) => return Ok(signing),
                Err(_) => looked_at.push(format!("{label} (which policy does not list)")),
            }
        }
        Err(SigningError::NoneFound { looked_at: looked_at.join(", ") })
    }

    fn listed(policy: &Policy, signer: Signer) -> Result<Self, SigningError> {
        match policy.signer_with(&signer.key().fingerprint).cloned() {
            Some(by) => Ok(Self { by, signer }),
            None => Err(SigningError::NotListed {
                path: signer.label().to_owned(),
                key: signer.key().text.clone(),
            }),
        }
    }

    /// An error unless the key is this person's.
    pub fn must_be(&self, wanted: &ActorName) -> Result<(), SigningError> {
        if self.by == *wanted {
            return Ok(());
        }
        let path = self.signer.label().to_owned();
        Err(SigningError::OtherHolder { path, holder: self.by.clone(), wanted: wanted.clone() })
    }

    /// Puts a signature under each record, in the place of an earlier one by the same person. What is signed is D and
    /// the digest of the sealed file: both must be true already.
    pub fn sign(
        &self,
        records: &mut [Record],
        environment: &Environment,
        person_there: bool,
    ) -> Result<(), SigningError> {
        let message = |record: &Record| {
            let binding = binding::digest(&record.sealed)
                .map_err(|source| SigningError::Binding { name: record.sealed.name.clone(), source })?;
            Ok(signature::message(&binding, &record.digest))
        };
        let messages: Vec<Vec<u8>> = records.iter().map(message).collect::<Result<_, SigningError>>()?;
        let signatures = self.signer.sign(&messages, environment, person_there)?;
        for (record, sig) in records.iter_mut().zip(signatures) {
            let others = record.signatures.iter().filter(|one| one.by != self.by).cloned();
            let mine = RecordSignature { by: self.by.clone(), sig };
            record.signatures = others.chain([mine]).collect::<SortedSet<_>>();
        }
        Ok(())
    }
}

/// What is looked at where no key was named, in this order, with why it can't be used.
type Candidate = (String, Result<Signer, String>);

fn candidates(at: &Whereabouts<'_>) -> Result<Vec<Candidate>, SigningError> {
    let read = |path: &Path| Signer::read(path).map_err(|error| error.to_string());
    let mut candidates = Vec::new();
    let label = "git's user.signingKey";
    match at.repository.ssh_signing_key()? {
        Some(GitSigningKey::File(path)) => candidates.push((label.to_owned(), read(&path))),
        Some(GitSigningKey::Literal(key)) => {
            let signer = Signer::in_agent(&key, label).map_err(|error| error.to_string());
            candidates.push((label.to_owned(), signer));
        }
        None => candidates.push((label.to_owned(), Err("not set, or not for ssh".to_owned()))),
    }
    if let Some(home) = at.environment.home() {
        let private = home.join(".ssh/id_ed25519");
        let public = home.join(".ssh/id_ed25519.pub");
        let path = first_present([private.clone(), public]).unwrap_or(private);
        candidates.push((shell_word(&path.to_string_lossy()).into_owned(), read(&path)));
    }
    Ok(candidates)
}

fn first_present<const N: usize>(paths: [PathBuf; N]) -> Option<PathBuf> {
    paths.into_iter().find(|path| path.symlink_metadata().is_ok())
}
