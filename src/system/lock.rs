//! A file that one process at a time holds. The system lets go of it when the process ends, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::files::{self, Access, FileError};

/// How often a lock that is held is tried again.
const PAUSE: Duration = Duration::from_millis(10);

#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error("{}: another process held it for {limit:?}; try again when that has ended", path.display())]
    Held { path: PathBuf, limit: Duration },
    #[error(transparent)]
    File(#[from] FileError),
}

/// Held until it is dropped.
#[derive(Debug)]
pub struct FileLock {
    _file: File,
}

impl FileLock {
    /// Waits for at most `limit`. Missing folders are made.
    pub fn acquire(path: &Path, limit: Duration) -> Result<Self, LockError> {
        if let Some(folder) = path.parent() {
            files::create_dir(folder, Access::OwnerOnly)?;
        }
        let wrap = |source| FileError::Io { path: path.to_owned(), source };
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(wrap)?;
        let deadline = Instant::now() + limit;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::Error(source)) => return Err(wrap(source).into()),
                Err(TryLockError::WouldBlock) if Instant::now() >= deadline => {
                    return Err(LockError::Held { path: path.to_owned(), limit });
                }
                Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_one_waits_and_then_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("folder/lock");
        let first = FileLock::acquire(&path, Duration::ZERO).unwrap();
        assert!(matches!(FileLock::acquire(&path, Duration::ZERO), Err(LockError::Held { .. })));
        drop(first);
        assert!(FileLock::acquire(&path, Duration::ZERO).is_ok());
    }
}
