//! What tells whether a version works, as `sealed.probe` has it.

use super::record::Runner;
use super::runner::{RunnerError, Settings};

/// As `kind` names them.
pub const KINDS: [&str; 4] = ["oauth2-client-credentials", "http", "tls", "exec"];

/// How often in a row a value must pass that was refused once.
pub const PASSES_AFTER_REFUSAL: u32 = 3;

/// A probe and its settings. It needs no credential but the value itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Probe {
    /// A token is asked for with the value as client secret (RFC 6749, section 4.4).
    OAuth2 { token_url: String, client_id: String, scope: Option<String>, in_body: bool },
    /// A request that carries the value is answered with a status.
    Http { url: String, header: String, prefix: String, user: Option<String>, status: u16 },
    /// A server shows the certificate that the value holds.
    Tls { host: String, port: u16 },
    /// A program gets the value on its standard input and ends with exit code 0.
    Exec { command: Vec<String> },
}

impl Probe {
    /// Reads what a record says.
    pub fn parse(runner: &Runner) -> Result<Self, RunnerError> {
        let mut settings = Settings::of("probe", runner);
        let probe = match runner.kind.as_str() {
            "oauth2-client-credentials" => Self::OAuth2 {
                token_url: required_address(&mut settings, "token-url")?,
                client_id: settings.required("client-id", "APPLICATION-ID")?.to_owned(),
                scope: settings.optional("scope")?.map(str::to_owned),
                in_body: settings.parsed("in-body")?.unwrap_or(false),
            },
            "http" => Self::Http {
                url: required_address(&mut settings, "url")?,
                header: settings.with_default("header", "Authorization")?,
                prefix: settings.with_default("prefix", "Bearer ")?,
                user: settings.optional("user")?.map(str::to_owned),
                status: settings.parsed("status")?.unwrap_or(200),
            },
            "tls" => Self::Tls {
                host: settings.required("host", "www.example.org")?.to_owned(),
                port: settings.parsed("port")?.unwrap_or(443),
            },
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

fn required_address(settings: &mut Settings<'_>, name: &'static str) -> Result<String, RunnerError> {
    match settings.address(name)? {
        Some(address) => Ok(address),
        None => Err(settings.error(format!("`{name}` is missing: write {name}=https://HOST/PATH"))),
    }
}

/// Whether a value works, as its trials come in: at once where it was never refused, else three times in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trials {
    was_refused: bool,
    in_a_row: u32,
}

impl Trials {
    /// `was_refused`: an earlier run saw it refused.
    pub fn new(was_refused: bool) -> Self {
        Self { was_refused, in_a_row: 0 }
    }

    pub fn passed(&mut self) {
        self.in_a_row += 1;
    }

    pub fn refused(&mut self) {
        self.was_refused = true;
        self.in_a_row = 0;
    }

    /// Refused and accepted in turn.
    pub fn is_flaky(&self) -> bool {
        self.was_refused && self.in_a_row > 0
    }

    pub fn was_refused(&self) -> bool {
        self.was_refused
    }

    pub fn is_verified(&self) -> bool {
        self.in_a_row >= if self.was_refused { PASSES_AFTER_REFUSAL } else { 1 }
    }
}
