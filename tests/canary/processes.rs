//! What is handed to programs and written, as `strace` sees it.

use std::fs;
use std::process::Command;

use crate::aviary::{Aviary, CANARIES, clean};
use crate::common::{NOW, binary, identity_path};

/// Runs a command under strace and answers with all programs that it started and all that it, and they, wrote.
fn trace(aviary: &Aviary, line: &str, stdin: &str) -> String {
    let log = aviary.outside.path().join("trace");
    let key = fs::read_to_string(identity_path("alice")).unwrap();
    let mut command = aviary.sandbox.command("strace", &aviary.laptop);
    let calls = "trace=execve,execveat,write,pwrite64,writev,pwritev,sendto,sendmsg";
    command.args(["-f", "-v", "-qq", "-s", "1000000", "-e", calls, "-o"]).arg(&log).arg(binary());
    command.args(aviary.words(line)).args(["--at", NOW]).env("SECRETS_IDENTITY", key.lines().last().unwrap());
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
        ("add web/file --expires 2028-01-01 --owner team --from-file OUTSIDE/2", ""),
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
