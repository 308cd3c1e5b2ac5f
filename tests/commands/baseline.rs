//! `check --baseline`: a repository that begins with findings, and fails for new ones only.

use std::fs;
use std::os::unix::fs::symlink;

use crate::common::toronto::{AZUREAD, CALM, OAUTH, REDEPLOY, Toronto};
use crate::common::{Outcome, public_key};

const FILE: &str = "baseline.json";
/// Half a year after [`REDEPLOY`] is later.
const UNTIL: &str = "2022-12-01";
const WITH: &[&str] = &["--baseline", FILE];

/// Writes a baseline as of a moment; the verdict is `code`.
fn accept(toronto: &Toronto, at: &str, until: &str, code: i32) -> Outcome {
    let run = toronto.sandbox.secrets(&toronto.laptop).args(["check", "--format", "json"]);
    run.args(["--baseline", FILE, "--accept-until", until]).at(at).run().code(code)
}

/// The hub with its lapsed client secret, which is accepted, and that is pushed.
fn accepted() -> Toronto {
    let toronto = Toronto::new();
    let _ = accept(&toronto, REDEPLOY, UNTIL, 1);
    toronto.publish("Accept what there is");
    toronto
}

fn waived(outcome: &Outcome) -> Vec<(String, String)> {
    let report = outcome.json();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let all = report["waived"].as_array().unwrap();
    all.iter().map(|one| (text(&one["id"]), text(&one["by"]))).collect()
}

fn notes(outcome: &Outcome) -> String {
    outcome.json()["notes"].to_string()
}

#[test]
fn what_there_is_passes_until_its_date_and_what_is_new_fails() {
    let toronto = Toronto::new();
    let expired = ("expired", AZUREAD, "error");
    // The report is the one without the baseline, and so is the exit code.
    let told = accept(&toronto, REDEPLOY, UNTIL, 1).finds(&[expired]);
    assert_eq!(told.text(), toronto.gate(REDEPLOY, &[], 1).text());
    let told = told.says("accepted 1 finding until 2022-12-01 in baseline.json");
    told.says("commit it: git add -- :/baseline.json").says("secrets check --baseline baseline.json");
    assert!(!toronto.laptop.join(".baseline.json.new").exists());

    // One that is on this laptop only lets nothing through.
    let uncommitted = toronto.gate(REDEPLOY, WITH, 1).finds(&[expired]);
    uncommitted.leaves_unchecked(FILE).leaves_unchecked("is not in HEAD");
    toronto.publish("Accept what there is");
    for at in [REDEPLOY, "2022-10-15", "2022-11-30T23:59:59Z"] {
        let at = if at.len() == 10 { &format!("{at}T00:00:00Z") } else { at };
        let passes = toronto.gate(at, WITH, 0).finds(&[]);
        assert_eq!(waived(&passes), [("expired".to_owned(), "baseline baseline.json".to_owned())]);
        assert_eq!(notes(&passes), "[]");
        // Without it nothing is accepted.
        let _ = toronto.gate(at, &[], 1).finds(&[expired]);
    }
    let over = toronto.gate("2022-12-01T00:00:00Z", WITH, 1).finds(&[expired]);
    let message = over.message("expired");
    assert!(message.ends_with(" (accepted until 2022-12-01 by baseline baseline.json)"), "{message}");

    toronto.add("ops/pager", "2024-06-30", "routing-key", &["--owner", "infra", "--reader", "bob"]);
    toronto.publish("Seal a key to too few");
    let _ = toronto.gate(REDEPLOY, WITH, 1).finds(&[("single-holder", "ops/pager", "error")]);
}

#[test]
fn a_value_that_lapses_in_its_turn_is_new_and_what_is_mended_is_told() {
    let toronto = accepted();
    let _ = toronto.renew(&toronto.laptop, "alice", &["--push"]);
    let renewed = toronto.gate(REDEPLOY, WITH, 0);
    assert!(notes(&renewed).contains("1 accepted finding in baseline.json is mended: write it anew"));
    // Of what was not judged nothing is known.
    for arguments in [&["--scope", "callysto/**"][..], &["--against", "main"]] {
        let some = toronto.gate(REDEPLOY, &[WITH, arguments].concat(), 0);
        assert!(!notes(&some).contains("mended"), "{}", notes(&some));
    }
    let offline = toronto.gate(REDEPLOY, &[WITH, &["--offline"]].concat(), 2);
    assert!(!notes(&offline).contains("mended"), "{}", notes(&offline));
    let set = ["expiry", "set", AZUREAD, "--expires", "2022-09-30", "--reason", "why", "--push"];
    toronto.sandbox.secrets(&toronto.laptop).args(set).identity("alice").at(REDEPLOY).run().code(0);
    let again = toronto.gate("2022-10-01T00:00:00Z", WITH, 1);
    let _ = again.finds(&[("expired", AZUREAD, "error")]);
}

