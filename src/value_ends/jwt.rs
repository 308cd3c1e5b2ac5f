//! JSON Web Tokens (RFC 7519): three parts in base64url, two of which are JSON.

use serde::Deserialize;
use serde_json::Value as Json;

use super::base64;
use super::found::{Found, instant, shown};
use crate::domain::expiry::ExpirySource;
use crate::domain::json;

/// The largest header or payload that is read, in characters. A token travels in the header of a request.
const MOST_PART: usize = 1024 * 1024;
/// The longest name of an issuer that is told.
const MOST_ISSUER: usize = 200;

/// A claim that stands there twice is an error of `serde`, and of a verifier too.
#[derive(Deserialize)]
struct Header {
    alg: Json,
}

#[derive(Deserialize)]
struct Claims {
    #[serde(default)]
    exp: Json,
    #[serde(default)]
    iss: Json,
}

/// Reads a text that is one token from its first to its last character. `role` stands in for the issuer in what is told.
pub(super) fn read(text: &str, role: Option<&str>, found: &mut Found) {
    let text = text.trim();
    let token = text.strip_prefix("Bearer ").unwrap_or(text).trim_start();
    let mut parts = token.split('.');
    let (Some(header), Some(payload), Some(_)) = (parts.next(), parts.next(), parts.next()) else { return };
    let more = parts.take(3).count();
    if !matches!(more, 0 | 2) || !token.bytes().all(is_of_token) {
        return;
    }
    let Some(Header { alg: Json::String(_) }) = claims(header) else { return };
    if !found.is_new(token.as_bytes()) {
        return;
    }
    let token = || role.unwrap_or("a token");
    if more == 2 {
        return found.unread(format!("{}: it is encrypted (JWE), and its end is not read", token()));
    }
    let Some(Claims { exp, iss }) = claims(payload) else {
        return found.unread(format!("{}: its payload is no JSON object with one `exp`", token()));
    };
    let at = match &exp {
        Json::Null => return,
        // Some servers write it so where a token has no end; others would take it for the year 1970.
        Json::Number(number) if number.as_f64() == Some(0.0) => None,
        Json::Number(number) => seconds(number).and_then(instant),
        Json::Bool(_) | Json::String(_) | Json::Array(_) | Json::Object(_) => None,
    };
    let Some(at) = at else {
        return found.unread(format!("{}: its `exp` is no number of seconds between 1970 and 9999", token()));
    };
    let what = match (role, iss) {
        (Some(role), _) => role.to_owned(),
        (None, Json::String(issuer)) if (1..=MOST_ISSUER).contains(&issuer.len()) => {
            format!("token of {}", shown(&issuer))
        }
        (None, _) => "token".to_owned(),
    };
    found.end(at, ExpirySource::Jwt, what);
}

/// The whole seconds of a `NumericDate`.
fn seconds(number: &serde_json::Number) -> Option<i64> {
    if let Some(whole) = number.as_i64() {
        return Some(whole);
    }
    let float = number.as_f64().filter(|float| (0.0..1e12).contains(float))?;
    #[expect(clippy::cast_possible_truncation, reason = "below 10^12, and what is behind the point is to go")]
    Some(float as i64)
}

fn is_of_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'=')
}

fn claims<T: for<'de> Deserialize<'de>>(part: &str) -> Option<T> {
    let bytes = (part.len() <= MOST_PART).then(|| base64::decode_url_safe(part)).flatten()?;
    json::read(&bytes).ok()
}
