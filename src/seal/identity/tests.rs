use std::sync::atomic::Ordering;

use age::armor::Format;

use super::*;
use crate::seal::opening::{OpenError, open};
use crate::seal::samples::{Workshop, age_key, answering, passphrase_file, read_identity, seal_to};

fn parse(bytes: &[u8]) -> Result<Vec<Identity>, IdentityError> {
    parse_identities(bytes, "identities.txt", &Prompts::none())
}

fn refusal(bytes: &[u8]) -> IdentityError {
    parse(bytes).err().unwrap()
}

#[test]
fn a_file_of_several_keys() {
    let ((first, alice), (second, bob)) = (age_key(), age_key());
    let text =
        [b"\xef\xbb\xbf# created: today\r\n\r\n".as_slice(), &first, b"\r\n# another\n", &second].concat();
    let identities = parse(&text).unwrap();
    let labels = identities.iter().map(Identity::label).collect::<Vec<_>>();
    assert_eq!(labels, ["identities.txt:3", "identities.txt:5"]);
    assert_eq!(identities[0].public_keys(), [alice]);
    assert_eq!(identities[1].public_keys(), std::slice::from_ref(&bob));
    let sealed = seal_to(b"x", &[("bob", &[&bob])]).unwrap().bytes;
    assert_eq!(open(&sealed, &identities).unwrap().expose(), b"x");
    assert_eq!(parse(&first).unwrap()[0].label(), "identities.txt");
}

#[test]
fn a_new_identity_opens_what_is_sealed_to_it() {
    let (line, public) = generate().unwrap();
    assert!(line.starts_with("AGE-SECRET-KEY-1") && !line.contains('\n'));
    let sealed = seal_to(b"x", &[("alice", &[&public])]).unwrap().bytes;
    assert_eq!(open(&sealed, &[read_identity(line.as_bytes())]).unwrap().expose(), b"x");
    assert_ne!(generate().unwrap().1, public);
}

#[test]
fn ssh_keys_behind_a_passphrase() {
    let workshop = Workshop::new();
    for kind in ["ed25519", "rsa"] {
        let (bytes, public) = workshop.ssh_key(kind, "correct horse");
        let (_, stranger) = age_key();
        let (_, other) = workshop.ssh_key(kind, "");
        let (prompts, asked) = answering(&["wrong", "correct horse"]);
        let identities = parse_identities(&bytes, "id", &prompts).unwrap();
        assert!(identities[0].is_locked());
        // The public half is known, and nothing is asked for what is not for it.
        assert_eq!(identities[0].public_keys()[0].fingerprint, public.fingerprint);
        let sealed = seal_to(b"x", &[("carol", &[&stranger, &other])]).unwrap().bytes;
        assert_eq!(open(&sealed, &identities).err(), Some(OpenError::NotForYou));
        assert_eq!(asked.load(Ordering::SeqCst), 0);
        let sealed = seal_to(b"x", &[("alice", &[&public]), ("carol", &[&stranger])]).unwrap().bytes;
        for _ in 0..3 {
            assert_eq!(open(&sealed, &identities).unwrap().expose(), b"x");
        }
        assert_eq!(asked.load(Ordering::SeqCst), 2);
        assert!(!identities[0].is_locked());
    }
}

#[test]
fn a_wrong_passphrase_is_asked_for_three_times_and_never_again() {
    let workshop = Workshop::new();
    let (bytes, public) = workshop.ssh_key("ed25519", "correct horse");
    let (prompts, asked) = answering(&["wrong"]);
    let identities = parse_identities(&bytes, "id", &prompts).unwrap();
    let sealed = seal_to(b"x", &[("alice", &[&public])]).unwrap().bytes;
    for _ in 0..2 {
        let error = OpenError::Identity(IdentityError::WrongPassphrase("id".to_owned()));
        assert_eq!(open(&sealed, &identities).err(), Some(error));
    }
    assert_eq!(asked.load(Ordering::SeqCst), 3);
    let questions = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let heard = std::sync::Arc::clone(&questions);
    let listening = move |question: &str| {
        heard.lock().unwrap().push(question.to_owned());
        Some(Zeroizing::new("wrong".to_owned()))
    };
    let identities = parse_identities(&bytes, "id", &Prompts::new(listening, |_| {}, |_| None)).unwrap();
    assert!(identities[0].unlock().is_err());
    let again = "wrong passphrase, once more: passphrase for id";
    assert_eq!(*questions.lock().unwrap(), ["passphrase for id", again, again]);
    let giving_up = Prompts::new(|_| None, |_| {}, |_| None);
    let identities = parse_identities(&bytes, "id", &giving_up).unwrap();
    assert_eq!(identities[0].unlock(), Err(IdentityError::NoPassphrase("id".to_owned())));
}

