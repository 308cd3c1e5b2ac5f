//! A token of OAuth 2.0, asked for with the value as client secret (RFC 6749, section 4.4).

use reqwest::header::{self, HeaderValue};
use serde::Deserialize;
use zeroize::{Zeroize as _, Zeroizing};

use super::super::{Outside, RotateError, Trial};
use super::{http, one_line, unfit};
use crate::domain::probe::OAuth2;
use crate::domain::value::Value;
use crate::web::{self, Answer, Request, ServiceError, Target};

const KIND: &str = "oauth2-client-credentials";
const FORM: &str = "application/x-www-form-urlencoded";
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
    let mut body = Zeroizing::new(b"grant_type=client_credentials".to_vec());
    let mut field = |name: &str, text: &[u8]| {
        let encoded = encoded(text);
        // A buffer that grows leaves a copy behind.
        let longer = [body.as_slice(), b"&", name.as_bytes(), b"=", encoded.as_slice()].concat();
        body = Zeroizing::new(longer);
    };
    if let Some(scope) = &oauth2.scope {
        field("scope", scope.as_bytes());
    }
    let (id, encoded_secret) = (oauth2.client_id.as_bytes(), encoded(secret));
    let kept = Value::new(encoded_secret.to_vec());
    if oauth2.in_body {
        field("client_id", id);
        field("client_secret", secret);
        return Ok(Request::new(reqwest::Method::POST, target).with_body(FORM, body.to_vec()).keeping(&kept));
    }
    // Section 2.3.1: both are encoded like fields of a form before they become user and password.
    let id = encoded(id);
    let basic = http::basic(&Zeroizing::new([id.as_slice(), b":", encoded_secret.as_slice()].concat()));
    let mut authorization =
        HeaderValue::from_bytes(&basic).map_err(|_| unfit(KIND, "`client-id` can't stand in a header"))?;
    authorization.set_sensitive(true);
    let request = Request::new(reqwest::Method::POST, target).with_body(FORM, body.to_vec());
    Ok(request
        .with_header(header::AUTHORIZATION, authorization)
        .keeping(&kept)
        .keeping(&Value::new(basic.to_vec())))
}

/// As a field of a form is written (RFC 6749, appendix B).
fn encoded(text: &[u8]) -> Zeroizing<Vec<u8>> {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = Zeroizing::new(Vec::with_capacity(text.len() * 3));
    for byte in text {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => out.push(*byte),
            b' ' => out.push(b'+'),
            other => {
                let digit = |nibble: u8| HEX.get(usize::from(nibble)).copied().unwrap_or_default();
                out.extend([b'%', digit(other >> 4), digit(other & 15)]);
            }
        }
    }
    out
}

fn judge(answer: &Answer, request: &Request, to: &str) -> Result<Trial, RotateError> {
    let garbage = |why: &str| ServiceError::Garbage { to: to.to_owned(), why: why.to_owned() };
    if answer.status == 200 {
        let token: Token = serde_json::from_slice(&answer.body)
            .map_err(|_| garbage("200 without an `access_token` and its `token_type`"))?;
        if token.access_token.0.is_empty() || token.token_type.is_empty() {
            return Err(garbage("200 with an empty `access_token` or `token_type`").into());
        }
        return Ok(Trial::Passed);
    }
    let status = answer.status;
    let Ok(fault) = serde_json::from_slice::<Fault>(&answer.body) else {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_of_a_form() {
        for (text, expected) in [
            ("plain-._*09", "plain-._*09"),
            (" %&+", "+%25%26%2B"),
            ("\u{a3}\u{20ac}", "%C2%A3%E2%82%AC"),
            ("~:/=", "%7E%3A%2F%3D"),
        ] {
            assert_eq!(encoded(text.as_bytes()).as_slice(), expected.as_bytes());
        }
    }
}
