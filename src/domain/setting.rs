//! Where a text is to be found that may be a credential.

use super::name::SecretName;
use super::text::visible;

/// A text, or where it is to be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    /// Itself: it gives nothing away.
    Text(String),
    /// In a variable of the environment.
    Env(String),
    /// In a secret of this very store.
    Secret(SecretName),
}

impl Setting {
    /// Reads `env:VARIABLE` or `secret:NAME`: a credential never stands in a record itself.
    ///
    /// # Errors
    /// What it must be written like.
    pub fn parse_reference(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("env", name)) if is_variable(name) => Ok(Self::Env(name.to_owned())),
            Some(("secret", name)) => {
                name.parse().map(Self::Secret).map_err(|error| format!("secret:{error}"))
            }
            Some(_) | None => {
                Err(format!("`{}` names no credential: write env:VARIABLE or secret:NAME", visible(text)))
            }
        }
    }
}

fn is_variable(name: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    name.bytes().next().is_some_and(|b| !b.is_ascii_digit()) && name.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_named_and_never_written() {
        assert_eq!(Setting::parse_reference("env:GRAPH_SECRET"), Ok(Setting::Env("GRAPH_SECRET".to_owned())));
        let secret = Setting::Secret("ops/graph".parse().unwrap());
        assert_eq!(Setting::parse_reference("secret:ops/graph"), Ok(secret));
        for bad in ["hunter2", "env:", "env:1A", "env:A B", "secret:", "secret:../x", "text:x", ""] {
            assert!(Setting::parse_reference(bad).is_err(), "{bad}");
        }
    }
}
