//! What the built binary seals is opened, for every reader, by implementations of age that share no code with it:
//! Debian's `age` (Go), `rage` (Rust), and the npm package `age-encryption` (TypeScript), which knows X25519 keys
//! but no ssh keys. Each of them refuses for whoever is no reader. What they seal themselves doesn't pass for ours.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{Outcome, Sandbox, identity_path, public_key, tools};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/live/age_encryption.mjs");
const CHUNK: usize = 64 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Witness {
    Age,
    Rage,
    AgeEncryption,
}

impl Witness {
    const ALL: [Self; 3] = [Self::Age, Self::Rage, Self::AgeEncryption];

    /// What it says where none of the stanzas is for the identity.
    const fn refusal(self) -> &'static str {
        match self {
            Self::Age => "no identity matched any of the recipients",
            Self::Rage => "No matching keys found",
            Self::AgeEncryption => "no identity matched any of the file's recipients",
        }
    }

    const fn knows_ssh(self) -> bool {
        !matches!(self, Self::AgeEncryption)
    }

    fn open(self, sandbox: &Sandbox, sealed: &Path, identity: &Path) -> Outcome {
        let paths = [identity.as_os_str(), sealed.as_os_str()];
        let (program, arguments): (PathBuf, Vec<OsString>) = match self {
            Self::Age | Self::Rage => {
                let [identity, sealed] = paths;
                let arguments = [OsStr::new("-d"), OsStr::new("-i"), identity, sealed];
                let program = if self == Self::Age { "age".into() } else { tools::rage() };
                (program, arguments.map(ToOwned::to_owned).to_vec())
            }
            Self::AgeEncryption => {
                let package = tools::age_encryption();
                let [identity, sealed] = paths;
                let arguments =
                    [OsStr::new(SCRIPT), package.as_os_str(), OsStr::new("open"), identity, sealed];
                (tools::node(), arguments.map(ToOwned::to_owned).to_vec())
            }
        };
        sandbox.run(sandbox.root(), program.to_str().unwrap(), arguments)
    }

    /// Seals to an X25519 key, as somebody would who has nothing but the public keys.
    fn seal(self, sandbox: &Sandbox, recipient: &str, value: &Path, sealed: &Path) {
        let (recipient, value, sealed) = (recipient, value.to_str().unwrap(), sealed.to_str().unwrap());
        let outcome = match self {
            Self::Age => sandbox.run(sandbox.root(), "age", ["-r", recipient, "-o", sealed, value]),
            Self::Rage => {
                let rage = tools::rage();
                sandbox.run(sandbox.root(), rage.to_str().unwrap(), ["-r", recipient, "-o", sealed, value])
            }
            Self::AgeEncryption => {
                let (node, package) = (tools::node(), tools::age_encryption());
                let package = package.to_str().unwrap();
                let arguments = [SCRIPT, package, "seal", recipient, value, sealed];
                sandbox.run(sandbox.root(), node.to_str().unwrap(), arguments)
            }
        };
        let _ = outcome.code(0);
    }
}

/// A store whose readers have keys of every kind that age itself knows.
struct Team {
    sandbox: Sandbox,
    laptop: PathBuf,
    /// Each reader's name, identity, and whether that is an ssh key.
    readers: Vec<(&'static str, PathBuf, bool)>,
}

impl Team {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let laptop = sandbox.store(&["alice", "bob"]);
        let mut readers =
            vec![("alice", identity_path("alice"), false), ("bob", identity_path("bob"), false)];
        for (person, kind) in [("erin", "ed25519"), ("rosa", "rsa")] {
            let identity = ssh_key(&sandbox, person, kind);
            let public = fs::read_to_string(identity.with_extension("pub")).unwrap();
            sandbox
                .secrets(&laptop)
                .args(["people", "add", person, "--key", public.trim(), "--group", "team"])
                .run()
                .code(0);
            readers.push((person, identity, true));
        }
        Self { sandbox, laptop, readers }
    }

    fn add(&self, name: &str, value: &[u8]) -> Outcome {
        self.sandbox.accepting_new(|| {
            self.sandbox
                .secrets(&self.laptop)
                .args(["add", name, "--expires", "2028-01-01", "--owner", "team", "--as", "alice"])
                .stdin(value)
        })
    }

    fn sealed(&self, name: &str) -> PathBuf {
        self.laptop.join(format!("secrets/{name}.age"))
    }

