//! Versions of a secret as git's history has them, whatever stands in the work tree.

use std::collections::BTreeSet;

use super::CommandError;
use super::session::repository;
use super::writing::existing;
use crate::domain::id::VersionId;
use crate::domain::name::SecretName;
use crate::domain::record::{Record, VersionOrder};
use crate::domain::text::few;
use crate::observe::history::{Begun, Earlier, Tip};
use crate::observe::place::Place;

/// How many numbers are named where another one was asked for.
const MOST_NAMED: usize = 12;

/// By what a version is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    Number(u64),
    Id(VersionId),
}

impl Wanted {
    fn is(self, record: &Record) -> bool {
        let version = &record.sealed.version;
        match self {
            Self::Number(number) => version.number == number,
            Self::Id(id) => version.id == id,
        }
    }

    fn may_be(self, order: VersionOrder) -> bool {
        match self {
            Self::Number(number) => order.number == number,
            Self::Id(_) => true,
        }
    }

    fn shown(self) -> String {
        match self {
            Self::Number(number) => format!("version {number}"),
            Self::Id(id) => format!("the version {id}"),
        }
    }
}

/// A version, as it was sealed last.
pub struct Found {
    pub record: Record,
    pub sealed: Vec<u8>,
}

/// A version of a secret: the one that stands here, else one that `HEAD` goes back to. Of several seals of it the newest.
/// Only a pair that was sealed together, under this name and for this store, is one: others could say anything.
pub fn older(place: &Place, name: &SecretName, wanted: Wanted) -> Result<Found, CommandError> {
    let here = existing(place, name).ok();
    let mut numbers: BTreeSet<u64> = here.iter().map(|here| here.record.sealed.version.number).collect();
    if let Some(here) = here.filter(|here| wanted.is(&here.record)) {
        return Ok(Found { record: here.record, sealed: here.bytes });
    }
    let history = Begun::at(place, None).finish(place, place.policy()?.store, None);
    let repository = repository(place)?;
    let head = match repository.head()? {
        Some(commit) => Some((commit, repository.snapshot(commit, &place.folder)?)),
        None => None,
    };
    let tip = head.as_ref().map(|(commit, tree)| Tip { commit: *commit, tree, remote: None });
    let lowest = VersionOrder { number: 0, seal: 0 };
    let known = history.of(name, lowest, tip.as_slice(), None)?;
    let mut unread = None;
    for state in known.all().into_iter().filter(|state| wanted.may_be(state.order)) {
        match known.bound(state) {
            Ok(Some(pair)) if wanted.is(&pair.record) => {
                return Ok(Found { record: pair.record, sealed: pair.sealed });
            }
            Ok(_) => {}
            Err(unknown) => unread = Some(unknown),
        }
    }
    if let Some(unknown) = unread {
        return Err(unknown.into());
    }
    numbers.extend(numbers_of(&known));
    Err(not_there(name, wanted, &numbers, history.cut()))
}

/// Those of pairs that were sealed together, as far as they can be read.
fn numbers_of(known: &Earlier<'_>) -> BTreeSet<u64> {
    let mut numbers = BTreeSet::new();
    for state in known.all() {
        if !numbers.contains(&state.order.number) && matches!(known.bound(state), Ok(Some(_))) {
            numbers.insert(state.order.number);
        }
    }
    numbers
}

fn not_there(
    name: &SecretName,
    wanted: Wanted,
    numbers: &BTreeSet<u64>,
    cut: Option<(&'static str, &'static str)>,
) -> CommandError {
    // The newest are the likelier to be meant.
    let shown: Vec<String> = numbers.iter().rev().map(u64::to_string).collect();
    let there = match shown.as_slice() {
        [] => "there is none of this name".to_owned(),
        [one] => format!("there is version {one}"),
        some => format!("there are versions {}", few(some, MOST_NAMED)),
    };
    let wanted = wanted.shown();
    if let Some((why, command)) = cut {
        return CommandError::new(format!(
            "{name}: {wanted} is not in git's history here, and {why}; {there}"
        ))
        .hint(format!("get the rest: {command}"));
    }
    let error = CommandError::new(format!("{name}: {wanted} is not in git's history; {there}"));
    if numbers.is_empty() { error.hint("see which secrets there are: secrets list") } else { error }
}
