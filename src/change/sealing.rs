//! From a value, the policy and what was before to a sealed value and its record.

use std::collections::BTreeSet;

use rand::RngCore as _;
use rand::rngs::OsRng;

use crate::domain::digest::Digest;
use crate::domain::expiry::Expiry;
use crate::domain::facts::Binding;
use crate::domain::id::VersionId;
use crate::domain::json::{MAX_SAFE_INTEGER, SortedSet, UniqueMap};
use crate::domain::key::{Fingerprint, KeyKind, PublicKey};
use crate::domain::name::{ActorName, SecretName};
use crate::domain::policy::{Actor, Policy};
use crate::domain::record::{About, Format, Record, Runner, Sealed, Version, VersionOrder};
use crate::domain::rotation::Rotation;
use crate::domain::rules::Rules;
use crate::domain::time::Instant;
use crate::domain::value::Value;
use crate::seal::binding;
use crate::seal::header::HeaderError;
use crate::seal::inspection;
use crate::seal::prompts::Prompts;
use crate::seal::sealing::{self, SealError};

/// Why a value could not be sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealingError {
    #[error(
        "{name}: policy names no readers for it: set `readers` in [defaults] or in a [[scope]], or give --reader"
    )]
    NoReaders { name: SecretName },
    #[error("{name}: {source}")]
    Seal { name: SecretName, source: SealError },
    #[error("{name}: the clock stands behind the seals of this secret, and no later one can be written")]
    SealOverflow { name: SecretName },
}

/// A record that can't be relied on: it is not the one that the value was sealed with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnboundError {
    #[error("{name}: the sealed value is not the one that its record speaks of (record-behind)")]
    Digest { name: SecretName },
    #[error("{name}: the sealed value was made by another tool, so its record is only a claim (tampered)")]
    Foreign { name: SecretName },
    #[error("{name}: its record is not the one that the value was sealed with (tampered)")]
    Binding { name: SecretName },
    #[error("{name}: {source}")]
    Header { name: SecretName, source: HeaderError },
}

/// Whether a record is the one that the value was sealed with. Whoever seals again carries over what the record
/// says, and would otherwise put their name to what somebody edited.
pub fn verify_bound(record: &Record, sealed: &[u8]) -> Result<(), UnboundError> {
    let name = || record.sealed.name.clone();
    let file = inspection::inspect(sealed).map_err(|source| UnboundError::Header { name: name(), source })?;
    if file.digest != record.digest {
        return Err(UnboundError::Digest { name: name() });
    }
    match file.binding {
        Binding::Absent => Err(UnboundError::Foreign { name: name() }),
        Binding::Bound(bound) if binding::digest(&record.sealed).is_ok_and(|digest| digest == bound) => {
            Ok(())
        }
        Binding::HeaderMalformed(why) => {
            Err(UnboundError::Header { name: name(), source: HeaderError::Malformed(why) })
        }
        Binding::Bound(_) | Binding::Malformed(_) => Err(UnboundError::Binding { name: name() }),
    }
}

/// The fingerprints that a seal went to.
pub fn keys_of(sealed: &Sealed) -> BTreeSet<Fingerprint> {
    sealed.all_keys().map(|(_, key)| key.fingerprint.clone()).collect()
}

/// A key to which a secret is about to be sealed for the first time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NewKey {
    pub reader: ActorName,
    pub kind: KeyKind,
    pub fingerprint: Fingerprint,
}

/// What is to be sealed.
pub struct Request<'a> {
    pub name: &'a SecretName,
    pub value: &'a Value,
    pub expires: Option<Expiry>,
    pub issued: Option<Instant>,
    pub version: NextVersion<'a>,
    /// Who has seen the value in clear without being a reader.
    pub seen_by: &'a [ActorName],
    pub about: About,
    /// The rotation that is under way behind this seal.
    pub rotation: Option<Rotation>,
    pub runners: Runners<'a>,
    /// The seal before, under this name or, for a move, under the old one. Only ever of a record that is bound to
    /// its value: what runs beside the plaintext is carried over from it.
    pub previous: Option<&'a Sealed>,
    /// What was last sealed under a name that was free since. Versions and seals go on rising from there, so that
    /// nobody can pass the old one off as the newer; nothing else is taken from it.
    pub earlier: Option<&'a Sealed>,
    /// The highest numbers that were ever sealed under the name, where what stands there need not be the newest.
    pub above: Option<VersionOrder>,
}

