//! The same at a provider that takes no markers, and has room for two.

use std::collections::BTreeSet;

use super::walk::{Blow, Step, Walk};
use super::{GIVE_UP, GO_BACK, RETIRE, ROTATE};
use crate::aws_standin::{Aws, Call, FIRST_ID};
use crate::stage::{Came, LATER, NAME, START, Stage};
use crate::staged::{Event, Staged as _};
use crate::standin::Moment;

/// Of a plan, out of which nothing has come yet.
const DROP: Step = Step { arguments: &["--abort", "--push"], at: START, came: Came::Back };

fn walk(steps: &[Step]) -> Walk<Aws> {
    Walk::on(Stage::set(&[]), steps)
}

impl Walk<Aws> {
    /// Killed in the moment in which a key is made, whose secret nobody has seen.
    fn lost(&self, step: usize) -> Blow {
        let made = self.requests(step).iter().position(|one| *one == (Call::Create, Moment::Done));
        Blow::Request(made.unwrap() + 1)
    }

    /// Of what only asks, nothing is written down before its answer has come, so that this moment is enough; and of each list
    /// nothing is done before each of its keys was asked after.
    fn each_asked(&self, step: usize) -> BTreeSet<String> {
        self.each_request_of(step, |call, moment| {
            Aws::changes(call) || (moment == Moment::Answered && call != Call::LastUsed)
        })
    }

    /// What was made, and what became of it.
    fn events(&self) -> Vec<Event> {
        let is_told = |event: &&Event| !matches!(event, Event::LoggedIn(_));
        self.stage.standin.with(|aws| aws.events().iter().filter(is_told).cloned().collect())
    }
}

#[test]
fn killed_at_any_request_it_is_gone_on_with() {
    let walk = walk(&[ROTATE, RETIRE]);
    let rotating = walk.requests(0);
    for call in [Call::List, Call::LastUsed, Call::Create, Call::WhoAmI] {
        assert!(rotating.iter().any(|(of, _)| *of == call), "{rotating:?}");
    }
    let states = walk.each_asked(0);
    assert!(states.contains("none") && states.contains("planned") && states.contains("sealed"), "{states:?}");
}

#[test]
fn killed_at_any_request_it_is_retired() {
    let walk = walk(&[ROTATE, RETIRE]);
    let retiring = walk.requests(1);
    for call in [Call::List, Call::LastUsed, Call::WhoAmI, Call::Update, Call::Delete] {
        assert!(retiring.iter().any(|(of, _)| *of == call), "{retiring:?}");
    }
    let states = walk.each_asked(1);
    assert!(states.contains("verified"), "{states:?}");
}

#[test]
fn killed_at_any_request_it_is_aborted() {
    let walk = walk(&[ROTATE, GO_BACK, GIVE_UP]);
    let revoking = walk.requests(2);
    for call in [Call::Update, Call::Delete] {
        assert!(revoking.contains(&(call, Moment::Received)), "{revoking:?}");
    }
    let mut states = walk.each_asked(1);
    states.extend(walk.each_asked(2));
    assert!(states.contains("verified") && states.contains("aborted"), "{states:?}");
}

#[test]
fn killed_at_any_push_it_is_gone_on_with() {
    for life in [&[ROTATE, RETIRE][..], &[ROTATE, GO_BACK, GIVE_UP]] {
        let walk = walk(life);
        // Both lives begin alike.
        for step in usize::from(life.len() > 2)..life.len() {
            walk.each_push(step);
        }
    }
}

#[test]
fn killed_at_some_write_it_is_gone_on_with() {
    let states = walk(&[ROTATE, RETIRE]).each_call(0, (0, 6), 40);
    assert!(states.contains("none") && states.contains("planned"), "{states:?}");
}

#[test]
fn a_key_that_nobody_has_seen_is_removed_before_the_next_one_is_made() {
    let walk = walk(&[ROTATE, RETIRE]);
    let standin = &walk.stage.standin;
    assert_eq!(walk.interrupt(0, &walk.lost(0)), "planned");
    let keys = standin.keys();
    let [(first, true), (lost, false)] = keys.as_slice() else { panic!("{keys:?}") };
    assert_eq!(first, FIRST_ID);
    walk.go_on(0, "behind a key that nobody has seen");
    let keys = standin.keys();
    let [(new, true)] = keys.as_slice() else { panic!("{keys:?}") };
    assert_eq!(
        walk.events(),
        [
            Event::Made(lost.clone()),
            Event::Disabled(lost.clone()),
            Event::Removed(lost.clone()),
            Event::Made(new.clone()),
            Event::Disabled(first.clone()),
            Event::Removed(first.clone()),
        ]
    );
}

#[test]
fn killed_again_behind_a_key_that_nobody_has_seen() {
    // Where nothing is under way there is nothing to drop.
    let mut walk = walk(&[DROP, ROTATE, RETIRE]);
    let lost = walk.lost(1);
    for step in [0, 1] {
        walk.begin_behind(step, (1, &lost));
    }
    for (step, calls) in
        [(0, &[Call::Update, Call::Delete][..]), (1, &[Call::Update, Call::Delete, Call::Create])]
    {
        let moments = walk.requests(step);
        for call in calls {
            assert!(moments.contains(&(*call, Moment::Answered)), "{moments:?}");
        }
        walk.each_request_of(step, |call, moment| calls.contains(&call) && moment == Moment::Done);
    }
}

/// It was made since, and was not there before; but whoever uses it is somebody.
#[test]
fn a_key_that_somebody_uses_is_left_alone_and_named() {
    let walk = walk(&[ROTATE]);
    walk.interrupt(0, &walk.lost(0));
    let (lost, _) = walk.stage.standin.keys().pop().unwrap();
    walk.stage.standin.use_by_hand(&lost);
    let has_both = |context: &str| {
        let ids: Vec<String> = walk.stage.standin.keys().into_iter().map(|(id, _)| id).collect();
        assert_eq!(ids, [FIRST_ID, lost.as_str()], "{context}");
        walk.stage.what_is_deployed_works(context);
    };
    let stage = &walk.stage;
    let rotated = stage.rotate(&stage.laptop, &["--push"], START).code(2);
    rotated.says(&format!("{lost} appeared at its provider since the rotation began, and may be somebody's"));
    has_both("gone on with");
    let dropped = stage.rotate(&stage.laptop, &["--abort", "--push"], LATER).code(0);
    dropped.says(&format!("{lost} appeared at its provider"));
    has_both("given up");
    assert!(stage.deployed_record()["rotation"].is_null());
    stage.at_rest(&stage.laptop, NAME);
}

/// It is there, and opens nothing any more: whoever changes their mind now would deploy what does not work.
#[test]
fn there_is_no_way_back_to_a_key_that_is_disabled() {
    let walk = walk(&[ROTATE, RETIRE]);
    let disabled = walk.requests(1).iter().position(|one| *one == (Call::Update, Moment::Done));
    assert_eq!(walk.interrupt(1, &Blow::Request(disabled.unwrap() + 1)), "verified");
    let stage = &walk.stage;
    let ids = || stage.standin.keys().into_iter().map(|(id, _)| id).collect::<Vec<_>>();
    assert_eq!((ids().len(), ids()[0].as_str()), (2, FIRST_ID));
    let aborted = stage.rotate(&stage.laptop, &["--abort", "--push"], LATER).code(2);
    aborted.says("there is no way back to it");
    stage.what_is_deployed_works("given up");
    assert_eq!(ids().len(), 2);
    walk.go_on(1, "behind a key that is disabled");
}
