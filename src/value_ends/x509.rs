//! X.509 certificates (RFC 5280), in PEM and DER.
//!
//! `x509_cert` could read a whole certificate, but it sorts a set by insertion, in time that grows with the square of its
//! length, and refuses certificates in use for faults that have nothing to do with their end. So its parts read the fields
//! on the way to `notAfter` and the subject, and what lies between is stepped over.

use std::fmt::Write as _;

use x509_cert::der::asn1::{AnyRef, ObjectIdentifier};
use x509_cert::der::{
    DateTime, Decode as _, Error, Header, Reader, SliceReader, Tag, TagNumber, Tagged as _,
};
use x509_cert::time::Time;

use super::found::{Found, instant, shown};
use super::pem::Block;
use crate::domain::expiry::ExpirySource;

const UNREADABLE: &str = "a certificate that can't be read as X.509 in DER, or that ends before 1970";
const CUT_SHORT: &str = "a certificate in DER that is cut short";

/// Names of a subject that tell a person whose certificate it is, best first.
const NAMES: &[(&str, ObjectIdentifier)] = &[
    ("CN", ObjectIdentifier::new_unwrap("2.5.4.3")),
    ("O", ObjectIdentifier::new_unwrap("2.5.4.10")),
    ("OU", ObjectIdentifier::new_unwrap("2.5.4.11")),
];

/// What is read of a certificate.
struct Certificate {
    /// `None`: it says of itself that it has no end.
    not_after: Option<i64>,
    /// `CN=…`, or the serial number where the subject has no name.
    subject: String,
}

/// Reads a block of PEM, if it is of a kind that has an end. `role` stands in for the subject in what is told.
pub(super) fn read_pem(block: Block<'_>, role: Option<&str>, found: &mut Found) {
    let unread = match block.label {
        "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => None,
        "PKCS7" | "CMS" | "PKCS #7 SIGNED DATA" => {
            Some("a bundle in PKCS#7, whose certificates are not read: give --expires")
        }
        "ATTRIBUTE CERTIFICATE" => Some("an attribute certificate, whose end is not read: give --expires"),
        "PGP PRIVATE KEY BLOCK" | "PGP SECRET KEY BLOCK" | "PGP PUBLIC KEY BLOCK" => {
            Some(super::sealed_key::OPENPGP)
        }
        _ => return,
    };
    // A block that breaks off doesn't stand for the whole one of the same content.
    let sight = [block.body, if block.is_whole { "-" } else { "" }].concat();
    if !block.is_filled() || !found.is_new(sight.as_bytes()) {
        return;
    }
    if let Some(reason) = unread {
        return found.unread(reason);
    }
    let named = |fault: &str| match role {
        Some(role) => format!("{role}: {fault}"),
        None => fault.to_owned(),
    };
    if !block.is_whole {
        return found.unread(named("a certificate in PEM without its last line"));
    }
    let Some(der) = block.decode() else {
        return found.unread(named("a certificate in PEM whose base64 is broken"));
    };
    let der = der.as_slice();
    // OpenSSL puts what it trusts the certificate for behind it.
    let der = if block.label == "TRUSTED CERTIFICATE" { first_element(der).unwrap_or(der) } else { der };
    if found.is_new(der) {
        match parse(der) {
            Some(certificate) => tell(&certificate, role, found),
            None => found.unread(named(UNREADABLE)),
        }
    }
}

/// Reads certificates in DER, one behind the other. `false`: the value doesn't begin with one.
pub(super) fn read_der(value: &[u8], found: &mut Found) -> bool {
    let mut rest = value;
    let mut any = false;
    while rest.first() == Some(&0x30) {
        let Some(element) = first_element(rest) else {
            if begins_as_certificate(rest) {
                found.unread(CUT_SHORT);
                any = true;
            }
            break;
        };
        rest = rest.get(element.len()..).unwrap_or_default();
        match parse(element) {
            Some(certificate) => tell(&certificate, None, found),
            None if begins_as_certificate(element) => found.unread(UNREADABLE),
            None => continue,
        }
        any = true;
    }
    any
}

fn tell(certificate: &Certificate, role: Option<&str>, found: &mut Found) {
    let Some(not_after) = certificate.not_after else { return };
    let what = match role {
        Some(role) => role.to_owned(),
        None => format!("certificate {}", certificate.subject),
    };
    match instant(not_after) {
        Some(at) => found.end(at, ExpirySource::X509, what),
        None => found.unread(format!("{what}, whose end lies outside the years 1970 to 9999")),
    }
}

