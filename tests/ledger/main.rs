//! What the scheduled job remembers: many writers at one ref of a real remote, none of whom may lose a line of another.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers are tests too"
)]

#[path = "../common/mod.rs"]
mod common;

mod appending;
mod commands;
mod faults;
mod refusals;
mod state_file;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use common::Sandbox;
use secrets::change::memory::Memory;
use secrets::domain::id::RunId;
use secrets::domain::ledger::{Event, RunEnd, RunOutcome};
use secrets::domain::time::Instant;
use secrets::git::Repository;
use secrets::system::environment::Environment;

const REF: &str = "refs/secrets/ledger";
const LIMIT: Duration = Duration::from_mins(1);

/// A repository as the job sees it on a machine that nobody has set up: git knows no name.
fn open(sandbox: &Sandbox, folder: &Path) -> Repository {
    let nameless = sandbox.path("nameless.gitconfig");
    fs::write(
        &nameless,
        "[user]\n\tuseConfigOnly = true\n[commit]\n\tgpgSign = true\n[push]\n\tgpgSign = true\n",
    )
    .unwrap();
    let command = sandbox.command("git", folder);
    let variables = command.get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())));
    let variables = variables.map(|(name, value)| {
        if name == "GIT_CONFIG_GLOBAL" { (name, nameless.clone().into_os_string()) } else { (name, value) }
    });
    Repository::discover(folder, &Environment::new(variables, folder.to_owned())).unwrap()
}

fn memory(repository: &Repository, limit: Duration) -> Memory<'_> {
    Memory::Remote { repository, remote: "origin".to_owned(), full_ref: REF.to_owned(), limit }
}

/// The end of a run that is like no other.
fn run_end(number: u64) -> Event {
    let at: Instant = "2026-03-01T12:00:00Z".parse().unwrap();
    let run = RunId::from_parts(at, u128::from(number));
    Event::Run(RunEnd { run, at, outcome: RunOutcome::Delivered, told: number })
}

/// The lines of the remote's ledger, and the numbers in them.
fn lines(sandbox: &Sandbox) -> Vec<String> {
    let origin = sandbox.path("origin.git");
    let text = sandbox.git(&origin, ["show", &format!("{REF}:ledger.jsonl")]);
    text.lines().map(str::to_owned).collect()
}

fn numbers(lines: &[String]) -> Vec<u64> {
    let number = |line: &String| serde_json::from_str::<serde_json::Value>(line).ok()?["told"].as_u64();
    lines.iter().filter_map(number).collect()
}

/// Points the ref at a commit with this file, whose parent is what stands there.
fn overwrite(sandbox: &Sandbox, file: &str, text: &str, parent: Option<&str>) {
    let origin = sandbox.path("origin.git");
    let path = sandbox.path("overwritten");
    fs::write(&path, text).unwrap();
    let blob = sandbox.git(&origin, ["hash-object", "-w", path.to_str().unwrap()]);
    let tree = sandbox.path("overwritten.tree");
    fs::write(&tree, format!("100644 blob {blob}\t{file}\n")).unwrap();
    let parent = parent.map(|parent| format!("-p {parent}")).unwrap_or_default();
    let script = format!(
        "git update-ref {REF} \"$(git commit-tree -m Overwrite {parent} \"$(git mktree < '{}')\")\"",
        tree.display()
    );
    let _ = sandbox.run(&origin, "sh", ["-c", &script]).code(0);
}

fn append(repository: &Repository, number: u64) {
    memory(repository, LIMIT).append(&mut |_| vec![run_end(number)]).unwrap();
}

/// An origin, and a clone of its newest commit alone.
fn origin_and_ci() -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    sandbox.origin_and_laptop();
    let ci = sandbox.clone("ci", &["--depth=1"]);
    (sandbox, ci)
}
