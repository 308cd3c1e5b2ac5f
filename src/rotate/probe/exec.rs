//! A program that gets the value on its standard input.

use super::super::{Outside, RotateError, Trial};
use crate::domain::value::Value;

pub fn attempt(_command: &[String], _value: &Value, _outside: &Outside) -> Result<Trial, RotateError> {
    Ok(Trial::CannotTell)
}
