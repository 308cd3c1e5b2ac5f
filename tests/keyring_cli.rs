//! `secrets key` and the commands that open secrets, through a real Secret Service: gnome-keyring on a session bus of
//! its own, without a desktop.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test's helpers are tests too")]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use common::{NOW, Outcome, Sandbox};

/// Starts the keyring, unlocked; and a short word for the tool, as of the tests' moment.
const PRELUDE: &str = "set -eu\n\
    printf pw | gnome-keyring-daemon --unlock --components=secrets --daemonize >/dev/null\n\
    secrets() { \"$SECRETS\" \"$@\" --at \"$AT\"; }\n";

fn play(sandbox: &Sandbox, folder: &Path, script: &str) -> Outcome {
    let runtime = sandbox.path("runtime");
    fs::create_dir_all(&runtime).unwrap();
    fs::set_permissions(&runtime, fs::Permissions::from_mode(0o700)).unwrap();
    let mut command = sandbox.command("dbus-run-session", folder);
    command.args(["--", "sh", "-c", &format!("{PRELUDE}{script}")]).env_remove("DBUS_SESSION_BUS_ADDRESS");
    command.env("XDG_RUNTIME_DIR", &runtime).env("XDG_DATA_HOME", sandbox.path("data"));
    command.env("SECRETS", common::binary()).env("AT", NOW);
    let output = command.output().unwrap_or_else(|error| {
        panic!("{error}: this test needs Debian's packages `dbus` and `gnome-keyring`");
    });
    Outcome {
        code: output.status.code().unwrap_or(-1),
        stdout: output.stdout,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

#[test]
fn an_identity_in_the_keyring_opens_what_is_sealed_to_it_and_no_file_holds_it() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.origin_and_laptop();
    let outcome = play(
        &sandbox,
        &laptop,
        "secrets key new\n\
         secrets init --person alice\n\
         printf hunter2 | secrets add web/db --expires 2028-01-01\n\
         printf hunter3 | secrets set web/db --expires 2028-01-01\n\
         echo; secrets key list --format json\n\
         secrets key new && exit 9\n\
         secrets doctor --format json || true\n\
         printf 'the value: '; secrets get web/db\n",
    );
    let outcome =
        outcome.code(0).says("the value: hunter3").says("is kept in the OS keyring").says("the OS keyring\"");
    outcome.says("of alice in policy").says("already").lacks("not in the OS keyring").lacks("AGE-SECRET-KEY");
    assert!(!sandbox.path("home/.config/secrets/identities.txt").exists());
    assert_eq!(sandbox.record(&laptop, "web/db")["sealed"]["version"]["set_by"], "alice");
    // Without that session it is not to be had.
    sandbox.secrets(&laptop).args(["get", "web/db"]).run().code(2).says("keyring");
}

#[test]
fn one_that_was_imported_is_listed_and_removed() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    sandbox.add(&laptop, "web/db", "2028-01-01", "hunter2");
    let key = common::identity_path("bob");
    let script = format!(
        "secrets key import {} --name work\n\
         printf 'the value: '; secrets get web/db\n\
         echo; secrets key list\n\
         secrets key remove work && exit 9\n\
         secrets key remove work --yes\n\
         secrets key list --format json\n\
         secrets get web/db && exit 9\n\
         echo done\n",
        key.display()
    );
    let outcome = play(&sandbox, &laptop, &script).code(0);
    let outcome = outcome.says("the value: hunter2").says("work").says("removed `work`").says("done");
    assert!(outcome.text().contains("\"identities\": []"), "{}", outcome.text());
    assert!(key.exists(), "the file that it came from is left alone");
}

#[test]
fn a_locked_keyring_is_no_reason_to_write_a_file() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.origin_and_laptop();
    let lock = "dbus-send --session --print-reply --dest=org.freedesktop.secrets /org/freedesktop/secrets \
                org.freedesktop.Secret.Service.Lock array:objpath:/org/freedesktop/secrets/collection/login >/dev/null\n";
    let script = format!("secrets key new first\n{lock}secrets key new second && exit 9\necho done\n");
    play(&sandbox, &laptop, &script).code(0).says("locked").says("done");
    assert!(!sandbox.path("home/.config/secrets/identities.txt").exists());
}
