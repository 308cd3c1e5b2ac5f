//! The store as the deploy ref has it, and whether its policy may make this machine do something.
//!
//! Which branch is deployed is said by a policy, and whoever pushes a branch can write one. So the remote's default branch
//! must say the same, or the command line: only then are that policy's commands run and credentials sent to its addresses.

use std::time::Duration;

use super::identities::Identities;
use super::place::{Place, parse_policy};
use crate::domain::finding::{Known, Unknown};
use crate::domain::name::SecretName;
use crate::domain::policy::{DeployRef, Policy};
use crate::domain::record::Record;
use crate::domain::text::shell_word;
use crate::domain::value::Value;
use crate::git::repository::without_dots;
use crate::git::{Commit, GitError, MAX_BLOB_BYTES, RemoteError, RemoteTip, Repository};
use crate::store::layout::{POLICY, Store};
use crate::store::policy_file::MAX_POLICY_BYTES;
use crate::store::record_file;
use crate::system::files;

/// The commit that is deployed, within reach.
pub struct Deployed {
    /// The place as it is there: what is read of its repository is what the remote has.
    pub place: Place,
    pub commit: Commit,
    /// The remote that it was asked of; `None` where there is none, and `HEAD` stands for it.
    pub remote: Option<String>,
    /// As messages name it: `origin/main`.
    pub name: String,
    /// The bytes of the policy there; `None` where it has none.
    policy: Option<Vec<u8>>,
}

impl Deployed {
    /// Asks the remote. `vouched` is the deploy ref that whoever wrote the job says; without it the remote's default branch
    /// must name the same one as the policy here.
    pub fn observe(place: &Place, vouched: Option<&DeployRef>, limit: Duration) -> Known<Self> {
        let repository = place.known_repository()?;
        let deploy_ref = match vouched {
            Some(deploy_ref) => deploy_ref.clone(),
            None => deploy_ref_here(place)?,
        };
        let asking = Asking { place, repository, limit };
        match (&deploy_ref, vouched) {
            (DeployRef::Branch { remote, branch }, Some(_)) => asking.branch(remote, branch),
            (DeployRef::Branch { remote, branch }, None) => {
                asking.vouched_branch(remote, branch, &deploy_ref)
            }
            // Nothing is deployed from git: the default branch is what counts, and where there is no remote, what is here.
            (DeployRef::None, _) => match repository.usual_remote() {
                Some(remote) => {
                    let branch = asking.default_branch(&remote)?.ok_or_else(|| no_default(&remote))?;
                    asking.branch(&remote, &branch)
                }
                None => asking.head(),
            },
        }
    }

    /// The same as this clone last saw it, where the remote can't be asked: enough to tell people that it can't. It is the
    /// remote's default branch as this clone remembers it that must name the branch, or the command line.
    pub fn remembered(place: &Place, vouched: Option<&DeployRef>) -> Option<Self> {
        let repository = place.repository.as_ref().ok()?;
        let deploy_ref = vouched.cloned().or_else(|| deploy_ref_here(place).ok())?;
        let DeployRef::Branch { remote, branch } = &deploy_ref else { return None };
        if vouched.is_none() && repository.remote_head(remote).as_deref() != Some(branch) {
            return None;
        }
        let commit = repository.resolve(&format!("refs/remotes/{remote}/{branch}")).ok()?;
        let asking = Asking { place, repository, limit: Duration::ZERO };
        let name = format!("{deploy_ref} as this clone last saw it");
        asking.at(commit, Some(remote.clone()), name).ok()
    }

    /// The policy there, its keys validated.
    pub fn policy(&self) -> Known<Policy> {
        let path = self.policy_path();
        let bytes = self.policy_bytes()?;
        parse_policy(bytes, &path).map_err(|error| {
            let why = in_one_line(&error.to_string(), &path);
            Unknown::new(path, why)
        })
    }

    /// As messages name the policy there.
    pub fn policy_path(&self) -> String {
        format!("{} on {}", self.place.path(POLICY), self.name)
    }

