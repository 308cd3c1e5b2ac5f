//! The text of `policy.toml` to a validated policy: once, at the door, with every fault and its line.

use toml_edit::Document;

use crate::domain::key::{PublicKey, SigningKey};
use crate::domain::policy::Policy;

mod acceptances;
mod actors;
#[cfg(test)]
mod fault_tests;
mod faults;
mod near_miss;
mod reader;
mod rules;
#[cfg(test)]
pub(super) mod samples;
#[cfg(test)]
mod tests;

pub use faults::{Fault, PolicyError};

use faults::Faults;
use reader::{Lines, Table};

/// The largest policy that is read, in bytes.
pub const MAX_POLICY_BYTES: u64 = 4 * 1024 * 1024;

/// Reads one key of a policy; the error says what is wrong with it and what to write instead.
pub type ParseKey<'a> = dyn Fn(&str) -> Result<PublicKey, String> + 'a;

/// Reads one signing key of a policy.
pub type ParseSigningKey<'a> = dyn Fn(&str) -> Result<SigningKey, String> + 'a;

/// How the keys of a policy are read: what makes a key a good one is not this room's to know.
#[derive(Clone, Copy)]
pub struct KeyParsers<'a> {
    /// Of keys that a value is sealed to.
    pub key: &'a ParseKey<'a>,
    /// Of keys that records are signed with.
    pub signing_key: &'a ParseSigningKey<'a>,
}

/// Reads a policy from the bytes of its file; `path` is for messages.
pub fn parse_bytes(bytes: &[u8], path: &str, parsers: KeyParsers<'_>) -> Result<Policy, PolicyError> {
    match std::str::from_utf8(bytes) {
        Ok(text) => parse(text, path, parsers),
        Err(e) => {
            let before = bytes.get(..e.valid_up_to()).unwrap_or_default();
            let line = before.split(|b| *b == b'\n').count();
            Err(PolicyError::single(path, Some(line), "is not UTF-8 here; save the file as UTF-8"))
        }
    }
}

/// Reads a policy; `path` is for messages. All faults are reported, not only the first; of text that is no TOML
/// the first place where it breaks.
pub fn parse(text: &str, path: &str, parsers: KeyParsers<'_>) -> Result<Policy, PolicyError> {
    if text.len() as u64 > MAX_POLICY_BYTES {
        let message = format!("is larger than {MAX_POLICY_BYTES} bytes; restore the file from git");
        return Err(PolicyError::single(path, None, message));
    }
    let lines = Lines::new(text);
    if let Some(line) = text.lines().position(|line| line.starts_with("<<<<<<< ")) {
        let message = "has an unresolved merge conflict; resolve it by hand, then `git add` the file";
        return Err(PolicyError::single(path, Some(line + 1), message));
    }
    let document = Document::parse(text).map_err(|e| {
        let line = e.span().map(|span| lines.line(span.start));
        let what = e.span().and_then(|span| text.get(span)).filter(|_| e.message() == "duplicate key");
        let quoted = what.map(|key| format!(" `{}`", key.trim())).unwrap_or_default();
        PolicyError::single(path, line, format!("is no TOML: {}{quoted}; correct this line", e.message()))
    })?;
    let mut faults = Faults::default();
    match rules::policy(Table::root(document.as_table(), &lines), parsers, &mut faults) {
        Some(policy) if faults.is_empty() => Ok(policy),
        _ => Err(faults.into_error(path)),
    }
}
