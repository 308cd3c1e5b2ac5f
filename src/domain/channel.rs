//! Through what people are told ahead of the end of a secret, as policy has it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use super::check_id::CheckId;
use super::glob::Glob;
use super::period::Period;
pub use super::setting::Setting;
use super::text::visible;

/// The longest name of a channel, in bytes.
const MAX_NAME_BYTES: usize = 64;

/// Where the ledger lies where policy says nothing.
pub const LEDGER_REF: &str = "refs/secrets/ledger";

/// What every alert in Alertmanager bears; policy's own labels are called otherwise.
pub const OUR_LABELS: [&str; 6] = ["alertname", "dedup_key", "finding", "repository", "secret", "store"];

/// A text that names no channel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no name of a channel: ASCII letters, digits, `.`, `_` and `-`, {MAX_NAME_BYTES} bytes at most, a letter or \
     digit first"
)]
pub struct ChannelNameError(String);

/// By what the ledger knows a channel: its `name` in policy, else its kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelName(String);

impl ChannelName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ChannelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for ChannelName {
    type Err = ChannelNameError;

    fn from_str(text: &str) -> Result<Self, ChannelNameError> {
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        let begins = text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
        if begins && text.len() <= MAX_NAME_BYTES && text.bytes().all(is_plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ChannelNameError(visible(text).into_owned()))
        }
    }
}

/// One `[[notify]]` of policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// No two channels of a policy have the same.
    pub name: ChannelName,
    pub kind: ChannelKind<Setting>,
    /// So long before the end it joins in: earlier tiers are not its affair. `None`: from the first tier on.
    pub from: Option<Period>,
    /// Secrets whose name fits one of these; all where there are none.
    pub scope: Vec<Glob>,
    /// What it is told beside expiry.
    pub findings: BTreeSet<CheckId>,
    /// In `policy.toml`, from 1.
    pub line: usize,
}

/// The kind of a channel and what it needs. `S` is where a text is to be found ([`Setting`]), or the text itself once it
/// has been.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChannelKind<S> {
    /// Standard output of the run.
    Stdout,
    /// JSON, posted to an address.
    Webhook {
        url: S,
        authorization: Option<S>,
    },
    /// An incoming webhook of Slack, or of what speaks its language.
    Slack {
        url: S,
    },
    /// Events API v2.
    PagerDuty {
        routing_key: S,
        url: S,
    },
    /// API v2.
    Alertmanager {
        url: S,
        authorization: Option<S>,
        labels: BTreeMap<String, String>,
    },
    Smtp(Smtp<S>),
    /// One issue for each secret.
    GithubIssue {
        repository: String,
        token: S,
        url: S,
        labels: Vec<String>,
    },
    /// JSON on the standard input of a program.
    Exec {
        command: Vec<String>,
    },
}

/// Mail, handed to one server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Smtp<S> {
    pub host: String,
    pub port: u16,
    pub encryption: Encryption,
    /// User and password.
    pub login: Option<(S, S)>,
    pub from: String,
    pub to: Vec<String>,
}

/// How a mail server is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// In clear first, and not a word more where the server does not offer it (RFC 3207).
    StartTls,
    /// From the first byte on (RFC 8314).
    Tls,
    /// Not at all: to this very machine only.
    None,
}

impl Encryption {
    /// The port that servers listen on for it.
    pub fn usual_port(self) -> u16 {
        match self {
            Self::StartTls => 587,
            Self::Tls => 465,
            Self::None => 25,
        }
    }
}

