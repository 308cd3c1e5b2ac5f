//! What people are told: a secret near its end, another finding, or something that could not be judged.

use super::channel::ChannelName;
use super::check_id::CheckId;
use super::digest::Digest;
use super::finding::Level;
use super::id::StoreId;
use super::name::ActorName;
use super::period::Period;
use super::time::Instant;
use super::tracked_name::CredentialName;

/// The longest key by which a channel knows an alert again, in bytes: `PagerDuty`'s bound.
pub const MAX_DEDUP_BYTES: usize = 255;

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// Something was not judged. The most urgent: whatever it hides comes unannounced.
    Unchecked,
    Check(CheckId),
}

impl Topic {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unchecked => "unchecked",
            Self::Check(id) => id.as_str(),
        }
    }

    /// Whether it is about the end of a secret. `expiring` and `expired` are one alert that hardens.
    pub fn is_expiry(self) -> bool {
        matches!(self, Self::Check(CheckId::Expiring | CheckId::Expired))
    }
}

/// How near the end is, by the tiers of policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// So long before it.
    Before(Period),
    /// It has come.
    End,
}

impl std::fmt::Display for Tier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Before(period) => period.fmt(f),
            Self::End => f.pad("0d"),
        }
    }
}

/// Somebody who can do something about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Contact {
    pub name: ActorName,
    pub contact: Option<String>,
}

/// Who gives out the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedBy {
    pub name: String,
    pub contact: Option<String>,
}

/// One thing that people should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// `None`: of the store as a whole.
    pub secret: Option<CredentialName>,
    pub topic: Topic,
    /// Of those about an end only.
    pub tier: Option<Tier>,
    pub expires: Option<Instant>,
    /// Whole days, negative from the first second after the end.
    pub days_left: Option<i64>,
    pub level: Level,
    /// Lower case, no full stop.
    pub message: String,
    /// A command that can be pasted into a shell.
    pub remedy: String,
    pub owners: Vec<ActorName>,
    /// Owners first; at least two where custody has two.
    pub people: Vec<Contact>,
    pub issuer: Option<IssuedBy>,
    /// A path in the repository, or an address.
    pub runbook: Option<String>,
    /// The same from run to run, and for `expiring` and `expired`.
    pub dedup_key: String,
    /// What tells this cause from the next one of the same key: the version and its end, or who a finding is about.
    pub cause: String,
    /// From when on it stands: the moment at which the tier was crossed; of others the moment of the run.
    pub since: Instant,
}

/// That an alert is over.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Resolved {
    /// As the notice named it.
    pub secret: Option<String>,
    pub dedup_key: String,
}

/// Where a message comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The path of the store relative to the root of the repository.
    pub store: String,
    pub store_id: Option<StoreId>,
    /// By what people know the repository: `github.com/org/infra`.
    pub repository: Option<String>,
}

/// What one channel is told in one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub origin: Origin,
    pub at: Instant,
    /// What is due; the most urgent first.
    pub notices: Vec<Notice>,
    pub resolved: Vec<Resolved>,
    /// All that stands as far as this channel goes, told before or not.
    pub standing: Vec<Notice>,
    /// Whether nobody remembers what was told: `notices` is all that stands, and `resolved` can't be known.
    pub is_digest: bool,
}

impl Message {
    pub fn is_empty(&self) -> bool {
        self.notices.is_empty() && self.resolved.is_empty()
    }
}

/// That a channel was told one thing, once: what the ledger remembers it by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoticeId(String);

impl NoticeId {
    /// One for each channel, cause and tier.
    pub fn of(channel: &ChannelName, notice: &Notice) -> Self {
        let tier = notice.tier.map(|tier| tier.to_string()).unwrap_or_default();
        let parts = [channel.as_str(), &notice.dedup_key, &notice.cause, &tier];
        let mut text = Digest::of(parts.join("\0").as_bytes()).to_string();
        text.drain(.."sha256:".len());
        text.truncate(Self::DIGITS);
        Self(text)
    }

