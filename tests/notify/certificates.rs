//! TLS: certificates by `openssl`, a server by rustls.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::messages::{deliver, error_of, expiring, limits, message, patient, webhook};
use super::server::{Answer, Request, Server, answer, ok};

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

/// A certificate for this very machine by the same authority, whose time is over. `openssl req` makes none.
fn expired(folder: &Path) {
    let config = "[ca]\ndefault_ca = ca\n[ca]\ndatabase = index\nserial = serial\nnew_certs_dir = .\npolicy = any\n\
                  default_md = sha256\nx509_extensions = here\ncopy_extensions = none\n[any]\ncommonName = supplied\n\
                  [here]\nsubjectAltName = IP:127.0.0.1\nbasicConstraints = critical,CA:FALSE\n";
    for (name, text) in [("ca.cnf", config), ("index", ""), ("serial", "01\n")] {
        fs::write(folder.join(name), text).unwrap();
    }
    openssl(
        folder,
        "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout past.key -out past.csr -subj /CN=past",
    );
    openssl(
        folder,
        "ca -batch -notext -config ca.cnf -cert ca.pem -keyfile ca.key -in past.csr -out past.pem \
         -startdate 20200101000000Z -enddate 20200201000000Z",
    );
}

/// A server that answers to whatever comes first by the version of TLS that was in use before 1.2. With what it heard then.
fn of_old() -> (Server, Arc<Mutex<Vec<u8>>>) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&heard);
    let server = Server::start_with(
        |_, _| ok(),
        move |mut stream: TcpStream| {
            let mut hello = [0; 4096];
            let _ = stream.read(&mut hello).ok()?;
            // A handshake of 42 bytes: the server's hello of 38, TLS 1.1, no session, ECDHE-RSA with AES-128.
            let head = [22, 3, 2, 0, 42, 2, 0, 0, 38, 3, 2];
            stream.write_all(&[&head[..], &[7; 32], &[0, 0xc0, 0x13, 0]].concat()).ok()?;
            stream.read_to_end(&mut kept.lock().unwrap()).ok();
            None
        },
    );
    (server, heard)
}

/// With how many times somebody came.
fn serve(folder: &Path, name: &str) -> (Server, Arc<AtomicUsize>) {
    serve_with(folder, name, |_, _| ok())
}

fn serve_with(
    folder: &Path,
    name: &str,
    answering: impl Fn(usize, &Request) -> Answer + Send + Sync + 'static,
) -> (Server, Arc<AtomicUsize>) {
    let chain = vec![CertificateDer::from_pem_file(folder.join(format!("{name}.pem"))).unwrap()];
    let key = PrivateKeyDer::from_pem_file(folder.join(format!("{name}.key"))).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap());
    let came = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&came);
    let server = Server::start_with(answering, move |mut stream: TcpStream| {
        counted.fetch_add(1, Ordering::SeqCst);
        let mut connection = ServerConnection::new(Arc::clone(&config)).unwrap();
        connection.complete_io(&mut stream).ok()?;
        Some(Box::new(StreamOwned::new(connection, stream)))
    });
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
    expired(folder.path());
    let (past, _) = serve(folder.path(), "past");
    let (old, heard) = of_old();
    let (leading, _) = serve_with(folder.path(), "here", {
        let to = here.address;
        move |_, _| answer("302 Found", &format!("Location: http://{to}/\r\n"), "")
    });
    let addresses = [&here, &other, &past, &old, &leading].map(|server| server.address.to_string());
    fs::write(folder.path().join("addresses"), addresses.join("\n")).unwrap();
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
    assert_eq!((here.requests().len(), leading.requests().len()), (1, 1));
    assert_eq!((other.requests().len(), past.requests().len(), old.requests().len()), (0, 0, 0));
    assert_eq!(came_to_other.load(Ordering::SeqCst), 1);
    // An alert of seven bytes for each that came, and not one of a request.
    let heard = heard.lock().unwrap();
    assert!(heard.len() >= 7 && heard.chunks(7).all(|alert| alert[0] == 21), "{heard:?}");
}

#[test]
#[ignore = "is run by the test above, with SSL_CERT_FILE"]
fn by_a_ca_of_its_own() {
    let addresses = fs::read_to_string("addresses").unwrap();
    let addresses: Vec<&str> = addresses.lines().collect();
    let [here, other, past, old, leading] = addresses[..] else { panic!("{addresses:?}") };
    let message = message(vec![expiring("web/db")], Vec::new());
    assert_eq!(deliver(webhook(&format!("https://{here}")), &message, patient()).error, None);
    let error = error_of(&deliver(webhook(&format!("https://{other}")), &message, patient()));
    assert!(error.contains("not valid for name"), "{error}");
    let told =
        |address: &str, limits| error_of(&deliver(webhook(&format!("https://{address}")), &message, limits));
    let error = told(past, patient());
    assert!(error.contains("expired"), "{error}");
    let error = told(old, limits(500, 500));
    assert!(error.contains("ServerDoesNotSupportTls12Or13"), "{error}");
    // From TLS into the clear.
    let error = told(leading, patient());
    assert!(error.contains(&format!("leads elsewhere (http://{here})")), "{error}");
}
