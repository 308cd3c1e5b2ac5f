//! What goes along when the glass is broken: `HEAD`, and of the work tree what is in no commit and surely sealed.

use super::BLOBS_AT_ONCE;
use super::MAX_SEALED_BYTES;
use super::difference::difference_of;
use super::place::{Place, parse_policy};
use super::selection::Selection;
use super::tracked::{self, MAX_FILE_BYTES, TrackedFiles};
use super::trees::{Ask, Trees};
use crate::domain::claim::CUSTODY;
use crate::domain::facts::{Binding, Difference};
use crate::domain::finding::{Known, Unknown};
use crate::domain::foreign::Contents;
use crate::domain::policy::Policy;
use crate::domain::rescue::LeftOut;
use crate::git::{BlobId, Commit, GitError, Repository, RescuedFile, Snapshot};
use crate::seal::{header, inspection};
use crate::store::classify::{Entry, Listing, classify};
use crate::store::layout::{ATTRIBUTES, POLICY, RECORD_ENDING};
use crate::store::{attributes, custody_file, record_file};
use crate::system::files;

/// What is about to be deployed, as far as it may be known to whoever reads the remote.
pub struct Cargo {
    pub head: Commit,
    /// What the commit stands on: `HEAD`, or where a commit on the way there has something in clear, the last one that
    /// the remote is known to have.
    pub parent: Option<Commit>,
    pub files: Vec<RescuedFile>,
    /// Files of `HEAD` that are in clear.
    pub without: Vec<String>,
    pub left_out: Vec<LeftOut>,
}

/// The branch of the remote that is deployed from.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    pub remote: &'a str,
    pub branch: &'a str,
}

impl Cargo {
    pub fn observe(place: &Place, policy: &Policy, target: Target<'_>) -> Known<Self> {
        let repository = place.known_repository()?;
        let unknown = |error: GitError| Unknown::new("HEAD", error.to_string());
        let head = repository.head().map_err(unknown)?;
        let head =
            head.ok_or_else(|| Unknown::new("HEAD", "there is no commit yet: make one with git commit"))?;
        let tree = repository.snapshot(head, "").map_err(unknown)?;
        let cargo =
            Self { head, parent: Some(head), files: Vec::new(), without: Vec::new(), left_out: Vec::new() };
        let mut loading = Loading { place, policy, repository, tree, cargo };
        loading.store();
        loading.other_tools();
        loading.committed(target)?;
        let mut cargo = loading.cargo;
        cargo.left_out.sort();
        cargo.left_out.dedup();
        Ok(cargo)
    }
}

struct Loading<'a> {
    place: &'a Place,
    policy: &'a Policy,
    repository: &'a Repository,
    /// Of `HEAD`.
    tree: Snapshot,
    cargo: Cargo,
}

