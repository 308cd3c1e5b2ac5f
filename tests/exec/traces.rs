//! Where a value may be seen on its way to a program, and where not: every call that shows one, as `strace` sees it.

use crate::common::{NOW, binary, identity_path};
use crate::stage::{Stage, run};

const CANARY: &str = "kV7xQm2ZrT9uWc4LpHs8YbNd3EgJfA6v";

/// The calls of a run in which the canary is to be seen.
fn calls(stage: &Stage, arguments: &[&str]) -> Vec<String> {
    let log = stage.sandbox.root().parent().unwrap().join(format!("trace-{}", std::process::id()));
    let mut command = stage.sandbox.command("strace", &stage.laptop);
    command.args(["-f", "-v", "-qq", "-s", "1000000", "-o"]).arg(&log).args([binary(), "--at", NOW]);
    command.args(arguments).env("SECRETS_IDENTITY_FILE", identity_path("alice"));
    run(command, b"").code(0);
    let text = std::fs::read_to_string(&log).unwrap();
    std::fs::remove_file(&log).unwrap();
    let shown = text.lines().filter(|line| line.contains(CANARY));
    shown.map(|line| line.split_once(' ').unwrap().1.trim_start().to_owned()).collect()
}

#[test]
fn a_value_goes_into_the_environment_or_a_file_in_memory_and_nowhere_else() {
    let stage = Stage::with(&[("web/db", CANARY.as_bytes())]);
    let called = calls(&stage, &["exec", "--env", "A=web/db", "--", "/bin/true"]);
    let [started] = called.as_slice() else { panic!("{called:#?}") };
    let (arguments, environment) = started.split_once("], [").unwrap();
    assert!(started.starts_with("execve(") && !arguments.contains(CANARY), "{started}");
    assert!(environment.contains(&format!("\"A={CANARY}\"")), "{started}");

    let called = calls(&stage, &["exec", "--file", "A=web/db", "--", "/bin/true"]);
    let [written] = called.as_slice() else { panic!("{called:#?}") };
    assert!(written.starts_with("write("), "{written}");
    stage.nowhere_on_disk(CANARY);
    for options in [["--env", "A=web/db"], ["--file", "A=web/db"]] {
        let done =
            stage.script(&options, "echo \"$A\" >&2; ! tr '\\0' ' ' < /proc/$PPID/cmdline | grep 'kV7[x]Qm'");
        assert_eq!((done.code, done.stdout), (0, Vec::new()));
    }
}
