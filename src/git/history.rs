//! What happened to one path.

use super::error::GitError;
use super::program::{LOCAL_LIMIT, must_succeed};
use super::repository::Repository;
use super::words;
use super::work_tree::literal;

/// Separates fields; git has no way to put it into a name or a subject.
const UNIT_SEPARATOR: char = '\u{1f}';

/// How many commits back a file that is gone is looked for.
const MOST_LOOKED_AT: usize = 8;

/// One commit that touched a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    pub commit: String,
    /// The author's date, `YYYY-MM-DD`.
    pub date: String,
    pub author: String,
    pub subject: String,
}

impl Repository {
    /// The latest commits that touched a path (relative to the root, with `/`), newest first.
    pub fn history(&self, path: &str, most: usize) -> Result<Vec<HistoryEntry>, GitError> {
        if self.head()?.is_none() {
            return Ok(Vec::new());
        }
        let count = format!("--max-count={most}");
        let format = "--format=%H%x1f%as%x1f%an%x1f%s";
        let spec = literal(path);
        let arguments = ["log", count.as_str(), format, "--no-show-signature", "--", &spec];
        let finished = self.git.reading().args(arguments).run(LOCAL_LIMIT)?;
        let text = must_succeed("read the history", finished)?.text();
        Ok(text.lines().filter_map(entry).collect())
    }

    /// The bytes that a path last had in a commit; `None` where it never was in one that is here.
    pub fn last_committed(&self, path: &str) -> Result<Option<Vec<u8>>, GitError> {
        for entry in self.history(path, MOST_LOOKED_AT)? {
            let commit = self.resolve(&entry.commit)?;
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            if let Some(found) = self.snapshot(commit, folder)?.get(path) {
                return Ok(self.blobs(&[found.id])?.into_iter().next());
            }
        }
        Ok(None)
    }

    /// A setting of the user's git; `None` where it is not set.
    pub fn config(&self, key: &str) -> Option<String> {
        let finished = self.git.reading().args(["config", "--get", key]).run(LOCAL_LIMIT).ok()?;
        let text = finished.text();
        (finished.succeeded() && !text.is_empty()).then(|| words::shown(&text))
    }
}

fn entry(line: &str) -> Option<HistoryEntry> {
    let mut fields = line.split(UNIT_SEPARATOR).map(words::shown);
    Some(HistoryEntry {
        commit: fields.next()?,
        date: fields.next()?,
        author: fields.next()?,
        subject: fields.next()?,
    })
}
