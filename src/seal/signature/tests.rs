use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ssh_key::PrivateKey;

use super::super::samples::Workshop;
use super::super::signer::Signer;
use super::*;
use crate::system::environment::Environment;

fn environment() -> Environment {
    let path = std::ffi::OsString::from("/usr/local/bin:/usr/bin:/bin");
    Environment::new([("PATH".into(), path)], "/".into())
}

fn digests() -> (Digest, Digest) {
    (Digest::of(b"sealed"), Digest::of(b"file"))
}

/// A key of `ssh-keygen`'s making: its file, and the key that it is.
fn key(workshop: &Workshop, name: &str, arguments: &[&str]) -> SigningKey {
    let mut all = vec!["-q", "-N", "", "-C", "alice@laptop", "-f", name];
    all.extend(arguments);
    workshop.run("ssh-keygen", &all);
    parse_key(&std::fs::read_to_string(workshop.path(&format!("{name}.pub"))).unwrap()).unwrap()
}

fn verifying(key: &SigningKey) -> Vec<VerifyingKey> {
    vec![VerifyingKey::of(key).unwrap()]
}

#[test]
fn what_is_signed() {
    let zeros = Digest::from_bytes([0; 32]);
    let ones = Digest::from_bytes([0x11; 32]);
    let expected = format!("secrets-cli/record/v1\n{}\n{}\n", "00".repeat(32), "11".repeat(32));
    assert_eq!(String::from_utf8(message(&zeros, &ones)).unwrap(), expected);
}

/// Every type that can be made without hardware, both ways: what we sign, `ssh-keygen` verifies, and the other way
/// round.
#[test]
fn ssh_keygen_agrees() {
    let workshop = Workshop::new();
    let (binding, file) = digests();
    let message = message(&binding, &file);
    workshop.write("m", &message);
    let kinds: [(&str, &[&str]); 5] = [
        ("ed25519", &["-t", "ed25519"]),
        ("p256", &["-t", "ecdsa"]),
        ("p384", &["-t", "ecdsa", "-b", "384"]),
        ("rsa", &["-t", "rsa", "-b", "2048"]),
        ("rsa4096", &["-t", "rsa", "-b", "4096"]),
    ];
    for (name, arguments) in kinds {
        let key = key(&workshop, name, arguments);
        assert_eq!(key.comment.as_deref(), Some("alice@laptop"));
        let listed = workshop.run("ssh-keygen", &["-l", "-f", &format!("{name}.pub")]);
        assert!(String::from_utf8_lossy(&listed).contains(key.fingerprint.as_str()), "{name}");
        // Ours, in-process.
        let signer = Signer::read(&workshop.path(name)).unwrap();
        let ours = signer.sign(std::slice::from_ref(&message), &environment(), false).unwrap().remove(0);
        assert_eq!(verify(&ours, &message, &verifying(&key)), Ok(()), "{name}");
        workshop.write("allowed", format!("alice {}\n", key.text).as_bytes());
        workshop.write("ours.sig", ours.as_bytes());
        let script = "ssh-keygen -Y verify -f allowed -I alice -n record@secrets-cli -s ours.sig < m";
        let said = workshop.run("sh", &["-c", script]);
        assert!(
            String::from_utf8_lossy(&said).starts_with("Good \"record@secrets-cli\" signature"),
            "{name}"
        );
        // Theirs, with either hash.
        for hash in ["sha256", "sha512"] {
            let option = format!("hashalg={hash}");
            let script =
                format!("ssh-keygen -q -Y sign -O {option} -n record@secrets-cli -f {name} < m > theirs");
            workshop.run("sh", &["-c", &script]);
            let theirs = std::fs::read_to_string(workshop.path("theirs")).unwrap();
            assert_eq!(verify(&theirs, &message, &verifying(&key)), Ok(()), "{name} {hash}");
        }
    }
}

