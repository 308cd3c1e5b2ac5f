//! What is large in another way than by the number of secrets: a policy of 5,000 people and 500 scopes, a value of
//! 16 MiB, a history of 50,000 commits, a clone of depth 1. Each beside the same work on something small.
//!
//! `cargo bench --bench limits`. All sides run in turn, A B A B ….

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a measurement that can't be made ends here, and prints"
)]
#![allow(clippy::disallowed_methods, reason = "it reads its own arguments")]

mod common;

use std::cell::RefCell;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::sample::{policy_of, policy_of_many};
use common::{NOW, binary, build, git, median, mib, ms, row, run_watched, timed};

const ROUNDS: usize = 7;
const SECRETS: usize = 1_000;
const COMMITS: usize = 50_000;
/// When the versions of the past were sealed.
const BEFORE: &str = "2026-02-01T12:00:00Z";

/// What is run in turn with others.
struct Contestant<'a> {
    what: String,
    command: Box<dyn Fn() -> Command + 'a>,
}

fn main() {
    // Test runners start every target; only `cargo bench` says that it wants the measurement.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    println!("{ROUNDS} rounds, after one that is not counted; medians\n");
    row(&["what", "time", "against the first", "peak"]);
    row(&["---", "---:", "---:", "---:"]);
    policies();
    histories();
    values();
}

/// The same store under policies of another size.
fn policies() {
    let folders: Vec<_> = [(5, 1), (500, 50), (5_000, 500)]
        .map(|(people, scopes)| {
            let folder = tempfile::tempdir().expect("a temporary folder can be made");
            build(folder.path(), &policy_of_many(people, scopes), SECRETS);
            (people, scopes, folder)
        })
        .into();
    compare(folders.iter().map(|(people, scopes, folder)| Contestant {
        what: format!("`check` of {SECRETS} secrets, {people} people, {scopes} scopes"),
        command: Box::new(|| secrets(folder.path(), &["check"])),
    }));
}

/// The same store at the end of a longer history, and a clone that has only the last commit of it.
fn histories() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let [short, long, shallow] = ["short", "long", "shallow"].map(|name| folder.path().join(name));
    fs::create_dir(&short).expect("a folder can be made");
    build(&short, &policy_of(5, "none").0, SECRETS);
    git(folder.path(), &["clone", "-q", "short", "long"]);
    lengthen(&long);
    let origin = format!("file://{}", long.display());
    git(folder.path(), &["clone", "-q", "--depth=1", &origin, "shallow"]);
    let log = || {
        let mut command = Command::new("git");
        command.current_dir(&long).args(["log", "--format=%H", "--", "secrets"]).stdout(Stdio::null());
        command
    };
    let check = |root: PathBuf, what: &str| Contestant {
        what: format!("`check` of {SECRETS} secrets, {what}"),
        command: Box::new(move || secrets(&root, &["check"])),
    };
    compare([
        check(short.clone(), "1 commit"),
        check(long.clone(), &format!("{} commits", COMMITS + 1)),
        check(shallow, "depth 1 of these"),
        contestant("`git log --format=%H -- secrets` of these", log),
    ]);
}

/// Adds commits: of ten, one exchanges a secret's two files by those of another version, nine change something else.
fn lengthen(root: &Path) {
    let name = common::name_of(0);
    let [record, sealed] = ["json", "age"].map(|ending| format!("secrets/{name}.{ending}"));
    let policy = fs::read_to_string(root.join("secrets/policy.toml")).expect("a policy");
    let policy =
        secrets::observe::place::parse_policy(policy.as_bytes(), "policy.toml").expect("it is valid");
    let last = [&record, &sealed].map(|path| fs::read(root.join(path)).expect("it is there"));
    let mut child = Command::new("git")
        .current_dir(root)
        .args(["fast-import", "--quiet", "--force"])
        .stdin(Stdio::piped())
        .spawn()
        .expect("git runs");
    let mut stream = BufWriter::new(child.stdin.take().expect("it reads"));
    let mut put = |bytes: &[u8]| stream.write_all(bytes).expect("git reads on");
    for number in 0..COMMITS {
        let time = 1_700_000_000 + number;
        let mut head =
            format!("commit refs/heads/main\ncommitter bench <bench@example.org> {time} +0000\ndata 1\n.\n");
        if number == 0 {
            head.push_str("from refs/heads/main^0\n");
        }
        put(head.as_bytes());
        let mut file = |path: &str, bytes: &[u8]| {
            put(format!("M 644 inline {path}\ndata {}\n", bytes.len()).as_bytes());
            put(bytes);
            put(b"\n");
        };
        match number % 10 {
            // The last of them puts back what stands there.
            0 if number + 10 >= COMMITS => {
                file(&record, &last[0]);
                file(&sealed, &last[1]);
            }
            0 => {
                let (older, bytes) = common::sealed_pair_at(BEFORE, &policy, 0);
                file(&record, &secrets::store::record_file::print(&older));
                file(&sealed, &bytes);
            }
            _ => file(&format!("src/{}.txt", number % 100), format!("{number}\n").as_bytes()),
        }
    }
    drop(stream);
    assert!(child.wait().expect("git ends").success());
    git(root, &["reset", "-q", "--hard"]);
    git(root, &["repack", "-a", "-d", "-q"]);
}

