//! Maps in JSON and YAML, out and in.

use crate::common::tools;
use crate::store::{AWKWARD, Store, piped};

/// Strict parsers, which refuse a key that stands twice.
const PYYAML: &str = "import json, sys, yaml\n\
                      json.dump(yaml.safe_load(sys.stdin.buffer.read().decode('utf-8')), sys.stdout)";
const NODE_YAML: &str = "const {createRequire} = require('module');\n\
                         const yaml = createRequire(process.argv[1] + '/')('yaml');\n\
                         const text = require('fs').readFileSync(0, 'utf8');\n\
                         const options = {version: process.argv[2], strict: true, uniqueKeys: true};\n\
                         process.stdout.write(JSON.stringify(yaml.parse(text, options)));";
const JSON: &str = "import json, sys\n\
                    def once(pairs):\n    assert len(dict(pairs)) == len(pairs)\n    return dict(pairs)\n\
                    json.dump(json.load(sys.stdin, object_pairs_hook=once), sys.stdout)";

fn python(store: &Store, script: &str, text: &[u8]) -> serde_json::Value {
    let mut command = store.sandbox.command(tools::python(), &store.laptop);
    command.args(["-c", script]).env("PYTHONUTF8", "1");
    serde_json::from_slice(&piped(command, text)).unwrap()
}

fn node(store: &Store, version: &str, text: &[u8]) -> serde_json::Value {
    let mut command = store.sandbox.command(tools::node(), &store.laptop);
    command.args(["-e", NODE_YAML]).arg(tools::node_modules()).arg(version);
    serde_json::from_slice(&piped(command, text)).unwrap()
}

fn assert_all(read: &serde_json::Value, what: &str) {
    assert_eq!(read.as_object().unwrap().len(), AWKWARD.len(), "{what}");
    for (key, value) in AWKWARD {
        assert_eq!(read[*key], *value, "{what}: {key}");
    }
}

#[test]
fn parsers_of_yaml_and_json_read_just_the_values() {
    let store = Store::awkward(&[]);
    let strip = ["--scope", "web/**", "--strip", "web", "--format"];
    let yaml = store.export(&[&strip[..], &["yaml"]].concat()).code(0);
    assert_all(&python(&store, PYYAML, &yaml.stdout), "PyYAML");
    // YAML 1.1 has other booleans and numbers than 1.2.
    assert_all(&node(&store, "1.1", &yaml.stdout), "yaml, 1.1");
    assert_all(&node(&store, "1.2", &yaml.stdout), "yaml, 1.2");
    assert!(yaml.text().contains("\"pem\": |\n  -----BEGIN X-----\n"), "{}", yaml.text());
    let json = store.export(&[&strip[..], &["json"]].concat()).code(0);
    assert_all(&python(&store, JSON, &json.stdout), "json of Python");
    assert_all(&json.json(), "serde_json");
}

#[test]
fn whole_names_are_the_keys_by_custom_and_come_in_again() {
    let store = Store::awkward(&[]);
    for format in ["json", "yaml"] {
        let exported = store.export(&["--scope", "**", "--format", format]).code(0);
        let read = match format {
            "json" => exported.json(),
            _ => python(&store, PYYAML, &exported.stdout),
        };
        assert_eq!(read["web/several"], "first\nsecond\n\n  third\n");
        let again = ["-", "--from", format, "--prefix", format, "--never", "x"];
        store.import(&again, &exported.stdout).code(0);
        for (key, value) in AWKWARD {
            assert_eq!(store.value(&format!("{format}/web/{key}")), value.as_bytes(), "{format}: {key}");
        }
    }
}

