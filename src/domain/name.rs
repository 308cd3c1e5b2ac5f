//! Names: of secrets, and of the people, machines, shared keys and groups that may read them.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The longest name of a secret, in bytes.
pub const MAX_SECRET_NAME_BYTES: usize = 200;

/// Why a text is not a name. The message says what is allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    #[error("a name cannot be empty")]
    Empty,
    #[error("`{0}` is longer than {MAX_SECRET_NAME_BYTES} bytes")]
    TooLong(String),
    #[error("`{0}` has an empty segment: write it without leading, trailing or doubled `/`")]
    EmptySegment(String),
    #[error("`{name}` has a segment `{segment}` that ends in `{ending}`, which the store uses itself")]
    ReservedEnding { name: String, segment: String, ending: &'static str },
    #[error(
        "`{0}` names what another tool has sealed, and this is for secrets of the store: that tool changes the value, \
         `secrets expiry set` says when it ends, `secrets untrack` removes its record"
    )]
    Tracked(String),
    #[error("`{0}` may hold ASCII letters, digits, `.`, `_` and `-` only, and start with a letter or digit")]
    BadCharacter(String),
}

fn check_segment(segment: &str, whole: &str) -> Result<(), NameError> {
    let mut bytes = segment.bytes();
    let first_fits = bytes.next().is_some_and(|b| b.is_ascii_alphanumeric());
    if first_fits && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-')) {
        Ok(())
    } else {
        Err(NameError::BadCharacter(whole.to_owned()))
    }
}

/// The name of a secret: its path below the store, without an extension.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(
    with = "String",
    extend("pattern" = r"^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*$"),
    extend("maxLength" = 200)
)]
pub struct SecretName(String);

impl SecretName {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path of the folder that it lies in, empty for the store itself.
    pub fn folder(&self) -> &str {
        self.0.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// The form in which two names that differ only in case are equal: such a pair would be one file on macOS
    /// and Windows.
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl FromStr for SecretName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        if text.len() > MAX_SECRET_NAME_BYTES {
            return Err(NameError::TooLong(text.to_owned()));
        }
        if text.contains("#/") {
            return Err(NameError::Tracked(text.to_owned()));
        }
        for segment in text.split('/') {
            if segment.is_empty() {
                return Err(NameError::EmptySegment(text.to_owned()));
            }
            check_segment(segment, text)?;
            let folded = segment.to_ascii_lowercase();
            for ending in [".age", ".json", "."] {
                if folded.ends_with(ending) {
                    return Err(NameError::ReservedEnding {
                        name: text.to_owned(),
                        segment: segment.to_owned(),
                        ending,
                    });
                }
            }
        }
        Ok(Self(text.to_owned()))
    }
}

/// The name of a person, a machine, a shared key or a group: one namespace for all four.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"), extend("maxLength" = 200))]
pub struct ActorName(String);

impl ActorName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ActorName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        if text.len() > MAX_SECRET_NAME_BYTES {
            return Err(NameError::TooLong(text.to_owned()));
        }
        check_segment(text, text)?;
        Ok(Self(text.to_owned()))
    }
}

macro_rules! text_newtype {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }
        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}
text_newtype!(SecretName);
text_newtype!(ActorName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets() {
        for good in ["a", "utoronto/prod/azuread-client", "a.b/c_d/E-9", "x.agent", &"a".repeat(200)] {
            assert_eq!(good.parse::<SecretName>().unwrap().as_str(), good);
        }
        for bad in [
            "",
            "/a",
            "a/",
            "a//b",
            "../a",
            "a/../b",
            ".hidden",
            "-a",
            "a b",
            "ä",
            "a.age",
            "a.JSON/b",
            "a.",
            "a\n",
            "a\\b",
            &"a".repeat(201),
        ] {
            assert!(bad.parse::<SecretName>().is_err(), "{bad:?} was accepted");
        }
    }

    #[test]
    fn secrets_lie_in_folders() {
        let folder = |name: &str| name.parse::<SecretName>().unwrap().folder().to_owned();
        assert_eq!([folder("a"), folder("a/b"), folder("a/b/c")], ["", "a", "a/b"]);
    }

    #[test]
    fn names_of_actors_have_one_segment() {
        for good in ["alice.w-1_x", &"a".repeat(200)] {
            assert!(good.parse::<ActorName>().is_ok(), "{good}");
        }
        for bad in ["", "a/b", "-a", "a b", "@alice", &"a".repeat(201)] {
            assert!(bad.parse::<ActorName>().is_err(), "{bad:?} was accepted");
        }
    }

    #[test]
    fn names_that_differ_in_case_only_are_one_when_folded() {
        let folded = |name: &str| name.parse::<SecretName>().unwrap().folded();
        assert_eq!(folded("Web/DB-1"), "web/db-1");
        assert_ne!(folded("web/db-1"), folded("web/db-2"));
    }
}
