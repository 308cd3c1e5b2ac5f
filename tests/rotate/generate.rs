//! What is made here, by the programs that it is made for.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use secrets::domain::id::VersionId;
use secrets::domain::json::UniqueMap;
use secrets::domain::record::Runner;
use secrets::domain::rotator::Rotator;
use secrets::domain::time::Instant;
use secrets::rotate::{Minted, Trial, provider};
use tempfile::TempDir;

use super::common::NOW;
use super::local_provider::outside;

const ALPHANUMERIC: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// What a record with these settings makes.
#[track_caller]
fn minted(settings: &[(&str, &str)], lifetime_end: Option<&str>) -> Minted {
    let with = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let runner = Runner { kind: "generate".to_owned(), with: with.collect::<UniqueMap<_, _>>() };
    let rotator = Rotator::parse(&runner).unwrap();
    let rotator = rotator.resolve(|_| Err("it needs no credential")).unwrap();
    let outside = outside(Path::new("/"));
    let provider = provider(&rotator, &outside).unwrap().unwrap();
    let marker = VersionId::from_parts(outside.now, 1);
    let minted = provider.mint(marker, None, lifetime_end.map(moment)).unwrap();
    // Nobody keeps it, so there is nothing to find again, and nobody to ask.
    assert!(provider.takes_markers() && provider.list().unwrap().is_empty() && minted.handle.is_none());
    assert!(provider.identify(&minted.value, &[]).unwrap().is_none());
    assert!(matches!(provider.verify(&minted.value), Ok(Trial::CannotTell)));
    minted
}

#[track_caller]
fn made(settings: &[(&str, &str)]) -> String {
    String::from_utf8(minted(settings, None).value.expose().to_vec()).unwrap()
}

fn moment(text: &str) -> Instant {
    Instant::parse_date_or_instant(text).unwrap()
}

/// Runs a program on files in a folder, which must succeed; answers with what it printed, without space at its end.
#[track_caller]
fn told(folder: &TempDir, line: &str) -> String {
    let (succeeded, printed) = tried(folder, line);
    assert!(succeeded, "{line}: {printed}");
    printed
}

#[track_caller]
fn tried(folder: &TempDir, line: &str) -> (bool, String) {
    let mut command = Command::new("sh");
    command.args(["-c", line]).current_dir(folder.path()).stdin(Stdio::null());
    let output = command.output().unwrap();
    let printed = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(printed).unwrap().trim_end().to_owned())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the alphabet: just its signs, all of them, as many as were asked for, and never the same twice.
    #[test]
    fn text_is_drawn_from_its_alphabet(
        signs in proptest::sample::subsequence(('!'..='~').collect::<Vec<_>>(), 2..=94),
        length in 64_usize..=4096,
    ) {
        let alphabet: String = signs.iter().collect();
        prop_assume!(!alphabet.chars().all(|sign| sign.is_ascii_alphabetic()));
        let length_text = length.to_string();
        let settings = [("alphabet", alphabet.as_str()), ("length", &length_text)];
        let (one, another) = (made(&settings), made(&settings));
        prop_assert_eq!((one.len(), another.len()), (length, length));
        prop_assert!(one.chars().all(|sign| signs.contains(&sign)));
        prop_assert_ne!(&one, &another);
        // Each sign is missed with a probability of less than e^-43.
        if length >= 44 * signs.len() {
            prop_assert!(signs.iter().all(|sign| one.contains(*sign)));
        }
    }

    #[test]
    fn bytes_are_as_many_as_were_asked_for(length in 8_usize..=4096) {
        let text = length.to_string();
        let of = |format| minted(&[("format", format), ("length", &text)], None).value;
        prop_assert_eq!(of("raw").expose().len(), length);
        let hex = of("hex");
        prop_assert_eq!(hex.expose().len(), 2 * length);
        prop_assert!(hex.expose().iter().all(|b| b"0123456789abcdef".contains(b)));
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("value"), of("base64").expose()).unwrap();
        let decoded = told(&folder, "base64 -d value | wc -c");
        prop_assert_eq!(decoded.trim(), &text);
    }
}

