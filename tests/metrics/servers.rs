//! Real servers on loopback, ended by their own process ids.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use crate::program::Program;
use crate::server::PATIENCE;

pub struct Server {
    program: Program,
}

impl Server {
    /// Starts a program that is told its address by `--web.listen-address`, and waits until it answers there.
    #[track_caller]
    pub fn start(program: impl AsRef<Path>, arguments: &[&str]) -> Self {
        let command = |port| {
            let mut command = Command::new(program.as_ref());
            command.arg(format!("--web.listen-address=127.0.0.1:{port}")).args(arguments);
            command
        };
        Self { program: Program::start(command) }
    }

    pub fn address(&self) -> &str {
        &self.program.address
    }

    /// What it has at `/metrics`.
    #[track_caller]
    pub fn metrics(&self) -> String {
        let mut stream = TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "GET /metrics HTTP/1.0\r\nHost: {}\r\n\r\n", self.address()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(" 200 "), "{head}\n{body}");
        body.to_owned()
    }
}