#[test]
fn any_other_signature_is_false() {
    let workshop = Workshop::new();
    let (binding, file) = digests();
    let right = message(&binding, &file);
    let alice = key(&workshop, "alice", &["-t", "ed25519"]);
    let mallory = key(&workshop, "mallory", &["-t", "ed25519"]);
    let sign = |name: &str, message: &[u8]| {
        let signer = Signer::read(&workshop.path(name)).unwrap();
        signer.sign(&[message.to_vec()], &environment(), false).unwrap().remove(0)
    };
    let good = sign("alice", &right);
    let keys = verifying(&alice);
    assert_eq!(verify(&good, &right, &keys), Ok(()));
    for other in [message(&file, &binding), message(&binding, &binding), message(&file, &file), Vec::new()] {
        assert_eq!(verify(&good, &other, &keys), Err(FalseSignature::DoesNotFit));
    }
    let theirs = FalseSignature::OtherKey(mallory.fingerprint.clone());
    assert_eq!(verify(&sign("mallory", &right), &right, &keys), Err(theirs));
    assert!(verify(&sign("mallory", &right), &right, &[keys, verifying(&mallory)].concat()).is_ok());
    workshop.write("m", &right);
    workshop.run("sh", &["-c", "ssh-keygen -q -Y sign -n git -f alice < m > git"]);
    let git = std::fs::read_to_string(workshop.path("git")).unwrap();
    assert_eq!(verify(&git, &right, &verifying(&alice)), Err(FalseSignature::OtherPurpose));
    let long = format!("{good}{}", "\n".repeat(MAX_SIGNATURE_BYTES));
    assert_eq!(verify(&long, &right, &verifying(&alice)), Err(FalseSignature::TooLong));
    for malformed in [
        "",
        "x",
        &"x".repeat(MAX_SIGNATURE_BYTES),
        &good.replace("SIGNATURE", "MESSAGE"),
        &good[..good.len() / 2],
        &format!("{good}x"),
        // The same signature in another text, as the crate itself would take it.
        &good.replace('\n', "\r\n"),
    ] {
        assert_eq!(
            verify(malformed, &right, &verifying(&alice)),
            Err(FalseSignature::Malformed),
            "{malformed}"
        );
    }
}

/// Whatever byte of a signature is changed, it is none any more.
#[test]
fn any_changed_byte_is_noticed() {
    let workshop = Workshop::new();
    let (binding, file) = digests();
    let right = message(&binding, &file);
    let keys = verifying(&key(&workshop, "alice", &["-t", "ed25519"]));
    let signer = Signer::read(&workshop.path("alice")).unwrap();
    let good = signer.sign(std::slice::from_ref(&right), &environment(), false).unwrap().remove(0);
    let body: String = good.lines().filter(|line| !line.starts_with('-')).collect();
    let bytes = BASE64_STANDARD.decode(body).unwrap();
    assert_eq!(verify(&armored(&bytes), &right, &keys), Ok(()));
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert!(verify(&armored(&changed), &right, &keys).is_err(), "byte {at}");
    }
}

fn armored(bytes: &[u8]) -> String {
    let encoded = BASE64_STANDARD.encode(bytes);
    let lines: Vec<&str> =
        encoded.as_bytes().chunks(70).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN SSH SIGNATURE-----\n{}\n-----END SSH SIGNATURE-----\n", lines.join("\n"))
}

fn string(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap();
    [length.to_be_bytes().as_slice(), bytes].concat()
}

fn raw<S: ssh_key::SigningKey>(key: &S, message: &[u8]) -> Vec<u8> {
    key.try_sign(message).unwrap().as_bytes().to_vec()
}

/// Security keys, as PROTOCOL.u2f has them, played in software; `ssh-keygen` is the witness that they are played well.
#[test]
fn signatures_of_security_keys_are_verified() {
    let workshop = Workshop::new();
    let (binding, file) = digests();
    let right = message(&binding, &file);
    workshop.write("m", &right);
    for (kind, on_key, arguments) in [
        ("ssh-ed25519", "sk-ssh-ed25519@openssh.com", &["-t", "ed25519"][..]),
        ("ecdsa-sha2-nistp256", "sk-ecdsa-sha2-nistp256@openssh.com", &["-t", "ecdsa"]),
    ] {
        let software = key(&workshop, kind, arguments);
        let private = PrivateKey::read_openssh_file(&workshop.path(kind)).unwrap();
        // The same key with the application behind it.
        let wire = BASE64_STANDARD.decode(software.text.split(' ').nth(1).unwrap()).unwrap();
        let fields = &wire[4 + kind.len()..];
        let public = [string(on_key.as_bytes()), fields.to_vec(), string(b"ssh:")].concat();
        let line = format!("{on_key} {}", BASE64_STANDARD.encode(&public));
        let key = parse_key(&line).unwrap();
        assert_eq!(key.text, line);
        let hash = |bytes: &[u8]| Digest::of(bytes).as_bytes().to_vec();
        let covered = SshSig::signed_data(SIGNATURE_NAMESPACE, ssh_key::HashAlg::Sha256, &right).unwrap();
        let flags = [1, 0, 0, 0, 7];
        let asserted = [hash(b"ssh:"), flags.to_vec(), hash(&covered)].concat();
        let made = raw(&private, &asserted);
        let signature = [string(on_key.as_bytes()), string(&made), flags.to_vec()].concat();
        let blob = [
            b"SSHSIG\0\0\0\x01".to_vec(),
            string(&public),
            string(SIGNATURE_NAMESPACE.as_bytes()),
            string(b""),
            string(b"sha256"),
            string(&signature),
        ]
        .concat();
        workshop.write("sig", armored(&blob).as_bytes());
        workshop.write("allowed", format!("alice {line}\n").as_bytes());
        let script = "ssh-keygen -Y verify -f allowed -I alice -n record@secrets-cli -s sig < m";
        workshop.run("sh", &["-c", script]);
        assert_eq!(verify(&armored(&blob), &right, &verifying(&key)), Ok(()), "{kind}");
        assert_eq!(
            verify(&armored(&blob), &message(&file, &binding), &verifying(&key)),
            Err(FalseSignature::DoesNotFit)
        );
    }
}

