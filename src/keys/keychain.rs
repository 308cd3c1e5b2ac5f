//! All places where identities are kept, as one.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::domain::name::ActorName;
use crate::system::environment::Environment;

use super::file::{FILE_NAME, IdentityFile, IdentityFileError, NewIdentity};
use super::identity::MAX_IDENTITY_BYTES;
use super::keyring::{Keyring, KeyringError};
use super::lock::Lock;
use super::search::{self, Search};
use super::sources;

pub use super::lock::LockError;

/// How long a call to the keyring may take where nobody is there to unlock it.
const UNATTENDED: Duration = Duration::from_secs(10);
/// How long where somebody may have to type the keyring's password first.
const ATTENDED: Duration = Duration::from_mins(2);

/// Where an identity shall be kept, or be looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the OS keyring; in the file where there is none.
    Automatic,
    Keyring,
    File,
}

/// Where an identity is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoredIn {
    Keyring,
    File(PathBuf),
}

impl fmt::Display for StoredIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keyring => f.write_str("the OS keyring"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// An identity that was kept.
#[must_use]
#[derive(Debug)]
pub struct Stored {
    pub place: StoredIn,
    /// Why it is not in the keyring, where that was tried first. It must be said.
    pub fell_back: Option<KeyringError>,
}

/// An identity that is kept.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    /// `None` for what somebody else wrote into the file.
    pub name: Option<ActorName>,
    pub place: StoredIn,
}

/// What is kept, as far as it could be listed.
#[must_use]
#[derive(Debug)]
pub struct Listing {
    pub entries: Vec<Entry>,
    /// The places that could not be listed.
    pub failed: Vec<KeyError>,
    /// What a person should know besides.
    pub notes: Vec<String>,
}

