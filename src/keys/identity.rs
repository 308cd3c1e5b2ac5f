//! An identity as bytes, with the words for where it came from.

use std::fs::File;
use std::path::Path;

use zeroize::Zeroizing;

use crate::system::files::FileError;
use crate::system::wiped;

/// The largest identity, or file of identities, in bytes.
pub const MAX_IDENTITY_BYTES: usize = 1024 * 1024;

/// The bytes of one identity or of a file of them: `AGE-SECRET-KEY-…` lines, an OpenSSH private key, or an age
/// file that holds either behind a passphrase. Zeroized when dropped, and deliberately without `Debug`.
pub struct IdentityBytes {
    /// Where it came from, for a person: `keyring: laptop`.
    pub label: String,
    pub bytes: Zeroizing<Vec<u8>>,
}

/// Reads a file that a person named. Unlike the store's files it may be a link or a pipe (`--identity <(…)`).
pub(super) fn read_named(path: &Path) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let io = |source| FileError::Io { path: path.to_owned(), source };
    let file = File::open(path).map_err(io)?;
    let metadata = file.metadata().map_err(io)?;
    if metadata.is_dir() {
        return Err(FileError::NotAFile { path: path.to_owned() });
    }
    let expected = metadata.is_file().then(|| usize::try_from(metadata.len()).ok()).flatten();
    let bytes = Zeroizing::new(wiped::read_to_end(file, expected, MAX_IDENTITY_BYTES).map_err(io)?);
    if bytes.len() > MAX_IDENTITY_BYTES {
        return Err(FileError::TooLarge { path: path.to_owned(), most: MAX_IDENTITY_BYTES as u64 });
    }
    Ok(bytes)
}
