//! A small world in which the machine is driven as `secrets rotate` drives it: one provider, a remote, two clones, a production
//! that runs what was deployed. Every write may be the last one of a run, and the provider may fail before or after it did
//! what it was asked, or do it twice.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

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
    parent: Option<usize>,
    record: Record,
    value: usize,
}

struct Clone_ {
    head: usize,
    /// Planned by the run that is under way.
    is_fresh: bool,
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
    /// `last`: after so many effects the run is killed.
    Run {
        clone: usize,
        wanted: Wanted,
        last: Option<u8>,
        fault: Option<(u8, Fault)>,
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
    clones: [Clone_; 2],
    production: usize,
    /// What is for people to revoke: what they got themselves, and what they were told of.
    of_people: BTreeSet<usize>,
    ids: u128,
    left: Option<u8>,
    fault: Option<(u8, Fault)>,
}

impl World {
    fn new(takes_markers: bool) -> Self {
        let now = at(BEGUN);
        let first = Commit { parent: None, record: record(1, 1, 1, None), value: 0 };
        let marker = takes_markers.then(|| id(1));
        Self {
            takes_markers,
            now,
            credentials: vec![Credential { marker, made_at: now, was_used: true, is_valid: true }],
            commits: vec![first],
            remote: 0,
            clones: [Clone_ { head: 0, is_fresh: false }, Clone_ { head: 0, is_fresh: false }],
            production: 0,
            of_people: BTreeSet::new(),
            ids: 100,
            left: None,
            fault: None,
        }
    }

    fn new_id(&mut self) -> VersionId {
        self.ids += 1;
        VersionId::from_parts(self.now, self.ids)
    }

