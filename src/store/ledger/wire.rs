//! The lines of the ledger: JSON objects with the version and the kind of the event, absent keys instead of null. A
//! reader passes over events of kinds that it does not know, and over keys that it does not know in those it does.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::domain::channel::ChannelName;
use crate::domain::digest::Digest;
use crate::domain::id::RunId;
use crate::domain::json;
use crate::domain::ledger::{Claim, Event, RunEnd, RunOutcome, Sent};
use crate::domain::name::SecretName;
use crate::domain::notice::{NoticeId, Resolved};
use crate::domain::text::visible;
use crate::domain::time::Instant;

/// The version of the events that are read and written.
pub(super) const VERSION: u64 = 1;

const SEAL: &str = "seal";
const CLAIM: &str = "claim";
const RELEASED: &str = "released";
const SENT: &str = "sent";
const CLOSED: &str = "closed";
const RUN: &str = "run";

/// How much of a reason is kept, in characters: it may quote the line.
const MOST_OF_WHY: usize = 200;

/// Why a line can't be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum LineFault {
    NoEvent(String),
    Newer(u64),
}

/// Of a line, what says what it is.
#[derive(Deserialize)]
struct Kind {
    v: u64,
    event: String,
}

#[derive(Serialize)]
struct Line<'a, T> {
    v: u64,
    event: &'a str,
    #[serde(flatten)]
    body: T,
}

#[derive(Serialize, Deserialize)]
struct SealWire {
    secret: SecretName,
    number: u64,
    seal: u64,
    digest: Digest,
}

#[derive(Serialize, Deserialize)]
struct ClaimWire {
    run: RunId,
    at: Instant,
    until: Instant,
    channel: String,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    notices: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    closing: BTreeSet<String>,
}

#[derive(Serialize, Deserialize)]
struct ReleasedWire {
    run: RunId,
    at: Instant,
    channel: String,
    why: String,
}

#[derive(Serialize, Deserialize)]
struct SentWire {
    run: RunId,
    at: Instant,
    channel: String,
    notice: String,
    dedup_key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    finding: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tier: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires: Option<Instant>,
}

