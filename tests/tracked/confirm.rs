//! `secrets confirm`: what has not changed is recorded anew by itself, and nothing else is.

use std::fs;

use crate::common::{NOW, public_key};
use crate::team::{CUSTODY, FILE, Team, many};

#[test]
fn a_new_data_key_and_nothing_else_needs_nobody() {
    let team = Team::with(&many(20));
    let before = team.read(CUSTODY);
    team.sops(&["rotate", "-i", FILE], "");
    team.publish("Rotate the data key");
    assert_eq!(team.found("record-behind").len(), 20);

    team.calls();
    let done = team.with_sops(&["confirm"]).run().code(0).says("20 records brought up to date").says("same");
    assert!(!done.text().contains("left"), "{}", done.text());
    // Each version is opened once.
    let calls = team.calls();
    assert_eq!(calls.iter().filter(|call| call.starts_with("decrypt ")).count(), 2, "{calls:#?}");
    assert_eq!(team.sandbox.changed_by_head(&team.laptop), [CUSTODY]);
    assert_eq!(team.found("record-behind"), [""; 0]);
    let (before, after) = (before.lines(), team.read(CUSTODY));
    assert_eq!(before.clone().count(), after.lines().count());
    for (old, new) in before.zip(after.lines()) {
        let of_ciphertext = ["seen = ", "data-key = "].iter().any(|key| old.starts_with(key));
        assert_eq!(old != new, of_ciphertext, "{old} {new}");
    }
    let _ = team.with_sops(&["confirm"]).run().code(0).says("no record is behind");
}

#[test]
fn of_twenty_that_were_sealed_anew_the_one_that_changed_is_asked_about() {
    let team = Team::with(&many(20));
    team.seal(FILE, many(20).replace("v7\n", "canary-7\n"));
    team.publish("Renew the seventh");
    let name = format!("{FILE}#/k7/secret");

    let first = team.with_sops(&["confirm", FILE]).run().code(2).says("19 records brought up to date");
    let first = first.says(&format!("left: {name}: the value is another one")).says("1 record is left");
    team.never_shows(&first, "canary-7");
    assert_eq!(team.found("record-behind"), [name.as_str()]);

    let old = team.record(&name);
    let second = team.with_sops(&["confirm", &name, "--expires", "2028-01-31"]).run().code(0);
    let _ = second.says(&format!("answered: {name}: ends 2028-01-31"));
    assert_eq!(team.found("record-behind"), [""; 0]);
    let new = team.record(&name);
    assert!(new.contains("expires = 2028-01-31\n") && old.contains("expires = 2027-08-31\n"), "{new}");
    let modified = team.read(FILE);
    let modified = modified.lines().find_map(|line| line.trim().strip_prefix("lastmodified: ")).unwrap();
    assert!(new.contains(&format!("set-at = {}\n", modified.trim_matches('"'))), "{new}");
}

#[test]
fn a_formatter_changes_nothing() {
    let team = Team::with(&many(3));
    team.write(
        FILE,
        format!("# written by a formatter\n{}", team.read(FILE).replace("\n    secret", "\n  secret")),
    );
    team.publish("Format");
    assert_eq!(team.found("record-behind"), [""; 0]);
    team.calls();
    let _ = team.with_sops(&["confirm"]).run().code(0).says("no record is behind");
    assert_eq!(team.calls(), [""; 0]);
}

