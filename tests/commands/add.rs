use std::fs;

use serde_json::json;

use crate::common::{NOW, Run, Sandbox};

fn add<'a>(sandbox: &'a Sandbox, laptop: &std::path::Path, name: &str) -> Run<'a> {
    sandbox.secrets(laptop).args(["add", name, "--as", "alice"]).stdin("hunter2")
}

#[test]
fn a_value_from_standard_input_keeps_every_byte() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    let every_byte: Vec<u8> = (0..=255).collect();
    for (name, value, format) in [
        ("t/plain", &b"hunter2"[..], "text"),
        ("t/newline", b"hunter2\n", "text"),
        ("t/crlf", b"a\r\nb\r\n", "text"),
        ("t/nul", b"\0a\0", "binary"),
        ("t/all", &every_byte, "binary"),
        ("t/utf8", "gr\u{fc}n".as_bytes(), "text"),
    ] {
        let run = sandbox.secrets(&laptop).args(["add", name, "--expires", "2028-01-01", "--as", "alice"]);
        run.stdin(value).run().code(0);
        assert_eq!(sandbox.get(&laptop, name, "alice").code(0).stdout, value, "{name}");
        assert_eq!(sandbox.age(&laptop, name, "bob").code(0).stdout, value, "{name}: the age program");
        assert_eq!(sandbox.record(&laptop, name)["sealed"]["format"], format, "{name}");
    }
}

#[test]
fn a_value_from_a_file_keeps_every_byte_and_standard_input_is_left_alone() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    let file = sandbox.path("value");
    fs::write(&file, b"from\0file\n").unwrap();
    let file = file.to_str().unwrap();
    add(&sandbox, &laptop, "a/b").args(["--expires", "2028-01-01", "--from-file", file]).run().code(0);
    assert_eq!(sandbox.get(&laptop, "a/b", "alice").code(0).stdout, b"from\0file\n");
    add(&sandbox, &laptop, "a/c")
        .args(["--expires", "2028-01-01", "--from-file", "absent"])
        .run()
        .code(2)
        .says("absent");
    add(&sandbox, &laptop, "a/c").args(["--expires", "2028-01-01", "--from-file", "."]).run().code(2);
    let empty =
        add(&sandbox, &laptop, "a/c").args(["--expires", "2028-01-01", "--from-file", "/dev/null"]).run();
    assert_ne!(empty.code, 0, "an empty value is more likely a mistake");
    assert_eq!(sandbox.status(&laptop), "");
}

#[test]
fn the_record_says_who_when_and_to_whom() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    let run = add(&sandbox, &laptop, "web/db").args([
        "--expires",
        "2028-01-01",
        "--issued",
        "2026-01-01",
        "--owner",
        "team",
        "--owner",
        "bob",
        "--issuer",
        "IT",
        "--issuer-contact",
        "it@example.org",
        "--runbook",
        "docs/db.md",
    ]);
    // What was understood is echoed, and so is to whom it was sealed.
    run.run().code(0).says("2028-01-01T00:00:00Z").says("sealed to bob").says("SHA256:");
    let record = sandbox.record(&laptop, "web/db");
    let sealed = &record["sealed"];
    assert_eq!(sealed["name"], "web/db");
    assert_eq!(sealed["version"]["number"], 1);
    assert_eq!((&sealed["version"]["set_at"], &sealed["version"]["set_by"]), (&json!(NOW), &json!("alice")));
    assert_eq!(sealed["issued"], "2026-01-01T00:00:00Z");
    assert_eq!(sealed["expires"], json!({ "at": "2028-01-01T00:00:00Z", "from": "declared" }));
    assert_eq!(sealed["readers"], json!(["alice", "bob"]));
    assert_eq!(sealed["exposed_to"].as_object().unwrap().len(), 2);
    let about = &record["about"];
    assert_eq!(about["owners"], json!(["team", "bob"]));
    assert_eq!(about["issuer"], json!({ "name": "IT", "contact": "it@example.org" }));
    assert_eq!(about["runbook"], "docs/db.md");
    let text = fs::read_to_string(laptop.join("secrets/web/db.json")).unwrap();
    assert!(text.ends_with("}\n") && !text.ends_with("\n\n") && !text.contains("null"), "{text}");
}

