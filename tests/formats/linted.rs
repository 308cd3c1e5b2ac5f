//! Every workflow, action, pipeline and container recipe of this repository and of its documents, by linters that other
//! people wrote.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{here, python, script};

/// The documents with workflows in them.
const DOCUMENTS: [&str; 4] =
    ["README.md", "docs/guides/ci.md", "docs/guides/import-export.md", "docs/guides/pictures.md"];

#[track_caller]
fn passes(command: &mut Command) {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}: run `scripts/test`, which installs it"));
    let (told, more) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}\n{told}\n{more}");
}

fn linter(name: &str) -> Command {
    Command::new(here("target/tools/venv/bin").join(name))
}

#[track_caller]
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yml" || extension == "yaml"));
    files.sort();
    assert!(!files.is_empty(), "{} has no workflow", folder.display());
    files
}

/// By the published schema, by actionlint with shellcheck, and by zizmor.
#[track_caller]
fn workflows_pass(workflows: &[PathBuf]) {
    passes(linter("check-jsonschema").args(["--builtin-schema", "vendor.github-workflows"]).args(workflows));
    passes(
        linter("actionlint").arg("-shellcheck").arg(here("target/tools/venv/bin/shellcheck")).args(workflows),
    );
    zizmor_passes(workflows);
}

#[track_caller]
fn zizmor_passes(inputs: &[PathBuf]) {
    let config = here(".github/zizmor.yml");
    passes(linter("zizmor").args(["--offline", "--no-progress", "--config"]).arg(config).args(inputs));
}

#[test]
fn the_workflows_of_this_repository() {
    workflows_pass(&files(&here(".github/workflows")));
}

#[test]
fn the_action() {
    passes(
        linter("check-jsonschema")
            .args(["--builtin-schema", "vendor.github-actions"])
            .arg(here("action.yml")),
    );
    zizmor_passes(&[here("action.yml")]);
    // actionlint does not look into actions.
    let folder = tempfile::tempdir().unwrap();
    let split = "import sys\nfrom pathlib import Path\nfrom ruamel.yaml import YAML\n\
                 steps = YAML(typ='safe').load(Path(sys.argv[1]))['runs']['steps']\n\
                 for number, step in enumerate(step for step in steps if 'run' in step):\n    \
                 Path(sys.argv[2], f'{number}.sh').write_text(step['run'])\n";
    passes(python().args(["-c", split]).arg(here("action.yml")).arg(folder.path()));
    let mut scripts: Vec<PathBuf> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    scripts.sort();
    assert_eq!(scripts.len(), 3);
    passes(linter("shellcheck").args(["-s", "bash", "-e", "SC2016,SC2153"]).args(scripts));
}

#[test]
fn the_template_for_gitlab_and_the_container_recipe() {
    gitlab_passes(&[here("ci/gitlab.yml")]);
    passes(linter("hadolint").arg("--no-color").arg(here("ci/Containerfile")));
}

#[track_caller]
fn gitlab_passes(pipelines: &[PathBuf]) {
    let schema = ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"];
    passes(linter("check-jsonschema").args(schema).args(pipelines));
}

#[test]
fn every_workflow_of_the_documents() {
    let folder = tempfile::tempdir().unwrap();
    let documents = DOCUMENTS.map(here);
    let counts =
        script(&mut python(), "snippets.py", std::iter::once(folder.path().to_owned()).chain(documents));
    assert!(counts["github"].as_u64() >= Some(6) && counts["gitlab"].as_u64() >= Some(2), "{counts}");
    assert_eq!(counts["rest"], 0, "a block of YAML is neither workflow nor pipeline: {counts}");
    workflows_pass(&files(&folder.path().join("github/.github/workflows")));
    gitlab_passes(&files(&folder.path().join("gitlab")));
}

#[test]
fn a_fault_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join(".github/workflows");
    fs::create_dir_all(&place).unwrap();
    let workflow = place.join("x.yml");
    let injected = "name: x\non: pull_request_target\njobs:\n  x:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo ${{ github.head_ref }}\n";
    fs::write(&workflow, injected).unwrap();
    let zizmor = linter("zizmor").args(["--offline", "--no-progress"]).arg(&workflow).output().unwrap();
    assert!(!zizmor.status.success());
    let actionlint = linter("actionlint").arg(&workflow).output().unwrap();
    assert!(!actionlint.status.success());
    fs::write(&workflow, injected.replace("runs-on", "run-on")).unwrap();
    let schema = linter("check-jsonschema")
        .args(["--builtin-schema", "vendor.github-workflows"])
        .arg(&workflow)
        .output();
    assert!(!schema.unwrap().status.success());
}
