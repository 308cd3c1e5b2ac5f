//! What the scheduled job remembers between its runs: in the remote's ledger, or in a file.

use std::path::PathBuf;
use std::time::Duration;

use crate::domain::finding::Unknown;
use crate::domain::ledger::Event;
use crate::git::Repository;
use crate::store::ledger::Ledger;

/// Why nothing could be remembered, or read of it.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    /// The remote takes no push from here: a read-only token, a protected ref.
    #[error("{ledger}: can't be written from here: {why}")]
    ReadOnly { ledger: String, why: String },
    #[error("{ledger}: {why}")]
    Failed { ledger: String, why: String },
}

/// Where it is kept.
pub enum Memory<'a> {
    Remote { repository: &'a Repository, remote: String, full_ref: String, limit: Duration },
    File(PathBuf),
}

/// What is remembered.
#[derive(Debug, Clone, Default)]
pub struct Remembered {
    pub ledger: Ledger,
    /// Lines that can't be read, or a ledger that lost some: what they told may be told again.
    pub faults: Vec<Unknown>,
}

impl Memory<'_> {
    pub fn read(&mut self) -> Result<Remembered, MemoryError> {
        Err(self.failed())
    }

    /// Appends the events that `decide` answers with; none leave everything as it is. Where another run was quicker, it is
    /// asked again with what is remembered by then. Answers with what is remembered afterwards.
    pub fn append(
        &mut self,
        decide: &mut dyn FnMut(&Remembered) -> Vec<Event>,
    ) -> Result<Remembered, MemoryError> {
        decide(&Remembered::default());
        Err(self.failed())
    }

    fn failed(&self) -> MemoryError {
        let ledger = match self {
            Self::Remote { full_ref, .. } => full_ref.clone(),
            Self::File(path) => path.display().to_string(),
        };
        MemoryError::Failed { ledger, why: "not there yet".to_owned() }
    }
}
