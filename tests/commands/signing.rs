//! Signatures over record and value: who signs, with which key, and what becomes of every way to get around it.
//! `ssh-keygen` is the witness of what is stored.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use secrets::domain::digest::Digest;
use serde_json::{Value, json};

use crate::common::{NOW, Outcome, Run, Sandbox, public_key};

const REQUIRED: &str = "require-signature = true\n";

/// A key of this name in the home folder; answers with its `.pub` line.
fn signing_key(sandbox: &Sandbox, name: &str, passphrase: &str) -> String {
    let arguments = ["-q", "-t", "ed25519", "-N", passphrase, "-C", name, "-f", name];
    sandbox.run(&sandbox.path("home"), "ssh-keygen", arguments).code(0);
    fs::read_to_string(sandbox.path(&format!("home/{name}.pub"))).unwrap().trim().to_owned()
}

pub fn edit_policy(laptop: &Path, changes: &[(&str, &str)]) {
    let path = laptop.join("secrets/policy.toml");
    let mut text = fs::read_to_string(&path).unwrap();
    for (from, to) in changes {
        assert!(text.contains(from), "{from} is not in {text}");
        text = text.replacen(from, to, 1);
    }
    fs::write(&path, text).unwrap();
}

/// Lists a person's signing key in the work tree.
fn list_key(laptop: &Path, person: &str, key: &str) {
    let header = format!("[people.{person}]\n");
    edit_policy(laptop, &[(&header, &format!("{header}signing-keys = [\"{key}\"]\n"))]);
}

pub fn commit(sandbox: &Sandbox, laptop: &Path, message: &str) {
    sandbox.git(laptop, ["commit", "-qam", message]);
}

/// alice and bob, both with a signing key on the deploy ref; signatures are required where `rules` says so.
fn store(rules: &str) -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    for person in ["alice", "bob"] {
        list_key(&laptop, person, &signing_key(&sandbox, person, ""));
    }
    edit_policy(&laptop, &[("[defaults]\n", &format!("[defaults]\n{rules}"))]);
    commit(&sandbox, &laptop, "List signing keys");
    sandbox.push(&laptop);
    (sandbox, laptop)
}

pub fn signing<'a>(sandbox: &'a Sandbox, laptop: &Path, by: &str) -> Run<'a> {
    sandbox.secrets(laptop).env("SECRETS_SIGNING_KEY", sandbox.path(&format!("home/{by}")))
}

fn add(sandbox: &Sandbox, laptop: &Path, name: &str, by: &str) -> Outcome {
    let arguments = ["add", name, "--expires", "2028-01-01", "--owner", "team", "--as", by];
    signing(sandbox, laptop, by).args(arguments).stdin(format!("value of {name}")).run()
}

/// A store in which `web/db` and `web/api` are signed by alice and pushed.
pub fn signed_store() -> (Sandbox, PathBuf) {
    let (sandbox, laptop) = store(REQUIRED);
    for name in ["web/db", "web/api"] {
        add(&sandbox, &laptop, name, "alice").code(0).says("signed by alice");
    }
    sandbox.push(&laptop);
    sandbox.check(&laptop, NOW).code(0);
    (sandbox, laptop)
}

fn signers(sandbox: &Sandbox, laptop: &Path, name: &str) -> Vec<String> {
    let record = sandbox.record(laptop, name);
    let signatures = record["signatures"].as_array().cloned().unwrap_or_default();
    signatures.iter().map(|one| one["by"].as_str().unwrap().to_owned()).collect()
}

fn write_record(laptop: &Path, name: &str, record: &Value) {
    let path = laptop.join(format!("secrets/{name}.json"));
    fs::write(path, serde_json::to_string_pretty(record).unwrap() + "\n").unwrap();
}

