//! What rescue branches have that is newer than what the deploy ref has. Trees are compared, not ancestry: a merge, a
//! squash and a rebase each close them, and so does anything newer.

use std::collections::{BTreeMap, BTreeSet};

use super::BLOBS_AT_ONCE;
use super::place::Place;
use super::trees::Trees;
use crate::domain::facts::Presence;
use crate::domain::finding::{Known, Unknown};
use crate::domain::name::SecretName;
use crate::domain::reach::Reach;
use crate::domain::rescue::{CommitText, Rescue, Rescued, Story};
use crate::git::{BlobId, Branch, Entry, GitError, RemoteTip, Repository, Snapshot};
use crate::store::classify::secret_file;
use crate::store::record_file;

/// The most files for which git's history is asked whether the deploy ref once had them.
const MOST_LOOKED_UP: usize = 256;

/// The rescue branches of the remote.
#[derive(Default)]
pub struct Rescues {
    pub branches: Vec<RescueBranch>,
    /// Those that could not be read.
    pub unread: Vec<Unknown>,
    /// The secrets of which one has something newer, or of which that is not known.
    found: BTreeMap<SecretName, Known<Vec<Rescued<Presence>>>>,
}

/// One that could be read.
pub struct RescueBranch {
    pub rescue: Rescue,
    pub tip: RemoteTip,
    /// The store, as far as it is looked at.
    tree: Snapshot,
}

impl Rescues {
    pub fn observe(place: &Place, trees: &Trees, reach: &Reach) -> Self {
        let mut rescues = Self::default();
        let listed = match &trees.rescues {
            Ok(listed) => listed.as_slice(),
            Err(unknown) => {
                rescues.unread.push(unknown.clone());
                return rescues;
            }
        };
        for branch in listed {
            match read(place, branch, reach) {
                Ok(branch) => rescues.branches.push(branch),
                Err(why) => rescues.unread.push(Unknown::new(&branch.name, why)),
            }
        }
        let Some((tip, tree)) = trees.deployed() else { return rescues };
        let deployed = Deployed { place, tip, tree };
        for branch in &rescues.branches {
            for (name, known) in deployed.newer_on(branch) {
                let found = rescues.found.entry(name).or_insert_with(|| Ok(Vec::new()));
                match (known, found.as_mut()) {
                    (Ok(rescued), Ok(all)) => all.push(rescued),
                    (Err(unknown), Ok(_)) => *found = Err(unknown),
                    (_, Err(_)) => {}
                }
            }
        }
        rescues
    }

    /// What is newer there than on the deploy ref.
    pub fn of(&self, name: &SecretName) -> Known<Vec<Rescued<Presence>>> {
        self.found.get(name).cloned().unwrap_or_else(|| Ok(Vec::new()))
    }

    /// The secrets of which there may be something newer.
    pub fn names(&self) -> impl Iterator<Item = &SecretName> {
        self.found.keys()
    }

    /// The branches that have nothing newer of the store, and of which nothing is unknown.
    pub fn settled(&self) -> Vec<&RescueBranch> {
        let named = |rescue: &Rescue| {
            self.found.values().any(|found| {
                found.as_ref().map_or(true, |all| all.iter().any(|rescued| rescued.rescue == *rescue))
            })
        };
        self.branches.iter().filter(|branch| !named(&branch.rescue)).collect()
    }
}

fn read(place: &Place, branch: &Branch, reach: &Reach) -> Result<RescueBranch, String> {
    let tip = branch.tip.as_ref().map_err(|error| unread(&error.to_string()))?.clone();
    let failed = |error: GitError| unread(&error.to_string());
    let told = tip.told().map_err(failed)?;
    let text = CommitText { author: &told.author, committed_at: told.committed_at, message: &told.message };
    let tree = tip.snapshot_within(&place.folder, reach).map_err(failed)?;
    let rescue = Rescue { branch: branch.name.clone(), story: Story::read(text) };
    Ok(RescueBranch { rescue, tip, tree })
}

fn unread(why: &str) -> String {
    format!("can't be read, so nobody knows whether it has something newer than what is deployed: {why}")
}

/// The deploy ref, against which branches are held.
struct Deployed<'a> {
    place: &'a Place,
    tip: &'a RemoteTip,
    tree: &'a Snapshot,
}

/// What a branch has that is newer, or why that is not known.
type Newer<T> = Vec<(SecretName, Known<T>)>;

/// What a tree has of a secret.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
struct Pair {
    record: Option<Entry>,
    sealed: Option<Entry>,
}

