use std::fs;
use std::path::PathBuf;

use serde_json::json;

use crate::common::{Outcome, Sandbox, public_key};

const FILE: &str = "clusters/a/enc-prod.yaml";

/// A file of sops for Alice and for a key that is nobody's, and files of other tools; all of it tracked.
fn store() -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    let policy = laptop.join("secrets/policy.toml");
    let rule = "\n[track]\nfiles = [\"**/enc-*\"]\nnot-secret = [\"**/client_id\"]\n\n[[kind]]\nmatch = \"**/cookie\"\nnever = \"made by us\"\n";
    fs::write(&policy, fs::read_to_string(&policy).unwrap() + rule).unwrap();
    let (alice, carol) = (public_key("alice"), public_key("carol"));
    let yaml = "hub:\n  token: the-value\n  cookie: k\n  client_id: i\n  web.yml:\n    - first\n";
    sandbox.sops_file(&laptop.join(FILE), yaml, &[&alice, &carol]);
    sandbox.age_file(&laptop.join("enc-key.age"), b"the-value", &[&alice], true);
    sandbox.ansible_vault(&laptop.join("enc-vault.yml"), b"the-value", None);
    sandbox.git(&laptop, ["add", "--all"]);
    sandbox.git(&laptop, ["commit", "-q", "-m", "Seal"]);
    let track = ["track", "**/enc-*", "--owner", "team", "--issuer", "University IT"];
    sandbox.secrets(&laptop).args(track).run().code(0);
    (sandbox, laptop)
}

fn show(sandbox: &Sandbox, laptop: &std::path::Path, arguments: &[&str]) -> Outcome {
    sandbox.secrets(laptop).args(["show"]).args(arguments).run()
}

#[test]
fn a_value_with_its_record_custody_rules_and_findings() {
    let (sandbox, laptop) = store();
    let name = format!("{FILE}#/hub/token");
    let outcome = show(&sandbox, &laptop, &[&name, "--format", "json"]).code(0).lacks("the-value");
    let shown = outcome.json();
    assert_eq!(shown["name"], json!(name));
    assert_eq!((&shown["file"], &shown["format"]), (&json!(FILE), &json!("sops-yaml")));
    assert_eq!(shown["custody"]["alone"], json!(["alice"]));
    assert_eq!(shown["custody"]["unmatched"], json!([public_key("carol")]));
    assert_eq!(shown["custody"]["threshold"], json!(1));
    assert_eq!(shown["record"]["path"], "clusters/a/custody.toml");
    assert_eq!(shown["record"]["issuer"], "University IT");
    assert_eq!(shown["behind"], json!(null));
    assert!(shown["record"]["seen"].as_str().unwrap().starts_with("sha256:"));
    assert!(
        shown["modified"].is_string() && shown["decided_by"].as_str().unwrap().starts_with("its record (")
    );
    let ids: Vec<&str> =
        shown["findings"].as_array().unwrap().iter().map(|f| f["id"].as_str().unwrap()).collect();
    assert!(ids.contains(&"no-expiry") && ids.contains(&"single-holder"), "{ids:?}");
    let rules: Vec<&str> =
        shown["policy"].as_array().unwrap().iter().map(|r| r["rule"].as_str().unwrap()).collect();
    assert!(rules.contains(&"min-people") && !rules.contains(&"readers"), "{rules:?}");
    assert_eq!(shown["history"].as_array().unwrap().len(), 1);
    show(&sandbox, &laptop, &[&name])
        .code(0)
        .lacks("the-value")
        .says("1 person can open it: alice")
        .says("(nobody's in policy)")
        .says("sops-yaml, written 20")
        .says("policy in force")
        .says("error no-expiry");
    // Encrypted anew, nothing is known of it.
    sandbox.sops_file(&laptop.join(FILE), "hub:\n  token: other\n", &[&public_key("alice")]);
    show(&sandbox, &laptop, &[&name]).code(0).says("BEHIND").says("the data key of the file was replaced");
}

#[test]
fn what_decides_is_told() {
    let (sandbox, laptop) = store();
    for (name, said) in [
        (format!("{FILE}#/hub/cookie"), "policy's [[kind]] **/cookie (line "),
        (format!("{FILE}#/hub/client_id"), "policy's [track] not-secret"),
        (format!("{FILE}#/hub/web.yml/0"), "its record (clusters/a/custody.toml:"),
        (FILE.to_owned(), "4 encrypted values"),
        ("enc-key.age".to_owned(), "sealed      as age-armored"),
        ("enc-vault.yml".to_owned(), "as ansible-vault"),
    ] {
        show(&sandbox, &laptop, &[&name]).code(0).says(said).lacks("the-value");
    }
    for (name, said) in [
        (format!("{FILE}#/hub/none"), "nothing is sealed at that place"),
        ("none.yaml#/x".to_owned(), "no secret of that name"),
        ("README".to_owned(), "is not sealed"),
        ("secrets/policy.toml".to_owned(), "no secret of that name"),
    ] {
        show(&sandbox, &laptop, &[&name]).code(2).says(said);
    }
}

#[test]
fn commands_for_secrets_of_the_store_say_what_to_do_instead() {
    let (sandbox, laptop) = store();
    let run = |arguments: &[&str]| sandbox.secrets(&laptop).args(arguments).identity("alice").run();
    for (name, said) in [
        (
            format!("{FILE}#/hub/token"),
            "sops decrypt --extract '[\"hub\"][\"token\"]' clusters/a/enc-prod.yaml",
        ),
        (format!("{FILE}#/hub/web.yml/0"), "'[\"hub\"][\"web.yml\"][0]'"),
        (FILE.to_owned(), "sops decrypt clusters/a/enc-prod.yaml"),
        ("enc-key.age".to_owned(), "age -d -i KEY enc-key.age"),
        ("enc-vault.yml".to_owned(), "ansible-vault view enc-vault.yml"),
    ] {
        let outcome = run(&["get", &name]).code(2).says(said);
        assert_eq!(outcome.stdout, b"");
    }
    // What it says is what that tool does.
    let extract = ["decrypt", "--extract", "[\"hub\"][\"token\"]", FILE];
    assert_eq!(sandbox.sops(&laptop, "alice", extract, b"").code(0).text().trim_end(), "the-value");
    let name = format!("{FILE}#/hub/token");
    for command in [&["remove", &name][..], &["move", &name, "web/db"], &["reseal", &name], &["sign", &name]]
    {
        run(command).code(2).says("secrets untrack").says("secrets expiry set");
    }
    for command in [&["remove", FILE][..], &["move", FILE, "web/db"]] {
        run(command).code(2).says("secrets untrack clusters/a/enc-prod.yaml");
    }
    run(&["get", "web/none"]).code(2).says("secrets add web/none");
    run(&["get", "none.yaml#/x"]).code(2).says("no secret of that name");
    assert_eq!(sandbox.status(&laptop), "");
}