/// What must be signed, put together from the header of the sealed file and by `sha256sum`.
fn message(sandbox: &Sandbox, laptop: &Path, name: &str) -> Vec<u8> {
    let path = laptop.join(format!("secrets/{name}.age"));
    let bytes = fs::read(&path).unwrap();
    let header = String::from_utf8_lossy(&bytes);
    let body =
        header.lines().skip_while(|line| !line.starts_with("-> secrets-cli/binding v1 ")).nth(1).unwrap();
    let binding: [u8; 32] = BASE64_STANDARD_NO_PAD.decode(body).unwrap().try_into().unwrap();
    let binding = Digest::from_bytes(binding).to_string().replace("sha256:", "");
    let sum = sandbox.run(laptop, "sha256sum", [&path]).code(0);
    let sum = sum.text().split(' ').next().unwrap().to_owned();
    format!("secrets-cli/record/v1\n{binding}\n{sum}\n").into_bytes()
}

/// Whether `ssh-keygen` takes the stored signature for this person's.
#[track_caller]
fn ssh_keygen_verifies(sandbox: &Sandbox, laptop: &Path, name: &str, by: &str) {
    let record = sandbox.record(laptop, name);
    let signatures = record["signatures"].as_array().unwrap();
    let sig = signatures.iter().find(|one| one["by"] == by).unwrap()["sig"].as_str().unwrap();
    let key = fs::read_to_string(sandbox.path(&format!("home/{by}.pub"))).unwrap();
    fs::write(sandbox.path("allowed"), format!("{by} {key}")).unwrap();
    fs::write(sandbox.path("sig"), sig).unwrap();
    fs::write(sandbox.path("message"), message(sandbox, laptop, name)).unwrap();
    let script = format!("ssh-keygen -Y verify -f allowed -I {by} -n record@secrets-cli -s sig < message");
    sandbox.run(sandbox.root(), "sh", ["-c", &script]).code(0).says("Good \"record@secrets-cli\" signature");
}

/// A signature by `ssh-keygen` itself.
fn signed_by_ssh_keygen(sandbox: &Sandbox, message: &[u8], key: &str) -> String {
    fs::write(sandbox.path("message"), message).unwrap();
    let script = format!("ssh-keygen -q -Y sign -n record@secrets-cli -f home/{key} < message");
    sandbox.run(sandbox.root(), "sh", ["-c", &script]).code(0).text().to_owned()
}

#[test]
fn every_command_that_seals_signs_where_policy_wants_it() {
    let (sandbox, laptop) = signed_store();
    let alice = || signing(&sandbox, &laptop, "alice").identity("alice");
    ssh_keygen_verifies(&sandbox, &laptop, "web/db", "alice");
    let set = alice().args(["set", "web/db", "--expires", "2028-02-02"]).stdin("another").run();
    set.code(0).says("signed by alice: web/db");
    ssh_keygen_verifies(&sandbox, &laptop, "web/db", "alice");
    let expiry = ["expiry", "set", "web/db", "web/api", "--expires", "2028-03-03", "--reason", "extended"];
    alice().args(expiry).run().code(0).says("signed by alice: 2 secrets");
    alice().args(["move", "web/api", "web/rest"]).run().code(0);
    ssh_keygen_verifies(&sandbox, &laptop, "web/rest", "alice");
    alice().args(["machines", "add", "ci", "--key", &public_key("ci"), "--group", "team"]).run().code(0);
    let reseal = || alice().args(["reseal", "--all"]);
    sandbox.accepting_new(reseal).code(0).says("signed by alice: 2 secrets");
    alice().args(["machines", "remove", "ci"]).run().code(0).says("signed by alice: 2 secrets");
    for name in ["web/db", "web/rest"] {
        ssh_keygen_verifies(&sandbox, &laptop, name, "alice");
    }
    sandbox.push(&laptop);
    // What ci knew it knows.
    assert_eq!(sandbox.check(&laptop, NOW).code(0).finding_ids(), ["exposed-to-departed"]);
}

