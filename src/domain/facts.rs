//! Plain facts, as the adapters observed them. Nobody here has an opinion; that is what checks are for.

use super::digest::Digest;
use super::finding::{Known, Unknown};
use super::name::SecretName;
use super::record::{Record, VersionOrder};
use super::time::Instant;

/// What is true of the whole run.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The moment as of which everything is judged.
    pub now: Instant,
    /// The path of the store relative to the root of the repository, with `/`.
    pub store: String,
    /// The deploy ref as policy names it; `None` where nothing is deployed from git.
    pub deploy_ref: Option<String>,
    /// The commit at `HEAD`, in full hexadecimal; `None` where there is none or git could not be read.
    pub head: Option<String>,
    /// The commit that the remote has at the deploy ref, where it was asked.
    pub deployed_commit: Option<String>,
    /// Whether that commit is among those that `HEAD` goes back to, so that a push is all that is missing. False
    /// where it is not known, and where nothing differs.
    pub deployed_is_ancestor: bool,
}

/// Everything that was observed of one secret.
#[derive(Debug, Clone)]
pub struct SecretFacts {
    pub name: SecretName,
    /// Of `NAME.json`, relative to the root of the repository.
    pub record_path: String,
    /// Of `NAME.age`, relative to the root of the repository.
    pub sealed_path: String,
    /// As it stands in the work tree. `None`: there is no such file.
    pub record: Known<Option<Record>>,
    /// As it stands in the work tree. `None`: there is no such file.
    pub sealed: Known<Option<SealedFile>>,
    /// D as computed from the record; `None` where there is no readable record.
    pub binding_expected: Option<Digest>,
    /// Those of its two files that are there without being what their names say: JSON that is no record, bytes
    /// that are no age file.
    pub plaintext: Vec<String>,
    /// Which of its files differ between work tree and `HEAD`.
    pub uncommitted: Known<Vec<Uncommitted>>,
    pub deployed: Known<Deployed>,
}

/// What a sealed file shows to somebody without an identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedFile {
    /// Of the whole file.
    pub digest: Digest,
    /// In the order of the header, the binding stanza left out.
    pub stanzas: Vec<Stanza>,
    pub binding: Binding,
}

/// One recipient stanza of an age header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stanza {
    /// The stanza's type: `X25519`, `ssh-ed25519`, …
    pub kind: String,
    pub args: Vec<String>,
    /// Of the stanza's bytes as they stand in the file.
    pub digest: Digest,
}

/// The stanza by which a sealed file names the record that it was sealed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Binding {
    /// Sealed by another tool.
    Absent,
    /// There is one, but not as it must be: not the first, more than one, or of another shape.
    Malformed(&'static str),
    Bound(Digest),
}

/// A file whose bytes in the work tree are not those of `HEAD`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uncommitted {
    pub path: String,
    pub how: Difference,
    /// Why neither `git status` nor `git add` sees it.
    pub overlooked: Overlooked,
}

/// The marks in the index that keep git from looking at a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Overlooked {
    pub assume_unchanged: bool,
    pub skip_worktree: bool,
}

/// Whether one of the marks is set.
pub type IsMarked = fn(Overlooked) -> bool;

impl Overlooked {
    /// The option of `git update-index` that takes a mark away, and whether the mark is set. Each needs a command of
    /// its own: of both, git heeds the first only.
    pub const REMEDIES: [(&str, IsMarked); 2] = [
        ("--no-assume-unchanged", |overlooked| overlooked.assume_unchanged),
        ("--no-skip-worktree", |overlooked| overlooked.skip_worktree),
    ];

    pub fn any(self) -> bool {
        self.assume_unchanged || self.skip_worktree
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// In both, with other bytes (or another mode, a symbolic link for one).
    Modified,
    /// In both, and but for its line ends the same: CRLF here, LF in `HEAD`.
    LineEnds,
    /// In the work tree only; `ignored_by` is the rule that hides it from `git status`, such as `.gitignore:3: *.age`.
    NotInHead { ignored_by: Option<String> },
    /// In `HEAD` only.
    Deleted,
}

/// How `HEAD` stands to the deploy ref as the remote has it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deployed {
    /// Nothing is deployed from git (`deploy-ref = "none"`), or `--against` leaves the deploy ref out.
    NotJudged,
    Same,
    Differs {
        /// The files that differ, relative to the root of the repository.
        paths: Vec<String>,
        here: Presence,
        there: Presence,
    },
}

/// Whether a secret is in a tree, and how new it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    Absent,
    /// Its files are there, but no record says how new they are.
    Unordered,
    At(VersionOrder),
}

/// What was observed of the store as a whole.
#[derive(Debug, Clone)]
pub struct StoreFacts {
    /// Every secret of work tree, `HEAD` and deploy ref together, in scope or not.
    pub names: Vec<SecretName>,
    /// Files in the store that are no part of a secret, nor policy, of work tree, `HEAD` and deploy ref together.
    pub strays: Vec<Stray>,
    /// Files named by `--file` of which no record is known.
    pub without_record: Vec<String>,
    /// The policy's path, relative to the root of the repository.
    pub policy_path: String,
    /// Of `policy.toml` and `.gitattributes`, and the stray files of `HEAD` that were deleted.
    pub uncommitted: Known<Vec<Uncommitted>>,
    /// Of `policy.toml` and `.gitattributes`.
    pub deployed: Known<Deployed>,
    /// What could not be observed at all: an unreadable folder, an unfinished change, a name that is refused.
    pub unknowns: Vec<Unknown>,
}

/// A file in the store that is no part of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    pub path: String,
    pub kind: StrayKind,
    pub place: StrayPlace,
}

/// The nearest place where a stray file is: what takes it away differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StrayPlace {
    /// In the work tree, or in `HEAD` outside a sparse checkout.
    Here,
    /// Deleted in the work tree, and in `HEAD` still.
    Head,
    /// On the deploy ref only.
    DeployRef,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StrayKind {
    /// Not encrypted, as far as anybody can tell.
    Plaintext,
    /// An age file under a name that is no secret's.
    Sealed,
}
