//! A value that is easy to find is planted as every secret, and looked for wherever it must not be.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers are tests too"
)]

mod common;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use common::{NOW, Outcome, Sandbox, identity_path, public_key};

/// The first version, and the ones after it.
const CANARIES: [&str; 3] = [
    "kV7xQm2ZrT9uWc4LpHs8YbNd3EgJfA6v",
    "Rj5PzDw1MtXa7KqYh9CnSe2BvUo4LfGi",
    "w8FhNc3TyVb6JmRk1QzXs5DgPe9AuLo7",
];

/// The texts by which a value would betray itself: a third of it is enough, in the usual encodings.
fn traces() -> Vec<String> {
    let mut traces = Vec::new();
    for canary in CANARIES {
        for part in [&canary[..12], &canary[10..22], &canary[20..]] {
            traces.push(part.to_owned());
            let hex = part.bytes().fold(String::new(), |mut hex, byte| {
                write!(hex, "{byte:02x}").unwrap();
                hex
            });
            traces.push(hex.to_uppercase());
            traces.push(hex);
            traces.push(part.bytes().map(|byte| byte.to_string()).collect::<Vec<_>>().join(", "));
        }
        // Base64 takes three bytes at a time: wherever in them the value starts, what is inside of it looks like one
        // of these.
        for skipped in 0..3 {
            let inner = &canary.as_bytes()[skipped..skipped + 27];
            traces.push(STANDARD_NO_PAD.encode(inner));
            traces.push(URL_SAFE_NO_PAD.encode(inner));
        }
    }
    traces
}

fn contains(haystack: &[u8], needle: &str) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle.as_bytes())
}

#[track_caller]
fn clean(what: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for trace in traces() {
        assert!(!text.contains(&trace) && !contains_slow(bytes, &trace), "{what} holds `{trace}`\n{text}");
    }
}

/// Text that is no UTF-8 is searched as bytes, the first of them first.
fn contains_slow(bytes: &[u8], needle: &str) -> bool {
    std::str::from_utf8(bytes).is_err() && contains(bytes, needle)
}

#[track_caller]
fn quiet(outcome: Outcome) -> Outcome {
    clean("standard output", &outcome.stdout);
    clean("standard error", outcome.stderr.as_bytes());
    outcome
}

/// A store full of canaries; where each value comes from lies outside of the sandbox.
struct Aviary {
    sandbox: Sandbox,
    laptop: PathBuf,
    outside: tempfile::TempDir,
}

impl Aviary {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let laptop = sandbox.store(&["alice", "bob"]);
        let outside = tempfile::tempdir().unwrap();
        for (number, canary) in CANARIES.iter().enumerate() {
            fs::write(outside.path().join(number.to_string()), canary).unwrap();
        }
        Self { sandbox, laptop, outside }
    }

    fn run(&self, line: &str, stdin: &str) -> Outcome {
        let file = self.outside.path().join("1");
        let (line, at) = line.split_once(" --at ").unwrap_or((line, NOW));
        let arguments =
            line.split_whitespace().map(|word| if word == "FILE" { file.to_str().unwrap() } else { word });
        let run = self.sandbox.secrets(&self.laptop).args(arguments).identity("alice").stdin(stdin).at(at);
        quiet(run.env("RUST_BACKTRACE", "full").env("RUST_LOG", "trace").env("GIT_TRACE", "1").run())
    }

    fn fill(&self) {
        self.run("add web/db --expires 2026-03-20 --owner team --issuer IT", CANARIES[0]).code(0);
        self.run("add web/api --never why --owner team --from-file FILE", "").code(0);
        self.run(
            "add web/raw --expires 2028-01-01 --reader bob --reader alice",
            &format!("\0{}\0", CANARIES[2]),
        )
        .code(0);
    }

    /// Every file below the sandbox, and every object of its repositories as it was before it was compressed.
    fn search(&self) {
        let mut folders = vec![self.sandbox.root().to_owned()];
        let mut files = 0;
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).unwrap() {
                let entry = entry.unwrap();
                if entry.file_type().unwrap().is_dir() {
                    folders.push(entry.path());
                } else if entry.file_type().unwrap().is_file() {
                    clean(&entry.path().display().to_string(), &fs::read(entry.path()).unwrap());
                    files += 1;
                }
            }
        }
        assert!(files > 20, "only {files} files were searched");
        for repository in [&self.laptop, &self.sandbox.path("origin.git")] {
            let objects =
                self.sandbox.run(repository, "git", ["cat-file", "--batch-all-objects", "--batch"]).code(0);
            assert!(
                contains(&objects.stdout, "deploy-ref"),
                "objects are searched as they were before compression"
            );
            clean("an object of git", &objects.stdout);
        }
    }
}

