//! Which versions may be in use. A rotation in a record is bound to nothing, so what it names as minted is held against the
//! store before any of it is revoked.

use std::collections::{BTreeMap, BTreeSet};

use super::Turn;
use crate::commands::CommandError;
use crate::commands::reading::Records;
use crate::commands::writing::existing;
use crate::domain::id::VersionId;
use crate::domain::name::SecretName;
use crate::domain::record::Record;
use crate::domain::rotation::{Handle, Listed, Next, Rotation};
use crate::store::layout::RECORD_ENDING;
use crate::store::record_file;

impl Turn<'_> {
    /// The versions of this secret that stand here or on the deploy ref, or stay valid there.
    ///
    /// # Errors
    /// What the record names as minted for this rotation is another secret's.
    pub fn in_use(&self, rotation: &Rotation) -> Result<BTreeSet<VersionId>, CommandError> {
        let others = self.of_others()?;
        if let Some((id, other)) = rotation.markers().find_map(|id| Some((id, others.get(&id)?))) {
            return Err(CommandError::new(format!(
                "{}: its record names {id} as minted for its rotation, and that is a version of {other} (tampered); nothing \
                 was revoked",
                self.name
            ))
            .hint(format!("see who wrote that: git log -p -- {}", self.place.record_path(self.name))));
        }
        let mut in_use = BTreeSet::from([rotation.from.id]);
        if self.step != Next::GiveWay {
            in_use.insert(existing(self.place, self.name)?.record.sealed.version.id);
        }
        if let Some(theirs) = self.deployed_record()? {
            in_use.insert(theirs.sealed.version.id);
            in_use.extend(theirs.rotation.map(|theirs| theirs.from.id));
        }
        Ok(in_use)
    }

    /// Which of these versions neither stand, here or on the deploy ref, nor are another secret's.
    pub fn unknown(&self, mut versions: BTreeSet<VersionId>) -> Result<BTreeSet<VersionId>, CommandError> {
        versions.remove(&existing(self.place, self.name)?.record.sealed.version.id);
        if let Some(theirs) = self.deployed_record()? {
            versions.remove(&theirs.sealed.version.id);
        }
        if !versions.is_empty() {
            let others = self.of_others()?;
            versions.retain(|version| !others.contains_key(version));
        }
        Ok(versions)
    }

    /// Every version that another secret has, makes or replaces, here or on the deploy ref.
    fn of_others(&self) -> Result<BTreeMap<VersionId, SecretName>, CommandError> {
        let mut claimed = BTreeMap::new();
        let mut claim = |name: &SecretName, record: &Record| {
            claimed.insert(record.sealed.version.id, name.clone());
            if let Some(rotation) = &record.rotation {
                let ids = rotation.markers().chain([rotation.from.id]);
                claimed.extend(ids.map(|id| (id, name.clone())));
            }
        };
        let repository = self.deployed_repository()?;
        let snapshot = repository.snapshot(self.deployed.commit, &self.place.folder)?;
        let mut paths = Vec::new();
        for (path, entry) in snapshot.entries() {
            let name = self.place.below(path).and_then(|path| path.strip_suffix(RECORD_ENDING));
            let Some(name) = name.and_then(|name| name.parse::<SecretName>().ok()) else { continue };
            if name != *self.name {
                paths.push((name, path, entry.id));
            }
        }
        let ids: Vec<_> = paths.iter().map(|(_, _, id)| *id).collect();
        for ((name, path, _), bytes) in paths.iter().zip(repository.blobs(&ids)?) {
            // What can't be read could name anything as its own.
            let record = record_file::parse(&bytes, &format!("{path} on {}", self.deployed.name))?;
            claim(name, &record);
        }
        let records = Records::read(self.place);
        if let Some(unread) = records.unread.first() {
            return Err(CommandError::new(format!("{}: {}; nothing was revoked", unread.what, unread.why))
                .hint("what can't be read could name anything as its own: secrets check"));
        }
        for (name, record) in records.by_name.iter().filter(|(name, _)| *name != self.name) {
            claim(name, record);
        }
        Ok(claimed)
    }
}

/// Takes out of what is to be revoked whatever bears the mark of a version in use, unless that version is known to be another
/// credential, which is kept: then the provider made it twice.
pub fn spare(
    handles: &mut Vec<Handle>,
    in_use: &BTreeSet<VersionId>,
    listed: &[Listed],
    kept: &[Handle],
) -> Vec<Handle> {
    let marker = |handle: &Handle| listed.iter().find(|one| one.handle == *handle)?.marker;
    let is_spared = |handle: &Handle| {
        marker(handle).is_some_and(|marker| {
            let has_other = listed.iter().any(|one| one.marker == Some(marker) && kept.contains(&one.handle));
            in_use.contains(&marker) && !has_other
        })
    };
    let (spared, rest) = handles.drain(..).partition(is_spared);
    *handles = rest;
    spared
}
