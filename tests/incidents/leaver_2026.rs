//! 2026-04-20, a production key tied to a leaver's account: taking somebody off a list takes no key away.

use crate::common::toronto::{AZUREAD, CALM, OAUTH, Toronto};

/// Takes carol out of the policy, as somebody would with an editor.
fn carol_leaves(toronto: &Toronto) {
    let policy = toronto.read("secrets/policy.toml");
    let (before, rest) = policy.split_once("[people.carol]\n").expect("carol is in the policy");
    let (_, after) = rest.split_once("\n\n").expect("something follows");
    toronto.write("secrets/policy.toml", format!("{before}{after}"));
    toronto.edit("secrets/policy.toml", "\"carol\", ", "");
    toronto.publish("Carol has left");
}

#[test]
fn somebody_who_left_can_still_open_it() {
    let toronto = Toronto::new();
    carol_leaves(&toronto);
    let report = toronto
        .gate(CALM, &[], 1)
        .finds(&[("departed-reader", AZUREAD, "error"), ("departed-reader", OAUTH, "error")]);
    let report = report.json();
    for finding in report["findings"].as_array().expect("a report has findings") {
        assert!(finding["message"].to_string().contains("carol"), "{finding:#}");
        assert!(finding["remedy"].to_string().contains("secrets reseal"), "{finding:#}");
    }
    // Only the deploys that carry such a secret are blocked; that is what scopes are for.
    toronto.gate(CALM, &["--scope", OAUTH], 1).finds(&[("departed-reader", OAUTH, "error")]);

    let reseal = toronto.sandbox.secrets(&toronto.laptop).args(["reseal", "--all", "--push"]);
    reseal.identity("bob").at(CALM).run().code(0);
    toronto.gate(CALM, &[], 0).finds(&[]);
    // Carol knew these values, and sealing them again does not make anybody forget them.
    let record = toronto.read(&format!("secrets/{AZUREAD}.json"));
    let record: serde_json::Value = serde_json::from_str(&record).expect("a record is JSON");
    assert_eq!(record["sealed"]["readers"].to_string(), r#"["alice","bob","ci"]"#);
    assert!(record["sealed"]["exposed_to"]["carol"].is_array(), "{record:#}");
}

#[test]
fn whoever_left_does_not_count_as_a_holder() {
    let toronto = Toronto::unpublished();
    toronto.add(
        "ops/pager",
        "2024-06-30",
        "routing-key",
        &["--owner", "infra", "--reader", "bob", "--reader", "carol"],
    );
    toronto.publish("Seal the client secrets");
    toronto.gate(CALM, &[], 0).finds(&[]);
    // The scope that `add` wrote names carol as well.
    toronto.edit("secrets/policy.toml", "\"bob\", \"carol\"]", "\"bob\"]");
    let policy = toronto.read("secrets/policy.toml");
    let (before, rest) = policy.split_once("[people.carol]\n").expect("carol is in the policy");
    let (_, after) = rest.split_once("\n\n").expect("something follows");
    toronto.write("secrets/policy.toml", format!("{before}{after}").replace("\"carol\", ", ""));
    toronto.publish("Carol has left");
    toronto
        .gate(CALM, &["--scope", "ops/*"], 1)
        .finds(&[("departed-reader", "ops/pager", "error"), ("single-holder", "ops/pager", "error")]);
}
