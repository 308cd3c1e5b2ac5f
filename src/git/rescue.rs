//! What is about to be deployed as a commit of its own, on its way to a branch of its own. The user's index, `HEAD`,
//! branches and work tree are not touched, and none of their hooks run: at night a broken one, or our own that keeps
//! such pushes back, must not stand in the way.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use super::error::GitError;
use super::ids::Commit;
use super::program::{Deadline, LOCAL_LIMIT, must_succeed};
use super::push::{Answer, Hooks, NO_HOOKS, Push, PushError};
use super::remote_error::RemoteError;
use super::remote_settings::RemoteSettings;
use super::repository::Repository;
use super::snapshot::{Entry, EntryKind};
use super::words;
use crate::domain::time::Instant;
use crate::system::process::is_running;

/// Below it are the commits that wait to be pushed, so that no `git gc` takes them.
const KEPT_REFS: &str = "refs/secrets/rescue/";

/// Below it is what is being made: by which process, and since when, so that no name is used twice and no
/// lock that a git leaves when it is killed is in anybody's way.
const NEW_REFS: &str = "refs/secrets/new-rescue/";

/// Every object and ref is written out to the disk: a queued commit may be the only copy.
const LASTING: [&str; 2] = ["-c", "core.fsync=all"];

/// A file that goes along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RescuedFile {
    /// Relative to the root, with `/`.
    pub path: String,
    pub bytes: Vec<u8>,
}

/// What the commit is made of.
pub struct RescueDraft<'a> {
    /// Whose files it holds.
    pub head: Commit,
    /// What it stands on; `None`: on nothing.
    pub parent: Option<Commit>,
    /// What it holds besides, or in place of, those.
    pub files: &'a [RescuedFile],
    /// What it does not hold of them.
    pub without: &'a [String],
    pub message: &'a str,
    pub at: Instant,
    /// Who commits, where git has no name for the user.
    pub by: &'a str,
}

