//! What the scheduled job remembers: what was told to whom, what is being told, and when it last ran.

use std::collections::{BTreeMap, BTreeSet};

use super::channel::ChannelName;
use super::digest::Digest;
use super::id::RunId;
use super::name::SecretName;
use super::notice::{NoticeId, Resolved};
use super::time::Instant;

/// How far a clock of another machine may be ahead, in seconds, before what it wrote counts as written in the future.
const SKEW: i64 = 300;

/// One line of the ledger. It is never changed and never taken away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A seal that was seen on the deploy ref, for `rolled-back`.
    Seal {
        secret: SecretName,
        number: u64,
        seal: u64,
        digest: Digest,
    },
    /// A run is about to tell a channel this; other runs leave it alone until then.
    Claim(Claim),
    /// A run gave up what it claimed and did not tell.
    Released {
        run: RunId,
        at: Instant,
        channel: ChannelName,
        why: String,
    },
    Sent(Sent),
    /// A channel was told that an alert is over.
    Closed {
        run: RunId,
        at: Instant,
        channel: ChannelName,
        resolved: Resolved,
    },
    Run(RunEnd),
}

impl Event {
    /// When it was written, by the clock of whoever wrote it; a seal has no moment of its own.
    pub fn at(&self) -> Option<Instant> {
        match self {
            Self::Seal { .. } => None,
            Self::Released { at, .. } | Self::Closed { at, .. } => Some(*at),
            Self::Claim(claim) => Some(claim.at),
            Self::Sent(sent) => Some(sent.at),
            Self::Run(end) => Some(end.at),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    pub run: RunId,
    pub at: Instant,
    pub until: Instant,
    pub channel: ChannelName,
    pub notices: BTreeSet<NoticeId>,
    /// The keys of what is to be closed.
    pub closing: BTreeSet<String>,
}

/// A channel was told something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    pub run: RunId,
    pub at: Instant,
    pub channel: ChannelName,
    pub notice: NoticeId,
    pub dedup_key: String,
    /// As the notice named it.
    pub secret: Option<String>,
    pub finding: String,
    pub tier: Option<String>,
    pub expires: Option<Instant>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunEnd {
    pub run: RunId,
    pub at: Instant,
    pub outcome: RunOutcome,
    /// How many notices were told, over all channels.
    pub told: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunOutcome {
    /// Everything was judged and delivered.
    Delivered,
    /// Something was not.
    Failed,
}

impl RunOutcome {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }
}

/// What the events come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    sent: BTreeSet<(ChannelName, NoticeId)>,
    /// When an alert was last told of and last closed, by channel and key.
    alerts: BTreeMap<(ChannelName, String), Alert>,
    claims: Vec<Claim>,
    released: BTreeSet<(RunId, ChannelName)>,
    /// The runs that came to their end: what they claimed and did not tell they released.
    ended: BTreeSet<RunId>,
    last_run: Option<RunEnd>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Alert {
    secret: Option<String>,
    told: Option<Instant>,
    closed: Option<Instant>,
}

impl Told {
    /// Takes one event in. The order in which they come does not matter.
    pub fn absorb(&mut self, event: &Event) {
        match event {
            Event::Seal { .. } => {}
            Event::Claim(claim) => self.claims.push(claim.clone()),
            Event::Released { run, channel, .. } => {
                self.released.insert((*run, channel.clone()));
            }
            Event::Sent(sent) => {
                self.sent.insert((sent.channel.clone(), sent.notice.clone()));
                let alert = self.alert(&sent.channel, &sent.dedup_key, sent.secret.as_ref());
                alert.told = alert.told.max(Some(sent.at));
            }
            Event::Closed { at, channel, resolved, .. } => {
                let alert = self.alert(channel, &resolved.dedup_key, resolved.secret.as_ref());
                alert.closed = alert.closed.max(Some(*at));
            }
            Event::Run(end) => {
                self.ended.insert(end.run);
                if self.last_run.as_ref().is_none_or(|last| (last.at, last.run) < (end.at, end.run)) {
                    self.last_run = Some(end.clone());
                }
            }
        }
    }

    fn alert(&mut self, channel: &ChannelName, key: &str, secret: Option<&String>) -> &mut Alert {
        let new = || Alert { secret: secret.cloned(), told: None, closed: None };
        self.alerts.entry((channel.clone(), key.to_owned())).or_insert_with(new)
    }

    pub fn was_sent(&self, channel: &ChannelName, notice: &NoticeId) -> bool {
        self.sent.contains(&(channel.clone(), notice.clone()))
    }

    /// The alerts that a channel was told of and not told to be over.
    pub fn open<'a>(&'a self, channel: &'a ChannelName) -> impl Iterator<Item = Resolved> + 'a {
        let of_channel = self.alerts.iter().filter(move |((of, _), _)| of == channel);
        let open = of_channel.filter(|(_, alert)| alert.told.is_some() && alert.told > alert.closed);
        open.map(|((_, key), alert)| Resolved { secret: alert.secret.clone(), dedup_key: key.clone() })
    }

    /// The channels that were told of anything, or were about to be.
    pub fn channels(&self) -> BTreeSet<&ChannelName> {
        let told = self.alerts.keys().map(|(channel, _)| channel);
        told.chain(self.claims.iter().map(|claim| &claim.channel)).collect()
    }

    /// The claims that hold at this moment. One from the future holds nothing: telling twice is better than not at all.
    pub fn claims(&self, now: Instant) -> impl Iterator<Item = &Claim> {
        self.claims.iter().filter(move |claim| {
            now < claim.until
                && now.checked_add_seconds(SKEW).is_none_or(|latest| claim.at <= latest)
                && !self.ended.contains(&claim.run)
                && !self.released.contains(&(claim.run, claim.channel.clone()))
        })
    }

    /// Those of other runs.
    fn held<'a>(
        &'a self,
        channel: &'a ChannelName,
        run: RunId,
        now: Instant,
    ) -> impl Iterator<Item = &'a Claim> + 'a {
        self.claims(now).filter(move |claim| claim.channel == *channel && claim.run != run)
    }

    /// Whether another run is about to tell a channel this.
    pub fn is_claimed(&self, channel: &ChannelName, notice: &NoticeId, run: RunId, now: Instant) -> bool {
        self.held(channel, run, now).any(|claim| claim.notices.contains(notice))
    }

    /// Whether another run is about to tell a channel that this is over.
    pub fn is_closing(&self, channel: &ChannelName, key: &str, run: RunId, now: Instant) -> bool {
        self.held(channel, run, now).any(|claim| claim.closing.contains(key))
    }

    /// Whether another run holds any claim at this moment.
    pub fn is_anybody_at_it(&self, channel: &ChannelName, run: RunId, now: Instant) -> bool {
        self.held(channel, run, now).next().is_some()
    }

    /// The run that ended last, by the clock of whoever ran it.
    pub fn last_run(&self) -> Option<&RunEnd> {
        self.last_run.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(number: u128) -> RunId {
        RunId::from_parts(at("2026-01-01"), number)
    }

    fn at(text: &str) -> Instant {
        Instant::parse_date_or_instant(text).unwrap()
    }

    fn slack() -> ChannelName {
        "slack".parse().unwrap()
    }

    fn id(digit: char) -> NoticeId {
        NoticeId::parse(&digit.to_string().repeat(32)).unwrap()
    }

    fn sent(at: Instant, digit: char, key: &str) -> Event {
        Event::Sent(Sent {
            run: run(1),
            at,
            channel: slack(),
            notice: id(digit),
            dedup_key: key.to_owned(),
            secret: Some("web/db".to_owned()),
            finding: "expiring".to_owned(),
            tier: Some("30d".to_owned()),
            expires: None,
        })
    }

    fn closed(at: Instant, key: &str) -> Event {
        let resolved = Resolved { secret: Some("web/db".to_owned()), dedup_key: key.to_owned() };
        Event::Closed { run: run(1), at, channel: slack(), resolved }
    }

    fn told(events: &[Event]) -> Told {
        let mut told = Told::default();
        for event in events {
            told.absorb(event);
        }
        told
    }

    #[test]
    fn an_alert_is_open_until_it_is_closed_and_open_again_when_it_is_told_of_again() {
        let events = [
            sent(at("2026-01-01"), 'a', "k"),
            closed(at("2026-02-01"), "k"),
            sent(at("2026-03-01"), 'b', "k"),
            sent(at("2026-01-01"), 'c', "other"),
        ];
        let open = |events: &[Event]| {
            let told = told(events);
            told.open(&slack()).map(|resolved| resolved.dedup_key).collect::<Vec<_>>()
        };
        assert_eq!(open(&events[..1]), ["k"]);
        assert_eq!(open(&events[..2]), Vec::<String>::new());
        assert_eq!(open(&events), ["k", "other"]);
        let mut turned = events;
        turned.reverse();
        assert_eq!(open(&turned), ["k", "other"]);
        let all = told(&turned);
        assert!(all.was_sent(&slack(), &id('a')) && !all.was_sent(&"other".parse().unwrap(), &id('a')));
    }

    #[test]
    fn a_claim_holds_for_others_until_it_ends_is_given_up_or_lies_in_the_future() {
        let claim = Claim {
            run: run(1),
            at: at("2026-01-01T12:00:00Z"),
            until: at("2026-01-01T12:10:00Z"),
            channel: slack(),
            notices: [id('a')].into(),
            closing: ["k".to_owned()].into(),
        };
        let told_of = told(&[Event::Claim(claim.clone())]);
        assert_eq!(told_of.claims(claim.at).collect::<Vec<_>>(), [&claim]);
        assert_eq!(told_of.claims(claim.until).count(), 0);
        assert_eq!(told_of.channels(), [&slack()].into());
        for (who, now, holds) in [
            (run(2), "2026-01-01T12:00:00Z", true),
            (run(2), "2026-01-01T12:09:59Z", true),
            (run(2), "2026-01-01T12:10:00Z", false),
            (run(2), "2026-01-01T11:55:00Z", true),
            (run(2), "2026-01-01T11:54:59Z", false),
            (run(1), "2026-01-01T12:00:00Z", false),
        ] {
            assert_eq!(told_of.is_claimed(&slack(), &id('a'), who, at(now)), holds, "{now}");
            assert_eq!(told_of.is_closing(&slack(), "k", who, at(now)), holds, "{now}");
            assert_eq!(told_of.is_anybody_at_it(&slack(), who, at(now)), holds, "{now}");
        }
        assert!(!told_of.is_claimed(&slack(), &id('b'), run(2), claim.at));
        assert!(!told_of.is_claimed(&"mail".parse().unwrap(), &id('a'), run(2), claim.at));
        let ended = Event::Run(RunEnd { run: run(1), at: claim.at, outcome: RunOutcome::Delivered, told: 1 });
        let told_of = told(&[ended, Event::Claim(claim.clone())]);
        assert!(!told_of.is_anybody_at_it(&slack(), run(2), claim.at), "a run that ended is at nothing");
        let released = Event::Released { run: run(1), at: claim.at, channel: slack(), why: "500".to_owned() };
        let told_of = told(&[released, Event::Claim(claim.clone())]);
        assert!(!told_of.is_claimed(&slack(), &id('a'), run(2), claim.at));
    }

    #[test]
    fn the_last_run_is_the_one_that_ended_last() {
        let end = |day: &str, outcome| Event::Run(RunEnd { run: run(1), at: at(day), outcome, told: 1 });
        let told = told(&[
            end("2026-01-02", RunOutcome::Failed),
            end("2026-01-03", RunOutcome::Delivered),
            end("2026-01-01", RunOutcome::Failed),
        ]);
        assert_eq!(told.last_run().map(|end| end.at), Some(at("2026-01-03")));
        // Told and closed in one moment it is over.
        let moment = at("2026-01-01");
        let told_of = self::told(&[sent(moment, 'a', "k"), closed(moment, "k")]);
        assert_eq!(told_of.open(&slack()).count(), 0);
        let outcomes = [RunOutcome::Delivered, RunOutcome::Failed].map(RunOutcome::as_str);
        assert_eq!(outcomes, ["delivered", "failed"]);
        assert_eq!(Told::default().last_run(), None);
    }

    #[test]
    fn all_but_a_seal_is_of_a_moment() {
        let moment = at("2026-01-01T12:00:00Z");
        let (secret, digest) = ("web/db".parse().unwrap(), Digest::of(b"sealed"));
        assert_eq!(Event::Seal { secret, number: 1, seal: 1, digest }.at(), None);
        let claim = Claim {
            run: run(1),
            at: moment,
            until: at("2026-01-01T12:10:00Z"),
            channel: slack(),
            notices: BTreeSet::new(),
            closing: BTreeSet::new(),
        };
        let end = RunEnd { run: run(1), at: moment, outcome: RunOutcome::Delivered, told: 0 };
        for event in [
            Event::Claim(claim),
            Event::Released { run: run(1), at: moment, channel: slack(), why: String::new() },
            sent(moment, 'a', "k"),
            closed(moment, "k"),
            Event::Run(end),
        ] {
            assert_eq!(event.at(), Some(moment), "{event:?}");
        }
    }
}
