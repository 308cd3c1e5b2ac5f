use proptest::prelude::*;

use super::*;
use crate::domain::digest::Digest;
use crate::domain::facts::Binding;
use crate::seal::inspection::inspect;
use crate::seal::samples::{age_key, seal_to, vectors};

/// A payload of no bytes: only its length is looked at.
const PAYLOAD: [u8; 32] = [0; 32];
const MAC: &str = "--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";
const S: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn file(stanzas: &str) -> Vec<u8> {
    [format!("age-encryption.org/v1\n{stanzas}{MAC}").as_bytes(), &PAYLOAD].concat()
}

fn binding_of(stanzas: &str) -> Binding {
    inspect(&file(stanzas)).unwrap().binding
}

fn sealed_file() -> Vec<u8> {
    let ((_, alice), (_, bob)) = (age_key(), age_key());
    seal_to(b"a canary that is worth nothing", &[("alice", &[&alice]), ("bob", &[&bob])]).unwrap().bytes
}

#[test]
fn bindings() {
    let good = format!("-> secrets-cli/binding v1 {S}\n{S}\n");
    let other = "-> X25519 abc\nAAAA\n";
    assert_eq!(binding_of(other), Binding::Absent);
    assert_eq!(binding_of(&format!("{good}{other}")), Binding::Bound(Digest::from_bytes([0; 32])));
    for malformed in [
        format!("{other}{good}"),
        format!("{good}{good}"),
        format!("{good}{other}{good}"),
        "-> secrets-cli/binding\n\n".to_owned(),
        format!("-> secrets-cli/binding v2 {S}\n{S}\n"),
        format!("-> secrets-cli/binding v1\n{S}\n"),
        format!("-> secrets-cli/binding v1 {S} x\n{S}\n"),
        format!("-> secrets-cli/binding v1 {S}=\n{S}\n"),
        format!("-> secrets-cli/binding v1 AAAA\n{S}\n"),
        format!("-> secrets-cli/binding v1 {S}\nAAAA\n"),
        format!("-> secrets-cli/binding v1 {S}\n\n"),
        // 80 bytes, of which the second line holds 32.
        format!("-> secrets-cli/binding v1 {S}\n{}\n{S}\n", "A".repeat(64)),
    ] {
        assert!(matches!(binding_of(&malformed), Binding::Malformed(_)), "{malformed}");
    }
    // Near misses are other tools' stanzas.
    assert_eq!(binding_of(&format!("-> Secrets-cli/binding v1 {S}\n{S}\n")), Binding::Absent);
    let seen = inspect(&file(&format!("{other}{good}{good}"))).unwrap();
    assert_eq!(seen.stanzas.len(), 1);
}

#[test]
fn stanzas_as_they_stand() {
    let seen = inspect(&file("-> X25519 abc\nAAAA\n-> odd/type\n\n")).unwrap();
    let [first, second] = seen.stanzas.as_slice() else { panic!("{:?}", seen.stanzas) };
    assert_eq!((first.kind.as_str(), first.args.as_slice()), ("X25519", ["abc".to_owned()].as_slice()));
    assert_eq!(first.digest, Digest::of(b"-> X25519 abc\nAAAA\n"));
    assert_eq!((second.kind.as_str(), second.args.len()), ("odd/type", 0));
    assert_eq!(second.digest, Digest::of(b"-> odd/type\n\n"));
}

/// The parser takes nothing that is written otherwise; this is the second lock on the same door.
#[test]
fn a_header_that_is_written_otherwise_is_not_decoded() {
    let (bytes, other) = (sealed_file(), sealed_file());
    let mut header = Header::parse(&bytes).unwrap();
    assert_eq!(header.decoded().unwrap().map(|stanzas| stanzas.len()), Some(3));
    header.covered = Header::parse(&other).unwrap().covered;
    assert_eq!(header.decoded(), Ok(None));
}

#[test]
fn what_is_refused() {
    use HeaderError::{Armored, Empty, LineEndings, NotAge, Truncated, Version};

    for (bytes, error) in [
        (b"".to_vec(), Empty),
        (b"age-encr".to_vec(), Truncated),
        (b"age-encryption.org/v1".to_vec(), Truncated),
        (b"age-encryption.org/v1\n-> X".to_vec(), Truncated),
        (b"age-encryption.org/v2\n-> X25519 a\n\n".to_vec(), Version),
        (b"age-encryption.org/v1\r\n-> X25519 a\r\n\r\n".to_vec(), LineEndings),
        (b"-----BEGIN AGE ENCRYPTED FILE-----\nAAAA\n".to_vec(), Armored),
        (b"\n -----BEGIN AGE ENCRYPTED FILE-----\nAAAA\n".to_vec(), Armored),
        (b"password".to_vec(), NotAge),
        (vec![0xff; 100], NotAge),
        (file("-> a\n\n")[..60].to_vec(), Truncated),
    ] {
        assert_eq!(inspect(&bytes), Err(error), "{}", String::from_utf8_lossy(&bytes));
    }
    for malformed in [
        "",
        "-> \n\n",
        "-> a  b\n\n",
        "-> a \n\n",
        "->a\n\n",
        "-> a\tb\n\n",
        "-> \u{e4}\n\n",
        "-> a\nAAAA=\n",
        "-> a\nAAB\n",
        "-> a\nA\n",
        "-> a\n-_-_\n",
        "-> a\nAAAA\nAAAA\n",
        "-> a\r\n\r\n",
        "-> scrypt a b\n\n-> X25519 a\n\n",
        &format!("-> a\n{}\n", "A".repeat(65)),
        // The legacy form: a full line, and no short one behind it.
        &format!("-> a\n{}\n", "A".repeat(64)),
    ] {
        assert_malformed(&file(malformed));
    }
    for mac in
        ["---\n", "--- \n", "--- AAAA\n", "---AAAA\n", &MAC.replace(" A", " B").replace("AA\n", "AB\n")]
    {
        let bytes = [b"age-encryption.org/v1\n-> a\n\n", mac.as_bytes(), &PAYLOAD].concat();
        assert_malformed(&bytes);
    }
    assert_eq!(binding_of("-> scrypt a b\n\n"), Binding::Absent);
    assert!(is_by_passphrase(&file("-> scrypt a b\n\n")).unwrap());
    assert!(!is_by_passphrase(&file("-> a b\n\n")).unwrap());
}

