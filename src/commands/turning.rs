//! One rotation, as far as it goes: looks at what is written down and what the deploy ref and the provider say, takes the
//! step that comes next, and looks again. Every step is committed before the next begins, so that a run may end anywhere.

use std::time::{Duration, Instant};

use super::retiring;
use super::runners::{Honoured, honoured, resolved};
use super::session::repository;
use super::trying_out;
use super::writing::{Existing, existing, undisturbed};
use super::{CommandError, Session, minting};
use crate::change::publish::{self, Committed};
use crate::change::writer::{Then, Writer};
use crate::cli::Rotate;
use crate::domain::name::SecretName;
use crate::domain::policy::{DeployRef, Policy};
use crate::domain::record::Record;
use crate::domain::rotated::{Rest, Rotated, Stage};
use crate::domain::rotation::{Next, Rotation, RotationState, Seen, There, Wanted, next};
use crate::domain::rotator::Rotator;
use crate::domain::rules::Rules;
use crate::domain::text::push_command;
use crate::domain::value::Value;
use crate::git::{Fallback, MAX_BLOB_BYTES, PushError, Pushed};
use crate::observe::deployed::Deployed;
use crate::observe::place::Place;
use crate::observe::trees::REMOTE_LIMIT;
use crate::rotate::{self, Outside, Provider};
use crate::store::record_file;
use crate::web::Limits;

/// More steps than any rotation has: a provider that undoes what was done must not keep us here.
const MOST_STEPS: usize = 16;

/// One rotation.
pub struct Turn<'a> {
    pub session: &'a Session,
    pub place: &'a Place,
    pub arguments: &'a Rotate,
    pub name: &'a SecretName,
    pub policy: &'a Policy,
    pub deployed: Deployed,
    /// Whether each step is pushed.
    pub pushes: bool,
    /// Planned by this very run: nothing can have been minted yet.
    pub is_fresh: bool,
    /// What stands here is about to be given up for what stands on the deploy ref.
    pub gives_way: bool,
    pub told: Rotated,
}

/// Whether there is a next step.
pub enum Went {
    On,
    Stops(Rest),
}

impl<'a> Turn<'a> {
    pub fn new(
        session: &'a Session,
        place: &'a Place,
        arguments: &'a Rotate,
        policy: &'a Policy,
        name: &'a SecretName,
        pushes: bool,
    ) -> Result<Self, CommandError> {
        let deployed = observe(place, arguments)?;
        let told = Rotated {
            name: name.clone(),
            kind: String::new(),
            from: 0,
            to: None,
            reached: None,
            done: Vec::new(),
            rest: Rest::Done(String::new()),
            next: None,
        };
        Ok(Self {
            session,
            place,
            arguments,
            name,
            policy,
            deployed,
            pushes,
            is_fresh: false,
            gives_way: false,
            told,
        })
    }

    /// Takes step after step. What went wrong is told in the answer.
    pub fn run(mut self) -> Rotated {
        self.told.rest = match self.steps() {
            Ok(rest) => rest,
            Err(error) => Rest::Failed { why: error.to_string(), hints: error.hints().to_vec() },
        };
        if matches!(self.told.rest, Rest::Failed { .. }) && self.told.next.is_none() {
            self.told.next = Some(self.command(""));
        }
        self.told
    }

    fn steps(&mut self) -> Result<Rest, CommandError> {
        if !self.arguments.dry_run && self.is_under_way()? {
            self.recommit()?;
        }
        for _ in 0..MOST_STEPS {
            let (secret, step) = self.look()?;
            if self.arguments.dry_run {
                return Ok(self.would(step));
            }
            match self.take(&secret, step)? {
                Went::On => {}
                Went::Stops(rest) => return Ok(rest),
            }
        }
        Err(CommandError::new(format!("{}: no step held: look at its provider", self.name)))
    }

    /// What stands here, and what comes next.
    pub fn look(&mut self) -> Result<(Existing, Next), CommandError> {
        let secret = undisturbed(self.place, || existing(self.place, self.name))?;
        let record = &secret.record;
        self.told.kind = record.sealed.rotator.as_ref().map(|runner| runner.kind.clone()).unwrap_or_default();
        let there = self.there(record)?;
        let rotation = record.rotation.as_ref();
        self.told.from = rotation.map_or(record.sealed.version.number, |rotation| rotation.from.number);
        if let Some(rotation) = rotation {
            let is_new = record.sealed.version.id == rotation.to;
            self.told.to = is_new.then_some(record.sealed.version.number);
            self.told.reached = reached(rotation, is_new, there);
        }
        let overlap = Rules::of(self.policy, self.name).overlap.value;
        let wanted = self.wanted(rotation);
        let version = &record.sealed.version;
        let seen = Seen {
            rotation,
            version: version.id,
            set_at: version.set_at,
            there,
            overlap,
            now: self.session.now,
            wanted,
        };
        let step = next(&seen);
        Ok((secret, step))
    }

