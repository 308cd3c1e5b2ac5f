//! Issues of GitHub, kept by npm's emulate. Between us and it stands a relay that writes down what is asked, and can spoil it.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use secrets::domain::channel::ChannelKind;
use secrets::domain::check_id::CheckId;
use secrets::domain::finding::Level;
use secrets::domain::notice::{Message, Notice, Tier, Topic};
use secrets::domain::period::Period;
use secrets::domain::value::Value;
use secrets::notify::Delivery;
use serde_json::Value as Json;

use crate::messages::{at, message, notice, refused, resolved, tell, value};
use crate::tools;

const SEED: &str = "\
tokens:
  token-of-the-robot: { login: robot, scopes: [repo] }
  token-of-nobody: { login: nobody, scopes: [] }
github:
  users: [{ login: robot }, { login: nobody }]
  repos: [{ owner: robot, name: infra, private: true }]
";

/// What the relay does to what passes.
#[derive(Clone, Copy, PartialEq)]
enum Spoil {
    Nothing,
    /// The answer to what opens an issue is lost, once.
    Answer,
    /// No label reaches GitHub.
    Labels,
}

struct Github {
    child: Child,
    port: u16,
    relay: u16,
    asked: Arc<Mutex<Vec<String>>>,
    spoil: Arc<Mutex<Spoil>>,
}

impl Drop for Github {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Github {
    fn start(folder: &Path) -> Self {
        let seed = folder.join("seed.yaml");
        fs::write(&seed, SEED).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new(tools::new_node());
        command.arg(tools::emulate()).args([
            "start",
            "--service",
            "github",
            "--port",
            &port.to_string(),
            "--seed",
        ]);
        let child = command.arg(&seed).current_dir(folder).stdout(Stdio::null()).spawn().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let relay = listener.local_addr().unwrap().port();
        let (asked, spoil) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Spoil::Nothing)));
        let mut github = Self { child, port, relay, asked: Arc::clone(&asked), spoil: Arc::clone(&spoil) };
        let until = Instant::now() + Duration::from_mins(1);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(
                Instant::now() < until && github.child.try_wait().unwrap().is_none(),
                "emulate does not begin"
            );
            thread::sleep(Duration::from_millis(20));
        }
        thread::spawn(move || {
            for client in listener.incoming() {
                pass_on(client.unwrap(), port, &asked, &spoil);
            }
        });
        github
    }

    /// What was asked since this was asked the last time: `POST /issues/1/comments`.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    fn changes(&self) -> Vec<String> {
        self.asked().into_iter().filter(|asked| !asked.starts_with("GET")).collect()
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> Json {
        let request = format!(
            "{method} /repos/robot/infra{path} HTTP/1.0\r\nAuthorization: Bearer token-of-the-robot\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let answer = exchange(self.port, request.as_bytes());
        let begin = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
        serde_json::from_slice(&answer[begin..]).unwrap()
    }

    fn issues(&self, state: &str) -> Vec<Json> {
        let query = format!("/issues?state={state}&labels=secrets&per_page=100&direction=asc");
        self.ask("GET", &query, "").as_array().unwrap().clone()
    }

    fn comments(&self, number: u64) -> Vec<String> {
        let comments = self.ask("GET", &format!("/issues/{number}/comments"), "");
        comments.as_array().unwrap().iter().map(|c| c["body"].as_str().unwrap().to_owned()).collect()
    }

    fn kind(&self, token: &str) -> ChannelKind<Value> {
        ChannelKind::GithubIssue {
            repository: "robot/infra".to_owned(),
            token: value(token),
            url: value(&format!("http://127.0.0.1:{}", self.relay)),
            labels: Vec::new(),
        }
    }

    fn tell(&self, message: &Message) -> Delivery {
        tell(self.kind("token-of-the-robot"), message, 20_000, 10_000)
    }

    #[track_caller]
    fn told(&self, message: &Message, arrived: usize) {
        let delivery = self.tell(message);
        assert!(delivery.error.is_none() && delivery.arrived.len() == arrived, "{delivery:?}");
    }
}

fn exchange(port: u16, request: &[u8]) -> Vec<u8> {
    let mut server = TcpStream::connect(("127.0.0.1", port)).unwrap();
    server.write_all(request).unwrap();
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).unwrap();
    answer
}

