//! Probes, against real servers.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::common::tools;
use super::program::Program;
use super::server::{Answer, Request, Server, answer, ok};
use secrets::domain::json::UniqueMap;
use secrets::domain::probe::Probe;
use secrets::domain::record::Runner;
use secrets::domain::value::Value;
use secrets::rotate::trying::{Tried, until_verified};
use secrets::rotate::{Outside, Trial, probe};
use secrets::system::environment::Environment;
use secrets::web::Limits;

pub const CANARY: &str = "correct-horse-battery-staple";

pub fn of(kind: &str, settings: &[&str]) -> Probe {
    let mut with = UniqueMap::default();
    for setting in settings {
        let (name, value) = setting.split_once('=').unwrap();
        with.insert(name.to_owned(), value.to_owned());
    }
    Probe::parse(&Runner { kind: kind.to_owned(), with }).unwrap_or_else(|error| panic!("{error}"))
}

/// So many milliseconds in all and for one attempt.
pub fn outside(folder: &Path, whole: u64, attempt: u64) -> Outside {
    let path = std::env::join_paths(["/usr/local/bin", "/usr/bin", "/bin"]).unwrap();
    let whole = Duration::from_millis(whole);
    Outside {
        secret: "web/prod/api".parse().unwrap(),
        environment: Environment::new([("PATH".into(), path)], folder.to_owned()),
        folder: folder.to_owned(),
        limits: Limits {
            whole,
            attempt: Duration::from_millis(attempt),
            first_pause: Duration::from_millis(5),
        },
        deadline: Instant::now() + whole,
        now: "2026-03-01T12:00:00Z".parse().unwrap(),
    }
}

/// What a trial came to: `passed`, `refused: WHY`, `error: WHY`. No canary is in it.
#[track_caller]
pub fn trial(probe: &Probe, value: &[u8], outside: &Outside) -> String {
    let told = match probe::attempt(probe, &Value::new(value.to_vec()), outside) {
        Ok(Trial::Passed) => "passed".to_owned(),
        Ok(Trial::Refused(why)) => format!("refused: {why}"),
        Ok(Trial::CannotTell) => "can't tell".to_owned(),
        Err(error) => format!("error: {error}"),
    };
    assert!(!told.contains(&CANARY[..10]), "{told}");
    told
}

fn patient() -> Outside {
    outside(Path::new("/"), 20_000, 10_000)
}

fn http(server: &Server, settings: &[&str]) -> Probe {
    let url = format!("url={}/health", server.url());
    of("http", &[&[url.as_str()], settings].concat())
}

#[test]
fn a_request_carries_the_value_as_the_settings_say() {
    let server = Server::start(|_, _| ok());
    let basic = format!("Basic {}", base64("robot:correct-horse-battery-staple"));
    let bearer = format!("Bearer {CANARY}");
    for (settings, value, line, header, expected) in [
        (&[][..], CANARY.to_owned(), "GET", "authorization", bearer.as_str()),
        // What was pasted with the end of its line is meant without it.
        (&[], format!("{CANARY}\r\n"), "GET", "authorization", &bearer),
        (&["method=HEAD", "prefix="], CANARY.to_owned(), "HEAD", "authorization", CANARY),
        (&["method=POST", "header=X-Api-Key"], CANARY.to_owned(), "POST", "x-api-key", CANARY),
        (&["user=robot"], CANARY.to_owned(), "GET", "authorization", &basic),
    ] {
        assert_eq!(trial(&http(&server, settings), value.as_bytes(), &patient()), "passed", "{settings:?}");
        let request = server.requests().pop().unwrap();
        assert_eq!(request.line, format!("{line} /health HTTP/1.1"));
        assert_eq!(request.header(header), Some(expected), "{settings:?}");
        assert!(request.body.is_empty());
    }
    let before = server.requests().len();
    for value in ["two\nlines", "", "\n", "bell\u{7}"] {
        let told = trial(&http(&server, &[]), value.as_bytes(), &patient());
        assert!(told.starts_with("error: probe http: the value is empty, or has control"), "{told}");
    }
    assert_eq!(server.requests().len(), before, "nothing of it is sent");
}

