//! What a program finds in its environment, and that it stands in our place.

use std::collections::BTreeMap;
use std::fs;

use crate::common::identity_path;
use crate::stage::{Stage, run};

const ODD: &str = "a'b\"c $(id) `id` \\ ${HOME} !x %s\n\ttwo  ";

/// What `env -0` prints.
fn variables(stdout: &[u8]) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let entries = stdout.split(|byte| *byte == 0).filter(|entry| !entry.is_empty());
    let pair = |entry: &[u8]| {
        let at = entry.iter().position(|byte| *byte == b'=').unwrap();
        (entry[..at].to_vec(), entry[at + 1..].to_vec())
    };
    entries.map(pair).collect()
}

#[test]
fn values_are_exact_and_nothing_else_is_changed() {
    let utf8 = "gr\u{fc}n \u{1f511}".as_bytes();
    let stage = Stage::with(&[
        ("web/prod/plain", b"hunter2"),
        ("web/prod/odd", ODD.as_bytes()),
        ("web/prod/bytes", b"\xff\xfe\x80="),
        ("web/prod/sub/2utf8.x", utf8),
        ("web/prod/line", b"one line\n"),
        ("web/prod/pem", b"two\nlines\n"),
        ("web/test/other", b"not asked for"),
    ]);
    let key = fs::read_to_string(identity_path("alice")).unwrap();
    let key = key.lines().last().unwrap();
    let with_key = |mut command: std::process::Command| {
        command.env_remove("SECRETS_IDENTITY_FILE").env("SECRETS_IDENTITY", key);
        command.env("PLAIN", "is replaced").env("KEPT", "as it is");
        command
    };
    let options = ["exec", "--scope", "web/prod/**", "--env", "PGPASSWORD=web/test/other", "--", "env", "-0"];
    let done = run(with_key(stage.command(options)), b"").code(0);
    let mut plain = with_key(stage.sandbox.command("env", &stage.laptop));
    plain.arg("-0");
    let mut expected = variables(&run(plain, b"").code(0).stdout);
    assert!(expected.remove(&b"SECRETS_IDENTITY"[..]).is_some());
    for (name, value) in [
        ("PLAIN", &b"hunter2"[..]),
        ("ODD", ODD.as_bytes()),
        ("BYTES", b"\xff\xfe\x80="),
        ("SUB_2UTF8_X", utf8),
        ("LINE", b"one line\n"),
        ("PEM", b"two\nlines\n"),
        ("PGPASSWORD", b"not asked for"),
    ] {
        expected.insert(name.as_bytes().to_vec(), value.to_vec());
    }
    assert_eq!(variables(&done.stdout), expected);
    // The one thing that is said: a line break that nobody may have meant.
    assert_eq!(done.stderr, "warning: web/prod/line ends in a line break, and so does LINE\n");

    let told = stage.script(&["--env", "X=web/prod/odd"], "printf %s \"$X\"").code(0);
    assert_eq!((told.stdout, told.stderr.as_str()), (ODD.as_bytes().to_vec(), ""));
}

#[test]
fn the_program_stands_in_our_place() {
    let stage = Stage::with(&[("web/db", b"hunter2")]);
    let options = ["--env", "PW=web/db"];
    // The same process, and so the same parent, group, terminal and signals.
    let mut running = stage.running(&options, "echo $$; exec sleep 600");
    let id = running.line();
    running.signal("TERM");
    let (_, code) = running.ends();
    assert_eq!(code, -15);
    let running = stage.running(&options, "echo $$");
    let own = running.id().to_string();
    let (told, _) = running.ends();
    assert_eq!(told.trim(), own);
    assert_ne!(id, own);

    let mut cat = stage.command(["exec", "--env", "PW=web/db", "--", "cat"]);
    cat.env("X", "y");
    assert_eq!(run(cat, b"\0piped\xff").code(0).stdout, b"\0piped\xff");
    assert_eq!(stage.script(&options, "exit 0").code, 0);
    assert_eq!(stage.script(&options, "exit 1").code, 1);
    assert_eq!(stage.script(&options, "exit 255").code, 255);
    assert_eq!(stage.script(&options, "kill -KILL $$").code, -9);

    // It is not given what we had open.
    let files = "ls /proc/self/fd | wc -l";
    let plain = stage.sandbox.run(&stage.laptop, "sh", ["-c", files]).code(0);
    assert_eq!(stage.script(&options, files).code(0).stdout, plain.stdout);
    // Nor anything on its command line.
    let line = stage.script(&options, "tr '\\0' ' ' < /proc/$$/cmdline").code(0);
    assert!(!line.text().contains("hunter2") && line.text().contains("cmdline"), "{}", line.text());
    let folder = stage.script(&options, "pwd").code(0);
    assert_eq!(folder.text().trim(), stage.laptop.to_str().unwrap());
}
