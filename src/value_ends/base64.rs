//! Texts in base64.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// `-----BEGIN ` in base64, as far as the next character leaves it alone.
const ENCODED_BEGIN: &str = "LS0tLS1CRUdJTi";

/// The shortest text in base64 that could hold an end, in characters. A line of prose has no word as long.
const SHORTEST: usize = 32;

/// Whether a byte is one of base64's 64, or the `=` at its end.
pub(super) fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

/// Whether so many characters of base64 follow each other that this is no prose.
pub(super) fn has_long_run(text: &str) -> bool {
    text.as_bytes().split(|byte| !is_base64(*byte)).any(|run| run.len() >= SHORTEST)
}

/// The leading part of a text that is base64.
pub(super) fn leading_run(text: &str) -> &str {
    let end = text.bytes().position(|byte| !is_base64(byte)).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

/// Decodes base64 in one piece or many lines.
pub(super) fn decode(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut packed = Zeroizing::new(Vec::with_capacity(text.len()));
    packed.extend(text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()));
    STANDARD.decode(packed.as_slice()).ok().map(Zeroizing::new)
}

pub(super) fn decode_url_safe(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    URL_SAFE.decode(text).ok().map(Zeroizing::new)
}

/// Decodes a value that is base64 from its first to its last character.
pub(super) fn decode_whole(value: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let value = value.trim_ascii();
    let is_base64 = value.len() >= SHORTEST && value.iter().all(|b| is_base64(*b) || b.is_ascii_whitespace());
    is_base64.then(|| decode(value)).flatten()
}

/// Hands over every PEM text that stands in base64 inside a text, as in a Secret of Kubernetes.
pub(super) fn each_encoded_pem(text: &str, mut each: impl FnMut(&str)) {
    let mut rest = text;
    while let Some(start) = rest.find(ENCODED_BEGIN) {
        rest = rest.get(start..).unwrap_or_default();
        let run = leading_run(rest);
        rest = rest.get(run.len()..).unwrap_or_default();
        // A run that was cut inside a group of four keeps what its whole groups say.
        let whole = run.len().saturating_sub(usize::from(run.len() % 4 == 1));
        let decoded = run.get(..whole).and_then(|run| decode(run.as_bytes()));
        if let Some(decoded) = decoded {
            super::as_text(&decoded, &mut each);
        }
    }
}
