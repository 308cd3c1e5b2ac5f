//! The requests to Microsoft's servers.

use std::cell::OnceCell;

use reqwest::Method;
use serde_json::Value as Json;

use super::answers::{self, GraphError, LogInError};
use super::{PROVIDER, RotateError};
use crate::domain::json;
use crate::domain::rotator::EntraAppPassword;
use crate::domain::text::visible;
use crate::domain::value::Value;
use crate::rotate::Outside;
use crate::web::{Answer, Form, Request, ServiceError, Target, send, send_once};

/// The largest list that is read, in bytes: an application holds some thousand things at most.
const MAX_LIST_BYTES: u64 = 1024 * 1024;

pub struct Api<'a> {
    settings: &'a EntraAppPassword<Value>,
    outside: &'a Outside,
    token: Target,
    application: Target,
    /// As the client; it lives longer than this run may.
    authorization: OnceCell<Value>,
}

pub enum LogIn {
    /// `Bearer TOKEN`.
    In(Value),
    /// The secret is not taken, and why.
    Refused(String),
}

pub enum Asked {
    Done(Answer),
    Refused(Refusal),
}

/// What Graph does not want.
pub struct Refusal {
    pub status: u16,
    code: String,
    /// `: CODE: MESSAGE`.
    said: String,
}

impl<'a> Api<'a> {
    pub fn new(settings: &'a EntraAppPassword<Value>, outside: &'a Outside) -> Result<Self, RotateError> {
        let target = |name: &str, address: &str| {
            Target::parse(&format!("rotator {PROVIDER}: `{name}`"), &Value::new(address.as_bytes().to_vec()))
        };
        let token = target("login", &settings.login)?.at(&[&settings.tenant, "oauth2", "v2.0", "token"]);
        let application = format!("applications(appId='{}')", settings.app);
        let application = target("graph", &settings.graph)?.at(&["v1.0", &application]);
        Ok(Self { settings, outside, token, application, authorization: OnceCell::new() })
    }

    /// Asks for a token as this application (RFC 6749, section 4.4).
    pub fn log_in(&self, client: &str, secret: &Value) -> Result<LogIn, RotateError> {
        let scope = format!("{}/.default", self.settings.graph.trim_end_matches('/'));
        let form = Form::default()
            .with("client_id", client.as_bytes())
            .with("scope", scope.as_bytes())
            .with("client_secret", secret.expose())
            .with("grant_type", b"client_credentials");
        let request = Request::new(Method::POST, &self.token)
            .with_body(Form::CONTENT_TYPE, form.into_bytes())
            .in_the_open()
            .keeping(secret)
            .taking_refusals();
        let answer = send(&request, self.outside.limits, self.outside.deadline)?;
        if answer.status < 300 {
            return match answers::authorization(&answer.body) {
                Some(authorization) => Ok(LogIn::In(authorization)),
                None => Err(garbage(&self.token, "it gives no token; is `login` the right address?")),
            };
        }
        let Ok(error) = json::read::<LogInError<'_>>(&answer.body) else {
            let (to, said) = (self.token.to_string(), request.said(&answer.body));
            return Err(ServiceError::Status { to, status: answer.status, said }.into());
        };
        let said = request.said(error.sentence().as_bytes());
        if error.error == "invalid_client" {
            return Ok(LogIn::Refused(format!("{} does not let {client} in{said}", self.token)));
        }
        Err(RotateError::Refused {
            provider: PROVIDER,
            why: format!("{} gives {client} no token{said}", self.token),
            remedy: "look at `tenant`, `client` and `app`".to_owned(),
        })
    }

    /// The application and its client secrets.
    pub fn application(&self) -> Result<Asked, RotateError> {
        let target = self.application.with_query(&[("$select", "passwordCredentials")]);
        let request = self.authorized(Request::get(&target).reading(MAX_LIST_BYTES))?;
        let answer = send(&request, self.outside.limits, self.outside.deadline)?;
        Ok(asked(&request, answer))
    }

    /// For what may be done twice.
    pub fn post(&self, action: &str, body: &Json) -> Result<Asked, RotateError> {
        let request = self.action(action, body)?;
        let answer = send(&request, self.outside.limits, self.outside.deadline)?;
        Ok(asked(&request, answer))
    }

    /// For what may not.
    pub fn post_once(&self, action: &str, body: &Json) -> Result<Asked, RotateError> {
        let request = self.action(action, body)?;
        let answer = send_once(&request, self.outside.limits, self.outside.deadline)?;
        Ok(asked(&request, answer))
    }

    fn action(&self, action: &str, body: &Json) -> Result<Request, RotateError> {
        self.authorized(Request::post(&self.application.at(&[action]), body.to_string().into_bytes()))
    }

    fn authorized(&self, request: Request) -> Result<Request, RotateError> {
        Ok(request.in_the_open().taking_refusals().authorized(Some(self.authorization()?))?)
    }

    fn authorization(&self) -> Result<&Value, RotateError> {
        if let Some(authorization) = self.authorization.get() {
            return Ok(authorization);
        }
        match self.log_in(&self.settings.client, &self.settings.client_secret)? {
            LogIn::In(authorization) => Ok(self.authorization.get_or_init(|| authorization)),
            LogIn::Refused(why) => Err(RotateError::Refused {
                provider: PROVIDER,
                why,
                remedy: format!(
                    "give `client-secret` a client secret of {} that is valid",
                    self.settings.client
                ),
            }),
        }
    }

    /// An error, with what can be done about it where that can be told.
    pub fn refused(&self, refusal: Refusal, else_remedy: &str) -> RotateError {
        let EntraAppPassword { tenant, app, client, .. } = self.settings;
        let Refusal { status, code, said } = refusal;
        let remedy = match (status, code.as_str()) {
            (_, "CredentialInvalidLifetimeAsPerAppPolicy") => {
                "the directory wants client secrets to end sooner: give the rotator a shorter `lifetime`, such as 90d"
                    .to_owned()
            }
            (_, "CredentialTypeNotAllowedAsPerAppPolicy") => {
                format!("the directory allows no client secrets: have its administrators exempt {app}")
            }
            (401, _) => "look at `login` and `graph`: they must be of one cloud".to_owned(),
            (403, _) => format!(
                "give {client} the application permission Application.ReadWrite.OwnedBy, with an administrator's consent, and \
                 make it an owner of {app}"
            ),
            (404, _) => {
                format!("look at `app` and `tenant`: is {app} an application (client) id of {tenant}?")
            }
            _ => else_remedy.to_owned(),
        };
        let why = format!("{} answered {status}{said}", self.application);
        RotateError::Refused { provider: PROVIDER, why, remedy }
    }

    pub fn garbage(&self) -> RotateError {
        garbage(&self.application, "it is not what Microsoft Graph says of client secrets; is `graph` right?")
    }
}

fn garbage(target: &Target, why: &str) -> RotateError {
    ServiceError::Garbage { to: target.to_string(), why: why.to_owned() }.into()
}

fn asked(request: &Request, answer: Answer) -> Asked {
    if answer.status < 300 {
        return Asked::Done(answer);
    }
    let status = answer.status;
    match json::read::<GraphError>(&answer.body) {
        Ok(GraphError { error }) => {
            let said = request.said(format!("{}: {}", error.code, error.message).as_bytes());
            Asked::Refused(Refusal { status, code: visible(&error.code).into_owned(), said })
        }
        Err(_) => Asked::Refused(Refusal { status, code: String::new(), said: request.said(&answer.body) }),
    }
}
