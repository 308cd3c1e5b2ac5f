//! A log that grows at a ref of the remote that is no branch: fetched, and pushed again with more at its end.
//!
//! What is fetched lies in a bare repository of our own in the git dir, `secrets/remembered/ID.git`, and commits are made
//! there, object by object: no ref, index, `FETCH_HEAD` or hook of the user's has to do with it, and nobody must have
//! told git a name. It is kept from run to run, so that a push needs no fetch before it as long as nobody else pushes; it
//! can be thrown away at any time. `ID.jsonl` beside it is what this clone has seen of the log, to notice what is lost.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use git2::{ObjectType, Oid};

use super::deploy_repository::QUIETLY;
use super::error::GitError;
use super::ids::Commit;
use super::objects::Objects;
use super::program::{Deadline, Git};
use super::remote_error::RemoteError;
use super::remote_settings::RemoteSettings;
use super::remote_tip::RemoteTip;
use super::repository::Repository;
use super::words;
use crate::domain::digest::Digest;
use crate::domain::time::Instant;
use crate::system::files::{self, Access, FileError};
use crate::system::lock::{FileLock, LockError};
use crate::system::process::Finished;

pub mod refusal;

use refusal::Refusal;

/// Below the git dir.
const FOLDER: &str = "secrets/remembered";

/// Where the commit that was last seen stands in our own repository.
const TIP: &str = "refs/remembered/tip";

/// Who commits, on every machine.
const COMMITTER: &str = "secrets warn <secrets@localhost>";

/// Above so many folders of objects our own repository is made anew: each commit brings the whole log along.
const MOST_OBJECT_FOLDERS: usize = 64;

/// Why the log could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// In the remote's own words.
    #[error("{0}")]
    ReadOnly(String),
    #[error("it can't be pushed to remote `{remote}`: {why}")]
    NotPushed { remote: String, why: String },
    #[error("no push came through within {limit:?}, because others were quicker each time; run it again")]
    Overtaken { limit: Duration },
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(transparent)]
    Git(#[from] GitError),
}

/// What became of a push.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    Arrived,
    /// Somebody else has pushed meanwhile.
    Overtaken,
}

/// What the remote has at the ref.
#[derive(Debug)]
pub struct LogTip {
    pub commit: Commit,
    /// `None` where its commit has no such file.
    pub text: Result<Option<Vec<u8>>, GitError>,
}

/// The log at one ref of one remote. One process of a clone at a time has it.
pub struct RemoteLog {
    git: Git,
    settings: RemoteSettings,
    full_ref: String,
    /// Its file in the commits.
    file: &'static str,
    /// The largest text that is read, in bytes.
    most: usize,
    place: PathBuf,
    deadline: Deadline,
    _lock: FileLock,
}

impl Repository {
    /// Opens the log at a ref of a remote, with its text in `file`, of at most `most` bytes. All that is done with it ends
    /// within `limit`.
    pub fn remote_log(
        &self,
        remote: &str,
        full_ref: &str,
        file: &'static str,
        most: usize,
        limit: Duration,
    ) -> Result<RemoteLog, LogError> {
        let deadline = Deadline::after(limit);
        let settings = RemoteSettings::of(&self.git, remote, deadline)?;
        let id: String = Digest::of(format!("{remote}\0{full_ref}").as_bytes()).to_string();
        let id = id.trim_start_matches("sha256:").get(..16).unwrap_or_default();
        let place = self.common_dir().join(FOLDER).join(format!("{id}.git"));
        let lock = FileLock::acquire(&place.with_extension("lock"), deadline.left())?;
        if fs::read_dir(place.join("objects")).is_ok_and(|found| found.count() > MOST_OBJECT_FOLDERS) {
            fs::remove_dir_all(&place).map_err(|source| io(&place, source))?;
        }
        make(&place)?;
        // In the user's folder still, because a remote's path may be relative to it.
        let git = self.git.clone().on_git_dir(&place);
        let git = settings.carry_to(settings.asking(&git), deadline)?;
        let full_ref = full_ref.to_owned();
        Ok(RemoteLog { git, settings, full_ref, file, most, place, deadline, _lock: lock })
    }
}

/// Makes our own repository, where there is none that can be opened.
fn make(place: &Path) -> Result<(), GitError> {
    if git2::Repository::open_bare(place).is_ok() {
        return Ok(());
    }
    if place.exists() {
        fs::remove_dir_all(place).map_err(|source| io(place, source))?;
    }
    files::create_dir(place, Access::OwnerOnly)?;
    let mut options = git2::RepositoryInitOptions::new();
    options.bare(true).external_template(false);
    git2::Repository::init_opts(place, &options).map_err(|error| unreadable(place, &error))?;
    Ok(())
}

impl RemoteLog {
    /// What is left of the time.
    pub fn left(&self) -> Duration {
        self.deadline.left()
    }

    /// That nobody can push while all others do.
    pub fn overtaken(&self) -> LogError {
        LogError::Overtaken { limit: self.deadline.limit }
    }

    /// What the remote had when it was last asked from this clone, or last pushed to.
    pub fn known(&self) -> Option<LogTip> {
        let repository = git2::Repository::open_bare(&self.place).ok()?;
        let commit = Commit(repository.refname_to_id(TIP).ok()?);
        let tip = self.read(commit).ok()?;
        tip.text.is_ok().then_some(tip)
    }

    /// What the remote has now; `None` where there is no such ref.
    pub fn fetch(&self) -> Result<Option<LogTip>, LogError> {
        let result = self.fetch_tip().and_then(|tip| tip.map(|commit| self.read(commit)).transpose());
        if matches!(&result, Err(_) | Ok(Some(LogTip { text: Err(GitError::Object { .. }), .. }))) {
            // Whether the remote or something here is to blame: the next one begins without what is here.
            fs::remove_dir_all(&self.place).ok();
        }
        result
    }

