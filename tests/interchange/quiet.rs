//! A value that is easy to find is nowhere but where it was asked for: not on disk, not in a message.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::common::Outcome;
use crate::store::Store;

const CANARY: &str = "kV7xQm2ZrT9uWc4LpHs8YbNd3EgJfA6v";

fn traces() -> Vec<String> {
    let mut traces = vec![CANARY[..10].to_owned(), CANARY[10..20].to_owned(), CANARY[20..].to_owned()];
    traces.extend((0..3).map(|skipped| STANDARD_NO_PAD.encode(&CANARY.as_bytes()[skipped..skipped + 27])));
    traces
}

#[track_caller]
fn clean(what: &str, bytes: &[u8]) {
    for trace in traces() {
        assert!(
            !bytes.windows(trace.len()).any(|window| window == trace.as_bytes()),
            "{what} holds `{trace}`"
        );
    }
}

#[track_caller]
fn quiet(outcome: Outcome) -> Outcome {
    clean("standard output", &outcome.stdout);
    clean("standard error", outcome.stderr.as_bytes());
    outcome
}

/// Every file below a folder, and every object of the repository as it was before compression.
fn search(store: &Store) {
    fn files(folder: &Path, count: &mut usize) {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                files(&entry.path(), count);
            } else if entry.file_type().unwrap().is_file() {
                clean(&entry.path().display().to_string(), &fs::read(entry.path()).unwrap());
                *count += 1;
            }
        }
    }
    let mut count = 0;
    files(store.sandbox.root(), &mut count);
    assert!(count > 20, "only {count} files were searched");
    let objects =
        store.sandbox.run(&store.laptop, "git", ["cat-file", "--batch-all-objects", "--batch"]).code(0);
    clean("an object", &objects.stdout);
}

#[test]
fn no_fault_of_a_text_quotes_it() {
    let store = Store::new();
    let run = |from: &str, text: String| {
        quiet(store.import(&["-", "--from", from, "--never", "x"], text)).code(2);
    };
    for text in [
        format!("A={CANARY}\n{CANARY}\n"),
        format!("A='{CANARY}\n"),
        format!("A='x' {CANARY}\n"),
        format!("A=-----BEGIN X-----\n{CANARY}=\n"),
        format!("A=\"{CANARY}\\$\"\n"),
        format!("A=`{CANARY}`\n"),
        format!("A= #{CANARY}\n"),
        format!("A={CANARY}\nA={CANARY}\n"),
        format!("{CANARY} {CANARY}=x\n"),
    ] {
        run("dotenv", text);
    }
    for text in [
        format!("{{\"a\": \"{CANARY}\", \"a\": 1}}"),
        format!("{{\"a\": \"{CANARY}\" \"b\"}}"),
        format!("{{\"a\": [\"{CANARY}\"]}}"),
        format!("\"{CANARY}\""),
        format!("{{\"a\": \"{CANARY}\\ud800\"}}"),
    ] {
        run("json", text.clone());
        run("yaml", text.replace("ud800", "q"));
    }
    run("json", format!("{{\"a\": {CANARY}}}"));
    run("yaml", format!("a: &x {CANARY}\nb: *x\n"));
    run("yaml", format!("a: !{CANARY} x\n"));
    run("yaml", format!("a: {CANARY}\n b: x: y\n"));
    run("yaml", format!("a: '{CANARY}\n"));
}

#[test]
fn values_that_came_in_or_went_out_are_nowhere() {
    let store = Store::new();
    let trace = |arguments: &[&str], input: String| {
        let run = store.sandbox.secrets(&store.laptop).args(arguments).identity("alice").stdin(input);
        run.env("RUST_BACKTRACE", "full").env("RUST_LOG", "trace").env("GIT_TRACE", "1").run()
    };
    let import = |from: &str, text: String| {
        let arguments = ["import", "-", "--from", from, "--prefix", from, "--never", "x"];
        quiet(trace(&[&arguments[..], &["--dry-run"]].concat(), text.clone())).code(0);
        quiet(trace(&arguments, text)).code(0);
    };
    import("dotenv", format!("A={CANARY}\nB='{CANARY}'\nC=\"\\\"{CANARY}$x\"\n"));
    import("json", format!("{{\"a\": \"{CANARY}\\n\", \"b\": {{\"c\": \"{CANARY}\"}}}}"));
    import("yaml", format!("a: {CANARY}\nb: |\n  {CANARY}\nc: 'it''s {CANARY}'\n"));
    quiet(trace(
        &["import", "-", "--from", "json", "--prefix", "json", "--replace", "--never", "x"],
        format!("{{\"a\": \"{CANARY}2\"}}"),
    ))
    .code(0);
    for format in ["dotenv", "json", "yaml", "shell", "k8s-secret"] {
        let name: &[&str] = if format == "k8s-secret" { &["--name", "x"] } else { &[] };
        let out =
            trace(&[&["export", "--scope", "**", "--format", format], name].concat(), String::new()).code(0);
        clean("standard error", out.stderr.as_bytes());
        assert!(traces().iter().any(|trace| out.text().contains(trace)), "{format}");
    }
    // What can't be written quotes nothing.
    trace(&["add", "web/raw", "--never", "x"], format!("{CANARY}\0")).code(0);
    for format in ["dotenv", "shell", "github-env"] {
        quiet(trace(&["export", "web/raw", "--format", format], String::new())).code(2);
    }
    search(&store);
}
