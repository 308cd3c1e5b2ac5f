//! A program that gets the value on its standard input.

use std::time::Instant;

use super::super::{Outside, RotateError, Trial};
use super::unfit;
use crate::domain::text::visible;
use crate::domain::value::Value;
use crate::system::process::{ProcessError, Program};
use crate::web::{Confidence, ServiceError};

/// How much of what a program says is shown, in characters.
const MOST_SAID: usize = 300;

/// Runs it in the root of the repository, without a terminal. What it starts ends with it when the time is over.
pub fn attempt(command: &[String], value: &Value, outside: &Outside) -> Result<Trial, RotateError> {
    let name = command.first().map(String::as_str).unwrap_or_default();
    if name.is_empty() {
        return Err(unfit("exec", "the program has no name"));
    }
    let failed = |why: String| ServiceError::Program { program: visible(name).into_owned(), why };
    let limit = outside.deadline.saturating_duration_since(Instant::now());
    if limit.is_zero() {
        return Err(failed("was not run: there is no time left".to_owned()).into());
    }
    let program = Program::new(name, &outside.folder, &outside.environment);
    let program = program.args(command.iter().skip(1)).input(value.expose().to_vec());
    let finished = match program.run(limit) {
        Ok(finished) => finished,
        Err(error @ ProcessError::NotFound { .. }) => return Err(unfit("exec", visible(&error.to_string()))),
        Err(error) => return Err(failed(visible(&error.to_string()).into_owned()).into()),
    };
    let said = last_said(&finished.stderr, value);
    match finished.status.code() {
        Some(0) => Ok(Trial::Passed),
        Some(1) => Ok(Trial::Refused(format!("{}: refused it{said}", visible(name)))),
        Some(code) => Err(failed(format!("ended with exit code {code}{said}")).into()),
        None => Err(failed(format!("was ended by a signal{said}")).into()),
    }
}

/// The last line of what it said, unless that repeats the value.
fn last_said(stderr: &str, value: &Value) -> String {
    let mut confidence = Confidence::default();
    confidence.keep(value);
    let last = stderr.lines().rev().map(str::trim).find(|line| !line.is_empty());
    confidence.said(last.unwrap_or_default().as_bytes(), MOST_SAID)
}
