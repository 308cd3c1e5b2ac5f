//! Values as other programs write and read them. Pure.
//!
//! | file | what it does |
//! |---|---|
//! | `dotenv`, `json`, `yaml` | read: text to entries, strictly; what two programs read differently is refused or remarked |
//! | `naming` | what a key becomes in the store |
//! | `print` | written: one file per format |
//!
//! No message quotes what it reads: it may be a value. Lines are counted from 1. What the parser of YAML copies on its
//! way is not wiped; what these files copy is.

mod dotenv;
mod json;
pub mod naming;
pub mod print;
mod yaml;

#[cfg(test)]
mod tests;

use crate::domain::wiped_text::Text;

use crate::domain::value::Value;

/// The largest text that is read, in bytes.
pub const MAX_TEXT_BYTES: usize = 64 * 1024 * 1024;
/// The most values that are taken from one text.
pub const MAX_ENTRIES: usize = 10_000;
/// The deepest nesting that is followed.
const MAX_DEPTH: usize = 32;

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// What a text is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notation {
    Dotenv,
    Json,
    Yaml,
}

/// What stands at one key.
pub struct Entry {
    /// The keys that lead there, from the outermost.
    pub keys: Vec<String>,
    /// Where it begins.
    pub line: usize,
    pub content: Content,
    /// What another program might read otherwise. Nothing secret.
    pub remark: Option<&'static str>,
}

impl Entry {
    /// The keys as one text, for people and for globs.
    pub fn key(&self) -> String {
        self.keys.join("/")
    }
}

/// What can stand at a key.
pub enum Content {
    /// Text, and numbers and booleans just as they are written.
    Value(Value),
    Null,
    List,
}

/// A text that can't be read. Holds nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Fault {
    pub line: usize,
    why: String,
}

impl Fault {
    fn at(line: usize, why: impl Into<String>) -> Self {
        Self { line, why: why.into() }
    }
}

/// Reads all values of a text, in its order.
///
/// # Errors
///
/// The first fault: nothing is passed over.
pub fn read(notation: Notation, bytes: &[u8]) -> Result<Vec<Entry>, Fault> {
    let line_of = |at: usize| 1 + bytes.iter().take(at).filter(|byte| **byte == b'\n').count();
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        return Err(Fault::at(line_of(at), "there is a NUL byte, so this is no text"));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| Fault::at(line_of(error.valid_up_to()), "it is not UTF-8"))?;
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    match notation {
        Notation::Dotenv => dotenv::read(text),
        Notation::Json => json::read(text),
        Notation::Yaml => yaml::read(text),
    }
}

/// Adds an entry, unless there are too many.
fn put(entries: &mut Vec<Entry>, entry: Entry) -> Result<(), Fault> {
    if entries.len() == MAX_ENTRIES {
        return Err(Fault::at(entry.line, format!("there are more than {MAX_ENTRIES} values")));
    }
    entries.push(entry);
    Ok(())
}

fn twice(line: usize, earlier: usize) -> Fault {
    Fault::at(line, format!("the key stands in line {earlier} already: remove one"))
}

fn too_deep(line: usize) -> Fault {
    Fault::at(line, format!("it is nested deeper than {MAX_DEPTH} levels"))
}
