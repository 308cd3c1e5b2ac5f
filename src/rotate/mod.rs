//! What makes the next version of a secret: one provider a file, behind one small trait, and the probes that tell whether a
//! version works.
//!
//! A provider does one thing when asked, and decides nothing: in which order what is asked, and what may be revoked, is said by
//! [`crate::domain::rotation`].

pub mod aws;
pub mod entra;
pub mod exec;
pub mod generate;
pub mod gitlab;
pub mod probe;
pub mod trying;

mod error;
mod marker;

pub use error::RotateError;
pub use exec::{answer_schema, request_schema};

use std::path::PathBuf;
use std::time::Instant;

use crate::domain::id::VersionId;
use crate::domain::name::SecretName;
use crate::domain::rotation::{Handle, Listed};
use crate::domain::rotator::{Rotator, RotatorKind};
use crate::domain::time;
use crate::domain::value::Value;
use crate::system::environment::Environment;
use crate::web::Limits;

/// What a provider or a probe may touch.
#[derive(Clone)]
pub struct Outside {
    pub environment: Environment,
    /// Where programs are run: the root of the repository.
    pub folder: PathBuf,
    pub limits: Limits,
    /// When `limits.whole` is over.
    pub deadline: Instant,
    /// As of when it is judged and dated.
    pub now: time::Instant,
    /// Which secret it is for.
    pub secret: SecretName,
}

/// What a provider made.
pub struct Minted {
    pub value: Value,
    /// By what it knows it; `None` where nothing is kept anywhere.
    pub handle: Option<Handle>,
    /// When it ends, as the provider says.
    pub expires: Option<time::Instant>,
}

/// What a trial of a value came to.
#[must_use]
#[derive(Debug)]
pub enum Trial {
    Passed,
    /// The other side does not take it, and why.
    Refused(String),
    /// Nothing here can try it.
    CannotTell,
}

/// Somebody who gives out credentials.
pub trait Provider {
    /// Whether it keeps a list of what it gave out. Without one there is nothing to look for, and nothing to revoke.
    fn has_register(&self) -> bool {
        true
    }

    /// Whether what it makes can carry a marker.
    fn takes_markers(&self) -> bool;

    /// Everything of this kind that it has now.
    fn list(&self) -> Result<Vec<Listed>, RotateError>;

    /// Which of these a value belongs to; `None` where it can't be told.
    fn identify(&self, value: &Value, listed: &[Listed]) -> Result<Option<Handle>, RotateError>;

    /// Makes a new one, once: a request whose fate is unknown is not repeated, because it may have been heard. `current` is
    /// the value that stands, where that matters. `lifetime_end` is when policy wants it to end.
    fn mint(
        &self,
        marker: VersionId,
        current: Option<&Value>,
        lifetime_end: Option<time::Instant>,
    ) -> Result<Minted, RotateError>;

    /// Whether a value is taken where it is meant for. An error: it could not be tried.
    fn verify(&self, value: &Value) -> Result<Trial, RotateError>;

    /// Ends one for good; well where it is gone already.
    fn revoke(&self, handle: &Handle) -> Result<(), RotateError>;
}

/// The provider of a rotator; `None` where a person is it.
pub fn provider<'a>(
    rotator: &'a Rotator<Value>,
    outside: &'a Outside,
) -> Result<Option<Box<dyn Provider + 'a>>, RotateError> {
    Ok(Some(match &rotator.kind {
        RotatorKind::Generate(generate) => Box::new(generate::Generator { generate, outside }),
        RotatorKind::EntraAppPassword(entra) => Box::new(entra::Entra::new(entra, outside)?),
        RotatorKind::AwsIamAccessKey(aws) => Box::new(aws::Aws::new(aws, outside)?),
        RotatorKind::GitlabToken(gitlab) => Box::new(gitlab::Gitlab::new(gitlab, outside)?),
        RotatorKind::Exec { command, takes_markers } => {
            Box::new(exec::Exec { command, takes_markers: *takes_markers, outside })
        }
        RotatorKind::Manual => return Ok(None),
    }))
}
