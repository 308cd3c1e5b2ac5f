//! Files: read within bounds, written whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::wiped;

mod many;

pub use many::{prepare, sync_folders, sync_prepared};

/// A file that could not be read or written. The message names it.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{}: is larger than {most} bytes", path.display())]
    TooLarge { path: PathBuf, most: u64 },
    #[error("{}: is a symbolic link, which is not followed; put what it leads to in its place", path.display())]
    SymbolicLink { path: PathBuf },
    #[error("{}: is not a regular file", path.display())]
    NotAFile { path: PathBuf },
}

impl FileError {
    fn io(path: &Path, source: io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }

    /// What is wrong, without the path: for reports, which name a file as the repository does and must not depend on
    /// where the clone lies.
    pub fn reason(&self) -> String {
        match self {
            Self::Io { source, .. } => source.to_string(),
            Self::TooLarge { most, .. } => format!("is larger than {most} bytes"),
            Self::SymbolicLink { .. } => {
                "is a symbolic link or lies behind one, which is not followed; put the file itself there"
                    .to_owned()
            }
            Self::NotAFile { .. } => "is not a regular file".to_owned(),
        }
    }

    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

/// Reads a regular file of at most `most` bytes, and never through a symbolic link at its own name.
pub fn read(path: &Path, most: u64) -> Result<Vec<u8>, FileError> {
    let mut options = OpenOptions::new();
    options.read(true);
    no_follow(&mut options);
    let file = options.open(path).map_err(|source| {
        if fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink()) {
            FileError::SymbolicLink { path: path.to_owned() }
        } else {
            FileError::io(path, source)
        }
    })?;
    read_open(file, path, most)
}

/// Reads a regular file of at most `most` bytes, following symbolic links: for files outside the store.
pub fn read_following_links(path: &Path, most: u64) -> Result<Vec<u8>, FileError> {
    read_open(File::open(path).map_err(|e| FileError::io(path, e))?, path, most)
}

fn read_open(file: File, path: &Path, most: u64) -> Result<Vec<u8>, FileError> {
    let metadata = file.metadata().map_err(|e| FileError::io(path, e))?;
    if !metadata.is_file() {
        return Err(FileError::NotAFile { path: path.to_owned() });
    }
    let too_large = || FileError::TooLarge { path: path.to_owned(), most };
    if metadata.len() > most {
        return Err(too_large());
    }
    // It may be a secret, or an identity; and it may have grown since.
    let (expected, limit) =
        (usize::try_from(metadata.len()).ok(), usize::try_from(most).unwrap_or(usize::MAX));
    let bytes = wiped::read_to_end(file, expected, limit).map_err(|e| FileError::io(path, e))?;
    if bytes.len() as u64 > most { Err(too_large()) } else { Ok(bytes) }
}

/// Like [`read`], with a missing file as `None`.
pub fn read_if_present(path: &Path, most: u64) -> Result<Option<Vec<u8>>, FileError> {
    match read(path, most) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// The same of a file below a folder. Neither it nor a folder between may be a symbolic link: git keeps the link, and what
/// it leads to is not what is checked and deployed.
pub fn read_below(root: &Path, path: &Path, most: u64) -> Result<Option<Vec<u8>>, FileError> {
    for folder in path.ancestors().skip(1).take_while(|folder| *folder != root) {
        if folder.symlink_metadata().is_ok_and(|found| found.is_symlink()) {
            return Err(FileError::SymbolicLink { path: folder.to_owned() });
        }
    }
    read_if_present(path, most)
}

/// Who else may read a file that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// As the umask has it.
    Shared,
    /// Everybody: 0644 whatever the umask, because a service of another user is to read it.
    Everybody,
    /// Nobody but the owner: 0600, in folders of 0700.
    OwnerOnly,
}

/// Writes a whole file or leaves what was there: a temporary file beside it, fsync, rename, fsync of the folder.
/// Missing folders are made.
pub fn write_atomic(path: &Path, bytes: &[u8], access: Access) -> Result<(), FileError> {
    write_new(&temporary_name(path), bytes, access, Lasting::Yes)?;
    put_in_place(path)?;
    sync_parent(path)
}

