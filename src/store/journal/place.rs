//! Paths that stay in the store: below its folder by name, and through no symbolic link.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::JournalError;
use crate::system::files::FileError;

/// The path of a file relative to the store, with `/`.
pub fn relative(root: &Path, path: &Path) -> Result<String, JournalError> {
    let outside = || JournalError::Outside { path: path.to_owned(), root: root.to_owned() };
    let below = path.strip_prefix(root).map_err(|_| outside())?;
    let mut parts = Vec::new();
    for component in below.components() {
        match component {
            Component::Normal(part) => parts.push(part.to_str().ok_or_else(outside)?),
            Component::Prefix(_) | Component::RootDir | Component::CurDir | Component::ParentDir => {
                return Err(outside());
            }
        }
    }
    let joined = parts.join("/");
    if is_inside(&joined) { Ok(joined) } else { Err(outside()) }
}

/// Whether a text with `/` is a path that names a file below the store.
pub fn is_inside(path: &str) -> bool {
    let plain = |part: &str| !matches!(part, "" | "." | "..") && !part.contains(['\\', '\0']);
    path.split('/').all(plain) && !Path::new(path).is_absolute()
}

/// Where a file lies; `None` if a folder above it is missing. No folder above it may be a symbolic link.
pub fn find(root: &Path, path: &str) -> Result<Option<PathBuf>, JournalError> {
    walk(root, path, |_| Ok(false))
}

/// The same, making the folders that are missing.
pub fn prepare(root: &Path, path: &str) -> Result<PathBuf, JournalError> {
    let make_root = || fs::create_dir_all(root).map_err(|e| io_error(root, e));
    if !path.contains('/') {
        make_root()?;
    }
    let found = walk(root, path, |folder| {
        // Only where a folder below it is missing can it be missing itself.
        make_root()?;
        match fs::create_dir(folder) {
            Ok(()) => sync(folder.parent().unwrap_or(root))?,
            // Another of our threads was faster; anything but a folder is found out on the way down.
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(io_error(folder, e)),
        }
        Ok(true)
    })?;
    Ok(found.unwrap_or_else(|| root.join(path)))
}

fn walk(
    root: &Path,
    path: &str,
    mut missing: impl FnMut(&Path) -> Result<bool, JournalError>,
) -> Result<Option<PathBuf>, JournalError> {
    let mut place = root.to_owned();
    let mut parts = path.split('/').peekable();
    while let Some(part) = parts.next() {
        place.push(part);
        if parts.peek().is_none() {
            break;
        }
        match fs::symlink_metadata(&place) {
            Ok(found) if found.is_symlink() => return Err(JournalError::SymbolicLink(place)),
            Ok(found) if found.is_dir() => {}
            Ok(_) => return Err(JournalError::InTheWay(place)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                if !missing(&place)? {
                    return Ok(None);
                }
            }
            Err(e) => return Err(io_error(&place, e)),
        }
    }
    Ok(Some(place))
}

/// The folder of a file, or the nearest one above it that is there.
pub fn folder_left(root: &Path, path: &str) -> PathBuf {
    let place = root.join(path);
    let folder = place.ancestors().skip(1).find(|folder| *folder == root || folder.is_dir());
    folder.unwrap_or(root).to_owned()
}

/// Removes the folders above a removed file in which nothing is left, but never the store's own.
pub fn remove_empty_folders(root: &Path, removed: &Path) {
    for folder in removed.ancestors().skip(1).take_while(|folder| *folder != root) {
        // The first one that is not empty refuses, and with it all above.
        if fs::remove_dir(folder).is_err() {
            break;
        }
    }
}

/// Makes a new folder's entry in the one above it last.
fn sync(folder: &Path) -> Result<(), JournalError> {
    #[cfg(unix)]
    fs::File::open(folder).and_then(|open| open.sync_all()).map_err(|e| io_error(folder, e))?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

fn io_error(path: &Path, source: io::Error) -> JournalError {
    JournalError::File(FileError::Io { path: path.to_owned(), source })
}
