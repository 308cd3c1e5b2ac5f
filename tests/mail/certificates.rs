//! Whoever shows a certificate that is not to be trusted hears no word of a login, whatever way TLS begins.

use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrets::domain::channel::{ChannelKind, Encryption};

use crate::issued::{make, shown};
use crate::messages::{message, notice, refused, tell};
use crate::scripted::serve;
use crate::smtp::{settings, with_login};

const PASSWORD: &str = "correct horse battery";

/// Which roots are trusted is settled by the environment of the process: this very test is run in another one.
const CHILD: &str = "certificates::by_a_ca_of_its_own";

#[test]
fn a_password_goes_to_nobody_whose_certificate_is_not_good() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path());
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", CHILD, "--ignored", "--nocapture"])
        .current_dir(&folder)
        .env("SSL_CERT_FILE", folder.path().join("ca.pem"))
        .env_remove("SSL_CERT_DIR")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(
        child.status.success() && said.contains("1 passed"),
        "{said}{}",
        String::from_utf8_lossy(&child.stderr)
    );
}

#[test]
#[ignore = "is run by the test above, with SSL_CERT_FILE"]
fn by_a_ca_of_its_own() {
    for encryption in [Encryption::StartTls, Encryption::Tls] {
        // What may be heard by whoever listens on the way, and by a server that is not who it should be.
        let clear = if encryption == Encryption::StartTls { "EHLO [127.0.0.1]\r\nSTARTTLS\r\n" } else { "" };
        for (name, says) in [
            ("here", None),
            ("past", Some("expired")),
            ("other", Some("not valid for name")),
            ("stranger", Some("UnknownIssuer")),
        ] {
            let (port, server) = serve(encryption, shown(Path::new("."), name));
            let channel = with_login(settings(port, encryption, &["ops@example.com"]), PASSWORD);
            let message = message(vec![notice("web/db")], Vec::new());
            let delivery = tell(ChannelKind::Smtp(channel), &message, 20_000, 20_000);
            if let Some(says) = says {
                let why = refused(&delivery);
                assert!(why.contains("invalid peer certificate") && why.contains(says), "{name}: {why}");
                assert!(!why.contains("horse"), "{name}: {why}");
            } else {
                assert!(delivery.error.is_none(), "{delivery:?}");
            }
            let heard = server.join().unwrap();
            assert_eq!(heard.clear, clear, "{name}, {encryption:?}");
            let login = STANDARD.encode(format!("\0robot\0{PASSWORD}"));
            let logged_in = heard.secured.map(|heard| heard.contains(&format!("AUTH PLAIN {login}\r\n")));
            // The last would tell if this server could hear no login at all.
            assert_eq!(logged_in, says.is_none().then_some(true), "{name}, {encryption:?}");
        }
    }
}
