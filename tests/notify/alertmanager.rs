//! A real Alertmanager, which routes our alerts to a receiver and tells it when they are over.

use std::process::Command;

use serde_json::Value as Json;

use super::messages::{at, deliver, error_of, expired, expiring, message, over, patient, value};
use super::program::alertmanager;
use super::server::{Request, Server, answer, ask, ok};
use secrets::domain::channel::ChannelKind;
use secrets::domain::notice::{Message, Notice};
use secrets::domain::time::Instant;

/// Alertmanager judges by the clock of this machine, whatever the message says.
fn now() -> Instant {
    let date = Command::new("date").args(["-u", "+%Y-%m-%dT%H:%M:%SZ"]).output().unwrap();
    at(String::from_utf8(date.stdout).unwrap().trim())
}

/// What the receiver was told of a secret, the newest first: whether it burns, and the alert.
fn told(requests: &[Request], secret: &str) -> Vec<(String, Json)> {
    let documents = requests.iter().rev().map(Request::json);
    let alerts = documents.flat_map(|document| document["alerts"].as_array().unwrap().clone());
    let alerts = alerts.filter(|alert| alert["labels"]["secret"] == secret);
    alerts.map(|alert| (alert["status"].as_str().unwrap().to_owned(), alert)).collect()
}

#[test]
fn an_alert_is_routed_stays_the_same_alert_and_is_over_when_it_is_mended() {
    let folder = tempfile::tempdir().unwrap();
    let receiver = Server::start(|_, _| ok());
    let manager = alertmanager(folder.path(), &receiver.url());
    let tell = |standing: Vec<Notice>, resolved| {
        let labels = [("team".to_owned(), "infra".to_owned())].into();
        let url = value(format!("http://{}", manager.address));
        let kind = ChannelKind::Alertmanager { url, authorization: None, labels };
        let now = now();
        let since = |notice: Notice| Notice { since: now, ..notice };
        let standing = standing.into_iter().map(since).collect();
        // What was told before is not due, and is posted all the same.
        let message = Message { at: now, standing, ..message(Vec::new(), resolved) };
        let delivery = deliver(kind, &message, patient());
        assert_eq!(delivery.error, None);
        delivery.arrived
    };
    assert!(tell(vec![expiring("web/db"), expiring("mail/relay")], Vec::new()).is_empty());
    let (status, alert) = receiver.wait_for(|requests| told(requests, "web/db").into_iter().next());
    assert_eq!((status.as_str(), &alert["labels"]["alertname"]), ("firing", &Json::from("SecretExpiry")));
    assert_eq!(alert["annotations"]["remedy"], "secrets set web/db");
    assert_eq!(alert["annotations"]["runbook_url"], "https://wiki.example.org/runbooks/azuread");
    receiver.wait_for(|requests| told(requests, "mail/relay").into_iter().next());

    // It hardens, and its owner is another: the same alert.
    tell(vec![expired("web/db"), expiring("mail/relay")], Vec::new());
    let alerts = ask(&manager.address, "GET", "/api/v2/alerts", "", "");
    let alerts = alerts.as_array().unwrap();
    assert_eq!(alerts.len(), 2, "{alerts:#?}");
    let summaries = alerts.iter().map(|alert| alert["annotations"]["summary"].as_str().unwrap());
    assert!(summaries.clone().any(|summary| summary.starts_with("web/db: expired 8 days ago")));

    let arrived = tell(vec![expiring("mail/relay")], vec![over(&expired("web/db"))]);
    assert_eq!(arrived, [expired("web/db").dedup_key].into());
    receiver
        .wait_for(|requests| told(requests, "web/db").into_iter().find(|(status, _)| status == "resolved"));
    let alerts = ask(&manager.address, "GET", "/api/v2/alerts", "", "");
    let secrets = alerts.as_array().unwrap().iter().map(|alert| alert["labels"]["secret"].clone());
    assert_eq!(secrets.collect::<Vec<_>>(), ["mail/relay"]);
    assert!(told(&receiver.requests(), "mail/relay").iter().all(|(status, _)| status == "firing"));
}

#[test]
fn behind_a_proxy_it_is_told_who_asks_and_what_it_refuses_is_said() {
    let server = Server::start(|_, _| answer("400 Bad Request", "", "\"bad labels\""));
    let kind = ChannelKind::Alertmanager {
        url: value(format!("{}/alertmanager/", server.url())),
        authorization: Some(value("Basic dXNlcjpwYXNz")),
        labels: [].into(),
    };
    let delivery = deliver(kind, &message(vec![expiring("web/db")], Vec::new()), patient());
    assert!(error_of(&delivery).ends_with("answered 400: \"bad labels\"") && delivery.arrived.is_empty());
    let requests = server.requests();
    assert_eq!(requests[0].line, "POST /alertmanager/api/v2/alerts HTTP/1.1");
    assert_eq!(requests[0].header("authorization"), Some("Basic dXNlcjpwYXNz"));
}
