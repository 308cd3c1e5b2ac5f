use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::common::{NOW, Sandbox, public_key};

const VALUE: &str = "hunter2-but-longer";

/// Two secrets of the whole team, and one of alice alone; ci is a machine.
fn store() -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    let laptop = sandbox.store(&["alice", "bob"]);
    let machine = ["machines", "add", "ci", "--key", &public_key("ci"), "--group", "team"];
    sandbox.secrets(&laptop).args(machine).run().code(0);
    sandbox.add(&laptop, "web/prod/db", "2027-04-01", VALUE);
    sandbox.add(&laptop, "web/api", "2027-02-01", VALUE);
    let alone = ["add", "legacy/ftp", "--expires", "2027-01-01", "--owner", "team", "--reader", "alice"];
    sandbox.secrets(&laptop).args(alone).args(["--as", "alice"]).stdin(VALUE).run().code(0);
    (sandbox, laptop)
}

fn matrix(sandbox: &Sandbox, laptop: &Path, code: i32) -> Value {
    let custody = sandbox.secrets(laptop).args(["custody", "--format", "json"]).identity("alice").run();
    custody.code(code).lacks(VALUE).json()
}

/// `alice=plausible`, with `/team-key` where it is held through a shared key.
fn cells(matrix: &Value, secret: &str) -> Vec<String> {
    let secret = of(matrix, "secrets", secret);
    let texts = |list: &Value| -> Vec<String> {
        list.as_array().unwrap().iter().map(|text| format!("/{}", text.as_str().unwrap())).collect()
    };
    let cell = |cell: &Value| {
        let (actor, standing) = (cell["actor"].as_str().unwrap(), cell["standing"].as_str().unwrap());
        format!("{actor}={standing}{}", texts(&cell["through"]).concat())
    };
    secret["cells"].as_array().unwrap().iter().map(cell).collect()
}

fn of<'m>(matrix: &'m Value, list: &str, name: &str) -> &'m Value {
    matrix[list].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap()
}

fn edit(laptop: &Path, path: &str, from: &str, to: &str) {
    let path = laptop.join(path);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{from} is not in {}:\n{text}", path.display());
    fs::write(&path, text.replace(from, to)).unwrap();
}

