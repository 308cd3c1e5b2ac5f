//! One run of the scheduled job: what is due, who is told, what is remembered of it.

use std::time::Duration;

use rand::RngCore as _;
use rand::rngs::OsRng;

use super::Session;
use super::surveying::Survey;
use super::telling::{Errand, Teller, Told};
use crate::change::memory::{Memory, Remembered};
use crate::cli::{ReadFormat, Warn};
use crate::domain::channel::{Channel, ChannelName, LedgerState};
use crate::domain::finding::Unknown;
use crate::domain::id::RunId;
use crate::domain::ledger::{Event, RunEnd, RunOutcome};
use crate::domain::notice::Message;
use crate::domain::warned::{Outcome, Step, Warned, WarnedChannel};
use crate::domain::warning::ChannelPlan;
use crate::observe::deployed::Deployed;
use crate::observe::place::Place;
use crate::store::ledger::Ledger;
use crate::store::policy_file::WarningRules;

/// How long the ledger may take, all its steps together.
const LEDGER_LIMIT: Duration = Duration::from_mins(1);

/// A run that has nothing to tell and follows another one so closely needs no line of its own in the ledger, in seconds.
const JUST_NOW: i64 = 600;

/// One run.
pub struct Job<'a> {
    session: &'a Session,
    arguments: &'a Warn,
    deployed: &'a Deployed,
    rules: &'a WarningRules,
    survey: Survey,
    run: RunId,
}

/// What is known of what was told, and what is to be told therefore.
struct Planned {
    plans: Vec<ChannelPlan>,
    /// Why nothing is remembered, where it should be.
    failed: Option<String>,
    /// Whether anything is remembered at all.
    remembers: bool,
    /// Whether another run is at it, so that this one leaves everything to it.
    stands_aside: bool,
    /// Whether another run ended just now.
    follows: bool,
}

impl<'a> Job<'a> {
    pub fn new(
        session: &'a Session,
        arguments: &'a Warn,
        deployed: &'a Deployed,
        rules: &'a WarningRules,
        survey: Survey,
    ) -> Self {
        let mut random = [0; 16];
        OsRng.fill_bytes(&mut random);
        let run = RunId::from_parts(session.now, u128::from_be_bytes(random));
        Self { session, arguments, deployed, rules, survey, run }
    }

