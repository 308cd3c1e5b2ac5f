//! What stand-ins for providers have in common: faults that can be switched on, a hook before and after everything that they do,
//! and a list of what was asked against the contract.

use std::collections::VecDeque;
use std::fmt::Debug;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::Value as Json;

use super::server::{Answer, Request, Server, answer};

/// Where a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// It has come, and nothing has been done.
    Received,
    /// What it asks for is done, and nothing has been answered.
    Done,
    /// It is answered.
    Answered,
}

/// What goes wrong with one request.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    FailBefore,
    FailAfter,
    HangAfter,
    /// It is done a second time, whatever the limits, and the second one is answered.
    Twice,
    /// It is done, and the answer is none.
    Garbage,
    /// It is done, and the connection ends in the middle of the answer.
    Cut,
    /// Instead of doing it: status, code and message.
    Refuse(u16, &'static str, &'static str),
}

/// An answer that is not given yet.
pub struct Reply {
    pub status: u16,
    /// Whole lines.
    pub headers: String,
    pub body: Body,
}

pub enum Body {
    /// `null` is no body.
    Json(Json),
    Xml(String),
}

impl Reply {
    pub fn new(status: u16, body: Json) -> Self {
        Self { status, headers: String::new(), body: Body::Json(body) }
    }

    pub fn xml(status: u16, body: String) -> Self {
        Self { status, headers: String::new(), body: Body::Xml(body) }
    }
}

/// What a provider knows and does.
pub trait World: Send + 'static {
    type Call: Copy + PartialEq + Debug + Send + 'static;

    fn call_of(request: &Request) -> Self::Call;
    /// `has_limits`: else it is done although there are too many.
    fn act(&mut self, call: Self::Call, request: &Request, has_limits: bool) -> Reply;
    /// How it words a refusal.
    fn refusal(status: u16, code: &str, message: &str) -> Reply;
    /// What was asked against the contract.
    fn wrong(&mut self) -> &mut Vec<String>;
}

struct State<W: World> {
    world: W,
    faults: VecDeque<(W::Call, Fault)>,
    calls: Vec<W::Call>,
}

type Hook<C> = Arc<dyn Fn(C, Moment) + Send + Sync>;

pub struct Standin<W: World> {
    server: Server,
    state: Arc<Mutex<State<W>>>,
    hook: Arc<Mutex<Option<Hook<W::Call>>>>,
    is_told_answers: Arc<AtomicBool>,
}

impl<W: World> Standin<W> {
    pub fn of(world: W) -> Self {
        let state = State { world, faults: VecDeque::new(), calls: Vec::new() };
        let (state, hook) = (Arc::new(Mutex::new(state)), Arc::new(Mutex::new(None::<Hook<W::Call>>)));
        let is_told_answers = Arc::new(AtomicBool::new(false));
        let (kept, kept_hook, tells) = (Arc::clone(&state), Arc::clone(&hook), Arc::clone(&is_told_answers));
        let server = Server::start(move |_, request| {
            let hook = kept_hook.lock().unwrap().clone();
            let given = handle(&kept, hook.as_ref(), request);
            match hook.filter(|_| tells.load(Ordering::SeqCst)) {
                Some(hook) => {
                    let call = W::call_of(request);
                    Answer::Then(Box::new(given), Box::new(move || hook(call, Moment::Answered)))
                }
                None => given,
            }
        });
        Self { server, state, hook, is_told_answers }
    }

    pub fn url(&self) -> String {
        self.server.url()
    }

    /// What goes wrong with the next requests of this kind, one after another.
    pub fn fault(&self, call: W::Call, fault: Fault) {
        self.state.lock().unwrap().faults.push_back((call, fault));
    }

    /// Is called with every request, before it is done and before it is answered; whatever it does comes first.
    pub fn hook(&self, hook: impl Fn(W::Call, Moment) + Send + Sync + 'static) {
        *self.hook.lock().unwrap() = Some(Arc::new(hook));
    }

