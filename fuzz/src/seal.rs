//! What is sealed, and with what: age files, identities, public keys, signatures.

use std::sync::LazyLock;

use secrets::domain::digest::Digest;
use secrets::domain::facts::Binding;
use secrets::domain::foreign::Contents;
use secrets::domain::value::MAX_VALUE_BYTES;
use secrets::keys::file;
use secrets::seal::identity::{Identity, parse_identities};
use secrets::seal::prompts::Prompts;
use secrets::seal::signature::{SIGNATURE_NAMESPACE, VerifyingKey};
use secrets::seal::{bare, header, inspection, opening, public_key, signature};

use super::treacherous;

/// A key of the test fixtures, which protects nothing.
static IDENTITIES: LazyLock<Vec<Identity>> = LazyLock::new(|| {
    let bytes = include_bytes!("../../tests/fixtures/identities/alice.txt");
    parse_identities(bytes, "alice.txt", &Prompts::none()).expect("an identity")
});

/// Any bytes as a sealed file: what opens has a header without fault, and with any of its bytes changed it opens no more.
pub fn age_header(bytes: &[u8]) {
    let seen = inspection::inspect(bytes);
    if let Ok(file) = &seen {
        assert!(header::looks_like_age(bytes));
        assert_eq!(file.digest, Digest::of(bytes));
        assert!(!matches!(file.binding, Binding::HeaderMalformed(_)) || file.stanzas.is_empty());
    }
    let Ok(value) = opening::open(bytes, &IDENTITIES) else { return };
    assert!(value.expose().len() <= MAX_VALUE_BYTES);
    let Ok(file) = seen else {
        // A store keeps no armored ones.
        assert!(bare::read(bytes).is_some());
        return;
    };
    assert!(!matches!(file.binding, Binding::HeaderMalformed(_)));
    // Which byte is changed comes from the bytes, so that the same ones are judged alike.
    let digest = Digest::of(bytes).to_string();
    let drawn = digest.bytes().fold(0_usize, |drawn, byte| drawn.wrapping_mul(31).wrapping_add(byte.into()));
    let mut changed = bytes.to_vec();
    let at = drawn % changed.len();
    changed[at] ^= 1 << (drawn % 8);
    assert!(opening::open(&changed, &IDENTITIES).is_err(), "byte {at} could be changed");
}

/// Whatever the bytes are, they are read without a panic, and what is taken for an age file begins as one.
pub fn bare_age(bytes: &[u8]) {
    match bare::read(bytes) {
        None | Some(Contents::Damaged(_)) => {}
        Some(Contents::Plain(why)) => panic!("{why}"),
        Some(Contents::Sealed(file)) => {
            assert!(header::looks_like_age(bytes));
            assert!(file.access.groups.iter().flatten().next().is_some());
        }
    }
}

/// Any bytes as a file of identities: no private key is repeated in an error or shown in public; of the parts of
/// `identities.txt` nothing is lost.
pub fn identities(bytes: &[u8]) {
    match parse_identities(bytes, "identities.txt", &Prompts::none()) {
        Ok(found) => {
            assert!(!found.is_empty());
            for key in found.iter().flat_map(Identity::public_keys) {
                let again = public_key::parse(&key.text).expect("a public key can be read");
                assert_eq!(again.fingerprint, key.fingerprint);
                assert!(!key.text.to_ascii_uppercase().contains("SECRET"));
            }
        }
        Err(error) => {
            let told = error.to_string();
            assert!(told.starts_with("identities.txt"), "{told}");
            let private = told.split("AGE-SECRET-KEY-1").skip(1);
            let mut shown = private.filter(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric()));
            assert!(shown.next().is_none(), "a private key is shown");
        }
    }
    let sections = file::split(bytes);
    let whole: Vec<u8> =
        sections.iter().flat_map(|section| [section.header.as_slice(), &section.body].concat()).collect();
    assert_eq!(whole, bytes);
    assert!(sections.iter().skip(1).all(|section| section.name.is_some()));
}

/// Any text as a public key, to seal to or to verify with: what is taken has one form, and is never a private one.
pub fn public_keys(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let is_private = text.to_ascii_uppercase().contains("AGE-SECRET-KEY-");
    if let Ok(key) = public_key::parse(text) {
        assert!(!is_private && !key.text.chars().any(char::is_control));
        let again = public_key::parse(&key.text).expect("what is printed of a key is a key");
        assert_eq!(
            (&again.fingerprint, &again.text, again.montgomery),
            (&key.fingerprint, &key.text, key.montgomery)
        );
    }
    if let Ok(key) = signature::parse_key(text) {
        assert!(!is_private && !key.text.chars().any(char::is_control));
        assert!(VerifyingKey::of(&key).is_some());
        let again = signature::parse_key(&key.text).expect("what is printed of a key is a key");
        assert_eq!((again.fingerprint, again.text), (key.fingerprint, key.text));
    }
}

const SIGNATURE: &str = include_str!("fixtures/signature.pem");
const SIGNER: &str = include_str!("fixtures/signer.pub");

/// Any text as a signature: of one record by one key only the one that was made is ever taken.
pub fn signatures(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let key = signature::parse_key(SIGNER).expect("a signing key");
    let keys = [VerifyingKey::of(&key).expect("a signing key")];
    let message = signed();
    match signature::verify(text, &message, &keys) {
        Ok(()) => assert_eq!(text.trim_end(), SIGNATURE.trim_end(), "a second text of the same signature"),
        Err(error) => assert!(!treacherous(&error.to_string())),
    }
    assert!(signature::verify(text, &[&message[..], b"x"].concat(), &keys).is_err());
    assert!(signature::verify(text, &message, &[]).is_err());
}

/// What `SIGNATURE` is over.
fn signed() -> Vec<u8> {
    let space = SIGNATURE_NAMESPACE.split('@').nth(1).unwrap_or_default();
    format!("{space}/record/v1\n{}\n{}\n", "0".repeat(64), "1".repeat(64)).into_bytes()
}