    /// Whoever is killed is killed before or after something was done, never in between.
    fn effect(&mut self) -> Result<(), Stop> {
        match &mut self.left {
            Some(0) => Err(Stop),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn goes_back_to(&self, newer: usize, older: usize) -> bool {
        std::iter::successors(Some(newer), |commit| self.commits[*commit].parent).any(|one| one == older)
    }

    fn here(&self, clone: usize) -> &Commit {
        &self.commits[self.clones[clone].head]
    }

    fn commit(&mut self, clone: usize, record: Record, value: usize) -> Result<(), Stop> {
        self.effect()?;
        self.commits.push(Commit { parent: Some(self.clones[clone].head), record, value });
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
        } else if !matches!(self.there(clone), Some(There::Another)) {
            return Err(Stop);
        }
        self.effect()
    }

    fn there(&self, clone: usize) -> Option<There> {
        let is_ahead = self.goes_back_to(self.clones[clone].head, self.remote);
        there(&self.here(clone).record, &self.commits[self.remote].record, is_ahead)
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

    fn revoke(&mut self, value: usize) -> Result<(), Stop> {
        assert_ne!(value, self.production, "revoked while production runs on it");
        self.call(|world| world.credentials[value].is_valid = false)
    }

    fn revoke_strays(&mut self, rotation: &Rotation, keep: &[usize]) -> Result<(), Stop> {
        let keep: Vec<Handle> = keep.iter().map(|value| handle(&value.to_string())).collect();
        for stray in strays(&self.list(), rotation, &keep, self.takes_markers).ours {
            self.revoke(stray.as_str().parse().unwrap())?;
        }
        Ok(())
    }

    /// The value of a version, from the history of a clone.
    fn value_of(&self, clone: usize, version: VersionId) -> usize {
        let history = std::iter::successors(Some(self.here(clone)), |commit| {
            commit.parent.map(|parent| &self.commits[parent])
        });
        let mut found = history.filter(|commit| commit.record.sealed.version.id == version);
        found.next().expect("a version that is replaced is in history").value
    }

    fn run(&mut self, clone: usize, wanted: Wanted) -> Result<(), Stop> {
        self.clones[clone].is_fresh = false;
        for _ in 0..24 {
            let Some(there) = self.there(clone) else { return Err(Stop) };
            let Commit { record, value, .. } = self.here(clone).clone();
            let rotation = record.rotation.as_ref();
            let (version, overlap) = (record.sealed.version.id, Period::hours(24));
            let set_at = record.sealed.version.set_at;
            let seen = Seen { rotation, version, set_at, there, overlap, now: self.now, wanted };
            match (next(&seen), rotation.cloned()) {
                (Next::Plan, _) if there == There::Same => self.plan(clone, &record)?,
                (Next::Plan | Next::Nothing | Next::MayRetire, _) => return Ok(()),
                (Next::Overlap { .. } | Next::BackOverlap { .. }, _) => return Ok(()),
                (Next::Push, _) => self.push(clone)?,
                (Next::Mint, Some(rotation)) => self.mint(clone, &record, value, rotation)?,
                (Next::Verify, Some(rotation)) => self.verify(clone, value, rotation)?,
                (Next::Retire, Some(rotation)) => {
                    self.try_out(value)?;
                    let old = self.value_of(clone, rotation.from.id);
                    self.revoke_strays(&rotation, &[value, old])?;
                    self.revoke(old)?;
                    self.end(clone)?;
                }
                (Next::DropPlan | Next::ClearUp | Next::RevokeNew, Some(rotation)) => {
                    let old = self.value_of(clone, rotation.from.id);
                    self.revoke_minted(&rotation, &[value, old])?;
                    if version != rotation.from.id {
                        self.of_people.insert(old);
                    }
                    self.end(clone)?;
                    return Ok(());
                }
                (Next::Leave, Some(rotation)) => {
                    self.note(clone, Some(Rotation { left_at: Some(self.now), ..rotation }))?;
                }
                (Next::GoBack, Some(rotation)) => self.go_back(clone, record, there, rotation)?,
                (Next::GiveWay, Some(rotation)) => return self.give_way(clone, &rotation),
                (step, None) => panic!("{step:?} of no rotation"),
            }
        }
        panic!("no step holds");
    }

    fn end(&mut self, clone: usize) -> Result<(), Stop> {
        self.note(clone, None)?;
        self.push(clone)
    }

    fn plan(&mut self, clone: usize, record: &Record) -> Result<(), Stop> {
        let before = if self.takes_markers { Vec::new() } else { self.list() };
        let version = &record.sealed.version;
        let plan = Rotation {
            to: self.new_id(),
            from: VersionRef { id: version.id, number: version.number },
            started: Started { at: self.now, by: "alice".parse().unwrap() },
            before: before.into_iter().map(|one| one.handle).collect(),
            ..rotation(RotationState::Planned)
        };
        self.note(clone, Some(plan))?;
        self.clones[clone].is_fresh = true;
        self.push(clone)
    }

    fn mint(
        &mut self,
        clone: usize,
        record: &Record,
        old: usize,
        mut rotation: Rotation,
    ) -> Result<(), Stop> {
        if !self.clones[clone].is_fresh {
            rotation.abandoned.insert(rotation.to);
            rotation.to = self.new_id();
            self.note(clone, Some(rotation))?;
            self.clones[clone].is_fresh = true;
            return self.push(clone);
        }
        self.clones[clone].is_fresh = false;
        self.revoke_strays(&rotation, &[old])?;
        let (made_at, marker) = (self.now, self.takes_markers.then_some(rotation.to));
        self.call(|world| {
            let made = Credential { marker, made_at, was_used: false, is_valid: true };
            world.credentials.push(made);
        })?;
        let value = self.credentials.len() - 1;
        let mut sealed = record.clone();
        sealed.sealed.version.id = rotation.to;
        sealed.sealed.version.number += 1;
        sealed.sealed.version.set_at = self.now;
        sealed.sealed.seal += 1;
        let minted = Some(handle(&value.to_string()));
        sealed.rotation = Some(Rotation { state: RotationState::Sealed, handle: minted, ..rotation });
        self.commit(clone, sealed, value)
    }

    fn try_out(&mut self, value: usize) -> Result<(), Stop> {
        if !self.credentials[value].is_valid {
            return Err(Stop);
        }
        self.call(|world| world.credentials[value].was_used = true)
    }

    fn verify(&mut self, clone: usize, value: usize, rotation: Rotation) -> Result<(), Stop> {
        let old = self.value_of(clone, rotation.from.id);
        self.revoke_strays(&rotation, &[value, old])?;
        self.try_out(value)?;
        let verified = Some(Verified { at: self.now, how: How::Tried });
        self.note(clone, Some(Rotation { state: RotationState::Verified, verified, ..rotation }))
    }

    fn revoke_minted(&mut self, rotation: &Rotation, keep: &[usize]) -> Result<(), Stop> {
        let minted = rotation.handle.as_ref().map(|handle| handle.as_str().parse().unwrap());
        if let Some(minted) = minted.filter(|minted| !self.takes_markers && !keep.contains(minted)) {
            self.revoke(minted)?;
        }
        self.revoke_strays(rotation, keep)
    }

    fn go_back(&mut self, clone: usize, here: Record, there: There, rotation: Rotation) -> Result<(), Stop> {
        let old = self.value_of(clone, rotation.from.id);
        // A retirement that was cut short may have ended it already.
        self.try_out(old)?;
        let was_pushed = here.sealed.version.id != rotation.to || there != There::Behind;
        let mut back = here;
        back.sealed.version.id = rotation.from.id;
        back.sealed.version.number += 1;
        back.sealed.seal += 1;
        let aborted = Some(Aborted { at: self.now, was_pushed });
        back.rotation = Some(Rotation { state: RotationState::Aborted, aborted, left_at: None, ..rotation });
        self.commit(clone, back, old)
    }

    fn give_way(&mut self, clone: usize, rotation: &Rotation) -> Result<(), Stop> {
        let theirs = self.commits[self.remote].value;
        let old = self.value_of(clone, rotation.from.id);
        let is_mine = rotation.handle.is_some();
        if self.takes_markers || is_mine {
            let keep = [theirs, old];
            if self.takes_markers {
                self.revoke_strays(rotation, &keep)?;
            } else {
                self.revoke_minted(&Rotation { before: all(&self.list()), ..rotation.clone() }, &keep)?;
            }
        } else if self.list().iter().any(|one| {
            !rotation.before.contains(&one.handle)
                && ![theirs, old].map(|kept| handle(&kept.to_string())).contains(&one.handle)
        }) && !self.clones[clone].is_fresh
        {
            // What is new there may be theirs, who are about to seal it.
            return Err(Stop);
        }
        self.clones[clone].head = self.remote;
        Ok(())
    }

    /// A person pulls: what is there is taken over, or both states of one rotation are merged.
    fn pull(&mut self, clone: usize) {
        let head = self.clones[clone].head;
        if self.goes_back_to(head, self.remote) {
            return;
        }
        if self.goes_back_to(self.remote, head) || self.there(clone) == Some(There::SameVersion) {
            // Of two notes about one value, the one on the deploy ref will do: what is not written down is done again.
            self.clones[clone].head = self.remote;
        } else if self.there(clone).is_none() {
            self.clones[clone].head = self.remote;
        }
    }

    fn set(&mut self, clone: usize) -> Result<(), Stop> {
        let Commit { mut record, value: before, .. } = self.here(clone).clone();
        let made_at = self.now;
        self.credentials.push(Credential { marker: None, made_at, was_used: true, is_valid: true });
        let value = self.credentials.len() - 1;
        self.of_people.insert(value);
        if record.rotation.is_none() {
            self.of_people.insert(before);
        }
        record.sealed.version.id = self.new_id();
        record.sealed.version.number += 1;
        record.sealed.seal += 1;
        self.commit(clone, record, value)?;
        self.push(clone)
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Run { clone, wanted, last, fault } => {
                (self.left, self.fault) = (last, fault);
                self.run(clone, wanted).ok();
                (self.left, self.fault) = (None, None);
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
                self.happens(Event::Run { clone, wanted: Wanted::Retire, last: None, fault: None });
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

fn all(listed: &[Listed]) -> SortedSet<Handle> {
    listed.iter().map(|one| one.handle.clone()).collect::<BTreeSet<_>>().into_iter().collect()
}

fn event() -> impl Strategy<Value = Event> {
    let wanted = prop_oneof![
        4 => Just(Wanted::Onward),
        2 => Just(Wanted::Retire),
        1 => Just(Wanted::Abort),
    ];
    let fault = prop_oneof![Just(Fault::FailsBefore), Just(Fault::FailsAfter), Just(Fault::DoesItTwice)];
    let run = (
        0..2_usize,
        wanted,
        proptest::option::of(0..24_u8),
        proptest::option::weighted(0.3, (0..3_u8, fault)),
    );
    prop_oneof![
        5 => run.prop_map(|(clone, wanted, last, fault)| Event::Run { clone, wanted, last, fault }),
        2 => (0..2_usize).prop_map(|clone| Event::Pull { clone }),
        1 => (0..2_usize).prop_map(|clone| Event::Set { clone }),
        2 => prop_oneof![Just(1), Just(25)].prop_map(|hours| Event::Deploy { hours }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

    /// Whatever happens on the way: production never runs on what was revoked, and in the end there is one credential, which is
    /// the one that stands in the store.
    #[test]
    fn one_credential_is_left_and_the_old_one_was_never_ended_too_early(
        takes_markers in any::<bool>(), events in proptest::collection::vec(event(), 1..24)
    ) {
        let mut world = World::new(takes_markers);
        for event in events {
            world.happens(event);
        }
        world.settle();
        let stands = &world.commits[world.remote];
        prop_assert_eq!(&stands.record.rotation, &None);
        let is_known = |value: &usize| *value == stands.value || world.of_people.contains(value);
        let (known, lost): (Vec<_>, Vec<_>) = world.valid().into_iter().partition(is_known);
        prop_assert_eq!(lost, Vec::<usize>::new());
        prop_assert!(known.contains(&stands.value));
    }
}
