//! Reports for other programs, held against published schemas and other people's parsers; and what runs the gate in CI,
//! linted and run.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers are tests too"
)]

#[path = "../common/mod.rs"]
mod common;

mod action;
mod linted;
mod outputs;
mod scenarios;
mod schemas;

use std::path::{Path, PathBuf};
use std::process::Command;

use common::tools;

/// A path of this repository.
fn here(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(relative)
}

/// Runs a script of this folder, which must succeed; answers with the JSON that it printed.
#[track_caller]
fn script<S: AsRef<std::ffi::OsStr>>(
    command: &mut Command,
    name: &str,
    arguments: impl IntoIterator<Item = S>,
) -> serde_json::Value {
    let output = command.arg(here("tests/formats").join(name)).args(arguments).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{name}: {told}\n{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_str(&told).unwrap_or_else(|error| panic!("{name}: {error}: {told}"))
}

fn python() -> Command {
    Command::new(tools::python())
}