    pub fn work(mut self, place: &Place) -> Warned {
        let mut memory = self.memory(place);
        let planned = self.plan(&mut memory);
        let errands = self.errands(&planned);
        let (told, heartbeat, remembered) = if self.arguments.dry_run {
            let left_out = || Step::LeftOut("--dry-run");
            let as_planned = |errand: Errand<'a>| {
                let outcome = if errand.message.is_empty() { Outcome::Nothing } else { Outcome::Planned };
                (errand, outcome)
            };
            let told = errands.into_iter().map(as_planned).collect();
            (told, left_out(), planned.failed.clone().map_or_else(left_out, Step::Failed))
        } else {
            self.tell(errands, &planned, memory.as_mut().ok())
        };
        let memory = memory_name(&memory, self.rules);
        self.conclude(told, &planned, memory, remembered, heartbeat)
    }

    /// Where it is remembered what was told; without one, why there is none, if that is a fault.
    fn memory<'m>(&self, place: &'m Place) -> Result<Memory<'m>, Option<String>> {
        if let Some(path) = &self.arguments.state {
            return Ok(Memory::File(self.session.environment.current_dir().join(path)));
        }
        if self.rules.ledger.state == LedgerState::None {
            return Err(None);
        }
        let Some(remote) = &self.deployed.remote else {
            let why = "there is no remote to keep it in: give --state FILE, or write state = \"none\" below [ledger] in policy.toml";
            return Err(Some(why.to_owned()));
        };
        let repository = place.known_repository().map_err(|unknown| Some(unknown.why))?;
        Ok(Memory::Remote {
            repository,
            remote: remote.clone(),
            full_ref: self.rules.ledger.full_ref.clone(),
            limit: LEDGER_LIMIT,
        })
    }

    /// Finds what is due, and has other runs leave it alone.
    fn plan(&mut self, memory: &mut Result<Memory<'_>, Option<String>>) -> Planned {
        let mut planned = None;
        let failed = match memory {
            Err(why) => why.clone(),
            Ok(memory) => {
                let outcome = if self.arguments.dry_run {
                    memory.read().map(|remembered| planned = Some(self.plan_by(&remembered)))
                } else {
                    let mut decide = |remembered: &Remembered| {
                        let of_now = self.plan_by(remembered);
                        let events = self.claims(&of_now, remembered);
                        planned = Some(of_now);
                        events
                    };
                    memory.append(&mut decide).map(drop)
                };
                outcome.err().map(|error| error.to_string())
            }
        };
        match (planned, failed) {
            (Some((planned, faults)), None) => {
                for fault in &faults {
                    self.survey.add_unknown(fault, self.session.now);
                }
                planned
            }
            // Nothing is known of what was told: telling it again is better than not at all.
            (_, failed) => Planned { failed, ..self.digest() },
        }
    }

    fn digest(&self) -> Planned {
        let now = self.session.now;
        let standings = &self.survey.standings;
        let plans = self.channels().map(|channel| standings.plan(channel, None, self.run, now)).collect();
        Planned { plans, failed: None, remembers: false, stands_aside: false, follows: false }
    }

    fn channels(&self) -> impl Iterator<Item = &Channel> {
        self.rules.channels.iter()
    }

    fn plan_by(&self, remembered: &Remembered) -> (Planned, Vec<Unknown>) {
        let (now, told) = (self.session.now, remembered.ledger.told());
        let mut standings = self.survey.standings.clone();
        for fault in &remembered.faults {
            standings.all.push(self.survey.unjudged(fault, now));
        }
        let plans: Vec<ChannelPlan> =
            self.channels().map(|channel| standings.plan(channel, Some(told), self.run, now)).collect();
        let is_at_it = |channel: &Channel| told.is_anybody_at_it(&channel.name, self.run, now);
        let stands_aside = plans.iter().all(ChannelPlan::is_empty) && self.channels().any(is_at_it);
        let follows = told.last_run().is_some_and(|last| {
            last.outcome == RunOutcome::Delivered
                && last.at <= now
                && last.at.checked_add_seconds(JUST_NOW).is_none_or(|until| now < until)
        });
        let planned = Planned { plans, failed: None, remembers: true, stands_aside, follows };
        (planned, remembered.faults.clone())
    }

    /// What this run is about to do, and the seals that the ledger does not know yet.
    fn claims(&self, planned: &(Planned, Vec<Unknown>), remembered: &Remembered) -> Vec<Event> {
        let claims = self.channels().zip(&planned.0.plans);
        let claims = claims.filter_map(|(channel, plan)| plan.claim(channel, self.run, self.session.now));
        let seals = self.survey.seals.iter().filter(|event| !knows(&remembered.ledger, event)).cloned();
        claims.map(Event::Claim).chain(seals).collect()
    }

    fn errands(&self, planned: &Planned) -> Vec<Errand<'a>> {
        let both = self.rules.channels.iter().zip(&planned.plans);
        both.map(|(channel, plan)| Errand { channel, message: self.message(plan, !planned.remembers) })
            .collect()
    }

    fn message(&self, plan: &ChannelPlan, is_digest: bool) -> Message {
        Message {
            origin: self.survey.origin.clone(),
            at: self.session.now,
            notices: plan.notices.clone(),
            resolved: plan.resolved.clone(),
            standing: plan.standing.clone(),
            is_digest,
        }
    }
}

