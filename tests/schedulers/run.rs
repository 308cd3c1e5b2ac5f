//! What the schedules run, run: by git and the shells as they are, with a program in the place of `secrets` that writes down
//! what it was given.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::common::{Outcome, Sandbox, tools};
use super::{CRONTAB, GITHUB, GITLAB, INSTALLED, KUBERNETES, SCRIPT, here, text};

/// A token and an identity that must be nowhere but in the environment.
const TOKEN: &str = "token-of-this-test";
const IDENTITY: &str = "identity-of-this-test";

struct World {
    sandbox: Sandbox,
    laptop: PathBuf,
}

impl World {
    /// An origin with one commit, and a `secrets` that notes how it was called.
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let laptop = sandbox.origin_and_laptop();
        let bin = sandbox.path("bin");
        fs::create_dir(&bin).unwrap();
        let stub = "#!/bin/sh\n{ echo \"ran $*\"; echo \"commit $(git rev-parse HEAD)\"; git remote get-url origin\n\
                    git status --porcelain --branch; env; git config --get-regexp extraheader; } >\"$NOTED\"\n\
                    echo 'told nobody'\nexit \"${STUB_CODE:-0}\"\n";
        fs::write(bin.join("secrets"), stub).unwrap();
        fs::set_permissions(bin.join("secrets"), fs::Permissions::from_mode(0o755)).unwrap();
        Self { sandbox, laptop }
    }

    /// A command in whose environment is what the job has.
    fn command(&self, program: &str, folder: &Path) -> Command {
        let mut command = self.sandbox.command(program, folder);
        let path = command.get_envs().find(|(name, _)| *name == "PATH").and_then(|(_, value)| value).unwrap();
        let path = format!("{}:{}", self.sandbox.path("bin").display(), path.to_str().unwrap());
        command.env("PATH", path).env("NOTED", self.sandbox.path("noted"));
        command.env("SLACK_WEBHOOK", "https://hooks.example/x").env("SECRETS_IDENTITY", IDENTITY);
        command
    }

    fn script(&self) -> Command {
        let mut command = self.command(here(SCRIPT).to_str().unwrap(), self.sandbox.path("home").as_path());
        command.env("SECRETS_REPOSITORY", self.origin());
        command
    }

    fn origin(&self) -> String {
        format!("file://{}", self.sandbox.path("origin.git").display())
    }

    /// What the stub noted, which is then forgotten.
    #[track_caller]
    fn noted(&self) -> String {
        let path = self.sandbox.path("noted");
        let noted = fs::read_to_string(&path).unwrap();
        fs::remove_file(path).unwrap();
        noted
    }

    fn head(&self) -> String {
        self.sandbox.git(&self.laptop, ["rev-parse", "HEAD"])
    }

    fn push(&self, name: &str) {
        fs::write(self.laptop.join(name), name).unwrap();
        self.sandbox.git(&self.laptop, ["add", "."]);
        self.sandbox.git(&self.laptop, ["commit", "-q", "-m", name]);
        self.sandbox.git(&self.laptop, ["push", "-q", "origin", "HEAD:main"]);
    }

    /// That it ran where the deploy ref is, clean, with what policy names.
    #[track_caller]
    fn ran(&self, arguments: &str) -> String {
        let noted = self.noted();
        assert!(
            noted.starts_with(&format!(
                "ran warn --deploy-ref origin/main{arguments}\ncommit {}\n",
                self.head()
            )),
            "{noted}"
        );
        assert!(noted.contains("\nSLACK_WEBHOOK=https://hooks.example/x\n"), "{noted}");
        assert!(!noted.contains("\n?? ") && !noted.contains("\n M "), "{noted}");
        noted
    }
}

#[track_caller]
fn finish(command: &mut Command) -> Outcome {
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    Outcome { code: output.status.code().unwrap_or(-1), stdout: output.stdout, stderr }
}

#[test]
fn the_script_runs_on_what_the_remote_has_now() {
    let world = World::new();
    let noted = {
        finish(world.script().args(["--state", "f"])).code(0).says("told nobody");
        world.ran(" --state f")
    };
    assert!(noted.contains(&format!("\n{}\n## main\n", world.origin())), "{noted}");
    assert!(noted.contains(&format!("\nSECRETS_IDENTITY={IDENTITY}\n")), "{noted}");

    // Another commit, in the same clone; left in it by a run that was killed: a lock, a change, a file.
    world.push("later");
    let clone = world.sandbox.path("home/.local/state/secrets-warn/clone");
    for left in [".git/index.lock", "stray"] {
        fs::write(clone.join(left), "").unwrap();
    }
    fs::write(clone.join("README"), "changed").unwrap();
    finish(&mut world.script()).code(0);
    world.ran("");
    fs::write(clone.join("README"), "changed").unwrap();
    finish(world.script().env("STUB_CODE", "2")).code(2).says("told nobody");
    world.ran("");
    // Rewritten history is what the remote has too.
    world.sandbox.git(&world.laptop, ["commit", "-q", "--amend", "-m", "other"]);
    world.sandbox.git(&world.laptop, ["push", "-q", "-f", "origin", "HEAD:main"]);
    finish(&mut world.script()).code(0);
    world.ran("");
}

