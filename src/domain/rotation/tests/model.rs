//! A small world in which the machine is driven as `secrets rotate` drives it: one provider, a remote, two clones, a production
//! that runs what was deployed. Every write may be the last one of a run, and the provider may fail before or after it did
//! what it was asked, or do it twice.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

mod driving;
mod people;
mod revoking;

use revoking::Doubtful;

const HOUR: i64 = 3_600;

/// At the provider. The value of a credential is its number here.
struct Credential {
    marker: Option<VersionId>,
    made_at: Instant,
    was_used: bool,
    is_valid: bool,
}

/// What a commit holds, and the commit before it. `value` is what record and sealed file stand for.
#[derive(Clone)]
struct Commit {
    parents: Vec<usize>,
    record: Record,
    value: usize,
}

struct Laptop {
    head: usize,
    /// The remote's commit as this clone saw it last.
    seen: usize,
    /// Planned by the run that is under way.
    is_fresh: bool,
    /// It is about to do what comes after an overlap.
    has_waited: bool,
    /// What the deploy ref had when it looked.
    saw: usize,
}

/// How a call of the provider goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    FailsBefore,
    FailsAfter,
    DoesItTwice,
}

#[derive(Debug, Clone, Copy)]
enum Event {
    /// `last`: after so many effects the run is killed. `meanwhile`: after so many the other clone runs, from its beginning to its
    /// end.
    Run {
        clone: usize,
        wanted: Wanted,
        last: Option<u8>,
        fault: Option<(u8, Fault)>,
        meanwhile: Option<(u8, Wanted)>,
    },
    Pull {
        clone: usize,
    },
    /// A person sets a value that they got themselves, and pushes it.
    Set {
        clone: usize,
    },
    /// Time goes by, and what stands on the deploy ref is deployed.
    Deploy {
        hours: i64,
    },
}

/// Why a run ends before the machine says so.
struct Stop;

struct World {
    takes_markers: bool,
    now: Instant,
    credentials: Vec<Credential>,
    commits: Vec<Commit>,
    remote: usize,
    clones: [Laptop; 2],
    production: usize,
    /// What is for people to revoke: what they got themselves, and what they were told of.
    of_people: BTreeSet<usize>,
    ids: u128,
    left: Option<u8>,
    fault: Option<(u8, Fault)>,
    meanwhile: Option<(u8, usize, Wanted)>,
}

impl World {
    fn new(takes_markers: bool) -> Self {
        let now = at(BEGUN);
        let first = Commit { parents: Vec::new(), record: record(1, 1, 1, None), value: 0 };
        let marker = takes_markers.then(|| id(1));
        Self {
            takes_markers,
            now,
            credentials: vec![Credential { marker, made_at: now, was_used: true, is_valid: true }],
            commits: vec![first],
            remote: 0,
            clones: [
                Laptop { head: 0, seen: 0, is_fresh: false, has_waited: false, saw: 0 },
                Laptop { head: 0, seen: 0, is_fresh: false, has_waited: false, saw: 0 },
            ],
            production: 0,
            of_people: BTreeSet::new(),
            ids: 100,
            left: None,
            fault: None,
            meanwhile: None,
        }
    }

    fn new_id(&mut self) -> VersionId {
        self.ids += 1;
        VersionId::from_parts(self.now, self.ids)
    }

