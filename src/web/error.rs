//! Why another system did not do what it was asked.

/// No text of it holds a credential: addresses are shown up to their host only, because of many the rest is the secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServiceError {
    /// What policy, a record, the environment or a secret says can't be used.
    #[error("{what}: {why}")]
    Setting { what: String, why: String },
    #[error("{to}: could not be reached: {why}")]
    Unreachable { to: String, why: String },
    #[error("{to}: gave no answer within {seconds} s")]
    TooSlow { to: String, seconds: u64 },
    #[error("{to}: answered {status}{said}")]
    Status { to: String, status: u16, said: String },
    #[error(
        "{to}: answered {status}, and wants to be asked again in {seconds} s, which is longer than this run waits"
    )]
    Later { to: String, status: u16, seconds: u64 },
    #[error("{to}: leads elsewhere ({location}), and that is not followed: credentials would go along")]
    Redirected { to: String, location: String },
    #[error("{to}: answered what can't be understood: {why}")]
    Garbage { to: String, why: String },
    #[error("{program}: {why}")]
    Program { program: String, why: String },
}
