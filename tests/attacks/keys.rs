//! Keys that are no honest keys: each is refused by name wherever it is handed in, before anything is sealed to it.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION};
use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::scalar::Scalar;

use crate::common::{Sandbox, public_key};

fn honest() -> EdwardsPoint {
    ED25519_BASEPOINT_POINT * Scalar::from(99_u64)
}

fn age(u: [u8; 32]) -> String {
    let hrp = bech32::Hrp::parse("age").expect("a prefix");
    bech32::encode::<bech32::Bech32>(hrp, &u).expect("a recipient")
}

fn ssh(point: [u8; 32]) -> String {
    let wire = [b"\0\0\0\x0bssh-ed25519\0\0\0\x20".as_slice(), &point].concat();
    format!("ssh-ed25519 {} mallory@laptop", BASE64_STANDARD.encode(wire))
}

fn with_highest_bit(mut bytes: [u8; 32]) -> [u8; 32] {
    bytes[31] |= 0x80;
    bytes
}

fn number(lowest: u8, highest: u8, between: u8) -> [u8; 32] {
    let mut bytes = [between; 32];
    bytes[0] = lowest;
    bytes[31] = highest;
    bytes
}

/// What is wrong with the key, and the key.
fn hostile() -> Vec<(&'static str, String)> {
    let torsion = EIGHT_TORSION[1];
    let mixed = honest() + torsion;
    vec![
        ("bit 255 set", age(with_highest_bit(honest().to_montgomery().to_bytes()))),
        ("zero", age([0; 32])),
        ("low order", age(torsion.to_montgomery().to_bytes())),
        ("torsion", age(mixed.to_montgomery().to_bytes())),
        ("on the twist", age(number(2, 0, 0))),
        ("beyond the prime", age(number(0xee, 0x7f, 0xff))),
        ("low order, ssh", ssh(torsion.compress().to_bytes())),
        ("torsion, ssh", ssh(mixed.compress().to_bytes())),
        // y = p + 1 is y = 1.
        ("beyond the prime, ssh", ssh(number(0xee, 0x7f, 0xff))),
        ("on no point, ssh", ssh(number(2, 0, 0))),
    ]
}

/// The part of a key by which whoever reads the message finds it.
fn body(key: &str) -> &str {
    key.split(' ').nth(1).unwrap_or(key)
}

#[test]
fn the_honest_keys_beside_them_are_taken() {
    for key in [age(honest().to_montgomery().to_bytes()), ssh(honest().compress().to_bytes())] {
        let sandbox = Sandbox::new();
        let laptop = sandbox.store(&["alice"]);
        sandbox.secrets(&laptop).args(["people", "add", "mallory", "--key", &key]).run().code(0);
    }
}

#[test]
fn on_the_command_line() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    let policy = laptop.join("secrets/policy.toml");
    let before = std::fs::read(&policy).expect("a policy");
    for (what, key) in hostile() {
        for command in [["people", "add", "mallory", "--key"], ["machines", "add", "robot", "--key"]] {
            let told = sandbox.secrets(&laptop).args(command).args([&key]).run();
            assert_eq!(told.code, 2, "{what}: {}", told.stderr);
            told.says(body(&key));
            assert_eq!(std::fs::read(&policy).expect("a policy"), before, "{what}");
        }
    }
    let fresh = sandbox.path("fresh");
    sandbox.git(sandbox.root(), ["init", "-q", "fresh"]);
    for (what, key) in hostile() {
        let init = ["init", "--person", "mallory", "--deploy-ref", "none", "--key", &key];
        let told = sandbox.secrets(&fresh).args(init).run();
        assert_eq!(told.code, 2, "{what}: {}", told.stderr);
        told.says(body(&key));
        assert!(!fresh.join("secrets").exists(), "{what}");
    }
}

#[test]
fn in_the_policy() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    sandbox.add(&laptop, "web/db", "2028-01-01", "a-password");
    sandbox.push(&laptop);
    let policy = laptop.join("secrets/policy.toml");
    let before = std::fs::read_to_string(&policy).expect("a policy");
    let line = before.lines().position(|line| line.contains(&public_key("bob"))).expect("bob's key") + 1;
    for (what, key) in hostile() {
        std::fs::write(&policy, before.replace(&public_key("bob"), &key)).expect("a file can be written");
        let place = format!("policy.toml:{line}:");
        for command in [
            vec!["check"],
            vec!["list"],
            vec!["reseal", "--all"],
            vec!["set", "web/db", "--expires", "2028-01-01"],
            vec!["add", "web/new", "--expires", "2028-01-01", "--as", "alice"],
        ] {
            let told = sandbox.secrets(&laptop).args(&command).identity("alice").stdin("another").run();
            assert_eq!(told.code, 2, "{what}, {command:?}: {}", told.stderr);
            told.says(&place).says(body(&key));
        }
    }
}

#[test]
fn one_private_half_is_one_person() {
    let [first, second] = [age(honest().to_montgomery().to_bytes()), ssh(honest().compress().to_bytes())];
    for (one, other) in [(&first, &second), (&second, &first), (&first, &first)] {
        let sandbox = Sandbox::new();
        let laptop = sandbox.store(&["alice", "bob"]);
        let add = |name: &str, key: &str| {
            sandbox.secrets(&laptop).args(["people", "add", name, "--key", key]).run()
        };
        add("mallory", one).code(0);
        add("marvin", other).code(2).says("mallory");
        // Nor by an editor.
        let path = laptop.join("secrets/policy.toml");
        let text = std::fs::read_to_string(&path).expect("a policy");
        std::fs::write(&path, format!("{text}\n[people.marvin]\nkeys = [\"{other}\"]\n")).expect("written");
        let told = sandbox.check(&laptop, crate::common::NOW).code(2);
        told.says("mallory").says("policy.toml:");
    }
}
