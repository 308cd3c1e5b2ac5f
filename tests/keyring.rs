//! Identities in a real Secret Service: gnome-keyring on a session bus of its own, without a desktop.
//!
//! Each test starts such a session and in it this very program again, once per scene: see [`inner`].

#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers are tests too"
)]

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::Duration;

use secrets::domain::name::ActorName;
use secrets::domain::time::Instant;
use secrets::keys::file::NewIdentity;
use secrets::keys::keychain::{Entry, KeyError, Keychain, Place, Stored, StoredIn};
use secrets::keys::keyring::{KeyringError, SERVICE};
use secrets::keys::sources::{IdentitySource, Outcome, Probe};
use secrets::system::environment::Environment;
use secrets::system::process::{Finished, Program};

const UNLOCK: &str =
    "printf pw | gnome-keyring-daemon --unlock --components=secrets --daemonize >/dev/null\n";

/// Shell words for the scenes' scripts.
const WORDS: &str = r#"
set -eu
scene() { SCENE=$1 "$THIS" --exact inner --ignored --nocapture; }
bus() { dbus-send --session --print-reply --dest=org.freedesktop.DBus /org/freedesktop/DBus "org.freedesktop.DBus.$1" string:org.freedesktop.secrets; }
await_daemon() { until bus NameHasOwner | grep -q true; do :; done; PID=$(bus GetConnectionUnixProcessID | awk '/uint32/ { print $2 }'); export PID; }
"#;

/// A bus on which no service is started by being asked for.
const BARE_BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// The bytes of the identities: neither text nor free of zeros.
const BYTES: &[u8] = b"AGE-SECRET-KEY-1WORTHLESS\n\x00\xff";
/// What the file can hold as well.
const TEXT: &[u8] = b"AGE-SECRET-KEY-1WORTHLESS";

struct Session(tempfile::TempDir);

impl Session {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for folder in ["home", "run", "data"] {
            fs::create_dir(dir.path().join(folder)).unwrap();
        }
        fs::set_permissions(dir.path().join("run"), fs::Permissions::from_mode(0o700)).unwrap();
        fs::write(dir.path().join("bare-bus.conf"), BARE_BUS).unwrap();
        Self(dir)
    }

    #[expect(clippy::disallowed_methods, reason = "PATH is all that the session takes from outside")]
    fn run(&self, program: &str, arguments: &[&str]) -> Finished {
        let path = |name: &str| self.0.path().join(name).into_os_string();
        let environment = Environment::new(
            [
                ("PATH".into(), std::env::var_os("PATH").unwrap()),
                ("HOME".into(), path("home")),
                ("XDG_RUNTIME_DIR".into(), path("run")),
                ("XDG_DATA_HOME".into(), path("data")),
                ("BARE_BUS".into(), path("bare-bus.conf")),
                ("THIS".into(), std::env::current_exe().unwrap().into_os_string()),
            ],
            self.0.path().to_owned(),
        );
        Program::new(program, self.0.path(), &environment).args(arguments).run(Duration::from_mins(2)).unwrap_or_else(
            |error| panic!("{error}; this test needs the programs of Debian's `dbus` and `gnome-keyring`: apt-get install dbus gnome-keyring"),
        )
    }

    /// Runs a script in the session; it must come to its end, and all its scenes to theirs.
    fn play(&self, bus: &[&str], script: &str) {
        for program in ["gnome-keyring-daemon", "dbus-run-session", "dbus-send"] {
            let _ = self.run(program, &["--version"]);
        }
        let script = format!("{WORDS}{script}");
        let finished = match bus {
            [] => self.run("sh", &["-c", &script]),
            [first, rest @ ..] => self.run(first, &[rest, &["--", "sh", "-c", &script]].concat()),
        };
        let stdout = String::from_utf8_lossy(&finished.stdout);
        let scenes = script.matches("scene ").count();
        let done = stdout.matches("the scene is done").count();
        assert!(finished.succeeded(), "{stdout}\n{}", finished.stderr);
        assert_eq!(done, scenes, "{stdout}\n{}", finished.stderr);
    }

    fn file(&self) -> std::path::PathBuf {
        self.0.path().join("home/.config/secrets/identities.txt")
    }
}

