//! `--output`: reports in files, and what becomes of the exit code where one can't be written.

use std::fs;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _, symlink};

use super::scenarios::{LATER, store};
use crate::common::{NOW, Outcome, Sandbox};

fn check(sandbox: &Sandbox, folder: &std::path::Path, at: &str, outputs: &[&str]) -> Outcome {
    let outputs = outputs.iter().flat_map(|output| ["--output", output]);
    sandbox.secrets(folder).args(["check"]).args(outputs).at(at).run()
}

#[test]
fn a_file_is_named_from_here_and_replaced_whole() {
    let (sandbox, laptop) = store();
    let below = laptop.join("secrets");
    fs::write(sandbox.path("old.json"), "x".repeat(100_000)).unwrap();
    check(&sandbox, &below, NOW, &["json=../../old.json", "junit=../../new/folder/a=b.xml"]).code(0);
    let report = fs::read_to_string(sandbox.path("old.json")).unwrap();
    assert!(serde_json::from_str::<serde_json::Value>(&report).unwrap()["verdict"] == "pass");
    assert!(fs::read_to_string(sandbox.path("new/folder/a=b.xml")).unwrap().starts_with("<?xml"));
    assert!(fs::read_dir(sandbox.root()).unwrap().all(|entry| {
        let name = entry.unwrap().file_name();
        !name.to_string_lossy().ends_with(".new")
    }));
}

#[test]
fn what_cannot_be_written_is_2_after_the_report_and_stops_no_other_file() {
    let (sandbox, laptop) = store();
    fs::create_dir(sandbox.path("folder")).unwrap();
    for (at, end) in [(NOW, "clear to deploy"), (LATER, "deploy blocked")] {
        let folder = format!("sarif={}", sandbox.path("folder").display());
        let outcome = check(&sandbox, &laptop, at, &[&folder, "json=/dev/null/x.json", "gitlab=good.json"]);
        let outcome = outcome.code(2).says(end).says("--output").says("folder");
        assert!(!outcome.text().is_empty());
        assert!(fs::read_to_string(laptop.join("good.json")).is_ok());
        fs::remove_file(laptop.join("good.json")).unwrap();
    }
}

#[test]
fn reports_are_written_also_where_nobody_reads_what_is_printed() {
    let (sandbox, laptop) = store();
    let line = format!("exec {} check --at {NOW} --output json=out.json >/dev/full", crate::common::binary());
    sandbox.run(&laptop, "sh", ["-c", &line]).code(2);
    assert!(fs::read_to_string(laptop.join("out.json")).unwrap().contains("\"pass\""));
}

#[test]
fn a_link_is_followed_and_a_device_stays_one() {
    let (sandbox, laptop) = store();
    fs::write(sandbox.path("target.md"), "old").unwrap();
    fs::set_permissions(sandbox.path("target.md"), fs::Permissions::from_mode(0o644)).unwrap();
    symlink(sandbox.path("target.md"), sandbox.path("link.md")).unwrap();
    check(&sandbox, &laptop, NOW, &["markdown=../link.md", "json=/dev/null"]).code(0);
    assert!(fs::symlink_metadata(sandbox.path("link.md")).unwrap().is_symlink());
    assert!(fs::read_to_string(sandbox.path("target.md")).unwrap().contains("clear to deploy"));
    assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
}

#[test]
fn what_is_not_understood_is_a_usage_error_that_names_the_remedy() {
    let (sandbox, laptop) = store();
    for (output, remedy) in [
        ("sarif", "FORMAT=FILE"),
        ("sarif=", "FORMAT=FILE"),
        ("xml=a", "human, json, github, sarif, junit, gitlab, markdown"),
        ("SARIF=a", "human, json"),
    ] {
        let outcome = check(&sandbox, &laptop, NOW, &[output]).code(2).says(remedy);
        assert!(outcome.stdout.is_empty());
    }
    let twice = check(&sandbox, &laptop, NOW, &["json=a", "sarif=a"]).code(2).says("given twice");
    assert!(twice.stdout.is_empty() && !laptop.join("a").exists());
}
