//! The record's file: `NAME.json`, read strictly and printed in one form.

use serde::Deserialize;
use serde_json::Value;

use crate::domain::json::{self, StrictValue};
use crate::domain::record::{Record, SCHEMA, Sealed, VersionOrder};
use crate::domain::rotation::{Rotation, RotationState};

mod fault;
#[cfg(test)]
pub(super) mod samples;
#[cfg(test)]
mod tests;

/// The largest record that is read, in bytes.
pub const MAX_RECORD_BYTES: u64 = 1024 * 1024;

/// Why a file is no readable record. Every message names the file and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// JSON, but nothing of ours: whatever it holds lies there in plain text.
    #[error(
        "{path}: is JSON but no record of `secrets`; if it is a secret, move it out and add it with `secrets add`"
    )]
    NotARecord { path: String },
    #[error(
        "{path}: has schema {found}, newer than this version of `secrets` understands (it knows {SCHEMA}); \
         upgrade `secrets`"
    )]
    NewerSchema { path: String, found: String },
    #[error("{path}: is larger than {MAX_RECORD_BYTES} bytes and no record; {RESTORE}")]
    TooLarge { path: String },
    #[error("{path}:{line}:{column}: {message}; {remedy}")]
    Malformed { path: String, line: usize, column: usize, message: String, remedy: &'static str },
    #[error("{path}: {message}; {RESTORE}")]
    Contradictory { path: String, message: &'static str },
}

/// What can be the number of a schema; whatever is larger is something else, and is not repeated.
const FEW_SCHEMAS: u64 = 1000;

const RESTORE: &str = "restore the file from git";
const CORRECT: &str = "correct it, or restore the file from git";

/// Reads a record. Strict: unknown keys (but under `about`), nulls in `sealed`, duplicate keys and unsorted
/// arrays are refused. `path` is for messages only; that the record's name is the file's is not asked here.
pub fn parse(bytes: &[u8], path: &str) -> Result<Record, RecordError> {
    if bytes.len() as u64 > MAX_RECORD_BYTES {
        return Err(RecordError::TooLarge { path: path.to_owned() });
    }
    let record = json::read::<Record>(bytes).map_err(|e| diagnose(bytes, path, &e))?;
    match contradiction(&record.sealed)
        .or_else(|| signed_twice(&record))
        .or_else(|| record.rotation.as_ref().and_then(of_rotation))
    {
        None => Ok(record),
        Some(message) => Err(RecordError::Contradictory { path: path.to_owned(), message }),
    }
}

/// The order of what may be a record, without judging the rest of it; `None` where it has none. For the many of the
/// past, of which few are ever looked at closely.
pub fn order_of(bytes: &[u8]) -> Option<VersionOrder> {
    #[derive(Deserialize)]
    struct Glance {
        sealed: SealedGlance,
    }
    #[derive(Deserialize)]
    struct SealedGlance {
        seal: u64,
        version: VersionGlance,
    }
    #[derive(Deserialize)]
    struct VersionGlance {
        number: u64,
    }
    if bytes.len() as u64 > MAX_RECORD_BYTES {
        return None;
    }
    let Glance { sealed } = json::read(bytes).ok()?;
    Some(VersionOrder { number: sealed.version.number, seal: sealed.seal })
}

/// Prints a record: two spaces, keys in the order of the type, one line feed at the end.
#[expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "string keys, into memory: it cannot fail"
)]
pub fn print(record: &Record) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(record).expect("a record is printable");
    bytes.push(b'\n');
    bytes
}

/// What the parts of `sealed` say against each other. Readers without a key and keys of nobody who reads are not
/// looked for here: whoever edits them tampers with the record, and the checks say so by name.
fn contradiction(sealed: &Sealed) -> Option<&'static str> {
    (sealed.version.number == 0).then_some("sealed.version.number is 0, and the first version is 1")
}

/// Which version stands is not looked at here: what was set or put back meanwhile is for `secrets rotate` to clear up.
fn of_rotation(rotation: &Rotation) -> Option<&'static str> {
    if rotation.to == rotation.from.id {
        return Some("rotation.to is the version that it replaces");
    }
    if rotation.abandoned.contains(&rotation.to) {
        return Some("rotation.abandoned holds the version that is being made");
    }
    match rotation.state {
        RotationState::Verified if rotation.verified.is_none() => {
            Some("rotation.state is verified, and `verified` is missing")
        }
        RotationState::Aborted if rotation.aborted.is_none() => {
            Some("rotation.state is aborted, and `aborted` is missing")
        }
        RotationState::Planned | RotationState::Sealed | RotationState::Verified | RotationState::Aborted => {
            None
        }
    }
}

