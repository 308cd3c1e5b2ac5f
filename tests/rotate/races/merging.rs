//! What people choose when they merge, and what may still be deployed of what they did not.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::{Pause, Rivals, Then};
use crate::common::Outcome;
use crate::entra_standin::{APP, APP_SECRET};
use crate::stage::{LATER, MUCH_LATER, NAME, START, outcome_of};

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
        .says("may be revoked: ours has ended its rotation");
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
    assert_eq!(valid(&rivals), [APP_SECRET.to_owned(), deployed]);
    assert_eq!(outcome_of(&run(&rivals, &["--abort"], MUCH_LATER)).0, "done");
    assert_eq!(valid(&rivals), [APP_SECRET]);
    assert!(rivals.stage.deployed_record()["rotation"].is_null());
}
