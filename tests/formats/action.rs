//! `action.yml`, run step by step in real bash against a real remote; only what it `uses` from others is left out.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::scenarios::{LATER, store};
use super::{here, script};
use crate::common::{NOW, Sandbox, binary, identity_path, tools};

/// What GitHub's runner gives to an action.
struct Runner {
    sandbox: Sandbox,
    workspace: PathBuf,
}

/// What a run of the action came to.
struct Ran {
    told: Value,
    summary: String,
}

impl Ran {
    #[track_caller]
    fn is(self, verdict: &str) -> Self {
        assert_eq!(self.told["outputs"]["verdict"], verdict, "{:#}", self.told);
        assert_eq!(self.told["failed"], verdict != "pass", "the verdict is the job's: {:#}", self.told);
        self
    }

    fn log(&self) -> String {
        let steps = self.told["log"].as_array().unwrap();
        let streams = steps.iter().flat_map(|step| ["stdout", "stderr"].map(|stream| &step[stream]));
        streams.map(|text| text.as_str().unwrap()).collect()
    }

    #[track_caller]
    fn says(self, text: &str) -> Self {
        assert!(self.log().contains(text), "`{text}` is not said: {}", self.log());
        self
    }

    fn uploaded(&self) -> Option<&Value> {
        let used = self.told["used"].as_array().unwrap();
        used.iter()
            .find(|step| step["uses"].as_str().unwrap().starts_with("github/codeql-action/upload-sarif@"))
    }
}

impl Runner {
    /// A shallow clone of a repository, as `actions/checkout` makes it.
    fn new() -> Self {
        let (sandbox, _) = store();
        let workspace = sandbox.clone("workspace", &["--depth=1"]);
        for folder in ["temp", "bin"] {
            fs::create_dir(sandbox.path(folder)).unwrap();
        }
        // Building takes minutes; what is built is the program under test all the same.
        let cargo = format!(
            "#!/bin/sh\nset -eu\nroot=\nfor word; do\n  case $root in next) root=$word ;; esac\n  \
             case $word in --root) root=next ;; esac\ndone\n\
             mkdir -p \"$root/bin\"\nln -s {} \"$root/bin/secrets\"\n",
            binary()
        );
        let path = sandbox.path("bin/cargo");
        fs::write(&path, cargo).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        Self { sandbox, workspace }
    }

    /// Runs the action. `github` has the event's part of that context; `at` is when.
    fn run(&self, at: &str, inputs: Value, github: Value) -> Ran {
        let mut inputs = inputs;
        let arguments = inputs["arguments"].as_str().unwrap_or_default().to_owned();
        inputs["arguments"] = format!("{arguments}\n--at\n{at}\n").into();
        let mut context = github;
        context["token"] = "ghs_notAToken".into();
        context["repository"] = "team/deploys".into();
        context["action_path"] = here("").display().to_string().into();
        let summary = self.sandbox.path("temp/summary");
        fs::write(&summary, "before\n").unwrap();
        let given = json!({
            "inputs": inputs,
            "github": context,
            "runner": { "os": "Linux", "arch": "X64", "temp": self.sandbox.path("temp") },
            "skipped": { "cache": {} },
            "workspace": self.workspace,
        });
        let description = self.sandbox.path("run.json");
        fs::write(&description, given.to_string()).unwrap();
        fs::remove_dir_all(self.sandbox.path("temp/secrets-cli")).ok();
        let mut python = self.sandbox.command(tools::python(), &self.workspace);
        #[expect(clippy::disallowed_methods, reason = "the stand-in for cargo comes before what PATH has")]
        let path = std::env::var("PATH").unwrap();
        python
            .env("PATH", format!("{}:{path}", self.sandbox.path("bin").display()))
            .env("RUNNER_TEMP", self.sandbox.path("temp"))
            .env("GITHUB_STEP_SUMMARY", &summary)
            .env("GITHUB_SERVER_URL", "https://github.example");
        let told = script(&mut python, "composite.py", [here("action.yml"), description]);
        let summary = fs::read_to_string(summary).unwrap();
        assert!(summary.starts_with("before\n"), "what other steps wrote stays");
        Ran { told, summary }
    }

