//! Pull requests: only what a change brings or worsens fails.

use crate::common::toronto::{AZUREAD, CALM, OAUTH, REDEPLOY, Toronto};

/// A clone on a branch of its own.
fn on_a_branch() -> Toronto {
    let toronto = Toronto::new();
    toronto.git(["checkout", "-q", "-b", "feature"]);
    toronto
}

fn commit(toronto: &Toronto, message: &str) {
    toronto.sandbox.commit_all(&toronto.laptop, message);
}

#[test]
fn what_stands_on_the_reference_already_is_a_warning() {
    let toronto = on_a_branch();
    toronto.write("README", "changed\n");
    commit(&toronto, "Change something else");
    let old = ("expired", AZUREAD, "warning");
    toronto.gate(REDEPLOY, &["--against", "main"], 0).finds(&[old]);
    toronto.gate(REDEPLOY, &["--against", "main", "--strict"], 1).finds(&[old]);

    toronto.add("ops/pager", "2024-06-30", "routing-key", &["--owner", "infra", "--reader", "bob"]);
    commit(&toronto, "Seal a key to too few");
    toronto.gate(REDEPLOY, &["--against", "main"], 1).finds(&[("single-holder", "ops/pager", "error"), old]);
    // The deploy ref lacks the change, as it must: it is left out.
    toronto.gate(CALM, &["--against", "main", "--scope", "callysto/**"], 0).finds(&[]);
}

#[test]
fn what_the_change_worsens_fails() {
    let toronto = Toronto::unpublished();
    toronto.edit("secrets/policy.toml", "min-people = 2", "min-people = 4");
    toronto.publish("Ask for more people than there are");
    toronto.git(["checkout", "-q", "-b", "feature"]);
    let both = |level| [("single-holder", AZUREAD, level), ("single-holder", OAUTH, level)];
    toronto.gate(CALM, &["--against", "main"], 0).finds(&both("warning"));
    let remove = toronto.sandbox.secrets(&toronto.laptop).args(["people", "remove", "carol"]);
    remove.identity("alice").at(CALM).run().code(0);
    let [one, other] = both("error");
    let knows = ("exposed-to-departed", "secrets/policy.toml", "warning");
    toronto.gate(CALM, &["--against", "main"], 1).finds(&[knows, one, other, WEAKENED]);
}

#[test]
fn tampering_with_what_was_tampered_with_is_new() {
    let toronto = Toronto::unpublished();
    let record = format!("secrets/{OAUTH}.json");
    toronto.edit(&record, "2024-06-30", "2025-06-30");
    toronto.publish("Seal the client secrets, and edit a record");
    toronto.git(["checkout", "-q", "-b", "feature"]);
    let tampered = |level| [("tampered", OAUTH, level)];
    toronto.gate(CALM, &["--against", "main"], 0).finds(&tampered("warning"));
    toronto.edit(&record, "2025-06-30", "2026-06-30");
    commit(&toronto, "Edit it again");
    toronto.gate(CALM, &["--against", "main"], 1).finds(&tampered("error"));
}

#[test]
fn another_sole_holder_is_new() {
    let toronto = Toronto::unpublished();
    toronto.add("ops/pager", "2024-06-30", "routing-key", &["--owner", "infra", "--reader", "alice"]);
    toronto.publish("Seal a key to too few");
    toronto.git(["checkout", "-q", "-b", "feature"]);
    let alone = |level| [("single-holder", "ops/pager", level)];
    toronto.gate(CALM, &["--against", "main"], 0).finds(&alone("warning"));
    toronto.edit("secrets/policy.toml", "readers = [\"alice\"]", "readers = [\"bob\"]");
    let reseal = toronto.sandbox.secrets(&toronto.laptop).args(["reseal", "ops/pager", "--no-commit"]);
    reseal.args(["--accept-key", &fingerprint(&toronto, "bob")]).identity("alice").at(CALM).run().code(0);
    commit(&toronto, "Hand it over");
    toronto.gate(CALM, &["--against", "main"], 1).finds(&alone("error"));
}

/// The fingerprint of somebody's key, as another secret's record has it.
fn fingerprint(toronto: &Toronto, name: &str) -> String {
    let record = toronto.sandbox.record(&toronto.laptop, OAUTH);
    record["sealed"]["keys"][name][0]["fp"].as_str().expect("a key has a fingerprint").to_owned()
}

