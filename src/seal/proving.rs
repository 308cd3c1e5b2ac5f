//! Proving custody: opening a sealed file, recomputing its header, and comparing byte by byte.
//!
//! In this order, so that nothing is believed before it was verified: the form of the header; the binding to the
//! record; the file key, which serves nothing until the header's MAC fits it; the payload to its last chunk; the
//! stanzas, each for one key only ([`recomputing`]). `docs/custody.md` has the algorithm and what it rests on.

mod recomputing;
mod unwrapping;

use age_core::format::FileKey;

use super::binding::{self, Bound};
use super::header::{Header, HeaderError};
use super::identity::{Identity, IdentityError};
use super::payload::{self, PayloadError};
use crate::domain::facts::{Binding, Stanza};
use crate::domain::key::{Fingerprint, PublicKey};
use crate::domain::name::ActorName;
use crate::domain::record::{Sealed, SealedKey};
use crate::domain::value::{MAX_VALUE_BYTES, Value};

/// A sealed file that was opened and whose header was recomputed.
pub struct Proved {
    pub value: Value,
    /// Keys whose stanza was recomputed and stands in the header.
    pub proved: Vec<(ActorName, Fingerprint)>,
    /// Opaque keys whose stanza stands there with the digest that the record states.
    pub plausible: Vec<(ActorName, Fingerprint)>,
    /// Keys of the record whose stanza does not stand there.
    pub missing: Vec<(ActorName, SealedKey)>,
    /// Stanzas that are for none of the keys listed, the binding left out.
    pub surplus: Vec<Stanza>,
}

/// Why nothing was proved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProvingError {
    #[error("none of your identities opens it")]
    NotForYou,
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The file is not whole, or none that can be judged: of another version, say.
    #[error(transparent)]
    Unreadable(HeaderError),
    /// The file is not what it must be; the text says how.
    #[error("{0}")]
    Broken(String),
}

/// Opens `bytes` with one of the identities and recomputes the header for the keys that `sealed` names.
///
/// `public_key` is the public half of a fingerprint, where policy still knows it as a key of that reader. A key that
/// policy does not know can't be judged: it is in none of the lists, and its stanza is left over.
pub fn prove<'k>(
    bytes: &[u8],
    sealed: &Sealed,
    public_key: &dyn Fn(&ActorName, &Fingerprint) -> Option<&'k PublicKey>,
    identities: &[Identity],
) -> Result<Proved, ProvingError> {
    let header = Header::parse(bytes)?;
    let stanzas = header.decoded()?;
    let stanzas = stanzas.ok_or_else(|| broken("its header is not written in its one canonical form"))?;
    let bound = bound(&header, sealed)?;
    let file_key = unwrapping::file_key(&header, &stanzas, sealed, identities)?;
    let value = open_payload(&header, &file_key)?;
    let found = recomputing::compare(&header, sealed, public_key, &file_key, &bound.salt);
    let unaccounted = found.surplus.iter().chain(&found.opaque).filter_map(|index| stanzas.get(*index));
    unwrapping::refuse_other_file_keys(&header, unaccounted, identities)?;
    let surplus = found.surplus.iter().filter_map(|index| header.stanzas.get(*index));
    Ok(Proved {
        value,
        proved: found.proved,
        plausible: found.plausible,
        missing: found.missing,
        surplus: surplus.map(super::header::RawStanza::seen).collect(),
    })
}

fn broken(how: impl Into<String>) -> ProvingError {
    ProvingError::Broken(how.into())
}

impl From<HeaderError> for ProvingError {
    fn from(error: HeaderError) -> Self {
        match error {
            HeaderError::Malformed(why) => broken(format!("the header of the age file is malformed: {why}")),
            HeaderError::Empty
            | HeaderError::NotAge
            | HeaderError::Armored
            | HeaderError::Version
            | HeaderError::LineEndings
            | HeaderError::Truncated
            | HeaderError::TooLarge => Self::Unreadable(error),
        }
    }
}

/// The binding, if it is the one of this record.
fn bound(header: &Header<'_>, sealed: &Sealed) -> Result<Bound, ProvingError> {
    let bound = binding::find(header).map_err(|instead| match instead {
        Binding::Malformed(why) | Binding::HeaderMalformed(why) => {
            broken(format!("the binding is malformed: {why}"))
        }
        Binding::Absent | Binding::Bound(_) => {
            broken("sealed by another tool: nothing binds the value to its record")
        }
    })?;
    if binding::digest(sealed).is_ok_and(|digest| digest == bound.digest) {
        Ok(bound)
    } else {
        Err(broken("the record is not the one that the value was sealed with"))
    }
}

/// Decrypts the payload to its last chunk.
fn open_payload(header: &Header<'_>, file_key: &FileKey) -> Result<Value, ProvingError> {
    let opened = payload::decrypt_with(file_key, header.payload, MAX_VALUE_BYTES);
    let mut plaintext = opened.map_err(|error| match error {
        PayloadError::TooLarge => broken(format!("it holds more than {MAX_VALUE_BYTES} bytes")),
        PayloadError::Header(_) | PayloadError::Age(_) => broken("the payload does not decrypt to its end"),
    })?;
    Ok(Value::new(std::mem::take(&mut *plaintext)))
}

#[cfg(test)]
mod surgery;
#[cfg(test)]
mod tests;