    fn wanted(&self, rotation: Option<&Rotation>) -> Wanted {
        // The scheduled job begins what is due, and ends what may end.
        let begins = self.arguments.due && rotation.is_none();
        match (self.arguments.abort, self.arguments.retire && !begins) {
            (true, _) => Wanted::Abort,
            (false, true) => Wanted::Retire,
            (false, false) => Wanted::Onward,
        }
    }

    fn take(&mut self, secret: &Existing, step: Next) -> Result<Went, CommandError> {
        if step.writes() {
            self.refuse_behind()?;
        }
        match step {
            Next::Plan => minting::plan(self, secret),
            Next::Mint => minting::mint(self, secret),
            Next::Push => self.push(secret),
            Next::Verify => trying_out::verify(self, secret),
            Next::Overlap { until } => {
                let retire = self.command(" --retire");
                self.told.next = Some(retire);
                Ok(Went::Stops(Rest::Waits(format!("the old value stays valid until {until}"))))
            }
            Next::MayRetire => {
                self.told.next = Some(self.command(" --retire"));
                Ok(Went::Stops(Rest::Waits("the overlap is over: the old value may be revoked".to_owned())))
            }
            Next::Retire => retiring::retire(self, secret),
            Next::GiveWay => retiring::give_way(self, secret),
            Next::ClearUp => retiring::clear_up(self, secret),
            Next::DropPlan => retiring::drop_plan(self, secret),
            Next::GoBack => retiring::go_back(self, secret),
            Next::RevokeNew => retiring::revoke_new(self, secret),
            Next::Leave => retiring::leave(self, secret),
            Next::BackOverlap { until } => {
                self.told.next = Some(self.command(""));
                let why = format!("what was minted may still be deployed, and stays valid until {until}");
                Ok(Went::Stops(Rest::Waits(why)))
            }
            Next::Nothing => {
                let what = if self.arguments.abort {
                    "no rotation is under way, and what is retired is gone"
                } else {
                    "no rotation is under way"
                };
                Ok(Went::Stops(Rest::Done(what.to_owned())))
            }
        }
    }

    /// The command that goes on.
    pub fn command(&self, more: &str) -> String {
        let push = if self.arguments.push { " --push" } else { "" };
        format!("secrets rotate {}{more}{push}", self.name)
    }

    /// Tells a step as it is done.
    pub fn did(&mut self, what: impl Into<String>) -> Result<(), CommandError> {
        let what = what.into();
        self.session.say(format!("{}: {what}", self.name))?;
        self.told.done.push(what);
        Ok(())
    }

    /// What may be run for it, as the deploy ref has it.
    pub fn honoured(&self, secret: &Existing) -> Result<Honoured, CommandError> {
        honoured(&self.deployed, &secret.record)
    }

    /// Lets something be asked of the provider; `None` where a person is it.
    pub fn provided<T>(
        &self,
        secret: &Existing,
        ask: impl FnOnce(&Rotator<Value>, Option<&dyn Provider>, &Outside) -> Result<T, CommandError>,
    ) -> Result<T, CommandError> {
        let rotator = self.honoured(secret)?.rotator.ok_or_else(|| {
            CommandError::new(format!("{}: nothing makes its next version", self.name))
                .hint(format!("say what does: secrets rotator set {} KIND …", self.name))
                .hint(format!("or get one yourself: secrets set {}", self.name))
        })?;
        let outside = self.outside();
        let keychain = self.session.keychain();
        let mut identities = self.session.identities(&keychain);
        let rotator = resolved(self.session, &self.deployed, &mut identities, &rotator)?;
        let provider = rotate::provider(&rotator, &outside)?;
        ask(&rotator, provider.as_deref(), &outside)
    }

    /// What a provider and a probe may touch, and for how long.
    pub fn outside(&self) -> Outside {
        let limits = Limits::within(Duration::from_secs(self.arguments.timeout));
        let folder = self.place.repository.as_ref().map(|repository| repository.root().to_owned());
        Outside {
            secret: self.name.clone(),
            environment: self.session.environment.clone(),
            folder: folder.unwrap_or_default(),
            limits,
            deadline: Instant::now() + limits.whole,
            now: self.session.now,
        }
    }

