//! The judges: facts in, findings out. Pure: a check sees one secret, or the store, and nothing else.
//!
//! A check is a file that bears its name. To add one: its id in `domain::check_id`, its file here, its line in
//! [`CHECKS`]. Levels, waivers and what is unknown are the driver's, so that no check can forget them.

#![expect(clippy::unnecessary_wraps, reason = "all judges have one signature, also those that lack no fact")]

pub mod against;
pub mod driver;
pub mod holding;

mod deployment;
pub mod foreign_keys;
mod mending;
mod readership;
mod term;
mod wording;

mod departed_reader;
mod expired;
mod expiring;
mod expiry_mismatch;
mod exposed_to_departed;
mod half_rotated;
mod missing;
mod monitor_silent;
mod no_expiry;
mod orphan;
mod outdated;
mod overdue_rotation;
mod overlong;
mod plaintext;
pub mod record_behind;
mod rescue_pending;
mod rolled_back;
mod same_value;
mod single_holder;
mod tampered;
mod uncommitted;
mod unconfirmed_key;
mod unlisted_reader;
mod unowned;
mod unproven_reader;
mod unpushed;
mod unsigned;
mod untracked;
mod waiver_expired;
mod weakened_policy;

#[cfg(test)]
mod samples;

pub use against::against;
pub use driver::{Judged, judge_file, judge_secret, judge_store};

use crate::domain::check_id::CheckId;
use crate::domain::facts::{SealedFile, SecretFacts, Setting, StoreFacts};
use crate::domain::finding::{Level, Unknown};
use crate::domain::policy::Policy;
use crate::domain::record::Record;
use crate::domain::rules::Rules;
use crate::domain::tracked_facts::{FileFacts, TrackedSecret};

/// Every check, in the order of `docs/checks.md`.
pub static CHECKS: &[Check] = &[
    uncommitted::CHECK,
    unpushed::CHECK,
    outdated::CHECK,
    rescue_pending::CHECK,
    untracked::CHECK,
    weakened_policy::CHECK,
    missing::CHECK,
    orphan::CHECK,
    plaintext::CHECK,
    record_behind::CHECK,
    tampered::CHECK,
    unsigned::CHECK,
    rolled_back::CHECK,
    expired::CHECK,
    expiring::CHECK,
    no_expiry::CHECK,
    expiry_mismatch::CHECK,
    overlong::CHECK,
    overdue_rotation::CHECK,
    same_value::CHECK,
    single_holder::CHECK,
    unproven_reader::CHECK,
    unlisted_reader::CHECK,
    departed_reader::CHECK,
    exposed_to_departed::CHECK,
    unconfirmed_key::CHECK,
    unowned::CHECK,
    half_rotated::CHECK,
    monitor_silent::CHECK,
    waiver_expired::CHECK,
];

