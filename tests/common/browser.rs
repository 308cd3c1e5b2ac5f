//! Pages in the browser that people use: what it shows of one, what it says, and what it asks for.

#![allow(clippy::unwrap_used, reason = "a test's helpers are tests too")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use super::{Outcome, Sandbox};

/// What the browser says on standard error where a page's script fails or its policy forbids something.
pub const CONSOLE: &str = "CONSOLE";

/// The one page of a [`Server`].
pub const PAGE: &str = "/page.html";

/// Serves one page on loopback and keeps what is asked of it.
pub struct Server {
    pub address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub fn of(page: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}{PAGE}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        // It ends with the test's process.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                answer(stream, &page, &seen);
            }
        });
        Self { address, asked }
    }

    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn answer(mut stream: TcpStream, page: &str, asked: &Mutex<Vec<String>>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
    // A browser also opens connections on which it asks nothing.
    let Some(request) = lines.next() else { return };
    while lines.next().is_some_and(|line| !line.is_empty()) {}
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    let (status, body) = if path == PAGE { ("200 OK", page) } else { ("404 Not Found", "") };
    asked.lock().unwrap().push(path);
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {}\r\n", body.len());
    write!(stream, "{head}Connection: close\r\n\r\n{body}").ok();
}

/// A browser without a past that reaches nothing but this machine.
pub fn browse(sandbox: &Sandbox, arguments: &[&str]) -> Outcome {
    let profile = tempfile::tempdir().unwrap();
    let profile = format!("--user-data-dir={}", profile.path().display());
    let found = sandbox.run(sandbox.root(), "sh", ["-c", "command -v chromium"]);
    assert_eq!(found.code, 0, "there is no `chromium` here: apt-get install chromium, or run scripts/test");
    let quiet = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        "--enable-logging=stderr",
        "--virtual-time-budget=5000",
        // Whatever is not this machine has no address.
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ];
    let arguments = quiet.iter().copied().chain([profile.as_str()]).chain(arguments.iter().copied());
    sandbox.run(sandbox.root(), "chromium", arguments).code(0)
}
