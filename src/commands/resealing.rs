//! What needs to be sealed again, why, and doing it: for `reseal` and for the removal of a reader.

use std::collections::BTreeSet;

use super::openers::{self, Refusal, Task};
use super::standing::{KnownKeys, Standing, tracked};
use super::writing::{Existing, accept_keys, existing};
use super::{CommandError, Session};
use crate::change::sealing::{self, Request, Sealer};
use crate::change::writer::{Pair, Writer};
use crate::domain::key::{Fingerprint, KeyKind, PublicKey};
use crate::domain::name::{ActorName, SecretName};
use crate::domain::policy::Actor;
use crate::domain::record::{Record, Sealed};
use crate::domain::text::{counted, listed};
use crate::observe::identities::Identities;
use crate::observe::place::Place;
use crate::seal::identity::Identity;
use crate::seal::opening;
use crate::seal::proving::{self, Proved, ProvingError};
use crate::system::threads::{ParallelIterator as _, Shared as _};

/// How many secrets are sealed before what came of it is taken up: it bounds what is in memory besides.
const CHUNK: usize = 512;

/// Why a secret needs to be sealed again, as far as record and policy tell; empty where it does not.
fn reasons(sealer: &Sealer<'_>, sealed: &Sealed) -> Result<Vec<String>, CommandError> {
    let wanted: BTreeSet<(ActorName, Fingerprint)> = sealer
        .recipients(&sealed.name)?
        .into_iter()
        .flat_map(|(reader, keys)| keys.into_iter().map(move |key| (reader.clone(), key.fingerprint)))
        .collect();
    let current: BTreeSet<(ActorName, Fingerprint)> =
        sealed.all_keys().map(|(reader, key)| (reader.clone(), key.fingerprint.clone())).collect();
    let readers: BTreeSet<&ActorName> = wanted.iter().chain(&current).map(|(reader, _)| reader).collect();
    let mut reasons = Vec::new();
    for reader in readers {
        let of = |set: &BTreeSet<(ActorName, Fingerprint)>| -> BTreeSet<Fingerprint> {
            set.iter()
                .filter(|(name, _)| name == reader)
                .map(|(_, fingerprint)| fingerprint.clone())
                .collect()
        };
        let (new, old) = (of(&wanted), of(&current));
        match (new.is_empty(), old.is_empty()) {
            (false, true) => reasons.push(format!("adds {reader}")),
            (true, false) => reasons.push(format!("drops {reader}")),
            _ if new != old => reasons.push(format!("other keys of {reader}")),
            _ => {}
        }
    }
    Ok(reasons)
}

/// The secrets that need it, with the reasons; and those of which that can't be said, with why.
#[derive(Default)]
pub struct Needing {
    pub secrets: Vec<Need>,
    /// Sealed to just the readers and keys that policy names, as far as their records tell.
    pub fitting: Vec<SecretName>,
    pub left: Vec<Left>,
}

/// A secret that needs to be sealed again. Its value and record are read again when that is done: ten thousand of them
/// are not kept in memory.
pub struct Need {
    pub name: SecretName,
    pub reasons: Vec<String>,
    /// To which keys it is sealed, as it says.
    sealed_to: BTreeSet<Fingerprint>,
    /// Those of which somebody vouches for that; found out before it is sealed.
    known: KnownKeys,
}

/// A secret that could not be sealed again, and why.
pub struct Left {
    pub name: SecretName,
    pub why: String,
    /// What to do about it, where that is not to have it opened by somebody else.
    pub remedies: Vec<String>,
}

impl Left {
    fn new(name: SecretName, why: String) -> Self {
        Self { name, why, remedies: Vec::new() }
    }
}

impl Needing {
    pub fn among(place: &Place, sealer: &Sealer<'_>, names: &[SecretName]) -> Self {
        let judge = |name: &SecretName| -> Result<Need, CommandError> {
            let secret = existing(place, name)?;
            let sealed = &secret.record.sealed;
            let (reasons, sealed_to) = (reasons(sealer, sealed)?, sealing::keys_of(sealed));
            Ok(Need { name: name.clone(), reasons, sealed_to, known: KnownKeys::default() })
        };
        let judged: Vec<_> = names.par_iter().map(judge).collect();
        let mut needing = Self::default();
        for (name, judged) in names.iter().zip(judged) {
            match judged {
                Ok(need) if need.reasons.is_empty() => needing.fitting.push(need.name),
                Ok(need) => needing.secrets.push(need),
                Err(error) => needing.left.push(Left::new(name.clone(), error.to_string())),
            }
        }
        needing
    }

    pub fn say(&self, session: &Session) -> Result<(), CommandError> {
        self.secrets
            .iter()
            .try_for_each(|need| session.say(format!("{}: {}", need.name, need.reasons.join(", "))))
    }
}

