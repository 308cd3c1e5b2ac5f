//! Events API v2 of `PagerDuty`: one alert for each notice, opened with `trigger` and closed with `resolve`.
//! <https://developer.pagerduty.com/docs/send-alert-event>.

use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::{Delivery, Outside, document, wording};
use crate::domain::check_id::CheckId;
use crate::domain::finding::Level;
use crate::domain::json;
use crate::domain::notice::{Message, Notice, Origin, Topic};
use crate::domain::value::Value;
use crate::web::{Request, ServiceError, Target, send};

/// The longest summary, in characters.
const MOST_SUMMARY: usize = 1024;
/// The longest of the other texts, so that an event stays far below its 512 KB.
const MOST_TEXT: usize = 1024;

#[derive(Serialize)]
struct Alert<'a> {
    routing_key: &'a str,
    event_action: &'static str,
    dedup_key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<Payload>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    links: Vec<Link>,
}

#[derive(Serialize)]
struct Payload {
    summary: String,
    source: String,
    severity: &'static str,
    timestamp: String,
    component: String,
    group: String,
    class: &'static str,
    custom_details: Details,
}

#[derive(Serialize)]
struct Details {
    message: String,
    remedy: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    days_left: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tier: Option<String>,
    owners: Vec<String>,
    people: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    runbook: Option<String>,
}

#[derive(Serialize)]
struct Link {
    href: String,
    text: &'static str,
}

#[derive(Deserialize)]
struct Accepted {
    status: String,
}

/// Each notice by itself: what arrived is not told again because of what did not.
pub fn deliver(routing_key: &Value, url: &Value, message: &Message, outside: &Outside) -> Delivery {
    let mut delivery = Delivery::default();
    let (target, key) = match (target(url), text_of(routing_key)) {
        (Ok(target), Ok(key)) => (target, key),
        (Err(error), _) | (_, Err(error)) => {
            delivery.error = Some(error);
            return delivery;
        }
    };
    let events = events(message, key);
    for (number, event) in events.iter().enumerate() {
        let deadline = share(outside, events.len() - number);
        let request = Request::post(&target, document::bytes(event)).keeping(routing_key);
        match enqueue(&request, &target, outside, deadline) {
            Ok(()) => {
                delivery.arrived.insert(event.dedup_key.to_owned());
            }
            Err(error) => {
                let is_hopeless = concerns_all(&error);
                // The first says most: what comes after it may only be out of time.
                delivery.error.get_or_insert(error);
                if is_hopeless {
                    break;
                }
            }
        }
    }
    delivery
}

fn target(url: &Value) -> Result<Target, ServiceError> {
    Ok(Target::parse("url", url)?.at(&["v2", "enqueue"]))
}

fn text_of(routing_key: &Value) -> Result<&str, ServiceError> {
    std::str::from_utf8(routing_key.expose()).map(str::trim).map_err(|_| ServiceError::Setting {
        what: "routing-key".to_owned(),
        why: "is no text; it is the integration key of a service, 32 characters".to_owned(),
    })
}

/// Until when an event may be tried: its part of what is left, and at least one attempt. One that is always refused does
/// not use up the time of all.
fn share(outside: &Outside, events: usize) -> Instant {
    let now = Instant::now();
    let left = outside.deadline.saturating_duration_since(now);
    let part = left / u32::try_from(events).unwrap_or(u32::MAX);
    now + part.max(outside.limits.attempt.min(left))
}

fn enqueue(
    request: &Request,
    target: &Target,
    outside: &Outside,
    deadline: Instant,
) -> Result<(), ServiceError> {
    let answer = send(request, outside.limits, deadline)?;
    if is_taken(answer.status, &answer.body) {
        return Ok(());
    }
    let why = "PagerDuty answers 202 and `success` when it has taken an event".to_owned();
    Err(ServiceError::Garbage { to: target.to_string(), why })
}

/// Whether it says that it has taken an event.
pub fn is_taken(status: u16, body: &[u8]) -> bool {
    let accepted = json::read::<Accepted>(body);
    status == 202 && accepted.is_ok_and(|accepted| accepted.status == "success")
}

/// Whether the next event would fare no better: nobody there, or the key is not taken.
fn concerns_all(error: &ServiceError) -> bool {
    match error {
        ServiceError::Status { status: 400, said, .. } => said.to_ascii_lowercase().contains("routing"),
        ServiceError::Status { status, .. } => matches!(status, 401 | 403 | 404 | 429),
        ServiceError::Setting { .. }
        | ServiceError::Unreachable { .. }
        | ServiceError::TooSlow { .. }
        | ServiceError::Later { .. }
        | ServiceError::Redirected { .. }
        | ServiceError::Garbage { .. } => true,
        ServiceError::Program { .. } => false,
    }
}

fn events<'a>(message: &'a Message, routing_key: &'a str) -> Vec<Alert<'a>> {
    let opened = message.notices.iter().map(|notice| Alert {
        routing_key,
        event_action: "trigger",
        dedup_key: &notice.dedup_key,
        payload: Some(payload(notice, message)),
        links: links(notice),
    });
    let closed = message.resolved.iter().map(|resolved| Alert {
        routing_key,
        event_action: "resolve",
        dedup_key: &resolved.dedup_key,
        payload: None,
        links: Vec::new(),
    });
    opened.chain(closed).collect()
}

