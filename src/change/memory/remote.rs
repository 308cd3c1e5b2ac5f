//! The ledger at a ref of the remote: read, and changed by whoever is quicker.
//!
//! A change is made on what this clone knows; the remote takes it only if it has just that. So no look is needed before
//! it, and two writers can't lose a line of each other.

use std::thread;
use std::time::{Duration, Instant};

use rand::Rng as _;

use super::{Change, MemoryError, Remembered, failed, too_large};
use crate::domain::finding::Unknown;
use crate::domain::text::{counted, shell_word};
use crate::domain::time;
use crate::git::{Arrival, Commit, GitError, LogError, LogTip, RemoteLog, Repository};
use crate::store::ledger::{self, LEDGER_FILE, MAX_LEDGER_BYTES};

/// How many times as long as an attempt took a pause may be, at the end; it begins with once, and doubles. So writers
/// keep out of each other's way whether a push takes a tenth of a second or three.
const MOST_ATTEMPTS_LONG: u32 = 4;

/// The longest pause, however long attempts take.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How often in a row a remote may say that somebody else was quicker, and then have what it had before.
const MOST_UNMOVED: u32 = 4;

/// What stands at the ref, and what this clone knows besides.
struct View {
    parent: Option<Commit>,
    remembered: Remembered,
    /// Lines that were there once, as far as this clone has seen.
    lost: Vec<u8>,
    /// Of `remembered.faults`, those that are over once something was appended.
    passing: Vec<Unknown>,
}

pub(super) fn read(
    repository: &Repository,
    remote: &str,
    full_ref: &str,
    limit: Duration,
) -> Result<Remembered, MemoryError> {
    let ledger = AtRemote { remote, full_ref, log: open(repository, remote, full_ref, limit)? };
    Ok(ledger.fetch()?.remembered)
}

/// Has `decide` say what becomes of the ledger, until nobody else was quicker; `None` leaves everything as it is.
pub(super) fn change(
    repository: &Repository,
    remote: &str,
    full_ref: &str,
    limit: Duration,
    decide: &mut dyn FnMut(&Remembered) -> Option<Change>,
) -> Result<Remembered, MemoryError> {
    let ledger = AtRemote { remote, full_ref, log: open(repository, remote, full_ref, limit)? };
    let (mut view, mut is_fresh) = match ledger.log.known() {
        Some(tip) => (ledger.view(Some(tip))?, false),
        None => (ledger.fetch()?, true),
    };
    let (mut attempts_long, mut unmoved) = (1, 0);
    loop {
        let begun = Instant::now();
        match decide(&view.remembered) {
            Some(change) => {
                if let Some(remembered) = ledger.push(&view, change)? {
                    return Ok(remembered);
                }
                if is_fresh {
                    ledger.pause(begun.elapsed().saturating_mul(attempts_long))?;
                    attempts_long = (attempts_long * 2).min(MOST_ATTEMPTS_LONG);
                }
            }
            None if is_fresh => return Ok(view.remembered),
            // What is known here may be old.
            None => {}
        }
        let before = (view.parent, is_fresh);
        (view, is_fresh) = (ledger.fetch()?, true);
        // A remote that hides the ref from those who push says, too, that others were quicker.
        unmoved = if before == (view.parent, true) { unmoved + 1 } else { 0 };
        if unmoved >= MOST_UNMOVED {
            let why = format!("remote `{remote}` takes no push to it, though nobody else has changed it");
            return Err(ledger.error(LogError::ReadOnly(why)));
        }
    }
}

fn open(
    repository: &Repository,
    remote: &str,
    full_ref: &str,
    limit: Duration,
) -> Result<RemoteLog, MemoryError> {
    repository
        .remote_log(remote, full_ref, LEDGER_FILE, MAX_LEDGER_BYTES, limit)
        .map_err(|error| failed(full_ref, error.to_string()))
}

struct AtRemote<'a> {
    remote: &'a str,
    full_ref: &'a str,
    log: RemoteLog,
}

impl AtRemote<'_> {
    fn error(&self, error: LogError) -> MemoryError {
        if let LogError::ReadOnly(why) = error {
            MemoryError::ReadOnly { ledger: self.full_ref.to_owned(), why }
        } else {
            failed(self.full_ref, error.to_string())
        }
    }

    /// That it must be put aside.
    fn too_large(&self) -> MemoryError {
        let delete = shell_word(self.full_ref);
        failed(self.full_ref, too_large(&format!("`git push {} :{delete}`", shell_word(self.remote))))
    }

    fn fetch(&self) -> Result<View, MemoryError> {
        let tip = self.log.fetch().map_err(|error| self.error(error))?;
        self.view(tip)
    }

    fn view(&self, tip: Option<LogTip>) -> Result<View, MemoryError> {
        let fail = |error: GitError| self.error(error.into());
        let seen = self.log.seen();
        let parent = tip.as_ref().map(|tip| tip.commit);
        let mut passing = Vec::new();
        let mut fault = |why: String| passing.push(Unknown::new(self.full_ref, why));
        let text = match tip {
            None => Vec::new(),
            Some(LogTip { text: Ok(Some(text)), .. }) => text,
            Some(LogTip { commit, text: Ok(None) | Err(GitError::NotAFile { .. }) }) => {
                fault(format!("its commit {commit} has no {LEDGER_FILE}; a new one is begun on top of it"));
                Vec::new()
            }
            Some(LogTip { text: Err(GitError::TooLarge { .. }), .. }) => return Err(self.too_large()),
            Some(LogTip { text: Err(error), .. }) => return Err(fail(error)),
        };
        let lost = ledger::lost(&seen, &text);
        if !lost.is_empty() {
            let gone = counted(ledger::count(&lost), "event");
            fault(format!(
                "was rewound: {gone} that this clone has seen are gone; what they told is told again, and they are put back"
            ));
        }
        let now_seen = if lost.is_empty() { text.clone() } else { ledger::union(&seen, &text) };
        if now_seen != seen {
            self.log.remember(&now_seen).map_err(fail)?;
        }
        let mut remembered = Remembered::of(self.full_ref, LEDGER_FILE, text);
        remembered.faults.extend(passing.iter().cloned());
        Ok(View { parent, remembered, lost, passing })
    }

    /// `None` where somebody else was quicker.
    fn push(&self, view: &View, change: Change) -> Result<Option<Remembered>, MemoryError> {
        let Change { mut text, at, message } = change;
        if !view.lost.is_empty() {
            text = ledger::union(&text, &view.lost);
        }
        if text.len() > MAX_LEDGER_BYTES {
            return Err(self.too_large());
        }
        let last_run = view.remembered.ledger.told().last_run().map(|run| run.at);
        let at = at.or(last_run).unwrap_or(time::Instant::EPOCH);
        let arrival = self.log.push(&text, view.parent, at, &message).map_err(|error| self.error(error))?;
        match arrival {
            Arrival::Overtaken => Ok(None),
            Arrival::Arrived => {
                self.log.remember(&text).map_err(|error| self.error(error.into()))?;
                let mut remembered = Remembered::of(self.full_ref, LEDGER_FILE, text);
                remembered.faults.extend(view.passing.iter().cloned());
                Ok(Some(remembered))
            }
        }
    }

    /// Waits for a part of a pause that chance decides, so that those who met once don't meet again.
    fn pause(&self, longest: Duration) -> Result<(), MemoryError> {
        let pause = longest.min(LONGEST_PAUSE).mul_f64(rand::thread_rng().gen_range(0.1..1.0));
        if pause >= self.log.left() {
            return Err(self.error(self.log.overtaken()));
        }
        thread::sleep(pause);
        Ok(())
    }
}
