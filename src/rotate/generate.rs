//! What is made here: random text, keys, certificates.
//!
//! Nobody else knows of it, so there is nothing to list, to try or to revoke: whoever takes it takes what is deployed.

mod certificate;
mod keys;
mod random;
mod text;

use super::{Minted, Outside, Provider, RotateError, Trial};
use crate::domain::id::VersionId;
use crate::domain::period::Period;
use crate::domain::rotation::{Handle, Listed};
use crate::domain::rotator::{Generate, Recipe};
use crate::domain::time::Instant;
use crate::domain::value::Value;

const PROVIDER: &str = "generate";

/// How long a certificate lives where nothing is said.
const LIFETIME: Period = Period::days(90);

pub struct Generator<'a> {
    pub generate: &'a Generate,
    pub outside: &'a Outside,
}

impl Generator<'_> {
    /// When a certificate ends.
    fn end(&self, days: Option<u32>, lifetime_end: Option<Instant>) -> Result<Instant, RotateError> {
        let now = self.outside.now;
        let end = match (days, lifetime_end) {
            (Some(days), _) => Period::days(days).after(now),
            (None, Some(end)) => Some(end).filter(|end| *end > now),
            (None, None) => LIFETIME.after(now),
        };
        end.ok_or_else(|| failed("a certificate would end before it begins", "give it a lifetime"))
    }
}

impl Provider for Generator<'_> {
    fn has_register(&self) -> bool {
        false
    }

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
        lifetime_end: Option<Instant>,
    ) -> Result<Minted, RotateError> {
        let mut expires = lifetime_end;
        let now = self.outside.now;
        let value = match &self.generate.recipe {
            Recipe::Text { length, alphabet } => text::text(*length, alphabet)?,
            Recipe::Bytes { length, encoding } => text::bytes(*length, *encoding)?,
            Recipe::Uuid => text::uuid()?,
            Recipe::SshEd25519 { comment } => keys::ssh_ed25519(comment)?,
            Recipe::Age => keys::age(now),
            Recipe::SelfSigned { names, days } => {
                let end = self.end(*days, lifetime_end)?;
                expires = Some(end);
                certificate::self_signed(names, now, end)?
            }
            Recipe::Csr { names } => certificate::request(names)?,
        };
        Ok(Minted { value, handle: None, expires })
    }

    fn verify(&self, _value: &Value) -> Result<Trial, RotateError> {
        Ok(Trial::CannotTell)
    }

    fn revoke(&self, _handle: &Handle) -> Result<(), RotateError> {
        Ok(())
    }
}

fn failed(why: &str, remedy: &str) -> RotateError {
    RotateError::Refused { provider: PROVIDER, why: why.to_owned(), remedy: remedy.to_owned() }
}
