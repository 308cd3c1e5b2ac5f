//! What people do by hand.

use super::*;

impl World {
    /// A person pulls, and where both sides have a value of their own takes the one that is deployed, if it can't have been
    /// revoked.
    pub(super) fn pull(&mut self, clone: usize) {
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
        let is_theirs = theirs.record.sealed != base.sealed || ours.record.sealed == base.sealed;
        let (mut taken, mut lost) = if is_theirs { (theirs, ours) } else { (ours, theirs) };
        // Where either may be revoked they try which one works.
        let works = |one: &Commit| self.credentials[one.value].is_valid;
        if is_dead(taken, lost) && (!is_dead(lost, taken) || !works(taken)) {
            (taken, lost) = (lost, taken);
        }
        let of = |record: &Record| record.rotation.clone();
        let (base, one, other) = (of(base), of(&taken.record), of(&lost.record));
        let version = taken.record.sealed.version.id;
        let stands = Stands { version, is_new: version != began };
        let rotation = merge(base.as_ref(), one.as_ref(), other.as_ref(), stands);
        let record = Record { rotation, ..taken.record.clone() };
        let merged = Commit { parents: vec![head, remote], record, value: taken.value };
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
}
