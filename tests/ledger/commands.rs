//! `secrets ledger show` and `secrets ledger mend`, as a person runs them.

use crate::*;

const SENT: &str = r#"{"v":1,"event":"sent","run":"01JB0000000000000000000000","at":"2026-02-28T08:00:00Z","channel":"slack","notice":"0123456789abcdef0123456789abcdef","dedup_key":"secrets::expiry:web/db","secret":"web/db","finding":"expiring","tier":"30d","expires":"2026-03-30T00:00:00Z","later":1}"#;
const CLAIM: &str = r#"{"v":1,"event":"claim","run":"01JB0000000000000000000001","at":"2026-03-01T11:58:00Z","until":"2026-03-01T12:08:00Z","channel":"mail","notices":["0123456789abcdef0123456789abcdef"]}"#;
const CLOSED: &str = r#"{"v":1,"event":"closed","run":"01JB0000000000000000000002","at":"2026-03-01T11:59:00Z","channel":"slack","dedup_key":"secrets::expiry:web/db","secret":"web/db"}"#;
const RUN: &str = r#"{"v":1,"event":"run","run":"01JB0000000000000000000000","at":"2026-02-28T08:00:01Z","outcome":"delivered","told":1}"#;

#[test]
fn a_person_sees_what_is_remembered_and_mends_it() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    let show = |arguments: &[&str]| sandbox.secrets(&laptop).args(["ledger", "show"]).args(arguments).run();
    let empty = show(&[]).code(0).says("last run: none is known").says("open: 0 alerts");
    assert!(empty.stderr.is_empty(), "{}", empty.stderr);

    overwrite(&sandbox, "ledger.jsonl", &[SENT, CLAIM, "\u{1b}[31mtorn", RUN].join("\n"), None);
    let shown =
        show(&[]).code(2).lacks("\u{1b}").says("ledger.jsonl:3: is no event").says("secrets ledger mend");
    for told in [
        "last run: 2026-02-28T08:00:01Z, delivered, 1 notice told",
        "open: 1 alert",
        "web/db",
        "claimed: 1 time",
        "30d",
    ] {
        assert!(shown.text().contains(told), "{told}\n{}", shown.text());
    }
    let json = show(&["--format", "json"]).code(2).json();
    assert_eq!(json["last_run"]["told"], 1);
    assert_eq!(json["open"][0]["dedup_key"], "secrets::expiry:web/db");
    assert_eq!((json["claims"].as_array().unwrap().len(), json["events"].as_array().unwrap().len()), (1, 3));
    assert!(json["faults"][0]["why"].as_str().unwrap().starts_with("ledger.jsonl:3:"), "{json}");

    let mend = |arguments: &[&str]| sandbox.secrets(&laptop).args(["ledger", "mend"]).args(arguments).run();
    let _ = mend(&[]).code(0).says("taken out: 1 line");
    let _ = mend(&[]).code(0).says("nothing to mend");
    assert_eq!(lines(&sandbox), [SENT, CLAIM, RUN]);
    let _ = show(&[]).code(0);

    // The same of a file; it needs no store.
    let file = sandbox.path("tmp/state.jsonl");
    fs::write(&file, [SENT, "torn", CLOSED].join("\n")).unwrap();
    let state = ["--state", file.to_str().unwrap()];
    let _ = show(&state).code(2).says("open: 0 alerts").says("state.jsonl:2: is no event");
    let _ = mend(&state).code(0).says("taken out: 1 line");
    let outside =
        sandbox.secrets(&sandbox.path("tmp")).args(["ledger", "show", "--state", "state.jsonl"]).run();
    assert!(outside.code(0).text().contains("sent: 1 notice"));
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    let _ = show(&state).code(2).says("state.jsonl: is not a regular file");

    // A remote that is gone, and none at all where nothing is deployed either.
    fs::rename(sandbox.path("origin.git"), sandbox.path("gone.git")).unwrap();
    let _ = show(&[]).code(2).says("refs/secrets/ledger").says("does not appear to be a git repository");
    let policy = laptop.join("secrets/policy.toml");
    let text = fs::read_to_string(&policy).unwrap().replace("\"origin/main\"", "\"none\"");
    fs::write(&policy, text).unwrap();
    sandbox.git(&laptop, ["remote", "remove", "origin"]);
    let _ = show(&[]).code(2).says("there is no remote").says("--state FILE");
}

#[test]
fn a_job_that_fell_silent_is_found_at_the_ref_that_policy_names() {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    sandbox.add(&laptop, "web/db", "2029-01-01", "hunter2");
    let policy = laptop.join("secrets/policy.toml");
    let text = fs::read_to_string(&policy).unwrap();
    fs::write(&policy, format!("{text}\n[ledger]\nref = \"{REF}\"\nsilent-after = \"48h\"\n")).unwrap();
    sandbox.git(&laptop, ["commit", "-q", "-a", "-m", "Watch the job"]);
    sandbox.push(&laptop);
    let check = |at: &str, arguments: &[&str]| {
        sandbox.secrets(&laptop).args(["check", "--format", "json"]).args(arguments).at(at).run()
    };
    let never = check("2026-03-01T12:00:00Z", &[]).code(0);
    assert_eq!(never.finding_ids(), ["monitor-silent"]);
    assert_eq!(never.json()["findings"][0]["remedy"], "secrets warn");
    assert!(never.says("has never reported").findings()[0].2 == "warning");

    overwrite(&sandbox, "ledger.jsonl", RUN, None);
    assert_eq!(check("2026-03-02T08:00:00Z", &[]).code(0).finding_ids(), Vec::<String>::new());
    let silent = check("2026-03-02T08:00:01Z", &["--strict"])
        .code(1)
        .says("has not reported since 2026-02-28T08:00:01Z");
    assert_eq!(silent.finding_ids(), ["monitor-silent"]);
    let _ = check("2026-03-01T12:00:00Z", &["--offline"]).code(2).says("not asked, because of --offline");
    let left_out = check("2026-06-01T12:00:00Z", &["--against", "origin/main"]).code(0);
    assert_eq!(left_out.finding_ids(), Vec::<String>::new());

    let text = fs::read_to_string(&policy).unwrap();
    fs::write(&policy, text.replace(REF, "refs/secrets/elsewhere")).unwrap();
    sandbox.git(&laptop, ["commit", "-q", "-a", "-m", "Keep it elsewhere"]);
    sandbox.push(&laptop);
    assert_eq!(check("2026-03-01T12:00:00Z", &[]).code(0).finding_ids(), ["monitor-silent"]);
    let origin = sandbox.path("origin.git");
    sandbox.git(&origin, ["update-ref", "refs/secrets/elsewhere", REF]);
    assert_eq!(check("2026-03-01T12:00:00Z", &[]).code(0).finding_ids(), Vec::<String>::new());
    let shown = sandbox.secrets(&laptop).args(["ledger", "show"]).run().code(0);
    assert!(shown.text().contains("last run: 2026-02-28T08:00:01Z"), "{}", shown.text());
}
