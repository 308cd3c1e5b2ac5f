//! A writing command that is killed at any instant, or for which the disk is full at any instant, leaves the old state
//! or the new one, and `check` says which.
//!
//! strace kills the command (not the git that it starts) on entering its first write to a file, its second one, and
//! so on through all writes, syncs, renames and removals that a run to the end was seen to make. What happens
//! between two of them changes nothing on the disk.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers are tests too"
)]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use common::{NOW, Outcome, Sandbox, identity_path, public_key};

/// All calls by which a process changes what is on the disk.
const CALLS: &str = "write,pwrite64,writev,pwritev,fsync,fdatasync,ftruncate,?rename,?renameat,renameat2,?unlink,\
                     unlinkat,?mkdir,mkdirat,?rmdir,?link,linkat,?symlink,symlinkat,?chmod,fchmod,fchmodat,copy_file_range";

/// A store of alice and bob with two secrets, pushed, and a command to be killed in it.
struct Walk {
    sandbox: Sandbox,
    laptop: PathBuf,
    command: Vec<String>,
    stdin: &'static str,
}

/// What befalls the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Blow {
    Killed,
    /// This call, and it alone, finds no space left.
    Full,
    /// So does every call of that kind from there on.
    FullFromThereOn,
}

impl Blow {
    fn inject(self, (call, number): &Moment) -> String {
        match self {
            Self::Killed => format!("inject={call}:signal=SIGKILL:when={number}"),
            Self::Full => format!("inject={call}:error=ENOSPC:when={number}"),
            Self::FullFromThereOn => format!("inject={call}:error=ENOSPC:when={number}+"),
        }
    }
}

/// One instant: the n-th call of a kind.
type Moment = (String, usize);

impl Walk {
    fn new(command: &[&str], stdin: &'static str) -> Self {
        let sandbox = Sandbox::new();
        let laptop = sandbox.store(&["alice", "bob"]);
        sandbox.add(&laptop, "web/api", "2028-01-01", "api's value");
        sandbox.add(&laptop, "web/db", "2028-01-01", "old value");
        sandbox.push(&laptop);
        Self { sandbox, laptop, command: command.iter().map(|word| (*word).to_owned()).collect(), stdin }
    }

    /// Every run has a clone of its own to ruin.
    fn copy(&self, name: &str) -> PathBuf {
        let copy = self.sandbox.path(name);
        let _ = fs::remove_dir_all(&copy);
        let (from, to) = (self.laptop.to_str().unwrap(), copy.to_str().unwrap());
        self.sandbox.run(self.sandbox.root(), "cp", ["-a", from, to]).code(0);
        copy
    }

    fn strace(&self, folder: &Path, options: &[&str]) -> ExitStatus {
        let mut command = self.sandbox.command("strace", folder);
        command.args(options).arg(common::binary()).args(&self.command).args(["--at", NOW]);
        command.env("SECRETS_IDENTITY_FILE", identity_path("alice"));
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("strace can be started: it is in Debian's package `strace`");
        // Who was killed before reading leaves a broken pipe.
        let _ = child.stdin.take().unwrap().write_all(self.stdin.as_bytes());
        child.wait().unwrap()
    }

    /// What a run to the end does to files, call by call.
    fn moments(&self) -> Vec<Moment> {
        let copy = self.copy("whole");
        let log = self.sandbox.path("whole.trace");
        let calls = format!("trace={CALLS}");
        let status = self.strace(&copy, &["-qq", "-y", "-e", &calls, "-o", log.to_str().unwrap()]);
        assert!(status.success(), "the command comes to its end where nothing befalls it: {status}");
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let mut moments = Vec::new();
        for line in fs::read_to_string(log).unwrap().lines() {
            let Some((call, rest)) = line.split_once('(') else { continue };
            let count = counts.entry(call.to_owned()).or_default();
            *count += 1;
            // Pipes and terminals are no files of ours.
            let is_write =
                call.contains("write") && !rest.contains(&format!("<{}", self.sandbox.root().display()));
            if !is_write {
                moments.push((call.to_owned(), *count));
            }
        }
        moments
    }

    /// Strikes the command at one moment after the other, and looks at what is left each time.
    fn each(&self, blow: Blow, examine: impl Fn(&Left<'_>)) {
        let moments = self.moments();
        assert!(moments.len() >= 8, "hardly anything was seen to be written: {moments:?}");
        let (mut struck, mut interrupted) = (0, 0);
        for (position, moment) in moments.iter().enumerate() {
            let folder = self.copy("struck");
            let status = self.strace(&folder, &["-qq", "-o", "/dev/null", "-e", &blow.inject(moment)]);
            let left =
                Left { walk: self, folder: &folder, moment: format!("{blow:?} at {moment:?}"), position };
            let is_struck = match blow {
                Blow::Killed => status.signal() == Some(9),
                Blow::Full | Blow::FullFromThereOn => status.code() == Some(2),
            };
            let is_interrupted = left.is_interrupted();
            assert!(is_struck || status.success(), "{}: {status}", left.moment);
            // Nobody is told that it is done while it is not.
            assert!(is_struck || !is_interrupted, "{}", left.moment);
            struck += usize::from(is_struck);
            interrupted += usize::from(is_interrupted);
            left.settle(&examine);
        }
        // A folder that is there already, and one that may stay although it is empty, are no reason to fail.
        let least = if blow == Blow::Killed { moments.len() } else { moments.len() / 2 };
        assert!(struck >= least, "only {struck} of {} came to nothing: {moments:?}", moments.len());
        assert!(interrupted > 0, "no moment fell into the middle of a change");
    }
}

/// What a killed command has left behind.
struct Left<'a> {
    walk: &'a Walk,
    folder: &'a Path,
    moment: String,
    position: usize,
}

