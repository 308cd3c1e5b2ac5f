//! What is judged of a file: each encrypted value, its record, and the rule that it falls under.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::domain::claim::Claim;
use crate::domain::digest::Digest;
use crate::domain::facts::Inside;
use crate::domain::foreign::{ForeignFile, Leaf};
use crate::domain::policy::Policy;
use crate::domain::tracked_facts::TrackedSecret;
use crate::domain::tracked_name::TrackedName;
use crate::domain::tracking::{Decision, Track, decide};

#[derive(Debug, Default)]
pub struct Decided {
    pub secrets: Vec<TrackedSecret>,
    /// Values with neither record nor rule.
    pub undecided_leaves: Vec<(TrackedName, Digest)>,
    pub not_secret: usize,
    /// Values that the record of the file as a whole speaks of.
    pub of_whole: Vec<TrackedName>,
    pub orphans: Vec<TrackedName>,
}

impl Decided {
    /// `file` is `None` where there is none, or nothing is sealed in it; `claims` are those of its folder.
    pub fn of(
        policy: &Policy,
        name: &TrackedName,
        file: Option<&ForeignFile>,
        claims: &BTreeMap<TrackedName, Claim>,
    ) -> Self {
        let mut decided = Self::default();
        let nothing = Track::default();
        let track = policy.track.as_ref().unwrap_or(&nothing);
        let of_file = claims.get(name);
        let mut leaf_names = BTreeSet::new();
        let mut of_whole_file: Vec<(TrackedName, &Leaf)> = Vec::new();
        for leaf in file.map(|file| file.leaves.as_slice()).unwrap_or_default() {
            let Some(leaf_name) = TrackedName::new(name.file(), leaf.pointer.as_ref()) else { continue };
            let own = claims.get(&leaf_name);
            let of_others = of_file.filter(|_| leaf.pointer.is_some());
            match decide(track, &policy.kinds, &leaf_name, own, of_others) {
                Decision::NotSecret => decided.not_secret += 1,
                Decision::Recorded { of_file: true, .. } => of_whole_file.push((leaf_name.clone(), leaf)),
                Decision::Recorded { claim, kind, .. } => decided.secrets.push(TrackedSecret {
                    name: leaf_name.clone(),
                    claim: Some(claim.clone()),
                    kind: kind.cloned(),
                    seen: leaf.seen,
                    inside: Inside::NotAsked,
                }),
                Decision::Ruled(kind) => decided.secrets.push(TrackedSecret {
                    name: leaf_name.clone(),
                    claim: None,
                    kind: Some(kind.clone()),
                    seen: leaf.seen,
                    inside: Inside::NotAsked,
                }),
                Decision::Undecided => decided.undecided_leaves.push((leaf_name.clone(), leaf.seen)),
            }
            leaf_names.insert(leaf_name);
        }
        if !of_whole_file.is_empty() {
            decided.secrets.push(TrackedSecret {
                name: name.clone(),
                claim: of_file.cloned(),
                kind: None,
                seen: whole(of_whole_file.iter().map(|(name, leaf)| (name, leaf.seen))),
                inside: Inside::NotAsked,
            });
        }
        decided.of_whole = of_whole_file.into_iter().map(|(name, _)| name).collect();
        let of_this_file = claims.keys().filter(|claimed| claimed.file() == name.file());
        let has_leaves = !leaf_names.is_empty();
        let stands = |claimed: &TrackedName| {
            leaf_names.contains(claimed) || (claimed.pointer_text().is_empty() && has_leaves)
        };
        decided.orphans = of_this_file.filter(|claimed| !stands(claimed)).cloned().collect();
        decided
    }
}

/// Of all values that the record of a whole file speaks of; their order does not count.
pub fn whole<'n>(leaves: impl Iterator<Item = (&'n TrackedName, Digest)>) -> Digest {
    let ordered: BTreeMap<&str, Digest> = leaves.map(|(name, seen)| (name.pointer_text(), seen)).collect();
    let mut text = String::new();
    for (pointer, seen) in ordered {
        // The digest has a fixed length, so no pointer can be taken for part of another line.
        // Writing to a `String` can't fail.
        let _ = writeln!(text, "{seen} {pointer}");
    }
    Digest::of(text.as_bytes())
}
