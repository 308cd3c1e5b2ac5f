//! A bare repository of our own, for one commit of the remote that the user's clone does not have.
//!
//! It lies in the git dir as `secrets/deploy/COMMIT.git` (`secrets/ledger/` for the ledger's,
//! `secrets/rescue/` for those of rescue branches) and borrows the user's objects. A fetch of depth 1 into the
//! user's clone would make that shallow and break later pulls. Each commit has its own: it is prepared under
//! another name and renamed into place, so that two processes can't meet it half-made, and it is never changed
//! afterwards.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::error::GitError;
use super::ids::Commit;
use super::missing;
use super::objects::Objects;
use super::program::{Deadline, Git};
use super::remote_error::RemoteError;
use super::remote_settings::RemoteSettings;
use super::remote_tip::RemoteTip;
use super::repository::Repository;
use super::words;
use crate::system::files::{self, Access, FileError};
use crate::system::process::{Finished, Program};

/// How many of one ref are kept: other processes may still read the one before.
pub(super) const KEPT: usize = 3;

/// After how long a half-made one counts as left behind by a killed process.
const ABANDONED: Duration = Duration::from_hours(1);

const PREPARED: &str = "new-";

/// No hook of the user's runs in it, and nothing tidies it up while another process reads.
pub(super) const QUIETLY: [&str; 8] = [
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "gc.auto=0",
    "-c",
    "maintenance.auto=false",
    "-c",
    "fetch.writeCommitGraph=false",
];

/// A ref of the remote that is made readable here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// In full: `refs/heads/main`.
    pub(super) full_ref: &'a str,
    /// Where in the git dir's `secrets/` its repositories are.
    pub(super) folder: &'static str,
    /// Whether a partial clone leaves its blobs to be fetched as they are asked for.
    pub(super) may_be_partial: bool,
    /// How many repositories the folder may hold.
    pub(super) kept: usize,
}

pub(super) struct DeployRepository<'a> {
    repository: &'a Repository,
    settings: &'a RemoteSettings,
    wanted: Wanted<'a>,
    deadline: Deadline,
    /// Where all of them are.
    folder: PathBuf,
}

impl<'a> DeployRepository<'a> {
    pub(super) fn of(
        repository: &'a Repository,
        settings: &'a RemoteSettings,
        wanted: Wanted<'a>,
        deadline: Deadline,
    ) -> Self {
        let folder = repository.common_dir().join("secrets").join(wanted.folder);
        Self { repository, settings, wanted, deadline, folder }
    }

    /// The commit from the repository that is there already, else from a new one. If the branch has moved on
    /// meanwhile, it is the newer commit.
    pub(super) fn tip(&self, commit: Commit) -> Result<RemoteTip, RemoteError> {
        let place = self.place(commit);
        if place.exists() {
            let git = self.git_in(&place)?;
            if self.is_whole(&git, commit)? {
                return open(&place, git, commit);
            }
            fs::remove_dir_all(&place).map_err(|source| io(&place, source))?;
        }
        self.make()
    }

    fn place(&self, commit: Commit) -> PathBuf {
        self.folder.join(format!("{commit}.git"))
    }

    fn git_in(&self, place: &Path) -> Result<Git, RemoteError> {
        // In the user's folder still, because a remote's path may be relative to it.
        let git = self.repository.git.clone().on_git_dir(place);
        self.settings.carry_to(self.settings.asking(&git), self.deadline)
    }

    fn run(&self, program: &Program) -> Result<Finished, RemoteError> {
        let finished = program.run(self.deadline.left());
        finished.map_err(|error| RemoteError::of_process(&error, &self.settings.remote, self.deadline))
    }

    fn must_run(&self, program: &Program) -> Result<Finished, RemoteError> {
        let finished = self.run(program)?;
        if finished.succeeded() {
            return Ok(finished);
        }
        let why = words::last_line(&finished.stderr);
        Err(RemoteError::Unreachable { remote: self.settings.remote.clone(), why })
    }

    /// Whether everything that the commit names is there, borrowed objects included: the user's `git gc` may have
    /// taken some away.
    fn is_whole(&self, git: &Git, commit: Commit) -> Result<bool, RemoteError> {
        let hex = commit.to_string();
        let arguments = ["rev-list", "--objects", "--quiet", "--exclude-promisor-objects", &hex, "--"];
        Ok(self.run(&git.reading().args(arguments))?.succeeded())
    }

