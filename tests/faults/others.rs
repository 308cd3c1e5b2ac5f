//! Every other command that writes, struck at each kind of call.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::common::public_key;
use crate::core::carol_comes;
use crate::row::Row;
use crate::walk::Walk;
use crate::world::World;

/// Who holds keys, and how the store began.
pub const PEOPLE: &[Row] = &[
    Row::new("init", &["--person", "alice", "--key", "{key alice}", "--deploy-ref", "origin/main"])
        .after(no_store),
    Row::new("people add", &["carol", "--key", "{key carol}", "--group", "team"]),
    Row::new("people remove", &["bob", "--as", "alice"])
        .after(three_people)
        // Policy changes first. What could not be sealed anew is named then, and blocks until it is.
        .leaving("departed-reader ")
        .blocking("could not be sealed again"),
    Row::new("people accept", &["bob", "--reason", "left on good terms", "--as", "alice"]).after(bob_left),
    Row::new("machines add", &["ci", "--key", "{key carol}"]),
    Row::new("machines remove", &["ci", "--as", "alice"]).after(a_machine),
    Row::new("key new", &["second", "--place", "file"]),
    Row::new("key import", &["{root}/home/import.txt", "--name", "second", "--place", "file"])
        .after(a_key_to_import),
    Row::new("key remove", &["second", "--place", "file", "--yes"]).after(a_second_key),
];

/// What else is said of secrets.
pub const RECORDS: &[Row] = &[
    Row::new("expiry set", &["web/db", "--expires", "2029-01-01", "--reason", "ticket 812"]),
    Row::new("expiry import", &["-"])
        .reading("name,expires,reason\nweb/db,2029-01-01,ticket\nweb/api,2029-02-01,ticket\n"),
    Row::new("edit", &["web/db", "--expires", "2029-01-01"]).after(an_editor),
    Row::new(
        "import",
        &["-", "--from", "dotenv", "--prefix", "in", "--expires", "2028-01-01", "--as", "alice"],
    )
    .reading("ONE=new value\nTWO=another\n"),
    Row::new("sign", &["web/db", "--yes"]).after(a_signing_key),
    Row::new("rotator set", &["web/db", "generate", "length=48"]),
    Row::new("rotator remove", &["web/db"]).after(a_rotator),
    Row::new("probe set", &["web/db", "http", "url=https://api.example.org/health"]),
    Row::new("probe remove", &["web/db"]).after(a_probe),
    Row::new("rotate", &["web/db", "--push"]).after(a_rotator).goes_on().blocking("failed: "),
];

/// What lies beside the store.
pub const BESIDE: &[Row] = &[
    Row::new("track", &["clusters", "--owner", "team"]).after(a_foreign_file),
    Row::new("untrack", &["clusters"]).after(a_tracked_file),
    Row::new("confirm", &["clusters", "--keep-expiry"]).after(a_file_that_changed),
    Row::new("git install", &[]).goes_on(),
    Row::new("git uninstall", &[]).after(git_at_hand).goes_on(),
    Row::new("git resolve", &["--all", "--newer"]).after(a_conflict).goes_on(),
    Row::new(
        "git merge-record",
        &["{root}/home/base.json", "{root}/home/ours.json", "{root}/home/theirs.json", "secrets/web/db.json"],
    )
    .after(three_records),
];

/// What is saved before a deploy is let through.
pub const GLASS: Row =
    Row::new("check", &["--break-glass", "ticket 812"]).after(not_committed).blocking("deploy blocked");

