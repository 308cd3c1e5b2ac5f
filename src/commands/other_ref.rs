//! `check --against`: the other ref, by whose policy a change is judged, and beside which its findings are held.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use super::insides::Looking;
use super::judging::{Gate, Seen};
use crate::checks::driver;
use crate::domain::digest::Digest;
use crate::domain::facts::{Inside, Setting, StoreFacts};
use crate::domain::finding::{Finding, Known, Unknown};
use crate::domain::policy::Policy;
use crate::domain::tracked_facts::{FileFacts, TrackedSecret};
use crate::domain::tracked_name::TrackedName;
use crate::observe::new_channels::new_channels;
use crate::observe::proofs::Prover;
use crate::observe::reference::{self, Reference};
use crate::observe::selection::Selection;
use crate::observe::tracked::{TrackedFiles, bounded};
use crate::system::threads::{ParallelIterator as _, Shared as _};

/// The policy that judges a change, with what a reviewer should know of it.
pub fn judging_policy(
    reference: &Reference<'_>,
    change: &Policy,
    notes: &mut Vec<String>,
    unknowns: &mut Vec<Unknown>,
) -> Policy {
    let commit = reference.commit.short();
    match reference.policy() {
        Ok(Some(there)) => {
            notes.push(format!("judged by the policy of {commit}; the deploy ref was left out"));
            notes.extend(reference::new_keys(Some(&there), change));
            notes.extend(new_channels(Some(&there), change));
            if there.track.is_none() && change.track.is_some() {
                notes.push(format!(
                    "{commit} tracks no files, so the change's own [track] and [[kind]] judge those of other tools"
                ));
            }
            reference::judging_policy(&there, change).unwrap_or_else(|unknown| {
                unknowns.push(unknown);
                change.clone()
            })
        }
        Ok(None) => {
            notes.push(format!(
                "{commit} has no store, so the change's own policy judges; the deploy ref was left out"
            ));
            notes.extend(reference::new_keys(None, change));
            notes.extend(new_channels(None, change));
            change.clone()
        }
        Err(unknown) => {
            unknowns.push(unknown);
            change.clone()
        }
    }
}

/// The policy by which what stands on the reference is judged. What is sealed, a kind or no secret is the same on both
/// sides: what a change begins to look at stood there before.
pub fn standing_policy(reference: &Reference<'_>, judging: &Policy) -> Policy {
    let there = reference.policy().ok().flatten().unwrap_or_else(|| judging.clone());
    Policy { track: judging.track.clone(), kinds: judging.kinds.clone(), ..there }
}

/// What judging the files of other tools came to, on both sides.
#[derive(Default)]
pub struct Both {
    pub here: Seen,
    pub there: Seen,
    /// Every encrypted value of the change.
    pub values: Vec<TrackedName>,
}

impl Both {
    fn absorb(&mut self, other: Self) {
        self.here.absorb(other.here);
        self.there.absorb(other.there);
        self.values.extend(other.values);
    }
}

/// One side: its files, and by what they are judged.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    pub gate: &'a Gate<'a>,
    pub tracked: &'a TrackedFiles<'a>,
}

/// Judges the files of other tools on both sides, in parallel, each file on both sides at once.
pub fn judge_files(
    here: Side<'_>,
    there: Side<'_>,
    selection: &Selection,
    looking: Option<&Looking<'_, '_>>,
) -> Both {
    let paths: BTreeSet<&String> = here.tracked.files.iter().chain(&there.tracked.files).collect();
    let paths: Vec<&String> = paths.into_iter().collect();
    let look = |facts: &mut FileFacts| looking.map_or((), |looking| looking.look(here.tracked, facts));
    let judge = || {
        let judged = paths.par_iter().map(|path| judge_file(path, here, there, selection, &look));
        judged.reduce(Both::default, |mut all, one| {
            all.absorb(one);
            all
        })
    };
    if looking.is_some() { bounded(judge) } else { judge() }
}