#[test]
fn nothing_is_written_that_can_t_be_signed() {
    let (sandbox, laptop) = signed_store();
    let before = (sandbox.head(&laptop), sandbox.status(&laptop));
    signing_key(&sandbox, "mallory", "");
    let arguments = [
        ["add", "web/new", "--expires", "2028-01-01", "--as", "alice"].as_slice(),
        &["set", "web/db", "--expires", "2028-01-01"],
        &["expiry", "set", "web/db", "--expires", "2028-01-01", "--reason", "x"],
        &["move", "web/db", "web/other"],
    ];
    let absent = sandbox.path("home/absent");
    for arguments in arguments {
        let run = || sandbox.secrets(&laptop).args(arguments).identity("alice").stdin("new value");
        run()
            .run()
            .code(2)
            .says("policy requires a signature")
            .says("--signing-key FILE")
            .says(".ssh/id_ed25519");
        run().env("SECRETS_SIGNING_KEY", &absent).run().code(2).says("absent");
        let by_mallory = run().args(["--signing-key", sandbox.path("home/mallory").to_str().unwrap()]).run();
        by_mallory
            .code(2)
            .says("is no signing key of this policy")
            .says("signing-keys = [\"ssh-ed25519 AAAA");
        assert_eq!((sandbox.head(&laptop), sandbox.status(&laptop)), before, "{arguments:?}");
    }
    let text = fs::read_to_string(laptop.join("secrets/policy.toml")).unwrap();
    let none: Vec<&str> = text.lines().filter(|line| !line.starts_with("signing-keys")).collect();
    fs::write(laptop.join("secrets/policy.toml"), none.join("\n")).unwrap();
    add(&sandbox, &laptop, "web/new", "alice").code(2).says("policy lists no signing key");
}

#[test]
fn where_policy_does_not_want_it_a_signature_goes_with_the_pair() {
    let (sandbox, laptop) = store("");
    add(&sandbox, &laptop, "web/db", "alice").code(0).lacks("signed");
    assert_eq!(signers(&sandbox, &laptop, "web/db"), [] as [&str; 0]);
    signing(&sandbox, &laptop, "alice").args(["sign", "--yes", "web/db"]).run().code(0);
    assert_eq!(signers(&sandbox, &laptop, "web/db"), ["alice"]);
    let set = ["set", "web/db", "--expires", "2028-02-02"];
    sandbox.secrets(&laptop).args(set).identity("alice").stdin("another").run().code(0).lacks("sign");
    assert_eq!(signers(&sandbox, &laptop, "web/db"), [] as [&str; 0]);
    sandbox.push(&laptop);
    sandbox.check(&laptop, NOW).code(0);
}

#[test]
fn sign_shows_what_it_signs_and_leaves_the_rest() {
    let (sandbox, laptop) = store("");
    for name in ["web/db", "web/api", "ops/x"] {
        add(&sandbox, &laptop, name, "alice").code(0);
    }
    let sign =
        |by: &str, what: &[&str]| signing(&sandbox, &laptop, by).args(["sign", "--yes"]).args(what).run();
    sign("alice", &["web/db"])
        .code(0)
        .says("web/db: version 1 set 2026-03-01T12:00:00Z by alice, expires 2028-01-01, readers alice, bob")
        .says("committed")
        .says("NOT on origin/main");
    assert_eq!(sandbox.changed_by_head(&laptop), ["secrets/web/db.json"]);
    sign("bob", &["web/db", "ops/x"]).code(0);
    assert_eq!(signers(&sandbox, &laptop, "web/db"), ["alice", "bob"]);
    for by in ["alice", "bob"] {
        ssh_keygen_verifies(&sandbox, &laptop, "web/db", by);
    }
    sign("alice", &["web/db"])
        .code(0)
        .says("signed by alice already")
        .says("nothing to do")
        .lacks("committed");
    let all = |by: &str| sign(by, &["--all"]);
    all("alice").code(0).says("nothing to do");
    edit_policy(&laptop, &[("[defaults]\n", &format!("[defaults]\n{REQUIRED}"))]);
    commit(&sandbox, &laptop, "Require signatures");
    all("alice").code(0).says("web/api: version 1").lacks("web/db").lacks("ops/x");
    all("alice").code(0).says("nothing to do");
    sandbox.push(&laptop);
    sandbox.check(&laptop, NOW).code(0);
    sign("alice", &["web/none"]).code(2).says("no secret of that name");
    sign("alice", &["web/db", "--as", "bob"]).code(2).says("is the signing key of alice, not of bob");
    // What is free to edit is not signed.
    let mut record = sandbox.record(&laptop, "web/db");
    record["about"]["runbook"] = json!("docs/db.md");
    write_record(&laptop, "web/db", &record);
    commit(&sandbox, &laptop, "Say where the runbook is");
    sandbox.push(&laptop);
    sandbox.check(&laptop, NOW).code(0);
    let shown = sandbox.secrets(&laptop).args(["show", "web/db"]).run().code(0);
    shown.says("signatures (by the policy here)").says("alice  valid").says("require-signature  true");
    let shown = sandbox.secrets(&laptop).args(["show", "web/db", "--format", "json"]).run().code(0).json();
    assert_eq!(shown["signatures"][1], json!({ "by": "bob", "state": "valid" }));
}

