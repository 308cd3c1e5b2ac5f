//! Pull requests to files that other tools have sealed.

use crate::common::public_key;
use crate::common::toronto::{CALM, Toronto};

const FILE: &str = "clusters/a/enc-prod.yaml";
const CLAIMS: &str = "clusters/a/custody.toml";
const CLIENT: &str = "clusters/a/enc-prod.yaml#/hub/client_secret";
const TOKEN: &str = "clusters/a/enc-prod.yaml#/hub/token";
const POLICY: &str = "secrets/policy.toml";

const YAML: &str = "hub:\n  client_secret: of 2021\n  token: of 2020\n";

/// A file of two values, sealed by sops to alice and bob. Policy tracks it, records say when the values end, and all
/// is on the deploy ref; the clone is on a branch of its own.
fn on_a_branch() -> Toronto {
    let toronto = Toronto::unpublished();
    seal(&toronto, FILE, YAML, &["alice", "bob"]);
    track(&toronto);
    expires(&toronto, CLIENT, "2024-06-30");
    expires(&toronto, TOKEN, "2025-06-30");
    toronto.publish("Track what sops has sealed");
    toronto.git(["checkout", "-q", "-b", "feature"]);
    toronto
}

fn seal(toronto: &Toronto, path: &str, text: &str, people: &[&str]) {
    let keys: Vec<String> = people.iter().map(|name| public_key(name)).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    toronto.sandbox.sops_file(&toronto.laptop.join(path), text, &keys);
}

fn track(toronto: &Toronto) {
    let track = ["track", "clusters/**/enc-*", "--owner", "infra", "--no-commit"];
    let _ = toronto.sandbox.secrets(&toronto.laptop).args(track).at(CALM).run().code(0);
}

/// Writes when a value ends into its record, by hand.
fn expires(toronto: &Toronto, name: &str, end: &str) {
    let (file, pointer) = name.split_once("#/").expect("a pointer");
    let (folder, file) = file.rsplit_once('/').expect("a folder");
    let claims = format!("{folder}/custody.toml");
    let text = toronto.read(&claims);
    let header = format!("[\"{file}#/{pointer}\"]\n");
    let (before, rest) = text.split_once(&header).expect("the value has a record");
    let (table, others) = rest.split_once("\n[").unwrap_or((rest, ""));
    let kept: Vec<&str> = table.lines().filter(|line| !line.starts_with("expires")).collect();
    let table = kept.join("\n") + "\n";
    let others = if others.is_empty() { String::new() } else { format!("\n[{others}") };
    toronto.write(&claims, format!("{before}{header}expires = {end}\n{table}{others}"));
}

fn commit(toronto: &Toronto, message: &str) {
    toronto.sandbox.commit_all(&toronto.laptop, message);
}

const WEAKENED: (&str, &str, &str) = ("weakened-policy", POLICY, "error");

#[test]
fn what_stands_there_already_is_a_warning() {
    let toronto = on_a_branch();
    toronto.git(["checkout", "-q", "main"]);
    expires(&toronto, CLIENT, "2022-01-01");
    let (plain, stranger) = ("clusters/a/enc-plain.yaml", "clusters/b/enc-prod.yaml");
    toronto.write(plain, "token: in clear\n");
    seal(&toronto, stranger, "a: one\nb: two\n", &["alice"]);
    commit(&toronto, "Let some things slip");
    toronto.git(["checkout", "-q", "-b", "next"]);
    toronto.write("README", "changed\n");
    commit(&toronto, "Change something else");
    let standing = |level| {
        [
            ("expired", CLIENT, level),
            ("plaintext", plain, level),
            ("single-holder", stranger, level),
            ("untracked", stranger, level),
        ]
    };
    let told = toronto.gate(CALM, &["--against", "main"], 0).finds(&standing("warning"));
    assert!(
        told.message("expired")
            .ends_with(&format!("(already on {})", &toronto.git(["rev-parse", "main"])[..12]))
    );
    toronto.gate(CALM, &["--against", "main", "--scope", "clusters/**"], 0).finds(&standing("warning"));
    toronto.gate(CALM, &["--against", "main", "--file", stranger], 0).finds(&standing("warning")[2..]);

    // Worse than it was: one person fewer, and another value that nobody has recorded, although two went.
    seal(&toronto, stranger, "c: three\n", &["carol"]);
    expires(&toronto, CLIENT, "2021-12-31");
    commit(&toronto, "Let them slip further");
    toronto.gate(CALM, &["--against", "main"], 1).finds(&[
        ("expired", CLIENT, "error"),
        ("plaintext", plain, "warning"),
        ("single-holder", stranger, "error"),
        ("untracked", stranger, "error"),
    ]);
    // What is taken away is no longer told, and takes nothing else with it.
    toronto.git(["rm", "-q", "-r", "clusters/b", plain]);
    commit(&toronto, "Take them away");
    toronto.gate(CALM, &["--against", "main"], 1).finds(&[("expired", CLIENT, "error")]);
}

