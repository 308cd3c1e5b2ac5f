//! What a run revokes, and what it leaves to people.

use super::*;

/// What becomes of a credential that may be somebody's, at a provider that takes no markers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubtful {
    /// The run ends, and the person who reads why removes it if nobody uses it.
    Blocks,
    IsTold,
}

impl World {
    /// What comes behind an overlap is not done where the deploy ref has moved on since: another clone may have gone back.
    pub(super) fn revoke(&mut self, clone: usize, value: usize) -> Result<(), Stop> {
        self.effect()?;
        let Laptop { has_waited, saw, .. } = self.clones[clone];
        if has_waited && self.commits[saw].record != self.commits[self.remote].record {
            return Err(Stop);
        }
        assert_ne!(value, self.production, "revoked while production runs on it");
        self.answered(|world| world.credentials[value].is_valid = false)
    }

    /// What was given up and stood on the deploy ref before may still be in use, and ends when the wait for it is over.
    pub(super) fn gave_up_deployed(&self, clone: usize, rotation: &Rotation) -> bool {
        rotation.abandoned.iter().any(|version| self.was_deployed(clone, *version))
    }

    pub(super) fn revoke_strays(
        &mut self,
        clone: usize,
        rotation: &Rotation,
        keep: &[usize],
        doubtful: Doubtful,
    ) -> Result<(), Stop> {
        let keep: Vec<Handle> = keep.iter().map(|value| handle(&value.to_string())).collect();
        let found = strays(&self.list(), rotation, &keep, self.takes_markers);
        for stray in found.ours {
            let stray: usize = stray.as_str().parse().unwrap();
            let marker = self.credentials[stray].marker.filter(|marker| rotation.abandoned.contains(marker));
            if !self.clones[clone].has_waited
                && marker.is_some_and(|given_up| self.was_deployed(clone, given_up))
            {
                self.of_people.insert(stray);
            } else {
                self.revoke(clone, stray)?;
            }
        }
        if found.doubtful.is_empty() {
            return Ok(());
        }
        self.tell(found.doubtful, doubtful == Doubtful::Blocks);
        match doubtful {
            Doubtful::Blocks => Err(Stop),
            Doubtful::IsTold => Ok(()),
        }
    }

    /// A person reads of these, and removes them where they are told to and nobody uses them.
    pub(super) fn tell(&mut self, handles: Vec<Handle>, removes: bool) {
        for told in handles {
            let told = told.as_str().parse().unwrap();
            self.of_people.insert(told);
            if removes && !self.is_used(told) {
                self.credentials[told].is_valid = false;
            }
        }
    }

    /// Before a rotation begins a person reads of what is at the provider and in nobody's history. One that takes no markers has
    /// no room for more than two.
    pub(super) fn tell_unknown(&mut self, clone: usize) {
        let past = self.past(self.clones[clone].head);
        let known: BTreeSet<VersionId> =
            past.iter().map(|commit| self.commits[commit.0].record.sealed.version.id).collect();
        let current = self.here(clone).value;
        let is_unknown = |(number, one): &(usize, &Credential)| {
            one.is_valid && *number != current && one.marker.is_none_or(|marker| !known.contains(&marker))
        };
        let unknown = self.credentials.iter().enumerate().filter(is_unknown).map(|(number, _)| number);
        self.of_people.extend(unknown.collect::<Vec<_>>());
    }

    /// As far as a person can find out who is told to remove it if nobody uses it.
    pub(super) fn is_used(&self, value: usize) -> bool {
        let heads = self.clones.iter().map(|clone| clone.head).chain([self.remote]);
        value == self.production || heads.map(|head| self.commits[head].value).any(|one| one == value)
    }

    pub(super) fn revoke_minted(
        &mut self,
        clone: usize,
        rotation: &Rotation,
        keep: &[usize],
    ) -> Result<(), Stop> {
        let minted = rotation.handle.as_ref().map(|handle| handle.as_str().parse().unwrap());
        if let Some(minted) = minted.filter(|minted| !self.takes_markers && !keep.contains(minted)) {
            self.revoke(clone, minted)?;
        }
        self.revoke_strays(clone, rotation, keep, Doubtful::IsTold)
    }
}

pub(super) fn all(listed: &[Listed]) -> SortedSet<Handle> {
    listed.iter().map(|one| one.handle.clone()).collect::<BTreeSet<_>>().into_iter().collect()
}
