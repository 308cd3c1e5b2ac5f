//! Bytes from outside that are not what they should be: a clear message that names the file, no pass, no panic, and
//! the other secrets are judged all the same.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers are tests too"
)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{NOW, Outcome, Sandbox, public_key};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

/// When `good/expired` has ended.
const LATER: &str = "2027-06-01T00:00:00Z";

/// A store of three secrets from which nothing is deployed, so that no remote has to be asked; everything committed.
struct Bad {
    sandbox: Sandbox,
    laptop: PathBuf,
}

impl Bad {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let laptop = sandbox.origin_and_laptop();
        let init = ["init", "--person", "alice", "--key", &public_key("alice"), "--deploy-ref", "none"];
        sandbox.secrets(&laptop).args(init).run().code(0);
        let people = ["people", "add", "bob", "--key", &public_key("bob"), "--group", "team"];
        sandbox.secrets(&laptop).args(people).run().code(0);
        sandbox.add(&laptop, "good/expired", "2027-01-01", "hunter2");
        sandbox.add(&laptop, "bad/one", "2029-01-01", "hunter3");
        let bad = Self { sandbox, laptop };
        bad.check(NOW).code(0);
        assert_eq!(bad.check(LATER).code(1).finding_ids(), ["expired"]);
        bad
    }

    fn path(&self, file: &str) -> PathBuf {
        self.laptop.join(file)
    }

    fn check(&self, at: &str) -> Outcome {
        let outcome = self.sandbox.check(&self.laptop, at);
        assert!(!outcome.stderr.contains("fault of secrets itself"), "{}", outcome.stderr);
        outcome
    }

    /// Commits whatever git takes of it, so that the fault itself is found and not that it is uncommitted.
    fn commit(&self) {
        let git = |arguments: &[&str]| self.sandbox.run(&self.laptop, "git", arguments);
        let _ = git(&["add", "--all", "--", "secrets"]);
        let _ = git(&["commit", "-q", "--allow-empty", "-m", "Damage"]);
    }

    fn restore(&self, base: &str) {
        for path in ["secrets/bad/one.json", "secrets/bad/one.age", "secrets/policy.toml"] {
            let path = self.path(path);
            if path.is_dir() && !path.is_symlink() {
                fs::remove_dir_all(&path).unwrap();
            } else if path.symlink_metadata().is_ok() {
                fs::remove_file(&path).unwrap();
            }
        }
        self.sandbox.git(&self.laptop, ["reset", "-q", "--hard", base]);
        self.sandbox.git(&self.laptop, ["clean", "-qfdx"]);
    }

    /// Damages a file in all these ways, one after the other. It is never a pass, the file is named, and the expired
    /// secret beside it is found as well.
    fn judge_each(&self, file: &str, damages: Vec<(&str, Damage)>) {
        let base = self.sandbox.head(&self.laptop);
        let good = fs::read(self.path(file)).unwrap();
        for (what, damage) in damages {
            damage(&self.path(file), &good);
            self.commit();
            let outcome = self.check(NOW);
            assert!(
                [1, 2].contains(&outcome.code),
                "{file}, {what}: exit code {}\n{}",
                outcome.code,
                outcome.text()
            );
            let report = outcome.json();
            let told = format!("{}{}", report["findings"], report["unchecked"]);
            // As the repository names it, and not as this clone happens to lie on this machine.
            assert!(told.contains(file), "{file}, {what}: is not named\n{}", outcome.text());
            let root = self.sandbox.root().to_str().unwrap();
            assert!(
                !told.contains(root),
                "{file}, {what}: the report depends on the clone\n{}",
                outcome.text()
            );
            let other = self.check(LATER).code(1);
            let expired = ("expired".to_owned(), "good/expired".to_owned(), "error".to_owned());
            assert!(other.findings().contains(&expired), "{file}, {what}: the other secret is not judged");
            // Who asks for the value gets all of it or none, and an answer in any case.
            for arguments in
                [&["get", "bad/one"][..], &["show", "bad/one"], &["list"], &["reseal", "--all", "--dry-run"]]
            {
                let run = self.sandbox.secrets(&self.laptop).args(arguments).identity("alice").run();
                assert!(
                    !run.stderr.contains("fault of secrets itself"),
                    "{file}, {what}: {arguments:?}: {}",
                    run.stderr
                );
                assert!([0, 2].contains(&run.code), "{file}, {what}: {arguments:?}: {}", run.code);
                if arguments[0] == "get" && run.code == 0 {
                    assert_eq!(run.stdout, b"hunter3", "{file}, {what}");
                }
            }
            self.restore(&base);
        }
        self.check(NOW).code(0);
    }
}