/// One request a connection; in HTTP/1.0 an answer ends with its connection.
fn pass_on(mut client: TcpStream, port: u16, asked: &Mutex<Vec<String>>, spoil: &Mutex<Spoil>) {
    let (mut request, mut chunk) = (Vec::new(), [0; 4096]);
    let whole = loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.to_ascii_lowercase();
            let length = length.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                break text;
            }
        }
        match client.read(&mut chunk) {
            Ok(count) if count > 0 => request.extend_from_slice(&chunk[..count]),
            Ok(_) | Err(_) => return,
        }
    };
    let line = whole.lines().next().unwrap();
    let words = line.split(' ').collect::<Vec<_>>();
    let path = words[1].split('?').next().unwrap().trim_start_matches("/repos/robot/infra");
    asked.lock().unwrap().push(format!("{} {path}", words[0]));
    let lower = whole.to_ascii_lowercase();
    assert!(
        lower.contains("x-github-api-version: 2022-11-28\r\n")
            && lower.contains("\r\naccept: application/vnd.github+json\r\n")
    );
    let mut spoil = spoil.lock().unwrap();
    let opens = words[0] == "POST" && path == "/issues";
    let whole = if *spoil == Spoil::Labels { whole.replace("\"secrets\"", "         ") } else { whole };
    let answer = exchange(port, whole.replacen(" HTTP/1.1", " HTTP/1.0", 1).as_bytes());
    if *spoil == Spoil::Answer && opens {
        *spoil = Spoil::Nothing;
        client.write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").ok();
    } else {
        client.write_all(&answer).ok();
    }
}

fn ended(secret: &str) -> Notice {
    let ended = at("2027-08-24T00:00:00Z");
    Notice {
        topic: Topic::Check(CheckId::Expired),
        tier: Some(Tier::End),
        expires: Some(ended),
        days_left: Some(-1),
        level: Level::Error,
        message: "expired 2027-08-24".to_owned(),
        ..notice(secret)
    }
}

#[test]
fn each_alert_is_one_issue_that_is_opened_updated_and_closed() {
    let folder = tempfile::tempdir().unwrap();
    let github = Github::start(folder.path());
    opened_once(&github);
    updated_and_closed(&github);
    without_a_memory(&github);
    never_twice(&github);
    refusals(&github);
}

fn opened_once(github: &Github) {
    let due = message(vec![notice("web/db"), notice("mail/a--b")], Vec::new());
    github.told(&due, 2);
    assert_eq!(github.asked(), ["GET /issues", "POST /issues", "POST /issues"]);
    let issues = github.issues("open");
    assert_eq!(issues.len(), 2);
    assert_eq!(issues[0]["title"], "web/db: expires 2027-08-31");
    assert_eq!(issues[0]["labels"][0]["name"], "secrets");
    let body = issues[0]["body"].as_str().unwrap();
    assert!(body.starts_with("<!-- secrets::expiry:web/db 7d."), "{body}");
    for fact in [
        "6 days left",
        "infra",
        "alice",
        "bob",
        "Universität",
        "](<https://wiki.example.com/db>)",
        "secrets set web/db",
    ] {
        assert!(body.contains(fact), "{fact}: {body}");
    }
    // As after a run that was killed before it wrote down what it told.
    github.told(&due, 2);
    assert_eq!(github.asked(), ["GET /issues"]);
}

fn updated_and_closed(github: &Github) {
    github.told(&message(vec![ended("web/db")], vec![resolved("mail/a--b"), resolved("nobody/knows")]), 3);
    assert_eq!(
        github.changes(),
        ["POST /issues/1/comments", "PATCH /issues/1", "POST /issues/2/comments", "PATCH /issues/2"]
    );
    let (open, closed) = (github.issues("open"), github.issues("closed"));
    assert_eq!((open.len(), &open[0]["title"]), (1, &"web/db: expired 2027-08-24".into()));
    assert!(open[0]["body"].as_str().unwrap().starts_with("<!-- secrets::expiry:web/db 0d."));
    let said = github.comments(1);
    assert!(said.len() == 1 && said[0].contains("expired 2027") && said[0].contains("alice"), "{said:?}");
    assert_eq!((closed.len(), &closed[0]["state_reason"]), (1, &"completed".into()));
    assert!(github.comments(2)[0].starts_with("No longer due"));
    // It is due again: a new one, whose history is its own.
    github.told(&message(vec![notice("mail/a--b")], Vec::new()), 1);
    assert_eq!(github.changes(), ["POST /issues"]);
    assert_eq!(github.issues("open").len(), 2);
}