fn signed_twice(record: &Record) -> Option<&'static str> {
    // They are sorted by who signed.
    let mut next = record.signatures.iter().skip(1);
    let twice = record.signatures.iter().any(|one| next.next().is_some_and(|other| other.by == one.by));
    twice.then_some("signatures holds two of one person")
}

/// Says what is wrong with bytes that are no record. Slow, and only for those.
fn diagnose(bytes: &[u8], path: &str, error: &serde_json::Error) -> RecordError {
    let malformed = |line, column, message: String, remedy| RecordError::Malformed {
        path: path.to_owned(),
        line,
        column,
        message,
        remedy,
    };
    if bytes.starts_with(b"\xef\xbb\xbf") {
        let message = "starts with a byte order mark, which JSON does not have".to_owned();
        return malformed(1, 1, message, "save it as UTF-8 without one");
    }
    if let Err(e) = std::str::from_utf8(bytes) {
        let (line, column) = position(bytes, e.valid_up_to());
        return malformed(line, column, "is not UTF-8 here".to_owned(), RESTORE);
    }
    let (line, column) = (error.line(), error.column());
    match json::read::<Value>(bytes) {
        // Nothing of any other file is quoted: it may be a secret in plain text.
        Ok(Value::Object(object))
            if object.contains_key("schema") && object.get("sealed").is_some_and(Value::is_object) =>
        {
            let schema = object.get("schema").and_then(Value::as_u64).filter(|found| *found < FEW_SCHEMAS);
            if let Some(found) = schema.filter(|found| *found != SCHEMA) {
                return RecordError::NewerSchema { path: path.to_owned(), found: found.to_string() };
            }
            let message = fault::told(read_so_far(bytes, line, column), &unpositioned(error));
            let remedy = remedy(bytes, &message);
            malformed(line, column, message, remedy)
        }
        Ok(_) => RecordError::NotARecord { path: path.to_owned() },
        // A conflict that git left is the one way in which these files break by themselves.
        Err(_) if let Some(line) = conflict(bytes) => {
            let message = "has an unresolved merge conflict".to_owned();
            malformed(
                line,
                1,
                message,
                "take one side whole (`git checkout --ours` or `--theirs`), value and record together",
            )
        }
        Err(e) => malformed(e.line(), e.column(), format!("is no JSON: {}", unpositioned(&e)), CORRECT),
    }
}

fn remedy(bytes: &[u8], message: &str) -> &'static str {
    if json::read::<StrictValue>(bytes).is_err() {
        "remove one of the two, or restore the file from git"
    } else if message.starts_with("about") {
        "correct it there: `about` is free to edit"
    } else if message.starts_with("rotation") && message.contains(": unknown ") {
        "a newer version of `secrets` may have begun it: upgrade `secrets`, or restore the file from git"
    } else {
        RESTORE
    }
}

/// `serde_json` ends its messages with the position, which ours begin with.
fn unpositioned(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let end = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&end).map_or(text.clone(), str::to_owned)
}

/// The bytes up to where `serde_json` stopped; it counts columns in bytes, the last one read included.
fn read_so_far(bytes: &[u8], line: usize, column: usize) -> &[u8] {
    let before: usize =
        bytes.split(|b| *b == b'\n').take(line.saturating_sub(1)).map(|line| line.len() + 1).sum();
    bytes.get(..before + column).unwrap_or(bytes)
}

/// Line and column, from 1, of a byte.
fn position(bytes: &[u8], offset: usize) -> (usize, usize) {
    let before = bytes.get(..offset).unwrap_or(bytes);
    let line_start = before.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
    (before.split(|b| *b == b'\n').count(), before.len() - line_start + 1)
}

fn conflict(bytes: &[u8]) -> Option<usize> {
    let at = bytes.split(|b| *b == b'\n').position(|line| line.starts_with(b"<<<<<<< "))?;
    Some(at + 1)
}