    /// Whoever is killed is killed before or after something was done, never in between.
    fn effect(&mut self) -> Result<(), Stop> {
        match &mut self.meanwhile {
            Some((0, ..)) => self.interleave(),
            Some((effects, ..)) => *effects -= 1,
            None => {}
        }
        match &mut self.left {
            Some(0) => Err(Stop),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// The other clone, in the middle of a run of this one: first it gets what is there, then it runs.
    fn interleave(&mut self) {
        let Some((_, clone, wanted)) = self.meanwhile.take() else { return };
        let (left, fault) = (self.left.take(), self.fault.take());
        self.pull(clone);
        self.run(clone, wanted).ok();
        (self.left, self.fault) = (left, fault);
    }

    /// All that a commit goes back to, the newest first.
    fn past(&self, commit: usize) -> BTreeSet<std::cmp::Reverse<usize>> {
        let mut past = BTreeSet::new();
        let mut open = vec![commit];
        while let Some(one) = open.pop() {
            if past.insert(std::cmp::Reverse(one)) {
                open.extend(&self.commits[one].parents);
            }
        }
        past
    }

    fn goes_back_to(&self, newer: usize, older: usize) -> bool {
        self.past(newer).contains(&std::cmp::Reverse(older))
    }

    fn here(&self, clone: usize) -> &Commit {
        &self.commits[self.clones[clone].head]
    }

    fn commit(&mut self, clone: usize, record: Record, value: usize) -> Result<(), Stop> {
        self.effect()?;
        self.commits.push(Commit { parents: vec![self.clones[clone].head], record, value });
        self.clones[clone].head = self.commits.len() - 1;
        Ok(())
    }

    fn note(&mut self, clone: usize, rotation: Option<Rotation>) -> Result<(), Stop> {
        let Commit { record, value, .. } = self.here(clone).clone();
        self.commit(clone, Record { rotation, ..record }, value)
    }

    /// Somebody was quicker: the next look tells.
    fn push(&mut self, clone: usize) -> Result<(), Stop> {
        self.effect()?;
        let head = self.clones[clone].head;
        if self.goes_back_to(head, self.remote) {
            self.remote = head;
            self.clones[clone].seen = head;
        } else if !matches!(self.there(clone), Some(There::Another)) {
            return Err(Stop);
        }
        self.effect()
    }

    fn there(&self, clone: usize) -> Option<There> {
        let (ours, theirs) = (&self.here(clone).record, &self.commits[self.remote].record);
        let is_made_from = self.goes_back_to(self.clones[clone].head, self.remote);
        let has_gone_on =
            ours.rotation.as_ref().is_some_and(|rotation| self.was_deployed(clone, rotation.to));
        match there(ours, theirs, is_made_from) {
            Some(There::Another) if has_gone_on => None,
            None if !is_made_from && may_be_dropped(ours, theirs) && !has_gone_on => {
                let was_planned = |rotation: &Rotation| {
                    self.ever_deployed(clone)
                        .any(|record| record.rotation.as_ref().is_some_and(|there| there.to == rotation.to))
                };
                ours.rotation.as_ref().is_some_and(was_planned).then_some(There::Another)
            }
            found => found,
        }
    }

    /// As far as the clone has seen it.
    fn ever_deployed(&self, clone: usize) -> impl Iterator<Item = &Record> {
        let seen = self.past(self.clones[clone].seen).into_iter().map(|commit| commit.0);
        seen.chain([self.remote]).map(|commit| &self.commits[commit].record)
    }

    fn was_deployed(&self, clone: usize, version: VersionId) -> bool {
        let theirs = self.commits[self.remote].record.rotation.as_ref();
        theirs.is_some_and(|rotation| rotation.from.id == version)
            || self.ever_deployed(clone).any(|record| record.sealed.version.id == version)
    }

    fn list(&self) -> Vec<Listed> {
        let valid = self.credentials.iter().enumerate().filter(|(_, one)| one.is_valid);
        let listed = valid.map(|(number, one)| Listed {
            handle: handle(&number.to_string()),
            marker: one.marker,
            made_at: Some(one.made_at),
            was_used: Some(one.was_used),
        });
        listed.collect()
    }

    fn call(&mut self, act: impl Fn(&mut Self)) -> Result<(), Stop> {
        self.effect()?;
        self.answered(act)
    }

    fn answered(&mut self, act: impl Fn(&mut Self)) -> Result<(), Stop> {
        let fault = match &mut self.fault {
            Some((0, fault)) => Some(*fault),
            Some((calls, _)) => {
                *calls -= 1;
                None
            }
            None => None,
        };
        if fault.is_some() {
            self.fault = None;
        }
        if fault != Some(Fault::FailsBefore) {
            act(self);
        }
        if fault == Some(Fault::DoesItTwice) {
            act(self);
        }
        if matches!(fault, Some(Fault::FailsBefore | Fault::FailsAfter)) {
            return Err(Stop);
        }
        self.effect()
    }

    /// The value of a version, from the history of a clone.
    fn value_of(&self, clone: usize, version: VersionId) -> usize {
        let past = self.past(self.clones[clone].head);
        let mut history = past.iter().map(|commit| &self.commits[commit.0]);
        let found = history.find(|commit| commit.record.sealed.version.id == version);
        found.expect("a version that is replaced is in history").value
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Run { clone, wanted, last, fault, meanwhile } => {
                (self.left, self.fault) = (last, fault);
                self.meanwhile = meanwhile.map(|(effects, wanted)| (effects, 1 - clone, wanted));
                self.run(clone, wanted).ok();
                (self.left, self.fault, self.meanwhile) = (None, None, None);
            }
            Event::Pull { clone } => self.pull(clone),
            Event::Set { clone } => drop(self.set(clone)),
            Event::Deploy { hours } => {
                self.now = self.now.checked_add_seconds(hours * HOUR).unwrap();
                self.production = self.commits[self.remote].value;
                self.credentials[self.production].was_used = true;
            }
        }
        assert!(self.credentials[self.production].is_valid, "production runs on what was revoked: {event:?}");
    }

    /// Nobody is killed any more, and everybody does what they are told.
    fn settle(&mut self) {
        for _ in 0..6 {
            for clone in [0, 1] {
                self.happens(Event::Pull { clone });
                self.happens(run(clone, Wanted::Retire, None));
                self.happens(Event::Pull { clone });
                self.happens(Event::Deploy { hours: 25 });
            }
        }
    }

    fn valid(&self) -> Vec<usize> {
        self.credentials
            .iter()
            .enumerate()
            .filter(|(_, one)| one.is_valid)
            .map(|(number, _)| number)
            .collect()
    }
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
        2 => (0..2_usize).prop_map(|clone| Event::Pull { clone }),
        1 => (0..2_usize).prop_map(|clone| Event::Set { clone }),
        2 => prop_oneof![Just(1), Just(25)].prop_map(|hours| Event::Deploy { hours }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(800), ..ProptestConfig::default() })]

    /// Whatever happens on the way: production never runs on what was revoked, and in the end there is one credential, which is
    /// the one that stands in the store. Besides it there may be what people set themselves, and what they were told of.
    #[test]
    fn one_credential_is_left_and_the_old_one_was_never_ended_too_early(
        takes_markers in any::<bool>(), events in proptest::collection::vec(event(), 1..24)
    ) {
        ends_with_one(takes_markers, &events);
    }
}

