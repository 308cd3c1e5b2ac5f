//! Telling channels what is due: what policy leaves elsewhere is looked up first, then all are told at once, so that one
//! that hangs keeps no other waiting.

use std::thread;
use std::time::Duration;

use super::Session;
use crate::domain::channel::{Channel, ChannelKind, Heartbeat};
use crate::domain::id::RunId;
use crate::domain::ledger::{Event, Sent};
use crate::domain::name::SecretName;
use crate::domain::notice::{Message, NoticeId};
use crate::domain::time::Instant;
use crate::domain::value::Value;
use crate::domain::warned::Outcome;
use crate::notify::{self, Delivery, Outside, Ready, heartbeat, wording};
use crate::observe::deployed::Deployed;
use crate::observe::identities::Identities;
use crate::observe::settings;
use crate::web::{Limits, ServiceError};

/// One channel, and what it is to be told.
pub struct Errand<'a> {
    pub channel: &'a Channel,
    pub message: Message,
}

/// What became of it.
pub struct Told<'a> {
    pub errand: Errand<'a>,
    pub delivery: Delivery,
}

impl Errand<'_> {
    /// Whether there is anything to be told: what forgets is told again whatever stands.
    pub fn is_needed(&self) -> bool {
        !self.message.is_empty() || self.channel.kind.forgets() && !self.message.standing.is_empty()
    }
}

impl Told<'_> {
    /// What became of it where something went wrong.
    pub fn failed(&self, error: &ServiceError) -> Outcome {
        let message = &self.errand.message;
        let arrived = |key: &String| self.delivery.arrived.contains(key);
        let told = message.notices.iter().filter(|notice| arrived(&notice.dedup_key)).count();
        let closed = message.resolved.iter().filter(|resolved| arrived(&resolved.dedup_key)).count();
        let due_again = message.notices.len() + message.resolved.len() - told - closed;
        Outcome::Failed { why: error.to_string(), told, due_again }
    }

    /// What of it is to be remembered. What did not arrive is due again.
    pub fn events(&self, run: RunId, at: Instant) -> Vec<Event> {
        let (channel, message) = (&self.errand.channel.name, &self.errand.message);
        let arrived = |key: &str| self.delivery.arrived.contains(key);
        let sent = message.notices.iter().filter(|notice| arrived(&notice.dedup_key)).map(|notice| {
            Event::Sent(Sent {
                run,
                at,
                channel: channel.clone(),
                notice: NoticeId::of(channel, notice),
                dedup_key: notice.dedup_key.clone(),
                secret: notice.secret.as_ref().map(|secret| secret.as_str().to_owned()),
                finding: notice.topic.as_str().to_owned(),
                tier: notice.tier.map(|tier| tier.to_string()),
                expires: notice.expires,
            })
        });
        let resolved = message.resolved.iter().filter(|resolved| arrived(&resolved.dedup_key));
        let closed = resolved.map(|resolved| Event::Closed {
            run,
            at,
            channel: channel.clone(),
            resolved: resolved.clone(),
        });
        let mut events: Vec<Event> = sent.chain(closed).collect();
        if let Some(error) = &self.delivery.error {
            let why = error.to_string();
            events.push(Event::Released { run, at, channel: channel.clone(), why });
        }
        events
    }
}

/// What is needed to tell anybody anything.
pub struct Teller<'a, 'k> {
    pub session: &'a Session,
    pub deployed: &'a Deployed,
    pub identities: &'a mut Identities<'k>,
    /// How long each channel may take.
    pub limit: Duration,
    /// Whether standard output is for people, so that the channel of that kind is told there; else it is in the report.
    pub prints: bool,
}

