//! Every state in every format: valid by the format's own schema, and never more favourable than the exit code.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::scenarios::{self, LATER, Scenario, store};
use super::{python, script};
use crate::common::{Sandbox, public_key};

const FORMATS: [&str; 7] = ["human", "json", "github", "sarif", "junit", "gitlab", "markdown"];

/// Runs the gate once with a report in every format; answers with the folder of the reports.
#[track_caller]
fn reports(sandbox: &Sandbox, laptop: &Path, scenario: &Scenario) -> PathBuf {
    let folder = sandbox.path("reports");
    let outputs = FORMATS
        .iter()
        .flat_map(|format| ["--output".to_owned(), format!("{format}={}", folder.join(format).display())]);
    let outcome = sandbox
        .secrets(laptop)
        .args(["check", "--format", "human"])
        .args(scenario.arguments)
        .args(outputs)
        .at(scenario.at)
        .run();
    assert_eq!(outcome.code, scenario.code, "{}\n{}\n{}", scenario.what, outcome.text(), outcome.stderr);
    assert_eq!(
        fs::read(folder.join("human")).unwrap(),
        outcome.stdout,
        "{}: no colour in a file",
        scenario.what
    );
    folder
}

/// What the readers of a format make of files of that format, in order: `passes` and `outcomes` of each. All in one go,
/// because a schema takes longer to load than a report to read.
#[track_caller]
fn read_by_others(format: &str, files: &[PathBuf]) -> Vec<Value> {
    let arguments = std::iter::once(OsStr::new(format)).chain(files.iter().map(|file| file.as_os_str()));
    let told = script(&mut python(), "validate.py", arguments);
    let told = told.as_array().unwrap().clone();
    assert_eq!(told.len(), files.len());
    told
}

#[test]
fn every_state_in_every_format_is_valid_and_as_favourable_as_the_exit_code() {
    let made = |scenario: &'static Scenario| {
        let (sandbox, laptop) = store();
        (scenario.prepare)(&sandbox, &laptop);
        let folder = reports(&sandbox, &laptop, scenario);
        (scenario, sandbox, folder)
    };
    let all: Vec<_> = std::thread::scope(|scope| {
        let parts = scenarios::ALL.chunks(scenarios::ALL.len().div_ceil(4));
        let parts: Vec<_> =
            parts.map(|part| scope.spawn(move || part.iter().map(made).collect::<Vec<_>>())).collect();
        parts.into_iter().flat_map(|part| part.join().unwrap()).collect()
    });
    assert_eq!(all.len(), scenarios::ALL.len());
    std::thread::scope(|scope| {
        for format in ["sarif", "junit", "gitlab"] {
            let all = &all;
            scope.spawn(move || {
                let files: Vec<_> = all.iter().map(|(.., folder)| folder.join(format)).collect();
                for ((scenario, ..), told) in all.iter().zip(read_by_others(format, &files)) {
                    let what = scenario.what;
                    assert_eq!(told["passes"], scenario.code == 0, "{what}, {format}: {told:#}");
                }
            });
        }
    });
    for (scenario, _, folder) in &all {
        is_honest(scenario, folder);
    }
}

fn is_honest(scenario: &Scenario, folder: &Path) {
    let text = |format: &str| fs::read_to_string(folder.join(format)).unwrap();
    let report: Value = serde_json::from_str(&text("json")).unwrap();
    let end = if scenario.code == 0 { "clear to deploy" } else { "deploy blocked" };
    for format in ["human", "github", "junit", "markdown"] {
        let other = if scenario.code == 0 { "deploy blocked" } else { "clear to deploy" };
        assert!(text(format).contains(end) && !text(format).contains(other), "{}, {format}", scenario.what);
    }
    // Nothing that the report for programs tells of is in some formats only.
    for key in ["findings", "waived", "off"] {
        for one in report[key].as_array().unwrap() {
            for format in FORMATS {
                let id = one["id"].as_str().unwrap();
                assert!(text(format).contains(id), "{}, {format}: {key}: {id}", scenario.what);
            }
        }
    }
    for one in report["unchecked"].as_array().unwrap() {
        let why =
            one["why"].as_str().unwrap().split(['`', '\'', '"', '<', ':', '-', '_', '.']).next().unwrap();
        for format in ["human", "json", "github", "sarif", "junit", "gitlab", "markdown"] {
            let flat = text(format).split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(flat.contains(why.trim()), "{}, {format} does not tell: {why}", scenario.what);
        }
    }
}

