//! Mail, taken by aiosmtpd and read back by Python's own parser, and by servers that misbehave.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use secrets::domain::channel::{ChannelKind, Encryption, Smtp};
use secrets::domain::notice::Notice;
use secrets::domain::value::Value;
use secrets::notify::Delivery;
use serde_json::Value as Json;

use crate::issued::make;
use crate::messages::{message, notice, refused, resolved, tell, value};
use crate::tools;

/// Where the certificates and the mails of a run lie; whether it is set tells the inner run from the outer.
const FOLDER: &str = "MAIL_TEST_FOLDER";

pub struct Server {
    child: Child,
    /// It ends with this.
    _stdin: ChildStdin,
    ports: Json,
}

impl Server {
    pub fn start(folder: &Path) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mail/server.py");
        let mut command = Command::new(tools::python());
        command.arg(script).arg(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let stdin = child.stdin.take().unwrap();
        Self { child, _stdin: stdin, ports: serde_json::from_str(&line).expect("it says its ports") }
    }

    pub fn port(&self, name: &str) -> u16 {
        self.ports[name].as_u64().unwrap().try_into().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

pub fn settings(port: u16, encryption: Encryption, to: &[&str]) -> Smtp<Value> {
    Smtp {
        host: "127.0.0.1".to_owned(),
        port,
        encryption,
        login: None,
        from: "Secrets <secrets@example.com>".to_owned(),
        to: to.iter().map(|&to| to.to_owned()).collect(),
    }
}

pub fn with_login(settings: Smtp<Value>, password: &str) -> Smtp<Value> {
    Smtp { login: Some((value("robot"), value(password))), ..settings }
}

fn send(settings: Smtp<Value>, notices: Vec<Notice>) -> Delivery {
    tell(ChannelKind::Smtp(settings), &message(notices, vec![resolved("mail/relay")]), 20_000, 20_000)
}

/// The test runs itself again, because the roots that TLS trusts come from the environment that a process begins with.
#[test]
fn mail_arrives_or_is_said_not_to() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return inner(&PathBuf::from(folder));
    }
    let folder = tempfile::tempdir().unwrap();
    make(folder.path());
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", "smtp::mail_arrives_or_is_said_not_to", "--nocapture"]);
    again
        .env("SSL_CERT_FILE", folder.path().join("ca.pem"))
        .env_remove("SSL_CERT_DIR")
        .env(FOLDER, folder.path());
    assert!(again.status().unwrap().success());
}

fn inner(folder: &Path) {
    let server = Server::start(folder);
    let mails = || {
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let mut files =
            files.filter(|path| path.extension().is_some_and(|e| e == "json")).collect::<Vec<_>>();
        files.sort();
        files
            .iter()
            .map(|path| serde_json::from_slice(&fs::read(path).unwrap()).unwrap())
            .collect::<Vec<Json>>()
    };
    arrives_whole(&server, &mails);
    headers_hold(&server, &mails);
    let taken = mails().len();
    goes_to_nobody_who_is_not_trusted(&server);
    assert_eq!(mails().len(), taken);
    is_told_again_where_that_helps(&server, &mails);
}

fn arrives_whole(server: &Server, mails: &dyn Fn() -> Vec<Json>) {
    let to = ["Ops Team <ops@example.com>", "boss@example.com"];
    for (name, encryption) in
        [("clear", Encryption::None), ("starttls", Encryption::StartTls), ("tls", Encryption::Tls)]
    {
        let settings = settings(server.port(name), encryption, &to);
        let login = encryption != Encryption::None;
        let settings = if login { with_login(settings, "correct horse") } else { settings };
        let delivery = send(settings, vec![notice("web/prod/db"), notice("mail/x")]);
        assert!(delivery.error.is_none(), "{name}: {delivery:?}");
        assert_eq!(delivery.arrived.len(), 3);
        let mail = mails().pop().unwrap();
        assert_eq!(mail["port"], name);
        assert_eq!((&mail["encrypted"], mail["user"] == "robot"), (&Json::Bool(login), login));
    }
    let mail = mails().pop().unwrap();
    assert_eq!(
        mail["envelope"],
        serde_json::json!(["secrets@example.com", ["ops@example.com", "boss@example.com"]])
    );
    assert_eq!(mail["from"], serde_json::json!([["Secrets", "secrets@example.com"]]));
    assert_eq!(mail["to"], serde_json::json!([["Ops Team", "ops@example.com"], ["", "boss@example.com"]]));
    assert_eq!(mail["date"], "2027-08-24T12:00:00+00:00");
    assert_eq!(mail["auto"], serde_json::json!(["auto-generated", "All"]));
    assert_eq!(mail["kind"], "multipart/alternative");
    assert_eq!(mail["parts"], serde_json::json!(["text/plain", "text/html"]));
    assert_eq!((&mail["defects"], &mail["ascii"]), (&serde_json::json!([]), &Json::Bool(true)));
    assert!(mail["longest"].as_u64().unwrap() <= 998, "{mail}");
    assert_eq!(mail["hello"], "[127.0.0.1]");
    let subject = mail["subject"].as_str().unwrap();
    assert!(subject.contains("web/prod/db") && subject.contains("1 more"), "{subject}");
    for part in ["text", "html"] {
        let part = mail[part].as_str().unwrap();
        for fact in [
            "web/prod/db",
            "mail/x",
            "2027-08-31",
            "6 days left",
            "infra",
            "alice (alice@example.com)",
            "bob",
            "Universität (it@example.org)",
            "https://wiki.example.com/db",
            "secrets set web/prod/db",
            "mail/relay",
        ] {
            assert!(part.contains(fact), "{fact}: {part}");
        }
    }
    // The same mail has the same id, so that a mailbox can tell; to other people it is another mail.
    let ids = mails().iter().map(|mail| mail["id"].clone()).collect::<Vec<_>>();
    assert!(
        ids.iter().all(|id| *id == ids[0]) && ids[0].as_str().unwrap().ends_with("@example.com>"),
        "{ids:?}"
    );
}

