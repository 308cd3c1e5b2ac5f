//! The header of a sealed file (C2SP age, "header").
//!
//! Stricter than most implementations (the legacy form of stanzas whose body fills its last line is refused), so
//! that whatever passes here is read by all of them in the same way.

use age_core::format::FileKey;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;

use super::mac;
use super::stanza::{self, COLUMNS};
use crate::domain::digest::Digest;
use crate::domain::facts::Stanza;

/// The longest header that is looked at, in bytes.
const MAX_HEADER_BYTES: usize = 4 * 1024 * 1024;
/// The most stanzas and arguments together, so that a hostile header can't fill the memory.
const MAX_WORDS: usize = 65_536;

const MAGIC: &[u8] = b"age-encryption.org/";
/// The first line of a binary age file.
pub(super) const VERSION_LINE: &[u8] = b"age-encryption.org/v1";
const ARMOR_LINE: &[u8] = b"-----BEGIN AGE ENCRYPTED FILE-----";
/// The type of a stanza that a passphrase opens.
const PASSPHRASE_TYPE: &str = "scrypt";
const NONCE_BYTES: usize = 16;
const TAG_BYTES: usize = 16;
/// Plaintext bytes of a full chunk of the payload.
const CHUNK_BYTES: usize = 64 * 1024;

/// Why bytes are no sealed file. The caller names the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    #[error("the file is empty: restore it from git")]
    Empty,
    #[error("this is no age file")]
    NotAge,
    #[error(
        "this is an armored age file, and the store keeps binary ones: open it with `age -d`, and add its value with `secrets add`"
    )]
    Armored,
    #[error("this is an age file of a version other than v1: upgrade secrets")]
    Version,
    #[error(
        "the age file has Windows line endings: git changed its bytes; restore it, and keep the store's .gitattributes"
    )]
    LineEndings,
    #[error("the age file is cut short: restore it from git")]
    Truncated,
    #[error("the header of the age file is malformed: {0}; restore it from git")]
    Malformed(&'static str),
    #[error("the header of the age file is larger than {MAX_HEADER_BYTES} bytes or {MAX_WORDS} words")]
    TooLarge,
}

/// Whether bytes begin like an age file, binary or armored.
pub fn looks_like_age(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC) || is_armored(bytes)
}

pub(super) fn is_armored(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().starts_with(ARMOR_LINE)
}

/// Whether a passphrase opens a binary age file.
pub(super) fn is_by_passphrase(bytes: &[u8]) -> Result<bool, HeaderError> {
    Ok(Header::parse(bytes)?.stanzas.iter().any(|stanza| stanza.kind() == PASSPHRASE_TYPE))
}

/// A header, borrowed from the file's bytes.
pub(super) struct Header<'a> {
    pub stanzas: Vec<RawStanza<'a>>,
    /// What the MAC is of: from the first byte of the file through `---`.
    pub covered: &'a [u8],
    pub mac: [u8; mac::BYTES],
    /// From the first byte of the file through the line feed after the MAC.
    pub length: usize,
    /// Nonce and encrypted chunks.
    pub payload: &'a [u8],
}

pub(super) struct RawStanza<'a> {
    /// From `-> ` through the last line feed of the body.
    pub encoded: &'a [u8],
    /// Type and arguments, separated by single spaces.
    words: &'a str,
    /// Lines of base64, the last one short, each with its line feed.
    body: &'a [u8],
}

/// Writes a header from encoded stanzas, with its MAC.
pub(super) fn write<'a>(stanzas: impl IntoIterator<Item = &'a [u8]>, file_key: &FileKey) -> Vec<u8> {
    let mut header = [VERSION_LINE, b"\n"].concat();
    for stanza in stanzas {
        header.extend_from_slice(stanza);
    }
    header.extend_from_slice(mac::MARK);
    let mac = mac::of(&header, file_key);
    header.push(b' ');
    header.extend_from_slice(BASE64_STANDARD_NO_PAD.encode(mac).as_bytes());
    header.push(b'\n');
    header
}

