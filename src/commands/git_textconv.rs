//! `secrets git textconv`: what `git diff` shows of a file in the store. It opens nothing and asks nobody.

use super::{CommandError, Session};
use crate::cli::GitTextconv;
use crate::observe::MAX_SEALED_BYTES;
use crate::render::textconv;
use crate::seal::{header, inspection};
use crate::store::record_file::{self, RecordError};
use crate::system::files::{self, FileError};

pub fn run(session: &Session, arguments: &GitTextconv) -> Result<u8, CommandError> {
    let path = session.environment.current_dir().join(&arguments.file);
    session.print(match files::read_following_links(&path, MAX_SEALED_BYTES) {
        Ok(bytes) => shown(&bytes),
        Err(FileError::TooLarge { .. }) => {
            let bytes = path.metadata().map_or(0, |found| found.len());
            textconv::other("larger than anything in a store", bytes)
        }
        Err(error) => return Err(error.into()),
    })?;
    Ok(0)
}

/// By its content, because git hands over a temporary file. Nothing of a file in clear is shown, nor of what may be one.
fn shown(bytes: &[u8]) -> String {
    let other = |why: &str| textconv::other(why, bytes.len() as u64);
    if header::looks_like_age(bytes) {
        return match inspection::inspect(bytes) {
            Ok(file) => textconv::sealed(&file, bytes.len()),
            Err(error) => other(&error.to_string()),
        };
    }
    match record_file::parse(bytes, "record") {
        Ok(record) => textconv::record(&record, record_file::print(&record) == bytes),
        Err(RecordError::NewerSchema { .. }) => other("a record of a newer schema: upgrade secrets"),
        Err(_) if bytes.is_empty() => other("empty"),
        Err(_) => other("neither an age file nor a record that can be read"),
    }
}
