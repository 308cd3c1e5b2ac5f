//! What the files that people write in TOML share: one way to read them, which notes every fault with its line, and
//! one way to change them, which leaves comments where they are.

use toml_edit::Document;

pub mod comments;
mod faults;
pub mod near_miss;
mod reader;

pub use faults::{Faults, FileError};
pub use reader::{Node, Table};

use reader::Lines;

/// Which file is read, for messages, and how large it may be.
#[derive(Debug, Clone, Copy)]
pub struct Source<'s> {
    pub path: &'s str,
    /// As messages name the file as a whole: `the policy`.
    pub name: &'static str,
    /// In bytes.
    pub most: u64,
}

impl Source<'_> {
    /// Reads from the bytes of a file.
    pub fn read_bytes<T>(
        self,
        bytes: &[u8],
        reading: impl FnOnce(Table<'_>, &mut Faults) -> Option<T>,
    ) -> Result<T, FileError> {
        self.refuse_large(bytes.len())?;
        match std::str::from_utf8(bytes) {
            Ok(text) => self.read(text, reading),
            Err(e) => {
                let before = bytes.get(..e.valid_up_to()).unwrap_or_default();
                let line = before.split(|b| *b == b'\n').count();
                Err(FileError::single(self.path, Some(line), "is not UTF-8 here; save the file as UTF-8"))
            }
        }
    }

    /// Reads a text. All faults are reported, not only the first; of text that is no TOML the first place where it
    /// breaks.
    pub fn read<T>(
        self,
        text: &str,
        reading: impl FnOnce(Table<'_>, &mut Faults) -> Option<T>,
    ) -> Result<T, FileError> {
        self.refuse_large(text.len())?;
        let lines = Lines::new(text);
        if let Some(line) = text.lines().position(|line| line.starts_with("<<<<<<< ")) {
            let message = "has an unresolved merge conflict; resolve it by hand, then `git add` the file";
            return Err(FileError::single(self.path, Some(line + 1), message));
        }
        let document = Document::parse(text).map_err(|e| {
            let line = e.span().map(|span| lines.line(span.start));
            let what = e.span().and_then(|span| text.get(span)).filter(|_| e.message() == "duplicate key");
            let quoted = what.map(|key| format!(" `{}`", key.trim())).unwrap_or_default();
            let message = format!("is no TOML: {}{quoted}; correct this line", e.message());
            FileError::single(self.path, line, message)
        })?;
        let mut faults = Faults::default();
        match reading(Table::root(document.as_table(), &lines, self.name), &mut faults) {
            Some(read) if faults.is_empty() => Ok(read),
            _ => Err(faults.into_error(self.path)),
        }
    }

    fn refuse_large(self, length: usize) -> Result<(), FileError> {
        if length as u64 > self.most {
            let message = format!("is larger than {} bytes; restore the file from git", self.most);
            return Err(FileError::single(self.path, None, message));
        }
        Ok(())
    }
}