    fn fetch_tip(&self) -> Result<Option<Commit>, LogError> {
        make(&self.place)?;
        let refspec = format!("+{}:{TIP}", self.full_ref);
        let fetch = self.git.reading().args(QUIETLY).args(["fetch", "--quiet", "--no-tags", "--depth=1"]);
        let fetch =
            fetch.args(["--recurse-submodules=no", "--end-of-options", &self.settings.remote, &refspec]);
        let finished = fetch.run(self.deadline.left());
        let remote = &self.settings.remote;
        let finished = finished.map_err(|error| RemoteError::of_process(&error, remote, self.deadline))?;
        let repository = self.open()?;
        if finished.succeeded() {
            let found = repository.refname_to_id(TIP).map_err(|error| unreadable(&self.place, &error))?;
            return Ok(Some(Commit(found)));
        }
        let none = format!("fatal: couldn't find remote ref {}", self.full_ref);
        if finished.stderr.lines().any(|line| line == none) {
            if let Ok(mut tip) = repository.find_reference(TIP) {
                tip.delete().map_err(|error| unreadable(&self.place, &error))?;
            }
            return Ok(None);
        }
        let why = words::last_line(&finished.stderr);
        Err(RemoteError::Unreachable { remote: remote.clone(), why }.into())
    }

    fn read(&self, commit: Commit) -> Result<LogTip, LogError> {
        let objects = Arc::new(Objects::open(&self.place, self.git.clone())?);
        let tip = RemoteTip { commit, objects, place: None };
        Ok(LogTip { commit, text: tip.file(self.file, self.most) })
    }

    /// Pushes a commit with this text on top of `parent`, if that is what the remote has at the ref.
    pub fn push(
        &self,
        text: &[u8],
        parent: Option<Commit>,
        at: Instant,
        message: &str,
    ) -> Result<Arrival, LogError> {
        let repository = self.open()?;
        let commit = self.commit(&repository, text, parent, at, message)?;
        let expected = parent.map(|parent| parent.to_string()).unwrap_or_default();
        let program = self.git.reading().args(QUIETLY).args([
            "push",
            "--porcelain",
            "--no-verify",
            "--no-follow-tags",
            "--no-signed",
            "--recurse-submodules=no",
        ]);
        let program = program.args([format!("--force-with-lease={}:{expected}", self.full_ref)]).args([
            "--end-of-options",
            &self.settings.remote,
            &format!("{commit}:{}", self.full_ref),
        ]);
        let remote = &self.settings.remote;
        let finished = program.run(self.deadline.left());
        let finished = finished.map_err(|error| RemoteError::of_process(&error, remote, self.deadline))?;
        if !finished.succeeded() {
            return self.refused(&finished);
        }
        let moved = repository.reference(TIP, commit.0, true, "pushed");
        moved.map_err(|error| unreadable(&self.place, &error))?;
        Ok(Arrival::Arrived)
    }

    fn refused(&self, finished: &Finished) -> Result<Arrival, LogError> {
        match Refusal::of(finished) {
            Refusal::Overtaken => Ok(Arrival::Overtaken),
            Refusal::ReadOnly(why) => Err(LogError::ReadOnly(why)),
            Refusal::Failed(why) => Err(LogError::NotPushed { remote: self.settings.remote.clone(), why }),
        }
    }

    fn commit(
        &self,
        repository: &git2::Repository,
        text: &[u8],
        parent: Option<Commit>,
        at: Instant,
        message: &str,
    ) -> Result<Commit, GitError> {
        let odb = repository.odb().map_err(|error| unreadable(&self.place, &error))?;
        let write = |kind: ObjectType, bytes: &[u8]| -> Result<Oid, GitError> {
            odb.write(kind, bytes).map_err(|error| unreadable(&self.place, &error))
        };
        let blob = write(ObjectType::Blob, text)?;
        let tree = [format!("100644 {}\0", self.file).as_bytes(), blob.as_bytes()].concat();
        let tree = write(ObjectType::Tree, &tree)?;
        let parent = parent.map(|parent| format!("parent {parent}\n")).unwrap_or_default();
        let who = format!("{COMMITTER} {} +0000", at.unix_seconds());
        let commit = format!("tree {tree}\n{parent}author {who}\ncommitter {who}\n\n{message}\n");
        Ok(Commit(write(ObjectType::Commit, commit.as_bytes())?))
    }

    /// What this clone has seen of the log; nothing where that can't be read: it only serves to notice what is lost.
    pub fn seen(&self) -> Vec<u8> {
        let most = u64::try_from(self.most).unwrap_or(u64::MAX);
        files::read_if_present(&self.seen_file(), most).ok().flatten().unwrap_or_default()
    }

    /// Remembers what this clone has seen.
    pub fn remember(&self, text: &[u8]) -> Result<(), GitError> {
        Ok(files::write_atomic(&self.seen_file(), text, Access::OwnerOnly)?)
    }

    fn seen_file(&self) -> PathBuf {
        self.place.with_extension("jsonl")
    }

    fn open(&self) -> Result<git2::Repository, GitError> {
        git2::Repository::open_bare(&self.place).map_err(|error| unreadable(&self.place, &error))
    }
}

fn unreadable(place: &Path, error: &git2::Error) -> GitError {
    GitError::Unreadable { path: place.to_owned(), why: words::shown(error.message()) }
}

fn io(path: &Path, source: std::io::Error) -> GitError {
    GitError::File(FileError::Io { path: path.to_owned(), source })
}