/// The first element of DER, with its header.
fn first_element(der: &[u8]) -> Option<&[u8]> {
    SliceReader::new(der).ok()?.tlv_bytes().ok()
}

/// Whether a certificate of version 2 or 3 begins here: a sequence in a sequence, and the tagged version.
fn begins_as_certificate(der: &[u8]) -> bool {
    let inside = |der| {
        let mut reader = SliceReader::new(der).ok()?;
        Header::decode(&mut reader).ok().filter(|header| header.tag == Tag::Sequence)?;
        der.get(usize::try_from(reader.position()).ok()?..)
    };
    inside(der).and_then(inside).is_some_and(|fields| fields.starts_with(&[0xa0, 3, 2, 1]))
}

fn parse(der: &[u8]) -> Option<Certificate> {
    let mut reader = SliceReader::new(der).ok()?;
    let (end, subject, serial) = reader
        .sequence(|certificate| {
            let fields = certificate.sequence(|fields| {
                if fields.peek_tag()? == (Tag::ContextSpecific { constructed: true, number: TagNumber::N0 }) {
                    fields.decode::<AnyRef<'_>>()?;
                }
                let serial = fields.decode::<AnyRef<'_>>()?;
                serial.tag().assert_eq(Tag::Integer)?;
                skip_sequence(fields)?; // signature
                skip_sequence(fields)?; // issuer
                let end = fields.sequence(|validity| {
                    validity.decode::<AnyRef<'_>>()?; // notBefore
                    validity.decode::<Time>()
                })?;
                let subject = fields.decode::<AnyRef<'_>>()?;
                skip_sequence(fields)?; // subjectPublicKeyInfo
                while !fields.is_finished() {
                    fields.decode::<AnyRef<'_>>()?;
                }
                Ok((end, subject, serial))
            })?;
            skip_sequence(certificate)?; // signatureAlgorithm
            certificate.decode::<AnyRef<'_>>()?.tag().assert_eq(Tag::BitString)?;
            Ok(fields)
        })
        .ok()?;
    reader.finish(()).ok()?;
    let end = end.to_date_time();
    let not_after = i64::try_from(end.unix_duration().as_secs()).ok()?;
    Some(Certificate {
        not_after: (end != DateTime::INFINITY).then_some(not_after),
        subject: subject_of(subject).unwrap_or_else(|| numbered(serial.value())),
    })
}

fn skip_sequence<'a>(reader: &mut impl Reader<'a>) -> Result<(), Error> {
    reader.decode::<AnyRef<'a>>()?.tag().assert_eq(Tag::Sequence).map(drop)
}

/// The best name of a subject, as `CN=…`.
fn subject_of(subject: AnyRef<'_>) -> Option<String> {
    let mut best = None::<(usize, String)>;
    let mut names = SliceReader::new(subject.value()).ok()?;
    while let Ok(set) = names.decode::<AnyRef<'_>>() {
        let mut set = SliceReader::new(set.value()).ok()?;
        while let Ok((kind, value)) =
            set.sequence(|pair| Ok((pair.decode::<ObjectIdentifier>()?, pair.decode::<AnyRef<'_>>()?)))
        {
            let Some(rank) = NAMES.iter().position(|(_, known)| *known == kind) else { continue };
            // Of several, the last is the nearest to the subject.
            if best.as_ref().is_none_or(|(so_far, _)| rank <= *so_far) {
                best = Some((rank, text_of(value)));
            }
        }
    }
    let (rank, name) = best?;
    let (key, _) = NAMES.get(rank)?;
    Some(format!("of {key}={}", shown(&name)))
}

fn text_of(value: AnyRef<'_>) -> String {
    if value.tag() != Tag::BmpString {
        return String::from_utf8_lossy(value.value()).into_owned();
    }
    let units =
        value.value().chunks_exact(2).map(|pair| u16::from_be_bytes(pair.try_into().unwrap_or_default()));
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// The serial number in place of a name; 20 bytes are the most that is allowed.
fn numbered(serial: &[u8]) -> String {
    serial.iter().take(20).fold("with the serial number ".to_owned(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
