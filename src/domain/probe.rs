//! What tells whether a version works, as `sealed.probe` has it.

use std::fmt;
use std::str::FromStr;

use super::record::Runner;
use super::runner::{RunnerError, Settings};
use super::web_address;

mod trials;

pub use trials::{PASSES_AFTER_REFUSAL, Trials};

/// As `kind` names them.
pub const KINDS: [&str; 4] = ["oauth2-client-credentials", "http", "tls", "exec"];

/// A probe and its settings. It needs no credential but the value itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Probe {
    OAuth2(OAuth2),
    Http(Http),
    Tls(Tls),
    /// A program gets the value on its standard input and ends with exit code 0.
    Exec {
        command: Vec<String>,
    },
}

/// A token is asked for with the value as client secret (RFC 6749, section 4.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuth2 {
    pub token_url: String,
    pub client_id: String,
    pub scope: Option<String>,
    /// Whether id and secret are fields of the body (`client_secret_post`), and not HTTP Basic (`client_secret_basic`).
    pub in_body: bool,
}

/// A request that carries the value is answered with one of these statuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Http {
    pub url: String,
    pub method: HttpMethod,
    pub carries: Carried,
    /// At least one.
    pub statuses: Vec<u16>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpMethod {
    Get,
    Head,
    /// With an empty body.
    Post,
}

/// How a request carries the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Carried {
    /// In this header, behind this text.
    Header { name: String, prefix: String },
    /// As the password of this user (RFC 7617).
    Basic { user: String },
}

/// A server shows the certificate that the value holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    pub host: String,
    pub port: u16,
    /// What the server is asked for (SNI).
    pub server_name: String,
}

impl Probe {
    /// Reads what a record says.
    pub fn parse(runner: &Runner) -> Result<Self, RunnerError> {
        let mut settings = Settings::of("probe", runner);
        let probe = match runner.kind.as_str() {
            "oauth2-client-credentials" => Self::OAuth2(OAuth2 {
                token_url: required_address(&mut settings, "token-url")?,
                client_id: settings.required("client-id", "APPLICATION-ID")?.to_owned(),
                scope: settings.optional("scope")?.map(str::to_owned),
                in_body: settings.parsed("in-body")?.unwrap_or(false),
            }),
            "http" => Self::Http(http(&mut settings)?),
            "tls" => Self::Tls(tls(&mut settings)?),
            "exec" => Self::Exec { command: settings.command("command")? },
            _ => {
                return Err(settings
                    .error(format!("is none that this version of `secrets` knows: {}", KINDS.join(", "))));
            }
        };
        settings.finish()?;
        Ok(probe)
    }
}

fn http(settings: &mut Settings<'_>) -> Result<Http, RunnerError> {
    let url = required_address(settings, "url")?;
    let method = settings.parsed("method")?.unwrap_or(HttpMethod::Get);
    let (header, prefix) = (settings.optional("header")?, settings.maybe_empty("prefix")?);
    let carries = match settings.optional("user")? {
        Some(_) if header.is_some() || prefix.is_some() => {
            return Err(settings.error("give either `user`, or `header` and `prefix`"));
        }
        Some(user) if user.contains(':') => {
            return Err(settings.error("`user`: no name of a user holds a `:` (RFC 7617)"));
        }
        Some(user) => Carried::Basic { user: user.to_owned() },
        None => {
            let name = header.unwrap_or("Authorization");
            if !name.bytes().all(is_of_token) {
                return Err(settings.error("`header`: no name of a header is written like this"));
            }
            let is_usual = name.eq_ignore_ascii_case("authorization");
            let prefix = prefix.unwrap_or(if is_usual { "Bearer " } else { "" });
            Carried::Header { name: name.to_owned(), prefix: prefix.to_owned() }
        }
    };
    let statuses = settings.parsed("status")?.map_or_else(|| vec![200], |Statuses(statuses)| statuses);
    Ok(Http { url, method, carries, statuses })
}

/// RFC 9110, section 5.6.2.
fn is_of_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn tls(settings: &mut Settings<'_>) -> Result<Tls, RunnerError> {
    let host = settings.required("host", "www.example.org")?;
    let server_name = settings.optional("server-name")?.unwrap_or(host);
    for (name, text) in [("host", host), ("server-name", server_name)] {
        if !web_address::is_host(text) {
            return Err(settings.error(format!("`{name}`: is no name or address of a host")));
        }
    }
    let port = settings.parsed("port")?.unwrap_or(443);
    if port == 0 {
        return Err(settings.error("`port`: is 1 to 65535"));
    }
    Ok(Tls { host: host.to_owned(), port, server_name: server_name.to_owned() })
}

fn required_address(settings: &mut Settings<'_>, name: &'static str) -> Result<String, RunnerError> {
    match settings.address(name)? {
        Some(address) => Ok(address),
        None => Err(settings.error(format!("`{name}` is missing: write {name}=https://HOST/PATH"))),
    }
}

impl HttpMethod {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
        }
    }
}

impl fmt::Display for HttpMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for HttpMethod {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all = [Self::Get, Self::Head, Self::Post];
        all.into_iter().find(|method| method.as_str() == text).ok_or("write GET, HEAD or POST")
    }
}

/// `200`, or `200,204`.
struct Statuses(Vec<u16>);

impl FromStr for Statuses {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let one = |status: &str| status.trim().parse().ok().filter(|status| (200..=599).contains(status));
        let all: Option<Vec<u16>> = text.split(',').map(one).collect();
        all.map(Self).ok_or("write a status of 200 to 599, or several: 200,204")
    }
}

#[cfg(test)]
mod tests;
