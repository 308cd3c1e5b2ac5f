//! 2026-04-20, a production key tied to a leaver's account: taking somebody off a list takes no key away.

use crate::common::toronto::{AZUREAD, CALM, OAUTH, Toronto};

/// What she knew stays known: one finding for all of it, on the policy.
const KNOWN: (&str, &str, &str) = ("exposed-to-departed", "secrets/policy.toml", "warning");
/// The days that follow.
const NEXT: &str = "2022-03-02T09:00:00Z";
const THEN: &str = "2022-03-03T09:00:00Z";

/// A command of bob's that succeeds, committed and pushed.
fn bob(toronto: &Toronto, arguments: &[&str], value: &str, at: &str) {
    let run = || {
        let run = toronto.sandbox.secrets(&toronto.laptop).args(arguments).identity("bob");
        run.at(at).stdin(value)
    };
    toronto.sandbox.accepting_new(run).code(0);
    toronto.git(["push", "-q", "origin", "HEAD:main"]);
}

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
    let report = toronto.gate(CALM, &[], 1).finds(&[
        ("departed-reader", AZUREAD, "error"),
        ("departed-reader", OAUTH, "error"),
        KNOWN,
    ]);
    let report = report.json();
    for finding in report["findings"].as_array().expect("a report has findings") {
        if finding["id"] == KNOWN.0 {
            continue;
        }
        assert!(finding["message"].to_string().contains("carol"), "{finding:#}");
        assert!(finding["remedy"].to_string().contains("secrets reseal"), "{finding:#}");
    }
    // Only the deploys that carry such a secret are blocked; that is what scopes are for.
    toronto.gate(CALM, &["--scope", OAUTH], 1).finds(&[("departed-reader", OAUTH, "error"), KNOWN]);

    let reseal = toronto.sandbox.secrets(&toronto.laptop).args(["reseal", "--all", "--push"]);
    reseal.identity("bob").at(CALM).run().code(0);
    // Carol knew these values, and sealing them again does not make anybody forget them.
    let report = toronto.gate(CALM, &[], 0).finds(&[KNOWN]);
    let message = report.message("exposed-to-departed");
    let expected = format!("carol left and knows the current value of 2 secrets: {OAUTH} and {AZUREAD}; ");
    assert!(message.starts_with(&expected), "{message}");
    assert_eq!(report.remedy("exposed-to-departed"), format!("secrets set {OAUTH}"));
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
    toronto.gate(CALM, &["--scope", "ops/*"], 1).finds(&[
        ("departed-reader", "ops/pager", "error"),
        ("single-holder", "ops/pager", "error"),
        KNOWN,
    ]);
}

#[test]
fn new_values_close_what_a_leaver_knew() {
    let toronto = Toronto::new();
    bob(&toronto, &["people", "remove", "carol"], "", CALM);
    // Each remedy is followed until none is left.
    for name in [OAUTH, AZUREAD] {
        let remedy = toronto.gate(NEXT, &[], 0).finds(&[KNOWN]).remedy("exposed-to-departed");
        assert_eq!(remedy, format!("secrets set {name}"));
        bob(&toronto, &["set", name, "--expires", "2024-06-30"], &format!("new value of {name}"), NEXT);
    }
    toronto.gate(NEXT, &[], 0).finds(&[]);
}

#[test]
fn what_is_accepted_of_a_leaver_does_not_cover_what_is_set_later() {
    let toronto = Toronto::new();
    bob(&toronto, &["people", "remove", "carol"], "", CALM);
    bob(&toronto, &["people", "accept", "carol", "--reason", "left on good terms, ticket 812"], "", NEXT);
    toronto.gate(NEXT, &[], 0).finds(&[]);
    // As of the day before, nobody had accepted anything.
    toronto.gate(CALM, &[], 0).finds(&[KNOWN]);

    // She is back for a while, gets to know one new value, and leaves for good.
    let carol = crate::common::public_key("carol");
    bob(&toronto, &["people", "add", "carol", "--key", &carol, "--group", "infra"], "", THEN);
    bob(&toronto, &["set", AZUREAD, "--expires", "2023-08-30"], "hers again", THEN);
    bob(&toronto, &["people", "remove", "carol"], "", THEN);
    let report = toronto.gate(THEN, &[], 0).finds(&[KNOWN]);
    let message = report.message("exposed-to-departed");
    let expected = format!("carol left and knows the current value of {AZUREAD}; ");
    assert!(message.starts_with(&expected), "{message}");
}

/// A key that several people share stays with each of them, whoever is behind it by now.
#[test]
fn whoever_was_behind_a_shared_key_knows_what_was_sealed_to_it() {
    let toronto = Toronto::new();
    let (dave, on_call) = (toronto.sandbox.new_ssh_key("dave"), toronto.sandbox.new_ssh_key("on-call"));
    toronto.extend_policy(&format!(
        "[people.dave]\nkeys = [\"{dave}\"]\n\n[shared-keys.on-call]\nkeys = [\"{on_call}\"]\npeople = [\"bob\", \"dave\"]\nconfirmed = 2022-02-20\n"
    ));
    toronto.publish("A key for whoever is on call");
    let readers = ["--reader", "alice", "--reader", "bob", "--reader", "on-call"];
    let add = ["add", "ops/pager", "--expires", "2024-06-30", "--owner", "infra"];
    bob(&toronto, &[&add[..], &readers].concat(), "routing-key", CALM);
    toronto.gate(CALM, &[], 0).finds(&[]);
    let record: serde_json::Value =
        serde_json::from_str(&toronto.read("secrets/ops/pager.json")).expect("a record is JSON");
    let exposed_to = &record["sealed"]["exposed_to"];
    assert_eq!(exposed_to["dave"], exposed_to["on-call"], "he has that key, and none of his own in it");

    // He keeps an account and is off the list of that key.
    let policy = toronto.read("secrets/policy.toml");
    toronto.edit("secrets/policy.toml", "people = [\"bob\", \"dave\"]", "people = [\"bob\"]");
    toronto.publish("Dave is on call no more");
    let message = toronto.gate(CALM, &[], 0).finds(&[KNOWN]).message("exposed-to-departed");
    assert!(message.starts_with("a key of dave was removed (SHA256:"), "{message}");
    toronto.write("secrets/policy.toml", policy);
    toronto.publish("Dave is on call again");
    toronto.gate(CALM, &[], 0).finds(&[]);

    // He leaves altogether.
    let impact = toronto.sandbox.secrets(&toronto.laptop).args(["people", "impact", "dave"]).at(CALM).run();
    impact.code(0).says("knows the current value of 1 secret, to be rotated: ops/pager");
    let run = || {
        let run = toronto.sandbox.secrets(&toronto.laptop).args(["people", "remove", "dave"]);
        run.identity("bob").at(CALM)
    };
    run().run().code(0).says("dave knew the values of 1 secret: ops/pager");
    toronto.git(["push", "-q", "origin", "HEAD:main"]);
    let report = toronto.gate(CALM, &[], 0).finds(&[KNOWN]);
    let message = report.message("exposed-to-departed");
    assert!(message.starts_with("dave left and knows the current value of ops/pager; "), "{message}");
    // Sealing it again does not make him forget it; a new value does.
    let again = ["expiry", "set", "ops/pager", "--expires", "2024-07-01", "--reason", "a day more"];
    bob(&toronto, &again, "", CALM);
    toronto.gate(CALM, &[], 0).finds(&[KNOWN]);
    bob(&toronto, &["set", "ops/pager", "--expires", "2024-06-30"], "another routing-key", NEXT);
    toronto.gate(NEXT, &[], 0).finds(&[]);
}
