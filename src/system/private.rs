//! Folders in memory that nobody else can read: for values that a program takes from a file only.
//!
//! A folder belongs to the process that made it for as long as that lives: the process holds a lock on it, which the
//! system lets go of however the process ends. So what a killed one left behind can be told from what is in use.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::environment::Environment;
use super::fault::Duty;
use super::files::FileError;

/// Why there is no such folder.
#[derive(Debug, thiserror::Error)]
pub enum PrivateError {
    #[error(
        "no file system in memory is to be had here, and a disk may keep what was once written to it; looked at: {looked_at}"
    )]
    NoMemory { looked_at: String },
    #[error(transparent)]
    File(#[from] FileError),
}

/// What a folder is for; that shows in its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Files that a program reads. Left behind, they are of no use to anybody.
    Reading,
    /// A text that somebody works on. Left behind, it may be all that there is of that work.
    Editing,
}

impl Purpose {
    fn prefix(self) -> &'static str {
        match self {
            Self::Reading => "secrets-exec-",
            Self::Editing => "secrets-edit-",
        }
    }
}

/// A folder in memory, 0700, removed with all that is in it when this is dropped.
pub struct PrivateFolder {
    path: PathBuf,
    /// Open, and locked, for as long as the folder is in use.
    _lock: File,
    _duty: Duty,
    is_kept: bool,
}

impl PrivateFolder {
    /// Makes a folder, after it has removed those that killed processes left: in `$XDG_RUNTIME_DIR`, else
    /// `/run/user/UID`, else `/dev/shm`, whichever is in memory.
    pub fn create(environment: &Environment, purpose: Purpose) -> Result<Self, PrivateError> {
        let mut looked_at = Vec::new();
        for (shown, base) in bases(environment) {
            match memory::judge(&base).and_then(|()| {
                sweep(&base);
                Self::create_in(&base, purpose).map_err(|error| error.to_string())
            }) {
                Ok(folder) => return Ok(folder),
                Err(why) => looked_at.push(format!("{shown} ({why})")),
            }
        }
        Err(PrivateError::NoMemory { looked_at: looked_at.join(", ") })
    }