/// What records and policy say stays what it is: text.
fn headers_hold(server: &Server, mails: &dyn Fn() -> Vec<Json>) {
    let mut evil = notice("web/db");
    evil.message = "x\r\nBcc: everybody@example.com\r\n\r\n<b>\r\n.\r\nMAIL FROM:<a@b>\n.\n é".repeat(20);
    ".\r\n..\n".clone_into(&mut evil.remedy);
    let expected = mails().pop().unwrap()["names"].clone();
    let delivery = send(settings(server.port("clear"), Encryption::None, &["ops@example.com"]), vec![evil]);
    assert!(delivery.error.is_none(), "{delivery:?}");
    let mail = mails().pop().unwrap();
    assert_eq!(mail["names"], expected);
    assert_eq!(mail["envelope"][1], serde_json::json!(["ops@example.com"]));
    let subject = mail["subject"].as_str().unwrap();
    assert!(subject.contains(r"x\r\nBcc: everybody") && !subject.contains(['\r', '\n']), "{subject}");
    assert!(!mail["html"].as_str().unwrap().contains("<b>"), "{mail}");

    let count = mails().len();
    for address in [
        "a@example.com\r\nRCPT TO:<b@example.com>",
        "a@example.com>\r\nDATA",
        "no address",
        "\u{e4}@example.com",
    ] {
        for is_sender in [true, false] {
            let mut settings = settings(server.port("clear"), Encryption::None, &["ops@example.com"]);
            if is_sender {
                address.clone_into(&mut settings.from);
            } else {
                settings.to.push(address.to_owned());
            }
            let why = refused(&send(settings, vec![notice("web/db")]));
            assert!(why.starts_with("mail by 127.0.0.1: ") && !why.contains('\n'), "{why}");
        }
    }
    let far = Smtp { host: "192.0.2.1".to_owned(), ..settings(25, Encryption::None, &["a@example.com"]) };
    assert!(refused(&send(far, vec![notice("a/b")])).contains("this very machine only"));
    let login = with_login(settings(server.port("clear"), Encryption::None, &["a@example.com"]), "x");
    assert!(refused(&send(login, vec![notice("a/b")])).contains("a login goes over STARTTLS or TLS only"));
    assert_eq!(mails().len(), count);
}

fn goes_to_nobody_who_is_not_trusted(server: &Server) {
    let to = &["ops@example.com"];
    for (port, encryption, says) in [
        ("clear", Encryption::StartTls, "it offers no STARTTLS"),
        ("clear", Encryption::Tls, "could not be reached"),
        ("stranger", Encryption::StartTls, "certificate"),
        ("stranger-tls", Encryption::Tls, "certificate"),
    ] {
        let why = refused(&send(
            with_login(settings(server.port(port), encryption, to), "correct horse"),
            vec![notice("a/b")],
        ));
        assert!(why.contains(says) && !why.contains("horse"), "{port}: {why}");
    }
    for port in ["starttls", "tls"] {
        let encryption = if port == "tls" { Encryption::Tls } else { Encryption::StartTls };
        let why = refused(&send(
            with_login(settings(server.port(port), encryption, to), "wrong horse"),
            vec![notice("a/b")],
        ));
        assert!(why.contains("answered 535 to the login") && !why.contains("horse"), "{port}: {why}");
        let why = refused(&send(settings(server.port(port), encryption, to), vec![notice("a/b")]));
        assert!(why.contains("answered 530"), "{port}: {why}");
    }
    let elsewhere =
        Smtp { host: "127.0.0.2".to_owned(), ..settings(server.port("tls"), Encryption::Tls, to) };
    // Nobody listens there.
    let why = refused(&tell(ChannelKind::Smtp(elsewhere), &message(vec![notice("a/b")], vec![]), 500, 500));
    assert!(why.starts_with("127.0.0.2:") && why.contains("could not be reached"), "{why}");
}