fn base64(text: &str) -> String {
    let mut command = Command::new("sh");
    command.args(["-c", "printf %s \"$1\" | base64 -w0", "sh", text]);
    String::from_utf8(command.output().unwrap().stdout).unwrap()
}

#[test]
fn the_status_decides_and_a_redirect_is_one() {
    let elsewhere = Server::start(|_, _| ok());
    let location = format!("Location: {}/login?token={CANARY}\r\n", elsewhere.url());
    // It repeats what it was sent.
    let server = move |status: &'static str| {
        let location = location.clone();
        Server::start(move |_, request: &Request| {
            answer(status, &location, request.header("authorization").unwrap())
        })
    };
    for (status, expected, told) in [
        ("200 OK", "200", "passed"),
        ("204 No Content", "200,204", "passed"),
        ("302 Found", "302", "passed"),
        ("404 Not Found", "404", "passed"),
        ("503 Service Unavailable", "503", "passed"),
        ("200 OK", "204", "refused: SERVER: answered 200, and 204 is expected"),
        ("401 Unauthorized", "200,204", "refused: SERVER: answered 401, and 200 or 204 is expected"),
        ("302 Found", "200", "refused: SERVER: answered 302, and 200 is expected"),
        ("404 Not Found", "200", "refused: SERVER: answered 404, and 200 is expected"),
        // That says nothing of the value.
        ("503 Service Unavailable", "200", "error: SERVER: answered 503"),
        ("429 Too Many Requests", "200", "error: SERVER: answered 429"),
    ] {
        let server = server(status);
        let probe = http(&server, &[&format!("status={expected}")]);
        let seen = trial(&probe, CANARY.as_bytes(), &patient());
        assert_eq!(seen.replace(&server.url(), "SERVER"), told, "{status} {expected}");
        assert_eq!(server.requests().len(), 1);
    }
    assert!(elsewhere.requests().is_empty(), "the value went along: {:#?}", elsewhere.requests());
}

#[test]
fn a_server_that_is_unwell_has_neither_taken_nor_refused_it() {
    let endless = Server::start(|_, _| Answer::Endless);
    assert_eq!(trial(&http(&endless, &[]), CANARY.as_bytes(), &patient()), "passed", "no end is waited for");
    let hanging = Server::start(|_, _| Answer::Hang);
    let garbage = Server::start(|_, _| Answer::Bytes(b"\0\x1b[2J".to_vec()));
    // The pause is longer than there is time: one attempt each.
    let once = |attempt: u64| {
        let mut outside = outside(Path::new("/"), 20_000, attempt);
        outside.limits.first_pause = Duration::from_mins(1);
        outside
    };
    let said = trial(&http(&hanging, &[]), CANARY.as_bytes(), &once(150));
    assert!(said.starts_with("error: ") && said.contains("gave no answer within 1 s"), "{said}");
    let said = trial(&http(&garbage, &[]), CANARY.as_bytes(), &once(10_000));
    assert!(said.contains("could not be reached") && !said.contains('\x1b'), "{said}");
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let probe = of("http", &[&format!("url=http://{closed}/")]);
    let said = trial(&probe, CANARY.as_bytes(), &once(10_000));
    assert!(said.contains("could not be reached"), "{said}");
}

#[test]
fn what_was_refused_once_must_pass_three_times_in_a_row() {
    let verdict =
        |refused: &'static [usize], first_pause: Duration| {
            let server = Server::start(move |number, _| {
                if refused.contains(&number) { answer("401 Unauthorized", "", "") } else { ok() }
            });
            let probe = http(&server, &[]);
            let value = Value::new(CANARY.as_bytes().to_vec());
            let mut outside = patient();
            outside.limits.first_pause = first_pause;
            match until_verified(None, Some(&probe), &value, &outside, false).unwrap() {
                Tried::So(seen) => (seen.is_verified, seen.is_flaky, server.requests().len()),
                Tried::NobodyCanTell => panic!("the probe can tell"),
            }
        };
    let brief = Duration::from_millis(5);
    assert_eq!(verdict(&[], brief), (true, false, 1));
    assert_eq!(verdict(&[0], brief), (true, true, 4));
    assert_eq!(verdict(&[0, 2, 5], brief), (true, true, 9));
    // The pause is longer than there is time.
    assert_eq!(verdict(&[0], Duration::from_mins(1)), (false, false, 1));
}

