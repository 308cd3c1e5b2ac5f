//! Strings in JSON, their escapes resolved one by one: whoever reads secrets keeps no buffer beside their own.

use zeroize::Zeroizing;

use super::value::Value;

/// What a string in JSON says, given with its quotation marks; `None` where it is none. The buffer never grows: escapes are
/// longer than what they stand for.
pub fn value(raw: &str) -> Option<Value> {
    let raw = raw.strip_prefix('"')?.strip_suffix('"')?;
    let mut text = Zeroizing::new(Vec::with_capacity(raw.len()));
    let mut rest = raw.as_bytes();
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        let (plain, after) = rest.split_at_checked(at)?;
        text.extend_from_slice(plain);
        let (c, after) = unescape(after.get(1..)?)?;
        text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        rest = after;
    }
    text.extend_from_slice(rest);
    Some(Value::new(std::mem::take(&mut *text)))
}

/// What an escape stands for, and what follows it. `bytes` begin behind the backslash.
pub fn unescape(bytes: &[u8]) -> Option<(char, &[u8])> {
    let (kind, rest) = bytes.split_first()?;
    let plain = match kind {
        b'"' | b'\\' | b'/' => char::from(*kind),
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => {
            let (unit, rest) = code_unit(rest)?;
            return match unit {
                0xD800..=0xDBFF => {
                    let (low, rest) = code_unit(rest.strip_prefix(b"\\u")?)?;
                    let low = low.checked_sub(0xDC00).filter(|low| *low < 0x400)?;
                    Some((char::from_u32(0x1_0000 + ((unit - 0xD800) << 10) + low)?, rest))
                }
                other => Some((char::from_u32(other)?, rest)),
            };
        }
        _ => return None,
    };
    Some((plain, rest))
}

fn code_unit(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (digits, rest) = bytes.split_at_checked(4)?;
    let unit = digits.iter().try_fold(0, |unit, digit| Some(unit * 16 + char::from(*digit).to_digit(16)?))?;
    Some((unit, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes() {
        for (text, c, rest) in [
            ("nx", '\n', "x"),
            ("/", '/', ""),
            ("u00e41", '\u{e4}', "1"),
            (r"ud83d\ude00.", '\u{1f600}', "."),
            ("u0000", '\0', ""),
        ] {
            assert_eq!(unescape(text.as_bytes()), Some((c, rest.as_bytes())), "{text}");
        }
        for bad in ["", "x", "u12", "u12g4", "ud83d", r"ud83d\u0041", "ude00"] {
            assert_eq!(unescape(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn strings() {
        for (raw, said) in [("\"\"", ""), (r#""a\u002Bb\"c""#, "a+b\"c"), (r#""\u00e4\n""#, "\u{e4}\n")] {
            assert_eq!(value(raw).unwrap().expose(), said.as_bytes(), "{raw}");
        }
        for bad in ["", "a", "12", "null", r#""a"#, r#""\ud83d""#] {
            assert!(value(bad).is_none(), "{bad}");
        }
    }
}
