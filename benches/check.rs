//! `check` without an identity, on 10,000 secrets and on 100,000 if `--large` is given: how long it takes in
//! ratio to reading every file of the store once with as many threads, and how much memory.
//!
//! `cargo bench --bench check` (add `-- --large` for the second size). Both sides run in turn, A B A B …, and the
//! ratio is taken pair by pair, so that it holds while the machine's speed drifts.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a measurement that can't be made ends here, and prints"
)]
#![allow(clippy::disallowed_methods, reason = "it reads its own arguments")]

mod common;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant as Stopwatch;
use std::{env, fs, thread};

use common::{NOW, build, median, read_all, run_watched};

const ROUNDS: usize = 9;

fn main() {
    // Test runners start every target; only `cargo bench` says that it wants the measurement.
    if !env::args().any(|argument| argument == "--bench") {
        return;
    }
    let large = env::args().any(|argument| argument == "--large");
    let threads = thread::available_parallelism().map_or(1, usize::from);
    println!("threads: {threads}; rounds: {ROUNDS}, after one that is not counted");
    let sizes: &[usize] = if large { &[10_000, 100_000] } else { &[10_000] };
    let mut medians = Vec::new();
    for &size in sizes {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        build(folder.path(), &policy(), size);
        let files = files(&folder.path().join("secrets"));
        medians.push(measure(folder.path(), &files, threads, size));
    }
    if let [small, large] = medians.as_slice() {
        println!("100,000 secrets take {:.1} times as long as 10,000", large / small);
    }
}

/// Three people and a machine, with the keys of the fixtures.
fn policy() -> String {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/identities");
    let key = |name: &str| {
        let text = fs::read_to_string(fixtures.join(format!("{name}.txt"))).expect("the fixture is there");
        let line = text.lines().find_map(|line| line.strip_prefix("# public key: "));
        line.expect("the fixture names its public key").to_owned()
    };
    format!(
        "schema = 1\nstore = \"01JB0000000000000000000000\"\ndeploy-ref = \"none\"\n\
         [people.alice]\nkeys = [\"{}\"]\n[people.bob]\nkeys = [\"{}\"]\n[people.carol]\nkeys = [\"{}\"]\n\
         [machines.ci]\nkeys = [\"{}\"]\n[groups]\nteam = [\"alice\", \"bob\", \"carol\", \"ci\"]\n\
         [defaults]\nreaders = [\"team\"]\n[[scope]]\nmatch = \"*/prod/**\"\nmin-people = 3\n",
        key("alice"),
        key("bob"),
        key("carol"),
        key("ci"),
    )
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder can be read").flatten() {
            let path = entry.path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

fn check(root: &Path) -> u64 {
    let mut command = Command::new(env!("CARGO_BIN_EXE_secrets"));
    run_watched(
        command.current_dir(root).args(["check", "--at", NOW]).stdout(Stdio::null()).stderr(Stdio::null()),
    )
}

fn measure(root: &Path, files: &[PathBuf], threads: usize, size: usize) -> f64 {
    read_all(files, threads);
    let mut peak = check(root);
    let (mut baseline, mut gate, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let start = Stopwatch::now();
        let bytes = read_all(files, threads);
        let read = start.elapsed().as_secs_f64();
        assert!(bytes > 0);
        let start = Stopwatch::now();
        peak = peak.max(check(root));
        let checked = start.elapsed().as_secs_f64();
        baseline.push(read);
        gate.push(checked);
        ratios.push(checked / read);
    }
    let (read, checked, ratio) = (median(&mut baseline), median(&mut gate), median(&mut ratios));
    println!(
        "{size} secrets: check {:.0} ms, reading {} files {:.0} ms, ratio {ratio:.2} (medians); peak memory {} MiB",
        checked * 1e3,
        files.len(),
        read * 1e3,
        peak / 1024
    );
    checked
}
