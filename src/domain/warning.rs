//! Who is told what in this run: from what stands and what was told before, pure.
//!
//! A version crosses its tiers one after the other. Of those crossed a channel is told the last one only, and each once.
//! A channel joins at a tier; what is not about an end is told once for as long as it stands.

use std::collections::BTreeSet;

use super::channel::Channel;
use super::id::RunId;
use super::ledger::{Claim, Told};
use super::notice::{Notice, NoticeId, Resolved, Tier, Topic};
use super::period::Period;
use super::time::Instant;

/// For how long a run has others leave alone what it is about to tell, in seconds: longer than any run takes.
pub const CLAIM_SECONDS: i64 = 1800;

/// Something that stands, and by which tiers it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Its tier is for each channel to be found.
    pub notice: Notice,
    /// So long before the end people are told, and from when on deploys are blocked; in any order.
    pub tiers: Vec<Period>,
}

/// Everything that stands, and of whom it is known.
#[derive(Debug, Clone, Default)]
pub struct Standings {
    pub all: Vec<Standing>,
    /// The names of what was judged and left nothing unknown.
    pub judged: BTreeSet<String>,
    /// Whether all there is was looked at: then what has no name any more is gone.
    pub is_whole: bool,
}

/// What one channel is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelPlan {
    /// Due; the most urgent first.
    pub notices: Vec<Notice>,
    pub resolved: Vec<Resolved>,
    /// All that stands for it.
    pub standing: Vec<Notice>,
    /// How much of it another run is about to tell.
    pub left_to_others: usize,
}

impl ChannelPlan {
    pub fn is_empty(&self) -> bool {
        self.notices.is_empty() && self.resolved.is_empty()
    }

    /// Has other runs leave it alone; nothing is claimed where nothing is due.
    pub fn claim(&self, channel: &Channel, run: RunId, now: Instant) -> Option<Claim> {
        if self.is_empty() {
            return None;
        }
        Some(Claim {
            run,
            at: now,
            until: now.checked_add_seconds(CLAIM_SECONDS).unwrap_or(now),
            channel: channel.name.clone(),
            notices: self.notices.iter().map(|notice| NoticeId::of(&channel.name, notice)).collect(),
            closing: self.resolved.iter().map(|resolved| resolved.dedup_key.clone()).collect(),
        })
    }
}

impl Standings {
    /// What a channel is told at this moment by this run. Where nobody remembers anything (`told` is `None`), that is all
    /// that stands.
    pub fn plan(&self, channel: &Channel, told: Option<&Told>, run: RunId, now: Instant) -> ChannelPlan {
        let standing: Vec<Notice> = self.all.iter().filter_map(|one| one.for_channel(channel, now)).collect();
        let mut standing = standing;
        standing.sort_by(by_urgency);
        let Some(told) = told else {
            let notices = standing.clone();
            return ChannelPlan { notices, resolved: Vec::new(), standing, left_to_others: 0 };
        };
        let name = &channel.name;
        let (mut notices, mut left_to_others) = (Vec::new(), 0);
        for notice in &standing {
            let id = NoticeId::of(name, notice);
            if told.was_sent(name, &id) {
                continue;
            }
            if told.is_claimed(name, &id, run, now) {
                left_to_others += 1;
            } else {
                notices.push(notice.clone());
            }
        }
        let keys: BTreeSet<&str> = standing.iter().map(|notice| notice.dedup_key.as_str()).collect();
        let mut resolved = Vec::new();
        for open in told.open(name) {
            if keys.contains(open.dedup_key.as_str()) || !self.knows_the_end_of(&open) {
                continue;
            }
            if told.is_closing(name, &open.dedup_key, run, now) {
                left_to_others += 1;
            } else {
                resolved.push(open);
            }
        }
        ChannelPlan { notices, resolved, standing, left_to_others }
    }

    /// Whether what is not found any more is mended. What could not be judged is not.
    fn knows_the_end_of(&self, alert: &Resolved) -> bool {
        match &alert.secret {
            Some(name) => self.judged.contains(name) || self.is_whole && !self.is_named(name),
            None => self.is_whole,
        }
    }

    /// Whether something is said of it, if only that it could not be judged.
    fn is_named(&self, name: &str) -> bool {
        let named =
            |standing: &Standing| standing.notice.secret.as_ref().map(|secret| secret.as_str().to_owned());
        self.all.iter().filter_map(named).any(|named| named == name)
    }
}

impl Standing {
    /// As the channel has it, if it is its affair.
    fn for_channel(&self, channel: &Channel, now: Instant) -> Option<Notice> {
        let notice = &self.notice;
        let fits =
            |name: &str| channel.scope.is_empty() || channel.scope.iter().any(|glob| glob.matches(name));
        match notice.topic {
            // Whatever it hides may be anybody's.
            Topic::Unchecked => return Some(notice.clone()),
            Topic::Check(id) if !notice.topic.is_expiry() && !channel.findings.contains(&id) => return None,
            Topic::Check(_) => {}
        }
        // What is of the store as a whole is of no scope.
        if notice.secret.as_ref().is_some_and(|secret| !secret.known_as().any(fits)) {
            return None;
        }
        let (true, Some(end)) = (notice.topic.is_expiry(), notice.expires) else {
            return Some(notice.clone());
        };
        let (tier, since) = self.tier(channel.from, end, now)?;
        Some(Notice { tier: Some(tier), since, ..notice.clone() })
    }

    /// The last tier crossed, and when it was.
    fn tier(&self, from: Option<Period>, end: Instant, now: Instant) -> Option<(Tier, Instant)> {
        if now >= end {
            return Some((Tier::End, end));
        }
        // Before 1970 is further back than any moment.
        let joins = from.map(|from| from.before(end));
        let crossed = self.tiers.iter().filter_map(|tier| {
            let begins = tier.before(end);
            let is_joined = joins.is_none_or(|joins| begins >= joins);
            (!tier.is_zero() && is_joined && begins.is_none_or(|begins| begins <= now))
                .then_some((begins, *tier))
        });
        let (begins, tier) = crossed.max_by_key(|(begins, _)| *begins)?;
        Some((Tier::Before(tier), begins.unwrap_or(now)))
    }
}

/// What is not known first, then what has ended or ends first, then by name.
fn by_urgency(one: &Notice, other: &Notice) -> std::cmp::Ordering {
    let rank = |notice: &Notice| {
        let kind = match notice.topic {
            Topic::Unchecked => 0,
            Topic::Check(_) if notice.topic.is_expiry() => 1,
            Topic::Check(_) => 2,
        };
        (kind, notice.expires, std::cmp::Reverse(notice.level), notice.dedup_key.clone())
    };
    rank(one).cmp(&rank(other))
}

#[cfg(test)]
mod tests;
