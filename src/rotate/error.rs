//! Why a provider did not do what it was asked.

use crate::web::ServiceError;

/// No text of it holds a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RotateError {
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// The provider says no, and what a person can do about it.
    #[error("{provider}: {why}; {remedy}")]
    Refused { provider: &'static str, why: String, remedy: String },
}