    fn make(&self) -> Result<RemoteTip, RemoteError> {
        files::create_dir(&self.folder, Access::OwnerOnly).map_err(GitError::from)?;
        let prepared = tempfile::Builder::new().prefix(PREPARED).tempdir_in(&self.folder);
        let prepared = prepared.map_err(|source| io(&self.folder, source))?;
        let commit = self.fetch_into(prepared.path())?;
        let place = self.place(commit);
        let git = self.git_in(&place)?;
        if fs::rename(prepared.path(), &place).is_err() {
            // Another process was faster, or something unusable stands there.
            if !self.is_whole(&git, commit)? {
                fs::remove_dir_all(&place).ok();
                fs::rename(prepared.path(), &place).map_err(|source| io(&place, source))?;
            }
        }
        self.tidy(&place);
        open(&place, git, commit)
    }

    fn fetch_into(&self, place: &Path) -> Result<Commit, RemoteError> {
        let init = self.repository.git.clone().on_git_dir(place).with("GIT_DEFAULT_HASH", "sha1");
        let init = init.with("GIT_DEFAULT_REF_FORMAT", "files").reading();
        let _ = self.must_run(&init.args(QUIETLY).args(["init", "--quiet", "--bare", "--template="]))?;
        let promisors = missing::promisors(&self.repository.git)?;
        if promisors.is_empty() {
            self.borrow_objects(place)?;
        }
        let refspec = format!("+{}:refs/heads/deploy", self.wanted.full_ref);
        let mut fetch = self.git_in(place)?.reading().args(QUIETLY).args(["fetch", "--quiet", "--no-tags"]);
        fetch = fetch.args(["--depth=1", "--recurse-submodules=no"]);
        if !promisors.is_empty() && self.wanted.may_be_partial {
            // A partial clone claims to have blobs that it lacks; so nothing is borrowed from it, and this one is
            // partial too.
            fetch = fetch.args(["--filter=blob:none"]);
        }
        let _ = self.must_run(&fetch.args(["--end-of-options", &self.settings.remote, &refspec]))?;
        let arguments = ["rev-parse", "--verify", "refs/heads/deploy^{commit}"];
        let hex = self.must_run(&self.git_in(place)?.reading().args(arguments))?.text();
        Commit::parse(&hex).ok_or_else(|| RemoteError::Unreachable {
            remote: self.settings.remote.clone(),
            why: format!("it gave `{}`, which is no SHA-1 id", words::shown(&hex)),
        })
    }

    fn borrow_objects(&self, place: &Path) -> Result<(), GitError> {
        let alternates = place.join("objects/info/alternates");
        // Relative, so that the repository can be moved: out of objects, COMMIT.git, deploy and secrets.
        files::write_atomic(&alternates, b"../../../../objects\n", Access::OwnerOnly)?;
        let shallow = self.repository.common_dir().join("shallow");
        if let Some(list) = files::read_if_present(&shallow, 16 * 1024 * 1024)? {
            // Without it git would tell the remote that it has the parents of the borrowed commits too, and the
            // remote would leave out what a revert brings back from them.
            files::write_atomic(&place.join("shallow"), &list, Access::OwnerOnly)?;
        }
        Ok(())
    }

    /// Removes older ones and what killed processes left. That it fails is no reason to fail.
    fn tidy(&self, newest: &Path) {
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        let modified = |path: &Path| fs::metadata(path).and_then(|found| found.modified()).ok();
        let Some(now) = modified(newest) else { return };
        let mut others = Vec::new();
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path != newest) {
            let Some(at) = modified(&path) else { continue };
            let prepared = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PREPARED));
            if !prepared {
                others.push((at, path));
            } else if now.duration_since(at).is_ok_and(|age| age > ABANDONED) {
                fs::remove_dir_all(path).ok();
            }
        }
        others.sort();
        let surplus = (others.len() + 1).saturating_sub(self.wanted.kept);
        for (_, path) in others.into_iter().take(surplus) {
            fs::remove_dir_all(path).ok();
        }
    }
}

fn open(place: &Path, git: Git, commit: Commit) -> Result<RemoteTip, RemoteError> {
    let objects = Arc::new(Objects::open(place, git)?);
    Ok(RemoteTip { commit, objects, place: Some(place.to_owned()) })
}

fn io(path: &Path, source: std::io::Error) -> RemoteError {
    RemoteError::Git(GitError::File(FileError::Io { path: path.to_owned(), source }))
}
