//! How `HEAD` stands to the deploy ref, secret by secret.

use std::collections::BTreeMap;

use super::place::Place;
use super::trees::{DeployTree, Trees};
use crate::domain::facts::{Deployed, Presence};
use crate::domain::finding::{Known, Unknown};
use crate::domain::name::SecretName;
use crate::git::{BlobId, GitError, RemoteTip, Snapshot};
use crate::store::record_file;

/// The secrets that differ between `HEAD` and the deploy ref; all others are the same in both.
pub enum Comparison {
    NotJudged,
    Judged(BTreeMap<SecretName, Known<Deployed>>),
}

impl Comparison {
    /// Compares trees, not ancestry. The ids of blobs settle what is equal; only the records of what differs are
    /// read, to learn which side is newer.
    pub fn observe(place: &Place, trees: &Trees, names: &[SecretName]) -> Known<Self> {
        let DeployTree::Asked { tip, tree: there } = trees.deploy.as_ref().map_err(Clone::clone)? else {
            return Ok(Self::NotJudged);
        };
        let here = trees.head_tree.as_ref().map_err(Clone::clone)?.as_ref();
        if here.is_some_and(|here| here.folder_id() == there.folder_id()) {
            return Ok(Self::Judged(BTreeMap::new()));
        }
        let sides = Sides { place, here, tip, there };
        let mut differing = BTreeMap::new();
        for name in names {
            let paths = differing_paths(here, there, &[place.record_path(name), place.sealed_path(name)]);
            if !paths.is_empty() {
                differing.insert(name.clone(), sides.order(name, paths));
            }
        }
        Ok(Self::Judged(differing))
    }

    pub fn of(&self, name: &SecretName) -> Known<Deployed> {
        match self {
            Self::NotJudged => Ok(Deployed::NotJudged),
            Self::Judged(differing) => differing.get(name).cloned().unwrap_or(Ok(Deployed::Same)),
        }
    }
}

/// How files that belong to no secret (policy, attributes) stand to the deploy ref. Paths are relative to the root
/// of the repository.
pub fn plain_files(trees: &Trees, files: &[String]) -> Known<Deployed> {
    let DeployTree::Asked { tree: there, .. } = trees.deploy.as_ref().map_err(Clone::clone)? else {
        return Ok(Deployed::NotJudged);
    };
    let here = trees.head_tree.as_ref().map_err(Clone::clone)?.as_ref();
    let paths = differing_paths(here, there, files);
    if paths.is_empty() {
        return Ok(Deployed::Same);
    }
    let presence = |tree: Option<&Snapshot>| {
        let present = paths.iter().any(|path| tree.is_some_and(|tree| tree.get(path).is_some()));
        if present { Presence::Unordered } else { Presence::Absent }
    };
    let (here, there) = (presence(here), presence(Some(there)));
    Ok(Deployed::Differs { paths, here, there })
}

fn differing_paths(here: Option<&Snapshot>, there: &Snapshot, paths: &[String]) -> Vec<String> {
    let differs = |path: &&String| here.and_then(|here| here.get(path)) != there.get(path);
    paths.iter().filter(differs).cloned().collect()
}

/// The two trees that are compared, and from where their blobs are read.
struct Sides<'a> {
    place: &'a Place,
    here: Option<&'a Snapshot>,
    tip: &'a RemoteTip,
    there: &'a Snapshot,
}

impl Sides<'_> {
    fn order(&self, name: &SecretName, paths: Vec<String>) -> Known<Deployed> {
        let here = match self.here {
            None => Presence::Absent,
            Some(tree) => self.presence(tree, name, "HEAD", |id| {
                let repository = self.place.known_repository()?;
                one(repository.blobs(&[id]))
            })?,
        };
        let there = self.presence(self.there, name, "the deploy ref", |id| one(self.tip.blobs(&[id])))?;
        Ok(Deployed::Differs { paths, here, there })
    }

    fn presence(
        &self,
        tree: &Snapshot,
        name: &SecretName,
        whose: &str,
        read: impl Fn(BlobId) -> Known<Vec<u8>>,
    ) -> Known<Presence> {
        let path = self.place.record_path(name);
        let Some(entry) = tree.get(&path) else {
            let sealed = tree.get(&self.place.sealed_path(name));
            return Ok(if sealed.is_some() { Presence::Unordered } else { Presence::Absent });
        };
        let shown = format!("{path} in {whose}");
        let bytes = read(entry.id).map_err(|unknown| Unknown::new(shown.clone(), unknown.why))?;
        match record_file::parse(&bytes, &shown) {
            Ok(record) => Ok(Presence::At(record.sealed.order())),
            Err(error) => Err(Unknown::new(shown, error.to_string())),
        }
    }
}

fn one(blobs: Result<Vec<Vec<u8>>, GitError>) -> Known<Vec<u8>> {
    let blobs = blobs.map_err(|error| Unknown::new("git", error.to_string()))?;
    blobs.into_iter().next().ok_or_else(|| Unknown::new("git", "gave no answer"))
}