/// By npm's `oidc-provider`, which is certified, and strict about how id and secret are written.
#[test]
fn a_token_is_given_for_the_right_client_secret_only() {
    const SECRET: &str = "p%4 +&=~:correct-horse-battery-staple";
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rotate/oidc.mjs");
    let server = Program::start(|port| {
        let mut command = Command::new(tools::new_node());
        command.arg(&script).arg(tools::oidc_provider()).args([&port.to_string(), SECRET]);
        command
    });
    let url = format!("token-url=http://{}/token", server.address);
    let probe = |settings: &[&str]| of("oauth2-client-credentials", &[&[url.as_str()], settings].concat());
    let refused = format!(
        "refused: http://{}: refused it with 401: invalid_client: client authentication failed",
        server.address
    );
    let bad_scope = format!("error: http://{}: answered 400: invalid_scope: ", server.address);
    for (settings, value, told) in [
        (&["client-id=web:basic"][..], SECRET, "passed"),
        (&["client-id=web:basic", "scope=api:read"], SECRET, "passed"),
        (&["client-id=web/post", "in-body=true"], SECRET, "passed"),
        (&["client-id=web:basic"], "p%4 +&=~:correct-horse-battery-stapl", &refused),
        (&["client-id=web/post", "in-body=true"], "wrong", &refused),
        (&["client-id=nobody"], SECRET, &refused),
        (&["client-id=web:basic", "scope=api:write"], SECRET, &bad_scope),
    ] {
        let seen = trial(&probe(settings), value.as_bytes(), &patient());
        assert!(seen.starts_with(told), "{settings:?}: {seen}");
    }
}

