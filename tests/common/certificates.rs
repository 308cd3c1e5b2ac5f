//! Certificates by `openssl`, and what a server of rustls needs to show them.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

const NEW_KEY: &str = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";

pub fn openssl(folder: &Path, arguments: &str) {
    let mut command = Command::new("openssl");
    command.args(arguments.split_ascii_whitespace()).current_dir(folder);
    let output = command.output().unwrap();
    assert!(output.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Makes an authority, `ca.pem`, and by it `here` for this very machine, `other` for another host, and `past` for this
/// machine, whose time is over. Nobody vouches for `stranger`, which is for this machine too.
pub fn make(folder: &Path) {
    let request = format!("req -x509 {NEW_KEY} -days 2");
    openssl(
        folder,
        &format!("{request} -keyout ca.key -out ca.pem -subj /CN=ca -addext keyUsage=critical,keyCertSign"),
    );
    let authority = "-CA ca.pem -CAkey ca.key";
    for (name, by, holder) in [
        ("here", authority, "DNS:localhost,IP:127.0.0.1"),
        ("other", authority, "DNS:other.example.org"),
        ("stranger", "", "DNS:localhost,IP:127.0.0.1"),
    ] {
        openssl(
            folder,
            &format!(
                "{request} {by} -keyout {name}.key -out {name}.pem -subj /CN={name} \
                 -addext basicConstraints=critical,CA:FALSE -addext subjectAltName={holder}"
            ),
        );
    }
    expired(folder);
}

/// `openssl req` makes none.
fn expired(folder: &Path) {
    let config = "[ca]\ndefault_ca = ca\n[ca]\ndatabase = index\nserial = serial\nnew_certs_dir = .\npolicy = any\n\
                  default_md = sha256\nx509_extensions = here\ncopy_extensions = none\n[any]\ncommonName = supplied\n\
                  [here]\nsubjectAltName = IP:127.0.0.1\nbasicConstraints = critical,CA:FALSE\n";
    for (name, text) in [("ca.cnf", config), ("index", ""), ("serial", "01\n")] {
        fs::write(folder.join(name), text).unwrap();
    }
    openssl(folder, &format!("req {NEW_KEY} -keyout past.key -out past.csr -subj /CN=past"));
    openssl(
        folder,
        "ca -batch -notext -config ca.cnf -cert ca.pem -keyfile ca.key -in past.csr -out past.pem \
         -startdate 20200101000000Z -enddate 20200201000000Z",
    );
}

/// Of a server that shows one of them.
pub fn shown(folder: &Path, name: &str) -> Arc<ServerConfig> {
    let chain = vec![CertificateDer::from_pem_file(folder.join(format!("{name}.pem"))).unwrap()];
    let key = PrivateKeyDer::from_pem_file(folder.join(format!("{name}.key"))).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    Arc::new(config.with_no_client_auth().with_single_cert(chain, key).unwrap())
}