/// A file that is no part of the store, and how it is made.
type Stray = (&'static str, fn(&Path));
/// Damages a repository.
type Ruin<'a> = Box<dyn Fn() + 'a>;
/// Damages a file, of which the good bytes are given.
type Damage = Box<dyn Fn(&Path, &[u8])>;

fn bytes(make: impl Fn(&[u8]) -> Vec<u8> + 'static) -> Damage {
    Box::new(move |path, good| fs::write(path, make(good)).unwrap())
}

/// What can happen to any file.
fn common_damages() -> Vec<(&'static str, Damage)> {
    let instead = |make: fn(&Path)| -> Damage {
        Box::new(move |path: &Path, _: &[u8]| {
            fs::remove_file(path).unwrap();
            make(path);
        })
    };
    vec![
        ("emptied", bytes(|_| Vec::new())),
        ("cut after a byte", bytes(|good| good[..1].to_vec())),
        ("cut after a third", bytes(|good| good[..good.len() / 3].to_vec())),
        ("cut in the middle", bytes(|good| good[..good.len() / 2].to_vec())),
        ("cut before the last bytes", bytes(|good| good[..good.len() - 2].to_vec())),
        ("zeros", bytes(|good| vec![0; good.len()])),
        ("garbage", bytes(|_| (0..2000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect())),
        (
            "invalid UTF-8",
            bytes(|good| [&good[..good.len() / 2], b"\xff\xfe", &good[good.len() / 2..]].concat()),
        ),
        ("twice", bytes(|good| good.repeat(2))),
        ("100 MB", Box::new(|path, _| fs::File::create(path).unwrap().set_len(100 * 1024 * 1024).unwrap())),
        ("100 MB and a good start", {
            Box::new(|path, good| {
                fs::write(path, good).unwrap();
                fs::OpenOptions::new().write(true).open(path).unwrap().set_len(100 * 1024 * 1024).unwrap();
            })
        }),
        ("a folder", instead(|path| fs::create_dir(path).unwrap())),
        ("a link out of the store", instead(|path| std::os::unix::fs::symlink("/etc/passwd", path).unwrap())),
        (
            "a link within the store",
            instead(|path| std::os::unix::fs::symlink("../good/expired.json", path).unwrap()),
        ),
        ("a link to nowhere", instead(|path| std::os::unix::fs::symlink("nowhere", path).unwrap())),
        ("a link to itself", instead(|path| std::os::unix::fs::symlink(path, path).unwrap())),
        ("a device", instead(|path| std::os::unix::fs::symlink("/dev/zero", path).unwrap())),
        ("a fifo", instead(make_fifo)),
    ]
}

fn make_fifo(path: &Path) {
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
}

fn replaced(good: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(good.to_vec()).unwrap();
    assert!(text.contains(from), "{from} is not in {text}");
    text.replacen(from, to, 1).into_bytes()
}

#[test]
fn a_record_that_is_none_is_never_a_pass() {
    let mut damages = common_damages();
    damages.push(("deep arrays", bytes(|_| "[".repeat(200_000).into_bytes())));
    damages.push(("deep objects", bytes(|_| "{\"a\":".repeat(200_000).into_bytes())));
    damages.push((
        "deep in about",
        bytes(|good| {
            replaced(
                good,
                "\"about\": {",
                &format!("\"about\": {{ \"x\": {}{},", "[".repeat(5000), "]".repeat(5000)),
            )
        }),
    ));
    damages
        .push(("a key twice", bytes(|good| replaced(good, "\"name\":", "\"name\": \"bad/one\", \"name\":"))));
    damages.push((
        "schema twice",
        bytes(|good| replaced(good, "\"schema\": 1", "\"schema\": 1, \"schema\": 1")),
    ));
    damages.push(("null", bytes(|good| replaced(good, "\"seal\":", "\"issued\": null, \"seal\":"))));
    damages.push(("a float", bytes(|good| replaced(good, "\"number\": 1", "\"number\": 1.0"))));
    damages.push((
        "an unsafe integer",
        bytes(|good| replaced(good, "\"number\": 1", "\"number\": 9007199254740992")),
    ));
    damages.push(("a huge integer", bytes(|good| replaced(good, "\"number\": 1", "\"number\": 1e999"))));
    damages.push(("another schema", bytes(|good| replaced(good, "\"schema\": 1", "\"schema\": 2"))));
    damages.push(("an unknown key", bytes(|good| replaced(good, "\"seal\":", "\"extra\": true, \"seal\":"))));
    damages.push(("another name", bytes(|good| replaced(good, "\"bad/one\"", "\"good/expired\""))));
    damages
        .push(("a name that leaves the store", bytes(|good| replaced(good, "\"bad/one\"", "\"../../etc\""))));
    damages.push(("an array that is not sorted", bytes(|good| replaced(good, "\"alice\",", "\"zoe\","))));
    damages.push(("a later expiry", bytes(|good| replaced(good, "2029-01-01", "2039-01-01"))));
    damages.push(("a byte order mark", bytes(|good| [b"\xef\xbb\xbf", good].concat())));
    damages.push(("an escape for a terminal", bytes(|good| replaced(good, "\"bad/one\"", "\"\\u001b[2J\""))));
    Bad::new().judge_each("secrets/bad/one.json", damages);
}

#[test]
fn a_sealed_value_that_is_none_is_never_a_pass() {
    let mut damages = common_damages();
    damages.push(("another tool's", bytes(|_| b"age-encryption.org/v1\n".to_vec())));
    damages.push(("a later version of age", bytes(|good| [b"age-encryption.org/v2", &good[21..]].concat())));
    damages.push((
        "the header alone",
        bytes(|good| {
            let end = good.windows(5).position(|window| window == b"\n--- ").unwrap();
            good[..end + 49].to_vec()
        }),
    ));
    damages.push((
        "no end of the header",
        bytes(|good| {
            let end = good.windows(5).position(|window| window == b"\n--- ").unwrap();
            good[..=end].to_vec()
        }),
    ));
    damages.push((
        "windows line ends",
        bytes(|good| {
            let end = good.windows(5).position(|window| window == b"\n--- ").unwrap() + 49;
            let header = String::from_utf8(good[..end].to_vec()).unwrap().replace('\n', "\r\n");
            [header.as_bytes(), &good[end..]].concat()
        }),
    ));
    damages.push((
        "an endless line",
        bytes(|_| [b"age-encryption.org/v1\n-> ".as_slice(), &vec![b'x'; 1 << 20]].concat()),
    ));
    damages.push((
        "endless stanzas",
        bytes(|_| [b"age-encryption.org/v1\n".as_slice(), &b"-> x\n\n".repeat(200_000)].concat()),
    ));
    damages.push((
        "an endless body",
        bytes(|_| {
            let line = [[b'A'; 64].as_slice(), b"\n"].concat();
            [b"age-encryption.org/v1\n-> x y\n".as_slice(), &line.repeat(20_000)].concat()
        }),
    ));
    damages.push((
        "armour",
        bytes(|_| b"-----BEGIN AGE ENCRYPTED FILE-----\nAAAA\n-----END AGE ENCRYPTED FILE-----\n".to_vec()),
    ));
    damages.push(("the plaintext itself", bytes(|_| b"hunter3\n".to_vec())));
    damages.push((
        "one bit of the payload",
        bytes(|good| {
            let mut bad = good.to_vec();
            *bad.last_mut().unwrap() ^= 1;
            bad
        }),
    ));
    damages.push(("a byte order mark", bytes(|good| [b"\xef\xbb\xbf", good].concat())));
    Bad::new().judge_each("secrets/bad/one.age", damages);
}

/// No tool writes such a header by accident, and its digest is one still: that is a finding, and not merely unknown.
#[test]
fn a_header_that_breaks_the_format_is_tampered() {
    let bad = Bad::new();
    let (file, record) = (bad.path("secrets/bad/one.age"), bad.path("secrets/bad/one.json"));
    let good = fs::read(&file).unwrap();
    // The legacy form of a 48-byte body: the line is full, and no short one ends it.
    let legacy = format!("\n-> x\n{}\n--- ", "A".repeat(64));
    let end = good.windows(5).position(|window| window == b"\n--- ").unwrap();
    fs::write(&file, [&good[..end], legacy.as_bytes(), &good[end + 5..]].concat()).unwrap();
    bad.commit();
    let found = |ids: &[&str]| {
        let outcome = bad.check(NOW).code(1);
        let told = outcome.findings().into_iter().filter(|(_, secret, _)| secret == "bad/one");
        assert_eq!(told.map(|(id, ..)| id).collect::<Vec<_>>(), ids, "{}", outcome.text());
        assert_eq!(outcome.json()["unchecked"].as_array().unwrap().len(), 0, "{}", outcome.text());
    };
    found(&["record-behind", "tampered"]);
    // Whoever can write the file can have the record state its digest.
    let digest = |bytes: &[u8]| secrets::domain::digest::Digest::of(bytes).to_string();
    let text = fs::read_to_string(&record).unwrap();
    fs::write(&record, text.replace(&digest(&good), &digest(&fs::read(&file).unwrap()))).unwrap();
    bad.commit();
    found(&["tampered"]);
}

#[test]
fn the_sealed_value_of_another_secret_is_found_in_the_wrong_place() {
    let bad = Bad::new();
    for ending in ["age", "json"] {
        fs::copy(
            bad.path(&format!("secrets/good/expired.{ending}")),
            bad.path(&format!("secrets/bad/one.{ending}")),
        )
        .unwrap();
    }
    bad.commit();
    let outcome = bad.check(NOW).code(1);
    assert!(
        outcome.findings().iter().any(|(id, secret, _)| id == "tampered" && secret == "bad/one"),
        "{}",
        outcome.text()
    );
    bad.sandbox.get(&bad.laptop, "bad/one", "alice").code(2).says("good/expired");
}

#[test]
fn a_policy_that_is_none_is_exit_2_for_every_command() {
    let bad = Bad::new();
    let base = bad.sandbox.head(&bad.laptop);
    let good = fs::read(bad.path("secrets/policy.toml")).unwrap();
    let mut damages = common_damages();
    // A policy that is cut at a line's end can be a whole one; those cuts are looked at further down.
    damages.retain(|(what, _)| !what.starts_with("cut"));
    damages.push(("deep arrays", bytes(|good| [good, b"\nx = ", "[".repeat(200_000).as_bytes()].concat())));
    damages
        .push(("deep tables", bytes(|good| [good, b"\nx = ", "{ a = ".repeat(100_000).as_bytes()].concat())));
    damages.push((
        "deep keys",
        bytes(|good| [good, b"\n", "a.".repeat(100_000).as_bytes(), b"a = 1\n"].concat()),
    ));
    damages.push(("a key twice", bytes(|good| replaced(good, "schema = 1", "schema = 1\nschema = 1"))));
    damages.push(("a table twice", bytes(|good| [good, b"\n[defaults]\n[defaults]\n"].concat())));
    damages.push(("another schema", bytes(|good| replaced(good, "schema = 1", "schema = 2"))));
    damages
        .push(("an unknown key", bytes(|good| replaced(good, "schema = 1", "schema = 1\nmin-poeple = 2"))));
    damages.push(("an unknown person", bytes(|good| [good, b"\n[groups.more]\n"].concat())));
    damages.push((
        "a duration without a unit",
        bytes(|good| [good, b"\n[[scope]]\nmatch = \"**\"\nblock-within = \"2\"\n"].concat()),
    ));
    damages.push((
        "an endless duration",
        bytes(|good| {
            [good, b"\n[[scope]]\nmatch = \"**\"\nblock-within = \"99999999999999999999d\"\n"].concat()
        }),
    ));
    damages.push(("a glob without end", bytes(|good| [good, b"\n[[scope]]\nmatch = \"a[\"\n"].concat())));
    damages.push((
        "nested alternatives",
        bytes(|good| {
            let glob = format!("{}x{}", "{".repeat(5000), "}".repeat(5000));
            [good, format!("\n[[scope]]\nmatch = \"{glob}\"\n").as_bytes()].concat()
        }),
    ));
    damages.push(("a waiver without a reason", bytes(|good| {
        [good, b"\n[[waiver]]\nfinding = \"expired\"\nsecret = \"bad/one\"\nuntil = 2026-12-31\nby = \"alice\"\n"].concat()
    })));
    damages.push(("a waiver for no check", bytes(|good| {
        [good, b"\n[[waiver]]\nfinding = \"lapsed\"\nsecret = \"bad/one\"\nuntil = 2026-12-31\nreason = \"x\"\nby = \"alice\"\n"].concat()
    })));
    damages.push((
        "a key of small order",
        bytes(|good| {
            // The all-zero point: everybody could open what is sealed to it.
            let zero = "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq5cu47z";
            replaced(good, &public_key("bob"), zero)
        }),
    ));
    damages.push(("one key for two", bytes(|good| replaced(good, &public_key("bob"), &public_key("alice")))));
    for (what, damage) in damages {
        damage(&bad.path("secrets/policy.toml"), &good);
        bad.commit();
        for format in ["human", "json", "github"] {
            let outcome = bad.sandbox.secrets(&bad.laptop).args(["check", "--format", format]).run().code(2);
            assert!(outcome.text().contains("secrets/policy.toml"), "{what}, {format}: {}", outcome.text());
            assert!(!outcome.stderr.contains("fault of secrets itself"), "{what}: {}", outcome.stderr);
            assert!(
                !outcome.text().contains(bad.sandbox.root().to_str().unwrap()),
                "{what}: {}",
                outcome.text()
            );
            assert!(outcome.stdout.len() < 8000, "{what}: the message is as large as the fault");
        }
        for line in [
            "list",
            "show bad/one",
            "people list",
            "reseal --all",
            "remove bad/one",
            "add a/b --never why",
            "doctor",
        ] {
            let run = bad
                .sandbox
                .secrets(&bad.laptop)
                .args(line.split(' '))
                .identity("alice")
                .stdin("x")
                .run()
                .code(2);
            assert!(!run.stderr.contains("fault of secrets itself"), "{what}: {line}: {}", run.stderr);
            assert!(
                run.stderr.contains("policy.toml") || run.text().contains("policy.toml"),
                "{what}: {line}: {}",
                run.stderr
            );
        }
        bad.restore(&base);
    }
    bad.check(NOW).code(0);
}

#[test]
fn a_policy_that_was_cut_anywhere_never_lets_more_through() {
    let bad = Bad::new();
    let good = fs::read(bad.path("secrets/policy.toml")).unwrap();
    for cut in (0..good.len()).step_by(good.len() / 40) {
        fs::write(bad.path("secrets/policy.toml"), &good[..cut]).unwrap();
        // The work tree's policy is not the committed one, and that alone blocks.
        let outcome = bad.check(LATER);
        assert!([1, 2].contains(&outcome.code), "cut at {cut}: {}", outcome.code);
        bad.commit();
        let outcome = bad.check(LATER);
        assert!([1, 2].contains(&outcome.code), "cut at {cut}, committed: {}", outcome.code);
    }
}

#[test]
fn messages_about_the_policy_name_the_line() {
    let bad = Bad::new();
    let good = fs::read_to_string(bad.path("secrets/policy.toml")).unwrap();
    let lines = good.lines().count();
    for tail in [
        "what is this",
        "[[scope]]\nmatch = \"**\"\nmin-people = \"many\"",
        "[[scope]]\nmatch = \"**\"\nnonsense = 1",
    ] {
        fs::write(bad.path("secrets/policy.toml"), format!("{good}{tail}\n")).unwrap();
        let line = lines + tail.lines().count();
        let outcome = bad.check(NOW).code(2);
        let place = format!("secrets/policy.toml:{line}");
        assert!(outcome.text().contains(&place), "{place}: {}", outcome.text());
    }
}

#[test]
fn a_private_key_in_the_policy_is_not_repeated() {
    let bad = Bad::new();
    let good = fs::read_to_string(bad.path("secrets/policy.toml")).unwrap();
    let identity = fs::read_to_string(common::identity_path("alice")).unwrap();
    let private = identity.lines().find(|line| line.starts_with("AGE-SECRET-KEY-")).unwrap();
    for private in [private.to_owned(), private.to_ascii_lowercase()] {
        for tail in [
            format!("[people.zoe]\nkeys = [\"{private}\"]"),
            format!("[people.zoe]\nkeys = \"{private}\""),
            format!("[people.{private}]\nkeys = [\"x\"]"),
            format!("[people.zoe]\n{private} = 1"),
            format!("[people.zoe]\nkeys = [\"{private}]"),
            private.clone(),
            format!("{private} = 1\n{private} = 1"),
            format!("[[scope]]\nmatch = \"**\"\nreaders = [\"{private}\"]"),
            format!("[[scope]]\nmatch = \"**\"\nnotify-at = [\"{private}\"]"),
            format!("[[waiver]]\nfinding = \"{private}\""),
        ] {
            fs::write(bad.path("secrets/policy.toml"), format!("{good}{tail}\n")).unwrap();
            for command in [&["check"][..], &["list"], &["doctor"]] {
                let run = bad.sandbox.secrets(&bad.laptop).args(command).run();
                assert_ne!(run.code, 0, "{tail}");
                let said = format!("{}{}", run.text(), run.stderr).to_ascii_uppercase();
                assert!(!said.contains(&private.to_ascii_uppercase()[..24]), "{tail}: {said}");
            }
        }
    }
}

/// A value that was pasted into a record is in no report: those end up in logs of CI.
#[test]
fn what_a_record_holds_is_not_repeated() {
    let bad = Bad::new();
    let good = fs::read(bad.path("secrets/bad/one.json")).unwrap();
    for (from, to) in [
        ("\"bad/one\"", "\"hunter2 Passw0rd\""),
        ("\"text\"", "\"hunter2 Passw0rd\""),
        ("\"seal\":", "\"hunter2\": true, \"seal\":"),
        ("\"number\": 1", "\"number\": \"hunter2\""),
        ("\"about\": {", "\"about\": { \"runbook\": [\"hunter2\"],"),
    ] {
        fs::write(bad.path("secrets/bad/one.json"), replaced(&good, from, to)).unwrap();
        for format in ["human", "json", "github"] {
            let run = bad.sandbox.secrets(&bad.laptop).args(["check", "--format", format]).run();
            assert_ne!(run.code, 0, "{to}");
            run.says("secrets/bad/one.json").lacks("hunter2");
        }
        let show = bad.sandbox.secrets(&bad.laptop).args(["show", "bad/one"]).run();
        show.code(2).lacks("hunter2");
    }
}

#[test]
fn windows_line_ends_change_nothing_but_the_bytes() {
    let bad = Bad::new();
    for file in ["secrets/policy.toml", "secrets/bad/one.json"] {
        let good = fs::read_to_string(bad.path(file)).unwrap();
        fs::write(bad.path(file), good.replace('\n', "\r\n")).unwrap();
        // A checkout that git has converted: the bytes are not those that were committed, and it says which.
        let outcome = bad.check(NOW);
        assert!([1, 2].contains(&outcome.code), "{file}: {}", outcome.code);
        assert!(outcome.text().contains(file), "{file}: {}", outcome.text());
        fs::write(bad.path(file), good).unwrap();
    }
    // With git's own conversion switched on, the store's attributes keep every byte.
    bad.sandbox.git(&bad.laptop, ["config", "core.autocrlf", "true"]);
    bad.sandbox.git(&bad.laptop, ["rm", "-qr", "--cached", "secrets"]);
    bad.sandbox.git(&bad.laptop, ["reset", "-q", "--hard"]);
    bad.check(NOW).code(0);
}

#[test]
fn two_names_that_differ_only_in_case_are_refused_by_name() {
    let bad = Bad::new();
    for ending in ["age", "json"] {
        fs::copy(
            bad.path(&format!("secrets/bad/one.{ending}")),
            bad.path(&format!("secrets/bad/One.{ending}")),
        )
        .unwrap();
    }
    bad.commit();
    let outcome = bad.check(NOW);
    assert!([1, 2].contains(&outcome.code), "{}", outcome.code);
    assert!(outcome.text().contains("bad/One"), "{}", outcome.text());
    assert!(bad.check(LATER).code(1).finding_ids().contains(&"expired".to_owned()));
}

#[test]
fn what_is_no_part_of_the_store_is_named() {
    let bad = Bad::new();
    let base = bad.sandbox.head(&bad.laptop);
    let strays: [Stray; 7] = [
        ("secrets/notes.txt", |path| fs::write(path, "password: hunter2\n").unwrap()),
        ("secrets/other.json", |path| fs::write(path, "{\"password\": \"hunter2\"}\n").unwrap()),
        ("secrets/lone.age", |path| {
            fs::write(path, "age-encryption.org/v1\n-> X25519 x\n\n--- x\n").unwrap();
        }),
        ("secrets/with space.json", |path| fs::write(path, "{}\n").unwrap()),
        ("secrets/outside", |path| std::os::unix::fs::symlink("/etc", path).unwrap()),
        ("secrets/loop", |path| std::os::unix::fs::symlink(".", path).unwrap()),
        ("secrets/pipe", make_fifo),
    ];
    for (file, make) in strays {
        make(&bad.path(file));
        bad.commit();
        let outcome = bad.check(NOW);
        assert!([1, 2].contains(&outcome.code), "{file}: {}", outcome.code);
        assert!(
            outcome.text().contains(file.strip_prefix("secrets/").unwrap()),
            "{file}: {}",
            outcome.text()
        );
        assert!(!outcome.text().contains("hunter2"), "{file}: {}", outcome.text());
        let _ = fs::remove_file(bad.path(file));
        bad.restore(&base);
    }
}

#[test]
fn a_folder_that_may_not_be_read_is_unknown() {
    let bad = Bad::new();
    let closed = bad.path("secrets/bad");
    let mode =
        |mode| fs::set_permissions(&closed, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    mode(0o000);
    // The superuser may read everything: there the same is tried as somebody else, if that can be done.
    let outcome = if fs::read_dir(&closed).is_ok() { None } else { Some(bad.check(NOW)) };
    mode(0o755);
    if let Some(outcome) = outcome {
        assert!([1, 2].contains(&outcome.code), "{}", outcome.code);
        assert!(outcome.text().contains("bad"), "{}", outcome.text());
    }
}

#[test]
fn a_repository_that_git_cannot_read_is_unknown_and_no_pass() {
    let bad = Bad::new();
    let keep = bad.sandbox.path("keep");
    let copy = |from: &Path, to: &Path| {
        let _ = fs::remove_dir_all(to);
        bad.sandbox
            .run(bad.sandbox.root(), "cp", ["-a", from.to_str().unwrap(), to.to_str().unwrap()])
            .code(0);
    };
    let git = bad.path(".git");
    copy(&git, &keep);
    let head = bad.sandbox.head(&bad.laptop);
    let damages: [(&str, Ruin<'_>); 11] = [
        ("no HEAD", Box::new(|| fs::remove_file(git.join("HEAD")).unwrap())),
        ("garbage in HEAD", Box::new(|| fs::write(git.join("HEAD"), b"\xff\0garbage").unwrap())),
        ("HEAD to nowhere", Box::new(|| fs::write(git.join("HEAD"), "ref: refs/heads/none\n").unwrap())),
        ("HEAD to itself", Box::new(|| fs::write(git.join("HEAD"), "ref: HEAD\n").unwrap())),
        (
            "HEAD to no commit",
            Box::new(|| fs::write(git.join("HEAD"), format!("{}\n", "0".repeat(39) + "1")).unwrap()),
        ),
        ("garbage in the branch", Box::new(|| fs::write(git.join("refs/heads/main"), "garbage\n").unwrap())),
        ("garbage in the configuration", Box::new(|| fs::write(git.join("config"), "[core\n\0").unwrap())),
        (
            "an unknown format",
            Box::new(|| fs::write(git.join("config"), "[core]\nrepositoryformatversion = 99\n").unwrap()),
        ),
        (
            "a commit is gone",
            Box::new(|| fs::remove_file(git.join("objects").join(&head[..2]).join(&head[2..])).unwrap()),
        ),
        (
            "garbage in a commit",
            Box::new(|| {
                let object = git.join("objects").join(&head[..2]).join(&head[2..]);
                fs::remove_file(&object).unwrap();
                fs::write(object, b"garbage").unwrap();
            }),
        ),
        ("no repository at all", Box::new(|| fs::remove_dir_all(&git).unwrap())),
    ];
    for (what, damage) in damages {
        damage();
        for format in ["human", "json"] {
            let outcome = bad.sandbox.secrets(&bad.laptop).args(["check", "--format", format]).run();
            assert!(!outcome.stderr.contains("fault of secrets itself"), "{what}: {}", outcome.stderr);
            // Where HEAD names a branch without a commit, everything is uncommitted, which is a finding.
            let expected: &[i32] = if what == "HEAD to nowhere" { &[1] } else { &[2] };
            assert!(
                expected.contains(&outcome.code),
                "{what}: {}\n{}\n{}",
                outcome.code,
                outcome.text(),
                outcome.stderr
            );
        }
        let add = ["add", "a/b", "--never", "why", "--as", "alice"];
        let outcome = bad.sandbox.secrets(&bad.laptop).args(add).stdin("x").run();
        assert!(!outcome.stderr.contains("fault of secrets itself"), "{what}: {}", outcome.stderr);
        if what != "HEAD to nowhere" {
            assert_eq!(outcome.code, 2, "{what}: {}", outcome.stderr);
        }
        copy(&keep, &git);
        bad.restore(&head);
    }
    bad.check(NOW).code(0);
}

#[test]
fn an_index_that_is_damaged_does_not_decide_what_is_committed() {
    let bad = Bad::new();
    fs::write(bad.path(".git/index"), b"DIRC garbage").unwrap();
    // Judged are trees; a damaged index stops the writers only.
    let outcome = bad.check(NOW);
    assert!([0, 2].contains(&outcome.code), "{}: {}", outcome.code, outcome.text());
    fs::write(bad.path("secrets/bad/one.age"), b"changed").unwrap();
    assert!([1, 2].contains(&bad.check(NOW).code));
    let add = ["add", "a/b", "--never", "why", "--as", "alice"];
    bad.sandbox.secrets(&bad.laptop).args(add).stdin("x").run().code(2).says("index");
}

#[test]
fn any_byte_flipped_in_a_failing_store_never_makes_a_pass_of_it() {
    let bad = Bad::new();
    bad.check(LATER).code(1);
    let base = bad.sandbox.head(&bad.laptop);
    let files = [
        "secrets/policy.toml",
        "secrets/good/expired.json",
        "secrets/good/expired.age",
        "secrets/.gitattributes",
    ];
    let strategy = (0..files.len(), any::<prop::sample::Index>(), 1..=255u8);
    let config = ProptestConfig {
        cases: 64,
        failure_persistence: None,
        max_shrink_iters: 0,
        ..ProptestConfig::default()
    };
    TestRunner::new(config)
        .run(&strategy, |(file, index, flip)| {
            let path = bad.path(files[file]);
            let mut bytes = fs::read(&path).unwrap();
            let position = index.index(bytes.len());
            bytes[position] ^= flip;
            fs::write(&path, bytes).unwrap();
            // Committed, or the fault would be that it is not.
            bad.commit();
            let outcome = bad.sandbox.check(&bad.laptop, LATER);
            bad.restore(&base);
            prop_assert!(
                [1, 2].contains(&outcome.code),
                "{}: byte {position}: {}",
                files[file],
                outcome.code
            );
            prop_assert!(!outcome.stderr.contains("fault of secrets itself"), "{}", outcome.stderr);
            Ok(())
        })
        .unwrap();
}
