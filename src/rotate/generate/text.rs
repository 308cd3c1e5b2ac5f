//! Random text and bytes.

use zeroize::Zeroizing;

use super::super::RotateError;
use super::random::{self, Draw};
use crate::domain::rotator::{Alphabet, Encoding};
use crate::domain::value::Value;
use crate::domain::wiped_text::Text;

const HEX: &[u8; 16] = b"0123456789abcdef";

/// So many signs, each drawn from the alphabet.
pub fn text(length: usize, alphabet: &Alphabet) -> Result<Value, RotateError> {
    let signs = alphabet.signs();
    let mut draw = Draw::new(u8::try_from(signs.len()).unwrap_or(u8::MAX));
    let mut text = Text::with_capacity(length);
    for _ in 0..length {
        text.push(signs.get(draw.next()?).map(std::slice::from_ref).unwrap_or_default());
    }
    Ok(Value::new(text.into_bytes()))
}

pub fn bytes(length: usize, encoding: Encoding) -> Result<Value, RotateError> {
    let mut bytes = Zeroizing::new(vec![0; length]);
    random::fill(&mut bytes)?;
    Ok(match encoding {
        Encoding::Raw => Value::new(std::mem::take(&mut *bytes)),
        Encoding::Hex => {
            let mut text = Text::with_capacity(length * 2);
            push_hex(&mut text, &bytes);
            Value::new(text.into_bytes())
        }
        Encoding::Base64 => {
            let mut text = Text::with_capacity(length.div_ceil(3) * 4);
            text.push_base64(&bytes);
            Value::new(text.into_bytes())
        }
    })
}

/// A UUID of version 4 (RFC 9562, section 5.4): 122 bits of it are random.
pub fn uuid() -> Result<Value, RotateError> {
    let mut bytes = random::bytes::<16>()?;
    let [_, _, _, _, _, _, version, _, variant, ..] = &mut *bytes;
    *version = *version & 0x0f | 0x40;
    *variant = *variant & 0x3f | 0x80;
    let mut text = Text::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push(b"-");
        }
        push_hex(&mut text, std::slice::from_ref(byte));
    }
    Ok(Value::new(text.into_bytes()))
}

fn push_hex(text: &mut Text, bytes: &[u8]) {
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            text.push(HEX.get(usize::from(digit)).map(std::slice::from_ref).unwrap_or_default());
        }
    }
}

/// A block of PEM (RFC 7468).
pub fn push_pem(text: &mut Text, label: &str, der: &[u8]) {
    text.push_str(&format!("-----BEGIN {label}-----\n"));
    for line in der.chunks(48) {
        text.push_base64(line);
        text.push(b"\n");
    }
    text.push_str(&format!("-----END {label}-----\n"));
}