/// Whoever pastes a remedy has looked at nothing.
#[test]
fn nothing_is_signed_that_nobody_has_looked_at() {
    let (sandbox, laptop) = store("");
    for name in ["web/db", "web/api"] {
        add(&sandbox, &laptop, name, "alice").code(0);
    }
    edit_policy(&laptop, &[("[defaults]\n", &format!("[defaults]\n{REQUIRED}"))]);
    commit(&sandbox, &laptop, "Require signatures");
    sandbox.push(&laptop);
    let head = sandbox.head(&laptop);
    let report = sandbox.check(&laptop, NOW).code(1);
    assert_eq!(report.finding_ids(), ["unsigned", "unsigned"]);
    report.lacks("--yes");
    for arguments in [["sign", "web/db"], ["sign", "--all"]] {
        let told = signing(&sandbox, &laptop, "alice").args(arguments).run().code(2);
        told.says("web/db: version 1 set").says("nothing was signed").says("sign --help").lacks("--yes");
        assert_eq!((sandbox.head(&laptop), sandbox.status(&laptop)), (head.clone(), String::new()));
    }
    signing(&sandbox, &laptop, "alice").args(["sign", "--all", "--yes"]).run().code(0);
    // Where there is nothing to sign, there is nothing to look at.
    signing(&sandbox, &laptop, "alice").args(["sign", "--all"]).run().code(0).says("nothing to do");
}

#[test]
fn what_is_signed_is_proved_where_that_asks_nobody() {
    let (sandbox, laptop) = store("");
    add(&sandbox, &laptop, "web/db", "alice").code(0);
    add(&sandbox, &laptop, "web/api", "alice").code(0);
    let sign = |name: &str| signing(&sandbox, &laptop, "alice").args(["sign", "--yes", "--no-commit", name]);
    sign("web/db").run().code(0).says("readers alice, bob; not proved");
    sign("web/api").identity("carol").run().code(0).says("not proved");
    sandbox.git(&laptop, ["checkout", "-q", "--", "."]);
    sign("web/db").identity("bob").run().code(0).says("readers alice, bob; proved");
    sandbox.git(&laptop, ["checkout", "-q", "--", "."]);

    // A key that policy does not give to a reader: its stanza is one that nobody listed accounts for.
    edit_policy(&laptop, &[(&public_key("bob"), &public_key("carol"))]);
    let told = sign("web/db").identity("alice").run().code(2);
    told.says("no reader listed accounts for").says("so it is not signed (unlisted-reader)");
    sign("web/db").run().code(0).says("not proved");
    sandbox.git(&laptop, ["checkout", "-q", "--", "."]);

    // A value that was corrupted, and the record made to fit.
    let path = laptop.join("secrets/web/db.age");
    let mut bytes = fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&path, &bytes).unwrap();
    let mut record = sandbox.record(&laptop, "web/db");
    let sum = sandbox.run(&laptop, "sha256sum", [&path]).code(0).text().split(' ').next().unwrap().to_owned();
    record["digest"] = json!(format!("sha256:{sum}"));
    write_record(&laptop, "web/db", &record);
    let told = sign("web/db").identity("alice").run().code(2);
    told.says("the payload does not decrypt to its end, so it is not signed (tampered)");
    assert_eq!(signers(&sandbox, &laptop, "web/db"), [] as [&str; 0]);
}