impl<'a> Job<'a> {
    /// Tells all, remembers what arrived, and calls whoever waits for that.
    fn tell(
        &self,
        errands: Vec<Errand<'a>>,
        planned: &Planned,
        memory: Option<&mut Memory<'_>>,
    ) -> (Vec<(Errand<'a>, Outcome)>, Step, Step) {
        let keychain = self.session.keychain();
        let mut identities = self.session.identities(&keychain);
        let mut teller = Teller {
            session: self.session,
            deployed: self.deployed,
            identities: &mut identities,
            limit: Duration::from_secs(self.arguments.timeout),
            prints: self.arguments.output.format == ReadFormat::Human,
        };
        let is_needed = |errand: &Errand<'_>| errand.is_needed() && !planned.stands_aside;
        let (needed, idle): (Vec<_>, Vec<_>) = errands.into_iter().partition(is_needed);
        let told = teller.tell(needed);
        let is_delivered = told.iter().all(|told| told.delivery.error.is_none());
        let remembered = self.remember(&told, planned, is_delivered, memory);
        let left_to_others = planned.plans.iter().any(|plan| plan.left_to_others > 0) || planned.stands_aside;
        let all_is_well = is_delivered
            && !self.rules.channels.is_empty()
            && self.survey.unchecked.is_empty()
            && !matches!(remembered, Step::Failed(_));
        let heartbeat = match &self.rules.heartbeat {
            None => Step::LeftOut("policy has no [heartbeat]"),
            Some(_) if !all_is_well => Step::LeftOut("not everything was judged, delivered and remembered"),
            Some(_) if left_to_others => Step::LeftOut("another run is at it"),
            Some(beat) => {
                teller.beat(beat).map_or_else(|error| Step::Failed(error.to_string()), |()| Step::Done)
            }
        };
        let outcome = |told: Told<'a>| {
            let outcome = match &told.delivery.error {
                Some(error) => told.failed(error),
                None if told.errand.message.is_empty() => Outcome::Nothing,
                None => Outcome::Delivered,
            };
            (told.errand, outcome)
        };
        let idle = idle.into_iter().map(|errand| (errand, Outcome::Nothing));
        (told.into_iter().map(outcome).chain(idle).collect(), heartbeat, remembered)
    }

    fn remember(
        &self,
        told: &[Told<'_>],
        planned: &Planned,
        is_delivered: bool,
        memory: Option<&mut Memory<'_>>,
    ) -> Step {
        if let Some(why) = &planned.failed {
            return Step::Failed(why.clone());
        }
        let Some(memory) = memory.filter(|_| planned.remembers) else {
            return Step::LeftOut("policy says state = \"none\"");
        };
        let (run, at) = (self.run, self.session.now);
        let mut events: Vec<Event> = told.iter().flat_map(|told| told.events(run, at)).collect();
        let has_news = !events.is_empty() || !self.survey.unchecked.is_empty();
        if !has_news && (planned.stands_aside || planned.follows) {
            return Step::LeftOut("another run did so just now");
        }
        // A run that has nobody to tell has told nobody.
        let is_whole = is_delivered && self.survey.unchecked.is_empty() && !self.rules.channels.is_empty();
        let outcome = if is_whole { RunOutcome::Delivered } else { RunOutcome::Failed };
        let sent = events.iter().filter(|event| matches!(event, Event::Sent(_))).count();
        events.push(Event::Run(RunEnd { run, at, outcome, told: sent as u64 }));
        match memory.append(&mut |_| events.clone()) {
            Ok(_) => Step::Done,
            Err(error) => Step::Failed(format!("{error}; what was told will be told again")),
        }
    }

    fn conclude(
        self,
        told: Vec<(Errand<'_>, Outcome)>,
        planned: &Planned,
        memory: String,
        remembered: Step,
        heartbeat: Step,
    ) -> Warned {
        let place = |of: &ChannelName| self.channels().position(|channel| channel.name == *of);
        let warned = |(errand, outcome): (Errand<'_>, Outcome)| {
            let name = errand.channel.name.clone();
            let plan = place(&name).and_then(|position| planned.plans.get(position));
            WarnedChannel {
                name,
                kind: errand.channel.kind.as_str(),
                message: errand.message,
                left_to_others: plan.map_or(0, |plan| plan.left_to_others),
                outcome,
            }
        };
        let mut channels: Vec<WarnedChannel> = told.into_iter().map(warned).collect();
        // In the order of policy.
        channels.sort_by_key(|channel| place(&channel.name));
        Warned {
            at: self.session.now,
            origin: self.survey.origin,
            deployed: self.deployed.name.clone(),
            is_dry: self.arguments.dry_run,
            secrets: self.survey.secrets,
            channels,
            unchecked: self.survey.unchecked,
            remembered,
            memory,
            heartbeat,
        }
    }
}

/// Whether the ledger has this seal, or a newer one of the same secret.
fn knows(ledger: &Ledger, event: &Event) -> bool {
    let Event::Seal { secret, seal, digest, .. } = event else { return false };
    ledger.newest(secret).is_some_and(|newest| {
        newest.order.seal > *seal || newest.order.seal == *seal && newest.digests.contains(digest)
    })
}

fn memory_name(memory: &Result<Memory<'_>, Option<String>>, rules: &WarningRules) -> String {
    match memory {
        Ok(Memory::File(path)) => path.display().to_string(),
        Ok(Memory::Remote { .. }) | Err(_) => rules.ledger.full_ref.clone(),
    }
}
