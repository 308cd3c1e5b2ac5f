//! Two records of one secret that two branches changed, made one again as far as nobody has to choose.
//!
//! `sealed` is bound to the ciphertext, so record and value are a pair of which nothing can be mixed: one of two pairs
//! stays whole. What is free to edit, `about`, is merged field by field, and a rotation by how far it has come.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::domain::json::{self, SortedSet};
use crate::domain::record::{About, Record, RecordSignature, Sealed};
use crate::domain::rotation;

#[cfg(test)]
mod tests;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Ours,
    Theirs,
}

impl Side {
    pub fn of<T>(self, ours: T, theirs: T) -> T {
        match self {
            Self::Ours => ours,
            Self::Theirs => theirs,
        }
    }

    #[must_use]
    pub fn other(self) -> Self {
        self.of(Self::Theirs, Self::Ours)
    }
}

/// What merging came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Merged {
    /// Whole in any case. Where a choice is open, it is as the preferred side has it.
    pub record: Record,
    pub pair: Pair,
    /// Fields of `about` that both sides changed, each otherwise.
    pub fields: Vec<Field>,
}

impl Merged {
    /// Whether git can take it as it is: the value beside it was changed by one side only.
    pub fn is_clean(&self) -> bool {
        matches!(self.pair, Pair::Same | Pair::Changed(_)) && self.fields.is_empty()
    }

    /// Whether somebody has to choose.
    pub fn is_open(&self) -> bool {
        matches!(self.pair, Pair::Open(_)) || !self.fields.is_empty()
    }
}

/// What became of the pair of record and value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pair {
    Same,
    /// One side sealed it anew, and the other did not.
    Changed(Side),
    /// Both did, and this one holds all that the other side wanted.
    Holds(Side),
    /// Both did, and one of them is to be chosen.
    Open(Difference),
}

impl Pair {
    /// The side whose pair stays, where that is settled and both differ.
    fn taken(self) -> Option<Side> {
        match self {
            Self::Changed(side) | Self::Holds(side) => Some(side),
            Self::Same | Self::Open(_) => None,
        }
    }
}

/// What would be lost of one of two pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// Each side has set a value of its own.
    Values,
    /// What one side has was deployed or made there, and the other side has ended its rotation or begun that anew: it may have
    /// been revoked since. Which of the two values that goes for.
    MayBeRevoked { ours: bool, theirs: bool },
    /// The same value, with another end.
    Ends,
    /// The same value, sealed to others, of whom the other side does not know.
    Readers,
    /// Name, store, rotator or probe.
    Other,
}

/// A field of `about` that both sides changed, each otherwise; `None`: removed.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    pub path: String,
    pub ours: Option<Value>,
    pub theirs: Option<Value>,
}

/// Merges two records that began as `base`; without one, both sides added it. `prefer` decides where there is a choice.
pub fn merge(base: Option<&Record>, ours: &Record, theirs: &Record, prefer: Side) -> Merged {
    let pair = pair(base, ours, theirs);
    let side = pair.taken().unwrap_or(prefer);
    let (taken, lost) = (side.of(ours, theirs), side.of(theirs, ours));
    let rotation = rotation::merge(
        base.and_then(|base| base.rotation.as_ref()),
        taken.rotation.as_ref(),
        lost.rotation.as_ref(),
        rotation::Stands {
            version: taken.sealed.version.id,
            is_new: base.is_none_or(|base| base.sealed.version.id != taken.sealed.version.id),
        },
    );
    let signatures = match pair {
        Pair::Same => {
            // Of what was sealed anew by both alike, nobody had signed before.
            signatures(base.filter(|base| same_seal(base, ours)), ours, theirs)
        }
        // A signature is over its own pair, and void beside another.
        Pair::Changed(_) | Pair::Holds(_) | Pair::Open(_) => taken.signatures.clone(),
    };
    let mut fields = Vec::new();
    let about = about(base.map(|base| &base.about), &ours.about, &theirs.about, prefer, &mut fields);
    Merged { record: Record { signatures, rotation, about, ..taken.clone() }, pair, fields }
}

fn same_seal(one: &Record, other: &Record) -> bool {
    one.sealed == other.sealed && one.digest == other.digest
}

