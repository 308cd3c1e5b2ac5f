//! git-crypt: a header, a nonce, and the content encrypted as a whole. The file says nothing of its keys.

use crate::domain::digest::Digest;
use crate::domain::foreign::{Contents, Damage, ForeignFile, Leaf, SealedFormat};

const MAGIC: &[u8] = b"\0GITCRYPT\0";
const NONCE_BYTES: usize = 12;

/// `None`: it does not begin as git-crypt's files do.
pub fn read(bytes: &[u8]) -> Option<Contents> {
    let rest = bytes.strip_prefix(MAGIC)?;
    let format = SealedFormat::GitCrypt;
    if rest.len() < NONCE_BYTES {
        return Some(Contents::Damaged(Damage { format, why: "it is cut short".to_owned() }));
    }
    Some(Contents::Sealed(ForeignFile {
        format,
        leaves: vec![Leaf { pointer: None, seen: Digest::of(bytes) }],
        in_clear: Vec::new(),
        clear_unknown: None,
        access: super::opaque("git-crypt:default"),
        modified: None,
        data_key: None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_and_nonce() {
        let whole = [MAGIC, &[7; NONCE_BYTES], b"x"].concat();
        let Some(Contents::Sealed(file)) = read(&whole) else { panic!() };
        assert_eq!(file.leaves, [Leaf { pointer: None, seen: Digest::of(&whole) }]);
        assert_eq!(file.access, crate::foreign::opaque("git-crypt:default"));
        for (length, expected) in [(22, "sealed"), (21, "damaged"), (10, "damaged"), (9, "none"), (0, "none")]
        {
            let told = match read(&whole[..length]) {
                None => "none",
                Some(Contents::Sealed(_)) => "sealed",
                Some(Contents::Damaged(_)) => "damaged",
                Some(Contents::Plain(_)) => "plain",
            };
            assert_eq!(told, expected, "{length}");
        }
        assert_eq!(read(b"GITCRYPT\0aaaaaaaaaaaaaaaaaaaa"), None);
    }
}