    pub fn policy_bytes(&self) -> Known<&[u8]> {
        let missing = || Unknown::new(self.policy_path(), "is not there: there is no store to be watched");
        self.policy.as_deref().ok_or_else(missing)
    }

    /// A secret of the store in clear, sealed as the deploy ref has it: whoever puts another file into a work tree, or into a
    /// branch, would else say where what is told is sent.
    pub fn open(&self, name: &SecretName, identities: &mut Identities<'_>) -> Result<Value, String> {
        let path = self.place.sealed_path(name);
        let repository = self.place.known_repository().map_err(|unknown| unknown.why)?;
        let found = repository.file(self.commit, &path, MAX_BLOB_BYTES).map_err(|error| error.to_string())?;
        let (_, sealed) =
            found.ok_or_else(|| format!("{path} is not on {}: secrets add {name}", self.name))?;
        identities.open(name.as_str(), &sealed).map_err(|error| error.to_string())
    }

    /// The record and the sealed value of a secret there; `None` where neither is. Whether they belong together is not asked.
    pub fn pair(&self, name: &SecretName) -> Result<Option<(Record, Vec<u8>)>, String> {
        let (path, sealed_path) = (self.place.record_path(name), self.place.sealed_path(name));
        let repository = self.place.known_repository().map_err(|unknown| unknown.why)?;
        let read = |path: &str| {
            let found = repository.file(self.commit, path, MAX_BLOB_BYTES);
            found.map(|found| found.map(|(_, bytes)| bytes)).map_err(|error| error.to_string())
        };
        match (read(&path)?, read(&sealed_path)?) {
            (None, None) => Ok(None),
            (Some(bytes), Some(sealed)) => {
                let record = record_file::parse(&bytes, &format!("{path} on {}", self.name));
                Ok(Some((record.map_err(|error| error.to_string())?, sealed)))
            }
            (Some(_), None) => Err(format!("{sealed_path} is not on {}, and its record is", self.name)),
            (None, Some(_)) => Err(format!("{path} is not on {}, and its sealed value is", self.name)),
        }
    }

    /// Whether a file of the work tree is what the deploy ref has at its place; a path that leads out of the repository, or
    /// to nothing that is a file, is no affair of either.
    pub fn has_as_here(&self, path: &str) -> Result<bool, String> {
        let repository = self.place.known_repository().map_err(|unknown| unknown.why)?;
        // One that begins at the root of the file system may lead back into the repository.
        let full = without_dots(&repository.root().join(path));
        let Ok(inside) = full.strip_prefix(repository.root()) else { return Ok(true) };
        if !full.is_file() {
            return Ok(true);
        }
        let here = files::read(&full, MAX_BLOB_BYTES as u64).map_err(|error| error.reason())?;
        let there = repository.file(self.commit, &inside.to_string_lossy(), MAX_BLOB_BYTES);
        let there = there.map_err(|error| error.to_string())?;
        Ok(there.is_some_and(|(_, bytes)| bytes == here))
    }

    /// By what people know the repository.
    pub fn address(&self) -> Option<String> {
        self.place.repository.as_ref().ok()?.known_as(self.remote.as_deref()?)
    }
}

/// All faults of a file that is named already.
fn in_one_line(faults: &str, path: &str) -> String {
    let fault = |line: &str| match line.strip_prefix(path).and_then(|rest| rest.strip_prefix(':')) {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => format!("line {rest}"),
        Some(rest) => rest.trim_start().to_owned(),
        None => line.to_owned(),
    };
    faults.lines().map(fault).collect::<Vec<_>>().join("; ")
}

/// What the policy in the work tree says.
fn deploy_ref_here(place: &Place) -> Known<DeployRef> {
    let policy = place.policy().map_err(|error| {
        let why = format!("{error}; or give --deploy-ref where the job is written");
        Unknown::new("the deploy ref", why)
    })?;
    Ok(policy.deploy_ref)
}