impl Left<'_> {
    fn secrets(&self, arguments: &[&str]) -> Outcome {
        let outcome =
            self.walk.sandbox.secrets(self.folder).args(arguments).identity("alice").stdin("x").run();
        let fault = outcome.stderr.contains("fault of secrets itself");
        assert!(!fault, "{}: {arguments:?}: {}", self.moment, outcome.stderr);
        outcome
    }

    fn check(&self) -> serde_json::Value {
        let outcome = self.secrets(&["check", "--offline", "--format", "json"]);
        assert!([1, 2].contains(&outcome.code), "{}: {}", self.moment, outcome.code);
        outcome.json()
    }

    fn is_interrupted(&self) -> bool {
        self.check()["unchecked"].to_string().contains("doctor --mend")
    }

    /// The value, if the secret can be read.
    fn value(&self, name: &str) -> Option<String> {
        let outcome = self.secrets(&["get", name]);
        match outcome.code {
            0 => Some(String::from_utf8(outcome.stdout).unwrap()),
            2 => None,
            other => panic!("{}: get {name}: exit code {other}", self.moment),
        }
    }

    fn exists(&self, file: &str) -> bool {
        self.folder.join("secrets").join(file).exists()
    }

    fn record(&self, name: &str) -> serde_json::Value {
        self.walk.sandbox.record(self.folder, name)
    }

    /// Looks at what is left; completes it where it is half done, in one of the two ways; and looks again.
    fn settle(&self, examine: &impl Fn(&Left<'_>)) {
        self.nothing_is_torn();
        if self.is_interrupted() {
            if self.position.is_multiple_of(2) {
                let mended = self.secrets(&["doctor", "--mend"]);
                assert!(mended.text().contains("completed"), "{}: {}", self.moment, mended.text());
            } else {
                let next = [
                    "add",
                    "next/one",
                    "--expires",
                    "2028-01-01",
                    "--owner",
                    "team",
                    "--reader",
                    "alice",
                    "--reader",
                    "bob",
                ];
                let next = self.secrets(&next);
                assert_eq!(next.code, 0, "{}: the next writer: {}", self.moment, next.stderr);
            }
            assert!(!self.is_interrupted(), "{}", self.moment);
            self.nothing_is_torn();
        }
        let report = self.check();
        for finding in report["findings"].as_array().unwrap() {
            let harmless = ["uncommitted", "unproven-reader", "departed-reader", "unlisted-reader"];
            assert!(harmless.contains(&finding["id"].as_str().unwrap()), "{}: {finding}", self.moment);
        }
        // Nothing is unknown but what the remote would have told.
        for unknown in report["unchecked"].as_array().unwrap() {
            assert!(unknown["why"].as_str().unwrap().contains("--offline"), "{}: {unknown}", self.moment);
        }
        examine(self);
    }

    fn nothing_is_torn(&self) {
        let mut folders = vec![self.folder.join("secrets")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let name = path.file_name().unwrap().to_str().unwrap();
                let extension = path.extension().and_then(|extension| extension.to_str());
                if path.is_dir() {
                    folders.push(path);
                } else if name.starts_with('.') {
                    // A file that is still being prepared.
                } else if extension == Some("json") {
                    let text = fs::read(&path).unwrap();
                    let whole =
                        serde_json::from_slice::<serde_json::Value>(&text).is_ok() && text.ends_with(b"}\n");
                    assert!(whole, "{}: {}", self.moment, path.display());
                } else if extension == Some("age") {
                    let name = path.strip_prefix(self.folder.join("secrets")).unwrap().with_extension("");
                    let age = self.walk.sandbox.age(self.folder, name.to_str().unwrap(), "alice");
                    assert_eq!(age.code, 0, "{}: {}: {}", self.moment, path.display(), age.stderr);
                }
            }
        }
    }
}

fn add_leaves_no_secret_or_the_whole_of_it(blow: Blow) {
    let walk = Walk::new(
        &[
            "add",
            "new/one",
            "--expires",
            "2028-01-01",
            "--owner",
            "team",
            "--reader",
            "alice",
            "--reader",
            "bob",
        ],
        "new value",
    );
    walk.each(blow, |left| {
        let policy = fs::read_to_string(left.folder.join("secrets/policy.toml")).unwrap();
        let files = (left.exists("new/one.age"), left.exists("new/one.json"), policy.contains("new/one"));
        match left.value("new/one") {
            None => assert_eq!(files, (false, false, false), "{}", left.moment),
            Some(value) => {
                assert_eq!((value.as_str(), files), ("new value", (true, true, true)), "{}", left.moment);
            }
        }
        assert_eq!(left.value("web/db").as_deref(), Some("old value"), "{}", left.moment);
    });
}

