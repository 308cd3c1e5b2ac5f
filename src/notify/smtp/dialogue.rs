//! What is said to a mail server, and what it answers (RFC 5321): one command, one reply, nothing more.

use std::io;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lettre::Address;
use zeroize::Zeroizing;

use super::wire::Wire;
use crate::domain::channel::Encryption;
use crate::domain::text::visible;
use crate::web::ServiceError;

/// The longest reply, in bytes: RFC 5321 (4.5.3.1.5) has 512 for a line.
const MAX_REPLY_BYTES: usize = 16 * 1024;

/// How much of a server's words is shown, in characters.
const MAX_SAID: usize = 300;

/// Why an attempt failed.
pub struct Fault {
    pub error: ServiceError,
    /// Whether it may go better the next time.
    pub passes: bool,
}

/// Which server, and how long may be waited.
#[derive(Clone, Copy)]
pub struct Server<'a> {
    pub host: &'a str,
    pub port: u16,
    pub encryption: Encryption,
    /// One command and its reply.
    pub attempt: Duration,
    pub deadline: Instant,
}

impl Server<'_> {
    fn shown(&self) -> String {
        format!("{}:{}", visible(self.host), self.port)
    }

    fn next_end(&self) -> Instant {
        let now = Instant::now();
        now.checked_add(self.attempt).map_or(self.deadline, |end| end.min(self.deadline))
    }

    fn unreachable(&self, why: impl Into<String>) -> Fault {
        Fault { error: ServiceError::Unreachable { to: self.shown(), why: why.into() }, passes: false }
    }

    fn garbage(&self, why: &str) -> Fault {
        Fault { error: ServiceError::Garbage { to: self.shown(), why: why.to_owned() }, passes: false }
    }

    fn broken(&self, error: &io::Error) -> Fault {
        if error.kind() == io::ErrorKind::TimedOut {
            let seconds = self.attempt.as_secs() + u64::from(self.attempt.subsec_nanos() > 0);
            return Fault { error: ServiceError::TooSlow { to: self.shown(), seconds }, passes: true };
        }
        let is_of_tls = error.get_ref().is_some_and(|inner| {
            inner.is::<rustls::Error>()
                || inner.source().is_some_and(<dyn std::error::Error>::is::<rustls::Error>)
        });
        let why = visible(&error.to_string()).chars().take(MAX_SAID).collect::<String>();
        Fault { passes: !is_of_tls, ..self.unreachable(why) }
    }

    /// `at` is what the answer was to; `words` are the server's own.
    fn refused(&self, at: &str, status: u16, words: &str) -> Fault {
        let words = visible(words).chars().take(MAX_SAID).collect::<String>();
        let said = if words.is_empty() { format!(" to {at}") } else { format!(" to {at}: {words}") };
        let error = ServiceError::Status { to: self.shown(), status, said };
        Fault { error, passes: (400..500).contains(&status) }
    }
}

/// What a server answers to one command.
pub struct Reply {
    pub code: u16,
    pub lines: Vec<String>,
}

impl Reply {
    pub fn is_good(&self) -> bool {
        (200..300).contains(&self.code)
    }

    pub fn words(&self) -> String {
        self.lines.join(" ")
    }
}

pub struct Dialogue<'a> {
    server: Server<'a>,
    wire: Wire,
    /// What the server says that it can do: the lines of its answer to `EHLO`.
    abilities: Vec<String>,
}

impl<'a> Dialogue<'a> {
    /// Connects and greets. It is encrypted afterwards unless the server is to be spoken to in clear.
    pub fn begin(server: Server<'a>) -> Result<Self, Fault> {
        let only_here = server.encryption == Encryption::None;
        let mut wire = Wire::connect(server.host, server.port, only_here, server.next_end())
            .map_err(|error| server.broken(&error))?;
        if server.encryption == Encryption::Tls {
            wire = wire.secure(server.host).map_err(|error| server.broken(&error))?;
        }
        let mut dialogue = Self { server, wire, abilities: Vec::new() };
        let greeting = dialogue.reply()?;
        dialogue.expect_good("the connection", &greeting)?;
        dialogue.greet()?;
        if server.encryption != Encryption::StartTls {
            return Ok(dialogue);
        }
        if !dialogue.offers("STARTTLS") {
            let why = "it offers no STARTTLS, and mail does not go to it in clear: mend the server, or use TLS from the \
                       first byte on (port 465)";
            return Err(server.unreachable(why));
        }
        let ready = dialogue.ask("STARTTLS")?;
        dialogue.expect_good("STARTTLS", &ready)?;
        // What it could do in clear says nothing: anybody may have written that (RFC 3207, 4.2).
        let Self { wire, .. } = dialogue;
        let mut wire = wire;
        wire.set_end(server.next_end());
        let wire = wire.secure(server.host).map_err(|error| server.broken(&error))?;
        let mut dialogue = Self { server, wire, abilities: Vec::new() };
        dialogue.greet()?;
        Ok(dialogue)
    }

