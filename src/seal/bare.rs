//! Files of age that lie bare in a repository, without a record: what anybody can see of them.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};

use super::header::{self, HeaderError};
use super::inspection;
use crate::domain::digest::Digest;
use crate::domain::facts::{Binding, Stanza};
use crate::domain::foreign::{Access, Contents, Damage, ForeignFile, ForeignKey, Leaf, SealedFormat};

const BEGIN: &str = "-----BEGIN AGE ENCRYPTED FILE-----";
const END: &str = "-----END AGE ENCRYPTED FILE-----";
/// Characters of base64 in a full line.
const COLUMNS: usize = 64;
/// Of the fingerprint of an ssh key.
const TAG_BYTES: usize = 4;

/// Tells what the bytes of a file are. `None`: they do not begin as files of age do.
pub fn read(bytes: &[u8]) -> Option<Contents> {
    if !header::looks_like_age(bytes) {
        return None;
    }
    let (format, keys) = if header::is_armored(bytes) {
        (SealedFormat::AgeArmored, unarmored(bytes).and_then(|inner| keys(&inner)))
    } else {
        (SealedFormat::Age, keys(bytes))
    };
    Some(match keys {
        Err(why) => Contents::Damaged(Damage { format, why }),
        Ok(keys) => Contents::Sealed(ForeignFile {
            format,
            leaves: vec![Leaf { pointer: None, seen: Digest::of(bytes) }],
            in_clear: Vec::new(),
            clear_unknown: None,
            access: Access { groups: vec![keys], threshold: 1 },
            modified: None,
            data_key: None,
        }),
    })
}

/// The keys that the header names, one for each stanza.
fn keys(bytes: &[u8]) -> Result<Vec<ForeignKey>, String> {
    let file = inspection::inspect(bytes).map_err(|error| match error {
        HeaderError::LineEndings => "its line ends were changed to those of Windows".to_owned(),
        HeaderError::NotAge | HeaderError::Armored => "there is no age file in its armor".to_owned(),
        error @ (HeaderError::Empty
        | HeaderError::Version
        | HeaderError::Truncated
        | HeaderError::Malformed(_)
        | HeaderError::TooLarge) => error.to_string(),
    })?;
    if let Binding::HeaderMalformed(why) = file.binding {
        return Err(HeaderError::Malformed(why).to_string());
    }
    let keys: Vec<ForeignKey> =
        file.stanzas.iter().filter(|stanza| !is_grease(stanza)).map(key).collect::<Result<_, _>>()?;
    if keys.is_empty() { Err("it is for nobody".to_owned()) } else { Ok(keys) }
}

/// A stanza that is for nobody: `rage` writes one into every file, so that readers stay used to unknown types. Whoever
/// sealed the file could hide a reader in it, and knew the value anyway.
fn is_grease(stanza: &Stanza) -> bool {
    stanza.kind.ends_with("-grease")
}

fn key(stanza: &Stanza) -> Result<ForeignKey, String> {
    match (stanza.kind.as_str(), stanza.args.first()) {
        ("ssh-ed25519" | "ssh-rsa", Some(tag)) if is_tag(tag) => Ok(ForeignKey::SshTag(tag.clone())),
        ("ssh-ed25519" | "ssh-rsa", _) => Err("the stanza of an ssh key has no tag of it".to_owned()),
        ("scrypt", _) => Ok(ForeignKey::Opaque("age:passphrase".to_owned())),
        (kind, _) => Ok(ForeignKey::Anonymous(kind.to_owned())),
    }
}

fn is_tag(text: &str) -> bool {
    BASE64_STANDARD_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == TAG_BYTES)
}

