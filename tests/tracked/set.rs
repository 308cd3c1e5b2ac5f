//! `secrets set` of what sops has sealed: through sops, one value, both files in one commit.

use std::fs;

use crate::common::{Outcome, public_key};
use crate::team::{CUSTODY, FILE, Team, many};

const NESTED: &str = "hub:\n    ports:\n        - name: first\n        - name: second\n          token: old\n    \"a[0]\": odd\n    port: 8080\n";

fn set(team: &Team, name: &str, value: &str, arguments: &[&str]) -> Outcome {
    team.with_sops(&["set", name]).args(arguments).stdin(value).run()
}

/// Both files are as they were, and so is `HEAD`.
#[track_caller]
fn changes_nothing(team: &Team, run: impl FnOnce() -> Outcome) -> Outcome {
    let state = || {
        (
            team.read(FILE),
            team.read(CUSTODY),
            team.sandbox.head(&team.laptop),
            team.sandbox.status(&team.laptop),
        )
    };
    let before = state();
    let outcome = run().code(2);
    assert_eq!(state(), before);
    outcome
}

#[test]
fn file_and_record_are_committed_together() {
    let team = Team::with(NESTED);
    let name = format!("{FILE}#/hub/ports/1/token");
    let before = team.read(FILE);
    let done = set(
        &team,
        &name,
        "canary \"value\"\nof two lines",
        &["--expires", "2028-02-01", "--issued", "2026-02-01"],
    );
    let done = done.code(0).says("expires 2028-02-01").says("NOT on origin/main yet");
    team.never_shows(&done, "canary");
    assert_eq!(team.sandbox.changed_by_head(&team.laptop), [CUSTODY, FILE]);
    assert_eq!(team.sandbox.status(&team.laptop), "");

    let opened = team.sandbox.rops_decrypt(&team.laptop.join(FILE), "bob").code(0);
    let _ = opened.says("canary \"value\"").says("of two lines").says("name: second").says("port: 8080");
    let leaves = |text: &str| {
        text.lines()
            .filter(|line| line.contains("ENC[") && !line.contains("mac:"))
            .map(ToOwned::to_owned)
            .collect::<Vec<_>>()
    };
    let (old, new) = (leaves(&before), leaves(&team.read(FILE)));
    assert_eq!(old.iter().zip(&new).filter(|(old, new)| old != new).count(), 1);
    let record = team.record(&name);
    let modified = team.read(FILE);
    let modified = modified.lines().find_map(|line| line.trim().strip_prefix("lastmodified: ")).unwrap();
    assert!(
        record.starts_with("expires = 2028-02-01\nissued = 2026-02-01\nowners = [\"team\"]\n"),
        "{record}"
    );
    assert!(record.contains(&format!("set-at = {}\n", modified.trim_matches('"'))), "{record}");
    team.sandbox.push(&team.laptop);
    assert_eq!(team.found("record-behind"), [""; 0]);
    // The others' records are as they were, and confirming finds nothing to do.
    let _ = team.with_sops(&["confirm"]).run().code(0).says("no record is behind");
}

#[test]
fn what_must_be_said_is_asked_for_and_what_is_no_new_value_is_refused() {
    let team = Team::with(NESTED);
    let name = format!("{FILE}#/hub/ports/1/token");
    let expires = ["--expires", "2028-02-01"];
    let _ = changes_nothing(&team, || set(&team, &name, "new", &[]))
        .says("it is not said when this credential ends");
    let _ = changes_nothing(&team, || set(&team, &name, "old", &expires)).says("same-value");
    let _ = changes_nothing(&team, || set(&team, &name, "", &expires)).says("the value is empty");
    let _ = changes_nothing(&team, || team.with_sops(&["set", &name]).args(expires).stdin(b"\xff\xfe").run())
        .says("UTF-8");
    let odd = format!("{FILE}#/hub/a[0]");
    let _ = changes_nothing(&team, || set(&team, &odd, "new", &expires))
        .says("no way to name a key")
        .says("sops edit");
    let absent = format!("{FILE}#/hub/absent");
    let _ =
        changes_nothing(&team, || set(&team, &absent, "new", &expires)).says("no encrypted value lies there");
    let _ = changes_nothing(&team, || set(&team, FILE, "new", &expires)).says("holds several values");
    let _ =
        changes_nothing(&team, || set(&team, &name, "new", &["--expires", "2028-02-01", "--as", "alice"]))
            .says("--as");
    let _ = set(&team, &format!("{FILE}#/hub/port"), "9090", &expires).code(0).says("was no text");
}