/// Which pair stays. One whose value the other side may have had revoked is not taken without a person's word.
fn pair(base: Option<&Record>, ours: &Record, theirs: &Record) -> Pair {
    let pair = living_or_dead(base, ours, theirs);
    let taken = match pair {
        Pair::Changed(side) | Pair::Holds(side) => Some(side),
        Pair::Open(Difference::Values) => None,
        Pair::Same | Pair::Open(_) => return pair,
    };
    let begun = base.and_then(|base| base.rotation.as_ref());
    let version = |side: Side| side.of(ours, theirs).sealed.version.id;
    let other = |side: Side| side.of(theirs, ours);
    let is_doubtful = |side: Side| rotation::may_be_revoked(version(side), begun, other(side));
    let is_open = match taken {
        Some(side) => is_doubtful(side),
        None => is_doubtful(Side::Ours) || is_doubtful(Side::Theirs),
    };
    if !is_open {
        return pair;
    }
    // Who has to choose is told of what one step more may have ended, too.
    let [ours, theirs] = [Side::Ours, Side::Theirs]
        .map(|side| is_doubtful(side) || rotation::may_be_retired(version(side), other(side)));
    Pair::Open(Difference::MayBeRevoked { ours, theirs })
}

fn living_or_dead(base: Option<&Record>, ours: &Record, theirs: &Record) -> Pair {
    if same_seal(ours, theirs) {
        return Pair::Same;
    }
    let Some(base) = base else { return Pair::Open(difference(&ours.sealed, &theirs.sealed)) };
    if same_seal(base, ours) {
        return Pair::Changed(Side::Theirs);
    }
    if same_seal(base, theirs) {
        return Pair::Changed(Side::Ours);
    }
    let (one, other) = (&ours.sealed, &theirs.sealed);
    match (holds_all(&base.sealed, one, other), holds_all(&base.sealed, other, one)) {
        (true, false) => Pair::Holds(Side::Ours),
        (false, true) => Pair::Holds(Side::Theirs),
        // As good as each other: the one that was sealed last, and of two of one second either, but always the same.
        // Nobody honest has two of one file; and even those are not to depend on who merges.
        (true, true) => {
            let rank = |of: &Record| (of.sealed.order(), of.digest, serde_json::to_string(&of.sealed).ok());
            Pair::Holds(if rank(ours) > rank(theirs) { Side::Ours } else { Side::Theirs })
        }
        (false, false) => Pair::Open(difference(one, other)),
    }
}

/// Whether nothing is lost when `lost` gives way to `kept`: what it alone changed is moot, or policy says it too.
fn holds_all(base: &Sealed, kept: &Sealed, lost: &Sealed) -> bool {
    let identity = |sealed: &Sealed| (sealed.name.clone(), sealed.store);
    let runs = |sealed: &Sealed| (sealed.rotator.clone(), sealed.probe.clone());
    if identity(kept) != identity(lost) || (runs(lost) != runs(base) && runs(lost) != runs(kept)) {
        return false;
    }
    if kept.version != lost.version {
        // A newer value, and beside it the old one sealed again: its end and its readers go with it.
        return lost.version == base.version && kept.version.number > base.version.number;
    }
    let ends = |sealed: &Sealed| (sealed.issued, sealed.expires.clone());
    let exposure = |sealed: &Sealed| -> BTreeSet<_> {
        let all = sealed.exposed_to.iter();
        all.flat_map(|(name, keys)| keys.iter().map(move |key| (name.clone(), key.clone()))).collect()
    };
    // Who reads is policy's to say, and the next reseal follows it; who could read once is told nowhere else.
    (ends(lost) == ends(base) || ends(lost) == ends(kept)) && exposure(lost).is_subset(&exposure(kept))
}

fn difference(one: &Sealed, other: &Sealed) -> Difference {
    if one.version != other.version {
        Difference::Values
    } else if (one.issued, &one.expires) != (other.issued, &other.expires) {
        Difference::Ends
    } else if (&one.name, one.store, &one.rotator, &one.probe)
        != (&other.name, other.store, &other.rotator, &other.probe)
    {
        Difference::Other
    } else {
        Difference::Readers
    }
}

