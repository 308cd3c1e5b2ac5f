//! The ready schedules of `contrib/schedulers/`: read by those for whom they are, and what they run is run.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers are tests too"
)]

#[path = "../common/mod.rs"]
mod common;

mod read;
mod run;

use std::path::{Path, PathBuf};
use std::process::Command;

/// A path of this repository.
fn here(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(relative)
}

fn text(relative: &str) -> String {
    std::fs::read_to_string(here(relative)).unwrap()
}

const SCRIPT: &str = "contrib/schedulers/secrets-warn.sh";
const CRONTAB: &str = "contrib/schedulers/cron/secrets-warn.crontab";
const GITHUB: &str = "contrib/schedulers/github/secrets-warn.yml";
const GITLAB: &str = "contrib/schedulers/gitlab/secrets-warn.yml";
const KUBERNETES: &str = "contrib/schedulers/kubernetes/secrets-warn.yaml";

/// Where the schedules expect the script.
const INSTALLED: &str = "/usr/local/libexec/secrets-warn.sh";

/// Runs a program, which must be there; answers with whether it succeeded and all that it printed.
#[track_caller]
fn told(command: &mut Command) -> (bool, String) {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}: run `scripts/test`, which installs it"));
    let printed = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&printed).into_owned())
}

#[track_caller]
fn passes(command: &mut Command) {
    let (succeeded, printed) = told(command);
    assert!(succeeded, "{command:?}\n{printed}");
}