    /// A change on a branch of its own, checked out as it would be merged.
    fn change(&self, prepare: impl FnOnce(&Path)) {
        prepare(&self.workspace);
        self.sandbox.git(&self.workspace, ["add", "-A"]);
        self.sandbox.git(&self.workspace, ["commit", "-qm", "Change"]);
    }
}

fn pull_request(head: &str) -> Value {
    let event = json!({ "pull_request": { "head": { "repo": { "full_name": head } } } });
    json!({ "event_name": "pull_request", "base_ref": "main", "event": event })
}

fn push() -> Value {
    json!({ "event_name": "push", "base_ref": "", "event": {} })
}

fn stray(workspace: &Path) {
    fs::write(workspace.join("secrets/stray.txt"), "plain").unwrap();
}

#[test]
fn a_push_is_judged_as_a_deploy_and_the_code_passes_through() {
    let runner = Runner::new();
    let ran = runner.run(NOW, json!({}), push()).is("pass").says("clear to deploy");
    assert!(ran.summary.contains("clear to deploy"), "{}", ran.summary);
    let upload = ran.uploaded().unwrap();
    let sarif = upload["with"]["sarif_file"].as_str().unwrap();
    assert_eq!(upload["with"]["category"], "secrets");
    assert_eq!(ran.told["outputs"]["sarif"], sarif);
    for (path, key) in [(sarif, "runs"), (ran.told["outputs"]["json"].as_str().unwrap(), "verdict")] {
        let report: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        assert!(!report[key].is_null());
    }
    let ran = runner
        .run(LATER, json!({}), push())
        .is("fail")
        .says("::error file=secrets/web/old.json,title=expired");
    assert!(ran.uploaded().is_some() && ran.summary.contains("⛔ deploy blocked"), "{}", ran.summary);
    let gone = runner.sandbox.path("gone.git");
    fs::rename(runner.sandbox.path("origin.git"), gone).unwrap();
    let ran = runner.run(NOW, json!({}), push()).is("unknown");
    assert!(ran.uploaded().is_some() && ran.summary.contains("Could not be checked"), "{}", ran.summary);
}

#[test]
fn a_pull_request_fails_only_for_what_it_brings() {
    let runner = Runner::new();
    runner.run(LATER, json!({}), pull_request("team/deploys")).is("pass").says("::warning");
    runner.change(stray);
    runner.run(LATER, json!({}), pull_request("team/deploys")).is("fail").says("plaintext");
    assert!(runner.sandbox.git(&runner.workspace, ["rev-parse", "--is-shallow-repository"]) == "true");
    runner
        .run(LATER, json!({ "against": "none" }), pull_request("team/deploys"))
        .is("fail")
        .says("::error file=secrets/web/old.json,title=expired");
    runner.run(NOW, json!({ "against": "HEAD" }), pull_request("team/deploys")).is("pass");
}

#[test]
fn a_fork_uploads_nothing_and_is_judged_alike() {
    let runner = Runner::new();
    let ran = runner.run(NOW, json!({}), pull_request("stranger/deploys")).is("pass");
    assert!(ran.uploaded().is_none());
    let ran = runner.run(NOW, json!({}), pull_request("team/deploys")).is("pass");
    assert!(ran.uploaded().is_some());
    let ran = runner.run(NOW, json!({ "sarif": "false" }), push()).is("pass");
    assert!(ran.uploaded().is_none());
}

#[test]
fn a_merge_queue_is_judged_against_what_comes_before_it() {
    let runner = Runner::new();
    let base = runner.sandbox.git(&runner.workspace, ["rev-parse", "HEAD"]);
    let event = json!({ "event_name": "merge_group", "base_ref": "", "event": { "merge_group": { "base_sha": base } } });
    runner.run(LATER, json!({}), event.clone()).is("pass");
    runner.change(stray);
    runner.run(NOW, json!({}), event).is("fail").says("plaintext");
}

