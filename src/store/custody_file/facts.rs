//! What a claim says, key by key, as it stands in a table.

use std::fmt::Write as _;

use toml_edit::{Array, Datetime, Item, Value};

use super::with_line_feeds;
use crate::domain::claim::Claim;
use crate::domain::expiry::{Expiry, ExpirySource};
use crate::domain::name::ActorName;
use crate::domain::time::Instant;

/// The keys of a table, in the order in which a new one has them.
pub(super) const KEYS: [&str; 13] = [
    "expires",
    "expires-from",
    "expires-reason",
    "never",
    "issued",
    "owners",
    "issuer",
    "issuer-contact",
    "runbook",
    "readers",
    "set-at",
    "seen",
    "data-key",
];

/// What stands at a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fact {
    Moment(Instant),
    Text(String),
    Names(Vec<String>),
}

impl Fact {
    /// `None` where there is nothing to say: what is blank would be a fault when it is read.
    fn text(text: impl Into<String>) -> Option<Self> {
        let text = with_line_feeds(&text.into());
        (!text.trim().is_empty()).then_some(Self::Text(text))
    }

    fn names(names: &[ActorName]) -> Option<Self> {
        let mut distinct: Vec<String> = Vec::with_capacity(names.len());
        for name in names {
            if !distinct.iter().any(|other| other == name.as_str()) {
                distinct.push(name.to_string());
            }
        }
        (!distinct.is_empty()).then_some(Self::Names(distinct))
    }

    /// Whether what stands there says the same, however it is written.
    pub fn is_said_by(&self, item: &Item) -> bool {
        match self {
            Self::Text(text) => item.as_str().is_some_and(|written| with_line_feeds(written) == *text),
            Self::Names(names) => item.as_array().is_some_and(|array| {
                array.iter().map(Value::as_str).eq(names.iter().map(|name| Some(name.as_str())))
            }),
            Self::Moment(at) => {
                let written = item.as_datetime().map(Datetime::to_string);
                let written = written.as_deref().or_else(|| item.as_str());
                written.is_some_and(|text| Instant::parse_date_or_instant(text) == Ok(*at))
            }
        }
    }

    pub fn to_value(&self) -> Value {
        match self {
            Self::Text(text) => one_line(text),
            Self::Names(names) => names.iter().collect::<Array>().into(),
            Self::Moment(at) => {
                let text = at.brief();
                text.parse::<Datetime>().map_or_else(|_| text.into(), Value::from)
            }
        }
    }
}

/// A string on one line: several would change with the line endings of the file.
fn one_line(text: &str) -> Value {
    if !text.contains(['\n', '\r']) {
        return text.into();
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            c if c.is_control() => drop(write!(quoted, "\\u{:04X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted.parse().unwrap_or_else(|_| text.into())
}

/// What is to stand at each of the [`KEYS`]; `None` where nothing is.
pub(super) fn of(claim: &Claim) -> [(&'static str, Option<Fact>); 13] {
    let moment = |at: Option<Instant>| at.map(Fact::Moment);
    let (mut expires, mut from, mut reason, mut never) = (None, None, None, None);
    match &claim.expires {
        Some(Expiry::At { at, from: source, reason: why }) => {
            expires = Some(Fact::Moment(*at));
            from = Fact::text(source.as_str());
            reason = why.as_ref().and_then(Fact::text);
        }
        Some(Expiry::Never { why }) => never = Fact::text(why),
        None => {}
    }
    let issuer = claim.issuer.as_ref().and_then(|issuer| Fact::text(&issuer.name));
    let contact = claim.issuer.as_ref().and_then(|issuer| issuer.contact.as_ref()).and_then(Fact::text);
    let contact = contact.filter(|_| issuer.is_some());
    let values = [
        expires,
        from,
        reason,
        never,
        moment(claim.issued),
        Fact::names(&claim.owners),
        issuer,
        contact,
        claim.runbook.as_ref().and_then(Fact::text),
        Fact::names(&claim.readers),
        moment(claim.set_at),
        claim.seen.and_then(|digest| Fact::text(digest.to_string())),
        claim.data_key.and_then(|digest| Fact::text(digest.to_string())),
    ];
    let mut keys = KEYS.into_iter();
    values.map(|fact| (keys.next().unwrap_or_default(), fact))
}

/// What holds where the key is absent.
pub(super) fn goes_without_saying(key: &str, fact: &Fact) -> bool {
    key == "expires-from" && *fact == Fact::Text(ExpirySource::Declared.as_str().to_owned())
}
