//! A mail server for one client that says what servers say, and keeps what it hears: apart what came in clear and what came
//! under TLS.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use secrets::domain::channel::Encryption;

/// What one client said.
#[derive(Default)]
pub struct Heard {
    pub clear: String,
    /// `None` where no TLS came about.
    pub secured: Option<String>,
}

/// Where it listens; it ends with its client.
pub fn serve(encryption: Encryption, tls: Arc<ServerConfig>) -> (u16, JoinHandle<Heard>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let handle = thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        // Whoever comes again finds nobody, and says so.
        drop(listener);
        let mut heard = Heard::default();
        if encryption != Encryption::Tls {
            client.write_all(b"220 mail.example.com\r\n").unwrap();
            if !talk(&mut client, &mut heard.clear) {
                return heard;
            }
        }
        let mut connection = ServerConnection::new(tls).unwrap();
        if handshake(&mut connection, &mut client).is_err() {
            let mut rest = Vec::new();
            client.read_to_end(&mut rest).ok();
            heard.clear.push_str(&String::from_utf8_lossy(&rest));
            return heard;
        }
        let mut client = StreamOwned::new(connection, client);
        let mut secured = String::new();
        if encryption == Encryption::Tls {
            client.write_all(b"220 mail.example.com\r\n").unwrap();
        }
        talk(&mut client, &mut secured);
        Heard { secured: Some(secured), ..heard }
    });
    (port, handle)
}

fn handshake(connection: &mut ServerConnection, client: &mut TcpStream) -> std::io::Result<()> {
    while connection.is_handshaking() {
        connection.complete_io(client)?;
    }
    Ok(())
}

/// Takes whatever it is given. A login is offered at once, to whoever would fall for it. Whether TLS is to begin.
fn talk(client: &mut (impl Read + Write), heard: &mut String) -> bool {
    let mut is_mail = false;
    while let Some(line) = line(client) {
        heard.push_str(&line);
        let word = line.split(' ').next().unwrap().trim_end().to_ascii_uppercase();
        let answer = match (word.as_str(), is_mail) {
            (".", true) => {
                is_mail = false;
                "250 taken\r\n"
            }
            (_, true) => continue,
            ("EHLO", _) => "250-mail.example.com\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n",
            ("STARTTLS", _) => "220 go\r\n",
            ("AUTH", _) => "235 in\r\n",
            ("DATA", _) => {
                is_mail = true;
                "354 go\r\n"
            }
            ("QUIT", _) => return false,
            _ => "250 ok\r\n",
        };
        if client.write_all(answer.as_bytes()).and_then(|()| client.flush()).is_err() {
            return false;
        }
        if word == "STARTTLS" {
            return true;
        }
    }
    false
}

/// Byte by byte: what comes behind it may be TLS already.
fn line(client: &mut impl Read) -> Option<String> {
    let mut line = Vec::new();
    let mut byte = [0];
    while line.last() != Some(&b'\n') {
        if client.read(&mut byte).ok()? == 0 {
            return None;
        }
        line.push(byte[0]);
    }
    Some(String::from_utf8_lossy(&line).into_owned())
}
