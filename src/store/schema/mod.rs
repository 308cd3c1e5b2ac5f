//! JSON Schemas of the files that people see, so that editors complete them and say what a key means.
//!
//! The record's is generated from the record itself. Policy and `custody.toml` are read by hand, for the sake of their
//! messages ([`super::policy_file`], [`super::custody_file`]); the types here mirror them, and a test holds both together.

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;

#[cfg(test)]
mod tests;
mod tracked;
mod warning;

use crate::domain::check_id::CheckId;
use crate::domain::id::StoreId;
use crate::domain::key::Fingerprint;
use crate::domain::name::ActorName;
use crate::domain::period::Period;
use crate::domain::record::Record;
use tracked::{CustodyFile, KindTable, TrackTable};
use warning::{HeartbeatTable, LedgerTable, NotifyTable};

/// The JSON Schema (2020-12) of `policy.toml`.
pub fn policy_schema() -> Value {
    schema_of::<PolicyFile>()
}

/// The JSON Schema (2020-12) of a record.
pub fn record_schema() -> Value {
    let mut schema = schema_of::<Record>();
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("title".to_owned(), "A secret's record".into());
    }
    schema
}

/// The JSON Schema (2020-12) of a `custody.toml`.
pub fn custody_schema() -> Value {
    schema_of::<CustodyFile>()
}

fn schema_of<T: JsonSchema>() -> Value {
    let settings =
        SchemaSettings::draft2020_12().for_deserialize().with_transform(RecursiveTransform(as_read));
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

/// Takes out what serde's types say and our files don't: fallbacks for absent keys (the empty value of a type, not
/// what then holds), and null (absent, never null).
fn as_read(schema: &mut Schema) {
    schema.remove("default");
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(forms)) = schema.get_mut("anyOf") {
        forms.retain(|form| form.get("type").is_none_or(|name| name != "null"));
        if let [Value::Object(only)] = forms.as_slice() {
            let only = only.clone();
            schema.remove("anyOf");
            only.into_iter().for_each(|(key, value)| drop(schema.insert(key, value)));
        }
    }
}

/// Who reads what in a store, and how strictly `secrets check` judges it.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(title = "The policy of a store")]
#[allow(dead_code, reason = "read by the schema generator, never constructed")]
struct PolicyFile {
    /// The number of this form.
    #[schemars(extend("const" = 1))]
    schema: u64,
    /// The store's own random id, made by `secrets init`.
    store: StoreId,
    /// The remote branch from which deploys are made, such as `origin/main`; `none` where nothing is deployed from
    /// git.
    #[schemars(extend("pattern" = "^(none|[^/]+/.+)$", "examples" = ["origin/main", "none"]))]
    deploy_ref: String,
    /// Everyone who holds keys of their own.
    #[serde(default)]
    people: BTreeMap<ActorName, PersonTable>,
    /// What reads without being a person: CI, a cluster. A machine never counts as a person.
    #[serde(default)]
    machines: BTreeMap<ActorName, MachineTable>,
    /// Keys that stand for several people: a cloud's key service, a team's key.
    #[serde(default)]
    shared_keys: BTreeMap<ActorName, SharedKeyTable>,
    /// Names for several people, machines and shared keys.
    #[serde(default)]
    groups: BTreeMap<ActorName, Names>,
    /// What holds for every secret of which no scope says otherwise.
    #[serde(default)]
    defaults: RuleTable,
    /// What holds for some secrets; later scopes win, key by key.
    #[serde(default)]
    scope: Vec<ScopeTable>,
    /// Findings that are allowed until a date.
    #[serde(default)]
    waiver: Vec<WaiverTable>,
    /// What leavers and lost keys knew, and that it was taken as it is.
    #[serde(default)]
    acceptance: Vec<AcceptanceTable>,
    /// Globs of secrets that must be there.
    #[serde(default)]
    require: Globs,
    /// Which files other tools have sealed; without it, nothing but the store is looked at.
    #[serde(default)]
    track: TrackTable,
    /// What holds for secrets that other tools have sealed, by their kind; the first that fits wins.
    #[serde(default)]
    kind: Vec<KindTable>,
    /// Through what people are told ahead of the end of a secret, by `secrets warn`.
    #[serde(default)]
    notify: Vec<NotifyTable>,
    /// Who is called after a run of `secrets warn` that delivered everything.
    #[schemars(with = "HeartbeatTable")]
    #[serde(default)]
    heartbeat: Option<HeartbeatTable>,
    /// Where it is kept what was told.
    #[serde(default)]
    ledger: LedgerTable,
}

/// A person.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[allow(dead_code, reason = "read by the schema generator, never constructed")]
struct PersonTable {
    keys: Keys,
    /// With which they sign records: `ssh-ed25519 …`, `ecdsa-sha2-nistp256 …`, `ssh-rsa …`, and the `sk-` types of
    /// security keys.
    #[serde(default)]
    signing_keys: SigningKeys,
    /// How to reach them; in a public repository a handle, not an address.
    #[serde(default)]
    contact: String,
}

/// A machine.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[allow(dead_code, reason = "read by the schema generator, never constructed")]
struct MachineTable {
    keys: Keys,
}