/// What is written for others to read.
pub const OUTPUTS: &[Row] = &[
    Row::new("check", &["--output", "json={root}/home/report.json"])
        .blocking("could not be checked")
        .telling(|line| line == "  \"verdict\": \"unknown\","),
    Row::new("check", &["--baseline", "baseline.json", "--accept-until", "2026-08-01"])
        .after(expired)
        .exits(1),
    Row::new("report", &["--html", "--output", "{root}/home/report.html"])
        .blocking(" not checked; ")
        .telling(|line| line.starts_with("<h1 class=\"verdict unknown\">")),
    Row::new("calendar", &["--output", "{root}/home/due.ics"]),
    Row::new("metrics", &["--output", "{root}/home/secrets.prom"])
        .blocking("NOT checked")
        .telling(|line| line.starts_with("secrets_unchecked{") && !line.ends_with("} 0")),
    Row::new("export", &["web/db", "--format", "github-env"]).after(a_github_env),
    Row::new("man", &["--out", "{root}/home/man"]).goes_on(),
    Row::new("warn", &[]).after(a_channel).goes_on().blocking("not remembered: "),
    Row::new("ledger mend", &["--state", "{root}/home/ledger.jsonl"]).after(a_broken_ledger),
];

fn no_store(world: &World) {
    world.sandbox.git(&world.laptop, ["rm", "-rq", "secrets"]);
    world.publish("No store any more");
}

fn three_people(world: &World) {
    carol_comes(world);
    world.runs(&["reseal", "--all", "--accept-key", "{accept carol}", "--push"], "");
}

fn bob_left(world: &World) {
    // What was set in the very second in which he is let off is not before it.
    let add = ["add", "web/early", "--expires", "2028-01-01", "--owner", "team", "--as", "alice"];
    let run = world.sandbox.secrets(&world.laptop).args(add).at("2026-01-01T00:00:00Z");
    run.stdin("known to bob").run().code(0);
    world.sandbox.push(&world.laptop);
    three_people(world);
    world.runs(&["people", "remove", "bob", "--as", "alice", "--push"], "");
}

fn a_machine(world: &World) {
    world.runs(&["machines", "add", "ci", "--key", "{key carol}", "--push"], "");
}

fn a_key_to_import(world: &World) {
    let key = fs::read_to_string(crate::common::identity_path("carol")).unwrap();
    world.write("home/import.txt", &key);
    fs::set_permissions(world.path("home/import.txt"), fs::Permissions::from_mode(0o600)).unwrap();
}

fn a_second_key(world: &World) {
    world.runs(&["key", "new", "first", "--place", "file"], "");
    world.runs(&["key", "new", "second", "--place", "file"], "");
}

fn an_editor(world: &World) {
    world.write("home/editor", "#!/bin/sh\nprintf %s 'new value' > \"$1\"\n");
    fs::set_permissions(world.path("home/editor"), fs::Permissions::from_mode(0o755)).unwrap();
}

fn a_signing_key(world: &World) {
    let arguments = ["-q", "-t", "ed25519", "-N", "", "-C", "alice", "-f", "alice"];
    world.sandbox.run(&world.path("home"), "ssh-keygen", arguments).code(0);
    let key = fs::read_to_string(world.path("home/alice.pub")).unwrap();
    world.edit_policy("[people.alice]\n", &format!("[people.alice]\nsigning-keys = [\"{}\"]\n", key.trim()));
    world.publish("List a signing key");
}

fn a_rotator(world: &World) {
    world.runs(&["rotator", "set", "web/db", "generate", "length=48", "--push"], "");
}

fn a_probe(world: &World) {
    world.runs(&["probe", "set", "web/db", "http", "url=https://api.example.org/health", "--push"], "");
}

fn a_foreign_file(world: &World) {
    let keys = [public_key("alice"), public_key("bob")];
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let path = world.laptop.join("clusters/enc-prod.yaml");
    world.sandbox.sops_file(&path, "token: t0k3n\nother: s3cr3t\n", &keys);
    world.publish("A file of sops");
}

fn a_tracked_file(world: &World) {
    a_foreign_file(world);
    world.runs(&["track", "clusters", "--owner", "team", "--push"], "");
}

