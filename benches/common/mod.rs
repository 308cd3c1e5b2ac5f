//! What the measurements of the built binary share: a store to work on, and a run whose memory is watched.

#![allow(dead_code, reason = "each bench uses its own part of this")]
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a measurement is told what to measure, and prints"
)]

pub mod bare;
pub mod sample;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant as Stopwatch;
use std::{env, fs, thread};

use rayon::prelude::*;
use secrets::change::sealing::{NextVersion, Request, Runners, Sealer};
use secrets::domain::expiry::{Expiry, ExpirySource};
use secrets::domain::name::SecretName;
use secrets::domain::policy::Policy;
use secrets::domain::record::{About, Record};
use secrets::domain::value::Value;
use secrets::observe::place::parse_policy;
use secrets::seal::prompts::Prompts;
use secrets::store::{attributes, record_file};

pub const NOW: &str = "2026-03-01T12:00:00Z";

/// Makes a committed store of secrets that pass the gate, if the policy lets them: it needs a group `team`.
pub fn build(root: &Path, policy: &str, size: usize) {
    let store = root.join("secrets");
    fs::create_dir_all(&store).expect("the store can be made");
    fs::write(store.join("policy.toml"), policy).expect("the policy can be written");
    fs::write(store.join(".gitattributes"), attributes::TEXT).expect("the attributes can be written");
    let policy = parse_policy(policy.as_bytes(), "policy.toml").expect("the policy is valid");
    (0..size).into_par_iter().for_each(|number| {
        let (record, sealed) = sealed_pair(&policy, number);
        let path = store.join(name_of(number).as_str());
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder can be made");
        fs::write(path.with_extension("json"), record_file::print(&record)).expect("a record can be written");
        fs::write(path.with_extension("age"), sealed).expect("a value can be written");
    });
    git(root, &["init", "-q", "-b", "main"]);
    git(root, &["config", "gc.auto", "0"]);
    git(root, &["config", "maintenance.auto", "false"]);
    git(root, &["config", "user.name", "bench"]);
    git(root, &["config", "user.email", "bench@example.org"]);
    commit(root);
    git(root, &["repack", "-a", "-d", "-q"]);
}

pub fn name_of(number: usize) -> SecretName {
    format!("team{:03}/prod/secret-{number:06}", number / 100).parse().expect("a name")
}

/// A secret of the group `team` without a fault, its value short.
pub fn sealed_pair(policy: &Policy, number: usize) -> (Record, Vec<u8>) {
    sealed_pair_at(NOW, policy, number)
}

/// The same, sealed at another moment.
pub fn sealed_pair_at(now: &str, policy: &Policy, number: usize) -> (Record, Vec<u8>) {
    let prompts = Prompts::none();
    let now = now.parse().expect("the moment is one");
    let sealer = Sealer { policy, now, prompts: &prompts };
    let request = Request {
        name: &name_of(number),
        value: &Value::new(format!("value of number {number}").into_bytes()),
        expires: Some(Expiry::At {
            at: "2027-08-31".parse().expect("a date"),
            from: ExpirySource::Declared,
            reason: None,
        }),
        issued: None,
        version: NextVersion::New { set_by: "alice".parse().expect("a name"), id: None },
        seen_by: &[],
        about: About { owners: vec!["team".parse().expect("a name")], ..About::default() },
        rotation: None,
        runners: Runners::AsBefore,
        previous: None,
        earlier: None,
        above: None,
    };
    sealer.seal(request).expect("it can be sealed")
}

/// Commits all that changed.
pub fn commit(root: &Path) {
    git(root, &["add", "."]);
    git(root, &["commit", "-q", "--allow-empty", "-m", "All"]);
}

pub fn git(root: &Path, arguments: &[&str]) {
    let status = Command::new("git").current_dir(root).args(arguments).status().expect("git runs");
    assert!(status.success(), "git {arguments:?}");
}

/// Runs a command to its good end; answers with the peak of its resident memory in KiB, sampled, where the system
/// tells it.
pub fn run_watched(command: &mut Command) -> u64 {
    let mut child = command.spawn().expect("the binary runs");
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let ended = loop {
        if let Ok(text) = fs::read_to_string(&status) {
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let read = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
            peak = peak.max(read.unwrap_or(0));
        }
        if let Some(ended) = child.try_wait().expect("the binary can be waited for") {
            break ended;
        }
        thread::sleep(std::time::Duration::from_millis(1));
    };
    assert!(ended.success(), "{command:?}");
    peak
}

/// The program that is measured: `$SECRETS`, else the one that was built for this bench.
pub fn binary() -> PathBuf {
    env::var_os("SECRETS").map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_secrets")), PathBuf::from)
}

/// Seconds, and whatever the work answers.
pub fn timed(work: impl FnOnce() -> u64) -> (f64, u64) {
    let start = Stopwatch::now();
    let answer = work();
    (start.elapsed().as_secs_f64(), answer)
}

/// One row of a table in Markdown.
pub fn row(cells: &[&str]) {
    println!("| {} |", cells.join(" | "));
}

pub fn ms(seconds: f64) -> String {
    let ms = seconds * 1e3;
    if ms < 10.0 { format!("{ms:.1} ms") } else { format!("{ms:.0} ms") }
}

/// Of KiB.
pub fn mib(peak: u64) -> String {
    format!("{} MiB", peak.div_ceil(1024))
}

/// Every file below a folder.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
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

/// Puts the files out of the page cache, as far as the system lets us.
#[cfg(unix)]
pub fn forget(files: &[PathBuf]) {
    for path in files {
        let file = fs::File::open(path).expect("a file can be opened");
        file.sync_all().expect("a file can be synced");
        rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed).expect("the system takes advice");
    }
}

#[cfg(not(unix))]
pub fn forget(_files: &[PathBuf]) {}

pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// A baseline: every one of these files, once.
pub fn read_all(files: &[PathBuf], threads: usize) -> usize {
    let next = AtomicUsize::new(0);
    let total = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    total.fetch_add(fs::read(path).expect("a file can be read").len(), Ordering::Relaxed);
                }
            });
        }
    });
    total.into_inner()
}