#[test]
fn a_change_can_not_excuse_its_own_new_secret() {
    let toronto = on_a_branch();
    let new = "clusters/b/enc-new.yaml";
    seal(&toronto, new, "hub:\n  password: x\n", &["alice", "bob"]);
    commit(&toronto, "Bring a secret");
    toronto.gate(CALM, &["--against", "main"], 1).finds(&[("untracked", new, "error")]);
    for (excuse, told) in [
        (
            "not-secret = [\"**/password\"]\n",
            "[track] calls `**/password` no secret: clusters/b/enc-new.yaml#/hub/password",
        ),
        ("except = [\"clusters/b/**\"]\n", "[track] leaves out `clusters/b/**`: clusters/b/enc-new.yaml"),
        (
            "[[kind]]\nmatch = \"**/password\"\nnever = \"trust me\"\n",
            "[[kind]] `**/password` says that they never lapse: clusters/b/enc-new.yaml#/hub/password",
        ),
    ] {
        toronto.git(["checkout", "-q", "-B", "excuse", "feature"]);
        let text = toronto.read(POLICY);
        // Where `[track]` stands last, its keys may be added at the end.
        assert!(text.contains("[track]") && !text.split_once("[track]").unwrap().1.contains("\n["), "{text}");
        toronto.write(POLICY, format!("{}\n{excuse}", text.trim_end()));
        commit(&toronto, "Excuse it");
        let found = toronto.gate(CALM, &["--against", "main"], 1);
        let found = found.finds(&[("untracked", new, "error"), WEAKENED]);
        assert_eq!(found.message("weakened-policy"), told);
    }
    // Nor does it go unseen where nothing is said to be tracked any more.
    toronto.git(["checkout", "-q", "-B", "excuse", "feature"]);
    let text = toronto.read(POLICY);
    toronto.write(POLICY, text.split_once("[track]").unwrap().0);
    commit(&toronto, "Track nothing");
    let found = toronto.gate(CALM, &["--against", "main"], 1).finds(&[("untracked", new, "error"), WEAKENED]);
    let told = "[track] is gone: 2 files that other tools have sealed are not looked at any more";
    assert_eq!(found.message("weakened-policy"), told);
}

#[test]
fn a_later_date_of_the_same_ciphertext_is_told() {
    let toronto = on_a_branch();
    let later = |end: &str, more: &str, code: i32, level: Option<&str>| {
        toronto.git(["checkout", "-q", "-B", "later", "feature"]);
        expires(&toronto, CLIENT, end);
        let claims = toronto.read(CLAIMS).replacen("owners", &format!("{more}owners"), 1);
        toronto.write(CLAIMS, claims);
        commit(&toronto, "Say when it ends");
        let expected: Vec<_> = level.map(|level| ("weakened-policy", CLIENT, level)).into_iter().collect();
        toronto.gate(CALM, &["--against", "main"], code).finds(&expected)
    };
    let told = later("2025-01-01", "", 1, Some("error"));
    assert_eq!(
        told.message("weakened-policy"),
        "the same ciphertext is said to end 2025-01-01 instead of 2024-06-30, and no new expires-reason says why"
    );
    let told = later("2025-01-01", "expires-reason = \"they renewed it\"\n", 0, Some("warning"));
    assert!(told.message("weakened-policy").ends_with("instead of 2024-06-30: they renewed it"));
    let _ = later("2024-06-29", "", 0, None);

    // Moved to another name, it is the same ciphertext; sealed anew, it is another one.
    toronto.git(["checkout", "-q", "-B", "later", "feature"]);
    toronto.git(["mv", FILE, "clusters/a/enc-moved.yaml"]);
    toronto.edit(CLAIMS, "enc-prod.yaml", "enc-moved.yaml");
    let moved = CLIENT.replace("enc-prod", "enc-moved");
    expires(&toronto, &moved, "2025-01-01");
    commit(&toronto, "Move it");
    toronto.gate(CALM, &["--against", "main"], 1).finds(&[("weakened-policy", &moved, "error")]);
    toronto.git(["checkout", "-q", "-B", "later", "feature"]);
    seal(&toronto, FILE, "hub:\n  client_secret: of 2022\n  token: of 2020\n", &["alice", "bob"]);
    expires(&toronto, CLIENT, "2025-01-01");
    commit(&toronto, "Renew it");
    toronto
        .gate(CALM, &["--against", "main"], 1)
        .finds(&[("record-behind", CLIENT, "error"), ("record-behind", TOKEN, "error")]);

    // What the reference says can't be told: it is not as if nothing had been moved.
    toronto.git(["checkout", "-q", "main"]);
    toronto.write(CLAIMS, "schema = 1\n[");
    commit(&toronto, "Break the records");
    toronto.git(["checkout", "-q", "-B", "later", "feature"]);
    expires(&toronto, CLIENT, "2025-01-01");
    commit(&toronto, "Say when it ends");
    let main = &toronto.git(["rev-parse", "main"])[..12];
    let found = toronto.gate(CALM, &["--against", "main"], 2).finds(&[]);
    let _ = found.leaves_unchecked(&format!("{CLAIMS} in {main}"));
}

