//! The repository in which a store lies.

use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use git2::ErrorCode;

use super::error::GitError;
use super::ids::{BlobId, Commit};
use super::objects::Objects;
use super::program::{Git, LOCAL_LIMIT};
use super::remote_tip::RemoteTip;
use super::snapshot::{self, EntryKind, Snapshot};
use super::{unopened, words};
use crate::domain::reach::Reach;
use crate::system::environment::Environment;

/// A repository with a work tree. Cheap to clone and safe to share between threads.
#[derive(Clone)]
pub struct Repository {
    root: PathBuf,
    git_dir: PathBuf,
    common_dir: PathBuf,
    pub(super) objects: Arc<Objects>,
    pub(super) git: Git,
    /// False where only the `git` program can: then it is asked for refs.
    opened_by_libgit2: bool,
}

impl Repository {
    /// Finds the repository around a folder by walking up from it, as git does; `GIT_DIR` and its like are not
    /// heeded, because a hook that calls us has them set for another purpose.
    pub fn discover(start: &Path, environment: &Environment) -> Result<Self, GitError> {
        let start = without_dots(&environment.current_dir().join(start));
        let Some(above) = folder_with_git(&start, environment) else {
            return Err(match git2::Repository::discover_path(&start, ceilings(environment)) {
                Ok(path) => GitError::Bare { path },
                Err(_) => GitError::NotARepository { path: start },
            });
        };
        // Not past that folder: a damaged `.git` must not make the repository further up answer for it.
        let git_dir = git2::Repository::discover_path(&above, above.parent()).map_err(|error| {
            let why = if error.code() == ErrorCode::NotFound {
                "it is none, or damaged".to_owned()
            } else {
                words::shown(error.message())
            };
            GitError::Unreadable { path: above.join(".git"), why }
        })?;
        let common_dir = common_dir(&git_dir);
        let (root, opened_by_libgit2) = match git2::Repository::open(&git_dir) {
            Ok(repository) => {
                let root = repository.workdir().ok_or_else(|| GitError::Bare { path: git_dir.clone() })?;
                (same_or(root, above), true)
            }
            Err(error) => {
                let git = Git::new(&above, environment);
                unopened::judge(&above, &git_dir, &common_dir, &git, &error)?;
                (above, false)
            }
        };
        let mut git = Git::new(&root, environment);
        if !root.join(".git").exists() {
            // `core.worktree` leads here; git would not find its way back from the root by itself.
            git = git.with("GIT_DIR", &git_dir).with("GIT_WORK_TREE", &root);
        }
        let objects = Arc::new(Objects::open(&common_dir, git.clone())?);
        Ok(Self { root, git_dir, common_dir, objects, git, opened_by_libgit2 })
    }

    /// The same repository, reading what a commit of the remote has: also where that had to be fetched into another.
    #[must_use]
    pub fn seeing(&self, tip: &RemoteTip) -> Self {
        Self { objects: Arc::clone(&tip.objects), ..self.clone() }
    }

    /// The root of the work tree, absolute.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The git dir of this work tree, absolute; a linked work tree has one of its own.
    pub fn git_dir(&self) -> &Path {
        &self.git_dir
    }

    /// The git dir that all work trees of the repository share, absolute.
    pub fn common_dir(&self) -> &Path {
        &self.common_dir
    }

    /// The commit at `HEAD`; `None` on a branch that has none yet.
    pub fn head(&self) -> Result<Option<Commit>, GitError> {
        if !self.opened_by_libgit2 {
            return self.head_by_program();
        }
        let repository = self.open()?;
        let head = match repository.head() {
            Ok(head) => head,
            Err(error) if error.code() == ErrorCode::UnbornBranch => return Ok(None),
            Err(error) => return Err(self.unreadable(&error)),
        };
        let commit = head.peel(git2::ObjectType::Commit).map_err(|e| self.unreadable(&e))?;
        Ok(Some(Commit(commit.id())))
    }

    fn head_by_program(&self) -> Result<Option<Commit>, GitError> {
        if let Some(branch) = self.branch() {
            let full = format!("refs/heads/{branch}");
            let arguments = ["for-each-ref", "--format=%(objectname)", &full];
            if self.git.read("read HEAD's branch", &arguments)?.stdout.is_empty() {
                return Ok(None);
            }
        }
        self.resolve("HEAD").map(Some)
    }

    /// Whether the clone was cut off somewhere in the past.
    pub fn is_shallow(&self) -> bool {
        self.common_dir.join("shallow").exists()
    }

    /// The branch that is checked out, even if it has no commit yet; `None` where `HEAD` is detached.
    pub fn branch(&self) -> Option<String> {
        if self.opened_by_libgit2 {
            let repository = self.open().ok()?;
            let head = repository.find_reference("HEAD").ok()?;
            let target = head.symbolic_target().ok()??;
            return target.strip_prefix("refs/heads/").map(str::to_owned);
        }
        let finished = self.git.read("read HEAD", &["symbolic-ref", "--quiet", "HEAD"]).ok()?;
        finished.text().strip_prefix("refs/heads/").map(str::to_owned)
    }

