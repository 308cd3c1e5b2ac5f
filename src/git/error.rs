//! What can go wrong with a repository, and what to do about it.

use std::path::PathBuf;

use super::ids::BlobId;
use crate::domain::text::shell_word;
use crate::system::files::FileError;
use crate::system::process::ProcessError;

#[derive(Debug, thiserror::Error)]
pub enum GitError {
    #[error("{}: is in no git repository; run `git init` at the root of the project", path.display())]
    NotARepository { path: PathBuf },
    #[error("{}: is a bare repository, without files; run this in a clone of it", path.display())]
    Bare { path: PathBuf },
    #[error("{}: uses {what}, which this tool can't read; {remedy}", path.display())]
    Unsupported { path: PathBuf, what: String, remedy: String },
    #[error(
        "{}: belongs to another user, so git does not trust it; if you do, run \
         `git config --global --add safe.directory {}`", path.display(), shell_word(&path.to_string_lossy())
    )]
    NotTrusted { path: PathBuf },
    #[error("{}: can't be read as a git repository: {why}; see what `git status` says there", path.display())]
    Unreadable { path: PathBuf, why: String },
    #[error("`{rev}` names no commit in {}: {why}; see `git log --all` for what there is, or fetch it", path.display())]
    NoSuchRevision { rev: String, path: PathBuf, why: String },
    #[error("{}: object {id} is missing or damaged: {why}; run `git fsck` there", path.display())]
    Object { path: PathBuf, id: String, why: String },
    #[error("object {id} is larger than {most} bytes, more than any such file of a store")]
    TooLarge { id: BlobId, most: usize },
    #[error("`{folder}` holds more than {most} files in commit {commit}")]
    TooManyFiles { folder: String, commit: String, most: usize },
    #[error("`{file}` in commit {commit} is no regular file; put it back as one")]
    NotAFile { file: String, commit: String },
    #[error("could not {doing}: {why}")]
    Refused { doing: &'static str, why: String },
    #[error("the files are written but not committed: {why}; when that is mended, run `{command}`")]
    NotCommitted { why: String, command: String },
    #[error(transparent)]
    Process(#[from] ProcessError),
    #[error(transparent)]
    File(#[from] FileError),
}
