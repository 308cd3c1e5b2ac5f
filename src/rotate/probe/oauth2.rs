//! A token of OAuth 2.0, asked for with the value as client secret.

use super::super::{Outside, RotateError, Trial};
use crate::domain::probe::Probe;
use crate::domain::value::Value;

pub fn attempt(_probe: &Probe, _value: &Value, _outside: &Outside) -> Result<Trial, RotateError> {
    Ok(Trial::CannotTell)
}
