//! Requests that end in bounded time, are repeated where that helps, and follow no redirect.
//!
//! Of many addresses the path is the credential, so an address is only ever shown up to its port, and what a server said
//! is shown only where it does not repeat what it was sent in confidence ([`confidence`]).

pub mod tcp;

mod confidence;
mod error;
mod form;
pub mod pause;

pub use confidence::Confidence;
pub use error::ServiceError;
pub use form::{Form, form_encoded};

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;
use std::io::Read as _;
use std::time::{Duration, Instant};

use reqwest::blocking::{Client, Response};
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode, Url, redirect};
use zeroize::Zeroizing;

use self::confidence::LEFT_OUT;
use self::pause::{Pauses, asked_for};
use crate::domain::text::visible;
use crate::domain::value::Value;
use crate::domain::web_address::{self, WebAddressError};

/// The largest answer that is read by custom, in bytes. What is longer is cut off: nobody looks that far.
const MAX_ANSWER_BYTES: u64 = 64 * 1024;
/// How much of an answer is shown, in characters.
const MOST_SAID: usize = 300;

/// How long another system may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// All attempts and the pauses between them together.
    pub whole: Duration,
    /// One attempt.
    pub attempt: Duration,
    /// Before the second attempt; then it doubles. What the other side asks for (`Retry-After`) comes first.
    pub first_pause: Duration,
}

impl Limits {
    /// It may take so long in all; one attempt ten seconds at most, so that a server that hangs is asked again.
    pub fn within(whole: Duration) -> Self {
        let first_pause = (whole / 60).clamp(Duration::from_millis(50), Duration::from_secs(1));
        Self { whole, attempt: whole.min(Duration::from_secs(10)), first_pause }
    }
}

/// An address that was looked at once, and the client that speaks to it.
#[derive(Clone)]
pub struct Target {
    url: Url,
    client: Client,
}

/// Up to the port: what follows may be a credential.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&visible(&self.url.origin().ascii_serialization()))
    }
}

impl Target {
    /// `what` is the key of policy that the address stands in. It must be https: notices name people and what is weak. On
    /// this very machine nobody sits between.
    pub fn parse(what: &str, address: &Value) -> Result<Self, ServiceError> {
        let wrong = |why: &str| ServiceError::Setting { what: what.to_owned(), why: why.to_owned() };
        let text = std::str::from_utf8(address.expose()).map_err(|_| wrong("is no text"))?;
        web_address::check(text.trim()).map_err(|error| wrong(&error.to_string()))?;
        let url =
            text.trim().parse::<Url>().map_err(|_| wrong(&WebAddressError::NotAnAddress.to_string()))?;
        let client = client_for(&url).map_err(|error| wrong(&innermost(&error)))?;
        Ok(Self { url, client })
    }

    /// The address with these segments behind its path; its query stays.
    #[must_use]
    pub fn at(&self, segments: &[&str]) -> Self {
        let mut target = self.clone();
        if let Ok(mut path) = target.url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        target
    }

    /// The address with this query.
    #[must_use]
    pub fn with_query(&self, pairs: &[(&str, &str)]) -> Self {
        let mut target = self.clone();
        target.url.query_pairs_mut().clear().extend_pairs(pairs);
        target
    }
}

fn client_for(url: &Url) -> Result<Client, reqwest::Error> {
    // The first caller in the process decides; all of ours install the same one.
    rustls::crypto::ring::default_provider().install_default().ok();
    let agent = concat!("secrets/", env!("CARGO_PKG_VERSION"));
    let mut client = Client::builder().redirect(redirect::Policy::none()).referer(false).user_agent(agent);
    if url.scheme() == "http" {
        // It stays on this machine: a proxy would carry it elsewhere, unencrypted.
        client = client.no_proxy();
    }
    client.build()
}

/// What is asked of a server.
pub struct Request {
    target: Target,
    method: Method,
    headers: HeaderMap,
    body: Zeroizing<Vec<u8>>,
    /// Of the address.
    address: Confidence,
    confidence: Confidence,
    most_read: u64,
    /// What is an answer besides 2xx.
    answers: BTreeSet<u16>,
}

impl Request {
    pub fn new(method: Method, target: &Target) -> Self {
        Self {
            target: target.clone(),
            method,
            headers: HeaderMap::new(),
            body: Zeroizing::default(),
            address: Confidence::of_address(&target.url),
            confidence: Confidence::default(),
            most_read: MAX_ANSWER_BYTES,
            answers: BTreeSet::new(),
        }
    }

    pub fn get(target: &Target) -> Self {
        Self::new(Method::GET, target)
    }

    pub fn post(target: &Target, json: Vec<u8>) -> Self {
        Self::new(Method::POST, target).with_body("application/json", json)
    }

