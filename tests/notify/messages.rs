//! What the channels are told, and how long they may take.

use std::path::PathBuf;
use std::time::Duration;

use secrets::domain::channel::ChannelKind;
use secrets::domain::check_id::CheckId;
use secrets::domain::finding::Level;
use secrets::domain::id::StoreId;
use secrets::domain::notice::{Contact, IssuedBy, Message, Notice, Origin, Resolved, Tier, Topic, dedup_key};
use secrets::domain::period::Period;
use secrets::domain::time::Instant;
use secrets::domain::value::Value;
use secrets::notify::{self, Delivery, Outside, Ready};
use secrets::system::environment::Environment;
use secrets::web::Limits;

pub const AT: &str = "2027-08-24T00:00:00Z";
/// Stands in every address and header that is a credential, and may stand in no error.
pub const CANARY: &str = "kV7xQm2ZrT9uWc4LpHs8YbNd3EgJfA6v";

pub fn at(text: &str) -> Instant {
    Instant::parse_rfc3339(text).unwrap()
}

pub fn value(text: impl Into<String>) -> Value {
    Value::new(text.into().into_bytes())
}

/// Of a secret that ends in seven days.
pub fn expiring(secret: &str) -> Notice {
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
        issuer: Some(IssuedBy { name: "IT".to_owned(), contact: Some("it@example.org".to_owned()) }),
        runbook: Some("https://wiki.example.org/runbooks/azuread".to_owned()),
        dedup_key: dedup_key(Some(store()), topic, secret),
        cause: "1".to_owned(),
        since: at(AT),
    }
}

/// The same secret eight days later.
pub fn expired(secret: &str) -> Notice {
    Notice {
        topic: Topic::Check(CheckId::Expired),
        tier: Some(Tier::End),
        days_left: Some(-8),
        level: Level::Error,
        message: "expired 8 days ago (2027-08-31)".to_owned(),
        owners: Vec::new(),
        ..expiring(secret)
    }
}

pub fn over(notice: &Notice) -> Resolved {
    Resolved {
        secret: notice.secret.as_ref().map(|secret| secret.as_str().to_owned()),
        dedup_key: notice.dedup_key.clone(),
    }
}

pub fn message(notices: Vec<Notice>, resolved: Vec<Resolved>) -> Message {
    Message {
        origin: Origin {
            store: "secrets".to_owned(),
            store_id: Some(store()),
            repository: Some("github.com/example/infra".to_owned()),
        },
        at: at(AT),
        standing: notices.clone(),
        notices,
        resolved,
        is_digest: false,
    }
}

fn store() -> StoreId {
    StoreId::from_parts(at("2027-01-01T00:00:00Z"), 7)
}

pub fn limits(whole: u64, attempt: u64) -> Limits {
    Limits {
        whole: Duration::from_millis(whole),
        attempt: Duration::from_millis(attempt),
        first_pause: Duration::from_millis(5),
    }
}

/// Long enough for whatever is not about time.
pub fn patient() -> Limits {
    limits(20_000, 10_000)
}

pub fn deliver(kind: ChannelKind<Value>, message: &Message, limits: Limits) -> Delivery {
    let ready = Ready { name: kind.as_str().parse().unwrap(), kind };
    let folder = PathBuf::from("/");
    notify::deliver(&ready, message, &Outside::new(Environment::new([], folder.clone()), folder, limits))
}

pub fn webhook(base: &str) -> ChannelKind<Value> {
    ChannelKind::Webhook {
        url: value(format!("{base}/{CANARY}?token={CANARY}")),
        authorization: Some(value(format!("Bearer {CANARY}\n"))),
    }
}

/// What went wrong, as a person is shown it.
#[track_caller]
pub fn error_of(delivery: &Delivery) -> String {
    let error = delivery.error.as_ref().unwrap().to_string();
    // Nor a part of it.
    assert!(
        !CANARY.as_bytes().windows(8).any(|part| error.contains(std::str::from_utf8(part).unwrap())),
        "{error}"
    );
    error
}
