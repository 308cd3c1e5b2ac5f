//! What each kind of value says of its end. The samples are made by `tests/fixtures/value_ends/make.sh`.

mod certificates;
mod properties;
mod tokens;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};

use super::read;
use crate::domain::value_end::ValueEnds;

const LEAF: &str = include_str!("../../../tests/fixtures/value_ends/leaf.pem");
const LEAF_END: &str = "2027-08-31T12:00:00Z x509 certificate of CN=web.example.org";

/// `2027-08-31T12:00:00Z x509 certificate of CN=web.example.org`, for each end.
fn told(value: impl AsRef<[u8]>) -> Vec<String> {
    let ends = read(value.as_ref());
    assert_eq!(ends.unread, Vec::<String>::new());
    listed(&ends)
}

fn listed(ends: &ValueEnds) -> Vec<String> {
    ends.ends.iter().map(|end| format!("{} {} {}", end.at, end.source.as_str(), end.what)).collect()
}

fn unread(value: impl AsRef<[u8]>) -> Vec<String> {
    let ends = read(value.as_ref());
    assert_eq!(listed(&ends), Vec::<String>::new());
    ends.unread
}

fn token(header: &str, payload: &str) -> String {
    let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.c2lnbmF0dXJl", part(header), part(payload))
}

fn expiring(payload: &str) -> String {
    token(r#"{"alg":"RS256","typ":"JWT"}"#, payload)
}

fn kubeconfig(indent: &str) -> String {
    let (certificate, token) = (BASE64_STANDARD.encode(LEAF), expiring(r#"{"iss":"x","exp":1830297600}"#));
    let late = BASE64_STANDARD.encode(include_str!("../../../tests/fixtures/value_ends/late.pem"));
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: prod\nclusters:\n{indent}- cluster:\n{indent}    \
         certificate-authority-data: {late}\n{indent}    server: https://example.org\n{indent}  name: prod\n\
         contexts:\n{indent}- context: {{cluster: prod, user: alice}}\n{indent}  name: prod\nusers:\n\
         {indent}- name: alice\n{indent}  user:\n{indent}    client-certificate-data: {certificate}\n\
         {indent}    client-key-data: LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCg==\n\
         {indent}- user: {{token: \"{token}\"}}\n{indent}  name: bob\n"
    )
}

#[test]
fn what_only_speaks_of_such_things_gives_nothing() {
    for text in [
        "",
        "hunter2",
        "a certificate goes between -----BEGIN CERTIFICATE----- and -----END CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----\n...\n-----END CERTIFICATE-----",
        "-----BEGIN CERTIFICATE",
        "-----BEGIN PGP PRIVATE KEY BLOCK-----",
        "set client-certificate-data, users, clusters and token",
        "client-certificate-data: DATA+OMITTED",
        "kind: Config\nusers:\n- name: a\n  user:\n    token: opaque\nclusters: []\n",
        "kind: Config\nusers:\n- name: a\n  user: {client-certificate-data: REDACTED}\n",
        "append ?se=2027-08-31&sig=<signature>",
        "https://example.org/?sv=1&sig=x&se=2027-08-31",
        "https://example.org/?se=2027-08-31&sig=Z/RHIX5Xcg0Mq2rqI3OlWTjEg2tYkboXr1P9ZUXDtkk=",
        "ssh-ed25519-cert-v01@openssh.com is a kind of certificate",
        "@cert-authority * ssh-ed25519-cert-v01@openssh.com",
        "www.example.org",
        "a.b.c",
        "1.2.3",
        r#"{"type":"service_account","token_uri":"https://oauth2.googleapis.com/token","private_key":
           "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7\n-----END PRIVATE KEY-----\n",
           "client_x509_cert_url":"https://www.googleapis.com/robot/v1/metadata/x509/a"}"#,
        r#"{"token":"opaque","exp":1830297600,"expires":"2027-08-31"}"#,
    ] {
        assert_eq!(read(text.as_bytes()), ValueEnds::default(), "{text}");
    }
    for bytes in [
        include_bytes!("../../../tests/fixtures/value_ends/key.der").as_slice(),
        &[0x30],
        &[0x30, 0x80, 0xff],
    ] {
        assert_eq!(read(bytes), ValueEnds::default());
    }
}

#[test]
fn what_is_recognised_and_not_read_is_said() {
    let openpgp = "an OpenPGP key, whose end is not read: give --expires";
    let pkcs12 = "a PKCS#12 file, whose certificates are not read: give --expires";
    let pkcs7 = "a bundle in PKCS#7, whose certificates are not read: give --expires";
    let p12 = include_bytes!("../../../tests/fixtures/value_ends/leaf.p12");
    let gpg = include_bytes!("../../../tests/fixtures/value_ends/openpgp.gpg");
    let p7b = include_str!("../../../tests/fixtures/value_ends/leaf.p7b");
    let p7b_der =
        BASE64_STANDARD.decode(p7b.lines().filter(|l| !l.contains('-')).collect::<String>()).unwrap();
    assert_eq!(unread(include_bytes!("../../../tests/fixtures/value_ends/openpgp.asc")), [openpgp]);
    assert_eq!(unread(gpg), [openpgp]);
    assert_eq!(unread(BASE64_STANDARD.encode(gpg)), [openpgp]);
    assert_eq!(unread(p12), [pkcs12]);
    assert_eq!(unread(BASE64_STANDARD.encode(p12)), [pkcs12]);
    assert_eq!(unread(format!(r#"{{"pfx":"{}"}}"#, BASE64_STANDARD.encode(p12))), [pkcs12]);
    assert_eq!(unread(p7b), [pkcs7]);
    assert_eq!(unread(p7b_der), [pkcs7]);
    assert_eq!(unread([0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2]).len(), 1);
    assert_eq!(unread(vec![b'a'; super::MAX_VALUE_BYTES + 1]).len(), 1);
}

#[test]
fn ends_ascend_and_repeat_nothing() {
    let both = format!("{LEAF}{}{LEAF}", include_str!("../../../tests/fixtures/value_ends/bundle.pem"));
    let ends = read(both.as_bytes());
    assert_eq!(listed(&ends).len(), 3);
    assert!(ends.ends.is_sorted());
    assert_eq!(ends.earliest().map(|end| end.what.as_str()), Some("certificate of CN=Early Intermediate"));
}

#[test]
fn of_too_many_ends_the_earliest_are_told() {
    let signed = |day: i64| format!("sv=1&sig=Z%2FRHIX5Xcg0Mq2rqI3OlWTjEg2tYkboXr1P9ZUXDtkk%3D&se={day}\n");
    let many = (0..10_000).rev().map(|day| signed(1_800_000_000 + day)).collect::<String>();
    let ends = read(many.as_bytes()).ends;
    assert_eq!(ends.len(), 1_000);
    assert_eq!(ends.first().map(|end| end.at.unix_seconds()), Some(1_800_000_000));
    assert_eq!(ends.last().map(|end| end.at.unix_seconds()), Some(1_800_000_999));
}
