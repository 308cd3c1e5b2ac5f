//! Rotators and probes, set and removed.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::common::{Outcome, Run, Sandbox};
use super::server::{Server, answer, ok};

const NAME: &str = "web/prod/api";
const VALUE: &str = "correct-horse-battery-staple";

/// A store of alice and bob with a secret, pushed, and its owner at hand.
fn store() -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    sandbox.accepting_new(|| {
        let add = ["add", NAME, "--expires", "2027-01-01", "--owner", "team", "--as", "alice"];
        sandbox.secrets(&laptop).args(add).stdin(VALUE)
    });
    sandbox.push(&laptop);
    (sandbox, laptop)
}

fn alice<'a>(sandbox: &'a Sandbox, laptop: &Path, arguments: &[&str]) -> Run<'a> {
    sandbox.secrets(laptop).args(arguments).identity("alice")
}

#[track_caller]
fn run(sandbox: &Sandbox, laptop: &Path, arguments: &[&str]) -> Outcome {
    alice(sandbox, laptop, arguments).run().lacks(VALUE)
}

#[test]
fn the_secret_is_sealed_again_with_them_and_nothing_else_of_it_changes() {
    let (sandbox, laptop) = store();
    let before = sandbox.record(&laptop, NAME);
    let set = ["rotator", "set", NAME, "generate", "length=48", "lifetime=90d"];
    run(&sandbox, &laptop, &set)
        .code(0)
        .says("web/prod/api: rotator none → generate length=48 lifetime=90d")
        .says("secrets: rotator of web/prod/api: generate")
        .says("NOT on origin/main yet");
    let record = sandbox.record(&laptop, NAME);
    let runner = serde_json::json!({ "kind": "generate", "with": { "length": "48", "lifetime": "90d" } });
    assert_eq!(record["sealed"]["rotator"], runner);
    for part in ["version", "expires", "readers", "exposed_to", "name"] {
        assert_eq!(record["sealed"][part], before["sealed"][part], "{part}");
    }
    assert!(record["sealed"]["seal"].as_u64() > before["sealed"]["seal"].as_u64());
    assert_eq!(sandbox.age(&laptop, NAME, "bob").code(0).stdout, VALUE.as_bytes());
    let changed = ["secrets/web/prod/api.age", "secrets/web/prod/api.json"];
    assert_eq!(sandbox.changed_by_head(&laptop), changed);
    assert_eq!(sandbox.status(&laptop), "");
    let subject = sandbox.git(&laptop, ["log", "-1", "--format=%s"]);
    assert_eq!(subject, "secrets: rotator of web/prod/api: generate");

    sandbox.push(&laptop);
    // A probe beside it leaves it as it is, and the other way round.
    let probe =
        ["probe", "set", NAME, "http", "url=https://api.example.org/health", "prefix=Token ", "--push"];
    run(&sandbox, &laptop, &probe).code(0).says("prefix='Token '").says("pushed to origin/main");
    assert_eq!(sandbox.record(&laptop, NAME)["sealed"]["rotator"], runner);
    let head = sandbox.head(&laptop);
    run(&sandbox, &laptop, &probe).code(0).says("is so already");
    assert_eq!(sandbox.head(&laptop), head);
    let shown = run(&sandbox, &laptop, &["show", NAME]).code(0);
    let shown = shown.says("generate (length = 48, lifetime = 90d)").says("http (prefix = Token , url = ");
    assert!(!shown.text().contains("can't be used"));
    let json = run(&sandbox, &laptop, &["show", NAME, "--format", "json"]).code(0).json();
    assert_eq!(json["record"]["sealed"]["probe"]["with"]["url"], "https://api.example.org/health");

    run(&sandbox, &laptop, &["rotator", "remove", NAME, "--push"]).code(0).says("→ none");
    run(&sandbox, &laptop, &["rotator", "remove", NAME]).code(0).says("rotator none: is so already");
    let record = sandbox.record(&laptop, NAME);
    assert!(record["sealed"]["rotator"].is_null() && record["sealed"]["probe"]["kind"] == "http");
    run(&sandbox, &laptop, &["check"]).code(0);
}

