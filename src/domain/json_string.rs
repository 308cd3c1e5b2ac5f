//! Strings in JSON, their escapes resolved one by one: whoever reads secrets keeps no buffer beside their own.

use super::value::Value;
use super::wiped_text::Text;

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

/// What a string stands for, which is written with its quotes. The buffer never grows: escapes are longer than what they
/// stand for. `None` where it is no string, or has half of a surrogate pair.
pub fn value(raw: &str) -> Option<Value> {
    let raw = raw.strip_prefix('"')?.strip_suffix('"')?;
    let mut text = Text::with_capacity(raw.len());
    let mut rest = raw.as_bytes();
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        let (plain, after) = rest.split_at_checked(at)?;
        text.push(plain);
        let (c, after) = unescape(after.get(1..)?)?;
        text.push_char(c);
        rest = after;
    }
    text.push(rest);
    Some(Value::new(text.into_bytes()))
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
            ("\"", '"', ""),
            ("\\", '\\', ""),
            ("b", '\u{8}', ""),
            ("f", '\u{c}', ""),
            ("r", '\r', ""),
            ("t", '\t', ""),
            (r"ud800\udc00", '\u{10000}', ""),
            (r"udbff\udfff", '\u{10ffff}', ""),
            ("u00e41", '\u{e4}', "1"),
            (r"ud83d\ude00.", '\u{1f600}', "."),
            ("u0000", '\0', ""),
        ] {
            assert_eq!(unescape(text.as_bytes()), Some((c, rest.as_bytes())), "{text}");
        }
        for bad in ["", "x", "u12", "u12g4", "ud83d", r"ud83d\u0041", r"ud83d\ue000", "ude00"] {
            assert_eq!(unescape(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn a_string_becomes_a_value() {
        for (raw, bytes) in
            [(r#""""#, ""), (r#""plain""#, "plain"), (r#""-----\n\n\"\u00e4\\x""#, "-----\n\n\"\u{e4}\\x")]
        {
            assert!(value(raw).unwrap().same_as(&Value::new(bytes.as_bytes().to_vec())), "{raw}");
        }
        for bad in ["12", "null", r#""a"#, r#""\ud83d""#] {
            assert!(value(bad).is_none(), "{bad}");
        }
    }
}
