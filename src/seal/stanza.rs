//! Recipient stanzas as bytes (C2SP age, "recipient stanza").

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;

/// Characters of base64 in a full line of a body.
pub const COLUMNS: usize = 64;

/// Writes a stanza as it stands in a header, from `-> ` through its last line feed.
///
/// Type and arguments must be age's "arbitrary strings" (visible ASCII, not empty).
pub fn encode(kind: &str, arguments: &[impl AsRef<str>], body: &[u8]) -> Vec<u8> {
    let mut encoded = b"-> ".to_vec();
    encoded.extend_from_slice(kind.as_bytes());
    for argument in arguments {
        encoded.push(b' ');
        encoded.extend_from_slice(argument.as_ref().as_bytes());
    }
    encoded.push(b'\n');
    let body = BASE64_STANDARD_NO_PAD.encode(body);
    let (full, last) = body.as_bytes().as_chunks::<COLUMNS>();
    for line in full {
        encoded.extend_from_slice(line);
        encoded.push(b'\n');
    }
    // The last line is always a short one, if need be an empty one.
    encoded.extend_from_slice(last);
    encoded.push(b'\n');
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_end_with_a_short_line() {
        assert_eq!(encode("a", &["b", "c"], b""), b"-> a b c\n\n");
        assert_eq!(encode("a", &[""; 0], b"\x00"), b"-> a\nAA\n");
        let full = format!("-> a\n{}\n\n", "A".repeat(64));
        assert_eq!(encode("a", &[""; 0], &[0; 48]), full.as_bytes());
        let more = format!("-> a\n{}\nAA\n", "A".repeat(64));
        assert_eq!(encode("a", &[""; 0], &[0; 49]), more.as_bytes());
    }
}
