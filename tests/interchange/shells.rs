//! `--format shell`, evaluated by real shells.

use std::os::unix::ffi::OsStrExt as _;
use std::process::{Command, Stdio};

use crate::store::{AWKWARD, Store, variable};

const SHELLS: [&[&str]; 5] = [&["sh"], &["dash"], &["bash", "--norc"], &["bash", "--posix"], &["mksh"]];

/// Evaluates the export as its users would, and answers with what the environment then holds, bytes exact.
fn evaluated(store: &Store, shell: &[&str], arguments: &str, variable: &str) -> Vec<u8> {
    let script = format!(
        "set -u; eval \"$({} export {arguments} --format shell --at {})\"; exec printenv -0 {variable}",
        crate::common::binary(),
        crate::common::NOW
    );
    let mut command = store.sandbox.command(shell[0], &store.laptop);
    command.args(&shell[1..]).arg("-c").arg(script);
    command.env("SECRETS_IDENTITY_FILE", crate::common::identity_path("alice"));
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{shell:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout.strip_suffix(b"\0").unwrap().to_vec()
}

#[test]
fn every_shell_has_just_the_value() {
    let store = Store::awkward(&[]);
    let exported = store.export(&["--scope", "web/**", "--format", "shell"]).code(0);
    let names: Vec<String> = AWKWARD.iter().map(|(key, _)| variable(key)).collect();
    for shell in SHELLS {
        // One run of the shell for all: what is exported is evaluated as a whole.
        let script = format!("eval \"$(cat)\"; exec printenv -0 {}", names.join(" "));
        let mut command = store.sandbox.command(shell[0], &store.laptop);
        command.args(&shell[1..]).args(["-c", &script]);
        let printed = crate::store::piped(command, &exported.stdout);
        let values: Vec<&[u8]> = printed.strip_suffix(b"\0").unwrap().split(|byte| *byte == 0).collect();
        assert_eq!(values.len(), AWKWARD.len(), "{shell:?}");
        for ((key, value), found) in AWKWARD.iter().zip(values) {
            assert_eq!(found, value.as_bytes(), "{shell:?}: {key}");
        }
    }
}

#[test]
fn the_line_of_the_help_works() {
    let store = Store::with([("two-lines", "first\nsecond"), ("quote", "it's")]);
    for shell in SHELLS {
        assert_eq!(evaluated(&store, shell, "--scope 'web/**'", "TWO_LINES"), b"first\nsecond", "{shell:?}");
        assert_eq!(evaluated(&store, shell, "web/quote --env Q=web/quote", "Q"), b"it's", "{shell:?}");
    }
}

#[test]
fn bytes_that_are_no_text_are_exact_too() {
    let store = Store::new();
    let bytes: Vec<u8> = (1..=255).collect();
    store.run(&["add", "web/raw", "--never", "x", "--owner", "team"], &bytes).code(0);
    let exported = store.export(&["web/raw", "--format", "shell", "--prefix", "APP_"]).code(0);
    for shell in [&["dash"][..], &["bash"]] {
        let mut command: Command = store.sandbox.command(shell[0], &store.laptop);
        command.args(["-c", "eval \"$(cat)\"; exec printenv -0 APP_RAW"]);
        let printed = crate::store::piped(command, &exported.stdout);
        assert_eq!(printed.strip_suffix(b"\0").unwrap(), bytes, "{shell:?}");
        assert!(std::ffi::OsStr::from_bytes(&bytes).to_str().is_none());
    }
}

#[test]
fn what_no_variable_can_hold_is_refused_by_name() {
    let store = Store::new();
    store.run(&["add", "web/raw", "--never", "x", "--owner", "team"], b"a\0b").code(0);
    for format in ["shell", "dotenv"] {
        let refused = store.export(&["web/raw", "--format", format]).code(2);
        assert!(refused.stdout.is_empty());
        refused.says("web/raw: has a NUL byte").says("secrets get web/raw");
    }
}