    /// Everybody who can read a secret does, with every witness that knows their kind of key.
    #[track_caller]
    fn all_open(&self, name: &str, value: &[u8]) {
        for (reader, identity, ssh) in &self.readers {
            for witness in Witness::ALL.into_iter().filter(|witness| !ssh || witness.knows_ssh()) {
                let opened = witness.open(&self.sandbox, &self.sealed(name), identity).code(0);
                assert!(opened.stdout == value, "{witness:?} opens {name} for {reader}: other bytes");
            }
        }
    }

    #[track_caller]
    fn refused(&self, witness: Witness, name: &str, identity: &Path) {
        let refused = witness.open(&self.sandbox, &self.sealed(name), identity).says(witness.refusal());
        assert!(refused.code > 0, "{witness:?} ends with {}", refused.code);
        assert!(refused.stdout.is_empty(), "{witness:?} gives something out");
    }
}

fn ssh_key(sandbox: &Sandbox, name: &str, kind: &str) -> PathBuf {
    let path = sandbox.path(&format!("id_{name}"));
    let file = path.to_str().unwrap();
    let _ = sandbox
        .run(sandbox.root(), "ssh-keygen", ["-q", "-t", kind, "-N", "", "-C", name, "-f", file])
        .code(0);
    path
}

/// Bytes without a period that a chunk's length would hide.
fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i * 7 + i / 251).to_le_bytes()[0]).collect()
}

#[test]
fn every_witness_opens_for_every_reader() {
    let team = Team::new();
    let every_byte: Vec<u8> = (0..=u8::MAX).rev().chain([b'\r', b'\n', 0, b'\n']).collect();
    let values = [
        ("one-byte", vec![0]),
        ("binary", every_byte),
        ("chunk-less-one", pattern(CHUNK - 1)),
        ("chunk", pattern(CHUNK)),
        ("chunk-and-one", pattern(CHUNK + 1)),
        ("mebibyte", pattern(16 * CHUNK)),
    ];
    for (name, value) in &values {
        let _ = team.add(name, value).code(0);
        team.all_open(name, value);
    }
    let _ = team.add("nothing", b"").code(2).says("empty");
    assert!(!team.sealed("nothing").exists());
}

#[test]
fn every_witness_refuses_whoever_is_no_reader() {
    let team = Team::new();
    let _ = team.add("web/db", b"hunter2").code(0);
    for witness in Witness::ALL {
        team.refused(witness, "web/db", &identity_path("carol"));
    }
    for kind in ["ed25519", "rsa"] {
        let outsider = ssh_key(&team.sandbox, &format!("outsider-{kind}"), kind);
        for witness in Witness::ALL.into_iter().filter(|witness| witness.knows_ssh()) {
            team.refused(witness, "web/db", &outsider);
        }
    }
}

#[test]
fn after_a_removal_every_witness_opens_for_who_stays_and_refuses_who_left() {
    let mut team = Team::new();
    let _ = team.add("web/db", b"hunter2").code(0);
    for leaver in ["bob", "erin", "rosa"] {
        let remove = ["people", "remove", leaver];
        team.sandbox.secrets(&team.laptop).args(remove).identity("alice").run().code(0);
        let place = team.readers.iter().position(|(reader, ..)| *reader == leaver).unwrap();
        let (_, identity, ssh) = team.readers.remove(place);
        for witness in Witness::ALL.into_iter().filter(|witness| !ssh || witness.knows_ssh()) {
            team.refused(witness, "web/db", &identity);
        }
        team.all_open("web/db", b"hunter2");
    }
}

#[test]
fn what_a_witness_seals_does_not_pass_for_ours() {
    for witness in Witness::ALL {
        let sandbox = Sandbox::new();
        let laptop = sandbox.store(&["alice", "bob"]);
        sandbox.add(&laptop, "web/db", "2028-01-01", "hunter2");
        let value = sandbox.path("value");
        fs::write(&value, "attacker's").unwrap();
        let sealed = laptop.join("secrets/web/db.age");
        fs::remove_file(&sealed).unwrap();
        witness.seal(&sandbox, &public_key("alice"), &value, &sealed);
        sandbox.git(&laptop, ["commit", "-qam", "Another value"]);
        sandbox.push(&laptop);
        let ids = sandbox.check(&laptop, crate::common::NOW).code(1).finding_ids();
        for id in ["record-behind", "tampered"] {
            assert!(ids.iter().any(|found| found == id), "{witness:?}: {ids:?}");
        }
    }
}
