//! What once stood in a folder and was replaced: one walk over the commits that something goes back to.
//!
//! Counted are the old sides of each commit's difference to each of its parents, so a first commit costs nothing,
//! and folders that stayed as they were are skipped by their ids. Objects are read as they are: grafts and replaced
//! commits change nothing here.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet};
use std::sync::Arc;

use git2::{ObjectType, Oid};

use super::error::GitError;
use super::ids::{BlobId, Commit};
use super::missing;
use super::objects::{Objects, TreeLine};
use super::program::Git;
use super::repository::Repository;
use super::snapshot::{EntryKind, is_folder, kind};
use crate::domain::reach::Reach;
use crate::system::files;

pub mod raw;

use raw::{Headers, Replaced, lines, replaced};

/// After how many reads the object database is opened again: libgit2 keeps what it has read.
const READS_AT_ONCE: usize = 4_096;
/// How many bytes of trees are kept: most commits are held against trees that were read just before.
const KEPT_TREES: usize = 4 * 1024 * 1024;
/// How many entries of trees one difference may touch. A tree can name itself a million times over in a few bytes.
const MAX_ENTRIES: usize = 2_000_000;

/// Two files that stood side by side in a commit, one of which was replaced by a later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PastPair {
    /// One that held them.
    pub commit: Commit,
    pub blobs: [BlobId; 2],
    /// Whether the commit that replaced one of them is among those that the first start goes back to.
    pub is_of_first: bool,
}

/// Why a history does not reach back to its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// A shallow clone.
    Shallow,
    /// A partial clone that left out the trees of older commits.
    Partial,
    /// A commit or tree is not here though it should be.
    Missing,
}

/// The pairs of files that once stood in a folder, as far as the history is here.
#[derive(Debug, Default)]
pub struct Past {
    pairs: BTreeMap<String, Vec<PastPair>>,
    cut: Option<Cut>,
    is_partial: bool,
}

impl Past {
    /// By the path that both files have in common, relative to the root of the repository; newest first.
    pub fn pairs_of(&self, stem: &str) -> &[PastPair] {
        self.pairs.get(stem).map_or(&[], Vec::as_slice)
    }

    /// All pairs, with the path that both files have in common.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &[PastPair])> {
        self.pairs.iter().map(|(stem, pairs)| (stem.as_str(), pairs.as_slice()))
    }

    /// Whether the clone may lack the blobs of what stood there.
    pub fn is_partial(&self) -> bool {
        self.is_partial
    }

    /// Why older pairs are not known; `None` where all are.
    pub fn cut(&self) -> Option<Cut> {
        self.cut
    }

    fn add(&mut self, stem: String, pair: PastPair) {
        let known = self.pairs.entry(stem).or_default();
        if known.iter().all(|other| other.blobs != pair.blobs) {
            known.push(pair);
        }
    }
}

/// Walks back, start by start.
pub struct Tracing {
    walk: Walk,
    seen: HashSet<Oid>,
    starts: usize,
}

impl Repository {
    /// Begins to look for pairs `STEM` + ending below a folder (relative to the root; an empty one is the root), as far
    /// as a reach (relative to that folder) goes.
    pub fn trace(
        &self,
        folder: &str,
        endings: [&'static str; 2],
        reach: &Reach,
    ) -> Result<Tracing, GitError> {
        let shallow = files::read_if_present(&self.common_dir().join("shallow"), 64 * 1024 * 1024)?;
        let shallow = String::from_utf8_lossy(&shallow.unwrap_or_default())
            .lines()
            .filter_map(|line| Some(Commit::parse(line.trim())?.0))
            .collect();
        let folder = folder.split('/').filter(|part| !part.is_empty() && *part != ".");
        let walk = Walk {
            source: Arc::clone(&self.objects),
            objects: self.objects.opened_again()?,
            folder: folder.map(str::to_owned).collect(),
            endings,
            reach: reach.clone(),
            shallow,
            reads: 0,
            trees: HashMap::new(),
            kept: 0,
            git: self.git.clone(),
            is_partial: None,
            past: Past::default(),
        };
        Ok(Tracing { walk, seen: HashSet::new(), starts: 0 })
    }

    /// Whether a commit is here, with its root tree.
    pub fn has(&self, commit: Commit) -> bool {
        self.objects.has(commit)
    }

    /// Has a partial clone fetch what of these blobs it lacks, over one connection.
    pub fn bring_here(&self, ids: &[BlobId]) -> Result<(), GitError> {
        self.objects.bring_here(ids)
    }
}

impl Tracing {
    /// Goes back from a commit to the beginning, or to where an earlier start has been.
    pub fn go_back_from(&mut self, start: Commit) -> Result<(), GitError> {
        let is_of_first = self.starts == 0;
        self.starts += 1;
        let mut waiting = BinaryHeap::new();
        if self.seen.insert(start.0) {
            waiting.extend(self.walk.visit(start.0)?);
        }
        while let Some(child) = waiting.pop() {
            if self.walk.shallow.contains(&child.id) {
                self.walk.past.cut.get_or_insert(Cut::Shallow);
                continue;
            }
            for parent in &child.parents {
                let Some(parent) = self.walk.visit(*parent)? else { continue };
                self.walk.compare(&parent, child.folder, is_of_first)?;
                if self.seen.insert(parent.id) {
                    waiting.push(parent);
                }
            }
        }
        Ok(())
    }

