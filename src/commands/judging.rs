//! Judging the secrets one by one, and what is kept of each: for the gate.

use std::collections::{BTreeMap, BTreeSet};

use super::Session;
use super::insides::{Insides, Looking};
use crate::checks::CHECKS;
use crate::checks::driver::{self, Judged};
use crate::domain::access;
use crate::domain::custody;
use crate::domain::expiry::Expiry;
use crate::domain::facts::{Exposure, PreviousValue, Proof, SecretFacts, Setting};
use crate::domain::name::SecretName;
use crate::domain::policy::{DeployRef, Policy};
use crate::domain::report::{Custody, Outlook, Unchecked};
use crate::domain::text::{abridged, counted, listed, visible};
use crate::domain::time::Instant;
use crate::domain::tracked_facts::{FileFacts, TrackedSecret};
use crate::domain::tracked_name::TrackedName;
use crate::observe::place::Place;
use crate::observe::secrets::Observation;
use crate::observe::selection::Selection;
use crate::observe::tracked::{TrackedFiles, bounded};
use crate::system::threads::{ParallelIterator as _, Shared as _};

/// Where and as of when is judged.
pub fn setting(session: &Session, place: &Place, policy: &Policy, observation: &Observation<'_>) -> Setting {
    let head = observation.trees.head.as_ref().ok().and_then(Option::as_ref);
    Setting {
        deploy_ref: (policy.deploy_ref != DeployRef::None).then(|| policy.deploy_ref.to_string()),
        head: head.map(ToString::to_string),
        deployed_commit: observation.trees.deployed_commit().map(|commit| commit.to_string()),
        deployed_is_ancestor: observation.trees.deployed_is_ancestor(place),
        ..setting_here(session.now, place)
    }
}

/// The same where neither `HEAD` nor the deploy ref is of interest.
pub fn setting_here(now: Instant, place: &Place) -> Setting {
    Setting {
        now,
        store: place.folder.clone(),
        deploy_ref: None,
        head: None,
        deployed_commit: None,
        deployed_is_ancestor: false,
    }
}

/// By what secrets are judged.
pub struct Gate<'a> {
    pub setting: &'a Setting,
    pub policy: &'a Policy,
}

impl Gate<'_> {
    /// Judges secrets in parallel; each one's facts are dropped as soon as they are judged.
    pub fn judge_all(
        &self,
        names: &[&SecretName],
        observe: &(dyn Fn(&SecretName) -> SecretFacts + Sync),
    ) -> Seen {
        let seen = names.par_iter().map(|name| self.judge(&observe(name)));
        seen.reduce(Seen::default, |mut all, one| {
            all.absorb(one);
            all
        })
    }

    /// Judges the files that other tools have sealed, as far as the selection goes, in parallel; looks into the values
    /// where that is asked for.
    pub fn judge_files(
        &self,
        tracked: &TrackedFiles<'_>,
        selection: &Selection,
        looking: Option<&Looking<'_, '_>>,
    ) -> Seen {
        let look = |facts: &mut FileFacts| looking.map_or((), |looking| looking.look(tracked, facts));
        let judge = || {
            let seen = tracked.files.par_iter().map(|path| match tracked.file(path) {
                Some(facts) => self.judge_file(facts, selection, &look),
                None => Seen::unnamed(path),
            });
            seen.reduce(Seen::default, |mut all, one| {
                all.absorb(one);
                all
            })
        };
        if looking.is_some() { bounded(judge) } else { judge() }
    }

    /// Judges one of them, as far as the selection goes. `look` looks into its values, where that is asked for.
    pub fn judge_file(
        &self,
        mut facts: FileFacts,
        selection: &Selection,
        look: &(dyn Fn(&mut FileFacts) + Sync),
    ) -> Seen {
        let is_whole = selection.admits_tracked(&facts.name);
        if !is_whole && let Ok(secrets) = &mut facts.secrets {
            secrets.retain(|secret| selection.admits_tracked(&secret.name));
            if secrets.is_empty() {
                return Seen::default();
            }
        }
        look(&mut facts);
        let secrets = facts.secrets.as_deref().unwrap_or_default();
        let mut tracked: Vec<TrackedName> = secrets.iter().map(|secret| secret.name.clone()).collect();
        let secrets = secrets.len() + facts.undecided.len();
        tracked.push(facts.name.clone());
        Seen {
            judged: driver::judge_file(self.setting, self.policy, &facts),
            outlook: outlook_of_file(self.setting.now, self.policy, &facts),
            tracked: Tracked { names: tracked, secrets, not_secret: facts.not_secret },
            insides: Insides::of_file(&facts),
            ..Seen::default()
        }
    }

    pub fn judge(&self, facts: &SecretFacts) -> Seen {
        Seen {
            judged: driver::judge_secret(self.setting, self.policy, facts),
            outlook: outlook(self.setting.now, self.policy, facts),
            custody: custody::grade(facts, self.policy).into_iter().collect(),
            not_compared: not_compared(facts).into_iter().collect(),
            exposures: exposures(self.policy, facts),
            tracked: Tracked::default(),
            insides: Insides::of_secret(facts),
        }
    }
}

