//! What becomes of values that come in: names, ends, versions, commits.

use std::fs;
use std::process::Command;

use crate::store::Store;

#[test]
fn a_dry_run_says_what_would_be_and_no_value() {
    let store = Store::with([("db", "one"), ("api", "two")]);
    let json = r#"{"db": "one", "api": "tw0", "new": "three"}"#;
    let dry = ["-", "--from", "json", "--prefix", "web", "--never", "x", "--dry-run"];
    let shown = store.import(&dry, json).code(2);
    assert_eq!(
        shown.text(),
        "KEY  NAME     STATE\ndb   web/db   exists\napi  web/api  exists\nnew  web/new  new\n"
    );
    shown.says("web/db and web/api are there already").says("--replace").lacks("three").lacks("tw0");
    let shown = store.import(&[&dry[..], &["--replace"]].concat(), json).code(0);
    assert_eq!(
        shown.text(),
        "KEY  NAME     STATE\ndb   web/db   same\napi  web/api  new version\nnew  web/new  new\n"
    );
    assert_eq!(store.sandbox.status(&store.laptop), "");
}

#[test]
fn all_are_one_commit_and_what_is_there_is_replaced_only_when_asked() {
    let store = Store::with([("db", "one"), ("api", "two")]);
    let head = store.sandbox.head(&store.laptop);
    let json = r#"{"db": "one", "api": "tw0", "new": "three"}"#;
    let arguments = ["-", "--from", "json", "--prefix", "web", "--expires", "2027-08-31", "--owner", "team"];
    store.import(&arguments, json).code(2).says("nothing was written");
    assert_eq!(store.sandbox.head(&store.laptop), head);
    let done = store.import(&[&arguments[..], &["--replace"]].concat(), json).code(0);
    done.says("1 new secret, 1 new version")
        .says("secrets: import 2 secrets below web")
        .says("sealed to alice: ");
    assert_eq!(
        store.sandbox.changed_by_head(&store.laptop),
        ["secrets/web/api.age", "secrets/web/api.json", "secrets/web/new.age", "secrets/web/new.json"]
    );
    let record = store.sandbox.record(&store.laptop, "web/api");
    assert_eq!(record["sealed"]["version"]["number"], 2);
    assert_eq!(record["sealed"]["version"]["set_by"], "alice");
    assert_eq!(store.sandbox.record(&store.laptop, "web/db")["sealed"]["version"]["number"], 1);
    assert_eq!(store.sandbox.record(&store.laptop, "web/new")["about"]["owners"][0], "team");
    assert_eq!(store.value("web/api"), b"tw0");
    store.import(&[&arguments[..], &["--replace"]].concat(), json).code(0).says("nothing to change");
    store.sandbox.push(&store.laptop);
    let prove = store.sandbox.secrets(&store.laptop).args(["check", "--prove"]).identity("alice").run();
    // Those that `Store::with` made have no owner, which is a warning.
    prove.code(0).says("clear to deploy");
}

#[test]
fn when_each_ends_must_be_said() {
    let store = Store::new();
    let json = r#"{"a": "1", "b": "2"}"#;
    let refused = store.import(&["-", "--from", "json"], json).code(2);
    refused
        .says("it is not said when 2 values end: a and b")
        .says("--without-expiry")
        .says("--expires-in 1y");
    let done = store.import(&["-", "--from", "json", "--without-expiry"], json).code(0);
    done.says("2 secrets without expiry").says("secrets list --without-expiry");
    assert!(store.sandbox.record(&store.laptop, "a")["sealed"]["expires"].is_null());
    store.sandbox.push(&store.laptop);
    let findings = store.sandbox.check(&store.laptop, crate::common::NOW).code(1).finding_ids();
    assert_eq!(findings.iter().filter(|id| *id == "no-expiry").count(), 2);
    store
        .import(&["-", "--from", "json", "--without-expiry", "--never", "x"], json)
        .code(2)
        .says("cannot be used");
}

#[test]
fn the_end_that_a_value_carries_is_taken() {
    let store = Store::new();
    let key = store.sandbox.path("key.pem");
    let certificate = store.sandbox.path("certificate.pem");
    let mut openssl: Command = store.sandbox.command("openssl", store.sandbox.root());
    openssl.args([
        "req", "-x509", "-newkey", "ed25519", "-nodes", "-subj", "/CN=web", "-days", "400", "-keyout",
    ]);
    openssl.arg(&key).arg("-out").arg(&certificate);
    assert!(openssl.output().unwrap().status.success());
    let json = serde_json::json!({"cert": fs::read_to_string(&certificate).unwrap(), "pw": "x"}).to_string();
    store.import(&["-", "--from", "json"], &json).code(2).says("1 value end: pw");
    store
        .import(&["-", "--from", "json", "--without-expiry"], &json)
        .code(0)
        .says("certificate of CN=web ends");
    let expires = &store.sandbox.record(&store.laptop, "cert")["sealed"]["expires"];
    assert_eq!(expires["from"], "x509");
}