#[test]
fn under_the_same_data_key_another_ciphertext_is_another_value() {
    let team = Team::with(&many(3));
    team.sops(&["set", "--value-stdin", FILE, r#"["k2"]["secret"]"#], "\"new\"");
    team.publish("Renew the second");
    let name = format!("{FILE}#/k2/secret");
    assert_eq!(team.found("record-behind"), [name.as_str()]);
    team.calls();
    let _ = team
        .with_sops(&["confirm", "--keep-expiry", "--dry-run"])
        .run()
        .code(0)
        .says("the recorded expiry holds");
    assert_eq!(team.sandbox.status(&team.laptop), "");
    let _ = team.with_sops(&["confirm"]).run().code(2).says("left").says("the value is another one");
    let _ = team.with_sops(&["confirm", "--never", "it does not lapse"]).run().code(0).says("never ends");
    // Nothing had to be opened to know that.
    assert_eq!(team.calls(), [""; 0]);
    assert!(team.record(&name).starts_with("never = \"it does not lapse\"\n"));
    assert!(team.record(&format!("{FILE}#/k1/secret")).starts_with("expires = 2027-08-31\n"));
}

#[test]
fn what_can_not_be_compared_says_why() {
    let team = Team::with(&many(2));
    team.sops(&["rotate", "-i", FILE], "");
    team.publish("Rotate the data key");
    let _ = team.secrets(&["confirm"]).run().code(2).says("no `sops` on PATH").says("2 records are left");
    let carol = || team.secrets(&["confirm"]).with_sops("carol");
    let _ = carol().run().code(2).says("no key at hand opens it");
    // An old one opens files all the same.
    let old = team.with_sops(&["confirm", "--dry-run"]).env("SOPS_DOUBLE_VERSION", "3.10.2");
    let _ = old.run().code(0).says("2 records would be brought up to date");

    let shallow = team.sandbox.clone("shallow", &["--depth", "1"]);
    let confirm = team.sandbox.secrets(&shallow).args(["confirm"]).with_sops("alice");
    let _ =
        confirm.run().code(2).says("the version that its record speaks of was not found").says("--unshallow");
    assert_eq!(team.found("record-behind").len(), 2);

    let _ = team.secrets(&["confirm", "--keep-expiry"]).run().code(0).says("the recorded expiry holds");
    assert_eq!(team.found("record-behind"), [""; 0]);
    let _ =
        team.secrets(&["confirm", "clusters/b"]).run().code(2).says("no record of a tracked file fits it");
}

#[test]
fn the_record_of_a_whole_file_is_held_against_all_its_values() {
    let team = Team::untracked();
    team.seal(FILE, many(4));
    team.track(&[FILE, "--whole"]);
    team.sops(&["rotate", "-i", FILE], "");
    team.publish("Rotate the data key");
    let _ = team.with_sops(&["confirm", FILE]).run().code(0).says("1 record brought up to date");
    assert_eq!(team.found("record-behind"), [""; 0]);
    team.seal(FILE, many(4).replace("v4\n", "v5\n"));
    team.publish("Renew the fourth");
    let _ = team
        .with_sops(&["confirm", FILE])
        .run()
        .code(2)
        .says(&format!("left: {FILE}: the value is another one"));
}

#[test]
fn bare_files_of_age_are_opened_with_my_identities() {
    let team = Team::untracked();
    let keys = [public_key("alice"), public_key("bob")];
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let seal = |value: &[u8]| team.sandbox.age_file(&team.laptop.join("enc.age"), value, &keys, true);
    seal(b"one\n");
    team.track(&["enc.age"]);
    seal(b"one\n");
    team.publish("Seal the same anew");
    assert_eq!(team.found("record-behind"), ["enc.age"]);
    let _ =
        team.secrets(&["confirm"]).identity("carol").run().code(2).says("none of the identities found here");
    let _ = team.secrets(&["confirm"]).identity("bob").run().code(0).says("1 record brought up to date");
    seal(b"two\n");
    team.publish("Renew it");
    let _ = team.secrets(&["confirm"]).identity("bob").run().code(2).says("the value is another one");
}

#[test]
fn a_record_that_speaks_of_no_ciphertext_is_given_one() {
    let team = Team::with(&many(1));
    let name = format!("{FILE}#/k1/secret");
    let by_hand = "schema = 1\n\n[\"enc-prod.yaml#/k1/secret\"]\nexpires = 2027-08-31 # ticket 12\nowners = [\"team\"]\n";
    team.write(CUSTODY, by_hand);
    team.publish("Write the record by hand");
    assert_eq!(team.found("record-behind"), [name.as_str()]);
    let _ = team.secrets(&["confirm", &name]).run().code(0).says("recorded for the first time");
    assert!(team.record(&name).starts_with("expires = 2027-08-31 # ticket 12\n"));
    assert_eq!(team.found("record-behind"), [""; 0]);
}

#[test]
fn a_hook_that_refuses_leaves_everything_as_it_is() {
    let team = Team::with(&many(2));
    team.sops(&["rotate", "-i", FILE], "");
    team.publish("Rotate the data key");
    let (before, head) = (team.read(CUSTODY), team.sandbox.head(&team.laptop));
    team.sandbox.hook(&team.laptop.join(".git/hooks"), "pre-commit", "echo 'not like this' >&2; exit 1");
    let _ = team.with_sops(&["confirm"]).run().code(2).says("not like this");
    assert_eq!((team.read(CUSTODY), team.sandbox.head(&team.laptop)), (before, head));
}

#[test]
fn what_is_not_sealed_any_more_is_not_confirmed() {
    let team = Team::with(&many(2));
    team.write(FILE, many(2));
    let _ = team.with_sops(&["confirm"]).run().code(2).says("is not sealed").lacks("v1");
    fs::remove_file(team.laptop.join(FILE)).unwrap();
    let _ = team.with_sops(&["confirm"]).run().code(2).says("there is no such file");
    assert_eq!(team.sandbox.check(&team.laptop, NOW).code, 1);
}