/// Opens and seals, on behalf of a policy, with the identities at hand.
pub struct Resealing<'a> {
    pub session: &'a Session,
    pub place: &'a Place,
    pub sealer: &'a Sealer<'a>,
    pub identities: Identities<'a>,
}

impl Resealing<'_> {
    /// Opens what fits as far as its record tells, and finds where the header is another one than it must be: a stanza
    /// that was forged or exchanged. What can't be opened is left, because nobody can say whether it fits.
    pub fn prove(&mut self, needing: &mut Needing) {
        let names = std::mem::take(&mut needing.fitting);
        let progress = self.session.terminal.progress("proving", Some(names.len() as u64));
        let tasks: Vec<Task<SecretName>> = names.into_iter().map(|work| Task { work, asks: false }).collect();
        let (place, sealer) = (self.place, self.sealer);
        let answers = openers::each(&mut self.identities, &tasks, &|name, identities| {
            let need = prove(place, sealer, name, identities)?;
            progress.advance(1);
            Ok(need)
        });
        for (Task { work: name, .. }, answer) in tasks.into_iter().zip(answers) {
            match answer {
                Ok(need) if need.reasons.is_empty() => needing.fitting.push(name),
                Ok(need) => needing.secrets.push(need),
                Err(why) => {
                    let why = format!("{name}: whom it is really sealed to is not proved: {why}");
                    needing.left.push(Left::new(name, why));
                }
            }
        }
        needing.secrets.sort_by(|a, b| a.name.cmp(&b.name));
    }

    /// Leaves what is older than a seal that is known: sealed again it would look like the newest. Of the others it is
    /// learned for which keys somebody vouches.
    pub fn leave_older(&self, needing: &mut Needing) {
        if needing.secrets.is_empty() {
            return;
        }
        let (place, policy) = (self.place, self.sealer.policy);
        let tracked = tracked(place, policy);
        let names: Vec<SecretName> = needing.secrets.iter().map(|need| need.name.clone()).collect();
        let standing = Standing::observe(self.session, place, policy, tracked.as_ref(), &names);
        let judge = |need: Need| {
            let facts = standing.secret(&need.name);
            match standing.refuse_older(&facts) {
                Ok(()) => Ok(Need { known: standing.known_keys(&facts, &[&need.name]), ..need }),
                Err(error) => {
                    let remedies = error.hints().to_vec();
                    Err(Left { remedies, ..Left::new(need.name, error.to_string()) })
                }
            }
        };
        let judged: Vec<_> = std::mem::take(&mut needing.secrets).into_par_iter().map(judge).collect();
        for one in judged {
            match one {
                Ok(need) => needing.secrets.push(need),
                Err(left) => needing.left.push(left),
            }
        }
    }

    /// Seals again what can be, to whom policy names now, and plans it. New keys are asked for before anything is
    /// opened; what none of my identities opens is left to another reader.
    pub fn reseal(
        &mut self,
        needing: Needing,
        accepted: &[Fingerprint],
        writer: &mut Writer<'_>,
    ) -> Result<Vec<Left>, CommandError> {
        let mut accepted: BTreeSet<Fingerprint> = accepted.iter().cloned().collect();
        for need in &needing.secrets {
            accept_keys(self.session, self.sealer, &need.name, &need.known, &mut accepted)?;
        }
        let mut left = needing.left;
        let progress = self.session.terminal.progress("resealing", Some(needing.secrets.len() as u64));
        let (place, sealer) = (self.place, self.sealer);
        let tasks: Vec<Task<Need>> = needing
            .secrets
            .into_iter()
            .map(|need| Task { asks: asks(sealer, &need.name), work: need })
            .collect();
        for chunk in tasks.chunks(CHUNK) {
            let answers = openers::each(&mut self.identities, chunk, &|need, identities| {
                let sealed = seal_again(place, sealer, need, identities)?;
                progress.advance(1);
                Ok(sealed)
            });
            for (Task { work: need, .. }, answer) in chunk.iter().zip(answers) {
                let why = match answer {
                    Ok((was, record, bytes)) if writer.has_room_for(bytes.len()) => {
                        writer.put_secret(was, &record, bytes);
                        continue;
                    }
                    Ok(_) => "is more than one change holds: run the same command again".to_owned(),
                    Err(why) => why,
                };
                left.push(Left::new(need.name.clone(), why));
            }
        }
        Ok(left)
    }
}

/// Whether sealing it asks a person: a key behind a plugin may want to be touched.
fn asks(sealer: &Sealer<'_>, name: &SecretName) -> bool {
    let recipients = sealer.recipients(name).unwrap_or_default();
    let mut keys = recipients.iter().flat_map(|(_, keys)| keys);
    keys.any(|key| matches!(key.kind, KeyKind::Plugin(_)))
}

