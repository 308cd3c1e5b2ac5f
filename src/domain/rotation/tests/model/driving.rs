//! What `secrets rotate` does at each step, as far as it matters here.

use super::revoking::all;
use super::*;

impl World {
    pub(super) fn run(&mut self, clone: usize, wanted: Wanted) -> Result<(), Stop> {
        self.clones[clone].is_fresh = false;
        for _ in 0..24 {
            let Some(there) = self.there(clone) else { return Err(Stop) };
            let Commit { record, value, .. } = self.here(clone).clone();
            let rotation = record.rotation.as_ref();
            let Version { id: version, set_at, .. } = record.sealed.version;
            let (overlap, now) = (Period::hours(24), self.now);
            let gave_up_deployed = rotation.is_some_and(|rotation| self.gave_up_deployed(clone, rotation));
            let seen = Seen { rotation, version, set_at, there, gave_up_deployed, overlap, now, wanted };
            let step = next(&seen);
            self.clones[clone].saw = self.remote;
            self.clones[clone].has_waited =
                matches!(step, Next::Retire | Next::DropPlan | Next::ClearUp | Next::RevokeNew);
            match (step, rotation.cloned()) {
                (Next::Plan, _) if there == There::Same => self.plan(clone, &record)?,
                (Next::Plan | Next::Nothing | Next::MayRetire, _) => return Ok(()),
                (Next::Overlap { .. } | Next::BackOverlap { .. }, _) => {
                    return Ok(());
                }
                (Next::Push, rotation) => {
                    // The old value that is put back may have been ended elsewhere meanwhile.
                    if rotation.is_some_and(|rotation| rotation.state == RotationState::Aborted) {
                        self.try_out(value)?;
                    }
                    self.push(clone)?;
                }
                (Next::Mint, Some(rotation)) => self.mint(clone, &record, value, rotation)?,
                (Next::Verify, Some(rotation)) => self.verify(clone, value, rotation)?,
                (Next::Retire, Some(rotation)) => {
                    self.try_out(value)?;
                    let old = self.value_of(clone, rotation.from.id);
                    self.revoke_strays(clone, &rotation, &[value, old], Doubtful::Blocks)?;
                    self.revoke(clone, old)?;
                    self.end(clone)?;
                }
                (Next::DropPlan, Some(rotation)) if !self.clones[clone].is_fresh => {
                    self.take_over(clone, rotation)?;
                }
                (Next::DropPlan | Next::ClearUp | Next::RevokeNew, Some(rotation)) => {
                    let old = self.value_of(clone, rotation.from.id);
                    self.revoke_minted(clone, &rotation, &[value, old])?;
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
        self.tell_unknown(clone);
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

    fn mint(&mut self, clone: usize, record: &Record, old: usize, rotation: Rotation) -> Result<(), Stop> {
        if !self.clones[clone].is_fresh {
            return self.take_over(clone, Rotation { left_at: None, ..rotation });
        }
        self.clones[clone].is_fresh = false;
        self.revoke_strays(clone, &rotation, &[old], Doubtful::Blocks)?;
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

    /// Nothing is revoked before nobody else can push what they have minted.
    fn take_over(&mut self, clone: usize, mut rotation: Rotation) -> Result<(), Stop> {
        rotation.abandoned.insert(rotation.to);
        rotation.to = self.new_id();
        self.note(clone, Some(rotation))?;
        self.clones[clone].is_fresh = true;
        self.push(clone)
    }

    fn try_out(&mut self, value: usize) -> Result<(), Stop> {
        if !self.credentials[value].is_valid {
            return Err(Stop);
        }
        self.call(|world| world.credentials[value].was_used = true)
    }

    fn verify(&mut self, clone: usize, value: usize, rotation: Rotation) -> Result<(), Stop> {
        let old = self.value_of(clone, rotation.from.id);
        self.revoke_strays(clone, &rotation, &[value, old], Doubtful::IsTold)?;
        self.try_out(value)?;
        let verified = Some(Verified { at: self.now, how: How::Tried });
        self.note(clone, Some(Rotation { state: RotationState::Verified, verified, ..rotation }))
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
                self.revoke_strays(clone, rotation, &keep, Doubtful::IsTold)?;
            } else {
                self.revoke_minted(
                    clone,
                    &Rotation { before: all(&self.list()), ..rotation.clone() },
                    &keep,
                )?;
            }
        } else if !self.clones[clone].is_fresh {
            // What is new there may be theirs, who are about to seal it.
            let kept = [theirs, old].map(|kept| handle(&kept.to_string()));
            let is_new = |one: &Listed| !rotation.before.contains(&one.handle) && !kept.contains(&one.handle);
            let new: Vec<Handle> = self.list().into_iter().filter(is_new).map(|one| one.handle).collect();
            if !new.is_empty() {
                let is_dropped = self.commits[self.remote].record.rotation.is_none();
                self.tell(new, is_dropped);
                return Err(Stop);
            }
        }
        self.clones[clone].head = self.remote;
        Ok(())
    }
}