impl<'a> RawStanza<'a> {
    pub fn kind(&self) -> &'a str {
        self.words.split(' ').next().unwrap_or_default()
    }

    pub fn arguments(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.words.split(' ').skip(1)
    }

    /// The body's bytes.
    pub fn body(&self) -> Result<Vec<u8>, HeaderError> {
        let mut decoded = Vec::with_capacity(self.body.len());
        for line in self.body.split(|byte| *byte == b'\n') {
            let mut bytes = [0; 48];
            let length = decode_line(line, &mut bytes)?;
            decoded.extend_from_slice(bytes.get(..length).unwrap_or_default());
        }
        Ok(decoded)
    }

    /// What of it is a fact for others.
    pub fn seen(&self) -> Stanza {
        Stanza {
            kind: self.kind().to_owned(),
            args: self.arguments().map(str::to_owned).collect(),
            digest: Digest::of(self.encoded),
        }
    }
}

impl<'a> Header<'a> {
    pub fn parse(bytes: &'a [u8]) -> Result<Self, HeaderError> {
        let mut lines = Lines { bytes, position: 0 };
        first_line(&mut lines)?;
        let mut stanzas = Vec::new();
        let mut words_left = MAX_WORDS;
        let slice = |from: usize, to: usize| bytes.get(from..to).unwrap_or_default();
        let (covered, mac) = loop {
            let start = lines.position;
            let line = lines.next()?;
            if let Some(mac) = line.strip_prefix(mac::MARK) {
                break (slice(0, start + mac::MARK.len()), read_mac(mac)?);
            }
            let words = line.strip_prefix(b"-> ").ok_or(HeaderError::Malformed("a stanza was expected"))?;
            let words = check_words(words, &mut words_left)?;
            let body = lines.position;
            check_body(&mut lines)?;
            let (encoded, body) = (slice(start, lines.position), slice(body, lines.position));
            stanzas.push(RawStanza { encoded, words, body });
        };
        check_stanzas(&stanzas)?;
        let payload = bytes.get(lines.position..).unwrap_or_default();
        check_payload_length(payload.len())?;
        Ok(Self { stanzas, covered, mac, length: lines.position, payload })
    }

    /// The stanzas decoded, if encoding them again gives this very header; `None` if it does not, so that another
    /// reader of the file could see another header in it.
    pub fn decoded(&self) -> Result<Option<Vec<age_core::format::Stanza>>, HeaderError> {
        let mut again = [VERSION_LINE, b"\n"].concat();
        let mut decoded = Vec::with_capacity(self.stanzas.len());
        for raw in &self.stanzas {
            let (tag, args) = (raw.kind().to_owned(), raw.arguments().map(str::to_owned).collect());
            let stanza = age_core::format::Stanza { tag, args, body: raw.body()? };
            again.extend_from_slice(&stanza::encode(&stanza.tag, &stanza.args, &stanza.body));
            decoded.push(stanza);
        }
        again.extend_from_slice(mac::MARK);
        Ok((again == self.covered).then_some(decoded))
    }
}

struct Lines<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Lines<'a> {
    /// The next line, without its line feed.
    fn next(&mut self) -> Result<&'a [u8], HeaderError> {
        let end = self.bytes.len().min(MAX_HEADER_BYTES);
        let rest = self.bytes.get(self.position..end).unwrap_or_default();
        let Some(length) = rest.iter().position(|byte| *byte == b'\n') else {
            let cut = if self.bytes.len() > MAX_HEADER_BYTES {
                HeaderError::TooLarge
            } else {
                HeaderError::Truncated
            };
            return Err(cut);
        };
        self.position += length + 1;
        Ok(rest.get(..length).unwrap_or_default())
    }
}