#[derive(Serialize, Deserialize)]
struct ClosedWire {
    run: RunId,
    at: Instant,
    channel: String,
    dedup_key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct RunWire {
    run: RunId,
    at: Instant,
    outcome: String,
    told: u64,
}

/// The event of a line; `None` where it is of a kind that is not known here.
pub(super) fn read(text: &[u8]) -> Result<Option<Event>, LineFault> {
    let Kind { v, event } = body(text)?;
    let read = match event.as_str() {
        SEAL => read_seal,
        CLAIM => read_claim,
        RELEASED => read_released,
        SENT => read_sent,
        CLOSED => read_closed,
        RUN => read_run,
        _ => return Ok(None),
    };
    if v == VERSION { read(text).map(Some) } else { Err(LineFault::Newer(v)) }
}

/// The line of an event, with its end.
pub(super) fn line(event: &Event) -> String {
    let text = match event {
        Event::Seal { secret, number, seal, digest } => {
            let body = SealWire { secret: secret.clone(), number: *number, seal: *seal, digest: *digest };
            printed(SEAL, body)
        }
        Event::Claim(claim) => printed(
            CLAIM,
            ClaimWire {
                run: claim.run,
                at: claim.at,
                until: claim.until,
                channel: claim.channel.to_string(),
                notices: claim.notices.iter().map(|notice| notice.as_str().to_owned()).collect(),
                closing: claim.closing.clone(),
            },
        ),
        Event::Released { run, at, channel, why } => {
            let body = ReleasedWire { run: *run, at: *at, channel: channel.to_string(), why: why.clone() };
            printed(RELEASED, body)
        }
        Event::Sent(sent) => printed(
            SENT,
            SentWire {
                run: sent.run,
                at: sent.at,
                channel: sent.channel.to_string(),
                notice: sent.notice.as_str().to_owned(),
                dedup_key: sent.dedup_key.clone(),
                secret: sent.secret.clone(),
                finding: sent.finding.clone(),
                tier: sent.tier.clone(),
                expires: sent.expires,
            },
        ),
        Event::Closed { run, at, channel, resolved } => printed(
            CLOSED,
            ClosedWire {
                run: *run,
                at: *at,
                channel: channel.to_string(),
                dedup_key: resolved.dedup_key.clone(),
                secret: resolved.secret.clone(),
            },
        ),
        Event::Run(end) => printed(
            RUN,
            RunWire { run: end.run, at: end.at, outcome: end.outcome.as_str().to_owned(), told: end.told },
        ),
    };
    text + "\n"
}

fn printed<T: Serialize>(event: &str, body: T) -> String {
    // Nothing of these types can fail to be JSON: text, numbers, and keys that are text.
    serde_json::to_string(&Line { v: VERSION, event, body }).unwrap_or_default()
}

fn body<T: DeserializeOwned>(text: &[u8]) -> Result<T, LineFault> {
    json::read(text).map_err(|error| no_event(&error.to_string()))
}

fn no_event(why: &str) -> LineFault {
    let shown = visible(why);
    let mut bounded: String = shown.chars().take(MOST_OF_WHY).collect();
    if bounded.len() < shown.len() {
        bounded.push('…');
    }
    LineFault::NoEvent(bounded)
}

fn channel(text: &str) -> Result<ChannelName, LineFault> {
    text.parse().map_err(|error: crate::domain::channel::ChannelNameError| no_event(&error.to_string()))
}

fn notice(text: &str) -> Result<NoticeId, LineFault> {
    NoticeId::parse(text).ok_or_else(|| no_event(&format!("`{text}` is no id of a notice")))
}

fn read_seal(text: &[u8]) -> Result<Event, LineFault> {
    let SealWire { secret, number, seal, digest } = body(text)?;
    Ok(Event::Seal { secret, number, seal, digest })
}

fn read_claim(text: &[u8]) -> Result<Event, LineFault> {
    let wire: ClaimWire = body(text)?;
    Ok(Event::Claim(Claim {
        run: wire.run,
        at: wire.at,
        until: wire.until,
        channel: channel(&wire.channel)?,
        notices: wire.notices.iter().map(|text| notice(text)).collect::<Result<_, _>>()?,
        closing: wire.closing,
    }))
}

fn read_released(text: &[u8]) -> Result<Event, LineFault> {
    let ReleasedWire { run, at, channel: name, why } = body(text)?;
    Ok(Event::Released { run, at, channel: channel(&name)?, why })
}

fn read_sent(text: &[u8]) -> Result<Event, LineFault> {
    let wire: SentWire = body(text)?;
    Ok(Event::Sent(Sent {
        run: wire.run,
        at: wire.at,
        channel: channel(&wire.channel)?,
        notice: notice(&wire.notice)?,
        dedup_key: wire.dedup_key,
        secret: wire.secret,
        finding: wire.finding,
        tier: wire.tier,
        expires: wire.expires,
    }))
}

fn read_closed(text: &[u8]) -> Result<Event, LineFault> {
    let ClosedWire { run, at, channel: name, dedup_key, secret } = body(text)?;
    Ok(Event::Closed { run, at, channel: channel(&name)?, resolved: Resolved { secret, dedup_key } })
}

fn read_run(text: &[u8]) -> Result<Event, LineFault> {
    let RunWire { run, at, outcome, told } = body(text)?;
    let known = [RunOutcome::Delivered, RunOutcome::Failed];
    let outcome = known
        .into_iter()
        .find(|known| known.as_str() == outcome)
        .ok_or_else(|| no_event(&format!("`{outcome}` is no outcome of a run")))?;
    Ok(Event::Run(RunEnd { run, at, outcome, told }))
}