#[test]
fn a_whole_clone_stays_whole() {
    let mut runner = Runner::new();
    runner.workspace = runner.sandbox.clone("whole", &[]);
    runner.run(NOW, json!({}), pull_request("team/deploys")).is("pass");
    assert!(runner.sandbox.git(&runner.workspace, ["rev-parse", "--is-shallow-repository"]) == "false");
}

#[test]
fn what_goes_wrong_is_never_a_pass() {
    let runner = Runner::new();
    let target = json!({ "event_name": "pull_request_target", "base_ref": "main", "event": {} });
    runner.run(NOW, json!({}), target).is("unknown").says("use pull_request");
    for inputs in [
        json!({ "prove": "maybe" }),
        json!({ "strict": "yes" }),
        json!({ "scope": "wbe/**" }),
        json!({ "arguments": "--no-such-option" }),
        json!({ "baseline": "none.json" }),
    ] {
        let ran = runner.run(NOW, inputs.clone(), push()).is("unknown");
        assert!(!ran.summary.contains("clear to deploy"), "{inputs}: {}", ran.summary);
    }
    let mut missing = pull_request("team/deploys");
    missing["base_ref"] = "no-such-branch".into();
    runner.run(NOW, json!({}), missing).is("unknown").says("could not be fetched");
}

#[test]
fn no_input_is_a_command() {
    let runner = Runner::new();
    let evil = "$(touch evil);`touch evil`\"'; touch evil #";
    for input in ["scope", "against", "baseline", "prove", "strict", "arguments", "token", "summary"] {
        let ran = runner.run(NOW, json!({ input: evil }), push());
        assert!(!runner.workspace.join("evil").exists(), "{input}");
        assert!(matches!(input, "token" | "summary") || ran.told["failed"] == true, "{input}");
    }
    let mut event = pull_request("team/deploys");
    event["base_ref"] = evil.into();
    runner.run(NOW, json!({}), event).is("unknown");
    assert!(!runner.workspace.join("evil").exists());
}

#[test]
fn scopes_and_arguments_go_by_line() {
    let runner = Runner::new();
    runner.run(LATER, json!({ "scope": "web/new\n\nweb/n*\n" }), push()).is("pass");
    runner.run(LATER, json!({ "scope": "web/new\nweb/old" }), push()).is("fail");
    runner.run("2026-12-01T00:00:00Z", json!({ "strict": "true" }), push()).is("fail");
}

#[test]
fn neither_identity_nor_token_nor_value_is_told() {
    let runner = Runner::new();
    let identity = fs::read_to_string(identity_path("alice")).unwrap();
    let key = identity.lines().find(|line| line.starts_with("AGE-SECRET-KEY-")).unwrap();
    runner.run(NOW, json!({ "prove": "all" }), push()).is("unknown");
    let ran = runner
        .run(NOW, json!({ "prove": "available", "identity": key }), push())
        .is("pass")
        .says("2 people-counts proved");
    assert!(ran.summary.contains("2 people-counts proved"), "{}", ran.summary);
    let reports = ["json", "sarif"]
        .map(|name| fs::read_to_string(ran.told["outputs"][name].as_str().unwrap()).unwrap());
    let masked = ran.log().lines().filter(|line| line.starts_with("::add-mask::")).count();
    assert_eq!(masked, 1, "the token's other form is masked");
    let log: String = ran.log().lines().filter(|line| !line.starts_with("::add-mask::")).collect();
    for (place, text) in
        [("summary", &ran.summary), ("log", &log), ("json", &reports[0]), ("sarif", &reports[1])]
    {
        for value in [key, "hunter2", "hunter3", "ghs_notAToken", "eC1hY2Nlc3MtdG9rZW46"] {
            assert!(!text.contains(value), "{value} is in the {place}");
        }
    }
}
