//! Private keys with a certificate, or with the request for one. The curve is P-256, which every server and browser takes.
//!
//! `rcgen` writes what is public; the private key stays here, where it is wiped.

use std::time::Duration;

use p256::SecretKey;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use p256::pkcs8::EncodePrivateKey as _;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose,
    PublicKeyData, SerialNumber, SignatureAlgorithm,
};

use super::super::RotateError;
use super::text::push_pem;
use super::{failed, random};
use crate::domain::time::Instant;
use crate::domain::value::Value;
use crate::domain::wiped_text::Text;

/// The longest common name (RFC 5280, appendix A.1), in signs.
const MAX_COMMON_NAME: usize = 64;
/// How far the clocks of those who look at it may be behind, in seconds.
const CLOCK_SKEW: i64 = 300;

/// A private key and a certificate of it that it signed itself.
pub fn self_signed(names: &[String], now: Instant, end: Instant) -> Result<Value, RotateError> {
    let key = Key::new()?;
    let mut wanted = wanted(names)?;
    let moment = |at: Instant| rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(at.unix_seconds());
    wanted.not_before = moment(now.checked_add_seconds(-CLOCK_SKEW).unwrap_or(now));
    wanted.not_after = moment(end);
    wanted.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    // 127 random bits behind a 0, so that it is positive.
    let mut serial = random::bytes::<16>()?;
    let [first, ..] = &mut *serial;
    *first = *first & 0x3f | 0x40;
    wanted.serial_number = Some(SerialNumber::from_slice(&*serial));
    let certificate = wanted.self_signed(&key).map_err(|error| unwritten(&error))?;
    key.beside("CERTIFICATE", certificate.der())
}

/// A private key and a request for a certificate of it.
pub fn request(names: &[String]) -> Result<Value, RotateError> {
    let key = Key::new()?;
    let request = wanted(names)?.serialize_request(&key).map_err(|error| unwritten(&error))?;
    key.beside("CERTIFICATE REQUEST", request.der())
}

/// What certificate and request have in common.
fn wanted(names: &[String]) -> Result<CertificateParams, RotateError> {
    let mut wanted = CertificateParams::new(names.to_vec()).map_err(|error| unwritten(&error))?;
    wanted.distinguished_name = DistinguishedName::new();
    if let Some(first) = names.first().filter(|name| name.len() <= MAX_COMMON_NAME) {
        wanted.distinguished_name.push(DnType::CommonName, first.as_str());
    }
    wanted.is_ca = IsCa::NoCa;
    wanted.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    Ok(wanted)
}

fn unwritten(error: &rcgen::Error) -> RotateError {
    failed(&format!("the certificate can't be written: {error}"), "see whether `names` are right")
}

/// A private key and its public half.
struct Key {
    private: SecretKey,
    /// The point, uncompressed.
    public: Vec<u8>,
}

impl Key {
    fn new() -> Result<Self, RotateError> {
        loop {
            // All but one of 2^32 random numbers are keys of this curve; of those all are equally likely.
            if let Ok(private) = SecretKey::from_slice(&*random::bytes::<32>()?) {
                let public = private.public_key().to_sec1_bytes().into_vec();
                return Ok(Self { private, public });
            }
        }
    }

    /// Its PEM, and below it that of what was made with it.
    fn beside(&self, label: &str, der: &[u8]) -> Result<Value, RotateError> {
        let private = self.private.to_pkcs8_der();
        let private = private.map_err(|_| failed("the private key can't be written", "run it again"))?;
        let mut text = Text::with_capacity(2 * (private.as_bytes().len() + der.len()) + 256);
        push_pem(&mut text, "PRIVATE KEY", private.as_bytes());
        push_pem(&mut text, label, der);
        Ok(Value::new(text.into_bytes()))
    }
}

impl PublicKeyData for Key {
    fn der_bytes(&self) -> &[u8] {
        &self.public
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_ECDSA_P256_SHA256
    }
}

impl rcgen::SigningKey for Key {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let signature: Signature = SigningKey::from(&self.private).sign(message);
        Ok(signature.to_der().as_bytes().to_vec())
    }
}
