//! Whoever answers with a redirect is not followed, wherever it leads: what is asked has a credential in it.

use std::collections::BTreeMap;

use secrets::domain::channel::ChannelKind;
use secrets::domain::value::Value;
use secrets::notify::{Outside, heartbeat, pushgateway};
use secrets::system::environment::Environment;

use super::messages::{CANARY, deliver, error_of, expiring, limits, message, patient, value, webhook};
use super::server::{Server, answer, ok};

const STATUSES: [&str; 8] = [
    "300 Multiple Choices",
    "301 Moved Permanently",
    "302 Found",
    "303 See Other",
    "305 Use Proxy",
    "307 Temporary Redirect",
    "308 Permanent Redirect",
    "399 Unheard Of",
];

/// Everything of ours that speaks HTTP to a server that policy or a person names, beside rotators and probes.
fn kinds(url: &str) -> Vec<ChannelKind<Value>> {
    vec![
        webhook(url),
        ChannelKind::Slack { url: value(format!("{url}/{CANARY}")) },
        ChannelKind::PagerDuty { routing_key: value(CANARY), url: value(url) },
        ChannelKind::Alertmanager {
            url: value(url),
            authorization: Some(value(format!("Bearer {CANARY}"))),
            labels: BTreeMap::new(),
        },
        ChannelKind::GithubIssue {
            repository: "example/infra".to_owned(),
            token: value(CANARY),
            url: value(url),
            labels: Vec::new(),
        },
    ]
}

#[test]
fn no_redirect_is_followed_to_wherever_it_leads() {
    let elsewhere = Server::start(|_, _| ok());
    let outside = || {
        let authorization = ("SECRETS_PUSH_AUTHORIZATION".into(), format!("Bearer {CANARY}").into());
        Outside::new(Environment::new([authorization], "/".into()), "/".into(), patient())
    };
    for status in STATUSES {
        // To another machine by another name, to the very same place, to TLS, to somebody's login, and to nowhere.
        for location in [
            format!("Location: http://localhost:{}/{CANARY}\r\n", elsewhere.address.port()),
            format!("Location: {}/again\r\n", elsewhere.url()),
            "Location: /again\r\n".to_owned(),
            format!("Location: https://{}/\r\n", elsewhere.address),
            format!("Location: //user:{CANARY}@{}/\r\n", elsewhere.address),
            String::new(),
        ] {
            let server = Server::start(move |_, _| answer(status, &location, CANARY));
            let kinds = kinds(&server.url());
            let told = kinds.len();
            for kind in kinds {
                let delivery = deliver(kind, &message(vec![expiring("web/db")], Vec::new()), patient());
                let error = error_of(&delivery);
                assert!(error.contains("leads elsewhere") && !error.contains('\u{1b}'), "{status}: {error}");
                assert!(delivery.arrived.is_empty());
            }
            let beat = heartbeat::call(&value(format!("{}/{CANARY}", server.url())), &outside()).unwrap_err();
            let pushed =
                pushgateway::push(&server.url(), "secrets", &BTreeMap::new(), Vec::new(), &outside());
            for error in [beat, pushed.unwrap_err()] {
                let error = error.to_string();
                assert!(
                    error.contains("leads elsewhere") && !error.contains(&CANARY[..8]),
                    "{status}: {error}"
                );
            }
            assert_eq!(server.requests().len(), told + 2, "{status}: each was asked once");
        }
    }
    assert!(elsewhere.requests().is_empty(), "the credential went along: {:#?}", elsewhere.requests());
}

/// No HTTP has a control character in a header: what holds one is no answer, and nothing of it is repeated.
#[test]
fn one_to_what_is_no_address_is_no_answer() {
    let elsewhere = Server::start(|_, _| ok());
    let to = elsewhere.address;
    let location = format!("Location: http://{to}/\u{1b}[31m{CANARY}\r\n");
    let server = Server::start(move |_, _| answer("302 Found", &location, CANARY));
    for kind in kinds(&server.url()) {
        let before = server.requests().len();
        let delivery = deliver(kind, &message(vec![expiring("web/db")], Vec::new()), limits(500, 500));
        let error = error_of(&delivery);
        assert!(!error.contains('\u{1b}') && !error.contains(&CANARY[..8]), "{error}");
        assert!(error.contains("could not be reached") && delivery.arrived.is_empty(), "{error}");
        assert!(server.requests().len() > before, "it was asked");
    }
    assert!(elsewhere.requests().is_empty(), "the credential went along: {:#?}", elsewhere.requests());
}
