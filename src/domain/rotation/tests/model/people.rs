//! What people do by hand.

use super::*;

impl World {
    /// A person pulls, and where both sides have a value of their own takes the one that is deployed, if it can't have been
    /// revoked.
    pub(super) fn pull(&mut self, clone: usize, is_ours: bool) {
        let (head, remote) = (self.clones[clone].head, self.remote);
        self.clones[clone].seen = remote;
        if self.goes_back_to(head, remote) {
            return;
        }
        if self.goes_back_to(remote, head) {
            self.clones[clone].head = remote;
            return;
        }
        let (ours, theirs) = (self.past(head), self.past(remote));
        let base = &self.commits[ours.intersection(&theirs).next().unwrap().0].record;
        let (ours, theirs) = (&self.commits[head], &self.commits[remote]);
        let began = base.sealed.version.id;
        let is_dead = |one: &Commit, other: &Commit| {
            may_be_revoked(one.record.sealed.version.id, base.rotation.as_ref(), &other.record)
        };
        let [is_new_here, is_new_there] = [ours, theirs].map(|side| side.record.sealed != base.sealed);
        let is_theirs = !is_new_here || (is_new_there && !is_ours);
        let (mut taken, mut lost) = if is_theirs { (theirs, ours) } else { (ours, theirs) };
        // Of two values they keep the one that works.
        let works = |one: &Commit| self.credentials[one.value].is_valid;
        if works(lost) && (!works(taken) || (is_dead(taken, lost) && !is_dead(lost, taken))) {
            (taken, lost) = (lost, taken);
        }
        // Two values of which none is a rotation's: they read that both were given out.
        let is_choice = is_new_here && is_new_there && ours.value != theirs.value;
        let told = is_choice.then_some(lost.value);
        let of = |record: &Record| record.rotation.clone();
        let (base, one, other) = (of(base), of(&taken.record), of(&lost.record));
        let version = taken.record.sealed.version.id;
        let stands = Stands { version, is_new: version != began };
        let rotation = merge(base.as_ref(), one.as_ref(), other.as_ref(), stands);
        let (record, value, lost_version) =
            (taken.record.clone(), taken.value, lost.record.sealed.version.id);
        let is_cleared_up = rotation.as_ref().is_some_and(|rotation| {
            rotation.markers().any(|marker| marker == lost_version) || rotation.from.id == lost_version
        });
        let record = Record { rotation, ..record };
        self.of_people.extend(told.filter(|_| !is_cleared_up));
        let merged = Commit { parents: vec![head, remote], record, value };
        self.commits.push(merged);
        self.clones[clone].head = self.commits.len() - 1;
    }

    pub(super) fn set(&mut self, clone: usize) -> Result<(), Stop> {
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

    /// Takes back what the deploy ref was given last.
    pub(super) fn revert(&mut self, clone: usize) -> Result<(), Stop> {
        self.pull(clone, false);
        let head = self.clones[clone].head;
        if head != self.remote {
            return Err(Stop);
        }
        let Some(before) = self.commits[head].parents.first() else { return Err(Stop) };
        let Commit { record, value, .. } = self.commits[*before].clone();
        // Who reverts looks whether it works.
        if !self.credentials[value].is_valid {
            return Err(Stop);
        }
        self.commit(clone, record, value)?;
        self.push(clone)
    }
}