/// A value of 16 MiB, beside a short one and beside age itself.
fn values() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let root = folder.path().join("store");
    fs::create_dir(&root).expect("a folder can be made");
    let (policy, identity) = policy_of(5, "none");
    build(&root, &policy, 1);
    let key = folder.path().join("key.txt");
    fs::write(&key, identity).expect("it can be written");
    #[cfg(unix)]
    fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("it is ours");
    let bytes: Vec<u8> =
        (0..16 * 1024 * 1024_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    // One for each time: what is set has to be a new value.
    let files = |name: &str, bytes: &[u8]| {
        let file = |turn| {
            let path = folder.path().join(format!("{name}-{turn}"));
            fs::write(&path, bytes.get(turn..).expect("there are as many")).expect("it can be written");
            path
        };
        (0..ROUNDS + 2).map(file).collect::<Vec<_>>()
    };
    let [short, long] = [files("short", bytes.get(..100).expect("there are as many")), files("long", &bytes)];
    let mut recipients = String::new();
    for line in policy.lines().filter_map(|line| line.strip_prefix("keys = [\"")) {
        let _ = writeln!(recipients, "{}", line.trim_end_matches("\"]"));
    }
    let list = folder.path().join("recipients.txt");
    fs::write(&list, recipients).expect("it can be written");
    let with_key = |arguments: &[&str]| {
        let mut command = secrets(&root, arguments);
        command.env("SECRETS_IDENTITY_FILE", &key);
        command
    };
    for (name, files) in [("short", &short), ("long", &long)] {
        let from = files.first().and_then(|path| path.to_str()).expect("a path");
        let expires = ["--expires", "2027-08-31", "--owner", "team", "--from-file", from];
        run_watched(with_key(&["add", name]).args(expires));
    }
    let with_key = &with_key;
    let set = |name: &'static str, files: Vec<PathBuf>| {
        let left = RefCell::new(files.into_iter().skip(1));
        move || {
            let mut command = with_key(&["set", name, "--no-commit", "--expires", "2027-08-31"]);
            command.arg("--from-file").arg(left.borrow_mut().next().expect("one for each round"));
            command
        }
    };
    let age = || {
        let mut command = Command::new("age");
        let sealed = folder.path().join("long.age");
        command.arg("-R").arg(&list).arg("-o").arg(sealed).arg(long.first().expect("there is one"));
        command
    };
    compare([
        contestant("`set` of 100 bytes", set("short", short)),
        contestant("`set` of 16 MiB", set("long", long.clone())),
        contestant("`age -R` of 16 MiB to as many", age),
    ]);
    compare([
        contestant("`get` of 100 bytes", || with_key(&["get", "short"])),
        contestant("`get` of 16 MiB", || with_key(&["get", "long"])),
    ]);
    git(&root, &["commit", "--quiet", "--all", "--message", "Set"]);
    compare([contestant("`check --prove` of both", || with_key(&["check", "--prove"]))]);
}

fn contestant<'a>(what: &str, command: impl Fn() -> Command + 'a) -> Contestant<'a> {
    Contestant { what: what.to_owned(), command: Box::new(command) }
}

fn secrets(root: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command.current_dir(root).args(arguments).args(["--at", NOW]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn compare<'a>(contestants: impl IntoIterator<Item = Contestant<'a>>) {
    let contestants: Vec<Contestant<'_>> = contestants.into_iter().collect();
    let mut times = vec![Vec::new(); contestants.len()];
    let mut peaks = vec![0; contestants.len()];
    for round in 0..=ROUNDS {
        for ((contestant, times), peak) in contestants.iter().zip(&mut times).zip(&mut peaks) {
            let (seconds, memory) = timed(|| run_watched(&mut (contestant.command)()));
            *peak = memory.max(*peak);
            if round > 0 {
                times.push(seconds);
            }
        }
    }
    let medians: Vec<f64> = times.iter_mut().map(|times| median(times)).collect();
    let first = medians.first().copied().unwrap_or(1.0);
    for ((contestant, median), peak) in contestants.iter().zip(&medians).zip(&peaks) {
        row(&[&contestant.what, &ms(*median), &format!("{:.2}", median / first), &mib(*peak)]);
    }
}