    #[must_use]
    pub fn with_body(mut self, content_type: &'static str, body: Vec<u8>) -> Self {
        self.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        self.body = Zeroizing::new(body);
        self
    }

    /// Takes for an answer too what the other side does not want, and will not want if it is asked again: it says why.
    #[must_use]
    pub fn taking_refusals(self) -> Self {
        self.answered_by((400..=499).filter(|status| !matches!(status, 408 | 429)))
    }

    /// Nothing in the address is a credential: what is said of it may be shown.
    #[must_use]
    pub fn in_the_open(mut self) -> Self {
        self.address = Confidence::default();
        self
    }

    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Reads an answer of so many bytes, where one is a long list.
    #[must_use]
    pub fn reading(mut self, most: u64) -> Self {
        self.most_read = most;
        self
    }

    /// These statuses are answers like 2xx, where somebody wants to know which one it is: a redirect, which is not followed,
    /// or a refusal.
    #[must_use]
    pub fn answered_by(mut self, statuses: impl IntoIterator<Item = u16>) -> Self {
        self.answers.extend(statuses);
        self
    }

    /// `Authorization`, as it is.
    pub fn authorized(mut self, authorization: Option<&Value>) -> Result<Self, ServiceError> {
        let Some(authorization) = authorization else { return Ok(self) };
        let mut value = HeaderValue::from_bytes(authorization.expose().trim_ascii()).map_err(|_| {
            let why = "has a character that no header may have; write it like `Bearer TOKEN`".to_owned();
            ServiceError::Setting { what: "authorization".to_owned(), why }
        })?;
        value.set_sensitive(true);
        self.headers.insert(header::AUTHORIZATION, value);
        Ok(self.keeping(authorization))
    }

    /// Something in the body that no error may repeat.
    #[must_use]
    pub fn keeping(mut self, value: &Value) -> Self {
        self.confidence.keep(value);
        self
    }

    /// `: TEXT` of what was answered, or why it is left out; nothing where nothing was said.
    pub fn said(&self, answer: &[u8]) -> String {
        let said = self.address.said(answer, MOST_SAID);
        if said.ends_with(LEFT_OUT) { said } else { self.confidence.said(answer, MOST_SAID) }
    }
}

/// What a server answered with a status of 2xx, or with one that was to be an answer.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    /// Its first 64 KiB, unless more was asked for ([`Request::reading`]). It may be a credential.
    pub body: Zeroizing<Vec<u8>>,
}

/// Why an attempt came to nothing, and whether another may come to more.
enum Failed {
    ForGood(ServiceError),
    /// What the other side asked for: a pause in seconds.
    ForNow(ServiceError, Option<Duration>),
}

/// Asks until there is an answer of 2xx, or the deadline has come. What the other side could not do at this moment is asked
/// again: no connection, no answer in time, 408, 429 and 5xx. What it does not want is not.
pub fn send(request: &Request, limits: Limits, deadline: Instant) -> Result<Answer, ServiceError> {
    let mut pauses = Pauses::from(limits.first_pause);
    let mut before = None;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let (error, asked) = match attempt(request, limits.attempt.min(left)) {
            Ok(answer) => return Ok(answer),
            Err(Failed::ForGood(error)) => return Err(error),
            Err(Failed::ForNow(error, asked)) => (error, asked),
        };
        // An attempt that the deadline cut short says less than the one before it.
        let was_cut_short = left < limits.attempt && matches!(error, ServiceError::TooSlow { .. });
        let error = if was_cut_short { before.take().unwrap_or(error) } else { error };
        let left = deadline.saturating_duration_since(Instant::now());
        if let Some(asked) = asked.filter(|asked| *asked >= left) {
            return Err(later(error, asked));
        }
        let pause = asked.unwrap_or_default().max(pauses.draw());
        if pause >= left {
            return Err(error);
        }
        before = Some(error);
        std::thread::sleep(pause);
    }
}

/// Asks once and not again, whatever comes of it: for what must not be done twice.
pub fn send_once(request: &Request, limits: Limits, deadline: Instant) -> Result<Answer, ServiceError> {
    let left = deadline.saturating_duration_since(Instant::now());
    attempt(request, limits.attempt.min(left)).map_err(|failed| match failed {
        Failed::ForGood(error) | Failed::ForNow(error, _) => error,
    })
}

/// As the error, but for what is the reason that nobody waits.
fn later(error: ServiceError, asked: Duration) -> ServiceError {
    if let ServiceError::Status { to, status, .. } = error {
        ServiceError::Later { to, status, seconds: asked.as_secs() }
    } else {
        error
    }
}