#[test]
fn what_does_not_belong_together_is_not_signed() {
    let (sandbox, laptop) = signed_store();
    let mut record = sandbox.record(&laptop, "web/db");
    record["sealed"]["expires"]["at"] = json!("2029-01-01T00:00:00Z");
    write_record(&laptop, "web/db", &record);
    let sign = |what: &[&str]| signing(&sandbox, &laptop, "bob").args(["sign", "--yes"]).args(what).run();
    sign(&["web/db"]).code(2).says("(tampered)").says("git log -p");
    assert_eq!(signers(&sandbox, &laptop, "web/db"), ["alice"]);
    let mut other = sandbox.record(&laptop, "web/api");
    other.as_object_mut().unwrap().remove("signatures");
    write_record(&laptop, "web/api", &other);
    sign(&["--all"]).code(2).says("not signed: web/db").says("signed by bob");
    assert_eq!(signers(&sandbox, &laptop, "web/api"), ["bob"]);
    // Nor is what carries somebody else's false signature.
    other["signatures"] = json!([{ "by": "alice", "sig": "nonsense" }]);
    write_record(&laptop, "web/api", &other);
    sign(&["web/api"]).code(2).says("the signature of alice is false").says("git log -p");
}

/// Puts a record there and pushes it.
fn publish(sandbox: &Sandbox, laptop: &Path, name: &str, record: &Value) {
    write_record(laptop, name, record);
    commit(sandbox, laptop, "Update");
    sandbox.push(laptop);
}

#[test]
fn a_false_signature_is_tampered_without_any_identity() {
    let (sandbox, laptop) = signed_store();
    let good = sandbox.record(&laptop, "web/db");
    let api = sandbox.record(&laptop, "web/api");
    signing_key(&sandbox, "mallory", "");
    let right = message(&sandbox, &laptop, "web/db");
    let by_mallory = signed_by_ssh_keygen(&sandbox, &right, "mallory");
    let by_alice = signed_by_ssh_keygen(&sandbox, &right, "alice");
    let for_another = signed_by_ssh_keygen(&sandbox, b"secrets-cli/record/v1\n", "alice");
    let not_over = "it is not over this record and value";
    for (sig, told) in [
        (api["signatures"][0]["sig"].as_str().unwrap(), not_over),
        (&for_another, not_over),
        (&by_mallory, "which is none of their signing keys"),
        ("nonsense", "it is no signature"),
    ] {
        let mut record = good.clone();
        record["signatures"] = json!([{ "by": "alice", "sig": sig }]);
        publish(&sandbox, &laptop, "web/db", &record);
        let report = sandbox.gate_exits(&laptop, NOW, &[], 1);
        assert!(report.message("tampered").starts_with("the signature of alice is false: "), "{told}");
        assert!(report.message("tampered").contains(told), "{}", report.message("tampered"));
        assert_eq!(report.finding_ids(), ["tampered", "unsigned"]);
        assert!(report.message("unsigned").contains("none that it carries is true"));
        assert!(!report.text().contains("secrets sign"), "no remedy blesses it: {}", report.text());
        // A true one by somebody else does not make up for it.
        let right = signed_by_ssh_keygen(&sandbox, &message(&sandbox, &laptop, "web/db"), "bob");
        record["signatures"] = json!([{ "by": "alice", "sig": sig }, { "by": "bob", "sig": right }]);
        publish(&sandbox, &laptop, "web/db", &record);
        assert_eq!(sandbox.check(&laptop, NOW).code(1).finding_ids(), ["tampered"]);
    }
    let mut record = good.clone();
    record["signatures"] = json!([{ "by": "alice", "sig": by_alice }]);
    publish(&sandbox, &laptop, "web/db", &record);
    sandbox.check(&laptop, NOW).code(0);
}

