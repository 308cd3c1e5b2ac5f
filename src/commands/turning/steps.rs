//! How the steps of a rotation are written, committed and pushed.

use super::{Turn, Went, observe};
use crate::change::publish::{self, Committed};
use crate::change::writer::{Then, Writer};
use crate::commands::CommandError;
use crate::commands::session::repository;
use crate::commands::writing::{Existing, existing, undisturbed};
use crate::domain::policy::DeployRef;
use crate::domain::record::Record;
use crate::domain::rotated::Rest;
use crate::domain::rotation::{Next, Rotation, RotationState};
use crate::domain::text::{push_command, shell_word};
use crate::git::{Fallback, MAX_BLOB_BYTES, PushError, Pushed};
use crate::store::record_file;

/// Where a step went.
#[must_use]
pub enum Sent {
    ToBranch,
    /// The deploy ref takes no direct push, so it went to a branch of its own.
    Beside,
    /// Somebody else has pushed meanwhile.
    Refused,
}

impl<'a> Turn<'a> {
    pub fn writer(&self) -> Result<Writer<'a>, CommandError> {
        Ok(Writer::begin(&self.place.store, repository(self.place)?, &self.place.folder)?)
    }

    /// Writes how far it has come, and commits that.
    pub fn note(
        &mut self,
        secret: &Existing,
        rotation: Option<Rotation>,
        message: &str,
    ) -> Result<(), CommandError> {
        let mut writer = self.writer()?;
        let record = Record { rotation, ..secret.record.clone() };
        writer.put_record(secret.pair(), &record);
        self.commit(writer, message)
    }

    /// Writes what was planned, and commits it.
    pub fn commit(&mut self, writer: Writer<'_>, message: &str) -> Result<(), CommandError> {
        let repository = repository(self.place)?;
        let written = writer.write(Then::Commit)?;
        match publish::commit(repository, &written, message, self.session.terminal.can_ask())? {
            Committed::Made(commit) => self.session.say(format!("committed {} {message}", commit.short())),
            Committed::Nothing | Committed::Left => Ok(()),
        }
    }

    /// Has the deploy ref take what stands here.
    pub fn push(&mut self, secret: &Existing) -> Result<Went, CommandError> {
        if !self.pushes {
            self.told.next = self.push_command();
            let why =
                format!("it is not on {} yet: push it, then run the same command again", self.deployed.name);
            return Ok(Went::Stops(Rest::Waits(why)));
        }
        self.refuse_exchanged()?;
        let state = secret.record.rotation.as_ref().map(|rotation| rotation.state);
        let series = self.series(state.unwrap_or(RotationState::Verified))?;
        match self.try_push(&series)? {
            Sent::ToBranch => Ok(Went::On),
            Sent::Beside => {
                let why = format!(
                    "it is not on {} until that is merged; then run the same command again",
                    self.deployed.name
                );
                self.told.next = Some(self.command(""));
                Ok(Went::Stops(Rest::Waits(why)))
            }
            Sent::Refused => self.overtaken(),
        }
    }

    /// Somebody pushed meanwhile: if it was this secret, the next look tells.
    pub fn overtaken(&mut self) -> Result<Went, CommandError> {
        self.deployed = observe(self.place, self.arguments)?;
        let (_, step) = self.look()?;
        if step == Next::GiveWay {
            return Ok(Went::On);
        }
        let name = self.deployed.name.clone();
        Err(self
            .outdated("it has commits that are not here")
            .hint(format!("then push to {name}, or run the same command again")))
    }

    /// By what the branch is known that a step goes to where the deploy ref takes no direct push. Plan and seal go to one, so
    /// that a plan is never known to a single clone only; each later step begins at what was merged.
    pub fn series(&self, state: RotationState) -> Result<String, CommandError> {
        let record = existing(self.place, self.name)?.record;
        let id = record.rotation.as_ref().map_or(record.sealed.version.id, |rotation| rotation.to);
        let step = match (&record.rotation, state) {
            (None, _) => "ended",
            (Some(_), RotationState::Planned | RotationState::Sealed) => "new",
            (Some(_), RotationState::Verified) => "verified",
            (Some(_), RotationState::Aborted) => "aborted",
        };
        Ok(format!("{}-{step}", id.to_string().to_ascii_lowercase()))
    }

    /// Pushes `HEAD`. Where nothing is deployed from git there is nowhere to push to, and nothing is left to do.
    pub fn try_push(&mut self, series: &str) -> Result<Sent, CommandError> {
        let repository = repository(self.place)?;
        let Some(head) = repository.head()? else {
            return Err(CommandError::new("HEAD has no commit, so there is nothing to push"));
        };
        let topic = format!("rotate {}", self.name);
        let own = [self.place.record_path(self.name), self.place.sealed_path(self.name)];
        let fallback = Fallback::Series { topic: &topic, id: series };
        match publish::push(repository, &self.policy.deploy_ref, head, &own, fallback) {
            Err(PushError::RemoteMoved { .. }) => Ok(Sent::Refused),
            Err(error) => Err(error.into()),
            Ok(None) => Ok(Sent::ToBranch),
            Ok(Some(Pushed::ToBranch)) => {
                let observed = observe(self.place, self.arguments);
                // What is not known now is asked again at the next look.
                if let Ok(deployed) = observed {
                    self.deployed = deployed;
                }
                self.session.say(format!("pushed to {}", self.deployed.name))?;
                Ok(Sent::ToBranch)
            }
            Ok(Some(Pushed::Beside { branch, url })) => {
                let at = url.map_or_else(
                    || "open a pull request for it on your forge".to_owned(),
                    |url| format!("open the pull request: {url}"),
                );
                let said = format!(
                    "{} takes no direct push, so this went to the branch {branch}; {at}",
                    self.deployed.name
                );
                self.session.say(said)?;
                Ok(Sent::Beside)
            }
        }
    }

    pub fn push_command(&self) -> Option<String> {
        match &self.policy.deploy_ref {
            DeployRef::Branch { remote, branch } => Some(push_command(remote, branch)),
            DeployRef::None => None,
        }
    }

    /// The command that gets what the deploy ref has. Steps of a rotation change the same lines one after the other: laid upon
    /// a branch that has the last of them already, the first one would be a conflict.
    pub fn merge_command(&self) -> Option<String> {
        let DeployRef::Branch { remote, branch } = &self.policy.deploy_ref else { return None };
        Some(format!("git pull --no-rebase {} {}", shell_word(remote), shell_word(branch)))
    }

    /// Whether a rotation is under way, here or as `HEAD` has it: its end may be written and not committed.
    pub fn is_under_way(&self) -> Result<bool, CommandError> {
        // Whatever was cut short is completed first: until then the two files need not belong together.
        if undisturbed(self.place, || existing(self.place, self.name))?.record.rotation.is_some() {
            return Ok(true);
        }
        let repository = repository(self.place)?;
        let Some(head) = repository.head()? else { return Ok(false) };
        let path = self.place.record_path(self.name);
        let Some((_, bytes)) = repository.file(head, &path, MAX_BLOB_BYTES)? else { return Ok(false) };
        Ok(record_file::parse(&bytes, &path)?.rotation.is_some())
    }

    /// Commits what a run that was cut short has written and not committed.
    pub fn recommit(&mut self) -> Result<(), CommandError> {
        let repository = repository(self.place)?;
        let paths = [self.place.record_path(self.name), self.place.sealed_path(self.name)];
        let message = format!("secrets: go on with the rotation of {}", self.name);
        let _writer = self.writer()?;
        if let Some(commit) = repository.commit_paths(&paths, &message, self.session.terminal.can_ask())? {
            self.session.say(format!("committed {} {message}", commit.short()))?;
        }
        Ok(())
    }
}
