use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
use curve25519_dalek::scalar::Scalar;

use super::*;
use crate::seal::curve::CurveError;
use crate::seal::samples::{Workshop, vectors};

const EXAMPLE: &str = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";

fn age(hrp: &str, data: &[u8]) -> String {
    bech32_encode(bech32::Hrp::parse(hrp).unwrap(), data)
}

fn ssh(kind: &str, fields: &[&[u8]]) -> String {
    let wire = fields
        .iter()
        .flat_map(|field| [&u32::try_from(field.len()).unwrap().to_be_bytes(), *field].concat())
        .collect::<Vec<_>>();
    format!("{kind} {}", BASE64_STANDARD.encode(wire))
}

fn ed25519(point: &[u8]) -> String {
    ssh("ssh-ed25519", &[b"ssh-ed25519", point])
}

/// What is wrong with the point that a key names; the message names the key.
fn fault_of(text: &str) -> CurveError {
    match parse(text) {
        Err(KeyError::Curve { key, fault }) if key == text => fault,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn an_age_recipient() {
    let key = parse(&format!("  {EXAMPLE}\n")).unwrap();
    assert_eq!(key.kind, KeyKind::X25519);
    assert_eq!(key.text, EXAMPLE);
    assert_eq!(key.recipient_bytes, key.montgomery.unwrap());
    assert_eq!(key.fingerprint, Fingerprint::of(&key.recipient_bytes));
    assert_eq!(parse(&EXAMPLE.to_uppercase()), Err(KeyError::NotLowerCase));
    assert_eq!(parse(&EXAMPLE.replace("age1z", "age1Z")), Err(KeyError::NotLowerCase));
    assert_eq!(parse(&EXAMPLE.replace("zvk", "zvp")), Err(KeyError::Checksum));
    assert_eq!(parse(&EXAMPLE[..40]), Err(KeyError::Checksum));
}

#[test]
fn bits_of_padding_are_refused() {
    use bech32::primitives::iter::{ByteIterExt as _, Fe32IterExt as _};
    let hrp = bech32::Hrp::parse("age").unwrap();
    let data = parse(EXAMPLE).unwrap().recipient_bytes;
    let mut fives = data.iter().copied().bytes_to_fes().collect::<Vec<_>>();
    let last = fives.pop().unwrap().to_u8();
    fives.push(bech32::Fe32::try_from(last | 1).unwrap());
    let text = fives.into_iter().with_checksum::<bech32::Bech32>(&hrp).chars().collect::<String>();
    // The crate would have taken it, under another text.
    assert!(text.parse::<::age::x25519::Recipient>().is_ok());
    assert_eq!(parse(&text), Err(KeyError::NotCanonical));
}

#[test]
fn hostile_points_are_refused_in_either_type() {
    let honest = ED25519_BASEPOINT_POINT * Scalar::from(99_u64);
    for torsion in &EIGHT_TORSION {
        let low = torsion.compress().to_bytes();
        assert_eq!(fault_of(&ed25519(&low)), CurveError::SmallOrder);
        let low = torsion.to_montgomery().to_bytes();
        assert_eq!(fault_of(&age("age", &low)), CurveError::SmallOrder);
    }
    let mixed = honest + EIGHT_TORSION[1];
    assert_eq!(fault_of(&ed25519(&mixed.compress().to_bytes())), CurveError::Torsion);
    assert_eq!(fault_of(&age("age", &mixed.to_montgomery().to_bytes())), CurveError::Torsion);
    let mut high = honest.to_montgomery().to_bytes();
    high[31] |= 0x80;
    assert_eq!(fault_of(&age("age", &high)), CurveError::HighBit);
    assert_eq!(fault_of(&age("age", &[0xff; 32])), CurveError::HighBit);
    let mut unreduced = [0xff; 32];
    (unreduced[0], unreduced[31]) = (0xed, 0x7f);
    assert_eq!(fault_of(&age("age", &unreduced)), CurveError::NotCanonical);
    assert_eq!(parse(&age("age", &[1; 31])), Err(KeyError::NotCanonical));
    assert_eq!(parse(&age("age", &[1; 33])), Err(KeyError::NotCanonical));
}

/// The two forms of one key have one coordinate: it is by that that a key under two names is found.
#[test]
fn an_ssh_key_has_the_coordinate_of_its_age_form() {
    let point = ED25519_BASEPOINT_POINT * Scalar::from(7_u64);
    let ssh = parse(&ed25519(&point.compress().to_bytes())).unwrap();
    let age = parse(&age("age", &point.to_montgomery().to_bytes())).unwrap();
    assert_eq!(ssh.montgomery, age.montgomery);
    assert_ne!(ssh.fingerprint, age.fingerprint);
    assert_eq!(ssh.recipient_bytes.len(), 51);
}

#[test]
fn ssh_lines() {
    let line = vectors("identities.json")["bob"]["recipient"].as_str().unwrap().to_owned();
    let plain = parse(&line).unwrap();
    assert_eq!((plain.kind.clone(), plain.comment.clone()), (KeyKind::SshEd25519, None));
    let commented = parse(&format!("{line}\t alice@laptop (work) \r\n")).unwrap();
    assert_eq!(commented.comment.as_deref(), Some("alice@laptop (work)"));
    assert_eq!(commented.text, line);
    assert_eq!(commented.fingerprint, plain.fingerprint);
    // A comment may say what it likes.
    assert!(parse(&format!("{line} my private key for age-plugin-x")).is_ok());

    let good = (ED25519_BASEPOINT_POINT * Scalar::from(3_u64)).compress().to_bytes();
    assert!(parse(&ed25519(&good)).is_ok());
    for bad in [
        "ssh-ed25519".to_owned(),
        "ssh-ed25519 ".to_owned(),
        "ssh-ed25519 !!!!".to_owned(),
        line[..50].to_owned(),
        ed25519(&good[..31]),
        ssh("ssh-ed25519", &[b"ssh-rsa", &good]),
        ssh("ssh-ed25519", &[b"ssh-ed25519", &good, b""]),
        "ssh-rsa AAAA".to_owned(),
        // Numbers that are zero, negative, or begin with a zero too many.
        ssh("ssh-rsa", &[b"ssh-rsa", b"\0", b"\0"]),
        ssh("ssh-rsa", &[b"ssh-rsa", b"", b""]),
        ssh("ssh-rsa", &[b"ssh-rsa", &[3], &[0; 300]]),
        ssh("ssh-rsa", &[b"ssh-rsa", &[3], &[0xff; 256]]),
        ssh("ssh-rsa", &[b"ssh-rsa", &[0, 3], &[0x7f; 256]]),
    ] {
        assert_eq!(parse(&bad), Err(KeyError::MalformedSsh), "{bad}");
    }
}

#[test]
fn rsa_keys_by_their_length_and_their_one_encoding() {
    let workshop = Workshop::new();
    for (bits, error) in
        [("1024", Some(KeyError::RsaTooSmall)), ("2048", None), ("5120", Some(KeyError::RsaTooLarge))]
    {
        workshop.run("ssh-keygen", &["-q", "-t", "rsa", "-b", bits, "-N", "", "-f", bits]);
        let line = std::fs::read_to_string(workshop.path(&format!("{bits}.pub"))).unwrap();
        assert_eq!(parse(&line).err(), error);
        if error.is_none() {
            let mut wire = parse(&line).unwrap().recipient_bytes;
            wire.extend_from_slice(b"anything");
            let longer = format!("ssh-rsa {}", BASE64_STANDARD.encode(wire));
            // The crate takes it for the same key, under another fingerprint.
            assert!(longer.parse::<::age::ssh::Recipient>().is_ok());
            assert_eq!(parse(&longer), Err(KeyError::MalformedSsh));
        }
    }
    for kind in ["ecdsa", "ed25519"] {
        let (name, certificate) = (format!("id_{kind}"), format!("id_{kind}-cert.pub"));
        workshop.run("ssh-keygen", &["-q", "-t", kind, "-N", "", "-f", &name]);
        workshop.run("ssh-keygen", &["-q", "-s", &name, "-I", "x", &format!("{name}.pub")]);
        let line = std::fs::read_to_string(workshop.path(&certificate)).unwrap();
        assert!(matches!(parse(&line), Err(KeyError::UnsupportedSsh(kind)) if kind.contains("-cert-")));
    }
    for kind in ["ecdsa-sha2-nistp256", "ssh-dss", "sk-ssh-ed25519@openssh.com", "ssh-ed448"] {
        let line = format!("{kind} AAAA alice");
        assert_eq!(parse(&line), Err(KeyError::UnsupportedSsh(kind.to_owned())));
    }
}

#[test]
fn plugins_and_their_names() {
    let text = age("age1yubikey", &[2; 33]);
    let key = parse(&text).unwrap();
    assert_eq!(key.kind, KeyKind::Plugin("yubikey".to_owned()));
    assert_eq!(key.recipient_bytes, text.as_bytes());
    assert_eq!(key.montgomery, None);
    for name in ["piv-p256", "a+b", "a.b", "a_b", "256"] {
        assert_eq!(
            parse(&age(&format!("age1{name}"), &[2; 33])).unwrap().kind,
            KeyKind::Plugin(name.to_owned())
        );
    }
    assert_eq!(parse(&age("age1pq", &[1; 1216])), Err(KeyError::PostQuantum("age1pq1")));
    assert_eq!(parse(&age("age1tagpq", &[1; 1216])), Err(KeyError::PostQuantum("age1tagpq1")));
    assert_eq!(parse(&age("age1", &[1; 32])), Err(KeyError::Unrecognized));
    assert_eq!(parse(&age("age1a/b", &[1; 32])), Err(KeyError::Unrecognized));
    assert_eq!(parse(&age("ages", &[1; 32])), Err(KeyError::Unrecognized));
}

#[test]
fn ids_of_key_services_are_recognised() {
    let id = "projects/p/locations/global/keyRings/r/cryptoKeys/k";
    let key = parse(id).unwrap();
    assert_eq!((key.kind, key.text.as_str()), (KeyKind::Kms, id));
}

#[test]
fn private_keys_are_refused_and_never_echoed() {
    let (line, _) = crate::seal::identity::generate().unwrap();
    let workshop = Workshop::new();
    let (ssh, _) = workshop.ssh_key("ed25519", "");
    let ssh = String::from_utf8(ssh).unwrap();
    for private in [
        line.to_string(),
        line.to_lowercase(),
        format!("# created: today\n{}\n", line.as_str()),
        ssh.clone(),
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE".to_owned(),
        ssh.replace('\n', " "),
    ] {
        let error = parse(&private).unwrap_err();
        assert_eq!(error, KeyError::Private);
        assert!(!error.to_string().contains(&private[private.len() / 2..]));
    }
    let plugin = age("age-plugin-yubikey-", &[1; 4]).to_uppercase();
    assert_eq!(parse(&plugin), Err(KeyError::PluginIdentity));
}

#[test]
fn everything_else_is_refused() {
    for (text, error) in [
        ("", KeyError::Empty),
        (" \n", KeyError::Empty),
        ("age", KeyError::Unrecognized),
        ("a password", KeyError::Unrecognized),
        ("\u{e4}ge1", KeyError::Unrecognized),
        ("age1\u{e4}", KeyError::Checksum),
        (&"a".repeat(MAX_KEY_BYTES + 1), KeyError::TooLong),
        (&"a".repeat(MAX_KEY_BYTES), KeyError::Unrecognized),
        (&format!("{EXAMPLE}\n{EXAMPLE}"), KeyError::ControlCharacter),
        (&format!("{EXAMPLE}\u{1b}[31m"), KeyError::ControlCharacter),
        (&format!("{EXAMPLE} alice"), KeyError::Checksum),
    ] {
        assert_eq!(parse(text), Err(error), "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn arbitrary_text_does_no_harm(text in "(age1|ssh-rsa |ssh-ed25519 |arn:aws:kms:|pgp:|sops:)?.{0,100}") {
        let _ = parse(&text);
    }
}

#[test]
fn fingerprints_of_openpgp_keys_have_one_text() {
    let canonical = "pgp:FBC7B9E2A4F9289AC0C1D4843D16CEE4A27381B4";
    for text in [
        canonical,
        "pgp:fbc7b9e2a4f9289ac0c1d4843d16cee4a27381b4",
        "PGP: FBC7 B9E2 A4F9 289A C0C1  D484 3D16 CEE4 A273 81B4",
    ] {
        let key = parse(text).unwrap();
        assert_eq!((&key.kind, key.text.as_str()), (&KeyKind::Pgp, canonical), "{text}");
        assert_eq!(key.fingerprint, parse(canonical).unwrap().fingerprint);
        assert!(!key.kind.can_be_sealed_to() && key.montgomery.is_none());
    }
    assert_eq!(parse("pgp:3d16cee4a27381b4").unwrap().text, "pgp:3D16CEE4A27381B4");
    assert!(parse(&format!("pgp:{}", "a1".repeat(32))).is_ok());
    for bad in ["pgp:", "pgp:A27381B4", "pgp:3D16CEE4A27381BG", &canonical[..43], "pgp:3D16\u{e4}E4A27381B4"]
    {
        assert_eq!(parse(bad), Err(KeyError::Pgp), "{bad}");
    }
}

#[test]
fn passwords_of_other_tools_are_named() {
    for good in [
        "ansible-vault:prod",
        "ansible-vault:web@prompt",
        "git-crypt:default",
        "sealed-secrets:controller",
        "hckms:eu-west/a:b",
        "age:passphrase",
        "sops:legacy_1.2-x",
    ] {
        let key = parse(good).unwrap();
        assert_eq!((&key.kind, key.text.as_str()), (&KeyKind::Opaque, good));
        assert!(!key.kind.can_be_sealed_to());
    }
    // What stands there might be the password.
    let error = parse("ansible-vault:hunter 2").unwrap_err();
    assert_eq!(error, KeyError::OpaqueName("ansible-vault"));
    assert!(!error.to_string().contains("hunter"));
    for bad in ["git-crypt:", "sops:a\u{e4}", "hckms:a b"] {
        assert!(matches!(parse(bad), Err(KeyError::OpaqueName(_))), "{bad}");
    }
    for bad in ["age:password", "vault:x", "ansible-vault", "GIT-CRYPT:x"] {
        assert_eq!(parse(bad), Err(KeyError::Unrecognized), "{bad}");
    }
}
