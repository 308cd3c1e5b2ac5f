//! What the channels are told here.

use std::path::Path;
use std::time::{Duration, Instant as Clock};

use secrets::domain::channel::{ChannelKind, ChannelName};
use secrets::domain::check_id::CheckId;
use secrets::domain::notice::{Contact, IssuedBy, Message, Notice, Origin, Resolved, Topic, dedup_key};
use secrets::domain::value::Value;
use secrets::notify::{self, Delivery, Outside, Ready};
use secrets::system::environment::Environment;
use secrets::web::Limits;

use crate::told::expiring;

pub use crate::told::at;

/// Of a secret that ends on 2027-08-31, seven days ahead.
pub fn notice(secret: &str) -> Notice {
    let people = vec![
        Contact { name: "alice".parse().unwrap(), contact: Some("alice@example.com".to_owned()) },
        Contact { name: "bob".parse().unwrap(), contact: None },
    ];
    Notice {
        people,
        issuer: Some(IssuedBy {
            name: "Universität".to_owned(), contact: Some("it@example.org".to_owned())
        }),
        runbook: Some("https://wiki.example.com/db".to_owned()),
        dedup_key: dedup_key(None, Topic::Check(CheckId::Expiring), secret),
        ..expiring(secret)
    }
}

pub fn resolved(secret: &str) -> Resolved {
    let key = dedup_key(None, Topic::Check(CheckId::Expiring), secret);
    Resolved { secret: Some(secret.to_owned()), dedup_key: key }
}

pub fn message(notices: Vec<Notice>, resolved: Vec<Resolved>) -> Message {
    let origin = Origin {
        store: "secrets".to_owned(),
        store_id: None,
        repository: Some("github.com/example/infra".to_owned()),
    };
    let standing = notices.clone();
    Message { origin, at: at("2027-08-24T12:00:00Z"), notices, resolved, standing, is_digest: false }
}

pub fn value(text: &str) -> Value {
    Value::new(text.as_bytes().to_vec())
}

/// Where a channel is told from.
pub struct Place<'a> {
    pub folder: &'a Path,
    pub variables: &'a [(&'a str, &'a str)],
}

/// Tells a channel, with so many milliseconds for all attempts and for one.
pub fn tell(kind: ChannelKind<Value>, message: &Message, whole: u64, attempt: u64) -> Delivery {
    tell_from(&Place { folder: &std::env::temp_dir(), variables: &[] }, kind, message, whole, attempt)
}

pub fn tell_from(
    place: &Place<'_>,
    kind: ChannelKind<Value>,
    message: &Message,
    whole: u64,
    attempt: u64,
) -> Delivery {
    let variables = place.variables.iter().map(|(name, value)| (name.into(), value.into()));
    let variables = std::env::vars_os().chain(variables);
    let folder = place.folder.to_owned();
    let limits = Limits {
        whole: Duration::from_millis(whole),
        attempt: Duration::from_millis(attempt),
        first_pause: Duration::from_millis(20),
    };
    let outside = Outside {
        environment: Environment::new(variables, folder.clone()),
        folder,
        limits,
        deadline: Clock::now() + limits.whole,
    };
    let name = "under-test".parse::<ChannelName>().unwrap();
    notify::deliver(&Ready { name, kind }, message, &outside)
}

/// Asserts that nothing arrived, and answers with why.
#[track_caller]
pub fn refused(delivery: &Delivery) -> String {
    assert!(delivery.arrived.is_empty(), "{delivery:?}");
    delivery.error.as_ref().expect("it says why").to_string()
}
