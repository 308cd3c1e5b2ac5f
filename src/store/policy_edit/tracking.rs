//! Which files other tools have sealed.

use toml_edit::{Array, Item, Table, Value};

use super::super::toml::comments;
use super::{Draft, EditError};

impl Draft {
    /// Has policy track files: lists the globs under `[track]` that are not there yet. Without any, the table alone says
    /// that files with records are tracked.
    pub fn add_tracked_files(&mut self, globs: &[String]) -> Result<(), EditError> {
        self.whole(|draft| {
            if !draft.document.contains_key("track") {
                let mut table = Table::new();
                comments::place(&mut draft.document, &mut table, None);
                draft.document.insert("track", Item::Table(table));
            }
            if globs.is_empty() {
                return Ok(());
            }
            let track = draft.section_mut("track").ok_or_else(|| shape("track", "table"))?;
            let files = track.entry("files").or_insert_with(|| Value::from(Array::new()).into());
            let files = files.as_array_mut().ok_or_else(|| shape("files", "array"))?;
            for glob in globs {
                if !files.iter().any(|file| file.as_str() == Some(glob)) {
                    comments::push(files, glob);
                }
            }
            Ok(())
        })
    }
}

fn shape(key: &str, expected: &'static str) -> EditError {
    EditError::Shape { key: key.to_owned(), expected }
}