#[test]
fn the_search_would_find_it() {
    for (what, bytes) in [
        ("itself", CANARIES[0].as_bytes().to_vec()),
        ("a part", format!("--value={}", &CANARIES[1][..12]).into_bytes()),
        ("among bytes", [b"\xff\0".as_slice(), CANARIES[2].as_bytes()].concat()),
        ("base64", STANDARD_NO_PAD.encode(format!("x{}y", CANARIES[0])).into_bytes()),
        ("base64 of a line", STANDARD_NO_PAD.encode(format!("xy{}\n", CANARIES[0])).into_bytes()),
        ("a debug print of bytes", format!("{:?}", CANARIES[1].as_bytes()).into_bytes()),
    ] {
        assert!(std::panic::catch_unwind(|| clean("it", &bytes)).is_err(), "{what} is not found");
    }
}

#[test]
fn no_command_in_no_format_gives_a_value_away() {
    let aviary = Aviary::new();
    aviary.fill();
    for line in [
        "check",
        "check --format json",
        "check --format github",
        "check --format sarif",
        "check --format junit",
        "check --format gitlab",
        "check --format markdown",
        "check --strict",
        "check --against HEAD~1",
        "check --offline",
        "check --at 2029-01-01T00:00:00Z",
        "check --prove",
        "check --prove=available --format json",
        "custody",
        "custody --prove",
        "custody --prove --format json",
        "custody --prove --format html",
        "sign web/db",
        "sign --all",
        "list",
        "list --format json",
        "show web/db",
        "show web/db --format json",
        "show web/raw",
        "list --timeline",
        "report --html",
        "report --html --prove",
        "calendar",
        "doctor",
        "doctor --format json",
        "people list",
        "people list --format json",
        "people impact bob",
        "people impact bob --format json",
        "people accept mallory --reason why",
        "machines list",
        "key list",
        "schema record",
        "schema custody",
        "reseal --all --dry-run",
        "reseal --all --prove",
        "reseal web/db",
    ] {
        let _ = aviary.run(line, CANARIES[0]);
    }
    aviary.run("set web/db --expires 2028-01-01", CANARIES[1]).code(0);
    aviary.run("set web/api --expires 2028-01-01 --push", CANARIES[2]).code(2);
    aviary.sandbox.push(&aviary.laptop);
    aviary.run("expiry set web/db --expires 2028-02-01 --reason extended --push", "").code(0);
    aviary.run("move web/db web/sql --push", "").code(0);
    let carol = public_key("carol");
    aviary.run(&format!("people add carol --key {carol} --group team"), "").code(0);
    let refused = aviary.run("reseal --all", "").code(2);
    let start = refused.stderr.find("SHA256:").unwrap();
    let fingerprint = refused.stderr[start..].split_whitespace().next().unwrap().to_owned();
    aviary.run(&format!("reseal --all --accept-key {fingerprint}"), "").code(0);
    aviary.run("people remove carol", "").code(0);
    aviary.run("people accept carol --reason why --at 2026-04-01T00:00:00Z", "").code(0);
    aviary.run("check --prove --format json", "").code(1).says("unpushed");
    aviary.run("remove web/sql", "").code(0);
    aviary.sandbox.push(&aviary.laptop);
    aviary.run("rotator set web/api manual lifetime=1y --push", "").code(0);
    aviary.run("rotate web/api --dry-run --format json", CANARIES[0]).code(0);
    aviary.run("rotate web/api --push --format json", CANARIES[0]).code(0).says("nothing here can try");
    aviary.run("rotate web/api --push --vouch seen", "").code(0).says("stays valid until");
    aviary.run("show web/api", "").code(0).says("verified");
    aviary.run("rotate web/api --abort --push", "").code(0);
    aviary.search();
}