fn read(place: &Place, name: &SecretName) -> Result<Existing, Refusal> {
    existing(place, name).map_err(|error| Refusal::Final(error.to_string()))
}

fn seal_again(
    place: &Place,
    sealer: &Sealer<'_>,
    need: &Need,
    identities: &[Identity],
) -> Result<(Pair, Record, Vec<u8>), Refusal> {
    let before = read(place, &need.name)?;
    let sealed = &before.record.sealed;
    if sealing::keys_of(sealed) != need.sealed_to {
        return Err(Refusal::Final(
            "somebody else changed it meanwhile: run the same command again".to_owned(),
        ));
    }
    let value = opening::open(&before.bytes, identities)?;
    let (record, bytes) = sealer
        .seal(Request::again(&before.record, &value))
        .map_err(|error| Refusal::Final(error.to_string()))?;
    Ok((before.pair(), record, bytes))
}

fn prove(
    place: &Place,
    sealer: &Sealer<'_>,
    name: &SecretName,
    identities: &[Identity],
) -> Result<Need, Refusal> {
    let secret = read(place, name)?;
    let sealed = &secret.record.sealed;
    let public_key = |reader: &ActorName, fingerprint: &Fingerprint| -> Option<&PublicKey> {
        let keys = sealer.policy.actor(reader).map(Actor::keys).unwrap_or_default();
        keys.iter().find(|key| key.fingerprint == *fingerprint)
    };
    let proved =
        proving::prove(&secret.bytes, sealed, &public_key, identities).map_err(|error| match error {
            ProvingError::NotForYou => Refusal::NotForThese,
            ProvingError::Identity(error) => Refusal::Unusable(error.to_string()),
            ProvingError::Unreadable(error) => Refusal::Final(error.to_string()),
            ProvingError::Broken(why) => Refusal::Final(why),
        })?;
    let (reasons, sealed_to) = (misfits(&proved), sealing::keys_of(sealed));
    Ok(Need { name: name.clone(), reasons, sealed_to, known: KnownKeys::default() })
}

/// How the header differs from what it must be; empty where it does not.
pub fn misfits(proved: &Proved) -> Vec<String> {
    let mut reasons = Vec::new();
    let missing: BTreeSet<&str> = proved.missing.iter().map(|(reader, _)| reader.as_str()).collect();
    if !missing.is_empty() {
        let names = listed(&missing.into_iter().collect::<Vec<_>>());
        reasons.push(format!("is not sealed to {names}, though its record says so"));
    }
    if !proved.surplus.is_empty() {
        let stanzas = counted(proved.surplus.len(), "stanza");
        reasons.push(format!("has {stanzas} in its header that no reader listed accounts for"));
    }
    reasons
}

/// Tells what was left, and answers with the exit code: what was asked was not done to its end.
pub fn tell_left(session: &Session, left: &[Left]) -> Result<u8, CommandError> {
    if left.is_empty() {
        return Ok(0);
    }
    session.say(format!("{} could not be sealed again:", counted(left.len(), "secret")))?;
    for Left { name, why, remedies } in left {
        // The error names the secret already.
        session.say(format!(
            "  {}",
            if why.starts_with(name.as_str()) { why.clone() } else { format!("{name}: {why}") }
        ))?;
        remedies.iter().try_for_each(|remedy| session.say(format!("    {remedy}")))?;
    }
    if left.iter().any(|left| left.remedies.is_empty()) {
        session.say("somebody who can open them runs: secrets reseal --all")?;
    }
    Ok(2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::digest::Digest;
    use crate::domain::facts::Stanza;
    use crate::domain::record::SealedKey;
    use crate::domain::value::Value;

    fn proved(missing: &[&str], surplus: usize) -> Proved {
        let key = SealedKey { kind: KeyKind::X25519, fingerprint: Fingerprint::of(b"k"), stanza: None };
        let stanza = Stanza { kind: "X25519".to_owned(), args: Vec::new(), digest: Digest::of(b"s") };
        Proved {
            value: Value::new(Vec::new()),
            proved: Vec::new(),
            plausible: Vec::new(),
            missing: missing.iter().map(|name| (name.parse().unwrap(), key.clone())).collect(),
            surplus: vec![stanza; surplus],
        }
    }

    #[test]
    fn a_header_that_fits_is_no_reason_and_each_misfit_is_one() {
        assert_eq!(misfits(&proved(&[], 0)), [""; 0]);
        assert_eq!(
            misfits(&proved(&["bob", "carol", "bob"], 0)),
            ["is not sealed to bob and carol, though its record says so"]
        );
        assert_eq!(
            misfits(&proved(&["bob"], 2)),
            [
                "is not sealed to bob, though its record says so",
                "has 2 stanzas in its header that no reader listed accounts for"
            ]
        );
    }
}
