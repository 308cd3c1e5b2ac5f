//! What tells whether a value works where it is meant for: one kind a file.

use super::{Outside, RotateError, Trial};
use crate::domain::probe::Probe;
use crate::domain::value::Value;
use crate::web::ServiceError;

pub mod oauth2;
pub mod tls;

mod exec;
mod http;

/// Tries a value once. An error: it could not be tried.
pub fn attempt(probe: &Probe, value: &Value, outside: &Outside) -> Result<Trial, RotateError> {
    match probe {
        Probe::OAuth2(oauth2) => oauth2::attempt(oauth2, value, outside),
        Probe::Http(http) => http::attempt(http, value, outside),
        Probe::Tls(tls) => tls::attempt(tls, value, outside),
        Probe::Exec { command } => exec::attempt(command, value, outside),
    }
}

/// What of a value is sent: what was pasted with the end of its line is meant without it.
fn one_line<'v>(value: &'v Value, probe: &str) -> Result<&'v [u8], RotateError> {
    let bytes = value.expose();
    let line = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.is_empty() || line.iter().any(u8::is_ascii_control) {
        let why = "the value is empty, or has control characters or more than one line, and can't be sent like this";
        return Err(unfit(probe, why));
    }
    Ok(line)
}

/// A value, or a setting, with which nothing can be tried, however often.
fn unfit(probe: &str, why: impl Into<String>) -> RotateError {
    ServiceError::Setting { what: format!("probe {probe}"), why: why.into() }.into()
}
