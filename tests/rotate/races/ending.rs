//! One clone ends what the other goes on with, at the same moment.

use std::time::Instant;

use super::{Pause, Rivals, Then};
use crate::entra_standin::{APP, APP_SECRET, Call};
use crate::server::PATIENCE;
use crate::stage::{LATER, outcome_of};
use crate::standin::Moment;

fn pull(rivals: &Rivals) {
    rivals.stage.sandbox.git(&rivals.second, ["pull", "-q", "--no-rebase", "origin", "main"]);
}

fn valid(rivals: &Rivals) -> Vec<String> {
    rivals.stage.standin.passwords(APP).into_iter().map(|one| one.secret).collect()
}

fn pause_at(rivals: &Rivals, wanted: (Call, Moment)) -> Pause {
    Pause::Request(rivals.moments().iter().position(|one| *one == wanted).unwrap() + 1)
}

/// The second one drops the plan of the first, which is about to mint for it.
fn dropped_meanwhile(rivals: &Rivals, moment: Moment, then: Then) -> Option<crate::common::Outcome> {
    let pause = pause_at(rivals, (Call::Add, moment));
    rivals.held_up(pause, then, || {
        pull(rivals);
        let (came, message) = outcome_of(&rivals.rotate(&rivals.second, &["--abort", "--push"]).code(0));
        assert_eq!(came, "done", "{message}");
    })
}

/// The request was on its way when whoever sent it died.
fn is_minted_all_the_same(rivals: &Rivals) {
    let until = Instant::now() + PATIENCE;
    while valid(rivals).len() < 2 {
        assert!(Instant::now() < until, "it is minted all the same");
        std::thread::yield_now();
    }
}

#[test]
fn what_was_minted_for_a_plan_that_was_dropped_is_revoked() {
    let rivals = Rivals::new();
    for moment in [Moment::Received, Moment::Done] {
        let outcome = dropped_meanwhile(&rivals, moment, Then::GoesOn).unwrap();
        assert!(outcome.text().contains("whoever dropped this rotation"), "{moment:?}: {}", outcome.text());
        assert_eq!(valid(&rivals), [APP_SECRET], "{moment:?}");
        dropped_meanwhile(&rivals, moment, Then::Dies);
        if moment == Moment::Received {
            is_minted_all_the_same(&rivals);
        }
        let resumed = rivals.rotate(rivals.first(), &["--push"]).code(0);
        assert!(resumed.text().contains("whoever dropped this rotation"), "{moment:?}: {}", resumed.text());
        assert_eq!(valid(&rivals), [APP_SECRET], "{moment:?}");
        assert!(rivals.pulled(rivals.first(), &resumed, "resumed"));
        let diff = rivals.stage.sandbox.git(rivals.first(), ["diff", "--name-only", "origin/main"]);
        assert_eq!(diff, "", "{moment:?}");
    }
}

/// Who pulls instead of going on takes the end for their own; what they minted is told before the next rotation.
#[test]
fn what_was_forgotten_by_pulling_is_told() {
    let rivals = Rivals::new();
    dropped_meanwhile(&rivals, Moment::Received, Then::Dies);
    is_minted_all_the_same(&rivals);
    rivals.stage.sandbox.git(rivals.first(), ["pull", "-q", "--no-rebase", "origin", "main"]);
    let next = rivals.rotate(rivals.first(), &["--push"]).code(0);
    let forgotten = rivals.stage.standin.key_ids(APP)[1].clone();
    let said = next.stderr.lines().find(|line| line.contains("for no version that stands in this store"));
    assert!(said.is_some_and(|said| said.contains(&forgotten)), "{}", next.stderr);
}

#[test]
fn the_old_value_is_not_ended_while_somebody_goes_back_to_it() {
    let rivals = Rivals::new();
    rivals.stage.restore(&rivals.begin);
    rivals.rotate(rivals.first(), &["--push"]).code(0);
    pull(&rivals);
    let before = rivals.stage.save("verified", &["laptop", "second"]);
    // As each request arrives, up to the one that ends it.
    let mut stopped = 0;
    for number in (1..).step_by(2) {
        rivals.stage.restore(&before);
        let (came, message) = {
            let outcome = rivals.held_up_in(
                &["--retire", "--push"],
                LATER,
                Pause::Request(number),
                Then::GoesOn,
                || {
                    let back = ["--abort", "--push", "--format", "json"];
                    rivals.stage.rotate(&rivals.second, &back, LATER).code(0);
                },
            );
            outcome_of(&outcome.unwrap())
        };
        if rivals.stage.standin.calls(Call::Remove) > 0 {
            // Too late, and said.
            assert_eq!(
                (came.as_str(), message.contains("must not be deployed")),
                ("failed", true),
                "{message}"
            );
            break;
        }
        assert_eq!(
            (came.as_str(), message.contains("nothing more was revoked")),
            ("failed", true),
            "{number}: {message}"
        );
        assert_eq!(valid(&rivals).len(), 2, "{number}");
        rivals.stage.what_is_deployed_works(&format!("request {number}"));
        stopped += 1;
    }
    assert!(stopped >= 3, "{stopped}");
}
