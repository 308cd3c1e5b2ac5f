//! What a policy says of files that other tools have sealed, and the `custody.toml` beside them.

use std::collections::BTreeMap;

use schemars::JsonSchema;

use super::{Date, GlobText, Globs, Names};
use crate::domain::digest::Digest;
use crate::domain::expiry::ExpirySource;

/// Which files other tools have sealed.
#[derive(JsonSchema, Default)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[allow(dead_code, reason = "read by the schema generator, never constructed")]
pub(super) struct TrackTable {
    /// Paths of files that are sealed, as globs. Without it only files with a record in a `custody.toml` are tracked.
    #[serde(default)]
    files: Globs,
    /// Paths that are left out although one of `files` fits them.
    #[serde(default)]
    except: Globs,
    /// JSON Pointers, as globs, to values that are encrypted and no secret.
    #[serde(default)]
    not_secret: Globs,
}

/// What holds for all secrets of a kind that have no record: either `never` or `expiry`.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(extend("oneOf" = [{ "required": ["never"] }, { "required": ["expiry"] }]))]
#[allow(dead_code, reason = "read by the schema generator, never constructed")]
pub(super) struct KindTable {
    /// Of the JSON Pointer, or of the whole name.
    r#match: GlobText,
    /// Why they do not lapse.
    #[serde(default)]
    #[schemars(length(min = 1))]
    never: String,
    /// Each must have a date, or a reason why it has none.
    #[serde(default)]
    #[schemars(extend("const" = "required"))]
    expiry: String,
    /// People or groups that answer for those whose record names nobody.
    #[serde(default)]
    owners: Names,
}

/// What people say of secrets in the files beside this one, which other tools have sealed. Each table is named
/// `FILE#POINTER` (a JSON Pointer, RFC 6901), or `FILE` for a file as a whole.
#[derive(JsonSchema)]
#[schemars(title = "Records of what other tools have sealed")]
#[allow(dead_code, reason = "read by the schema generator, never constructed")]
pub(super) struct CustodyFile {
    /// The number of this form.
    #[schemars(extend("const" = 1))]
    schema: u64,
    #[serde(flatten)]
    claims: BTreeMap<String, ClaimTable>,
}

/// What somebody says of one secret.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(
    extend("not" = { "required": ["expires", "never"] }),
    extend("dependentRequired" = {
        "expires-from": ["expires"],
        "expires-reason": ["expires"],
        "issuer-contact": ["issuer"]
    })
)]
#[allow(dead_code, reason = "read by the schema generator, never constructed")]
pub(super) struct ClaimTable {
    /// From this moment on it is expired; a date means 00:00 UTC on that day.
    #[serde(default)]
    expires: Date,
    /// Where `expires` was read from; `declared` where nothing is said.
    #[schemars(with = "ExpirySource")]
    #[serde(default)]
    expires_from: Option<ExpirySource>,
    /// Why the value's expiry was changed.
    #[serde(default)]
    #[schemars(length(min = 1))]
    expires_reason: String,
    /// Why it does not lapse.
    #[serde(default)]
    #[schemars(length(min = 1))]
    never: String,
    /// When the issuer made the credential.
    #[serde(default)]
    issued: Date,
    /// People or groups that answer for it.
    #[serde(default)]
    owners: Names,
    /// Who gives it out.
    #[serde(default)]
    #[schemars(length(min = 1))]
    issuer: String,
    /// Whom to ask for the next one.
    #[serde(default)]
    #[schemars(length(min = 1))]
    issuer_contact: String,
    /// How to get the next one: a path in the repository, or an address.
    #[serde(default)]
    #[schemars(length(min = 1))]
    runbook: String,
    /// Who can open it, where the file itself does not say.
    #[serde(default)]
    readers: Names,
    /// When the version that was seen was written.
    #[serde(default)]
    set_at: Date,
    /// Of its ciphertext when this was said.
    #[schemars(with = "Digest")]
    #[serde(default)]
    seen: Option<Digest>,
    /// Of the wrapped data key when this was said.
    #[schemars(with = "Digest")]
    #[serde(default)]
    data_key: Option<Digest>,
}
