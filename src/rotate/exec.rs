//! A program that speaks JSON: it is told one request on its standard input, and answers one document on its standard output.
//!
//! What it answers is read strictly, and what is wrong with it is said without quoting it: it may be a value.

pub mod answer;

mod wire;

pub use wire::{answer_schema, request_schema};

use std::time;

use self::answer::Unread;
use self::wire::{Plain, Request, SCHEMA_VERSION};
use super::{Minted, Outside, Provider, RotateError, Trial};
use crate::domain::id::VersionId;
use crate::domain::rotation::{Handle, Listed};
use crate::domain::text::visible;
use crate::domain::time::Instant;
use crate::domain::value::Value;
use crate::domain::wiped_text::Text;
use crate::system::process::{Program, Told};
use crate::web::{Confidence, ServiceError};

/// How much of what a program says is shown, in characters.
const MOST_SAID: usize = 300;

pub struct Exec<'a> {
    pub command: &'a [String],
    pub takes_markers: bool,
    pub outside: &'a Outside,
}

impl Exec<'_> {
    /// In the root of the repository, with the environment of this process but for an identity. What it starts ends with it
    /// when the time is over. It is asked once: nobody knows what became of a request that was not answered.
    fn ask<T>(
        &self,
        request: &Request<'_>,
        told: &[&Value],
        read: impl FnOnce(&[u8]) -> Result<T, Unread>,
    ) -> Result<T, RotateError> {
        let name = self.command.first().map(String::as_str).unwrap_or_default();
        let limit = self.outside.deadline.saturating_duration_since(time::Instant::now());
        if name.is_empty() || limit.is_zero() {
            return Err(self.failed("was not run: it has no name, or there is no time left".to_owned()));
        }
        let mut input = Text::default();
        serde_json::to_writer(&mut input, request)
            .map_err(|_| self.failed("was not run: the request can't be written".to_owned()))?;
        let program = Program::new(name, &self.outside.folder, &self.outside.environment);
        let program = program.args(self.command.iter().skip(1)).input(input.into_bytes());
        let ended = program
            .run_for_value(limit)
            .map_err(|error| self.failed(visible(&error.to_string()).into_owned()))?;
        if !ended.status.success() {
            return Err(self.failed(how_it_ended(&ended, told)));
        }
        read(ended.value.expose()).map_err(|unread| {
            let action = request.action();
            self.failed(format!("answered to `{action}` what can't be understood: {unread}"))
        })
    }

    fn failed(&self, why: String) -> RotateError {
        ServiceError::Program { program: self.name(), why }.into()
    }

    fn name(&self) -> String {
        visible(self.command.first().map(String::as_str).unwrap_or_default()).into_owned()
    }
}

impl Provider for Exec<'_> {
    fn takes_markers(&self) -> bool {
        self.takes_markers
    }

    fn list(&self) -> Result<Vec<Listed>, RotateError> {
        let request = Request::List { schema_version: SCHEMA_VERSION, secret: &self.outside.secret };
        self.ask(&request, &[], answer::list)
    }

    fn identify(&self, value: &Value, listed: &[Listed]) -> Result<Option<Handle>, RotateError> {
        let plain = Plain::of(value);
        let request = Request::Identify {
            schema_version: SCHEMA_VERSION,
            secret: &self.outside.secret,
            value: plain.text(),
            value_base64: plain.base64(),
        };
        self.ask(&request, &[value], |bytes| answer::identify(bytes, listed))
    }

    fn mint(
        &self,
        marker: VersionId,
        current: Option<&Value>,
        lifetime_end: Option<Instant>,
    ) -> Result<Minted, RotateError> {
        let plain = current.map(Plain::of);
        let request = Request::Mint {
            schema_version: SCHEMA_VERSION,
            secret: &self.outside.secret,
            marker,
            value: plain.as_ref().and_then(Plain::text),
            value_base64: plain.as_ref().and_then(Plain::base64),
            lifetime_end,
        };
        self.ask(&request, current.as_slice(), answer::mint)
    }

    fn verify(&self, value: &Value) -> Result<Trial, RotateError> {
        let plain = Plain::of(value);
        let request = Request::Verify {
            schema_version: SCHEMA_VERSION,
            secret: &self.outside.secret,
            value: plain.text(),
            value_base64: plain.base64(),
        };
        let tried = self.ask(&request, &[value], answer::verify)?;
        Ok(match tried.works {
            Some(true) => Trial::Passed,
            Some(false) => {
                let why = tried.why.unwrap_or_default();
                let said = in_confidence(&[value]).said(why.as_bytes(), MOST_SAID);
                Trial::Refused(format!("`{}` says that it does not work{said}", self.name()))
            }
            None => Trial::CannotTell,
        })
    }

    fn revoke(&self, handle: &Handle) -> Result<(), RotateError> {
        let request =
            Request::Revoke { schema_version: SCHEMA_VERSION, secret: &self.outside.secret, handle };
        self.ask(&request, &[], answer::revoke)
    }
}

/// How it ended, and the last that it said, unless that repeats what it was told or has answered.
fn how_it_ended(ended: &Told, told: &[&Value]) -> String {
    let how = match ended.status.code() {
        Some(code) => format!("ended with exit code {code}"),
        None => "was ended by a signal".to_owned(),
    };
    let last = ended.stderr.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let mut confidence = in_confidence(told);
    confidence.keep(&ended.value);
    // Looking through all of a long line would take as long as somebody likes.
    let last: String = last.chars().take(4 * MOST_SAID).collect();
    how + &confidence.said(last.as_bytes(), MOST_SAID)
}

fn in_confidence(values: &[&Value]) -> Confidence {
    let mut confidence = Confidence::default();
    for value in values {
        confidence.keep(value);
        let mut encoded = Text::with_capacity(value.expose().len().div_ceil(3) * 4);
        encoded.push_base64(value.expose());
        confidence.keep(&Value::new(encoded.into_bytes()));
    }
    confidence
}