#[test]
fn a_warning_that_is_accepted_is_not_the_end_that_comes() {
    let toronto = Toronto::new();
    // Two months ahead it is told, one day ahead it blocks (block-within), and then it is over.
    let _ = accept(&toronto, "2022-08-01T00:00:00Z", UNTIL, 0).finds(&[("expiring", AZUREAD, "warning")]);
    toronto.publish("Accept what there is");
    let _ = toronto.gate("2022-08-28T00:00:00Z", &[WITH, &["--strict"]].concat(), 0).finds(&[]);
    let _ = toronto.gate("2022-08-29T12:00:00Z", WITH, 1).finds(&[("expiring", AZUREAD, "error")]);
    let _ = toronto.gate("2022-08-30T00:00:00Z", WITH, 1).finds(&[("expired", AZUREAD, "error")]);
}

#[test]
fn a_change_does_not_accept_its_own_faults() {
    let toronto = Toronto::new();
    toronto.git(["checkout", "-q", "-b", "feature"]);
    toronto.add("ops/pager", "2024-06-30", "routing-key", &["--owner", "infra", "--reader", "bob"]);
    toronto.sandbox.commit_all(&toronto.laptop, "Seal a key to too few");
    let _ = accept(&toronto, CALM, "2022-06-01", 1);
    toronto.sandbox.commit_all(&toronto.laptop, "Accept it");
    let own = ("single-holder", "ops/pager", "error");
    let against = [WITH, &["--against", "main"]].concat();
    let told = toronto.gate(CALM, &against, 1).finds(&[own]);
    assert!(notes(&told).contains("baseline baseline.json: is not in"), "{}", notes(&told));
    // What cannot be read accepts nothing either.
    let unknown = toronto.gate_unknown(CALM, &[WITH, &["--against", "no-such-ref"]].concat());
    assert_eq!(waived(&unknown), []);

    // Merged, it holds for the next change, also for one that takes the file away or spoils it.
    toronto.git(["checkout", "-q", "main"]);
    toronto.git(["merge", "-q", "--ff-only", "feature"]);
    toronto.git(["checkout", "-q", "-b", "next"]);
    for spoil in ["", "no JSON"] {
        if spoil.is_empty() {
            fs::remove_file(toronto.laptop.join(FILE)).unwrap();
        } else {
            toronto.write(FILE, spoil);
        }
        toronto.sandbox.commit_all(&toronto.laptop, "Spoil it");
        let passes = toronto.gate(CALM, &against, 0).finds(&[]);
        assert_eq!(waived(&passes).len(), 1);
    }
    // What is over there stands there already, and both is told.
    let over = toronto.gate("2022-06-01T00:00:00Z", &against, 0);
    let message = over.message("single-holder");
    assert!(
        message.contains("(already on ") && message.ends_with(" by baseline baseline.json)"),
        "{message}"
    );
}

impl Toronto {
    /// The gate, where something is not known and single findings fail.
    fn gate_unknown(&self, at: &str, arguments: &[&str]) -> Outcome {
        self.gate(at, arguments, 1)
    }
}

#[test]
fn what_is_no_baseline_as_committed_is_unknown() {
    let toronto = accepted();
    let good = toronto.read(FILE);
    let spoilt = |text: &str| {
        toronto.write(FILE, text);
        toronto.sandbox.publish_all(&toronto.laptop, "Spoil it");
        toronto.gate(CALM, WITH, 2).finds(&[]).leaves_unchecked(FILE)
    };
    for (text, says) in [
        ("no JSON", "is no baseline"),
        (&good.replace("\"weight\"", "\"wait\""), "unknown field `wait`"),
        (&good.replace("\"schema\": 1", "\"schema\": 9"), "has schema 9"),
        (&good.replace("2022-12-01", "2023-12-01"), "within 180 days"),
        (&good.replace("\"expired\"", "\"unpushed\""), "never accepted"),
        (&" ".repeat(16 * 1024 * 1024 + 1), "larger than 16777216 bytes"),
        // It was made after the moment as of which is judged.
        (&good, "still to come"),
    ] {
        let _ = spoilt(text).leaves_unchecked(says);
    }
    let of = |says| drop(toronto.gate(CALM, WITH, 2).leaves_unchecked(FILE).leaves_unchecked(says));
    toronto.write(FILE, good.replace(AZUREAD, OAUTH));
    of("differs from HEAD");
    fs::remove_file(toronto.laptop.join(FILE)).unwrap();
    of("is in HEAD and deleted here");
    fs::write(toronto.sandbox.path("elsewhere.json"), &good).unwrap();
    symlink(toronto.sandbox.path("elsewhere.json"), toronto.laptop.join(FILE)).unwrap();
    of("symbolic link");
    toronto.publish("Lead elsewhere");
    of("no regular file");
    let _ = toronto.gate(CALM, &["--baseline", "no/such.json"], 2).leaves_unchecked("there is no such file");
}