fn without_a_memory(github: &Github) {
    let digest = |notices: Vec<Notice>| Message { is_digest: true, ..message(notices, Vec::new()) };
    let changed = Notice { message: "expires 2027-08-31 (tomorrow)".to_owned(), ..notice("mail/a--b") };
    github.told(&digest(vec![ended("web/db"), changed.clone()]), 2);
    assert_eq!(github.changes(), ["PATCH /issues/3"], "quietly: the tier is the same");
    github.told(&digest(vec![ended("web/db"), changed.clone()]), 2);
    assert_eq!(github.changes(), Vec::<String>::new());

    let other = r#"{"title":"x","labels":["secrets"],"body":"<!-- secrets:01MB78QN000000000000000007:expiry:x 7d.0 -->"}"#;
    github.ask("POST", "/issues", other);
    let unchecked = Notice {
        topic: Topic::Unchecked,
        secret: None,
        tier: None,
        expires: None,
        dedup_key: "secrets::unchecked:x".to_owned(),
        message: "the remote could not be asked".to_owned(),
        ..notice("a/b")
    };
    github.told(&digest(vec![ended("web/db"), unchecked]), 2);
    assert_eq!(github.changes(), ["POST /issues"], "what was not judged may stand");
    github.told(&digest(vec![ended("web/db")]), 3);
    assert_eq!(
        github.issues("open").iter().map(|issue| issue["number"].as_u64().unwrap()).collect::<Vec<_>>(),
        [1, 4]
    );
    // Nothing stands: all of this store are closed, and that of another one stays.
    github.told(&digest(Vec::new()), 1);
    let open = github.issues("open");
    assert!(open.len() == 1 && open[0]["title"] == "x", "{open:?}");
    github.ask("PATCH", "/issues/4", r#"{"state":"closed"}"#);
    github.asked();
}

fn never_twice(github: &Github) {
    // The answer is lost, and the issue is there.
    *github.spoil.lock().unwrap() = Spoil::Answer;
    let due = message(vec![notice("web/db")], Vec::new());
    github.told(&due, 1);
    assert_eq!(github.asked(), ["GET /issues", "POST /issues", "GET /issues"]);
    let open = github.issues("open");
    assert_eq!(open.len(), 1);

    // Two runs at once opened one each: the older stays, and takes what is new.
    let double = serde_json::json!({ "title": "x", "labels": ["secrets"], "body": open[0]["body"] });
    github.ask("POST", "/issues", &double.to_string());
    github.told(
        &message(vec![Notice { tier: Some(Tier::Before(Period::days(2))), ..notice("web/db") }], Vec::new()),
        1,
    );
    let left = github.issues("open");
    assert_eq!((left.len(), &left[0]["number"]), (1, &open[0]["number"]));
    github.told(&message(Vec::new(), vec![resolved("web/db")]), 1);

    // Behind a page of others it is found as well.
    for _ in 0..100 {
        github.ask("POST", "/issues", r#"{"title":"of a person","labels":["secrets"],"body":"hello"}"#);
    }
    github.told(&due, 1);
    github.asked();
    github.told(&due, 1);
    assert_eq!(github.asked(), ["GET /issues", "GET /issues"]);
}

fn refusals(github: &Github) {
    let due = message(vec![notice("a/1"), notice("a/2")], Vec::new());
    let why = refused(&tell(github.kind("token-of-nobody"), &due, 5000, 5000));
    assert!(why.contains("answered 403") && !why.contains("token-of"), "{why}");
    assert_eq!(github.asked(), ["GET /issues"]);

    // An issue without its label would be opened anew in each run.
    *github.spoil.lock().unwrap() = Spoil::Labels;
    let why = refused(&github.tell(&due));
    assert!(why.contains("token: its token may open issues and not label them"), "{why}");
    let changes = github.changes();
    assert!(
        changes.len() == 2 && changes[0] == "POST /issues" && changes[1].starts_with("PATCH /issues/"),
        "{changes:?}"
    );
    *github.spoil.lock().unwrap() = Spoil::Nothing;

    for (repository, labels) in [("robot", "secrets"), ("robot/infra", "a,b")] {
        let ChannelKind::GithubIssue { token, url, .. } = github.kind("token-of-the-robot") else { panic!() };
        let (repository, labels) = (repository.to_owned(), vec![labels.to_owned()]);
        refused(&tell(ChannelKind::GithubIssue { repository, token, url, labels }, &due, 5000, 5000));
    }
    assert!(github.asked().is_empty());
    assert!(github.tell(&message(Vec::new(), Vec::new())).error.is_none());
    assert!(github.asked().is_empty());
}
