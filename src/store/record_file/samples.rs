//! Records for tests: one that shows every field, and any number of generated ones.

use proptest::prelude::*;

use crate::domain::digest::Digest;
use crate::domain::expiry::{Expiry, ExpirySource};
use crate::domain::id::{StoreId, VersionId};
use crate::domain::json::MAX_SAFE_INTEGER;
use crate::domain::key::{Fingerprint, KeyKind};
use crate::domain::name::{ActorName, SecretName};
use crate::domain::record::{
    About, Format, Issuer, Record, RecordSignature, Runner, Sealed, SealedKey, Version,
};
use crate::domain::rotation::{Aborted, Handle, How, Rotation, RotationState, Started, Verified, VersionRef};
use crate::domain::time::Instant;

/// Every key that a record may have.
pub const FULL: &str = r#"{
  "schema": 1,
  "sealed": {
    "name": "utoronto/prod/azuread-client",
    "store": "01K3Y3Q5W0000000000000001A",
    "format": "text",
    "version": {
      "id": "01K3Y3Q5W0000000000000002B",
      "number": 3,
      "set_at": "2026-08-30T20:15:52Z",
      "set_by": "alice"
    },
    "issued": "2026-08-30T00:00:00Z",
    "expires": {
      "at": "2027-08-31T00:00:00Z",
      "from": "declared"
    },
    "readers": [
      "alice",
      "ci"
    ],
    "exposed_to": {
      "alice": [
        "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"
      ],
      "ci": [
        "SHA256:n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg"
      ]
    },
    "keys": {
      "alice": [
        {
          "type": "X25519",
          "fp": "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"
        }
      ],
      "ci": [
        {
          "type": "ssh-rsa",
          "fp": "SHA256:n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg",
          "stanza": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        }
      ]
    },
    "seal": 1788120952,
    "previous": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "rotator": {
      "kind": "generate",
      "with": {
        "length": "32"
      }
    }
  },
  "digest": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "signatures": [
    {
      "by": "alice",
      "sig": "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n"
    }
  ],
  "rotation": {
    "state": "aborted",
    "to": "01K3Y3Q5W0000000000000003C",
    "from": {
      "id": "01K3Y3Q5W0000000000000002B",
      "number": 1
    },
    "started": {
      "at": "2026-08-28T09:00:00Z",
      "by": "alice"
    },
    "before": [
      "key-of-2025"
    ],
    "abandoned": [
      "01K3Y3Q5W0000000000000004D"
    ],
    "from_handle": "key-of-2025",
    "handle": "key-of-2026",
    "refused_at": "2026-08-28T09:00:05Z",
    "verified": {
      "at": "2026-08-28T09:00:20Z",
      "how": {
        "vouched": {
          "by": "alice",
          "reason": "logged in with it"
        }
      }
    },
    "aborted": {
      "at": "2026-08-30T20:15:52Z",
      "was_pushed": true
    },
    "left_at": "2026-08-30T21:00:00Z"
  },
  "about": {
    "owners": [
      "infra"
    ],
    "issuer": {
      "name": "University of Toronto IT",
      "contact": "it@example.org"
    },
    "runbook": "docs/runbooks/azuread.md",
    "team-note": {
      "kept": [
        null,
        1.5
      ]
    }
  }
}
"#;

fn instant() -> impl Strategy<Value = Instant> {
    (0_i64..253_402_300_799).prop_map(|seconds| {
        let epoch: Instant = "1970-01-01".parse().unwrap();
        epoch.checked_add_seconds(seconds).unwrap()
    })
}

fn actor() -> impl Strategy<Value = ActorName> {
    "[A-Za-z0-9][A-Za-z0-9._-]{0,8}".prop_map(|text| text.parse().unwrap())
}

fn secret_name() -> impl Strategy<Value = SecretName> {
    "[a-z0-9][a-z0-9_-]{0,8}(/[A-Z][A-Za-z._-]{0,6}x){0,3}".prop_map(|text| text.parse().unwrap())
}

fn digest() -> impl Strategy<Value = Digest> {
    any::<[u8; 32]>().prop_map(Digest::from_bytes)
}

fn fingerprint() -> impl Strategy<Value = Fingerprint> {
    any::<u64>().prop_map(|seed| Fingerprint::of(&seed.to_be_bytes()))
}

fn sealed_key() -> impl Strategy<Value = SealedKey> {
    let kind = prop_oneof![
        Just(KeyKind::X25519),
        Just(KeyKind::SshEd25519),
        Just(KeyKind::SshRsa),
        "[a-z]{1,6}".prop_map(KeyKind::Plugin)
    ];
    (kind, fingerprint(), proptest::option::of(digest())).prop_map(|(kind, fingerprint, stanza)| SealedKey {
        kind,
        fingerprint,
        stanza,
    })
}

fn expiry() -> impl Strategy<Value = Expiry> {
    let source = proptest::sample::select(vec![
        ExpirySource::Declared,
        ExpirySource::Rotator,
        ExpirySource::X509,
        ExpirySource::AzureSas,
        ExpirySource::SshCertificate,
    ]);
    prop_oneof![
        (instant(), source, proptest::option::of(any::<String>()))
            .prop_map(|(at, from, reason)| Expiry::At { at, from, reason }),
        "\\PC*[a-z]".prop_map(|why| Expiry::Never { why }),
    ]
}

