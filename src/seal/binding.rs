//! D, the digest that binds a sealed file to the `sealed` part of its record, and the stanza that carries it.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;

use super::canonical::{self, CanonicalError};
use super::derivation::SALT_BYTES;
use super::header::{Header, RawStanza};
use super::{NAMESPACE, stanza};
use crate::domain::digest::Digest;
use crate::domain::facts::Binding;
use crate::domain::record::Sealed;

/// The type of the binding stanza.
pub(super) const STANZA_TYPE: &str = "secrets-cli/binding";
/// Its first argument.
pub(super) const STANZA_VERSION: &str = "v1";

/// What a well-formed binding stanza holds.
pub(super) struct Bound {
    pub salt: [u8; SALT_BYTES],
    pub digest: Digest,
}

/// A `sealed` object that has no digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the record's `sealed` object has no canonical form: {0}")]
pub struct BindingError(#[from] CanonicalError);

/// D = SHA-256(`NS/sealed/v1` ‖ 0x00 ‖ JCS(sealed)), with JCS as in RFC 8785.
pub fn digest(sealed: &Sealed) -> Result<Digest, BindingError> {
    let mut covered = Vec::with_capacity(2048);
    covered.extend_from_slice(NAMESPACE.as_bytes());
    covered.extend_from_slice(b"/sealed/v1\0");
    canonical::write(sealed, &mut covered)?;
    Ok(Digest::of(&covered))
}

/// The binding stanza, as it stands first in the header.
pub(super) fn stanza(salt: &[u8; SALT_BYTES], digest: &Digest) -> Vec<u8> {
    let salt = BASE64_STANDARD_NO_PAD.encode(salt);
    stanza::encode(STANZA_TYPE, &[STANZA_VERSION, &salt], digest.as_bytes())
}

/// Reads the binding of a header: the first stanza, and the only one of its type. The error says what stands there
/// instead.
pub(super) fn find(header: &Header<'_>) -> Result<Bound, Binding> {
    let is_binding = |stanza: &&RawStanza<'_>| stanza.kind() == STANZA_TYPE;
    match header.stanzas.iter().filter(is_binding).count() {
        0 => return Err(Binding::Absent),
        1 => {}
        _ => return Err(Binding::Malformed("there is more than one binding stanza")),
    }
    let first = header.stanzas.first().filter(is_binding);
    let first = first.ok_or(Binding::Malformed("the binding stanza is not the first one"))?;
    let mut arguments = first.arguments();
    if arguments.next() != Some(STANZA_VERSION) {
        return Err(Binding::Malformed("the binding stanza is of a version other than v1"));
    }
    let salt = arguments.next().and_then(|salt| BASE64_STANDARD_NO_PAD.decode(salt).ok());
    let salt = salt.and_then(|salt| salt.try_into().ok()).filter(|_| arguments.next().is_none());
    let salt = salt.ok_or(Binding::Malformed("the binding stanza does not hold one salt of 32 bytes"))?;
    let digest = first.body().ok().and_then(|body| body.try_into().ok()).map(Digest::from_bytes);
    let digest = digest.ok_or(Binding::Malformed("the binding stanza does not hold a digest of 32 bytes"))?;
    Ok(Bound { salt, digest })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::expiry::{Expiry, ExpirySource};
    use crate::domain::json::SortedSet;
    use crate::domain::record::{Format, Runner};
    use crate::seal::samples::{actor, draft, vectors};

    /// Any text, with much of what JSON escapes and what UTF-16 sorts in its own way.
    fn text() -> impl Strategy<Value = String> {
        proptest::collection::vec(
            prop_oneof![
                any::<char>(),
                proptest::sample::select(vec![
                    '"',
                    '\\',
                    '/',
                    '\n',
                    '\u{7f}',
                    '\u{ffff}',
                    '\u{10000}',
                    '\u{1}',
                    'a'
                ]),
            ],
            1..8,
        )
        .prop_map(|chars| format!("x{}", chars.into_iter().collect::<String>()))
    }

    prop_compose! {
        fn any_sealed()(
            readers in proptest::collection::vec("[a-zA-Z0-9][a-z.-]{0,5}", 0..5),
            seal in 0..=crate::domain::json::MAX_SAFE_INTEGER,
            number in 0..=crate::domain::json::MAX_SAFE_INTEGER,
            why in proptest::option::of(text()),
            reason in proptest::option::of(text()),
            settings in proptest::collection::vec((text(), text()), 0..6),
            kind in text(),
            previous in proptest::option::of(any::<[u8; 32]>()),
            is_text in any::<bool>(),
        ) -> Sealed {
            let mut sealed = draft(readers.iter().map(String::as_str));
            let runner = Runner { kind, with: settings.into_iter().collect() };
            sealed.exposed_to = readers.iter().map(|name| (actor(name), SortedSet::default())).collect();
            sealed.seal = seal;
            sealed.version.number = number;
            sealed.expires = match why {
                Some(why) => Some(Expiry::Never { why }),
                None => sealed.issued.map(|at| Expiry::At { at, from: ExpirySource::Jwt, reason }),
            };
            sealed.previous = previous.map(Digest::from_bytes);
            sealed.format = if is_text { Format::Text } else { Format::Binary };
            (sealed.rotator, sealed.probe) = if is_text { (Some(runner), None) } else { (None, Some(runner)) };
            sealed
        }
    }

    proptest! {
        /// The digest is of the parsed tree; we take a shorter way there.
        #[test]
        fn the_typed_value_and_the_parsed_tree_have_one_canonical_form(sealed in any_sealed()) {
            let written = serde_json::to_string_pretty(&sealed).unwrap();
            let tree: serde_json::Value = serde_json::from_str(&written).unwrap();
            let reference = serde_json_canonicalizer::to_vec(&tree).unwrap();
            let mut direct = Vec::new();
            canonical::write(&sealed, &mut direct).unwrap();
            prop_assert_eq!(String::from_utf8_lossy(&direct), String::from_utf8_lossy(&reference));
            let whole = [b"secrets-cli/sealed/v1\0".as_slice(), &reference].concat();
            prop_assert_eq!(digest(&sealed).unwrap(), Digest::of(&whole));
            let again: Sealed = serde_json::from_str(&written).unwrap();
            prop_assert_eq!(digest(&again).unwrap(), digest(&sealed).unwrap());
        }
    }

    #[test]
    fn numbers_that_not_everybody_reads_exactly_are_refused() {
        let largest = crate::domain::json::MAX_SAFE_INTEGER;
        for (seal, number) in [(largest + 1, 1), (1, largest + 1)] {
            let mut sealed = draft(["alice"]);
            (sealed.seal, sealed.version.number) = (seal, number);
            assert_eq!(digest(&sealed), Err(BindingError(CanonicalError::NumberTooLarge)));
        }
        let mut sealed = draft(["alice"]);
        (sealed.seal, sealed.version.number) = (largest, largest);
        assert!(digest(&sealed).is_ok());
    }

    #[test]
    fn every_field_counts() {
        let original = vectors("sealed.json")[0]["sealed"].clone();
        let of = |value: serde_json::Value| digest(&serde_json::from_value(value).unwrap()).unwrap();
        let mut seen = vec![of(original.clone())];
        for (path, value) in [
            ("/name", serde_json::json!("other")),
            ("/store", serde_json::json!("01JB0000000000000000000009")),
            ("/format", serde_json::json!("binary")),
            ("/version/number", serde_json::json!(4)),
            ("/version/set_by", serde_json::json!("bob")),
            ("/issued", serde_json::json!("2026-08-31T00:00:00Z")),
            ("/expires/at", serde_json::json!("2028-08-31T00:00:00Z")),
            ("/readers", serde_json::json!(["bob"])),
            ("/exposed_to", serde_json::json!({})),
            ("/keys", serde_json::json!({})),
            ("/seal", serde_json::json!(1)),
            ("/previous", serde_json::json!(format!("sha256:{}", "1".repeat(64)))),
        ] {
            let mut changed = original.clone();
            *changed.pointer_mut(path).unwrap() = value;
            seen.push(of(changed));
        }
        let count = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), count);
    }
}