#[test]
fn mending_a_fault_passes() {
    let toronto = on_a_branch();
    toronto.renew(&toronto.laptop, "alice", &[]);
    toronto.gate(REDEPLOY, &["--against", "main"], 0).finds(&[]);
    // What is not committed is in no pull request.
    toronto.sandbox.secrets(&toronto.laptop).args(["remove", OAUTH, "--no-commit"]).run().code(0);
    toronto.gate(REDEPLOY, &["--against", "main"], 1).finds(&[("uncommitted", OAUTH, "error")]);
}

#[test]
fn a_reference_without_a_store() {
    let toronto = on_a_branch();
    let root = toronto.git(["rev-list", "--max-parents=0", "HEAD"]);
    toronto.gate(CALM, &["--against", &root], 0).finds(&[]);
    toronto.gate(REDEPLOY, &["--against", &root], 1).finds(&[("expired", AZUREAD, "error")]);
    for format in ["human", "json", "github"] {
        let run = toronto.sandbox.secrets(&toronto.laptop).args(["check", "--format", format]);
        run.args(["--against", &root]).at(CALM).run().code(0).says("has no store");
    }
}

#[test]
fn a_reference_that_is_not_there() {
    let toronto = on_a_branch();
    toronto.gate(CALM, &["--against", "no-such-branch"], 2).leaves_unchecked("no-such-branch");
    // Nor is one an option of git's.
    let output = toronto.sandbox.path("written-by-git");
    let reference = format!("--output={}", output.display());
    toronto.gate(CALM, &[&format!("--against={reference}")], 2).leaves_unchecked(&reference);
    assert!(!output.exists());
}

#[test]
fn a_change_cannot_excuse_itself() {
    for (excuse, weakened) in [
        (
            "[defaults]\nlevels = { single-holder = \"off\" }\n",
            "the level of single-holder is off instead of error",
        ),
        ("[defaults]\nmin-people = 1\n", "min-people is 1 instead of 2"),
        (
            "[[scope]]\nmatch = \"ops/**\"\nlevels = { single-holder = \"warning\" }\n",
            "the level of single-holder is warning instead of error",
        ),
        ("[[scope]]\nmatch = \"ops/**\"\nmin-people = 1\n", "min-people is 1 instead of 2"),
        (
            "[[waiver]]\nfinding = \"single-holder\"\nsecret = \"ops/**\"\nuntil = 2030-01-01\n\
             reason = \"it is fine\"\nby = \"alice\"\n",
            "single-holder is waived for ops/** until 2030-01-01",
        ),
    ] {
        let toronto = on_a_branch();
        toronto.add("ops/pager", "2024-06-30", "routing-key", &["--owner", "infra", "--reader", "bob"]);
        if let Some(key) = excuse.strip_prefix("[defaults]\n") {
            let without = toronto.read("secrets/policy.toml").replace("min-people = 2\n", "");
            toronto
                .write("secrets/policy.toml", without.replace("[defaults]\n", &format!("[defaults]\n{key}")));
        } else {
            toronto.extend_policy(excuse);
        }
        commit(&toronto, "Seal a key to too few, and say that it is fine");
        let told = toronto.gate(CALM, &["--against", "main"], 1);
        let told = told.finds(&[("single-holder", "ops/pager", "error"), WEAKENED]);
        assert!(told.message("weakened-policy").starts_with(weakened), "{}", told.message("weakened-policy"));
    }
}

const WEAKENED: (&str, &str, &str) = ("weakened-policy", "secrets/policy.toml", "error");

