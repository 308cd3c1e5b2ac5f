//! The record: what anyone may read about a secret.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::digest::Digest;
use super::expiry::Expiry;
use super::id::{StoreId, VersionId};
use super::json::{self, SortedSet, StrictValue, UniqueMap, present, safe_integer};
use super::key::{Fingerprint, KeyKind};
use super::name::{ActorName, SecretName};
use super::rotation::Rotation;
use super::time::Instant;

/// The schema number that this version reads and writes, of records and policies alike.
pub const SCHEMA: u64 = 1;

/// The record of a secret, as it stands in `NAME.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Record {
    #[serde(deserialize_with = "schema_one")]
    #[schemars(extend("const" = 1))]
    pub schema: u64,
    pub sealed: Sealed,
    /// Of the sealed file, every byte of it.
    pub digest: Digest,
    /// Of people, over `sealed` and the sealed file.
    #[serde(default, skip_serializing_if = "no_signatures")]
    pub signatures: SortedSet<RecordSignature>,
    /// How far the rotation has come that is under way.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub rotation: Option<Rotation>,
    #[serde(default, skip_serializing_if = "About::is_empty")]
    pub about: About,
}

fn no_signatures(signatures: &SortedSet<RecordSignature>) -> bool {
    signatures.is_empty()
}

fn schema_one<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    match u64::deserialize(deserializer)? {
        SCHEMA => Ok(SCHEMA),
        other => Err(serde::de::Error::custom(format_args!(
            "schema {other} is newer than this version of secrets understands (it knows {SCHEMA}): upgrade secrets"
        ))),
    }
}

/// A signature over D and the digest of the sealed file, in the form of `ssh-keygen -Y sign` (SSHSIG).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordSignature {
    /// The person whose signing key made it.
    pub by: ActorName,
    /// Armored, as `ssh-keygen` writes it.
    pub sig: String,
}

/// The part of a record that is bound to the ciphertext: it can't be edited by itself. A closed type: unknown
/// keys, nulls, duplicates and unsorted arrays are refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sealed {
    pub name: SecretName,
    pub store: StoreId,
    pub format: Format,
    pub version: Version,
    /// When the issuer made the credential, where that is known.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub issued: Option<Instant>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub expires: Option<Expiry>,
    /// Whom policy named when it was sealed, groups resolved.
    pub readers: SortedSet<ActorName>,
    /// Everyone who could ever open this version, with the fingerprints of their keys; those behind a shared key with
    /// its fingerprints.
    pub exposed_to: UniqueMap<ActorName, SortedSet<Fingerprint>>,
    /// The keys that it is sealed to.
    pub keys: UniqueMap<ActorName, SortedSet<SealedKey>>,
    /// Rises at every seal: the larger of the one before plus 1, and unix seconds.
    #[serde(deserialize_with = "safe_integer")]
    pub seal: u64,
    /// The binding digest of the seal before this one.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub previous: Option<Digest>,
    /// What makes the next version. Sealed, because it runs beside the plaintext.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub rotator: Option<Runner>,
    /// What tells whether a version works. Sealed, because it runs beside the plaintext.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub probe: Option<Runner>,
}

impl Sealed {
    /// From when its age is counted: the day of issue, else when the version was set. What claims to be issued later
    /// than it was set is as old as the version.
    pub fn since(&self) -> Instant {
        self.issued.map_or(self.version.set_at, |issued| issued.min(self.version.set_at))
    }

    /// By what two states of one secret are ordered: the higher one is newer.
    pub fn order(&self) -> VersionOrder {
        VersionOrder { number: self.version.number, seal: self.seal }
    }

    /// All fingerprints that it is sealed to, with their readers.
    pub fn all_keys(&self) -> impl Iterator<Item = (&ActorName, &SealedKey)> {
        self.keys.iter().flat_map(|(reader, keys)| keys.iter().map(move |key| (reader, key)))
    }
}

/// Orders the states of one secret: first by the version's number, then by the seal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionOrder {
    pub number: u64,
    pub seal: u64,
}

/// How the bytes of a value are to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// UTF-8 without control characters other than tab, line feed and carriage return.
    Text,
    /// Anything else.
    Binary,
}

/// One value of a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Version {
    pub id: VersionId,
    #[serde(deserialize_with = "safe_integer")]
    pub number: u64,
    pub set_at: Instant,
    pub set_by: ActorName,
}

/// A key that a value is sealed to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SealedKey {
    #[serde(rename = "type")]
    pub kind: KeyKind,
    #[serde(rename = "fp")]
    pub fingerprint: Fingerprint,
    /// Of the stanza's bytes, for opaque keys only: theirs can't be recomputed.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub stanza: Option<Digest>,
}