#[test]
fn what_either_calls_sealed_must_be() {
    let toronto = on_a_branch();
    toronto.git(["checkout", "-q", "main"]);
    toronto.write("config/secret.env", "TOKEN=in clear\n");
    commit(&toronto, "Configure");
    toronto.git(["checkout", "-q", "-B", "feature"]);
    toronto.edit(POLICY, "\"clusters/**/enc-*\"", "\"clusters/**/enc-*\", \"config/*\"");
    toronto.write("config/new.env", "TOKEN=in clear too\n");
    commit(&toronto, "Look at more");
    // What it begins to look at stood there before.
    toronto
        .gate(CALM, &["--against", "main"], 1)
        .finds(&[("plaintext", "config/secret.env", "warning"), ("plaintext", "config/new.env", "error")]);
}

#[test]
fn where_nothing_was_tracked_the_change_judges() {
    let toronto = Toronto::new();
    toronto.write("clusters/a/enc-plain.yaml", "token: in clear\n");
    seal(&toronto, FILE, YAML, &["alice", "bob"]);
    toronto.publish("Seal with sops");
    toronto.git(["checkout", "-q", "-b", "feature"]);
    toronto.extend_policy(
        "[track]\nfiles = [\"clusters/**/enc-*\"]\nnot-secret = [\"**/token\"]\n\
         [[kind]]\nmatch = \"**/client_secret\"\nnever = \"they do not lapse\"\nowners = [\"infra\"]\n",
    );
    seal(&toronto, "clusters/b/enc-new.yaml", "other: x\n", &["alice"]);
    commit(&toronto, "Begin to track");
    let found = toronto.gate(CALM, &["--against", "main"], 1).finds(&[
        ("plaintext", "clusters/a/enc-plain.yaml", "warning"),
        ("single-holder", "clusters/b/enc-new.yaml", "error"),
        ("untracked", "clusters/b/enc-new.yaml", "error"),
    ]);
    let main = &toronto.git(["rev-parse", "main"])[..12];
    let note = format!("{main} tracks no files, so the change's own [track] and [[kind]] judge");
    let _ = found.says(&note);
}

/// Of what policy requires, the reference had a tracked one; the change takes it away.
#[test]
fn what_is_required_may_be_a_tracked_one() {
    let toronto = on_a_branch();
    toronto.git(["checkout", "-q", "main"]);
    let text = toronto.read(POLICY);
    toronto.write(
        POLICY,
        text.replacen("[people.alice]", &format!("require = [\"{FILE}\"]\n\n[people.alice]"), 1),
    );
    commit(&toronto, "Require it");
    toronto.gate(CALM, &["--against", "HEAD"], 0).finds(&[]);
    toronto.git(["checkout", "-q", "-B", "feature"]);
    toronto.git(["rm", "-q", "-r", "clusters/a"]);
    commit(&toronto, "Take it away");
    toronto.gate(CALM, &["--against", "main"], 1).finds(&[("missing", FILE, "error")]);
}

/// Where only records say what is tracked, a file does not go out of sight with its record.
#[test]
fn a_record_that_is_taken_away_leaves_its_file() {
    let toronto = on_a_branch();
    toronto.git(["checkout", "-q", "main"]);
    toronto.edit(POLICY, "files = [\"clusters/**/enc-*\"]", "");
    commit(&toronto, "Track what has a record");
    toronto.gate(CALM, &["--against", "HEAD"], 0).finds(&[]);
    toronto.git(["checkout", "-q", "-B", "feature"]);
    toronto.git(["rm", "-q", CLAIMS]);
    commit(&toronto, "Take the records away");
    toronto.gate(CALM, &["--against", "main"], 1).finds(&[("untracked", FILE, "error")]);
    toronto.git(["rm", "-q", FILE]);
    commit(&toronto, "Take the file away");
    toronto.gate(CALM, &["--against", "main"], 0).finds(&[]);
}