/// Why an identity could not be kept, listed or removed.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error(
        "{place} holds an identity named `{name}` already: choose another name, or remove that one with `secrets key remove {name}`"
    )]
    NameTaken { name: ActorName, place: StoredIn },
    #[error("there is no identity named `{name}`: `secrets key list` shows those that there are")]
    NotFound { name: ActorName },
    #[error("there is no identity named `{name}` in {FILE_NAME}, and the keyring could not be searched: {source}: {}", source.remedy())]
    NotFoundInFile { name: ActorName, source: KeyringError },
    #[error(
        "the OS keyring and {FILE_NAME} both hold an identity named `{name}`: say in which one it shall be removed"
    )]
    InBothPlaces { name: ActorName },
    #[error("the identity `{name}` is larger than {MAX_IDENTITY_BYTES} bytes, so it is none")]
    TooLarge { name: ActorName },
    #[error("there is no folder for {FILE_NAME}: set HOME")]
    NoHome,
    #[error("{}: {}", .0, .0.remedy())]
    Keyring(#[from] KeyringError),
    #[error(transparent)]
    File(#[from] IdentityFileError),
    #[error(transparent)]
    Lock(#[from] LockError),
}

/// The OS keyring and `identities.txt`.
pub struct Keychain<'a> {
    environment: &'a Environment,
    keyring: Keyring,
    folder: Option<PathBuf>,
    file: Option<IdentityFile>,
    patience: Duration,
}

impl<'a> Keychain<'a> {
    /// `attended`: whether a person is there, who can unlock the keyring if need be.
    pub fn new(environment: &'a Environment, attended: bool) -> Self {
        Self::with_patience(environment, if attended { ATTENDED } else { UNATTENDED })
    }

    /// With another bound on each call to the keyring.
    pub fn with_patience(environment: &'a Environment, patience: Duration) -> Self {
        let folder = environment.config_dir();
        let file = folder.as_ref().map(|folder| IdentityFile::new(folder.join(FILE_NAME)));
        Self { environment, keyring: Keyring::new(patience), folder, file, patience }
    }

    /// Looks for identities, source by source; see [`Search`].
    pub fn search(&self, option: Option<&Path>) -> Search<'_> {
        Search::new(self.environment, &self.keyring, self.file.as_ref(), sources::in_order(option))
    }

    /// The same where nobody is to be asked: the keyring is left out.
    pub fn search_without_asking(&self, option: Option<&Path>) -> Search<'_> {
        Search::new(self.environment, &self.keyring, self.file.as_ref(), sources::without_asking(option))
    }

    /// Keeps an identity.
    ///
    /// [`Place::Automatic`] falls back to the file where there is no keyring, and says so; a keyring that is
    /// there and locked, late or failing is an error, because nobody should find a key in a file that they
    /// believe to be in the keyring.
    pub fn add(&self, new: NewIdentity<'_>, place: Place) -> Result<Stored, KeyError> {
        if new.bytes.len() > MAX_IDENTITY_BYTES {
            return Err(KeyError::TooLarge { name: new.name.clone() });
        }
        let _lock = self.lock()?;
        match place {
            Place::File => self.add_to_file(new, None),
            Place::Keyring => self.add_to_keyring(new),
            Place::Automatic => match self.add_to_keyring(new) {
                Err(KeyError::Keyring(reason @ KeyringError::NotAvailable(_))) => {
                    self.add_to_file(new, Some(reason))
                }
                other => other,
            },
        }
    }

    fn add_to_keyring(&self, new: NewIdentity<'_>) -> Result<Stored, KeyError> {
        if let Some(file) = &self.file
            && file_has(file, new.name)?
        {
            return Err(taken(new.name, StoredIn::File(file.path().to_owned())));
        }
        if self.keyring.add(new.name, new.bytes)? {
            Ok(Stored { place: StoredIn::Keyring, fell_back: None })
        } else {
            Err(taken(new.name, StoredIn::Keyring))
        }
    }

    fn add_to_file(&self, new: NewIdentity<'_>, fell_back: Option<KeyringError>) -> Result<Stored, KeyError> {
        let file = self.file.as_ref().ok_or(KeyError::NoHome)?;
        let place = StoredIn::File(file.path().to_owned());
        if file.add(new)? { Ok(Stored { place, fell_back }) } else { Err(taken(new.name, place)) }
    }

    /// Lists what is kept, by name. A place that can't be listed doesn't hide the other.
    pub fn list(&self) -> Listing {
        let mut listing = Listing { entries: Vec::new(), failed: Vec::new(), notes: Vec::new() };
        match self.keyring.load() {
            Ok(kept) => {
                let entry = |(name, _)| Entry { name: Some(name), place: StoredIn::Keyring };
                listing.entries.extend(kept.identities.into_iter().map(entry));
                listing.notes.extend(kept.gone.iter().map(search::gone_note));
            }
            Err(error) => listing.failed.push(error.into()),
        }
        let Some(file) = &self.file else { return listing };
        match file.read() {
            Ok(sections) => {
                let sections = sections.unwrap_or_default().into_iter();
                let listed = sections.filter(|section| section.name.is_some() || section.holds_key());
                let place = || StoredIn::File(file.path().to_owned());
                listing.entries.extend(listed.map(|section| Entry { name: section.name, place: place() }));
            }
            Err(error) => listing.failed.push(error.into()),
        }
        listing
    }

    /// Removes an identity, and says from where. With [`Place::Automatic`] it must be in one place only.
    pub fn remove(&self, name: &ActorName, place: Place) -> Result<StoredIn, KeyError> {
        let _lock = self.lock()?;
        let not_found = || KeyError::NotFound { name: name.clone() };
        let in_file = match &self.file {
            Some(file) if place != Place::Keyring && file_has(file, name)? => Some(file),
            _ => None,
        };
        match (in_file, place) {
            (None, Place::File) => Err(not_found()),
            (None, Place::Automatic | Place::Keyring) => match self.keyring.remove(name) {
                Ok(true) => Ok(StoredIn::Keyring),
                Ok(false) => Err(not_found()),
                Err(source) if place == Place::Automatic => {
                    Err(KeyError::NotFoundInFile { name: name.clone(), source })
                }
                Err(source) => Err(source.into()),
            },
            (Some(file), _) => {
                // A keyring that can't be asked leaves the one that is in the file as the one that is meant.
                if place == Place::Automatic && self.keyring.holds(name).unwrap_or(false) {
                    return Err(KeyError::InBothPlaces { name: name.clone() });
                }
                file.remove(name)?;
                Ok(StoredIn::File(file.path().to_owned()))
            }
        }
    }

    /// Without a home folder there is no file and nothing to keep the lock in; the keyring works nevertheless.
    fn lock(&self) -> Result<Option<Lock>, KeyError> {
        Ok(self.folder.as_deref().map(|folder| Lock::acquire(folder, self.patience)).transpose()?)
    }
}