#[test]
fn no_error_gives_a_value_away() {
    let aviary = Aviary::new();
    aviary.fill();
    aviary.run("set web/db --expires 2028-01-01", CANARIES[0]).code(2).says("same-value");
    aviary.run("set web/api --expires 2028-01-01 --from-file FILE", "").code(2).says("same-value");
    aviary.run("add web/db --expires 2028-01-01", CANARIES[0]).code(2);
    aviary.run("add web/other --expires 08/09/2027", CANARIES[0]).code(2);
    aviary.run("add web/other", CANARIES[0]).code(2);
    aviary.run("add web/other --expires 2028-01-01 --owner mallory", CANARIES[0]).code(2);
    aviary.run("add web/other --expires 2028-01-01 --reader mallory", CANARIES[0]).code(2);
    aviary.run("set web/db --expires 2028-01-01 --as mallory", CANARIES[1]).code(2);
    // A value that is taken for an identity, a policy or a record.
    aviary.run("get web/db --identity FILE", "").code(2);
    aviary.run("key import FILE", "").code(2);
    let run =
        aviary.sandbox.secrets(&aviary.laptop).args(["get", "web/db"]).env("SECRETS_IDENTITY", CANARIES[0]);
    quiet(run.run()).code(2);
    // Hooks and remotes that say no.
    let hooks = aviary.laptop.join(".git/hooks");
    aviary.sandbox.hook(&hooks, "pre-commit", "cat; env; ps -ef; exit 1");
    aviary.run("set web/db --expires 2028-01-01", CANARIES[1]).code(2);
    fs::remove_file(hooks.join("pre-commit")).unwrap();
    aviary.sandbox.hook(&aviary.sandbox.path("origin.git/hooks"), "pre-receive", "cat; env; exit 1");
    aviary.run("set web/raw --expires 2028-01-01 --push", CANARIES[0]).code(2);
    // Damaged ciphertext, and one of somebody else's.
    fs::copy(aviary.laptop.join("secrets/web/api.age"), aviary.laptop.join("secrets/web/raw.age")).unwrap();
    for line in [
        "check --format json",
        "check --prove",
        "custody --prove --format html",
        "reseal web/raw",
        "sign web/raw",
    ] {
        let _ = aviary.run(line, "");
    }
    let mut sealed = fs::read(aviary.laptop.join("secrets/web/db.age")).unwrap();
    let last = sealed.len() - 1;
    sealed[last] ^= 1;
    fs::write(aviary.laptop.join("secrets/web/db.age"), &sealed).unwrap();
    aviary.run("get web/db", "").code(2);
    aviary.run("check --prove", "").code(1);

    aviary.run("custody --prove", "").code(0).says("not what it must be");
    aviary.run("reseal web/db", "").code(2);
    aviary.run("move web/db web/sql", "").code(2);
    aviary.search();
}

