//! How the deploy ref stands to what is here: what ours was made from, or what somebody else made meanwhile.

use std::collections::BTreeSet;

use super::{Turn, observe};
use crate::commands::CommandError;
use crate::commands::session::repository;
use crate::commands::writing::{Existing, existing};
use crate::domain::id::VersionId;
use crate::domain::policy::DeployRef;
use crate::domain::record::Record;
use crate::domain::rotation::{Rotation, There, is_stale, may_be_dropped, there};
use crate::git::{BlobId, MAX_BLOB_BYTES, Repository};
use crate::observe::deployed::Deployed;
use crate::store::record_file;

/// What the deploy ref ever had of a record.
struct Past {
    records: Vec<Record>,
    /// There was more, which can't be read.
    is_cut: bool,
}

impl Turn<'_> {
    /// How the deploy ref stands to what is here.
    pub fn there(&self, ours: &Record) -> Result<There, CommandError> {
        if self.policy.deploy_ref == DeployRef::None {
            return Ok(There::Same);
        }
        let name = self.name;
        let (blob, theirs) = self.deployed_pair()?.ok_or_else(|| {
            CommandError::new(format!("{name}: is not on {} yet", self.deployed.name))
                .hint("push it, or have its pull request merged, before it is rotated")
        })?;
        let outdated = || self.outdated("what stands there is not what stands here");
        // Whoever died before sealing what was minted here must not forget it by pulling. A record without its rotation is what it
        // was before that, byte for byte.
        if may_be_dropped(ours, &theirs) && !self.is_ahead()? && self.was_dropped(ours)? {
            return Ok(There::Another);
        }
        match there(ours, &theirs, self.is_ours_made_from(blob)?) {
            Some(There::Another) if self.has_gone_on(ours)? => Err(outdated()),
            Some(there) => Ok(there),
            None => Err(outdated()),
        }
    }

    /// The rotation stood on the deploy ref, and what came of it never did.
    fn was_dropped(&self, ours: &Record) -> Result<bool, CommandError> {
        let Some(rotation) = &ours.rotation else { return Ok(false) };
        let is_this = |record: &Record| record.rotation.as_ref().is_some_and(|one| one.to == rotation.to);
        Ok(self.ever_deployed()?.records.iter().any(is_this) && !self.has_gone_on(ours)?)
    }

    /// What was minted here stood on the deploy ref: to give way would be to revoke what is in use.
    fn has_gone_on(&self, ours: &Record) -> Result<bool, CommandError> {
        ours.rotation.as_ref().map_or(Ok(false), |rotation| self.was_deployed(rotation.to))
    }

    /// Whoever is behind can't push what they write now, and would have to merge it with what they did not look at.
    pub fn refuse_behind(&self) -> Result<(), CommandError> {
        if self.policy.deploy_ref == DeployRef::None || self.is_ahead()? {
            return Ok(());
        }
        Err(self.outdated("it has commits that are not here").hint("then run the same command again"))
    }

    /// A step that is pushed takes along what was committed before it. What makes the next version, and what tries it, gets to
    /// the deploy ref by a person who looked at it, and not beside that.
    pub fn refuse_exchanged(&self) -> Result<(), CommandError> {
        if self.policy.deploy_ref == DeployRef::None {
            return Ok(());
        }
        self.honoured(&existing(self.place, self.name)?).map(drop)
    }

    fn is_ahead(&self) -> Result<bool, CommandError> {
        let repository = repository(self.place)?;
        let Some(head) = repository.head()? else { return Ok(false) };
        Ok(repository.has(self.deployed.commit) && repository.is_ancestor(self.deployed.commit, head)?)
    }

    /// Whether the history here has what stands on the deploy ref: as a commit, or as what a commit held, where it came there
    /// by another one.
    fn is_ours_made_from(&self, theirs: BlobId) -> Result<bool, CommandError> {
        let repository = repository(self.place)?;
        let Some(head) = repository.head()? else { return Ok(false) };
        if self.is_ahead()? {
            return Ok(true);
        }
        let path = self.place.record_path(self.name);
        Ok(repository.ever_held(head, &[&path])?.contains(&(path, theirs)))
    }

    /// Whether a version ever stood on the deploy ref, as far as this clone has seen it or what stands there now says: then it
    /// may be in use wherever it was deployed from there, and its rotation has gone on without this clone.
    pub fn was_deployed(&self, version: VersionId) -> Result<bool, CommandError> {
        Ok(self.versions_deployed(&self.ever_deployed()?)?.contains(&version))
    }

    /// What of what was given up may be in use, because it stood on the deploy ref once. A shallow clone does not know, and who
    /// can't read all that stood there does not either.
    pub fn given_up_deployed(&self, rotation: &Rotation) -> Result<BTreeSet<VersionId>, CommandError> {
        let mut given_up = rotation.given_up().peekable();
        if given_up.peek().is_none() || self.policy.deploy_ref == DeployRef::None {
            return Ok(BTreeSet::new());
        }
        if repository(self.place)?.is_shallow() {
            return Ok(given_up.collect());
        }
        let past = self.ever_deployed()?;
        let deployed = self.versions_deployed(&past)?;
        Ok(given_up.filter(|version| past.is_cut || deployed.contains(version)).collect())
    }

    fn versions_deployed(&self, past: &Past) -> Result<BTreeSet<VersionId>, CommandError> {
        let replaced =
            self.deployed_record()?.and_then(|record| record.rotation).map(|rotation| rotation.from.id);
        Ok(past.records.iter().map(|record| record.sealed.version.id).chain(replaced).collect())
    }

    /// Whether what was noted of the rotation is from before this version came to stand on the deploy ref.
    pub fn is_stale(&self, ours: &Record) -> Result<bool, CommandError> {
        let has_notes = |one: &Rotation| one.verified.is_some() || one.left_at.is_some();
        let repository = repository(self.place)?;
        let is_known = !repository.is_shallow() && repository.has(self.deployed.commit);
        if !is_known || !ours.rotation.as_ref().is_some_and(has_notes) {
            return Ok(false);
        }
        let path = self.place.record_path(self.name);
        let line = repository.line_of(self.deployed.commit, &path)?;
        let of = |record: &Record| (record.sealed.version.id, record.sealed.version.number);
        let mut first = None;
        for bytes in repository.blobs(&line)? {
            let Ok(record) = record_file::parse(&bytes, &path) else { break };
            if of(&record) != of(ours) {
                break;
            }
            first = Some(record);
        }
        Ok(first.is_some_and(|first| is_stale(ours, &first, self.session.now)))
    }

    /// The record as the deploy ref has it, and as it ever had it as far as this clone has seen that.
    fn ever_deployed(&self) -> Result<Past, CommandError> {
        let mut past = Past { records: self.deployed_record()?.into_iter().collect(), is_cut: false };
        let DeployRef::Branch { remote, branch } = &self.policy.deploy_ref else { return Ok(past) };
        let repository = repository(self.place)?;
        let tracked = repository.resolve(&format!("refs/remotes/{remote}/{branch}")).ok();
        let pulled = Some(self.deployed.commit).filter(|commit| repository.has(*commit));
        let path = self.place.record_path(self.name);
        for tip in tracked.into_iter().chain(pulled.filter(|commit| Some(*commit) != tracked)) {
            let held = repository.ever_held(tip, &[&path])?;
            let blobs: Vec<BlobId> = held.into_iter().map(|(_, blob)| blob).collect();
            for bytes in repository.blobs(&blobs)? {
                match record_file::parse(&bytes, &path) {
                    Ok(record) => past.records.push(record),
                    Err(_) => past.is_cut = true,
                }
            }
        }
        Ok(past)
    }

    pub fn outdated(&self, why: &str) -> CommandError {
        let error =
            CommandError::new(format!("{}: this clone is behind {}: {why}", self.name, self.deployed.name));
        self.merge_command().into_iter().fold(error, CommandError::hint)
    }

    /// Before a rotation begins, what stands here is what is deployed.
    pub fn unpushed(&self) -> CommandError {
        let error = CommandError::new(format!(
            "{}: what stands here is not what {} has, and only that is rotated",
            self.name, self.deployed.name
        ));
        self.push_command().into_iter().fold(error, CommandError::hint)
    }

    pub fn deployed_repository(&self) -> Result<&Repository, CommandError> {
        Ok(self.deployed.place.known_repository()?)
    }

    /// The record as the deploy ref has it.
    pub fn deployed_record(&self) -> Result<Option<Record>, CommandError> {
        Ok(self.deployed_pair()?.map(|(_, record)| record))
    }

    fn deployed_pair(&self) -> Result<Option<(BlobId, Record)>, CommandError> {
        let path = self.place.record_path(self.name);
        let file = self.deployed_repository()?.file(self.deployed.commit, &path, MAX_BLOB_BYTES)?;
        let Some((blob, bytes)) = file else { return Ok(None) };
        let record = record_file::parse(&bytes, &format!("{path} on {}", self.deployed.name))?;
        Ok(Some((blob, record)))
    }

    /// A file as the deploy ref has it.
    pub fn deployed_file(&self, path: &str) -> Result<Option<Vec<u8>>, CommandError> {
        file_of(&self.deployed, path)
    }

    /// Right before something is revoked that was in use: what stands here, and what the deploy ref has, is looked at once more.
    /// Somebody may have gone back to it since the step began.
    pub fn refuse_moved(&self, secret: &Existing) -> Result<(), CommandError> {
        let moved = |whose: &str| {
            Err(CommandError::new(format!(
                "{}: {whose} has changed in the middle of this, so nothing more was revoked",
                self.name
            ))
            .hint("somebody else is at it: see what they did, then run the same command again"))
        };
        if existing(self.place, self.name)?.record != secret.record {
            return moved("what stands here");
        }
        if self.policy.deploy_ref == DeployRef::None {
            return Ok(());
        }
        let path = self.place.record_path(self.name);
        let now = observe(self.place, self.arguments)?;
        if file_of(&now, &path)? != self.deployed_file(&path)? {
            return moved(&format!("what {} has", self.deployed.name));
        }
        Ok(())
    }
}

fn file_of(deployed: &Deployed, path: &str) -> Result<Option<Vec<u8>>, CommandError> {
    let file = deployed.place.known_repository()?.file(deployed.commit, path, MAX_BLOB_BYTES)?;
    Ok(file.map(|(_, bytes)| bytes))
}
