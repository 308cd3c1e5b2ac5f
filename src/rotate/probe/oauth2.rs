//! A token of OAuth 2.0, asked for with the value as client secret (RFC 6749, section 4.4).

use reqwest::Method;
use serde::Deserialize;
use zeroize::{Zeroize as _, Zeroizing};

use super::super::{Outside, RotateError, Trial};
use super::{http, one_line};
use crate::domain::json;
use crate::domain::probe::OAuth2;
use crate::domain::value::Value;
use crate::web::{self, Answer, Form, Request, ServiceError, Target, form_encoded};

const KIND: &str = "oauth2-client-credentials";
/// What says that it is this client, or its secret, that is not taken (RFC 6749, section 5.2).
const REFUSALS: [&str; 2] = ["invalid_client", "unauthorized_client"];

/// Section 5.1. The token is a credential itself: that there is one is all that is looked at.
#[derive(Deserialize)]
struct Token {
    access_token: Wiped,
    token_type: String,
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Wiped(String);

impl Drop for Wiped {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Section 5.2.
#[derive(Deserialize)]
struct Fault {
    error: String,
    error_description: Option<String>,
}

pub fn attempt(oauth2: &OAuth2, value: &Value, outside: &Outside) -> Result<Trial, RotateError> {
    let target = Target::parse("token-url", &Value::new(oauth2.token_url.clone().into_bytes()))?;
    let request = request(oauth2, &target, one_line(value, KIND)?)?.keeping(value);
    let request = request.answered_by([400, 401]);
    let answer = web::send(&request, outside.limits, outside.deadline)?;
    judge(&answer, &request, &target.to_string())
}

fn request(oauth2: &OAuth2, target: &Target, secret: &[u8]) -> Result<Request, RotateError> {
    let form = Form::default().with("grant_type", b"client_credentials");
    let form = match &oauth2.scope {
        Some(scope) => form.with("scope", scope.as_bytes()),
        None => form,
    };
    let id = oauth2.client_id.as_bytes();
    let post = |form: Form| {
        let request = Request::new(Method::POST, target).in_the_open();
        request.with_body(Form::CONTENT_TYPE, form.into_bytes())
    };
    let kept = Value::new(form_encoded(secret).to_vec());
    if oauth2.in_body {
        return Ok(post(form.with("client_id", id).with("client_secret", secret)).keeping(&kept));
    }
    // Section 2.3.1: both are written like fields of a form before they become user and password.
    let pair = Zeroizing::new([form_encoded(id).as_slice(), b":", form_encoded(secret).as_slice()].concat());
    let basic = Value::new(http::basic(&pair).to_vec());
    Ok(post(form).authorized(Some(&basic))?.keeping(&kept))
}

/// What its answer to the trial comes to; `to` is whom it was asked of.
pub fn judge(answer: &Answer, request: &Request, to: &str) -> Result<Trial, RotateError> {
    let garbage = |why: &str| ServiceError::Garbage { to: to.to_owned(), why: why.to_owned() };
    if answer.status == 200 {
        let token: Token = json::read(&answer.body)
            .map_err(|_| garbage("200 without an `access_token` and its `token_type`"))?;
        if token.access_token.0.is_empty() || token.token_type.is_empty() {
            return Err(garbage("200 with an empty `access_token` or `token_type`").into());
        }
        return Ok(Trial::Passed);
    }
    let status = answer.status;
    let Ok(fault) = json::read::<Fault>(&answer.body) else {
        return match status {
            401 => Ok(Trial::Refused(format!("{to}: refused it with {status}, and does not say why"))),
            400 => Err(garbage("400 without an `error`").into()),
            _ => Err(garbage(&format!("{status}, where 200 with a token is expected")).into()),
        };
    };
    let said = match &fault.error_description {
        Some(description) => format!("{}: {description}", fault.error),
        None => fault.error.clone(),
    };
    let said = request.said(said.as_bytes());
    if status == 401 || REFUSALS.contains(&fault.error.as_str()) {
        return Ok(Trial::Refused(format!("{to}: refused it with {status}{said}")));
    }
    Err(ServiceError::Status { to: to.to_owned(), status, said }.into())
}