#[test]
fn identity_files_behind_a_passphrase() {
    let ((first, alice), (second, bob)) = (age_key(), age_key());
    let content = [first.as_slice(), b"\n", &second].concat();
    for format in [Format::Binary, Format::AsciiArmor] {
        let file = passphrase_file(&content, "correct horse", format);
        let (prompts, asked) = answering(&["wrong", "correct horse"]);
        let identities = parse_identities(&file, "id", &prompts).unwrap();
        assert_eq!(identities.len(), 1);
        assert_eq!(identities[0].kind(), &IdentityKind::PassphraseFile);
        assert!(identities[0].public_keys().is_empty());
        assert_eq!(asked.load(Ordering::SeqCst), 0);
        let sealed = seal_to(b"x", &[("bob", &[&bob])]).unwrap().bytes;
        assert_eq!(open(&sealed, &identities).unwrap().expose(), b"x");
        assert_eq!(open(&sealed, &identities).unwrap().expose(), b"x");
        assert_eq!(asked.load(Ordering::SeqCst), 2);
        assert_eq!(identities[0].public_keys(), [alice.clone(), bob.clone()]);
        let locked = parse(&file).unwrap();
        assert_eq!(locked[0].unlock(), Err(IdentityError::NobodyToAsk("identities.txt".to_owned())));
        assert_eq!(
            open(&sealed, &locked).err(),
            Some(OpenError::Identity(IdentityError::NobodyToAsk("identities.txt".to_owned())))
        );
    }
}

#[test]
fn encrypted_files_that_are_of_no_use() {
    let (prompts, _) = answering(&["p"]);
    let unlock = |file: &[u8]| parse_identities(file, "id", &prompts).and_then(|all| all[0].unlock());
    let label = || "id".to_owned();
    let nested = passphrase_file(&passphrase_file(b"x", "p", Format::Binary), "p", Format::Binary);
    assert_eq!(unlock(&nested), Err(IdentityError::NotText(label())));
    let empty = passphrase_file(b"# nothing\n", "p", Format::Binary);
    assert_eq!(unlock(&empty), Err(IdentityError::Empty(label())));
    let mut changed = passphrase_file(b"# nothing\n", "p", Format::Binary);
    *changed.last_mut().unwrap() ^= 1;
    assert_eq!(unlock(&changed), Err(IdentityError::Damaged(label())));
    assert_eq!(unlock(&changed[..40]), Err(IdentityError::Damaged(label())));
    let work = passphrase_file(b"x", "p", Format::Binary);
    let at = work.windows(3).position(|window| window == b" 2\n").unwrap();
    let work = [&work[..at], b" 23\n", &work[at + 3..]].concat();
    assert_eq!(unlock(&work), Err(IdentityError::TooMuchWork(label())));
    let (_, key) = age_key();
    let sealed = seal_to(b"x", &[("alice", &[&key])]).unwrap().bytes;
    assert_eq!(unlock(&sealed), Err(IdentityError::NotByPassphrase(label())));
}

#[test]
fn what_is_no_identity() {
    let label = || "identities.txt".to_owned();
    let (line, public) = age_key();
    assert_eq!(refusal(b""), IdentityError::Empty(label()));
    assert_eq!(refusal(b"# only this\n"), IdentityError::Empty(label()));
    assert_eq!(refusal(b"\xff\xfe"), IdentityError::NotText(label()));
    assert_eq!(refusal(&vec![b'#'; MAX_IDENTITY_BYTES + 1]), IdentityError::TooLarge(label()));
    assert_eq!(refusal(&vec![b'#'; MAX_IDENTITY_BYTES]), IdentityError::Empty(label()));
    assert_eq!(
        refusal(format!("\n{}", public.text).as_bytes()),
        // Lines are counted as an editor shows them.
        IdentityError::PublicHalf { label: label(), line: 2 }
    );
    let canary = b"canary-password";
    let error = refusal(&[line.as_slice(), b"\n", canary].concat());
    assert_eq!(error, IdentityError::NotAnIdentity { label: label(), line: 2 });
    assert!(!error.to_string().contains("canary"));
    assert!(matches!(refusal(b"AGE-SECRET-KEY-PQ-1AAAA"), IdentityError::Unsupported { .. }));
    // One character mistyped.
    let mut mistyped = line;
    mistyped[30] = if mistyped[30] == b'Q' { b'P' } else { b'Q' };
    assert_eq!(refusal(&mistyped), IdentityError::NotAnIdentity { label: label(), line: 1 });
}

