//! What is generated here, and how.

// Only its texts are read: nothing is asked of a network.
use core::net::IpAddr;

use super::super::runner::{RunnerError, Settings};
use super::super::text::visible;

/// The fewest and the most characters or bytes.
const LENGTHS: std::ops::RangeInclusive<usize> = 8..=4096;
/// What can be found by trying is no secret.
const LEAST_BITS: u32 = 64;
/// For how long a certificate may be made, in days.
const DAYS: std::ops::RangeInclusive<u32> = 1..=3650;
/// How many names a certificate may have.
const MOST_NAMES: usize = 100;
/// The longest name of a host, in bytes (RFC 1035, section 2.3.4).
const MAX_HOST_BYTES: usize = 253;
/// A shorter text of letters alone is taken for a name that was misspelt.
const LEAST_LETTERS: usize = 16;

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
        alphabet: Alphabet,
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
        /// `None`: as long as policy wants the secret to live.
        days: Option<u32>,
    },
    /// A private key and the request for a certificate, as PEM; whoever issues it is told the latter.
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

/// Signs of ASCII that can be seen, each of them once, at least two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alphabet(Vec<u8>);

impl Alphabet {
    const NAMED: [&'static str; 7] =
        ["alphanumeric", "letters", "lowercase", "uppercase", "digits", "hex", "printable"];

    pub fn signs(&self) -> &[u8] {
        &self.0
    }

    /// One of the names, or the signs themselves.
    fn parse(text: &str) -> Result<Self, String> {
        let is_in = |name: &str, sign: u8| match name {
            "alphanumeric" => sign.is_ascii_alphanumeric(),
            "letters" => sign.is_ascii_alphabetic(),
            "lowercase" => sign.is_ascii_lowercase(),
            "uppercase" => sign.is_ascii_uppercase(),
            "digits" => sign.is_ascii_digit(),
            "hex" => sign.is_ascii_digit() || (b'a'..=b'f').contains(&sign),
            _ => true,
        };
        if Self::NAMED.contains(&text) {
            return Ok(Self((b'!'..=b'~').filter(|sign| is_in(text, *sign)).collect()));
        }
        let names = Self::NAMED.join(", ");
        if text.len() < LEAST_LETTERS && text.bytes().all(|sign| sign.is_ascii_alphabetic()) {
            return Err(format!(
                "`{text}` is none of {names}; letters alone that are an alphabet of their own are at least {LEAST_LETTERS}"
            ));
        }
        if !text.bytes().all(|sign| sign.is_ascii_graphic()) {
            return Err(format!(
                "it holds other signs than the visible ones of ASCII: write these, or one of {names}"
            ));
        }
        let mut signs = text.as_bytes().to_vec();
        signs.sort_unstable();
        if let Some([twice, _]) = signs.array_windows().find(|[one, next]| one == next) {
            return Err(format!("`{}` stands in it twice: write each sign once", char::from(*twice)));
        }
        if signs.len() < 2 {
            return Err("it has one sign: write at least two".to_owned());
        }
        Ok(Self(signs))
    }

    /// How many signs are as hard to find as can be asked for.
    fn least_length(&self) -> usize {
        (1..=usize::try_from(LEAST_BITS).unwrap_or(usize::MAX))
            .find(|length| self.bits(*length) >= f64::from(LEAST_BITS))
            .unwrap_or_default()
    }

    fn bits(&self, length: usize) -> f64 {
        let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        number(length) * number(self.0.len()).log2()
    }
}

pub(super) fn parse(settings: &mut Settings<'_>) -> Result<Generate, RunnerError> {
    let format = settings.with_default("format", "text")?;
    let recipe = match format.as_str() {
        "text" => text(settings)?,
        "raw" => Recipe::Bytes { length: length(settings)?, encoding: Encoding::Raw },
        "hex" => Recipe::Bytes { length: length(settings)?, encoding: Encoding::Hex },
        "base64" => Recipe::Bytes { length: length(settings)?, encoding: Encoding::Base64 },
        "uuid" => Recipe::Uuid,
        "ssh-ed25519" => Recipe::SshEd25519 { comment: settings.with_default("comment", "")? },
        "age" => Recipe::Age,
        "self-signed" => Recipe::SelfSigned { names: names(settings)?, days: days(settings)? },
        "csr" => Recipe::Csr { names: names(settings)? },
        other => {
            return Err(settings.error(format!(
                "`format`: `{}` is none of text, raw, hex, base64, uuid, ssh-ed25519, age, self-signed, csr",
                visible(other)
            )));
        }
    };
    Ok(Generate { recipe })
}

fn length(settings: &mut Settings<'_>) -> Result<usize, RunnerError> {
    let length: usize = settings.parsed("length")?.unwrap_or(32);
    if LENGTHS.contains(&length) {
        return Ok(length);
    }
    let (fewest, most) = (LENGTHS.start(), LENGTHS.end());
    Err(settings.error(format!("`length` is {length}: write {fewest} to {most}")))
}

fn text(settings: &mut Settings<'_>) -> Result<Recipe, RunnerError> {
    let length = length(settings)?;
    let alphabet = settings.with_default("alphabet", "alphanumeric")?;
    let alphabet = Alphabet::parse(&alphabet).map_err(|why| settings.error(format!("`alphabet`: {why}")))?;
    if alphabet.bits(length) < f64::from(LEAST_BITS) {
        return Err(settings.error(format!(
            "{length} signs out of {} can be found by trying: write length={} or more",
            alphabet.signs().len(),
            alphabet.least_length().max(*LENGTHS.start())
        )));
    }
    Ok(Recipe::Text { length, alphabet })
}

fn days(settings: &mut Settings<'_>) -> Result<Option<u32>, RunnerError> {
    let Some(days) = settings.parsed::<u32>("days")? else { return Ok(None) };
    if !DAYS.contains(&days) {
        let (fewest, most) = (DAYS.start(), DAYS.end());
        return Err(settings.error(format!("`days` is {days}: write {fewest} to {most}")));
    }
    if settings.period("lifetime")?.is_some() {
        return Err(settings.error("`days` and `lifetime` both say how long it lives: give one of the two"));
    }
    Ok(Some(days))
}

/// The hosts that a certificate is for: names, with `*.` where all below it are meant, and addresses.
fn names(settings: &mut Settings<'_>) -> Result<Vec<String>, RunnerError> {
    let names = settings.required("names", "www.example.org,192.0.2.1")?;
    let names: Vec<String> = names.split(',').map(|name| name.trim().to_owned()).collect();
    if let Some(wrong) = names.iter().find(|name| name.parse::<IpAddr>().is_err() && !is_host(name)) {
        return Err(settings.error(format!(
            "`names`: `{}` is neither the name of a host nor an address: write them like \
             names=www.example.org,*.example.org,192.0.2.1",
            visible(wrong)
        )));
    }
    let first_twice = names.iter().enumerate().find(|(at, name)| names.iter().take(*at).any(|n| n == *name));
    if let Some((_, twice)) = first_twice {
        return Err(settings.error(format!("`names`: {twice} stands there twice: write it once")));
    }
    if names.len() > MOST_NAMES {
        return Err(settings.error(format!("`names`: they are more than {MOST_NAMES}")));
    }
    Ok(names)
}

fn is_host(name: &str) -> bool {
    let host = name.strip_prefix("*.").unwrap_or(name);
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // What ends in a number is an address, and not a right one if it comes here.
    let ends_in_number = host.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
    name.len() <= MAX_HOST_BYTES && host.split('.').all(is_label) && !ends_in_number
}

#[cfg(test)]
mod tests;
