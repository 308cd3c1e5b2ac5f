//! What servers do when they are unwell, or not who they should be.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::messages::{CANARY, deliver, error_of, expiring, limits, message, over, patient, value, webhook};
use super::server::{Answer, Server, answer, ok};
use secrets::domain::channel::ChannelKind;
use secrets::notify::{Outside, heartbeat};
use secrets::system::environment::Environment;

fn one() -> secrets::domain::notice::Message {
    message(vec![expiring("web/db")], vec![over(&expiring("mail/relay"))])
}

#[test]
fn what_is_only_for_now_is_asked_again_until_it_is_taken() {
    let server = Server::start(|number, _| match number {
        0 => answer("500 Internal Server Error", "", "<html>"),
        1 => answer("408 Request Timeout", "", ""),
        2 => answer("429 Too Many Requests", "Retry-After: 0\r\n", ""),
        3 => answer("503 Service Unavailable", "Retry-After: soon\r\n", ""),
        4 => Answer::Bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut off".to_vec()),
        5 => Answer::Bytes(Vec::new()),
        6 => Answer::Bytes(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()),
        7 => Answer::Hang,
        _ => answer("204 No Content", "", ""),
    });
    let message = one();
    let delivery = deliver(webhook(&server.url()), &message, limits(20_000, 1000));
    assert_eq!(delivery.error, None);
    let keys = [&message.notices[0].dedup_key, &message.resolved[0].dedup_key];
    assert_eq!(delivery.arrived.iter().collect::<Vec<_>>(), {
        let mut keys = keys;
        keys.sort();
        keys
    });
    let requests = server.requests();
    assert_eq!(requests.len(), 9);
    for request in &requests {
        assert_eq!(request.line, format!("POST /{CANARY}?token={CANARY} HTTP/1.1"));
        assert_eq!(request.header("authorization").unwrap(), format!("Bearer {CANARY}"));
        assert_eq!(request.header("content-type"), Some("application/json"));
        assert!(request.header("user-agent").unwrap().starts_with("secrets/"));
        assert!(request.header("idempotency-key").is_some_and(|key| key.len() > 32));
        // The same message has the same key, however often it comes.
        assert_eq!(request.header("idempotency-key"), requests[0].header("idempotency-key"));
        assert_eq!(request.body, requests[0].body);
        assert_eq!(request.json()["notices"][0]["secret"], "web/db");
    }
}

#[test]
fn whoever_asks_for_time_is_given_it() {
    // It counts itself whether it was left alone for as long as it asked for.
    let asking = |header: &'static str| {
        let first = Mutex::new(None);
        Server::start(move |_, _| {
            let asked = *first.lock().unwrap().get_or_insert_with(Instant::now);
            if asked.elapsed() < Duration::from_secs(1) {
                return answer("429 Too Many Requests", header, "");
            }
            ok()
        })
    };
    let seconds = asking("Retry-After: 1\r\n");
    let date =
        asking("Date: Sun, 06 Nov 1994 08:49:36 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
    std::thread::scope(|scope| {
        for server in [&seconds, &date] {
            scope.spawn(|| assert_eq!(deliver(webhook(&server.url()), &one(), patient()).error, None));
        }
    });
    assert_eq!((seconds.requests().len(), date.requests().len()), (2, 2));
}

