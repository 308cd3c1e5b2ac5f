//! The header's MAC (C2SP age, "header MAC"): whoever knows the file key can make it, and nobody else.

use age_core::format::FileKey;
use age_core::primitives::hkdf;
use age_core::secrecy::ExposeSecret as _;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::header::{Header, VERSION_LINE};

/// With what the last line of a header begins.
pub const MARK: &[u8] = b"---";
/// Of the MAC.
pub const BYTES: usize = 32;

/// Writes a header from encoded stanzas, with its MAC.
pub fn seal<'a>(stanzas: impl IntoIterator<Item = &'a [u8]>, file_key: &FileKey) -> Vec<u8> {
    let mut header = [VERSION_LINE, b"\n"].concat();
    for stanza in stanzas {
        header.extend_from_slice(stanza);
    }
    header.extend_from_slice(MARK);
    let mac = of(file_key, &header).finalize().into_bytes();
    header.push(b' ');
    header.extend_from_slice(BASE64_STANDARD_NO_PAD.encode(mac).as_bytes());
    header.push(b'\n');
    header
}

/// Whether it is this file key that the header was written with. Takes the same time whatever the answer is.
pub fn verifies(header: &Header<'_>, file_key: &FileKey) -> bool {
    of(file_key, header.covered).verify_slice(&header.mac).is_ok()
}

fn of(file_key: &FileKey, covered: &[u8]) -> Hmac<Sha256> {
    let key = Zeroizing::new(hkdf(&[], b"header", file_key.expose_secret()));
    // `new` takes keys of one block; ours is half of one, and HMAC fills up with zeros.
    let mut block = Zeroizing::new([0; 64]);
    for (slot, byte) in block.iter_mut().zip(key.iter()) {
        *slot = *byte;
    }
    let mut mac = Hmac::<Sha256>::new((&*block).into());
    mac.update(covered);
    mac
}
