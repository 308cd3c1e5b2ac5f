//! Plain facts, as the adapters observed them. Nobody here has an opinion; that is what checks are for.

use std::collections::BTreeSet;

use super::digest::Digest;
use super::finding::{Known, Unknown};
use super::key::Fingerprint;
use super::name::{ActorName, SecretName};
use super::policy::{Departed, Policy};
use super::record::{Record, SealedKey, VersionOrder};
use super::rescue::Rescued;
use super::time::Instant;
use super::tracked_name::TrackedName;
use super::value_end::ValueEnds;

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
    /// What rescue branches have that is newer than what the deploy ref has.
    pub rescued: Known<Vec<Rescued<Presence>>>,
    /// The signatures that the record carries, verified. Unknown where the signing keys of the deploy ref are.
    pub signatures: Known<Vec<Signature>>,
    /// The newest seal of this secret that is known from elsewhere than the work tree, if it is newer than the one
    /// here, or another one of the same number. `None`: none is known.
    pub newest_seal: Known<Option<KnownSeal>>,
    pub proof: Proof,
}

/// What was found of the end that a value which another tool sealed carries in itself (`--prove`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inside {
    /// Nobody asked to look into it.
    NotAsked,
    /// It could not be looked into. `required`: it was asked for of every secret.
    NotLookedInto {
        why: String,
        required: bool,
    },
    Seen(ValueEnds),
}

/// A signature over record and value, and what verifying it came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Whose it claims to be.
    pub by: ActorName,
    pub verdict: SignatureVerdict,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignatureVerdict {
    /// By a signing key that the deploy ref's policy lists for that person, over just these bytes.
    Valid,
    /// The deploy ref's policy lists no signing key for that name.
    NotListed,
    /// Why it is no signature of theirs.
    False(String),
}

/// A seal that is known to have been made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownSeal {
    /// The version's number and the seal.
    pub order: VersionOrder,
    /// D of it.
    pub digest: Digest,
    pub source: SealSource,
}

/// From where a seal is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SealSource {
    /// The commit, in full hexadecimal, that held it. It is here.
    Commit(String),
    /// The deploy ref, whose commit is not here.
    DeployRef,
    Ledger,
}

/// What opening the file and recomputing its header came to (`--prove`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// No proof was asked for.
    NotAsked,
    /// None of the identities at hand opens it. `required`: the proof of every secret was asked for.
    NotOpened {
        why: String,
        required: bool,
    },
    /// Opened, and not what it must be: the header's MAC, the payload or the header's form is wrong.
    Broken(String),
    Recomputed(Recomputed),
}

/// The stanzas of a sealed file, compared with what they must be for the keys of its record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recomputed {
    /// Keys whose stanza was recomputed and stands in the header, byte for byte: they open this very value.
    pub proved: BTreeSet<(ActorName, Fingerprint)>,
    /// Keys whose stanza can't be recomputed, and stands in the header with the digest that the record states.
    pub plausible: BTreeSet<(ActorName, Fingerprint)>,
    /// Keys of the record whose stanza does not stand in the header.
    pub missing: Vec<(ActorName, SealedKey)>,
    /// Stanzas that are for none of the keys listed.
    pub surplus: Vec<Stanza>,
    /// Against the version before. Unknown where that could not be read or opened.
    pub previous_value: Known<PreviousValue>,
    /// What the value says of its own end.
    pub ends: ValueEnds,
}

/// How a value stands to that of the version before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PreviousValue {
    /// This is the first version.
    None,
    Other,
    /// The same bytes as in the version of that number.
    Same(u64),
    /// It was not compared, and need not be; the text says why.
    NotCompared(String),
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
    /// The whole header breaks the format: no tool writes it so. No stanza of it is known.
    HeaderMalformed(&'static str),
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
    /// Every secret that other tools have sealed, in scope or not.
    pub tracked: Vec<TrackedName>,
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
    /// Rescue branches that could not be read.
    pub unread_rescues: Vec<Unknown>,
    /// When `secrets warn` last reported, as the remote's ledger has it.
    pub last_warn: Known<LastWarn>,
    /// Who left, or which key was removed, that could open versions still in use; of the secrets that are judged.
    pub exposures: Vec<Exposure>,
    /// With `--against`: the two policies.
    pub policies: Option<Box<Policies>>,
    /// What could not be observed at all: an unreadable folder, an unfinished change, a name that is refused.
    pub unknowns: Vec<Unknown>,
}

/// When `secrets warn` last reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastWarn {
    /// Nobody asks: a change is judged.
    LeftOut,
    Never,
    At(Instant),
}

/// A version that somebody could open who can't be a reader any more.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exposure {
    pub departed: Departed,
    pub secret: SecretName,
    /// When the version was set.
    pub set_at: Instant,
}

/// The policies of a change and of what it is held against.
#[derive(Debug, Clone)]
pub struct Policies {
    pub before: Policy,
    pub after: Policy,
    /// The secrets that there were before.
    pub names: Vec<SecretName>,
    /// Paths of the change that the `[track]` of either calls sealed.
    pub files: Vec<String>,
    /// What other tools have sealed in the change, as far as it was looked into: every encrypted value.
    pub values: Vec<TrackedName>,
    /// The commit that the change is held against.
    pub reference: String,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_mark_keeps_git_from_looking() {
        for (assume_unchanged, skip_worktree) in [(false, false), (true, false), (false, true), (true, true)]
        {
            let overlooked = Overlooked { assume_unchanged, skip_worktree };
            assert_eq!(overlooked.any(), assume_unchanged || skip_worktree);
            let marks = Overlooked::REMEDIES.map(|(_, is_marked)| is_marked(overlooked));
            assert_eq!(marks, [assume_unchanged, skip_worktree]);
        }
    }
}
