//! One step of the repository: what a commit that is about to be made, or a push, changes. For hooks, which judge that
//! and nothing else.

use super::place::Place;
use super::reference::Reference;
use super::selection::Selection;
use super::tracked::{TrackedFiles, folder_of};
use crate::domain::claim::CUSTODY;
use crate::domain::facts::StoreFacts;
use crate::domain::finding::{Known, Unknown};
use crate::domain::name::SecretName;
use crate::domain::policy::Policy;
use crate::git::{Commit, Entry, GitError, Repository, Snapshot};
use crate::store::layout::POLICY;

/// What will stand, and what it is made from.
pub struct Step<'a> {
    place: &'a Place,
    repository: &'a Repository,
    pub after: Reference<'a>,
    /// Of a merge several; none for the first commit.
    before: Vec<Commit>,
    /// The store in each of them.
    trees: Vec<Snapshot>,
}

impl<'a> Step<'a> {
    /// From these commits to that one, or to the tree of one that is not made yet.
    pub fn new(
        place: &'a Place,
        repository: &'a Repository,
        after: Commit,
        before: Vec<Commit>,
    ) -> Result<Self, GitError> {
        let trees = before.iter().map(|commit| repository.snapshot(*commit, &place.folder));
        let trees = trees.collect::<Result<_, _>>()?;
        Ok(Self { place, repository, after: Reference::at(place, repository, after)?, before, trees })
    }

    /// The same with another name for where it leads.
    #[must_use]
    pub fn leading_to(self, called: &str) -> Self {
        Self { after: self.after.called(called), ..self }
    }

    /// The policy that will stand; `None` where there is no store to be judged.
    pub fn policy(&self) -> Known<Option<Policy>> {
        let path = self.place.path(POLICY);
        if let Some(policy) = self.after.policy()? {
            return Ok(Some(policy));
        }
        let was_there = self.trees.iter().any(|tree| tree.get(&path).is_some());
        if was_there && !self.after.names.is_empty() {
            let why = "is gone while there are secrets: without it nothing says how they are judged; restore it from git";
            return Err(Unknown::new(path, why));
        }
        Ok(None)
    }

    /// Whether these paths stand together as in none of the trees that it is made from: in a merge, what comes whole
    /// from one side is not its doing.
    fn changes(&self, paths: &[&str]) -> bool {
        let (_, after) = self.after.tip();
        differs(after, &self.trees, paths)
    }

    pub fn changes_policy(&self) -> bool {
        self.changes(&[&self.place.path(POLICY)])
    }

    /// The secrets that it changes, gone ones left out.
    pub fn secrets(&self) -> Vec<&SecretName> {
        let changed = |name: &&SecretName| {
            self.changes(&[&self.place.record_path(name), &self.place.sealed_path(name)])
        };
        self.after.names.iter().filter(changed).collect()
    }

    /// The files that it brings into the store which are no secret's, and what can't be judged of what it brings.
    pub fn store(&self) -> StoreFacts {
        let mut facts = self.after.store(Vec::new());
        facts.strays.retain(|stray| self.changes(&[&stray.path]));
        // A name that is told is of a secret, anything else is a path.
        let is_new = |unknown: &&Unknown| {
            let paths = match unknown.what.parse::<SecretName>() {
                Ok(name) => vec![self.place.record_path(&name), self.place.sealed_path(&name)],
                Err(_) => Vec::new(),
            };
            let path = self.place.path(&unknown.what);
            paths.iter().chain([&path]).any(|path| self.changes(&[path]))
        };
        let unseen = self.after.unseen().iter().filter(is_new);
        let told = unseen.map(|unknown| Unknown::new(self.place.path(&unknown.what), &unknown.why));
        facts.unknowns.extend(told.collect::<Vec<_>>());
        facts
    }

    /// What other tools have sealed at a commit, as it will stand or as it stood; `None` where policy tracks nothing.
    pub fn tracked(&self, at: Commit, policy: &'a Policy) -> Known<Option<TrackedFiles<'a>>> {
        if policy.track.is_none() {
            return Ok(None);
        }
        TrackedFiles::at_commit(self.place, policy, at, &Selection::All, None).map(Some)
    }

    /// Those of these files that it changes, or whose records it does. Paths are relative to the root of the repository.
    pub fn changed_files<'f>(&self, files: &'f [String]) -> Known<Vec<&'f String>> {
        let whole = |commit: &Commit| self.repository.snapshot(*commit, "");
        let unknown = |error: GitError| Unknown::new("git", error.to_string());
        let after = whole(&self.after.commit).map_err(unknown)?;
        let before: Vec<Snapshot> =
            self.before.iter().map(whole).collect::<Result<_, _>>().map_err(unknown)?;
        let changed = |path: &&String| {
            let folder = folder_of(path);
            let records = if folder.is_empty() { CUSTODY.to_owned() } else { format!("{folder}/{CUSTODY}") };
            after.get(path).is_some() && differs(&after, &before, &[path, &records])
        };
        Ok(files.iter().filter(changed).collect())
    }

    /// The first of the states that it is made from, to be held against.
    pub fn first_before(&self) -> Option<Result<Reference<'a>, GitError>> {
        let commit = self.before.first()?;
        Some(Reference::at(self.place, self.repository, *commit))
    }
}

fn differs(after: &Snapshot, before: &[Snapshot], paths: &[&str]) -> bool {
    fn of<'t>(tree: &'t Snapshot, paths: &[&str]) -> Vec<Option<&'t Entry>> {
        paths.iter().map(|path| tree.get(path)).collect()
    }
    before.iter().all(|tree| of(tree, paths) != of(after, paths))
}
