//! What a change comes to, step by step, and its form in the journal.

use std::path::Path;

use base64::Engine as _;
use base64::display::Base64Display;
use base64::prelude::BASE64_STANDARD;
use serde::Serializer;

use super::{Change, Deserialize, Digest, JournalError, MAX_CHANGE_BYTES, Serialize, digest, place};
use crate::domain::json;
use crate::domain::text::visible;
use crate::system::threads::{ParallelIterator as _, Shared as _};

/// The number of the journal's form.
const SCHEMA: u64 = 1;

/// A whole change, with all that is needed to finish it after a crash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plan {
    schema: u64,
    /// The store's folder when the change began, for messages and to tell it from another store's.
    pub store: String,
    /// Whether that folder is the repository's, and the change reaches beyond the store.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    whole_repository: bool,
    pub changes: Vec<Planned>,
    /// Over everything else in it.
    digest: Option<Digest>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Planned {
    /// Relative to the store, with `/`.
    pub path: String,
    /// Of the file before; absent where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<Digest>,
    /// What it shall hold; absent where it shall be removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content: Option<Content>,
}

impl Planned {
    /// Whether it shall be there.
    pub fn is_put(&self) -> bool {
        self.content.is_some()
    }
}

/// Bytes, written as base 64.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
struct Content(Vec<u8>);

impl Serialize for Content {
    /// Piece by piece: a change of ten thousand secrets is not in memory once more as text.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Base64Display::new(&self.0, &BASE64_STANDARD))
    }
}

impl TryFrom<String> for Content {
    type Error = base64::DecodeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        BASE64_STANDARD.decode(text).map(Self)
    }
}

/// One thing to be done. Cut before or after any of them, a change is finished by doing all of them again.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step<'p> {
    WriteJournal,
    /// Under its temporary name.
    Prepare {
        path: &'p str,
        content: &'p [u8],
    },
    /// What has its name must never be half there, so all contents come to the disk before the first name does.
    SyncPrepared,
    Put {
        path: &'p str,
    },
    Remove {
        path: &'p str,
    },
    SyncFolders,
    RemoveJournal,
}

impl Plan {
    /// Plans a change of the store, which must be as it was when the change was made. Nothing is written.
    pub fn make(root: &Path, whole_repository: bool, changes: Vec<Change>) -> Result<Self, JournalError> {
        let total: usize = changes.iter().filter_map(|change| change.new.as_ref()).map(Vec::len).sum();
        if total as u64 > MAX_CHANGE_BYTES {
            return Err(JournalError::TooLarge);
        }
        let plan = |change: Change| {
            let path = place::relative(root, &change.path)?;
            let before = digest(place::find(root, &path)?.as_deref())?;
            if before != change.was {
                return Err(JournalError::ChangedMeanwhile(change.path));
            }
            Ok(Planned { path, before, content: change.new.map(Content) })
        };
        // Of several faults the first is told, whichever thread met one first.
        let planned: Vec<Result<Planned, JournalError>> = changes.into_par_iter().map(plan).collect();
        let planned = planned.into_iter().collect::<Result<Vec<_>, JournalError>>()?;
        let store = root.to_string_lossy().into_owned();
        let mut plan = Self { schema: SCHEMA, store, whole_repository, changes: planned, digest: None };
        plan.digest = Some(Digest::of(&plan.to_bytes()));
        Ok(plan)
    }

    #[expect(clippy::expect_used, reason = "all keys are strings and the bytes go to memory: it cannot fail")]
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec_pretty(self).expect("a plan is printable")
    }

    /// The error says why the bytes are no plan.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let plan: Self = json::read(bytes).map_err(|error| visible(&error.to_string()).into_owned())?;
        if plan.schema != SCHEMA {
            return Err(format!("schema {} is of another version of `secrets`", plan.schema));
        }
        if let Some(bad) = plan.changes.iter().find(|planned| !place::is_inside(&planned.path)) {
            return Err(format!("`{}` is no path in the store", visible(&bad.path)));
        }
        let unsigned = Self { digest: None, ..plan.clone() };
        if plan.digest != Some(Digest::of(&unsigned.to_bytes())) {
            return Err("its digest is wrong".to_owned());
        }
        Ok(plan)
    }

    /// Whether it is a change to this store. A repository may have been moved since.
    pub fn belongs_to(&self, root: &Path, whole_repository: bool) -> bool {
        let is_there = self.store == root.to_string_lossy() || !Path::new(&self.store).is_dir();
        self.whole_repository == whole_repository && is_there
    }

    /// What is to be done: the steps of one phase after those of the one before, in any order among themselves.
    pub fn phases(&self) -> [Vec<Step<'_>>; 6] {
        let contents =
            self.changes.iter().filter_map(|planned| Some((&planned.path, planned.content.as_ref()?)));
        let names = self.changes.iter().map(|planned| match &planned.content {
            Some(_) => Step::Put { path: &planned.path },
            None => Step::Remove { path: &planned.path },
        });
        [
            vec![Step::WriteJournal],
            contents.map(|(path, content)| Step::Prepare { path, content: &content.0 }).collect(),
            vec![Step::SyncPrepared],
            names.collect(),
            vec![Step::SyncFolders],
            vec![Step::RemoveJournal],
        ]
    }

    /// Whether every file is as it was before the change or as it shall be after it.
    pub fn check(&self, root: &Path, journal: &Path) -> Result<(), JournalError> {
        let check = |planned: &Planned| {
            let now = digest(place::find(root, &planned.path)?.as_deref())?;
            let after = planned.content.as_ref().map(|content| Digest::of(&content.0));
            if now != planned.before && now != after {
                let path = root.join(&planned.path);
                return Err(JournalError::Diverged { path, journal: journal.to_owned() });
            }
            Ok(())
        };
        let checked: Vec<Result<(), JournalError>> = self.changes.par_iter().map(check).collect();
        checked.into_iter().collect()
    }
}
