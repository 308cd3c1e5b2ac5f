//! Messages that the channels are tested with.

use crate::domain::check_id::CheckId;
use crate::domain::finding::Level;
use crate::domain::notice::{Contact, IssuedBy, Message, Notice, Origin, Resolved, Tier, Topic, dedup_key};
use crate::domain::period::Period;
use crate::domain::time::Instant;

pub fn at(text: &str) -> Instant {
    Instant::parse_rfc3339(text).unwrap()
}

/// Of a secret that ends on 2027-08-31, seven days ahead.
pub fn notice(secret: &str) -> Notice {
    let topic = Topic::Check(CheckId::Expiring);
    Notice {
        secret: Some(secret.parse().unwrap()),
        topic,
        tier: Some(Tier::Before(Period::days(7))),
        expires: Some(at("2027-08-31T00:00:00Z")),
        days_left: Some(7),
        level: Level::Warning,
        message: "expires 2027-08-31 (in 7 days)".to_owned(),
        remedy: format!("secrets set {secret}"),
        owners: vec!["infra".parse().unwrap()],
        people: vec![
            Contact { name: "alice".parse().unwrap(), contact: Some("@alice".to_owned()) },
            Contact { name: "bob".parse().unwrap(), contact: None },
        ],
        issuer: Some(IssuedBy {
            name: "University of Toronto IT".to_owned(),
            contact: Some("it@example.org".to_owned()),
        }),
        runbook: Some("docs/runbooks/azuread.md".to_owned()),
        dedup_key: dedup_key(Some(store_id()), topic, secret),
        cause: "01ARZ3NDEKTSV4RRFFQ69G5FAV 2027-08-31T00:00:00Z".to_owned(),
        since: at("2027-08-24T00:00:00Z"),
    }
}

/// Of a secret that ended on 2027-08-16.
pub fn ended(secret: &str) -> Notice {
    let expires = at("2027-08-16T00:00:00Z");
    Notice {
        topic: Topic::Check(CheckId::Expired),
        tier: Some(Tier::End),
        expires: Some(expires),
        days_left: Some(-8),
        level: Level::Error,
        message: "expired 8 days ago (2027-08-16)".to_owned(),
        since: expires,
        ..notice(secret)
    }
}

/// Of the store as a whole, with nothing known but that something was not judged.
pub fn unchecked() -> Notice {
    let topic = Topic::Unchecked;
    Notice {
        secret: None,
        topic,
        tier: None,
        expires: None,
        days_left: None,
        level: Level::Error,
        message: "the remote could not be asked, and 3 secrets were not judged".to_owned(),
        remedy: "secrets check".to_owned(),
        owners: Vec::new(),
        people: Vec::new(),
        issuer: None,
        runbook: None,
        dedup_key: dedup_key(Some(store_id()), topic, "origin/main"),
        cause: "origin/main".to_owned(),
        since: at("2027-08-24T00:00:00Z"),
    }
}

pub fn store_id() -> crate::domain::id::StoreId {
    crate::domain::id::StoreId::from_parts(at("2027-01-01T00:00:00Z"), 7)
}

/// Three notices, the most urgent first, and one that is over.
pub fn message() -> Message {
    let notices = vec![unchecked(), ended("utoronto/prod/azuread-client"), notice("web/prod/db")];
    Message {
        origin: Origin {
            store: "secrets".to_owned(),
            store_id: Some(store_id()),
            repository: Some("github.com/example/infra".to_owned()),
        },
        at: at("2027-08-24T00:00:00Z"),
        standing: notices.clone(),
        notices,
        resolved: vec![Resolved {
            secret: Some("mail/relay".to_owned()),
            dedup_key: dedup_key(Some(store_id()), Topic::Check(CheckId::Expiring), "mail/relay"),
        }],
        is_digest: false,
    }
}