/// Writes what a person asked to have in a file, as a shell's `>` would, but whole or not at all where it is a regular
/// file. A symbolic link is followed, and a device or a pipe is written to, not replaced.
pub fn write_output(path: &Path, bytes: &[u8], access: Access) -> Result<(), FileError> {
    let target = match fs::canonicalize(path) {
        Ok(target) => target,
        Err(e) if e.kind() == io::ErrorKind::NotFound => path.to_owned(),
        Err(e) => return Err(FileError::io(path, e)),
    };
    match fs::metadata(&target) {
        Ok(found) if !found.is_file() => {
            let opened = OpenOptions::new().write(true).open(&target);
            opened.and_then(|mut file| file.write_all(bytes)).map_err(|e| FileError::io(path, e))
        }
        Ok(_) | Err(_) => write_atomic(&target, bytes, access),
    }
}

/// Gives a prepared file its name. That lasts only once its folder is synced.
pub fn put_in_place(path: &Path) -> Result<(), FileError> {
    fs::rename(temporary_name(path), path).map_err(|e| FileError::io(path, e))
}

/// The name under which [`write_atomic`] prepares a file. It follows from the file's own name, so that what a
/// killed process left behind is overwritten by the next one and can be told from other files.
pub fn temporary_name(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.new"))
}

/// Adds to the end of a file that is there.
pub fn append(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let mut file = OpenOptions::new().append(true).open(path).map_err(|e| FileError::io(path, e))?;
    file.write_all(bytes).map_err(|e| FileError::io(path, e))
}

/// Whether standard output goes to this very file.
#[cfg(unix)]
pub fn is_stdout(path: &Path) -> bool {
    use std::os::fd::AsFd as _;
    use std::os::unix::fs::MetadataExt as _;
    let Ok(stdout) = rustix::fs::fstat(io::stdout().as_fd()) else { return false };
    // Their types differ between systems, their numbers do not.
    fs::metadata(path).is_ok_and(|file| {
        i128::from(file.ino()) == i128::from(stdout.st_ino)
            && i128::from(file.dev()) == i128::from(stdout.st_dev)
    })
}

/// Whether standard output goes to this very file.
#[cfg(not(unix))]
pub fn is_stdout(_: &Path) -> bool {
    false
}

/// Whether a file that was written survives a loss of power from then on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lasting {
    Yes,
    NotYet,
}

fn write_new(path: &Path, bytes: &[u8], access: Access, lasting: Lasting) -> Result<(), FileError> {
    let wrap = |e| FileError::io(path, e);
    if let Some(parent) = path.parent().filter(|_| lasting == Lasting::Yes) {
        create_dir(parent, access)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    if access == Access::OwnerOnly {
        owner_only(&mut options);
    }
    let mut file = match options.open(path) {
        // Left behind by a killed process; a symbolic link is not written through.
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(path).and_then(|()| options.open(path))
        }
        opened => opened,
    }
    .map_err(wrap)?;
    #[cfg(unix)]
    if access == Access::Everybody {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        file.set_permissions(mode).map_err(wrap)?;
    }
    file.write_all(bytes).map_err(wrap)?;
    if lasting == Lasting::Yes { file.sync_all().map_err(wrap) } else { Ok(()) }
}

/// Makes a folder and those above it.
pub fn create_dir(path: &Path, access: Access) -> Result<(), FileError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    if access == Access::OwnerOnly {
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    }
    #[cfg(not(unix))]
    let _ = access;
    builder.create(path).map_err(|e| FileError::io(path, e))
}

/// Removes a file and makes that last; a file that is not there is no error.
pub fn remove(path: &Path) -> Result<(), FileError> {
    if unlink(path)? { sync_parent(path) } else { Ok(()) }
}

/// Removes a file, and says whether there was one. That lasts only once its folder is synced.
pub fn unlink(path: &Path) -> Result<bool, FileError> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(e) => Err(FileError::io(path, e)),
    }
}

fn sync_parent(path: &Path) -> Result<(), FileError> {
    let Some(parent) = path.parent() else { return Ok(()) };
    sync_folder(if parent.as_os_str().is_empty() { Path::new(".") } else { parent })
}

