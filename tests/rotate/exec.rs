//! Programs that speak JSON: the example of `contrib/rotators/`, and such as do what they should not.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use secrets::domain::id::VersionId;
use secrets::domain::json::UniqueMap;
use secrets::domain::record::Runner;
use secrets::domain::rotation::Handle;
use secrets::domain::rotator::Rotator;
use secrets::domain::value::Value;
use secrets::rotate::{Outside, Provider, RotateError, Trial, provider};
use serde_json::json;

use super::common::{NOW, tools};
use super::local_provider::{Fault, LocalProvider, outside, outside_within};

const EXAMPLE: &str = "contrib/rotators/folder.sh";
/// What must not be repeated anywhere.
const CANARY: &str = "c4n4ry-of-the-value";

fn here(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(relative)
}

/// As a record has it.
fn rotator(command: &[String], settings: &[(&str, &str)]) -> Rotator<Value> {
    let command = serde_json::to_string(command).unwrap();
    let with = settings.iter().copied().chain([("command", command.as_str())]);
    let with = with.map(|(name, value)| (name.to_owned(), value.to_owned())).collect::<UniqueMap<_, _>>();
    let rotator = Rotator::parse(&Runner { kind: "exec".to_owned(), with }).unwrap();
    rotator.resolve(|_| Err("it needs no credential")).unwrap()
}

/// A program in a shell.
fn shell(script: &str) -> Rotator<Value> {
    rotator(&["sh", "-c", script].map(ToOwned::to_owned), &[])
}

fn provided<'a>(rotator: &'a Rotator<Value>, outside: &'a Outside) -> Box<dyn Provider + 'a> {
    provider(rotator, outside).unwrap().unwrap()
}

fn marker(number: u128) -> VersionId {
    VersionId::from_parts(NOW.parse().unwrap(), number)
}

fn value(bytes: impl AsRef<[u8]>) -> Value {
    Value::new(bytes.as_ref().to_vec())
}

fn text(value: &Value) -> String {
    String::from_utf8(value.expose().to_vec()).unwrap()
}

/// What one after the other says of a program: list, identify, mint, verify, revoke.
fn all_errors(provider: &dyn Provider, told: &Value) -> Vec<RotateError> {
    let handle = Handle::try_from("a".to_owned()).unwrap();
    vec![
        provider.list().unwrap_err(),
        provider.identify(told, &[]).unwrap_err(),
        provider.mint(marker(1), Some(told), None).map(drop).unwrap_err(),
        provider.verify(told).map(drop).unwrap_err(),
        provider.revoke(&handle).unwrap_err(),
    ]
}

