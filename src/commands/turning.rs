//! One rotation, as far as it goes: looks at what is written down and what the deploy ref and the provider say, takes the
//! step that comes next, and looks again. Every step is committed before the next begins, so that a run may end anywhere.

use std::time::{Duration, Instant};

use super::runners::{Honoured, honoured, resolved};
use super::writing::{Existing, existing, undisturbed};
use super::{CommandError, Session};
use crate::cli::Rotate;
use crate::domain::name::SecretName;
use crate::domain::period::Period;
use crate::domain::policy::Policy;
use crate::domain::rotated::{Rest, Rotated, Stage};
use crate::domain::rotation::{Next, Rotation, RotationState, Seen, There, Wanted, next};
use crate::domain::rotator::Rotator;
use crate::domain::rules::Rules;
use crate::domain::setting::Setting;
use crate::domain::value::Value;
use crate::observe::deployed::Deployed;
use crate::observe::place::Place;
use crate::observe::trees::REMOTE_LIMIT;
use crate::rotate::{self, Outside, Provider};
use crate::web::Limits;

mod in_use;
mod minting;
mod overtaking;
mod retiring;
mod revoking;
mod steps;
mod trying_out;

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
    /// The step that is being taken.
    pub step: Next,
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
            step: Next::Nothing,
            told,
        })
    }

    /// Takes step after step. What went wrong is told in the answer.
    pub fn run(mut self) -> Rotated {
        self.told.rest = match self.steps() {
            Ok(rest) => rest,
            Err(error) => failed(self.name, &error),
        };
        let has_begun = self.told.reached.is_some() || !self.told.done.is_empty();
        if has_begun && matches!(self.told.rest, Rest::Failed { .. }) && self.told.next.is_none() {
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
                return self.would(&secret, step);
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
        let overlap = self.overlap()?;
        let wanted = self.wanted(rotation);
        let version = &record.sealed.version;
        // The whole history is read for it.
        let ends = |rotation: &&Rotation| match rotation.state {
            RotationState::Planned => wanted == Wanted::Abort || version.id != rotation.from.id,
            RotationState::Aborted => true,
            RotationState::Sealed | RotationState::Verified => false,
        };
        let given_up = rotation.filter(ends).map(|rotation| self.given_up_deployed(rotation)).transpose()?;
        let gave_up_deployed = given_up.is_some_and(|versions| !versions.is_empty());
        let seen = Seen {
            rotation,
            version: version.id,
            set_at: version.set_at,
            there,
            gave_up_deployed,
            is_stale: self.is_stale(record)?,
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
        // A plan that waits for its end is not begun anew by it.
        let ends = self.arguments.due
            && rotation.is_some_and(|one| one.state == RotationState::Planned && one.left_at.is_some());
        match (self.arguments.abort || ends, self.arguments.retire && !begins) {
            (true, _) => Wanted::Abort,
            (false, true) => Wanted::Retire,
            (false, false) => Wanted::Onward,
        }
    }

    fn take(&mut self, secret: &Existing, step: Next) -> Result<Went, CommandError> {
        if step.writes() {
            self.refuse_behind()?;
        }
        self.step = step;
        match step {
            Next::Plan => minting::plan(self, secret),
            Next::Mint => minting::mint(self, secret),
            Next::Push => {
                retiring::refuse_dead_end(self, secret)?;
                self.push(secret)
            }
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
        // Without it the same command would begin again what is to be ended.
        let abort = if self.arguments.abort && more.is_empty() { " --abort" } else { "" };
        format!("secrets rotate {}{more}{abort}{push}", self.name)
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

    fn rotator(&self, secret: &Existing) -> Result<Rotator<Setting>, CommandError> {
        self.honoured(secret)?.rotator.ok_or_else(|| {
            CommandError::new(format!("{}: nothing makes its next version", self.name))
                .hint(format!("say what does: secrets rotator set {} KIND …", self.name))
                .hint(format!("or get one yourself: secrets set {}", self.name))
        })
    }

    /// How long the old value stays valid, as the deploy ref's policy has it: a branch must not end it sooner.
    fn overlap(&self) -> Result<Period, CommandError> {
        Ok(Rules::of(&self.deployed.policy()?, self.name).overlap.value)
    }

    /// Lets something be asked of the provider; `None` where a person is it.
    pub fn provided<T>(
        &self,
        secret: &Existing,
        ask: impl FnOnce(&Rotator<Value>, Option<&dyn Provider>, &Outside) -> Result<T, CommandError>,
    ) -> Result<T, CommandError> {
        let rotator = self.rotator(secret)?;
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

    /// What a run would do; an error where it would end at once.
    fn would(&self, secret: &Existing, step: Next) -> Result<Rest, CommandError> {
        let kind = &self.told.kind;
        if step == Next::Plan {
            if self.there(&secret.record)? != There::Same {
                return Err(self.unpushed());
            }
            self.rotator(secret)?;
        }
        let what = match step {
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
            Next::Nothing => return Ok(Rest::Done("no rotation is under way".to_owned())),
        };
        Ok(Rest::Waits(what))
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

/// The report says of which secret it is.
pub fn failed(name: &SecretName, error: &CommandError) -> Rest {
    let why = error.to_string();
    let why = why.strip_prefix(&format!("{name}: ")).map_or(why.clone(), str::to_owned);
    Rest::Failed { why, hints: error.hints().to_vec() }
}

pub fn observe(place: &Place, arguments: &Rotate) -> Result<Deployed, CommandError> {
    Deployed::observe(place, arguments.deploy_ref.as_ref(), REMOTE_LIMIT).map_err(|unknown| {
        CommandError::from(unknown).hint("what a rotation runs is what the deploy ref says; nothing was done")
    })
}