/// The bytes in strict armor: full lines of base64, the last one perhaps shorter, and white space around the whole.
fn unarmored(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let malformed = || "its armor is malformed or cut short".to_owned();
    let text = std::str::from_utf8(bytes).map_err(|_| malformed())?.trim_ascii();
    let inner = text.strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(END)).ok_or_else(malformed)?;
    let mut lines = inner.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect::<Vec<_>>();
    // Nothing stands on the lines of the two marks beside them.
    if lines.len() < 3 || lines.pop() != Some("") || lines.first() != Some(&"") {
        return Err(malformed());
    }
    let (last, full) = lines.get(1..).unwrap_or_default().split_last().ok_or_else(malformed)?;
    if full.iter().any(|line| line.len() != COLUMNS) || !(1..=COLUMNS).contains(&last.len()) {
        return Err(malformed());
    }
    BASE64_STANDARD.decode(lines.concat()).map_err(|_| malformed())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BINARY: &[u8] = include_bytes!("../../tests/fixtures/foreign/bare.age");
    const ARMORED: &str = include_str!("../../tests/fixtures/foreign/bare-armored.age");
    const S: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    fn made(stanzas: &str) -> Vec<u8> {
        [format!("age-encryption.org/v1\n{stanzas}--- {S}\n").as_bytes(), &[7; 40]].concat()
    }

    fn armored(bytes: &[u8]) -> String {
        let text = BASE64_STANDARD.encode(bytes);
        let lines = text.as_bytes().chunks(COLUMNS).map(|line| String::from_utf8_lossy(line).into_owned());
        format!("{BEGIN}\n{}\n{END}\n", lines.collect::<Vec<_>>().join("\n"))
    }

    /// All that follows the first line.
    fn rewrapped(text: &str) -> String {
        let body = text.lines().filter(|line| !line.starts_with('-')).collect::<Vec<_>>().concat();
        let lines = body.as_bytes().chunks(60).map(|line| format!("{}\n", String::from_utf8_lossy(line)));
        format!("{}{END}\n", lines.collect::<Vec<_>>().concat())
    }

    fn told(bytes: &[u8]) -> (SealedFormat, Result<Vec<ForeignKey>, String>) {
        match read(bytes) {
            Some(Contents::Sealed(file)) => {
                assert_eq!(file.leaves, [Leaf { pointer: None, seen: Digest::of(bytes) }]);
                (file.format, Ok(file.access.groups.concat()))
            }
            Some(Contents::Damaged(Damage { format, why })) => (format, Err(why)),
            other => panic!("{other:?}"),
        }
    }

    fn anonymous(kind: &str) -> ForeignKey {
        ForeignKey::Anonymous(kind.to_owned())
    }

    /// Made by the `age` program.
    #[test]
    fn real_files() {
        let ed25519 = ForeignKey::SshTag("oyNQ0A".to_owned());
        let (format, keys) = told(BINARY);
        let keys = keys.unwrap();
        assert_eq!((format, &keys[..2]), (SealedFormat::Age, &[anonymous("X25519"), ed25519.clone()][..]));
        assert!(matches!(&keys[2..], [ForeignKey::SshTag(_)]));
        let expected = (SealedFormat::AgeArmored, Ok(vec![anonymous("X25519"), ed25519]));
        for text in [ARMORED.to_owned(), ARMORED.replace('\n', "\r\n"), format!("\n {ARMORED}\n\n")] {
            assert_eq!(told(text.as_bytes()), expected);
        }
    }

    #[test]
    fn stanzas_to_keys() {
        for (stanzas, keys) in [
            (format!("-> scrypt {S} 18\n{S}\n"), vec![ForeignKey::Opaque("age:passphrase".to_owned())]),
            (format!("-> piv-p256 AAAAAA x\n{S}\n-> x-grease y\n\n"), vec![anonymous("piv-p256")]),
            (
                format!("-> X25519 {S}\n{S}\n-> X25519 {S}\n{S}\n"),
                vec![anonymous("X25519"), anonymous("X25519")],
            ),
        ] {
            assert_eq!(told(&made(&stanzas)), (SealedFormat::Age, Ok(keys.clone())), "{stanzas}");
            let text = armored(&made(&stanzas));
            assert_eq!(told(text.as_bytes()), (SealedFormat::AgeArmored, Ok(keys)), "{stanzas}");
        }
    }

    #[test]
    fn what_begins_as_age_and_is_broken() {
        for stanzas in
            ["", "-> x-grease y\n\n", "-> ssh-ed25519\n\n", "-> ssh-rsa AAAA\nAA\n", "-> X25519\n=\n", "x\n"]
        {
            assert!(told(&made(stanzas)).1.is_err(), "{stanzas}");
        }
        assert!(told(format!("{BEGIN}\n\n{END}").as_bytes()).1.unwrap_err().contains("armor is malformed"));
        let good = made(&format!("-> X25519 {S}\n{S}\n"));
        let crlf = String::from_utf8_lossy(&good).replace('\n', "\r\n").into_bytes();
        assert!(told(&crlf).1.unwrap_err().contains("Windows"));
        assert!(told(b"age-encryption.org/v2\n").1.unwrap_err().contains("version"));
        assert!(told(armored(b"x").as_bytes()).1.unwrap_err().contains("no age file"));
        assert!(told(armored(armored(&good).as_bytes()).as_bytes()).1.is_err());
        let text = armored(&good);
        for bad in [
            BEGIN.to_owned(),
            format!("{BEGIN}{END}"),
            format!("{BEGIN}\n{END}"),
            format!("{BEGIN}\n\n{END}"),
            text.replace("\n-----END", "\n\n-----END"),
            text.replace("-----END", "----END"),
            text.replacen("FILE-----\n", "FILE-----x\n", 1),
            // The first line of base64 behind the mark: all of it is there, and decodes.
            text.replacen("FILE-----\n", "FILE-----", 1),
            text.replacen("FILE-----\n", "FILE-----\nAAAA\n", 1),
            format!("{text}x"),
            text.replace("QUFB", "QUF-"),
            // Lines of 60 characters.
            text.split_inclusive("-----\n").next().unwrap_or_default().to_owned() + &rewrapped(&text),
        ] {
            assert!(told(bad.as_bytes()).1.is_err(), "{bad}");
        }
        for bytes in [&b""[..], b"age", b"\n", b"x age-encryption.org/v1", b"---- BEGIN AGE"] {
            assert_eq!(read(bytes), None);
        }
    }

    /// Every file that is cut short is damaged, or no longer begins as one of age.
    #[test]
    fn cut_short() {
        for whole in [BINARY, ARMORED.trim_end().as_bytes()] {
            let payload = if whole == BINARY { 32 } else { 0 };
            for length in 0..whole.len() - payload {
                let cut = read(&whole[..length]);
                assert!(matches!(cut, None | Some(Contents::Damaged(_))), "{length}: {cut:?}");
            }
        }
    }
}