/// A rule, and how it judges.
#[derive(Clone, Copy)]
pub struct Check {
    pub id: CheckId,
    /// Where policy says nothing.
    pub default: Level,
    /// How it judges one secret, if it does.
    pub secret: Option<fn(&Subject<'_>) -> Judgement>,
    /// How it judges a file that another tool sealed, if that makes sense.
    pub file: Option<fn(&FileSubject<'_>) -> Judgement>,
    /// How it judges one secret of such a file, if that makes sense.
    pub tracked: Option<fn(&TrackedSubject<'_>) -> Judgement>,
    /// How it judges the store as a whole, if it does.
    pub store: Option<fn(&StoreSubject<'_>) -> Judgement>,
}

impl Check {
    const fn of_secret(id: CheckId, default: Level, judge: fn(&Subject<'_>) -> Judgement) -> Self {
        Self { id, default, secret: Some(judge), file: None, tracked: None, store: None }
    }

    const fn of_store(id: CheckId, default: Level, judge: fn(&StoreSubject<'_>) -> Judgement) -> Self {
        Self { id, default, secret: None, file: None, tracked: None, store: Some(judge) }
    }

    const fn and_file(mut self, judge: fn(&FileSubject<'_>) -> Judgement) -> Self {
        self.file = Some(judge);
        self
    }

    const fn and_tracked(mut self, judge: fn(&TrackedSubject<'_>) -> Judgement) -> Self {
        self.tracked = Some(judge);
        self
    }

    /// Whether it judges what other tools have sealed. Where it does not, it is not applicable, and never passed.
    pub fn applies_to_tracked(&self) -> bool {
        self.secret.is_none() || self.file.is_some() || self.tracked.is_some()
    }

    const fn and_store(mut self, judge: fn(&StoreSubject<'_>) -> Judgement) -> Self {
        self.store = Some(judge);
        self
    }
}

/// The faults that a check found, or the fact that it would have needed.
pub type Judgement = Result<Vec<Fault>, Unknown>;

/// One fault, before policy has its say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Lower case, no full stop.
    pub message: String,
    /// A command that can be pasted into a shell.
    pub remedy: String,
    /// Relative to the root of the repository. `None`: a secret's record; of the store, the name in `about`.
    pub path: Option<String>,
    /// What policy's scopes and waivers would call it. Of the store's faults only.
    pub about: Option<String>,
    /// How bad it is among faults of the same check on the same place.
    pub weight: i64,
    /// What tells it from another of the same check, place and weight, where the message does not.
    pub mark: String,
    /// Settled by the check itself: of the store's faults because they are about several secrets of that level, of others
    /// where it is less than policy's. `None`: by the driver.
    pub level: Option<Level>,
    /// Blocks the deploy even where the check's level is a warning; never where it is off.
    pub blocks: bool,
}

impl Fault {
    fn new(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            remedy: remedy.into(),
            path: None,
            about: None,
            weight: 1,
            mark: String::new(),
            level: None,
            blocks: false,
        }
    }

    fn at(self, path: impl Into<String>) -> Self {
        Self { path: Some(path.into()), ..self }
    }

    fn about(self, name: impl Into<String>) -> Self {
        Self { about: Some(name.into()), ..self }
    }

    fn weighing(self, weight: i64) -> Self {
        Self { weight, ..self }
    }

    fn marked(self, mark: impl Into<String>) -> Self {
        Self { mark: mark.into(), ..self }
    }

    fn levelled(self, level: Level) -> Self {
        Self { level: Some(level), ..self }
    }

    fn blocking(self, blocks: bool) -> Self {
        Self { blocks, ..self }
    }
}

/// One secret, and by what it is judged.
pub struct Subject<'a> {
    pub setting: &'a Setting,
    pub policy: &'a Policy,
    pub rules: &'a Rules,
    pub secret: &'a SecretFacts,
}

impl<'a> Subject<'a> {
    /// The record in the work tree; `None` where there is none.
    fn record(&self) -> Result<Option<&'a Record>, Unknown> {
        self.secret.record.as_ref().map(Option::as_ref).map_err(Clone::clone)
    }

    /// The sealed file in the work tree; `None` where there is none.
    fn sealed(&self) -> Result<Option<&'a SealedFile>, Unknown> {
        self.secret.sealed.as_ref().map(Option::as_ref).map_err(Clone::clone)
    }

    /// What tells this very pair from another, for faults that another pair has in the same words.
    fn pair_mark(&self) -> String {
        let record = self.secret.binding_expected.map(|digest| digest.to_string()).unwrap_or_default();
        let value = self.secret.sealed.as_ref().ok().and_then(Option::as_ref);
        format!("{record} {}", value.map(|file| file.digest.to_string()).unwrap_or_default())
    }
}

/// A file that another tool sealed, and by what it is judged.
pub struct FileSubject<'a> {
    pub setting: &'a Setting,
    pub policy: &'a Policy,
    pub rules: &'a Rules,
    pub file: &'a FileFacts,
}

/// One secret of such a file, and by what it is judged.
pub struct TrackedSubject<'a> {
    pub setting: &'a Setting,
    pub policy: &'a Policy,
    pub rules: &'a Rules,
    pub file: &'a FileFacts,
    pub secret: &'a TrackedSecret,
}

/// Whether an older seal stands there than one that is known, whatever policy makes of it: nothing old is sealed again.
pub fn rolled_back(setting: &Setting, policy: &Policy, secret: &SecretFacts) -> Judgement {
    let rules = Rules::of(policy, &secret.name);
    rolled_back::judge(&Subject { setting, policy, rules: &rules, secret })
}

/// The store as a whole, and by what it is judged.
pub struct StoreSubject<'a> {
    pub setting: &'a Setting,
    pub policy: &'a Policy,
    pub store: &'a StoreFacts,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn every_id_has_one_check() {
        let mut checks = CHECKS.iter().map(|check| check.id).collect::<Vec<_>>();
        checks.sort();
        let mut ids = CheckId::ALL.to_vec();
        ids.sort();
        assert_eq!(checks, ids);
        for check in CHECKS {
            assert!(check.secret.is_some() || check.store.is_some(), "{} judges nothing", check.id);
        }
    }

    #[test]
    fn default_levels_are_those_of_the_table() {
        let defaults = CHECKS.iter().map(|check| (check.id, check.default)).collect::<BTreeMap<_, _>>();
        let warnings = defaults.iter().filter(|(_, level)| **level == Level::Warning).map(|(id, _)| *id);
        assert_eq!(
            warnings.collect::<Vec<_>>(),
            [
                CheckId::Expiring,
                CheckId::Overlong,
                CheckId::OverdueRotation,
                CheckId::ExposedToDeparted,
                CheckId::UnconfirmedKey,
                CheckId::Unowned,
                CheckId::HalfRotated,
                CheckId::MonitorSilent
            ]
        );
        assert!(defaults.values().all(|level| *level != Level::Off));
    }

    #[test]
    fn what_makes_no_sense_of_files_of_other_tools_is_not_applicable() {
        let not = CHECKS.iter().filter(|check| !check.applies_to_tracked()).map(|check| check.id);
        assert_eq!(
            not.collect::<Vec<_>>(),
            [
                CheckId::Tampered,
                CheckId::Unsigned,
                CheckId::RolledBack,
                CheckId::SameValue,
                CheckId::UnprovenReader,
                CheckId::DepartedReader,
                CheckId::HalfRotated
            ]
        );
    }
}