    /// How many hexadecimal digits it has: 128 bits.
    const DIGITS: usize = 32;

    /// As the ledger has it.
    pub fn parse(text: &str) -> Option<Self> {
        let is_hex = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        (text.len() == Self::DIGITS && is_hex).then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// By what a channel knows an alert again: store, topic and name, or the digest of a name that is too long.
pub fn dedup_key(store: Option<StoreId>, topic: Topic, name: &str) -> String {
    let store = store.map(|store| store.to_string()).unwrap_or_default();
    let topic = if topic.is_expiry() { "expiry" } else { topic.as_str() };
    let key = format!("secrets:{store}:{topic}:{name}");
    if key.len() <= MAX_DEDUP_BYTES && key.bytes().all(|b| matches!(b, b'!'..=b'~')) {
        return key;
    }
    format!("secrets:{store}:{topic}:{}", Digest::of(name.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_short_and_stable_and_expiry_has_one() {
        let key = |topic, name: &str| dedup_key(None, topic, name);
        let (expiring, expired) = (Topic::Check(CheckId::Expiring), Topic::Check(CheckId::Expired));
        assert_eq!(key(expiring, "web/db"), "secrets::expiry:web/db");
        assert_eq!(key(expiring, "web/db"), key(expired, "web/db"));
        assert_ne!(key(expiring, "web/db"), key(Topic::Check(CheckId::SingleHolder), "web/db"));
        let long = "x".repeat(300);
        assert!(key(Topic::Check(CheckId::ExposedToDeparted), &long).len() <= MAX_DEDUP_BYTES);
        assert_ne!(key(expiring, &long), key(expiring, &"x".repeat(301)));
        assert!(key(expiring, "a b\u{e9}").is_ascii());
    }

    #[test]
    fn topics_and_tiers_have_a_name() {
        for (topic, name) in [(Topic::Unchecked, "unchecked"), (Topic::Check(CheckId::Unowned), "unowned")] {
            assert_eq!(topic.as_str(), name);
        }
        let before = Tier::Before("30d".parse().unwrap());
        assert_eq!((before.to_string().as_str(), Tier::End.to_string().as_str()), ("30d", "0d"));
    }

    #[test]
    fn a_message_is_empty_where_nothing_is_due_and_nothing_over() {
        let origin = Origin { store: "secrets".to_owned(), store_id: None, repository: None };
        let at: Instant = "2026-01-01".parse().unwrap();
        let notice = Notice {
            secret: None,
            topic: Topic::Unchecked,
            tier: None,
            expires: None,
            days_left: None,
            level: Level::Error,
            message: "policy can't be read".to_owned(),
            remedy: String::new(),
            owners: Vec::new(),
            people: Vec::new(),
            issuer: None,
            runbook: None,
            dedup_key: "k".to_owned(),
            cause: "c".to_owned(),
            since: at,
        };
        let resolved = Resolved { secret: None, dedup_key: "k".to_owned() };
        let (due, over) = (vec![notice.clone()], vec![resolved]);
        for (notices, resolved, is_empty) in [
            (vec![], vec![], true),
            (due.clone(), vec![], false),
            (vec![], over.clone(), false),
            (due, over, false),
        ] {
            // What stands and was told of before is no news.
            let (origin, standing) = (origin.clone(), vec![notice.clone()]);
            let message = Message { origin, at, notices, resolved, standing, is_digest: false };
            assert_eq!(message.is_empty(), is_empty);
        }
    }

    #[test]
    fn ids_are_read_back() {
        assert!(NoticeId::parse("0123456789abcdef0123456789abcdef").is_some());
        for bad in ["", "0123456789abcdef0123456789abcde", "0123456789ABCDEF0123456789abcdef"] {
            assert!(NoticeId::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn an_id_is_of_channel_cause_and_tier() {
        let id = "0123456789abcdef0123456789abcdef";
        assert_eq!(NoticeId::parse(id).unwrap().as_str(), id);
    }
}
