//! From a secret that ended to somebody who is told, through a real Alertmanager, and back.

use std::process::Command;

use crate::desk::Desk;
use crate::program::alertmanager;
use crate::server::{Request, Server, ok};

/// Alertmanager judges by the clock of this machine.
fn now() -> String {
    let date = Command::new("date").args(["-u", "+%Y-%m-%dT%H:%M:%SZ"]).output().unwrap();
    String::from_utf8(date.stdout).unwrap().trim().to_owned()
}

/// How often the receiver was told that an alert of this secret is in this state.
fn told(requests: &[Request], secret: &str, status: &str) -> usize {
    let documents = requests.iter().map(Request::json);
    let alerts = documents.flat_map(|document| document["alerts"].as_array().unwrap().clone());
    alerts.filter(|alert| alert["labels"]["secret"] == secret && alert["status"] == status).count()
}

#[test]
fn an_alert_is_routed_to_who_is_told_and_is_over_when_it_is_mended() {
    let desk = Desk::with("");
    let receiver = Server::start(|_, _| ok());
    let folder = desk.sandbox.path("alertmanager");
    std::fs::create_dir(&folder).unwrap();
    let manager = alertmanager(&folder, &receiver.url());
    let address = &manager.address;
    desk.policy(&format!(
        "[[notify]]\nkind = \"alertmanager\"\nurl = \"http://{address}\"\nlabels = {{ team = \"infra\" }}\n"
    ));
    let count = |status: &str| told(&receiver.requests(), "web/prod/db", status);
    desk.warned_at(&now()).code(0).says("web/prod/db");
    receiver.wait_for(|requests| (told(requests, "web/prod/db", "firing") > 0).then_some(()));
    // What was told is posted again, lest it be forgotten, and is no new alert.
    desk.warned_at(&now()).code(0).says("1 told before");
    assert_eq!((count("firing"), count("resolved")), (1, 0));
    desk.renew("web/prod/db", "2099-01-01", "hunter2-new", &now());
    desk.warned_at(&now()).code(0).says("no longer due");
    receiver.wait_for(|requests| (told(requests, "web/prod/db", "resolved") > 0).then_some(()));
    assert_eq!(count("firing"), 1);
}
