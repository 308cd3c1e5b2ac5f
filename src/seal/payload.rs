//! Decrypting an age file into a buffer of our own, of the right size from the start.

use std::borrow::Cow;
use std::io::{self, BufRead, Read};

use age::armor::ArmoredReader;
use age_core::format::{FileKey, Stanza};
use age_core::secrecy::ExposeSecret as _;
use zeroize::Zeroizing;

use super::header::{self, Header, HeaderError};
use super::stanza;

/// Why an age file could not be decrypted.
#[derive(Debug)]
pub enum PayloadError {
    Header(HeaderError),
    /// The plaintext is larger than the caller takes.
    TooLarge,
    /// The age crate refused; what it says of the header was said before.
    Age(age::DecryptError),
}

impl From<age::DecryptError> for PayloadError {
    fn from(error: age::DecryptError) -> Self {
        Self::Age(error)
    }
}

/// The binary form of an age file. An armored one is decoded, others are left as they are.
pub fn dearmor(bytes: &[u8]) -> Result<Cow<'_, [u8]>, HeaderError> {
    if !header::is_armored(bytes) {
        return Ok(Cow::Borrowed(bytes));
    }
    let mut binary = Vec::with_capacity(bytes.len());
    // The armored text bounds what comes out of it.
    match ArmoredReader::new(bytes).read_to_end(&mut binary) {
        Ok(_) => Ok(Cow::Owned(binary)),
        Err(_) => Err(HeaderError::Malformed("its armor is damaged")),
    }
}

/// Decrypts a binary age file of at most `most` bytes of plaintext. The crate verifies the header's MAC first.
pub fn decrypt(
    bytes: &[u8],
    identity: &dyn age::Identity,
    most: usize,
) -> Result<Zeroizing<Vec<u8>>, PayloadError> {
    let header = Header::parse(bytes).map_err(PayloadError::Header)?;
    let size = header::plaintext_length(header.payload.len()).map_err(PayloadError::Header)?;
    if size > most {
        return Err(PayloadError::TooLarge);
    }
    let whole_header = HeaderFirst { header: header.length, rest: bytes };
    read_all(whole_header, identity, size)
}

/// Decrypts nonce and chunks with a file key for which the header's MAC was verified before.
///
/// The crate knows files only, so it is handed a header of one line: the payload depends on the file key alone.
pub fn decrypt_with(
    file_key: &FileKey,
    payload: &[u8],
    most: usize,
) -> Result<Zeroizing<Vec<u8>>, PayloadError> {
    let size = header::plaintext_length(payload.len()).map_err(PayloadError::Header)?;
    if size > most {
        return Err(PayloadError::TooLarge);
    }
    let stanza = stanza::encode("known", &[""; 0], &[]);
    let header = header::write([stanza.as_slice()], file_key);
    read_all(header.chain(payload), &Known(file_key), size)
}

/// Hands a file key out.
struct Known<'a>(&'a FileKey);

impl age::Identity for Known<'_> {
    fn unwrap_stanza(&self, _: &Stanza) -> Option<Result<FileKey, age::DecryptError>> {
        let copy = FileKey::init_with_mut(|copy| copy.copy_from_slice(self.0.expose_secret()));
        Some(Ok(copy))
    }
}

fn read_all(
    file: impl BufRead,
    identity: &dyn age::Identity,
    size: usize,
) -> Result<Zeroizing<Vec<u8>>, PayloadError> {
    let mut reader = age::Decryptor::new_buffered(file)?.decrypt(std::iter::once(identity))?;
    // Allocated once: a buffer that grows leaves copies of the plaintext behind.
    let mut plaintext = Zeroizing::new(vec![0; size]);
    let read = reader.read_exact(&mut plaintext).and_then(|()| reader.read(&mut [0]));
    match read.map_err(age::DecryptError::Io)? {
        0 => Ok(plaintext),
        _ => Err(PayloadError::Header(HeaderError::Truncated)),
    }
}

/// Gives the crate's parser the whole header as its first "line". Line by line it would start over at each of
/// them, and a long header would take the square of its length.
struct HeaderFirst<'a> {
    /// Bytes of the header that were not given out yet.
    header: usize,
    rest: &'a [u8],
}

impl Read for HeaderFirst<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.rest.read(into)
    }
}

impl BufRead for HeaderFirst<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        Ok(self.rest)
    }

    fn consume(&mut self, amount: usize) {
        self.rest.consume(amount);
    }

    fn read_until(&mut self, delimiter: u8, into: &mut Vec<u8>) -> io::Result<usize> {
        match std::mem::take(&mut self.header) {
            0 => self.rest.read_until(delimiter, into),
            header => self.rest.by_ref().take(header as u64).read_to_end(into),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_comes_in_one_piece_and_what_follows_as_it_is_asked_for() {
        let mut reader = HeaderFirst { header: 4, rest: b"a\nb\nc\nde" };
        let mut line = Vec::new();
        assert_eq!(reader.read_until(b'\n', &mut line).unwrap(), 4);
        assert_eq!(line, b"a\nb\n");
        assert_eq!(reader.fill_buf().unwrap(), b"c\nde");
        reader.consume(1);
        assert_eq!(reader.read_until(b'\n', &mut line).unwrap(), 1);
        assert_eq!(line, b"a\nb\n\n");
        let mut rest = [0; 4];
        assert_eq!(reader.read(&mut rest).unwrap(), 2);
        assert_eq!(&rest[..2], b"de");
        assert_eq!(reader.fill_buf().unwrap(), b"");
    }
}
