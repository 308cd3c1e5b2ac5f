//! The Query APIs of IAM (2010-05-08) and STS (2011-06-15), signed as SigV4 wants it.

use std::thread;
use std::time::{Duration, Instant, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Method, Url};

use super::answers::{self, Fault};
use super::key::AccessKey;
use crate::domain::value::Value;
use crate::rotate::{Outside, RotateError};
use crate::web::{self, Answer, Form, Request, ServiceError, Target};

/// What AWS refuses with; what it says of it is in the body.
const REFUSALS: [u16; 4] = [400, 403, 404, 409];
/// Too much was asked at once, by whomever: the same may be well in a moment (IAM API reference, common errors).
const THROTTLED: [&str; 3] = ["Throttling", "ThrottlingException", "RequestLimitExceeded"];
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// One of the two.
pub struct Service {
    name: &'static str,
    version: &'static str,
    /// As it is called, without what the target makes of it for eyes.
    url: Url,
    target: Target,
}

impl Service {
    pub fn iam(address: &str) -> Result<Self, ServiceError> {
        Self::new("iam", "2010-05-08", address)
    }

    pub fn sts(address: &str) -> Result<Self, ServiceError> {
        Self::new("sts", "2011-06-15", address)
    }

    fn new(name: &'static str, version: &'static str, address: &str) -> Result<Self, ServiceError> {
        let target = Target::parse(name, &Value::new(address.as_bytes().to_vec()))?;
        let wrong = |_| ServiceError::Setting { what: name.to_owned(), why: "is no address".to_owned() };
        let url = address.trim().parse().map_err(wrong)?;
        Ok(Self { name, version, url, target })
    }

    pub fn garbage(&self) -> ServiceError {
        let why = "it is no answer of IAM or STS to what was asked".to_owned();
        ServiceError::Garbage { to: self.target.to_string(), why }
    }
}

/// How often something may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asks {
    /// Until there is an answer: asked twice it does no more than once.
    Again,
    Once,
}

/// One action, and with which key it is asked for.
pub struct Call<'c> {
    pub service: &'c Service,
    pub region: &'c str,
    pub key: &'c AccessKey<'c>,
    pub action: &'static str,
    pub parameters: &'c [(&'static str, &'c str)],
    pub asks: Asks,
}

pub enum Asked {
    Done(Answer),
    Refused(Refusal),
}

/// A no that AWS gives a reason for.
pub struct Refusal {
    pub code: String,
    /// `HOST: answered ACTION with CODE: MESSAGE`, fit to be shown.
    pub shown: String,
    /// Whether it is the clock that is wrong, and not the key.
    pub is_clock: bool,
    /// Whether it was signed for a region that the address is not of.
    pub is_region: bool,
}

impl Refusal {
    /// Whether it is the key that is not taken, whatever is asked with it.
    pub fn is_of_key(&self) -> bool {
        !self.is_clock
            && !self.is_region
            && matches!(
                self.code.as_str(),
                "InvalidClientTokenId"
                    | "SignatureDoesNotMatch"
                    | "UnrecognizedClientException"
                    | "InvalidAccessKeyId"
                    | "AuthFailure"
                    | "ExpiredToken"
                    | "InvalidToken"
            )
    }
}

