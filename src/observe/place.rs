//! Where we are: the store, and the repository around it.

use std::path::Path;

use crate::domain::finding::Unknown;
use crate::domain::name::SecretName;
use crate::domain::policy::Policy;
use crate::domain::reach::Reach;
use crate::git::{GitError, Repository};
use crate::seal::{public_key, signature};
use crate::store::classify::Listing;
use crate::store::journal::{self, JournalError, Unfinished};
use crate::store::layout::{POLICY, RECORD_ENDING, SEALED_ENDING, Store, StoreError};
use crate::store::policy_file::{self, KeyParsers, MAX_POLICY_BYTES, PolicyError};
use crate::system::environment::Environment;
use crate::system::files::{self, FileError};

/// The store, and the repository around it.
pub struct Place {
    pub store: Store,
    /// Why git could not be asked, where it could not.
    pub repository: Result<Repository, GitError>,
    /// The path of the store relative to the root of the repository, with `/`.
    pub folder: String,
}

/// Why the place could not be found, or its policy not be read.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Policy(#[from] PolicyError),
    #[error("{path}: {}", source.reason())]
    Unread { path: String, source: FileError },
}

impl Place {
    pub fn find(explicit: Option<&Path>, environment: &Environment) -> Result<Self, StoreError> {
        let store = Store::find(explicit, environment)?;
        let repository = Repository::discover(store.root(), environment);
        let folder = match &repository {
            Ok(repository) => below(repository.root(), store.root()),
            Err(_) => store.root().file_name().map(|name| name.to_string_lossy().into_owned()),
        };
        Ok(Self { folder: folder.unwrap_or_else(|| ".".to_owned()), store, repository })
    }

    /// A path below the store, as the repository names it.
    pub fn path(&self, relative: &str) -> String {
        if self.folder == "." { relative.to_owned() } else { [self.folder.as_str(), "/", relative].concat() }
    }

    /// A path of the repository, as it is below the store; `None` where it lies outside.
    pub fn below<'p>(&self, path: &'p str) -> Option<&'p str> {
        if self.folder == "." {
            Some(path)
        } else {
            path.strip_prefix(self.folder.as_str())?.strip_prefix('/')
        }
    }

    /// The path of a secret's record, relative to the root of the repository.
    pub fn record_path(&self, name: &SecretName) -> String {
        self.path_of(name, RECORD_ENDING)
    }

    /// The path of a secret's sealed value, relative to the root of the repository.
    pub fn sealed_path(&self, name: &SecretName) -> String {
        self.path_of(name, SEALED_ENDING)
    }

    /// In one piece: these are made for every secret, more than once.
    fn path_of(&self, name: &SecretName, ending: &str) -> String {
        match self.folder.as_str() {
            "." => [name.as_str(), ending].concat(),
            folder => [folder, "/", name.as_str(), ending].concat(),
        }
    }

    /// What an interrupted writer left, if there is anything.
    pub fn unfinished(&self) -> Result<Option<Unfinished>, JournalError> {
        match &self.repository {
            Ok(repository) => journal::unfinished(repository.git_dir()),
            // No writer works without a repository.
            Err(_) => Ok(None),
        }
    }

    /// What lies in the store's folder. What can't be seen there bears its path in the repository, as everything in a
    /// report does.
    pub fn list(&self) -> Listing {
        self.list_within(&Reach::ALL)
    }

    /// The same, not looking into folders that lie beyond a reach.
    pub fn list_within(&self, reach: &Reach) -> Listing {
        let mut listing = self.store.list_within(reach, self.unfinished().ok().flatten().as_ref());
        for unknown in &mut listing.unknowns {
            unknown.what = if unknown.what == "." { self.folder.clone() } else { self.path(&unknown.what) };
        }
        listing
    }

    /// The repository, or the unknown that its absence makes of everything that git would have told.
    pub fn known_repository(&self) -> Result<&Repository, Unknown> {
        self.repository.as_ref().map_err(|error| Unknown::new("git", error.to_string()))
    }

    pub fn policy(&self) -> Result<Policy, PlaceError> {
        let bytes = self.policy_bytes()?;
        Ok(parse_policy(&bytes, &self.path(POLICY))?)
    }

    /// The text of a policy that was found to be valid, to be edited.
    pub fn policy_text(&self) -> Result<String, PlaceError> {
        let bytes = self.policy_bytes()?;
        parse_policy(&bytes, &self.path(POLICY))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn policy_bytes(&self) -> Result<Vec<u8>, PlaceError> {
        files::read(&self.store.policy_path(), MAX_POLICY_BYTES)
            .map_err(|source| PlaceError::Unread { path: self.path(POLICY), source })
    }
}

/// Reads a policy, its keys validated.
pub fn parse_policy(bytes: &[u8], path: &str) -> Result<Policy, PolicyError> {
    let parsers = KeyParsers {
        key: &|key| public_key::parse(key).map_err(|error| error.to_string()),
        signing_key: &|key| signature::parse_key(key).map_err(|error| error.to_string()),
    };
    policy_file::parse_bytes(bytes, path, parsers)
}

/// The path of `inner` relative to `outer`, with `/`; `.` for the same folder.
pub fn below(outer: &Path, inner: &Path) -> Option<String> {
    let outer = outer.canonicalize().unwrap_or_else(|_| outer.to_owned());
    let inner = inner.canonicalize().unwrap_or_else(|_| inner.to_owned());
    let relative = inner.strip_prefix(outer).ok()?;
    let segments: Option<Vec<&str>> = relative.components().map(|part| part.as_os_str().to_str()).collect();
    let path = segments?.join("/");
    Some(if path.is_empty() { ".".to_owned() } else { path })
}
