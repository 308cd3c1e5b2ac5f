//! Blocks that are no commands: policies, records, reports, lists of files.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;
use toml_edit::{DocumentMut, Item, Table};

use crate::common::Outcome;
use crate::settings::Settings;
use crate::workflow::python;
use crate::world::World;

/// What stands for a digest, or a fingerprint, of which a document shows the beginning.
const SHORTENED: [(&str, &str); 2] = [
    ("sha256:…", "sha256:0000000000000000000000000000000000000000000000000000000000000000"),
    ("SHA256:…", "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
];

pub fn whole(text: &str) -> String {
    SHORTENED.iter().fold(text.to_owned(), |text, (short, long)| text.replace(short, long))
}

/// TOML is a `custody.toml`, a policy, or a part of one; the binary must take it for what it is. With `into` it is
/// pasted into that file, where a reader would paste it.
pub fn toml(world: &mut World, text: &str, settings: &Settings) -> Result<(), String> {
    if let Some(into) = &settings.into {
        let path = world.laptop.join(into);
        return fs::write(&path, merged(&fs::read_to_string(&path).unwrap_or_default(), &whole(text))?)
            .map_err(|error| format!("{}: {error}", path.display()));
    }
    let text = whole(text);
    let part: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| error.to_string())?;
    let bench = Bench::new(world)?;
    if part.contains_key("schema") && !part.contains_key("store") {
        fs::write(bench.folder.join("custody.toml"), &text).map_err(|error| error.to_string())?;
        let outcome = bench.judged("custody.toml");
        fs::remove_file(bench.folder.join("custody.toml")).map_err(|error| error.to_string())?;
        outcome?;
        return obeys(world, "custody", "toml", &text);
    }
    let policy = merged(&bench.policy, &text)?;
    fs::write(bench.folder.join("secrets/policy.toml"), &policy).map_err(|error| error.to_string())?;
    bench.judged("policy.toml")?;
    obeys(world, "policy", "toml", &policy)
}

/// A small store that no reader sees, to try policies on.
struct Bench<'a> {
    world: &'a World,
    folder: std::path::PathBuf,
    policy: String,
}

impl<'a> Bench<'a> {
    fn new(world: &'a World) -> Result<Self, String> {
        let folder = world.sandbox.path("bench");
        let kept = world.sandbox.path("bench-policy.toml");
        if !kept.exists() {
            fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
            world.sandbox.git(&folder, ["init", "-q"]);
            let policy = crate::world::with_keys(POLICY);
            world.sandbox.store_by_hand(&folder, &policy);
            let add = ["add", "web/prod/db", "--expires", "2027-08-31", "--as", "alice", "--no-commit"];
            let accepting = world.sandbox.accepting(&folder, &["alice", "bob"]);
            let _ = world.sandbox.secrets(&folder).args(add).args(accepting).stdin("x").run().code(0);
            fs::copy(folder.join("secrets/policy.toml"), &kept).map_err(|error| error.to_string())?;
        }
        let policy = fs::read_to_string(kept).map_err(|error| error.to_string())?;
        Ok(Self { world, folder, policy })
    }

    /// The gate understands the file: a fault in it would leave it unchecked.
    fn judged(&self, file: &str) -> Result<(), String> {
        let check = ["check", "--offline", "--format", "json"];
        let Outcome { code, stdout, stderr } =
            self.world.sandbox.secrets(&self.folder).args(check).at(crate::world::MOMENT).run();
        let report: Value =
            serde_json::from_slice(&stdout).map_err(|_| format!("exit code {code}\n{stderr}"))?;
        let unchecked = report["unchecked"].to_string();
        if report["store_id"].is_null() || unchecked.contains(file) {
            return Err(format!("the gate does not take it for a {file}: {unchecked}"));
        }
        Ok(())
    }
}

const POLICY: &str = r#"schema = 1
store = "{store}"
deploy-ref = "none"

[people.alice]
keys = ["{alice}"]

[people.bob]
keys = ["{bob}"]

[groups]
team = ["alice", "bob"]

[defaults]
readers = ["team"]

[track]
"#;

/// A file of TOML with a piece pasted into it: tables come together, lists of tables grow, other keys are exchanged.
fn merged(file: &str, piece: &str) -> Result<String, String> {
    let parse = |text: &str| text.parse::<DocumentMut>().map_err(|error| error.to_string());
    let (mut file, piece) = (parse(file)?, parse(piece)?);
    merge(file.as_table_mut(), piece.as_table());
    Ok(file.to_string())
}

fn merge(into: &mut Table, from: &Table) {
    for (key, item) in from {
        match (into.get_mut(key), item) {
            (Some(Item::Table(table)), Item::Table(more)) => merge(table, more),
            (Some(Item::ArrayOfTables(list)), Item::ArrayOfTables(more)) => list.extend(more.iter().cloned()),
            _ => {
                into.insert(key, item.clone());
            }
        }
    }
}

