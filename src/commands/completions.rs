//! `secrets completions`: the scripts, and the answers to what they ask.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use clap_complete::Shell;
use clap_complete::engine;

use super::candidates::{self, Source};
use super::{CommandError, Session};
use crate::cli::{Cli, Completions};
use crate::domain::text::visible;

const BASH: &str = include_str!("completions/bash.sh");
const ZSH: &str = include_str!("completions/zsh.sh");
const FISH: &str = include_str!("completions/fish.fish");

pub fn run(session: &Session, arguments: &Completions) -> Result<u8, CommandError> {
    match arguments.at_word {
        Some(index) => session.print(answers(session, arguments, index))?,
        None => session.print(script(arguments.shell))?,
    }
    Ok(0)
}

/// A script that asks this program, where we have one for the shell; else one that knows commands and options.
#[expect(clippy::wildcard_enum_match_arm, reason = "clap_complete may learn of more shells")]
fn script(shell: Shell) -> Vec<u8> {
    match shell {
        Shell::Bash => BASH.into(),
        Shell::Zsh => ZSH.into(),
        Shell::Fish => FISH.into(),
        shell => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::described(), "secrets", &mut script);
            script
        }
    }
}

/// What may stand at a place of a command line, one a line; behind a tab what it is, for the shells that show it. It is
/// a command and not a variable that makes us answer: with a variable set, `secrets check` would pass without a check.
fn answers(session: &Session, arguments: &Completions, index: usize) -> Vec<u8> {
    let words = &arguments.words;
    let source = Source::new(session, named_store(words).or_else(|| session.global.store.clone()));
    let mut command = candidates::attach(Cli::described(), &Arc::new(source));
    let current_dir = session.environment.current_dir();
    // Whatever goes wrong: nothing is offered, and nothing is said into somebody's command line.
    let found = engine::complete(&mut command, words.clone(), index, Some(current_dir)).unwrap_or_default();
    let values =
        found.iter().filter_map(|candidate| Some((candidate.get_value().to_str()?, candidate.get_help())));
    // Where nothing was typed, options would stand in the way of a name that could be put in at once.
    let is_option = |value: &str| value.starts_with('-');
    let is_begun = words.get(index).is_some_and(|word| !word.is_empty());
    let with_options = is_begun || values.clone().all(|(value, _)| is_option(value));
    let mut answers = Vec::new();
    for (value, help) in values.filter(|(value, _)| with_options || !is_option(value)) {
        // A name that moves the cursor is none that somebody types.
        if visible(value) != value {
            continue;
        }
        answers.extend_from_slice(value.as_bytes());
        if let Some(help) = help.filter(|_| arguments.shell != Shell::Bash) {
            let help = help.to_string();
            let help = visible(help.lines().next().unwrap_or_default());
            write!(answers, "\t{help}").ok();
        }
        answers.push(b'\n');
    }
    answers
}

/// The store that the command line names.
fn named_store(words: &[std::ffi::OsString]) -> Option<PathBuf> {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word == "--store" {
            return words.next().map(PathBuf::from);
        }
        if let Some(store) = word.to_str().and_then(|word| word.strip_prefix("--store=")) {
            return Some(store.into());
        }
    }
    None
}