    fn create_in(base: &Path, purpose: Purpose) -> io::Result<Self> {
        // Another process may sweep a new folder away before it is locked: then there is another one.
        for _ in 0..8 {
            let mut builder = tempfile::Builder::new();
            builder.prefix(purpose.prefix());
            #[cfg(unix)]
            builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
            let made = builder.tempdir_in(base)?;
            let Ok(lock) = File::open(made.path()) else { continue };
            if lock.try_lock().is_ok() && made.path().exists() {
                let path = made.keep();
                let left = path.clone();
                let duty = Duty::new(move || drop(fs::remove_dir_all(&left)));
                return Ok(Self { path, _lock: lock, _duty: duty, is_kept: false });
            }
        }
        Err(io::Error::other("a new folder there is removed again and again"))
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a new file that only its owner can read, and write where `is_writable`; answers with its path. The name
    /// must be that of a file.
    pub fn write(&self, name: &str, bytes: &[u8], is_writable: bool) -> Result<PathBuf, FileError> {
        let path = self.path.join(name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, if is_writable { 0o600 } else { 0o400 });
        #[cfg(not(unix))]
        let _ = is_writable;
        let written = options.open(&path).and_then(|mut file| file.write_all(bytes));
        written.map_err(|source| FileError::Io { path: path.clone(), source })?;
        Ok(path)
    }

    /// Writes a file anew that is there already.
    pub fn rewrite(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
        let opened = OpenOptions::new().write(true).truncate(true).open(path);
        let written = opened.and_then(|mut file| file.write_all(bytes));
        written.map_err(|source| FileError::Io { path: path.to_owned(), source })
    }

    /// Removes it now, and says so where that fails.
    pub fn remove(mut self) -> Result<(), FileError> {
        self.is_kept = true;
        fs::remove_dir_all(&self.path).map_err(|source| FileError::Io { path: self.path.clone(), source })
    }

    /// Leaves it where it is.
    pub fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for PrivateFolder {
    fn drop(&mut self) {
        if !self.is_kept {
            fs::remove_dir_all(&self.path).ok();
        }
    }
}

/// Where somebody's work was left behind by a process that is no more.
pub fn left_behind(environment: &Environment) -> Vec<PathBuf> {
    let mut left = Vec::new();
    for (_, base) in bases(environment) {
        if memory::judge(&base).is_err() {
            continue;
        }
        for (folder, _lock) in unused(&base, Purpose::Editing) {
            // One in which nothing was written yet is nobody's work.
            if fs::remove_dir(&folder).is_err() && !left.contains(&folder) {
                left.push(folder);
            }
        }
    }
    left
}

/// The folders in which others can be made, with how they are called.
fn bases(environment: &Environment) -> Vec<(&'static str, PathBuf)> {
    let mut bases = Vec::new();
    if let Some(path) = environment.path("XDG_RUNTIME_DIR").filter(|path| path.is_absolute()) {
        bases.push(("$XDG_RUNTIME_DIR", path));
    }
    #[cfg(unix)]
    {
        let user = rustix::process::geteuid().as_raw();
        bases.push(("/run/user/UID", PathBuf::from(format!("/run/user/{user}"))));
        bases.push(("/dev/shm", PathBuf::from("/dev/shm")));
    }
    bases
}

/// Removes what killed processes left. What can't be removed stays: it is no obstacle.
fn sweep(base: &Path) {
    for (folder, _lock) in unused(base, Purpose::Reading) {
        fs::remove_dir_all(folder).ok();
    }
}

/// The folders of ours that no process holds, each with a lock on it, so that nobody else takes it meanwhile.
fn unused(base: &Path, purpose: Purpose) -> Vec<(PathBuf, File)> {
    let entries = fs::read_dir(base).into_iter().flatten().flatten();
    let ours = entries.filter(|entry| {
        let name = entry.file_name();
        name.to_str().is_some_and(|name| name.starts_with(purpose.prefix()))
            && memory::is_own_folder(&entry.path())
    });
    let locked = ours.filter_map(|entry| {
        let lock = File::open(entry.path()).ok()?;
        lock.try_lock().ok()?;
        Some((entry.path(), lock))
    });
    locked.collect()
}

#[cfg(target_os = "linux")]
mod memory {
    use std::os::unix::fs::MetadataExt as _;
    use std::path::Path;

    /// `TMPFS_MAGIC` and `RAMFS_MAGIC` of statfs(2).
    const IN_MEMORY: [i128; 2] = [0x0102_1994, 0x8584_58f6];
    /// Whoever may write to the folder may remove or rename what belongs to others.
    const OTHERS_WRITE: u32 = 0o022;
    const STICKY: u32 = 0o1000;

    /// Whether a folder is in memory, and nobody else can put another one in the place of what is made in it.
    pub(super) fn judge(base: &Path) -> Result<(), String> {
        let found = base.metadata().map_err(|error| error.to_string())?;
        if !found.is_dir() {
            return Err("is no folder".to_owned());
        }
        let system = rustix::fs::statfs(base).map_err(|error| error.to_string())?;
        if !IN_MEMORY.contains(&i128::from(system.f_type)) {
            return Err("is not in memory".to_owned());
        }
        let is_ours = found.uid() == rustix::process::geteuid().as_raw();
        let is_sealed_off = found.mode() & OTHERS_WRITE == 0 || found.mode() & STICKY != 0;
        if (is_ours || found.uid() == 0) && is_sealed_off {
            Ok(())
        } else {
            Err("belongs to others".to_owned())
        }
    }

    pub(super) fn is_own_folder(path: &Path) -> bool {
        let user = rustix::process::geteuid().as_raw();
        path.symlink_metadata().is_ok_and(|found| found.is_dir() && found.uid() == user)
    }
}

/// No other system tells by what a folder is held.
#[cfg(not(target_os = "linux"))]
mod memory {
    use std::path::Path;

    pub(super) fn judge(_: &Path) -> Result<(), String> {
        Err("this system has none of which that is known".to_owned())
    }

    pub(super) fn is_own_folder(_: &Path) -> bool {
        false
    }
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn nowhere() -> Environment {
        Environment::new([], PathBuf::from("/"))
    }

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn it_is_in_memory_private_and_gone_afterwards() {
        let folder = PrivateFolder::create(&nowhere(), Purpose::Reading).unwrap();
        let path = folder.path().to_owned();
        let file = folder.write("A", b"\0\xff", false).unwrap();
        assert_eq!((mode(&path), mode(&file)), (0o700, 0o400));
        assert_eq!(mode(&folder.write("B", b"", true).unwrap()), 0o600);
        assert_eq!(fs::read(&file).unwrap(), b"\0\xff");
        assert!(folder.write("A", b"", false).is_err(), "nothing is overwritten");
        // `df` is another witness than statfs.
        let told = std::process::Command::new("df").args(["--output=fstype"]).arg(&path).output().unwrap();
        let told = String::from_utf8(told.stdout).unwrap();
        assert!(["tmpfs", "ramfs"].contains(&told.lines().last().unwrap()), "{told}");
        // Another one that is made meanwhile leaves it alone.
        drop(PrivateFolder::create(&nowhere(), Purpose::Reading).unwrap());
        assert!(file.exists());
        folder.remove().unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn what_nobody_holds_is_swept_and_work_is_named() {
        let read = PrivateFolder::create(&nowhere(), Purpose::Reading).unwrap();
        let edited = PrivateFolder::create(&nowhere(), Purpose::Editing).unwrap();
        let (read_path, edited_path) = (read.path().to_owned(), edited.path().to_owned());
        edited.write("db", b"work", true).unwrap();
        assert!(!left_behind(&nowhere()).contains(&edited_path), "it is in use");
        read.keep();
        edited.keep();
        let next = PrivateFolder::create(&nowhere(), Purpose::Editing).unwrap();
        // Which of the bases is taken is the same for all three.
        assert_eq!(next.path().parent(), edited_path.parent());
        assert!(!read_path.exists());
        assert!(left_behind(&nowhere()).contains(&edited_path));
        fs::remove_dir_all(edited_path).unwrap();
    }

    #[test]
    fn a_disk_and_what_others_can_exchange_are_refused() {
        let disk = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert_eq!(memory::judge(disk), Err("is not in memory".to_owned()));
        let folder = PrivateFolder::create(&nowhere(), Purpose::Reading).unwrap();
        assert_eq!(memory::judge(folder.path()), Ok(()));
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        assert_eq!(memory::judge(folder.path()), Err("belongs to others".to_owned()));
        assert!(memory::judge(Path::new("/nonexistent")).is_err());
    }
}