fn a_file_that_changed(world: &World) {
    a_tracked_file(world);
    world.runs(&["expiry", "set", "--scope", "clusters/**", "--expires", "2028-01-01", "--push"], "");
    fs::remove_file(world.laptop.join("clusters/enc-prod.yaml")).unwrap();
    a_foreign_file(world);
}

fn git_at_hand(world: &World) {
    world.runs(&["git", "install"], "");
}

fn a_conflict(world: &World) {
    world.sandbox.git(&world.laptop, ["branch", "other"]);
    world.runs(&["set", "web/db", "--expires", "2029-01-01"], "one");
    world.sandbox.git(&world.laptop, ["checkout", "-q", "other"]);
    let later = world.sandbox.secrets(&world.laptop).args(["set", "web/db", "--expires", "2029-02-01"]);
    later.identity("alice").at("2026-03-02T12:00:00Z").stdin("another").run().code(0);
    world.sandbox.git(&world.laptop, ["checkout", "-q", "main"]);
    world.sandbox.run(&world.laptop, "git", ["merge", "-q", "other"]).code(1);
}

fn three_records(world: &World) {
    let record = fs::read_to_string(world.laptop.join("secrets/web/db.json")).unwrap();
    world.write("home/base.json", &record);
    world.write("home/ours.json", &record);
    world.write("home/theirs.json", &record.replacen("\"team\"", "\"bob\"", 1));
}

fn expired(world: &World) {
    let add = ["add", "web/old", "--expires", "2026-02-01", "--owner", "team", "--as", "alice"];
    let run = world.sandbox.secrets(&world.laptop).args(add).at("2026-01-01T00:00:00Z");
    run.stdin("long gone").run().code(0);
    world.sandbox.push(&world.laptop);
}

fn not_committed(world: &World) {
    world.runs(&["set", "web/db", "--expires", "2029-01-01", "--no-commit"], "new value");
}

fn a_github_env(world: &World) {
    world.write("home/github-env", "BEFORE=1\n");
}

/// A channel that hears of a secret that ends soon.
fn a_channel(world: &World) {
    world.write("home/hear", "#!/bin/sh\ncat > /dev/null\n");
    fs::set_permissions(world.path("home/hear"), fs::Permissions::from_mode(0o755)).unwrap();
    world.sandbox.add(&world.laptop, "web/soon", "2026-04-01", "ends soon");
    let path = world.laptop.join("secrets/policy.toml");
    let text = fs::read_to_string(&path).unwrap();
    let hear = world.path("home/hear");
    let channel =
        format!("\n[[notify]]\nkind = \"exec\"\nname = \"ops\"\ncommand = [\"{}\"]\n", hear.display());
    fs::write(path, text + &channel).unwrap();
    world.publish("Say who is told");
}

fn a_broken_ledger(world: &World) {
    a_channel(world);
    world.runs(&["warn", "--state", "{root}/home/ledger.jsonl"], "");
    let path = world.path("home/ledger.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(path, text + "{oops\n").unwrap();
}

fn walked(rows: &'static [Row]) {
    let mut failed = Vec::new();
    for (turn, row) in rows.iter().enumerate() {
        let walked = std::panic::catch_unwind(|| {
            let walk = Walk::new(row);
            walk.one_of_each(turn);
            walk.tell(4);
        });
        if walked.is_err() {
            failed.push(row.command);
        }
    }
    assert_eq!(failed, [""; 0], "what failed is told above");
}

#[test]
fn what_is_saved_before_a_deploy_is_let_through() {
    let walk = Walk::new(&GLASS);
    walk.each(0);
    walk.tell(10);
}

#[test]
fn people_machines_and_keys() {
    walked(PEOPLE);
}

#[test]
fn what_is_said_of_secrets() {
    walked(RECORDS);
}

#[test]
fn what_lies_beside_the_store() {
    walked(BESIDE);
}

#[test]
fn what_is_written_for_others() {
    walked(OUTPUTS);
}
