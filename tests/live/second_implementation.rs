//! `second_implementation.py`, written from `docs/custody.md` and the age specification, with Python's `cryptography`
//! for its only library: it holds the test vectors true, and proves what the built binary sealed.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use crate::common::{Outcome, Sandbox, identity_path, public_key, tools};

/// A file of this repository.
fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn python(sandbox: &Sandbox, script: &str, arguments: &[&Path]) -> Outcome {
    let python = tools::python();
    let script = here(script);
    let arguments = std::iter::once(script.as_path()).chain(arguments.iter().copied());
    sandbox.run(&here("tests"), python.to_str().unwrap(), arguments)
}

fn prove(sandbox: &Sandbox, name: &str, policy: &Json, identity: &Path) -> Json {
    let known = sandbox.path("known.json");
    fs::write(&known, policy.to_string()).unwrap();
    let store = sandbox.path("laptop/secrets");
    let (file, record) = (store.join(format!("{name}.age")), store.join(format!("{name}.json")));
    let arguments = [Path::new("prove"), &file, &record, &known, identity];
    python(sandbox, "tests/live/second_implementation.py", &arguments).code(0).json()
}

#[test]
fn the_test_vectors_hold() {
    let sandbox = Sandbox::new();
    let arguments = [Path::new("vectors"), &here("tests/vectors")];
    python(&sandbox, "tests/live/second_implementation.py", &arguments).code(0).says("all vectors hold");
}

#[test]
fn what_the_binary_sealed_is_proved() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob", "carol"]);
    let mut policy =
        json!({ "alice": public_key("alice"), "bob": public_key("bob"), "carol": public_key("carol") });
    for (person, kind) in [("dave", "ed25519"), ("erin", "rsa")] {
        let arguments = ["-q", "-t", kind, "-N", "", "-C", "", "-f", person];
        sandbox.run(&laptop, "ssh-keygen", arguments).code(0);
        let public = fs::read_to_string(laptop.join(format!("{person}.pub"))).unwrap();
        let add = ["people", "add", person, "--key", &public, "--group", "team"];
        sandbox.secrets(&laptop).args(add).run().code(0);
        policy[person] = json!(public.trim());
    }
    sandbox.add(&laptop, "web/db", "2027-01-01", &"hunter2 ".repeat(20_000));
    let all = json!({ "proved": ["alice", "bob", "carol", "dave"], "plausible": ["erin"], "missing": [], "surplus": [] });
    for name in ["alice", "bob"] {
        assert_eq!(prove(&sandbox, "web/db", &policy, &identity_path(name)), all);
    }

    // It is able to say no.
    let mut exchanged = policy.clone();
    exchanged["bob"] = json!(public_key("ci"));
    let without_bob = prove(&sandbox, "web/db", &exchanged, &identity_path("alice"));
    assert_eq!((&without_bob["missing"], &without_bob["surplus"]), (&json!([]), &json!(["X25519"])));
    let record = laptop.join("secrets/web/db.json");
    let edited = fs::read_to_string(&record).unwrap().replace("2027-01-01", "2037-01-01");
    fs::write(&record, edited).unwrap();
    assert_eq!(prove(&sandbox, "web/db", &policy, &identity_path("alice")), json!("tampered"));
}
