use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::common::{Outcome, Run, Sandbox, public_key};

const PROD: &str = "clusters/a/enc-prod.yaml";
const CUSTODY: &str = "clusters/a/custody.toml";

/// Two files of sops that are tracked, and a secret of the store; all of it on the deploy ref.
fn store() -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    sandbox.add(&laptop, "web/db", "2027-01-01", "value of web/db");
    let recipients = [public_key("alice"), public_key("bob")];
    let recipients: Vec<&str> = recipients.iter().map(String::as_str).collect();
    sandbox.sops_file(
        &laptop.join(PROD),
        "hub:\n  token: t-one\n  client_secret: c-one\n  cookie: k-one\n",
        &recipients,
    );
    sandbox.sops_file(&laptop.join("clusters/b/enc-prod.yaml"), "hub:\n  token: t-two\n", &recipients);
    commit(&sandbox, &laptop);
    sandbox.secrets(&laptop).args(["track", "**/enc-*", "--owner", "team"]).run().code(0);
    sandbox.push(&laptop);
    (sandbox, laptop)
}

fn commit(sandbox: &Sandbox, laptop: &Path) {
    sandbox.git(laptop, ["add", "--all"]);
    sandbox.git(laptop, ["commit", "-q", "-m", "Change the sealed files"]);
}

fn expiry<'a>(sandbox: &'a Sandbox, laptop: &Path, arguments: &[&str]) -> Run<'a> {
    sandbox.secrets(laptop).args(["expiry"]).args(arguments)
}

fn custody(laptop: &Path, path: &str) -> String {
    fs::read_to_string(laptop.join(path)).unwrap()
}

/// What `list` knows of each tracked secret: its name, end, and owners.
fn listed(sandbox: &Sandbox, laptop: &Path) -> Vec<(String, serde_json::Value, serde_json::Value)> {
    let list = sandbox.secrets(laptop).args(["list", "--format", "json"]).run().code(0).json();
    let rows = list["secrets"].as_array().unwrap().iter();
    rows.map(|row| (row["name"].as_str().unwrap().to_owned(), row["expires"].clone(), row["owners"].clone()))
        .collect()
}

fn gate(sandbox: &Sandbox, laptop: &Path) -> Outcome {
    sandbox.push(laptop);
    sandbox.check(laptop, "2026-06-01T00:00:00Z")
}

