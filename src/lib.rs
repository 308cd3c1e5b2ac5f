//! `secrets`: keeps encrypted credentials in git beside a record of their expiry and custody, and blocks the
//! deploys that would break.
//!
//! The house has five floors; each imports from those below it only, and rooms on one floor don't import each
//! other. `tests/architecture.rs` reads the imports and fails otherwise.
//!
//! | floor | rooms | what they may touch |
//! |---|---|---|
//! | 4 | [`commands`] | one command a file: asks the floors below, prints, nothing else |
//! | 3 | [`observe`], [`change`] | facts gathered from all rooms; lock, seal, journal, commit, push |
//! | 2 | [`checks`], [`render`] | pure: facts to findings, a report to bytes |
//! | 2 | [`store`], [`seal`], [`git`], [`keys`], [`forge`], [`notify`], [`rotate`], [`sops`], [`pass`] | one door each to the outside world |
//! | 2 | [`foreign`], [`value_ends`] | pure: bytes that other tools made, read |
//! | 2 | [`interchange`] | pure: values as other programs write and read them |
//! | 1 | [`system`], [`web`] | atomic files, bounded child processes, the terminal; requests that end |
//! | 0 | [`domain`] | the nouns; no I/O, no clock |
//!
//! One way through: observe (adapters → plain facts) → judge (pure) → report → render (pure) → exit code.

pub mod change;
pub mod checks;
pub mod cli;
pub mod commands;
pub mod domain;
pub mod foreign;
pub mod forge;
pub mod git;
pub mod interchange;
pub mod keys;
pub mod notify;
pub mod observe;
pub mod pass;
pub mod render;
pub mod rotate;
pub mod seal;
pub mod sops;
pub mod store;
pub mod system;
pub mod value_ends;
pub mod web;

use std::ffi::OsString;

use clap::Parser as _;

use crate::cli::Cli;
use crate::commands::{CommandError, Session};
use crate::domain::text::visible;
use crate::domain::time::Instant;
use crate::system::environment::Environment;
use crate::system::terminal::Terminal;
use crate::system::threads;

/// The exit code of a command that could not do what it was asked.
const COULD_NOT: u8 = 2;

/// Runs a command line. `clock` is the moment as this machine has it; `--at` stands in for it.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    environment: Environment,
    clock: Option<Instant>,
) -> u8 {
    let terminal = Terminal::of_this_process(&environment);
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers; everything else is a usage error, which repeats what it was given.
            if !error.use_stderr() {
                return if error.print().is_ok() { 0 } else { COULD_NOT };
            }
            if terminal.color_stderr {
                error.print().ok();
            } else {
                let text = error.render().to_string();
                let lines: Vec<_> = text.trim_end().lines().map(visible).collect();
                terminal.say(&lines.join("\n")).ok();
            }
            return COULD_NOT;
        }
    };
    let Some(now) = cli.global.at.or(clock) else {
        let error = CommandError::new("the clock of this machine is outside the years 1970 to 9999");
        return tell(terminal, &error.hint("give --at"));
    };
    threads::heed(&environment);
    let session = Session { environment, now, terminal, global: cli.global.clone() };
    match commands::run(cli, &session) {
        Ok(code) => code,
        Err(error) => tell(session.terminal, &error),
    }
}

/// Says what went wrong and what to do next. Where nobody can be told, the exit code still says it.
fn tell(terminal: Terminal, error: &CommandError) -> u8 {
    if !error.is_silent() {
        let mut text = format!("error: {error}");
        for hint in error.hints() {
            text.push_str("\n  ");
            text.push_str(hint);
        }
        // A name or a key of others may stand in it as it is.
        let lines: Vec<_> = text.lines().map(visible).collect();
        terminal.say(&lines.join("\n")).ok();
    }
    COULD_NOT
}
