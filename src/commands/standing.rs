//! What stands in the store and is about to be sealed again: whether somebody vouches for the keys that it says it is
//! sealed to, and whether a newer seal of it is known.

use std::collections::BTreeSet;

use super::judging::setting;
use super::signing::is_required;
use super::{CommandError, Session};
use crate::change::sealing;
use crate::checks;
use crate::domain::facts::{SecretFacts, Setting, SignatureVerdict};
use crate::domain::finding::Known;
use crate::domain::key::Fingerprint;
use crate::domain::name::SecretName;
use crate::domain::policy::{DeployRef, Policy};
use crate::domain::reach::Reach;
use crate::domain::record::VersionOrder;
use crate::observe::history::Begun;
use crate::observe::place::Place;
use crate::observe::reference::Reference;
use crate::observe::secrets::Observation;
use crate::observe::trees::Ask;
use crate::system::threads;

/// The keys that somebody has accepted before, as far as that is known.
#[derive(Debug, Clone, Default)]
pub struct KnownKeys {
    pub fingerprints: BTreeSet<Fingerprint>,
    /// Why the keys of the standing seal are not among them. From public keys alone anybody can make a pair that is
    /// sealed to whomever they like.
    pub not_vouched_for: Option<String>,
}

/// The deploy ref as this clone saw it last; the remote is not asked.
pub fn tracked<'p>(place: &'p Place, policy: &Policy) -> Option<Reference<'p>> {
    let DeployRef::Branch { remote, branch } = &policy.deploy_ref else { return None };
    Reference::observe(place, &format!("refs/remotes/{remote}/{branch}")).ok()
}

/// Who must have signed: asked of the policy here and of the deploy ref's, so that a change can't spare itself.
pub struct Demand<'a> {
    here: &'a Policy,
    there: Option<Policy>,
}

impl<'a> Demand<'a> {
    pub fn of(here: &'a Policy, tracked: Option<&Reference<'_>>) -> Self {
        Self { here, there: tracked.and_then(|there| there.policy().ok().flatten()) }
    }

    pub fn wants_signed(&self, name: &SecretName) -> bool {
        is_required(self.here, name) || self.there.as_ref().is_some_and(|there| is_required(there, name))
    }
}

/// The store as it stands, ready to be asked about what is sealed again.
pub struct Standing<'a> {
    observation: Observation<'a>,
    setting: Setting,
    demand: Demand<'a>,
    policy: &'a Policy,
}

impl<'a> Standing<'a> {
    /// Walks the history once, for all secrets that are going to be looked at: what lies elsewhere is left out. The
    /// remote is asked only where one of these names must be signed, for whose signatures count.
    pub fn observe(
        session: &Session,
        place: &'a Place,
        policy: &'a Policy,
        tracked: Option<&'a Reference<'a>>,
        names: &[SecretName],
    ) -> Self {
        let demand = Demand::of(policy, tracked);
        let is_signed = names.iter().any(|name| demand.wants_signed(name));
        let ask = if is_signed { Ask::Remote } else { Ask::LeaveOut };
        let reach = Reach::below(names.iter().map(SecretName::folder));
        let (observation, begun) = threads::join(
            || Observation::within(place, policy, ask, &reach),
            || Begun::within(place, None, &reach),
        );
        let observation = observation.before_sealing(begun, policy.store, tracked.map(Reference::tip));
        let setting = setting(session, place, policy, &observation);
        Self { observation, setting, demand, policy }
    }

    pub fn secret(&self, name: &SecretName) -> SecretFacts {
        self.observation.secret(name)
    }

    /// An error where a newer seal is known than the one that stands here: sealed again it would look like the newest.
    pub fn refuse_older(&self, facts: &SecretFacts) -> Result<(), CommandError> {
        let name = &facts.name;
        match checks::rolled_back(&self.setting, self.policy, facts) {
            Ok(faults) => faults.first().map_or(Ok(()), |fault| {
                let told = format!("{name}: {} (rolled-back)", fault.message);
                Err(CommandError::new(told).hint(format!("to have the newer one: {}", fault.remedy)))
            }),
            Err(unknown) => Err(CommandError::new(format!(
                "{name}: can't be held against what was sealed before, so it is not sealed again: {}: {}",
                unknown.what, unknown.why
            ))),
        }
    }

    /// The keys of the seal that stands here. Where a signature is wanted for one of these names, only if a valid one
    /// stands for it.
    pub fn known_keys(&self, facts: &SecretFacts, names: &[&SecretName]) -> KnownKeys {
        let Ok(Some(record)) = &facts.record else { return KnownKeys::default() };
        if names.iter().any(|name| self.demand.wants_signed(name))
            && let Some(why) = not_signed(facts)
        {
            let why = format!(
                "policy requires a signature, and {why}; so nobody vouches for the keys that it is sealed to"
            );
            return KnownKeys { fingerprints: BTreeSet::new(), not_vouched_for: Some(why) };
        }
        KnownKeys { fingerprints: sealing::keys_of(&record.sealed), not_vouched_for: None }
    }

    /// The highest numbers that were ever sealed under this name, as far as the history at hand has them.
    pub fn highest(&self, facts: &SecretFacts) -> Known<Option<VersionOrder>> {
        self.observation.highest(facts)
    }
}

/// Why no valid signature stands for a pair; `None` where one does.
fn not_signed(facts: &SecretFacts) -> Option<String> {
    match &facts.signatures {
        Err(unknown) => {
            Some(format!("whose signatures count is not known: {}: {}", unknown.what, unknown.why))
        }
        Ok(all) if all.iter().any(|one| one.verdict == SignatureVerdict::Valid) => None,
        Ok(all) if all.is_empty() => Some("nobody signed it".to_owned()),
        Ok(_) => Some("none of the signatures that it carries is valid".to_owned()),
    }
}
