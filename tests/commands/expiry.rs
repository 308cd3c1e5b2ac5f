use serde_json::json;

use crate::common::{Run, Sandbox};

fn store() -> (Sandbox, std::path::PathBuf) {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    for name in ["web/db", "web/api", "ops/pager"] {
        sandbox.add(&laptop, name, "2027-01-01", &format!("value of {name}"));
    }
    (sandbox, laptop)
}

fn expiry_set<'a>(sandbox: &'a Sandbox, laptop: &std::path::Path, arguments: &[&str]) -> Run<'a> {
    sandbox.secrets(laptop).args(["expiry", "set"]).args(arguments).identity("alice")
}

#[test]
fn the_same_version_gets_another_expiry_with_a_reason() {
    let (sandbox, laptop) = store();
    let before = sandbox.record(&laptop, "web/db");
    let arguments = ["web/db", "--expires", "2028-01-01", "--reason", "the vendor extended it"];
    expiry_set(&sandbox, &laptop, &arguments).run().code(0).says("2028-01-01");
    assert_eq!(sandbox.changed_by_head(&laptop), ["secrets/web/db.age", "secrets/web/db.json"]);
    let after = sandbox.record(&laptop, "web/db");
    assert_eq!(
        after["sealed"]["expires"],
        json!({ "at": "2028-01-01T00:00:00Z", "from": "declared", "reason": "the vendor extended it" })
    );
    assert_eq!(after["sealed"]["version"], before["sealed"]["version"]);
    assert!(after["sealed"]["seal"].as_u64() > before["sealed"]["seal"].as_u64());
    assert_eq!(sandbox.age(&laptop, "web/db", "bob").code(0).stdout, b"value of web/db");
    sandbox.push(&laptop);
    let outcome = sandbox.check(&laptop, "2027-06-01T00:00:00Z").code(1);
    let expired: Vec<String> = outcome.findings().into_iter().map(|(_, secret, _)| secret).collect();
    assert_eq!(expired, ["ops/pager", "web/api"]);
}

#[test]
fn several_names_and_scopes_are_changed_in_one_commit() {
    let (sandbox, laptop) = store();
    let commits = || sandbox.git(&laptop, ["rev-list", "--count", "HEAD"]).parse::<u32>().unwrap();
    let before = commits();
    let arguments = ["ops/pager", "--scope", "web/*", "--never", "they do not lapse"];
    expiry_set(&sandbox, &laptop, &arguments).run().code(0);
    assert_eq!(commits(), before + 1);
    assert_eq!(sandbox.changed_by_head(&laptop).len(), 6);
    for name in ["web/db", "web/api", "ops/pager"] {
        assert_eq!(
            sandbox.record(&laptop, name)["sealed"]["expires"],
            json!({ "never": "they do not lapse" })
        );
    }
}

#[test]
fn what_is_missing_is_asked_for_before_anything_changes() {
    let (sandbox, laptop) = store();
    let before = sandbox.head(&laptop);
    for (arguments, said) in [
        (&["web/db", "--expires", "2028-01-01"][..], "--reason"),
        (&["--expires", "2028-01-01", "--reason", "r"], "NAMES"),
        (&["web/db", "--reason", "r"], "--expires DATE"),
        (&["web/db", "--never", " "], "reason"),
        (&["web/none", "--never", "why"], "web/none"),
        (&["--scope", "none/**", "--never", "why"], "none/**"),
        (&["web/db", "--expires", "01/02/2028", "--reason", "r"], "several dates"),
        // One of two is there: neither is changed.
        (&["web/db", "web/none", "--never", "why"], "web/none"),
    ] {
        expiry_set(&sandbox, &laptop, arguments).run().code(2).says(said);
    }
    let anonymous = sandbox.secrets(&laptop).args(["expiry", "set", "web/db", "--never", "why"]).run();
    anonymous.code(2).says("identity");
    assert_eq!((sandbox.head(&laptop), sandbox.status(&laptop).as_str()), (before, ""));
}
