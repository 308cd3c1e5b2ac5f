//! Why libgit2 would not open a repository, and whether its objects can be read nonetheless.

use std::path::Path;

use git2::ErrorCode;

use super::error::GitError;
use super::program::Git;
use super::words;

/// Decides on a repository that libgit2 refused: an error with its remedy, or nothing where only libgit2 stands in
/// the way: then the `git` program answers for it.
pub(super) fn judge(
    root: &Path,
    git_dir: &Path,
    common_dir: &Path,
    git: &Git,
    why: &git2::Error,
) -> Result<(), GitError> {
    let config = git2::Config::open(&common_dir.join("config"));
    let extension = |name: &str| {
        let entry = config.as_ref().ok()?.get_string(&format!("extensions.{name}")).ok()?;
        Some(entry.to_ascii_lowercase())
    };
    let unsupported = |what: &str, remedy: &str| {
        Err(GitError::Unsupported { path: root.to_owned(), what: what.to_owned(), remedy: remedy.to_owned() })
    };
    if let Some(format) = extension("objectformat").filter(|format| format != "sha1") {
        let what = format!("the object format {}", words::shown(&format));
        return unsupported(&what, "use a repository made with `git init --object-format=sha1`");
    }
    if let Some(storage) = extension("refstorage").filter(|storage| storage != "files") {
        let what = format!("the ref storage {}", words::shown(&storage));
        return unsupported(&what, "run `git refs migrate --ref-format=files` there");
    }
    let only_libgit2 = why.code() == ErrorCode::Owner || extension("partialclone").is_some();
    if only_libgit2 && git_opens(git, git_dir) {
        return Ok(());
    }
    if why.code() == ErrorCode::Owner {
        return Err(GitError::NotTrusted { path: root.to_owned() });
    }
    if let Some(name) = why.message().strip_prefix("unsupported extension name extensions.") {
        return unsupported(&format!("the extension {}", words::shown(name)), "use a plain clone of it");
    }
    Err(GitError::Unreadable { path: git_dir.to_owned(), why: words::shown(why.message()) })
}

/// Whether the program, by its own rules on ownership and extensions, opens the repository in its folder.
fn git_opens(git: &Git, git_dir: &Path) -> bool {
    let Ok(answer) = git.read("open the repository", &["rev-parse", "--absolute-git-dir"]) else {
        return false;
    };
    let same = |path: &Path| path.canonicalize().ok();
    same(Path::new(&answer.text())).is_some_and(|found| Some(found) == same(git_dir))
}