fn sync_folder(folder: &Path) -> Result<(), FileError> {
    // A rename lasts only once its folder is on the disk; Windows has no such call and needs none.
    #[cfg(unix)]
    File::open(folder).and_then(|open| open.sync_all()).map_err(|e| FileError::io(folder, e))?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// Whether anybody but the owner may read it. Always false where permissions are not Unix's.
pub fn is_readable_by_others(path: &Path) -> Result<bool, FileError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let metadata = fs::metadata(path).map_err(|e| FileError::io(path, e))?;
        Ok(metadata.permissions().mode() & 0o077 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        Ok(false)
    }
}

#[cfg(unix)]
fn no_follow(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt as _;
    // A fifo in the store must not make us wait for its writer.
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::CLOEXEC;
    options.custom_flags(i32::try_from(flags.bits()).unwrap_or(0));
}

#[cfg(not(unix))]
fn no_follow(_: &mut OpenOptions) {}

#[cfg(unix)]
fn owner_only(options: &mut OpenOptions) {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
}

#[cfg(not(unix))]
fn owner_only(_: &mut OpenOptions) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b.json");
        write_atomic(&path, b"one", Access::Shared).unwrap();
        fs::write(temporary_name(&path), b"left behind by a killed process").unwrap();
        write_atomic(&path, b"two", Access::Shared).unwrap();
        assert_eq!(read(&path, 10).unwrap(), b"two");
        assert!(!temporary_name(&path).exists());
        #[cfg(unix)]
        {
            let elsewhere = dir.path().join("elsewhere");
            fs::write(&elsewhere, b"not to be written").unwrap();
            std::os::unix::fs::symlink(&elsewhere, temporary_name(&path)).unwrap();
            write_atomic(&path, b"three", Access::Shared).unwrap();
            assert_eq!(read(&path, 10).unwrap(), b"three");
            assert_eq!(read(&elsewhere, 20).unwrap(), b"not to be written");
        }
    }

    #[cfg(unix)]
    #[test]
    fn an_output_follows_links_and_replaces_no_device() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("reports/a.json"), dir.path().join("link"));
        write_output(&file, b"one", Access::Shared).unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        write_output(&link, b"two", Access::Shared).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"two");
        fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        write_output(&file, b"two", Access::Everybody).unwrap();
        assert!(is_readable_by_others(&file).unwrap());
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        let fifo = dir.path().join("fifo");
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        let reader = std::thread::spawn({
            let fifo = fifo.clone();
            move || fs::read(fifo).unwrap()
        });
        write_output(&fifo, b"three", Access::Shared).unwrap();
        assert_eq!(reader.join().unwrap(), b"three");
        assert!(write_output(dir.path(), b"four", Access::Shared).is_err());
    }

    #[test]
    fn reading_is_bounded_and_follows_no_link() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        fs::write(&path, b"12345").unwrap();
        assert_eq!(read(&path, 5).unwrap(), b"12345");
        assert!(matches!(read(&path, 4), Err(FileError::TooLarge { .. })));
        assert!(matches!(read(dir.path(), 5), Err(FileError::NotAFile { .. } | FileError::Io { .. })));
        assert!(read_if_present(&dir.path().join("none"), 5).unwrap().is_none());
        #[cfg(unix)]
        {
            let link = dir.path().join("link");
            std::os::unix::fs::symlink(&path, &link).unwrap();
            assert!(matches!(read(&link, 5), Err(FileError::SymbolicLink { .. })));
            assert_eq!(read_following_links(&link, 5).unwrap(), b"12345");
            let fifo = dir.path().join("fifo");
            assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
            assert!(matches!(read(&fifo, 5), Err(FileError::NotAFile { .. })));
        }
    }

    #[cfg(unix)]
    #[test]
    fn private_files_are_private() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("private/identities.txt");
        write_atomic(&path, b"key", Access::OwnerOnly).unwrap();
        assert!(!is_readable_by_others(&path).unwrap());
        assert!(!is_readable_by_others(path.parent().unwrap()).unwrap());
        let open = dir.path().join("open");
        fs::write(&open, b"").unwrap();
        std::fs::set_permissions(&open, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
        assert!(is_readable_by_others(&open).unwrap());
    }
}
