//! Starting: `secrets --version` in ratio to a Rust program that does nothing; how much longer a program takes to start
//! by `secrets exec` than from a shell, beyond opening one value; and what a shell waits for when it completes a name.
//!
//! `cargo bench --bench start`. All run in turn, A B C D A B …, so that they meet the same machine.

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
use std::{env, fs, iter};

use common::{NOW, build, median, row};
use secrets::seal::identity::parse_identities;
use secrets::seal::opening;
use secrets::seal::prompts::Prompts;

const ROUNDS: usize = 201;
const NAME: &str = "team000/prod/secret-000000";

/// What is timed.
type Thing<'a> = Box<dyn FnMut() + 'a>;

fn main() {
    // Test runners start every target; only `cargo bench` says that it wants the measurement.
    if !env::args().any(|argument| argument == "--bench") {
        return;
    }
    let small = store(1);
    let large = store(1_000);
    let larger = store(10_000);
    let nothing = does_nothing(small.path());
    let quiet = |command: &mut Command| run(command.stdout(Stdio::null()));
    let mut things: Vec<(&str, Thing<'_>)> = vec![
        ("`sh -c /usr/bin/env true`", Box::new(|| run(Command::new("sh").args(["-c", "/usr/bin/env true"])))),
        ("`exec --env`, 1 secret", Box::new(|| run(&mut exec(small.path(), "--env")))),
        ("`exec --env`, 1,000 secrets", Box::new(|| run(&mut exec(large.path(), "--env")))),
        ("`exec --file`, 1 secret", Box::new(|| run(&mut exec(small.path(), "--file")))),
        ("opening the value", Box::new(|| open(small.path()))),
        ("a program that does nothing", Box::new(|| run(&mut Command::new(&nothing)))),
        ("`secrets --version`", Box::new(|| quiet(Command::new(common::binary()).arg("--version")))),
        ("completing in 10,000 secrets", Box::new(|| quiet(&mut complete(larger.path())))),
    ];
    let mut times: Vec<Vec<f64>> = iter::repeat_with(Vec::new).take(things.len()).collect();
    for round in 0..=ROUNDS {
        for ((_, thing), times) in things.iter_mut().zip(&mut times) {
            let start = Stopwatch::now();
            thing();
            // The first round is not counted.
            if round > 0 {
                times.push(start.elapsed().as_secs_f64() * 1e3);
            }
        }
    }
    println!("{ROUNDS} rounds, after one that is not counted; medians\n");
    let medians: Vec<f64> = times.iter_mut().map(|times| median(times)).collect();
    row(&["what", "time"]);
    row(&["---", "---:"]);
    for ((what, _), median) in things.iter().zip(&medians) {
        row(&[what, &format!("{median:.2} ms")]);
    }
    println!();
    let at = |what: usize| medians.get(what).copied().unwrap_or_default();
    for (what, position) in [("--env", 1), ("--env, 1,000 secrets", 2), ("--file", 3)] {
        println!("- `exec {what}` adds {:.2} ms beyond opening", at(position) - at(0) - at(4));
    }
    println!("- `--version` takes {:.2} times as long as a program that does nothing", at(6) / at(5));
}

/// The least that a Rust program can do, optimised.
fn does_nothing(folder: &Path) -> PathBuf {
    let (source, program) = (folder.join("nothing.rs"), folder.join("nothing"));
    fs::write(&source, "fn main() {}\n").expect("a source can be written");
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    run(Command::new(rustc).args(["-O", "-o"]).arg(&program).arg(&source));
    program
}

fn complete(root: &Path) -> Command {
    let mut command = Command::new(common::binary());
    command.current_dir(root).args([
        "completions",
        "bash",
        "--at-word",
        "2",
        "--",
        "secrets",
        "get",
        "team05",
    ]);
    command
}

fn identity() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/identities/alice.txt")
}

fn store(size: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let text = fs::read_to_string(identity()).expect("the fixture is there");
    let key =
        text.lines().find_map(|line| line.strip_prefix("# public key: ")).expect("it names its public key");
    let policy = format!(
        "schema = 1\nstore = \"01JB0000000000000000000000\"\ndeploy-ref = \"none\"\n[people.alice]\nkeys = [\"{key}\"]\n\
         [groups]\nteam = [\"alice\"]\n[defaults]\nreaders = [\"team\"]\nmin-people = 1\n"
    );
    build(folder.path(), &policy, size);
    folder
}

fn run(command: &mut Command) {
    assert!(command.status().expect("it runs").success(), "{command:?}");
}

fn exec(root: &Path, way: &str) -> Command {
    let mut command = Command::new(common::binary());
    command.current_dir(root).args(["exec", "--at", NOW, way]).arg(format!("A={NAME}"));
    command.args(["--", "/usr/bin/env", "true"]).env("SECRETS_IDENTITY_FILE", identity());
    command
}

/// What any program has to do that opens the value: read the key and the file, and decrypt.
fn open(root: &Path) {
    let key = fs::read(identity()).expect("the fixture is there");
    let identities = parse_identities(&key, "alice", &Prompts::none()).expect("it is an identity");
    let sealed = fs::read(root.join(format!("secrets/{NAME}.age"))).expect("the value is there");
    assert!(!opening::open(&sealed, &identities).expect("it opens").expose().is_empty());
}