#[test]
fn what_is_not_understood_changes_nothing() {
    let (sandbox, laptop) = store();
    let head = sandbox.head(&laptop);
    let url = "url=https://api.example.org/";
    for (arguments, says) in [
        (&["rotator", "set", NAME, "generat"][..], "generate, entra-app-password, aws-iam-access-key"),
        (&["rotator", "set", NAME, "generate", "lenght=48"], "`lenght` is no setting of it; it knows"),
        (
            &["rotator", "set", NAME, "generate", "length"],
            "`length` is no setting: write each like KEY=VALUE",
        ),
        (&["rotator", "set", NAME, "generate", "=48"], "`=48` is no setting"),
        (&["rotator", "set", NAME, "generate", "length=48", "length=49"], "`length` is given twice"),
        (&["rotator", "set", NAME, "generate", "length="], "`length` is empty"),
        (&["rotator", "set", "web/other", "manual"], "web/other"),
        (&["probe", "set", NAME, "smtp"], "oauth2-client-credentials, http, tls, exec"),
        (&["probe", "set", NAME, "http", "url=http://api.example.org/"], "would be called in clear"),
        (&["probe", "set", NAME, "http", url, "status=99"], "`status`: write a status of 200 to 599"),
        (&["probe", "set", NAME, "exec", "command=./probe.sh"], "`command` is no list"),
        (&["probe", "run", NAME], "it has no probe"),
    ] {
        run(&sandbox, &laptop, arguments).code(2).says(says);
    }
    // Whoever can't open it can't seal it again.
    sandbox.secrets(&laptop).args(["rotator", "set", NAME, "manual"]).run().code(2).says("no identity here");
    let carol = sandbox.secrets(&laptop).args(["rotator", "set", NAME, "manual"]).identity("carol");
    carol.run().code(2).says("none of the identities found here opens it");
    assert_eq!((sandbox.head(&laptop), sandbox.status(&laptop)), (head, String::new()));
    let entra = ["tenant=example.org", "app=A", "client=C", "client-secret=secret:ops/graph"];
    let set = [&["rotator", "set", NAME, "entra-app-password"][..], &entra].concat();
    run(&sandbox, &laptop, &set).code(0).says("warning: secret:ops/graph is not in the store yet");
}

