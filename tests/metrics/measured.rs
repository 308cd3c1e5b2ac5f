//! A real store, measured.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::servers::Server;
use crate::common::{NOW, Outcome, Sandbox, tools};

/// Planted as every value.
const CANARY: &str = "kV7xQm2ZrT9uWc4LpHs8YbNd3EgJfA6v";
/// 2026-04-10T00:00:00Z, by `date -u +%s`.
const APRIL: i64 = 1_775_779_200;
/// [`NOW`].
const MOMENT: i64 = 1_772_366_400;

/// Three secrets that end, never end, and are held by one person only.
fn store(sandbox: &Sandbox) -> PathBuf {
    let laptop = sandbox.store(&["alice", "bob"]);
    for arguments in [
        &["add", "web/prod/db", "--expires", "2026-04-10", "--owner", "team"][..],
        &["add", "legacy/ftp", "--never", "one login", "--owner", "team"],
        &["add", "alone", "--expires", "2027-01-01", "--owner", "alice", "--reader", "alice"],
    ] {
        let adding = sandbox.secrets(&laptop).args(arguments).args(["--as", "alice"]);
        adding.stdin(CANARY).run().code(0);
    }
    sandbox.push(&laptop);
    laptop
}

fn measure(sandbox: &Sandbox, laptop: &Path, arguments: &[&str]) -> Outcome {
    let outcome = sandbox.secrets(laptop).args(["metrics"]).args(arguments).run();
    quiet(&outcome);
    outcome
}

#[track_caller]
fn quiet(outcome: &Outcome) {
    assert!(!String::from_utf8_lossy(&outcome.stdout).contains(&CANARY[..12]));
    assert!(!outcome.stderr.contains(&CANARY[..12]), "{}", outcome.stderr);
}

/// What two parsers of Prometheus' client in Python make of it, which must be the same.
#[track_caller]
fn parsed(sandbox: &Sandbox, text: &str) -> Vec<Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/metrics/read.py");
    let file = sandbox.path("tmp/metrics.txt");
    fs::write(&file, text).unwrap();
    let shell = r#"exec "$1" "$2" <"$3""#;
    let python = tools::python();
    let arguments =
        ["-c", shell, "sh", python.to_str().unwrap(), script.to_str().unwrap(), file.to_str().unwrap()];
    let read = sandbox.run(sandbox.root(), "sh", arguments).code(0);
    read.json().as_array().unwrap().clone()
}

/// The value of the only sample of that name with these labels among its own.
#[track_caller]
fn value(samples: &[Value], name: &str, labels: &[(&str, &str)]) -> i64 {
    let fits = |sample: &&Value| {
        sample["name"] == name && labels.iter().all(|(label, value)| sample["labels"][*label] == *value)
    };
    let found: Vec<&Value> = samples.iter().filter(fits).collect();
    assert_eq!(found.len(), 1, "{name} {labels:?}: {found:?}\n{samples:?}");
    found[0]["value"].as_i64().unwrap()
}

fn count(samples: &[Value], name: &str) -> usize {
    samples.iter().filter(|sample| sample["name"] == name).count()
}

#[test]
fn a_real_store_is_measured_and_read_by_all_who_read_metrics() {
    let sandbox = Sandbox::new();
    let laptop = store(&sandbox);
    let measured = measure(&sandbox, &laptop, &[]).code(0);
    let text = measured.text();
    assert_eq!(measure(&sandbox, &laptop, &[]).code(0).stdout, measured.stdout, "two runs are the same");

    let samples = parsed(&sandbox, text);
    let of_db = [("secret", "web/prod/db"), ("scope", "web/prod"), ("owner", "team")];
    assert_eq!(value(&samples, "secrets_expiry_timestamp_seconds", &of_db), APRIL);
    assert_eq!(value(&samples, "secrets_people", &of_db), 2);
    assert_eq!(count(&samples, "secrets_expiry_timestamp_seconds"), 2, "what never ends has no end");
    assert_eq!(value(&samples, "secrets_without_expiry", &[("reason", "never")]), 1);
    assert_eq!(value(&samples, "secrets_without_expiry", &[("reason", "unread")]), 0);
    assert_eq!(value(&samples, "secrets_single_holder", &[("secret", "alone"), ("owner", "alice")]), 1);
    let single = [("finding", "single-holder"), ("level", "error")];
    assert_eq!(value(&samples, "secrets_findings", &single), 1);
    assert_eq!(value(&samples, "secrets_unchecked", &[]), 0);
    assert_eq!(value(&samples, "secrets_deploy_blocked", &[]), 1);
    assert_eq!(value(&samples, "secrets_check_timestamp_seconds", &[]), MOMENT);
    assert_eq!(count(&samples, "secrets_last_warn_run_timestamp_seconds"), 0);
    let units = samples.iter().filter(|sample| sample["name"].as_str().unwrap().ends_with("_seconds"));
    assert!(units.clone().count() > 0 && units.into_iter().all(|sample| sample["unit"] == "seconds"));

    let scoped = measure(&sandbox, &laptop, &["--scope", "web/**"]).code(0);
    assert_eq!(count(&parsed(&sandbox, scoped.text()), "secrets_people"), 1);
    measure(&sandbox, &laptop, &["--scope", "nothing/**"]).code(2).says("fits no secret");

    of_promtool(&sandbox, text);
    through_the_textfile_collector(&sandbox, &laptop, text);
    through_a_pushgateway(&sandbox, &laptop);
}

