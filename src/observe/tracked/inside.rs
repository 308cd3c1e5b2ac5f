//! The ends that values carry in themselves, read from the values (`--prove`).

use super::{MAX_FILE_BYTES, Opener, TrackedFiles};
use crate::domain::facts::Inside;
use crate::domain::finding::{Known, Unknown};
use crate::domain::foreign::ForeignFile;
use crate::domain::glob::Glob;
use crate::domain::opened::Opened;
use crate::domain::tracked_facts::FileFacts;
use crate::domain::tracked_name::TrackedName;
use crate::domain::value_end::ValueEnds;
use crate::value_ends;

impl TrackedFiles<'_> {
    /// Looks into each value that is judged. What policy calls no secret is not looked at.
    pub fn look_inside(&self, facts: &mut FileFacts, opener: &Opener<'_, '_>, is_required: bool) {
        let Ok(Some(file)) = facts.sealed() else { return };
        if facts.secrets.as_ref().map_or(true, Vec::is_empty) {
            return;
        }
        let looked = self.ends_of(facts, file, opener);
        for (at, secret) in facts.secrets.iter_mut().flatten().enumerate() {
            secret.inside = match &looked {
                Ok(ends) => ends.get(at).cloned().map_or(Inside::NotAsked, Inside::Seen),
                Err(why) => Inside::NotLookedInto { why: why.clone(), required: is_required },
            };
        }
    }

    /// The ends of each of its secrets, in their order.
    fn ends_of(
        &self,
        facts: &FileFacts,
        file: &ForeignFile,
        opener: &Opener<'_, '_>,
    ) -> Result<Vec<ValueEnds>, String> {
        let bytes = self.bytes(facts.name.as_str()).map_err(|unknown| unknown.why)?;
        let opened = opener.open(&facts.name, file, &bytes)?;
        let secrets = facts.secrets.as_deref().unwrap_or_default();
        let of = |name: &TrackedName| self.covered(name, file).map(|covered| ends_in(&opened, &covered));
        secrets.iter().map(|secret| of(&secret.name)).collect::<Known<_>>().map_err(|unknown| unknown.why)
    }

    /// The values that a secret consists of: itself, or all that the record of its file as a whole speaks of.
    pub fn covered(&self, name: &TrackedName, file: &ForeignFile) -> Known<Vec<TrackedName>> {
        let is_whole = name.pointer_text().is_empty();
        if !is_whole || file.leaves.iter().any(|leaf| leaf.pointer.is_none()) {
            return Ok(vec![name.clone()]);
        }
        Ok(self.decided(name, file)?.of_whole)
    }

    /// Globs of policy that fit no file: more likely a typing mistake than a wish.
    pub fn idle_globs(&self) -> Vec<String> {
        let globs = self.policy.track.as_ref().map(|track| track.files.as_slice()).unwrap_or_default();
        let fits_none = |glob: &&Glob| !self.covered.iter().any(|path| glob.matches(path));
        let told = |glob: &Glob| format!("[track] files: `{glob}` fits no file, so nothing is judged by it");
        globs.iter().filter(fits_none).map(told).collect()
    }

    /// The bytes of a file of the work tree.
    pub fn bytes(&self, path: &str) -> Known<Vec<u8>> {
        let bytes = match self.standings() {
            Some(standings) => standings.of(path, MAX_FILE_BYTES).bytes?,
            None => None,
        };
        bytes.ok_or_else(|| Unknown::new(path, "is gone"))
    }
}

/// All ends of some values, the first one to come first.
pub fn ends_in(opened: &Opened, names: &[TrackedName]) -> ValueEnds {
    let mut all = ValueEnds::default();
    for name in names {
        let Some(found) = opened.get(name.pointer().as_ref()) else { continue };
        let ends = value_ends::read(found.value.expose());
        all.ends.extend(ends.ends);
        all.unread.extend(ends.unread);
    }
    all.ends.sort();
    all
}
