//! What the measurements of the built binary share: a store to work on, and a run whose memory is watched.

#![allow(dead_code, reason = "each bench uses its own part of this")]

pub mod bare;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{fs, thread};

use rayon::prelude::*;
use secrets::change::sealing::{NextVersion, Request, Runners, Sealer};
use secrets::domain::expiry::{Expiry, ExpirySource};
use secrets::domain::record::About;
use secrets::domain::time::Instant;
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
    let now = Instant::parse_rfc3339(NOW).expect("the moment is one");
    let prompts = Prompts::none();
    let sealer = Sealer { policy: &policy, now, prompts: &prompts };
    (0..size).into_par_iter().for_each(|number| {
        let name = format!("team{:03}/prod/secret-{number:06}", number / 100).parse().expect("a name");
        let value = Value::new(format!("value of number {number}").into_bytes());
        let request = Request {
            name: &name,
            value: &value,
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
        let (record, sealed) = sealer.seal(request).expect("it can be sealed");
        let path = store.join(name.as_str());
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
