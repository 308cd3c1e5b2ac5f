//! What tells whether a value works where it is meant for: one kind a file.

use super::{Outside, RotateError, Trial};
use crate::domain::probe::Probe;
use crate::domain::value::Value;

mod exec;
mod http;
mod oauth2;
mod tls;

/// Tries a value once. An error: it could not be tried.
pub fn attempt(probe: &Probe, value: &Value, outside: &Outside) -> Result<Trial, RotateError> {
    match probe {
        Probe::OAuth2 { .. } => oauth2::attempt(probe, value, outside),
        Probe::Http { .. } => http::attempt(probe, value, outside),
        Probe::Tls { .. } => tls::attempt(probe, value, outside),
        Probe::Exec { command } => exec::attempt(command, value, outside),
    }
}