fn attempt(request: &Request, limit: Duration) -> Result<Answer, Failed> {
    let too_slow = || ServiceError::TooSlow { to: request.target.to_string(), seconds: whole_seconds(limit) };
    if limit.is_zero() {
        return Err(Failed::ForNow(too_slow(), None));
    }
    let Target { client, url } = &request.target;
    let sent = client.request(request.method.clone(), url.clone()).headers(request.headers.clone());
    let response = sent.body(request.body.to_vec()).timeout(limit).send();
    let response = response.map_err(|error| failed(request, &error, too_slow))?;
    let (status, headers) = (response.status(), response.headers().clone());
    let is_answer = status.is_success() || request.answers.contains(&status.as_u16());
    if status.is_redirection() && !is_answer {
        return Err(Failed::ForGood(redirected(request, &response)));
    }
    let mut body = Zeroizing::default();
    let read = read_to_end(response.take(request.most_read), &mut body);
    if is_answer {
        read.map_err(|error| cut_short(request, &error, too_slow))?;
        return Ok(Answer { status: status.as_u16(), headers, body });
    }
    // What was read of a refusal is enough of it.
    let said = request.said(&body);
    let error = ServiceError::Status { to: request.target.to_string(), status: status.as_u16(), said };
    // By a 403 that says when to come back, GitHub means 429.
    let is_limit = status == StatusCode::FORBIDDEN && headers.contains_key(header::RETRY_AFTER);
    Err(if is_limit || may_change(status.as_u16()) {
        Failed::ForNow(error, asked_for(&headers))
    } else {
        Failed::ForGood(error)
    })
}

/// Reads to the end, and leaves no copy behind where the buffer has to grow.
fn read_to_end(mut from: impl std::io::Read, body: &mut Zeroizing<Vec<u8>>) -> std::io::Result<()> {
    let mut piece = Zeroizing::new([0; 4096]);
    loop {
        let read = match from.read(piece.as_mut_slice()) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            read => piece.get(..read?).unwrap_or_default(),
        };
        if read.is_empty() {
            return Ok(());
        }
        if body.capacity() - body.len() < read.len() {
            let mut larger = Zeroizing::new(Vec::with_capacity((body.len() + read.len()) * 2));
            larger.extend_from_slice(body);
            *body = larger;
        }
        body.extend_from_slice(read);
    }
}

/// Whether a status speaks of this moment, and not of what was asked: 408, 429 and 5xx.
pub fn may_change(status: u16) -> bool {
    matches!(status, 408 | 429 | 500..=599)
}

fn redirected(request: &Request, response: &Response) -> ServiceError {
    let location = response.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
    // The rest may repeat the path, which may be the credential.
    let location = location.and_then(|to| request.target.url.join(to).ok());
    let location = location.map_or_else(
        || "it does not say where".to_owned(),
        |to| visible(&to.origin().ascii_serialization()).into_owned(),
    );
    ServiceError::Redirected { to: request.target.to_string(), location }
}

fn cut_short(request: &Request, error: &std::io::Error, too_slow: impl Fn() -> ServiceError) -> Failed {
    if let Some(inner) = error.get_ref().and_then(|inner| inner.downcast_ref::<reqwest::Error>()) {
        return failed(request, inner, too_slow);
    }
    let why = visible(&error.to_string()).chars().take(MOST_SAID).collect();
    Failed::ForNow(ServiceError::Unreachable { to: request.target.to_string(), why }, None)
}

fn failed(request: &Request, error: &reqwest::Error, too_slow: impl Fn() -> ServiceError) -> Failed {
    if error.is_timeout() {
        return Failed::ForNow(too_slow(), None);
    }
    let to = request.target.to_string();
    let why = visible(&innermost(error)).chars().take(MOST_SAID).collect();
    let error_of = ServiceError::Unreachable { to, why };
    if is_wrong_certificate(error) { Failed::ForGood(error_of) } else { Failed::ForNow(error_of, None) }
}

/// The outermost error repeats the address, and says no more than that something failed.
fn innermost(error: &reqwest::Error) -> String {
    let mut why = "the request failed".to_owned();
    let mut source = error.source();
    while let Some(inner) = source {
        why = inner.to_string();
        source = inner.source();
    }
    why
}

/// Errors of rustls come packed in ones of the system, one in another, which don't name them as their source.
fn is_wrong_certificate(error: &(dyn Error + 'static)) -> bool {
    if matches!(error.downcast_ref(), Some(rustls::Error::InvalidCertificate(_))) {
        return true;
    }
    let packed = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    packed.is_some_and(|packed| is_wrong_certificate(packed))
        || error.source().is_some_and(is_wrong_certificate)
}

fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests;
