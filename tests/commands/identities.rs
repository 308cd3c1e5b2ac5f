use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::common::{Outcome, Sandbox, identity_path};

fn store() -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    sandbox.add(&laptop, "web/db", "2028-01-01", "hunter2");
    (sandbox, laptop)
}

fn key(name: &str) -> String {
    let text = fs::read_to_string(identity_path(name)).unwrap();
    text.lines().last().unwrap().to_owned()
}

fn write(path: &Path, text: &str, mode: u32) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn opened(outcome: Outcome) {
    assert_eq!(outcome.code(0).stdout, b"hunter2");
}

#[test]
fn each_source_opens_what_is_sealed_to_it() {
    let (sandbox, laptop) = store();
    let get = || sandbox.secrets(&laptop).args(["get", "web/db"]);
    let bob = identity_path("bob");
    get().run().code(2).says("secrets key new");
    opened(get().args(["--identity", bob.to_str().unwrap()]).run());
    opened(get().env("SECRETS_IDENTITY", key("bob")).run());
    opened(get().env("SECRETS_IDENTITY_FILE", &bob).run());
    let file = sandbox.path("home/.config/secrets/identities.txt");
    write(&file, &format!("{}\n", key("bob")), 0o600);
    opened(get().run());
}

#[test]
fn the_ssh_key_in_its_usual_place_is_the_last_resort() {
    let (sandbox, laptop) = store();
    let ssh = sandbox.path("home/.ssh");
    fs::create_dir(&ssh).unwrap();
    let keygen = ["-q", "-t", "ed25519", "-N", "", "-C", "carol@laptop", "-f", "id_ed25519"];
    sandbox.run(&ssh, "ssh-keygen", keygen).code(0);
    let public = fs::read_to_string(ssh.join("id_ed25519.pub")).unwrap();
    sandbox
        .secrets(&laptop)
        .args(["people", "add", "carol", "--key", &public, "--group", "team"])
        .run()
        .code(0);
    let add = ["add", "web/api", "--expires", "2028-01-01"];
    let accept = sandbox.accepting(&laptop, &["carol"]);
    sandbox.secrets(&laptop).args(add).args(accept).stdin("hunter3").run().code(0);
    assert_eq!(sandbox.record(&laptop, "web/api")["sealed"]["version"]["set_by"], "carol");
    let get = sandbox.secrets(&laptop).args(["get", "web/api"]).run().code(0);
    assert_eq!(get.stdout, b"hunter3");
    // So does the `age` program with the same key.
    let sealed = laptop.join("secrets/web/api.age");
    let key = ssh.join("id_ed25519");
    let age = sandbox.run(&laptop, "age", [Path::new("-d"), Path::new("-i"), &key, &sealed]).code(0);
    assert_eq!(age.stdout, b"hunter3");
}

#[test]
fn the_order_is_option_variable_file_identities_ssh_and_doctor_reports_it() {
    let (sandbox, laptop) = store();
    write(&sandbox.path("home/.config/secrets/identities.txt"), &format!("{}\n", key("ci")), 0o600);
    let bob = identity_path("bob");
    let doctor = sandbox
        .secrets(&laptop)
        .args(["doctor", "--format", "json", "--identity", identity_path("alice").to_str().unwrap()])
        .env("SECRETS_IDENTITY", key("bob"))
        .env("SECRETS_IDENTITY_FILE", &bob)
        .run();
    let report = doctor.json();
    let items = report["items"].as_array().unwrap();
    let found: Vec<&str> =
        items.iter().filter_map(|item| item["what"].as_str()?.strip_prefix("identity: ")).collect();
    let expected = [
        "--identity",
        "SECRETS_IDENTITY",
        "SECRETS_IDENTITY_FILE",
        "OS keyring",
        "identities.txt",
        "~/.ssh/id_ed25519",
    ];
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found:?}");
    }
    doctor.says("of alice in policy").says("of bob in policy").says("not in policy").lacks("AGE-SECRET-KEY");

    // Who I am is settled by the first of them: the option.
    let set = |number: u32| {
        sandbox
            .secrets(&laptop)
            .args(["set", "web/db", "--expires", "2028-01-01"])
            .stdin(format!("value {number}"))
            .env("SECRETS_IDENTITY", key("bob"))
    };
    set(1).args(["--identity", identity_path("alice").to_str().unwrap()]).run().code(0);
    assert_eq!(sandbox.record(&laptop, "web/db")["sealed"]["version"]["set_by"], "alice");
    set(2).env("SECRETS_IDENTITY_FILE", identity_path("alice")).run().code(0);
    assert_eq!(sandbox.record(&laptop, "web/db")["sealed"]["version"]["set_by"], "bob");
}

#[test]
fn one_that_does_not_fit_gives_way_to_one_that_does() {
    let (sandbox, laptop) = store();
    let get = sandbox.secrets(&laptop).args(["get", "web/db"]).env("SECRETS_IDENTITY", key("carol"));
    opened(get.env("SECRETS_IDENTITY_FILE", identity_path("alice")).run());
}

#[test]
fn what_was_named_and_cannot_be_read_is_an_error_and_no_reason_to_go_on() {
    let (sandbox, laptop) = store();
    let get = || sandbox.secrets(&laptop).args(["get", "web/db"]).identity("alice");
    get().args(["--identity", "absent.txt"]).run().code(2).says("absent.txt");
    get().args(["--identity", "/dev/null"]).run().code(2).says("/dev/null");
    let junk = get().env("SECRETS_IDENTITY", "AGE-SECRET-KEY-1JUNK").run().code(2).says("SECRETS_IDENTITY");
    junk.lacks("1JUNK");
    get().env("SECRETS_IDENTITY_FILE", "absent.txt").run().code(2).says("absent.txt");
    // One that is set to nothing, as CI does with a secret that a job may not see, is none.
    opened(get().env("SECRETS_IDENTITY", "").run());
}

