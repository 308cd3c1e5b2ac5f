//! A stand-in for `PagerDuty` that holds every request against the documented contract of Events API v2:
//! <https://developer.pagerduty.com/docs/send-alert-event>,
//! <https://developer.pagerduty.com/docs/events-api-v2-overview>.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value as Json, json};

use super::messages::{deliver, error_of, expired, expiring, limits, message, over, patient, value};
use super::server::{Answer, Request, Server, answer};
use secrets::domain::channel::ChannelKind;
use secrets::domain::notice::Message;
use secrets::domain::value::Value;

const KEY: &str = "0123456789abcdef0123456789abcdef";
const MOST_BYTES: usize = 512 * 1024;

/// The faults of a request, as `PagerDuty` words some of them.
fn faults(request: &Request) -> Vec<String> {
    let mut faults = Vec::new();
    let mut check = |holds: bool, fault: &str| {
        if !holds {
            faults.push(fault.to_owned());
        }
    };
    check(request.line == "POST /v2/enqueue HTTP/1.1", "another address");
    check(request.header("content-type") == Some("application/json"), "another content type");
    check(request.body.len() <= MOST_BYTES, "more than 512 KB");
    let Ok(Json::Object(event)) = serde_json::from_slice(&request.body) else {
        return vec!["no JSON object".to_owned()];
    };
    let text =
        |object: &Map<String, Json>, key: &str| object.get(key).and_then(Json::as_str).map(str::to_owned);
    let only =
        |object: &Map<String, Json>, known: &[&str]| object.keys().all(|key| known.contains(&key.as_str()));
    check(
        text(&event, "routing_key").is_some_and(|key| key.len() == 32),
        "Length of 'routing_key' is incorrect (should be 32 characters)",
    );
    check(
        text(&event, "dedup_key").is_some_and(|key| (1..=255).contains(&key.chars().count())),
        "'dedup_key' is longer than 255",
    );
    match text(&event, "event_action").as_deref() {
        Some("trigger") => {
            check(
                only(
                    &event,
                    &[
                        "routing_key",
                        "event_action",
                        "dedup_key",
                        "payload",
                        "links",
                        "images",
                        "client",
                        "client_url",
                    ],
                ),
                "unknown keys of a trigger",
            );
            let payload = event.get("payload").and_then(Json::as_object).cloned().unwrap_or_default();
            let known = [
                "summary",
                "source",
                "severity",
                "timestamp",
                "component",
                "group",
                "class",
                "custom_details",
            ];
            check(only(&payload, &known), "unknown keys of the payload");
            let summary = text(&payload, "summary").map_or(0, |summary| summary.chars().count());
            check((1..=1024).contains(&summary), "'payload.summary' is missing or longer than 1024");
            check(
                text(&payload, "source").is_some_and(|source| !source.is_empty()),
                "'payload.source' is missing",
            );
            let severity = text(&payload, "severity").unwrap_or_default();
            check(
                ["critical", "error", "warning", "info"].contains(&severity.as_str()),
                "'payload.severity' is invalid",
            );
            let timestamp = text(&payload, "timestamp").unwrap_or_default();
            check(
                chrono::DateTime::parse_from_rfc3339(&timestamp).is_ok(),
                "'payload.timestamp' is no ISO 8601",
            );
            for key in ["component", "group", "class"] {
                check(payload.get(key).is_none_or(Json::is_string), "a text of the payload is none");
            }
            check(payload.get("custom_details").is_none_or(Json::is_object), "'custom_details' is no object");
            let links = event.get("links").cloned().unwrap_or_else(|| json!([]));
            let is_link = |link: &Json| {
                let link = link.as_object().cloned().unwrap_or_default();
                only(&link, &["href", "text"])
                    && text(&link, "href").is_some_and(|href| href.starts_with("https://"))
            };
            check(links.as_array().is_some_and(|links| links.iter().all(is_link)), "'links' are no links");
        }
        Some("acknowledge" | "resolve") => {
            check(only(&event, &["routing_key", "event_action", "dedup_key"]), "unknown keys of a resolve");
        }
        _ => check(false, "'event_action' is invalid"),
    }
    faults
}

#[derive(Default)]
struct Account {
    open: BTreeSet<String>,
    faults: Vec<String>,
}

