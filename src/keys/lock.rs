//! One writer of identities at a time.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::system::files::FileError;
use crate::system::lock::{self, FileLock};

#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("{}: another process has been changing identities for {seconds} s: try again when it has ended", path.display())]
    Held { path: PathBuf, seconds: u64 },
}

/// Held while identities are changed: the keyring's index is read, changed and written back, and two at once
/// would lose one's entry.
#[derive(Debug)]
pub(super) struct Lock {
    _file: FileLock,
}

impl Lock {
    /// Waits for at most `limit`.
    pub(super) fn acquire(folder: &Path, limit: Duration) -> Result<Self, LockError> {
        match FileLock::acquire(&folder.join("identities.lock"), limit) {
            Ok(file) => Ok(Self { _file: file }),
            Err(lock::LockError::Held { path, limit }) => {
                Err(LockError::Held { path, seconds: limit.as_secs() })
            }
            Err(lock::LockError::File(error)) => Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_writer_waits_and_then_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("secrets");
        let first = Lock::acquire(&folder, Duration::ZERO).unwrap();
        assert!(matches!(Lock::acquire(&folder, Duration::ZERO), Err(LockError::Held { .. })));
        drop(first);
        assert!(Lock::acquire(&folder, Duration::ZERO).is_ok());
    }
}
