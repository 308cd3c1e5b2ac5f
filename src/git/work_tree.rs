//! What of the work tree `git status` does not show.

use std::collections::{BTreeMap, BTreeSet};

use git2::Oid;

use super::error::GitError;
use super::ids::BlobId;
use super::program::{LOCAL_LIMIT, must_succeed};
use super::repository::Repository;

impl Repository {
    /// Of these paths (relative to the root, with `/`), those that an ignore rule hides, with the rule as
    /// `.gitignore:3: *.age`. Rules count even for paths that are committed already.
    pub fn ignored_by<S: AsRef<str>>(
        &self,
        paths: impl IntoIterator<Item = S>,
    ) -> Result<BTreeMap<String, String>, GitError> {
        // With `./` a name can't be read as pathspec magic, which this command takes but can't be told to ignore.
        let input = nul_separated(paths.into_iter().map(|path| format!("./{}", path.as_ref())));
        if input.is_empty() {
            return Ok(BTreeMap::new());
        }
        let arguments = ["check-ignore", "--verbose", "-z", "--no-index", "--stdin"];
        let program = self.git.reading().args(arguments).input(input);
        let finished = program.run(LOCAL_LIMIT)?;
        // 1 says that none of them is ignored.
        if finished.status.code() == Some(1) {
            return Ok(BTreeMap::new());
        }
        let finished = must_succeed("ask git what is ignored", finished)?;
        let text = String::from_utf8_lossy(&finished.stdout).into_owned();
        let fields: Vec<_> = text.split_terminator('\0').collect();
        let mut rules = BTreeMap::new();
        for [source, line, pattern, path] in fields.as_chunks::<4>().0 {
            // A rule with `!` is the one that takes the path out of hiding.
            if !pattern.is_empty() && !pattern.starts_with('!') {
                let path = path.strip_prefix("./").unwrap_or(path);
                rules.insert(path.to_owned(), format!("{source}:{line}: {pattern}"));
            }
        }
        Ok(rules)
    }

    /// Of these paths, those that a sparse checkout leaves out of the work tree: in the index, marked
    /// `skip-worktree`, and not there as files. Outside a sparse checkout that mark means nothing here.
    pub fn outside_sparse_checkout<S: AsRef<str>>(
        &self,
        paths: impl IntoIterator<Item = S>,
    ) -> Result<BTreeSet<String>, GitError> {
        if !self.is_sparse()? {
            return Ok(BTreeSet::new());
        }
        let mut absent: BTreeSet<String> = (paths.into_iter())
            .map(|path| path.as_ref().to_owned())
            .filter(|path| self.root().join(path).symlink_metadata().is_err())
            .collect();
        if absent.is_empty() {
            return Ok(BTreeSet::new());
        }
        let within = literal(common_folder(&absent));
        let finished = self.git.read("list the index", &["ls-files", "-t", "-z", "--", &within])?;
        let text = String::from_utf8_lossy(&finished.stdout).into_owned();
        let skipped: BTreeSet<_> =
            text.split_terminator('\0').filter_map(|entry| entry.strip_prefix("S ")).collect();
        absent.retain(|path| skipped.contains(path.as_str()));
        Ok(absent)
    }

    /// The id that a file of the work tree would have if it were committed now: git's own filters are applied.
    pub fn filtered_id(&self, path: &str) -> Result<BlobId, GitError> {
        let shown = format!("./{path}");
        let finished = self.git.read("hash a file as git would commit it", &["hash-object", "--", &shown])?;
        let text = finished.text();
        let why = || format!("git hash-object answered `{}`", super::words::shown(&text));
        let unreadable = || GitError::Unreadable { path: self.root().join(path), why: why() };
        Oid::from_str(text.trim()).map(BlobId).map_err(|_| unreadable())
    }

    /// The filter that the attributes give a file; `None` where they give it none.
    pub fn filter_of(&self, path: &str) -> Option<String> {
        let arguments = ["check-attr", "-z", "filter", "--", path];
        let finished = self.git.read("ask for the filter of a file", &arguments).ok()?;
        let text = String::from_utf8_lossy(&finished.stdout).into_owned();
        let value = text.split('\0').nth(2)?;
        (!matches!(value, "unspecified" | "unset" | "set")).then(|| value.to_owned())
    }

    /// What was begun and not ended, such as a merge: until then git commits no single paths, or takes such a commit
    /// for the end of it.
    pub fn unfinished_operation(&self) -> Option<&'static str> {
        let states = [
            ("MERGE_HEAD", "merge"),
            // A rebase has a CHERRY_PICK_HEAD of its own where it stops.
            ("rebase-merge", "rebase"),
            ("rebase-apply", "rebase"),
            ("CHERRY_PICK_HEAD", "cherry-pick"),
            ("REVERT_HEAD", "revert"),
        ];
        let is_there = |name: &str| self.git_dir().join(name).symlink_metadata().is_ok();
        states.into_iter().find(|(name, _)| is_there(name)).map(|(_, operation)| operation)
    }

    pub(super) fn is_sparse(&self) -> Result<bool, GitError> {
        if !self.git_dir().join("info/sparse-checkout").exists() {
            return Ok(false);
        }
        let program = self.git.reading().args(["config", "--type=bool", "core.sparseCheckout"]);
        Ok(program.run(LOCAL_LIMIT)?.text() == "true")
    }
}

/// A pathspec that means this path or folder and nothing else. Said in the pathspec itself, because the variable
/// that says it for all would reach hooks too.
pub(super) fn literal(path: &str) -> String {
    if path.is_empty() { ":(top)".to_owned() } else { format!(":(top,literal){path}") }
}

/// The longest folder above all paths; empty for the root.
pub(super) fn common_folder(paths: &BTreeSet<String>) -> &str {
    let (Some(first), Some(last)) = (paths.first(), paths.last()) else { return "" };
    // In sorted order, what the first and the last share is shared by all between them.
    let shared: usize =
        first.chars().zip(last.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
    let shared = first.get(..shared).unwrap_or_default();
    shared.rsplit_once('/').map_or("", |(folder, _)| folder)
}

pub(super) fn nul_separated<S: AsRef<str>>(paths: impl IntoIterator<Item = S>) -> Vec<u8> {
    let mut list = Vec::new();
    for path in paths {
        list.extend_from_slice(path.as_ref().as_bytes());
        list.push(0);
    }
    list
}