    /// The commit that a revision names, in any way that git understands.
    pub fn resolve(&self, rev: &str) -> Result<Commit, GitError> {
        let peeled = format!("{rev}^{{commit}}");
        let arguments = ["rev-parse", "--verify", "--end-of-options", &peeled];
        let finished = self.git.reading().args(arguments).run(LOCAL_LIMIT)?;
        let refuse = |why| GitError::NoSuchRevision { rev: words::shown(rev), path: self.root.clone(), why };
        if !finished.succeeded() {
            return Err(refuse(words::last_line(&finished.stderr)));
        }
        let text = finished.text();
        // Old gits print `--end-of-options` itself.
        let hex = text.lines().last().unwrap_or_default();
        Commit::parse(hex).ok_or_else(|| refuse(words::shown(hex)))
    }

    /// The editor that git would start, as a command of a shell: `GIT_EDITOR`, `core.editor`, else what git is built with.
    pub fn editor(&self) -> Result<String, GitError> {
        Ok(self.git.read("name an editor", &["var", "GIT_EDITOR"])?.text())
    }

    /// The files below a folder (relative to the root, with `/`) in a commit; none where it has no such folder.
    pub fn snapshot(&self, commit: Commit, folder: &str) -> Result<Snapshot, GitError> {
        Snapshot::read(&self.objects, commit, folder)
    }

    /// The same, without what lies beyond a reach (relative to the folder).
    pub fn snapshot_within(&self, commit: Commit, folder: &str, reach: &Reach) -> Result<Snapshot, GitError> {
        Snapshot::read_within(&self.objects, commit, folder, reach)
    }

    /// The contents of blobs, in the order asked for, each of at most [`super::MAX_BLOB_BYTES`]. All are held in memory at
    /// once: ask for some hundred at a time.
    pub fn blobs(&self, ids: &[BlobId]) -> Result<Vec<Vec<u8>>, GitError> {
        self.objects.blobs(ids)
    }

    /// One file of a commit (relative to the root, with `/`) of at most `most` bytes, and its id; `None` where it is not
    /// there. Asks for no other file's folder.
    pub fn file(
        &self,
        commit: Commit,
        path: &str,
        most: usize,
    ) -> Result<Option<(BlobId, Vec<u8>)>, GitError> {
        let Some(entry) = snapshot::entry(&self.objects, commit, path)? else { return Ok(None) };
        if !matches!(entry.kind, EntryKind::File | EntryKind::Executable) {
            return Err(GitError::NotAFile { file: path.to_owned(), commit: commit.to_string() });
        }
        Ok(Some((entry.id, self.objects.blob_within(entry.id, most)?)))
    }

    pub(super) fn open(&self) -> Result<git2::Repository, GitError> {
        git2::Repository::open(&self.git_dir).map_err(|error| self.unreadable(&error))
    }

    fn unreadable(&self, error: &git2::Error) -> GitError {
        GitError::Unreadable { path: self.git_dir.clone(), why: words::shown(error.message()) }
    }
}

/// A path without `.` and `..`, lexically: what callers made from the same start stays comparable with the root.
pub fn without_dots(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                clean.pop();
            }
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => clean.push(part),
        }
    }
    clean
}

fn ceilings(environment: &Environment) -> Vec<PathBuf> {
    let list = environment.path("GIT_CEILING_DIRECTORIES").unwrap_or_default();
    std::env::split_paths(&list).filter(|path| path.is_absolute()).collect()
}

/// The nearest folder that has a `.git`, whatever that is.
pub(super) fn folder_with_git(start: &Path, environment: &Environment) -> Option<PathBuf> {
    let ceilings = ceilings(environment);
    (start.ancestors())
        .take_while(|folder| *folder == start || !ceilings.iter().any(|ceiling| ceiling == folder))
        .find(|folder| fs::symlink_metadata(folder.join(".git")).is_ok())
        .map(Path::to_owned)
}

/// `found`, in the spelling of `expected` where both are one folder.
fn same_or(found: &Path, expected: PathBuf) -> PathBuf {
    match (found.canonicalize(), expected.canonicalize()) {
        (Ok(a), Ok(b)) if a == b => expected,
        _ => found.components().collect(),
    }
}

pub(super) fn common_dir(git_dir: &Path) -> PathBuf {
    match fs::read_to_string(git_dir.join("commondir")) {
        Ok(path) => {
            let joined = git_dir.join(path.trim_end());
            joined.canonicalize().unwrap_or(joined)
        }
        Err(_) => git_dir.components().collect(),
    }
}
