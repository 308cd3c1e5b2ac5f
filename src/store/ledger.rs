//! The ledger: an append-only log in the git remote, JSON lines in a file of a commit. Here it is read and printed.
//!
//! What can't be read of it hides nothing of the rest: each line stands for itself, and those that can't be read are
//! told by their numbers.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::domain::digest::Digest;
use crate::domain::ledger::{Event, Told};
use crate::domain::name::SecretName;
use crate::domain::record::VersionOrder;

mod wire;

#[cfg(test)]
mod tests;

/// Its file in the commit at the ledger's ref.
pub const LEDGER_FILE: &str = "ledger.jsonl";
/// The largest ledger that is read, in bytes.
pub const MAX_LEDGER_BYTES: usize = 64 * 1024 * 1024;

/// How many lines that can't be read are told one by one.
const MOST_FAULTS: usize = 5;

/// What can't be read. What it would have told is not known, so nothing is passed off as the newest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LedgerError {
    NoEvent { line: usize, why: String },
    NewerVersion { line: usize, found: u64 },
    TooLarge,
}

impl LedgerError {
    /// The fault as one of this file.
    pub fn in_file(&self, file: &str) -> String {
        match self {
            Self::NoEvent { line, why } => {
                format!("{file}:{line}: is no event: {why}; take such lines out with `secrets ledger mend`")
            }
            Self::NewerVersion { line, found } => {
                let known = wire::VERSION;
                format!("{file}:{line}: an event of version {found}; upgrade `secrets`, which knows {known}")
            }
            Self::TooLarge => {
                format!(
                    "{file}: is larger than {MAX_LEDGER_BYTES} bytes; put it aside, and a new one is begun"
                )
            }
        }
    }
}

impl std::fmt::Display for LedgerError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.in_file(LEDGER_FILE))
    }
}

/// The newest seal of one secret that the ledger knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerSeal {
    pub order: VersionOrder,
    /// The D of it. More than one where two seals bear the same number.
    pub digests: BTreeSet<Digest>,
}

/// What can be read of a ledger, and what can't.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    newest: BTreeMap<SecretName, LedgerSeal>,
    told: Told,
    faults: Vec<LedgerError>,
    unread: usize,
}

impl Ledger {
    /// The newest seal of a secret: the one with the highest number of the seal, wherever it stands.
    pub fn newest(&self, name: &SecretName) -> Option<&LedgerSeal> {
        self.newest.get(name)
    }

    /// What was told to whom.
    pub fn told(&self) -> &Told {
        &self.told
    }

    /// What can't be read, by line; of many lines the first ones.
    pub fn faults(&self) -> &[LedgerError] {
        &self.faults
    }

    /// How many lines can't be read.
    pub fn unread(&self) -> usize {
        self.unread
    }

    /// Reads it. Events of another kind are skipped, and so are empty lines.
    pub fn parse(bytes: &[u8]) -> Self {
        Self::within(MAX_LEDGER_BYTES, bytes)
    }

    fn within(most: usize, bytes: &[u8]) -> Self {
        let mut ledger = Self::default();
        if bytes.len() > most {
            ledger.faults.push(LedgerError::TooLarge);
            return ledger;
        }
        for (position, text) in bytes.split(|byte| *byte == b'\n').enumerate() {
            if !text.trim_ascii().is_empty() {
                ledger.read(text, position + 1);
            }
        }
        ledger
    }

    fn read(&mut self, text: &[u8], line: usize) {
        let fault = match wire::read(text) {
            Ok(None) => return,
            Ok(Some(event)) => return self.absorb(event),
            Err(wire::LineFault::NoEvent(why)) => LedgerError::NoEvent { line, why },
            Err(wire::LineFault::Newer(found)) => LedgerError::NewerVersion { line, found },
        };
        self.unread += 1;
        if self.faults.len() < MOST_FAULTS {
            self.faults.push(fault);
        }
    }

    fn absorb(&mut self, event: Event) {
        self.told.absorb(&event);
        let Event::Seal { secret, number, seal, digest } = event else { return };
        let order = VersionOrder { number, seal };
        let digests = BTreeSet::from([digest]);
        match self.newest.entry(secret) {
            Entry::Vacant(entry) => {
                entry.insert(LedgerSeal { order, digests });
            }
            Entry::Occupied(mut entry) => {
                let known = entry.get_mut();
                if order.seal > known.order.seal {
                    *known = LedgerSeal { order, digests };
                } else if order.seal == known.order.seal {
                    known.order = known.order.max(order);
                    known.digests.extend(digests);
                }
            }
        }
    }
}

/// The events that can be read, in the order in which they stand.
pub fn events(bytes: &[u8]) -> impl Iterator<Item = Event> + '_ {
    lines(bytes).filter_map(|line| wire::read(line).ok().flatten())
}

/// The event as a line of the ledger, with its end.
pub fn line(event: &Event) -> String {
    wire::line(event)
}

/// The ledger with these events at its end. What stands there stays, byte by byte.
#[must_use]
pub fn appended(bytes: &[u8], events: &[Event]) -> Vec<u8> {
    let mut all = bytes.to_vec();
    if all.last().is_some_and(|byte| *byte != b'\n') {
        all.push(b'\n');
    }
    events.iter().for_each(|event| all.extend_from_slice(line(event).as_bytes()));
    all
}

/// All lines of both, each once, in the order in which they first appear, ours first.
#[must_use]
pub fn union(ours: &[u8], theirs: &[u8]) -> Vec<u8> {
    let mut seen = HashSet::new();
    let each_once = lines(ours).chain(lines(theirs)).filter(|line| seen.insert(*line));
    joined(each_once)
}

/// The lines of one that another one lacks. A line that can't be read is not missed: it was taken out.
#[must_use]
pub fn lost(before: &[u8], now: &[u8]) -> Vec<u8> {
    let kept: HashSet<&[u8]> = lines(now).collect();
    joined(lines(before).filter(|line| !kept.contains(line) && !is_broken(line)))
}

/// The ledger without the lines that can't be read, and how many those are. What a newer version of this program has
/// written stays.
#[must_use]
pub fn mended(bytes: &[u8]) -> (Vec<u8>, usize) {
    let broken = lines(bytes).filter(|line| is_broken(line)).count();
    (joined(lines(bytes).filter(|line| !is_broken(line))), broken)
}

fn is_broken(line: &[u8]) -> bool {
    matches!(wire::read(line), Err(wire::LineFault::NoEvent(_)))
}

/// How many lines there are.
pub fn count(bytes: &[u8]) -> usize {
    lines(bytes).count()
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty())
}

fn joined<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut all = Vec::new();
    for line in lines {
        all.extend_from_slice(line);
        all.push(b'\n');
    }
    all
}
