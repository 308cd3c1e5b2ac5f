//! One commit on its way to the remote: to the branch, or to a branch of its own beside it.

use std::time::Duration;

use super::error::GitError;
use super::forge;
use super::ids::Commit;
use super::program::{Deadline, Git};
use super::remote_error::RemoteError;
use super::remote_settings::RemoteSettings;
use super::remote_tip::RemoteTip;
use super::repository::Repository;
use super::words;
use crate::domain::text::{pull_command, push_command};
use crate::system::process::{Finished, ProcessError};

/// How many other commits an error names.
const MOST_NAMED: usize = 10;

/// How many other commits are looked into: more are no earlier steps of one's own.
const MOST_LOOKED_INTO: usize = 64;

/// What is done where the branch takes no direct push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fallback<'a> {
    /// The commit goes to `secrets/TOPIC-ID`; `topic` says in a few words what it is about.
    Branch { topic: &'a str },
    /// It goes to `secrets/TOPIC-ID` with an id that several commits have in common, so that later ones follow earlier ones.
    Series { topic: &'a str, id: &'a str },
}

/// Where a commit went.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pushed {
    ToBranch,
    /// The branch takes no direct push, so it went to one of its own.
    Beside {
        branch: String,
        /// Where a pull request is opened, if the remote is a forge.
        url: Option<String>,
    },
}

/// Why a commit was not pushed. It stands in this clone, and only there.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    #[error(transparent)]
    Remote(#[from] RemoteError),
    #[error(
        "not pushed: other commits would go along to {remote}/{branch}: {}; look at them, then run \
         `{}`", commits.join(", "), push_command(remote, branch)
    )]
    OtherCommits { remote: String, branch: String, commits: Vec<String> },
    #[error(
        "not pushed: {remote}/{branch} has commits that are not here; run `{}`, then `{}`",
        pull_command(remote, branch),
        push_command(remote, branch)
    )]
    RemoteMoved { remote: String, branch: String },
    #[error("not pushed: {why}; when that is mended, run `{}`", push_command(remote, branch))]
    Refused { remote: String, branch: String, why: String },
    #[error(
        "remote `{remote}` took longer than {limit:?}, so nobody knows whether the commit has arrived; run \
         `{}` to make sure",
        push_command(remote, branch)
    )]
    TimedOut { remote: String, branch: String, limit: Duration },
    #[error(transparent)]
    Git(#[from] GitError),
}

pub(super) struct Push<'a> {
    pub(super) git: Git,
    pub(super) settings: RemoteSettings,
    pub(super) commit: Commit,
    /// The branch that it is meant for in the end.
    pub(super) branch: &'a str,
    pub(super) deadline: Deadline,
    pub(super) hooks: Hooks,
}

/// Before git's command: no hook of the user's runs.
pub(super) const NO_HOOKS: [&str; 2] = ["-c", "core.hooksPath=/dev/null"];

/// Whether the user's hooks have a say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hooks {
    Run,
    Skip,
}

