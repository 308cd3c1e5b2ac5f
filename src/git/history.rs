//! What happened to one path.

use std::collections::BTreeSet;

use super::error::GitError;
use super::ids::{BlobId, Commit};
use super::program::{LOCAL_LIMIT, must_succeed};
use super::repository::Repository;
use super::words;
use super::work_tree::literal;

/// Separates fields; git has no way to put it into a name or a subject.
const UNIT_SEPARATOR: char = '\u{1f}';

/// How many commits back an earlier state is looked for.
const MOST_LOOKED_AT: usize = 8;

/// The most paths that are given to git at once: a command line is bounded.
const MOST_PATHSPECS: usize = 256;

/// One commit that touched a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryEntry {
    pub commit: String,
    /// The author's date, `YYYY-MM-DD`.
    pub date: String,
    pub author: String,
    pub subject: String,
}

/// What a commit made of a path; a side on which no file is has no id.
struct Change {
    path: String,
    old: Option<BlobId>,
    new: Option<BlobId>,
}

impl Repository {
    /// The latest commits that touched a path (relative to the root, with `/`), newest first.
    pub fn history(&self, path: &str, most: usize) -> Result<Vec<HistoryEntry>, GitError> {
        self.touching(&[path], most)
    }

    /// Whether any commit at hand ever touched a file with this ending below a folder (relative to the root).
    pub fn ever_touched(&self, folder: &str, ending: &str) -> Result<bool, GitError> {
        let pattern =
            if folder.is_empty() { format!("**/*{ending}") } else { format!("{folder}/**/*{ending}") };
        Ok(!self.log(vec![format!(":(top,glob){pattern}")], 1)?.is_empty())
    }

