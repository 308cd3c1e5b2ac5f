//! The two trees that a work tree is held against: `HEAD`'s, and the deploy ref's as the remote has it now.

use std::time::Duration;

use super::place::Place;
use crate::domain::finding::{Known, Unknown};
use crate::domain::policy::DeployRef;
use crate::git::{Commit, EntryKind, GitError, RemoteTip, Snapshot};
use crate::store::classify::{self, Entry, Listing, classify};

/// How long the remote may take to answer, all its steps together.
pub const REMOTE_LIMIT: Duration = Duration::from_secs(20);

/// Whether the remote is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    Remote,
    /// `--offline`: what depends on the remote is unknown.
    Offline,
    /// `--against`: the deploy ref is left out.
    LeaveOut,
}

/// The deploy ref, as far as it matters.
pub enum DeployTree {
    NotJudged,
    Asked { tip: RemoteTip, tree: Snapshot },
}

/// `HEAD` and the deploy ref.
pub struct Trees {
    pub head: Known<Option<Commit>>,
    /// `None` where there is no commit yet.
    pub head_tree: Known<Option<Snapshot>>,
    pub deploy: Known<DeployTree>,
}

impl Trees {
    pub fn observe(place: &Place, deploy_ref: &DeployRef, ask: Ask) -> Self {
        let unknown = |error: GitError| Unknown::new("git", error.to_string());
        let head = place.known_repository().and_then(|repository| repository.head().map_err(unknown));
        let head_tree = head.as_ref().map_err(Clone::clone).and_then(|head| match head {
            None => Ok(None),
            Some(commit) => place.known_repository().and_then(|repository| {
                repository.snapshot(*commit, &place.folder).map(Some).map_err(unknown)
            }),
        });
        let deploy = deploy_tree(place, deploy_ref, ask);
        Self { head, head_tree, deploy }
    }

    /// The commit that the remote has at the deploy ref, where it was asked.
    pub fn deployed_commit(&self) -> Option<Commit> {
        match &self.deploy {
            Ok(DeployTree::Asked { tip, .. }) => Some(tip.commit()),
            Ok(DeployTree::NotJudged) | Err(_) => None,
        }
    }
}

fn deploy_tree(place: &Place, deploy_ref: &DeployRef, ask: Ask) -> Known<DeployTree> {
    let DeployRef::Branch { remote, branch } = deploy_ref else { return Ok(DeployTree::NotJudged) };
    match ask {
        Ask::LeaveOut => return Ok(DeployTree::NotJudged),
        Ask::Offline => {
            return Err(Unknown::new(
                deploy_ref.to_string(),
                "not asked, because of --offline: run again without it to learn what the remote has",
            ));
        }
        Ask::Remote => {}
    }
    let repository = place.known_repository()?;
    let unknown = |error: crate::git::RemoteError| Unknown::new(deploy_ref.to_string(), error.to_string());
    let tip = repository.ask_remote(remote, branch, REMOTE_LIMIT).map_err(unknown)?;
    let tree = tip
        .snapshot(&place.folder)
        .map_err(|error| Unknown::new(deploy_ref.to_string(), error.to_string()))?;
    Ok(DeployTree::Asked { tip, tree })
}

/// What lies in the store as a tree of git has it, by the rules that hold for the folder on disk.
pub fn listing_of(place: &Place, tree: &Snapshot) -> Listing {
    let entries = tree.entries().iter().filter_map(|(path, entry)| {
        let kind = match entry.kind {
            EntryKind::File | EntryKind::Executable => classify::EntryKind::File,
            EntryKind::SymbolicLink => classify::EntryKind::SymbolicLink,
            EntryKind::Submodule => classify::EntryKind::Special,
        };
        Some(Entry { path: place.below(path)?.as_bytes().into(), kind })
    });
    classify(entries, |_| false)
}
