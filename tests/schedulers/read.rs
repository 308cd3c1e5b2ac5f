//! Each schedule, by the program that reads it or by a schema of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::common::tools;
use super::{CRONTAB, GITHUB, GITLAB, INSTALLED, KUBERNETES, SCRIPT, here, passes, text, told};

fn linter(name: &str) -> Command {
    Command::new(here("target/tools/venv/bin").join(name))
}

#[test]
fn the_script_by_shellcheck() {
    passes(linter("shellcheck").arg(here(SCRIPT)));
    let folder = tempfile::tempdir().unwrap();
    let faulty = folder.path().join("x.sh");
    fs::write(&faulty, text(SCRIPT).replace("rm -rf \"$clone\"", "rm -rf $clone")).unwrap();
    assert!(!told(linter("shellcheck").arg(faulty)).0);
}

/// By the published schema, by actionlint with shellcheck, and by zizmor.
#[test]
fn the_workflow_for_github() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join(".github/workflows");
    fs::create_dir_all(&place).unwrap();
    let workflow = place.join("secrets-warn.yml");
    fs::copy(here(GITHUB), &workflow).unwrap();
    passes(linter("check-jsonschema").args(["--builtin-schema", "vendor.github-workflows"]).arg(&workflow));
    passes(
        linter("actionlint").arg("-shellcheck").arg(here("target/tools/venv/bin/shellcheck")).arg(&workflow),
    );
    let zizmor = || {
        let mut zizmor = linter("zizmor");
        zizmor
            .args(["--offline", "--no-progress", "--config"])
            .arg(here(".github/zizmor.yml"))
            .arg(&workflow);
        zizmor
    };
    passes(&mut zizmor());
    // What it would find: a token that stays in the work tree.
    fs::write(&workflow, text(GITHUB).replace("persist-credentials: false", "fetch-depth: 1")).unwrap();
    assert!(!told(&mut zizmor()).0);
}

#[test]
fn the_pipeline_for_gitlab() {
    let schema = ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"];
    passes(linter("check-jsonschema").args(schema).arg(here(GITLAB)));
}

/// Strictly by the schema of a release: no key that it does not know; and what it is about holds.
#[test]
fn the_job_for_kubernetes() {
    let script = "import json, sys, yaml, kubernetes_validate as k\n\
                  text = open(sys.argv[1], encoding='utf-8').read()\n\
                  for key in ('runAsNonRoot', 'concurrencyPolicy', 'envFrom'):\n    \
                  try:\n        \
                  k.validate(yaml.safe_load(text.replace(key, 'x' + key)), k.latest_version(), strict=True)\n    \
                  except k.ValidationError:\n        continue\n    \
                  sys.exit(f'x{key} passes')\n\
                  manifest = yaml.safe_load(text)\n\
                  k.validate(manifest, k.latest_version(), strict=True)\n\
                  json.dump(manifest, sys.stdout)";
    let output = Command::new(tools::python()).args(["-c", script]).arg(here(KUBERNETES)).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let manifest: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(manifest["spec"]["concurrencyPolicy"], "Forbid");
    let pod = &manifest["spec"]["jobTemplate"]["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true);
    assert_eq!(container["envFrom"][0]["secretRef"]["name"], "secrets-warn");
    // What it writes lies on a volume, and the script is where it is run.
    let mounts = container["volumeMounts"].as_array().unwrap();
    let mounted =
        |path: &str| mounts.iter().any(|mount| path.starts_with(mount["mountPath"].as_str().unwrap()));
    for variable in container["env"].as_array().unwrap() {
        let value = variable["value"].as_str().unwrap();
        assert!(!value.starts_with('/') || mounted(value), "{variable}");
    }
    assert!(mounted(container["command"][1].as_str().unwrap()));
}

/// The units of systemd in a folder, with the script where it is.
fn units(folder: &Path) -> [PathBuf; 2] {
    ["service", "timer"].map(|kind| {
        let unit = folder.join(format!("secrets-warn.{kind}"));
        let text = text(&format!("contrib/schedulers/systemd/secrets-warn.{kind}"));
        fs::write(&unit, text.replace(INSTALLED, here(SCRIPT).to_str().unwrap())).unwrap();
        unit
    })
}

#[cfg(target_os = "linux")]
#[test]
fn the_units_of_systemd() {
    let folder = tempfile::tempdir().unwrap();
    let [service, timer] = units(folder.path());
    let verify =
        || told(Command::new("systemd-analyze").args(["verify", "--man=no"]).args([&service, &timer]));
    assert_eq!(verify(), (true, String::new()));
    // As little as it may do, on systemd's own scale: 0 to 10 in tenths, where 96 is nothing forbidden.
    let security = ["security", "--no-pager", "--offline=true", "--threshold=20"];
    passes(Command::new("systemd-analyze").args(security).arg(&service));
    fs::write(
        &service,
        text("contrib/schedulers/systemd/secrets-warn.service").replace("ProtectSystem", "ProtectSytem"),
    )
    .unwrap();
    assert!(verify().1.contains("ProtectSytem"));
}

#[cfg(target_os = "linux")]
#[test]
fn the_table_of_cron() {
    passes(Command::new("crontab").arg("-n").arg(here(CRONTAB)));
    let folder = tempfile::tempdir().unwrap();
    let faulty = folder.path().join("x");
    fs::write(&faulty, text(CRONTAB).replace("17 5,17 *", "17 5,77 *")).unwrap();
    assert!(!told(Command::new("crontab").arg("-n").arg(faulty)).0);
}
