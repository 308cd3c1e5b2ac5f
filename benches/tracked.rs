//! `track` and `check` over the likeness of a real repository: 295 files that sops sealed. How long each takes in ratio
//! to reading those files once with as many threads, with the files in the page cache and with them put out of it.
//!
//! `cargo bench --bench tracked`. Both sides run in turn, A B A B …, and the ratio is taken pair by pair, so that it
//! holds while the machine's speed drifts.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a measurement that can't be made ends here, and prints"
)]
#![allow(clippy::disallowed_methods, reason = "it reads its own arguments")]

mod common;
#[path = "common/infrastructure.rs"]
#[allow(dead_code, reason = "the tests look at more of it")]
mod infrastructure;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant as Stopwatch;
use std::{env, fs, thread};

use common::{NOW, commit, forget, git, median, read_all, run_watched};

const ROUNDS: usize = 9;

fn main() {
    // Test runners start every target; only `cargo bench` says that it wants the measurement.
    if !env::args().any(|argument| argument == "--bench") {
        return;
    }
    let threads = thread::available_parallelism().map_or(1, usize::from);
    println!("threads: {threads}; rounds: {ROUNDS}, after one that is not counted");
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let root = folder.path();
    let made = infrastructure::infrastructure(root, 30, 295);
    println!("{} files, {} encrypted values, {} bytes", made.paths.len(), made.leaves, made.bytes);
    fs::create_dir(root.join("custody")).expect("the store can be made");
    fs::write(root.join("custody/policy.toml"), policy()).expect("the policy can be written");
    git(root, &["init", "-q", "-b", "main"]);
    git(root, &["config", "user.name", "bench"]);
    git(root, &["config", "user.email", "bench@example.org"]);
    commit(root);
    let files: Vec<PathBuf> = made.paths.iter().map(|path| root.join(path)).collect();
    measure("track --dry-run", root, &files, threads, &["track", "**/enc-*", "--dry-run"]);
    run(root, &["track", "**/enc-*", "--owner", "team"]);
    git(root, &["repack", "-a", "-d", "-q"]);
    measure("check", root, &files, threads, &["check"]);
    commit(root);
    measure("check --against, nothing changed", root, &files, threads, &["check", "--against", "HEAD~1"]);
    measure(
        "check --against, before it was tracked",
        root,
        &files,
        threads,
        &["check", "--against", "HEAD~2"],
    );
}

fn policy() -> String {
    format!(
        "schema = 1\nstore = \"01JB0000000000000000000000\"\ndeploy-ref = \"none\"\n\
         [people.alice]\nkeys = [\"pgp:{a}\"]\n[people.bob]\nkeys = [\"pgp:{b}\"]\n\
         [shared-keys.hubs]\nkeys = [\"{}\"]\npeople = [\"alice\", \"bob\"]\nconfirmed = 2026-02-01\n\
         [groups]\nteam = [\"alice\", \"bob\"]\n[defaults]\nreaders = [\"team\"]\nlevels = {{ no-expiry = \"warning\" }}\n",
        infrastructure::RESOURCE_ID,
        a = "A".repeat(40),
        b = "B".repeat(40),
    )
}

fn run(root: &Path, arguments: &[&str]) -> u64 {
    let mut command = Command::new(common::binary());
    command.current_dir(root).args(arguments).args(["--at", NOW]).stdout(Stdio::null()).stderr(Stdio::null());
    run_watched(&mut command)
}

fn measure(what: &str, root: &Path, files: &[PathBuf], threads: usize, arguments: &[&str]) {
    for (temperature, is_cold) in [("warm", false), ("cold", true)] {
        let prepare = || {
            if is_cold {
                forget(files);
            }
        };
        prepare();
        read_all(files, threads);
        prepare();
        let mut peak = run(root, arguments);
        let (mut baseline, mut ours, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            prepare();
            let start = Stopwatch::now();
            let bytes = read_all(files, threads);
            let read = start.elapsed().as_secs_f64();
            assert!(bytes > 0);
            prepare();
            let start = Stopwatch::now();
            peak = peak.max(run(root, arguments));
            let took = start.elapsed().as_secs_f64();
            baseline.push(read);
            ours.push(took);
            ratios.push(took / read);
        }
        let (read, took, ratio) = (median(&mut baseline), median(&mut ours), median(&mut ratios));
        println!(
            "{what}, {temperature}: {:.1} ms, reading {:.1} ms, ratio {ratio:.2} (medians); peak memory {} MiB",
            took * 1e3,
            read * 1e3,
            peak / 1024
        );
    }
}
