//! Who holds a secret, and how much is known of it: one row of the matrix of people and secrets.
//!
//! It sees what the `…-reader` checks see, and says it of every single holder. Levels and waivers have no part in it.

mod files;

use std::collections::{BTreeMap, BTreeSet};

pub use files::file_row;

use super::readership::{self, Misfit};
use super::{Subject, departed_reader, record_behind, tampered, unlisted_reader, unproven_reader};
use crate::domain::facts::{Binding, Proof, SealedFile, SecretFacts, Setting};
use crate::domain::finding::{Known, Unknown};
use crate::domain::key::KeyKind;
use crate::domain::matrix::{Cell, Grade, Holding, Row, Standing};
use crate::domain::name::ActorName;
use crate::domain::policy::{Actor, Policy};
use crate::domain::record::{Record, Sealed, SealedKey};
use crate::domain::rules::Rules;

/// What policy, record, sealed file and proof together say about the holders of a secret.
pub fn row(setting: &Setting, policy: &Policy, secret: &SecretFacts) -> Row {
    let rules = Rules::of(policy, &secret.name);
    let subject = Subject { setting, policy, rules: &rules, secret };
    let min_people = rules.min_people.value;
    known_row(&subject).unwrap_or_else(|unknown| Row::unknown(secret.name.clone(), min_people, unknown))
}

fn known_row(subject: &Subject<'_>) -> Known<Row> {
    let secret = subject.secret;
    let missing = |path: &String, what| {
        Unknown::new(
            path,
            format!("there is no {what} here: `secrets check --scope {}` says more", secret.name),
        )
    };
    let record = subject.record()?.ok_or_else(|| missing(&secret.record_path, "record"))?;
    let file = subject.sealed()?.ok_or_else(|| missing(&secret.sealed_path, "sealed value"))?;
    let evidence = Evidence::of(subject, record, file);
    let cells = cells(subject, &record.sealed, &evidence);
    let people: BTreeSet<ActorName> = (cells.iter())
        .filter(|(name, cell)| subject.policy.people.contains_key(*name) && evidence.counts(cell.holding))
        .map(|(name, _)| name.clone())
        .collect();
    let grade = evidence.grade_of_all(&cells);
    let mut doubts = doubts(subject);
    if grade == Grade::Claimed && doubts.is_empty() {
        doubts.push("the sealed file does not bear out what the record says".to_owned());
    }
    Ok(Row {
        secret: secret.name.clone().into(),
        standing: Standing::of(people.len(), subject.rules.min_people.value),
        grade: Some(grade),
        people,
        min_people: subject.rules.min_people.value,
        cells,
        doubts,
        unopened: match &secret.proof {
            Proof::NotOpened { why, required: true } => Some(why.clone()),
            Proof::NotOpened { .. } | Proof::NotAsked | Proof::Broken(_) | Proof::Recomputed(_) => None,
        },
        unknown: None,
    })
}

/// What the checks that look at the readers find, whatever level policy gives them.
fn doubts(subject: &Subject<'_>) -> Vec<String> {
    let checks = [
        tampered::CHECK,
        record_behind::CHECK,
        unproven_reader::CHECK,
        unlisted_reader::CHECK,
        departed_reader::CHECK,
    ];
    // A fact that one of them lacks has no part in who holds it: record and sealed file are known here.
    let found = checks.iter().filter_map(|check| check.secret?(subject).ok());
    found.flatten().map(|fault| fault.message).collect()
}

/// What bears out the keys that the record names.
struct Evidence<'a> {
    /// Record and sealed file were made together, for this very place.
    is_bound: bool,
    misfit: Misfit<'a>,
    /// As many stanzas of that type are missing as there are keys of it: no key has one.
    no_x25519: bool,
    proof: &'a Proof,
}

impl<'a> Evidence<'a> {
    fn of(subject: &Subject<'a>, record: &'a Record, file: &'a SealedFile) -> Self {
        let sealed = &record.sealed;
        let expected = subject.secret.binding_expected;
        let is_bound = matches!(file.binding, Binding::Bound(digest) if Some(digest) == expected)
            && record.digest == file.digest
            && sealed.name == subject.secret.name
            && sealed.store == subject.policy.store;
        let misfit = readership::misfit(sealed, file);
        let of_x25519: BTreeSet<&SealedKey> =
            sealed.all_keys().map(|(_, key)| key).filter(|key| key.kind == KeyKind::X25519).collect();
        let missing = misfit.missing.iter().filter(|(_, key)| key.kind == KeyKind::X25519).count();
        let no_x25519 = missing >= of_x25519.len();
        Self { is_bound, misfit, no_x25519, proof: &subject.secret.proof }
    }

