//! What a branch can't say: whose commands are run, where credentials are sent, what counts as deployed.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::desk::{Desk, exec};

/// A clone in which somebody's branch is checked out, whose policy they edited. Only they could push it.
fn attacked(desk: &Desk, edit: impl Fn(&str) -> String) -> PathBuf {
    let clone = desk.sandbox.clone("attacked", &[]);
    desk.sandbox.git(&clone, ["checkout", "-q", "-b", "evil"]);
    let path = clone.join("secrets/policy.toml");
    fs::write(&path, edit(&fs::read_to_string(&path).unwrap())).unwrap();
    desk.sandbox.git(&clone, ["commit", "-qam", "Say whom to tell"]);
    desk.sandbox.git(&clone, ["push", "-q", "origin", "evil"]);
    clone
}

fn theirs(desk: &Desk) -> (PathBuf, PathBuf) {
    let mark = desk.sandbox.path("attacked-us");
    let program = desk.listener("evil", &format!("touch '{}'", mark.display()));
    (program, mark)
}

fn nothing_of_theirs_ran(desk: &Desk, mark: &Path) {
    assert!(!mark.exists(), "their command was run");
    assert!(desk.heard("evil").is_empty(), "they were told");
}

#[test]
fn channels_are_those_of_the_deploy_ref() {
    let desk = Desk::with("");
    let ours = desk.listener("ours", "");
    desk.policy(&exec("ours", &ours, ""));
    let (program, mark) = theirs(&desk);
    let clone = attacked(&desk, |policy| {
        let (before, _) = policy.split_once("\n[[notify]]").unwrap();
        format!("{before}\n{}", exec("ours", &program, ""))
    });
    desk.warn_in(&clone).run().code(0);
    nothing_of_theirs_ran(&desk, &mark);
    assert_eq!(desk.notices("ours"), ["web/prod/db expiring 60d"]);
}

#[test]
fn a_branch_that_calls_itself_the_deploy_ref_is_not_heard() {
    let desk = Desk::with("");
    let ours = desk.listener("ours", "");
    desk.policy(&exec("ours", &ours, ""));
    let (program, mark) = theirs(&desk);
    let naming = |other: &str, policy: &str| {
        let (before, _) = policy.split_once("\n[[notify]]").unwrap();
        let before = before.replace("deploy-ref = \"origin/main\"", &format!("deploy-ref = \"{other}\""));
        format!("{before}\n{}", exec("ours", &program, ""))
    };
    let clone = attacked(&desk, |policy| naming("origin/evil", policy));
    let refused =
        desk.warn_in(&clone).run().code(2).says("--deploy-ref origin/evil").says("says origin/main");
    assert!(refused.stderr.contains("is not this branch's to say"), "{}", refused.stderr);
    nothing_of_theirs_ran(&desk, &mark);
    // Who says that nothing is deployed from git gets what the default branch has.
    let path = clone.join("secrets/policy.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("deploy-ref = \"origin/evil\"", "deploy-ref = \"none\"")).unwrap();
    desk.warn_in(&clone).run().code(0);
    nothing_of_theirs_ran(&desk, &mark);
    assert_eq!(desk.notices("ours").len(), 1);
    // Whoever writes the job may say which branch counts.
    desk.warn_in(&clone).args(["--deploy-ref", "origin/evil"]).at("2026-04-05T12:00:00Z").run().code(0);
    assert!(mark.exists(), "the job's own word counts");
}

#[test]
fn programs_and_sealed_addresses_are_those_of_the_deploy_ref_too() {
    let desk = Desk::with("");
    let notify = desk.laptop.join("notify.sh");
    let ours = desk.listener("ours", "");
    fs::copy(&ours, &notify).unwrap();
    desk.policy("[[notify]]\nkind = \"exec\"\nname = \"ours\"\ncommand = [\"sh\", \"./notify.sh\"]\n");
    let (program, mark) = theirs(&desk);
    let clone = attacked(&desk, |policy| format!("{policy}\n# theirs\n"));
    fs::copy(&program, clone.join("notify.sh")).unwrap();
    fs::set_permissions(clone.join("notify.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    desk.warn_in(&clone).run().code(2).says("is not what origin/main has");
    nothing_of_theirs_ran(&desk, &mark);
    assert!(desk.heard("ours").is_empty());
    desk.warn().run().code(0);
    assert_eq!(desk.notices("ours").len(), 1);
}

#[test]
fn what_is_judged_is_what_is_deployed() {
    let desk = Desk::with("[[notify]]\nkind = \"stdout\"\n");
    // Renewed on a laptop, and forgotten there: what is deployed is as near its end as before.
    let run = desk.sandbox.secrets(&desk.laptop).identity("alice");
    run.args(["set", "web/prod/db", "--expires", "2027-04-10"]).stdin("new").run().code(0);
    desk.warn().run().code(0).says("expires 2026-04-10 (in 39 days)");
    // A stale clone at depth 1, on another branch and without a work tree worth the name, sees the same.
    let clone = desk.sandbox.clone("ci", &["--depth", "1"]);
    desk.sandbox.git(&clone, ["checkout", "-q", "--detach"]);
    desk.sandbox.push(&desk.laptop);
    let report = desk.warn_in(&clone).args(["--format", "json"]).run().code(0).json();
    assert_eq!(report["channels"][0]["message"]["resolved"][0]["secret"], "web/prod/db", "{report}");
}