#[test]
fn a_change_that_only_weakens_the_policy_fails() {
    let toronto = on_a_branch();
    toronto.edit("secrets/policy.toml", "min-people = 2", "min-people = 1");
    commit(&toronto, "Ask for one person only");
    let told = toronto.gate(CALM, &["--against", "main"], 1).finds(&[WEAKENED]);
    let remedy = told.remedy("weakened-policy");
    // The remedy shows to whoever reviews it what there is to review; pasted from anywhere in the repository.
    let below = toronto.laptop.join("secrets/utoronto");
    let shown = toronto.sandbox.run(&below, "sh", ["-c", &remedy]).code(0);
    shown.says("-min-people = 2").says("+min-people = 1");
    // Wherever the change is about something else; and with no reference there is nothing weaker.
    toronto.gate(CALM, &["--against", "main", "--scope", OAUTH], 1).finds(&[WEAKENED]);
    toronto.gate(CALM, &["--against", "HEAD"], 0).finds(&[]);

    // Merged on purpose, where the policy of the reference lets its owners decide.
    toronto.git(["checkout", "-q", "main"]);
    toronto.extend_policy("[defaults.levels]\nweakened-policy = \"warning\"\n");
    commit(&toronto, "Have code owners decide");
    toronto.git(["checkout", "-q", "-b", "lenient"]);
    toronto.edit("secrets/policy.toml", "min-people = 2", "min-people = 1");
    commit(&toronto, "Ask for one person only");
    let (id, path, _) = WEAKENED;
    toronto.gate(CALM, &["--against", "main"], 0).finds(&[(id, path, "warning")]);
    // The change can't lower that level for itself.
    toronto.git(["checkout", "-q", "feature"]);
    toronto.extend_policy("[defaults.levels]\nweakened-policy = \"off\"\n");
    commit(&toronto, "Have nobody decide");
    let (old, both) = (toronto.git(["rev-parse", "main~1"]), [WEAKENED, WEAKENED]);
    toronto.gate(CALM, &["--against", &old], 1).finds(&both);
}

#[test]
fn what_asks_for_more_passes() {
    let toronto = on_a_branch();
    // More people than there are: that holds once it is merged, and shows before in a plain check of the branch.
    toronto.edit("secrets/policy.toml", "min-people = 2", "min-people = 4");
    toronto.extend_policy(
        "[[scope]]\nmatch = \"*/prod/**\"\nblock-within = \"7d\"\nlevels = { expiring = \"error\" }\n",
    );
    commit(&toronto, "Ask for more");
    toronto.gate(CALM, &["--against", "main"], 0).finds(&[]);
}

#[test]
fn keys_that_a_change_brings_are_listed() {
    let toronto = on_a_branch();
    toronto.extend_policy(&format!("[people.dave]\nkeys = [\"{}\"]\n", toronto.sandbox.new_ssh_key("dave")));
    commit(&toronto, "Dave joins");
    for format in ["human", "json", "github"] {
        let run = toronto.sandbox.secrets(&toronto.laptop).args(["check", "--format", format]);
        let told = run.args(["--against", "main"]).at(CALM).run().code(0);
        told.says("new key for dave").says("SHA256:");
    }
    // The same key under another name is no new key, and yet to be looked at.
    toronto.edit("secrets/policy.toml", "[people.carol]", "[people.mallory]");
    toronto.edit("secrets/policy.toml", "\"carol\"", "\"mallory\"");
    commit(&toronto, "Carol is called Mallory now");
    let run = toronto.sandbox.secrets(&toronto.laptop).args(["check", "--against", "main"]);
    run.at(CALM).run().code(1).says("from carol to mallory");
}

/// That it is fine what somebody knows who left is said on the reference, or it does not hold.
#[test]
fn an_acceptance_that_the_change_brings_does_not_count() {
    let toronto = Toronto::new();
    let remove = toronto.sandbox.secrets(&toronto.laptop).args(["people", "remove", "carol"]);
    remove.identity("alice").at(CALM).run().code(0);
    toronto.extend_policy("[defaults.levels]\nexposed-to-departed = \"error\"\n");
    toronto.publish("Carol leaves");
    let exposed = |level| ("exposed-to-departed", "secrets/policy.toml", level);
    toronto.gate(CALM, &[], 1).finds(&[exposed("error")]);
    toronto.git(["checkout", "-q", "-b", "feature"]);
    let accept = ["people", "accept", "carol", "--reason", "it is fine", "--as", "alice"];
    let accept = || toronto.sandbox.secrets(&toronto.laptop).args(accept).at(CALM).run().code(0);
    let _ = accept();
    let told = toronto.gate(CALM, &["--against", "main"], 1).finds(&[WEAKENED, exposed("warning")]);
    assert!(told.message("weakened-policy").contains("carol"), "{}", told.message("weakened-policy"));
    // Merged, it holds for the next change.
    toronto.git(["checkout", "-q", "main"]);
    toronto.git(["merge", "-q", "--ff-only", "feature"]);
    toronto.git(["checkout", "-q", "-b", "next"]);
    toronto.write("README", "changed\n");
    commit(&toronto, "Change something else");
    toronto.gate(CALM, &["--against", "main"], 0).finds(&[]);
}
