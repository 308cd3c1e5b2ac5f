//! Real servers on loopback, ended by their own process ids.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a server may take until it answers.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Server {
    child: Child,
    pub address: String,
}

impl Server {
    /// Starts a program that is told its address by `--web.listen-address`, and waits until it answers there.
    #[track_caller]
    pub fn start(program: impl AsRef<Path>, arguments: &[&str]) -> Self {
        // Somebody may take the port before the server does: then it ends at once, and is started at another.
        for _ in 0..5 {
            let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
            let child = Command::new(program.as_ref())
                .arg(format!("--web.listen-address={address}"))
                .args(arguments)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap_or_else(|error| panic!("{}: {error}", program.as_ref().display()));
            let mut server = Self { child, address };
            if server.answers() {
                return server;
            }
        }
        panic!("{} does not start", program.as_ref().display());
    }

    fn answers(&mut self) -> bool {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline && self.child.try_wait().unwrap().is_none() {
            if TcpStream::connect(&self.address).is_ok() {
                return self.child.try_wait().unwrap().is_none();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }

    /// What it has at `/metrics`.
    #[track_caller]
    pub fn metrics(&self) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "GET /metrics HTTP/1.0\r\nHost: {}\r\n\r\n", self.address).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(" 200 "), "{head}\n{body}");
        body.to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