#[test]
fn the_state_of_a_clone_is_never_accepted() {
    let toronto = Toronto::new();
    let record = format!("secrets/{OAUTH}.json");
    toronto.edit(&record, "\"owners\": [", "\"note\": \"x\",\n    \"owners\": [");
    let told = accept(&toronto, CALM, "2022-06-01", 1).finds(&[("uncommitted", OAUTH, "error")]);
    told.says("accepted 0 findings").says("not accepted, mend it as the report says: uncommitted");
    toronto.git(["add", FILE]);
    toronto.git(["commit", "-q", "-m", "Accept it", "--", FILE]);
    toronto.push();
    let _ = toronto.gate(CALM, WITH, 1).finds(&[("uncommitted", OAUTH, "error")]);
    let offline = toronto.sandbox.secrets(&toronto.laptop).args(["check", "--offline", "--baseline", FILE]);
    let offline = offline.args(["--accept-until", "2022-06-01"]).at(CALM).run().code(1);
    let _ = offline.says("not accepted: what could not be checked");
}

impl Toronto {
    fn push(&self) {
        self.sandbox.push(&self.laptop);
    }
}

#[test]
fn dates_and_files_that_are_refused() {
    let toronto = Toronto::new();
    let check = |arguments: &[&str]| {
        let run = toronto.sandbox.secrets(&toronto.laptop).args(["check"]).args(arguments);
        run.at(REDEPLOY).run().code(2)
    };
    let with = |until| check(&["--baseline", FILE, "--accept-until", until]);
    let _ = with("2022-09-07").says("is over already");
    let _ = with("2022-09-07T12:25:00Z").says("is over already");
    // 180 days after the moment of the run, to the second.
    let _ = with("2023-03-06T12:25:01Z").says("more than 180 days ahead").says("give 2023-03-06 or earlier");
    let _ = with("01/02/2023").says("YYYY-MM-DD");
    let _ = check(&["--accept-until", UNTIL]).says("--baseline");
    let _ = check(&["--baseline", FILE, "--reason", "why"]).says("--accept-until");
    let own = ["--baseline", FILE, "--accept-until", UNTIL, "--against", "main"];
    let _ = check(&own).says("cannot be used with");
    let _ = check(&["--baseline", FILE, "--accept-until", UNTIL, "--reason", " "]).says("--reason: is empty");
    assert_eq!(toronto.git(["status", "--porcelain"]), "");

    let into = |file| check(&["--baseline", file, "--accept-until", UNTIL]);
    let _ = into("README").says("nothing is written over it");
    let _ = into("secrets/policy.toml").says("lies in the store");
    let _ = into("secrets/new.json").says("lies in the store");
    assert_eq!(toronto.git(["status", "--porcelain"]), "");
    let _ = accept(&toronto, REDEPLOY, "2023-03-06T12:25:00Z", 1);
    let _ = accept(&toronto, REDEPLOY, UNTIL, 1);
    assert!(toronto.read(FILE).contains("\"reason\": \"found on 2022-09-07\""));
}

#[test]
fn one_outside_the_repository_counts_as_it_is_but_for_changes() {
    let toronto = Toronto::new();
    let path = toronto.sandbox.path("outside/baseline.json");
    let path = path.to_str().unwrap();
    let run = toronto.sandbox.secrets(&toronto.laptop).args(["check", "--baseline", path]);
    run.args(["--accept-until", UNTIL, "--reason", "we begin"]).at(REDEPLOY).run().code(1).lacks("commit it");
    let passes = toronto.gate(REDEPLOY, &["--baseline", path], 0);
    assert_eq!(passes.json()["waived"][0]["reason"], "we begin");
    toronto.git(["checkout", "-q", "-b", "feature"]);
    let told = toronto.gate(REDEPLOY, &["--baseline", path, "--against", "main"], 0);
    assert!(notes(&told).contains("outside the repository"), "{}", notes(&told));
    // From a folder below, another path names the same file.
    toronto.git(["checkout", "-q", "main"]);
    let _ = accept(&toronto, REDEPLOY, UNTIL, 1);
    toronto.publish("Accept what there is");
    let below = toronto.laptop.join("secrets/utoronto");
    let _ = toronto.sandbox.gate(&below, REDEPLOY, &["--baseline", "../../baseline.json"], 0);
}

#[test]
fn files_that_other_tools_have_sealed() {
    let toronto = Toronto::new();
    let folder = toronto.laptop.join("clusters/a");
    fs::create_dir_all(&folder).unwrap();
    for number in 0..12 {
        let path = folder.join(format!("enc-{number:02}.age"));
        toronto.sandbox.age_file(&path, b"hunter2", &[&public_key("alice"), &public_key("bob")], true);
    }
    toronto.publish("Seal them with age");
    let track = toronto.sandbox.secrets(&toronto.laptop).args(["track", "clusters/**"]);
    track.identity("alice").at(CALM).run().code(0);
    toronto.push();
    let told = accept(&toronto, CALM, "2022-06-01", 1);
    let ids = told.finding_ids();
    assert!(ids.iter().filter(|id| *id == "no-expiry").count() == 12, "{ids:?}");
    toronto.publish("Accept what there is");
    let passes = toronto.gate(CALM, &[WITH, &["--strict"]].concat(), 0).finds(&[]);
    assert_eq!(waived(&passes).len(), ids.len());
    let human = toronto.sandbox.secrets(&toronto.laptop).args(["check", "--baseline", FILE]).at(CALM).run();
    human.code(0).says("waived until 2022-06-01 by baseline baseline.json: 12 × no-expiry");
}
