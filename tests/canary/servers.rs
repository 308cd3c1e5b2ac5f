//! Servers that are hostile, asked by everything that asks one: whatever they answer, it ends, it is not kept whole, nothing of
//! it steers a terminal or a log, and no credential is repeated. Each command is run as people run it.

use std::fmt::Write as _;
use std::fs;
use std::sync::{Arc, Mutex};
use std::thread;

use crate::aviary::{Aviary, CANARIES, clean};
use crate::common::Outcome;
use crate::hostile::steers_nothing;
use crate::server::{Answer, Request, Server, answer};

/// What lies in the buffers on the way, and 16 MiB of a list of issues, the longest answer that is read.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// Long enough for whatever has an end, and as short as it gets for what has none.
const PATIENT: &str = "12";
const BRIEF: &str = "3";

/// What is shown of an answer: a person's terminal and a log of CI must not act on it.
const STEERING: &[u8] =
    b"\xff\xfe\x1b[31m\x9b2J\r\n::error::pwned\n  ::stop-commands::x\n##[error]pwned\n\xe2\x80\xae\x07";
const TEXTS: &str = r###"{"error": "invalid_client\u001b[2J\n::error::pwned", "error_description": "\u202e##[error]pwned",
    "message": "\u009b2J\r\n::error::pwned", "errors": "##vso[task.complete]\u0007", "token_type": "\u001b"}"###;
const FAULT: &str = "<ErrorResponse><Error><Code>AccessDenied\n::error::pwned</Code><Message>##[error]pwned &#x9b;2J\n\
    ::error::pwned &#x202e;</Message></Error></ErrorResponse>";

type Answering = fn(&Request) -> Answer;

