use std::fs;

use serde_json::json;

use crate::common::Sandbox;

const COMMANDS: [&str; 16] = [
    "init",
    "key",
    "people",
    "machines",
    "add",
    "set",
    "expiry",
    "move",
    "get",
    "show",
    "list",
    "remove",
    "reseal",
    "check",
    "doctor",
    "completions",
];

#[test]
fn completions_are_made_for_the_shells() {
    let sandbox = Sandbox::new();
    // bash, zsh and fish ask the program itself: see tests/first_minute.
    for shell in ["powershell", "elvish"] {
        let script = sandbox.secrets(sandbox.root()).args(["completions", shell]).run().code(0);
        for command in COMMANDS {
            assert!(script.text().contains(command), "{shell}: {command}");
        }
    }
    sandbox.secrets(sandbox.root()).args(["completions", "tcsh"]).run().code(2);
    // bash itself reads what is meant for it.
    let script = sandbox.secrets(sandbox.root()).args(["completions", "bash"]).run().code(0);
    let file = sandbox.path("secrets.bash");
    fs::write(&file, &script.stdout).unwrap();
    sandbox.run(sandbox.root(), "bash", ["-n", file.to_str().unwrap()]).code(0);
}

#[test]
fn there_is_a_manual_page_for_each_command() {
    let sandbox = Sandbox::new();
    let page = sandbox.secrets(sandbox.root()).args(["man"]).run().code(0);
    assert!(page.text().contains(".TH") && page.text().contains("secrets"), "{}", page.text());
    let out = sandbox.path("pages");
    sandbox.secrets(sandbox.root()).args(["man", "--out", out.to_str().unwrap()]).run().code(0);
    for command in COMMANDS {
        assert!(out.join(format!("secrets-{command}.1")).exists(), "{command}");
    }
    assert!(out.join("secrets-expiry-set.1").exists());
}

#[test]
fn the_schemas_fit_what_the_tool_writes() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    sandbox.add(&laptop, "web/db", "2028-01-01", "hunter2");
    for of in ["policy", "record"] {
        let schema = sandbox.secrets(&laptop).args(["schema", of]).run().code(0).json();
        assert!(schema["$schema"].as_str().unwrap().contains("json-schema.org"), "{schema}");
        assert!(schema["properties"]["schema"].is_object(), "{schema}");
    }
    let schema = sandbox.secrets(&laptop).args(["schema", "record"]).run().code(0).json();
    let record = sandbox.record(&laptop, "web/db");
    for key in record.as_object().unwrap().keys() {
        assert!(schema["properties"][key].is_object(), "{key}");
    }
}

#[test]
fn doctor_says_that_all_is_well_and_what_is_not() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    sandbox.add(&laptop, "web/db", "2028-01-01", "hunter2");
    let doctor = || sandbox.secrets(&laptop).args(["doctor"]);
    let well = doctor().identity("alice").run().code(0).says("all is well").says("of alice in policy");
    well.lacks("AGE-SECRET-KEY");
    let wire = doctor().args(["--format", "json"]).identity("alice").run().code(0).json();
    assert_eq!((&wire["schema_version"], &wire["healthy"]), (&json!(1), &json!(true)));

    doctor().run().code(2).says("secrets key new");
    sandbox.git(&laptop, ["remote", "set-url", "origin", "/nonexistent/origin.git"]);
    doctor().identity("alice").run().code(2).says("deploy ref").says("git remote -v");
    fs::write(laptop.join("secrets/policy.toml"), "schema = 1\nnonsense = true\n").unwrap();
    let broken = doctor().args(["--format", "json"]).identity("alice").run().code(2);
    assert_eq!(broken.json()["healthy"], false);
    let nowhere = sandbox.secrets(sandbox.root()).args(["doctor"]).identity("alice").run();
    nowhere.code(2).says("secrets init");
}

#[test]
fn a_reader_that_closes_the_pipe_is_no_fault() {
    let sandbox = Sandbox::new();
    let script =
        format!("'{0}' man | head -c 1 >/dev/null; '{0}' completions zsh | true", crate::common::binary());
    let run = sandbox.run(sandbox.root(), "sh", ["-c", &script]).code(0);
    assert!(
        !run.stderr.contains("fault of secrets itself") && !run.stderr.contains("panicked"),
        "{}",
        run.stderr
    );
}
