//! The scripts in a workflow of GitHub or GitLab, and the hooks of the pre-commit framework.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::common::tools;
use crate::world::repository;

#[derive(Debug, serde::Deserialize)]
pub struct Script {
    pub text: String,
    /// What `env` of its step says.
    pub variables: BTreeMap<String, String>,
}

/// The scripts of a YAML text. An error is that of the parser, `PyYAML`.
pub fn scripts(yaml: &str) -> Result<Vec<Script>, String> {
    let found = python("tests/docs/workflow.py", &[], yaml)?;
    serde_json::from_str(&found).map_err(|error| error.to_string())
}

/// What a Python script of ours prints.
pub fn python(script: &str, arguments: &[&str], stdin: &str) -> Result<String, String> {
    let mut command = Command::new(tools::python());
    command.arg("-B").arg(repository().join(script)).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let mut input = child.stdin.take().ok_or("no standard input")?;
    input.write_all(stdin.as_bytes()).map_err(|error| error.to_string())?;
    drop(input);
    let outcome = child.wait_with_output().map_err(|error| error.to_string())?;
    if outcome.status.success() {
        Ok(String::from_utf8_lossy(&outcome.stdout).into_owned())
    } else {
        Err(String::from_utf8_lossy(&outcome.stderr).into_owned())
    }
}

#[test]
fn scripts_of_both_forges_and_hooks_are_found() {
    let github = "jobs:\n  a:\n    steps:\n      - run: x\n        env: { A: b }\n      - uses: y\n";
    let gitlab = "a:\n  before_script: [w]\n  script:\n    - x\n    - y\n";
    let found = |yaml| scripts(yaml).unwrap().into_iter().map(|script| script.text).collect::<Vec<_>>();
    assert_eq!(found(github), ["x"]);
    assert_eq!(scripts(github).unwrap()[0].variables["A"], "b");
    assert_eq!(found(gitlab), ["w", "x\ny"]);
    assert_eq!(
        found("repos:\n  - hooks:\n      - id: a\n        entry: x y\n        language: system\n"),
        ["x y"]
    );
    assert!(scripts("a: [").is_err());
}