fn runner() -> impl Strategy<Value = Runner> {
    let settings = proptest::collection::btree_map(any::<String>(), any::<String>(), 0..3);
    (any::<String>(), settings).prop_map(|(kind, with)| Runner { kind, with: with.into_iter().collect() })
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        (-1e300_f64..1e300).prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            proptest::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

fn others(
    known: &'static [&'static str],
) -> impl Strategy<Value = serde_json::Map<String, serde_json::Value>> {
    proptest::collection::btree_map(any::<String>(), json(), 0..3)
        .prop_map(move |map| map.into_iter().filter(|(key, _)| !known.contains(&key.as_str())).collect())
}

fn about() -> impl Strategy<Value = About> {
    let issuer = (any::<String>(), proptest::option::of(any::<String>()), others(&["name", "contact"]))
        .prop_map(|(name, contact, others)| Issuer { name, contact, others });
    (
        proptest::collection::vec(actor(), 0..3),
        proptest::option::of(issuer),
        proptest::option::of(any::<String>()),
        others(&["owners", "issuer", "runbook"]),
    )
        .prop_map(|(owners, issuer, runbook, others)| About { owners, issuer, runbook, others })
}

fn sealed() -> impl Strategy<Value = Sealed> {
    let ids = (any::<u128>(), any::<u128>(), instant(), instant());
    let identity = (secret_name(), ids, 1..=MAX_SAFE_INTEGER, 0..=MAX_SAFE_INTEGER, actor(), any::<bool>());
    let keys = proptest::collection::btree_map(actor(), proptest::collection::vec(sealed_key(), 1..3), 0..4);
    let times =
        (proptest::option::of(instant()), proptest::option::of(expiry()), proptest::option::of(digest()));
    let runners = (proptest::option::of(runner()), proptest::option::of(runner()));
    (identity, keys, times, runners).prop_map(
        |((name, (store, version, made, set_at), number, seal, set_by, text), keys, times, runners)| Sealed {
            name,
            store: StoreId::from_parts(made, store),
            format: if text { Format::Text } else { Format::Binary },
            version: Version { id: VersionId::from_parts(set_at, version), number, set_at, set_by },
            issued: times.0,
            expires: times.1,
            readers: keys.keys().cloned().collect(),
            exposed_to: (keys.iter())
                .map(|(name, keys)| (name.clone(), keys.iter().map(|key| key.fingerprint.clone()).collect()))
                .collect(),
            keys: keys.into_iter().map(|(name, keys)| (name, keys.into_iter().collect())).collect(),
            seal,
            previous: times.2,
            rotator: runners.0,
            probe: runners.1,
        },
    )
}

fn version_id() -> impl Strategy<Value = VersionId> {
    (instant(), any::<u128>()).prop_map(|(at, random)| VersionId::from_parts(at, random))
}

fn handle() -> impl Strategy<Value = Handle> {
    "[ -~äß漢]{1,40}".prop_map(|text| Handle::try_from(text).unwrap())
}

fn verified() -> impl Strategy<Value = Verified> {
    let how = prop_oneof![
        Just(How::Tried),
        (actor(), any::<String>()).prop_map(|(by, reason)| How::Vouched { by, reason }),
    ];
    (instant(), how).prop_map(|(at, how)| Verified { at, how })
}

fn aborted() -> impl Strategy<Value = Aborted> {
    (instant(), any::<bool>()).prop_map(|(at, was_pushed)| Aborted { at, was_pushed })
}

/// A rotation that contradicts nothing, of whatever version.
pub fn rotation() -> impl Strategy<Value = Rotation> {
    let versions = (version_id(), version_id(), 1..=MAX_SAFE_INTEGER, instant(), actor());
    let known = (
        proptest::collection::vec(handle(), 0..3),
        proptest::collection::vec(version_id(), 0..3),
        (proptest::option::of(handle()), proptest::option::of(handle())),
        (proptest::option::of(instant()), proptest::option::of(instant())),
    );
    (versions, known, 0..4_u8, verified(), aborted(), any::<[bool; 2]>()).prop_map(
        |(
            (to, from, number, at, by),
            (before, abandoned, (from_handle, handle), (refused_at, left_at)),
            state,
            verified,
            aborted,
            had,
        )| {
            let state = match state {
                0 => RotationState::Planned,
                1 => RotationState::Sealed,
                2 => RotationState::Verified,
                _ => RotationState::Aborted,
            };
            Rotation {
                state,
                to,
                from: VersionRef { id: from, number },
                started: Started { at, by },
                before: before.into_iter().collect(),
                abandoned: abandoned.into_iter().collect(),
                from_handle,
                handle,
                refused_at,
                verified: (had[0] || state == RotationState::Verified).then_some(verified),
                aborted: (had[1] || state == RotationState::Aborted).then_some(aborted),
                left_at,
            }
        },
    )
}

/// Any record that the tool itself could have written.
pub fn record() -> impl Strategy<Value = Record> {
    let signatures = proptest::collection::btree_map(actor(), any::<String>(), 0..3)
        .prop_map(|signatures| signatures.into_iter().map(|(by, sig)| RecordSignature { by, sig }).collect());
    (sealed(), digest(), signatures, proptest::option::of(rotation()), about()).prop_map(
        |(sealed, digest, signatures, rotation, about)| Record {
            schema: 1,
            sealed,
            digest,
            signatures,
            rotation,
            about,
        },
    )
}
