//! Values written for other programs, bytes exact or not at all: what a format can't hold is refused by name.

mod dotenv;
mod github_env;
mod json;
mod kubernetes;
mod shell;
mod yaml;

pub use dotenv::dotenv;
pub use github_env::{github_env, masks};
pub use json::json;
pub use kubernetes::{Manifest, is_key, is_label, is_subdomain, kubernetes};
pub use shell::shell;
pub use yaml::yaml;

use crate::domain::text::{shell_word, visible};
use crate::domain::value::Value;

/// A value to be written.
pub struct Item<'a> {
    /// What it is called in the format.
    pub key: &'a str,
    /// What it is called in the store.
    pub secret: &'a str,
    pub value: &'a Value,
}

/// A value that a format can't hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {why}; {remedy}", visible(secret))]
pub struct Unfit {
    pub secret: String,
    why: &'static str,
    remedy: String,
}

/// The formats that hold any bytes.
const ANY_BYTES: &str = "--format k8s-secret holds any bytes, and so does";

impl Item<'_> {
    fn unfit(&self, why: &'static str, remedy: impl Into<String>) -> Unfit {
        Unfit { secret: self.secret.to_owned(), why, remedy: remedy.into() }
    }

    fn binary(&self, why: &'static str) -> Unfit {
        self.unfit(why, format!("{ANY_BYTES}: secrets get {}", shell_word(self.secret)))
    }

    fn text(&self) -> Result<&str, Unfit> {
        std::str::from_utf8(self.value.expose())
            .map_err(|_| self.binary("is no UTF-8, which this format can't hold"))
    }

    /// Text that can be a variable.
    fn variable(&self) -> Result<&str, Unfit> {
        self.without_nul()?;
        self.text()
    }

    fn without_nul(&self) -> Result<&[u8], Unfit> {
        let bytes = self.value.expose();
        if bytes.contains(&0) {
            Err(self.binary("has a NUL byte, which no variable can hold"))
        } else {
            Ok(bytes)
        }
    }
}
