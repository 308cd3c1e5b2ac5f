//! `custody.toml`: what people say of the files beside it that other tools have sealed. Nothing binds it to their
//! ciphertext, so it is made to be read and edited by people: a table for each secret, sorted, so that branches merge.
//!
//! A table is named like its secret ([`TrackedName`]) without the folder: `["enc.yaml#/hub/client_secret"]`, or
//! `["enc.age"]` for a file as a whole. Since `schema` is taken, a file of that name is written `["./schema"]`.

use std::collections::BTreeMap;

use crate::domain::claim::Claim;
use crate::domain::tracked_name::TrackedName;

mod draft;
mod edit;
mod facts;
mod parse;
#[cfg(test)]
mod properties;
#[cfg(test)]
pub(super) mod samples;
#[cfg(test)]
mod tests;

pub use super::toml::FileError as CustodyError;
pub use draft::Draft;

use super::toml::Source;

/// The name of the file, in every folder that has one.
pub const CUSTODY: &str = "custody.toml";

/// The largest one that is read, in bytes.
pub const MAX_CUSTODY_BYTES: u64 = 4 * 1024 * 1024;

/// What one `custody.toml` says, by the whole names of the secrets.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CustodyFile {
    pub claims: BTreeMap<TrackedName, Claim>,
}

/// Reads a `custody.toml`; `path`, from the root of the repository, gives the folder to which its names are relative.
/// All faults are reported, not only the first; of text that is no TOML the first place where it breaks. Whether owners
/// and readers are anybody is for policy to say.
pub fn parse(bytes: &[u8], path: &str) -> Result<CustodyFile, CustodyError> {
    let folder = path.rsplit_once('/').map(|(folder, _)| folder);
    let source = Source { path, name: CUSTODY, most: MAX_CUSTODY_BYTES };
    source.read_bytes(bytes, |root, faults| parse::file(root, folder, faults))
}

/// The key of a file that is called like the one key that is no name.
const FILE_CALLED_SCHEMA: &str = "./schema";

/// The key of a secret's table.
fn key_of(name: &TrackedName) -> String {
    let file = name.file().rsplit_once('/').map_or(name.file(), |(_, file)| file);
    match name.pointer_text() {
        "" if file == "schema" => FILE_CALLED_SCHEMA.to_owned(),
        "" => file.to_owned(),
        pointer => format!("{file}#{pointer}"),
    }
}

/// Without the carriage returns at the ends of lines, however many: said twice, it says the same.
fn with_line_feeds(text: &str) -> String {
    let mut lines = text.split('\n').rev();
    let last = lines.next().unwrap_or_default();
    let mut whole: Vec<&str> = lines.map(|line| line.trim_end_matches('\r')).collect();
    whole.reverse();
    whole.push(last);
    whole.join("\n")
}
