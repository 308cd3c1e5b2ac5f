//! The canonical JSON (RFC 8785) of `sealed`, written straight from the typed value.
//!
//! `check` needs it once per secret, and a canonicalizer that takes any tree spends several times as long. What makes
//! this short: keys are written in their order here, numbers are integers below 2^53, and `serde_json` escapes
//! strings as RFC 8785 wants. A property test holds it against such a canonicalizer.

use serde::{Serialize, Serializer};

use crate::domain::digest::Digest;
use crate::domain::expiry::Expiry;
use crate::domain::id::{StoreId, VersionId};
use crate::domain::json::{MAX_SAFE_INTEGER, SortedSet, UniqueMap};
use crate::domain::key::{Fingerprint, KeyKind};
use crate::domain::name::{ActorName, SecretName};
use crate::domain::record::{Format, Runner, Sealed, SealedKey, Version};
use crate::domain::time::Instant;

/// A `sealed` object without a canonical form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CanonicalError {
    #[error("it holds a number above 2^53 - 1")]
    NumberTooLarge,
    #[error("{0}")]
    Json(String),
}

/// `Sealed`, its fields sorted by name.
#[derive(Serialize)]
struct Canonical<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<&'a Expiry>,
    exposed_to: &'a UniqueMap<ActorName, SortedSet<Fingerprint>>,
    format: Format,
    #[serde(skip_serializing_if = "Option::is_none")]
    issued: Option<Instant>,
    keys: Keys<'a>,
    name: &'a SecretName,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<Digest>,
    #[serde(skip_serializing_if = "Option::is_none")]
    probe: Option<CanonicalRunner<'a>>,
    readers: &'a SortedSet<ActorName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotator: Option<CanonicalRunner<'a>>,
    seal: u64,
    store: StoreId,
    version: CanonicalVersion<'a>,
}

#[derive(Serialize)]
struct CanonicalVersion<'a> {
    id: VersionId,
    number: u64,
    set_at: Instant,
    set_by: &'a ActorName,
}

#[derive(Serialize)]
struct CanonicalKey<'a> {
    fp: &'a Fingerprint,
    #[serde(skip_serializing_if = "Option::is_none")]
    stanza: Option<Digest>,
    #[serde(rename = "type")]
    kind: &'a KeyKind,
}

struct Keys<'a>(&'a UniqueMap<ActorName, SortedSet<SealedKey>>);
struct KeysOfOne<'a>(&'a SortedSet<SealedKey>);

impl Serialize for Keys<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(reader, keys)| (reader, KeysOfOne(keys))))
    }
}

impl Serialize for KeysOfOne<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|SealedKey { kind, fingerprint, stanza }| CanonicalKey {
            fp: fingerprint,
            stanza: *stanza,
            kind,
        }))
    }
}

#[derive(Serialize)]
struct CanonicalRunner<'a> {
    kind: &'a str,
    with: Settings<'a>,
}

impl<'a> CanonicalRunner<'a> {
    fn of(Runner { kind, with }: &'a Runner) -> Self {
        Self { kind, with: Settings(with) }
    }
}

struct Settings<'a>(&'a UniqueMap<String, String>);

impl Serialize for Settings<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // RFC 8785 sorts by UTF-16, which differs from the order of the map above U+FFFF.
        let mut settings = self.0.iter().collect::<Vec<_>>();
        settings.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
        serializer.collect_map(settings)
    }
}

/// Writes the canonical form behind what `into` holds already.
pub fn write(sealed: &Sealed, into: &mut Vec<u8>) -> Result<(), CanonicalError> {
    // Taken apart without `..`: a field that is added later can't be forgotten here.
    let Sealed {
        name,
        store,
        format,
        version: Version { id, number, set_at, set_by },
        issued,
        expires,
        readers,
        exposed_to,
        keys,
        seal,
        previous,
        rotator,
        probe,
    } = sealed;
    if *seal > MAX_SAFE_INTEGER || *number > MAX_SAFE_INTEGER {
        return Err(CanonicalError::NumberTooLarge);
    }

    let canonical = Canonical {
        expires: expires.as_ref(),
        exposed_to,
        format: *format,
        issued: *issued,
        keys: Keys(keys),
        name,
        previous: *previous,
        probe: probe.as_ref().map(CanonicalRunner::of),
        readers,
        rotator: rotator.as_ref().map(CanonicalRunner::of),
        seal: *seal,
        store: *store,
        version: CanonicalVersion { id: *id, number: *number, set_at: *set_at, set_by },
    };
    serde_json::to_writer(into, &canonical).map_err(|error| CanonicalError::Json(error.to_string()))
}
