//! Requests and answers as they are written. This form is public: `secrets schema` prints it, and it changes with
//! `schema_version` only.

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::domain::id::VersionId;
use crate::domain::name::SecretName;
use crate::domain::rotation::Handle;
use crate::domain::time::Instant;
use crate::domain::value::Value;
use crate::domain::wiped_text::Text;

pub const SCHEMA_VERSION: u64 = 1;

/// A value in a request: as it is where that is text, else in base 64.
pub enum Plain<'a> {
    Text(&'a str),
    Encoded(Value),
}

impl<'a> Plain<'a> {
    pub fn of(value: &'a Value) -> Self {
        match std::str::from_utf8(value.expose()) {
            Ok(text) if value.is_text() => Self::Text(text),
            Ok(_) | Err(_) => {
                let mut encoded = Text::with_capacity(value.expose().len().div_ceil(3) * 4);
                encoded.push_base64(value.expose());
                Self::Encoded(Value::new(encoded.into_bytes()))
            }
        }
    }

    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Encoded(_) => None,
        }
    }

    pub fn base64(&self) -> Option<&str> {
        match self {
            Self::Text(_) => None,
            Self::Encoded(encoded) => std::str::from_utf8(encoded.expose()).ok(),
        }
    }
}

/// What a program of a rotator `exec` is told on its standard input.
#[derive(Serialize, JsonSchema)]
#[serde(tag = "action", rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(title = "A request to a rotator of kind exec")]
pub enum Request<'a> {
    /// Which credentials of this kind are there?
    List {
        #[schemars(extend("const" = 1))]
        schema_version: u64,
        /// The secret that is rotated.
        secret: &'a SecretName,
    },
    /// To which credential does this value belong?
    Identify {
        #[schemars(extend("const" = 1))]
        schema_version: u64,
        /// The secret that is rotated.
        secret: &'a SecretName,
        /// The value, where it is text.
        #[serde(skip_serializing_if = "Option::is_none")]
        value: Option<&'a str>,
        /// The value in base 64, where it is no text.
        #[serde(skip_serializing_if = "Option::is_none")]
        value_base64: Option<&'a str>,
    },
    /// Make a new credential, which carries the marker.
    Mint {
        #[schemars(extend("const" = 1))]
        schema_version: u64,
        /// The secret that is rotated.
        secret: &'a SecretName,
        /// What the new credential is to be found by later: in its description, a label or a tag.
        marker: VersionId,
        /// The value that stands, where it is text and could be opened.
        #[serde(skip_serializing_if = "Option::is_none")]
        value: Option<&'a str>,
        /// The value that stands in base 64, where it is no text and could be opened.
        #[serde(skip_serializing_if = "Option::is_none")]
        value_base64: Option<&'a str>,
        /// When the new one is to end.
        #[serde(skip_serializing_if = "Option::is_none")]
        lifetime_end: Option<Instant>,
    },
    /// Does this value work?
    Verify {
        #[schemars(extend("const" = 1))]
        schema_version: u64,
        /// The secret that is rotated.
        secret: &'a SecretName,
        /// The value, where it is text.
        #[serde(skip_serializing_if = "Option::is_none")]
        value: Option<&'a str>,
        /// The value in base 64, where it is no text.
        #[serde(skip_serializing_if = "Option::is_none")]
        value_base64: Option<&'a str>,
    },
    /// End a credential for good.
    Revoke {
        #[schemars(extend("const" = 1))]
        schema_version: u64,
        /// The secret that is rotated.
        secret: &'a SecretName,
        handle: &'a Handle,
    },
}

impl Request<'_> {
    pub fn action(&self) -> &'static str {
        match self {
            Self::List { .. } => "list",
            Self::Identify { .. } => "identify",
            Self::Mint { .. } => "mint",
            Self::Verify { .. } => "verify",
            Self::Revoke { .. } => "revoke",
        }
    }
}

/// To `list`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListAnswer {
    #[serde(deserialize_with = "version")]
    #[schemars(extend("const" = 1))]
    #[expect(dead_code, reason = "looked at where it is read")]
    schema_version: u64,
    /// All that are valid, each once.
    pub credentials: Vec<Credential>,
}

/// A credential of the list. What it is worth is no part of it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Credential {
    /// By what the provider knows it: no secret, because it is written into the record.
    pub handle: Handle,
    /// The marker that it was made with; absent where it carries none, or something else.
    #[serde(default)]
    pub marker: Option<VersionId>,
    #[serde(default)]
    pub made_at: Option<Instant>,
    /// Whether anybody ever used it; absent where the provider does not tell.
    #[serde(default)]
    pub was_used: Option<bool>,
}