#[test]
fn the_script_says_what_it_lacks() {
    let world = World::new();
    finish(world.script().env_remove("SECRETS_REPOSITORY")).code(2).says("SECRETS_REPOSITORY is not set");
    finish(world.script().env("SECRETS_BRANCH", "gone")).code(2).says("the branch gone could not be fetched");
    let nowhere = world.sandbox.path("nowhere");
    finish(world.script().env("SECRETS_REPOSITORY", nowhere))
        .code(2)
        .says("does not appear to be a git repository");
    finish(world.script().env("SECRETS_CLONE_DIR", "/dev/null/x")).code(2).says("/dev/null/x can't be made");
    assert!(!world.sandbox.path("noted").exists());
}

#[test]
fn credentials_come_as_systemd_and_clusters_hand_them_over() {
    let world = World::new();
    let credentials = world.sandbox.path("credentials");
    fs::create_dir(&credentials).unwrap();
    fs::write(credentials.join("identity"), "# of a machine\nAGE-OTHER\n").unwrap();
    let state = world.sandbox.path("state");
    let script = || {
        let mut script = world.script();
        script
            .env("CREDENTIALS_DIRECTORY", &credentials)
            .env("STATE_DIRECTORY", &state)
            .env("GIT_TOKEN", TOKEN);
        script
    };
    finish(script().env("GIT_USER", "oauth2")).code(0);
    let noted = world.ran("");
    assert!(noted.contains("\nSECRETS_IDENTITY=# of a machine\nAGE-OTHER\n"), "{noted}");
    // For this address only, and nowhere in clear.
    let header = format!("http.{}.extraheader Authorization: Basic ", world.origin());
    let basic = noted.lines().find_map(|line| line.strip_prefix(&header)).unwrap();
    let decode = format!("printf %s {basic} | base64 -d");
    assert_eq!(
        finish(world.sandbox.command("sh", &state).args(["-c", &decode])).text(),
        format!("oauth2:{TOKEN}")
    );
    assert!(!noted.contains(TOKEN), "{noted}");
    let config = fs::read_to_string(state.join("clone/.git/config")).unwrap();
    assert!(!config.contains("Basic") && !config.contains("oauth2"), "{config}");
}

/// The scripts in a YAML of GitHub or GitLab.
fn scripts(yaml: &str) -> Vec<serde_json::Value> {
    let mut command = Command::new(tools::python());
    command.arg("-B").arg(here("tests/docs/workflow.py")).stdin(fs::File::open(here(yaml)).unwrap());
    serde_json::from_slice(&command.output().unwrap().stdout).unwrap()
}

#[test]
fn the_jobs_of_the_forges() {
    let world = World::new();
    let github = scripts(GITHUB);
    let [build, warn] = github.as_slice() else { panic!("{github:?}") };
    assert!(build["text"].as_str().unwrap().starts_with("cargo install --quiet --locked --git"), "{build}");
    // What its `env` names is what the step has, and the secret that is not set is not there.
    let names: Vec<&String> = warn["variables"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["GITHUB_TOKEN", "HEARTBEAT_URL", "SECRETS_IDENTITY", "SLACK_WEBHOOK"]);
    let step = |text: &serde_json::Value| {
        let mut bash = world.command("bash", &world.laptop);
        bash.args(["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", text.as_str().unwrap()]);
        bash
    };
    let github = |identity: &str| {
        let mut bash = step(&warn["text"]);
        bash.env("SECRETS_IDENTITY", identity).env("GITHUB_TOKEN", TOKEN);
        bash.env("GITHUB_SERVER_URL", "https://github.com");
        bash
    };
    finish(&mut github(IDENTITY)).code(0).lacks(TOKEN).says("::add-mask::");
    let noted = world.ran("");
    assert!(
        noted.contains(IDENTITY)
            && noted.contains("\nhttp.https://github.com/.extraheader Authorization: Basic ")
    );
    finish(github("").env("STUB_CODE", "2")).code(2);
    assert!(!world.ran("").contains("SECRETS_IDENTITY"));

    let gitlab = scripts(GITLAB);
    let [before, warn] = gitlab.as_slice() else { panic!("{gitlab:?}") };
    let gitlab = |text: &serde_json::Value| {
        let mut bash = step(text);
        bash.env("CI_PROJECT_DIR", &world.laptop).env("CI_PROJECT_URL", "https://gitlab.example/o/r");
        bash.env("LEDGER_TOKEN", TOKEN).env("CI_DEFAULT_BRANCH", "main");
        bash
    };
    finish(&mut gitlab(&before["text"])).code(0).says("bin/secrets");
    finish(&mut gitlab(&warn["text"])).code(0).lacks(TOKEN);
    let noted = world.ran("");
    assert!(noted.contains("\nhttps://gitlab.example/o/r.git\n") && !noted.contains(TOKEN), "{noted}");
    assert!(
        noted.contains("\nhttp.https://gitlab.example/o/r.git.extraheader Authorization: Basic "),
        "{noted}"
    );
    finish(gitlab(&warn["text"]).env_remove("LEDGER_TOKEN").env("STUB_CODE", "2")).code(2);
    assert!(!world.ran("").contains("extraheader"));
}