/// What is asked of a program has the value in it, and so has what it says when it fails.
#[test]
fn no_rotation_that_fails_gives_a_value_away() {
    let aviary = Aviary::new();
    aviary.run("add web/db --expires 2028-01-01 --owner team", CANARIES[0]).code(0);
    for (file, script) in [("asked.sh", "cat >&2; echo >&2; exit 3\n"), ("tried.sh", "cat >&2; exit 1\n")] {
        fs::write(aviary.laptop.join(file), script).unwrap();
    }
    aviary.sandbox.git(&aviary.laptop, ["add", "."]);
    aviary.sandbox.git(&aviary.laptop, ["commit", "-q", "-m", "programs"]);
    aviary.sandbox.push(&aviary.laptop);
    aviary.run(r#"rotator set web/db exec command=["sh","asked.sh"] --push"#, "").code(0);
    aviary.run("rotate web/db --push", "").code(2);
    aviary.run("rotator set web/db manual lifetime=1y --push", "").code(0);
    aviary.run(r#"probe set web/db exec command=["sh","tried.sh"] --push"#, "").code(0);
    aviary.run("probe run web/db --timeout 1", "").code(2).says("refused");
    aviary.run("rotate web/db --push", CANARIES[0]).code(2).says("same");
    aviary.run("rotate web/db --push --timeout 1", CANARIES[1]).code(2).says("does not work");
    aviary.search();
}

/// Runs a command under strace and answers with all programs that it started and all that it, and they, wrote.
fn trace(aviary: &Aviary, line: &str, stdin: &str) -> String {
    let log = aviary.outside.path().join("trace");
    let file = aviary.outside.path().join("2");
    let key = fs::read_to_string(identity_path("alice")).unwrap();
    let mut command = aviary.sandbox.command("strace", &aviary.laptop);
    let calls = "trace=execve,execveat,write,pwrite64,writev,pwritev,sendto,sendmsg";
    command.args(["-f", "-v", "-qq", "-s", "1000000", "-e", calls, "-o"]).arg(&log).arg(common::binary());
    command
        .args(line.split_whitespace().map(|word| if word == "FILE" { file.to_str().unwrap() } else { word }));
    command.args(["--at", NOW]).env("SECRETS_IDENTITY", key.lines().last().unwrap());
    let outcome = feed(command, stdin);
    assert!(outcome.status.success(), "strace {line}: {}", String::from_utf8_lossy(&outcome.stderr));
    fs::read_to_string(log).unwrap()
}

fn feed(mut command: Command, stdin: &str) -> std::process::Output {
    use std::io::Write as _;
    use std::process::Stdio;
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("strace can be started: it is in Debian's package `strace`");
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn no_process_argument_environment_pipe_or_file_ever_holds_a_value_or_an_identity() {
    let aviary = Aviary::new();
    aviary.run("add web/db --expires 2026-03-20 --owner team", CANARIES[0]).code(0);
    aviary.sandbox.push(&aviary.laptop);
    for (line, stdin) in [
        ("add web/api --expires 2028-01-01 --owner team", CANARIES[0]),
        ("add web/file --expires 2028-01-01 --owner team --from-file FILE", ""),
        ("set web/db --expires 2028-01-01", CANARIES[1]),
        ("expiry set web/db --never why", ""),
        ("move web/db web/sql", ""),
    ] {
        let log = trace(&aviary, line, stdin);
        clean(line, log.as_bytes());
        let started: Vec<&str> = log.lines().filter(|line| line.contains("execve(")).collect();
        // The first is ours, to which the identity was given; git, at least, comes after it.
        assert!(started.len() > 1 && started[0].contains("SECRETS_IDENTITY=AGE-SECRET-KEY-1"), "{started:?}");
        assert!(started.iter().skip(1).any(|line| line.contains("\"commit\"")), "{started:?}");
        let rest = log.replacen(started[0], "", 1);
        assert!(!rest.contains("AGE-SECRET-KEY-1"), "{line}: the identity is handed on");
        assert!(rest.contains("write("), "writes are traced");
    }
    // The trace would show it: `get` writes the value, and to standard output only.
    let log = trace(&aviary, "get web/file", "");
    let told: Vec<&str> = log.lines().filter(|line| line.contains(CANARIES[2])).collect();
    assert!(told.len() == 1 && told[0].contains("write(1, "), "{told:?}");
    aviary.search();
}

#[test]
fn a_shell_history_has_no_way_to_hold_a_value() {
    // No option takes a value: whoever looks for one finds the ways that leave no trace.
    let sandbox = Sandbox::new();
    for command in ["add", "set"] {
        let help = sandbox.secrets(Path::new("/")).args([command, "--help"]).run().code(0);
        assert!(!help.text().contains("--value") && help.text().contains("--from-file"), "{}", help.text());
    }
}