/// Why a rescue branch was not pushed.
#[derive(Debug, thiserror::Error)]
pub enum RescueError {
    #[error(transparent)]
    Remote(#[from] RemoteError),
    #[error("remote `{remote}` does not take it: {why}")]
    Declined { remote: String, why: String },
    #[error("it can't be pushed to remote `{remote}`: {why}")]
    Failed { remote: String, why: String },
    #[error("remote `{remote}` took longer than {limit:?}, so nobody knows whether it has arrived")]
    TimedOut { remote: String, limit: Duration },
    #[error(transparent)]
    Git(#[from] GitError),
}

impl Repository {
    /// Makes the commit, and keeps it by a ref of our own until [`Self::forget_rescue`].
    pub fn make_rescue(&self, draft: &RescueDraft<'_>) -> Result<Commit, GitError> {
        let own_ref = format!("{NEW_REFS}{}-{}", std::process::id(), draft.at.unix_seconds());
        let stream = self.stream(draft, &own_ref)?;
        let program = self.git.writing().args(NO_HOOKS).args(LASTING).args([
            "fast-import",
            "--quiet",
            "--force",
            "--done",
        ]);
        let finished = program.args(["--date-format=raw"]).input(stream).run(LOCAL_LIMIT)?;
        let _ = must_succeed("make a commit of what is about to be deployed", finished)?;
        let commit = self.resolve(&own_ref)?;
        self.verify(draft, commit)?;
        let refs = format!("update {KEPT_REFS}{commit} {commit}\ndelete {own_ref}\n");
        let program = self.git.writing().args(NO_HOOKS).args(LASTING).args(["update-ref", "--stdin"]);
        let finished = program.input(refs.into_bytes()).run(LOCAL_LIMIT)?;
        let _ = must_succeed("keep a commit of what is about to be deployed", finished)?;
        self.forget_half_made();
        Ok(commit)
    }

    /// Lets go of what processes that are gone have begun to make and not kept: it would never be collected. Nothing waits
    /// for it, so that it fails matters to nobody.
    fn forget_half_made(&self) {
        let is_left = |name: &str| {
            let process = name.split('-').next().and_then(|process| process.parse().ok());
            process.is_some_and(|process| !is_running(process))
        };
        // The locks that their git has left come first.
        for entry in fs::read_dir(self.common_dir().join(NEW_REFS)).into_iter().flatten().flatten() {
            if entry.file_name().to_str().and_then(|name| name.strip_suffix(".lock")).is_some_and(is_left) {
                fs::remove_file(entry.path()).ok();
            }
        }
        let arguments = ["for-each-ref", "--format=%(refname)", NEW_REFS];
        let Ok(found) = self.git.read("list what is half made", &arguments) else { return };
        let text = found.text();
        let left = text.lines().filter(|name| name.strip_prefix(NEW_REFS).is_some_and(is_left));
        let deleted: Vec<_> = left.map(|name| ["delete ", name, "\n"].concat()).collect();
        if !deleted.is_empty() {
            let program = self.git.writing().args(NO_HOOKS).args(["update-ref", "--stdin"]);
            drop(program.input(deleted.concat().into_bytes()).run(LOCAL_LIMIT));
        }
    }

    /// Lets go of a commit that is on the remote, or on its way nowhere. That it fails costs a few bytes.
    pub fn forget_rescue(&self, commit: Commit) {
        let name = format!("{KEPT_REFS}{commit}");
        let program = self.git.writing().args(NO_HOOKS).args(["update-ref", "-d", &name]);
        let is_gone = program.run(LOCAL_LIMIT).is_ok_and(|finished| finished.succeeded());
        // Where the system gives no process, it goes without.
        if let (false, Ok(repository)) = (is_gone, self.open()) {
            repository.find_reference(&name).and_then(|mut found| found.delete()).ok();
        }
    }

    /// Pushes the commit to a branch of its own; `base` is the branch that it should be merged into. Doing it again
    /// changes nothing. Answers with the address for a pull request, if the remote is a known forge.
    pub fn push_rescue(
        &self,
        commit: Commit,
        remote: &str,
        branch: &str,
        base: &str,
        limit: Duration,
    ) -> Result<Option<String>, RescueError> {
        let deadline = Deadline::after(limit);
        let settings = RemoteSettings::of(&self.git, remote, deadline)?;
        let git = settings.asking(&self.git);
        let push = Push { git, settings, commit, branch: base, deadline, hooks: Hooks::Skip };
        let declined = |why| Err(RescueError::Declined { remote: remote.to_owned(), why });
        match push.to(branch) {
            Ok(Answer::Taken(finished)) => Ok(push.pull_request(&finished, branch)),
            Ok(Answer::Moved) => declined(format!("it has another `{branch}` already")),
            Ok(Answer::Declined(why)) => declined(why),
            Ok(Answer::Failed(why)) => Err(RescueError::Failed { remote: remote.to_owned(), why }),
            Err(PushError::TimedOut { .. }) => {
                Err(RescueError::TimedOut { remote: remote.to_owned(), limit })
            }
            Err(PushError::Remote(error)) => Err(error.into()),
            Err(PushError::Git(error)) => Err(error.into()),
            Err(error) => declined(error.to_string()),
        }
    }

    /// The newest commit below `HEAD` that this clone has seen on the remote's branch.
    pub fn last_seen(&self, head: Commit, remote: &str, branch: &str) -> Option<Commit> {
        let (head, seen) = (head.to_string(), format!("refs/remotes/{remote}/{branch}"));
        let finished = self.git.reading().args(["merge-base", &head, &seen]).run(LOCAL_LIMIT).ok()?;
        finished.succeeded().then(|| Commit::parse(&finished.text())).flatten()
    }

    /// The commit as `git fast-import` reads it: it makes blobs, trees, commit and ref in one go, from just these bytes
    /// and past every filter.
    fn stream(&self, draft: &RescueDraft<'_>, own_ref: &str) -> Result<Vec<u8>, GitError> {
        let head = self.snapshot(draft.head, "")?;
        let mut stream = Vec::new();
        let mut line = |text: String| stream.extend_from_slice(text.as_bytes());
        line(format!("commit {own_ref}\n"));
        let who = self.committer(draft.by);
        let date = draft.at.unix_seconds();
        line(format!("author {who} {date} +0000\ncommitter {who} {date} +0000\n"));
        line(format!("data {}\n{}\n", draft.message.len(), draft.message));
        if let Some(parent) = draft.parent {
            line(format!("from {parent}\n"));
        }
        line(format!("M 040000 {} \"\"\n", self.objects.root_tree(draft.head)?));
        for path in draft.without {
            line(format!("D {}\n", quoted(path)));
        }
        for RescuedFile { path, bytes } in draft.files {
            let executable = matches!(head.get(path), Some(Entry { kind: EntryKind::Executable, .. }));
            let mode = if executable { "100755" } else { "100644" };
            stream.extend_from_slice(format!("M {mode} inline {}\n", quoted(path)).as_bytes());
            stream.extend_from_slice(format!("data {}\n", bytes.len()).as_bytes());
            stream.extend_from_slice(bytes);
            stream.push(b'\n');
        }
        stream.extend_from_slice(b"done\n");
        Ok(stream)
    }

    /// `NAME <EMAIL>` as git has it for the user.
    fn committer(&self, by: &str) -> String {
        let told = self.git.read("ask git who commits", &["var", "GIT_COMMITTER_IDENT"]).ok();
        let told = told.map(|told| told.text()).unwrap_or_default();
        match told.rsplit_once("> ") {
            Some((who, _)) if who.contains('<') => format!("{who}>"),
            _ => {
                let by: String = by.chars().filter(|c| !c.is_control() && !"<>".contains(*c)).collect();
                format!("{} <>", by.trim())
            }
        }
    }

    /// Whether git has made of it what was meant.
    fn verify(&self, draft: &RescueDraft<'_>, commit: Commit) -> Result<(), GitError> {
        let made = self.snapshot(commit, "")?;
        let missing = draft
            .files
            .iter()
            .find(|file| made.get(&file.path).map(|entry| entry.id) != Some(super::blob_id(&file.bytes)));
        let files: BTreeSet<&str> = draft.files.iter().map(|file| file.path.as_str()).collect();
        let kept =
            draft.without.iter().find(|path| !files.contains(path.as_str()) && made.get(path).is_some());
        match missing.map(|file| &file.path).or(kept) {
            None => Ok(()),
            Some(path) => {
                let why = format!("git did not take {} as it is", words::shown(path));
                Err(GitError::Refused { doing: "make a commit of what is about to be deployed", why })
            }
        }
    }
}

/// A path as fast-import reads it whatever is in it.
fn quoted(path: &str) -> String {
    let escaped = path.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n");
    format!("\"{escaped}\"")
}
