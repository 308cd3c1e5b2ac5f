//! Random ids of stores and versions: ULIDs, so that they sort by the time they were made.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use super::time::Instant;

/// A text that is no id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no id: expected 26 characters of Crockford base 32 (a ULID)")]
pub struct IdError(String);

macro_rules! ulid_newtype {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(try_from = "String", into = "String")]
        #[schemars(with = "String", extend("pattern" = r"^[0-7][0-9A-HJKMNP-TV-Z]{25}$"))]
        pub struct $name(Ulid);

        impl $name {
            /// Makes one from the moment and 80 bits that the caller drew at random.
            pub fn from_parts(at: Instant, random: u128) -> Self {
                Self(Ulid::from_parts(at.unix_millis(), random))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0.to_string())
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                // The crate reads lower case too; one id must have one text, because ids are digested.
                match Ulid::from_string(&text) {
                    Ok(ulid) if ulid.to_string() == text => Ok(Self(ulid)),
                    _ => Err(IdError(text)),
                }
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    };
}

ulid_newtype!(
    /// Tells a store from every other one, so that nothing can be replayed from another repository.
    StoreId
);
ulid_newtype!(
    /// Tells one version of a secret from every other one.
    VersionId
);
ulid_newtype!(
    /// Tells one run of the scheduled job from every other one.
    RunId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_id_has_one_text() {
        let id = VersionId::from_parts("2026-08-30T20:15:52Z".parse().unwrap(), 42);
        let text = id.to_string();
        assert_eq!(VersionId::try_from(text.clone()), Ok(id));
        assert!(VersionId::try_from(text.to_lowercase()).is_err());
        assert!(VersionId::try_from("01JB".to_owned()).is_err());
    }
}