/// Its linter has nothing to say either.
fn of_promtool(sandbox: &Sandbox, text: &str) {
    let file = sandbox.path("tmp/metrics.txt");
    fs::write(&file, text).unwrap();
    let promtool = tools::promtool();
    let arguments =
        ["-c", r#"exec "$1" check metrics <"$2""#, "sh", promtool.to_str().unwrap(), file.to_str().unwrap()];
    let checked = sandbox.run(sandbox.root(), "sh", arguments).code(0);
    assert_eq!((checked.text(), checked.stderr.as_str()), ("", ""));
}

/// Written by a job that lets nobody read its files, for a service of another user; two stores side by side.
fn through_the_textfile_collector(sandbox: &Sandbox, laptop: &Path, text: &str) {
    let folder = sandbox.path("textfile");
    let file = folder.join("secrets.prom");
    let run = sandbox
        .secrets(laptop)
        .args(["metrics".as_ref(), "--output".as_ref(), file.as_os_str()])
        .into_command();
    let mut masked = sandbox.command("sh", laptop);
    masked.args(["-c", r#"umask 077; exec "$0" "$@""#]).arg(run.get_program()).args(run.get_args());
    for (name, value) in run.get_envs() {
        masked.env(name, value.unwrap_or_default());
    }
    assert!(masked.status().unwrap().success());
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o644);
    assert_eq!(fs::read_to_string(&file).unwrap(), text);

    let id = text.split("store=\"").nth(1).unwrap().split('"').next().unwrap();
    let other = "01JB0000000000000000000000";
    fs::write(folder.join("other.prom"), text.replace(id, other)).unwrap();
    let folder = format!("--collector.textfile.directory={}", folder.display());
    let arguments = ["--collector.disable-defaults", "--collector.textfile", &folder];
    let exporter = Server::start(tools::node_exporter(), &arguments);
    let served = exporter.metrics();
    assert!(served.contains("node_textfile_scrape_error 0\n"), "{served}");
    for store in [id, other] {
        let sample = format!("secrets_unchecked{{store=\"{store}\"}} 0\n");
        assert!(served.contains(&sample), "{sample}\n{served}");
    }
}

/// What a Pushgateway serves of what it was pushed; what it says of itself is its own affair.
fn ours(served: &str) -> String {
    let lines = served.lines().filter(|line| line.contains("secrets_"));
    lines.chain(["# EOF"]).flat_map(|line| [line, "\n"]).collect()
}

/// A store has one group there, and a later push takes the place of all of it.
fn through_a_pushgateway(sandbox: &Sandbox, laptop: &Path) {
    let gateway = Server::start("prometheus-pushgateway", &["--persistence.file="]);
    let url = format!("http://{}", gateway.address());
    measure(sandbox, laptop, &["--push", &url]).code(0).says("pushed to the Pushgateway");
    let served = parsed(sandbox, &ours(&gateway.metrics()));
    let of_db = [("secret", "web/prod/db"), ("job", "secrets")];
    assert_eq!(value(&served, "secrets_expiry_timestamp_seconds", &of_db), APRIL);
    assert_eq!(value(&served, "secrets_single_holder", &[("secret", "alone")]), 1);

    let scoped = ["--scope", "web/**", "--push", &url];
    measure(sandbox, laptop, &scoped).code(0);
    let served = parsed(sandbox, &ours(&gateway.metrics()));
    assert_eq!(count(&served, "secrets_expiry_timestamp_seconds"), 1, "what is gone is gone");
    assert_eq!(count(&served, "secrets_single_holder"), 0);
    assert_eq!(count(&served, "secrets_check_timestamp_seconds"), 1);
    drop(gateway);

    measure(sandbox, laptop, &["--push", &url, "--timeout", "1"]).code(2).says(&url);
    measure(sandbox, laptop, &["--push", "http://pushgateway.example.org:9091"]).code(2).says("https://");
    let told = measure(sandbox, laptop, &["--push", "https://someone:hunter2@127.0.0.1:9/"]).code(2);
    assert!(!told.stderr.contains("hunter2"), "{}", told.stderr);
}

#[test]
fn what_is_not_known_is_counted_and_the_rest_is_measured_all_the_same() {
    let sandbox = Sandbox::new();
    let laptop = store(&sandbox);
    let file = sandbox.path("secrets.prom");
    let output = ["--output", file.to_str().unwrap()];
    let written = || fs::read_to_string(&file).unwrap();

    let offline = measure(&sandbox, &laptop, &["--offline"]).code(2).says("NOT checked");
    assert!(value(&parsed(&sandbox, offline.text()), "secrets_unchecked", &[]) >= 1);

    fs::write(laptop.join("secrets/web/prod/db.json"), "{ cut o").unwrap();
    measure(&sandbox, &laptop, &output).code(2).says("secrets/web/prod/db.json");
    let samples = parsed(&sandbox, &written());
    assert!(value(&samples, "secrets_unchecked", &[]) >= 1);
    assert_eq!(value(&samples, "secrets_without_expiry", &[("reason", "unread")]), 1);
    assert_eq!(value(&samples, "secrets_people", &[("secret", "legacy/ftp")]), 2);
    assert_eq!(count(&samples, "secrets_expiry_timestamp_seconds"), 1);

    fs::write(laptop.join("secrets/policy.toml"), "schema = 1\nnonsense = true\n").unwrap();
    measure(&sandbox, &laptop, &output).code(2).says("policy.toml");
    let samples = parsed(&sandbox, &written());
    assert!(value(&samples, "secrets_unchecked", &[]) >= 1);
    assert_eq!(value(&samples, "secrets_deploy_blocked", &[]), 1);
    measure(&sandbox, &laptop, &["--push", "http://127.0.0.1:9"])
        .code(2)
        .says("it is not known whose metrics");
}

#[test]
fn how_the_job_last_ended_is_read_from_the_remote_or_from_a_file() {
    let sandbox = Sandbox::new();
    let laptop = store(&sandbox);
    let run = |at: &str, outcome: &str| {
        format!(
            r#"{{"v":1,"event":"run","run":"01JB0000000000000000000000","at":"{at}","outcome":"{outcome}","told":1}}"#
        )
    };
    let ended = |samples: &[Value]| {
        let at = value(samples, "secrets_last_warn_run_timestamp_seconds", &[]);
        (at, value(samples, "secrets_last_warn_run_success", &[]))
    };
    let lines = format!("{}\n{}\n", run(NOW, "delivered"), run("2026-02-28T12:00:00Z", "failed"));
    let file = sandbox.path("ledger.jsonl");
    fs::write(&file, lines).unwrap();
    let state = ["--state", file.to_str().unwrap()];
    assert_eq!(ended(&parsed(&sandbox, measure(&sandbox, &laptop, &state).code(0).text())), (MOMENT, 1));

    let yesterday = "2026-02-28T12:00:00Z";
    sandbox.secrets(&laptop).args(["warn"]).at(yesterday).run().code(2).says("nobody is told");
    let measured = measure(&sandbox, &laptop, &[]).code(0);
    assert_eq!(ended(&parsed(&sandbox, measured.text())), (MOMENT - 86_400, 0));

    fs::write(&file, "cut o").unwrap();
    let torn = measure(&sandbox, &laptop, &state).code(2).says("ledger.jsonl");
    assert!(value(&parsed(&sandbox, torn.text()), "secrets_unchecked", &[]) >= 1);
    fs::remove_dir_all(sandbox.path("origin.git")).unwrap();
    measure(&sandbox, &laptop, &[]).code(2).says("refs/secrets/ledger").says("NOT checked");
}
