//! `check --prove` over tracked secrets: the end that a value carries itself, wherever it can be opened.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::common::{NOW, Outcome, public_key};
use crate::team::{FILE, Team};

/// An unsigned token that ends at a moment, in Unix seconds.
fn token(exp: u64) -> String {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    format!(
        "{}.{}.{}",
        part(r#"{"alg":"HS256","typ":"JWT"}"#),
        part(&format!(r#"{{"exp":{exp}}}"#)),
        part("canary-signature-of-it")
    )
}

/// 2026-06-01.
const SOON: u64 = 1_780_272_000;
/// 2030-01-01.
const LATE: u64 = 1_893_456_000;

fn gate(team: &Team, prove: &[&str]) -> Outcome {
    team.with_sops(&["check", "--format", "json"]).args(prove).at(NOW).run()
}

fn notes(outcome: &Outcome) -> String {
    outcome.json()["notes"].to_string()
}

fn values() -> String {
    format!("soon: {}\nlate: {}\nplain: not a token\nclient_id: {}\n", token(SOON), token(LATE), token(SOON))
}

fn team() -> Team {
    let team = Team::untracked();
    team.seal(FILE, values());
    let policy = team.read("secrets/policy.toml");
    team.write(
        "secrets/policy.toml",
        format!("{policy}\n[track]\nfiles = [\"**/enc-*\"]\nnot-secret = [\"client_id\"]\n"),
    );
    team.track(&[FILE]);
    team
}

#[test]
fn an_earlier_end_in_the_value_is_found() {
    let team = team();
    team.calls();
    let _ = gate(&team, &[]).code(0);
    assert_eq!(team.calls(), [""; 0]);
    let found = gate(&team, &["--prove"]).code(1);
    assert_eq!(found.finding_ids(), ["expiry-mismatch"]);
    assert_eq!(found.findings()[0].1, format!("{FILE}#/soon"));
    assert!(found.message("expiry-mismatch").contains("the value ends 2026-06-01"), "{}", found.text());
    // One call a file, and what policy calls no secret is not told of.
    assert_eq!(team.calls().iter().filter(|call| call.starts_with("decrypt")).count(), 1);
    assert_eq!(notes(&found).matches("not looked into").count(), 0);
    team.never_shows(&found, "canary-signature");
    // The remedy is what mends it.
    let _ = gate(&team, &["--prove", "--scope", &format!("{FILE}#/late")]).code(0);
}

#[test]
fn what_was_not_looked_into_is_told_once_for_each_reason() {
    let team = team();
    team.sandbox.ansible_vault(&team.laptop.join("enc-vault.yml"), b"a: b\n", None);
    team.track(&["enc-vault.yml"]);
    let check =
        |prove: &str| team.secrets(&["check", "--format", "json", prove]).identity("alice").at(NOW).run();
    let available = check("--prove=available");
    let told = notes(&available);
    assert!(told.contains("3 tracked secrets were not looked into: no `sops` on PATH"), "{told}");
    assert!(
        told.contains("1 tracked secret was not looked into: files of ansible-vault are not opened"),
        "{told}"
    );
    assert!(available.json()["unchecked"].as_array().unwrap().is_empty());
    let all = check("--prove=all").leaves_unchecked("no `sops` on PATH");
    assert_eq!(all.unchecked().len(), 4, "{:#}", all.json());
    assert_ne!(all.code, 0);
    let carol = team.secrets(&["check", "--format", "json", "--prove=available"]);
    let carol = carol.with_sops("carol").identity("alice").run();
    assert!(notes(&carol).contains("3 tracked secrets were not looked into: no key at hand opens it"));
}

#[test]
fn bare_files_of_age_and_whole_files_are_looked_into() {
    let team = Team::untracked();
    team.sandbox.age_file(
        &team.laptop.join("enc.age"),
        token(SOON).as_bytes(),
        &[&public_key("alice")],
        false,
    );
    team.track(&["enc.age"]);
    team.seal(FILE, values());
    team.track(&[FILE, "--whole"]);
    let found = gate(&team, &["--prove=available"]);
    let mut ids = found.findings();
    ids.retain(|(id, ..)| id == "expiry-mismatch");
    assert_eq!(ids.iter().map(|(_, name, _)| name.as_str()).collect::<Vec<_>>(), [FILE, "enc.age"]);
}

#[test]
fn a_part_that_can_not_be_read_is_told() {
    let team = Team::untracked();
    let broken = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
    team.sandbox.add_accepting(&team.laptop, "own/broken", "2027-08-31", broken, &["alice", "bob"]);
    team.seal(FILE, format!("cert: |\n    {}\n", broken.trim_end().replace('\n', "\n    ")));
    team.track(&[FILE]);
    let found = gate(&team, &["--prove"]);
    let told = notes(&found);
    assert!(told.contains(&format!("{FILE}#/cert")) && told.contains("own/broken"), "{told}");
    assert!(told.contains("may carry an end that could not be read"), "{told}");
}

/// On the other ref nothing is opened, and the same ciphertext ends when it does here.
#[test]
fn an_earlier_end_that_stood_there_before_is_a_warning() {
    let team = team();
    team.write("README", "changed\n");
    team.sandbox.commit_all(&team.laptop, "Change something else");
    team.calls();
    let found = gate(&team, &["--prove", "--against", "HEAD~1"]).code(0);
    let soon = format!("{FILE}#/soon");
    let _ = found.finds(&[("expiry-mismatch", &soon, "warning")]);
    assert_eq!(team.calls().iter().filter(|call| call.starts_with("decrypt")).count(), 1);
    // Another value is a change's own, whatever it says.
    team.seal(FILE, values());
    team.sandbox.commit_all(&team.laptop, "Seal it again");
    let found = gate(&team, &["--prove", "--against", "HEAD~1"]).code(1);
    let mismatch = found.findings().into_iter().find(|(id, ..)| id == "expiry-mismatch");
    assert_eq!(mismatch, Some(("expiry-mismatch".to_owned(), soon, "error".to_owned())));
}