fn set_leaves_the_old_value_or_the_new_one(blow: Blow) {
    let walk = Walk::new(&["set", "web/db", "--expires", "2029-01-01"], "new value");
    walk.each(blow, |left| {
        let number = left.record("web/db")["sealed"]["version"]["number"].as_u64().unwrap();
        let expected = if number == 1 { "old value" } else { "new value" };
        assert_eq!(left.value("web/db").as_deref(), Some(expected), "{}", left.moment);
        assert_eq!(left.value("web/api").as_deref(), Some("api's value"), "{}", left.moment);
    });
}

fn reseal_leaves_the_old_readers_or_the_new_ones(blow: Blow) {
    let mut walk = Walk::new(&["reseal", "--all"], "");
    let key = public_key("carol");
    let people = ["people", "add", "carol", "--key", &key, "--group", "team"];
    let said = walk.sandbox.secrets(&walk.laptop).args(people).run().code(0).stderr;
    let start = said.find("SHA256:").unwrap();
    let fingerprint = said[start..].split_whitespace().next().unwrap().to_owned();
    walk.command.extend(["--accept-key".to_owned(), fingerprint]);
    walk.each(blow, |left| {
        let readers = ["web/api", "web/db"]
            .map(|name| left.record(name)["sealed"]["readers"].as_array().unwrap().len());
        assert!(readers == [2, 2] || readers == [3, 3], "{}: {readers:?}", left.moment);
        assert_eq!(left.value("web/db").as_deref(), Some("old value"), "{}", left.moment);
        assert_eq!(left.value("web/api").as_deref(), Some("api's value"), "{}", left.moment);
        let carol = left.walk.sandbox.get(left.folder, "web/db", "carol");
        assert_eq!(carol.code == 0, readers == [3, 3], "{}", left.moment);
    });
}

fn move_leaves_the_secret_under_one_of_its_names(blow: Blow) {
    let walk = Walk::new(&["move", "web/db", "moved/db"], "");
    walk.each(blow, |left| {
        let values = ["web/db", "moved/db"].map(|name| left.value(name));
        let one = values.iter().flatten().collect::<Vec<_>>();
        assert_eq!(one, ["old value"], "{}", left.moment);
        let files =
            ["web/db.age", "web/db.json", "moved/db.age", "moved/db.json"].map(|file| left.exists(file));
        let expected =
            if values[0].is_some() { [true, true, false, false] } else { [false, false, true, true] };
        assert_eq!(files, expected, "{}", left.moment);
    });
}

#[test]
fn a_killed_add_leaves_no_secret_or_the_whole_of_it() {
    add_leaves_no_secret_or_the_whole_of_it(Blow::Killed);
}

#[test]
fn a_killed_set_leaves_the_old_value_or_the_new_one() {
    set_leaves_the_old_value_or_the_new_one(Blow::Killed);
}

#[test]
fn a_killed_reseal_leaves_the_old_readers_or_the_new_ones() {
    reseal_leaves_the_old_readers_or_the_new_ones(Blow::Killed);
}

#[test]
fn a_killed_move_leaves_the_secret_under_one_of_its_names() {
    move_leaves_the_secret_under_one_of_its_names(Blow::Killed);
}

#[test]
fn a_full_disk_loses_no_value() {
    set_leaves_the_old_value_or_the_new_one(Blow::Full);
    set_leaves_the_old_value_or_the_new_one(Blow::FullFromThereOn);
}

#[test]
fn a_full_disk_loses_no_secret_that_moves() {
    move_leaves_the_secret_under_one_of_its_names(Blow::FullFromThereOn);
}

#[test]
fn a_mend_that_is_killed_can_be_mended() {
    let mut walk = Walk::new(&["set", "web/db", "--expires", "2029-01-01"], "new value");
    let first = walk.copy("first");
    let moment = ("rename".to_owned(), 2);
    let status = walk.strace(&first, &["-qq", "-o", "/dev/null", "-e", &Blow::Killed.inject(&moment)]);
    assert_eq!(status.signal(), Some(9), "the set is killed after the journal was written");
    // The journal knows where its store is; of one that is gone, any other may be the new place.
    walk.laptop = walk.sandbox.path("interrupted");
    fs::rename(first, &walk.laptop).unwrap();
    walk.command = ["doctor", "--mend"].map(str::to_owned).to_vec();
    walk.each(Blow::Killed, |left| {
        assert_eq!(left.value("web/db").as_deref(), Some("new value"), "{}", left.moment);
        assert_eq!(left.record("web/db")["sealed"]["version"]["number"], 2, "{}", left.moment);
    });
}