#[test]
fn what_is_no_answer_of_oauth_is_no_verdict() {
    let json = "Content-Type: application/json\r\n";
    let token = format!(r#"{{"access_token":"{CANARY}-token","token_type":"Bearer"}}"#);
    let token_without_type = format!(r#"{{"access_token":"{CANARY}-token"}}"#);
    let echoing = format!(r#"{{"error":"invalid_client","error_description":"{CANARY} is wrong"}}"#);
    for (status, body, told) in [
        ("200 OK", token.as_str(), "passed"),
        ("200 OK", &token_without_type, "error: S: answered what can't be understood: 200 without an"),
        (
            "200 OK",
            r#"{"access_token":"","token_type":"x"}"#,
            "error: S: answered what can't be understood: 200 with an empty",
        ),
        ("200 OK", "<html>", "error: S: answered what can't be understood: 200 without"),
        ("204 No Content", "", "error: S: answered what can't be understood: 204, where"),
        (
            "400 Bad Request",
            r#"{"error":"invalid_client"}"#,
            "refused: S: refused it with 400: invalid_client",
        ),
        ("400 Bad Request", r#"{"error":"unauthorized_client"}"#, "refused: S: refused it with 400: unauth"),
        ("400 Bad Request", r#"{"error":"invalid_request"}"#, "error: S: answered 400: invalid_request"),
        ("400 Bad Request", "<html>", "error: S: answered what can't be understood: 400 without"),
        ("401 Unauthorized", "<html>", "refused: S: refused it with 401, and does not say why"),
        ("401 Unauthorized", &echoing, "refused: S: refused it with 401 (what it said repeats a credential"),
        ("403 Forbidden", "no", "error: S: answered 403: no"),
        ("302 Found", "", "error: S: leads elsewhere (it does not say where)"),
    ] {
        let (sent, of_status) = (body.to_owned(), status);
        let server = Server::start(move |_, _| answer(of_status, json, &sent));
        let url = format!("token-url={}/token", server.url());
        let probe = of("oauth2-client-credentials", &[&url, "client-id=web"]);
        let seen = trial(&probe, CANARY.as_bytes(), &patient()).replace(&server.url(), "S");
        assert!(seen.starts_with(told), "{status} {body}: {seen}");
        let request = server.requests().pop().unwrap();
        assert_eq!(request.line, "POST /token HTTP/1.1");
        assert_eq!(request.body, b"grant_type=client_credentials");
    }
    let server = Server::start(|_, _| answer("200 OK", "", r#"{"access_token":"t","token_type":"Bearer"}"#));
    let url = format!("token-url={}/token", server.url());
    for (settings, header, body) in [
        (["scope=a b", "in-body=false"], true, "grant_type=client_credentials&scope=a%20b".to_owned()),
        (
            ["scope=a b", "in-body=true"],
            false,
            format!("grant_type=client_credentials&scope=a%20b&client_id=web%3A1&client_secret={CANARY}"),
        ),
    ] {
        let probe = of("oauth2-client-credentials", &[&[&url, "client-id=web:1"][..], &settings].concat());
        assert_eq!(trial(&probe, CANARY.as_bytes(), &patient()), "passed");
        let request = server.requests().pop().unwrap();
        assert_eq!(String::from_utf8(request.body.clone()).unwrap(), body);
        let basic = format!("Basic {}", base64(&format!("web%3A1:{CANARY}")));
        assert_eq!(request.header("authorization"), header.then_some(basic.as_str()));
        assert_eq!(request.header("content-type"), Some("application/x-www-form-urlencoded"));
    }
    let unwell = Server::start(|number, _| match number {
        0 => answer("503 Service Unavailable", "", ""),
        _ => answer("200 OK", "", r#"{"access_token":"t","token_type":"Bearer"}"#),
    });
    let url = format!("token-url={}/token", unwell.url());
    let probe = of("oauth2-client-credentials", &[&url, "client-id=web"]);
    assert_eq!(trial(&probe, CANARY.as_bytes(), &patient()), "passed", "it is asked again");
}

#[test]
fn a_program_gets_the_value_and_nobody_else_does() {
    let folder = tempfile::tempdir().unwrap();
    let script = "#!/bin/sh\ncat > seen\ncat /proc/$$/environ /proc/$$/cmdline > around\npwd > where\n";
    fs::write(folder.path().join("probe.sh"), script).unwrap();
    let exec = |words: &[&str]| Probe::Exec { command: words.iter().map(|&word| word.to_owned()).collect() };
    let here = outside(folder.path(), 20_000, 10_000);
    let value = format!("{CANARY}\r\n\u{1}\n");
    assert_eq!(trial(&exec(&["sh", "./probe.sh", "x"]), value.as_bytes(), &here), "passed");
    let read = |name: &str| fs::read(folder.path().join(name)).unwrap();
    assert_eq!(read("seen"), value.as_bytes(), "bytes exact");
    let around = String::from_utf8_lossy(&read("around")).into_owned();
    assert!(
        around.contains("PATH=") && around.contains("probe.sh\0x") && !around.contains(CANARY),
        "{around}"
    );
    let root = folder.path().canonicalize().unwrap();
    assert_eq!(String::from_utf8(read("where")).unwrap().trim(), root.to_str().unwrap());

    let sh = |script: &str| trial(&exec(&["sh", "-c", script]), CANARY.as_bytes(), &here);
    for (script, told) in [
        ("exit 0", "passed"),
        (
            "echo first >&2; echo 'login failed' >&2; echo >&2; exit 1",
            "refused: sh: refused it: login failed",
        ),
        ("exit 1", "refused: sh: refused it"),
        ("cat >&2; exit 1", "refused: sh: refused it (what it said repeats a credential, and is left out)"),
        ("echo oops >&2; exit 2", "error: sh: ended with exit code 2: oops"),
        ("kill -9 $$", "error: sh: was ended by a signal"),
    ] {
        assert_eq!(sh(script), told, "{script}");
    }
    let said = trial(&exec(&["./not-there"]), CANARY.as_bytes(), &here);
    assert!(said.starts_with("error: probe exec: `./not-there` is not installed"), "{said}");
    let brief = outside(folder.path(), 500, 500);
    let said = trial(&exec(&["sh", "-c", "exec tail -f /dev/null"]), CANARY.as_bytes(), &brief);
    assert!(said.contains("gave no answer within"), "{said}");
}
