//! The page of a GitHub account's public ssh keys: `https://github.com/USER.keys`, text, one key a line. GitLab, Gitea and
//! Forgejo have the same page.

use std::error::Error;
use std::fmt;
use std::io::Read as _;
use std::time::Duration;

use reqwest::blocking::{Client, Response};
use reqwest::{StatusCode, Url, header, redirect};

use crate::domain::text::visible;

/// How long it may take, from the connection to the last byte.
const LIMIT: Duration = Duration::from_secs(20);
/// The largest page that is read, in bytes. The longest ssh-rsa key that age takes has 740.
const MAX_PAGE_BYTES: u64 = 1024 * 1024;
/// The longest line.
const MAX_LINE_BYTES: usize = 16 * 1024;
/// With what the types of ssh keys begin.
const KEY_TYPES: [&str; 3] = ["ssh-", "ecdsa-sha2-", "sk-"];

/// Why no keys were read. The texts of a page and of an address are in it only where they are fit for a terminal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ForgeError {
    #[error("--github {0}: is no account's name: letters, digits and hyphens, 39 at most")]
    User(String),
    #[error("--github-url {url}: {why}; write it like https://github.com")]
    Address { url: String, why: &'static str },
    #[error("{page}: there is no account of that name; look at how it is written in its address")]
    UnknownUser { page: String },
    #[error(
        "{page}: leads elsewhere ({to}), and that is not followed; give the address itself with --github-url"
    )]
    Redirected { page: String, to: String },
    #[error("{page}: answered {status}; try again later, or ask them for the key and give it with --key")]
    Status { page: String, status: u16 },
    #[error(
        "{page}: did not answer in time; try again later, or ask them for the key and give it with --key"
    )]
    TooSlow { page: String },
    #[error("{page}: could not be read: {why}; ask them for the key and give it with --key")]
    Unreachable { page: String, why: String },
    #[error("{page}: is larger than {MAX_PAGE_BYTES} bytes, and no page of keys")]
    TooLarge { page: String },
    #[error("{page}: line {line} is no ssh key, so this is no page of keys; look at it in a browser")]
    NotKeys { page: String, line: usize },
}

/// The page of one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    url: Url,
}

/// What stands on it: public keys, one a line, as text. Nobody has looked yet at what they are worth.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GithubKeys {
    pub lines: Vec<String>,
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&visible(self.url.as_str()))
    }
}

impl Page {
    /// `base` is the forge's address. It must be https: whoever sits between could put keys of their own there. On this
    /// very machine nobody does.
    pub fn of(base: &str, user: &str) -> Result<Self, ForgeError> {
        let is_name = |c: u8| c.is_ascii_alphanumeric() || c == b'-';
        if !(1..=39).contains(&user.len()) || !user.bytes().all(is_name) {
            return Err(ForgeError::User(visible(user).into_owned()));
        }
        let address = |why| ForgeError::Address { url: without_credentials(base), why };
        let mut url: Url = base.parse().map_err(|_| address("is no address"))?;
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => return Err(address("is not encrypted")),
            _ => return Err(address("is no https address")),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(address("holds a user name or a password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(address("has more than a host and a path"));
        }
        let folder = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{folder}/{user}.keys"));
        Ok(Self { url })
    }

    pub fn read(&self) -> Result<GithubKeys, ForgeError> {
        self.read_within(LIMIT)
    }

    fn read_within(&self, limit: Duration) -> Result<GithubKeys, ForgeError> {
        // The first caller in the process decides; all of ours install the same one.
        rustls::crypto::ring::default_provider().install_default().ok();
        let mut client = Client::builder().redirect(redirect::Policy::none()).referer(false);
        if self.url.scheme() == "http" {
            // It stays on this machine: a proxy would carry it elsewhere, unencrypted.
            client = client.no_proxy();
        }
        let client = client.build().map_err(|error| self.failed(&error))?;
        let agent = concat!("secrets/", env!("CARGO_PKG_VERSION"));
        let request = client.get(self.url.clone()).header(header::USER_AGENT, agent);
        let response = request.header(header::ACCEPT, "text/plain").timeout(limit).send();
        let response = response.map_err(|error| self.failed(&error))?;
        self.refuse_unless_ok(&response)?;
        let mut bytes = Vec::new();
        let read = response.take(MAX_PAGE_BYTES + 1).read_to_end(&mut bytes);
        read.map_err(|error| self.cut_short(&error))?;
        self.lines(&bytes)
    }

    fn refuse_unless_ok(&self, response: &Response) -> Result<(), ForgeError> {
        let (page, status) = (self.to_string(), response.status());
        if status.is_redirection() {
            let to = response.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
            let to = to.map_or_else(|| "it does not say where".to_owned(), shortened);
            return Err(ForgeError::Redirected { page, to });
        }
        match status {
            StatusCode::OK => Ok(()),
            StatusCode::NOT_FOUND => Err(ForgeError::UnknownUser { page }),
            other => Err(ForgeError::Status { page, status: other.as_u16() }),
        }
    }

    /// What its bytes say: nothing is taken from a page that holds anything but keys.
    pub fn lines(&self, bytes: &[u8]) -> Result<GithubKeys, ForgeError> {
        let page = || self.to_string();
        if bytes.len() as u64 > MAX_PAGE_BYTES {
            return Err(ForgeError::TooLarge { page: page() });
        }
        let mut lines = Vec::new();
        for (number, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.is_empty() {
                continue;
            }
            let text = std::str::from_utf8(line).ok().filter(|text| is_key(text));
            let text = text.ok_or_else(|| ForgeError::NotKeys { page: page(), line: number + 1 })?;
            lines.push(text.to_owned());
        }
        Ok(GithubKeys { lines })
    }

    fn failed(&self, error: &reqwest::Error) -> ForgeError {
        let page = self.to_string();
        if error.is_timeout() {
            return ForgeError::TooSlow { page };
        }
        // The outermost error repeats the address, and says no more.
        let mut why = "the request failed".to_owned();
        let mut source = error.source();
        while let Some(inner) = source {
            why = inner.to_string();
            source = inner.source();
        }
        ForgeError::Unreachable { page, why: shortened(&why) }
    }

    fn cut_short(&self, error: &std::io::Error) -> ForgeError {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<reqwest::Error>()) {
            Some(inner) => self.failed(inner),
            None => ForgeError::Unreachable { page: self.to_string(), why: shortened(&error.to_string()) },
        }
    }
}

/// Whether a line is `TYPE BASE64`, with or without a comment, as far as its characters go.
fn is_key(line: &str) -> bool {
    line.len() <= MAX_LINE_BYTES
        && line.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        && KEY_TYPES.iter().any(|kind| line.starts_with(kind))
}

/// The texts of others: on one line, and not long.
fn shortened(text: &str) -> String {
    visible(text).chars().take(300).collect()
}

/// An address for a message: what stands before an `@` in it may be a password.
fn without_credentials(base: &str) -> String {
    let rest = base.rsplit_once('@').map_or(base, |(_, rest)| rest);
    shortened(rest)
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests;
