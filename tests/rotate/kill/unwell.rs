//! A provider that fails, hangs, talks nonsense, hangs up, or does what it is asked twice.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use super::walk::Walk;
use super::{GIVE_UP, GO_BACK, RETIRE, ROTATE};
use crate::entra_standin::Call;
use crate::stage::NAME;
use crate::standin::{Fault, Moment};

impl Walk {
    /// What a step asks, one after the other.
    fn calls(&self, step: usize) -> Vec<Call> {
        let moments = self.requests(step).into_iter();
        moments.filter(|(_, moment)| *moment == Moment::Received).map(|(call, _)| call).collect()
    }

    /// One request after the other goes wrong; then the provider is well, and the same command goes on.
    fn each_fault(&self, step: usize, fault: Fault, only: Option<Call>) {
        let calls = self.calls(step);
        let mut went_wrong = 0;
        for (place, call) in telling(&calls).filter(|(_, call)| only.is_none_or(|only| only == *call)) {
            let context = format!("step {step}: {fault:?} at request {place}, {call:?}");
            self.begin(step);
            let standin = Arc::clone(&self.stage.standin);
            let (asked, came) = (Mutex::new(0), Arc::new(AtomicBool::new(false)));
            let kept = Arc::clone(&came);
            self.stage.standin.hook(move |call, moment| {
                if moment == Moment::Received {
                    let mut asked = asked.lock().unwrap();
                    if *asked == place {
                        standin.fault(call, fault);
                        kept.store(true, Ordering::SeqCst);
                    }
                    *asked += 1;
                }
            });
            let hit = self.run_with(step, &["--timeout", "2"]);
            self.stage.standin.heal();
            assert!(came.load(Ordering::SeqCst), "{context}: it was never asked");
            assert!([0, 2].contains(&hit.code), "{context}: {}", hit.stderr);
            went_wrong += usize::from(hit.code == 2);
            self.stage.what_is_deployed_works(&context);
            self.go_on(step, &context);
        }
        // What may be asked twice is asked again within the run, unless its answer is nonsense; nothing else is.
        let must_fail = match fault {
            // Going back is not held up by a provider that can't be asked.
            Fault::Garbage => calls.contains(&Call::Add) || calls.contains(&Call::Remove),
            Fault::Cut | Fault::FailBefore | Fault::FailAfter | Fault::HangAfter => {
                calls.contains(&Call::Add)
            }
            Fault::Twice | Fault::Refuse(..) => false,
        };
        assert!(!must_fail || went_wrong > 0, "{fault:?}: nothing went wrong");
    }
}

/// What changes something, and of what only asks the first one and the last one: in between the same is asked again.
fn telling(calls: &[Call]) -> impl Iterator<Item = (usize, Call)> {
    let ends = |place: usize, call: Call| {
        let mut alike = calls.iter().enumerate().filter(|(_, other)| **other == call).map(|(place, _)| place);
        let first = alike.next();
        [first, alike.next_back()].contains(&Some(place))
    };
    let all = calls.iter().copied().enumerate();
    all.filter(move |(place, call)| [Call::Add, Call::Remove].contains(call) || ends(*place, *call))
}

#[test]
fn whatever_the_provider_answers_it_is_gone_on_with() {
    let walk = Walk::new(&[ROTATE, RETIRE]);
    for fault in [Fault::FailBefore, Fault::FailAfter, Fault::Garbage, Fault::Cut] {
        walk.each_fault(0, fault, None);
    }
    walk.each_fault(0, Fault::HangAfter, Some(Call::Add));
}

#[test]
fn what_is_made_twice_is_current_once() {
    let walk = Walk::new(&[ROTATE, RETIRE]);
    walk.each_fault(0, Fault::Twice, Some(Call::Add));
    walk.each_fault(1, Fault::Twice, Some(Call::Remove));
}

#[test]
fn whatever_the_provider_answers_it_is_retired() {
    let walk = Walk::new(&[ROTATE, RETIRE]);
    for fault in [Fault::FailBefore, Fault::FailAfter, Fault::Garbage, Fault::Cut] {
        walk.each_fault(1, fault, None);
    }
    walk.each_fault(1, Fault::HangAfter, Some(Call::Remove));
}

#[test]
fn whatever_the_provider_answers_it_is_aborted() {
    let walk = Walk::new(&[ROTATE, GO_BACK, GIVE_UP]);
    for fault in [Fault::FailAfter, Fault::Garbage] {
        walk.each_fault(1, fault, None);
        walk.each_fault(2, fault, None);
    }
}

#[test]
fn an_outage_ends_nothing() {
    let walk = Walk::new(&[ROTATE, RETIRE]);
    for step in [0, 1] {
        walk.begin(step);
        let standin = Arc::clone(&walk.stage.standin);
        walk.stage.standin.hook(move |call, moment| {
            if moment == Moment::Received {
                standin.fault(call, Fault::FailBefore);
            }
        });
        for _ in 0..2 {
            walk.run_with(step, &["--timeout", "1"]).code(2);
        }
        walk.stage.standin.heal();
        walk.stage.what_is_deployed_works(NAME);
        walk.go_on(step, "after an outage");
    }
}