impl<S> ChannelKind<S> {
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Webhook { .. } => "webhook",
            Self::Slack { .. } => "slack",
            Self::PagerDuty { .. } => "pagerduty",
            Self::Alertmanager { .. } => "alertmanager",
            Self::Smtp(_) => "smtp",
            Self::GithubIssue { .. } => "github-issue",
            Self::Exec { .. } => "exec",
        }
    }

    /// Whether it forgets what it is not told again: whatever stands is told in every run.
    pub fn forgets(&self) -> bool {
        matches!(self, Self::Alertmanager { .. })
    }

    /// The same with every text looked up; the first that can't be had is the error.
    pub fn resolve<T, E>(&self, mut find: impl FnMut(&S) -> Result<T, E>) -> Result<ChannelKind<T>, E> {
        let mut optional = |setting: &Option<S>| setting.as_ref().map(&mut find).transpose();
        Ok(match self {
            Self::Stdout => ChannelKind::Stdout,
            Self::Webhook { url, authorization } => {
                ChannelKind::Webhook { authorization: optional(authorization)?, url: find(url)? }
            }
            Self::Slack { url } => ChannelKind::Slack { url: find(url)? },
            Self::PagerDuty { routing_key, url } => {
                ChannelKind::PagerDuty { routing_key: find(routing_key)?, url: find(url)? }
            }
            Self::Alertmanager { url, authorization, labels } => ChannelKind::Alertmanager {
                authorization: optional(authorization)?,
                url: find(url)?,
                labels: labels.clone(),
            },
            Self::Smtp(smtp) => ChannelKind::Smtp(Smtp {
                host: smtp.host.clone(),
                port: smtp.port,
                encryption: smtp.encryption,
                login: match &smtp.login {
                    Some((user, password)) => Some((find(user)?, find(password)?)),
                    None => None,
                },
                from: smtp.from.clone(),
                to: smtp.to.clone(),
            }),
            Self::GithubIssue { repository, token, url, labels } => ChannelKind::GithubIssue {
                repository: repository.clone(),
                token: find(token)?,
                url: find(url)?,
                labels: labels.clone(),
            },
            Self::Exec { command } => ChannelKind::Exec { command: command.clone() },
        })
    }
}

/// Who is called when everything was delivered, so that silence is noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heartbeat {
    pub url: Setting,
}

/// Where it is kept what was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRules {
    /// Of the remote, in full.
    pub full_ref: String,
    pub state: LedgerState,
    /// `monitor-silent` is found when the last run is longer ago; `None`: it is not looked for.
    pub silent_after: Option<Period>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedgerState {
    /// In the remote's ledger.
    Git,
    /// Nowhere: one digest a run, and what keeps alerts keeps them.
    None,
}

impl Default for LedgerRules {
    fn default() -> Self {
        Self { full_ref: LEDGER_REF.to_owned(), state: LedgerState::Git, silent_after: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_channels() {
        for good in ["slack", "on-call.eu_1", "0"] {
            let name: ChannelName = good.parse().unwrap();
            assert_eq!((name.as_str(), name.to_string().as_str()), (good, good));
        }
        for bad in ["", "-x", ".x", "a b", "a/b", "ä", "a\u{1b}", &"a".repeat(65)] {
            assert!(bad.parse::<ChannelName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn mail_servers_are_asked_where_they_listen() {
        let usual = |encryption: Encryption| encryption.usual_port();
        assert_eq!([Encryption::StartTls, Encryption::Tls, Encryption::None].map(usual), [587, 465, 25]);
    }

    #[test]
    fn which_is_which_and_who_forgets() {
        let labels = BTreeMap::new();
        let repository = "ops/alerts".to_owned();
        for (kind, name, forgets) in [
            (ChannelKind::Stdout, "stdout", false),
            (ChannelKind::Webhook { url: (), authorization: None }, "webhook", false),
            (ChannelKind::Slack { url: () }, "slack", false),
            (ChannelKind::PagerDuty { routing_key: (), url: () }, "pagerduty", false),
            (ChannelKind::Alertmanager { url: (), authorization: None, labels }, "alertmanager", true),
            (
                ChannelKind::GithubIssue { repository, token: (), url: (), labels: Vec::new() },
                "github-issue",
                false,
            ),
            (ChannelKind::Exec { command: Vec::new() }, "exec", false),
        ] {
            assert_eq!((kind.as_str(), kind.forgets()), (name, forgets));
        }
    }

    #[test]
    fn every_text_is_looked_up_and_the_first_that_is_missing_is_told() {
        let kind: ChannelKind<Setting> = ChannelKind::Webhook {
            url: Setting::Env("URL".to_owned()),
            authorization: Some(Setting::Secret("ops/hook".parse().unwrap())),
        };
        let found = kind.resolve(|setting| Ok::<_, ()>(format!("{setting:?}"))).unwrap();
        assert!(matches!(
            &found,
            ChannelKind::Webhook { url, authorization: Some(authorization) }
                if url.contains("URL") && authorization.contains("ops/hook")
        ));
        let missing = |setting: &Setting| match setting {
            Setting::Secret(name) => Err(name.to_string()),
            Setting::Text(text) | Setting::Env(text) => Ok(text.clone()),
        };
        assert_eq!(kind.resolve(missing).unwrap_err(), "ops/hook");
    }
}