/// Holds a text against the schema that the binary prints, by a validator that is not ours.
pub fn obeys(world: &World, kind: &str, language: &str, text: &str) -> Result<(), String> {
    let schema = world.sandbox.secrets(world.sandbox.root()).args(["schema", kind]).run();
    if schema.code != 0 {
        return Err(schema.stderr);
    }
    let path = world.sandbox.path("schema.json");
    fs::write(&path, schema.stdout).map_err(|error| error.to_string())?;
    let path = path.to_str().ok_or("the sandbox's path is not UTF-8")?;
    python("tests/docs/schema.py", &[path, language], &whole(text)).map(drop)
}

/// Whether JSON has the shape of what was printed: the same keys, the same kinds of values.
pub fn alike(shown: &str, printed: &str) -> Result<(), String> {
    let shown = serde_json::from_str(shown).map_err(|error| format!("what is shown: {error}"))?;
    let printed = serde_json::from_str(printed).map_err(|error| format!("{error}\n{printed}"))?;
    same_shape(&shown, &printed, "$")
}

fn same_shape(shown: &Value, printed: &Value, at: &str) -> Result<(), String> {
    match (shown, printed) {
        (Value::Object(shown), Value::Object(printed)) => {
            let keys =
                |object: &serde_json::Map<String, Value>| object.keys().cloned().collect::<BTreeSet<_>>();
            let (ours, theirs) = (keys(shown), keys(printed));
            if let Some(key) = ours.symmetric_difference(&theirs).next() {
                let side = if ours.contains(key) { "not printed" } else { "not shown" };
                return Err(format!("{at}.{key} is {side}"));
            }
            shown.iter().try_for_each(|(key, value)| same_shape(value, &printed[key], &format!("{at}.{key}")))
        }
        (Value::Array(shown), Value::Array(printed)) => {
            if printed.is_empty() && !shown.is_empty() {
                return Err(format!("{at} is printed empty, so nothing says what belongs into it"));
            }
            // Each that is shown must be like one that was printed.
            for (count, element) in shown.iter().enumerate() {
                let at = format!("{at}[{count}]");
                let faults: Vec<_> =
                    printed.iter().map(|printed| same_shape(element, printed, &at)).collect();
                if let Some(Err(fault)) = faults.iter().find(|_| faults.iter().all(Result::is_err)) {
                    return Err(fault.clone());
                }
            }
            Ok(())
        }
        (Value::Null, _) | (_, Value::Null) => Ok(()),
        (shown, printed) if std::mem::discriminant(shown) == std::mem::discriminant(printed) => Ok(()),
        (shown, printed) => Err(format!("{at} is shown as {shown}, and printed as {printed}")),
    }
}

/// Whether what a list names is there: a path below each folder, indented below it, with a remark behind.
pub fn files(folder: &Path, text: &str) -> Result<(), String> {
    let mut below: Vec<(usize, &str)> = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let depth = line.len() - line.trim_start().len();
        let name = line.split_whitespace().next().unwrap_or_default();
        below.retain(|(above, _)| *above < depth);
        let path: std::path::PathBuf = below.iter().map(|(_, name)| name).chain([&name]).collect();
        if !folder.join(&path).exists() {
            return Err(format!("there is no {}", path.display()));
        }
        below.push((depth, name));
    }
    Ok(())
}

#[test]
fn a_piece_is_pasted_as_a_reader_would() {
    let file = "a = 1 # kept\n[t]\nx = 1\n[[l]]\ny = 1\n";
    let merged = merged(file, "[t]\nx = 2\nz = 3\n[[l]]\ny = 2\n[u]\n").unwrap();
    assert!(
        merged.contains("a = 1 # kept") && merged.contains("z = 3") && merged.contains("[u]"),
        "{merged}"
    );
    assert_eq!((merged.matches("[[l]]").count(), merged.matches("x = ").count()), (2, 1), "{merged}");
}

#[test]
fn shapes_differ_by_keys_and_kinds() {
    let printed = r#"{"a": 1, "b": [{"c": null}, {"c": "x", "d": 1}]}"#;
    for shown in
        [r#"{"a": 2, "b": [{"c": "y"}]}"#, r#"{"a": null, "b": []}"#, r#"{"a": 2, "b": [{"c": "", "d": 2}]}"#]
    {
        assert_eq!(alike(shown, printed), Ok(()), "{shown}");
    }
    for shown in [r#"{"a": 1}"#, r#"{"a": "1", "b": []}"#, r#"{"a": 1, "b": [{"e": 1}]}"#, "{"] {
        assert!(alike(shown, printed).is_err(), "{shown}");
    }
}
