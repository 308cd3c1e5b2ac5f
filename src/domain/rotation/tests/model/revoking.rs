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
    pub(super) fn revoke(&mut self, value: usize) -> Result<(), Stop> {
        assert_ne!(value, self.production, "revoked while production runs on it");
        self.call(|world| world.credentials[value].is_valid = false)
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
                self.revoke(stray)?;
            }
        }
        if found.doubtful.is_empty() {
            return Ok(());
        }
        for told in found.doubtful {
            let told = told.as_str().parse().unwrap();
            self.of_people.insert(told);
            if doubtful == Doubtful::Blocks && !self.is_used(told) {
                self.credentials[told].is_valid = false;
            }
        }
        match doubtful {
            Doubtful::Blocks => Err(Stop),
            Doubtful::IsTold => Ok(()),
        }
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
            self.revoke(minted)?;
        }
        self.revoke_strays(clone, rotation, keep, Doubtful::IsTold)
    }
}

pub(super) fn all(listed: &[Listed]) -> SortedSet<Handle> {
    listed.iter().map(|one| one.handle.clone()).collect::<BTreeSet<_>>().into_iter().collect()
}