#[test]
fn a_name_is_taken_once() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    sandbox.add(&laptop, "web/db", "2028-01-01", "hunter2");
    let before = sandbox.head(&laptop);
    let add = |name| add(&sandbox, &laptop, name).args(["--expires", "2028-01-01"]).run();
    add("web/db").code(2).says("secrets set web/db");
    add("web/DB").code(2).says("differ only in case");
    add("WEB/db").code(2).says("differ only in case");
    assert_eq!((sandbox.head(&laptop), sandbox.status(&laptop).as_str()), (before, ""));
    assert_eq!(sandbox.get(&laptop, "web/db", "alice").code(0).stdout, b"hunter2");
}

#[test]
fn names_that_leave_the_store_or_that_it_uses_itself_are_refused() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    let long = "n".repeat(201);
    for name in [
        "../x", "a/../b", "/etc/x", "a//b", "a/", "x.age", "x.json", "x.", ".x", "a b", "g\u{fc}n", "", &long,
    ] {
        add(&sandbox, &laptop, name).args(["--expires", "2028-01-01"]).run().code(2);
    }
    assert_eq!(sandbox.status(&laptop), "");
    add(&sandbox, &laptop, &long[1..]).args(["--expires", "2028-01-01"]).run().code(0);
}

#[test]
fn it_must_be_said_when_it_ends() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    let with = |arguments: &[&str]| add(&sandbox, &laptop, "a/b").args(arguments).run();
    with(&[]).code(2).says("--expires DATE").says("--expires-in 1y").says("--never REASON");
    with(&["--expires", "08/09/2027"]).code(2).says("several dates");
    with(&["--expires", "2027-02-30"]).code(2);
    with(&["--expires-in", "30"]).code(2).says("unit");
    with(&["--expires-in", "9999y"]).code(2);
    with(&["--never", "  "]).code(2).says("reason");
    with(&["--never", "why", "--expires", "2028-01-01"]).code(2);
    assert_eq!(sandbox.status(&laptop), "");
    assert!(!laptop.join("secrets/a").exists());
}

#[test]
fn every_way_to_say_when_it_ends_is_understood() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    for (name, arguments, expected) in [
        (
            "date",
            &["--expires", "2027-08-31"][..],
            json!({ "at": "2027-08-31T00:00:00Z", "from": "declared" }),
        ),
        (
            "instant",
            &["--expires", "2027-08-31T14:30:00+02:00"],
            json!({ "at": "2027-08-31T12:30:00Z", "from": "declared" }),
        ),
        ("in", &["--expires-in", "90d"], json!({ "at": "2026-05-30T12:00:00Z", "from": "declared" })),
        (
            "leap",
            &["--expires-in", "1y", "--issued", "2024-02-29"],
            json!({ "at": "2025-02-28T00:00:00Z", "from": "declared" }),
        ),
        ("never", &["--never", "one login for all"], json!({ "never": "one login for all" })),
    ] {
        add(&sandbox, &laptop, name).args(arguments).run().code(0);
        assert_eq!(sandbox.record(&laptop, name)["sealed"]["expires"], expected, "{name}");
    }
    let past = add(&sandbox, &laptop, "past").args(["--expires", "2025-01-01"]).run().code(0);
    assert!(past.stderr.contains("in the past"), "{}", past.stderr);
}

#[test]
fn an_issue_that_is_still_to_come_is_refused() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    let issued = |date| ["--expires", "2028-01-01", "--issued", date];
    let refused = add(&sandbox, &laptop, "web/db").args(issued("2026-03-02")).run();
    let _ = refused.code(2).says("--issued 2026-03-02").says(NOW);
    assert_eq!(sandbox.status(&laptop), "");
    let _ = add(&sandbox, &laptop, "web/db").args(issued("2026-03-01")).run().code(0);
    let set = sandbox.secrets(&laptop).args(["set", "web/db"]).args(issued("2030-01-01"));
    let _ = set.identity("alice").stdin("another").run().code(2).says("--issued 2030-01-01");
    assert_eq!(sandbox.status(&laptop), "");
}

