//! What people choose when they merge, and what may still be deployed of what they did not.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::{Pause, Rivals, Then};
use crate::common::Outcome;
use crate::entra_standin::{APP, APP_SECRET, Call};
use crate::stage::{LATER, MUCH_LATER, NAME, START, outcome_of};
use crate::standin::Fault;

/// The first clone's value is deployed; the second has begun anew without having seen that, and its person keeps their own side.
fn given_up_behind_a_deploy(rivals: &Rivals) -> String {
    let sandbox = &rivals.stage.sandbox;
    let hook = rivals.second.join(".git/hooks/pre-push");
    rivals.held_up(Pause::Push(2), Then::Dies, || {
        sandbox.git(&rivals.second, ["pull", "-q", "--no-rebase", "origin", "main"]);
        fs::create_dir_all(hook.parent().unwrap()).unwrap();
        fs::write(&hook, "#!/bin/sh\nexit 1\n").unwrap();
        fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
        let taken_over = rivals.rotate(&rivals.second, &["--push"]).code(2);
        assert!(taken_over.text().contains("took over"), "{}", taken_over.text());
    });
    fs::remove_file(&hook).unwrap();
    rivals.rotate(rivals.first(), &["--push"]).code(0);
    let deployed = rivals.stage.value(rivals.first(), &[]).unwrap();
    assert_ne!(deployed, APP_SECRET);

    let pull = ["pull", "-q", "--no-rebase", "origin", "main"];
    assert_eq!(sandbox.run(&rivals.second, "git", pull).code, 1, "a person has to choose");
    let resolve =
        |more: &[&str]| rivals.stage.secrets(&rivals.second).args(["git", "resolve", NAME]).args(more).run();
    resolve(&[])
        .code(2)
        .says("a rotation went on in two ways")
        .says("may be revoked: ours has replaced it, ended its rotation");
    resolve(&["--ours"]).code(0).says("goes on with: secrets rotate");
    sandbox.git(&rivals.second, ["commit", "-q", "--no-edit"]);
    deployed
}

fn valid(rivals: &Rivals) -> Vec<String> {
    rivals.stage.standin.passwords(APP).into_iter().map(|one| one.secret).collect()
}

fn run(rivals: &Rivals, more: &[&str], at: &str) -> Outcome {
    rivals.stage.rotate(&rivals.second, &[more, &["--push", "--format", "json"]].concat(), at).code(0)
}

#[test]
fn what_was_deployed_and_then_given_up_is_ended_with_the_old_value() {
    let rivals = Rivals::new();
    let deployed = given_up_behind_a_deploy(&rivals);
    let went_on = run(&rivals, &[], START);
    let new = rivals.stage.value(&rivals.second, &[]).unwrap();
    assert_eq!(valid(&rivals), [APP_SECRET.to_owned(), deployed, new.clone()], "{}", went_on.stderr);
    assert!(went_on.stderr.contains("may still be deployed"), "{}", went_on.stderr);
    run(&rivals, &["--retire"], LATER);
    assert_eq!(valid(&rivals), [new]);
}

#[test]
fn it_waits_for_the_overlap_where_everything_is_taken_back() {
    let rivals = Rivals::new();
    let deployed = given_up_behind_a_deploy(&rivals);
    let (came, message) = outcome_of(&run(&rivals, &["--abort"], START));
    assert_eq!((came.as_str(), message.contains("stays valid until")), ("waits", true), "{message}");
    assert_eq!(valid(&rivals), [APP_SECRET.to_owned(), deployed.clone()]);
    let waits = run(&rivals, &["--abort"], START).json();
    assert_eq!(waits["rotations"][0]["next"], "secrets rotate web/login --abort --push");
    // The daily job does not begin anew what waits for its end.
    let due = ["rotate", "--due", "--retire", "--push", "--format", "json"];
    rivals.stage.secrets(&rivals.second).args(due).run().code(0);
    assert_eq!(valid(&rivals), [APP_SECRET.to_owned(), deployed]);
    rivals.stage.secrets(&rivals.second).args(due).at(MUCH_LATER).run().code(0);
    assert_eq!(valid(&rivals), [APP_SECRET]);
    assert!(rivals.stage.deployed_record()["rotation"].is_null());
}