#[test]
fn without_a_sops_that_can_do_it_the_steps_are_told() {
    let team = Team::with(NESTED);
    let name = format!("{FILE}#/hub/ports/1/token");
    let arguments = ["set", name.as_str(), "--expires", "2028-02-01"];
    let absent = || team.secrets(&arguments).identity("alice").stdin("canary").run();
    let told = changes_nothing(&team, absent)
        .says("no `sops` on PATH")
        .says("by hand: sops edit clusters/a/enc-prod.yaml");
    let told = told.says(&format!("secrets confirm '{name}' --expires DATE"));
    team.never_shows(&told, "canary");
    let old = || team.with_sops(&arguments).env("SOPS_DOUBLE_VERSION", "3.10.2").stdin("canary").run();
    let told = changes_nothing(&team, old).says("3.10.2").says("3.11.0").says("sops edit");
    team.never_shows(&told, "canary");
    assert!(team.sandbox.sops_calls().iter().all(|call| !call.starts_with("set ")));
    let carol = || team.secrets(&arguments).with_sops("carol").stdin("canary").run();
    let _ = changes_nothing(&team, carol).says("no key at hand opens it");
}

#[test]
fn work_that_is_not_committed_is_not_swept_along() {
    let team = Team::with(NESTED);
    let name = format!("{FILE}#/hub/ports/1/token");
    team.sops(&["set", "--value-stdin", FILE, r#"["hub"]["port"]"#], "\"theirs\"");
    let refused = changes_nothing(&team, || set(&team, &name, "new", &["--expires", "2028-02-01"]));
    let _ = refused.says("is not as in HEAD").says("git checkout HEAD -- ");
    let _ =
        set(&team, &name, "new", &["--expires", "2028-02-01", "--no-commit"]).code(0).says("not committed");
    let opened = team.sandbox.rops_decrypt(&team.laptop.join(FILE), "alice").code(0);
    let _ = opened.says("port: theirs").says("token: new");
}

#[test]
fn a_hook_that_refuses_leaves_the_old_value() {
    let team = Team::with(NESTED);
    let name = format!("{FILE}#/hub/ports/1/token");
    team.sandbox.hook(&team.laptop.join(".git/hooks"), "pre-commit", "echo 'not like this' >&2; exit 1");
    let refused = changes_nothing(&team, || set(&team, &name, "canary", &["--expires", "2028-02-01"]));
    team.never_shows(&refused.says("not like this"), "canary");
}

#[test]
fn every_form_of_sops() {
    let team = Team::untracked();
    for (file, text, pointer) in [
        ("enc.json", "{\"a\": {\"b\": \"old\"}, \"c\": \"x\"}", "#/a/b"),
        ("enc.env", "A=old\nB=x\n", "#/A"),
        ("enc.ini", "[s]\na = old\nb = x\n", "#/s/a"),
        ("enc.bin", "old", ""),
        // Its name tells nothing of what is in it.
        ("enc-config", "a: old\nb: x\n", "#/a"),
    ] {
        if file == "enc-config" {
            team.seal("made.yaml", text);
            fs::rename(team.laptop.join("made.yaml"), team.laptop.join(file)).unwrap();
        } else {
            team.seal(file, text);
        }
        team.track(&[file]);
        let name = format!("{file}{pointer}");
        let _ = set(&team, &name, "new value", &["--expires", "2028-02-01"]).code(0);
        assert_eq!(team.sandbox.changed_by_head(&team.laptop), ["custody.toml", file]);
        team.sandbox.push(&team.laptop);
        let _ = set(&team, &name, "new value", &["--expires", "2028-02-01"]).code(2).says("same-value");
        assert_eq!(team.found("record-behind"), [""; 0], "{file}");
    }
}

#[test]
fn a_value_of_a_whole_file_gets_a_record_of_its_own() {
    let team = Team::untracked();
    team.seal(FILE, many(3));
    team.track(&[FILE, "--whole"]);
    let name = format!("{FILE}#/k2/secret");
    let _ = set(&team, &name, "new", &["--expires", "2028-02-01"]).code(0);
    team.sandbox.push(&team.laptop);
    assert!(team.record(&name).starts_with("expires = 2028-02-01\n"));
    assert!(team.record(FILE).starts_with("expires = 2027-08-31\n"));
    assert_eq!(team.found("record-behind"), [""; 0]);
}

#[test]
fn what_never_lapses_by_policy_needs_no_date() {
    let team = Team::untracked();
    team.seal(FILE, many(2));
    let policy = team.read("secrets/policy.toml");
    team.write(
        "secrets/policy.toml",
        format!("{policy}\n[track]\nfiles = [\"**/enc-*\"]\n[[kind]]\nmatch = \"k1/secret\"\nnever = \"it does not lapse\"\n"),
    );
    team.track(&[FILE]);
    let name = format!("{FILE}#/k1/secret");
    let _ = set(&team, &name, "new", &[]).code(0).says("it does not lapse");
    assert!(!team.record(&name).contains("never"));
    // Another value of it needs nobody either.
    team.seal(FILE, many(2).replace("v1\n", "v3\n"));
    team.publish("Renew the first");
    let _ = team.with_sops(&["confirm"]).run().code(0).says("its kind never lapses");
}

#[test]
fn other_formats_are_refused_with_their_steps() {
    let team = Team::untracked();
    team.sandbox.age_file(&team.laptop.join("enc.age"), b"old", &[&public_key("alice")], true);
    team.sandbox.ansible_vault(&team.laptop.join("vault.yml"), b"a: old\n", None);
    team.sandbox.sealed_secret(&team.laptop.join("sealed.yaml"), &["password"]);
    team.track(&["enc.age", "vault.yml", "sealed.yaml"]);
    let head = team.sandbox.head(&team.laptop);
    for (name, step) in [
        ("enc.age", "age -R RECIPIENTS -o enc.age"),
        ("vault.yml", "ansible-vault edit vault.yml"),
        ("sealed.yaml#/spec/encryptedData/password", "kubeseal"),
    ] {
        let refused = set(&team, name, "canary", &["--expires", "2028-02-01"]).code(2);
        team.never_shows(&refused.says(step).says("secrets confirm"), "canary");
    }
    let _ = set(&team, "README", "x", &["--expires", "2028-02-01"]).code(2).says("is not sealed");
    let _ = set(&team, "nowhere", "x", &["--expires", "2028-02-01"])
        .code(2)
        .says("there is no secret of that name");
    assert_eq!((team.sandbox.head(&team.laptop), team.sandbox.status(&team.laptop)), (head, String::new()));
}

/// What sops makes of a file is looked at before it takes the file's place.
#[test]
fn a_sops_that_does_something_else_changes_nothing() {
    let team = Team::with(NESTED);
    let name = format!("{FILE}#/hub/ports/1/token");
    let path = |run: &Outcome| run.text().trim_end().to_owned();
    let usual = path(&team.sandbox.run(team.sandbox.root(), "sh", ["-c", "printf %s \"$PATH\""]).code(0));
    for (instead, why) in [
        ("exit 0", "another value stands there"),
        (
            "for last; do :; done; file=$(eval echo \\${$(($# - 1))}); printf 'a: b\\n' > \"$file\"",
            "no tool that is known",
        ),
        (
            "for a; do case $a in */sealed) exec sops-of-the-tests rotate -i --input-type yaml --output-type yaml \"$a\";; esac; done",
            "other values in it changed too",
        ),
        ("exit 3", "`sops` ended with 3"),
    ] {
        let double = team.sandbox.path("programs/sops");
        let run = || {
            let run = team.with_sops(&["set", &name, "--expires", "2028-02-01"]).stdin("canary");
            let script =
                format!("[ \"$1\" != set ] || {{ {instead}; exit; }}\nexec sops-of-the-tests \"$@\"");
            let script = script.replace("sops-of-the-tests", double.to_str().unwrap());
            team.sandbox.hook(&team.sandbox.path("odd"), "sops", &script);
            run.env("PATH", format!("{}:{usual}", team.sandbox.path("odd").display())).run()
        };
        let refused = changes_nothing(&team, run).says("nothing was changed").says(why);
        team.never_shows(&refused, "canary");
    }
}