fn is_told_again_where_that_helps(server: &Server, mails: &dyn Fn() -> Vec<Json>) {
    let to = |to: &[&str]| ChannelKind::Smtp(settings(server.port("clear"), Encryption::None, to));
    let telling = message(vec![notice("web/db")], Vec::new());
    let begun = mails().len();
    // Who has it is not told again while the other one is.
    let delivery = tell(to(&["ops@example.com", "later@example.com"]), &telling, 20_000, 20_000);
    assert!(delivery.error.is_none() && delivery.arrived.len() == 1, "{delivery:?}");
    let told = mails()[begun..].iter().map(|mail| mail["envelope"][1].clone()).collect::<Vec<_>>();
    assert_eq!(told, [serde_json::json!(["ops@example.com"]), serde_json::json!(["later@example.com"])]);

    // An address that is not taken keeps it from nobody else, is said, and does no good to be told again.
    let delivery = tell(to(&["refused@example.com", "ops@example.com"]), &telling, 20_000, 20_000);
    let why = delivery.error.as_ref().unwrap().to_string();
    assert!(delivery.arrived.len() == 1 && why.contains("550 to the recipient refused@example.com"), "{why}");
    assert!(why.contains(r"no\u{1b}[31m such user") && why.chars().count() < 450, "{why}");
    assert_eq!(mails().len(), begun + 3);

    for (who, says, whole, attempt) in [
        ("refused@example.com", "550 to the recipient", 20_000, 20_000),
        ("never@example.com", "answered 451", 1000, 1000),
        ("hang@example.com", "gave no answer within 1 s", 600, 300),
        ("cut@example.com", "could not be reached", 1000, 1000),
    ] {
        let started = Instant::now();
        let why = refused(&tell(to(&[who]), &telling, whole, attempt));
        assert!(why.contains(says), "{who}: {why}");
        assert!(started.elapsed().as_secs() < 60, "{who}: it ends");
    }
    let delivery = tell(to(&["ops@example.com"]), &message(Vec::new(), Vec::new()), 100, 100);
    assert!(delivery.error.is_none() && delivery.arrived.is_empty());
    assert_eq!(mails().len(), begun + 3);
}

/// A server for one client; what the client says comes back.
fn misbehaving(serve: impl FnOnce(&mut TcpStream) + Send + 'static) -> (u16, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let handle = thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        drop(listener);
        serve(&mut client);
        let mut heard = Vec::new();
        client.read_to_end(&mut heard).ok();
        String::from_utf8_lossy(&heard).into_owned()
    });
    (port, handle)
}

#[test]
fn a_server_that_misbehaves_is_left() {
    let try_it = |port, encryption, limit| {
        let settings = with_login(settings(port, encryption, &["ops@example.com"]), "correct horse");
        let settings =
            if encryption == Encryption::None { Smtp { login: None, ..settings } } else { settings };
        refused(&tell(ChannelKind::Smtp(settings), &message(vec![notice("a/b")], vec![]), limit, limit))
    };
    let say = |client: &mut TcpStream, text: &str| client.write_all(text.as_bytes()).unwrap();
    let hear = |client: &mut TcpStream| {
        let mut line = [0; 512];
        assert!(client.read(&mut line).unwrap() > 0);
    };

    // Somebody between us writes behind the answer to STARTTLS what is to be taken for the server's words under TLS.
    let (port, server) = misbehaving(move |client| {
        say(client, "220 hello\r\n");
        hear(client);
        say(client, "250-mail\r\n250 STARTTLS\r\n");
        hear(client);
        say(
            client,
            "220 go\r\n250-mail\r\n250 AUTH PLAIN\r\n235 in\r\n250 ok\r\n250 ok\r\n354 go\r\n250 ok\r\n",
        );
    });
    let why = try_it(port, Encryption::StartTls, 20_000);
    assert!(why.contains("more came than was asked for"), "{why}");
    assert_eq!(server.join().unwrap(), "", "not a word more");

    // It answers for ever, quickly and a byte at a time.
    let (port, server) = misbehaving(|client| while client.write_all(&[b'2'; 4096]).is_ok() {});
    let why = try_it(port, Encryption::None, 20_000);
    assert!(why.contains("never stops"), "{why}");
    server.join().unwrap();
    let (port, server) = misbehaving(move |client| {
        let until = Instant::now() + std::time::Duration::from_secs(20);
        client.set_read_timeout(Some(std::time::Duration::from_millis(20))).unwrap();
        while Instant::now() < until && client.write_all(b"2").is_ok() {
            if client.read(&mut [0; 16]).is_ok_and(|count| count == 0) {
                return;
            }
        }
        panic!("the client waits for each byte anew");
    });
    let why = try_it(port, Encryption::None, 300);
    assert!(why.contains("gave no answer within"), "{why}");
    server.join().unwrap();

    let (port, server) = misbehaving(move |client| say(client, "HTTP/1.1 400 Bad Request\r\n\r\n"));
    assert!(try_it(port, Encryption::None, 20_000).contains("no reply of a mail server"));
    assert_eq!(server.join().unwrap(), "");
}
