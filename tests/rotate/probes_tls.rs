//! The probe of certificates, against `openssl s_server`.

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ServerConfig, ServerConnection};

use super::probes::{of, outside, trial};
use super::program::Program;

fn openssl(folder: &Path, arguments: &str) -> String {
    let output = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// `NAME.pem` and `NAME.key`, for a host that is not this one, by nobody known.
fn certificate(folder: &Path, name: &str) {
    let kind = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
    openssl(folder, &format!("{kind} -keyout {name}.key -out {name}.pem -subj /CN={name}.example.org"));
}

/// As records have digests.
fn digest(folder: &Path, name: &str) -> String {
    let line = openssl(folder, &format!("x509 -in {name}.pem -noout -fingerprint -sha256"));
    let hex = line.trim().rsplit('=').next().unwrap().replace(':', "").to_lowercase();
    format!("sha256:{hex}")
}

fn serve(folder: &Path, arguments: &str) -> Program {
    Program::start(|port| {
        let mut command = Command::new("openssl");
        command.args(["s_server", "-accept", &format!("127.0.0.1:{port}"), "-quiet"]);
        command.args(arguments.split(' ')).current_dir(folder);
        command
    })
}

/// With a host of another name than its address, which is asked for.
fn ask(address: &str, value: &[u8], whole: u64) -> String {
    let (host, port) = address.rsplit_once(':').unwrap();
    let settings = [format!("host={host}"), format!("port={port}"), "server-name=www.example.org".to_owned()];
    let settings = settings.each_ref().map(String::as_str);
    trial(&of("tls", &settings), value, &outside(Path::new("/"), whole, whole)).replace(address, "SERVER")
}

#[test]
fn a_server_must_show_the_very_certificate_that_the_value_holds() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for name in ["right", "wrong"] {
        certificate(folder, name);
    }
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    let (right, wrong, key) = (read("right.pem"), read("wrong.pem"), read("right.key"));
    // The root as `s_server` has it, which here is another certificate.
    fs::write(folder.join("both.pem"), [right.as_slice(), &wrong].concat()).unwrap();
    let refused = format!(
        "refused: SERVER: shows the certificate {}, and the value holds {}",
        digest(folder, "right"),
        digest(folder, "wrong")
    );
    for manner in ["-tls1_3", "-tls1_2", "-tls1_3 -Verify 1", "-tls1_2 -Verify 1"] {
        let server = serve(folder, &format!("-cert right.pem -key right.key -cert_chain both.pem {manner}"));
        for (value, told) in [
            (right.clone(), "passed"),
            // A private key may stand before it, and the chain behind it: only the first certificate is compared.
            ([key.as_slice(), &right, &wrong].concat(), "passed"),
            (wrong.clone(), refused.as_str()),
            ([wrong.as_slice(), &right].concat(), &refused),
        ] {
            assert_eq!(ask(&server.address, &value, 20_000), told, "{manner}");
        }
        for inside in ["nor here", "no base64!", ""] {
            let value = format!("-----BEGIN CERTIFICATE-----\n{inside}\n-----END CERTIFICATE-----\n");
            let said = ask(&server.address, value.as_bytes(), 20_000);
            assert!(said.starts_with("error: probe tls: the value holds no certificate in PEM"), "{said}");
        }
    }
}

/// Whoever once saw a certificate can show it: they can't sign with its key.
#[test]
fn a_server_must_have_the_key_of_the_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for name in ["right", "wrong"] {
        certificate(folder, name);
    }
    let chain = vec![CertificateDer::from_pem_file(folder.join("right.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(folder.join("wrong.key")).unwrap();
    let key = rustls::crypto::ring::sign::any_ecdsa_type(&key).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let resolver = Arc::new(SingleCertAndKey::from(CertifiedKey::new(chain, key)));
    let config = Arc::new(config.with_no_client_auth().with_cert_resolver(resolver));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            connection.complete_io(&mut stream).ok();
        }
    });
    let said = ask(&address, &fs::read(folder.join("right.pem")).unwrap(), 20_000);
    assert!(said.starts_with("error: SERVER: ") && said.contains("BadSignature"), "{said}");
}

#[test]
fn where_nobody_speaks_tls_nothing_is_known() {
    let folder = tempfile::tempdir().unwrap();
    certificate(folder.path(), "right");
    let value = fs::read(folder.path().join("right.pem")).unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let said = ask(&closed, &value, 1000);
    assert!(said.starts_with("error: SERVER: could not be reached"), "{said}");
    // The system answers for it, and nothing comes.
    let hanging = TcpListener::bind("127.0.0.1:0").unwrap();
    let said = ask(&hanging.local_addr().unwrap().to_string(), &value, 200);
    assert_eq!(said, "error: SERVER: gave no answer within 1 s");
    let garbage = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = garbage.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for mut stream in garbage.incoming().map_while(Result::ok) {
            stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n").ok();
        }
    });
    let said = ask(&address, &value, 20_000);
    assert!(said.starts_with("error: SERVER: "), "{said}");
}