#[test]
fn the_matrix_for_a_program() {
    let (sandbox, laptop) = store();
    let matrix = matrix(&sandbox, &laptop, 0);
    assert_eq!(
        (&matrix["schema_version"], &matrix["at"], &matrix["store"]),
        (&json!(1), &json!(NOW), &json!("secrets"))
    );
    assert_eq!((&matrix["proving"], &matrix["complete"]), (&json!(false), &json!(true)));
    assert_eq!(matrix["commit"], sandbox.head(&laptop));
    let names: Vec<&str> =
        matrix["secrets"].as_array().unwrap().iter().map(|secret| secret["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["legacy/ftp", "web/api", "web/prod/db"], "those at risk come first");
    assert_eq!(cells(&matrix, "web/api"), ["alice=plausible", "bob=plausible", "ci=plausible"]);
    assert_eq!(cells(&matrix, "legacy/ftp"), ["alice=plausible"]);
    let sole = of(&matrix, "secrets", "legacy/ftp");
    assert_eq!(
        (&sole["standing"], &sole["people"], &sole["min_people"]),
        (&json!("alone"), &json!(["alice"]), &json!(2))
    );
    let alice = of(&matrix, "actors", "alice");
    assert_eq!(
        (&alice["kind"], &alice["holds"], &alice["alone"]),
        (&json!("person"), &json!(3), &json!(["legacy/ftp"]))
    );
    assert_eq!(of(&matrix, "actors", "ci")["kind"], "machine");
    let summary = &matrix["summary"];
    assert_eq!(
        (&summary["secrets"], &summary["people"], &summary["alone"]),
        (&json!(3), &json!(2), &json!(1))
    );
    assert_eq!((&summary["proved"], &summary["plausible"]), (&json!(0), &json!(3)));
}

#[test]
fn the_matrix_for_a_person() {
    let (sandbox, laptop) = store();
    let run = |variables: &[(&str, &str)]| {
        let run = sandbox.secrets(&laptop).args(["custody"]);
        variables.iter().fold(run, |run, (name, value)| run.env(name, value)).run().code(0).lacks(VALUE)
    };
    let wide = run(&[("TERM", "xterm"), ("COLUMNS", "80")]);
    let row = |name: &str| wide.text().lines().find(|line| line.contains(name)).unwrap().to_owned();
    assert!(row("web/api").starts_with("  ") && row("web/api").contains("2 of 2"));
    assert_eq!(row("web/api").matches('◐').count(), 3);
    assert!(row("legacy/ftp").starts_with("! ") && row("legacy/ftp").contains("1 of 2 alone"));
    assert!(wide.text().contains("1 of 3 secrets is held by one person alone: legacy/ftp (alice)"));
    assert!(!wide.text().contains('\u{1b}'), "colour without a terminal");

    // A terminal that only prints gets ASCII; so does whoever has none.
    for variables in [&[("TERM", "dumb")][..], &[]] {
        let dumb = run(variables);
        assert!(dumb.text().is_ascii(), "{}", dumb.text());
        assert!(dumb.text().lines().any(|line| line.contains("web/api") && line.matches('+').count() == 3));
    }
    let narrow = run(&[("TERM", "xterm"), ("COLUMNS", "30"), ("CLICOLOR_FORCE", "1")]);
    assert!(narrow.text().contains("\u{1b}[") && narrow.text().contains("◐ alice, "), "{}", narrow.text());
}

#[test]
fn a_shared_key_stands_for_its_people() {
    let (sandbox, laptop) = store();
    let shared = format!(
        "[shared-keys.team-key]\nkeys = [\"{}\"]\npeople = [\"alice\", \"bob\"]\nconfirmed = 2026-01-31\n\n[groups]",
        public_key("carol")
    );
    edit(&laptop, "secrets/policy.toml", "[groups]", &shared);
    sandbox.git(&laptop, ["commit", "-q", "-a", "-m", "A key of the team"]);
    let add = ["add", "web/shared", "--expires", "2027-01-01", "--reader", "team-key", "--as", "alice"];
    sandbox.accepting_new(|| sandbox.secrets(&laptop).args(add).stdin(VALUE)).code(0);
    let matrix = matrix(&sandbox, &laptop, 0);
    assert_eq!(
        cells(&matrix, "web/shared"),
        ["alice=plausible/team-key", "bob=plausible/team-key", "team-key=plausible"]
    );
    assert_eq!(of(&matrix, "secrets", "web/shared")["standing"], "enough");
    let key = of(&matrix, "actors", "team-key");
    assert_eq!((&key["kind"], &key["people"]), (&json!("shared-key"), &json!(["alice", "bob"])));
    assert_eq!(key["confirmed"], "2026-01-31T00:00:00Z");
    sandbox.secrets(&laptop).args(["custody"]).run().code(0).says("team-key stands for alice and bob");
}

#[test]
fn who_left_is_shown_and_does_not_count() {
    let (sandbox, laptop) = store();
    let bob = format!("[people.bob]\nkeys = [\"{}\"]\n", public_key("bob"));
    edit(&laptop, "secrets/policy.toml", &bob, "");
    edit(&laptop, "secrets/policy.toml", ", \"bob\"", "");
    let before = matrix(&sandbox, &laptop, 0);
    assert_eq!(cells(&before, "web/api"), ["alice=plausible", "bob=unlisted", "ci=plausible"]);
    assert_eq!(of(&before, "secrets", "web/api")["standing"], "alone");
    assert_eq!(of(&before, "actors", "bob")["kind"], "departed");

    sandbox.secrets(&laptop).args(["reseal", "--all"]).identity("alice").run().code(0);
    let after = matrix(&sandbox, &laptop, 0);
    assert_eq!(cells(&after, "web/api"), ["alice=plausible", "bob=exposed", "ci=plausible"]);
    assert_eq!(of(&after, "actors", "bob")["exposed"], 2);
}

#[test]
fn what_the_file_does_not_bear_out_is_claimed() {
    let (sandbox, laptop) = store();
    edit(&laptop, "secrets/web/api.json", "2027-02-01T00:00:00Z", "2029-02-01T00:00:00Z");
    let edited = matrix(&sandbox, &laptop, 0);
    assert_eq!(cells(&edited, "web/api"), ["alice=claimed", "bob=claimed", "ci=claimed"]);
    let secret = of(&edited, "secrets", "web/api");
    assert_eq!((&secret["grade"], &edited["summary"]["claimed"]), (&json!("claimed"), &json!(1)));
    let doubt = secret["doubts"][0].as_str().unwrap();
    assert_eq!(doubt, "the record is not the one that the value was sealed with");
    sandbox.secrets(&laptop).args(["custody"]).run().code(0).says(doubt).says("? web/api");
}

#[test]
fn what_cannot_be_read_is_shown_as_unknown_and_told_by_the_exit_code() {
    let (sandbox, laptop) = store();
    fs::write(laptop.join("secrets/web/api.json"), "{\"schema\": 1,").unwrap();
    fs::remove_file(laptop.join("secrets/web/prod/db.age")).unwrap();
    let matrix = matrix(&sandbox, &laptop, 2);
    assert_eq!((&matrix["complete"], &matrix["summary"]["unknown"]), (&json!(false), &json!(2)));
    for (name, why) in [("web/api", "secrets/web/api.json"), ("web/prod/db", "no sealed value")] {
        let secret = of(&matrix, "secrets", name);
        assert_eq!((&secret["standing"], &secret["grade"]), (&json!("unknown"), &Value::Null));
        assert!(secret["unknown"].to_string().contains(why), "{secret:#}");
    }
    assert_eq!(of(&matrix, "secrets", "legacy/ftp")["standing"], "alone", "the others are known still");
    for format in ["human", "html"] {
        let told = sandbox.secrets(&laptop).args(["custody", "--format", format]).run().code(2);
        told.says("web/api").says("legacy/ftp").says("unknown").says("no sealed value");
    }
}

#[test]
fn a_proof_that_was_not_made_is_not_claimed() {
    let (sandbox, laptop) = store();
    // Carol opens none of it.
    let prove =
        sandbox.secrets(&laptop).args(["custody", "--prove", "--format", "json"]).identity("carol").run();
    let matrix = prove.code(2).json();
    assert_eq!((&matrix["proving"], &matrix["summary"]["proved"]), (&json!(true), &json!(0)));
    assert!(of(&matrix, "secrets", "web/api")["unopened"].is_string());
}

#[test]
fn scopes_and_empty_stores() {
    let (sandbox, laptop) = store();
    let custody = |arguments: &[&str]| sandbox.secrets(&laptop).args(["custody"]).args(arguments).run();
    custody(&["--scope", "web/*"]).code(0).says("web/api").lacks("web/prod/db").lacks("legacy/ftp");
    custody(&["--scope", "none/**"]).code(2).says("none/**").says("secrets list");
    custody(&["--help"]).code(0).says("exit code is 2").says("the gate is");

    let sandbox = Sandbox::new();
    let empty = sandbox.store(&["alice"]);
    sandbox.secrets(&empty).args(["custody"]).run().code(2).says("holds no secret");
    let nowhere = Sandbox::new();
    nowhere.secrets(&nowhere.origin_and_laptop()).args(["custody"]).run().code(2).says("secrets init");
}

#[test]
fn the_page_is_the_same_each_time_and_holds_no_markup_from_outside() {
    let (sandbox, laptop) = store();
    let contact = "contact = \"<script>alert(1)</script>\\\"'\"\n\n[people.bob]";
    edit(&laptop, "secrets/policy.toml", "\n[people.bob]", contact);
    let page = || sandbox.secrets(&laptop).args(["custody", "--format", "html"]).run().code(0).lacks(VALUE);
    let first = page();
    assert_eq!(first.stdout, page().stdout);
    assert!(first.text().contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;"), "{}", first.text());
    assert_eq!(first.text().matches("<script").count(), 1);
    // Neither the width of a window nor colours have a part in it.
    let other = sandbox.secrets(&laptop).args(["custody", "--format", "html"]);
    let other = other.env("COLUMNS", "40").env("CLICOLOR_FORCE", "1").env("TERM", "dumb").run().code(0);
    assert_eq!(first.stdout, other.stdout);
}

#[test]
fn a_proof_names_every_holder_and_what_was_not_opened() {
    let (sandbox, laptop) = store();
    let prove = |identity: &str, code: i32| {
        let run = sandbox
            .secrets(&laptop)
            .args(["custody", "--prove", "--format", "json"])
            .identity(identity)
            .run();
        run.code(code).lacks(VALUE).json()
    };
    let all = prove("alice", 0);
    assert_eq!((&all["complete"], &all["summary"]["proved"]), (&json!(true), &json!(3)));
    assert_eq!(cells(&all, "web/api"), ["alice=proved", "bob=proved", "ci=proved"]);
    // The machine opens what it can read, and proves it of everybody else.
    let some = prove("ci", 2);
    assert_eq!((&some["complete"], &some["summary"]["proved"]), (&json!(false), &json!(2)));
    assert_eq!(cells(&some, "web/api"), ["alice=proved", "bob=proved", "ci=proved"]);
    assert_eq!(cells(&some, "legacy/ftp"), ["alice=plausible"]);
    let unopened = of(&some, "secrets", "legacy/ftp")["unopened"].as_str().unwrap();
    assert!(unopened.contains("none of the identities"), "{unopened}");
    let human =
        sandbox.secrets(&laptop).args(["custody", "--prove"]).env("TERM", "xterm").identity("alice").run();
    human.code(0).says("● proved").says("3 secrets, 2 people: 3 proved");
    // Somebody's hand in a record is seen through.
    edit(&laptop, "secrets/web/api.json", "2027-02-01T00:00:00Z", "2029-02-01T00:00:00Z");
    assert_eq!(cells(&prove("alice", 0), "web/api"), ["alice=claimed", "bob=claimed", "ci=claimed"]);
}