#[test]
fn readers_of_its_own_are_written_to_policy_as_a_scope() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob", "carol"]);
    let readers = ["--expires", "2028-01-01", "--owner", "team", "--reader", "bob", "--reader", "carol"];
    add(&sandbox, &laptop, "ops/pager").args(readers).run().code(0);
    assert_eq!(
        sandbox.changed_by_head(&laptop),
        ["secrets/ops/pager.age", "secrets/ops/pager.json", "secrets/policy.toml"]
    );
    assert_eq!(sandbox.record(&laptop, "ops/pager")["sealed"]["readers"], json!(["bob", "carol"]));
    let policy = fs::read_to_string(laptop.join("secrets/policy.toml")).unwrap();
    assert!(policy.contains("[[scope]]") && policy.contains("\"ops/pager\""), "{policy}");
    sandbox.get(&laptop, "ops/pager", "carol").code(0);
    sandbox.get(&laptop, "ops/pager", "alice").code(2).says("ops/pager");
    sandbox.push(&laptop);
    sandbox.check(&laptop, NOW).code(0);
    let unknown =
        add(&sandbox, &laptop, "ops/x").args(["--expires", "2028-01-01", "--reader", "mallory"]).run();
    unknown.code(2).says("mallory");
    assert_eq!(sandbox.status(&laptop), "");
}

#[test]
fn who_has_seen_it_in_clear_is_exposed_to_it() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    let carol = crate::common::public_key("carol");
    sandbox.secrets(&laptop).args(["people", "add", "carol", "--key", &carol]).run().code(0);
    add(&sandbox, &laptop, "a/b").args(["--expires", "2028-01-01", "--seen-by", "carol"]).run().code(0);
    let sealed = &sandbox.record(&laptop, "a/b")["sealed"];
    assert_eq!(sealed["readers"], json!(["alice", "bob"]));
    let exposed: Vec<_> = sealed["exposed_to"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(exposed, ["alice", "bob", "carol"]);
    sandbox.get(&laptop, "a/b", "carol").code(2);
}

#[test]
fn names_that_policy_does_not_know_are_refused() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    for option in ["--owner", "--seen-by", "--as"] {
        let run = sandbox.secrets(&laptop).args(["add", "a/b", "--expires", "2028-01-01"]).identity("alice");
        run.args([option, "mallory"]).stdin("hunter2").run().code(2).says("mallory").says("secrets people");
    }
    let nobody =
        sandbox.secrets(&laptop).args(["add", "a/b", "--expires", "2028-01-01"]).stdin("hunter2").run();
    nobody.code(2).says("--as NAME");
    assert_eq!(sandbox.status(&laptop), "");
}

#[test]
fn an_ignored_path_is_refused_before_anything_is_written() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    fs::write(laptop.join(".gitignore"), "# generated\nprod/\n").unwrap();
    sandbox.git(&laptop, ["add", ".gitignore"]);
    sandbox.git(&laptop, ["commit", "-qm", "Ignore"]);
    let before = sandbox.head(&laptop);
    let refused = add(&sandbox, &laptop, "prod/db").args(["--expires", "2028-01-01"]).run();
    refused.code(2).says(".gitignore:2").says("secrets/prod/db");
    assert_eq!(sandbox.head(&laptop), before);
    assert!(!laptop.join("secrets/prod").exists());
    sandbox.secrets(&laptop).args(["doctor"]).identity("alice").run().code(0).lacks("interrupted");
}

