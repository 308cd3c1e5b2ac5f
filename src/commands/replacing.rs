//! What is sealed under a name that has a value already: what stands there, and how the new version rises above it.

use super::standing::{KnownKeys, Standing};
use super::writing::{Existing, existing_unverified, last_bound};
use super::{CommandError, Session};
use crate::change::sealing::{self, NextVersion, Request, Runners, Sealer};
use crate::change::writer::Pair;
use crate::domain::expiry::Expiry;
use crate::domain::id::VersionId;
use crate::domain::name::{ActorName, SecretName};
use crate::domain::record::{Record, Sealed, VersionOrder};
use crate::domain::rotation::Rotation;
use crate::domain::time::Instant;
use crate::domain::value::Value;
use crate::observe::identities::Identities;
use crate::observe::place::Place;

/// What stands under a name, as it was shown to whoever replaces it.
pub struct Replaced {
    shown: Existing,
    previous: Option<Sealed>,
    /// `None` where it can't be opened, and does not belong to its record anyway.
    pub current: Option<Value>,
    pub is_bound: bool,
}

impl Replaced {
    /// Opens what stands there: without an identity the values could not be compared.
    pub fn open(
        session: &Session,
        place: &Place,
        identities: &mut Identities<'_>,
        name: &SecretName,
        shown: Existing,
    ) -> Result<Self, CommandError> {
        // A new value mends a pair that does not belong together; but then its record says nothing about which keys
        // somebody has accepted before, nor about what was sealed last.
        let bound = sealing::verify_bound(&shown.record, &shown.bytes);
        if let Err(error) = &bound {
            session.say(format!("warning: {error}; the new value replaces it"))?;
        }
        let previous =
            if bound.is_ok() { Some(shown.record.sealed.clone()) } else { last_bound(place, name)? };
        let current = match identities.open(name.as_str(), &shown.bytes) {
            Ok(current) => Some(current),
            Err(error) if bound.is_err() => {
                session.say(format!("warning: the values can't be compared: {error}"))?;
                None
            }
            Err(error) => return Err(error.into()),
        };
        Ok(Self { shown, previous, current, is_bound: bound.is_ok() })
    }

    /// Whose keys somebody has accepted before, and the highest numbers that were used: an older pair may stand here than
    /// was ever sealed, and the new value rises above all of them.
    pub fn stand(
        &self,
        session: &Session,
        standing: &Standing<'_>,
        name: &SecretName,
    ) -> Result<(KnownKeys, Option<VersionOrder>), CommandError> {
        let facts = standing.secret(name);
        let known = if self.is_bound { standing.known_keys(&facts, &[name]) } else { KnownKeys::default() };
        match standing.highest(&facts) {
            Ok(above) => Ok((known, above)),
            Err(unknown) => {
                let (what, why) = (unknown.what, unknown.why);
                session.say(format!(
                    "warning: {what}: {why}; so the new version may bear a number that was used"
                ))?;
                Ok((known, None))
            }
        }
    }

    pub fn has(&self, value: &Value) -> bool {
        self.current.as_ref().is_some_and(|current| value.same_as(current))
    }
}

/// What replaces it.
pub struct Replacement<'a> {
    pub name: &'a SecretName,
    pub value: &'a Value,
    pub expires: Option<Expiry>,
    pub issued: Option<Instant>,
    pub set_by: ActorName,
    pub seen_by: &'a [ActorName],
    pub above: Option<VersionOrder>,
    /// Of a rotation: the id that was given out before, and how far it has come with this.
    pub rotation: Option<(VersionId, Rotation)>,
}

impl Replacement<'_> {
    /// Seals, with the lock held; an error where another one stands there than was shown.
    pub fn seal(
        self,
        place: &Place,
        sealer: &Sealer<'_>,
        replaced: &Replaced,
    ) -> Result<(Pair, Record, Vec<u8>), CommandError> {
        let name = self.name;
        let (id, rotation) = self.rotation.unzip();
        let before = existing_unverified(place, name)?;
        if before.record.digest != replaced.shown.record.digest {
            return Err(CommandError::new(format!("{name}: somebody else changed it meanwhile"))
                .hint(format!("look at it with `secrets show {name}`, then run this again")));
        }
        let (record, sealed) = sealer.seal(Request {
            name,
            value: self.value,
            expires: self.expires,
            issued: self.issued,
            version: NextVersion::New { set_by: self.set_by, id },
            seen_by: self.seen_by,
            about: before.record.about.clone(),
            // One that is under way is cleared up by the next `secrets rotate`: what it minted must not be forgotten.
            rotation: rotation.or_else(|| before.record.rotation.clone()),
            runners: Runners::AsBefore,
            previous: replaced.previous.as_ref(),
            earlier: None,
            above: self.above,
        })?;
        Ok((before.pair(), record, sealed))
    }
}
