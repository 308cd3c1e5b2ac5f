//! A table of what people know of secrets, as somebody filled it in: CSV with a header row, or JSON. It is read as a
//! whole: every fault is noted with its line, and whoever finds more adds them to these.

mod csv;
mod json;
mod row;
#[cfg(test)]
mod tests;

pub use super::toml::{Faults, FileError};

use crate::domain::terms::Terms;
use crate::domain::tracked_name::CredentialName;

/// The largest table that is read, in bytes.
pub const MAX_TABLE_BYTES: usize = 16 * 1024 * 1024;

/// The columns, as they are called.
pub const COLUMNS: [&str; 8] =
    ["name", "expires", "never", "reason", "issued", "owners", "issuer", "runbook"];

/// What `secrets list --format json` says besides, and nobody needs to take out.
pub const LIST_KEYS: [&str; 6] = ["version", "days_left", "people", "state", "level", "rotation"];

/// One secret of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// From 1.
    pub line: usize,
    pub name: CredentialName,
    pub terms: Terms,
}

/// What a table says, and what is wrong with it.
#[derive(Debug, Default)]
pub struct Table {
    /// Those without a fault, in the order of the table.
    pub rows: Vec<Row>,
    pub faults: Faults,
}

/// Reads a table, of JSON where it begins like that; `path` is for messages. An error where not even its rows can be
/// told apart.
pub fn read(bytes: &[u8], path: &str) -> Result<Table, FileError> {
    if bytes.len() > MAX_TABLE_BYTES {
        let message = format!("is larger than {MAX_TABLE_BYTES} bytes; import it in several parts");
        return Err(FileError::single(path, None, message));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = before.split(|byte| *byte == b'\n').count();
        FileError::single(path, Some(line), "is not UTF-8 here; save the file as UTF-8")
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut table = Table::default();
    if text.trim_start().starts_with(['[', '{']) {
        json::read(text, path, &mut table)?;
    } else {
        csv::read(text, path, &mut table)?;
    }
    Ok(table)
}

/// Counts lines along a text, from its begin to its end only.
struct Lines<'t> {
    text: &'t [u8],
    counted: usize,
    line: usize,
}

impl<'t> Lines<'t> {
    fn of(text: &'t str) -> Self {
        Self { text: text.as_bytes(), counted: 0, line: 1 }
    }

    /// The line, from 1, of the first byte from here on that is no line ending.
    fn at(&mut self, offset: usize) -> usize {
        let rest = self.text.get(offset..).unwrap_or_default();
        let offset = offset + rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let passed = self.text.get(self.counted..offset).unwrap_or_default();
        self.line += passed.split(|byte| *byte == b'\n').skip(1).count();
        self.counted = self.counted.max(offset);
        self.line
    }
}