fn judge_file(
    path: &String,
    here: Side<'_>,
    there: Side<'_>,
    selection: &Selection,
    look: &(dyn Fn(&mut FileFacts) + Sync),
) -> Both {
    // A file of which the change took the record away is looked at all the same, as long as it is there.
    let is_meant = |side: Side<'_>, facts: &FileFacts| {
        side.tracked.files.binary_search(path).is_ok() || !matches!(facts.contents, Ok(None))
    };
    let mut facts = here.tracked.file(path).filter(|facts| is_meant(here, facts));
    let before = there.tracked.file_beside(path, facts.as_ref());
    // The same bytes under a new name are the same values.
    let moved = || there.tracked.file(there.tracked.moved_from(path)?);
    if let Some(facts) = &mut facts {
        let from = moved();
        facts.before = from.as_ref().or(before.as_ref()).map_or(Ok(BTreeMap::new()), by_pointer);
    }
    let before = before.filter(|before| is_meant(there, before));
    let insides = Mutex::new(BTreeMap::new());
    let look_here = |facts: &mut FileFacts| {
        look(facts);
        keep_insides(facts, &insides);
    };
    let values = facts.as_ref().map(values).unwrap_or_default();
    let here = facts.map(|facts| here.gate.judge_file(facts, selection, &look_here)).unwrap_or_default();
    let look_there = |facts: &mut FileFacts| give_insides(facts, &insides);
    let there = before.map(|before| there.gate.judge_file(before, selection, &look_there));
    Both { values, here, there: there.unwrap_or_default() }
}

/// What was found in the values of the change, by their ciphertexts.
type InsidesBySeen = Mutex<BTreeMap<Digest, Inside>>;

fn keep_insides(facts: &FileFacts, insides: &InsidesBySeen) {
    let secrets = facts.secrets.as_deref().unwrap_or_default();
    if let Ok(mut insides) = insides.lock() {
        insides.extend(secrets.iter().map(|secret| (secret.seen, secret.inside.clone())));
    }
}

/// The same ciphertext is the same value, and ends when it does; on the other ref nothing is opened.
fn give_insides(facts: &mut FileFacts, insides: &InsidesBySeen) {
    let (Ok(secrets), Ok(insides)) = (&mut facts.secrets, insides.lock()) else { return };
    for secret in secrets {
        if let Some(inside) = insides.get(&secret.seen) {
            secret.inside = inside.clone();
        }
    }
}

fn by_pointer(facts: &FileFacts) -> Known<BTreeMap<String, TrackedSecret>> {
    let secrets = facts.secrets.as_ref().map_err(Clone::clone)?;
    let keyed = |secret: &TrackedSecret| (secret.name.pointer_text().to_owned(), secret.clone());
    Ok(secrets.iter().map(keyed).collect())
}

/// Every encrypted value of a file, judged or not.
fn values(facts: &FileFacts) -> Vec<TrackedName> {
    let leaves = facts.sealed().ok().flatten().map(|file| file.leaves.as_slice()).unwrap_or_default();
    leaves.iter().filter_map(|leaf| TrackedName::new(facts.name.file(), leaf.pointer.as_ref())).collect()
}

/// What the checks find on the reference. `tracked` is what they found of the files of other tools there; where it has no
/// store, there is nothing else.
pub fn judge_reference(
    setting: &Setting,
    policy: &Policy,
    reference: &Reference<'_>,
    prover: Option<&Prover<'_>>,
    tracked: Seen,
) -> Vec<Finding> {
    if !matches!(reference.policy(), Ok(Some(_))) {
        return tracked.judged.findings;
    }
    let gate = Gate { setting, policy };
    let mut seen = tracked;
    for name in &reference.names {
        seen.absorb(gate.judge(&reference.secret(name, prover)));
    }
    let mut judged = seen.judged;
    let store = StoreFacts { exposures: seen.exposures, ..reference.store(seen.tracked.names) };
    judged.absorb(driver::judge_store(setting, policy, &store));
    judged.findings
}
