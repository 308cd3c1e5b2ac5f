//! Judging the secrets one by one, and what is kept of each: for the gate.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::Session;
use crate::checks::driver::{self, Judged};
use crate::domain::custody;
use crate::domain::expiry::Expiry;
use crate::domain::facts::{Exposure, PreviousValue, Proof, SecretFacts, Setting};
use crate::domain::name::SecretName;
use crate::domain::policy::{DeployRef, Policy};
use crate::domain::report::{Custody, Outlook};
use crate::domain::text::{abridged, visible};
use crate::domain::time::Instant;
use crate::observe::place::Place;
use crate::observe::secrets::Observation;

/// Where and as of when is judged.
pub fn setting(session: &Session, place: &Place, policy: &Policy, observation: &Observation<'_>) -> Setting {
    let head = observation.trees.head.as_ref().ok().and_then(Option::as_ref);
    Setting {
        now: session.now,
        store: place.folder.clone(),
        deploy_ref: (policy.deploy_ref != DeployRef::None).then(|| policy.deploy_ref.to_string()),
        head: head.map(ToString::to_string),
        deployed_commit: observation.trees.deployed_commit().map(|commit| commit.to_string()),
        deployed_is_ancestor: observation.trees.deployed_is_ancestor(place),
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

    pub fn judge(&self, facts: &SecretFacts) -> Seen {
        Seen {
            judged: driver::judge_secret(self.setting, self.policy, facts),
            outlook: outlook(self.setting.now, self.policy, facts),
            custody: custody::grade(facts, self.policy).into_iter().collect(),
            not_compared: not_compared(facts).into_iter().collect(),
            exposures: exposures(self.policy, facts),
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
}

impl Seen {
    pub fn absorb(&mut self, other: Self) {
        self.judged.absorb(other.judged);
        self.outlook.absorb(other.outlook);
        self.custody.extend(other.custody);
        self.not_compared.extend(other.not_compared);
        self.exposures.extend(other.exposures);
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

fn outlook(now: Instant, policy: &Policy, facts: &SecretFacts) -> Outlook {
    let Ok(Some(record)) = &facts.record else { return Outlook::default() };
    let ends = record.sealed.expires.as_ref().and_then(Expiry::at).filter(|at| *at > now);
    Outlook {
        fewest_people: Some(custody::proved_people(&record.sealed, policy, &facts.proof).len()),
        next_to_expire: ends.map(|at| (at, facts.name.clone())),
    }
}