impl Call<'_> {
    pub fn ask(&self, outside: &Outside) -> Result<Asked, ServiceError> {
        let mut pause = outside.limits.first_pause;
        loop {
            let request = self.request()?;
            let answer = match self.asks {
                Asks::Again => web::send(&request, outside.limits, outside.deadline)?,
                Asks::Once => web::send_once(&request, outside.limits, outside.deadline)?,
            };
            if (200..300).contains(&answer.status) {
                return Ok(Asked::Done(answer));
            }
            let refusal = self.refusal(&request, &answer);
            let left = outside.deadline.saturating_duration_since(Instant::now());
            let is_throttled = THROTTLED.contains(&refusal.code.as_str());
            if !is_throttled || self.asks == Asks::Once || pause >= left {
                return Ok(Asked::Refused(refusal));
            }
            thread::sleep(pause);
            pause = pause.saturating_mul(2).clamp(Duration::from_millis(1), LONGEST_PAUSE);
        }
    }

    fn request(&self) -> Result<Request, ServiceError> {
        let body = self.body();
        let signed = self.signed(&body)?;
        let mut request = Request::new(Method::POST, &self.service.target)
            .with_body(Form::CONTENT_TYPE, body)
            .answered_by(REFUSALS)
            .keeping(&self.key.confidential());
        for (name, text, is_sensitive) in signed {
            let mut value = HeaderValue::from_str(&text).map_err(|_| self.unsigned())?;
            value.set_sensitive(is_sensitive);
            request = request.with_header(HeaderName::from_static(name), value);
        }
        Ok(request)
    }

    fn body(&self) -> Vec<u8> {
        let form = Form::default().with("Action", self.action.as_bytes());
        let form = form.with("Version", self.service.version.as_bytes());
        let parameters = self.parameters.iter();
        parameters.fold(form, |form, (name, value)| form.with(name, value.as_bytes())).into_bytes()
    }

    /// The headers that SigV4 adds, and which of them are confidential.
    #[expect(
        clippy::disallowed_methods,
        reason = "AWS holds a signature against its own clock, whatever moment it is judged as of"
    )]
    fn signed(&self, body: &[u8]) -> Result<Vec<(&'static str, String, bool)>, ServiceError> {
        let AccessKey { id, secret, token } = *self.key;
        let identity = Credentials::new(id, secret, token.map(str::to_owned), None, "secrets").into();
        let parameters = SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name(self.service.name)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|_| self.unsigned())?
            .into();
        let headers = [("content-type", Form::CONTENT_TYPE)].into_iter();
        let request =
            SignableRequest::new("POST", self.service.url.as_str(), headers, SignableBody::Bytes(body));
        let signed = request.and_then(|request| sign(request, &parameters)).map_err(|_| self.unsigned())?;
        let (headers, _) = signed.into_parts().0.into_parts();
        let headers = headers.into_iter();
        Ok(headers.map(|header| (header.name(), header.value().to_owned(), header.sensitive())).collect())
    }

    fn unsigned(&self) -> ServiceError {
        let why = "a request to this address can't be signed".to_owned();
        ServiceError::Setting { what: self.service.name.to_owned(), why }
    }

    fn refusal(&self, request: &Request, answer: &Answer) -> Refusal {
        let (to, action, status) = (&self.service.target, self.action, answer.status);
        let Ok(Fault { code, message }) = answers::fault(&answer.body) else {
            let said = request.said(&answer.body);
            let shown = format!("{to}: answered {action} with {status}{said}");
            return Refusal { code: String::new(), shown, is_clock: false, is_region: false };
        };
        // What it says may end with a full stop, and something comes behind it.
        let said = request.said(format!("{code}: {}", message.trim_end_matches('.')).as_bytes());
        let has = |part: &str| message.to_ascii_lowercase().contains(part);
        let is_clock = matches!(code.as_str(), "RequestExpired" | "RequestTimeTooSkewed")
            || has("signature expired")
            || has("signature not yet current");
        let is_region = has("should be scoped to a valid region");
        Refusal { shown: format!("{to}: answered {action} with {status}{said}"), code, is_clock, is_region }
    }
}

impl From<Refusal> for RotateError {
    /// Of whatever is asked with the key that makes keys.
    fn from(refusal: Refusal) -> Self {
        let remedy = match refusal.code.as_str() {
            _ if refusal.is_clock => "set the clock of this machine",
            _ if refusal.is_region => "look at `region`, and at the addresses if there are any",
            _ if refusal.is_of_key() => "look at `credentials`",
            "NoSuchEntity" => "look at `user`, and of which account `credentials` are",
            "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" => {
                "allow it to whomever `credentials` belong to"
            }
            code if THROTTLED.contains(&code) => "run it again in a while",
            _ => "look at the settings of the rotator",
        };
        Self::Refused { provider: super::PROVIDER, why: refusal.shown, remedy: remedy.to_owned() }
    }
}
