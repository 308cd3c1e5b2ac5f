//! Where what was rendered goes: a file, or standard output.

use std::path::Path;

use super::{CommandError, Session};
use crate::system::files::{self, Access};

/// A file is written whole or stays as it was, a device is written to; either is named.
pub fn deliver(
    session: &Session,
    output: Option<&Path>,
    text: &str,
    access: Access,
) -> Result<(), CommandError> {
    let Some(path) = output else { return session.print(text) };
    if path.is_dir() {
        let error = CommandError::new(format!("{}: is a folder", path.display()));
        return Err(error.hint("give --output the name of a file"));
    }
    files::write_output(path, text.as_bytes(), access)?;
    session.say(format!("wrote {}", path.display()))
}
