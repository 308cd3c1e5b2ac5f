//! A server that shows the certificate which the value holds.
//!
//! That it is this very certificate, and that the server has its private key, is all that is asked. Whether the certificate is
//! valid, for whom, and who issued it is not: the value was sealed with it, and what it says of its end is judged elsewhere.

use std::error::Error;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme};

use super::super::{Outside, RotateError, Trial};
use super::unfit;
use crate::domain::digest::Digest;
use crate::domain::probe::Tls;
use crate::domain::text::visible;
use crate::domain::value::Value;
use crate::web::ServiceError;
use crate::web::tcp::Bounded;

const KIND: &str = "tls";
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

pub fn attempt(tls: &Tls, value: &Value, outside: &Outside) -> Result<Trial, RotateError> {
    let expected = first_certificate(value.expose()).ok_or_else(|| {
        unfit(KIND, "the value holds no certificate in PEM, so there is nothing to compare")
    })?;
    let expected = Digest::of(&expected);
    let to = format!("{}:{}", visible(&tls.host), tls.port);
    let until = outside.deadline.min(Instant::now() + outside.limits.attempt);
    let witness = Arc::new(Witness::new());
    let ended = shake_hands(tls, &witness, until);
    let seen = witness.seen();
    match (seen.certificate, ended) {
        (Some(shown), _) if shown != expected => {
            Ok(Trial::Refused(format!("{to}: shows the certificate {shown}, and the value holds {expected}")))
        }
        // Whatever comes behind that proof, such as a wish for a certificate of ours, is another matter.
        (Some(_), _) if seen.has_key => Ok(Trial::Passed),
        (_, Err(error)) => Err(failed(&error, to, outside).into()),
        (_, Ok(())) => {
            let why = "ended the handshake without a certificate".to_owned();
            Err(ServiceError::Garbage { to, why }.into())
        }
    }
}

/// The first certificate among what the PEM holds. Nothing else of it is decoded: it may be a private key.
pub fn first_certificate(pem: &[u8]) -> Option<CertificateDer<'static>> {
    let find =
        |text: &[u8], mark: &str| text.windows(mark.len()).position(|window| window == mark.as_bytes());
    let from = find(pem, BEGIN)?;
    let block = pem.get(from..)?;
    let length = find(block, END)? + END.len();
    let certificate = CertificateDer::from_pem_slice(block.get(..length)?).ok()?;
    ParsedCertificate::try_from(&certificate).is_ok().then_some(certificate)
}

/// No data is sent: once the hands are shaken, or not, the connection ends.
fn shake_hands(tls: &Tls, witness: &Arc<Witness>, until: Instant) -> io::Result<()> {
    let provider = Arc::clone(&witness.provider);
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(io::Error::other)?.dangerous();
    let verifier: Arc<Witness> = Arc::clone(witness);
    let config = config.with_custom_certificate_verifier(verifier).with_no_client_auth();
    let name = ServerName::try_from(tls.server_name.clone()).map_err(io::Error::other)?;
    let mut connection = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
    let mut tcp = Bounded::connect(&tls.host, tls.port, false, until)?;
    while connection.is_handshaking() {
        connection.complete_io(&mut tcp)?;
    }
    connection.send_close_notify();
    // It has told all it was to tell.
    connection.complete_io(&mut tcp).ok();
    Ok(())
}

fn failed(error: &io::Error, to: String, outside: &Outside) -> ServiceError {
    if error.kind() == io::ErrorKind::TimedOut {
        return ServiceError::TooSlow { to, seconds: outside.limits.attempt.as_secs().max(1) };
    }
    let is_of_tls = error.get_ref().is_some_and(<dyn Error + Send + Sync>::is::<rustls::Error>);
    let why = visible(&error.to_string()).into_owned();
    if is_of_tls { ServiceError::Garbage { to, why } } else { ServiceError::Unreachable { to, why } }
}

/// What was seen of the server.
#[derive(Debug, Clone, Default)]
struct Seen {
    /// Of its first certificate.
    certificate: Option<Digest>,
    /// Whether it has signed with the key of that certificate.
    has_key: bool,
}

/// Takes any certificate, and remembers which one it was.
#[derive(Debug)]
struct Witness {
    provider: Arc<CryptoProvider>,
    seen: Mutex<Seen>,
}

impl Witness {
    fn new() -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        Self { provider, seen: Mutex::default() }
    }

    fn seen(&self) -> Seen {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, note: impl FnOnce(&mut Seen)) {
        note(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// The server has the key of what it has shown.
    fn signed(
        &self,
        valid: Result<HandshakeSignatureValid, rustls::Error>,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let valid = valid?;
        self.note(|seen| seen.has_key = true);
        Ok(valid)
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.note(|seen| *seen = Seen { certificate: Some(Digest::of(end_entity)), has_key: false });
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        self.signed(verify_tls12_signature(message, cert, dss, algorithms))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        self.signed(verify_tls13_signature(message, cert, dss, algorithms))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
