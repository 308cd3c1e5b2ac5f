//! Certificates of OpenSSH, as they stand in a `-cert.pub` file (`PROTOCOL.certkeys` of OpenSSH).
//!
//! The crate `ssh-key` refuses a certificate that is valid for ever, which is what `ssh-keygen -s` makes where nothing
//! else is asked for, and can't tell it from a broken one; so the few fields up to `valid before` are read here.

use super::base64;
use super::found::{Found, instant, shown};
use crate::domain::expiry::ExpirySource;

const SUFFIX: &str = "-cert-v01@openssh.com";

/// The kinds of certificates, and how many strings the public key is, which stand between the nonce and the serial number.
const KINDS: &[(&str, usize)] = &[
    ("ssh-ed25519", 1),
    ("ssh-rsa", 2),
    ("ecdsa-sha2-nistp256", 2),
    ("ecdsa-sha2-nistp384", 2),
    ("ecdsa-sha2-nistp521", 2),
    ("sk-ssh-ed25519", 2),
    ("sk-ecdsa-sha2-nistp256", 3),
    ("ssh-dss", 4),
];

/// `valid before` of a certificate that has no end.
const FOREVER: u64 = u64::MAX;

struct Certificate {
    key_id: String,
    valid_before: u64,
}

/// Reads every certificate that stands in a text: its kind, white space, base64.
pub(super) fn read(text: &str, found: &mut Found) {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(SUFFIX) {
        rest = after;
        let encoded = base64::leading_run(after.trim_start_matches([' ', '\t']));
        if !base64::has_long_run(encoded) || !found.is_new(encoded.as_bytes()) {
            continue;
        }
        let kind = KINDS.iter().filter(|(kind, _)| before.ends_with(kind)).max_by_key(|(kind, _)| kind.len());
        let Some((kind, strings)) = kind else {
            found.unread("an SSH certificate of a kind that is not known");
            continue;
        };
        match base64::decode(encoded.as_bytes()).and_then(|blob| parse(&blob, kind, *strings)) {
            Some(certificate) => tell(&certificate, found),
            None => found.unread("an SSH certificate that is broken or cut short"),
        }
    }
}

fn tell(certificate: &Certificate, found: &mut Found) {
    if certificate.valid_before == FOREVER {
        return;
    }
    let what = format!("SSH certificate of {}", shown(&certificate.key_id));
    match i64::try_from(certificate.valid_before).ok().and_then(instant) {
        Some(at) => found.end(at, ExpirySource::SshCertificate, what),
        None => found.unread(format!("{what}, whose end lies outside the years 1970 to 9999")),
    }
}

fn parse(mut blob: &[u8], kind: &str, strings: usize) -> Option<Certificate> {
    let blob = &mut blob;
    let named = take_string(blob)?;
    if named.strip_suffix(SUFFIX.as_bytes()) != Some(kind.as_bytes()) {
        return None;
    }
    // The nonce, and the public key.
    for _ in 0..=strings {
        take_string(blob)?;
    }
    let _serial = take::<8>(blob)?;
    let _user_or_host = take::<4>(blob)?;
    let key_id = String::from_utf8_lossy(take_string(blob)?).into_owned();
    let _principals = take_string(blob)?;
    let _valid_after = take::<8>(blob)?;
    let valid_before = u64::from_be_bytes(take::<8>(blob)?);
    // Critical options, extensions, reserved, the key of the authority, its signature.
    for _ in 0..5 {
        take_string(blob)?;
    }
    blob.is_empty().then_some(Certificate { key_id, valid_before })
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (field, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*field)
}

/// Takes one `string` (RFC 4251) off the front.
fn take_string<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(u32::from_be_bytes(take::<4>(bytes)?)).ok()?;
    let (field, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(field)
}
