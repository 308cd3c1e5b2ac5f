//! Somebody who has never seen the tool: `init` step by step on a real terminal, `secrets` alone, and completions as
//! real shells ask for them.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers are tests too"
)]

#[path = "../common/mod.rs"]
mod common;

mod completions;
mod guide;
mod overview;
mod windows;

use std::path::{Path, PathBuf};

use common::person::Person;
use common::{NOW, Sandbox, binary, public_key};

/// What a newcomer types as the value of a secret.
const VALUE: &str = "wX7-hidden-pL2";

/// A repository without a commit whose remote is empty, and a home without a key.
fn nothing_yet() -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    sandbox.git(sandbox.root(), ["init", "-q", "--bare", "origin.git"]);
    sandbox.git(sandbox.root(), ["init", "-q", "laptop"]);
    let laptop = sandbox.path("laptop");
    let origin = sandbox.path("origin.git");
    sandbox.git(&laptop, ["remote", "add", "origin", origin.to_str().unwrap()]);
    (sandbox, laptop)
}

/// `secrets init` in a window of so many columns, with these variables besides.
fn init(sandbox: &Sandbox, laptop: &Path, columns: u16, variables: &[(&str, &str)]) -> Person {
    let mut command = sandbox.command(binary(), laptop);
    command.args(["init", "--at", NOW]).env("TERM", "xterm").envs(variables.iter().copied());
    Person::at(command, Some(columns))
}

/// What is asked from nothing to the first check, and what somebody answers who knows what they want.
fn the_minute() -> Vec<(&'static str, String)> {
    let answer = |question, answer: &str| (question, format!("{answer}\n"));
    vec![
        answer("make a new key now [Y/n]", ""),
        answer("your name in this store [alice]:", ""),
        answer("deploys are made from [origin/main]:", ""),
        answer("keep origin/main [Y/n]", ""),
        answer("push each step to origin/main [Y/n]", ""),
        answer("second person's name (Enter: later):", "bob"),
        answer("bob's public key (Enter: later):", &public_key("bob")),
        answer("first secret's name (Enter: later):", "web/prod/db"),
        answer("value: ", VALUE),
        answer("value, again: ", VALUE),
        answer("expires (date", "1y"),
    ]
}