/// What is taken back was deployed, whatever the record says then.
#[test]
fn what_was_deployed_and_reverted_waits_for_the_overlap_of_what_came_instead() {
    let rivals = Rivals::new();
    let sandbox = &rivals.stage.sandbox;
    let laptop = rivals.first();
    rivals.rotate(laptop, &["--push"]).code(0);
    let deployed = rivals.stage.value(laptop, &[]).unwrap();
    // The verification and the seal, so that the plan stands again.
    sandbox.git(laptop, ["revert", "--no-edit", "HEAD~2..HEAD"]);
    sandbox.push(laptop);
    assert_eq!(rivals.stage.deployed_record()["rotation"]["state"], "planned");
    rivals.stage.standin.allow(4);
    let by_hand = "Han8Q~set-by-hand-behind-a-revert_0123456789";
    rivals.stage.standin.make_by_hand(APP, None, by_hand);
    let set = ["set", NAME, "--expires", "2028-06-01"];
    rivals.stage.secrets(laptop).args(set).stdin(by_hand).run().code(0);
    let (came, message) = outcome_of(&rivals.rotate(laptop, &["--push"]).code(0));
    assert_eq!((came.as_str(), message.contains("stays valid until")), ("waits", true), "{message}");
    assert!(valid(&rivals).contains(&deployed), "{:?}", valid(&rivals));
    let later = ["--push", "--format", "json"];
    assert_eq!(outcome_of(&rivals.stage.rotate(laptop, &later, MUCH_LATER).code(0)).0, "done");
    assert!(!valid(&rivals).contains(&deployed), "{:?}", valid(&rivals));
}

/// The new value was away: the overlap of the old one begins when it is seen to work again.
#[test]
fn what_stands_again_by_a_revert_is_verified_anew() {
    let rivals = Rivals::new();
    let sandbox = &rivals.stage.sandbox;
    let laptop = rivals.first();
    rivals.rotate(laptop, &["--push"]).code(0);
    let verified = sandbox.git(laptop, ["rev-parse", "HEAD"]);
    let back = ["--abort", "--push", "--format", "json"];
    assert_eq!(outcome_of(&rivals.stage.rotate(laptop, &back, LATER).code(0)).0, "waits");
    assert_ne!(rivals.stage.deployed_record()["rotation"]["left_at"], serde_json::Value::Null);
    sandbox.git(laptop, ["revert", "--no-edit", &format!("{}..HEAD", verified.trim())]);
    sandbox.push(laptop);
    assert_eq!(rivals.stage.deployed_record()["rotation"]["state"], "verified");
    let retire = ["--retire", "--push", "--format", "json"];
    let (came, message) = outcome_of(&rivals.stage.rotate(laptop, &retire, LATER).code(0));
    assert_eq!((came.as_str(), message.contains("stays valid until")), ("waits", true), "{message}");
    assert_eq!(valid(&rivals).len(), 2);
    assert_eq!(outcome_of(&rivals.stage.rotate(laptop, &retire, MUCH_LATER).code(0)).0, "done");
    assert_eq!(valid(&rivals).len(), 1);
}

/// A record with the marks of a conflict that somebody once pushed: what it was about is unknown, and that ends nothing.
#[test]
fn where_the_past_cannot_be_read_what_was_given_up_waits() {
    let rivals = Rivals::new();
    let (stage, laptop) = (&rivals.stage, rivals.first());
    fs::write(laptop.join(format!("secrets/{NAME}.json")), "<<<<<<< ours\n").unwrap();
    stage.sandbox.git(laptop, ["commit", "-q", "-a", "-m", "Break it"]);
    stage.sandbox.push(laptop);
    stage.sandbox.git(laptop, ["revert", "--no-edit", "HEAD"]);
    stage.sandbox.push(laptop);
    stage.standin.fault(Call::Add, Fault::FailBefore);
    rivals.rotate(laptop, &["--push", "--timeout", "1"]).code(2);
    stage.standin.heal();
    let abort = ["--abort", "--push", "--format", "json"];
    let (came, message) = outcome_of(&stage.rotate(laptop, &abort, START).code(0));
    assert_eq!((came.as_str(), message.contains("stays valid until")), ("waits", true), "{message}");
    assert_eq!(outcome_of(&stage.rotate(laptop, &abort, MUCH_LATER).code(0)).0, "done");
}