#[test]
fn the_example_gives_out_credentials() {
    let folder = tempfile::tempdir().unwrap();
    let local = LocalProvider::new(&folder.path().join("provider"));
    local.keeps_exchanges();
    let (rotator, outside) = (rotator(&local.command(), &[]), outside(folder.path()));
    let provider = provided(&rotator, &outside);
    assert!(provider.takes_markers() && provider.list().unwrap().is_empty());

    let old = provider.mint(marker(1), None, None).unwrap();
    let new =
        provider.mint(marker(2), Some(&old.value), Some("2027-01-01T00:00:00Z".parse().unwrap())).unwrap();
    let kept = local.credentials();
    assert_eq!(kept.len(), 2);
    for (minted, number) in [(&old, 1), (&new, 2)] {
        let one = kept.iter().find(|one| one.value == text(&minted.value)).unwrap();
        assert_eq!(one.marker, marker(number).to_string());
        assert_eq!(Some(one.handle.as_str()), minted.handle.as_ref().map(Handle::as_str));
        assert!(one.value.len() == 48);
    }

    let listed = provider.list().unwrap();
    assert_eq!(listed.len(), 2);
    let of_new = listed.iter().find(|one| one.marker == Some(marker(2))).unwrap();
    assert_eq!((Some(&of_new.handle), of_new.was_used), (new.handle.as_ref(), Some(false)));
    assert!(of_new.made_at.is_some());
    assert_eq!(provider.identify(&old.value, &listed).unwrap(), old.handle);
    assert_eq!(provider.identify(&value("of nobody"), &listed).unwrap(), None);

    assert!(matches!(provider.verify(&new.value), Ok(Trial::Passed)));
    assert_eq!(provider.list().unwrap().iter().filter(|one| one.was_used == Some(true)).count(), 1);
    let old_handle = old.handle.unwrap();
    provider.revoke(&old_handle).unwrap();
    provider.revoke(&old_handle).unwrap();
    let refused = provider.verify(&old.value).unwrap();
    assert!(
        matches!(&refused, Trial::Refused(why) if why.ends_with("no credential has this value")),
        "{refused:?}"
    );
    assert_eq!(
        local.credentials(),
        kept.into_iter().filter(|one| one.marker == marker(2).to_string()).collect::<Vec<_>>()
    );
    assert!(provider.mint(marker(3), Some(&value(b"\x00\xff")), None).is_ok());
    let asked = local.asked();
    assert_eq!(
        asked.join(" "),
        "list mint mint list identify identify verify list revoke revoke verify mint"
    );
    let exchanges = local.exchanges();
    assert_eq!(exchanges.len(), asked.len());
    obey_the_schemas(folder.path(), exchanges);
}

/// The example is what people begin from, so it must do nothing dangerous: what it is asked to revoke stays in its folder, and
/// no value is an argument of what it starts.
#[test]
fn the_example_is_a_good_one() {
    let shellcheck = Command::new(here("target/tools/venv/bin/shellcheck")).arg(here(EXAMPLE)).output();
    let shellcheck = shellcheck.expect("run `scripts/test`, which installs it");
    assert!(shellcheck.status.success(), "{}", String::from_utf8_lossy(&shellcheck.stdout));

    let folder = tempfile::tempdir().unwrap();
    let (kept, outside) = (folder.path().join("kept"), outside(folder.path()));
    let command = [here(EXAMPLE), kept].map(|path| path.to_str().unwrap().to_owned());
    let rotator = rotator(&command, &[]);
    let provider = provided(&rotator, &outside);
    fs::write(folder.path().join("bystander"), "").unwrap();
    for outside_of_it in ["../bystander", ".", "..", "/", "*"] {
        let error = provider.revoke(&Handle::try_from(outside_of_it.to_owned()).unwrap()).unwrap_err();
        assert!(error.to_string().contains("is no handle"), "{error}");
    }
    assert!(folder.path().join("bystander").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn the_example_puts_no_value_into_arguments() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace");
    let real = [here(EXAMPLE), folder.path().join("kept")].map(|path| path.to_str().unwrap().to_owned());
    let traced = ["strace", "-f", "-v", "-s", "100000", "-e", "trace=execve", "-o", trace.to_str().unwrap()];
    let traced: Vec<String> = traced.map(ToOwned::to_owned).into_iter().chain(real).collect();
    let (rotator, outside) = (rotator(&traced, &[]), outside(folder.path()));
    let provider = provided(&rotator, &outside);
    let mut seen = String::new();
    let mut look = || seen.push_str(&fs::read_to_string(&trace).unwrap());
    let minted = provider.mint(marker(1), Some(&value(CANARY)), None).unwrap();
    look();
    let listed = provider.list().unwrap();
    look();
    provider.identify(&minted.value, &listed).unwrap();
    look();
    assert!(matches!(provider.verify(&minted.value), Ok(Trial::Passed)));
    look();
    provider.revoke(&minted.handle.unwrap()).unwrap();
    look();
    assert!(seen.matches("execve(").count() > 20, "{seen}");
    assert!(!seen.contains(&text(&minted.value)) && !seen.contains(CANARY), "{seen}");
}

/// Bytes that are no text go and come in base 64, and exact.
#[test]
fn any_value_goes_there_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let outside = outside(folder.path());
    // It answers with what it was told.
    let script = r#"jq -c '{schema_version: 1} + if .action == "mint" then {value, value_base64} else {works: (.value_base64 == "AP8KAA==")} end'"#;
    let rotator = shell(script);
    let provider = provided(&rotator, &outside);
    let everything: Vec<u8> = (0..=u8::MAX).cycle().take(100_000).collect();
    let quotes = "\"\\\u{7f}\u{1f600}\u{2028}/\t\r\n".repeat(10_000);
    for bytes in [
        &b"\x00\xff\n\x00"[..],
        b" \n",
        b"a\n",
        "gr\u{fc}n\t\r\n\"\\".as_bytes(),
        &everything,
        quotes.as_bytes(),
    ] {
        let minted = provider.mint(marker(1), Some(&value(bytes)), None).unwrap();
        assert!(minted.value.expose() == bytes, "{} bytes came back as others", bytes.len());
    }
    assert!(matches!(provider.verify(&value(b"\x00\xff\n\x00")), Ok(Trial::Passed)));
    assert!(matches!(provider.verify(&value("text")), Ok(Trial::Refused(_))));
}

