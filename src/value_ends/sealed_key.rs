//! Containers whose end is not read here: they are recognised, so that nobody takes them for looked into.
//!
//! PKCS#12 and the keystores of Java give their certificates away only to who has the password, which a value doesn't hold.
//! The libraries that read `OpenPGP` are larger than what they would be needed for.

use super::found::Found;

pub(super) const OPENPGP: &str = "an OpenPGP key, whose end is not read: give --expires";
const PKCS12: &str = "a PKCS#12 file, whose certificates are not read: give --expires";
const PKCS7: &str = "a bundle in PKCS#7, whose certificates are not read: give --expires";
const JAVA: &str = "a keystore of Java, whose certificates are not read: give --expires";

/// `pkcs7-signedData` (1.2.840.113549.1.7.2) in DER.
const SIGNED_DATA: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
/// `pkcs7` (1.2.840.113549.1.7) in DER, without its last number.
const PKCS7_TYPES: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07];
/// The version number of a PKCS#12 file in DER.
const VERSION_3: &[u8] = &[0x02, 0x01, 0x03];

/// Tells of a value that is such a container.
pub(super) fn read(value: &[u8], found: &mut Found) -> bool {
    let reason = match value {
        [0x30, ..] if is_pkcs12(value) => PKCS12,
        [0x30, ..] if inside_sequence(value).is_some_and(|fields| fields.starts_with(SIGNED_DATA)) => PKCS7,
        [0xfe, 0xed, 0xfe, 0xed, ..] | [0xce, 0xce, 0xce, 0xce, ..] => JAVA,
        _ if is_openpgp_key(value) => OPENPGP,
        _ => return false,
    };
    found.unread(reason);
    true
}

fn is_pkcs12(value: &[u8]) -> bool {
    let content = || inside_sequence(inside_sequence(value)?.strip_prefix(VERSION_3)?);
    content().is_some_and(|content| content.starts_with(PKCS7_TYPES))
}

/// What follows the header of a sequence in BER, also of one whose length is left open.
fn inside_sequence(bytes: &[u8]) -> Option<&[u8]> {
    let (length, rest) = bytes.strip_prefix(&[0x30])?.split_first()?;
    let more = if *length > 0x80 { usize::from(length & 0x7f) } else { 0 };
    rest.get(more..)
}

/// Whether a value begins with the packet of a key (RFC 9580), and whole packets follow to its end.
fn is_openpgp_key(value: &[u8]) -> bool {
    let Some((tag, body, mut rest)) = openpgp_packet(value) else { return false };
    // A secret or a public key of version 2 to 6, and the first of its algorithms.
    let is_key = matches!(tag, 5 | 6)
        && matches!(body, [2..=6, _, _, _, _, algorithm, ..] if *algorithm <= 35)
        && body.len() >= 20;
    if !is_key || rest.is_empty() {
        return false;
    }
    while let Some((_, _, after)) = openpgp_packet(rest) {
        rest = after;
    }
    rest.is_empty()
}

/// Takes one packet off the front: tag, body, rest.
fn openpgp_packet(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let (tag, length, rest) = if first & 0xc0 == 0xc0 {
        let (length, rest) = match rest {
            [one @ 0..=191, rest @ ..] => (usize::from(*one), rest),
            [one @ 192..=223, two, rest @ ..] => {
                ((usize::from(*one) - 192) * 256 + usize::from(*two) + 192, rest)
            }
            [255, a, b, c, d, rest @ ..] => (big_endian(&[*a, *b, *c, *d]), rest),
            _ => return None,
        };
        (first & 0x3f, length, rest)
    } else if first & 0xc0 == 0x80 {
        let width = match first & 3 {
            0 => 1,
            1 => 2,
            2 => 4,
            _ => return None,
        };
        let (length, rest) = rest.split_at_checked(width)?;
        ((first >> 2) & 0xf, big_endian(length), rest)
    } else {
        return None;
    };
    let (body, rest) = rest.split_at_checked(length)?;
    Some((tag, body, rest))
}

fn big_endian(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |number, byte| (number << 8) | usize::from(*byte))
}