    pub fn finish(mut self) -> Result<Past, GitError> {
        // Asked only where it matters.
        let is_partial = !self.walk.past.pairs.is_empty() && self.walk.is_partial()?;
        Ok(Past { is_partial, ..self.walk.past })
    }
}

/// A commit whose parents are still to be visited.
#[derive(PartialEq, Eq)]
struct Visited {
    /// Unix seconds. Decides in which order commits are visited, and nothing else.
    time: i64,
    id: Oid,
    /// The folder's tree in it.
    folder: Option<Oid>,
    parents: Vec<Oid>,
}

impl Visited {
    fn of(id: Oid, Headers { time, parents, .. }: Headers, folder: Option<Oid>) -> Self {
        Self { time, id, folder, parents }
    }
}

impl Ord for Visited {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.time, self.id).cmp(&(other.time, other.id))
    }
}

impl PartialOrd for Visited {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

struct Walk {
    source: Arc<Objects>,
    objects: Objects,
    git: Git,
    /// Whether it is a partial clone, where that was asked.
    is_partial: Option<bool>,
    /// The names of the folders that lead to it.
    folder: Vec<String>,
    endings: [&'static str; 2],
    reach: Reach,
    shallow: HashSet<Oid>,
    reads: usize,
    trees: HashMap<Oid, Arc<[u8]>>,
    kept: usize,
    past: Past,
}

/// The folders whose trees differ between two commits, still to be compared.
struct Differing {
    prefix: String,
    old: Oid,
    new: Option<Oid>,
}

impl Walk {
    fn read(&mut self, id: Oid, kind: ObjectType) -> Result<Option<Vec<u8>>, GitError> {
        self.reads += 1;
        if self.reads.is_multiple_of(READS_AT_ONCE) {
            self.objects = self.source.opened_again()?;
        }
        let found = self.objects.local(id, kind)?;
        if found.is_none() {
            // A clone that is shallow only has all that lies before the cut.
            let cut = if self.is_partial()? { self.past.cut.unwrap_or(Cut::Partial) } else { Cut::Missing };
            self.past.cut = Some(cut);
        }
        Ok(found)
    }

    /// Asked once: git answers in a process of its own.
    fn is_partial(&mut self) -> Result<bool, GitError> {
        let is_partial = match self.is_partial {
            Some(known) => known,
            None => !missing::promisors(&self.git)?.is_empty(),
        };
        self.is_partial = Some(is_partial);
        Ok(is_partial)
    }

    fn tree(&mut self, id: Oid) -> Result<Option<Arc<[u8]>>, GitError> {
        if let Some(bytes) = self.trees.get(&id) {
            return Ok(Some(Arc::clone(bytes)));
        }
        let Some(bytes) = self.read(id, ObjectType::Tree)? else { return Ok(None) };
        let bytes: Arc<[u8]> = bytes.into();
        self.kept += bytes.len();
        if self.kept > KEPT_TREES {
            self.trees.clear();
            self.kept = bytes.len();
        }
        self.trees.insert(id, Arc::clone(&bytes));
        Ok(Some(bytes))
    }

