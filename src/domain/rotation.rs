//! A rotation under way: what the record says of it, and what is asked of others instead of being written down.
//!
//! Of the six steps `planned → minted → sealed → pushed → verified → retired` four are written into the record. That
//! something was *minted* is known to the provider, and that it is *pushed* to the remote: both are asked, because a note
//! about them could be wrong at any moment.

mod machine;
mod merging;
mod strays;
#[cfg(test)]
mod tests;
mod there;

pub use machine::{Next, Seen, There, Wanted, next};
pub use merging::{Stands, may_be_retired, may_be_revoked, merge};
pub use strays::{Listed, Strays, strays};
pub use there::{is_stale, may_be_dropped, there};

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::id::VersionId;
use super::json::{SortedSet, present, safe_integer};
use super::name::ActorName;
use super::period::Period;
use super::time::Instant;

/// How long the old value stays valid where policy says nothing.
pub const OVERLAP: Period = Period::hours(24);

/// The longest handle, in bytes.
const MAX_HANDLE_BYTES: usize = 256;

/// What is written into the record while a rotation is under way. Nothing binds it to the ciphertext, so nothing is
/// revoked because it says so alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    pub state: RotationState,
    /// The id of the version that is being made; what is minted for it carries it as its marker.
    pub to: VersionId,
    /// The version that it replaces.
    pub from: VersionRef,
    pub started: Started,
    /// What stood at a provider that takes no markers before anything was minted: whatever else is found there was.
    #[serde(default, skip_serializing_if = "SortedSet::is_empty_set")]
    pub before: SortedSet<Handle>,
    /// The ids of attempts that came to nothing; what carries one of them is revoked wherever it turns up.
    #[serde(default, skip_serializing_if = "SortedSet::is_empty_set")]
    pub abandoned: SortedSet<VersionId>,
    /// By what the provider knows the old value, where that could be told when it began.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub from_handle: Option<Handle>,
    /// By what the provider knows what was minted.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub handle: Option<Handle>,
    /// When the new value was first refused: from then on it must pass three times in a row.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub refused_at: Option<Instant>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub verified: Option<Verified>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub aborted: Option<Aborted>,
    /// When the deploy ref was first seen to have another value again than the new one, or than one that was given up: from then
    /// on that stays valid for the overlap. When that value got there, nobody notes.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub left_at: Option<Instant>,
}

/// How far a rotation has come, as far as it is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RotationState {
    /// It is to be; the provider may have minted something for it.
    Planned,
    /// The new value stands in the store; the old one is still valid.
    Sealed,
    /// The new value works.
    Verified,
    /// The old value stands in the store again; the new one is still to be revoked.
    Aborted,
}

impl fmt::Display for RotationState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Planned => "planned",
            Self::Sealed => "sealed",
            Self::Verified => "verified",
            Self::Aborted => "aborted",
        })
    }
}

/// A version, by both of its names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VersionRef {
    pub id: VersionId,
    #[serde(deserialize_with = "safe_integer")]
    pub number: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Started {
    pub at: Instant,
    pub by: ActorName,
}

/// Who or what has seen the new value work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Verified {
    pub at: Instant,
    pub how: How,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum How {
    /// The provider took it, or the probe passed, or both.
    Tried,
    /// Nothing here can try it, and this person says that it works, and why they know.
    Vouched { by: ActorName, reason: String },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Aborted {
    pub at: Instant,
    /// Whether the new value may have been deployed: then it stays valid for the overlap.
    pub was_pushed: bool,
}

/// By what a provider knows a credential: no secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("minLength" = 1, "maxLength" = 256))]
pub struct Handle(String);

impl Handle {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that is no handle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is no handle of a credential: 1 to {MAX_HANDLE_BYTES} bytes of text without control characters")]
pub struct HandleError;

impl TryFrom<String> for Handle {
    type Error = HandleError;

    fn try_from(text: String) -> Result<Self, HandleError> {
        let fits = !text.is_empty() && text.len() <= MAX_HANDLE_BYTES && !text.chars().any(char::is_control);
        if fits { Ok(Self(text)) } else { Err(HandleError) }
    }
}

impl From<Handle> for String {
    fn from(handle: Handle) -> Self {
        handle.0
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Rotation {
    /// Everything that what was minted for this rotation may carry as its marker.
    pub fn markers(&self) -> impl Iterator<Item = VersionId> {
        self.abandoned.iter().copied().chain([self.to])
    }

    /// What came of it, or may have, and was given up.
    pub fn given_up(&self) -> impl Iterator<Item = VersionId> {
        let is_one = matches!(self.state, RotationState::Planned | RotationState::Aborted);
        self.abandoned.iter().copied().chain(is_one.then_some(self.to))
    }

    /// Whether it is about the version that stands: else somebody has set another value meanwhile, or put one back.
    pub fn fits(&self, version: VersionId) -> bool {
        match self.state {
            RotationState::Planned | RotationState::Aborted => version == self.from.id,
            RotationState::Sealed | RotationState::Verified => version == self.to,
        }
    }

    /// Since when it stands as it does. The overlap is no standing still.
    pub fn standing_since(&self, set_at: Instant, overlap: Period) -> Instant {
        let behind_overlap = |at: Instant| overlap.after(at).unwrap_or(at);
        match (self.state, &self.verified, &self.aborted) {
            (RotationState::Verified, Some(verified), _) => behind_overlap(verified.at),
            (RotationState::Aborted, _, Some(aborted)) if aborted.was_pushed => {
                behind_overlap(self.left_at.unwrap_or(aborted.at))
            }
            (RotationState::Aborted, _, Some(aborted)) => aborted.at,
            (RotationState::Sealed, ..) => set_at.max(self.started.at),
            (RotationState::Planned, ..) => self.left_at.map_or(self.started.at, behind_overlap),
            (RotationState::Verified | RotationState::Aborted, ..) => self.started.at,
        }
    }
}