fn payload(notice: &Notice, message: &Message) -> Payload {
    let short = |text: &str| wording::cut(text, MOST_TEXT);
    Payload {
        summary: wording::cut(&wording::headline(notice), MOST_SUMMARY),
        source: short(&source(&message.origin)),
        severity: severity(notice),
        timestamp: message.at.to_string(),
        component: short(&wording::name(notice)),
        group: short(&wording::plain(message.origin.repository.as_ref().unwrap_or(&message.origin.store))),
        class: notice.topic.as_str(),
        custom_details: Details {
            message: wording::plain(&notice.message),
            remedy: wording::command(notice),
            expires: notice.expires.map(|expires| expires.to_string()),
            days_left: notice.days_left,
            tier: notice.tier.map(|tier| tier.to_string()),
            owners: notice.owners.iter().map(|owner| wording::plain(owner.as_str())).collect(),
            people: notice.people.iter().map(wording::person).collect(),
            issuer: notice.issuer.as_ref().map(wording::issuer),
            runbook: notice.runbook.as_deref().map(wording::plain),
        },
    }
}

/// `github.com/org/infra/secrets`.
fn source(origin: &Origin) -> String {
    let parts = origin.repository.as_deref().into_iter().chain([origin.store.as_str()]);
    parts.map(wording::plain).collect::<Vec<_>>().join("/")
}

/// Logins that break, or deploys that are blocked for it, wake somebody up; a fault of another kind is one.
fn severity(notice: &Notice) -> &'static str {
    match (notice.topic, notice.level) {
        (Topic::Check(CheckId::Expired), _) => "critical",
        (topic, Level::Error) if topic.is_expiry() => "critical",
        (_, Level::Error) => "error",
        (_, Level::Warning | Level::Off) => "warning",
    }
}

fn links(notice: &Notice) -> Vec<Link> {
    let runbook = notice.runbook.iter().filter(|runbook| runbook.starts_with("https://"));
    runbook.map(|runbook| Link { href: wording::plain(runbook), text: "runbook" }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::samples;

    #[test]
    fn only_what_says_so_is_taken() {
        assert!(is_taken(202, br#" {"status":"success","message":"Event processed"}"#));
        assert!(!is_taken(200, br#"{"status":"success"}"#));
        for body in
            [&br#"{"status":"invalid event"}"#[..], br#"["success"]"#, br#""success""#, b"success", b""]
        {
            assert!(!is_taken(202, body), "{}", body.escape_ascii());
        }
    }

    #[test]
    fn an_event_for_each_notice_and_for_each_that_is_over() {
        let mut message = samples::message();
        message.notices[1].runbook = Some("https://wiki.example/azuread".to_owned());
        let key = "k".repeat(32);
        let events = events(&message, &key);
        let told =
            events.iter().map(|event| (event.event_action, event.payload.as_ref().map(|p| p.severity)));
        assert_eq!(
            told.collect::<Vec<_>>(),
            [
                ("trigger", Some("error")),
                ("trigger", Some("critical")),
                ("trigger", Some("warning")),
                ("resolve", None)
            ]
        );
        insta::assert_snapshot!(serde_json::to_string_pretty(&events[1]).unwrap(), @r#"
        {
          "routing_key": "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk",
          "event_action": "trigger",
          "dedup_key": "secrets:01MB78QN000000000000000007:expiry:utoronto/prod/azuread-client",
          "payload": {
            "summary": "utoronto/prod/azuread-client: expired 8 days ago (2027-08-16)",
            "source": "github.com/example/infra/secrets",
            "severity": "critical",
            "timestamp": "2027-08-24T00:00:00Z",
            "component": "utoronto/prod/azuread-client",
            "group": "github.com/example/infra",
            "class": "expired",
            "custom_details": {
              "message": "expired 8 days ago (2027-08-16)",
              "remedy": "secrets set utoronto/prod/azuread-client",
              "expires": "2027-08-16T00:00:00Z",
              "days_left": -8,
              "tier": "0d",
              "owners": [
                "infra"
              ],
              "people": [
                "alice (@alice)",
                "bob"
              ],
              "issuer": "University of Toronto IT (it@example.org)",
              "runbook": "https://wiki.example/azuread"
            }
          },
          "links": [
            {
              "href": "https://wiki.example/azuread",
              "text": "runbook"
            }
          ]
        }
        "#);
        assert_eq!(
            serde_json::to_value(&events[3]).unwrap(),
            serde_json::json!({
                "routing_key": key, "event_action": "resolve", "dedup_key": message.resolved[0].dedup_key
            })
        );
    }

    #[test]
    fn an_end_that_blocks_deploys_is_critical() {
        let mut notice = samples::notice("web/db");
        assert_eq!(severity(&notice), "warning");
        notice.level = Level::Error;
        assert_eq!(severity(&notice), "critical");
        assert_eq!(severity(&samples::unchecked()), "error");
    }
}