#[test]
fn scalars_come_in_as_they_are_written() {
    let store = Store::new();
    let yaml = "zero: 0123\nexp: 1e3\nyes: yes\nhex: 0x1F\ndate: 2026-03-01\nbig: 12345678901234567890.10\n\
                db:\n  user name: 'it''s'\n  pem: |\n    a\n     b\n\n  folded: >-\n    a\n    b\n  empty: {}\n";
    let file = store.file("values.yaml", yaml);
    store.import(&[&file, "--prefix", "y", "--never", "x"], "").code(0).says("9 new secrets");
    let json = r#"{"zero": 1.50, "exp": 1E3, "big": 12345678901234567890.10, "true": true, "db/nested": {"a b": "\u00e4\ud83d\ude00\n"}}"#;
    let file = store.file("values.json", json);
    store.import(&[&file, "--prefix", "j", "--never", "x"], "").code(0).says("5 new secrets");
    for (name, value) in [
        ("y/zero", "0123"),
        ("y/exp", "1e3"),
        ("y/yes", "yes"),
        ("y/hex", "0x1F"),
        ("y/date", "2026-03-01"),
        ("y/big", "12345678901234567890.10"),
        ("y/db/user-name", "it's"),
        ("y/db/pem", "a\n b\n"),
        ("y/db/folded", "a b"),
        ("j/zero", "1.50"),
        ("j/exp", "1E3"),
        ("j/big", "12345678901234567890.10"),
        ("j/true", "true"),
        ("j/db/nested/a-b", "\u{e4}\u{1f600}\n"),
    ] {
        assert_eq!(store.value(name), value.as_bytes(), "{name}");
    }
}

#[test]
fn what_is_no_map_of_values_is_refused_with_its_line() {
    let store = Store::new();
    let bomb = format!("a: &a [x]\nb: &b [{}]\n", "*a,".repeat(9));
    for (from, text, why) in [
        ("yaml", "a: 1\nb: [1, 2]\n", "standard input:2: b: is a list"),
        ("yaml", "a: 1\nb:\n", "b: has no value (null)"),
        ("yaml", "a: 1\na: 2\n", "standard input:2: the key stands in line 1 already"),
        ("yaml", &bomb, "standard input:2: there is an alias"),
        ("yaml", "a: !vault x\n", "standard input:1: there is a tag"),
        ("yaml", "a: !!binary aGk=\n", "standard input:1: there is a tag"),
        ("yaml", "a: 1\n---\nb: 2\n", "a second document"),
        ("yaml", "- a\n", "no mapping"),
        ("yaml", "hello\n", "no mapping"),
        ("yaml", "? [a]\n: b\n", "a key is no text"),
        ("yaml", "a: 'b\n", "not well-formed YAML"),
        ("yaml", &format!("{}1{}", "{a: ".repeat(60), "}".repeat(60)), "nested deeper"),
        ("yaml", "", "there is nothing to import"),
        ("json", "{\n\"a\": 1,\n\"a\": 2}", "standard input:3: the key stands in line 2 already"),
        ("json", "{\"a\": {\n\"b\": [1]}}", "standard input:2: a/b: is a list"),
        ("json", "{\"a\": null}", "a: has no value (null)"),
        ("json", "{\"a\": 1\n", "not well-formed JSON"),
        ("json", "{\"a\": 1} x", "not well-formed JSON"),
        ("json", "{\"a\": \"\\ud800\"}", "surrogate"),
        ("json", "[1]", "no JSON object"),
        ("json", &format!("{}1{}", "{\"a\":".repeat(60), "}".repeat(60)), "nested deeper"),
    ] {
        let refused = store.import(&["-", "--from", from, "--never", "x"], text).code(2);
        assert!(refused.stderr.contains(why), "{text}\n{}", refused.stderr);
    }
    assert_eq!(store.sandbox.status(&store.laptop), "");
}

#[test]
fn binary_is_refused_by_name_and_so_is_what_has_one_key() {
    let store = Store::new();
    store.run(&["add", "web/raw", "--never", "x", "--owner", "team"], b"\xff\xfe").code(0);
    for format in ["json", "yaml", "dotenv"] {
        store.export(&["web/raw", "--format", format]).code(2).says("web/raw: is no UTF-8");
    }
    store.run(&["add", "api/raw", "--never", "x", "--owner", "team"], "x").code(0);
    store
        .export(&["web/raw", "api/raw", "--format", "shell"])
        .code(2)
        .says("RAW: would be the variable of api/raw and web/raw");
    store
        .export(&["api/raw", "--format", "json", "--key", "a=web/raw", "--key", "a=api/raw"])
        .code(2)
        .says("would be the key of");
}