/// Pearson's test of what a hundred values are made of: with a modulo that is not fair, the first eight of 62 signs would come
/// a quarter more often, and the sum be far beyond.
#[test]
fn each_sign_comes_as_often_as_every_other() {
    let text: String = (0..50).map(|_| made(&[("length", "4096")])).collect();
    let expected = f64::from(50 * 4096) / 62.0;
    let of = |sign: char| f64::from(u32::try_from(text.matches(sign).count()).unwrap());
    let squares: f64 = ALPHANUMERIC.chars().map(|sign| (of(sign) - expected).powi(2) / expected).sum();
    // 61 degrees of freedom: beyond 170 in one of 10^11 runs.
    assert!(squares < 170.0, "{squares}");
    assert_eq!(made(&[]).len(), 32);
}

#[test]
fn a_uuid_is_one_of_version_4() {
    let folder = tempfile::tempdir().unwrap();
    let uuids: Vec<String> = (0..64).map(|_| made(&[("format", "uuid")])).collect();
    fs::write(folder.path().join("uuids"), uuids.join("\n")).unwrap();
    let script = "import uuid; [print(u.version, u.variant, str(u) == line.strip()) for line in open('uuids') \
                  for u in [uuid.UUID(line.strip())]]";
    assert_eq!(told(&folder, &format!("python3 -c \"{script}\" | sort -u")), "4 specified in RFC 4122 True");
    assert_eq!(uuids.iter().collect::<std::collections::BTreeSet<_>>().len(), 64);
}

#[test]
fn a_key_of_ssh() {
    let folder = tempfile::tempdir().unwrap();
    for comment in ["deploy@example.org", ""] {
        let mut settings = vec![("format", "ssh-ed25519")];
        settings.extend(Some(("comment", comment)).filter(|_| !comment.is_empty()));
        let key = made(&settings);
        fs::write(folder.path().join("key"), &key).unwrap();
        told(&folder, "chmod 600 key; ssh-keygen -y -f key > key.pub");
        let public = fs::read_to_string(folder.path().join("key.pub")).unwrap();
        assert!(public.starts_with("ssh-ed25519 ") && public.trim_end().ends_with(comment), "{public}");
        let listed = told(&folder, "ssh-keygen -l -f key");
        assert!(listed.starts_with("256 SHA256:") && listed.ends_with("(ED25519)"), "{listed}");
        // What the private half signs is verified with the public one.
        told(&folder, "echo data > data; ssh-keygen -q -Y sign -f key -n test data");
        told(&folder, "ssh-keygen -Y check-novalidate -n test -f key.pub -s data.sig < data");
        told(&folder, "rm data.sig");
        assert!(key.starts_with("-----BEGIN OPENSSH PRIVATE KEY-----\n"));
        assert!(key.ends_with("-----END OPENSSH PRIVATE KEY-----\n"));
    }
}

#[test]
fn an_identity_of_age() {
    let folder = tempfile::tempdir().unwrap();
    let identity = made(&[("format", "age")]);
    fs::write(folder.path().join("identity"), &identity).unwrap();
    let lines: Vec<&str> = identity.lines().collect();
    let [created, public, private] = lines[..] else { panic!("{} lines", lines.len()) };
    assert_eq!(created, format!("# created: {NOW}"));
    let public = public.strip_prefix("# public key: ").unwrap();
    assert_eq!(told(&folder, "age-keygen -y identity"), public);
    assert!(private.starts_with("AGE-SECRET-KEY-1") && identity.ends_with('\n'));
    let sealed = format!("printf hello | age -r {public} > sealed && age -d -i identity sealed");
    assert_eq!(told(&folder, &sealed), "hello");
    assert_ne!(identity, made(&[("format", "age")]));
}