#[test]
fn it_is_run_in_the_root_of_the_repository_and_told_for_which_secret() {
    let folder = tempfile::tempdir().unwrap();
    let outside = outside(folder.path());
    let script = "#!/bin/sh\ncat > request\necho '{\"schema_version\":1,\"credentials\":[]}'\n";
    fs::write(folder.path().join("list.sh"), script).unwrap();
    fs::set_permissions(folder.path().join("list.sh"), std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .unwrap();
    let rotator = rotator(&["./list.sh".to_owned()], &[("markers", "false")]);
    let provider = provided(&rotator, &outside);
    assert!(!provider.takes_markers() && provider.list().unwrap().is_empty());
    let told: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.path().join("request")).unwrap()).unwrap();
    assert_eq!(told, json!({"schema_version": 1, "action": "list", "secret": "web/prod/db"}));
}

#[test]
fn what_goes_wrong_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let outside = outside(folder.path());
    for (script, said) in [
        ("exit 3", "sh: ended with exit code 3"),
        (
            "echo first >&2; printf 'no such user\\n\\n' >&2; exit 1",
            "sh: ended with exit code 1: no such user",
        ),
        ("kill -9 $$", "sh: was ended by a signal"),
        ("printf 'a\\033[2Jb' >&2; exit 1", r"exit code 1: a\u{1b}[2Jb"),
        ("true", "what can't be understood: it printed nothing"),
        ("echo yes", "line 1, column 1: it is no JSON document"),
        ("echo '{\"schema_version\":1}'", "a key is missing, unknown or given twice"),
    ] {
        let rotator = shell(script);
        let provider = provided(&rotator, &outside);
        for error in all_errors(&*provider, &value("told")) {
            // A document of the right version may lack something else in each.
            assert!(
                error.to_string().contains(said)
                    || said.starts_with("a key") && error.to_string().contains("holds no value"),
                "{script}: {error}"
            );
        }
    }
    let missing = rotator(&["no-such-program".to_owned()], &[]);
    let error = provided(&missing, &outside).list().unwrap_err();
    assert_eq!(error.to_string(), "no-such-program: `no-such-program` is not installed, or not on PATH");
}

#[test]
fn it_ends_when_the_time_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let local = LocalProvider::new(&folder.path().join("provider"));
    let rotator = rotator(&local.command(), &[]);
    for fault in [Fault::HangBefore, Fault::HangAfter] {
        let soon = outside_within(folder.path(), Duration::from_millis(300));
        local.fails_once("list", fault);
        let error = provided(&rotator, &soon).list().unwrap_err();
        assert!(error.to_string().contains("gave no answer within"), "{error}");
    }
    let over = Outside { deadline: Instant::now(), ..outside(folder.path()) };
    let error = provided(&rotator, &over).list().unwrap_err();
    assert!(error.to_string().contains("was not run"), "{error}");
    assert_eq!(local.asked(), ["list", "list"]);
}

