//! What is generated here, and how.

use super::super::runner::{RunnerError, Settings};

/// The fewest and the most characters or bytes.
const LENGTHS: std::ops::RangeInclusive<usize> = 8..=4096;

/// What is made and how it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generate {
    pub recipe: Recipe,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipe {
    /// So many characters, each drawn from the alphabet.
    Text {
        length: usize,
        alphabet: String,
    },
    /// So many random bytes, written so.
    Bytes {
        length: usize,
        encoding: Encoding,
    },
    Uuid,
    /// An OpenSSH private key.
    SshEd25519 {
        comment: String,
    },
    /// An age identity.
    Age,
    /// A private key and a certificate that it signed itself, as PEM.
    SelfSigned {
        names: Vec<String>,
        days: u32,
    },
    /// A private key; the request for a certificate is told, and the certificate comes later.
    Csr {
        names: Vec<String>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Raw,
    Hex,
    Base64,
}

pub(super) fn parse(settings: &mut Settings<'_>) -> Result<Generate, RunnerError> {
    let format = settings.with_default("format", "text")?;
    let length: usize = settings.parsed("length")?.unwrap_or(32);
    if !LENGTHS.contains(&length) {
        let (fewest, most) = (LENGTHS.start(), LENGTHS.end());
        return Err(settings.error(format!("`length` is {length}: write {fewest} to {most}")));
    }
    let alphabet = settings.optional("alphabet")?;
    let names = settings.optional("names")?;
    let names = names.map(|names| names.split(',').map(|name| name.trim().to_owned()).collect::<Vec<_>>());
    let recipe = match format.as_str() {
        "text" => Recipe::Text { length, alphabet: alphabet.unwrap_or("alphanumeric").to_owned() },
        "raw" => Recipe::Bytes { length, encoding: Encoding::Raw },
        "hex" => Recipe::Bytes { length, encoding: Encoding::Hex },
        "base64" => Recipe::Bytes { length, encoding: Encoding::Base64 },
        "uuid" => Recipe::Uuid,
        "ssh-ed25519" => Recipe::SshEd25519 { comment: settings.with_default("comment", "")? },
        "age" => Recipe::Age,
        "self-signed" => Recipe::SelfSigned {
            names: names.unwrap_or_default(),
            days: settings.parsed("days")?.unwrap_or(90),
        },
        "csr" => Recipe::Csr { names: names.unwrap_or_default() },
        other => return Err(settings.error(format!("`format`: `{other}` is not known"))),
    };
    Ok(Generate { recipe })
}
