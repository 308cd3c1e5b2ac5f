//! What befalls the world: runs that are cut short or go through each other, and what people do.

use super::*;

/// How a call of the provider goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    FailsBefore,
    FailsAfter,
    DoesItTwice,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Event {
    /// `last`: after so many effects the run is killed. `meanwhile`: after so many the other clone runs, from its beginning to its
    /// end.
    Run {
        clone: usize,
        wanted: Wanted,
        last: Option<u8>,
        fault: Option<(u8, Fault)>,
        meanwhile: Option<(u8, Wanted)>,
    },
    /// Where there is a choice, and neither value can have been revoked, the person prefers a side.
    Pull { clone: usize, is_ours: bool },
    /// A person takes back the last commit of the deploy ref.
    Revert { clone: usize },
    /// A person sets a value that they got themselves, and pushes it.
    Set { clone: usize },
    /// Time goes by, and what stands on the deploy ref is deployed. Providers take their time to tell that it is used.
    Deploy { hours: i64, is_seen: bool },
}

fn event() -> impl Strategy<Value = Event> {
    let wanted = prop_oneof![
        4 => Just(Wanted::Onward),
        2 => Just(Wanted::Retire),
        1 => Just(Wanted::Abort),
    ]
    .boxed();
    let meanwhile = proptest::option::weighted(0.4, (0..24_u8, wanted.clone()));
    let fault = prop_oneof![Just(Fault::FailsBefore), Just(Fault::FailsAfter), Just(Fault::DoesItTwice)];
    let run = (
        0..2_usize,
        wanted,
        proptest::option::of(0..24_u8),
        proptest::option::weighted(0.3, (0..3_u8, fault)),
        meanwhile,
    );
    prop_oneof![
        5 => run.prop_map(|(clone, wanted, last, fault, meanwhile)| {
            Event::Run { clone, wanted, last, fault, meanwhile }
        }),
        2 => (0..2_usize, any::<bool>()).prop_map(|(clone, is_ours)| Event::Pull { clone, is_ours }),
        1 => (0..2_usize).prop_map(|clone| Event::Revert { clone }),
        1 => (0..2_usize).prop_map(|clone| Event::Set { clone }),
        2 => (prop_oneof![Just(1), Just(25)], any::<bool>())
            .prop_map(|(hours, is_seen)| Event::Deploy { hours, is_seen }),
    ]
}

/// Of reverts only one: who takes one back again has to deploy that before the next step.
pub(super) fn events() -> impl Strategy<Value = Vec<Event>> {
    proptest::collection::vec(event(), 1..24).prop_map(|mut events| {
        let mut reverts = 0;
        events.retain(|event| {
            reverts += usize::from(matches!(event, Event::Revert { .. }));
            reverts <= 1 || !matches!(event, Event::Revert { .. })
        });
        events
    })
}

pub(super) fn run(clone: usize, wanted: Wanted, last: Option<u8>) -> Event {
    Event::Run { clone, wanted, last, fault: None, meanwhile: None }
}