/// How long a command may take, and the answers.
const ANSWERS: &[(&str, &str, Answering)] = &[
    ("a body without end", PATIENT, |_| repeated("200 OK", "Connection: close\r\n\r\n", vec![b'x'; 4096])),
    ("a list without end", PATIENT, |_| repeated("200 OK", "Connection: close\r\n\r\n[", b"{},".repeat(999))),
    ("a refusal without end", PATIENT, |_| repeated("400 No", "Connection: close\r\n\r\n", vec![b'x'; 4096])),
    ("steering", PATIENT, |_| bytes("400 Bad Request", STEERING)),
    ("steering by JSON", PATIENT, |_| answer("401 Unauthorized", "", TEXTS)),
    ("steering by JSON of 400", PATIENT, |_| answer("400 Bad Request", "", TEXTS)),
    ("steering by JSON of 200", PATIENT, |_| answer("200 OK", "", TEXTS)),
    ("steering by XML", PATIENT, |_| answer("403 Forbidden", "", FAULT)),
    ("an echo", PATIENT, |request| {
        let said: Vec<String> =
            request.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let said = said.join("\n");
        answer(
            "400 Bad Request",
            "",
            &format!("{}{said}{}", request.line, String::from_utf8_lossy(&request.body)),
        )
    }),
    ("a circle", PATIENT, |request| {
        let path = request.line.split(' ').nth(1).unwrap();
        answer("302 Found", &format!("Location: {path}\r\n"), "")
    }),
    ("a body that stalls", BRIEF, |_| {
        Answer::Stalled(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{".to_vec())
    }),
    ("answers to come", BRIEF, |_| Answer::Repeated(Vec::new(), b"HTTP/1.1 102 Processing\r\n\r\n".to_vec())),
    ("a header without end", BRIEF, |_| repeated("200 OK", "X: ", vec![b'x'; 4096])),
    ("headers without end", BRIEF, |_| repeated("200 OK", "", b"X: y\r\n".repeat(99))),
    ("a chunk without end", BRIEF, |_| {
        repeated("200 OK", "Transfer-Encoding: chunked\r\n\r\n1;", vec![b'x'; 4096])
    }),
    ("signs in the status", BRIEF, |_| Answer::Bytes(b"HTTP/1.1 400 \x1b[31m\x9b\r\n\r\n".to_vec())),
];

fn repeated(status: &str, headers: &str, piece: Vec<u8>) -> Answer {
    Answer::Repeated(format!("HTTP/1.1 {status}\r\n{headers}").into_bytes(), piece)
}

fn bytes(status: &str, body: &[u8]) -> Answer {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    Answer::Bytes([head.as_bytes(), body].concat())
}

/// What asks, and whether it may be satisfied: a channel, and whoever wants a status, look at no more than that.
const ASKING: &[(&str, bool)] = &[
    ("warn --timeout LIMIT", false),
    ("metrics --push URL --timeout LIMIT", true),
    ("probe run web/http --timeout LIMIT", true),
    ("probe run web/oauth --timeout LIMIT", false),
    ("rotate web/gitlab --push --timeout LIMIT", false),
    ("rotate web/entra --push --timeout LIMIT", false),
    ("rotate web/aws --push --timeout LIMIT", false),
];

/// It waits for twenty seconds, whoever asks: `src/forge` is tested for what comes late.
const PATIENT_ALONE: &str = "people add mallory --github mallory --github-url URL";

struct Desk {
    aviary: Aviary,
    server: Server,
    answering: Arc<Mutex<Answering>>,
}

impl Desk {
    fn new() -> Self {
        let answering = Arc::new(Mutex::new(ANSWERS[0].2));
        let kept = Arc::clone(&answering);
        let server = Server::start(move |_, request| {
            let answering = *kept.lock().unwrap();
            answering(request)
        });
        let desk = Self { aviary: Aviary::new(), server, answering };
        desk.fill();
        desk
    }

    fn fill(&self) {
        let key = format!("AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE\nAWS_SECRET_ACCESS_KEY={}\n", CANARIES[0]);
        for (name, value) in [
            ("ops/token", CANARIES[0]),
            ("web/http", CANARIES[1]),
            ("web/oauth", CANARIES[2]),
            ("web/gitlab", CANARIES[1]),
            ("web/entra", CANARIES[2]),
            ("web/aws", &key),
        ] {
            self.aviary.run(&format!("add {name} --expires 2026-03-20 --owner team"), value).code(0);
        }
        let url = self.server.url();
        let channels = [
            ("webhook", "url = \"URL/hook\"\nauthorization = { secret = \"ops/token\" }"),
            ("slack", "url = { env = \"HOOK\" }"),
            ("pagerduty", "url = \"URL\"\nrouting-key = { secret = \"ops/token\" }"),
            ("alertmanager", "url = \"URL\"\nauthorization = { secret = \"ops/token\" }"),
            (
                "github-issue",
                "url = \"URL\"\nrepository = \"example/infra\"\ntoken = { secret = \"ops/token\" }",
            ),
        ];
        let policy = self.aviary.laptop.join("secrets/policy.toml");
        let mut text = fs::read_to_string(&policy).unwrap();
        for (kind, settings) in channels {
            let settings = settings.replace("URL", &url);
            write!(text, "\n[[notify]]\nkind = \"{kind}\"\n{settings}\n").unwrap();
        }
        fs::write(&policy, text).unwrap();
        self.aviary.sandbox.git(&self.aviary.laptop, ["commit", "-qam", "Say who is told"]);
        for line in [
            "probe set web/http http url=URL/health",
            "probe set web/oauth oauth2-client-credentials token-url=URL/token client-id=web",
            "rotator set web/gitlab gitlab-token project=a/b token=secret:ops/token url=URL scopes=api lifetime=90d",
            "rotator set web/entra entra-app-password tenant=t.example app=00001111-aaaa-2222-bbbb-3333cccc4444 \
             client=11112222-bbbb-3333-cccc-4444dddd5555 client-secret=secret:ops/token login=URL graph=URL lifetime=90d",
            "rotator set web/aws aws-iam-access-key user=backup iam=URL sts=URL lifetime=90d",
        ] {
            self.aviary.run(&line.replace("URL", &url), "").code(0);
        }
        self.aviary.sandbox.push(&self.aviary.laptop);
    }

    fn policy(&self) -> String {
        fs::read_to_string(self.aviary.laptop.join("secrets/policy.toml")).unwrap()
    }

    fn ask(&self, what: &str, line: &str, limit: &str) -> Outcome {
        let url = self.server.url();
        let line = line.replace("LIMIT", limit).replace("URL", &url);
        let before = self.server.requests().len();
        // What git traces when it is asked to is git's own.
        let run = self.aviary.prepare(&line, "").env("GIT_TRACE", "0").env("GITHUB_ACTIONS", "true");
        let run = run.env("HOOK", format!("{url}/{}", CANARIES[0]));
        let run =
            run.env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE").env("AWS_SECRET_ACCESS_KEY", CANARIES[0]);
        let run = run.env("SECRETS_PUSH_AUTHORIZATION", format!("Bearer {}", CANARIES[2])).run();
        let what = format!("{what}: {line}");
        assert!(
            self.server.requests().len() > before,
            "{what}: nobody was asked\n{}{}",
            run.text(),
            run.stderr
        );
        assert!(!run.stderr.contains("fault of secrets itself"), "{what}: {}", run.stderr);
        for (stream, said) in [("output", &run.stdout), ("error", &run.stderr.clone().into_bytes())] {
            clean(&format!("{what}: standard {stream}"), said);
            steers_nothing(&format!("{what}: standard {stream}"), said, false);
        }
        run
    }
}

#[test]
fn whatever_a_server_answers_steers_nothing() {
    // Most of the time goes into waiting: each in a store and with a server of its own.
    thread::scope(|scope| {
        for (line, may_pass) in ASKING.iter().chain([&(PATIENT_ALONE, false)]) {
            scope.spawn(move || each_answer(line, *may_pass));
        }
    });
}

fn each_answer(line: &str, may_pass: bool) {
    let desk = Desk::new();
    let policy = desk.policy();
    for (what, _, answering) in ANSWERS.iter().filter(|(_, limit, _)| *limit == PATIENT) {
        *desk.answering.lock().unwrap() = *answering;
        let run = desk.ask(what, line, PATIENT);
        assert!(run.code == 2 || (may_pass && run.code == 0), "{what}: {line}: {}", run.stderr);
        assert!(desk.server.most_taken() < MOST_BYTES, "{what}: {} bytes", desk.server.most_taken());
    }
    assert_eq!(desk.policy(), policy, "nobody came to it");
    assert_eq!(desk.aviary.sandbox.status(&desk.aviary.laptop), "");
    desk.aviary.search();
}

/// One of each that asks in a way of its own.
#[test]
fn whatever_does_not_end_is_left() {
    let desk = Desk::new();
    for (what, _, answering) in ANSWERS.iter().filter(|(_, limit, _)| *limit == BRIEF) {
        *desk.answering.lock().unwrap() = *answering;
        for (line, _) in [ASKING[0], ASKING[3], ASKING[4]] {
            let run = desk.ask(what, line, BRIEF);
            assert_eq!(run.code, 2, "{what}: {line}: {}", run.stderr);
        }
    }
    desk.aviary.search();
}