#[test]
fn a_value_is_neither_empty_nor_larger_than_can_be_opened_again() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    let run =
        |value: &[u8]| add(&sandbox, &laptop, "a/b").args(["--expires", "2028-01-01"]).stdin(value).run();
    run(b"").code(2).says("standard input: the value is empty");
    fs::write(laptop.join("../empty"), "").unwrap();
    let from_file =
        add(&sandbox, &laptop, "a/b").args(["--expires", "2028-01-01", "--from-file", "../empty"]);
    from_file.run().code(2).says("../empty: the value is empty").lacks("sealed to");
    run(&vec![b'x'; 16 * 1024 * 1024 + 1]).code(2).says("16777216");
    assert_eq!(sandbox.status(&laptop), "");
}

#[test]
fn a_large_value_is_given_back_whole() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    // More than one chunk of age's payload, and no multiple of one.
    let value: Vec<u8> =
        (0..200_001u32).map(|i| u8::try_from(i.wrapping_mul(2_654_435_761) >> 24).unwrap()).collect();
    add(&sandbox, &laptop, "a/b").args(["--expires", "2028-01-01"]).stdin(&value).run().code(0);
    assert!(sandbox.get(&laptop, "a/b", "bob").code(0).stdout == value);
    assert!(sandbox.age(&laptop, "a/b", "alice").code(0).stdout == value);
}

/// A JSON Web Token that ends on 2027-03-01, as far as it says so itself.
fn token() -> String {
    use base64::Engine as _;
    let encode = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    let claims = format!(r#"{{"sub":"hub","exp":{}}}"#, 1_803_859_200);
    format!("{}.{}.{}", encode(r#"{"alg":"HS256","typ":"JWT"}"#), encode(&claims), encode("0123456789abcdef"))
}

#[test]
fn the_end_that_a_value_carries_is_taken_and_a_later_one_warned_about() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    let add = |name: &str, arguments: &[&str]| {
        let run = sandbox.secrets(&laptop).args(["add", name, "--as", "alice"]).args(arguments);
        run.stdin(token()).run().code(0)
    };
    let expires = |name: &str| sandbox.record(&laptop, name)["sealed"]["expires"].clone();
    let warning = "`secrets check --prove` will find `expiry-mismatch`";
    add("t/taken", &[]).says("the value carries: ").says("ends 2027-03-01").lacks(warning).lacks(&token());
    assert_eq!(expires("t/taken"), json!({ "at": "2027-03-01T00:00:00Z", "from": "jwt" }));
    add("t/later", &["--expires", "2027-03-02"]).says(warning).says("ends 2027-03-01");
    add("t/never", &["--never", "the vendor says so"]).says(warning);
    add("t/same", &["--expires", "2027-03-01"]).lacks(warning);
    add("t/earlier", &["--expires-in", "30d"]).lacks(warning);
    assert_eq!(expires("t/earlier")["from"], "declared");
    let certificate =
        fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/value_ends/leaf.pem")).unwrap();
    let run = sandbox.secrets(&laptop).args(["add", "t/pem", "--as", "alice"]).stdin(&certificate).run();
    run.code(0).says("the value carries: certificate");
    assert_eq!(expires("t/pem")["from"], "x509");
    // A new value of a secret, the same.
    let set = sandbox.secrets(&laptop).args(["set", "t/pem"]).identity("alice").stdin(token()).run();
    set.code(0).says("the value carries: ");
    assert_eq!(expires("t/pem")["from"], "jwt");
    // What looks as if it had an end and can't be read is told, and is no end.
    let sealed =
        fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/value_ends/leaf.p12")).unwrap();
    let run = sandbox.secrets(&laptop).args(["add", "t/p12", "--as", "alice"]).stdin(&sealed).run();
    run.code(2).says("not looked into: ").says("--expires DATE");
    sandbox.push(&laptop);
    let run = sandbox.secrets(&laptop).args(["check", "--prove", "--format", "json"]).identity("alice").run();
    let mismatched: Vec<String> = run
        .findings()
        .into_iter()
        .filter(|(id, _, _)| id == "expiry-mismatch")
        .map(|(_, name, _)| name)
        .collect();
    assert_eq!(mismatched, ["t/later", "t/never"], "check finds what the warning said");
}
