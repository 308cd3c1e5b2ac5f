//! How the deploy ref stands to what is here: what ours was made from, or what somebody else made meanwhile.

use super::CommandError;
use super::session::repository;
use super::turning::Turn;
use super::writing::existing;
use crate::domain::id::VersionId;
use crate::domain::policy::DeployRef;
use crate::domain::record::Record;
use crate::domain::rotation::{There, there};
use crate::domain::text::{push_command, shell_word};
use crate::git::{BlobId, MAX_BLOB_BYTES, Repository};
use crate::store::record_file;

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
        match there(ours, &theirs, self.is_ours_made_from(blob)?) {
            Some(There::Another) if self.has_gone_on(ours)? => Err(outdated()),
            Some(there) => Ok(there),
            None => Err(outdated()),
        }
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
        let names = |record: &Record| {
            let of_rotation = record.rotation.as_ref().map(|rotation| rotation.from.id);
            record.sealed.version.id == version || of_rotation == Some(version)
        };
        if self.deployed_record()?.as_ref().is_some_and(names) {
            return Ok(true);
        }
        let DeployRef::Branch { remote, branch } = &self.policy.deploy_ref else { return Ok(false) };
        let repository = repository(self.place)?;
        let Ok(seen) = repository.resolve(&format!("refs/remotes/{remote}/{branch}")) else {
            return Ok(false);
        };
        let path = self.place.record_path(self.name);
        let held = repository.ever_held(seen, &[&path])?;
        let blobs: Vec<BlobId> = held.into_iter().map(|(_, blob)| blob).collect();
        let records = repository.blobs(&blobs)?;
        let mut parsed = records.iter().filter_map(|bytes| record_file::parse(bytes, &path).ok());
        Ok(parsed.any(|record| record.sealed.version.id == version))
    }

    pub fn outdated(&self, why: &str) -> CommandError {
        let error =
            CommandError::new(format!("{}: this clone is behind {}: {why}", self.name, self.deployed.name));
        match &self.policy.deploy_ref {
            DeployRef::Branch { remote, branch } => error.hint(merge_command(remote, branch)),
            DeployRef::None => error,
        }
    }

    /// Before a rotation begins, what stands here is what is deployed.
    pub fn unpushed(&self) -> CommandError {
        let error = CommandError::new(format!(
            "{}: what stands here is not what {} has, and only that is rotated",
            self.name, self.deployed.name
        ));
        match &self.policy.deploy_ref {
            DeployRef::Branch { remote, branch } => error.hint(push_command(remote, branch)),
            DeployRef::None => error,
        }
    }

    pub fn deployed_repository(&self) -> Result<&Repository, CommandError> {
        let known = self.deployed.place.known_repository();
        known.map_err(|unknown| CommandError::new(format!("{}: {}", unknown.what, unknown.why)))
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
        let file = self.deployed_repository()?.file(self.deployed.commit, path, MAX_BLOB_BYTES)?;
        Ok(file.map(|(_, bytes)| bytes))
    }
}

/// The command that gets what the deploy ref has. Steps of a rotation change the same lines one after the other: laid upon a
/// branch that has the last of them already, the first one would be a conflict.
pub fn merge_command(remote: &str, branch: &str) -> String {
    format!("git pull --no-rebase {} {}", shell_word(remote), shell_word(branch))
}
