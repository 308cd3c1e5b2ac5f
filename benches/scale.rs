//! `check` without an identity on stores of 100, 1,000, 10,000 and 100,000 secrets that eight people read: in ratio to
//! reading every file of the store once on as many threads, and beside `git status` of the same folder.
//!
//! Where the temporary folder is on a disk, also with the store's files out of the page cache.
//!
//! `cargo bench --bench scale` (numbers behind `--` take the place of the sizes). All sides run in turn, A B C D A B …,
//! and ratios are taken round by round, so that they hold while the machine's speed drifts.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a measurement that can't be made ends here, and prints"
)]
#![allow(clippy::disallowed_methods, reason = "it reads its own arguments")]

mod common;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, thread};

use common::sample::policy_of;
use common::{NOW, binary, build, files_below, forget, median, mib, ms, read_all, row, run_watched, timed};

const SIZES: [usize; 4] = [100, 1_000, 10_000, 100_000];
const READERS: usize = 8;

fn main() {
    // Test runners start every target; only `cargo bench` says that it wants the measurement.
    if !env::args().any(|argument| argument == "--bench") {
        return;
    }
    let given: Vec<usize> = env::args().filter_map(|argument| argument.parse().ok()).collect();
    let sizes = if given.is_empty() { SIZES.to_vec() } else { given };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    println!("`check`, {READERS} readers each, {threads} threads; medians\n");
    row(&["secrets", "cache", "reading", "`git status`", "`check`", "ratio", "peak", "`--scope` of 100"]);
    row(&["---:", "---", "---:", "---:", "---:", "---:", "---:", "---:"]);
    let mut growth: Vec<(usize, f64)> = Vec::new();
    for size in sizes {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        build(folder.path(), &policy_of(READERS, "none").0, size);
        growth.push((size, measure(folder.path(), threads, size, false)));
        measure(folder.path(), threads, size, true);
    }
    println!();
    for pair in growth.windows(2) {
        if let [(small, fast), (large, slow)] = pair {
            println!("{large} secrets take {:.1} times as long as {small}", slow / fast);
        }
    }
}

fn secrets(root: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command.current_dir(root).args(arguments).args(["--at", NOW]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn git_status(root: &Path) -> Command {
    let mut command = Command::new("git");
    command.current_dir(root).args(["status", "--porcelain", "secrets"]).stdout(Stdio::null());
    command
}

fn measure(root: &Path, threads: usize, size: usize, is_cold: bool) -> f64 {
    let rounds = if size > 10_000 { 5 } else { 15 };
    let files: Vec<PathBuf> = files_below(&root.join("secrets"));
    let scope = ["check", "--scope", "team000/**"];
    let (mut read, mut status, mut check, mut scoped) = (vec![], vec![], vec![], vec![]);
    let (mut ratios, mut peak) = (vec![], 0);
    let prepared = |work: &dyn Fn() -> u64| {
        if is_cold {
            forget(&files);
        }
        timed(work)
    };
    for round in 0..=rounds {
        let (reading, _) = prepared(&|| read_all(&files, threads) as u64);
        let (git, _) = prepared(&|| run_watched(&mut git_status(root)));
        let (ours, memory) = prepared(&|| run_watched(&mut secrets(root, &["check"])));
        let (part, _) = prepared(&|| run_watched(&mut secrets(root, &scope)));
        peak = peak.max(memory);
        // The first round fills the page cache, or writes what is still to be written.
        if round > 0 {
            read.push(reading);
            status.push(git);
            check.push(ours);
            scoped.push(part);
            ratios.push(ours / reading);
        }
    }
    let checked = median(&mut check);
    row(&[
        &size.to_string(),
        if is_cold { "cold" } else { "warm" },
        &ms(median(&mut read)),
        &ms(median(&mut status)),
        &ms(checked),
        &format!("{:.2}", median(&mut ratios)),
        &mib(peak),
        &ms(median(&mut scoped)),
    ]);
    checked
}
