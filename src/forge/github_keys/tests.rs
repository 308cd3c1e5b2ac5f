//! Against a server of our own on loopback, which answers as GitHub's documentation and experience have it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

use super::*;

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGHHzkhAk5ZWhGQfJSsbJOy4rvf4qZKHb8pYYqoL2Yhb";

/// Answers one request with these bytes; the answer is the request's first line and headers.
fn serve(answer: Vec<u8>) -> (String, JoinHandle<Vec<String>>) {
    serving(move |mut stream| {
        // Whoever has read enough hangs up.
        stream.write_all(&answer).ok();
    })
}

fn serving(then: impl FnOnce(TcpStream) + Send + 'static) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut lines = Vec::new();
        for line in BufReader::new(stream.try_clone().unwrap()).lines() {
            match line {
                Ok(line) if !line.is_empty() => lines.push(line.to_ascii_lowercase()),
                _ => break,
            }
        }
        then(stream);
        lines
    });
    (base, server)
}

fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let mut bytes =
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n")
            .into_bytes();
    bytes.extend(body);
    bytes
}

fn read(bytes: Vec<u8>) -> Result<GithubKeys, ForgeError> {
    let (base, server) = serve(bytes);
    let read = Page::of(&base, "bob").unwrap().read();
    server.join().unwrap();
    read
}

fn ok(body: impl AsRef<[u8]>) -> Result<GithubKeys, ForgeError> {
    read(answer("200 OK", "Content-Type: text/plain; charset=utf-8\r\n", body.as_ref()))
}

#[test]
fn one_key_a_line() {
    let body =
        format!("{KEY}\nssh-rsa AAAAB3\r\n\necdsa-sha2-nistp256 AAAAE2\nsk-ssh-ed25519@openssh.com AAAAGn");
    let expected = [KEY, "ssh-rsa AAAAB3", "ecdsa-sha2-nistp256 AAAAE2", "sk-ssh-ed25519@openssh.com AAAAGn"];
    assert_eq!(ok(body).unwrap().lines, expected);
    assert_eq!(ok("").unwrap().lines, [""; 0]);
}

#[test]
fn what_is_asked_names_the_account_and_tells_nothing_else() {
    let (base, server) = serve(answer("200 OK", "", KEY.as_bytes()));
    let page = Page::of(&format!("{base}/forge/"), "bob-example").unwrap();
    assert_eq!(page.to_string(), format!("{base}/forge/bob-example.keys"));
    page.read().unwrap();
    let request = server.join().unwrap();
    assert_eq!(request[0], "get /forge/bob-example.keys http/1.1");
    assert!(request.iter().all(|line| !line.starts_with("cookie:") && !line.starts_with("authorization:")));
}

#[test]
fn what_is_no_page_of_keys_is_said() {
    let page = |error: &ForgeError| error.to_string().split(": ").next().unwrap().to_owned();
    for (body, line) in [
        (&b"<!DOCTYPE html>\n<html>"[..], 1),
        (b"ssh-ed25519 AAAA\nage1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t\n", 2),
        (b"ssh-ed25519 AAAA\x1b[2J\n", 1),
        (b"ssh-ed25519 AAAA\xff\n", 1),
        (b"ssh-ed25519 AAAA\xe2\x80\xae\n", 1),
        (b"ssh-ed25519 AA\0AA\n", 1),
        (b"-----BEGIN OPENSSH PRIVATE KEY-----\n", 1),
    ] {
        let error = ok(body).unwrap_err();
        assert_eq!(error, ForgeError::NotKeys { page: page(&error), line });
        assert!(!error.to_string().contains(['\x1b', '\u{202e}']), "{error}");
    }
    let long = format!("ssh-rsa {}", "A".repeat(MAX_LINE_BYTES));
    assert!(matches!(ok(long), Err(ForgeError::NotKeys { line: 1, .. })));
}

#[test]
fn a_page_without_end_is_not_read_to_its_end() {
    let key = format!("{KEY}\n");
    let most = usize::try_from(MAX_PAGE_BYTES).unwrap();
    let just = key.repeat(most / key.len());
    assert_eq!(ok(&just).unwrap().lines.len(), most / key.len());
    assert!(matches!(ok(format!("{just}{key}")), Err(ForgeError::TooLarge { .. })));
    // Whoever sends on and on is hung up on.
    let (base, server) = serving(move |mut stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n").ok();
        while stream.write_all(key.as_bytes()).is_ok() {}
    });
    assert!(matches!(Page::of(&base, "bob").unwrap().read(), Err(ForgeError::TooLarge { .. })));
    server.join().unwrap();
}