/// The file that somebody edited is no longer the record that the value was sealed with.
#[test]
fn a_record_that_was_edited_is_not_sealed_again() {
    let (sandbox, laptop) = store();
    run(&sandbox, &laptop, &["probe", "set", NAME, "exec", r#"command=["true"]"#, "--push"]).code(0);
    let path = laptop.join("secrets/web/prod/api.json");
    let edited = fs::read_to_string(&path).unwrap().replace(r#"[\"true\"]"#, r#"[\"touch\",\"ran\"]"#);
    assert!(edited.contains("touch"));
    fs::write(&path, edited).unwrap();
    for arguments in [&["probe", "run", NAME][..], &["rotator", "set", NAME, "manual"]] {
        run(&sandbox, &laptop, arguments).code(2).says("(tampered)");
    }
    assert!(!laptop.join("ran").exists());
}

#[test]
fn a_value_is_tried_as_its_probe_on_the_deploy_ref_says() {
    let (sandbox, laptop) = store();
    let server = Server::start(|_, request| {
        let is_right = request.header("authorization") == Some(&format!("Bearer {VALUE}"));
        if is_right { ok() } else { answer("401 Unauthorized", "", "") }
    });
    let url = format!("url={}/health", server.url());
    run(&sandbox, &laptop, &["probe", "set", NAME, "http", &url]).code(0);
    // What is only here is not run.
    let unpushed = run(&sandbox, &laptop, &["probe", "run", NAME]).code(2);
    unpushed
        .says("web/prod/api: not tried: its probe is http here, and origin/main has none of it")
        .says("push or merge it first");
    assert!(server.requests().is_empty());
    sandbox.push(&laptop);
    let works = run(&sandbox, &laptop, &["probe", "run", NAME]).code(0);
    assert_eq!(works.text(), "web/prod/api: works\n");
    // Another value, which the other side does not take.
    let set = ["set", NAME, "--expires", "2027-02-01"];
    alice(&sandbox, &laptop, &set).stdin("another value").run().code(0);
    let refused = run(&sandbox, &laptop, &["probe", "run", NAME, "web/none", "--timeout", "3"]).code(2);
    let refused = refused.says("web/prod/api: does not work, in ").says("answered 401, and 200 is expected");
    let refused = refused.says("; it is tried again until 3 s are over");
    refused.says("web/none: not tried: ").lacks("another value");
}

/// Whoever pushes a branch can seal a secret anew, from public keys alone, beside a command of their own.
#[test]
fn a_branch_that_exchanges_a_probe_or_its_program_does_not_run_it() {
    let (sandbox, laptop) = store();
    let program = |script: &str| {
        let path = laptop.join("probe.sh");
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    };
    let ran = sandbox.path("ran");
    program("test \"$(cat)\" = correct-horse-battery-staple");
    sandbox.git(&laptop, ["add", "probe.sh"]);
    sandbox.git(&laptop, ["commit", "-q", "-m", "A probe"]);
    run(&sandbox, &laptop, &["probe", "set", NAME, "exec", r#"command=["./probe.sh"]"#]).code(0);
    sandbox.push(&laptop);
    run(&sandbox, &laptop, &["probe", "run", NAME]).code(0).says("works");

    sandbox.git(&laptop, ["switch", "-q", "-c", "other"]);
    let touch = format!(r#"command=["touch","{}"]"#, ran.display());
    run(&sandbox, &laptop, &["probe", "set", NAME, "exec", &touch]).code(0);
    let exchanged = run(&sandbox, &laptop, &["probe", "run", NAME]).code(2);
    exchanged.says("its probe here has other settings than on origin/main").says("push or merge it first");
    run(&sandbox, &laptop, &["probe", "remove", NAME]).code(0);
    run(&sandbox, &laptop, &["probe", "run", NAME])
        .code(2)
        .says("it has no probe here, and one on origin/main");
    sandbox.git(&laptop, ["switch", "-q", "main"]);

    // The same record, and another file: committed or not.
    program(&format!("touch {}", ran.display()));
    let says = "its probe names ./probe.sh, which is not the file that origin/main has";
    run(&sandbox, &laptop, &["probe", "run", NAME]).code(2).says(says);
    sandbox.git(&laptop, ["commit", "-q", "-am", "Another probe"]);
    run(&sandbox, &laptop, &["probe", "run", NAME]).code(2).says(says);
    // Nor does it help to say that it is deployed from elsewhere.
    let elsewhere = ["probe", "run", NAME, "--deploy-ref", "origin/none"];
    run(&sandbox, &laptop, &elsewhere).code(2).says("origin/none");
    assert!(!ran.exists());
    sandbox.push(&laptop);
    run(&sandbox, &laptop, &["probe", "run", NAME]).code(0);
    assert!(ran.exists(), "it is the one that is deployed now");
}

/// A path from the root of the file system leads into the repository too.
#[test]
fn a_program_of_the_repository_is_known_by_any_of_its_paths() {
    let (sandbox, laptop) = store();
    let path = laptop.join("probe.sh");
    fs::write(&path, "#!/bin/sh\ncat > /dev/null\n").unwrap();
    sandbox.git(&laptop, ["add", "probe.sh"]);
    sandbox.git(&laptop, ["commit", "-q", "-m", "A probe"]);
    let command = format!(r#"command=["sh","{}"]"#, path.display());
    run(&sandbox, &laptop, &["probe", "set", NAME, "exec", &command]).code(0);
    sandbox.push(&laptop);
    run(&sandbox, &laptop, &["probe", "run", NAME]).code(0);
    fs::write(&path, "#!/bin/sh\ntouch ran\n").unwrap();
    run(&sandbox, &laptop, &["probe", "run", NAME])
        .code(2)
        .says("which is not the file that origin/main has");
    assert!(!laptop.join("ran").exists());
}