#[test]
fn the_commands_of_cron_and_kubernetes() {
    let world = World::new();
    let home = world.sandbox.path("home");
    let env = format!("SECRETS_REPOSITORY={}\nSLACK_WEBHOOK=https://hooks.example/x\n", world.origin());
    fs::write(home.join("secrets-warn.env"), env).unwrap();
    let crontab = text(CRONTAB);
    // Five fields of time, then the command. What cron would turn into a line end is not in it.
    let entry = crontab.lines().find(|line| line.starts_with("17 ")).unwrap();
    let command = entry.splitn(6, ' ').nth(5).unwrap().replace(INSTALLED, here(SCRIPT).to_str().unwrap());
    assert!(!command.contains('%'), "{command}");
    let cron = || {
        let mut sh = world.command("sh", &home);
        sh.env_remove("SLACK_WEBHOOK").args(["-c", &command]);
        sh
    };
    finish(&mut cron()).code(0).lacks("ended with");
    world.ran("");
    finish(cron().env("STUB_CODE", "2")).code(2).says("secrets warn ended with 2");
    world.ran("");
    // While another run holds the lock.
    let held = format!("exec 9<secrets-warn.env; flock 9; {command}");
    finish(world.command("sh", &home).args(["-c", &held])).code(2).says("secrets warn ended with 2");
    assert!(!world.sandbox.path("noted").exists());

    let manifest = text(KUBERNETES);
    let line = manifest.lines().find_map(|line| line.trim().strip_prefix("command: [")).unwrap();
    assert_eq!(line, "/bin/sh, /etc/secrets-warn/secrets-warn.sh]");
    let state = world.sandbox.path("state");
    fs::create_dir(&state).unwrap();
    let mut sh = world.command("/bin/sh", &state);
    sh.arg(here(SCRIPT)).env("SECRETS_REPOSITORY", world.origin());
    finish(sh.envs(["HOME", "SECRETS_CLONE_DIR", "TMPDIR"].map(|name| (name, &state)))).code(0);
    world.ran("");
}

/// With the program itself: what is due is told once, and the ledger is on the remote.
#[test]
fn the_script_and_the_program_together() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    sandbox.add(&laptop, "web/db", "2026-03-05", "x");
    let policy = laptop.join("secrets/policy.toml");
    let told = fs::read_to_string(&policy).unwrap() + "[[notify]]\nkind = \"stdout\"\n";
    fs::write(policy, told).unwrap();
    sandbox.git(&laptop, ["commit", "-q", "-a", "-m", "Tell"]);
    sandbox.git(&laptop, ["push", "-q", "origin", "HEAD:main"]);
    let bin = sandbox.path("bin");
    fs::create_dir(&bin).unwrap();
    std::os::unix::fs::symlink(super::common::binary(), bin.join("secrets")).unwrap();
    let world = World { sandbox, laptop };
    let run = || {
        let mut script = world.script();
        script.env_remove("SECRETS_IDENTITY").args(["--at", super::common::NOW]);
        finish(&mut script).code(0)
    };
    run().says("web/db");
    let origin = world.sandbox.path("origin.git");
    let ledger = world.sandbox.git(&origin, ["show", "refs/secrets/ledger:ledger.jsonl"]);
    let sent = |ledger: &str| ledger.lines().filter(|line| line.contains("\"sent\"")).count();
    assert_eq!(sent(&ledger), 1, "{ledger}");
    run();
    let ledger = world.sandbox.git(&origin, ["show", "refs/secrets/ledger:ledger.jsonl"]);
    assert_eq!(sent(&ledger), 1, "{ledger}");
}
