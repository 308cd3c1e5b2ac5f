//! The ledger: an append-only log in the git remote, JSON lines in a file of a commit. Here it is read.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::domain::digest::Digest;
use crate::domain::ledger::Told;
use crate::domain::name::SecretName;
use crate::domain::record::VersionOrder;

/// The remote's ref that holds it.
pub const LEDGER_REF: &str = "refs/secrets/ledger";
/// Its file in the commit there.
pub const LEDGER_FILE: &str = "ledger.jsonl";
/// The largest ledger that is read, in bytes.
pub const MAX_LEDGER_BYTES: usize = 64 * 1024 * 1024;

/// The version of the events that are read.
const VERSION: u64 = 1;
const SEAL: &str = "seal";

/// A line that can't be read. What it would have told is not known, so nothing is passed off as the newest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    #[error("{LEDGER_FILE}:{line}: is no event: {why}; look at it with `git log -p` of that ref")]
    NoEvent { line: usize, why: String },
    #[error("{LEDGER_FILE}:{line}: an event of version {found}; upgrade `secrets`, which knows {VERSION}")]
    NewerVersion { line: usize, found: u64 },
    #[error("{LEDGER_FILE}: is larger than {MAX_LEDGER_BYTES} bytes; begin a new one at that ref")]
    TooLarge,
}

/// The newest seal of one secret that the ledger knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerSeal {
    pub order: VersionOrder,
    /// The D of it. More than one where two seals bear the same number.
    pub digests: BTreeSet<Digest>,
}

/// What the ledger says of seals.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    newest: BTreeMap<SecretName, LedgerSeal>,
    told: Told,
}

/// Of a line, what says what it is. Whatever else an event holds is its own affair.
#[derive(Deserialize)]
struct Kind {
    v: u64,
    event: String,
}

#[derive(Deserialize)]
struct SealEvent {
    secret: SecretName,
    number: u64,
    seal: u64,
    digest: Digest,
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

    /// Reads it. Events of another kind are skipped, and so are empty lines.
    pub fn parse(bytes: &[u8]) -> Result<Self, LedgerError> {
        if bytes.len() > MAX_LEDGER_BYTES {
            return Err(LedgerError::TooLarge);
        }
        let mut ledger = Self::default();
        for (position, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
            if !line.trim_ascii().is_empty() {
                ledger.read(line, position + 1)?;
            }
        }
        Ok(ledger)
    }

    fn read(&mut self, text: &[u8], line: usize) -> Result<(), LedgerError> {
        let no_event = |error: serde_json::Error| LedgerError::NoEvent { line, why: error.to_string() };
        let kind: Kind = serde_json::from_slice(text).map_err(no_event)?;
        if kind.event != SEAL {
            return Ok(());
        }
        if kind.v != VERSION {
            return Err(LedgerError::NewerVersion { line, found: kind.v });
        }
        let event: SealEvent = serde_json::from_slice(text).map_err(no_event)?;
        let order = VersionOrder { number: event.number, seal: event.seal };
        let digests = BTreeSet::from([event.digest]);
        match self.newest.entry(event.secret) {
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
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal(secret: &str, number: u64, seal: u64, of: &str) -> String {
        let digest = Digest::of(of.as_bytes());
        format!(
            r#"{{"v":1,"event":"seal","secret":"{secret}","number":{number},"seal":{seal},"digest":"{digest}"}}"#
        )
    }

    #[test]
    fn the_highest_seal_wins_wherever_it_stands() {
        let lines = [
            seal("a", 1, 100, "a1"),
            seal("a", 3, 300, "a3"),
            seal("a", 2, 200, "a2"),
            String::new(),
            r#"{"v":7,"event":"notice","secret":5,"more":{"x":[null]}}"#.to_owned(),
            seal("b", 1, 50, "b1"),
            seal("b", 1, 50, "b1 of another branch"),
            // Removed and added anew: the number may be lower, the seal is not.
            seal("b/c", 9, 10, "old"),
            seal("b/c", 1, 11, "new"),
        ];
        for ending in ["\n", "\r\n"] {
            let ledger = Ledger::parse(lines.join(ending).as_bytes()).unwrap();
            let newest = |name: &str| ledger.newest(&name.parse().unwrap()).cloned();
            let a = newest("a").unwrap();
            assert_eq!((a.order, a.digests.len()), (VersionOrder { number: 3, seal: 300 }, 1));
            assert!(a.digests.contains(&Digest::of(b"a3")));
            assert_eq!(newest("b").unwrap().digests.len(), 2);
            assert_eq!(newest("b/c").unwrap().order, VersionOrder { number: 1, seal: 11 });
            assert_eq!(newest("c"), None);
        }
        assert_eq!(Ledger::parse(b"").unwrap(), Ledger::default());
    }

    #[test]
    fn lines_that_cannot_be_read_are_named() {
        let good = seal("a", 1, 100, "a1");
        let digest = Digest::of(b"x");
        for bad in [
            "no JSON".to_owned(),
            "5".to_owned(),
            "[]".to_owned(),
            "{}".to_owned(),
            r#"{"v":1}"#.to_owned(),
            r#"{"v":-1,"event":"seal"}"#.to_owned(),
            good.replace(r#""number":1"#, r#""number":"1""#),
            good.replace(r#""seal":100"#, r#""seal":1.5"#),
            good.replace(r#""secret":"a""#, r#""secret":"../a""#),
            good.replace(r#""secret":"a""#, r#""secret":"a","secret":"b""#),
            good.replace("sha256:", "md5:"),
            format!(r#"{{"v":1,"event":"seal","digest":"{digest}"}}"#),
            good.get(..good.len() - 1).unwrap().to_owned(),
            "[".repeat(100_000),
        ] {
            let error = Ledger::parse(format!("{good}\n\n{bad}\n{good}\n").as_bytes()).unwrap_err();
            assert!(matches!(error, LedgerError::NoEvent { line: 3, .. }), "{bad:.80}: {error}");
            assert!(error.to_string().starts_with("ledger.jsonl:3: "), "{error}");
        }
        let newer = good.replace(r#""v":1"#, r#""v":2"#);
        let error = Ledger::parse(newer.as_bytes()).unwrap_err();
        assert_eq!(error, LedgerError::NewerVersion { line: 1, found: 2 });
        assert!(Ledger::parse(b"{\"v\":1,\"event\":\"\xff\"}").is_err());
    }

    #[test]
    fn one_that_is_too_large_is_refused() {
        assert_eq!(Ledger::parse(&vec![b'\n'; MAX_LEDGER_BYTES + 1]), Err(LedgerError::TooLarge));
        assert!(Ledger::parse(&vec![b'\n'; MAX_LEDGER_BYTES]).is_ok());
    }
}
