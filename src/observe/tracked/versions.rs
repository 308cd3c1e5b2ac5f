//! The versions of a file that its records speak of, looked for in git's history.

use std::collections::BTreeMap;

use super::{TrackedFiles, contents};
use crate::domain::digest::Digest;
use crate::domain::finding::{Known, Unknown};
use crate::domain::foreign::{Contents, ForeignFile};
use crate::domain::text::counted;
use crate::domain::tracked_name::TrackedName;

/// How many versions of a file are looked at.
const MOST_VERSIONS: usize = 200;

/// An older version of a file.
pub struct PastVersion {
    pub file: ForeignFile,
    pub bytes: Vec<u8>,
}

/// What was found for each record that was asked about, in their order.
pub struct Versions {
    pub versions: Vec<PastVersion>,
    /// Of each record, the newest version that has what it speaks of.
    of: Vec<Option<usize>>,
    /// How far back it was looked, in words.
    pub reach: String,
}

impl Versions {
    /// The place in [`Self::versions`] of what a record speaks of.
    pub fn of(&self, record: usize) -> Option<usize> {
        self.of.get(record).copied().flatten()
    }
}

impl TrackedFiles<'_> {
    /// Looks for the newest versions in which these secrets have these ciphertexts.
    pub fn versions(&self, name: &TrackedName, records: &[(&TrackedName, Digest)]) -> Known<Versions> {
        let path = name.file();
        let unknown = |error: crate::git::GitError| Unknown::new(path, error.to_string());
        let blobs = self.repository.past_blobs(path, MOST_VERSIONS).map_err(unknown)?;
        // A partial clone would fetch them one by one.
        self.repository.bring_here(&blobs).map_err(unknown)?;
        let mut found =
            Versions { versions: Vec::new(), of: vec![None; records.len()], reach: String::new() };
        let mut looked_at = 0;
        for blob in &blobs {
            if found.of.iter().all(Option::is_some) {
                break;
            }
            looked_at += 1;
            let Ok(bytes) = super::standing::one(self.repository.blobs(&[*blob])) else { continue };
            let Contents::Sealed(file) = contents(&bytes) else { continue };
            let decided = self.decided(name, &file)?;
            let there: BTreeMap<&TrackedName, Digest> =
                decided.secrets.iter().map(|secret| (&secret.name, secret.seen)).collect();
            let mut is_wanted = false;
            for ((wanted, seen), place) in records.iter().zip(&mut found.of) {
                if place.is_none() && there.get(wanted) == Some(seen) {
                    *place = Some(found.versions.len());
                    is_wanted = true;
                }
            }
            if is_wanted {
                found.versions.push(PastVersion { file, bytes });
            }
        }
        let shallow = if self.repository.is_shallow() {
            ", and this clone is shallow: git fetch --unshallow"
        } else {
            ""
        };
        found.reach = format!("looked at {} of it that git has{shallow}", counted(looked_at, "version"));
        Ok(found)
    }
}
