//! `people add --github` against a page on loopback.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Child, Stdio};
use std::thread::JoinHandle;

use crate::common::{Outcome, Sandbox};

/// A forge that answers one request.
fn forge(status: &str, body: &str) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let length = body.len();
    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
        stream.write_all(answer.as_bytes()).ok();
    });
    (base, server)
}

/// A new ssh key, and its fingerprint as `ssh-keygen` prints it.
fn ssh_key(sandbox: &Sandbox, name: &str, kind: &str) -> (String, String) {
    let home = sandbox.path("home");
    sandbox.run(&home, "ssh-keygen", ["-q", "-t", kind, "-N", "", "-C", "x", "-f", name]).code(0);
    let text = fs::read_to_string(home.join(format!("{name}.pub"))).unwrap();
    let listed = sandbox.run(&home, "ssh-keygen", ["-l", "-f", &format!("{name}.pub")]).code(0);
    let fingerprint = listed.text().split(' ').nth(1).unwrap().to_owned();
    (text.split(' ').take(2).collect::<Vec<_>>().join(" "), fingerprint)
}

fn add(sandbox: &Sandbox, base: &str) -> Outcome {
    let arguments =
        ["people", "add", "bob", "--github", "bob-example", "--github-url", base, "--group", "team"];
    sandbox.secrets(&sandbox.path("laptop")).args(arguments).run()
}

#[test]
fn keys_are_read_from_a_forge_and_are_to_be_compared() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice"]);
    let (ed, fingerprint) = ssh_key(&sandbox, "ed", "ed25519");
    let (ecdsa, _) = ssh_key(&sandbox, "ec", "ecdsa");
    let (base, server) = forge("200 OK", &format!("{ed}\n{ecdsa}\n"));
    let added = add(&sandbox, &base).code(0);
    server.join().unwrap();
    added
        .says(&fingerprint)
        .says("compare each fingerprint with its holder")
        .says("skipped a key")
        .says("ecdsa");
    let policy = fs::read_to_string(laptop.join("secrets/policy.toml")).unwrap();
    assert!(policy.contains(&ed) && !policy.contains(&ecdsa), "{policy}");
    sandbox.add(&laptop, "web/db", "2028-01-01", "hunter2");
    let sealed = laptop.join("secrets/web/db.age");
    let key = sandbox.path("home/ed");
    let opened = sandbox.run(&laptop, "age", ["-d", "-i", key.to_str().unwrap(), sealed.to_str().unwrap()]);
    assert_eq!(opened.code(0).stdout, b"hunter2");
}

#[test]
fn a_page_that_does_not_help_changes_nothing() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice"]);
    let head = sandbox.head(&laptop);
    let (ecdsa, _) = ssh_key(&sandbox, "ec", "ecdsa");
    for (status, body, says) in [
        ("200 OK", "", "lists no key"),
        ("200 OK", ecdsa.as_str(), "lists no key that a value can be sealed to"),
        ("404 Not Found", "Not Found", "there is no account of that name"),
        ("500 Internal Server Error", "", "answered 500"),
        ("200 OK", "<html>", "line 1 is no ssh key"),
    ] {
        let (base, server) = forge(status, body);
        add(&sandbox, &base).code(2).says(says).says("bob-example.keys");
        server.join().unwrap();
    }
    add(&sandbox, "http://github.example").code(2).says("is not encrypted");
    let bad = ["people", "add", "bob", "--github", "../bob"];
    sandbox.secrets(&laptop).args(bad).run().code(2).says("no account's name");
    assert_eq!((sandbox.head(&laptop), sandbox.status(&laptop).as_str()), (head, ""));
}

/// `openssl s_server`, which serves the files of a folder.
struct TlsServer(Child);

impl Drop for TlsServer {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice"]);
    let (ed, fingerprint) = ssh_key(&sandbox, "ed", "ed25519");
    let home = sandbox.path("home");
    fs::write(home.join("bob-example.keys"), format!("{ed}\n")).unwrap();
    let make = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj /CN=localhost \
                -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE \
                -keyout tls.key -out tls.pem";
    sandbox.run(&home, "openssl", make.split_whitespace()).code(0);
    let mut command = sandbox.command("openssl", &home);
    let serve = "s_server -4 -accept 127.0.0.1:0 -cert tls.pem -key tls.key -WWW";
    command.args(serve.split(' ')).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut server = TlsServer(command.spawn().unwrap());
    let mut said = String::new();
    let mut out = BufReader::new(server.0.stdout.take().unwrap());
    while !said.contains("ACCEPT ") {
        assert!(out.read_line(&mut said).unwrap() > 0, "it begins to serve: {said}");
    }
    let accepts = said.lines().find_map(|line| line.strip_prefix("ACCEPT ")?.rsplit(':').next());
    let base = format!("https://127.0.0.1:{}", accepts.unwrap());
    std::thread::spawn(move || out.read_to_end(&mut Vec::new()));

    let arguments = ["people", "add", "bob", "--github", "bob-example", "--github-url", &base];
    let refused = sandbox.secrets(&laptop).args(arguments).run().code(2);
    refused.says("could not be read").says("ertificate");
    let trusted = sandbox.secrets(&laptop).args(arguments).env("SSL_CERT_FILE", home.join("tls.pem"));
    trusted.run().code(0).says(&fingerprint);
}
