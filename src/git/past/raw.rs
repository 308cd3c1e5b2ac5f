//! Commits and trees as their bytes stand, without a copy of every name.

use std::collections::HashMap;

use git2::Oid;

use super::super::ids::Commit;
use super::super::objects::{TreeLine, tree_line};
use super::super::snapshot::is_folder;

/// The lines of a tree; `None` where it is malformed, and nothing after that.
pub fn lines(mut bytes: &[u8]) -> impl Iterator<Item = Option<TreeLine<'_>>> {
    std::iter::from_fn(move || {
        if bytes.is_empty() {
            return None;
        }
        let read = tree_line(bytes);
        bytes = read.map_or(&[], |(_, rest)| rest);
        Some(read.map(|(line, _)| line))
    })
}

/// What stood in a folder and was replaced; for a folder, by which other one.
pub type Replaced<'a> = (TreeLine<'a>, Option<Oid>);

/// What of the old tree is not in the new one as it was. `None`: one of them is malformed.
pub fn replaced<'a>(old: &'a [u8], new: &'a [u8]) -> Option<Vec<Replaced<'a>>> {
    let (mut older, mut newer) = (lines(old).peekable(), lines(new).peekable());
    let mut found = Vec::new();
    // Most differences exchange some entries in place, and need no table of names.
    while let (Some(Some(old)), Some(Some(new))) = (older.peek(), newer.peek())
        && old.name == new.name
    {
        note(&mut found, *old, Some(*new));
        older.next();
        newer.next();
    }
    let rest: HashMap<&[u8], TreeLine<'_>> =
        newer.map(|line| line.map(|line| (line.name, line))).collect::<Option<_>>()?;
    for line in older {
        let line = line?;
        note(&mut found, line, rest.get(line.name).copied());
    }
    Some(found)
}

fn note<'a>(found: &mut Vec<Replaced<'a>>, old: TreeLine<'a>, new: Option<TreeLine<'a>>) {
    if new.is_none_or(|new| new.id != old.id || is_folder(new.mode) != is_folder(old.mode)) {
        let by = new.filter(|new| is_folder(new.mode)).map(|new| new.id);
        found.push((old, by));
    }
}

/// The lines of a commit that matter here.
pub struct Headers {
    pub tree: Oid,
    pub parents: Vec<Oid>,
    /// Of the committer, in unix seconds.
    pub time: i64,
}

impl Headers {
    pub fn parse(commit: &[u8]) -> Option<Self> {
        let id = |line: &[u8]| Some(Commit::parse(std::str::from_utf8(line).ok()?)?.0);
        let mut rest = commit.split(|byte| *byte == b'\n').take_while(|line| !line.is_empty());
        let tree = id(rest.next()?.strip_prefix(b"tree ")?)?;
        let (mut parents, mut time) = (Vec::new(), 0);
        for line in rest {
            if let Some(parent) = line.strip_prefix(b"parent ") {
                parents.push(id(parent)?);
            } else if let Some(committer) = line.strip_prefix(b"committer ") {
                let mut words = committer.rsplit(|byte| *byte == b' ');
                let seconds = words.nth(1).and_then(|word| std::str::from_utf8(word).ok()?.parse().ok());
                time = seconds.unwrap_or(0);
                break;
            }
        }
        Some(Self { tree, parents, time })
    }
}