    /// How well a key's stanza is borne out; `None` where there is none for it.
    fn of_key(&self, reader: &ActorName, key: &SealedKey) -> Option<Grade> {
        if let Proof::Recomputed(found) = self.proof
            && self.is_bound
        {
            let named = (reader.clone(), key.fingerprint.clone());
            return if found.proved.contains(&named) {
                Some(Grade::Proved)
            } else if found.plausible.contains(&named) {
                Some(Grade::Plausible)
            } else if found
                .missing
                .iter()
                .any(|(name, missing)| *name == named.0 && missing.fingerprint == named.1)
            {
                None
            } else {
                Some(Grade::Claimed)
            };
        }
        // Which of several X25519 keys a stanza is for, nobody can see; of the others it is known.
        let is_missing = if key.kind == KeyKind::X25519 {
            self.no_x25519
        } else {
            self.misfit.missing.iter().any(|(_, missing)| *missing == key)
        };
        (!is_missing).then(|| self.of_header())
    }

    /// What the header as a whole bears out.
    fn of_header(&self) -> Grade {
        let fits = self.misfit.missing.is_empty() && self.misfit.surplus.is_empty();
        if self.is_bound && fits && !matches!(self.proof, Proof::Broken(_)) {
            Grade::Plausible
        } else {
            Grade::Claimed
        }
    }

    /// The least that is known of any holder. Stanzas too many or too few are a fault of all.
    fn grade_of_all(&self, cells: &BTreeMap<ActorName, Cell>) -> Grade {
        let is_exact = match self.proof {
            Proof::Recomputed(found) => found.missing.is_empty() && found.surplus.is_empty(),
            Proof::NotAsked | Proof::NotOpened { .. } | Proof::Broken(_) => true,
        };
        if self.of_header() == Grade::Claimed || !is_exact {
            return Grade::Claimed;
        }
        let grades = cells.values().filter_map(|cell| match cell.holding {
            Holding::Holds(grade) => Some(grade),
            Holding::Unlisted | Holding::LeftOut | Holding::Exposed => None,
        });
        grades.min().unwrap_or(Grade::Plausible)
    }

    /// Whether somebody who holds it in this way counts. Once a value was opened, what it does not bear out is no
    /// custody any more.
    fn counts(&self, holding: Holding) -> bool {
        match holding {
            Holding::Holds(grade) => grade > Grade::Claimed || !matches!(self.proof, Proof::Recomputed(_)),
            Holding::Unlisted | Holding::LeftOut | Holding::Exposed => false,
        }
    }
}

fn cells(subject: &Subject<'_>, sealed: &Sealed, evidence: &Evidence<'_>) -> BTreeMap<ActorName, Cell> {
    let mut cells = BTreeMap::new();
    for (reader, keys) in sealed.keys.iter() {
        let actor = subject.policy.actor(reader);
        cells.insert(reader.clone(), Cell::new(holding_of(reader, keys.iter(), actor, evidence)));
    }
    let meant = readership::demanded(subject);
    for reader in sealed.readers.iter().chain(&meant) {
        cells.entry(reader.clone()).or_insert_with(|| Cell::new(Holding::LeftOut));
    }
    for name in sealed.exposed_to.keys() {
        cells.entry(name.clone()).or_insert_with(|| Cell::new(Holding::Exposed));
    }
    for (name, shared) in &subject.policy.shared_keys {
        let Some(holding @ Holding::Holds(_)) = cells.get(name).map(|cell| cell.holding) else { continue };
        for person in &shared.people {
            let cell = cells.entry(person.clone()).or_insert_with(|| Cell::new(Holding::Exposed));
            // A key of one's own tells as much, and is the shorter way.
            if holding > cell.holding {
                *cell = Cell::new(holding);
                cell.through.insert(name.clone());
            } else if holding == cell.holding && !cell.through.is_empty() {
                cell.through.insert(name.clone());
            }
        }
    }
    cells
}

/// What the keys that the record names for a reader come to.
fn holding_of<'k>(
    reader: &ActorName,
    keys: impl Iterator<Item = &'k SealedKey>,
    actor: Option<Actor<'_>>,
    evidence: &Evidence<'_>,
) -> Holding {
    let is_theirs = |key: &SealedKey| {
        actor.is_some_and(|actor| actor.keys().iter().any(|known| known.fingerprint == key.fingerprint))
    };
    let borne_out = keys.filter_map(|key| Some((is_theirs(key), evidence.of_key(reader, key)?)));
    match borne_out.max() {
        Some((true, grade)) => Holding::Holds(grade),
        Some((false, _)) => Holding::Unlisted,
        None => Holding::LeftOut,
    }
}

#[cfg(test)]
mod tests;