#[test]
fn the_record_of_a_tracked_secret_gets_an_end_without_any_identity() {
    let (sandbox, laptop) = store();
    let before = custody(&laptop, CUSTODY);
    let name = format!("{PROD}#/hub/token");
    let arguments = ["set", &name, "--expires", "2027-08-31", "--issued", "2026-02-01", "--owner", "bob"];
    expiry(&sandbox, &laptop, &arguments)
        .run()
        .code(0)
        .says("expires unknown → 2027-08-31")
        .says("owners team → bob");
    assert_eq!(sandbox.changed_by_head(&laptop), [CUSTODY]);
    assert_eq!(
        sandbox.git(&laptop, ["log", "-1", "--format=%s"]),
        format!("secrets: set the expiry of {name}")
    );
    let after = custody(&laptop, CUSTODY);
    for line in ["expires = 2027-08-31", "issued = 2026-02-01", "owners = [\"bob\"]"] {
        assert!(after.contains(line) && !before.contains(line), "{line}: {after}");
    }
    let seen = |text: &str| {
        text.lines().filter(|line| line.starts_with("seen")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(seen(&before), seen(&after), "what was seen is another matter");
    // The same again changes nothing; moving it needs a reason, which is written down.
    let head = sandbox.head(&laptop);
    expiry(&sandbox, &laptop, &arguments).run().code(0).says("is so already");
    let later = ["set", name.as_str(), "--expires", "2028-08-31"];
    expiry(&sandbox, &laptop, &later).run().code(2).says("2027-08-31 is recorded").says("--reason WHY");
    assert_eq!((sandbox.head(&laptop), sandbox.status(&laptop).as_str()), (head, ""));
    expiry(&sandbox, &laptop, &[&later[..], &["--reason", "ticket 812"]].concat()).run().code(0);
    assert!(custody(&laptop, CUSTODY).contains("expires-reason = \"ticket 812\""));
}

#[test]
fn scopes_fit_names_and_paths_and_own_secrets_go_along_in_one_commit() {
    let (sandbox, laptop) = store();
    let arguments = ["set", "--scope", "**/hub/token", "web/db", "--expires", "2027-08-31", "--reason", "r"];
    expiry(&sandbox, &laptop, &arguments).run().code(2).says("identity");
    assert_eq!(sandbox.status(&laptop), "");
    expiry(&sandbox, &laptop, &arguments).identity("alice").run().code(0);
    assert_eq!(
        sandbox.changed_by_head(&laptop),
        [CUSTODY, "clusters/b/custody.toml", "secrets/web/db.age", "secrets/web/db.json"]
    );
    assert_eq!(sandbox.age(&laptop, "web/db", "bob").code(0).stdout, b"value of web/db");
    expiry(&sandbox, &laptop, &["set", "--scope", PROD, "--never", "made by us"]).run().code(0);
    let told: BTreeMap<_, _> =
        listed(&sandbox, &laptop).into_iter().map(|(name, expires, _)| (name, expires)).collect();
    let date = json!("2027-08-31T00:00:00Z");
    assert_eq!(
        told,
        [
            ("clusters/a/enc-prod.yaml#/hub/client_secret".to_owned(), json!(null)),
            ("clusters/a/enc-prod.yaml#/hub/cookie".to_owned(), json!(null)),
            ("clusters/a/enc-prod.yaml#/hub/token".to_owned(), json!(null)),
            ("clusters/b/enc-prod.yaml#/hub/token".to_owned(), date.clone()),
            ("web/db".to_owned(), date),
        ]
        .into_iter()
        .collect::<BTreeMap<_, _>>()
    );
    let outcome = gate(&sandbox, &laptop).code(0);
    assert_eq!(outcome.finding_ids(), [""; 0]);
    for (arguments, said) in [
        (&["set", "--scope", "none/**", "--never", "w"][..], "--scope none/**: fits no secret"),
        (
            &["set", "clusters/a/enc-prod.yaml#/hub/tokn", "--never", "w"],
            "did you mean 'clusters/a/enc-prod.yaml#/hub/token'?",
        ),
        (&["set", "clusters/x/enc-prod.yaml#/hub/token", "--never", "w"], "did you mean"),
        (&["set", "clusters/a/custody.toml#/x", "--never", "w"], "not sealed"),
        (&["set", "clusters/a/enc-prod.yaml", "--never", "w"], "--scope"),
        (&["set", "secrets/web/db.age", "--never", "w"], "no secret of that name"),
        (&["set", "web/dbx", "--never", "w"], "did you mean web/db?"),
        (&["set", "web/db", "--owner", "nobody"], "no person or group"),
        (&["set", "web/db", "--issued", "2026-12-31"], "still to come"),
    ] {
        expiry(&sandbox, &laptop, arguments).run().code(2).says(said);
    }
    assert_eq!(sandbox.status(&laptop), "");
}

#[test]
fn what_a_rule_or_nobody_decides_gets_a_record_for_what_stands_there() {
    let (sandbox, laptop) = store();
    let policy = laptop.join("secrets/policy.toml");
    let mut text = fs::read_to_string(&policy).unwrap();
    text.push_str("\n[[kind]]\nmatch = \"**/cookie\"\nnever = \"made by us\"\n");
    fs::write(&policy, text).unwrap();
    for name in ["/hub/cookie", "/hub/client_secret"] {
        sandbox.secrets(&laptop).args(["untrack", "--no-commit", &format!("{PROD}#{name}")]).run().code(0);
    }
    commit(&sandbox, &laptop);
    for name in ["/hub/cookie", "/hub/client_secret"] {
        assert!(!custody(&laptop, CUSTODY).contains(name));
        expiry(&sandbox, &laptop, &["set", &format!("{PROD}#{name}"), "--expires", "2027-08-31"])
            .run()
            .code(0);
        let text = custody(&laptop, CUSTODY);
        let table = text.split(&format!("[\"enc-prod.yaml#{name}\"]")).nth(1).unwrap();
        let table = table.split("\n[").next().unwrap();
        for key in ["seen = \"sha256:", "data-key = \"sha256:", "set-at = ", "expires = 2027-08-31"] {
            assert!(table.contains(key), "{key}: {table}");
        }
    }
    let findings = gate(&sandbox, &laptop).findings();
    assert!(
        findings.iter().all(|(id, name, _)| id == "no-expiry" && name.ends_with("/token") || id == "unowned"),
        "{findings:?}"
    );
}

#[test]
fn an_end_does_not_confirm_another_value() {
    let (sandbox, laptop) = store();
    let recipients = public_key("alice");
    // Encrypted anew: another data key, so that nothing is known of the values.
    sandbox.sops_file(
        &laptop.join(PROD),
        "hub:\n  token: other\n  client_secret: c\n  cookie: k\n",
        &[&recipients],
    );
    commit(&sandbox, &laptop);
    let head = sandbox.head(&laptop);
    let name = format!("{PROD}#/hub/token");
    for scope in [&[name.as_str()][..], &["--scope", "clusters/a/**"]] {
        let arguments = [&["set"], scope, &["--expires", "2027-08-31"]].concat();
        expiry(&sandbox, &laptop, &arguments)
            .run()
            .code(2)
            .says("record-behind")
            .says("secrets confirm 'clusters/a/enc-prod.yaml#/hub/")
            .says("--expires 2027-08-31");
    }
    assert_eq!((sandbox.head(&laptop), sandbox.status(&laptop).as_str()), (head, ""));
    // Whose it is has nothing to do with the value.
    expiry(&sandbox, &laptop, &["set", &name, "--owner", "bob"]).run().code(0);
}

#[test]
fn a_file_as_a_whole() {
    let (sandbox, laptop) = store();
    sandbox.age_file(
        &laptop.join("keys/deploy.age"),
        b"key",
        &[&public_key("alice"), &public_key("bob")],
        false,
    );
    let alice = public_key("alice");
    sandbox.sops_file(&laptop.join("keys/many.yaml"), "a: one\nb: two\n", &[&alice]);
    commit(&sandbox, &laptop);
    expiry(&sandbox, &laptop, &["set", "keys/deploy.age", "keys/many.yaml", "--expires", "2027-08-31"])
        .run()
        .code(0);
    let text = custody(&laptop, "keys/custody.toml");
    assert!(text.contains("[\"deploy.age\"]") && text.contains("[\"many.yaml\"]"), "{text}");
    // One with a record of its own is that, and its parts are not asked for.
    expiry(&sandbox, &laptop, &["set", "--scope", "keys/*", "--owner", "team"]).run().code(0);
    assert_eq!(custody(&laptop, "keys/custody.toml").matches("owners = [\"team\"]").count(), 2);
    sandbox.push(&laptop);
    let behind =
        gate(&sandbox, &laptop).findings().into_iter().filter(|(id, _, _)| id == "record-behind").count();
    assert_eq!(behind, 0);
}

#[test]
fn hooks_judge_the_records_before_they_are_written() {
    let (sandbox, laptop) = store();
    sandbox.hook(&laptop.join(".git/hooks"), "pre-commit", "echo 'no records today' >&2; exit 1");
    let name = format!("{PROD}#/hub/token");
    let arguments = ["set", name.as_str(), "--expires", "2027-08-31"];
    expiry(&sandbox, &laptop, &arguments).run().code(2).says("no records today").says("--untested-hooks");
    assert_eq!(sandbox.status(&laptop), "");
}
