//! When one secret ends, and who is to be told before.

use super::check_id::CheckId;
use super::name::ActorName;
use super::period::Period;
use super::time::Instant;
use super::tracked_name::CredentialName;

/// What is known of the end of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    At(Instant),
    /// It does not lapse, and this is why.
    Never(String),
    /// Nobody has said.
    Unsaid,
    /// What would say it can't be read, and why.
    Unread(String),
}

/// How much a secret's end presses. The most urgent comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Urgency {
    /// It has ended.
    Expired,
    /// When it ends is not known, so it may be any moment.
    Unknown,
    /// Inside its first tier, or so near that deploys are blocked.
    Expiring,
    /// Later than that.
    Later,
    Never,
}

impl Urgency {
    pub const ALL: [Self; 5] = [Self::Expired, Self::Unknown, Self::Expiring, Self::Later, Self::Never];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Unknown => "unknown",
            Self::Expiring => "expiring",
            Self::Later => "later",
            Self::Never => "never",
        }
    }
}

/// One secret and its due date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    pub name: CredentialName,
    pub end: End,
    /// The check that doubts the date: it may not be the one that the value was sealed with.
    pub doubt: Option<CheckId>,
    /// Descending: the first one is the earliest.
    pub tiers: Vec<Period>,
    /// So long before the end deploys are blocked.
    pub block_within: Period,
    pub owners: Vec<ActorName>,
    /// The people behind the owners, and how to reach them.
    pub people: Vec<(ActorName, Option<String>)>,
    pub issuer: Option<String>,
    /// A path in the repository, or an address.
    pub runbook: Option<String>,
    pub version: Option<u64>,
    /// When value and date were sealed as they stand; `None` where nothing dates them.
    pub revised: Option<Instant>,
}

impl Due {
    pub fn at(&self) -> Option<Instant> {
        match &self.end {
            End::At(at) => Some(*at),
            End::Never(_) | End::Unsaid | End::Unread(_) => None,
        }
    }

    /// Whether nothing is known of it at all.
    pub fn is_unread(&self) -> bool {
        matches!(self.end, End::Unread(_))
    }

    /// From when on people are told: the first tier, or the block where that begins earlier.
    pub fn told_from(&self) -> Option<Instant> {
        let end = self.at()?;
        let first = self.tiers.first().map_or(Some(end), |tier| tier.before(end));
        first.min(self.block_within.before(end))
    }

    pub fn urgency(&self, now: Instant) -> Urgency {
        match &self.end {
            End::At(at) if now >= *at => Urgency::Expired,
            // Before 1970 is further back than any moment.
            End::At(_) if self.told_from().is_none_or(|from| now >= from) => Urgency::Expiring,
            End::At(_) => Urgency::Later,
            End::Never(_) => Urgency::Never,
            End::Unsaid | End::Unread(_) => Urgency::Unknown,
        }
    }

    /// Why there is no date, in words.
    pub fn without_date(&self) -> Option<String> {
        match &self.end {
            End::At(_) => None,
            End::Never(why) => Some(format!("never ends: {why}")),
            End::Unsaid => Some("nobody has said when it ends, nor that it never does".to_owned()),
            End::Unread(why) => Some(why.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(end: End, tiers: &[&str], block_within: &str) -> Due {
        Due {
            name: "web/db".parse().unwrap(),
            end,
            doubt: None,
            tiers: tiers.iter().map(|tier| tier.parse().unwrap()).collect(),
            block_within: block_within.parse().unwrap(),
            owners: Vec::new(),
            people: Vec::new(),
            issuer: None,
            runbook: None,
            version: None,
            revised: None,
        }
    }

    #[test]
    fn around_the_first_tier_the_block_and_the_end() {
        let end = || End::At("2027-03-02".parse().unwrap());
        for (tiers, block, now, urgency) in [
            (&["60d", "7d"][..], "0d", "2026-12-31T23:59:59Z", Urgency::Later),
            (&["60d", "7d"], "0d", "2027-01-01T00:00:00Z", Urgency::Expiring),
            (&["60d", "7d"], "0d", "2027-03-01T23:59:59Z", Urgency::Expiring),
            (&["60d", "7d"], "0d", "2027-03-02T00:00:00Z", Urgency::Expired),
            (&["7d"], "14d", "2027-02-16T00:00:00Z", Urgency::Expiring),
            (&["7d"], "14d", "2027-02-15T23:59:59Z", Urgency::Later),
            (&[], "0d", "2027-03-01T23:59:59Z", Urgency::Later),
            (&["100y"], "0d", "2026-01-01T00:00:00Z", Urgency::Expiring),
        ] {
            assert_eq!(due(end(), tiers, block).urgency(now.parse().unwrap()), urgency, "{tiers:?} {now}");
        }
    }

    #[test]
    fn the_words_go_from_the_most_urgent_on() {
        let words = ["expired", "unknown", "expiring", "later", "never"];
        assert_eq!(Urgency::ALL.map(Urgency::as_str), words);
        assert!(Urgency::ALL.is_sorted());
    }

    #[test]
    fn what_has_no_date_is_never_or_unknown() {
        let now = "2026-01-01".parse().unwrap();
        for (end, urgency, words) in [
            (End::Never("why".to_owned()), Urgency::Never, "never ends: why"),
            (End::Unsaid, Urgency::Unknown, "nobody has said when it ends, nor that it never does"),
            (End::Unread("cut off".to_owned()), Urgency::Unknown, "cut off"),
        ] {
            let is_unread = matches!(end, End::Unread(_));
            let due = due(end, &["60d"], "0d");
            assert_eq!(due.is_unread(), is_unread);
            assert_eq!((due.urgency(now), due.told_from()), (urgency, None));
            assert_eq!(due.without_date().as_deref(), Some(words));
        }
        assert_eq!(due(End::At(now), &["60d"], "0d").without_date(), None);
    }
}