#[test]
fn a_certificate_that_signed_itself() {
    const NAMES: &str = "www.example.org,*.example.org,192.0.2.1,2001:db8::1";
    let folder = tempfile::tempdir().unwrap();
    let minted = minted(&[("format", "self-signed"), ("names", NAMES), ("days", "30")], None);
    // 30 days behind 1 March.
    assert_eq!(minted.expires, Some(moment("2026-03-31T12:00:00Z")));
    fs::write(folder.path().join("pem"), minted.value.expose()).unwrap();

    told(&folder, "openssl pkey -in pem -check -noout");
    assert_eq!(
        told(&folder, "openssl pkey -in pem -pubout"),
        told(&folder, "openssl x509 -in pem -pubkey -noout")
    );
    // Versions of openssl differ in what stands around the sign.
    let shown = told(&folder, "openssl x509 -in pem -noout -text").replace(" = ", "=");
    for part in [
        "Version: 3",
        "Issuer: CN=www.example.org",
        "Subject: CN=www.example.org",
        "Not Before: Mar  1 11:55:00 2026 GMT",
        "Not After : Mar 31 12:00:00 2026 GMT",
        "DNS:www.example.org, DNS:*.example.org, IP Address:192.0.2.1, IP Address:2001:DB8:0:0:0:0:0:1",
        "ASN1 OID: prime256v1",
    ] {
        assert!(shown.contains(part), "{part}:\n{shown}");
    }

    let verify = |at: &str, rest: &str| {
        let at = moment(at).unix_seconds();
        tried(&folder, &format!("openssl verify -CAfile pem -attime {at} -purpose sslserver {rest} pem")).0
    };
    assert!(verify("2026-03-01T12:00:00Z", "-verify_hostname a.example.org"));
    assert!(verify("2026-03-31T11:59:59Z", "-verify_ip 192.0.2.1"));
    assert!(!verify("2026-03-31T12:00:01Z", "-verify_ip 192.0.2.1"));
    assert!(!verify("2026-03-01T11:54:00Z", "-verify_ip 192.0.2.1"));
    assert!(!verify("2026-03-01T12:00:00Z", "-verify_hostname other.example"));
    assert!(!verify("2026-03-01T12:00:00Z", "-verify_ip 192.0.2.2"));
}

/// The certificate has the end that the secret gets, wherever that is said.
#[test]
fn how_long_a_certificate_lives() {
    let folder = tempfile::tempdir().unwrap();
    let host = [("format", "self-signed"), ("names", "localhost")];
    for (settings, lifetime_end, expires) in [
        (&[("days", "1")][..], Some("2027-01-01"), "2026-03-02T12:00:00Z"),
        (&[], Some("2027-01-01"), "2027-01-01"),
        (&[], None, "2026-05-30T12:00:00Z"),
        // From 2050 on the form of dates is another (RFC 5280, section 4.1.2.5).
        (&[], Some("2050-06-01"), "2050-06-01"),
    ] {
        let minted = minted(&[&host[..], settings].concat(), lifetime_end);
        assert_eq!(minted.expires, Some(moment(expires)));
        fs::write(folder.path().join("pem"), minted.value.expose()).unwrap();
        let told = told(&folder, "openssl x509 -in pem -noout -enddate -dateopt iso_8601");
        assert_eq!(told, format!("notAfter={}", moment(expires).to_string().replace('T', " ")));
    }
}

#[test]
fn serial_numbers_and_keys_are_new_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let seen = (0..3).map(|_| {
        fs::write(folder.path().join("pem"), made(&[("format", "self-signed"), ("names", "localhost")]))
            .unwrap();
        (
            told(&folder, "openssl x509 -in pem -noout -serial"),
            told(&folder, "openssl x509 -in pem -noout -pubkey"),
        )
    });
    let (serials, keys): (std::collections::BTreeSet<_>, std::collections::BTreeSet<_>) = seen.unzip();
    assert_eq!((serials.len(), keys.len()), (3, 3));
    assert!(serials.iter().all(|serial| serial.len() == "serial=".len() + 32), "{serials:?}");
}

#[test]
fn a_request_for_a_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let minted = minted(&[("format", "csr"), ("names", "www.example.org, 192.0.2.1")], Some("2027-01-01"));
    assert_eq!(minted.expires, Some(moment("2027-01-01")));
    fs::write(folder.path().join("pem"), minted.value.expose()).unwrap();
    told(&folder, "openssl pkey -in pem -check -noout");
    let shown = told(&folder, "openssl req -in pem -noout -verify -text").replace(" = ", "=");
    for part in ["verify OK", "Subject: CN=www.example.org", "DNS:www.example.org, IP Address:192.0.2.1"] {
        assert!(shown.contains(part), "{part}:\n{shown}");
    }
    assert_eq!(
        told(&folder, "openssl pkey -in pem -pubout"),
        told(&folder, "openssl req -in pem -noout -pubkey")
    );
}

/// A name that is too long to be a common name stands in the certificate all the same.
#[test]
fn a_long_name_of_a_host() {
    let folder = tempfile::tempdir().unwrap();
    let name = format!("{}.example.org", "a".repeat(60));
    fs::write(folder.path().join("pem"), made(&[("format", "self-signed"), ("names", &name)])).unwrap();
    let shown = told(&folder, "openssl x509 -in pem -noout -text").replace(" = ", "=");
    assert!(shown.contains(&format!("DNS:{name}")) && !shown.contains("CN="), "{shown}");
}
