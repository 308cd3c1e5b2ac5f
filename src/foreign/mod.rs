//! Files that other tools have sealed, read without a key. A file is known by its content, never by its name.
//!
//! | file | what it reads |
//! |---|---|
//! | `tree` | the common form of documents, and the bounds on them |
//! | `yaml`, `json` | text to trees, strictly: no duplicate keys, no aliases |
//! | `sops` | values, metadata and rules of sops, in YAML, JSON, dotenv and INI |
//! | `sealed_secrets`, `ansible_vault`, `git_crypt` | the other formats, one file each |
//!
//! A file without one well-formed encrypted value is plain, whatever else it says. One that has some and can't be read
//! in full is damaged.

mod ansible_vault;
mod git_crypt;
mod json;
mod sealed_secrets;
mod sops;
mod tree;
mod yaml;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

use crate::domain::foreign::Contents;

/// The largest file that is looked into, in bytes.
pub const MAX_FOREIGN_BYTES: u64 = 64 * 1024 * 1024;

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Tells what the bytes of a file are. Files of age are not this room's: `seal::bare` reads them.
pub fn read(bytes: &[u8]) -> Contents {
    if let Some(contents) = git_crypt::read(bytes) {
        return contents;
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        // A byte that is no text is damage only where the rest is sealed.
        let is_marked = bytes.utf8_chunks().any(|chunk| sops::is_marked(chunk.valid()));
        let damaged = || sops::damaged(&String::from_utf8_lossy(bytes), "it is not UTF-8");
        return is_marked.then(damaged).flatten().unwrap_or_else(|| {
            Contents::Plain("it is neither text nor a binary format that is known".to_owned())
        });
    };
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let mut why = "no tool that is known has sealed it".to_owned();
    for reader in [ansible_vault::read, sops::read, sealed_secrets::read, ansible_vault::read_inline] {
        match reader(text) {
            None => {}
            Some(Contents::Plain(reason)) => why = reason,
            Some(contents) => return contents,
        }
    }
    Contents::Plain(why)
}

/// The access to a file that a password or a key without owner opens.
fn opaque(key: &str) -> crate::domain::foreign::Access {
    let key = crate::domain::foreign::ForeignKey::Opaque(key.to_owned());
    crate::domain::foreign::Access { groups: vec![vec![key]], threshold: 1 }
}

#[cfg(test)]
use sops::value_kind as sops_value;
