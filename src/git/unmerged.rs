//! What a merge, rebase or cherry-pick left for somebody to decide.

use std::collections::BTreeMap;

use super::error::GitError;
use super::ids::{BlobId, Commit};
use super::program::must_succeed;
use super::repository::Repository;
use super::snapshot::{Entry, kind};
use super::work_tree::literal;

/// One path as both sides and what they began with have it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stages {
    pub base: Option<Entry>,
    pub ours: Option<Entry>,
    pub theirs: Option<Entry>,
}

impl Repository {
    /// The paths below a folder (relative to the root, with `/`) that are left unmerged.
    pub fn unmerged(&self, folder: &str) -> Result<BTreeMap<String, Stages>, GitError> {
        let arguments = ["ls-files", "--unmerged", "-z", "--", &literal(folder)];
        let finished = self.git.read("list what is unmerged", &arguments)?;
        let text = String::from_utf8_lossy(&finished.stdout).into_owned();
        let mut unmerged = BTreeMap::<String, Stages>::new();
        for line in text.split_terminator('\0') {
            let Some((path, stage, entry)) = staged_entry(line) else { continue };
            let stages = unmerged.entry(path.to_owned()).or_default();
            match stage {
                "1" => stages.base = Some(entry),
                "2" => stages.ours = Some(entry),
                _ => stages.theirs = Some(entry),
            }
        }
        Ok(unmerged)
    }

    /// Stages paths as they stand in the work tree, gone ones too: then they are merged.
    pub fn stage(&self, paths: &[String]) -> Result<(), GitError> {
        must_succeed("stage what is merged", self.git.stage(paths)?).map(|_| ())
    }

    /// The commits that are merged into `HEAD`, where a merge is not finished.
    pub fn merge_heads(&self) -> Vec<Commit> {
        let text = std::fs::read_to_string(self.git_dir().join("MERGE_HEAD")).unwrap_or_default();
        text.lines().filter_map(Commit::parse).collect()
    }

    /// The commit whose side is `theirs`, where an operation is not finished that has one.
    pub fn their_commit(&self) -> Option<Commit> {
        let named = ["MERGE_HEAD", "CHERRY_PICK_HEAD", "REBASE_HEAD"].into_iter();
        let read = |name| std::fs::read_to_string(self.git_dir().join(name)).ok();
        named.filter_map(read).find_map(|text| Commit::parse(text.lines().next()?))
    }
}

/// `MODE ID STAGE\tPATH`.
fn staged_entry(line: &str) -> Option<(&str, &str, Entry)> {
    let (entry, path) = line.split_once('\t')?;
    let mut fields = entry.split(' ');
    let mode = u32::from_str_radix(fields.next()?, 8).ok()?;
    let id = BlobId::parse(fields.next()?)?;
    Some((path, fields.next()?, Entry { id, kind: kind(mode) }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::EntryKind;

    #[test]
    fn a_line_of_the_index() {
        let id = "1111111111111111111111111111111111111111";
        let line = format!("100644 {id} 2\tsecrets/a b.age");
        let (path, stage, entry) = staged_entry(&line).unwrap();
        assert_eq!((path, stage, entry.kind), ("secrets/a b.age", "2", EntryKind::File));
        assert_eq!(entry.id.to_string(), id);
        for broken in ["", "100644 1 2\tx", "100644", "100644 xyz 2 a"] {
            assert!(staged_entry(broken).is_none(), "{broken}");
        }
    }
}
