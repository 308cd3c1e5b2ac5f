//! Blocks between `-----BEGIN …-----` and `-----END …-----` (RFC 7468), wherever they stand in a text.

use zeroize::Zeroizing;

use super::base64;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// The longest label that is known is half as long.
const MOST_LABEL: usize = 64;

/// A block as it stands in the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block<'a> {
    pub(super) label: &'a str,
    /// What stands between the lines.
    pub(super) body: &'a str,
    /// Whether the line that ends it is there.
    pub(super) is_whole: bool,
}

impl Block<'_> {
    /// Whether there is more between the lines than a text that speaks of such blocks would put there. A certificate
    /// begins with `MI`, or is too short to hold a key.
    pub(super) fn is_filled(self) -> bool {
        let body = self.body.trim_start().trim_start_matches(r"\r").trim_start_matches(r"\n");
        body.starts_with("MI") || base64::has_long_run(body)
    }

    /// The bytes it stands for. Line ends may be written out (`\n`), as in JSON, in a `.env` file and in source code.
    pub(super) fn decode(self) -> Option<Zeroizing<Vec<u8>>> {
        base64::decode(&unescaped(self.body)?)
    }
}

/// Hands over every block of a text, also one that breaks off.
pub(super) fn each_block(text: &str, mut each: impl FnMut(Block<'_>)) {
    let mut rest = text;
    while let Some(start) = rest.find(BEGIN) {
        rest = rest.get(start.saturating_add(BEGIN.len())..).unwrap_or_default();
        let Some((label, body)) = split_label(rest) else { continue };
        let end = body.find(DASHES).unwrap_or(body.len());
        let (body, after) = body.split_at_checked(end).unwrap_or((body, ""));
        rest = after;
        let is_whole = after
            .strip_prefix(END)
            .and_then(|after| after.strip_prefix(label))
            .is_some_and(|after| after.starts_with(DASHES));
        each(Block { label, body, is_whole });
    }
}

/// `CERTIFICATE-----…` as `CERTIFICATE` and what follows.
fn split_label(text: &str) -> Option<(&str, &str)> {
    let is_of_label = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit() || matches!(b, b' ' | b'#');
    let length = text.bytes().take(MOST_LABEL).take_while(is_of_label).count();
    let (label, rest) = text.split_at_checked(length)?;
    Some((label, rest.strip_prefix(DASHES)?))
}

/// The text without what escapes in JSON and shells stand for. `None`: an escape that base64 has no use for.
fn unescaped(body: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut plain = Zeroizing::new(Vec::with_capacity(body.len()));
    let mut rest = body.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'\\' {
            plain.push(*first);
            continue;
        }
        match rest {
            [b'n' | b'r' | b't' | b'\n' | b'\r', after @ ..] => rest = after,
            [b'/', after @ ..] => {
                plain.push(b'/');
                rest = after;
            }
            // `\\n`: escaped twice.
            [b'\\', ..] => {}
            [b'u', digits @ ..] => {
                let (digits, after) = digits.split_first_chunk::<4>()?;
                let code = u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
                plain.push(u8::try_from(code).ok()?);
                rest = after;
            }
            _ => return None,
        }
    }
    Some(plain)
}