#[test]
fn an_edited_record_or_another_version_falsifies_the_signature() {
    let (sandbox, laptop) = signed_store();
    let first = sandbox.record(&laptop, "web/db");
    let mut edited = first.clone();
    edited["sealed"]["expires"]["at"] = json!("2029-01-01T00:00:00Z");
    publish(&sandbox, &laptop, "web/db", &edited);
    let report = sandbox.check(&laptop, NOW).code(1);
    assert_eq!(report.finding_ids(), ["tampered", "unsigned"]);
    let told = report.message("tampered");
    assert!(
        told.contains("not the one that the value was sealed with; the signature of alice is false"),
        "{told}"
    );
    publish(&sandbox, &laptop, "web/db", &first);
    // The signature of the version before, under the next one.
    let set = ["set", "web/db", "--expires", "2028-02-02"];
    signing(&sandbox, &laptop, "alice").args(set).identity("alice").stdin("another").run().code(0);
    let mut second = sandbox.record(&laptop, "web/db");
    second["signatures"] = first["signatures"].clone();
    publish(&sandbox, &laptop, "web/db", &second);
    assert_eq!(sandbox.check(&laptop, NOW).code(1).finding_ids(), ["tampered", "unsigned"]);
}

/// Whoever knows the readers' public keys can make a new pair. Signatures are what stands against it.
#[test]
fn a_pair_made_from_public_keys_alone() {
    for (rules, code, findings) in [(REQUIRED, 1, vec!["unsigned"]), ("", 0, vec![])] {
        let (sandbox, laptop) = store(rules);
        add(&sandbox, &laptop, "web/db", "alice").code(0);
        sandbox.push(&laptop);
        // Somebody with write access, with neither identity nor signing key.
        let policy = fs::read_to_string(laptop.join("secrets/policy.toml")).unwrap();
        fs::write(laptop.join("secrets/policy.toml"), policy.replace(REQUIRED, "")).unwrap();
        sandbox.secrets(&laptop).args(["remove", "web/db"]).run().code(0);
        let forge = ["add", "web/db", "--expires", "2030-01-01", "--owner", "team", "--as", "alice"];
        let forge = || sandbox.secrets(&laptop).args(forge).stdin("forged");
        sandbox.accepting_new(forge).code(0);
        fs::write(laptop.join("secrets/policy.toml"), &policy).unwrap();
        sandbox.push(&laptop);
        assert_eq!(sandbox.status(&laptop), "");
        let report = sandbox.check(&laptop, NOW).code(code);
        assert_eq!(report.finding_ids(), findings, "{rules}");
        if code == 1 {
            assert_eq!(report.remedy("unsigned"), "secrets sign web/db");
            assert_eq!(report.message("unsigned"), "policy requires a signature, and nobody signed it");
        }
    }
}

