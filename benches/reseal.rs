//! `secrets reseal --all` after one reader of five was exchanged, and `secrets check --prove`, each by the built
//! binary from end to end, in ratio to a bare loop of the same scalar multiplications, HKDFs and AEAD calls in
//! memory, on as many threads.
//!
//! `cargo bench --bench reseal` takes 1,000 secrets; `cargo bench --bench reseal -- 10000` as many as it says. Both
//! sides run in turn, A B A B …, and the ratio is taken pair by pair, so that it holds while the machine's speed
//! drifts. `--no-commit` leaves git out of it; what git takes for the commit is measured once beside it.
//!
//! The files are synced to where the temporary folder lies. With `TMPDIR` on a file system in memory the ratio is that
//! of our own work; on a disk it is mostly that of the disk.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a measurement that can't be made ends here, and prints"
)]
#![allow(clippy::disallowed_methods, reason = "it reads its own arguments")]

mod common;

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::{env, fs};

use common::bare::Bare;
use common::{NOW, build, commit, median, run_watched, timed};
use rayon::prelude::*;
use secrets::domain::key::PublicKey;
use secrets::seal::identity;

const ROUNDS: usize = 5;
const READERS: [&str; 5] = ["alice", "bob", "carol", "ci", "dave"];

fn main() {
    // Test runners start every target; only `cargo bench` says that it wants the measurement.
    if !env::args().any(|argument| argument == "--bench") {
        return;
    }
    let count = env::args().find_map(|argument| argument.parse().ok()).unwrap_or(1000);
    let bench = Bench::new(count);
    println!("{count} secrets of 5 readers, in {}", bench.folder.path().display());
    println!("rounds: {ROUNDS}, after one that is not counted");
    for threads in [1, 2] {
        bench.prove(threads);
    }
    for threads in [1, 2] {
        bench.reseal(threads);
    }
    bench.commit();
}

/// A store whose last reader has one of two keys: each run of `reseal` exchanges them.
struct Bench {
    folder: tempfile::TempDir,
    identity: PathBuf,
    keys: Vec<PublicKey>,
    bare: Bare,
    count: usize,
}

impl Bench {
    fn new(count: usize) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let pairs: Vec<_> =
            (0..=READERS.len()).map(|_| identity::generate().expect("a key can be made")).collect();
        let opener = pairs.first().map(|(line, _)| line.as_bytes().to_vec()).expect("one of six");
        let root = folder.path().join("repository");
        fs::create_dir(&root).expect("a folder can be made");
        let identity = folder.path().join("identity.txt");
        fs::write(&identity, opener).expect("the identity can be written");
        #[cfg(unix)]
        fs::set_permissions(&identity, std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .expect("it can be kept to oneself");
        let keys: Vec<PublicKey> = pairs.into_iter().map(|(_, public)| public).collect();
        let bare = Bare::new(count, READERS.len());
        let bench = Self { folder, identity, keys, bare, count };
        build(&bench.root(), &bench.policy(false), count);
        bench
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("repository")
    }

    /// The policy before and after dave's key was exchanged.
    fn policy(&self, exchanged: bool) -> String {
        let mut text = "schema = 1\nstore = \"01JB0000000000000000000000\"\ndeploy-ref = \"none\"\n\
                        [groups]\nteam = [\"alice\", \"bob\", \"carol\", \"ci\", \"dave\"]\n\
                        [defaults]\nreaders = [\"team\"]\n"
            .to_owned();
        let (last, others) = self.keys.split_last().expect("six keys");
        for (position, (name, key)) in READERS.iter().zip(others).enumerate() {
            let key = if exchanged && position + 1 == READERS.len() { last } else { key };
            let table = if *name == "ci" { "machines" } else { "people" };
            let _ = writeln!(text, "[{table}.{name}]\nkeys = [\"{}\"]", key.text);
        }
        text
    }

    /// Exchanges dave's key and has everything sealed again; answers with seconds, and the peak of memory in KiB.
    fn exchange(&self, exchanged: bool, threads: usize, commit: bool) -> (f64, u64) {
        fs::write(self.root().join("secrets/policy.toml"), self.policy(exchanged))
            .expect("a policy can be written");
        let mut command = self.secrets(threads);
        command.args(["reseal", "--all"]);
        for key in self.keys.iter().skip(READERS.len() - 1) {
            command.args(["--accept-key", &key.fingerprint.to_string()]);
        }
        if !commit {
            command.arg("--no-commit");
        }
        timed(|| run_watched(&mut command))
    }

    fn secrets(&self, threads: usize) -> Command {
        let mut command = Command::new(common::binary());
        command
            .current_dir(self.root())
            .env("SECRETS_IDENTITY_FILE", &self.identity)
            .env("RAYON_NUM_THREADS", threads.to_string())
            .args(["--at", NOW])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    fn reseal(&self, threads: usize) {
        let mut exchanged = false;
        compare(
            "reseal --all",
            threads,
            || self.bare_loop(threads, Bare::reseal),
            || {
                exchanged = !exchanged;
                self.exchange(exchanged, threads, false)
            },
        );
        // An even number of exchanges, so that each measurement begins with the same store.
        if exchanged {
            let _ = self.exchange(false, threads, false);
        }
        let policy = fs::read_to_string(self.root().join("secrets/policy.toml")).expect("a policy");
        assert!(policy == self.policy(false));
    }

    fn prove(&self, threads: usize) {
        let mut command = self.secrets(threads);
        let proved = command.args(["check", "--prove", "--format", "json"]).stdout(Stdio::piped()).output();
        let report = proved.expect("the binary runs").stdout;
        let report: serde_json::Value = serde_json::from_slice(&report).expect("a report");
        let proved = report.pointer("/summary/proved");
        assert!(proved == Some(&self.count.into()), "proved: {proved:?} of {}", self.count);
        compare(
            "check --prove",
            threads,
            || self.bare_loop(threads, Bare::prove),
            || timed(|| run_watched(self.secrets(threads).args(["check", "--prove"]))),
        );
    }

    /// The same with the commit, and what the bare `git` takes to commit as many changed files.
    fn commit(&self) {
        commit(&self.root());
        let (whole, _) = self.exchange(true, 2, true);
        let (left_out, _) = self.exchange(false, 2, false);
        let (git, _) = timed(|| {
            commit(&self.root());
            0
        });
        println!(
            "with its commit: {whole:.2} s; without: {left_out:.2} s; `git commit` alone of as much: {git:.2} s"
        );
    }

    fn bare_loop(&self, threads: usize, work: impl Fn(&Bare, usize) + Sync) -> f64 {
        let pool =
            rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be started");
        let (seconds, _) = timed(|| {
            pool.install(|| (0..self.count).into_par_iter().for_each(|number| work(&self.bare, number)));
            0
        });
        seconds
    }
}

fn compare(what: &str, threads: usize, bare: impl Fn() -> f64, mut ours: impl FnMut() -> (f64, u64)) {
    bare();
    let (_, mut peak) = ours();
    let (mut all_bare, mut all_ours, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let bare = bare();
        let (ours, memory) = ours();
        peak = peak.max(memory);
        all_bare.push(bare);
        all_ours.push(ours);
        ratios.push(ours / bare);
    }
    println!(
        "{what}, threads: {threads}: {:.0} ms, bare loop {:.0} ms, ratio {:.2} (medians); peak memory {} MiB",
        median(&mut all_ours) * 1e3,
        median(&mut all_bare) * 1e3,
        median(&mut ratios),
        peak / 1024
    );
}