    /// The same, and with every answer that is given.
    pub fn hook_all(&self, hook: impl Fn(W::Call, Moment) + Send + Sync + 'static) {
        self.is_told_answers.store(true, Ordering::SeqCst);
        self.hook(hook);
    }

    /// No fault is left, and nobody is told.
    pub fn heal(&self) {
        self.state.lock().unwrap().faults.clear();
        *self.hook.lock().unwrap() = None;
    }

    pub fn calls(&self, call: W::Call) -> usize {
        self.state.lock().unwrap().calls.iter().filter(|one| **one == call).count()
    }

    /// What was asked against the contract so far.
    pub fn wrong(&self) -> Vec<String> {
        self.with(|world| world.wrong().clone())
    }

    pub fn with<T>(&self, act: impl FnOnce(&mut W) -> T) -> T {
        act(&mut self.state.lock().unwrap().world)
    }
}

fn handle<W: World>(state: &Mutex<State<W>>, hook: Option<&Hook<W::Call>>, request: &Request) -> Answer {
    let call = W::call_of(request);
    let tell = |moment| {
        if let Some(hook) = hook {
            hook(call, moment);
        }
    };
    tell(Moment::Received);
    let failing = || W::refusal(500, "InternalServerError", "An internal server error has occurred.");
    let (fault, reply) = {
        let mut state = state.lock().unwrap();
        state.calls.push(call);
        let at = state.faults.iter().position(|(of, _)| *of == call);
        let fault = at.and_then(|at| state.faults.remove(at)).map(|(_, fault)| fault);
        let reply = match fault {
            Some(Fault::FailBefore) => failing(),
            Some(Fault::Refuse(status, code, message)) => W::refusal(status, code, message),
            Some(Fault::Twice) => {
                state.world.act(call, request, false);
                state.world.act(call, request, false)
            }
            None | Some(Fault::FailAfter | Fault::HangAfter | Fault::Garbage | Fault::Cut) => {
                state.world.act(call, request, true)
            }
        };
        (fault, reply)
    };
    tell(Moment::Done);
    match fault {
        Some(Fault::FailAfter) => give(&failing()),
        Some(Fault::HangAfter) => Answer::Hang,
        Some(Fault::Garbage) => answer("200 OK", "Content-Type: text/html\r\n", "<html>Welcome!</html>"),
        Some(Fault::Cut) => match give(&reply) {
            Answer::Bytes(bytes) => Answer::Bytes(bytes[..bytes.len() / 2].to_vec()),
            other @ (Answer::Hang
            | Answer::Endless
            | Answer::Repeated(..)
            | Answer::Stalled(_)
            | Answer::Then(..)) => other,
        },
        None | Some(Fault::FailBefore | Fault::Twice | Fault::Refuse(..)) => give(&reply),
    }
}

fn give(reply: &Reply) -> Answer {
    let Reply { status, headers, body } = reply;
    let status = format!("{status} Status");
    let (kind, body) = match body {
        Body::Json(Json::Null) => return answer(&status, headers, ""),
        // As Microsoft writes JSON: whoever reads it must know escapes.
        Body::Json(body) => ("application/json", body.to_string().replace('+', "\\u002B")),
        Body::Xml(body) => ("text/xml", body.clone()),
    };
    answer(&status, &format!("Content-Type: {kind}\r\n{headers}"), &body)
}

pub fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = (*first == b'%').then(|| std::str::from_utf8(&after[..2]).unwrap());
        bytes.push(hex.map_or(*first, |hex| u8::from_str_radix(hex, 16).unwrap()));
        rest = if hex.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Asks as nobody should, and hands on the status and the whole answer.
pub fn ask(url: &str, method: &str, path: &str, headers: &str, body: &str) -> (u16, String) {
    use std::io::{Read as _, Write as _};
    let address = url.trim_start_matches("http://");
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(super::server::PATIENCE)).unwrap();
    let length = body.len();
    let head = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {length}\r\n");
    write!(stream, "{head}{headers}\r\n{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer)
}