#[test]
fn a_format_is_the_same_on_standard_output_and_exits_alike() {
    let (sandbox, laptop) = store();
    let scenario = scenarios::ALL.iter().find(|scenario| scenario.at == LATER).unwrap();
    let folder = reports(&sandbox, &laptop, scenario);
    for format in FORMATS {
        let outcome = sandbox.secrets(&laptop).args(["check", "--format", format]).at(LATER).run().code(1);
        assert_eq!(outcome.stdout, fs::read(folder.join(format)).unwrap(), "{format}");
    }
}

/// What is told from run to run by a fingerprint, or by a name.
fn known(sandbox: &Sandbox, laptop: &Path, at: &'static str, format: &str) -> Vec<(String, Value)> {
    let scenario = Scenario { what: "later", at, arguments: &[], prepare: |_, _| {}, code: 1 };
    let folder = reports(sandbox, laptop, &scenario);
    let told = read_by_others(format, &[folder.join(format)]).remove(0);
    let outcomes = told["outcomes"].as_object().unwrap();
    outcomes.iter().map(|(name, outcome)| (name.clone(), outcome.clone())).collect()
}

#[test]
fn a_finding_is_known_again_on_another_day_and_beside_other_findings() {
    let (sandbox, laptop) = store();
    for format in ["sarif", "junit", "gitlab"] {
        let first = known(&sandbox, &laptop, LATER, format);
        assert!(!first.is_empty());
        assert_eq!(known(&sandbox, &laptop, "2027-06-09T00:00:00Z", format), first, "{format}");
    }
    let first = known(&sandbox, &laptop, LATER, "sarif");
    fs::write(laptop.join("secrets/stray.txt"), "plain").unwrap();
    sandbox.git(&laptop, ["add", "-A"]);
    sandbox.git(&laptop, ["commit", "-qm", "Stray"]);
    sandbox.push(&laptop);
    let second = known(&sandbox, &laptop, LATER, "sarif");
    assert!(
        second.len() > first.len() && first.iter().all(|one| second.contains(one)),
        "{first:?} {second:?}"
    );
}

#[test]
fn files_of_other_tools_are_test_cases_too() {
    let (sandbox, laptop) = store();
    let file = laptop.join("clusters/a & <b>/enc.yaml");
    sandbox.sops_file(&file, "hub:\n  token: hunter4\n", &[&public_key("alice"), &public_key("bob")]);
    sandbox.commit_all(&laptop, "Seal");
    sandbox.secrets(&laptop).args(["track", "clusters", "--owner", "team"]).identity("alice").run().code(0);
    sandbox.push(&laptop);
    let folder = sandbox.path("reports");
    for format in ["sarif", "junit", "gitlab"] {
        let path = folder.join(format);
        let outcome =
            sandbox.secrets(&laptop).args(["check", "--output", &format!("{format}={}", path.display())]);
        let outcome = outcome.run();
        assert_ne!(outcome.code, 0, "it has no end yet: {}", outcome.text());
        let told = read_by_others(format, &[path]).remove(0);
        assert_eq!(told["passes"], false);
        if format == "junit" {
            let outcomes = told["outcomes"].as_object().unwrap();
            let of = |name: &str| {
                outcomes.iter().find(|(case, _)| case.ends_with(name)).map(|(_, outcome)| outcome)
            };
            assert_eq!(of("clusters/a & <b>/enc.yaml#/hub/token"), Some(&"failure".into()), "{told:#}");
            assert_eq!(of("web/new"), Some(&"passed".into()), "{told:#}");
        }
    }
}