#[test]
fn keys_become_names_by_rule_and_by_hand() {
    let store = Store::new();
    let json = r#"{"_TOKEN": "1", "sa.json": "2", "a b": {"c:d": "3"}, "DB_PASSWORD": "4", "!!": "5"}"#;
    let base = ["-", "--from", "json", "--never", "x", "--dry-run"];
    store.import(&base, json).code(2).says("!!: makes no name").says("--name '!!=NAME'");
    let named = store.import(&[&base[..], &["--name", "!!=bang", "--prefix", "web"]].concat(), json).code(0);
    let second = |line: &'_ str| {
        line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).nth(1).map(str::to_owned)
    };
    let names: Vec<String> = named.text().lines().skip(1).filter_map(second).collect();
    assert_eq!(names, ["web/TOKEN", "web/sa-json", "web/a-b/c-d", "web/DB_PASSWORD", "bang"]);
    let twice = r#"{"a b": "1", "a-b": "2", "a:b": "3"}"#;
    let refused = store.import(&base, twice).code(2);
    refused.says("a-b: would be `a-b`, as `a b` would").says("a:b: would be `a-b`").says("--name 'a-b=NAME'");
    store.import(&[&base[..], &["--only", "x*"]].concat(), json).code(2).says("--only x*: fits no key");
    store.import(&[&base[..], &["--name", "x=y"]].concat(), json).code(2).says("--name x=y: fits no key");
}

#[test]
fn a_name_that_differs_only_in_case_is_refused() {
    let store = Store::with([("DB", "1")]);
    let run = ["-", "--from", "json", "--prefix", "web", "--never", "x"];
    store.import(&run, r#"{"db": "2"}"#).code(2).says("differ only in case");
}

#[test]
fn readers_are_written_to_policy_and_new_keys_asked_for() {
    let store = Store::with([("db", "1")]);
    let carol = crate::common::public_key("carol");
    let people = ["people", "add", "carol", "--key", &carol];
    store.run(&people, "").code(0);
    let json = r#"{"a": "1", "b": "2"}"#;
    let arguments = ["-", "--from", "json", "--never", "x", "--reader", "alice", "--reader", "carol"];
    store.import(&arguments, json).code(2).says("would be sealed to keys that it was never sealed to");
    let mut accepting: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
    accepting.extend(store.sandbox.accepting(&store.laptop, &["carol"]));
    let words: Vec<&str> = accepting.iter().map(String::as_str).collect();
    store.import(&words, json).code(0).says("2 new secrets");
    assert_eq!(store.sandbox.age(&store.laptop, "b", "carol").code(0).stdout, b"2");
    assert_eq!(store.sandbox.age(&store.laptop, "b", "bob").code, 1);
}

#[test]
fn a_plaintext_file_is_warned_about() {
    let store = Store::new();
    fs::write(store.laptop.join(".env"), "A=hunter2\n").unwrap();
    store.sandbox.git(&store.laptop, ["add", ".env"]);
    store.sandbox.git(&store.laptop, ["commit", "-q", "-m", "Oh no"]);
    let done = store.import(&[".env", "--never", "x"], "").code(0);
    done.says("WARNING: .env is in the history of git").says("secrets set NAME").says("git rm .env");
    fs::write(store.laptop.join("other.env"), "B=hunter2\n").unwrap();
    store.import(&["other.env", "--never", "x"], "").code(0).says("rm other.env").lacks("WARNING");
}

#[test]
fn what_a_tool_has_sealed_is_no_plaintext() {
    let store = Store::new();
    let path = store.sandbox.path("enc.yaml");
    store.sandbox.sops_file(&path, "a: x\n", &[&crate::common::public_key("alice")]);
    let refused = store.import(&[path.to_str().unwrap(), "--never", "x"], "").code(2);
    refused.says("is sealed (sops").says("sops decrypt").says("secrets track");
}

#[test]
fn the_form_is_known_by_name_else_by_content() {
    let store = Store::new();
    for (name, text) in [
        ("a.json", r#"{"a": "x"}"#),
        ("b.yml", "b: x\n"),
        (".env.production", "C=x\n"),
        ("d", r#" {"d": "x"}"#),
        ("e", "# settings\nE=x\n"),
    ] {
        store.import(&[&store.file(name, text), "--never", "x"], "").code(0).says("1 new secret");
    }
    let unknown = store.import(&[&store.file("f", "f: x\n"), "--never", "x"], "").code(2);
    unknown.says("neither name nor content tells").says("--from");
    store.import(&[&store.file("nowhere", ""), "--never", "x"], "").code(2);
    store.import(&["/nonexistent/.env", "--never", "x"], "").code(2).says("/nonexistent/.env");
}

#[test]
fn hundreds_are_one_commit() {
    let store = Store::with([("db", "1")]);
    let map: serde_json::Map<String, serde_json::Value> =
        (0..300).map(|n| (format!("key-{n}"), format!("value {n}").into())).collect();
    let json = serde_json::Value::Object(map).to_string();
    let done = store.import(&["-", "--from", "json", "--prefix", "many", "--without-expiry"], &json).code(0);
    done.says("300 new secrets");
    assert_eq!(store.value("many/key-299"), b"value 299");
    assert_eq!(store.sandbox.git(&store.laptop, ["rev-list", "--count", "HEAD", "--", "secrets/many"]), "1");
}