#[test]
fn only_keys_that_the_deploy_ref_lists_count() {
    let (sandbox, laptop) = store(REQUIRED);
    let carol = signing_key(&sandbox, "carol", "");
    let add_carol = ["people", "add", "carol", "--key", &public_key("carol"), "--signing-key", &carol];
    sandbox.secrets(&laptop).args(add_carol).run().code(0);
    let text = fs::read_to_string(laptop.join("secrets/policy.toml")).unwrap();
    assert!(text.contains(&format!("signing-keys = [\"{carol}\"]")), "{text}");
    let other = ["people", "add", "dora", "--key", &public_key("ci"), "--signing-key", "ssh-dss AAAA"];
    sandbox.secrets(&laptop).args(other).run().code(2).says("--signing-key: records can't be signed");
    add(&sandbox, &laptop, "web/db", "carol").code(0).says("signed by carol");
    let report = sandbox.check(&laptop, NOW).code(1);
    let told = "policy requires a signature, and origin/main has no signing key for carol, who signed it: a key counts once it \
                is listed there";
    assert_eq!(report.message("unsigned"), told);
    // The same branch as a change: the reference decides, and the new key is shown to whoever reviews it.
    let against = ["check", "--against", "origin/main", "--format", "json"];
    let change = || sandbox.secrets(&laptop).args(against).run();
    let reviewed = change().code(1);
    assert!(reviewed.finding_ids().contains(&"unsigned".to_owned()), "{:?}", reviewed.finding_ids());
    reviewed.says("the change brings a new signing key for carol: SHA256:");
    signing(&sandbox, &laptop, "alice").args(["sign", "--yes", "web/db"]).run().code(0);
    assert!(!change().finding_ids().contains(&"unsigned".to_owned()));
    sandbox.push(&laptop);
    sandbox.check(&laptop, NOW).code(0);
}

#[test]
fn a_key_that_stands_in_for_another_on_a_branch_only_is_false() {
    let (sandbox, laptop) = signed_store();
    let mallory = signing_key(&sandbox, "mallory", "");
    let alice = fs::read_to_string(sandbox.path("home/alice.pub")).unwrap();
    edit_policy(&laptop, &[(alice.trim(), &mallory)]);
    let sign = signing(&sandbox, &laptop, "mallory").args(["sign", "--yes", "web/db"]).run();
    sign.code(0).says("signed by alice");
    commit(&sandbox, &laptop, "Update keys");
    let against = ["check", "--against", "origin/main", "--format", "json"];
    // web/db is signed by the new key, web/api still by the old one.
    let tampered = ("tampered".to_owned(), "web/db".to_owned(), "error".to_owned());
    let reviewed = sandbox.secrets(&laptop).args(against).run().code(1);
    for report in [reviewed, sandbox.check(&laptop, NOW).code(1)] {
        assert!(report.findings().contains(&tampered), "{}", report.text());
        assert!(
            report.message("tampered").contains("which is none of their signing keys"),
            "{}",
            report.text()
        );
        assert!(report.finding_ids().contains(&"unsigned".to_owned()));
    }
}

#[test]
fn signing_keys_that_are_not_known_leave_it_unchecked() {
    let (sandbox, laptop) = signed_store();
    fs::rename(sandbox.path("origin.git"), sandbox.path("gone.git")).unwrap();
    sandbox.gate_exits(&laptop, NOW, &[], 2).leaves_unchecked("can't be asked");
    // That nobody signed is known all the same.
    let mut record = sandbox.record(&laptop, "web/db");
    record.as_object_mut().unwrap().remove("signatures");
    write_record(&laptop, "web/db", &record);
    commit(&sandbox, &laptop, "Drop a signature");
    assert_eq!(sandbox.check(&laptop, NOW).code(1).finding_ids(), ["unsigned"]);
    // A policy on the deploy ref that nobody can read lists nobody, and nobody says so.
    fs::rename(sandbox.path("gone.git"), sandbox.path("origin.git")).unwrap();
    let policy = fs::read_to_string(laptop.join("secrets/policy.toml")).unwrap();
    fs::write(laptop.join("secrets/policy.toml"), "schema = 1\n").unwrap();
    commit(&sandbox, &laptop, "Break the policy");
    sandbox.push(&laptop);
    fs::write(laptop.join("secrets/policy.toml"), policy).unwrap();
    commit(&sandbox, &laptop, "Mend the policy");
    sandbox.check(&laptop, NOW).code(1).leaves_unchecked("policy.toml on the deploy ref");
}