    fn greet(&mut self) -> Result<(), Fault> {
        let name = match self.wire.own_address() {
            IpAddr::V4(address) => format!("[{address}]"),
            IpAddr::V6(address) => format!("[IPv6:{address}]"),
        };
        let reply = self.ask(&format!("EHLO {name}"))?;
        self.expect_good("EHLO", &reply)?;
        self.abilities = reply.lines.iter().skip(1).map(|line| line.to_ascii_uppercase()).collect();
        Ok(())
    }

    fn offers(&self, ability: &str) -> bool {
        self.abilities.iter().any(|line| line.split_ascii_whitespace().next() == Some(ability))
    }

    /// Logs in, by PLAIN (RFC 4616) or by LOGIN, and over TLS only.
    pub fn log_in(&mut self, user: &str, password: &str) -> Result<(), Fault> {
        if !self.wire.is_encrypted() {
            return Err(self.server.unreachable("a password goes over TLS only"));
        }
        let mechanisms = self.abilities.iter().filter_map(|line| line.strip_prefix("AUTH"));
        let mechanisms =
            mechanisms.flat_map(|rest| rest.split(|c: char| c == '=' || c.is_ascii_whitespace()));
        let mechanisms = mechanisms.collect::<Vec<_>>();
        let lines = if mechanisms.contains(&"PLAIN") {
            let both = Zeroizing::new(format!("\0{user}\0{password}"));
            let both = Zeroizing::new(STANDARD.encode(both.as_bytes()));
            vec![Zeroizing::new(format!("AUTH PLAIN {}", both.as_str()))]
        } else if mechanisms.contains(&"LOGIN") {
            let encoded = |text: &str| Zeroizing::new(STANDARD.encode(text));
            vec![Zeroizing::new("AUTH LOGIN".to_owned()), encoded(user), encoded(password)]
        } else {
            return Err(self.server.unreachable("it offers no login by PLAIN or LOGIN"));
        };
        let last = lines.len().saturating_sub(1);
        for (index, line) in lines.iter().enumerate() {
            let reply = self.ask(line)?;
            let goes_on = if index == last { reply.code == 235 } else { reply.code == 334 };
            if !goes_on {
                // Some servers repeat what they did not understand.
                let words = reply.words();
                let secret = line.rsplit(' ').next().unwrap_or_default();
                let tells = words.contains(password) || (index > 0 || last == 0) && words.contains(secret);
                return Err(self.server.refused("the login", reply.code, if tells { "" } else { &words }));
            }
        }
        Ok(())
    }

    /// Hands a mail over. The answer is those who don't get it, and why; all others do.
    pub fn send(
        &mut self,
        from: &Address,
        to: &[Address],
        mail: &[u8],
    ) -> Result<Vec<(Address, Fault)>, Fault> {
        let reply = self.ask(&format!("MAIL FROM:<{from}>"))?;
        self.expect_good("the sender", &reply)?;
        let mut left_out = Vec::new();
        for address in to {
            let reply = self.ask(&format!("RCPT TO:<{address}>"))?;
            if !reply.is_good() {
                let at = format!("the recipient {address}");
                left_out.push((address.clone(), self.server.refused(&at, reply.code, &reply.words())));
            }
        }
        if left_out.len() == to.len() {
            return Ok(left_out);
        }
        let reply = self.ask("DATA")?;
        if reply.code != 354 {
            return Err(self.server.refused("DATA", reply.code, &reply.words()));
        }
        self.put(&transparent(mail))?;
        let reply = self.reply()?;
        self.expect_good("the mail", &reply)?;
        Ok(left_out)
    }

    /// Says good-bye. Everything is done by then, so that the answer is not waited for.
    pub fn end(mut self) {
        self.put(b"QUIT\r\n").ok();
    }

    fn expect_good(&self, at: &str, reply: &Reply) -> Result<(), Fault> {
        if reply.is_good() { Ok(()) } else { Err(self.server.refused(at, reply.code, &reply.words())) }
    }