    /// Opens a sealed value of the secret.
    pub fn open(&self, sealed: &[u8]) -> Result<Value, CommandError> {
        let keychain = self.session.keychain();
        Ok(self.session.identities(&keychain).open(self.name.as_str(), sealed)?)
    }

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
        match self.try_push(&series) {
            Ok(true) => Ok(Went::On),
            Ok(false) => {
                let why = format!(
                    "it is not on {} until that is merged; then run the same command again",
                    self.deployed.name
                );
                self.told.next = Some(self.command(""));
                Ok(Went::Stops(Rest::Waits(why)))
            }
            Err(PushError::RemoteMoved { .. }) => self.overtaken(),
            Err(error) => Err(error.into()),
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

    /// By what the branch is known that a step goes to where the deploy ref takes no direct push. Plan and seal go to one, so that a plan is
    /// never known to a single clone only; each later step begins at what was merged.
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

    /// Pushes `HEAD`; false where it went to a branch of its own.
    pub fn try_push(&mut self, series: &str) -> Result<bool, PushError> {
        let DeployRef::Branch { .. } = &self.policy.deploy_ref else { return Ok(true) };
        let Ok(repository) = &self.place.repository else { return Ok(true) };
        let Some(head) = repository.head()? else { return Ok(true) };
        let topic = format!("rotate {}", self.name);
        let own = [self.place.record_path(self.name), self.place.sealed_path(self.name)];
        match publish::push(
            repository,
            &self.policy.deploy_ref,
            head,
            &own,
            Fallback::Series { topic: &topic, id: series },
        )? {
            Some(Pushed::ToBranch) | None => {
                let observed = observe(self.place, self.arguments);
                // What is not known now is asked again at the next look.
                if let Ok(deployed) = observed {
                    self.deployed = deployed;
                }
                self.session.say(format!("pushed to {}", self.deployed.name)).ok();
                Ok(true)
            }
            Some(Pushed::Beside { branch, url }) => {
                let at = url.map_or_else(
                    || "open a pull request for it on your forge".to_owned(),
                    |url| format!("open the pull request: {url}"),
                );
                let said = format!(
                    "{} takes no direct push, so this went to the branch {branch}; {at}",
                    self.deployed.name
                );
                self.session.say(said).ok();
                Ok(false)
            }
        }
    }

    pub fn push_command(&self) -> Option<String> {
        match &self.policy.deploy_ref {
            DeployRef::Branch { remote, branch } => Some(push_command(remote, branch)),
            DeployRef::None => None,
        }
    }

    /// Whether a rotation is under way, here or as `HEAD` has it: its end may be written and not committed.
    fn is_under_way(&self) -> Result<bool, CommandError> {
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
    fn recommit(&mut self) -> Result<(), CommandError> {
        let repository = repository(self.place)?;
        let paths = [self.place.record_path(self.name), self.place.sealed_path(self.name)];
        let message = format!("secrets: go on with the rotation of {}", self.name);
        let _writer = self.writer()?;
        if let Some(commit) = repository.commit_paths(&paths, &message, self.session.terminal.can_ask())? {
            self.session.say(format!("committed {} {message}", commit.short()))?;
        }
        Ok(())
    }

    fn would(&mut self, step: Next) -> Rest {
        let kind = &self.told.kind;
        let what = match step {
            Next::Plan if kind.is_empty() => "nothing: no rotator makes its next version".to_owned(),
            Next::Plan => format!("would plan, mint by {kind}, seal, push and verify"),
            Next::Mint => format!(
                "would revoke what earlier attempts left behind, then mint by {kind}, seal, push and verify"
            ),
            Next::Push => "would push what stands here".to_owned(),
            Next::Verify => "would try the new value".to_owned(),
            Next::Overlap { until } => format!("would wait: the old value stays valid until {until}"),
            Next::MayRetire => "would wait for --retire: the overlap is over".to_owned(),
            Next::Retire => "would try the new value once more, and revoke the old one".to_owned(),
            Next::GiveWay => "would give way: somebody else has rotated it first".to_owned(),
            Next::ClearUp => "would revoke what was minted and is not used".to_owned(),
            Next::DropPlan => "would revoke what was minted, and drop the plan".to_owned(),
            Next::GoBack => "would seal the old value again".to_owned(),
            Next::RevokeNew => "would revoke the new value".to_owned(),
            Next::Leave => format!("would write down that {} has the new value no more", self.deployed.name),
            Next::BackOverlap { until } => format!("would wait: the new value stays valid until {until}"),
            Next::Nothing => "nothing: no rotation is under way".to_owned(),
        };
        Rest::Waits(what)
    }
}

/// The last step that a rotation has reached.
fn reached(rotation: &Rotation, is_new: bool, there: There) -> Option<Stage> {
    if rotation.aborted.is_some() {
        return None;
    }
    Some(match (is_new, rotation.verified.is_some(), there) {
        (false, ..) => Stage::Planned,
        (true, true, _) => Stage::Verified,
        (true, false, There::Same | There::SameVersion) => Stage::Pushed,
        (true, false, There::Behind | There::Another) => Stage::Sealed,
    })
}

pub fn observe(place: &Place, arguments: &Rotate) -> Result<Deployed, CommandError> {
    Deployed::observe(place, arguments.deploy_ref.as_ref(), REMOTE_LIMIT).map_err(|unknown| {
        CommandError::new(format!("{}: {}", unknown.what, unknown.why))
            .hint("what a rotation runs is what the deploy ref says; nothing was done")
    })
}
