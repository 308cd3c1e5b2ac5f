//! The OS keyring: Secret Service on Linux and the BSDs, Keychain on macOS, Credential Manager on Windows.
//!
//! Its entries can't be enumerated through the one API that all three share, so the entry `index` holds the names
//! as a JSON list, and each identity is an entry `identity:NAME`. The index is written before an entry is made and
//! after one is deleted: a process killed in between leaves a name without an entry, which is said and dropped,
//! never an identity without a name.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use keyring::{Entry, Error};
use zeroize::Zeroizing;

use crate::domain::json;
use crate::domain::name::ActorName;

use super::deadline::{self, Unfinished};
use super::identity::MAX_IDENTITY_BYTES;

/// Under which service all entries are kept.
pub const SERVICE: &str = "secrets-cli";

const INDEX: &str = "index";

/// Why the keyring was of no use. None of the texts holds anything of an entry's value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    /// There is none: no session bus, no Secret Service on it, none for this platform.
    #[error("there is no OS keyring here ({0})")]
    NotAvailable(String),
    #[error("the OS keyring is locked, and was not unlocked ({0})")]
    Locked(String),
    #[error("the OS keyring gave no answer within {seconds} s")]
    TimedOut { seconds: u64 },
    #[error("the OS keyring failed ({0})")]
    Failed(String),
}

impl KeyringError {
    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::NotAvailable(_) => {
                "start a keyring (on Linux a Secret Service such as gnome-keyring or KWallet), or keep identities in a file"
            }
            Self::Locked(_) => "unlock the keyring with its own program, or keep identities in a file",
            Self::TimedOut { .. } => {
                "see whether the keyring waits for its password to be typed, or keep identities in a file"
            }
            Self::Failed(_) => {
                "look at the entries of service `secrets-cli` with the keyring's own program, or keep identities in a file"
            }
        }
    }
}

/// What the keyring held.
pub struct Kept {
    pub identities: Vec<(ActorName, Zeroizing<Vec<u8>>)>,
    /// Names in the index whose entries are gone.
    pub gone: Vec<ActorName>,
}

/// The OS keyring, asked in bounded time. A call may have to wait until a person has typed the keyring's password.
#[derive(Clone)]
pub struct Keyring {
    patience: Duration,
    // A call that was given up still holds the connection: the next one would only wait as long again.
    given_up: Arc<AtomicBool>,
}

impl Keyring {
    /// `patience` is how long each call may take.
    pub fn new(patience: Duration) -> Self {
        Self { patience, given_up: Arc::new(AtomicBool::new(false)) }
    }

    /// One that answers nothing, for tests that must not touch a real one.
    #[cfg(test)]
    pub(super) fn given_up(patience: Duration) -> Self {
        Self { patience, given_up: Arc::new(AtomicBool::new(true)) }
    }

    /// All identities, by name.
    pub fn load(&self) -> Result<Kept, KeyringError> {
        self.ask(|| {
            let mut kept = Kept { identities: Vec::new(), gone: Vec::new() };
            for name in read_index()? {
                match read(&entry_name(&name))? {
                    Some(bytes) => kept.identities.push((name, bytes)),
                    None => kept.gone.push(name),
                }
            }
            Ok(kept)
        })
    }

    /// Keeps an identity under a name. Comes to `false`, and changes nothing of it, where the name has one.
    pub(super) fn add(&self, name: &ActorName, bytes: &[u8]) -> Result<bool, KeyringError> {
        let (name, bytes) = (name.clone(), Zeroizing::new(bytes.to_vec()));
        self.ask(move || {
            let mut names = read_index()?;
            let is_free = read(&entry_name(&name))?.is_none();
            if !names.contains(&name) {
                names.push(name.clone());
                names.sort();
                // Also where there is an entry already: one that no index named is found again by this.
                write_index(&names)?;
            }
            if is_free {
                write(&entry_name(&name), &bytes)?;
            }
            Ok(is_free)
        })
    }

    /// Whether the index or an entry has the name.
    pub(super) fn holds(&self, name: &ActorName) -> Result<bool, KeyringError> {
        let name = name.clone();
        self.ask(move || Ok(read_index()?.contains(&name) || read(&entry_name(&name))?.is_some()))
    }

    /// Removes an identity and its name from the index. Comes to `false` where neither was there.
    pub(super) fn remove(&self, name: &ActorName) -> Result<bool, KeyringError> {
        let name = name.clone();
        self.ask(move || {
            let existed = delete(&entry_name(&name))?;
            let mut names = read_index()?;
            let was_listed = names.contains(&name);
            if was_listed {
                names.retain(|other| *other != name);
                write_index(&names)?;
            }
            Ok(existed || was_listed)
        })
    }

    fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, KeyringError> + Send + 'static,
    ) -> Result<T, KeyringError> {
        let timed_out = KeyringError::TimedOut { seconds: self.patience.as_secs() };
        if self.given_up.load(Ordering::Relaxed) {
            return Err(timed_out);
        }
        deadline::within(self.patience, work).map_err(|unfinished| match unfinished {
            Unfinished::TimedOut => {
                self.given_up.store(true, Ordering::Relaxed);
                timed_out
            }
            Unfinished::Broken => KeyringError::Failed("its library ended unexpectedly".to_owned()),
        })?
    }
}

fn entry_name(name: &ActorName) -> String {
    format!("identity:{name}")
}

fn read_index() -> Result<Vec<ActorName>, KeyringError> {
    let Some(bytes) = read(INDEX)? else { return Ok(Vec::new()) };
    // Taken for empty, an index that can't be read would be overwritten, and its identities lost from sight.
    json::read(&bytes)
        .map_err(|error| KeyringError::Failed(format!("its entry `{INDEX}` is no list of names: {error}")))
}

fn write_index(names: &[ActorName]) -> Result<(), KeyringError> {
    let json = serde_json::to_vec(names).map_err(|error| KeyringError::Failed(error.to_string()))?;
    write(INDEX, &json)
}

fn entry(name: &str) -> Result<Entry, KeyringError> {
    if let Err(error) = Entry::store_status() {
        return Err(KeyringError::NotAvailable(detail(error)));
    }
    Entry::new(SERVICE, name).map_err(|error| judge(name, &error))
}

fn read(name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, KeyringError> {
    match entry(name)?.get_secret().map(Zeroizing::new) {
        Ok(bytes) if bytes.len() > MAX_IDENTITY_BYTES => {
            Err(KeyringError::Failed(format!("its entry `{name}` is larger than {MAX_IDENTITY_BYTES} bytes")))
        }
        Ok(bytes) => Ok(Some(bytes)),
        Err(Error::NoEntry) => Ok(None),
        Err(error) => Err(judge(name, &error)),
    }
}

fn write(name: &str, bytes: &[u8]) -> Result<(), KeyringError> {
    entry(name)?.set_secret(bytes).map_err(|error| judge(name, &error))
}

fn delete(name: &str) -> Result<bool, KeyringError> {
    match entry(name)?.delete_credential() {
        Ok(()) => Ok(true),
        Err(Error::NoEntry) => Ok(false),
        Err(error) => Err(judge(name, &error)),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "keyring's error enum is non-exhaustive")]
fn judge(name: &str, error: &Error) -> KeyringError {
    let text = detail(error);
    match error {
        // A Secret Service that was never unlocked has no collection at all, and answers with nothing.
        Error::NoStorageAccess(_) if text.contains("result not returned") => {
            KeyringError::NotAvailable("the Secret Service has no default collection".to_owned())
        }
        Error::NoStorageAccess(_) => KeyringError::Locked(text),
        Error::NoDefaultStore => KeyringError::NotAvailable(text),
        // The service left the bus after we had connected to it.
        Error::PlatformFailure(_) if text.contains("ServiceUnknown") => KeyringError::NotAvailable(text),
        _ => KeyringError::Failed(format!("entry `{name}`: {text}")),
    }
}

/// The words of the platform. Never the `Debug` of an error: two variants carry the secret's bytes.
#[expect(clippy::wildcard_enum_match_arm, reason = "keyring's error enum is non-exhaustive")]
fn detail(error: &Error) -> String {
    match error {
        Error::PlatformFailure(inner) | Error::NoStorageAccess(inner) => inner.to_string(),
        Error::BadEncoding(_) | Error::BadDataFormat(..) => "its value is malformed".to_owned(),
        Error::Ambiguous(entries) => format!("{} entries have this name", entries.len()),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_never_show_an_entrys_bytes() {
        let secret = b"AGE-SECRET-KEY-1WORTHLESS".to_vec();
        for error in [
            Error::BadEncoding(secret.clone()),
            Error::BadDataFormat(secret.clone(), Box::new(std::io::Error::other("odd"))),
        ] {
            let shown = format!("{0:?} {0}", judge("identity:laptop", &error));
            assert!(shown.contains("identity:laptop"));
            assert!(!shown.contains("WORTHLESS") && !shown.contains("65, 71"), "{shown}");
        }
    }

    #[test]
    fn errors_are_told_apart() {
        let platform = |text: &str| Box::new(std::io::Error::other(text.to_owned()));
        assert!(matches!(
            judge("index", &Error::NoStorageAccess(platform("SS error: prompt dismissed"))),
            KeyringError::Locked(_)
        ));
        assert!(matches!(
            judge(
                "index",
                &Error::PlatformFailure(platform("org.freedesktop.DBus.Error.ServiceUnknown: gone"))
            ),
            KeyringError::NotAvailable(_)
        ));
        assert!(matches!(
            judge("index", &Error::PlatformFailure(platform("disk full"))),
            KeyringError::Failed(_)
        ));
        assert!(matches!(judge("index", &Error::NoDefaultStore), KeyringError::NotAvailable(_)));
    }
}