/// What is kept of secrets that were judged.
#[derive(Default)]
pub struct Seen {
    pub judged: Judged,
    pub outlook: Outlook,
    pub custody: Vec<Custody>,
    /// Whose value was not held against the one before, and why.
    not_compared: Vec<(SecretName, String)>,
    /// Versions that somebody knows who left.
    pub exposures: Vec<Exposure>,
    pub tracked: Tracked,
    pub insides: Insides,
}

/// What was judged of files that other tools have sealed.
#[derive(Default)]
pub struct Tracked {
    /// The files, and the secrets in them.
    pub names: Vec<TrackedName>,
    /// How many secrets, those with neither record nor rule included.
    pub secrets: usize,
    /// How many encrypted values policy calls no secret.
    pub not_secret: usize,
}

impl Tracked {
    fn absorb(&mut self, other: Self) {
        self.names.extend(other.names);
        self.secrets += other.secrets;
        self.not_secret += other.not_secret;
    }

    /// What a reader should know of them: which checks do not apply, and what was left out.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.secrets > 0 {
            let checks = CHECKS.iter().filter(|check| !check.applies_to_tracked());
            let ids: Vec<&str> = checks.map(|check| check.id.as_str()).collect();
            let secrets = counted(self.secrets, "secret");
            notes.push(format!(
                "{secrets} sealed by other tools: their records are claims, and {} are not applicable to them",
                listed(&ids)
            ));
        }
        if self.not_secret > 0 {
            let values = counted(self.not_secret, "encrypted value");
            notes.push(format!("{values} not judged: policy calls them no secrets ([track] not-secret)"));
        }
        notes
    }
}

/// Of a file that can't be named.
pub fn unnamed(path: &str) -> Judged {
    let why = "can't be named, so nothing about it was judged; rename it".to_owned();
    let unchecked = Unchecked { secret: None, what: visible(path).into_owned(), why };
    Judged { unchecked: [unchecked].into(), ..Judged::default() }
}

impl Seen {
    /// A file that can't be named was not judged.
    fn unnamed(path: &str) -> Self {
        Self { judged: unnamed(path), ..Self::default() }
    }

    pub fn absorb(&mut self, other: Self) {
        self.judged.absorb(other.judged);
        self.outlook.absorb(other.outlook);
        self.custody.extend(other.custody);
        self.not_compared.extend(other.not_compared);
        self.exposures.extend(other.exposures);
        self.tracked.absorb(other.tracked);
        self.insides.absorb(other.insides);
    }

    /// What was not compared, reasons that many secrets have in common once.
    pub fn not_compared(&self) -> Vec<String> {
        let mut reasons = BTreeMap::<&str, BTreeSet<&str>>::new();
        for (name, why) in &self.not_compared {
            reasons.entry(why).or_default().insert(name.as_str());
        }
        let told = |(why, names): (&str, BTreeSet<&str>)| {
            let names: Vec<&str> = names.into_iter().collect();
            let why = visible(why);
            format!("{}: not held against the version before: {why}", abridged(&names))
        };
        reasons.into_iter().map(told).collect()
    }
}

fn not_compared(facts: &SecretFacts) -> Option<(SecretName, String)> {
    let Proof::Recomputed(recomputed) = &facts.proof else { return None };
    match &recomputed.previous_value {
        Ok(PreviousValue::NotCompared(why)) => Some((facts.name.clone(), why.clone())),
        Ok(PreviousValue::None | PreviousValue::Other | PreviousValue::Same(_)) | Err(_) => None,
    }
}

fn exposures(policy: &Policy, facts: &SecretFacts) -> Vec<Exposure> {
    let record = facts.record.as_ref().ok().and_then(Option::as_ref);
    record.map(|record| custody::exposures(&record.sealed, policy)).unwrap_or_default()
}

fn outlook_of_file(now: Instant, policy: &Policy, facts: &FileFacts) -> Outlook {
    let access = facts.access().ok().flatten();
    let people = access.map(|access| access::holders(access, policy, &facts.claimed_readers).alone.len());
    let end = |secret: &TrackedSecret| {
        let at = secret.expires()?.at().filter(|at| *at > now)?;
        Some((at, secret.name.clone().into()))
    };
    let next_to_expire = facts.secrets.as_deref().unwrap_or_default().iter().filter_map(end).min();
    Outlook { fewest_people: people, next_to_expire }
}

fn outlook(now: Instant, policy: &Policy, facts: &SecretFacts) -> Outlook {
    let Ok(Some(record)) = &facts.record else { return Outlook::default() };
    let ends = record.sealed.expires.as_ref().and_then(Expiry::at).filter(|at| *at > now);
    Outlook {
        fewest_people: Some(custody::proved_people(&record.sealed, policy, &facts.proof).len()),
        next_to_expire: ends.map(|at| (at, facts.name.clone().into())),
    }
}
