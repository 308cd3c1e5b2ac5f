//! What is refused before a program is started, and which variable gets which secret.

use crate::stage::{Stage, run};

/// Nothing was run: the script would have printed.
#[track_caller]
fn refused(stage: &Stage, options: &[&str]) -> String {
    let told = stage.script(options, "echo ran").code(2);
    assert_eq!(told.text(), "", "{options:?}");
    told.stderr
}

#[test]
fn which_variable_gets_which_secret() {
    let stage = Stage::with(&[
        ("web/prod/db-password", b"1"),
        ("web/prod/2fa/seed", b"2"),
        ("web/test/db-password", b"3"),
        ("web/test/db.password", b"4"),
        ("web/prod/path", b"5"),
    ]);
    let dry = |options: &[&str]| {
        // Nothing is opened: no identity is needed.
        let mut command = stage.command(["exec", "--dry-run"].iter().chain(options));
        command.env_remove("SECRETS_IDENTITY_FILE");
        run(command, b"")
    };
    let told =
        dry(&["--scope", "web/prod/2*/**", "--scope", "web/prod/d*", "--env", "SHELL=web/prod/path"]).code(0);
    assert_eq!(
        told.text(),
        "DB_PASSWORD \u{2190} web/prod/db-password\nSHELL \u{2190} web/prod/path\n_2FA_SEED \u{2190} web/prod/2fa/seed\n"
    );
    let files = ["--scope", "web/prod/d*", "--prefix", "APP_", "--files", "--env", "X=web/prod/path"];
    let told = dry(&files).code(0);
    assert_eq!(
        told.text(),
        "APP_DB_PASSWORD \u{2190} web/prod/db-password (the path of a file)\nX \u{2190} web/prod/path\n"
    );
    assert_eq!(dry(&["--scope", "web/prod/d*", "--scope", "web/prod/d*"]).code(0).text().lines().count(), 1);

    let collision = refused(&stage, &["--scope", "web/test/**"]);
    assert!(
        collision
            .contains("DB_PASSWORD: would be the variable of web/test/db-password and web/test/db.password")
    );
    assert!(collision.contains("--env NAME=secret"), "{collision}");
    // The remedy is one.
    let told = dry(&["--scope", "web/test/**", "--env", "OTHER=web/test/db.password"]).code(0);
    assert_eq!(
        told.text(),
        "DB_PASSWORD \u{2190} web/test/db-password\nOTHER \u{2190} web/test/db.password\n"
    );
    let steering = refused(&stage, &["--scope", "web/prod/**"]);
    assert!(steering.contains("PATH: would be the variable of web/prod/path"), "{steering}");
}

#[test]
fn what_is_no_command_is_not_run() {
    let large = vec![b'x'; 131_072];
    let stage = Stage::with(&[("web/db", b"hunter2"), ("web/nul", b"a\0b"), ("web/large", &large)]);
    for (options, expected) in [
        (&[][..], "nothing says which secrets"),
        (&["--env", "A=web/none"], "web/none: there is no secret of that name"),
        (&["--scope", "wbe/**"], "--scope wbe/**: fits no secret"),
        (&["--scope", "web/db", "--scope", "wbe/**"], "--scope wbe/**: fits no secret"),
        (&["--env", "A=web/db", "--env", "A=web/nul"], "A: is given twice"),
        (&["--env", "A=web/db", "--file", "A=web/db"], "A: is given twice"),
        (&["--env", "SECRETS_IDENTITY=web/db"], "SECRETS_IDENTITY: is a variable of this tool itself"),
        (&["--env", "SECRETS_DIR=web/db"], "SECRETS_DIR: is a variable of this tool itself"),
        (&["--env", "A=web/nul"], "web/nul: has a NUL byte in it, so A can't hold it"),
        (&["--env", "A=web/nul"], "--file A=web/nul"),
        (&["--env", "A=web/large"], "web/large: is larger than a variable can be"),
        (&["--env", "A-B=web/db"], "A-B"),
        (&["--env", "web/db"], "NAME=secret"),
        (&["--prefix", "X"], "--scope"),
        (&["--env", "A=web/db", "--break-glass", "now"], "--gate"),
    ] {
        let told = refused(&stage, options);
        assert!(told.contains(expected), "{options:?}: {told}");
        assert!(!told.contains("hunter2") && !told.contains("xxxx"), "{told}");
    }
    let no_program = stage.exec(&["--env", "A=web/db"]).code(2);
    assert!(no_program.stderr.contains("CMD"), "{}", no_program.stderr);
    // One that opens nothing runs nothing.
    let mut command = stage.command(["exec", "--env", "A=web/db", "--", "echo", "ran"]);
    command.env("SECRETS_IDENTITY_FILE", crate::common::identity_path("carol"));
    let told = run(command, b"").code(2);
    assert_eq!(told.text(), "");

    // What can't be started is told as a shell tells it.
    let told = stage.exec(&["--env", "A=web/db", "--", "no-such-program"]).code(127);
    assert_eq!(told.stderr, "error: `no-such-program` is not installed, or not on PATH\n");
    let told = stage.exec(&["--env", "A=web/db", "--", "./README"]).code(126);
    assert!(told.stderr.starts_with("error: `./README`: Permission denied"), "{}", told.stderr);
    let told = stage.exec(&["--file", "A=web/db", "--", "no-such-program"]).code(127);
    assert!(told.stderr.contains("is not installed"), "{}", told.stderr);
    // A command of ours that has the same option as the program's leaves it alone.
    let told = stage.exec(&["--env", "A=web/db", "--", "echo", "--env", "--help", "--", "-x"]).code(0);
    assert_eq!(told.text(), "--env --help -- -x\n");
}