fn ends_with_one(takes_markers: bool, events: &[Event]) -> World {
    let mut world = World::new(takes_markers);
    for event in events {
        world.happens(*event);
    }
    world.settle();
    if events.iter().any(|event| matches!(event, Event::Run { meanwhile: Some(_), .. })) {
        // Who was overtaken in the middle of a run, died, and pulled before going on, has forgotten what they minted: the next
        // rotation tells of it.
        world.happens(run(0, Wanted::Onward, None));
        world.settle();
    }
    let stands = &world.commits[world.remote];
    assert_eq!(stands.record.rotation, None);
    let is_known = |value: &usize| *value == stands.value || world.of_people.contains(value);
    let (known, lost): (Vec<_>, Vec<_>) = world.valid().into_iter().partition(is_known);
    assert_eq!(lost, Vec::<usize>::new());
    assert!(known.contains(&stands.value));
    world
}

fn run(clone: usize, wanted: Wanted, last: Option<u8>) -> Event {
    Event::Run { clone, wanted, last, fault: None, meanwhile: None }
}

/// What works, and is used by then, but stands in no store any more, may be anybody's: only people can end it.
#[test]
fn what_a_merge_gave_up_for_an_older_plan_is_told() {
    let events = [
        run(0, Wanted::Onward, Some(1)),
        run(0, Wanted::Abort, None),
        run(1, Wanted::Onward, None),
        run(0, Wanted::Onward, Some(6)),
        Event::Pull { clone: 1 },
        run(0, Wanted::Onward, None),
    ];
    let world = ends_with_one(false, &events);
    assert!(world.of_people.contains(&1) && !world.credentials[1].is_valid);
}

/// One clone takes over what the other then pushes, and a merge keeps to the plan.
#[test]
fn what_was_deployed_and_is_given_up_in_a_merge_stays_valid_to_the_end() {
    let events = [
        run(0, Wanted::Onward, Some(6)),
        Event::Pull { clone: 1 },
        run(1, Wanted::Onward, Some(1)),
        run(0, Wanted::Onward, None),
    ];
    let world = ends_with_one(true, &events);
    assert_eq!(world.valid().len(), 1);
}