#[test]
fn other_answers_say_what_to_do() {
    let error = read(answer("404 Not Found", "", b"Not Found")).unwrap_err();
    assert!(matches!(&error, ForgeError::UnknownUser { .. }), "{error}");
    assert!(error.to_string().contains("/bob.keys: there is no account of that name"), "{error}");
    for status in [204, 401, 403, 429, 500, 503] {
        let error = read(answer(&format!("{status} No"), "", b"")).unwrap_err();
        assert!(matches!(error, ForgeError::Status { status: found, .. } if found == status), "{error}");
    }
    let broken = read(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nssh-ed25519 AAAA".to_vec());
    assert!(matches!(broken, Err(ForgeError::Unreachable { .. })), "{broken:?}");
    let garbage = read(b"SSH-2.0-OpenSSH_9.9\r\n".to_vec());
    assert!(matches!(garbage, Err(ForgeError::Unreachable { .. })), "{garbage:?}");
}

#[test]
fn no_redirect_is_followed() {
    let trap = TcpListener::bind("127.0.0.1:0").unwrap();
    trap.set_nonblocking(true).unwrap();
    let elsewhere = format!("http://{}/mallory.keys", trap.local_addr().unwrap());
    for status in ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let error = read(answer(status, &format!("Location: {elsewhere}\r\n"), b"")).unwrap_err();
        assert!(matches!(&error, ForgeError::Redirected { to, .. } if *to == elsewhere), "{error}");
    }
    let nowhere = read(answer("302 Found", "", b"")).unwrap_err();
    assert!(matches!(nowhere, ForgeError::Redirected { .. }), "{nowhere}");
    assert!(trap.accept().is_err(), "nobody came");
}

#[test]
fn whoever_does_not_answer_is_given_up() {
    // It keeps the connection until the other side is gone.
    let hold = |mut stream: TcpStream| {
        let mut byte = [0];
        while matches!(std::io::Read::read(&mut stream, &mut byte), Ok(n) if n > 0) {}
    };
    let (base, server) = serving(hold);
    let limit = Duration::from_millis(100);
    let silent = Page::of(&base, "bob").unwrap().read_within(limit);
    assert!(matches!(silent, Err(ForgeError::TooSlow { .. })), "{silent:?}");
    server.join().unwrap();

    let (base, server) = serving(move |mut stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nssh-").ok();
        hold(stream);
    });
    let halfway = Page::of(&base, "bob").unwrap().read_within(limit);
    assert!(matches!(halfway, Err(ForgeError::TooSlow { .. })), "{halfway:?}");
    server.join().unwrap();

    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    let refused = Page::of(&base, "bob").unwrap().read();
    assert!(matches!(refused, Err(ForgeError::Unreachable { .. })), "{refused:?}");
}

#[test]
fn names_and_addresses() {
    let of = |base, user| Page::of(base, user).map(|page| page.to_string());
    assert_eq!(of("https://github.com", "Bob-2").unwrap(), "https://github.com/Bob-2.keys");
    assert_eq!(of("https://git.example.org/forge/", "b").unwrap(), "https://git.example.org/forge/b.keys");
    assert_eq!(of("http://[::1]:8080", "b").unwrap(), "http://[::1]:8080/b.keys");
    assert_eq!(of("http://localhost", "b").unwrap(), "http://localhost/b.keys");
    let long = "a".repeat(40);
    for user in ["", "../x", "a/b", "a.b", "a b", "ä", "a%2fb", "a\u{202e}b", &long] {
        let error = of("https://github.com", user).unwrap_err();
        assert!(matches!(error, ForgeError::User(_)) && !error.to_string().contains('\u{202e}'), "{error}");
    }
    for base in [
        "",
        "github.com",
        "http://github.com",
        "http://127.0.0.1.example.org",
        "http://localhost.example.org",
        "ftp://127.0.0.1",
        "file:///etc",
        "https://bob:hunter2@github.com",
        "https://github.com?x=1",
        "https://github.com#x",
    ] {
        let error = of(base, "bob").unwrap_err();
        assert!(matches!(error, ForgeError::Address { .. }), "{base}: {error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}
