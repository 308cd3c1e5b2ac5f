//! Many files at once: all are prepared, then all are made to last, then all get their names.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use super::{Access, FileError, Lasting, sync_folder, temporary_name, write_new};

/// The first half of [`write_atomic`], for many files at once: the file under its temporary name. It lasts only once
/// [`sync_prepared`] has returned. Its folder must be there.
pub fn prepare(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    write_new(&temporary_name(path), bytes, Access::Shared, Lasting::NotYet)
}

/// Makes prepared files last, before any of them is put in its place.
pub fn sync_prepared(root: &Path, paths: &[PathBuf]) -> Result<(), FileError> {
    if paths.len() > MANY && sync_file_system(root)? {
        return Ok(());
    }
    paths.iter().try_for_each(|path| {
        let temporary = temporary_name(path);
        let synced = OpenOptions::new().write(true).open(&temporary).and_then(|file| file.sync_all());
        synced.map_err(|e| FileError::io(&temporary, e))
    })
}

/// Makes last what was put in place or removed in these folders.
pub fn sync_folders(root: &Path, folders: &BTreeSet<PathBuf>) -> Result<(), FileError> {
    if folders.len() > MANY && sync_file_system(root)? {
        return Ok(());
    }
    folders.iter().try_for_each(|folder| sync_folder(folder))
}

/// Above so many files or folders it is faster to have the file system written out as a whole than one after the other.
const MANY: usize = 64;

/// Writes out the file system on which a folder lies, where there is a call for that; since Linux 5.8 (2020) it tells
/// what could not be written.
fn sync_file_system(folder: &Path) -> Result<bool, FileError> {
    #[cfg(target_os = "linux")]
    {
        let open = File::open(folder).map_err(|e| FileError::io(folder, e))?;
        rustix::fs::syncfs(open).map_err(|e| FileError::io(folder, e.into()))?;
        Ok(true)
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = folder;
        Ok(false)
    }
}