/// Neither what it was told nor what it made comes into an error, whatever the program says.
#[test]
fn no_value_comes_into_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let outside = outside(folder.path());
    let made = format!(r#"{{"schema_version":1,"value":"{CANARY}"}}"#);
    for script in [
        format!("echo 'wrong: {CANARY}' >&2; exit 1"),
        format!("echo 'WRONG: {}' >&2; exit 1", CANARY.to_uppercase()),
        format!("echo 'wrong: {}…' >&2; exit 1", &CANARY[..12]),
        format!("echo '{made}'; echo 'made {CANARY}' >&2; exit 1"),
        format!("echo '{CANARY}'"),
        format!(r#"echo '{{"schema_version":1,"{CANARY}":1}}'"#),
        format!(r#"echo '{{"schema_version":1,"works":"{CANARY}","handle":["{CANARY}"]}}'"#),
        format!(r#"echo '{{"schema_version":"{CANARY}"}}'"#),
        format!(r#"echo '{{"schema_version":1,"value":"{CANARY}","handle":"{CANARY}"}}'"#),
    ] {
        let rotator = shell(&script);
        let provider = provided(&rotator, &outside);
        let mut shown = vec![
            provider.identify(&value(CANARY), &[]).unwrap_err(),
            provider.mint(marker(1), Some(&value(CANARY)), None).map(drop).unwrap_err(),
            provider.verify(&value(CANARY)).map(drop).unwrap_err(),
        ];
        if script.contains(&made) || !script.contains("exit 1") {
            // Nobody told it the value.
            shown.push(provider.mint(marker(1), None, None).map(drop).unwrap_err());
        }
        for error in shown {
            let error = error.to_string().to_lowercase();
            assert!(!error.contains(&CANARY[..10]), "{script}: {error}");
        }
    }
    // In base 64, as it was told.
    let rotator = shell("jq -r .value_base64 >&2; exit 1");
    let error = provided(&rotator, &outside).verify(&value(b"\x00\xff0123456789")).map(drop).unwrap_err();
    assert!(error.to_string().contains("repeats a credential"), "{error}");
    // Why it does not work is shown, unless it repeats the value.
    for (why, is_shown) in [("401 Unauthorized", true), (CANARY, false)] {
        let rotator = shell(&format!(r#"echo '{{"schema_version":1,"works":false,"why":"{why}"}}'"#));
        let trial = provided(&rotator, &outside).verify(&value(CANARY)).unwrap();
        assert!(matches!(&trial, Trial::Refused(said) if said.contains(why) == is_shown), "{trial:?}");
    }
    let rotator = shell(r#"echo '{"schema_version":1,"works":null}'"#);
    assert!(matches!(provided(&rotator, &outside).verify(&value(CANARY)), Ok(Trial::CannotTell)));
}

/// What others rely on when they test with it.
#[test]
fn the_faults_of_the_local_provider() {
    let folder = tempfile::tempdir().unwrap();
    let local = LocalProvider::new(&folder.path().join("provider"));
    let (rotator, outside) = (rotator(&local.command(), &[]), outside(folder.path()));
    let provider = provided(&rotator, &outside);
    let mut before = 0;
    for (fault, made, fails) in [
        (Fault::FailBefore, 0, true),
        (Fault::FailAfter, 1, true),
        (Fault::Garbage, 1, true),
        (Fault::Cut, 1, true),
        (Fault::Twice, 2, false),
    ] {
        local.fails_once("mint", fault);
        assert_eq!(provider.mint(marker(1), None, None).is_err(), fails, "{fault:?}");
        assert_eq!(local.credentials().len(), before + made, "{fault:?}");
        before += made;
        assert!(provider.list().is_ok());
    }
    for (fault, made) in [(Fault::KillBefore, 0), (Fault::KillAfter, 1)] {
        local.fails_once("mint", fault);
        let request = json!({"schema_version": 1, "secret": "a", "marker": marker(1)}).to_string();
        let request = request.replacen('{', r#"{"action":"mint","#, 1);
        let script = format!("printf '%s' '{request}' | (\"$0\"; echo survived) ; true");
        // The shell between the braces is whoever asks.
        let mut asks = Command::new("sh");
        asks.args(["-c", &script, &local.command()[0]]).stderr(Stdio::null());
        assert!(asks.output().unwrap().stdout.is_empty(), "{fault:?}");
        assert_eq!(local.credentials().len(), before + made, "{fault:?}");
        before += made;
    }
    local.fails_always("list", Fault::FailBefore);
    let said = "the provider is down";
    assert!((0..2).all(|_| provider.list().unwrap_err().to_string().contains(said)));
    local.heals();
    assert_eq!(provider.list().unwrap().len(), before);
}

/// What is really said, against the schemas that are printed; and what is not right, refused by them.
#[track_caller]
fn obey_the_schemas(folder: &Path, exchanges: Vec<(serde_json::Value, serde_json::Value)>) {
    let schema = |of: &str| -> serde_json::Value {
        let output = Command::new(super::common::binary()).args(["schema", of]).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let (requests, answers): (Vec<_>, Vec<_>) = exchanges.into_iter().unzip();
    let wrong_requests = [
        json!({"schema_version": 1, "action": "list"}),
        json!({"schema_version": 2, "action": "list", "secret": "a"}),
        json!({"schema_version": 1, "action": "list", "secret": "a", "more": 1}),
        json!({"schema_version": 1, "action": "verify", "secret": "a", "value": null}),
        json!({"schema_version": 1, "action": "drop", "secret": "a"}),
        json!({"schema_version": 1, "action": "mint", "secret": "a", "marker": "x"}),
    ];
    let wrong_answers = [
        json!({"schema_version": 1}),
        json!({"schema_version": 2, "credentials": []}),
        json!({"schema_version": 1, "credentials": [{"handle": "a", "marker": "x"}]}),
        json!({"schema_version": 1, "credentials": [{"handle": ""}]}),
        json!({"schema_version": 1, "credentials": [], "more": 1}),
        json!({"schema_version": 1, "value": 1}),
        json!({"schema_version": 1, "value": "a", "expires": "2027-01-01"}),
        json!({"schema_version": 1, "works": "true"}),
        json!({"schema_version": 1, "revoked": false}),
    ];
    let more_answers = [
        json!({"schema_version": 1, "works": null}),
        json!({"schema_version": 1, "handle": null}),
        json!({"schema_version": 1, "credentials": [{"handle": "a", "marker": null}]}),
        json!({"schema_version": 1, "value_base64": "AA==", "expires": "2027-01-01T00:00:00Z"}),
    ];
    let right_answers = [&answers[..], &more_answers].concat();
    let all = json!([
        [schema("rotator-request"), requests, wrong_requests],
        [schema("rotator-answer"), right_answers, wrong_answers],
    ]);
    fs::write(folder.join("all.json"), all.to_string()).unwrap();
    let script = "import json, sys, jsonschema\n\
                  for schema, right, wrong in json.load(open(sys.argv[1])):\n\
                  \x20   of = jsonschema.validators.validator_for(schema)\n\
                  \x20   of.check_schema(schema)\n\
                  \x20   for one in right:\n\
                  \x20       of(schema).validate(one)\n\
                  \x20   for one in wrong:\n\
                  \x20       assert not of(schema).is_valid(one), one\n\
                  print('ok')";
    let mut python = Command::new(tools::python());
    let told = python.args(["-c", script]).arg(folder.join("all.json")).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&told.stdout), "ok\n", "{}", String::from_utf8_lossy(&told.stderr));
}