struct Asking<'a> {
    place: &'a Place,
    repository: &'a Repository,
    limit: Duration,
}

impl Asking<'_> {
    fn default_branch(&self, remote: &str) -> Known<Option<String>> {
        let asked = self.repository.default_branch(remote, self.limit);
        asked.map_err(|error| unknown(&format!("{remote}/HEAD"), &error))
    }

    fn branch(&self, remote: &str, branch: &str) -> Known<Deployed> {
        let name = format!("{remote}/{branch}");
        let tip = self.repository.ask_remote(remote, branch, self.limit);
        let tip = tip.map_err(|error| unknown(&name, &error))?;
        let repository = self.repository.seeing(&tip);
        self.deployed(repository, tip.commit(), Some(remote.to_owned()), name, policy_of(self.place, &tip))
    }

    fn vouched_branch(&self, remote: &str, branch: &str, deploy_ref: &DeployRef) -> Known<Deployed> {
        let default = self.default_branch(remote)?;
        if default.as_deref() == Some(branch) {
            return self.branch(remote, branch);
        }
        let flag =
            format!("give --deploy-ref {} where the job is written", shell_word(&deploy_ref.to_string()));
        let default = default.ok_or_else(|| {
            let Unknown { what, why } = no_default(remote);
            Unknown::new(what, format!("{why}, or {flag}"))
        })?;
        let there = self.branch(remote, &default)?;
        let says = match there.policy.as_deref() {
            None => "has no store".to_owned(),
            Some(_) => match there.policy()?.deploy_ref {
                same if same == *deploy_ref => return self.branch(remote, branch),
                other => format!("says {other}"),
            },
        };
        let why = format!(
            "the policy here names it as deploy ref, and the default branch {remote}/{default} {says}: whose commands are run \
             and where credentials are sent is not this branch's to say; {flag}"
        );
        Err(Unknown::new(deploy_ref.to_string(), why))
    }

    fn head(&self) -> Known<Deployed> {
        let unknown = |error: GitError| Unknown::new("HEAD", error.to_string());
        let head = self.repository.head().map_err(unknown)?;
        let commit =
            head.ok_or_else(|| Unknown::new("HEAD", "has no commit yet, so there is nothing to be watched"))?;
        self.at(commit, None, "HEAD".to_owned())
    }

    /// A commit that is in this clone.
    fn at(&self, commit: Commit, remote: Option<String>, name: String) -> Known<Deployed> {
        let most = usize::try_from(MAX_POLICY_BYTES).unwrap_or(usize::MAX);
        let path = self.place.path(POLICY);
        let file = self.repository.file(commit, &path, most);
        let policy = file.map(|found| found.map(|(_, bytes)| bytes));
        let policy = policy.map_err(|error| Unknown::new(path, error.to_string()));
        self.deployed(self.repository.clone(), commit, remote, name, policy)
    }

    fn deployed(
        &self,
        repository: Repository,
        commit: Commit,
        remote: Option<String>,
        name: String,
        policy: Known<Option<Vec<u8>>>,
    ) -> Known<Deployed> {
        let place = Place {
            store: Store::at(self.place.store.root()),
            repository: Ok(repository),
            folder: self.place.folder.clone(),
        };
        Ok(Deployed { place, commit, remote, name, policy: policy? })
    }
}

fn policy_of(place: &Place, tip: &RemoteTip) -> Known<Option<Vec<u8>>> {
    let most = usize::try_from(MAX_POLICY_BYTES).unwrap_or(usize::MAX);
    let path = place.path(POLICY);
    tip.file(&path, most).map_err(|error| Unknown::new(path, error.to_string()))
}

fn unknown(name: &str, error: &RemoteError) -> Unknown {
    Unknown::new(name, error.to_string())
}

fn no_default(remote: &str) -> Unknown {
    let why = format!(
        "names no branch that is there, so nobody says which policy counts; set the default branch of `{}`",
        shell_word(remote)
    );
    Unknown::new(format!("{remote}/HEAD"), why)
}
