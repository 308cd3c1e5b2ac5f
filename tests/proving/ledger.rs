//! What the ledger in the remote knows of seals. Its commits are made by git's own plumbing.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::toronto::{AZUREAD, CALM, OAUTH, RENEWED, Toronto};

const REF: &str = "refs/secrets/ledger";

/// Writes the ledger of the remote.
fn ledger(toronto: &Toronto, lines: &[String]) {
    ledger_at(toronto, "100644", "ledger.jsonl", lines);
}

fn ledger_at(toronto: &Toronto, mode: &str, file: &str, lines: &[String]) {
    let scratch = toronto.sandbox.path("scratch");
    if !scratch.exists() {
        toronto.sandbox.git(toronto.sandbox.root(), ["init", "-q", "scratch"]);
    }
    fs::write(scratch.join(file), lines.concat()).expect("a file can be written");
    let blob = toronto.sandbox.git(&scratch, ["hash-object", "-w", file]);
    toronto.sandbox.git(&scratch, ["update-index", "--add", "--cacheinfo", &format!("{mode},{blob},{file}")]);
    let tree = toronto.sandbox.git(&scratch, ["write-tree"]);
    let commit = toronto.sandbox.git(&scratch, ["commit-tree", "-m", "Append", &tree]);
    let origin = toronto.sandbox.path("origin.git");
    let origin = origin.to_str().expect("a temporary path is UTF-8");
    toronto.sandbox.git(&scratch, ["push", "-q", "--force", origin, &format!("{commit}:{REF}")]);
}

fn event(secret: &str, number: u64, seal: u64, digest: &str) -> String {
    let digest = format!("sha256:{digest:0>64}");
    format!(
        "{{\"v\":1,\"event\":\"seal\",\"secret\":\"{secret}\",\"number\":{number},\"seal\":{seal},\
         \"digest\":\"{digest}\"}}\n"
    )
}

/// The event of the pair that stands here.
fn event_of(toronto: &Toronto, clone: &Path, secret: &str) -> String {
    let record = toronto.sandbox.record(clone, secret);
    let sealed = &record["sealed"];
    let number = sealed["version"]["number"].as_u64().expect("a number");
    // The binding of the sealed file is D: the second line of the header ends its body.
    let file = fs::read(clone.join(format!("secrets/{secret}.age"))).expect("a sealed value");
    let text = String::from_utf8_lossy(&file);
    let body = text.lines().nth(2).expect("a binding").to_owned();
    let decode = format!("printf %s= {body} | base64 -d | od -An -v -tx1 | tr -d ' \\n'");
    let digest = toronto.sandbox.run(clone, "sh", ["-c", &decode]).code(0).text().to_owned();
    assert_eq!(digest.len(), 64, "{digest}");
    event(secret, number, sealed["seal"].as_u64().expect("a seal"), &digest)
}

/// A new value and the old pair again, on the deploy ref, and CI's clone, which does not see it; with the event of
/// the newer pair.
fn rolled_back() -> (Toronto, PathBuf, String) {
    let toronto = Toronto::new();
    toronto.renew(&toronto.laptop, "alice", &["--push"]);
    let newer = event_of(&toronto, &toronto.laptop, AZUREAD);
    toronto.git(["checkout", "-q", "HEAD~1", "--", "secrets"]);
    toronto.publish("Calm things down");
    let ci = toronto.ci("ci");
    (toronto, ci, newer)
}

const CALMLY: [(&str, &str, &str); 1] = [("rolled-back", AZUREAD, "error")];

#[test]
fn a_newer_seal_that_only_the_ledger_knows() {
    let (toronto, ci, newer) = rolled_back();
    toronto.sandbox.gate(&ci, CALM, &[], 0).finds(&[]).says("would not be seen");
    let older = event_of(&toronto, &ci, AZUREAD);
    let other = "{\"v\":3,\"event\":\"notice\",\"secret\":7}\n".to_owned();
    ledger(
        &toronto,
        &[newer.clone(), other, "\n".to_owned(), older.clone(), event("gone/long-ago", 9, 1, "a")],
    );
    let refs = toronto.sandbox.git(&ci, ["for-each-ref"]);
    let report = toronto.sandbox.gate(&ci, CALM, &[], 1).finds(&CALMLY);
    assert_eq!(toronto.sandbox.git(&ci, ["for-each-ref"]), refs, "asking changes nothing");
    let message = report.message("rolled-back");
    assert!(
        message.contains("is known from the ledger") && message.contains("ask who sealed it"),
        "{message}"
    );
    let remedy = report.remedy("rolled-back");
    assert!(remedy.starts_with("git fetch --all && git log --all"), "{remedy}");
    // Of the others it knows nothing, and neither does this clone.
    let notes = report.json()["notes"].to_string();
    let unknown = format!("does not know 1 secret ({OAUTH})");
    assert!(notes.contains(&unknown) && notes.contains("would not be seen"), "{notes}");
    let _ = toronto.sandbox.run(&ci, "sh", ["-c", &remedy]).code(0);
    // With the history at hand it is the commit that is named, and both agree.
    let report = toronto.gate(CALM, &[], 1).finds(&CALMLY);
    assert!(report.message("rolled-back").contains("known from commit "));
    // Each run is like the one before, and a ledger that grew is asked anew.
    assert_eq!(toronto.sandbox.check(&ci, CALM).stdout, toronto.sandbox.check(&ci, CALM).stdout);
    ledger(&toronto, &[older]);
    toronto.sandbox.gate(&ci, CALM, &["--scope", AZUREAD], 0).lacks("would not be seen");
    ledger(&toronto, &[]);
    toronto
        .sandbox
        .gate(&ci, CALM, &[], 0)
        .finds(&[])
        .says("does not know 2 secrets")
        .says("would not be seen");
}

