//! The remote's branch, as the remote has it now. A remote-tracking branch is no evidence: that of a stale laptop
//! agrees with itself.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::deploy_repository::{DeployRepository, KEPT, Wanted};
use super::ids::Commit;
use super::program::Deadline;
use super::remote_error::RemoteError;
use super::remote_settings::RemoteSettings;
use super::remote_tip::RemoteTip;
use super::repository::Repository;
use super::words;

/// What a remote has, asked in one go.
pub struct Asked {
    pub tip: RemoteTip,
    /// The other ref that was asked for; `None` where the remote has none of that name.
    pub beside: Result<Option<RemoteTip>, RemoteError>,
    /// The branches whose names begin as was asked, ascending.
    pub branches: Result<Vec<Branch>, RemoteError>,
}

/// One of several branches of a remote.
pub struct Branch {
    /// Without `refs/heads/`.
    pub name: String,
    pub tip: Result<RemoteTip, RemoteError>,
}

/// What is asked of a remote besides one of its branches.
#[derive(Debug, Clone, Copy)]
pub struct Besides<'a> {
    /// Another ref, in full.
    pub single: &'a str,
    /// What the full names of other branches begin with, up to a slash.
    pub branches: &'a str,
    /// How many of those are looked into.
    pub most_branches: usize,
}

impl Repository {
    /// Asks a remote what stands at one of its branches, and makes that commit readable: from here if it is
    /// here, else fetched into a repository of our own inside the git dir. No ref, no `FETCH_HEAD` and no
    /// shallow file of the user's is touched. All of it ends within `limit`.
    pub fn ask_remote(&self, remote: &str, branch: &str, limit: Duration) -> Result<RemoteTip, RemoteError> {
        let deadline = Deadline::after(limit);
        let settings = RemoteSettings::of(&self.git, remote, deadline)?;
        let full_ref = format!("refs/heads/{branch}");
        let listed = self.list_remote(&settings, &[&full_ref], deadline)?;
        self.tip_of_branch(&settings, branch, &listed, deadline)
    }

    /// The same, with other refs of the remote beside it. That these can't be had hides nothing of the branch.
    pub fn ask_remote_beside(
        &self,
        remote: &str,
        branch: &str,
        besides: Besides<'_>,
        limit: Duration,
    ) -> Result<Asked, RemoteError> {
        let deadline = Deadline::after(limit);
        let settings = RemoteSettings::of(&self.git, remote, deadline)?;
        let full_ref = format!("refs/heads/{branch}");
        let Besides { single, branches, .. } = besides;
        let pattern = format!("{branches}*");
        let listed = self.list_remote(&settings, &[&full_ref, single, &pattern], deadline)?;
        let tip = self.tip_of_branch(&settings, branch, &listed, deadline)?;
        let wanted = Wanted { full_ref: single, folder: "ledger", may_be_partial: false, kept: KEPT };
        let beside = commit_at(&settings, &listed, single).and_then(|found| {
            found.map(|commit| self.readable(&settings, wanted, commit, deadline)).transpose()
        });
        let branches = self.branches(&settings, &besides, &listed, deadline);
        Ok(Asked { tip, beside, branches })
    }

    fn branches(
        &self,
        settings: &RemoteSettings,
        besides: &Besides<'_>,
        listed: &str,
        deadline: Deadline,
    ) -> Result<Vec<Branch>, RemoteError> {
        let names = refs_below(listed, besides.branches);
        if names.len() > besides.most_branches {
            return Err(RemoteError::TooManyBranches {
                remote: settings.remote.clone(),
                count: names.len(),
                most: besides.most_branches,
                pattern: format!("{}*", besides.branches),
            });
        }
        let kept = besides.most_branches;
        let branch = |full_ref: &str| {
            let wanted = Wanted { full_ref, folder: "rescue", may_be_partial: true, kept };
            let commit = commit_at(settings, listed, full_ref)?;
            let name = full_ref.strip_prefix("refs/heads/").unwrap_or(full_ref).to_owned();
            let gone = || RemoteError::NoSuchBranch { remote: settings.remote.clone(), branch: name.clone() };
            let tip = self.readable(settings, wanted, commit.ok_or_else(gone)?, deadline);
            Ok(Branch { name, tip })
        };
        names.into_iter().map(branch).collect()
    }

    fn tip_of_branch(
        &self,
        settings: &RemoteSettings,
        branch: &str,
        listed: &str,
        deadline: Deadline,
    ) -> Result<RemoteTip, RemoteError> {
        let full_ref = format!("refs/heads/{branch}");
        let commit = commit_at(settings, listed, &full_ref)?.ok_or_else(|| RemoteError::NoSuchBranch {
            remote: settings.remote.clone(),
            branch: branch.to_owned(),
        })?;
        let wanted = Wanted { full_ref: &full_ref, folder: "deploy", may_be_partial: true, kept: KEPT };
        self.readable(settings, wanted, commit, deadline)
    }

    fn readable(
        &self,
        settings: &RemoteSettings,
        wanted: Wanted<'_>,
        commit: Commit,
        deadline: Deadline,
    ) -> Result<RemoteTip, RemoteError> {
        if self.objects.has(commit) {
            return Ok(RemoteTip { commit, objects: Arc::clone(&self.objects), place: None });
        }
        DeployRepository::of(self, settings, wanted, deadline).tip(commit)
    }

    /// What the remote answers with, a line for each ref.
    fn list_remote(
        &self,
        settings: &RemoteSettings,
        full_refs: &[&str],
        deadline: Deadline,
    ) -> Result<String, RemoteError> {
        let remote = settings.remote.as_str();
        let listed = (settings.asking(&self.git).reading())
            .args(["ls-remote", "--exit-code", "--end-of-options", remote])
            .args(full_refs.iter().copied())
            .run(deadline.left())
            .map_err(|error| RemoteError::of_process(&error, remote, deadline))?;
        // 2 says that the remote answered and has none.
        if listed.status.code() != Some(2) && !listed.succeeded() {
            let why = words::last_line(&listed.stderr);
            return Err(RemoteError::Unreachable { remote: remote.to_owned(), why });
        }
        Ok(listed.text())
    }
}

fn commit_at(settings: &RemoteSettings, listed: &str, full_ref: &str) -> Result<Option<Commit>, RemoteError> {
    let unreachable = |why| RemoteError::Unreachable { remote: settings.remote.clone(), why };
    listed_at(listed, full_ref).map_err(unreachable)
}

/// What `git ls-remote` lists at a ref; `None` where it does not list it. The error says what it has there instead of a
/// commit.
pub fn listed_at(listed: &str, full_ref: &str) -> Result<Option<Commit>, String> {
    // git takes the name for the end of a pattern: `refs/heads/x/refs/heads/main` would be listed too.
    let found = listed.lines().filter_map(|line| line.split_once('\t')).find(|(_, name)| *name == full_ref);
    let Some((hex, _)) = found else { return Ok(None) };
    let unreadable = || format!("it answered with `{}`, which is no SHA-1 id", words::shown(hex));
    Commit::parse(hex).map(Some).ok_or_else(unreadable)
}

/// The refs that it lists whose names begin so: git takes a pattern for the end of a name.
pub fn refs_below<'l>(listed: &'l str, beginning: &str) -> BTreeSet<&'l str> {
    let names = listed.lines().filter_map(|line| Some(line.split_once('\t')?.1));
    names.filter(|name| name.starts_with(beginning)).collect()
}
