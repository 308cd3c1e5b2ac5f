//! A program that speaks JSON on its standard input and output.

use super::{Minted, Outside, Provider, RotateError, Trial};
use crate::domain::id::VersionId;
use crate::domain::rotation::{Handle, Listed};
use crate::domain::time::Instant;
use crate::domain::value::Value;

const PROVIDER: &str = "exec";

pub struct Exec<'a> {
    pub command: &'a [String],
    pub takes_markers: bool,
    pub outside: &'a Outside,
}

impl Provider for Exec<'_> {
    fn takes_markers(&self) -> bool {
        true
    }

    fn list(&self) -> Result<Vec<Listed>, RotateError> {
        Ok(Vec::new())
    }

    fn identify(&self, _value: &Value, _listed: &[Listed]) -> Result<Option<Handle>, RotateError> {
        Ok(None)
    }

    fn mint(
        &self,
        _marker: VersionId,
        _current: Option<&Value>,
        _lifetime_end: Option<Instant>,
    ) -> Result<Minted, RotateError> {
        Err(RotateError::Refused { provider: PROVIDER, why: "nothing".to_owned(), remedy: "none".to_owned() })
    }

    fn verify(&self, _value: &Value) -> Result<Trial, RotateError> {
        Ok(Trial::CannotTell)
    }

    fn revoke(&self, _handle: &Handle) -> Result<(), RotateError> {
        Ok(())
    }
}