    fn ask(&mut self, line: &str) -> Result<Reply, Fault> {
        if line.contains(|c: char| c.is_control()) {
            return Err(self.server.garbage("a command would have more than one line"));
        }
        let line = Zeroizing::new(format!("{line}\r\n"));
        self.put(line.as_bytes())?;
        self.reply()
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.wire.set_end(self.server.next_end());
        self.wire.write(bytes).map_err(|error| self.server.broken(&error))
    }

    /// Reads one reply. More than that was not asked for: before STARTTLS somebody else may have written it, to be taken
    /// for what the server says later on.
    fn reply(&mut self) -> Result<Reply, Fault> {
        self.wire.set_end(self.server.next_end());
        let mut read = Vec::new();
        let mut chunk = [0_u8; 1024];
        loop {
            let count = self.wire.read(&mut chunk).map_err(|error| self.server.broken(&error))?;
            if count == 0 {
                let fault = self.server.unreachable("the connection was cut off");
                return Err(Fault { passes: true, ..fault });
            }
            read.extend_from_slice(chunk.get(..count).unwrap_or_default());
            if let Some(reply) = parse(&read).map_err(|why| self.server.garbage(why))? {
                return Ok(reply);
            }
            if read.len() > MAX_REPLY_BYTES {
                return Err(self.server.garbage("it never stops"));
            }
        }
    }
}

/// A reply; `None` where its end is missing.
pub fn parse(bytes: &[u8]) -> Result<Option<Reply>, &'static str> {
    let mut rest = bytes;
    let mut lines = Vec::new();
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let (line, behind) = rest.split_at(end);
        rest = behind.get(1..).unwrap_or_default();
        let line = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)).into_owned();
        let code = line.get(..3).filter(|code| code.bytes().all(|byte| byte.is_ascii_digit()));
        let code = code.and_then(|code| code.parse::<u16>().ok()).filter(|code| (200..600).contains(code));
        let Some(code) = code else { return Err("it is no reply of a mail server") };
        let mark = line.get(3..4).unwrap_or(" ").to_owned();
        lines.push(line.get(4..).unwrap_or_default().to_owned());
        match mark.as_str() {
            "-" => {}
            " " if rest.is_empty() => return Ok(Some(Reply { code, lines })),
            " " => return Err("more came than was asked for"),
            _ => return Err("it is no reply of a mail server"),
        }
    }
    Ok(None)
}

/// The mail as it goes over the wire (RFC 5321, 4.5.2): no line is its end but the last.
fn transparent(mail: &[u8]) -> Vec<u8> {
    let mut sent = Vec::with_capacity(mail.len() + 64);
    let mut lines = mail.split(|byte| *byte == b'\n').peekable();
    while let Some(line) = lines.next() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() && lines.peek().is_none() {
            break;
        }
        if line.first() == Some(&b'.') {
            sent.push(b'.');
        }
        sent.extend(line.iter().filter(|byte| **byte != b'\r'));
        sent.extend_from_slice(b"\r\n");
    }
    sent.extend_from_slice(b".\r\n");
    sent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies() {
        let read = |text: &str| parse(text.as_bytes()).map(|reply| reply.map(|r| (r.code, r.words())));
        for part in ["", "2", "250 o", "250-a\r\n", "250-a\r\n250 b"] {
            assert_eq!(read(part), Ok(None), "{part}");
        }
        assert_eq!(read("250-a\r\n250 b\r\n"), Ok(Some((250, "a b".to_owned()))));
        assert_eq!(read("354\r\n"), Ok(Some((354, String::new()))));
        assert_eq!(read("220 go\r\n250 smuggled\r\n"), Err("more came than was asked for"));
        for bad in ["HTTP/1.1 400 x\r\n", "99 a\r\n", "999 a\r\n", "25\u{e9} a\r\n", "250+a\r\n", "\r\n"] {
            assert_eq!(read(bad), Err("it is no reply of a mail server"), "{bad}");
        }
    }

    #[test]
    fn no_line_of_a_mail_ends_it() {
        for (mail, sent) in [
            ("a\r\n", "a\r\n.\r\n"),
            ("a", "a\r\n.\r\n"),
            (".\r\n..b\r\n", "..\r\n...b\r\n.\r\n"),
            ("a\n.\nb\r.\r\n", "a\r\n..\r\nb.\r\n.\r\n"),
        ] {
            assert_eq!(String::from_utf8(transparent(mail.as_bytes())).unwrap(), sent, "{mail:?}");
        }
    }
}