impl Loading<'_> {
    fn leave_out(&mut self, path: impl Into<String>, why: impl Into<String>) {
        self.cargo.left_out.push(LeftOut { path: path.into(), why: why.into() });
    }

    /// The store in the work tree, what git ignores included.
    fn store(&mut self) {
        let listing = self.place.list();
        for path in files_of(self.place, &listing) {
            self.take(&path, MAX_SEALED_BYTES);
        }
        for Unknown { what, why } in listing.unknowns {
            self.leave_out(what, why);
        }
    }

    fn other_tools(&mut self) {
        let trees = Trees::observe(self.place, self.policy, Ask::LeaveOut);
        let tracked = match TrackedFiles::observe(self.place, self.policy, &trees, &Selection::All) {
            Ok(Some(tracked)) => tracked,
            Ok(None) => return,
            Err(unknown) => return self.leave_out(unknown.what, unknown.why),
        };
        for path in tracked.files.iter().chain(&tracked.custody_files) {
            // What git-crypt keeps open here is committed sealed.
            let facts = tracked.file(path).filter(|facts| !path.ends_with(CUSTODY) && facts.contents.is_ok());
            if facts.is_none_or(|facts| !facts.uncommitted.is_ok_and(|differing| differing.is_empty())) {
                self.take(path, MAX_FILE_BYTES);
            }
        }
        for Unknown { what, why } in tracked.unknowns {
            self.leave_out(what, why);
        }
    }

    /// One file of the work tree, where it differs from `HEAD`.
    fn take(&mut self, path: &str, most: u64) {
        let bytes = match files::read_if_present(&self.repository.root().join(path), most) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return,
            Err(error) => return self.leave_out(path, error.reason()),
        };
        let how =
            difference_of(Some(&bytes), self.tree.get(path), &Ok(std::collections::BTreeMap::new()), path);
        if matches!(how, Ok(None | Some(Difference::LineEnds))) {
            return;
        }
        match self.may_go(path, &bytes) {
            Ok(()) => self.cargo.files.push(RescuedFile { path: path.to_owned(), bytes }),
            Err(why) => self.leave_out(path, why),
        }
    }

    /// Whether a file may be known to whoever reads the remote; else why not.
    fn may_go(&self, path: &str, bytes: &[u8]) -> Result<(), String> {
        let Some(file) = self.place.below(path) else { return may_go_beside(path, bytes) };
        if file == POLICY {
            return parse_policy(bytes, path).map(|_| ()).map_err(|error| error.to_string());
        }
        if file == ATTRIBUTES {
            let is_ours = bytes == attributes::TEXT.as_bytes();
            return if is_ours { Ok(()) } else { Err("is not as `secrets init` writes it".to_owned()) };
        }
        if file.ends_with(RECORD_ENDING) {
            return record_file::parse(bytes, path).map(|_| ()).map_err(|error| error.to_string());
        }
        if !header::looks_like_age(bytes) {
            return Err("is in clear, as far as anybody can tell".to_owned());
        }
        match inspection::inspect(bytes).map_err(|error| error.to_string())?.binding {
            // Behind a header that no tool writes anything may stand.
            Binding::HeaderMalformed(why) => Err(format!("is no age file: {why}")),
            Binding::Absent | Binding::Malformed(_) | Binding::Bound(_) => Ok(()),
        }
    }

    /// `HEAD` goes along with the commits on the way to it, unless one of them has something in clear: then only its
    /// files do, without those.
    fn committed(&mut self, target: Target<'_>) -> Known<()> {
        let concerns = |path: &str| self.concerns(path);
        let whys = match self.repository.unpublished(self.cargo.head, target.remote) {
            Ok(blobs) => {
                let blobs: Vec<_> = blobs.into_iter().filter(|(path, _)| concerns(path)).collect();
                self.in_clear(&blobs)?
            }
            // What can't be looked through does not go along.
            Err(error) => vec![LeftOut { path: "HEAD".to_owned(), why: error.to_string() }],
        };
        if whys.is_empty() {
            return Ok(());
        }
        let parent = self.repository.last_seen(self.cargo.head, target.remote, target.branch);
        let unknown = |error: GitError| Unknown::new("HEAD", error.to_string());
        let seen = parent.map(|parent| self.repository.snapshot(parent, "")).transpose().map_err(unknown)?;
        let is_new = |path: &str| seen.as_ref().and_then(|seen| seen.get(path)) != self.tree.get(path);
        let new = self.tree.entries().iter().filter(|(path, _)| self.concerns(path) && is_new(path));
        let new: Vec<(String, BlobId)> = new.map(|(path, entry)| (path.clone(), entry.id)).collect();
        self.cargo.without = self.in_clear(&new)?.into_iter().map(|left_out| left_out.path).collect();
        self.cargo.parent = parent;
        for LeftOut { path, why } in whys {
            self.leave_out(
                path,
                format!("{why}, in a commit that is not pushed: those commits did not go along"),
            );
        }
        Ok(())
    }

    /// Whether a path of `HEAD` is one at which nothing may be in clear.
    fn concerns(&self, path: &str) -> bool {
        match self.place.below(path) {
            // By their names, some files are no secret's and need not be sealed.
            Some(file) => classify([Entry::file(file)], |_| false) != Listing::default(),
            None => self.policy.track.as_ref().is_some_and(|track| track.covers(path)),
        }
    }

    /// Those of these blobs that may not go.
    fn in_clear(&self, blobs: &[(String, BlobId)]) -> Known<Vec<LeftOut>> {
        let mut found = Vec::new();
        for part in blobs.chunks(BLOBS_AT_ONCE) {
            let ids: Vec<BlobId> = part.iter().map(|(_, id)| *id).collect();
            let bytes = self.repository.blobs(&ids);
            let bytes = bytes.map_err(|error| Unknown::new("HEAD", error.to_string()))?;
            for ((path, _), bytes) in part.iter().zip(bytes) {
                if let Err(why) = self.may_go(path, &bytes) {
                    found.push(LeftOut { path: path.clone(), why });
                }
            }
        }
        Ok(found)
    }
}

/// The same of a file outside the store.
fn may_go_beside(path: &str, bytes: &[u8]) -> Result<(), String> {
    if path.rsplit('/').next() == Some(CUSTODY) {
        return custody_file::parse(bytes, path).map(|_| ()).map_err(|error| error.to_string());
    }
    match tracked::contents(bytes) {
        Contents::Sealed(_) => Ok(()),
        Contents::Plain(_) => Err("is in clear, as far as anybody can tell".to_owned()),
        Contents::Damaged(damage) => Err(damage.to_string()),
    }
}

/// The files of the store in the work tree, relative to the root of the repository.
fn files_of(place: &Place, listing: &Listing) -> Vec<String> {
    let mut paths = Vec::new();
    let own = [(POLICY, listing.policy), (ATTRIBUTES, listing.attributes)];
    paths.extend(own.iter().filter(|(_, present)| *present).map(|(file, _)| place.path(file)));
    for (name, present) in &listing.secrets {
        paths.extend(present.record.then(|| place.record_path(name)));
        paths.extend(present.sealed.then(|| place.sealed_path(name)));
    }
    paths.extend(listing.others.iter().map(|other| place.path(&other.path)));
    paths
}