impl<'a> Request<'a> {
    /// The same value again, with all that is known of it.
    pub fn again(record: &'a Record, value: &'a Value) -> Self {
        let sealed = &record.sealed;
        Self {
            name: &sealed.name,
            value,
            expires: sealed.expires.clone(),
            issued: sealed.issued,
            version: NextVersion::Same(&sealed.version),
            seen_by: &[],
            about: record.about.clone(),
            rotation: record.rotation.clone(),
            runners: Runners::AsBefore,
            previous: Some(sealed),
            earlier: None,
            above: None,
        }
    }
}

/// Whether the value is another one.
pub enum NextVersion<'a> {
    /// `id` where it was given out before.
    New { set_by: ActorName, id: Option<VersionId> },
    /// The same value, encrypted again.
    Same(&'a Version),
    /// The value of an earlier seal, which stands above all others again.
    Back(&'a Sealed),
}

/// What runs beside the plaintext.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runners<'a> {
    /// As in the seal before; a first one has none.
    AsBefore,
    These {
        rotator: Option<&'a Runner>,
        probe: Option<&'a Runner>,
    },
}

/// Seals on behalf of a policy, as of a moment.
pub struct Sealer<'a> {
    pub policy: &'a Policy,
    pub now: Instant,
    pub prompts: &'a Prompts,
}