/// What breaks the format is a fact about the file; its digest is one still.
fn assert_malformed(bytes: &[u8]) {
    let seen = inspect(bytes).unwrap();
    let (text, is_malformed) =
        (String::from_utf8_lossy(bytes), matches!(seen.binding, Binding::HeaderMalformed(_)));
    assert!(is_malformed && seen.stanzas.is_empty() && seen.digest == Digest::of(bytes), "{text}");
    assert!(matches!(Header::parse(bytes), Err(HeaderError::Malformed(_))), "{text}");
}

#[test]
fn lengths_of_payloads() {
    let full = CHUNK_BYTES + 16;
    for (payload, plaintext) in [
        (32, Some(0)),
        (33, Some(1)),
        (16 + full - 1, Some(CHUNK_BYTES - 1)),
        (16 + full, Some(CHUNK_BYTES)),
        (16 + full + 17, Some(CHUNK_BYTES + 1)),
        (16 + 2 * full, Some(2 * CHUNK_BYTES)),
        (0, None),
        (15, None),
        (16, None),
        (31, None),
        (16 + full + 1, None),
        (16 + full + 16, None),
    ] {
        assert_eq!(plaintext_length(payload).ok(), plaintext, "{payload}");
    }
}

#[test]
fn memory_is_bounded() {
    let words = format!("-> a{}\n\n", " b".repeat(MAX_WORDS));
    assert_eq!(inspect(&file(&words)), Err(HeaderError::TooLarge));
    let stanzas = "-> a\n\n".repeat(MAX_WORDS + 1);
    assert_eq!(inspect(&file(&stanzas)), Err(HeaderError::TooLarge));
    let line = format!("{}\n", "A".repeat(64));
    let body = format!("-> a\n{}\n", line.repeat(MAX_HEADER_BYTES / line.len()));
    assert_eq!(inspect(&file(&body)), Err(HeaderError::TooLarge));
    assert_eq!(inspect(&[MAGIC, &vec![b'x'; MAX_HEADER_BYTES]].concat()), Err(HeaderError::TooLarge));
    // A file that is not larger may be cut short, which is another thing.
    let short = [MAGIC, &vec![b'x'; MAX_HEADER_BYTES - MAGIC.len()]].concat();
    assert_eq!(inspect(&short), Err(HeaderError::Truncated));
    // A megabyte of header is read, and not in the square of its length.
    let long = format!("-> a\n{}\n", line.repeat(16_000));
    assert_eq!(binding_of(&long), Binding::Absent);
}

#[test]
fn what_looks_like_age() {
    assert!(looks_like_age(&sealed_file()));
    assert!(looks_like_age(b"age-encryption.org/v9\n"));
    assert!(looks_like_age(b" \r\n-----BEGIN AGE ENCRYPTED FILE-----\r\n"));
    assert!(!looks_like_age(b""));
    assert!(!looks_like_age(b"age"));
    assert!(!looks_like_age(b"AGE-SECRET-KEY-1"));
}

/// Whatever we read, the age crate reads too: nobody can show us another file than age.
fn check_against_age(bytes: &[u8]) -> Result<(), TestCaseError> {
    let seen = inspect(bytes);
    if seen.is_ok_and(|seen| !matches!(seen.binding, Binding::HeaderMalformed(_))) {
        prop_assert!(age::Decryptor::new_buffered(bytes).is_ok());
        prop_assert!(Header::parse(bytes).unwrap().decoded().unwrap().is_some());
    }
    Ok(())
}

proptest! {
    #[test]
    fn arbitrary_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        check_against_age(&bytes)?;
        check_against_age(&[b"age-encryption.org/v1\n", bytes.as_slice()].concat())?;
        check_against_age(&[b"age-encryption.org/v1\n-> a\n", bytes.as_slice(), MAC.as_bytes(), &PAYLOAD].concat())?;
    }

    #[test]
    fn arbitrary_headers_do_no_harm(text in "((-> )?[ -~\n]{0,12}[A-Za-z0-9+/]{0,66}\n){0,8}") {
        check_against_age(&file(&text))?;
    }

    #[test]
    fn mutated_files_do_no_harm(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<proptest::sample::Index>(),
    ) {
        let vector = &vectors("files.json")[1];
        let original = BASE64_STANDARD_NO_PAD
            .decode(vector["file"].as_str().unwrap().trim_end_matches('='))
            .unwrap();
        let mut bytes = original.clone();
        for (index, byte) in changes {
            *index.get_mut(&mut bytes) = byte;
        }
        check_against_age(&bytes)?;
        if bytes != original && let Ok(seen) = inspect(&bytes) {
            prop_assert_ne!(seen.digest, Digest::of(&original));
        }
        check_against_age(&bytes[..cut.index(bytes.len())])?;
    }
}