impl Deployed<'_> {
    fn newer_on(&self, branch: &RescueBranch) -> Newer<Rescued<Presence>> {
        if branch.tree.folder_id() == self.tree.folder_id() {
            return Vec::new();
        }
        let differing = self.differing(&branch.tree);
        let there = presences(&branch.tip, differing.iter().map(|(name, pair, _)| (name, pair)));
        let here = presences(self.tip, differing.iter().map(|(name, _, pair)| (name, pair)));
        let mut newer = Vec::new();
        for (((name, pair, _), deployed), rescued) in differing.into_iter().zip(here).zip(there) {
            let path = self.place.record_path(&name);
            let of = |whose: &str| format!("{path} {whose}");
            let on_branch = format!("on {}", branch.rescue.branch);
            let known = match (deployed, rescued) {
                (Err(why), _) => Err(Unknown::new(of("on the deploy ref"), why)),
                (_, Err(why)) => Err(Unknown::new(of(&on_branch), why)),
                // Only a value is there, and another one than the deploy ref has.
                (Ok(_), Ok(Presence::Unordered)) => {
                    let why =
                        "has no record there, so nobody knows how new it is; merge the branch, or delete it";
                    Err(Unknown::new(format!("{} {on_branch}", self.place.sealed_path(&name)), why))
                }
                (Ok(Presence::At(deployed)), Ok(Presence::At(rescued))) if rescued <= deployed => continue,
                (Ok(deployed), Ok(rescued)) => {
                    Ok((Rescued { rescue: branch.rescue.clone(), deployed, rescued }, pair))
                }
            };
            newer.push((name, known));
        }
        self.forget_removed(newer)
    }

    /// The secrets that a branch has otherwise than the deploy ref: how it has them, and how that has.
    fn differing(&self, tree: &Snapshot) -> Vec<(SecretName, Pair, Pair)> {
        let changed = tree.entries().iter().filter(|(path, entry)| self.tree.get(path) != Some(entry));
        let named = changed.filter_map(|(path, _)| secret_file(self.place.below(path)?)?.1.ok());
        let names: BTreeSet<SecretName> = named.collect();
        let pair = |tree: &Snapshot, name: &SecretName| Pair {
            record: tree.get(&self.place.record_path(name)).copied(),
            sealed: tree.get(&self.place.sealed_path(name)).copied(),
        };
        let both = |name: SecretName| {
            let (there, here) = (pair(tree, &name), pair(self.tree, &name));
            // The same record has the same order.
            let is_same = there.record.is_some() && there.record == here.record;
            (!is_same).then_some((name, there, here))
        };
        names.into_iter().filter_map(both).collect()
    }

    /// What the deploy ref once had, and has no longer, was removed or moved there on purpose. Told from the history at
    /// hand; where that is cut off, the branch counts.
    fn forget_removed(&self, newer: Newer<(Rescued<Presence>, Pair)>) -> Newer<Rescued<Presence>> {
        let absent = |known: &Known<(Rescued<Presence>, Pair)>| {
            let (rescued, pair) = known.as_ref().ok()?;
            pair.record.filter(|_| rescued.deployed == Presence::Absent)
        };
        let paths = newer.iter().filter(|(_, known)| absent(known).is_some());
        let paths: Vec<String> = paths.map(|(name, _)| self.place.record_path(name)).collect();
        let once_there = self.place.repository.as_ref().map(|here| once_deployed(here, self.tip, &paths));
        let once_there = once_there.unwrap_or_default();
        let was_there = |name: &SecretName, known: &Known<(Rescued<Presence>, Pair)>| {
            absent(known).is_some_and(|entry| once_there.contains(&(self.place.record_path(name), entry.id)))
        };
        let kept = newer.into_iter().filter(|(name, known)| !was_there(name, known));
        kept.map(|(name, known)| (name, known.map(|(rescued, _)| rescued))).collect()
    }
}

/// What of these paths the deploy ref ever held, as far as the history at hand goes.
pub(super) fn once_deployed(
    repository: &Repository,
    tip: &RemoteTip,
    paths: &[String],
) -> BTreeSet<(String, BlobId)> {
    if paths.is_empty() || paths.len() > MOST_LOOKED_UP || !tip.is_here() {
        return BTreeSet::new();
    }
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    repository.ever_held(tip.commit(), &paths).unwrap_or_default()
}

/// How new each is by its record, in the order asked for; or why that can't be told.
fn presences<'p>(
    tip: &RemoteTip,
    pairs: impl Iterator<Item = (&'p SecretName, &'p Pair)>,
) -> Vec<Result<Presence, String>> {
    let mut presences = Vec::new();
    let mut wanted = Vec::new();
    for (position, (name, pair)) in pairs.enumerate() {
        presences.push(Ok(if pair.sealed.is_some() { Presence::Unordered } else { Presence::Absent }));
        wanted.extend(pair.record.map(|entry| (position, name, entry.id)));
    }
    for part in wanted.chunks(BLOBS_AT_ONCE) {
        let ids: Vec<BlobId> = part.iter().map(|(_, _, id)| *id).collect();
        let blobs = tip.blobs(&ids).map_err(|error| error.to_string());
        for (index, (position, name, _)) in part.iter().enumerate() {
            let bytes = blobs.as_ref().map_err(Clone::clone).map(|blobs| blobs.get(index));
            let told = bytes.and_then(|bytes| {
                let bytes = bytes.map(Vec::as_slice).unwrap_or_default();
                let record = record_file::parse(bytes, name.as_str()).map_err(|error| error.to_string())?;
                Ok(Presence::At(record.sealed.order()))
            });
            if let Some(presence) = presences.get_mut(*position) {
                *presence = told;
            }
        }
    }
    presences
}
