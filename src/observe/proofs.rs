//! Proofs: every value opened with my identities, its header recomputed, and the value held against the one of the
//! version before.
//!
//! Sources of identities are looked into one by one, each only while something is left that those before did not
//! open: a keyring may ask to be unlocked. With those at hand all secrets are tried in parallel.

use super::history::{BoundPair, Earlier};
use super::identities::{Found, Identities};
use crate::domain::facts::{PreviousValue, Proof, Recomputed, SecretFacts};
use crate::domain::finding::{Known, Unknown};
use crate::domain::key::{Fingerprint, KeyKind, PublicKey};
use crate::domain::name::{ActorName, SecretName};
use crate::domain::policy::Policy;
use crate::domain::record::Sealed;
use crate::domain::value::Value;
use crate::seal::identity::IdentityKind;
use crate::seal::opening;
use crate::seal::proving::{self, Proved, ProvingError};
use crate::system::threads::{ParallelIterator as _, Shared as _};
use crate::value_ends;

/// What another source of identities could add to a proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    Settled,
    /// It was not opened; with what went wrong, if something did.
    NotOpened(Option<String>),
    /// It was opened, and the version before was not.
    PreviousNotOpened,
}

/// Proves with the identities of these sources.
pub struct Prover<'a> {
    sources: &'a [Found],
    /// How many of the sources are known not to open it.
    tried: usize,
    policy: &'a Policy,
    is_required: bool,
    /// Why nothing opens it, where no other source is left.
    end: Option<String>,
}

impl<'a> Prover<'a> {
    /// With everything that was found, and nothing more to come.
    pub fn with_all(identities: &'a Identities<'_>, policy: &'a Policy, is_required: bool) -> Self {
        let end = Some(identities.why_none_opens());
        Self { sources: identities.found(), tried: 0, policy, is_required, end }
    }

    /// Without record or without value.
    pub(super) fn nothing_to_prove(&self) -> Proof {
        let why = "record and value are not both here, or can't be read".to_owned();
        Proof::NotOpened { why, required: self.is_required }
    }

    pub(super) fn prove(
        &self,
        sealed: &Sealed,
        bytes: &[u8],
        earlier: Option<&Known<Earlier<'_>>>,
    ) -> (Proof, Progress) {
        let public_key = |reader: &ActorName, fingerprint: &Fingerprint| self.key_of(reader, fingerprint);
        let mut failure = None;
        for found in self.sources.iter().skip(self.tried) {
            if found.identities().is_empty() {
                continue;
            }
            match proving::prove(bytes, sealed, &public_key, found.identities()) {
                Ok(proved) => return self.proved(sealed, proved, earlier),
                Err(ProvingError::Broken(why)) => return (Proof::Broken(why), Progress::Settled),
                Err(ProvingError::NotForYou) => {}
                // A passphrase that was not given, a plugin that failed: a later source may still open it.
                Err(error @ (ProvingError::Identity(_) | ProvingError::Unreadable(_))) => {
                    failure = Some(error.to_string());
                }
            }
        }
        let why = failure.clone().or_else(|| self.end.clone()).unwrap_or_default();
        (Proof::NotOpened { why, required: self.is_required }, Progress::NotOpened(failure))
    }

    fn key_of(&self, reader: &ActorName, fingerprint: &Fingerprint) -> Option<&'a PublicKey> {
        let actor = self.policy.actor(reader)?;
        actor.keys().iter().find(|key| key.fingerprint == *fingerprint)
    }

    fn proved(
        &self,
        sealed: &Sealed,
        proved: Proved,
        earlier: Option<&Known<Earlier<'_>>>,
    ) -> (Proof, Progress) {
        let (previous, progress) = match self.previous_value(sealed, &proved.value, earlier) {
            Ok(previous) => (Ok(previous), Progress::Settled),
            Err(NotCompared { why, is_locked }) => {
                let progress = if is_locked { Progress::PreviousNotOpened } else { Progress::Settled };
                let previous = if self.is_required {
                    Err(Unknown::new("the value of the version before", why))
                } else {
                    Ok(PreviousValue::NotCompared(why))
                };
                (previous, progress)
            }
        };
        let recomputed = Recomputed {
            proved: proved.proved.into_iter().collect(),
            plausible: proved.plausible.into_iter().collect(),
            missing: proved.missing,
            surplus: proved.surplus,
            previous_value: previous,
            ends: value_ends::read(proved.value.expose()),
        };
        (Proof::Recomputed(recomputed), progress)
    }

    /// Compares with the highest lower version that git knows and that was bound.
    fn previous_value(
        &self,
        sealed: &Sealed,
        value: &Value,
        earlier: Option<&Known<Earlier<'_>>>,
    ) -> Result<PreviousValue, NotCompared> {
        let number = sealed.version.number;
        let Some(earlier) = earlier.filter(|_| number > 1) else { return Ok(PreviousValue::None) };
        let earlier = earlier.as_ref().map_err(NotCompared::unknown)?;
        let mut found = None;
        for state in earlier.before(number) {
            let before = state.order.number;
            if found.is_some_and(|found| found != before) {
                break;
            }
            let Some(pair) = earlier.bound(state).map_err(|unknown| NotCompared::unknown(&unknown))? else {
                continue;
            };
            found = Some(before);
            if let Some(previous) = self.open(&pair) {
                let same = previous.same_as(value);
                return Ok(if same { PreviousValue::Same(before) } else { PreviousValue::Other });
            }
        }
        match (found, earlier.history().cut()) {
            (Some(_), _) => {
                let why = "none of the identities found here opens the version before it: somebody who could read \
                           that one runs `secrets check --prove`";
                Err(NotCompared { why: why.to_owned(), is_locked: true })
            }
            (None, Some((cut, command))) => Err(NotCompared {
                why: format!("it is not at hand, as {cut}; get the rest with `{command}`"),
                is_locked: false,
            }),
            // Nothing is missing: it came by another name, or from elsewhere.
            (None, None) => {
                let why = "no history here has it under this name; after `secrets move` the old name's may";
                Ok(PreviousValue::NotCompared(why.to_owned()))
            }
        }
    }

    fn open(&self, pair: &BoundPair) -> Option<Value> {
        let with = |found: &Found| opening::open(&pair.sealed, found.identities()).ok();
        self.sources.iter().filter(|found| !found.identities().is_empty()).find_map(with)
    }
}

