//! Where this program lies, for what others are told to start later.

use std::io;
use std::path::PathBuf;

use super::environment::Environment;

/// The path under which this program is to be started: as `PATH` finds it, where that leads to this very file, because such a
/// path outlives an upgrade; else its own.
pub fn own_path(environment: &Environment) -> io::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let real = own.canonicalize()?;
    let name = format!("secrets{}", std::env::consts::EXE_SUFFIX);
    let folders = environment.path("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&folders)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(&name))
        .find(|path| path.is_file());
    Ok(on_path.filter(|path| path.canonicalize().is_ok_and(|found| found == real)).unwrap_or(own))
}