#[test]
fn keys_that_can_t_stand_for_anybody_are_refused() {
    let workshop = Workshop::new();
    workshop.run("ssh-keygen", &["-q", "-t", "ecdsa", "-b", "521", "-N", "", "-f", "p521"]);
    workshop.run("ssh-keygen", &["-q", "-t", "rsa", "-b", "1024", "-N", "", "-f", "short"]);
    let public = |name: &str| std::fs::read_to_string(workshop.path(&format!("{name}.pub"))).unwrap();
    let private = std::fs::read_to_string(workshop.path("p521")).unwrap();
    let ed25519 = |point: &[u8; 32]| {
        let wire = [string(b"ssh-ed25519"), string(point)].concat();
        format!("ssh-ed25519 {}", BASE64_STANDARD.encode(wire))
    };
    // The neutral element: with it as the key, anybody could sign.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let rsa = |exponent: &[u8]| {
        let modulus = [&[0][..], &[0xff; 256]].concat();
        let wire = [string(b"ssh-rsa"), string(exponent), string(&modulus)].concat();
        format!("ssh-rsa {}", BASE64_STANDARD.encode(wire))
    };
    // What can be no key is told apart from what is longer than any.
    let longest = format!("ssh-ed25519 {}", "A".repeat(MAX_KEY_BYTES - "ssh-ed25519 ".len()));
    assert_eq!(parse_key(&longest), Err(SigningKeyError::Malformed));
    assert!(parse_key(&rsa(&[1, 0, 1])).is_ok() && parse_key(&rsa(&[3])).is_ok());
    for (text, told) in [
        (String::new(), "give the line of an ssh `.pub` file"),
        ("ssh-ed25519".to_owned(), "give the line of an ssh `.pub` file"),
        ("age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj".to_owned(), "no signing key"),
        ("ssh-ed25519 AAAA alice".to_owned(), "is damaged"),
        ("ssh-ed25519 AAAA\nssh-ed25519 BBBB".to_owned(), "no signing key"),
        (format!("ssh-ed25519 {}", "A".repeat(MAX_KEY_BYTES)), "longer than"),
        (private, "a private key"),
        (public("p521"), "type `ecdsa-sha2-nistp521`"),
        (public("short"), "has 1024 bits"),
        (rsa(&[1]), "exponent"),
        (rsa(&[1, 0, 0]), "exponent"),
        (ed25519(&neutral), "worthless"),
        ("ssh-dss AAAA".to_owned(), "type `ssh-dss`"),
    ] {
        let error = parse_key(&text).unwrap_err().to_string();
        assert!(error.contains(told), "{error} / {told}");
        assert!(text.len() < 20 || !error.contains(&text), "the text is not repeated");
    }
}

proptest::proptest! {
    /// Signatures come from whoever may push a record.
    #[test]
    fn no_bytes_bring_it_down(tail in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400)) {
        let message = b"message";
        for bytes in [tail.clone(), [b"SSHSIG\0\0\0\x01".as_slice(), &tail].concat()] {
            proptest::prop_assert!(verify(&armored(&bytes), message, &[]).is_err());
        }
        proptest::prop_assert!(verify(&String::from_utf8_lossy(&tail), message, &[]).is_err());
        let line = format!("ssh-rsa {}", BASE64_STANDARD.encode([string(b"ssh-rsa"), tail].concat()));
        let _ = parse_key(&line);
    }
}
