//! When a secret ends, and who says so.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::json::present;
use super::time::Instant;

/// Where an expiry was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ExpirySource {
    /// Somebody said so.
    Declared,
    /// The provider's answer when it made the credential.
    Rotator,
    /// `notAfter` of an X.509 certificate.
    X509,
    /// `exp` of a JSON Web Token.
    Jwt,
    /// `se` of an Azure shared access signature.
    AzureSas,
    /// The expiration of an `OpenPGP` key.
    Openpgp,
    /// `valid before` of an SSH certificate.
    SshCertificate,
}

impl ExpirySource {
    pub const ALL: [Self; 7] = [
        Self::Declared,
        Self::Rotator,
        Self::X509,
        Self::Jwt,
        Self::AzureSas,
        Self::Openpgp,
        Self::SshCertificate,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::Rotator => "rotator",
            Self::X509 => "x509",
            Self::Jwt => "jwt",
            Self::AzureSas => "azure-sas",
            Self::Openpgp => "openpgp",
            Self::SshCertificate => "ssh-certificate",
        }
    }
}

/// When a secret ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "ExpiryWire", into = "ExpiryWire")]
#[schemars(with = "ExpirySchema")]
pub enum Expiry {
    /// From this moment on it is expired: `now >= at`.
    At { at: Instant, from: ExpirySource, reason: Option<String> },
    /// It does not lapse, and this is why.
    Never { why: String },
}

impl Expiry {
    pub fn at(&self) -> Option<Instant> {
        match self {
            Self::At { at, .. } => Some(*at),
            Self::Never { .. } => None,
        }
    }
}

/// An expiry that is neither of the two forms.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExpiryError {
    #[error("expires: expected either {{\"at\", \"from\"}} or {{\"never\": \"why\"}}")]
    NeitherForm,
    #[error("expires: `never` needs a reason")]
    NoReason,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpiryWire {
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    at: Option<Instant>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    from: Option<ExpirySource>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    never: Option<String>,
}

/// The shape of the two forms, for the JSON Schema only.
#[derive(JsonSchema)]
#[serde(untagged, deny_unknown_fields)]
#[allow(dead_code, reason = "read by the schema generator, never constructed")]
enum ExpirySchema {
    At { at: Instant, from: ExpirySource, reason: Option<String> },
    Never { never: String },
}

impl From<Expiry> for ExpiryWire {
    fn from(expiry: Expiry) -> Self {
        match expiry {
            Expiry::At { at, from, reason } => Self { at: Some(at), from: Some(from), reason, never: None },
            Expiry::Never { why } => Self { at: None, from: None, reason: None, never: Some(why) },
        }
    }
}

impl TryFrom<ExpiryWire> for Expiry {
    type Error = ExpiryError;

    fn try_from(wire: ExpiryWire) -> Result<Self, ExpiryError> {
        match wire {
            ExpiryWire { at: Some(at), from: Some(from), reason, never: None } => {
                Ok(Self::At { at, from, reason })
            }
            ExpiryWire { at: None, from: None, reason: None, never: Some(why) } => {
                if why.trim().is_empty() {
                    Err(ExpiryError::NoReason)
                } else {
                    Ok(Self::Never { why })
                }
            }
            _ => Err(ExpiryError::NeitherForm),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_form_is_read_and_written_back() {
        for source in ExpirySource::ALL {
            let text = format!(r#"{{"at":"2027-01-01T00:00:00Z","from":"{}"}}"#, source.as_str());
            let expiry: Expiry = serde_json::from_str(&text).unwrap();
            assert_eq!(expiry.at(), Some("2027-01-01".parse().unwrap()));
            assert_eq!(serde_json::to_string(&expiry).unwrap(), text);
        }
        let text = r#"{"never":"the vendor's rule"}"#;
        let expiry: Expiry = serde_json::from_str(text).unwrap();
        assert_eq!((expiry.at(), serde_json::to_string(&expiry).unwrap()), (None, text.to_owned()));
    }

    #[test]
    fn what_is_neither_form_is_refused() {
        for (text, told) in [
            ("{}", "expected either"),
            (r#"{"at":"2027-01-01T00:00:00Z"}"#, "expected either"),
            (r#"{"at":"2027-01-01T00:00:00Z","from":"jwt","never":"x"}"#, "expected either"),
            (r#"{"never":"x","reason":"y"}"#, "expected either"),
            (r#"{"never":" "}"#, "needs a reason"),
        ] {
            let error = serde_json::from_str::<Expiry>(text).unwrap_err().to_string();
            assert!(error.contains(told), "{text}: {error}");
        }
    }
}
