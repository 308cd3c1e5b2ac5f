//! Which files there are to look at.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::claim::CUSTODY;
use crate::domain::finding::Unknown;
use crate::domain::foreign::{Access, ForeignKey};
use crate::domain::policy::Policy;
use crate::git::{Repository, Snapshot};
use crate::observe::place::Place;
use crate::system::walk::{self, Walk};

/// Where git-crypt keeps the copies of its keys.
const GIT_CRYPT_KEYS: &str = ".git-crypt/keys/";

/// Paths relative to the root of the repository.
#[derive(Debug, Default)]
pub struct Found {
    pub files: BTreeSet<String>,
    /// Those that policy's `[track]` calls sealed.
    pub covered: BTreeSet<String>,
    pub custody_files: BTreeSet<String>,
    pub git_crypt: GitCryptUsers,
    pub unknowns: Vec<Unknown>,
}

impl Found {
    /// What policy names, in the trees of git together, and in the work tree of a repository; the store is not part of it.
    pub fn everywhere(
        work_tree: Option<&Repository>,
        place: &Place,
        policy: &Policy,
        trees: &[Option<&Snapshot>],
    ) -> Self {
        let store = place.folder.as_str();
        let mut found = Self::default();
        if let Some(repository) = work_tree {
            found.walk(repository, store, policy);
        }
        let below_store = format!("{store}/");
        for path in trees.iter().flatten().flat_map(|tree| tree.entries().keys()) {
            if !path.starts_with(&below_store) {
                found.take(path.clone(), true, policy);
            }
        }
        found.covered.clone_from(&found.files);
        found
    }

    fn walk(&mut self, repository: &Repository, store: &str, policy: &Policy) {
        let enter = |path: &str, full: &std::path::Path| {
            // Another repository inside this one is none of its files.
            path != ".git" && path != store && full.join(".git").symlink_metadata().is_err()
        };
        let walked = walk::walk(repository.root(), enter);
        for (folder, why) in walked.unreadable {
            let why = format!("can't be listed: {why}; mend its permissions");
            self.unknowns.push(Unknown::new(folder, why));
        }
        for Walk { path, is_file } in walked.files {
            self.take(path, is_file, policy);
        }
    }

    /// Just these files, and what stands beside them.
    pub fn named(
        work_tree: Option<&Repository>,
        policy: &Policy,
        files: &[String],
        trees: &[Option<&Snapshot>],
    ) -> Self {
        let mut found = Self::default();
        for file in files {
            if !is_nameable(file) {
                found.unknowns.push(unnameable(file));
                continue;
            }
            found.files.insert(file.clone());
            let folder = super::folder_of(file);
            let beside = if folder.is_empty() { CUSTODY.to_owned() } else { format!("{folder}/{CUSTODY}") };
            let in_trees = trees.iter().flatten().any(|tree| tree.get(&beside).is_some());
            let on_disk =
                |repository: &Repository| repository.root().join(&beside).symlink_metadata().is_ok();
            if in_trees || work_tree.is_some_and(on_disk) {
                found.custody_files.insert(beside);
            }
        }
        for path in trees.iter().flatten().flat_map(|tree| tree.entries().keys()) {
            found.git_crypt.take(path);
            if policy.track.as_ref().is_some_and(|track| track.covers(path)) {
                found.covered.insert(path.clone());
            }
        }
        found
    }

    fn take(&mut self, path: String, is_file: bool, policy: &Policy) {
        let covered = policy.track.as_ref().is_some_and(|track| track.covers(&path));
        let is_custody = path.rsplit('/').next() == Some(CUSTODY);
        self.git_crypt.take(&path);
        if !covered && !is_custody {
            return;
        }
        if !is_nameable(&path) {
            self.unknowns.push(unnameable(&path));
        } else if !is_file {
            let why = "is no regular file; have policy name the file that it leads to";
            self.unknowns.push(Unknown::new(path, why));
        } else if is_custody {
            self.custody_files.insert(path);
        } else {
            self.files.insert(path);
        }
    }

    /// Every path that may be read.
    pub fn all(&self) -> BTreeSet<String> {
        self.files.union(&self.custody_files).cloned().collect()
    }
}

/// Whether a secret in the file could be named: git's odd bytes and what looks like a pointer could not be told apart.
fn is_nameable(path: &str) -> bool {
    !path.contains('\\') && !path.contains("#/")
}

fn unnameable(path: &str) -> Unknown {
    Unknown::new(path, "can't be named: it is not UTF-8, or has a backslash or `#/` in it; rename it")
}

/// Whom git-crypt's keys were copied for: by key, the fingerprints in the names of its newest generation.
#[derive(Debug, Default, Clone)]
pub struct GitCryptUsers {
    keys: BTreeMap<String, BTreeMap<u64, BTreeSet<String>>>,
}

impl GitCryptUsers {
    /// `.git-crypt/keys/NAME/GENERATION/FINGERPRINT.gpg`.
    fn take(&mut self, path: &str) {
        let Some(rest) = path.strip_prefix(GIT_CRYPT_KEYS) else { return };
        let parts: Vec<&str> = rest.split('/').collect();
        if let [name, generation, file] = parts.as_slice()
            && let (Ok(generation), Some(fingerprint)) = (generation.parse(), file.strip_suffix(".gpg"))
        {
            let generations = self.keys.entry((*name).to_owned()).or_default();
            generations.entry(generation).or_default().insert(fingerprint.to_ascii_uppercase());
        }
    }

    /// Those who have a copy of the key that a file is sealed with; where there is none, the key by its name.
    pub fn access(&self, repository: &Repository, path: &str, as_read: &Access) -> Access {
        let name = match self.keys.len() {
            0 => return as_read.clone(),
            1 => self.keys.keys().next().cloned().unwrap_or_default(),
            _ => key_name(repository, path),
        };
        let users = self.keys.get(&name).and_then(|generations| generations.last_key_value());
        let group = match users {
            Some((_, users)) => users.iter().cloned().map(ForeignKey::Pgp).collect(),
            None => vec![ForeignKey::Opaque(format!("git-crypt:{name}"))],
        };
        Access { groups: vec![group], threshold: 1 }
    }
}

/// The key that `.gitattributes` gives a file: `filter=git-crypt` or `filter=git-crypt-NAME`.
fn key_name(repository: &Repository, path: &str) -> String {
    let filter = repository.filter_of(path).unwrap_or_default();
    filter.strip_prefix("git-crypt-").unwrap_or("default").to_owned()
}
