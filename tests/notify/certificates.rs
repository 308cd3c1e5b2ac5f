//! TLS: certificates by `openssl`, a server by rustls.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rustls::{ServerConnection, StreamOwned};

use super::issued::{make, shown};
use super::messages::{deliver, error_of, expiring, limits, message, patient, webhook};
use super::server::{Answer, Request, Server, answer, ok};

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
    let config = shown(folder, name);
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
    make(folder.path());
    let (here, came) = serve(folder.path(), "here");
    let url = format!("https://{}", here.address);
    let error = error_of(&deliver(webhook(&url), &message(vec![expiring("web/db")], Vec::new()), patient()));
    assert!(error.starts_with(&url) && error.contains("certificate"), "{error}");
    assert_eq!(came.load(Ordering::SeqCst), 1, "no other attempt makes it a better one");
    let (other, came_to_other) = serve(folder.path(), "other");
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
