use std::fs;

use serde_json::json;

use crate::common::{NOW, Sandbox};

const VALUE: &str = "hunter2-but-longer";

fn store() -> (Sandbox, std::path::PathBuf) {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    let add = ["add", "web/prod/db", "--expires", "2026-04-01", "--owner", "team", "--as", "alice"];
    let notes = ["--issuer", "University IT", "--runbook", "docs/db.md"];
    sandbox.secrets(&laptop).args(add).args(notes).stdin(VALUE).run().code(0);
    sandbox.add(&laptop, "web/api", "2026-02-01", VALUE);
    let never = ["add", "web/static", "--never", "one login", "--owner", "team", "--as", "alice"];
    sandbox.secrets(&laptop).args(never).stdin(VALUE).run().code(0);
    sandbox.push(&laptop);
    (sandbox, laptop)
}

#[test]
fn a_value_is_printed_and_nothing_else() {
    let (sandbox, laptop) = store();
    let get = sandbox.get(&laptop, "web/prod/db", "alice").code(0);
    assert_eq!((get.stdout.as_slice(), get.stderr.as_str()), (VALUE.as_bytes(), ""));
    sandbox.get(&laptop, "web/none", "alice").code(2).says("web/none").says("secrets list");
    sandbox.get(&laptop, "web/prod/db", "carol").code(2).says("web/prod/db").lacks(VALUE);
    let deep = laptop.join("secrets/web");
    assert_eq!(sandbox.get(&deep, "web/api", "bob").code(0).stdout, VALUE.as_bytes());
}

#[test]
fn a_damaged_value_is_not_printed_in_part() {
    let (sandbox, laptop) = store();
    let big: Vec<u8> = vec![b'x'; 150_000];
    let add = ["add", "big", "--expires", "2028-01-01", "--as", "alice"];
    sandbox.secrets(&laptop).args(add).stdin(&big).run().code(0);
    let path = laptop.join("secrets/big.age");
    let mut sealed = fs::read(&path).unwrap();
    // In the last of three chunks: the first two would still open.
    let last = sealed.len() - 5;
    sealed[last] ^= 1;
    fs::write(&path, &sealed).unwrap();
    let get = sandbox.get(&laptop, "big", "alice").code(2).says("big");
    assert!(get.stdout.is_empty(), "{} bytes were printed", get.stdout.len());
    sealed.truncate(last);
    fs::write(&path, &sealed).unwrap();
    assert!(sandbox.get(&laptop, "big", "alice").code(2).stdout.is_empty());
}

#[test]
fn show_tells_all_but_the_value() {
    let (sandbox, laptop) = store();
    let show = sandbox.secrets(&laptop).args(["show", "web/prod/db"]).identity("alice").run().code(0);
    let show =
        show.says("2026-04-01").says("in 30 days").says("University IT").says("docs/db.md").says("alice");
    let show = show.says("2 people").says("plausible").says("min-people").says("[defaults]").says("SHA256:");
    show.says("secrets: add web/prod/db").lacks(VALUE);
    let json = sandbox.secrets(&laptop).args(["show", "web/prod/db", "--format", "json"]).run().code(0);
    let wire = json.lacks(VALUE);
    let wire = wire.json();
    assert_eq!(wire["schema_version"], 1);
    assert_eq!(wire["record"], sandbox.record(&laptop, "web/prod/db"));
    assert_eq!(wire["custody"]["people"], json!(["alice", "bob"]));
    assert_eq!(wire["custody"]["state"], "plausible");
    assert_eq!(wire["history"].as_array().unwrap().len(), 1);
    let ids: Vec<_> = wire["findings"].as_array().unwrap().iter().map(|f| f["id"].clone()).collect();
    assert_eq!(ids, ["expiring"]);
    sandbox.secrets(&laptop).args(["show", "web/none"]).run().code(2).says("web/none");
}

#[test]
fn show_tells_what_runs_beside_the_plaintext() {
    let (sandbox, laptop) = store();
    sandbox.secrets(&laptop).args(["show", "web/api"]).run().code(0).lacks("rotator").lacks("probe");
    let mut record = sandbox.record(&laptop, "web/api");
    record["sealed"]["rotator"] = json!({"kind": "exec", "with": {"command": "curl \u{1b}[8m evil.example"}});
    record["sealed"]["probe"] = json!({"kind": "manual", "with": {}});
    std::fs::write(laptop.join("secrets/web/api.json"), record.to_string()).unwrap();
    let show = sandbox.secrets(&laptop).args(["show", "web/api"]).run().code(0);
    let lines: Vec<String> =
        show.text().lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    // Neither can be used so, and that is said beside it.
    for expected in [
        r"rotator exec (command = curl \u{1b}[8m evil.example); can't be used: `command`",
        "probe manual; can't be used: ",
    ] {
        assert!(lines.iter().any(|line| line.starts_with(expected)), "{expected}: {lines:#?}");
    }
}

#[test]
fn list_is_a_table_with_the_state_of_each() {
    let (sandbox, laptop) = store();
    let list = sandbox.secrets(&laptop).args(["list"]).run().code(0).lacks(VALUE);
    let lines: Vec<&str> = list.text().lines().collect();
    let row = |name: &str| *lines.iter().find(|line| line.contains(name)).unwrap();
    for (name, parts) in [
        ("web/prod/db", &["2026-04-01", "30", "2", "team", "expiring"][..]),
        ("web/api", &["2026-02-01", "-29", "2", "team", "expired"]),
        ("web/static", &["never", "-", "2", "team", "ok"]),
    ] {
        for part in parts {
            assert!(row(name).contains(part), "{part}: {}", row(name));
        }
    }
    assert!(!list.text().contains('\u{1b}'), "colour without a terminal");

    let wire = sandbox.secrets(&laptop).args(["list", "--format", "json"]).run().code(0).lacks(VALUE).json();
    assert_eq!((&wire["schema_version"], &wire["at"]), (&json!(1), &json!(NOW)));
    let rows = wire["secrets"].as_array().unwrap();
    let names: Vec<_> = rows.iter().map(|row| row["name"].clone()).collect();
    assert_eq!(names, ["web/api", "web/prod/db", "web/static"]);
    assert_eq!((&rows[0]["state"], &rows[0]["level"]), (&json!("expired"), &json!("error")));
    assert_eq!(rows[1]["days_left"], 30);
    assert_eq!(rows[2]["never"], "one login");

    let scoped = sandbox.secrets(&laptop).args(["list", "--scope", "web/*"]).run().code(0);
    scoped.says("web/api").lacks("web/prod/db");
    sandbox.secrets(&laptop).args(["list", "--scope", "none/**"]).run().code(2).says("none/**");
}

#[test]
fn reading_needs_no_terminal_no_colour_and_no_locale() {
    let (sandbox, laptop) = store();
    let plain = sandbox.secrets(&laptop).args(["list"]).run().code(0);
    for (name, value) in
        [("LC_ALL", "de_DE.UTF-8"), ("NO_COLOR", "1"), ("TZ", "Asia/Tokyo"), ("TERM", "dumb")]
    {
        let other = sandbox.secrets(&laptop).args(["list"]).env(name, value).run().code(0);
        assert_eq!(other.stdout, plain.stdout, "{name}");
    }
}

#[test]
fn a_place_without_a_store_is_said() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.origin_and_laptop();
    for arguments in
        [&["list"][..], &["get", "a"], &["show", "a"], &["check"], &["people", "list"], &["reseal", "--all"]]
    {
        sandbox.secrets(&laptop).args(arguments).run().code(2).says("secrets init");
    }
}