/// A rotator or a probe: its kind and its settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Runner {
    pub kind: String,
    pub with: UniqueMap<String, String>,
}

/// The part of a record that is free to edit. Keys that this version does not know are kept as they are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "StrictValue")]
#[schemars(!try_from)]
pub struct About {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<ActorName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<Issuer>,
    /// A path in the repository, or an address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runbook: Option<String>,
    #[serde(flatten)]
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub others: serde_json::Map<String, serde_json::Value>,
}

impl About {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Who gives out the credential, and whom to ask for the next one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Issuer {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    #[serde(flatten)]
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub others: serde_json::Map<String, serde_json::Value>,
}

fn field<T: serde::de::DeserializeOwned>(
    about: &mut serde_json::Map<String, serde_json::Value>,
    key: &str,
) -> Result<Option<T>, String> {
    about.remove(key).map(json::read_value).transpose().map_err(|e| format!("about.{key}: {e}"))
}

impl TryFrom<StrictValue> for About {
    type Error = String;

    fn try_from(StrictValue(value): StrictValue) -> Result<Self, String> {
        let serde_json::Value::Object(mut others) = value else {
            return Err("about: expected an object".to_owned());
        };
        let owners = field(&mut others, "owners")?;
        let issuer = field(&mut others, "issuer")?;
        let runbook = field(&mut others, "runbook")?;
        Ok(Self { owners: owners.unwrap_or_default(), issuer, runbook, others })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const FIELDS: &str = r#""name":"web/db","store":"01K3Y3Q5W0000000000000001A","format":"text",
        "version":{"id":"01K3Y3Q5W0000000000000001B","number":1,"set_at":"2026-01-01T00:00:00Z","set_by":"alice"},
        "readers":["alice"],"exposed_to":{},"keys":{},"seal":1"#;

    fn read(schema: u64, more: &str) -> Result<Record, String> {
        let digest = Digest::of(b"");
        let text = format!(r#"{{"schema":{schema},"sealed":{{{FIELDS}}},"digest":"{digest}"{more}}}"#);
        json::read(text.as_bytes()).map_err(|error| error.to_string())
    }

    fn written(record: &Record) -> serde_json::Value {
        serde_json::to_value(record).unwrap()
    }

    #[test]
    fn the_schema_of_a_later_version_is_refused() {
        assert_eq!(read(1, "").map(|record| record.schema), Ok(1));
        for schema in [0, 2] {
            let error = read(schema, "").unwrap_err();
            assert!(
                error.contains(&format!("schema {schema} is newer")) && error.contains("upgrade"),
                "{error}"
            );
        }
    }

    #[test]
    fn what_is_absent_is_not_written() {
        let bare = read(1, "").unwrap();
        assert!(bare.about.is_empty());
        let keys: Vec<_> = written(&bare).as_object().unwrap().keys().cloned().collect();
        assert_eq!(
            keys.iter().map(String::as_str).collect::<BTreeSet<_>>(),
            ["digest", "schema", "sealed"].into()
        );
        let told = r#","about":{"runbook":"a.md"},"signatures":[{"by":"alice","sig":"x"}]"#;
        let record = read(1, told).unwrap();
        assert!(!record.about.is_empty());
        let written = written(&record);
        assert_eq!(written["about"]["runbook"], "a.md");
        assert_eq!(written["signatures"][0]["by"], "alice");
    }

    #[test]
    fn what_is_said_of_a_secret_is_read_and_the_rest_of_it_kept() {
        let about = r#","about":{"owners":["bob"],"issuer":{"name":"IT"},"runbook":"a.md","ticket":["x",1]}"#;
        let record = read(1, about).unwrap();
        assert_eq!(record.about.owners, ["bob".parse().unwrap()]);
        assert_eq!(record.about.issuer.as_ref().map(|issuer| issuer.name.as_str()), Some("IT"));
        assert_eq!(record.about.runbook.as_deref(), Some("a.md"));
        assert_eq!(written(&record)["about"]["ticket"], serde_json::json!(["x", 1]));
        for (bad, told) in [
            ("[]", "about: expected an object"),
            (r#"{"owners":["a/b"]}"#, "about.owners"),
            (r#"{"issuer":"IT"}"#, "about.issuer"),
            (r#"{"runbook":null}"#, "about.runbook"),
        ] {
            let error = read(1, &format!(r#","about":{bad}"#)).unwrap_err();
            assert!(error.contains(told), "{bad}: {error}");
        }
    }
}