    /// Whether any of these files was ever touched by a commit of the history at hand.
    pub fn ever_touched_any(&self, paths: &[String]) -> Result<bool, GitError> {
        for some in paths.chunks(MOST_PATHSPECS) {
            if !self.log(some.iter().map(|path| literal(path)).collect(), 1)?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn touching(&self, paths: &[&str], most: usize) -> Result<Vec<HistoryEntry>, GitError> {
        self.log(paths.iter().map(|path| literal(path)).collect(), most)
    }

    /// What a file held in the latest commits that touched it, and in those that they replaced: each once, newest first.
    /// Side branches that were merged count too. Where it moved from, it is not followed to.
    pub fn past_blobs(&self, path: &str, most: usize) -> Result<Vec<BlobId>, GitError> {
        if self.head()?.is_none() {
            return Ok(Vec::new());
        }
        let count = format!("--max-count={most}");
        let raw =
            ["log", &count, "--full-history", "-m", "--format=", "--raw", "--no-abbrev", "--no-renames"];
        let program = self.git.reading().args(raw).args(["--no-show-signature", "--", &literal(path)]);
        let text = must_succeed("read the history of a file", program.run(LOCAL_LIMIT)?)?.text();
        let mut blobs = Vec::new();
        // `:100644 100644 OLD NEW M<TAB>path`; a side that is not there has the null id.
        let sides = text
            .lines()
            .flat_map(|line| line.split(' ').skip(2).take(2).collect::<Vec<_>>().into_iter().rev());
        for blob in sides.filter_map(BlobId::parse) {
            if !blobs.contains(&blob) {
                blobs.push(blob);
            }
        }
        blobs.truncate(most);
        Ok(blobs)
    }

    /// What files (relative to the root, with `/`) ever held in a commit's past, each with its path. In a shallow clone
    /// that is what it has of it.
    pub fn ever_held(&self, commit: Commit, paths: &[&str]) -> Result<BTreeSet<(String, BlobId)>, GitError> {
        let paths = paths.iter().map(|path| literal(path));
        let arguments = [commit.to_string(), "--".to_owned()].into_iter().chain(paths);
        let mut held = BTreeSet::new();
        for Change { path, old, new } in self.changes(arguments)? {
            held.extend([old, new].into_iter().flatten().map(|id| (path.clone(), id)));
        }
        Ok(held)
    }

    /// What a file held in a commit's past, one after the other, the newest first; of what was merged only that it was.
    pub fn line_of(&self, commit: Commit, path: &str) -> Result<Vec<BlobId>, GitError> {
        let arguments = [commit.to_string(), "--first-parent".to_owned(), "--".to_owned(), literal(path)];
        Ok(self.changes(arguments.into_iter())?.into_iter().filter_map(|change| change.new).collect())
    }

    /// What pushing a commit would make known that this clone has not seen on the remote.
    pub fn unpublished(&self, commit: Commit, remote: &str) -> Result<BTreeSet<(String, BlobId)>, GitError> {
        let escape = |c: char| if "*?[\\".contains(c) { vec!['\\', c] } else { vec![c] };
        let remote: String = remote.chars().flat_map(escape).collect();
        let seen = format!("--remotes={remote}");
        let arguments = [commit.to_string(), "--not".to_owned(), seen, "--".to_owned()];
        let changes = self.changes(arguments.into_iter())?.into_iter();
        Ok(changes.filter_map(|change| Some((change.path, change.new?))).collect())
    }

    /// What commits changed, those of side branches and against each parent of a merge: a path, and what stood there
    /// before and after.
    fn changes(&self, commits: impl Iterator<Item = String>) -> Result<Vec<Change>, GitError> {
        let raw =
            ["--full-history", "-m", "--root", "--format=", "--raw", "-z", "--no-abbrev", "--no-renames"];
        let program = self.git.reading().args(["log", "--no-show-signature"]).args(raw).args(commits);
        let finished = must_succeed("read the history of files", program.run(LOCAL_LIMIT)?)?;
        let text = String::from_utf8_lossy(&finished.stdout).into_owned();
        let (mut changes, mut fields) = (Vec::new(), text.split('\0'));
        // `:100644 100644 OLD NEW M<NUL>path<NUL>`; a side that is not there has the null id; a submodule's is a commit's.
        while let (Some(sides), Some(path)) = (fields.next(), fields.next()) {
            let words: Vec<&str> = sides.split(' ').collect();
            let [old_mode, new_mode, old, new, _] = words.as_slice() else { continue };
            let blob = |mode: &str, id: &str| if mode.ends_with("160000") { None } else { BlobId::parse(id) };
            let (old, new) = (blob(old_mode, old), blob(new_mode, new));
            changes.push(Change { path: path.to_owned(), old, new });
        }
        Ok(changes)
    }

    fn log(&self, pathspecs: Vec<String>, most: usize) -> Result<Vec<HistoryEntry>, GitError> {
        if self.head()?.is_none() {
            return Ok(Vec::new());
        }
        let count = format!("--max-count={most}");
        let format = "--format=%H%x1f%as%x1f%an%x1f%s";
        let mut arguments: Vec<String> =
            ["log", count.as_str(), format, "--no-show-signature", "--"].map(ToOwned::to_owned).into();
        arguments.extend(pathspecs);
        let finished = self.git.reading().args(arguments).run(LOCAL_LIMIT)?;
        let text = must_succeed("read the history", finished)?.text();
        Ok(text.lines().filter_map(entry).collect())
    }

    /// What two files held in the latest commits that touched either of them, newest first; a commit in which one
    /// of them is missing is left out.
    pub fn past_pairs(&self, paths: [&str; 2]) -> Result<Vec<[Vec<u8>; 2]>, GitError> {
        let mut pairs = Vec::new();
        for commit in self.touching(&paths, MOST_LOOKED_AT)? {
            let folder = common_folder(paths);
            let snapshot = self.snapshot(self.resolve(&commit.commit)?, folder)?;
            let [Some(first), Some(second)] = paths.map(|path| snapshot.get(path)) else { continue };
            let mut blobs = self.blobs(&[first.id, second.id])?.into_iter();
            if let (Some(first), Some(second)) = (blobs.next(), blobs.next()) {
                pairs.push([first, second]);
            }
        }
        Ok(pairs)
    }

    /// Whether one commit is among those that another goes back to. Both must be here, and what lies between.
    pub fn is_ancestor(&self, older: Commit, newer: Commit) -> Result<bool, GitError> {
        let (older, newer) = (older.to_string(), newer.to_string());
        let program = self.git.reading().args(["merge-base", "--is-ancestor", &older, &newer]);
        let finished = program.run(LOCAL_LIMIT)?;
        match finished.status.code() {
            Some(1) => Ok(false),
            _ => must_succeed("compare with the remote's commit", finished).map(|_| true),
        }
    }

    /// A setting of the user's git; `None` where it is not set.
    pub fn config(&self, key: &str) -> Option<String> {
        let finished = self.git.reading().args(["config", "--get", key]).run(LOCAL_LIMIT).ok()?;
        let text = finished.text();
        (finished.succeeded() && !text.is_empty()).then(|| words::shown(&text))
    }
}

/// Both files of a secret lie in one folder.
fn common_folder([path, _]: [&str; 2]) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
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
