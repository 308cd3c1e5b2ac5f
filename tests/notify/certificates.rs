//! TLS: certificates by `openssl`, a server by rustls.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::messages::{deliver, error_of, expiring, message, patient, webhook};
use super::server::{Server, ok};

fn openssl(folder: &Path, arguments: &str) {
    let output = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

/// `ca.pem`, and by it a certificate for this very machine and one for another host.
fn certificates(folder: &Path) {
    let key = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
    openssl(
        folder,
        &format!("{key} -keyout ca.key -out ca.pem -subj /CN=ca -addext keyUsage=critical,keyCertSign"),
    );
    for (name, holder) in [("here", "IP:127.0.0.1"), ("other", "DNS:other.example.org")] {
        let by = "-CA ca.pem -CAkey ca.key -addext basicConstraints=critical,CA:FALSE";
        openssl(
            folder,
            &format!(
                "{key} {by} -keyout {name}.key -out {name}.pem -subj /CN={name} -addext subjectAltName={holder}"
            ),
        );
    }
}

/// With how many times somebody came.
fn serve(folder: &Path, name: &str) -> (Server, Arc<AtomicUsize>) {
    let chain = vec![CertificateDer::from_pem_file(folder.join(format!("{name}.pem"))).unwrap()];
    let key = PrivateKeyDer::from_pem_file(folder.join(format!("{name}.key"))).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap());
    let came = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&came);
    let server = Server::start_with(
        |_, _| ok(),
        move |mut stream: TcpStream| {
            counted.fetch_add(1, Ordering::SeqCst);
            let mut connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            connection.complete_io(&mut stream).ok()?;
            Some(Box::new(StreamOwned::new(connection, stream)))
        },
    );
    (server, came)
}

/// Which certificates are trusted is settled by the environment of the process: this very test is run in another one.
const CHILD: &str = "certificates::by_a_ca_of_its_own";

#[test]
fn a_certificate_by_nobody_known_or_for_another_host_is_refused_and_one_by_an_own_ca_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path());
    let (here, came) = serve(folder.path(), "here");
    let url = format!("https://{}", here.address);
    let error = error_of(&deliver(webhook(&url), &message(vec![expiring("web/db")], Vec::new()), patient()));
    assert!(error.starts_with(&url) && error.contains("certificate"), "{error}");
    assert_eq!(came.load(Ordering::SeqCst), 1, "no other attempt makes it a better one");
    let (other, came_to_other) = serve(folder.path(), "other");
    fs::write(folder.path().join("addresses"), format!("{}\n{}", here.address, other.address)).unwrap();
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", CHILD, "--ignored", "--nocapture"])
        .current_dir(&folder)
        .env("SSL_CERT_FILE", folder.path().join("ca.pem"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(
        child.status.success() && said.contains("1 passed"),
        "{said}{}",
        String::from_utf8_lossy(&child.stderr)
    );
    assert_eq!((here.requests().len(), other.requests().len()), (1, 0));
    assert_eq!(came_to_other.load(Ordering::SeqCst), 1);
}

#[test]
#[ignore = "is run by the test above, with SSL_CERT_FILE"]
fn by_a_ca_of_its_own() {
    let addresses = fs::read_to_string("addresses").unwrap();
    let (here, other) = addresses.split_once('\n').unwrap();
    let message = message(vec![expiring("web/db")], Vec::new());
    assert_eq!(deliver(webhook(&format!("https://{here}")), &message, patient()).error, None);
    let error = error_of(&deliver(webhook(&format!("https://{other}")), &message, patient()));
    assert!(error.contains("not valid for name"), "{error}");
}
