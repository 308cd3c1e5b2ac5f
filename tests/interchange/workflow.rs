//! `--format github-env`, read by a strict parser of what GitHub documents: `NAME<<DELIMITER`, lines, `DELIMITER`; and
//! `::add-mask::` with `%25` for `%`, line by line.

use std::collections::BTreeMap;
use std::fs;

use crate::common::Outcome;
use crate::store::{AWKWARD, Store, variable};

/// Reads the file of a step. Anything that is not documented is a fault.
fn variables(file: &str) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    let mut rest = file;
    while !rest.is_empty() {
        let (head, after) = rest.split_once('\n').expect("a line has an end");
        let (name, delimiter) = head.split_once("<<").expect("a value of several lines has a delimiter");
        assert!(!name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'), "{name}");
        assert!(delimiter.len() > 30, "{delimiter}");
        let end = format!("\n{delimiter}\n");
        // The line end before the delimiter is not a part of the value.
        let (value, after) = match after.strip_prefix(&end[1..]) {
            Some(after) => ("", after),
            None => after.split_once(&end).expect("the delimiter stands on a line of its own"),
        };
        assert!(variables.insert(name.to_owned(), value.to_owned()).is_none(), "{name} stands twice");
        rest = after;
    }
    variables
}

/// What the log hides: each command unescaped, as the runner does it.
fn masked(log: &str) -> Vec<String> {
    let command = |line: &str| line.strip_prefix("::add-mask::").expect("the log gets masks only").to_owned();
    let unescape = |mask: String| mask.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%");
    log.lines().map(command).map(unescape).collect()
}

fn export(store: &Store, arguments: &[&str], file: &str) -> Outcome {
    let run = store.sandbox.secrets(&store.laptop).args(["export", "--format", "github-env"]).args(arguments);
    run.identity("alice").env("GITHUB_ENV", file).run()
}

#[test]
fn the_file_holds_the_values_and_the_log_hides_them() {
    let store = Store::awkward(&["invisible"]);
    let file = store
        .file("env", "EARLIER<<x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x\n1\nx_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x_x\n");
    let done = export(&store, &["--scope", "web/**"], &file).code(0);
    let read = variables(&fs::read_to_string(&file).unwrap());
    assert_eq!(read["EARLIER"], "1");
    assert_eq!(read.len(), AWKWARD.len());
    for (key, value) in AWKWARD.iter().filter(|(key, _)| *key != "invisible") {
        assert_eq!(read[&variable(key)], *value, "{key}");
    }
    let masks = masked(done.text());
    for (key, value) in AWKWARD.iter().filter(|(key, _)| *key != "invisible") {
        for line in value.lines().filter(|line| line.trim().len() >= 4) {
            assert!(masks.iter().any(|mask| mask == line), "{key}: {line:?} is not masked: {masks:?}");
        }
    }
}

#[test]
fn a_value_can_not_end_early_and_start_a_variable() {
    let hostile = "x\nEOF\nPATH<<EOF\n/tmp/evil\nEOF\n";
    let store = Store::with([("hostile", hostile)]);
    let file = store.file("env", "");
    export(&store, &["web/hostile"], &file).code(0);
    let read = variables(&fs::read_to_string(&file).unwrap());
    assert_eq!(read.into_iter().collect::<Vec<_>>(), [("HOSTILE".to_owned(), hostile.to_owned())]);
    // Drawn anew each time.
    let first = fs::read_to_string(&file).unwrap();
    export(&store, &["web/hostile"], &file).code(0);
    let second = fs::read_to_string(&file).unwrap();
    assert_ne!(first.lines().next(), second[first.len()..].lines().next());
}

#[test]
fn lines_that_say_nothing_are_not_masked() {
    let store = Store::with([("json", "{\n  \"a\": \"secret\"\n}\n"), ("pin", "123")]);
    let file = store.file("env", "");
    let done = export(&store, &["--scope", "web/**"], &file).code(0);
    assert_eq!(masked(done.text()), ["  \"a\": \"secret\"", "123"]);
}

#[test]
fn outside_of_a_workflow_or_for_its_own_variables_it_refuses() {
    let store =
        Store::with([("github-sha", "x"), ("github-token", "t"), ("node-options", "x"), ("cr", "x\r")]);
    store.export(&["web/cr", "--format", "github-env"]).code(2).says("GITHUB_ENV is not set");
    let file = store.file("env", "");
    export(&store, &["web/github-sha"], &file).code(2).says("--env 'NAME=web/github-sha'");
    export(&store, &["web/node-options"], &file).code(2).says("NODE_OPTIONS");
    export(&store, &["web/cr"], &file).code(2).says("web/cr: ends in a carriage return");
    assert_eq!(fs::read_to_string(&file).unwrap(), "");
    export(&store, &["web/github-token"], &file).code(0);
    export(&store, &["web/cr"], "/nonexistent/env").code(2);
}

#[test]
fn masks_never_get_into_the_file() {
    let store = Store::with([("db", "hunter2")]);
    let file = store.file("env", "");
    let script = format!("{} export web/db --format github-env >> \"$GITHUB_ENV\"", crate::common::binary());
    let mut command = store.sandbox.command("sh", &store.laptop);
    command.args(["-c", &script]).env("GITHUB_ENV", &file);
    command.env("SECRETS_IDENTITY_FILE", crate::common::identity_path("alice"));
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("this format writes there by itself"));
    assert_eq!(fs::read_to_string(&file).unwrap(), "");
}
