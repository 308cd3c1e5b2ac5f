//! The header's MAC (C2SP age, "header MAC"): whoever knows the file key can make it, and nobody else.

use age_core::format::FileKey;
use age_core::primitives::hkdf;
use age_core::secrecy::ExposeSecret as _;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

/// With what the last line of a header begins.
pub const MARK: &[u8] = b"---";
/// Of the MAC.
pub const BYTES: usize = 32;

/// Whether it is this file key that the header was written with. Takes the same time whatever the answer is.
pub fn verifies(covered: &[u8], mac: &[u8; BYTES], file_key: &FileKey) -> bool {
    keyed(covered, file_key).verify_slice(mac).is_ok()
}

/// The MAC of a header's text, from its first byte through [`MARK`].
pub fn of(covered: &[u8], file_key: &FileKey) -> [u8; BYTES] {
    keyed(covered, file_key).finalize().into_bytes().into()
}

fn keyed(covered: &[u8], file_key: &FileKey) -> Hmac<Sha256> {
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
