//! University of Toronto hub: a formatter rewrote every JSON file of the repository in one commit. (U10)

use crate::common::Outcome;
use crate::common::toronto::{AZUREAD, CALM, OAUTH, REDEPLOY, Toronto};

/// Other whitespace, another order of keys: the same JSON.
fn reformat(text: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(text).expect("a record is JSON");
    let mut pretty = String::new();
    for line in serde_json::to_string_pretty(&value).expect("JSON can be printed").lines() {
        let indent = line.len() - line.trim_start().len();
        pretty.push_str(&"\t".repeat(indent / 2));
        pretty.push_str(line.trim_start());
        pretty.push('\n');
    }
    pretty
}

/// What a report says apart from the commit that it is of.
fn without_commit(report: &Outcome) -> serde_json::Value {
    let mut report = report.json();
    report["commit"] = serde_json::Value::Null;
    report
}

#[test]
fn u10_whitespace_is_no_change_of_a_secret() {
    let toronto = Toronto::new();
    let told = |command: &[&str]| {
        let run = toronto.sandbox.secrets(&toronto.laptop).args(command).args(["--format", "json"]);
        run.at(REDEPLOY).run().code(0).json()
    };
    let list = told(&["list"]);
    let before = toronto.gate(REDEPLOY, &[], 1).finds(&[("expired", AZUREAD, "error")]);

    for name in [AZUREAD, OAUTH] {
        let path = format!("secrets/{name}.json");
        let (old, new) = (toronto.read(&path), reformat(&toronto.read(&path)));
        assert_ne!(old, new);
        toronto.write(&path, new);
    }
    // The bytes are other bytes, so they are to be committed and pushed like any others.
    let both = |id| [(id, AZUREAD, "error"), (id, OAUTH, "error")];
    toronto.gate(CALM, &[], 1).finds(&both("uncommitted"));
    toronto.sandbox.commit_all(&toronto.laptop, "Format all JSON files");
    toronto.gate(CALM, &[], 1).finds(&both("unpushed"));
    toronto.sandbox.push(&toronto.laptop);
    toronto.gate(CALM, &[], 0).finds(&[]);

    assert_eq!(without_commit(&before), without_commit(&toronto.gate(REDEPLOY, &[], 1)));
    assert_eq!(list, told(&["list"]));
    // And the next writer puts the canonical form back.
    toronto.renew(&toronto.laptop, "bob", &["--push"]);
    toronto.gate(REDEPLOY, &[], 0).finds(&[]);
}