#[test]
fn nobody_waits_for_longer_than_there_is() {
    for header in [
        "Retry-After: 3600\r\n",
        "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 09:49:37 GMT\r\n",
    ] {
        let server = Server::start(move |_, _| answer("429 Too Many Requests", header, ""));
        let delivery = deliver(webhook(&server.url()), &one(), patient());
        let error = error_of(&delivery);
        assert!(error.contains("answered 429") && error.contains("in 3600 s"), "{error}");
        assert!(delivery.arrived.is_empty());
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn what_stays_unwell_is_said_when_the_time_is_over() {
    // As servers do, it repeats what it was asked for.
    let echo = |_, request: &super::server::Request| {
        answer("500 Internal Server Error", "", &format!("Cannot {}", request.line))
    };
    let (echoing, garbage) =
        (Server::start(echo), Server::start(|_, _| Answer::Bytes(b"\0\x1b[2J".to_vec())));
    let hanging = Server::start(|_, _| Answer::Hang);
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let short = limits(1500, 1500);
    let cases = [
        (echoing.url(), short, "answered 500 (what it said repeats a credential, and is left out)"),
        (garbage.url(), short, "could not be reached"),
        (hanging.url(), limits(400, 150), "gave no answer within 1 s"),
        (format!("http://{closed}"), short, "could not be reached"),
    ];
    std::thread::scope(|scope| {
        for (url, limits, says) in &cases {
            scope.spawn(move || {
                let delivery = deliver(webhook(url), &one(), *limits);
                let error = error_of(&delivery);
                assert!(error.starts_with(url) && error.contains(says), "{error}");
                assert!(!error.contains('\x1b') && delivery.arrived.is_empty());
            });
        }
    });
    assert!(echoing.requests().len() > 1 && garbage.requests().len() > 1);
}

#[test]
fn what_is_refused_is_not_asked_again() {
    for status in
        ["400 Bad Request", "401 Unauthorized", "403 Forbidden", "404 Not Found", "410 Gone", "422 X"]
    {
        let server = Server::start(move |_, _| answer(status, "", "no_service\x1b[2J"));
        let error = error_of(&deliver(webhook(&server.url()), &one(), patient()));
        let expected = format!("{}: answered {}: no_service\\u{{1b}}[2J", server.url(), &status[..3]);
        assert_eq!(error, expected);
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn a_redirect_takes_nothing_along() {
    let elsewhere = Server::start(|_, _| ok());
    let port = elsewhere.address.port();
    for status in ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let location = format!("Location: http://localhost:{port}/{CANARY}\r\n");
        let server = Server::start(move |_, _| answer(status, &location, ""));
        for kind in [
            webhook(&server.url()),
            ChannelKind::Slack { url: value(format!("{}/{CANARY}", server.url())) },
            ChannelKind::PagerDuty { routing_key: value(CANARY), url: value(server.url()) },
        ] {
            let delivery = deliver(kind, &one(), patient());
            let error = error_of(&delivery);
            assert!(error.contains(&format!("leads elsewhere (http://localhost:{port})")), "{error}");
            assert!(delivery.arrived.is_empty());
        }
        assert_eq!(server.requests().len(), 3);
    }
    assert!(elsewhere.requests().is_empty(), "the credential went along: {:#?}", elsewhere.requests());
}

#[test]
fn an_answer_without_end_is_read_as_far_as_it_matters() {
    let server = Server::start(|_, _| Answer::Endless);
    assert_eq!(deliver(webhook(&server.url()), &one(), patient()).error, None);
    let slack = ChannelKind::Slack { url: value(server.url()) };
    assert!(error_of(&deliver(slack, &one(), patient())).contains("can't be understood"));
}

#[test]
fn nothing_is_called_that_others_could_read_along_and_nothing_to_say_is_not_said() {
    let kinds = |url: &str| {
        [
            webhook(url),
            ChannelKind::Slack { url: value(format!("{url}/{CANARY}")) },
            ChannelKind::PagerDuty { routing_key: value(CANARY), url: value(url) },
            ChannelKind::Alertmanager { url: value(url), authorization: None, labels: [].into() },
        ]
    };
    for kind in kinds("http://192.0.2.1") {
        let error = error_of(&deliver(kind, &one(), patient()));
        assert!(error.starts_with("url: ") && error.contains("in clear"), "{error}");
    }
    let header = ChannelKind::Webhook {
        url: value("https://192.0.2.1"),
        authorization: Some(value(format!("Bearer {CANARY}\r\nX: y"))),
    };
    assert!(error_of(&deliver(header, &one(), patient())).starts_with("authorization: "));
    let server = Server::start(|_, _| answer("500 X", "", ""));
    for kind in kinds(&server.url()) {
        let delivery = deliver(kind, &message(Vec::new(), Vec::new()), patient());
        assert!(delivery.error.is_none() && delivery.arrived.is_empty());
    }
    assert!(server.requests().is_empty());
}

#[test]
fn a_heartbeat_is_one_get() {
    let server =
        Server::start(|number, _| if number == 0 { answer("502 Bad Gateway", "", "") } else { ok() });
    let outside = Outside::new(Environment::new([], "/".into()), "/".into(), patient());
    heartbeat::call(&value(format!("{}/{CANARY}", server.url())), &outside).unwrap();
    let requests = server.requests();
    assert_eq!((requests.len(), requests[1].line.as_str()), (2, &*format!("GET /{CANARY} HTTP/1.1")));
    let gone = Server::start(|_, request| answer("404 Not Found", "", &request.line));
    let error =
        heartbeat::call(&value(format!("{}/{CANARY}", gone.url())), &outside).unwrap_err().to_string();
    assert!(error.contains("answered 404") && !error.contains(&CANARY[..8]), "{error}");
}
