//! How files that other tools have sealed stand to the deploy ref, and to what rescue branches have.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use super::standing::one;
use super::{Source, TrackedFiles, contents};
use crate::domain::facts::{Deployed, Presence};
use crate::domain::finding::{Known, Unknown};
use crate::domain::foreign::Contents;
use crate::domain::rescue;
use crate::domain::tracked_facts::{FileDeployed, FilePresence};
use crate::git::{BlobId, Entry, RemoteTip, Snapshot};
use crate::observe::rescues::{RescueBranch, once_deployed};

/// What rescue branches have.
#[derive(Default)]
pub(super) struct Rescued<'a> {
    branches: Vec<(&'a RescueBranch, Known<Snapshot>)>,
    /// What the deploy ref once had of the files that differ; looked up when the first one asks.
    past: OnceLock<BTreeSet<(String, BlobId)>>,
}

impl<'a> Rescued<'a> {
    pub(super) fn observe(branches: &'a [RescueBranch]) -> Self {
        let whole = |branch: &'a RescueBranch| {
            let unknown =
                |error: crate::git::GitError| Unknown::new(&branch.rescue.branch, error.to_string());
            (branch, branch.tip.snapshot("").map_err(unknown))
        };
        Self { branches: branches.iter().map(whole).collect(), past: OnceLock::new() }
    }

    pub(super) fn trees(&self) -> impl Iterator<Item = Option<&Snapshot>> {
        self.branches.iter().map(|(_, tree)| tree.as_ref().ok())
    }
}

impl TrackedFiles<'_> {
    pub(super) fn deployed(&self, path: &str) -> Known<FileDeployed> {
        let Source::Here { standings, deploy } = &self.source else { return Ok(FileDeployed::NotJudged) };
        let Some((tip, there)) = deploy.as_ref().map_err(Clone::clone)? else {
            return Ok(FileDeployed::NotJudged);
        };
        let (here, there) = (standings.head().and_then(|head| head.get(path)), there.get(path));
        if here == there {
            return Ok(FileDeployed::Same);
        }
        let here = presence(path, here, "in HEAD", &|id| one(self.repository.blobs(&[id])))?;
        let there = presence(path, there, "on the deploy ref", &|id| one(tip.blobs(&[id])))?;
        Ok(FileDeployed::Differs { here, there })
    }

    /// What rescue branches have of a file that is newer than what the deploy ref has. What nothing dates is older where
    /// the deploy ref once had it, and else unknown.
    pub(super) fn rescued(&self, path: &str) -> Known<Vec<rescue::Rescued<FilePresence>>> {
        let Source::Here { deploy, .. } = &self.source else { return Ok(Vec::new()) };
        let Some((tip, deployed)) = deploy.as_ref().map_err(Clone::clone)? else { return Ok(Vec::new()) };
        let mut newer = Vec::new();
        for (branch, tree) in &self.rescued.branches {
            let tree = tree.as_ref().map_err(Clone::clone)?;
            let (here, there) = (deployed.get(path), tree.get(path));
            let Some(entry) = there.filter(|_| here != there) else { continue };
            let on_branch = format!("on {}", branch.rescue.branch);
            let here = presence(path, here, "on the deploy ref", &|id| one(tip.blobs(&[id])))?;
            let there = presence(path, there, &on_branch, &|id| one(branch.tip.blobs(&[id])))?;
            let is_newer = match (here, there) {
                (FilePresence::At(here), FilePresence::At(there)) => there > here,
                _ if self.was_deployed(path, entry.id, tip, deployed) => false,
                (FilePresence::Absent, _) => true,
                (FilePresence::Undated | FilePresence::At(_), _) => {
                    let why = "differs from what the deploy ref has, and nothing says which is newer; merge the \
                               branch, or delete it";
                    return Err(Unknown::new(format!("{path} {on_branch}"), why));
                }
            };
            if is_newer {
                let rescue = branch.rescue.clone();
                newer.push(rescue::Rescued { rescue, deployed: here, rescued: there });
            }
        }
        Ok(newer)
    }

    fn was_deployed(&self, path: &str, id: BlobId, tip: &RemoteTip, deployed: &Snapshot) -> bool {
        let past = self.rescued.past.get_or_init(|| {
            let trees: Vec<&Snapshot> = self.rescued.trees().flatten().collect();
            let differs = |path: &&String| {
                trees.iter().any(|tree| tree.get(path).is_some_and(|there| deployed.get(path) != Some(there)))
            };
            let paths: Vec<String> = self.files.iter().filter(differs).cloned().collect();
            once_deployed(self.repository, tip, &paths)
        });
        past.contains(&(path.to_owned(), id))
    }
}

/// Whether a file is in a tree, and when the tool that sealed it last wrote it.
fn presence(
    path: &str,
    entry: Option<&Entry>,
    whose: &str,
    read: &dyn Fn(BlobId) -> Known<Vec<u8>>,
) -> Known<FilePresence> {
    let Some(entry) = entry else { return Ok(FilePresence::Absent) };
    let bytes = read(entry.id).map_err(|unknown| Unknown::new(format!("{path} {whose}"), unknown.why))?;
    Ok(match contents(&bytes) {
        Contents::Sealed(file) => file.modified.map_or(FilePresence::Undated, FilePresence::At),
        Contents::Plain(_) | Contents::Damaged(_) => FilePresence::Undated,
    })
}

/// How policy, attributes and `custody.toml` files together stand to the deploy ref.
pub fn with_custody_files(deployed: Known<Deployed>, undeployed: Known<Vec<String>>) -> Known<Deployed> {
    let undeployed = undeployed?;
    Ok(match deployed? {
        same if undeployed.is_empty() => same,
        Deployed::Differs { paths, here, there } => {
            Deployed::Differs { paths: paths.into_iter().chain(undeployed).collect(), here, there }
        }
        Deployed::NotJudged | Deployed::Same => {
            Deployed::Differs { paths: undeployed, here: Presence::Unordered, there: Presence::Unordered }
        }
    })
}
