//! A request that carries the value.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::Method;
use reqwest::header::{HeaderName, HeaderValue};
use zeroize::Zeroizing;

use super::super::{Outside, RotateError, Trial};
use super::{one_line, unfit};
use crate::domain::probe::{Carried, Http, HttpMethod};
use crate::domain::value::Value;
use crate::web::{self, Request, ServiceError, Target};

const KIND: &str = "http";

/// A redirect is an answer and is not followed: the value would go along.
pub fn attempt(http: &Http, value: &Value, outside: &Outside) -> Result<Trial, RotateError> {
    let target = Target::parse("url", &Value::new(http.url.clone().into_bytes()))?;
    let method = match http.method {
        HttpMethod::Get => Method::GET,
        HttpMethod::Head => Method::HEAD,
        HttpMethod::Post => Method::POST,
    };
    let (name, text) = header(&http.carries, one_line(value, KIND)?);
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unfit(KIND, "`header` is no header"))?;
    let text = HeaderValue::from_bytes(&text);
    let mut text = text.map_err(|_| unfit(KIND, "the value, or `prefix`, can't stand in a header"))?;
    text.set_sensitive(true);
    // Nothing of the answer but its status matters, however long it is.
    let request = Request::new(method, &target).with_header(name, text);
    let request = request.answered_by(200..=599).reading(0);
    let status = web::send(&request, outside.limits, outside.deadline)?.status;
    if http.statuses.contains(&status) {
        return Ok(Trial::Passed);
    }
    if web::may_change(status) {
        let (to, said) = (target.to_string(), String::new());
        return Err(ServiceError::Status { to, status, said }.into());
    }
    let expected: Vec<String> = http.statuses.iter().map(u16::to_string).collect();
    Ok(Trial::Refused(format!("{target}: answered {status}, and {} is expected", expected.join(" or "))))
}

fn header<'h>(carries: &'h Carried, line: &[u8]) -> (&'h str, Zeroizing<Vec<u8>>) {
    match carries {
        Carried::Header { name, prefix } => (name, Zeroizing::new([prefix.as_bytes(), line].concat())),
        Carried::Basic { user } => {
            let pair = Zeroizing::new([user.as_bytes(), b":", line].concat());
            ("Authorization", basic(&pair))
        }
    }
}

/// `Basic …` (RFC 7617).
pub(super) fn basic(pair: &[u8]) -> Zeroizing<Vec<u8>> {
    let encoded = Zeroizing::new(BASE64_STANDARD.encode(pair));
    Zeroizing::new([b"Basic ", encoded.as_bytes()].concat())
}
