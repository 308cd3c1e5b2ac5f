//! One writer at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::system::files::{self, Access, FileError};

/// Where this tool keeps its own files in a git dir.
pub const FOLDER: &str = "secrets";
const LOCK: &str = "lock";
/// How often a lock that is held is tried again.
const PAUSE: Duration = Duration::from_millis(50);

/// A lock that was not got.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error(
        "{}: {holder} is changing this store; wait for it to end, then run the command again", path.display()
    )]
    Held { path: PathBuf, holder: String },
    #[error("{}: {source}; is the git dir writable, on a file system that knows locks?", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{0}")]
    File(#[from] FileError),
}

/// The right to write, held until it is dropped. The operating system takes it back when the process ends in
/// whatever way, so that a killed writer locks nobody out.
#[derive(Debug)]
pub struct Lock {
    _file: File,
    folder: PathBuf,
}

impl Lock {
    /// Waits for the lock, at most so long.
    pub fn acquire(git_dir: &Path, wait: Duration) -> Result<Self, LockError> {
        let folder = git_dir.join(FOLDER);
        files::create_dir(&folder, Access::OwnerOnly)?;
        let path = folder.join(LOCK);
        let wrap = |source| LockError::Io { path: path.clone(), source };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(&path).map_err(wrap)?;
        let deadline = Instant::now() + wait;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if Instant::now() >= deadline => {
                    let holder = holder(&mut file);
                    return Err(LockError::Held { path, holder });
                }
                Err(TryLockError::WouldBlock) => thread::sleep(PAUSE.min(wait)),
                Err(TryLockError::Error(source)) => return Err(wrap(source)),
            }
        }
        sign(&mut file).map_err(wrap)?;
        Ok(Self { _file: file, folder })
    }

    /// The folder in the git dir that it guards.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

/// Writes who holds it, for those who wait.
fn sign(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    write!(file, "{}", std::process::id())
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    // Where the lock keeps others from reading too, as on Windows, the holder stays nameless.
    let read = file.rewind().and_then(|()| file.take(20).read_to_string(&mut text));
    match (read, text.trim().parse::<u32>()) {
        (Ok(_), Ok(pid)) => format!("process {pid}"),
        _ => "another process".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_writer_and_the_next_one_learns_who() {
        let git_dir = tempfile::tempdir().unwrap();
        let first = Lock::acquire(git_dir.path(), Duration::ZERO).unwrap();
        let error = Lock::acquire(git_dir.path(), Duration::ZERO).unwrap_err();
        let holder = format!("process {} is changing this store", std::process::id());
        assert!(matches!(error, LockError::Held { .. }) && error.to_string().contains(&holder), "{error}");
        drop(first);
        assert!(Lock::acquire(git_dir.path(), Duration::ZERO).is_ok());
    }

    #[test]
    fn who_waits_long_enough_gets_it() {
        let git_dir = tempfile::tempdir().unwrap();
        let first = Lock::acquire(git_dir.path(), Duration::ZERO).unwrap();
        let folder = git_dir.path().to_owned();
        let second = thread::spawn(move || Lock::acquire(&folder, Duration::from_mins(10)).is_ok());
        drop(first);
        assert!(second.join().unwrap());
    }

    #[test]
    fn a_process_that_was_killed_locks_nobody_out() {
        let git_dir = tempfile::tempdir().unwrap();
        files::create_dir(&git_dir.path().join(FOLDER), Access::OwnerOnly).unwrap();
        std::fs::write(git_dir.path().join(FOLDER).join(LOCK), "4242, killed long ago, with a longer text")
            .unwrap();
        let lock = Lock::acquire(git_dir.path(), Duration::ZERO).unwrap();
        let text = std::fs::read_to_string(lock.folder().join(LOCK)).unwrap();
        assert_eq!(text, std::process::id().to_string());
    }

    #[test]
    fn a_git_dir_that_is_none_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        let error = Lock::acquire(&file, Duration::ZERO).unwrap_err().to_string();
        assert!(error.contains("file"), "{error}");
    }
}