fn first_line(lines: &mut Lines<'_>) -> Result<(), HeaderError> {
    let bytes = lines.bytes;
    if bytes.is_empty() {
        return Err(HeaderError::Empty);
    }
    if is_armored(bytes) {
        return Err(HeaderError::Armored);
    }
    if !bytes.starts_with(MAGIC) {
        return Err(if MAGIC.starts_with(bytes) { HeaderError::Truncated } else { HeaderError::NotAge });
    }
    match lines.next()? {
        VERSION_LINE => Ok(()),
        line if line.strip_suffix(b"\r") == Some(VERSION_LINE) => Err(HeaderError::LineEndings),
        _ => Err(HeaderError::Version),
    }
}

/// Type and arguments: one or more "arbitrary strings", each of visible ASCII and not empty.
fn check_words<'a>(words: &'a [u8], left: &mut usize) -> Result<&'a str, HeaderError> {
    let malformed = HeaderError::Malformed("a stanza's type or argument is empty or not visible ASCII");
    for word in words.split(|byte| *byte == b' ') {
        *left = left.checked_sub(1).ok_or(HeaderError::TooLarge)?;
        if word.is_empty() || !word.iter().all(u8::is_ascii_graphic) {
            return Err(malformed);
        }
    }
    std::str::from_utf8(words).map_err(|_| malformed)
}

/// Goes past a body: full lines, then one short line.
fn check_body(lines: &mut Lines<'_>) -> Result<(), HeaderError> {
    loop {
        let line = lines.next()?;
        decode_line(line, &mut [0; 48])?;
        if line.len() < COLUMNS {
            return Ok(());
        }
    }
}

/// The rest of the last line, behind its mark.
fn read_mac(rest: &[u8]) -> Result<[u8; mac::BYTES], HeaderError> {
    let encoded = rest.strip_prefix(b" ").ok_or(HeaderError::Malformed("its last line has no MAC"))?;
    let mut decoded = [0; 48];
    let length = decode_line(encoded, &mut decoded)?;
    let mac = decoded.first_chunk().filter(|_| length == mac::BYTES);
    mac.copied().ok_or(HeaderError::Malformed("its MAC is not 32 bytes long"))
}

/// Decodes one line of canonical base64 and returns how many bytes it holds.
fn decode_line(line: &[u8], into: &mut [u8; 48]) -> Result<usize, HeaderError> {
    if line.len() > COLUMNS {
        return Err(HeaderError::Malformed("a line of base64 is longer than 64 characters"));
    }
    BASE64_STANDARD_NO_PAD
        .decode_slice(line, into)
        .map_err(|_| HeaderError::Malformed("a line is not canonical base64"))
}

fn check_stanzas(stanzas: &[RawStanza<'_>]) -> Result<(), HeaderError> {
    if stanzas.is_empty() {
        return Err(HeaderError::Malformed("it has no stanza"));
    }
    if stanzas.len() > 1 && stanzas.iter().any(|stanza| stanza.kind() == PASSPHRASE_TYPE) {
        return Err(HeaderError::Malformed("a passphrase stands beside other stanzas"));
    }
    Ok(())
}

/// A payload is a nonce and one or more chunks, of which only the last may be short, and only a sole one empty.
fn check_payload_length(length: usize) -> Result<(), HeaderError> {
    plaintext_length(length).map(|_| ())
}

/// How many bytes a payload of this length decrypts to.
pub(super) fn plaintext_length(payload: usize) -> Result<usize, HeaderError> {
    let chunks = payload.checked_sub(NONCE_BYTES).ok_or(HeaderError::Truncated)?;
    let last = chunks % (CHUNK_BYTES + TAG_BYTES);
    let full = chunks / (CHUNK_BYTES + TAG_BYTES) * CHUNK_BYTES;
    match (full, last) {
        (0, TAG_BYTES) => Ok(0),
        (0, 0) | (_, 1..=TAG_BYTES) => Err(HeaderError::Truncated),
        (_, 0) => Ok(full),
        (_, _) => Ok(full + last - TAG_BYTES),
    }
}

#[cfg(test)]
mod tests;