impl Sealer<'_> {
    /// Whom policy names, with the keys that a value can be sealed to. Keys that only other tools seal to are left out
    /// where the reader has others; where they have none sealing refuses them by name.
    pub fn recipients(&self, name: &SecretName) -> Result<Vec<(ActorName, Vec<PublicKey>)>, SealingError> {
        let rules = Rules::of(self.policy, name);
        let readers = self.policy.resolve(&rules.readers.value);
        if readers.is_empty() {
            return Err(SealingError::NoReaders { name: name.clone() });
        }
        let keys = |reader: &ActorName| {
            let all = self.policy.actor(reader).map(|actor| actor.keys().to_vec()).unwrap_or_default();
            let usable: Vec<PublicKey> =
                all.iter().filter(|key| key.kind.can_be_sealed_to()).cloned().collect();
            if usable.is_empty() { all } else { usable }
        };
        Ok(readers.into_iter().map(|reader| (reader.clone(), keys(&reader))).collect())
    }

    /// The keys that are not among those `known` to be their holders'. Whoever may edit policy could have put a key
    /// of their own under a colleague's name, so these are accepted by a person, one by one.
    pub fn new_keys(
        &self,
        name: &SecretName,
        known: &BTreeSet<Fingerprint>,
    ) -> Result<BTreeSet<NewKey>, SealingError> {
        let mut new = BTreeSet::new();
        for (reader, keys) in self.recipients(name)? {
            for key in keys.into_iter().filter(|key| !known.contains(&key.fingerprint)) {
                new.insert(NewKey { reader: reader.clone(), kind: key.kind, fingerprint: key.fingerprint });
            }
        }
        Ok(new)
    }

    /// Seals, and answers with the record and the sealed bytes.
    pub fn seal(&self, request: Request<'_>) -> Result<(Record, Vec<u8>), SealingError> {
        let recipients = self.recipients(request.name)?;
        let draft = self.draft(&request, &recipients)?;
        let sealed = sealing::seal(request.value, draft, &recipients, self.prompts)
            .map_err(|source| SealingError::Seal { name: request.name.clone(), source })?;
        let record = Record {
            schema: crate::domain::record::SCHEMA,
            sealed: sealed.sealed,
            digest: Digest::of(&sealed.bytes),
            signatures: SortedSet::default(),
            rotation: request.rotation,
            about: request.about,
        };
        Ok((record, sealed.bytes))
    }

    fn draft(
        &self,
        request: &Request<'_>,
        recipients: &[(ActorName, Vec<PublicKey>)],
    ) -> Result<Sealed, SealingError> {
        let previous = request.previous;
        let (version, mut exposed_to) = match &request.version {
            NextVersion::New { set_by, id } => {
                (self.new_version(request, set_by.clone(), *id), UniqueMap::default())
            }
            NextVersion::Same(version) => {
                let above = request.earlier.map_or(0, |sealed| sealed.version.number + 1);
                let version = Version { number: version.number.max(above), ..(*version).clone() };
                (version, previous.map(|sealed| sealed.exposed_to.clone()).unwrap_or_default())
            }
            NextVersion::Back(to) => {
                let number = next_number(request);
                (Version { number, ..to.version.clone() }, to.exposed_to.clone())
            }
        };
        for (reader, keys) in recipients {
            self.expose(&mut exposed_to, reader, keys);
        }
        for name in request.seen_by {
            let keys = self.policy.actor(name).map(Actor::keys).unwrap_or_default();
            self.expose(&mut exposed_to, name, keys);
        }
        let (rotator, probe) = match request.runners {
            Runners::AsBefore => {
                previous.map_or((None, None), |sealed| (sealed.rotator.as_ref(), sealed.probe.as_ref()))
            }
            Runners::These { rotator, probe } => (rotator, probe),
        };
        let digest_before = previous.or(request.earlier).and_then(|sealed| binding::digest(sealed).ok());
        Ok(Sealed {
            name: request.name.clone(),
            store: self.policy.store,
            format: if request.value.is_text() { Format::Text } else { Format::Binary },
            version,
            issued: request.issued,
            expires: request.expires.clone(),
            readers: recipients.iter().map(|(reader, _)| reader.clone()).collect(),
            exposed_to,
            keys: UniqueMap::default(),
            seal: self
                .next_seal(request)
                .ok_or_else(|| SealingError::SealOverflow { name: request.name.clone() })?,
            previous: digest_before,
            rotator: rotator.cloned(),
            probe: probe.cloned(),
        })
    }

    /// Notes who can open it by these keys of theirs. Whoever is behind a shared key is noted by name: once they left,
    /// policy does not tell any more that they were.
    fn expose(
        &self,
        exposed_to: &mut UniqueMap<ActorName, SortedSet<Fingerprint>>,
        name: &ActorName,
        keys: &[PublicKey],
    ) {
        let behind = self.policy.shared_keys.get(name).map(|shared| &shared.people);
        for name in behind.into_iter().flatten().chain([name]) {
            let fingerprints = keys.iter().map(|key| key.fingerprint.clone());
            exposed_to.entry_or_default(name.clone()).extend(fingerprints);
        }
    }

    fn new_version(&self, request: &Request<'_>, set_by: ActorName, id: Option<VersionId>) -> Version {
        let id = id.unwrap_or_else(|| new_id(self.now));
        Version { id, number: next_number(request), set_at: self.now, set_by }
    }

    /// The larger of the seal before plus 1, and unix seconds.
    fn next_seal(&self, request: &Request<'_>) -> Option<u64> {
        let before = numbers_before(request).map(|order| order.seal + 1);
        let next = before.max().unwrap_or(0).max(self.now.unix_seconds());
        (next <= MAX_SAFE_INTEGER).then_some(next)
    }
}

/// The id of a version to be.
pub fn new_id(now: Instant) -> VersionId {
    let mut random = [0; 16];
    OsRng.fill_bytes(&mut random);
    VersionId::from_parts(now, u128::from_le_bytes(random))
}

fn next_number(request: &Request<'_>) -> u64 {
    numbers_before(request).map(|order| order.number).max().unwrap_or(0) + 1
}

/// What the numbers must rise above.
fn numbers_before(request: &Request<'_>) -> impl Iterator<Item = VersionOrder> {
    let seals = [request.previous, request.earlier].into_iter().flatten().map(Sealed::order);
    seals.chain(request.above)
}