/// To `identify`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("required" = ["schema_version", "handle"]))]
pub struct IdentifyAnswer {
    #[serde(deserialize_with = "version")]
    #[schemars(extend("const" = 1))]
    #[expect(dead_code, reason = "looked at where it is read")]
    schema_version: u64,
    /// One that `list` tells; null where it can't be told.
    #[serde(deserialize_with = "stated")]
    pub handle: Option<Handle>,
}

/// To `mint`: the value is in one of the two.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [
    { "required": ["value"], "properties": { "value": { "type": "string", "minLength": 1 } } },
    { "required": ["value_base64"], "properties": { "value_base64": { "type": "string", "minLength": 1 } } },
]))]
pub struct MintAnswer<'a> {
    #[serde(deserialize_with = "version")]
    #[schemars(extend("const" = 1))]
    #[expect(dead_code, reason = "looked at where it is read")]
    schema_version: u64,
    /// The new value, as text.
    #[serde(default, borrow)]
    #[schemars(with = "Option<String>")]
    pub value: Option<&'a RawValue>,
    /// The new value, in base 64 with padding.
    #[serde(default, borrow)]
    #[schemars(with = "Option<String>")]
    pub value_base64: Option<&'a RawValue>,
    /// By what the provider knows it; absent where nothing is kept anywhere.
    #[serde(default)]
    pub handle: Option<Handle>,
    /// When it ends, as the provider says.
    #[serde(default)]
    pub expires: Option<Instant>,
}

/// To `verify`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("required" = ["schema_version", "works"]))]
pub struct VerifyAnswer {
    #[serde(deserialize_with = "version")]
    #[schemars(extend("const" = 1))]
    #[expect(dead_code, reason = "looked at where it is read")]
    schema_version: u64,
    /// null where nothing can try it. What could not be tried is no answer: end with another exit code than 0.
    #[serde(deserialize_with = "stated")]
    pub works: Option<bool>,
    /// Why it does not work.
    #[serde(default)]
    pub why: Option<String>,
}

/// To `revoke`, also where it was gone already.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeAnswer {
    #[serde(deserialize_with = "version")]
    #[schemars(extend("const" = 1))]
    #[expect(dead_code, reason = "looked at where it is read")]
    schema_version: u64,
    /// Said in so many words, so that nothing is taken for it.
    #[serde(deserialize_with = "done")]
    #[schemars(extend("const" = true))]
    #[expect(dead_code, reason = "looked at where it is read")]
    revoked: bool,
}

/// What a program of a rotator `exec` answers on its standard output.
#[derive(JsonSchema)]
#[serde(untagged)]
#[schemars(title = "An answer of a rotator of kind exec")]
#[allow(dead_code, reason = "read by the schema generator, never constructed")]
enum Answer<'a> {
    List(ListAnswer),
    Identify(IdentifyAnswer),
    Mint(MintAnswer<'a>),
    Verify(VerifyAnswer),
    Revoke(RevokeAnswer),
}

fn version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    match u64::deserialize(deserializer)? {
        SCHEMA_VERSION => Ok(SCHEMA_VERSION),
        _ => Err(serde::de::Error::custom("another version")),
    }
}

/// Null is an answer; nothing is none.
fn stated<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(deserializer)
}

fn done<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    if bool::deserialize(deserializer)? { Ok(true) } else { Err(serde::de::Error::custom("not done")) }
}

/// The JSON Schema (2020-12) of requests.
pub fn request_schema() -> serde_json::Value {
    let settings =
        SchemaSettings::draft2020_12().for_serialize().with_transform(RecursiveTransform(never_null));
    settings.into_generator().into_root_schema_for::<Request<'_>>().to_value()
}

/// The JSON Schema (2020-12) of answers.
pub fn answer_schema() -> serde_json::Value {
    let settings = SchemaSettings::draft2020_12().for_deserialize();
    settings.into_generator().into_root_schema_for::<Answer<'_>>().to_value()
}

/// In requests what is not there is absent.
fn never_null(schema: &mut Schema) {
    if let Some(serde_json::Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    if let Some(serde_json::Value::Array(forms)) = schema.get_mut("anyOf") {
        forms.retain(|form| form.get("type").is_none_or(|name| name != "null"));
        if let [serde_json::Value::Object(only)] = forms.as_slice() {
            let only = only.clone();
            schema.remove("anyOf");
            only.into_iter().for_each(|(key, value)| drop(schema.insert(key, value)));
        }
    }
}