#[test]
fn ssh_keys_of_other_types_and_forms() {
    let workshop = Workshop::new();
    let unsupported = |bytes: &[u8]| matches!(refusal(bytes), IdentityError::Unsupported { .. });
    for passphrase in ["", "correct horse"] {
        let name = format!("ecdsa{}", passphrase.len());
        workshop.run("ssh-keygen", &["-q", "-t", "ecdsa", "-N", passphrase, "-f", &name]);
        assert!(unsupported(&std::fs::read(workshop.path(&name)).unwrap()), "{name}");
    }
    // The old PEM form is read, but not its weak encryption.
    for (passphrase, fits) in [("", true), ("correct horse", false)] {
        let name = format!("pem{}", passphrase.len());
        workshop.run("ssh-keygen", &["-q", "-t", "rsa", "-m", "PEM", "-N", passphrase, "-f", &name]);
        let bytes = std::fs::read(workshop.path(&name)).unwrap();
        assert_eq!(parse(&bytes).is_ok(), fits);
        assert_eq!(!fits && unsupported(&bytes), !fits);
    }
    workshop.run("ssh-keygen", &["-q", "-t", "rsa", "-m", "PKCS8", "-N", "", "-f", "pkcs8"]);
    assert!(unsupported(&std::fs::read(workshop.path("pkcs8")).unwrap()));
    let (good, _) = workshop.ssh_key("ed25519", "");
    let windows = String::from_utf8(good.clone()).unwrap().replace('\n', "\r\n");
    assert!(parse(windows.as_bytes()).is_ok());
    let damaged = IdentityError::Damaged("identities.txt".to_owned());
    assert_eq!(refusal(&good[..100]), damaged);
    let mut changed = good;
    changed[120] = b'!';
    assert_eq!(refusal(&changed), damaged);
    assert_eq!(refusal(b"-----BEGIN SOMETHING-----\n"), damaged);
    for kind in ["EC PRIVATE KEY", "DSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "PGP PRIVATE KEY BLOCK"] {
        assert!(unsupported(format!("-----BEGIN {kind}-----\nAAAA\n").as_bytes()), "{kind}");
    }
    // As long as a key may be, and one byte more.
    let begin = "-----BEGIN OPENSSH PRIVATE KEY-----\n";
    let longest = format!("{begin}{}", "A".repeat(32 * 1024 - begin.len()));
    assert_eq!(refusal(longest.as_bytes()), damaged);
    let longer = format!("{longest}A");
    assert_eq!(refusal(longer.as_bytes()), IdentityError::TooLarge("identities.txt".to_owned()));
}

/// A damaged file of type ssh-rsa: the number at this place, counted from the first of the half, is nothing but zeros.
fn with_zeros(file: &[u8], half: usize, place: usize) -> Vec<u8> {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;

    let text = String::from_utf8(file.to_vec()).unwrap();
    let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    let mut bytes = BASE64_STANDARD.decode(body).unwrap();
    let string_at = |bytes: &[u8], at: usize| {
        let length = u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
        at + 4..at + 4 + length as usize
    };
    let mut at = b"openssh-key-v1\0".len();
    for _ in 0..3 {
        at = string_at(&bytes, at).end;
    }
    let public = string_at(&bytes, at + 4);
    let mut at = if half == 0 { public.start } else { public.end + 4 + 8 };
    for _ in 0..=place {
        at = string_at(&bytes, at).end;
    }
    let number = string_at(&bytes, at);
    bytes[number].fill(0);
    let body = BASE64_STANDARD.encode(bytes);
    format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{body}\n-----END OPENSSH PRIVATE KEY-----\n").into_bytes()
}

#[test]
fn numbers_of_nothing_but_zeros_are_damage() {
    let workshop = Workshop::new();
    let (open, _) = workshop.ssh_key("rsa", "");
    let (locked, _) = workshop.ssh_key("rsa", "correct horse");
    let damaged = IdentityError::Damaged("identities.txt".to_owned());
    for place in 0..6 {
        assert_eq!(refusal(&with_zeros(&open, 1, place)), damaged, "number {place} of the private half");
    }
    for (file, place) in [(&open, 0), (&open, 1), (&locked, 0), (&locked, 1)] {
        assert_eq!(refusal(&with_zeros(file, 0, place)), damaged, "number {place} of the public half");
    }
}

proptest::proptest! {
    #[test]
    fn arbitrary_files_do_no_harm(text in "(-----BEGIN OPENSSH PRIVATE KEY-----\n|AGE-SECRET-KEY-1|AGE-PLUGIN-X-1)?(.|\n){0,200}") {
        let _ = parse(text.as_bytes());
    }
}