/// One key, several people.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[allow(dead_code, reason = "read by the schema generator, never constructed")]
struct SharedKeyTable {
    keys: Keys,
    /// Everyone who can use the key.
    #[schemars(extend("minItems" = 1))]
    people: Vec<ActorName>,
    /// When somebody last compared `people` with the key's real access list.
    #[serde(default)]
    confirmed: Date,
}

/// Rules; a key that is absent leaves what was.
#[derive(JsonSchema, Default)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[allow(dead_code, reason = "read by the schema generator, never constructed")]
struct RuleTable {
    /// Who reads: people, machines, shared keys and groups.
    #[serde(default)]
    readers: Names,
    /// How many people must be able to open a secret; machines don't count. 2 where nothing is said.
    #[serde(default)]
    #[schemars(range(min = 1))]
    min_people: u32,
    /// How long before the end people are told: 60, 30, 14, 7 days and 1 day where nothing is said.
    #[serde(default)]
    #[schemars(extend("minItems" = 1))]
    notify_at: Vec<Period>,
    /// From how long before the end on `expiring` is an error: from the end itself where nothing is
    /// said.
    #[schemars(with = "Period")]
    #[serde(default)]
    block_within: Option<Period>,
    /// How old a version may become: as old as it likes where nothing is said.
    #[schemars(with = "Period")]
    #[serde(default)]
    rotate_every: Option<Period>,
    /// How far ahead an expiry may be declared: as far as one likes where nothing is said.
    #[schemars(with = "Period")]
    #[serde(default)]
    max_lifetime: Option<Period>,
    /// How long the old value stays valid once a rotation is verified: 24 hours where nothing is said.
    #[schemars(with = "Period")]
    #[serde(default)]
    overlap: Option<Period>,
    /// Whether a record needs the signature of a person: not where nothing is said.
    #[serde(default)]
    require_signature: bool,
    /// How much findings weigh, by the check that finds them.
    #[serde(default)]
    #[schemars(schema_with = "levels")]
    levels: (),
}

/// Rules for the secrets that a glob fits.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[allow(dead_code, reason = "read by the schema generator, never constructed")]
struct ScopeTable {
    r#match: GlobText,
    #[serde(flatten)]
    rules: RuleTable,
}

/// A finding that is allowed until a date.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[allow(dead_code, reason = "read by the schema generator, never constructed")]
struct WaiverTable {
    /// The id of a check.
    #[schemars(schema_with = "check")]
    finding: (),
    /// The name of a secret, or a glob.
    secret: GlobText,
    /// It ends at 00:00 UTC of that day.
    until: Date,
    #[schemars(length(min = 1))]
    reason: String,
    /// Who allows it.
    #[schemars(length(min = 1))]
    by: String,
}

/// That somebody who left, or a lost key, knew what was set until then: looked at, and taken as it is.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[allow(dead_code, reason = "read by the schema generator, never constructed")]
struct AcceptanceTable {
    /// Who left, or whose key was removed.
    of: ActorName,
    /// Only this key of theirs.
    #[schemars(with = "Fingerprint")]
    #[serde(default)]
    key: Option<Fingerprint>,
    /// Versions that were set before this moment.
    on: Date,
    #[schemars(length(min = 1))]
    reason: String,
    /// Who accepts it.
    #[schemars(length(min = 1))]
    by: String,
}

/// `age1…`, `ssh-ed25519 …`, `ssh-rsa …`, and for files that other tools have sealed `pgp:FINGERPRINT`; under
/// `shared-keys` also the id of a key in a cloud's key service, and there and under `machines` the name of a password or
/// key of another tool, such as `git-crypt:NAME`.
#[derive(JsonSchema)]
#[schemars(inline, extend("minItems" = 1))]
#[allow(dead_code, reason = "read by the schema generator, never constructed")]
struct Keys(Vec<String>);

#[derive(JsonSchema, Default)]
#[schemars(inline, extend("minItems" = 1))]
#[allow(dead_code, reason = "read by the schema generator, never constructed")]
struct SigningKeys(Vec<String>);

#[derive(JsonSchema, Default)]
#[schemars(inline, extend("minItems" = 1))]
#[allow(dead_code, reason = "read by the schema generator, never constructed")]
struct Names(Vec<ActorName>);

#[derive(JsonSchema, Default)]
#[schemars(inline, extend("minItems" = 1))]
#[allow(dead_code, reason = "read by the schema generator, never constructed")]
struct Globs(Vec<GlobText>);

/// A glob: `*` stops at `/`, `**` does not.
#[derive(JsonSchema)]
#[schemars(inline, extend("minLength" = 1))]
#[allow(dead_code, reason = "read by the schema generator, never constructed")]
struct GlobText(String);

/// `2026-12-31`, or an instant such as `2026-12-31T12:00:00Z`.
#[derive(JsonSchema, Default)]
#[schemars(inline, extend("pattern" = r"^\d{4}-\d{2}-\d{2}"))]
#[allow(dead_code, reason = "read by the schema generator, never constructed")]
struct Date(String);

fn check(_: &mut SchemaGenerator) -> Schema {
    let ids: Vec<&str> = CheckId::ALL.iter().map(|id| id.as_str()).collect();
    json_schema!({ "type": "string", "enum": ids })
}

fn levels(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "propertyNames": check(generator),
        "additionalProperties": { "type": "string", "enum": ["error", "warning", "off"] }
    })
}
