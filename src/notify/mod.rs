//! The ways to people: one channel a file. Each is told a message and answers with what arrived; what to tell whom was
//! decided before.
//!
//! | file | its job |
//! |---|---|
//! | [`wording`] | a message as text for people |
//! | [`document`] | a message as JSON, for `webhook` and `exec` |
//! | `webhook`, `slack`, `pagerduty`, `alertmanager`, `smtp`, `github_issue`, `exec` | one kind of channel each |
//! | [`heartbeat`] | the call that says that all went well |
//! | [`pushgateway`] | metrics, pushed |

pub mod document;
pub mod github_issue;
pub mod heartbeat;
pub mod pagerduty;
pub mod pushgateway;
pub mod smtp;
pub mod wording;

mod alertmanager;
mod exec;
mod slack;
mod webhook;

#[cfg(test)]
mod samples;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Instant;

use crate::domain::channel::{ChannelKind, ChannelName};
use crate::domain::notice::Message;
use crate::domain::value::Value;
use crate::system::environment::Environment;
use crate::web::{self, Answer, Limits, Request, ServiceError};

/// A channel with every text at hand that policy has elsewhere.
pub struct Ready {
    pub name: ChannelName,
    pub kind: ChannelKind<Value>,
}

/// What a channel may touch.
pub struct Outside {
    pub environment: Environment,
    /// Where programs are run: the root of the repository.
    pub folder: PathBuf,
    pub limits: Limits,
    /// When `limits.whole` is over.
    pub deadline: Instant,
}

impl Outside {
    /// The time begins to run now.
    pub fn new(environment: Environment, folder: PathBuf, limits: Limits) -> Self {
        Self { environment, folder, limits, deadline: Instant::now() + limits.whole }
    }

    fn send(&self, request: &Request) -> Result<Answer, ServiceError> {
        web::send(request, self.limits, self.deadline)
    }
}

/// What became of a message.
#[must_use]
#[derive(Debug, Default)]
pub struct Delivery {
    /// The keys of what arrived, notices and what is resolved alike.
    pub arrived: BTreeSet<String>,
    /// Why not all of it did.
    pub error: Option<ServiceError>,
}

impl Delivery {
    /// Of a channel that takes a message as a whole.
    pub fn whole(message: &Message, result: Result<(), ServiceError>) -> Self {
        match result {
            Ok(()) => {
                let notices = message.notices.iter().map(|notice| notice.dedup_key.clone());
                let resolved = message.resolved.iter().map(|resolved| resolved.dedup_key.clone());
                Self { arrived: notices.chain(resolved).collect(), error: None }
            }
            Err(error) => Self { arrived: BTreeSet::new(), error: Some(error) },
        }
    }
}

/// Tells a channel a message. It ends within the limits, whatever the other side does. Standard output is the business of
/// whoever owns it: that kind is told by [`wording::text`].
pub fn deliver(ready: &Ready, message: &Message, outside: &Outside) -> Delivery {
    match &ready.kind {
        ChannelKind::Stdout => Delivery::whole(message, Ok(())),
        ChannelKind::Webhook { url, authorization } => {
            webhook::deliver(url, authorization.as_ref(), message, outside)
        }
        ChannelKind::Slack { url } => slack::deliver(url, message, outside),
        ChannelKind::PagerDuty { routing_key, url } => pagerduty::deliver(routing_key, url, message, outside),
        ChannelKind::Alertmanager { url, authorization, labels } => {
            alertmanager::deliver(url, authorization.as_ref(), labels, message, outside)
        }
        ChannelKind::Smtp(settings) => smtp::deliver(settings, message, outside),
        ChannelKind::GithubIssue { repository, token, url, labels } => {
            github_issue::deliver(repository, token, url, labels, message, outside)
        }
        ChannelKind::Exec { command } => exec::deliver(command, message, outside),
    }
}
