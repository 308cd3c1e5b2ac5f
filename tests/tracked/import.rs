use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::common::{Outcome, Sandbox, public_key};

/// Files of sops in two folders, tracked, none of them with an end; and one secret of the store.
fn store() -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    sandbox.add(&laptop, "web/db", "2027-01-01", "value of web/db");
    let recipients = [public_key("alice"), public_key("bob")];
    let recipients: Vec<&str> = recipients.iter().map(String::as_str).collect();
    for cluster in ["a", "b"] {
        let yaml = "hub:\n  token: t\n  \"web.yml, old\": x\n";
        sandbox.sops_file(&laptop.join(format!("clusters/{cluster}/enc-prod.yaml")), yaml, &recipients);
    }
    sandbox.git(&laptop, ["add", "--all"]);
    sandbox.git(&laptop, ["commit", "-q", "-m", "Seal"]);
    sandbox.secrets(&laptop).args(["track", "**/enc-*"]).run().code(0);
    sandbox.push(&laptop);
    (sandbox, laptop)
}

fn import(sandbox: &Sandbox, laptop: &Path, table: &str, arguments: &[&str]) -> Outcome {
    let run = sandbox.secrets(laptop).args(["expiry", "import", "-"]).args(arguments);
    run.identity("alice").stdin(table).run()
}

#[test]
fn from_the_list_to_a_gate_that_passes() {
    let (sandbox, laptop) = store();
    let list = sandbox.secrets(&laptop).args(["list", "--without-expiry", "--format", "json"]).run().code(0);
    let mut table = list.json();
    // As it is, it says nothing.
    import(&sandbox, &laptop, list.text(), &[])
        .code(0)
        .says("4 rows: says nothing")
        .says("nothing to change");
    for (row, cluster) in table["secrets"].as_array_mut().unwrap().iter_mut().zip(["a", "a", "b", "b"]) {
        row["owners"] = json!(["team"]);
        row["issuer"] = json!("University IT");
        if cluster == "a" {
            row["expires"] = json!("2027-08-31");
            row["issued"] = json!("2026-02-01");
        } else {
            row["never"] = json!("made by us");
        }
    }
    let file = laptop.join("triage.json");
    fs::write(&file, serde_json::to_vec_pretty(&table).unwrap()).unwrap();
    let run =
        |more: &[&str]| sandbox.secrets(&laptop).args(["expiry", "import", "triage.json"]).args(more).run();
    let head = sandbox.head(&laptop);
    let dry = run(&["--dry-run"]).code(0).says("4 secrets would change");
    assert!(dry.text().starts_with("clusters/a/enc-prod.yaml#/hub/token: expires unknown → 2027-08-31, issued unknown → 2026-02-01, owners none → team, issuer none → University IT\n"), "{}", dry.text());
    assert_eq!(sandbox.head(&laptop), head);
    run(&[]).code(0);
    assert_eq!(sandbox.changed_by_head(&laptop), ["clusters/a/custody.toml", "clusters/b/custody.toml"]);
    fs::remove_file(&file).unwrap();
    sandbox.push(&laptop);
    let outcome = sandbox.check(&laptop, "2026-06-01T00:00:00Z").code(0);
    assert_eq!(outcome.finding_ids(), [""; 0]);
    // What it says now changes nothing.
    let list = sandbox.secrets(&laptop).args(["list", "--format", "json"]).run().code(0);
    import(&sandbox, &laptop, list.text(), &[]).code(0).says("5 rows: says what is so already");
    assert_eq!(sandbox.status(&laptop), "");
}

#[test]
fn csv_for_secrets_of_the_store_and_of_others_in_one_commit() {
    let (sandbox, laptop) = store();
    let table = "\u{feff}name,expires,owner,reason\r\n\
                 web/db,2028-01-01,alice;bob,extended\r\n\
                 \"clusters/a/enc-prod.yaml#/hub/web.yml, old\",never: ours,,\r\n";
    let anonymous = sandbox.secrets(&laptop).args(["expiry", "import", "-"]).stdin(table).run();
    anonymous.code(2).says("identity");
    assert_eq!(sandbox.status(&laptop), "");
    import(&sandbox, &laptop, table, &[]).code(0);
    assert_eq!(
        sandbox.changed_by_head(&laptop),
        ["clusters/a/custody.toml", "secrets/web/db.age", "secrets/web/db.json"]
    );
    let record = sandbox.record(&laptop, "web/db");
    assert_eq!(record["sealed"]["expires"]["reason"], "extended");
    assert_eq!(record["about"]["owners"], json!(["alice", "bob"]));
    assert_eq!(sandbox.age(&laptop, "web/db", "bob").code(0).stdout, b"value of web/db");
    // Whose it is, is not sealed: no identity is asked for, and the value stays as it is.
    let table = "name,owners,issuer\nweb/db,team,Vendor\n";
    sandbox.secrets(&laptop).args(["expiry", "import", "-"]).stdin(table).run().code(0);
    assert_eq!(sandbox.changed_by_head(&laptop), ["secrets/web/db.json"]);
    sandbox.push(&laptop);
    let ids = sandbox.check(&laptop, "2026-06-01T00:00:00Z").finding_ids();
    assert!(!ids.contains(&"tampered".to_owned()) && !ids.contains(&"record-behind".to_owned()), "{ids:?}");
}

#[test]
fn every_fault_is_told_and_one_is_enough_to_write_nothing() {
    let (sandbox, laptop) = store();
    let head = sandbox.head(&laptop);
    let table = "name,expires,never,owners\n\
                 web/db,08/09/2027,,\n\
                 web/dbx,2027-08-31,,\n\
                 clusters/a/enc-prod.yaml#/hub/tokn,2027-08-31,,\n\
                 clusters/a/enc-prod.yaml#/hub/token,2027-08-31,,\n\
                 clusters/a/enc-prod.yaml#/hub/token,2027-08-31,,\n\
                 clusters/b/enc-prod.yaml#/hub/token,2027-08-31,ours,\n\
                 clusters/b/enc-prod.yaml#/hub/token,2027-08-31,,nobody\n\
                 web/db,2029-01-01,,\n\
                 clusters/a/enc-prod.yaml#/hub/web.yml\n";
    for dry in [&[][..], &["--dry-run"]] {
        let outcome = import(&sandbox, &laptop, table, dry).code(2).says("nothing was written");
        for said in [
            "standard input:2: `expires`: `08/09/2027` can be read as several dates",
            "standard input:3: web/dbx: there is no secret of that name; did you mean web/db?",
            "standard input:4: clusters/a/enc-prod.yaml#/hub/tokn: nothing is sealed at that place",
            "did you mean 'clusters/a/enc-prod.yaml#/hub/token'?",
            "standard input:6: clusters/a/enc-prod.yaml#/hub/token: stands in line 5 already",
            "standard input:7: it both ends and never ends",
            "standard input:8: owner nobody",
            "standard input:9: web/db: 2027-01-01 is recorded as its end",
            "say so in `reason`",
            "standard input:10: has 1 cells",
        ] {
            assert!(outcome.stderr.contains(said), "{said}\n{}", outcome.stderr);
        }
    }
    assert_eq!((sandbox.head(&laptop), sandbox.status(&laptop).as_str()), (head, ""));
    import(&sandbox, &laptop, "name,expires,value\n", &[]).code(2).says("unknown column `value`");
    sandbox.secrets(&laptop).args(["expiry", "import", "absent.csv"]).run().code(2).says("absent.csv");
}
