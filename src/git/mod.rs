//! git: what is committed, what the remote has, and the commits and pushes of this tool.
//!
//! Objects are read by libgit2 (`git2`), which knows nothing of replacement refs, filters or the index's opinion.
//! Whatever speaks to a remote, commits, signs or asks `.gitignore` runs the user's own `git` ([`program`]), so
//! that credentials, hooks, proxies and signing are theirs.
//!
//! | file | its job |
//! |---|---|
//! | [`repository`] | find the repository, `HEAD`, a revision |
//! | [`ids`], [`objects`], [`missing`] | trees and blobs by their ids, and those that a partial clone has yet to fetch |
//! | [`snapshot`] | the files below one folder in one commit |
//! | `history` | what happened to one path |
//! | [`past`] | what once stood in a folder and was replaced |
//! | `work_tree`, `overlooked` | what is ignored, what a sparse checkout leaves out, what the index keeps git from seeing |
//! | [`remote`], [`remote_tip`], `remote_settings`, `deploy_repository` | the remote's branch as it is now |
//! | [`ledger`] | a log at a ref of the remote that is no branch |
//! | `remotes` | which remotes there are, and which branch each calls its own |
//! | [`commit_paths`], [`push`], [`forge`] | commits of exactly the changed paths, and their way to the remote |
//! | [`rescue`], [`waiting`] | what is about to be deployed on a branch of its own, and what waits to be pushed there |
//! | [`rehearsal`] | what hooks would say of a commit that is not made yet |
//! | `staging`, `staged`, `unmerged` | what is staged, the commit that is about to be made, and what a merge left to be decided |
//! | `clone_settings` | what git is told in this clone alone |
//! | [`words`] | git's own words, made fit for a message |
//! | `signing` | which ssh key the user's git signs with |

pub mod commit_paths;
pub mod error;
pub mod forge;
pub mod ids;
pub mod ledger;
pub mod missing;
pub mod objects;
pub mod past;
pub mod program;
pub mod push;
pub mod rehearsal;
pub mod remote;
pub mod remote_error;
pub mod remote_tip;
pub mod repository;
pub mod rescue;
pub mod snapshot;
pub mod waiting;
pub mod words;

mod clone_settings;
mod commit_words;
mod deploy_repository;
mod history;
mod overlooked;
mod remote_settings;
mod remotes;
mod signing;
mod staged;
mod staging;
mod unmerged;
mod unopened;
mod work_tree;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use commit_words::CommitWords;
pub use error::GitError;
pub use history::HistoryEntry;
pub use ids::{BlobId, Commit, MAX_BLOB_BYTES, blob_id};
pub use ledger::{Arrival, LogError, LogTip, RemoteLog};
pub use past::{Cut, Past, PastPair, Tracing};
pub use program::{MINIMUM_GIT, git_version};
pub use push::{Fallback, PushError, Pushed};
pub use rehearsal::Rehearsal;
pub use remote::{Asked, Besides, Branch};
pub use remote_error::RemoteError;
pub use remote_tip::RemoteTip;
pub use repository::Repository;
pub use rescue::{RescueDraft, RescueError, RescuedFile};
pub use signing::GitSigningKey;
pub use snapshot::{Entry, EntryKind, Snapshot};
pub use unmerged::Stages;
pub use waiting::Waiting;
