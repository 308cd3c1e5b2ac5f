//! 2025-03-21, object storage: the new key went to the wrong environment, and the old one was deleted.

use std::fs;

use crate::common::Outcome;
use crate::common::toronto::{CALM, Toronto};

const STAGING: &str = "staging/storage/key";
const PROD: &str = "prod/storage/key";

fn two_environments() -> Toronto {
    let toronto = Toronto::unpublished();
    toronto.add(STAGING, "2024-06-30", "key-of-staging", &["--owner", "infra"]);
    toronto.add(PROD, "2024-06-30", "key-of-production", &["--owner", "infra"]);
    toronto.publish("Seal the keys");
    toronto.gate(CALM, &[], 0).finds(&[]);
    prove(&toronto, 0).finds(&[]);
    toronto
}

/// The gate of a job that holds an identity, and proves what it deploys.
fn prove(toronto: &Toronto, expected: i32) -> Outcome {
    let check = ["check", "--prove", "--scope", "prod/**", "--format", "json"];
    let run = toronto.sandbox.secrets(&toronto.laptop).args(check).identity("ci");
    run.at(CALM).run().code(expected)
}

fn copy(toronto: &Toronto, ending: &str) {
    let path = |name: &str| toronto.laptop.join(format!("secrets/{name}.{ending}"));
    fs::copy(path(STAGING), path(PROD)).expect("a file can be copied");
}

#[test]
fn a_secret_copied_to_another_environment_is_tampered() {
    let toronto = two_environments();
    copy(&toronto, "age");
    copy(&toronto, "json");
    toronto.publish("Roll the key out to production");

    let report = toronto.gate(CALM, &[], 1).finds(&[("tampered", PROD, "error")]);
    assert!(report.message("tampered").contains(STAGING), "{}", report.message("tampered"));
    // Whoever can open it sees no more in it than that: it is a sound file, and of another secret.
    prove(&toronto, 1).finds(&[("tampered", PROD, "error")]);
    // Nobody gets the one by asking for the other.
    let got = toronto.sandbox.secrets(&toronto.laptop).args(["get", PROD]).identity("alice").run().code(2);
    assert_eq!(got.stdout, b"");
    got.says(STAGING);
}

#[test]
fn nor_does_a_copied_value_pass_beside_the_old_record() {
    let toronto = two_environments();
    copy(&toronto, "age");
    toronto.publish("Roll the key out to production");
    let both = [("record-behind", PROD, "error"), ("tampered", PROD, "error")];
    toronto.gate(CALM, &[], 1).finds(&both);
    prove(&toronto, 1).finds(&both);
}

#[test]
fn nor_does_a_record_that_was_renamed_by_hand() {
    let toronto = two_environments();
    copy(&toronto, "age");
    copy(&toronto, "json");
    toronto.edit(&format!("secrets/{PROD}.json"), STAGING, PROD);
    toronto.publish("Roll the key out to production");
    toronto.gate(CALM, &[], 1).finds(&[("tampered", PROD, "error")]);
    prove(&toronto, 1).finds(&[("tampered", PROD, "error")]);
}

#[test]
fn moving_it_is_the_right_way() {
    let toronto = two_environments();
    let run = |arguments: &[&str]| {
        let run = toronto.sandbox.secrets(&toronto.laptop).args(arguments).identity("alice");
        run.at(CALM).run().code(0)
    };
    run(&["remove", PROD]);
    run(&["move", STAGING, PROD]);
    toronto.sandbox.push(&toronto.laptop);
    toronto.gate(CALM, &[], 0).finds(&[]);
    prove(&toronto, 0).finds(&[]);
    assert_eq!(run(&["get", PROD]).stdout, b"key-of-staging");
}