/// With what it has open, and all that was ever wrong. The first request comes too early; `refused` is a part of a key that
/// it does not take, and of `unwell` it can't take any.
fn start(refused: &'static str, unwell: &'static str) -> (Server, Arc<Mutex<Account>>) {
    let account = Arc::new(Mutex::new(Account::default()));
    let kept = Arc::clone(&account);
    let server = Server::start(move |number, request| {
        let mut account = kept.lock().unwrap();
        if number == 0 {
            return answer("429 Too Many Requests", "", "");
        }
        let faults = faults(request);
        let event = request.json();
        let key = event["dedup_key"].as_str().unwrap_or_default().to_owned();
        account.faults.extend(faults.clone());
        if !faults.is_empty() || (!refused.is_empty() && key.contains(refused)) {
            return invalid(&faults);
        }
        if !unwell.is_empty() && key.contains(unwell) {
            return answer("500 Internal Server Error", "", "");
        }
        match event["event_action"].as_str() {
            Some("trigger") => account.open.insert(key.clone()),
            _ => account.open.remove(&key),
        };
        let taken = json!({ "status": "success", "message": "Event processed", "dedup_key": key });
        answer("202 Accepted", "Content-Type: application/json\r\n", &taken.to_string())
    });
    (server, account)
}

fn invalid(faults: &[String]) -> Answer {
    let body = json!({ "status": "invalid event", "message": "Event object is invalid", "errors": faults });
    answer("400 Bad Request", "Content-Type: application/json\r\n", &body.to_string())
}

fn channel(server: &Server, key: &str) -> ChannelKind<Value> {
    ChannelKind::PagerDuty { routing_key: value(format!("{key}\n")), url: value(server.url()) }
}

fn three() -> Message {
    message(vec![expired("utoronto/prod/azuread"), expiring("web/db"), expiring("mail/relay")], Vec::new())
}

fn keys(message: &Message) -> BTreeSet<String> {
    message.notices.iter().map(|notice| notice.dedup_key.clone()).collect()
}

#[test]
fn alerts_are_opened_and_resolved_by_the_contract() {
    let (server, account) = start("", "");
    let mut opening = three();
    // As long as anything can be.
    opening.notices[1].message = "ä&\n".repeat(20_000);
    opening.notices[1].remedy = "x".repeat(100_000);
    opening.notices[1].runbook = Some(format!("https://wiki.example.org/{}", "y".repeat(100_000)));
    opening.origin.repository = Some("z".repeat(100_000));
    let delivery = deliver(channel(&server, KEY), &opening, patient());
    assert_eq!((account.lock().unwrap().faults.clone(), delivery.error), (Vec::<String>::new(), None));
    assert_eq!((delivery.arrived, account.lock().unwrap().open.clone()), (keys(&opening), keys(&opening)));
    assert_eq!(server.requests().len(), 4, "the first came too early and was sent again");
    assert_eq!(server.requests()[1].json()["payload"]["severity"], "critical");

    let mended = expired("web/db");
    let closing = message(vec![expired("mail/relay")], vec![over(&mended)]);
    let delivery = deliver(channel(&server, KEY), &closing, patient());
    assert_eq!((account.lock().unwrap().faults.clone(), delivery.error), (Vec::<String>::new(), None));
    assert_eq!(delivery.arrived.len(), 2);
    let left = &account.lock().unwrap().open;
    assert!(!left.contains(&mended.dedup_key) && left.len() == 2, "{left:?}");
}

#[test]
fn one_alert_that_is_refused_or_never_taken_stops_no_other() {
    for (refused, unwell, says) in [("web/db", "", "answered 400"), ("", "web/db", "answered 500")] {
        let (server, account) = start(refused, unwell);
        let message = three();
        let delivery = deliver(channel(&server, KEY), &message, limits(3000, 1000));
        assert!(error_of(&delivery).contains(says));
        assert_eq!(delivery.arrived.len(), 2);
        assert!(!delivery.arrived.contains(&message.notices[1].dedup_key));
        assert_eq!(account.lock().unwrap().open, delivery.arrived);
    }
}

#[test]
fn where_the_key_is_wrong_or_nobody_is_there_one_attempt_says_so_for_all() {
    let (server, account) = start("", "");
    let delivery = deliver(channel(&server, &KEY[1..]), &three(), patient());
    let error = delivery.error.unwrap().to_string();
    assert!(error.contains("answered 400") && error.contains("should be 32 characters"), "{error}");
    assert!(!error.contains(&KEY[1..12]), "{error}");
    assert_eq!((delivery.arrived.len(), server.requests().len()), (0, 2));
    assert!(account.lock().unwrap().open.is_empty());
    for status in ["401 Unauthorized", "403 Forbidden"] {
        let server = Server::start(move |_, _| answer(status, "", ""));
        assert!(deliver(channel(&server, KEY), &three(), patient()).arrived.is_empty());
        assert_eq!(server.requests().len(), 1);
    }
    let server = Server::start(|_, _| answer("200 OK", "", "ok"));
    let delivery = deliver(channel(&server, KEY), &three(), patient());
    assert!(error_of(&delivery).contains("can't be understood") && delivery.arrived.is_empty());
}