    /// `None` where the commit, or a tree on the way to the folder, is not here.
    fn visit(&mut self, id: Oid) -> Result<Option<Visited>, GitError> {
        let Some(bytes) = self.read(id, ObjectType::Commit)? else { return Ok(None) };
        let malformed = || self.objects.damaged(id, "it is no well-formed commit");
        let commit = Headers::parse(&bytes).ok_or_else(malformed)?;
        let mut tree = commit.tree;
        for part in self.folder.clone() {
            let Some(bytes) = self.tree(tree)? else { return Ok(None) };
            let found = lines(&bytes).find_map(|line| match line {
                Some(line) if line.name != part.as_bytes() => None,
                other => Some(other),
            });
            match found {
                Some(Some(line)) if is_folder(line.mode) => tree = line.id,
                None | Some(Some(_)) => return Ok(Some(Visited::of(id, commit, None))),
                Some(None) => return Err(self.objects.damaged(tree, "it is no well-formed tree")),
            }
        }
        Ok(Some(Visited::of(id, commit, Some(tree))))
    }

    /// Adds what stood in the older commit and does not stand in the newer one.
    fn compare(&mut self, older: &Visited, newer: Option<Oid>, is_of_first: bool) -> Result<(), GitError> {
        let Some(old) = older.folder.filter(|old| Some(*old) != newer) else { return Ok(()) };
        let prefix: String = self.folder.iter().flat_map(|part| [part.as_str(), "/"]).collect();
        let beyond = prefix.len();
        let mut differing = vec![Differing { prefix, old, new: newer }];
        let mut entries = 0_usize;
        while let Some(folder) = differing.pop() {
            let Some(old) = self.tree(folder.old)? else { continue };
            let new = match folder.new {
                None => Some(Arc::from(&[][..])),
                Some(new) => self.tree(new)?,
            };
            let Some(new) = new else { continue };
            let malformed = || self.objects.damaged(folder.old, "it is no well-formed tree");
            let changed = replaced(&old, &new).ok_or_else(malformed)?;
            entries += changed.len();
            if entries > MAX_ENTRIES {
                let (folder, commit) = (self.folder.join("/"), older.id.to_string());
                return Err(GitError::TooManyFiles { folder, commit, most: MAX_ENTRIES });
            }
            let (folders, files): (Vec<Replaced<'_>>, Vec<_>) =
                changed.into_iter().partition(|(line, _)| is_folder(line.mode));
            for (line, by) in folders {
                // What is no UTF-8 is no secret's.
                let Ok(name) = std::str::from_utf8(line.name) else { continue };
                let path = format!("{}{name}", folder.prefix);
                if path.get(beyond..).is_some_and(|path| self.reach.leads_through(path.as_bytes())) {
                    differing.push(Differing { prefix: path + "/", old: line.id, new: by });
                }
            }
            for (stem, blobs) in self.pairs_among(&old, &files) {
                let stem = format!("{}{stem}", folder.prefix);
                self.past.add(stem, PastPair { commit: Commit(older.id), blobs, is_of_first });
            }
        }
        Ok(())
    }

    /// Of a tree, the pairs of files of which one was replaced.
    fn pairs_among(&self, tree: &[u8], files: &[Replaced<'_>]) -> Vec<(String, [BlobId; 2])> {
        let [first, second] = self.endings;
        let stem_of = |line: &TreeLine<'_>| {
            let name = std::str::from_utf8(line.name).ok()?;
            let regular =
                !is_folder(line.mode) && matches!(kind(line.mode), EntryKind::File | EntryKind::Executable);
            let stem = name.strip_suffix(first).map(|stem| (stem.to_owned(), true));
            regular.then(|| stem.or_else(|| Some((name.strip_suffix(second)?.to_owned(), false))))?
        };
        let stems: BTreeSet<String> = files.iter().filter_map(|(line, _)| Some(stem_of(line)?.0)).collect();
        if stems.is_empty() {
            return Vec::new();
        }
        let mut found: BTreeMap<String, [Option<BlobId>; 2]> = BTreeMap::new();
        for line in lines(tree).flatten() {
            let Some((stem, is_first)) = stem_of(&line).filter(|(stem, _)| stems.contains(stem)) else {
                continue;
            };
            let [of_first, of_second] = found.entry(stem).or_default();
            *(if is_first { of_first } else { of_second }) = Some(BlobId(line.id));
        }
        let whole = |(stem, [first, second]): (String, [Option<BlobId>; 2])| Some((stem, [first?, second?]));
        found.into_iter().filter_map(whole).collect()
    }
}
