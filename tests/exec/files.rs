//! Values as files in memory: exact, private, and gone with the program, however that ends.

use std::path::Path;

use crate::common::Sandbox;
use crate::stage::Stage;

const BYTES: &[u8] = b"\0\xff binary\n";

fn stage() -> Stage {
    Stage::with(&[("web/prod/bytes", BYTES), ("web/prod/db", b"hunter2"), ("web/other", b"elsewhere")])
}

#[test]
fn they_are_exact_private_and_in_memory() {
    let stage = stage();
    let script = "cat \"$BYTES\"; echo \"[$DB]\"; stat -c '%a %U' \"$BYTES\" \"$SECRETS_DIR\"; \
        df --output=fstype \"$BYTES\" | tail -1; ls \"$SECRETS_DIR\"; dirname \"$BYTES\"; echo \"$SECRETS_DIR\"";
    let options = ["--file", "BYTES=web/prod/bytes", "--env", "DB=web/prod/db"];
    let done = stage.script(&options, script).code(0);
    let (bytes, rest) = done.stdout.split_at(BYTES.len());
    assert_eq!(bytes, BYTES);
    let me = stage.sandbox.run(stage.sandbox.root(), "id", ["-un"]).code(0);
    let me = me.text().trim();
    let lines: Vec<&str> = std::str::from_utf8(rest).unwrap().lines().collect();
    let [db, file, folder, system, name, parent, told] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!([*db, *file, *folder], ["[hunter2]", &format!("400 {me}"), &format!("700 {me}")]);
    assert!(["tmpfs", "ramfs"].contains(system), "{system}");
    assert_eq!((*name, parent), ("BYTES", told));
    assert!(!Path::new(told).exists(), "{told} is left");
    assert_eq!(done.stderr, "");

    // All that fits, but what is given a variable.
    let options = ["--scope", "web/prod/**", "--files", "--env", "X=web/other"];
    let script =
        "cat \"$SECRETS_DIR/DB\"; cmp \"$DB\" \"$SECRETS_DIR/DB\" && ls \"$SECRETS_DIR\"; echo \"$X\"";
    let done = stage.script(&options, script).code(0);
    assert_eq!(done.text(), "hunter2BYTES\nDB\nelsewhere\n");
    // No folder where there are no files.
    assert_eq!(stage.script(&["--env", "X=web/other"], "echo \"[$SECRETS_DIR]\"").code(0).text(), "[]\n");
    // A program that has cleaned up behind itself is no fault.
    let done = stage.script(&["--file", "X=web/other"], "rm -r \"$SECRETS_DIR\"; exit 3").code(3);
    assert_eq!(done.stderr, "");
}

#[test]
fn they_are_gone_however_the_program_ends() {
    let stage = stage();
    let options = ["--file", "DB=web/prod/db"];
    for (end, code) in [
        ("exit 0", 0),
        ("exit 77", 77),
        ("kill -SEGV $$", -11),
        ("kill -KILL $$", -9),
        ("kill -INT $$", -2),
        ("kill -QUIT $$", -3),
    ] {
        let done = stage.script(&options, &format!("echo \"$SECRETS_DIR\"; {end}")).code(code);
        assert!(!Path::new(done.text().trim()).exists(), "{end}");
    }
    // A signal that is sent to us is the program's: it can heed it, or end by it.
    for signal in ["TERM", "INT", "HUP", "QUIT", "USR1", "USR2"] {
        let script =
            format!("trap 'echo got; exit 5' {signal}; echo \"$SECRETS_DIR\"; while :; do sleep 0.01; done");
        let mut running = stage.running(&options, &script);
        let folder = running.line();
        assert!(Path::new(&folder).join("DB").exists());
        running.signal(signal);
        assert_eq!(running.ends(), ("got\n".to_owned(), 5), "{signal}");
        assert!(!Path::new(&folder).exists(), "{signal}");
    }
    for (signal, code) in [("TERM", -15), ("INT", -2), ("USR1", -10)] {
        let mut running = stage.running(&options, "echo \"$SECRETS_DIR\"; exec sleep 600");
        let folder = running.line();
        running.signal(signal);
        assert_eq!(running.ends(), (String::new(), code), "{signal}");
        assert!(!Path::new(&folder).exists(), "{signal}");
    }
}

#[test]
fn what_a_killed_one_left_goes_with_the_next() {
    let stage = stage();
    let options = ["--file", "DB=web/prod/db"];
    let mut running = stage.running(&options, "echo \"$SECRETS_DIR\"; echo $$; exec sleep 600");
    let (folder, program) = (running.line(), running.line());
    running.signal("KILL");
    // Its program holds standard output: only the end of the tool itself is waited for.
    assert_eq!(running.status(), -9);
    assert!(Path::new(&folder).join("DB").exists(), "nobody could remove it");
    let mut other = stage.running(&options, "echo \"$SECRETS_DIR\"; exec sleep 600");
    let in_use = other.line();
    assert!(!Path::new(&folder).exists(), "the next one removes it");
    let _ = stage.script(&options, "true").code(0);
    assert!(Path::new(&in_use).join("DB").exists(), "what is in use stays");
    other.signal("TERM");
    assert_eq!(other.ends().1, -15);
    assert!(!Path::new(&in_use).exists());
    assert!(std::process::Command::new("kill").arg(program).status().unwrap().success());
}

#[test]
fn what_was_ignored_stays_ignored() {
    let stage = stage();
    let script = "trap '' HUP TERM; \"$@\"; echo \"ended with $?\"";
    let run = |options: &[&str]| {
        let mut command = stage.sandbox.command("sh", &stage.laptop);
        command.env("SECRETS_IDENTITY_FILE", crate::common::identity_path("alice"));
        command.args(["-c", script, "sh", crate::common::binary(), "exec"]).args(options);
        command.args(["--", "sh", "-c", "kill -HUP $$; kill -TERM $$; echo alive; exit 4"]);
        crate::stage::run(command, b"")
    };
    for options in [["--env", "DB=web/prod/db"], ["--file", "DB=web/prod/db"]] {
        assert_eq!(run(&options).code(0).text(), "alive\nended with 4\n", "{options:?}");
    }
}

#[test]
fn without_a_file_system_in_memory_nothing_is_run() {
    // A user who may not write there has none: the folder of another user, and a disk.
    let stage = Stage::within(Sandbox::on_disk(), &[("web/prod/db", b"hunter2")]);
    let me = stage.sandbox.run(stage.sandbox.root(), "id", ["-u"]).code(0);
    if me.text().trim() != "0" {
        // Only root can take the memory away from somebody.
        return;
    }
    let mut command = stage.sandbox.command("unshare", &stage.laptop);
    command.env("SECRETS_IDENTITY_FILE", crate::common::identity_path("alice"));
    command.env("XDG_RUNTIME_DIR", stage.sandbox.path("tmp"));
    let script = "mount --bind \"$XDG_RUNTIME_DIR\" /dev/shm && exec \"$@\"";
    command.args(["--mount", "sh", "-c", script, "sh", crate::common::binary(), "exec"]);
    command.args(["--file", "DB=web/prod/db", "--", "echo", "ran"]);
    let told = crate::stage::run(command, b"");
    if told.stderr.contains("unshare: ") {
        // Where even root may not: a container.
        return;
    }
    let told = told.code(2);
    assert_eq!(told.text(), "");
    for text in ["$XDG_RUNTIME_DIR (is not in memory)", "/dev/shm (is not in memory)", "--env NAME=SECRET"] {
        assert!(told.stderr.contains(text), "{text}: {}", told.stderr);
    }
    stage.nowhere_on_disk("hunter2");
}
