//! What was found so far.

use std::collections::{BTreeSet, HashSet};

use chrono::DateTime;
use sha2::{Digest as _, Sha256};

use crate::domain::expiry::ExpirySource;
use crate::domain::text::visible;
use crate::domain::time::Instant;
use crate::domain::value_end::{ValueEnd, ValueEnds};

/// The most ends that are told of a value: the earliest.
pub(super) const MOST_ENDS: usize = 1_000;
/// The most reasons that are told of a value.
const MOST_UNREAD: usize = 100;
/// The most characters of a name that is shown.
const MOST_SHOWN: usize = 80;

/// Ends and what could not be read, in the order they were met.
#[derive(Default)]
pub(super) struct Found {
    ends: Vec<ValueEnd>,
    unread: BTreeSet<String>,
    left_out: bool,
    seen: HashSet<[u8; 32]>,
}

impl Found {
    pub(super) fn end(&mut self, at: Instant, source: ExpirySource, what: String) {
        self.ends.push(ValueEnd { at, source, what });
        if self.ends.len() >= MOST_ENDS.saturating_mul(4) {
            self.thin();
        }
    }

    pub(super) fn unread(&mut self, reason: impl Into<String>) {
        if self.unread.len() < MOST_UNREAD {
            self.unread.insert(reason.into());
        } else {
            self.left_out = true;
        }
    }

    /// Whether a part of the value is met for the first time: the whole of a kubeconfig is looked through once more for
    /// what may stand anywhere, and bundles repeat their roots.
    pub(super) fn is_new(&mut self, part: &[u8]) -> bool {
        self.seen.insert(Sha256::digest(part).into())
    }

    /// Keeps the earliest ends, so that no value fills the memory.
    fn thin(&mut self) {
        self.ends.sort();
        self.ends.dedup();
        self.ends.truncate(MOST_ENDS);
    }

    pub(super) fn finish(mut self) -> ValueEnds {
        self.thin();
        let mut unread = self.unread.into_iter().collect::<Vec<_>>();
        if self.left_out {
            unread.push("more parts of the value, which are not listed".to_owned());
        }
        ValueEnds { ends: self.ends, unread }
    }
}

/// A moment in seconds since 1970. `None`: outside the years 1970 to 9999.
pub(super) fn instant(seconds: i64) -> Option<Instant> {
    Instant::new(DateTime::from_timestamp(seconds, 0)?)
}

/// A name from outside, short and fit for a terminal.
pub(super) fn shown(name: &str) -> String {
    let name = name.trim();
    match name.char_indices().nth(MOST_SHOWN) {
        Some((end, _)) => format!("{}…", visible(name.get(..end).unwrap_or_default())),
        None => visible(name).into_owned(),
    }
}
