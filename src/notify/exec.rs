//! A program of one's own, which is told a message as JSON on its standard input.

use std::time::Instant;

use super::{Delivery, Outside, document, wording};
use crate::domain::notice::Message;
use crate::domain::text::visible;
use crate::system::process::{Finished, Program};
use crate::web::ServiceError;

/// How much of what a program says is shown, in characters.
const MOST_SAID: usize = 300;

pub fn deliver(command: &[String], message: &Message, outside: &Outside) -> Delivery {
    if message.is_empty() {
        return Delivery::default();
    }
    Delivery::whole(message, run(command, message, outside))
}

/// In the root of the repository, with the environment of this process but for an identity. What it starts ends with it
/// when the time is over.
fn run(command: &[String], message: &Message, outside: &Outside) -> Result<(), ServiceError> {
    let name = command.first().map(String::as_str).unwrap_or_default();
    let failed = |why: String| ServiceError::Program { program: wording::plain(name), why };
    let limit = outside.deadline.saturating_duration_since(Instant::now());
    if name.is_empty() || limit.is_zero() {
        return Err(failed("was not run: it has no name, or there is no time left".to_owned()));
    }
    let program = Program::new(name, &outside.folder, &outside.environment);
    let program = program.args(command.iter().skip(1)).input(document::json(message));
    let finished = program.run(limit).map_err(|error| failed(wording::plain(&error.to_string())))?;
    if finished.succeeded() { Ok(()) } else { Err(failed(ended(&finished))) }
}

/// How it ended, and the last that it said.
fn ended(finished: &Finished) -> String {
    let how = match finished.status.code() {
        Some(code) => format!("ended with exit code {code}"),
        None => "was ended by a signal".to_owned(),
    };
    let last = finished.stderr.lines().rev().map(str::trim).find(|line| !line.is_empty());
    last.map_or_else(|| how.clone(), |last| format!("{how}: {}", wording::cut(&visible(last), MOST_SAID)))
}