fn taken(name: &ActorName, place: StoredIn) -> KeyError {
    KeyError::NameTaken { name: name.clone(), place }
}

fn file_has(file: &IdentityFile, name: &ActorName) -> Result<bool, IdentityFileError> {
    let sections = file.read()?.unwrap_or_default();
    Ok(sections.iter().any(|section| section.name.as_ref() == Some(name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Instant;

    const KEY: &[u8] = b"AGE-SECRET-KEY-1WORTHLESS";

    fn home() -> (tempfile::TempDir, Environment) {
        let dir = tempfile::tempdir().unwrap();
        let home = [("HOME".into(), dir.path().into()), ("APPDATA".into(), dir.path().into())];
        let environment = Environment::new(home, dir.path().to_owned());
        (dir, environment)
    }

    /// One whose keyring was given up, so that no test touches a real one.
    fn keychain(environment: &Environment) -> Keychain<'_> {
        let mut keychain = Keychain::new(environment, false);
        keychain.keyring = Keyring::given_up(UNATTENDED);
        keychain
    }

    fn new<'a>(name: &'a ActorName, bytes: &'a [u8]) -> NewIdentity<'a> {
        let created = Instant::parse_rfc3339("2026-08-30T20:15:52Z").unwrap();
        NewIdentity { name, bytes, public_key: "age1worthless", created }
    }

    #[test]
    fn the_file_is_used_alone_when_asked_for() {
        let (_dir, environment) = home();
        let keychain = keychain(&environment);
        let name: ActorName = "laptop".parse().unwrap();
        let place = StoredIn::File(environment.config_dir().unwrap().join(FILE_NAME));
        let stored = keychain.add(new(&name, KEY), Place::File).unwrap();
        assert_eq!((stored.place, stored.fell_back), (place.clone(), None));
        for wanted in [Place::File, Place::Keyring, Place::Automatic] {
            let error = keychain.add(new(&name, KEY), wanted).unwrap_err();
            assert!(matches!(error, KeyError::NameTaken { .. }), "{error}");
        }
        let listing = keychain.list();
        assert_eq!(listing.entries, [Entry { name: Some(name.clone()), place: place.clone() }]);
        assert!(matches!(listing.failed.as_slice(), [KeyError::Keyring(KeyringError::TimedOut { .. })]));
        assert!(matches!(keychain.remove(&name, Place::Keyring), Err(KeyError::Keyring(_))));
        assert_eq!(keychain.remove(&name, Place::Automatic).unwrap(), place);
        assert!(matches!(keychain.remove(&name, Place::File), Err(KeyError::NotFound { .. })));
        let error = keychain.remove(&name, Place::Automatic).unwrap_err().to_string();
        assert!(
            error.contains("the keyring could not be searched: the OS keyring gave no answer"),
            "{error}"
        );
    }

    #[test]
    fn a_keyring_that_is_there_but_fails_is_no_reason_for_the_file() {
        let (_dir, environment) = home();
        let name: ActorName = "laptop".parse().unwrap();
        let error = keychain(&environment).add(new(&name, KEY), Place::Automatic).unwrap_err();
        assert!(matches!(error, KeyError::Keyring(KeyringError::TimedOut { .. })), "{error}");
        assert!(!environment.config_dir().unwrap().join(FILE_NAME).exists());
    }

    #[test]
    fn what_is_too_large_or_homeless_is_refused() {
        let (_dir, environment) = home();
        let name: ActorName = "laptop".parse().unwrap();
        let large = vec![b'A'; MAX_IDENTITY_BYTES + 1];
        let error = keychain(&environment).add(new(&name, &large), Place::File).unwrap_err();
        assert!(matches!(error, KeyError::TooLarge { .. }));
        let nowhere = Environment::new([], PathBuf::from("/"));
        let error = keychain(&nowhere).add(new(&name, KEY), Place::File).unwrap_err();
        assert!(matches!(error, KeyError::NoHome));
    }
}