/// Why a value was not held against the one before.
struct NotCompared {
    why: String,
    /// Another identity could open it.
    is_locked: bool,
}

impl NotCompared {
    fn unknown(unknown: &Unknown) -> Self {
        Self { why: format!("{}: {}", unknown.what, unknown.why), is_locked: false }
    }
}

/// A secret that the sources so far did not settle.
struct Pending<'n> {
    name: &'n SecretName,
    /// How many of the sources need not be tried again.
    tried: usize,
    failure: Option<String>,
}

/// Proves many secrets.
pub struct Proofs<'i, 'k> {
    pub identities: &'i mut Identities<'k>,
    pub policy: &'i Policy,
    /// Whether what can't be proved is unknown, or only told.
    pub is_required: bool,
}

impl Proofs<'_, '_> {
    /// Looks at each secret and hands its facts on; they are dropped as soon as they were seen. `look` observes a
    /// secret with a prover, `see` makes of its facts what is wanted, and `absorb` adds that up.
    pub fn each<T: Default + Send>(
        self,
        names: &[&SecretName],
        look: &(dyn Fn(&SecretName, &Prover<'_>) -> (SecretFacts, Progress) + Sync),
        see: &(dyn Fn(SecretFacts) -> T + Sync),
        absorb: &(dyn Fn(&mut T, T) + Sync),
    ) -> T {
        let mut all = T::default();
        let mut pending: Vec<Pending<'_>> =
            names.iter().map(|name| Pending { name, tried: 0, failure: None }).collect();
        while !pending.is_empty() {
            let is_more = self.identities.look_further();
            let end = (!is_more).then(|| self.identities.why_none_opens());
            let sources = self.identities.found();
            if is_more && sources.last().is_none_or(|found| found.identities().is_empty()) {
                continue;
            }
            let look_at = |pending: Pending<'_>| {
                let (tried, policy) = (pending.tried, self.policy);
                let end = end.as_ref().map(|end| pending.failure.clone().unwrap_or_else(|| end.clone()));
                let prover = Prover { sources, tried, policy, is_required: self.is_required, end };
                let (facts, progress) = look(pending.name, &prover);
                match progress {
                    Progress::NotOpened(failure) if is_more => {
                        let failure = failure.or(pending.failure);
                        (None, Some((sources.len(), failure)))
                    }
                    Progress::PreviousNotOpened if is_more => (None, Some((tried, pending.failure))),
                    Progress::Settled | Progress::NotOpened(_) | Progress::PreviousNotOpened => {
                        (Some(see(facts)), None)
                    }
                }
            };
            let names: Vec<&SecretName> = pending.iter().map(|pending| pending.name).collect();
            let seen: Vec<_> = if needs_a_hand(sources) {
                pending.into_iter().map(look_at).collect()
            } else {
                pending.into_par_iter().map(look_at).collect()
            };
            pending = Vec::new();
            for (name, (one, left)) in names.into_iter().zip(seen) {
                if let Some(one) = one {
                    absorb(&mut all, one);
                }
                pending.extend(left.map(|(tried, failure)| Pending { name, tried, failure }));
            }
            if !is_more {
                break;
            }
        }
        all
    }
}

/// Whether a person may have to touch a device for each value: then one after the other.
fn needs_a_hand(sources: &[Found]) -> bool {
    let is_plugin = |kind: &IdentityKind| matches!(kind, IdentityKind::Key(KeyKind::Plugin(_)));
    sources.iter().flat_map(Found::identities).any(|identity| is_plugin(identity.kind()))
}