#[test]
fn without_a_deploy_ref_the_policy_here_decides_and_says_so() {
    let (sandbox, laptop) = store(REQUIRED);
    edit_policy(&laptop, &[("deploy-ref = \"origin/main\"", "deploy-ref = \"none\"")]);
    commit(&sandbox, &laptop, "Deploy from nowhere");
    add(&sandbox, &laptop, "web/db", "alice").code(0);
    sandbox.check(&laptop, NOW).code(0).says("signing keys of the policy here");
    let mut record = sandbox.record(&laptop, "web/db");
    record["signatures"][0]["sig"] = json!("nonsense");
    write_record(&laptop, "web/db", &record);
    commit(&sandbox, &laptop, "Update");
    assert_eq!(sandbox.check(&laptop, NOW).code(1).finding_ids(), ["tampered", "unsigned"]);
}

/// A real agent, ended by its id.
struct Agent {
    socket: PathBuf,
    process: std::process::Child,
}

impl Agent {
    fn with(sandbox: &Sandbox, key: &str) -> Self {
        use std::io::{BufRead as _, BufReader};

        let socket = sandbox.path("agent");
        let mut command = sandbox.command("ssh-agent", sandbox.root());
        let mut process =
            command.args(["-D", "-a"]).arg(&socket).stdout(std::process::Stdio::piped()).spawn().unwrap();
        // It speaks once it listens.
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let agent = Self { socket, process };
        let mut add = sandbox.command("ssh-add", &sandbox.path("home"));
        let added = add.args(["-q", key]).env("SSH_AUTH_SOCK", &agent.socket).status().unwrap();
        assert!(added.success());
        agent
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn an_agent_signs_and_git_tells_with_which_key() {
    let (sandbox, laptop) = store(REQUIRED);
    let agent = Agent::with(&sandbox, "alice");
    fs::remove_file(sandbox.path("home/alice")).unwrap();
    let public = sandbox.path("home/alice.pub");
    let line = fs::read_to_string(&public).unwrap();
    let add = |name: &str| {
        let arguments = ["add", name, "--expires", "2028-01-01", "--owner", "team", "--as", "alice"];
        let run = sandbox.secrets(&laptop).args(arguments).stdin("value");
        run.env("SSH_AUTH_SOCK", &agent.socket)
    };
    add("a/explicit").args(["--signing-key", public.to_str().unwrap()]).run().code(0).says("signed by alice");
    sandbox.git(&laptop, ["config", "user.signingKey", public.to_str().unwrap()]);
    add("a/openpgp").run().code(2).says("git's user.signingKey (not set, or not for ssh)");
    sandbox.git(&laptop, ["config", "gpg.format", "ssh"]);
    add("a/file").run().code(0).says("signed by alice");
    sandbox.git(&laptop, ["config", "user.signingKey", "~/alice.pub"]);
    add("a/tilde").run().code(0).says("signed by alice");
    sandbox.git(&laptop, ["config", "user.signingKey", &format!("key::{}", line.trim())]);
    add("a/literal").run().code(0).says("signed by alice");
    // git may sign with another key than records are signed with.
    fs::create_dir(sandbox.path("home/.ssh")).unwrap();
    fs::copy(&public, sandbox.path("home/.ssh/id_ed25519.pub")).unwrap();
    signing_key(&sandbox, "commits", "");
    sandbox.git(&laptop, ["config", "user.signingKey", sandbox.path("home/commits").to_str().unwrap()]);
    add("a/usual").run().code(0).says("signed by alice");
    for name in ["a/explicit", "a/file", "a/tilde", "a/literal", "a/usual"] {
        ssh_keygen_verifies(&sandbox, &laptop, name, "alice");
    }
    sandbox.push(&laptop);
    sandbox.check(&laptop, NOW).code(0);
    drop(agent);
    let add = ["add", "a/gone", "--expires", "2028-01-01", "--as", "alice"];
    sandbox
        .secrets(&laptop)
        .args(add)
        .stdin("value")
        .run()
        .code(2)
        .says("`ssh-keygen` did not sign")
        .says("ssh-add");
    assert!(!laptop.join("secrets/a/gone.age").exists());
}
