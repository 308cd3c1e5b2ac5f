//! What the scheduled job remembers between its runs: in the remote's ledger, or in a file.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::domain::finding::Unknown;
use crate::domain::ledger::Event;
use crate::domain::text::counted;
use crate::domain::time::Instant;
use crate::git::Repository;
use crate::store::ledger::{self, Ledger, MAX_LEDGER_BYTES};
use crate::system::files::{self, Access, FileError};
use crate::system::lock::FileLock;

mod remote;

/// How long a file is waited for that another run has.
const FILE_LIMIT: Duration = Duration::from_mins(1);

/// Why nothing could be remembered, or read of it.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    /// The remote takes no push from here: a read-only token, a protected ref.
    #[error(
        "{ledger}: can't be written from here: {why}; let the job push that ref, or write state = \"none\" below [ledger] in \
         policy.toml"
    )]
    ReadOnly { ledger: String, why: String },
    #[error("{ledger}: {why}")]
    Failed { ledger: String, why: String },
}

/// Where it is kept.
pub enum Memory<'a> {
    /// At a ref of a remote. `limit` bounds each call, all attempts together.
    Remote {
        repository: &'a Repository,
        remote: String,
        full_ref: String,
        limit: Duration,
    },
    File(PathBuf),
}

/// What is remembered.
#[derive(Debug, Clone, Default)]
pub struct Remembered {
    pub ledger: Ledger,
    /// Lines that can't be read, or a ledger that lost some: what they told may be told again.
    pub faults: Vec<Unknown>,
    /// All of it, as it stands: JSON lines.
    pub text: Vec<u8>,
}

impl Remembered {
    fn of(ledger_name: &str, file: &str, text: Vec<u8>) -> Self {
        let ledger = Ledger::parse(&text);
        let fault = |why: String| Unknown::new(ledger_name, why);
        let mut faults: Vec<Unknown> =
            ledger.faults().iter().map(|error| fault(error.in_file(file))).collect();
        let untold = ledger.unread().saturating_sub(faults.len());
        if untold > 0 {
            faults.push(fault(format!("{file}: {untold} more such lines")));
        }
        Self { ledger, faults, text }
    }
}

impl Memory<'_> {
    /// What is remembered, as it is now: the remote is asked.
    pub fn read(&mut self) -> Result<Remembered, MemoryError> {
        match self {
            Self::Remote { repository, remote, full_ref, limit } => {
                remote::read(repository, remote, full_ref, *limit)
            }
            Self::File(path) => read_file(path),
        }
    }

    /// Appends the events that `decide` answers with; none leave everything as it is. Where another run was quicker, it is
    /// asked again with what is remembered by then. Answers with what is remembered afterwards.
    pub fn append(
        &mut self,
        decide: &mut dyn FnMut(&Remembered) -> Vec<Event>,
    ) -> Result<Remembered, MemoryError> {
        match self {
            Self::Remote { repository, remote, full_ref, limit } => {
                remote::change(repository, remote, full_ref, *limit, &mut |remembered| {
                    let events = decide(remembered);
                    if events.is_empty() {
                        return None;
                    }
                    let at = events.iter().filter_map(Event::at).max();
                    let message = format!("Append {}", counted(events.len(), "event"));
                    Some(Change { text: ledger::appended(&remembered.text, &events), at, message })
                })
            }
            Self::File(path) => change_file(path, |remembered| {
                let events = decide(remembered);
                (!events.is_empty()).then(|| ledger::appended(&remembered.text, &events))
            }),
        }
    }

    /// Takes out the lines that can't be read; answers with how many those were. The remote's history keeps them.
    pub fn mend(&mut self, at: Instant) -> Result<usize, MemoryError> {
        let mut broken = 0;
        let mut mended = |text: &[u8]| {
            let (mended, count) = ledger::mended(text);
            broken = count;
            (count > 0).then_some(mended)
        };
        match self {
            Self::Remote { repository, remote, full_ref, limit } => {
                remote::change(repository, remote, full_ref, *limit, &mut |remembered| {
                    let text = mended(&remembered.text)?;
                    Some(Change { text, at: Some(at), message: "Take out what can't be read".to_owned() })
                })?;
            }
            Self::File(path) => {
                change_file(path, |remembered| mended(&remembered.text))?;
            }
        }
        Ok(broken)
    }
}

/// What the ledger becomes.
struct Change {
    text: Vec<u8>,
    /// By what its commit is dated; `None`: by the last run.
    at: Option<Instant>,
    message: String,
}

fn read_file(path: &Path) -> Result<Remembered, MemoryError> {
    let name = path.display().to_string();
    let most = u64::try_from(MAX_LEDGER_BYTES).unwrap_or(u64::MAX);
    let text = files::read_if_present(path, most).map_err(|error| {
        let is_too_large = matches!(error, FileError::TooLarge { .. });
        failed(&name, if is_too_large { too_large("move it away") } else { error.reason() })
    })?;
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(Remembered::of(&name, &file, text.unwrap_or_default()))
}

fn change_file(
    path: &Path,
    change: impl FnOnce(&Remembered) -> Option<Vec<u8>>,
) -> Result<Remembered, MemoryError> {
    let name = path.display().to_string();
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let lock = path.with_file_name(format!(".{file}.lock"));
    let _lock =
        FileLock::acquire(&lock, FILE_LIMIT).map_err(|error| failed(&name, format!("is locked: {error}")))?;
    let remembered = read_file(path)?;
    let Some(text) = change(&remembered) else { return Ok(remembered) };
    if text.len() > MAX_LEDGER_BYTES {
        return Err(failed(&name, too_large("move it away")));
    }
    files::write_atomic(path, &text, Access::OwnerOnly).map_err(|error| failed(&name, error.reason()))?;
    Ok(Remembered::of(&name, &file, text))
}

fn failed(ledger: &str, why: String) -> MemoryError {
    MemoryError::Failed { ledger: ledger.to_owned(), why }
}

fn too_large(remedy: &str) -> String {
    format!(
        "is larger than {MAX_LEDGER_BYTES} bytes; {remedy}, and a new one is begun: what stands by then is told once more"
    )
}