const SESSION: &[&str] = &["dbus-run-session"];

#[test]
fn identities_live_in_the_keyring_across_processes() {
    let session = Session::new();
    session.play(SESSION, &format!("{UNLOCK}scene first-use\nscene second-use\n"));
    assert!(!session.file().exists());
}

#[test]
fn processes_that_add_at_once_lose_nothing() {
    let script = "for n in a b c d; do (export NAME=$n; scene add-one) & done; wait\nscene all-four\n";
    let session = Session::new();
    // The loop's one line is four scenes.
    session.play(SESSION, &format!("{UNLOCK}{script}: scene  scene  scene "));
}

#[test]
fn index_and_entries_that_disagree_lose_no_identity() {
    Session::new().play(SESSION, &format!("{UNLOCK}scene disagreement\n"));
}

#[test]
fn without_a_bus_the_file_is_used_and_the_reason_told() {
    let session = Session::new();
    session.play(&[], "scene fallback\n");
    assert_eq!(fs::metadata(session.file()).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn without_a_secret_service_the_file_is_used_and_the_reason_told() {
    let session = Session::new();
    let config = format!("--config-file={}/bare-bus.conf", session.0.path().display());
    session.play(&["dbus-run-session", &config], "scene fallback\n");
    assert!(session.file().exists());
}

#[test]
fn a_service_that_was_never_unlocked_is_none() {
    let session = Session::new();
    session.play(SESSION, "scene fallback\n");
    assert!(session.file().exists());
}

#[test]
fn a_locked_keyring_says_so_and_writes_no_file() {
    let session = Session::new();
    let lock = "dbus-send --session --print-reply --dest=org.freedesktop.secrets /org/freedesktop/secrets \
                org.freedesktop.Secret.Service.Lock array:objpath:/org/freedesktop/secrets/collection/login\n";
    session.play(SESSION, &format!("{UNLOCK}scene first-use\n{lock}scene locked\n"));
    assert!(!session.file().exists());
}

#[test]
fn a_daemon_that_dies_under_way_is_none() {
    let session = Session::new();
    let config = format!("--config-file={}/bare-bus.conf", session.0.path().display());
    session.play(&["dbus-run-session", &config], &format!("{UNLOCK}await_daemon\nscene killed\n"));
    assert!(session.file().exists());
}

#[test]
fn a_daemon_that_hangs_is_given_up() {
    let session = Session::new();
    session.play(SESSION, &format!("{UNLOCK}await_daemon\ntrap 'kill -KILL $PID' EXIT\nscene stopped\n"));
    assert!(!session.file().exists());
}

/// Not a test by itself: one scene of those above, inside of their session.
#[test]
#[ignore = "run by the other tests inside of a session of their own"]
#[expect(clippy::disallowed_methods, reason = "it is told its scene and its session by the environment")]
fn inner() {
    let Ok(scene) = std::env::var("SCENE") else { return };
    let environment = Environment::new(std::env::vars_os(), std::env::current_dir().unwrap());
    let keychain = Keychain::new(&environment, false);
    match scene.as_str() {
        "first-use" => first_use(&keychain),
        "second-use" => second_use(&keychain),
        "add-one" => {
            let stored = add(&keychain, environment.var("NAME").unwrap(), BYTES, Place::Keyring);
            assert_eq!(stored.unwrap().place, StoredIn::Keyring);
        }
        "all-four" => assert_eq!(names(&keychain), ["a", "b", "c", "d"]),
        "disagreement" => disagreement(&keychain),
        "fallback" => fallback(&keychain),
        "locked" => locked(&keychain),
        "killed" => killed(&keychain, environment.var("PID").unwrap()),
        "stopped" => stopped(
            &Keychain::with_patience(&environment, Duration::from_millis(300)),
            environment.var("PID").unwrap(),
        ),
        other => panic!("there is no scene `{other}`"),
    }
    writeln!(std::io::stdout(), "the scene is done").unwrap();
}

fn name(text: &str) -> ActorName {
    text.parse().unwrap()
}

fn add(keychain: &Keychain<'_>, as_name: &str, bytes: &[u8], place: Place) -> Result<Stored, KeyError> {
    let created = Instant::parse_rfc3339("2026-08-30T20:15:52Z").unwrap();
    keychain.add(NewIdentity { name: &name(as_name), bytes, public_key: "age1worthless", created }, place)
}

fn names(keychain: &Keychain<'_>) -> Vec<String> {
    let entries = keychain.list().entries.into_iter();
    entries
        .filter(|entry| entry.place == StoredIn::Keyring)
        .filter_map(|e| e.name)
        .map(|n| n.to_string())
        .collect()
}

fn probe(keychain: &Keychain<'_>, wanted: &IdentitySource) -> Probe {
    keychain.search(None).find(|probe| probe.source == *wanted).unwrap()
}

fn labels(probe: &Probe) -> Vec<&str> {
    let Outcome::Found(found) = &probe.outcome else { return Vec::new() };
    found.iter().map(|identity| identity.label.as_str()).collect()
}

/// An entry by the keyring's own library, past our index.
fn raw(entry: &str) -> keyring::Entry {
    keyring::Entry::new(SERVICE, entry).unwrap()
}

fn first_use(keychain: &Keychain<'_>) {
    assert!(matches!(probe(keychain, &IdentitySource::Keyring).outcome, Outcome::Absent(_)));
    let stored = add(keychain, "laptop", BYTES, Place::Automatic).unwrap();
    assert_eq!((stored.place, stored.fell_back), (StoredIn::Keyring, None));
    assert_eq!(add(keychain, "Work", TEXT, Place::Keyring).unwrap().place, StoredIn::Keyring);
    let error = add(keychain, "laptop", b"another", Place::Automatic).unwrap_err();
    assert!(matches!(error, KeyError::NameTaken { place: StoredIn::Keyring, .. }), "{error}");
    assert_eq!(raw("identity:laptop").get_secret().unwrap(), BYTES);
}

fn second_use(keychain: &Keychain<'_>) {
    let found = probe(keychain, &IdentitySource::Keyring);
    assert_eq!(labels(&found), ["keyring: Work", "keyring: laptop"]);
    let Outcome::Found(identities) = found.outcome else { unreachable!() };
    assert_eq!(identities[1].bytes.as_slice(), BYTES);
    let listing = keychain.list();
    let entry = |text| Entry { name: Some(name(text)), place: StoredIn::Keyring };
    assert_eq!(listing.entries, [entry("Work"), entry("laptop")]);
    assert!(listing.failed.is_empty() && listing.notes.is_empty());
    assert_eq!(keychain.remove(&name("laptop"), Place::Automatic).unwrap(), StoredIn::Keyring);
    assert!(matches!(raw("identity:laptop").get_secret(), Err(keyring::Error::NoEntry)));
    assert_eq!(names(keychain), ["Work"]);
    let error = keychain.remove(&name("laptop"), Place::Automatic).unwrap_err();
    assert!(matches!(error, KeyError::NotFound { .. }), "{error}");
}

fn disagreement(keychain: &Keychain<'_>) {
    for text in ["gone", "kept"] {
        assert_eq!(add(keychain, text, BYTES, Place::Keyring).unwrap().place, StoredIn::Keyring);
    }
    // What a process leaves that was killed between the two writes of an `add` or a `remove`.
    raw("identity:gone").delete_credential().unwrap();
    let found = probe(keychain, &IdentitySource::Keyring);
    assert_eq!(labels(&found), ["keyring: kept"]);
    assert_eq!(
        found.notes,
        ["keyring: the identity `gone` is gone; `secrets key remove gone` takes it off the list"]
    );
    assert_eq!(names(keychain), ["kept"]);
    assert_eq!(keychain.remove(&name("gone"), Place::Automatic).unwrap(), StoredIn::Keyring);
    assert!(keychain.list().notes.is_empty());

    // An entry that no index names is not overwritten, and found again.
    raw("identity:hidden").set_secret(TEXT).unwrap();
    let error = add(keychain, "hidden", b"another", Place::Automatic).unwrap_err();
    assert!(matches!(error, KeyError::NameTaken { .. }), "{error}");
    assert_eq!(raw("identity:hidden").get_secret().unwrap(), TEXT);
    assert_eq!(names(keychain), ["hidden", "kept"]);

    // An index that can't be read is not taken for an empty one.
    for index in ["{}", "[\"../x\"]", "\u{0}"] {
        raw("index").set_secret(index.as_bytes()).unwrap();
        let error = add(keychain, "new", BYTES, Place::Automatic).unwrap_err();
        assert!(matches!(error, KeyError::Keyring(KeyringError::Failed(_))), "{error}");
        assert_eq!(raw("index").get_secret().unwrap(), index.as_bytes());
        assert_eq!(keychain.list().failed.len(), 1);
    }
}

fn fallback(keychain: &Keychain<'_>) {
    let stored = add(keychain, "laptop", TEXT, Place::Automatic).unwrap();
    assert!(
        matches!(&stored.place, StoredIn::File(path) if path.ends_with(".config/secrets/identities.txt"))
    );
    assert!(matches!(stored.fell_back, Some(KeyringError::NotAvailable(_))), "{stored:?}");
    let error = add(keychain, "other", TEXT, Place::Keyring).unwrap_err();
    assert!(matches!(error, KeyError::Keyring(KeyringError::NotAvailable(_))), "{error}");
    assert!(matches!(probe(keychain, &IdentitySource::Keyring).outcome, Outcome::Absent(_)));
    let found = probe(keychain, &IdentitySource::File);
    assert!(labels(&found)[0].ends_with("identities.txt: laptop"));
}

fn locked(keychain: &Keychain<'_>) {
    let error = add(keychain, "other", TEXT, Place::Automatic).unwrap_err();
    assert!(matches!(error, KeyError::Keyring(KeyringError::Locked(_))), "{error}");
    let found = probe(keychain, &IdentitySource::Keyring);
    assert!(
        matches!(&found.outcome, Outcome::Failed { remedy, .. } if remedy.starts_with("unlock the keyring"))
    );
    assert!(matches!(keychain.remove(&name("laptop"), Place::Keyring), Err(KeyError::Keyring(_))));
}

fn signal(signal: &str, pid: &str) {
    assert!(Command::new("kill").args([signal, pid]).status().unwrap().success());
}

fn has_owner() -> bool {
    let question = ["--session", "--print-reply", "--dest=org.freedesktop.DBus", "/org/freedesktop/DBus"];
    let answer = Command::new("dbus-send")
        .args(question)
        .args(["org.freedesktop.DBus.NameHasOwner", "string:org.freedesktop.secrets"])
        .output()
        .unwrap();
    String::from_utf8(answer.stdout).unwrap().contains("true")
}

fn killed(keychain: &Keychain<'_>, pid: &str) {
    assert_eq!(add(keychain, "laptop", BYTES, Place::Automatic).unwrap().place, StoredIn::Keyring);
    signal("-KILL", pid);
    // The bus hears of it a moment later.
    while has_owner() {}
    let stored = add(keychain, "other", TEXT, Place::Automatic).unwrap();
    assert!(matches!(stored.fell_back, Some(KeyringError::NotAvailable(_))), "{stored:?}");
}

fn stopped(keychain: &Keychain<'_>, pid: &str) {
    assert!(names(keychain).is_empty());
    signal("-STOP", pid);
    for _ in 0..2 {
        let error = add(keychain, "laptop", TEXT, Place::Automatic).unwrap_err();
        assert!(matches!(error, KeyError::Keyring(KeyringError::TimedOut { .. })), "{error}");
    }
    assert!(matches!(probe(keychain, &IdentitySource::Keyring).outcome, Outcome::Failed { .. }));
}