/// The signatures over one pair that two sides have, of each person one.
fn signatures(base: Option<&Record>, ours: &Record, theirs: &Record) -> SortedSet<RecordSignature> {
    let by = |record: &Record, who: &RecordSignature| {
        record.signatures.iter().find(|one| one.by == who.by).cloned()
    };
    let all = ours.signatures.iter().chain(theirs.signatures.iter());
    all.filter_map(|who| {
        let (base, ours, theirs) = (base.and_then(|base| by(base, who)), by(ours, who), by(theirs, who));
        match (ours, theirs) {
            (ours, theirs) if ours == theirs || theirs == base => ours,
            (ours, theirs) if ours == base => theirs,
            (Some(ours), Some(theirs)) => Some(ours.min(theirs)),
            (ours, theirs) => ours.or(theirs),
        }
    })
    .collect()
}

fn about(base: Option<&About>, ours: &About, theirs: &About, prefer: Side, fields: &mut Vec<Field>) -> About {
    let tree = |about: &About| serde_json::to_value(about).unwrap_or(Value::Null);
    let (base, our_tree, their_tree) = (base.map(tree), tree(ours), tree(theirs));
    let mut found = Vec::new();
    let merging = Merging { prefer, fields: &mut found };
    let merged = merging.value("", base.as_ref(), Some(&our_tree), Some(&their_tree));
    if let Ok(about) = json::read_value(merged.unwrap_or_default()) {
        fields.append(&mut found);
        return about;
    }
    // Two changes that are each right and together no `about`.
    fields.push(Field { path: "about".to_owned(), ours: Some(our_tree), theirs: Some(their_tree) });
    prefer.of(ours, theirs).clone()
}

/// Merges trees, and gathers where both sides changed the same.
struct Merging<'f> {
    prefer: Side,
    fields: &'f mut Vec<Field>,
}

impl Merging<'_> {
    /// `None` is what is not there.
    fn value(
        mut self,
        path: &str,
        base: Option<&Value>,
        ours: Option<&Value>,
        theirs: Option<&Value>,
    ) -> Option<Value> {
        self.at(path, base, ours, theirs)
    }

    fn at(
        &mut self,
        path: &str,
        base: Option<&Value>,
        ours: Option<&Value>,
        theirs: Option<&Value>,
    ) -> Option<Value> {
        if ours == theirs || theirs == base {
            return ours.cloned();
        }
        if ours == base {
            return theirs.cloned();
        }
        match (ours, theirs) {
            (Some(Value::Object(ours)), Some(Value::Object(theirs))) => {
                let base = base.and_then(Value::as_object);
                Some(Value::Object(self.object(path, base, ours, theirs)))
            }
            (Some(Value::Array(ours)), Some(Value::Array(theirs))) if path == "owners" => {
                let base = base.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
                Some(Value::Array(set(base, ours, theirs)))
            }
            _ => {
                let field = Field { path: path.to_owned(), ours: ours.cloned(), theirs: theirs.cloned() };
                self.fields.push(field);
                self.prefer.of(ours, theirs).cloned()
            }
        }
    }

    fn object(
        &mut self,
        path: &str,
        base: Option<&Map<String, Value>>,
        ours: &Map<String, Value>,
        theirs: &Map<String, Value>,
    ) -> Map<String, Value> {
        let keys: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
        let merged = keys.into_iter().filter_map(|key| {
            let inner = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            let base = base.and_then(|base| base.get(key));
            Some((key.clone(), self.at(&inner, base, ours.get(key), theirs.get(key))?))
        });
        merged.collect()
    }
}

/// What both kept, in the order in which they began, then what either added, sorted.
fn set(base: &[Value], ours: &[Value], theirs: &[Value]) -> Vec<Value> {
    let kept = base.iter().filter(|item| ours.contains(item) && theirs.contains(item));
    let mut added: Vec<&Value> = ours.iter().chain(theirs).filter(|item| !base.contains(item)).collect();
    added.sort_by_key(|item| item.as_str().unwrap_or_default().to_owned());
    added.dedup();
    kept.chain(added).cloned().collect()
}