#[test]
fn a_file_of_identities_that_others_can_read_is_refused() {
    let (sandbox, laptop) = store();
    let file = sandbox.path("home/.config/secrets/identities.txt");
    for mode in [0o644, 0o640, 0o604] {
        write(&file, &format!("{}\n", key("bob")), mode);
        let get = sandbox.secrets(&laptop).args(["get", "web/db"]).run().code(2);
        get.says("can be read by others").says("identities.txt");
        let doctor = sandbox.secrets(&laptop).args(["doctor"]).run().code(2);
        doctor.says(&format!("chmod 600 {}", file.display()));
    }
    write(&file, &format!("{}\n", key("bob")), 0o600);
    opened(sandbox.secrets(&laptop).args(["get", "web/db"]).run());
}

#[test]
fn an_rsa_key_reads_where_it_is_named() {
    let (sandbox, laptop) = store();
    let home = sandbox.path("home");
    sandbox.run(&home, "ssh-keygen", ["-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", "rsa"]).code(0);
    let public = fs::read_to_string(home.join("rsa.pub")).unwrap();
    sandbox
        .secrets(&laptop)
        .args(["people", "add", "carol", "--key", &public, "--group", "team"])
        .run()
        .code(0);
    sandbox.add_accepting(&laptop, "web/api", "2028-01-01", "hunter3", &["carol"]);
    let key = home.join("rsa");
    let get = sandbox.secrets(&laptop).args(["get", "web/api", "--identity", key.to_str().unwrap()]).run();
    assert_eq!(get.code(0).stdout, b"hunter3");
    let sealed = laptop.join("secrets/web/api.age");
    let age = sandbox.run(&laptop, "age", [Path::new("-d"), Path::new("-i"), &key, &sealed]).code(0);
    assert_eq!(age.stdout, b"hunter3");
    // The record keeps the digest of the stanza that nobody could compute again.
    let keys = &sandbox.record(&laptop, "web/api")["sealed"]["keys"];
    assert!(keys["carol"][0]["stanza"].as_str().unwrap().starts_with("sha256:"), "{keys}");
    assert!(keys["alice"][0]["stanza"].is_null(), "{keys}");
    sandbox.push(&laptop);
    let unrelated = sandbox.check(&laptop, crate::common::NOW);
    // The one that was sealed before carol came is the only one with a fault.
    assert!(
        unrelated.findings().iter().all(|(_, secret, _)| secret == "web/db"),
        "{:?}",
        unrelated.findings()
    );
}

/// The parser of ssh keys that opens them panics at such a number.
#[test]
fn a_damaged_rsa_key_is_a_clear_error() {
    use base64::Engine as _;

    let (sandbox, laptop) = store();
    let string = |bytes: &[u8]| [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat();
    let half = |numbers: &[&[u8]]| {
        [string(b"ssh-rsa")]
            .into_iter()
            .chain(numbers.iter().map(|number| string(number)))
            .flatten()
            .collect()
    };
    let exponent: &[u8] = &[1, 0, 1];
    let (zeros, number): (&[u8], &[u8]) = (&[0, 0], &[9]);
    for (public, private) in [([exponent, number], [zeros, exponent]), ([exponent, number], [number, zeros])]
    {
        let (public, private): (Vec<u8>, Vec<u8>) = (half(&public), half(&private));
        let parts: [&[u8]; 7] = [
            b"openssh-key-v1\0",
            &string(b"none"),
            &string(b"none"),
            &string(b""),
            &1_u32.to_be_bytes(),
            &string(&public),
            &string(&[&[7; 8], private.as_slice()].concat()),
        ];
        let body = base64::prelude::BASE64_STANDARD.encode(parts.concat());
        let key = sandbox.path("home/damaged");
        let text =
            format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{body}\n-----END OPENSSH PRIVATE KEY-----\n");
        write(&key, &text, 0o600);
        let get = ["get", "web/db", "--identity", key.to_str().unwrap()];
        let told = sandbox.secrets(&laptop).args(get).run().code(2);
        told.says("home/damaged").says("damaged").lacks("fault of secrets itself");
    }
}

#[test]
fn a_passphrase_that_nobody_can_be_asked_for_is_a_clear_error() {
    let (sandbox, laptop) = store();
    let home = sandbox.path("home");
    sandbox.run(&home, "ssh-keygen", ["-q", "-t", "ed25519", "-N", "pass", "-f", "locked"]).code(0);
    let public = fs::read_to_string(home.join("locked.pub")).unwrap();
    sandbox
        .secrets(&laptop)
        .args(["people", "add", "carol", "--key", &public, "--group", "team"])
        .run()
        .code(0);
    sandbox.add_accepting(&laptop, "web/api", "2028-01-01", "hunter3", &["carol"]);
    let key = home.join("locked");
    let get = sandbox.secrets(&laptop).args(["get", "web/api", "--identity", key.to_str().unwrap()]).run();
    get.code(2).says("passphrase").says("locked").says("terminal");

    // age's own scrypt recipient: an identity file that is itself an age file.
    let protected = home.join("protected.age");
    fs::copy(fixture("protected.age"), &protected).unwrap();
    let get =
        sandbox.secrets(&laptop).args(["get", "web/db", "--identity", protected.to_str().unwrap()]).run();
    get.code(2).says("passphrase").says("protected.age").says("terminal");
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/identities").join(name)
}
