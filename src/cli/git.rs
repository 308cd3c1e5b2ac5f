//! What git is told to do with the files of a store.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::domain::name::SecretName;

#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum Git {
    /// Have git show records in `git diff`, merge them, and run the hooks, in this clone
    ///
    /// Writes to the clone's own config, to info/attributes and to its hooks, never to a file that is committed. Run again,
    /// it brings them up to date. A hook that is there already is left as it is: the line to add to it is printed, and
    /// until it is there the exit code is 2.
    #[command(after_help = "\
In `git diff`, `git log -p` and `git show`, a sealed value shows its digest and to
how many keys of which kind it is sealed, and a record what it says, in lines;
no value is ever opened for that.

Hooks:
  pre-commit   stops a commit that has a file in clear in the store (plaintext),
               or a value and a record that do not belong together
               (record-behind, orphan)
  pre-push     stops a push to the deploy ref that brings a secret which is held
               by too few people (single-holder) or has expired (expired)
Both judge what the commit or the push changes and nothing else; they open no
value and ask no remote. To go past one: `git commit --no-verify`,
`git push --no-verify`.

Examples:
  secrets git install
  secrets git install --no-hooks     where a framework runs the hooks
  secrets git uninstall")]
    Install(GitInstall),
    /// Take away what `secrets git install` wrote; whatever else is there stays as it is
    Uninstall,
    /// After a merge, rebase or cherry-pick: put one whole pair of record and value in place, and stage it
    ///
    /// Record and value belong together, so of two pairs one stays. Where one of them holds all that the other
    /// changed, it is taken by itself; else somebody chooses. What both sides changed under `about` is merged field by field.
    #[command(after_help = "\
In a rebase `ours` is the branch that is built upon, and `theirs` the commit that
is applied: read what is shown of each.

Examples:
  secrets git resolve --all                     what needs no choice; the rest is shown
  secrets git resolve web/prod/db --theirs
  secrets git resolve --all --newer             of each the one that was sealed last")]
    Resolve(GitResolve),
    /// Print a sealed value or a record as `git diff` shows it (git calls this)
    #[command(hide = true)]
    Textconv(GitTextconv),
    /// Merge a record (git calls this)
    #[command(hide = true)]
    MergeRecord(GitMergeRecord),
    /// Judge a commit or a push (git calls this)
    #[command(
        hide = true,
        after_help = "\
Exit codes: 0 nothing stands against it; 1 a finding stops it; 2 could not, which
stops it too.

In a hook of your own:
  secrets git hook pre-commit || exit 1
  secrets git hook pre-push \"$@\" || exit 1     it reads what git gives on standard input"
    )]
    Hook(GitHook),
}

#[derive(Debug, Args)]
pub struct GitInstall {
    /// Leave the hooks as they are
    #[arg(long)]
    pub no_hooks: bool,
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "options, of which three exclude each other")]
pub struct GitResolve {
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub names: Vec<SecretName>,
    /// Every secret that is left unmerged
    #[arg(long)]
    pub all: bool,
    /// Where there is a choice, take what stood here
    #[arg(long, group = "side")]
    pub ours: bool,
    /// Where there is a choice, take what was merged in
    #[arg(long, group = "side")]
    pub theirs: bool,
    /// Where there is a choice, take the pair that was sealed last
    #[arg(long, group = "side")]
    pub newer: bool,
}

#[derive(Debug, Args)]
pub struct GitTextconv {
    pub file: PathBuf,
}

// As git fills in `%O %A %B %P %X %Y`.
#[derive(Debug, Args)]
pub struct GitMergeRecord {
    /// The record that both sides began with
    pub base: PathBuf,
    /// Our record; what merging came to is written here
    pub ours: PathBuf,
    pub theirs: PathBuf,
    /// Where it lies in the repository
    pub path: String,
    /// What git calls our side
    pub our_label: Option<String>,
    pub their_label: Option<String>,
}

#[derive(Debug, Args)]
pub struct GitHook {
    #[arg(value_enum)]
    pub hook: HookName,
    /// What git hands to the hook
    pub arguments: Vec<OsString>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum HookName {
    PreCommit,
    PrePush,
}

impl HookName {
    pub const ALL: [Self; 2] = [Self::PreCommit, Self::PrePush];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::PreCommit => "pre-commit",
            Self::PrePush => "pre-push",
        }
    }
}