#[test]
fn the_pair_that_it_knows_passes_and_another_of_its_number_does_not() {
    let toronto = Toronto::new();
    toronto.renew(&toronto.laptop, "alice", &["--push"]);
    let ci = toronto.ci("ci");
    let own = event_of(&toronto, &ci, AZUREAD);
    ledger(&toronto, std::slice::from_ref(&own));
    toronto.sandbox.gate(&ci, RENEWED, &[], 0).finds(&[]);
    let seal = toronto.sandbox.record(&ci, AZUREAD)["sealed"]["seal"].as_u64().expect("a seal");
    ledger(&toronto, &[own, event(AZUREAD, 2, seal, &"f".repeat(64))]);
    let report = toronto.sandbox.gate(&ci, RENEWED, &[], 1).finds(&CALMLY);
    assert!(report.message("rolled-back").starts_with("another seal with the number of this one"));
}

#[test]
fn a_ledger_that_cannot_be_read_is_unknown() {
    let (toronto, ci, newer) = rolled_back();
    let broken = [newer.clone(), "{\"v\":1,\"event\":\"seal\",\"secret\":\"a\"}\n".to_owned()];
    for (lines, told) in [
        (&broken[..], "ledger.jsonl:2: is no event"),
        (&[newer.clone(), "\u{1b}[31mno JSON\n".to_owned()], "ledger.jsonl:2: is no event"),
        (&[newer.replace("\"v\":1", "\"v\":2")], "upgrade `secrets`"),
    ] {
        ledger(&toronto, lines);
        let report = toronto.sandbox.gate(&ci, CALM, &[], 2).finds(&[]);
        report.leaves_unchecked(REF).leaves_unchecked(told).lacks("\u{1b}");
        // What the history shows is shown nonetheless.
        toronto.gate(CALM, &[], 1).finds(&CALMLY);
    }
    ledger_at(&toronto, "120000", "ledger.jsonl", &["secrets/policy.toml".to_owned()]);
    toronto.sandbox.gate(&ci, CALM, &[], 2).finds(&[]).leaves_unchecked("is no regular file");
    ledger_at(&toronto, "120000", "ledger.jsonl", &[]);
    toronto.sandbox.gate(&ci, CALM, &[], 2).finds(&[]).leaves_unchecked("is no regular file");
    let origin = toronto.sandbox.path("origin.git");
    toronto.sandbox.git(&origin, ["update-ref", REF, "refs/heads/main"]);
    toronto.sandbox.gate(&ci, CALM, &[], 2).leaves_unchecked("has no ledger.jsonl");
}

#[test]
fn it_is_not_asked_offline_nor_for_a_change() {
    let (toronto, ci, newer) = rolled_back();
    ledger(&toronto, &[newer]);
    for arguments in [&["--offline"][..], &["--against", "HEAD"]] {
        let run = toronto.sandbox.secrets(&ci).args(["check", "--format", "json"]).args(arguments).at(CALM);
        let report = run.run();
        assert!(report.finding_ids().is_empty(), "{}", report.text());
        assert!(report.json()["notes"].to_string().contains("no ledger was asked"), "{}", report.text());
    }
    // With the whole history there is nothing that it would have to say.
    let run =
        toronto.sandbox.secrets(&toronto.laptop).args(["check", "--offline", "--format", "json"]).at(CALM);
    run.run().code(1).finds(&CALMLY).lacks("no ledger was asked");
}

#[test]
fn partial_clones_read_it_too() {
    let (toronto, _, newer) = rolled_back();
    let origin = toronto.sandbox.path("origin.git");
    toronto.sandbox.git(&origin, ["config", "uploadpack.allowFilter", "true"]);
    toronto.sandbox.git(&origin, ["config", "uploadpack.allowAnySHA1InWant", "true"]);
    ledger(&toronto, &[newer]);
    for (name, options) in
        [("treeless", ["--filter=tree:0", "--single-branch"]), ("both", ["--filter=blob:none", "--depth=1"])]
    {
        let clone = toronto.sandbox.clone(name, &options);
        let report = toronto.sandbox.gate(&clone, CALM, &[], 1).finds(&CALMLY);
        assert!(report.message("rolled-back").contains("the ledger"), "{name}");
    }
}
