//! One writer of identities at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::system::files::{self, Access, FileError};

#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("{}: another process has been changing identities for {seconds} s: try again when it has ended", path.display())]
    Held { path: PathBuf, seconds: u64 },
}

/// Held while identities are changed: the keyring's index is read, changed and written back, and two at once
/// would lose one's entry. The system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Waits for at most `limit`.
    pub(super) fn acquire(folder: &Path, limit: Duration) -> Result<Self, LockError> {
        let path = folder.join("identities.lock");
        let io = |source| FileError::Io { path: path.clone(), source };
        files::create_dir(folder, Access::OwnerOnly)?;
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(io)?;
        let deadline = Instant::now() + limit;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::Error(source)) => return Err(io(source).into()),
                Err(TryLockError::WouldBlock) if Instant::now() >= deadline => {
                    return Err(LockError::Held { path, seconds: limit.as_secs() });
                }
                Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(20)),
            }
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