impl Repository {
    /// Pushes one commit to a remote's branch, and refuses if any other one would go along that touches more than the
    /// paths `own` (relative to the root, with `/`): those are earlier steps of the same. All of it ends within `limit`,
    /// the `pre-push` hook included.
    pub fn push_commit(
        &self,
        commit: Commit,
        (remote, branch): (&str, &str),
        own: &[String],
        fallback: Fallback<'_>,
        limit: Duration,
    ) -> Result<Pushed, PushError> {
        let deadline = Deadline::after(limit);
        let tip = match self.ask_remote(remote, branch, limit) {
            Ok(tip) => Some(tip),
            // The first push makes the branch.
            Err(RemoteError::NoSuchBranch { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        self.refuse_others(commit, tip.as_ref(), (remote, branch), own)?;
        let settings = RemoteSettings::of(&self.git, remote, deadline)?;
        let git = settings.asking(&self.git);
        let push = Push { git, settings, commit, branch, deadline, hooks: Hooks::Run };
        match push.to(branch)? {
            Answer::Taken(_) => Ok(Pushed::ToBranch),
            Answer::Moved => Err(push.moved()),
            Answer::Failed(why) => Err(push.refused(why)),
            Answer::Declined(why) => match fallback {
                Fallback::Branch { topic } => push.beside(topic, &commit.short(), &why),
                Fallback::Series { topic, id } => push.beside(topic, id, &why),
            },
        }
    }

    fn refuse_others(
        &self,
        commit: Commit,
        tip: Option<&RemoteTip>,
        (remote, branch): (&str, &str),
        own: &[String],
    ) -> Result<(), PushError> {
        let moved = || PushError::RemoteMoved { remote: remote.to_owned(), branch: branch.to_owned() };
        let ours = commit.to_string();
        let mut arguments = vec!["log", "--no-show-signature", "-z", "--format=%H %h %s", &ours];
        let excluded;
        if let Some(tip) = tip {
            let theirs = tip.commit().to_string();
            // A commit that had to be fetched is none that this one could stand on.
            if !self.objects.has(tip.commit()) || !self.is_ancestor(tip.commit(), commit)? {
                return Err(moved());
            }
            excluded = format!("^{theirs}");
            arguments.push(&excluded);
        }
        arguments.push("--");
        let listed = self.git.read("list the commits to be pushed", &arguments)?;
        let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
        let mut others: Vec<_> = (listed.split_terminator('\0'))
            .filter_map(|line| line.split_once(' '))
            .filter(|(id, _)| *id != ours)
            .collect();
        if !own.is_empty() && others.len() <= MOST_LOOKED_INTO {
            let mut strange = Vec::new();
            for (id, text) in others {
                if !self.touches_only(id, tip, own)? {
                    strange.push((id, text));
                }
            }
            others = strange;
        }
        if others.is_empty() {
            return Ok(());
        }
        let others: Vec<_> = others.into_iter().map(|(_, text)| words::shown(text)).collect();
        let mut commits: Vec<_> = others.iter().take(MOST_NAMED).map(|text| format!("`{text}`")).collect();
        if others.len() > MOST_NAMED {
            commits.push(format!("and {} more", others.len() - MOST_NAMED));
        }
        Err(PushError::OtherCommits { remote: remote.to_owned(), branch: branch.to_owned(), commits })
    }

    /// Whether a commit changes something, and nothing but these paths. A merge of what the remote has counts with what
    /// neither side had; what any other one brings was on a branch that nobody looked at.
    fn touches_only(&self, commit: &str, tip: Option<&RemoteTip>, own: &[String]) -> Result<bool, GitError> {
        let parents = self.git.read("see its parents", &["rev-list", "--parents", "-n", "1", commit])?.text();
        let merged: Vec<&str> = parents.split_whitespace().skip(2).collect();
        for parent in &merged {
            let is_there = match (tip, Commit::parse(parent)) {
                (Some(tip), Some(parent)) => self.is_ancestor(parent, tip.commit())?,
                (None, _) | (_, None) => false,
            };
            if !is_there {
                return Ok(false);
            }
        }
        let arguments = [
            "diff-tree",
            "--root",
            "-r",
            "-c",
            "-z",
            "--name-only",
            "--no-commit-id",
            "--no-renames",
            "--ignore-submodules=none",
            commit,
        ];
        let touched = self.git.read("see what a commit changes", &arguments)?.stdout;
        let mut paths = touched.split(|byte| *byte == 0).filter(|path| !path.is_empty()).peekable();
        if paths.peek().is_none() {
            return Ok(!merged.is_empty());
        }
        Ok(paths.all(|path| own.iter().any(|own| own.as_bytes() == path)))
    }
}

/// Why a push came to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    Moved,
    Declined(String),
    Failed(String),
}

impl Refusal {
    /// Reads what `git push --porcelain` printed where it did not succeed.
    pub fn read(stdout: &str, stderr: &str) -> Self {
        let summary = stdout.lines().find_map(|line| line.strip_prefix("!\t")?.split('\t').nth(1));
        match summary {
            Some(summary) if summary.starts_with("[remote rejected]") => Self::Declined(why(summary, stderr)),
            Some(summary) if summary.starts_with("[rejected]") => Self::Moved,
            Some(summary) => Self::Failed(why(summary, stderr)),
            None => Self::Failed(words::last_line(stderr)),
        }
    }
}

/// What the remote said to a push.
pub(super) enum Answer {
    Taken(Finished),
    /// Somebody else pushed meanwhile.
    Moved,
    /// The remote itself refuses this ref: a protected branch, or one of its hooks.
    Declined(String),
    Failed(String),
}

impl Push<'_> {
    pub(super) fn to(&self, branch: &str) -> Result<Answer, PushError> {
        // Nothing but this commit: the user's `push.followTags` and the like don't count here.
        let hooks = if self.hooks == Hooks::Skip { &NO_HOOKS[..] } else { &[] };
        let program = (self.git.reading().args(hooks))
            .args(["push", "--porcelain", "--no-follow-tags", "--recurse-submodules=no", "--end-of-options"])
            .args([self.settings.remote.clone(), format!("{}:refs/heads/{branch}", self.commit)]);
        let finished = program.run(self.deadline.left()).map_err(|error| {
            let remote = self.settings.remote.clone();
            if matches!(error, ProcessError::TimedOut { .. }) {
                PushError::TimedOut { remote, branch: branch.to_owned(), limit: self.deadline.limit }
            } else {
                RemoteError::of_process(&error, &remote, self.deadline).into()
            }
        })?;
        if finished.succeeded() {
            return Ok(Answer::Taken(finished));
        }
        Ok(match Refusal::read(&finished.text(), &finished.stderr) {
            Refusal::Moved => Answer::Moved,
            Refusal::Declined(why) => Answer::Declined(why),
            Refusal::Failed(why) => Answer::Failed(why),
        })
    }

    fn beside(&self, topic: &str, id: &str, declined: &str) -> Result<Pushed, PushError> {
        let branch = format!("secrets/{}-{id}", slug(topic));
        match self.to(&branch)? {
            Answer::Taken(finished) => {
                let url = self.pull_request(&finished, &branch);
                Ok(Pushed::Beside { branch, url })
            }
            Answer::Moved => Err(self.refused(declined.to_owned())),
            Answer::Declined(why) | Answer::Failed(why) => {
                Err(self.refused(format!("{declined}; nor does it take `{branch}`: {why}")))
            }
        }
    }

    /// Where a pull request for a branch that was pushed is opened, if the remote is a forge.
    pub(super) fn pull_request(&self, pushed: &Finished, branch: &str) -> Option<String> {
        forge::printed(&pushed.stderr).or_else(|| forge::derived(&self.address(), self.branch, branch))
    }

    /// Where the push went, with `pushurl` and `insteadOf` applied.
    fn address(&self) -> String {
        let arguments = ["remote", "get-url", "--push", &self.settings.remote];
        self.git
            .read("ask for the remote's address", &arguments)
            .map(|found| found.text())
            .unwrap_or_default()
    }

    fn moved(&self) -> PushError {
        PushError::RemoteMoved { remote: self.settings.remote.clone(), branch: self.branch.to_owned() }
    }

    fn refused(&self, why: String) -> PushError {
        let remote = self.settings.remote.clone();
        PushError::Refused { remote, branch: self.branch.to_owned(), why }
    }
}

/// The summary, and what the server's hook said, if it did.
pub(super) fn why(summary: &str, stderr: &str) -> String {
    let said = stderr.lines().filter_map(|line| line.trim_start().strip_prefix("remote:"));
    let said: Vec<_> = said.map(str::trim).filter(|line| !line.is_empty()).collect();
    words::shown(&[summary, &said.join(" / ")].join(" ")).trim_end().to_owned()
}

/// A text as a part of a branch name.
fn slug(topic: &str) -> String {
    let mut slug = String::new();
    for c in topic.chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() >= 60 {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "change".to_owned() } else { slug.to_owned() }
}
