//! The header of a sealed file: what anybody can see of it without an identity (C2SP age, "header").
//!
//! Stricter than most implementations (the legacy form of stanzas whose body fills its last line is refused), so
//! that whatever passes here is read by all of them in the same way.

use age_core::format::FileKey;
use age_core::primitives::hkdf;
use age_core::secrecy::ExposeSecret as _;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::binding;
use super::stanza::COLUMNS;
use crate::domain::digest::Digest;
use crate::domain::facts::{Binding, SealedFile, Stanza};

/// The longest header that is looked at, in bytes.
const MAX_HEADER_BYTES: usize = 4 * 1024 * 1024;
/// The most stanzas and arguments together, so that a hostile header can't fill the memory.
const MAX_WORDS: usize = 65_536;

const MAGIC: &[u8] = b"age-encryption.org/";
const VERSION_LINE: &[u8] = b"age-encryption.org/v1";
const ARMOR_LINE: &[u8] = b"-----BEGIN AGE ENCRYPTED FILE-----";
const NONCE_BYTES: usize = 16;
const TAG_BYTES: usize = 16;
/// Plaintext bytes of a full chunk of the payload.
pub(super) const CHUNK_BYTES: usize = 64 * 1024;

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

/// Reads what anybody can see of a sealed file. The file's own digest covers all of it; the payload is not read
/// beyond its length.
pub fn inspect(bytes: &[u8]) -> Result<SealedFile, HeaderError> {
    let header = Header::parse(bytes)?;
    let binding = header.binding();
    let stanzas = header.stanzas.iter().filter(|stanza| stanza.kind() != binding::STANZA_TYPE);
    let stanzas = stanzas
        .map(|stanza| Stanza {
            kind: stanza.kind().to_owned(),
            args: stanza.arguments().map(str::to_owned).collect(),
            digest: Digest::of(stanza.encoded),
        })
        .collect();
    Ok(SealedFile { digest: Digest::of(bytes), stanzas, binding })
}

/// Writes a header from encoded stanzas, with its MAC.
pub(super) fn encode<'a>(stanzas: impl IntoIterator<Item = &'a [u8]>, file_key: &FileKey) -> Vec<u8> {
    let mut header = [VERSION_LINE, b"\n"].concat();
    for stanza in stanzas {
        header.extend_from_slice(stanza);
    }
    header.extend_from_slice(b"---");
    let mac = mac(file_key, &header);
    header.push(b' ');
    header.extend_from_slice(BASE64_STANDARD_NO_PAD.encode(mac).as_bytes());
    header.push(b'\n');
    header
}

fn mac(file_key: &FileKey, covered: &[u8]) -> [u8; 32] {
    let key = Zeroizing::new(hkdf(&[], b"header", file_key.expose_secret()));
    // `new` takes keys of one block; ours is half of one, and HMAC fills up with zeros.
    let mut block = Zeroizing::new([0; 64]);
    for (slot, byte) in block.iter_mut().zip(key.iter()) {
        *slot = *byte;
    }
    let mut mac = Hmac::<Sha256>::new((&*block).into());
    mac.update(covered);
    mac.finalize().into_bytes().into()
}

/// A header, borrowed from the file's bytes.
pub(super) struct Header<'a> {
    stanzas: Vec<RawStanza<'a>>,
    /// From the first byte of the file through the line feed after the MAC.
    pub length: usize,
    /// Nonce and encrypted chunks.
    pub payload: &'a [u8],
}

struct RawStanza<'a> {
    /// From `-> ` through the last line feed of the body.
    encoded: &'a [u8],
    /// Type and arguments, separated by single spaces.
    words: &'a str,
    /// The body where it has 32 bytes, as that of a binding stanza has.
    body_of_32: Option<[u8; 32]>,
}

impl<'a> RawStanza<'a> {
    fn kind(&self) -> &'a str {
        self.words.split(' ').next().unwrap_or_default()
    }

    fn arguments(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.words.split(' ').skip(1)
    }
}

impl<'a> Header<'a> {
    pub fn parse(bytes: &'a [u8]) -> Result<Self, HeaderError> {
        let mut lines = Lines { bytes, position: 0 };
        first_line(&mut lines)?;
        let mut stanzas = Vec::new();
        let mut words_left = MAX_WORDS;
        loop {
            let start = lines.position;
            let line = lines.next()?;
            if let Some(mac) = line.strip_prefix(b"---") {
                let mac = mac.strip_prefix(b" ").ok_or(HeaderError::Malformed("its last line has no MAC"))?;
                if decode_line(mac, &mut [0; 48])? != 32 {
                    return Err(HeaderError::Malformed("its MAC is not 32 bytes long"));
                }
                break;
            }
            let words = line.strip_prefix(b"-> ").ok_or(HeaderError::Malformed("a stanza was expected"))?;
            let words = check_words(words, &mut words_left)?;
            let body_of_32 = read_body(&mut lines)?;
            let encoded = bytes.get(start..lines.position).unwrap_or_default();
            stanzas.push(RawStanza { encoded, words, body_of_32 });
        }
        check_stanzas(&stanzas)?;
        let payload = bytes.get(lines.position..).unwrap_or_default();
        check_payload_length(payload.len())?;
        Ok(Self { stanzas, length: lines.position, payload })
    }

    fn binding(&self) -> Binding {
        let is_binding = |stanza: &&RawStanza<'_>| stanza.kind() == binding::STANZA_TYPE;
        match self.stanzas.iter().filter(is_binding).count() {
            0 => return Binding::Absent,
            1 => {}
            _ => return Binding::Malformed("there is more than one binding stanza"),
        }
        let Some(first) = self.stanzas.first().filter(is_binding) else {
            return Binding::Malformed("the binding stanza is not the first one");
        };
        let mut arguments = first.arguments();
        if arguments.next() != Some(binding::STANZA_VERSION) {
            return Binding::Malformed("the binding stanza is of a version other than v1");
        }
        let salt = arguments.next().and_then(|salt| BASE64_STANDARD_NO_PAD.decode(salt).ok());
        if salt.is_none_or(|salt| salt.len() != super::derivation::SALT_BYTES) || arguments.next().is_some() {
            return Binding::Malformed("the binding stanza does not hold one salt of 32 bytes");
        }
        match first.body_of_32 {
            Some(digest) => Binding::Bound(Digest::from_bytes(digest)),
            None => Binding::Malformed("the binding stanza does not hold a digest of 32 bytes"),
        }
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

/// Reads a body: full lines, then one short line. Returns the bytes where there are 32.
fn read_body(lines: &mut Lines<'_>) -> Result<Option<[u8; 32]>, HeaderError> {
    let mut decoded = [0; 48];
    let mut is_one_line = true;
    loop {
        let line = lines.next()?;
        let length = decode_line(line, &mut decoded)?;
        if line.len() < COLUMNS {
            return Ok(decoded.first_chunk().filter(|_| is_one_line && length == 32).copied());
        }
        is_one_line = false;
    }
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
    if stanzas.len() > 1 && stanzas.iter().any(|stanza| stanza.kind() == "scrypt") {
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
