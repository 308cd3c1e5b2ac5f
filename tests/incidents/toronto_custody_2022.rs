//! University of Toronto hub, 2022: the sole holder of the good client secret was asleep, and a second laptop had
//! died days before. (U5)

use crate::common::Sandbox;
use crate::common::toronto::{CALM, SEALED};

const POLICY: &str = r#"schema = 1
store = "{store}"
deploy-ref = "origin/main"

[people.alice]
keys = ["{alice}", "{alice-laptop-2}"]

[people.bob]
keys = ["{bob}"]

[people.carol]
keys = ["{carol}"]

[machines.ci]
keys = ["{ci}"]

[shared-keys.hsm-of-three]
keys = ["{hsm-of-three}"]
people = ["alice", "bob", "carol"]
confirmed = 2022-02-01

[shared-keys.hsm-of-one]
keys = ["{hsm-of-one}"]
people = ["alice"]
confirmed = 2022-02-01

[groups]
infra = ["alice", "bob", "carol"]

[defaults]
readers = ["infra"]
min-people = 2
"#;

/// Who reads it, and what the gate exits with.
const CASES: [(&str, &[&str], i32); 6] = [
    ("custody/one-person", &["bob"], 1),
    ("custody/two-keys-of-one-person", &["alice"], 1),
    ("custody/one-person-and-ci", &["bob", "ci"], 1),
    ("custody/shared-key-of-three", &["hsm-of-three"], 0),
    ("custody/shared-key-of-one", &["hsm-of-one"], 1),
    ("custody/one-person-twice", &["alice", "hsm-of-one"], 1),
];

#[test]
fn u5_who_could_have_been_woken() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.origin_and_laptop();
    let mut policy = POLICY.to_owned();
    for key in ["alice-laptop-2", "hsm-of-three", "hsm-of-one"] {
        policy = policy.replace(&format!("{{{key}}}"), &sandbox.new_ssh_key(key));
    }
    sandbox.store_by_hand(&laptop, &policy);
    for (name, readers, _) in CASES {
        let readers: Vec<&str> = readers.iter().flat_map(|reader| ["--reader", reader]).collect();
        let add = ["add", name, "--expires", "2023-08-30", "--owner", "infra", "--as", "bob", "--no-commit"];
        let run = || sandbox.secrets(&laptop).args(add).args(&readers).at(SEALED).stdin("a value");
        sandbox.accepting_new(run).code(0);
    }
    sandbox.publish_all(&laptop, "Seal to too few");

    for (name, _, expected) in CASES {
        let findings: &[_] = if expected == 0 { &[] } else { &[("single-holder", name, "error")] };
        sandbox.gate(&laptop, CALM, &["--scope", name], expected).finds(findings);
    }
    // The good one between the bad ones does not hide those after it.
    let all: Vec<_> = CASES
        .iter()
        .filter(|(_, _, expected)| *expected == 1)
        .map(|(name, _, _)| ("single-holder", *name, "error"))
        .collect();
    sandbox.gate(&laptop, CALM, &[], 1).finds(&all);
}