impl Teller<'_, '_> {
    /// Tells them all at once. Standard output is told by whoever owns it.
    pub fn tell<'e>(&mut self, errands: Vec<Errand<'e>>) -> Vec<Told<'e>> {
        let ready: Vec<(Errand<'e>, Result<Ready, ServiceError>)> = errands
            .into_iter()
            .map(|errand| {
                let ready = self.ready(errand.channel);
                (errand, ready)
            })
            .collect();
        let outside = self.outside();
        let deliver = |(errand, ready): &(Errand<'e>, Result<Ready, ServiceError>)| match ready {
            Ok(ready) => notify::deliver(ready, &errand.message, &outside),
            Err(error) => Delivery::whole(&errand.message, Err(error.clone())),
        };
        let deliveries: Vec<Option<Delivery>> = thread::scope(|scope| {
            let running: Vec<_> = (ready.iter())
                .map(|one| (one, thread::Builder::new().spawn_scoped(scope, || deliver(one))))
                .collect();
            // Where the system gives no more threads, they are told one after the other.
            let of = |(one, thread): (_, std::io::Result<thread::ScopedJoinHandle<'_, _>>)| match thread {
                Ok(thread) => thread.join().ok(),
                Err(_) => Some(deliver(one)),
            };
            running.into_iter().map(of).collect()
        });
        let told = ready.into_iter().zip(deliveries).map(|((errand, _), delivery)| {
            // Whatever became of it, it did not arrive as far as anybody knows.
            let delivery =
                delivery.unwrap_or_else(|| Delivery::whole(&errand.message, Err(own_fault(&errand))));
            Told { errand, delivery }
        });
        told.map(|told| self.printed(told)).collect()
    }

    /// Tells standard output what is for it.
    fn printed<'e>(&self, told: Told<'e>) -> Told<'e> {
        let (channel, message) = (told.errand.channel, &told.errand.message);
        if channel.kind != ChannelKind::Stdout || !self.prints {
            return told;
        }
        let printed = self.session.print(format!("{}\n", wording::text(message))).map_err(|error| {
            ServiceError::Setting { what: channel.name.to_string(), why: error.to_string() }
        });
        Told { delivery: Delivery::whole(message, printed), ..told }
    }

    /// Says that all went well, to whoever waits for it.
    pub fn beat(&mut self, beat: &Heartbeat) -> Result<(), ServiceError> {
        let url = self.look_up("heartbeat", &beat.url)?;
        heartbeat::call(&url, &self.outside())
    }

    fn outside(&self) -> Outside {
        let repository = self.deployed.place.repository.as_ref();
        let folder = repository.map_or_else(|_| self.session.environment.current_dir(), |here| here.root());
        Outside::new(self.session.environment.clone(), folder.to_owned(), Limits::within(self.limit))
    }

    fn ready(&mut self, channel: &Channel) -> Result<Ready, ServiceError> {
        if let ChannelKind::Exec { command } = &channel.kind {
            self.refuse_exchanged(channel, command)?;
        }
        let kind: ChannelKind<Value> =
            channel.kind.resolve(|setting| self.look_up(channel.name.as_str(), setting))?;
        Ok(Ready { name: channel.name.clone(), kind })
    }

    /// What the command names of this repository must be what is deployed: else a branch would say what is run, and with
    /// which credentials at hand.
    fn refuse_exchanged(&self, channel: &Channel, command: &[String]) -> Result<(), ServiceError> {
        for word in command {
            let refused =
                |why: String| ServiceError::Setting { what: format!("{}: {word}", channel.name), why };
            if !self.deployed.has_as_here(word).map_err(refused)? {
                let why =
                    format!("is not what {} has; run the job where that is checked out", self.deployed.name);
                return Err(refused(why));
            }
        }
        Ok(())
    }

    fn look_up(
        &mut self,
        of: &str,
        setting: &crate::domain::channel::Setting,
    ) -> Result<Value, ServiceError> {
        let (deployed, identities) = (self.deployed, &mut *self.identities);
        let mut open = |name: &SecretName| deployed.open(name, identities);
        settings::value(setting, &self.session.environment, &mut open)
            .map_err(|why| ServiceError::Setting { what: of.to_owned(), why })
    }
}

fn own_fault(errand: &Errand<'_>) -> ServiceError {
    let why = "was given up by a fault of secrets itself; please report it".to_owned();
    ServiceError::Program { program: errand.channel.name.to_string(), why }
}
