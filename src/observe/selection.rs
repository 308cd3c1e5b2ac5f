//! What is judged: everything, names that fit a glob, or exactly the files that a deploy will read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::place::{Place, below};
use crate::domain::glob::Glob;
use crate::domain::name::SecretName;
use crate::domain::policy::Policy;
use crate::domain::reach::Reach;
use crate::domain::time::Instant;
use crate::domain::tracked_name::TrackedName;

/// What is judged.
pub enum Selection {
    All,
    Scopes(Vec<Glob>),
    Files(SelectedFiles),
}

/// What `--file` named: secrets of this store, and files of which it knows nothing.
#[derive(Debug, Default)]
pub struct SelectedFiles {
    /// With the path as it was given.
    pub secrets: BTreeMap<SecretName, String>,
    /// Relative to the root of the repository.
    pub others: Vec<String>,
    /// As they were given: what lies outside the repository.
    pub outside: Vec<String>,
}

/// `--file` named something that is nowhere.
#[derive(Debug, thiserror::Error)]
#[error("--file {}: there is no such file", .0.display())]
pub struct NoSuchFile(PathBuf);

impl Selection {
    pub fn admits(&self, name: &SecretName) -> bool {
        match self {
            Self::All => true,
            Self::Scopes(globs) => globs.iter().any(|glob| glob.matches(name.as_str())),
            Self::Files(files) => files.secrets.contains_key(name),
        }
    }

    /// Whether a secret of another tool is part of what is judged: a scope fits it by its name or by its file's path.
    pub fn admits_tracked(&self, name: &TrackedName) -> bool {
        match self {
            Self::All => true,
            Self::Scopes(globs) => {
                globs.iter().any(|glob| glob.matches(name.as_str()) || glob.matches(name.file()))
            }
            Self::Files(files) => files.others.iter().any(|path| path == name.file()),
        }
    }

    /// As far as what is judged can lie. What a `require` with wildcards asks for may lie elsewhere, and counts.
    pub fn reach(&self, policy: &Policy) -> Reach {
        let globs = policy.require.iter().filter(|glob| !glob.is_literal()).map(Glob::folder);
        match self {
            Self::All => Reach::ALL,
            Self::Scopes(scopes) => Reach::below(scopes.iter().map(Glob::folder).chain(globs)),
            Self::Files(files) => Reach::below(files.secrets.keys().map(SecretName::folder).chain(globs)),
        }
    }

    /// The files that `--file` names beside secrets of the store; `None` where it is not given.
    pub fn other_files(&self) -> Option<&[String]> {
        match self {
            Self::Files(files) => Some(&files.others),
            Self::All | Self::Scopes(_) => None,
        }
    }

    /// Whether a file that is no secret's is part of what is judged: a scope judges what would bear a name in it,
    /// the rest of the store is another deploy's. `file` is relative to the store.
    pub fn admits_file(&self, file: &str) -> bool {
        match self {
            Self::All => true,
            Self::Scopes(globs) => globs.iter().any(|glob| glob.matches(file) || glob.matches(stem(file))),
            Self::Files(files) => files.secrets.keys().any(|name| name.as_str() == stem(file)),
        }
    }

    /// The policy without what it says of secrets that are not judged: their lapsed waivers (those in force do no
    /// harm), and that they must be there. A `require` with wildcards stays: it may well mean one that is judged.
    pub fn narrow(
        &self,
        policy: &Policy,
        now: Instant,
        names: &[&SecretName],
        tracked: &[TrackedName],
    ) -> Policy {
        let mut policy = policy.clone();
        if matches!(self, Self::All) {
            return policy;
        }
        policy.waivers.retain(|waiver| {
            now < waiver.until
                || names.iter().any(|name| waiver.secret.matches(name.as_str()))
                || tracked
                    .iter()
                    .any(|name| waiver.secret.matches(name.as_str()) || waiver.secret.matches(name.file()))
        });
        policy.require.retain(|glob| glob.as_str().parse().map_or(true, |name| self.admits(&name)));
        policy
    }

    /// The parts that select nothing among these names, each of them an error: a typing mistake in a scope must
    /// not let a deploy through.
    pub fn idle_parts(&self, names: &[SecretName], tracked: &[TrackedName]) -> Vec<String> {
        match self {
            Self::All => Vec::new(),
            Self::Scopes(globs) => globs
                .iter()
                .filter(|glob| !names.iter().any(|name| glob.matches(name.as_str())))
                .filter(|glob| {
                    !tracked.iter().any(|name| glob.matches(name.as_str()) || glob.matches(name.file()))
                })
                .map(|glob| format!("--scope {glob}"))
                .collect(),
            Self::Files(files) => files
                .secrets
                .iter()
                .filter(|(name, _)| names.binary_search(name).is_err())
                .map(|(_, path)| format!("--file {path}"))
                .collect(),
        }
    }

    /// What `--scope` and `--file` come to.
    pub fn of(
        scopes: &[Glob],
        files: &[PathBuf],
        place: &Place,
        current_dir: &Path,
    ) -> Result<Self, NoSuchFile> {
        match (scopes, files) {
            ([], []) => Ok(Self::All),
            (scopes, []) => Ok(Self::Scopes(scopes.to_vec())),
            (_, files) => Self::of_files(files, place, current_dir),
        }
    }

    /// Just these files of other tools, as the repository names them.
    pub fn of_others<'p>(paths: impl IntoIterator<Item = &'p str>) -> Self {
        let paths: BTreeSet<&str> = paths.into_iter().collect();
        let others = paths.into_iter().map(str::to_owned).collect();
        Self::Files(SelectedFiles { others, ..SelectedFiles::default() })
    }

    /// Sorts out what `--file` named. A secret's file need not be there (it may be on the deploy ref only).
    fn of_files(paths: &[PathBuf], place: &Place, current_dir: &Path) -> Result<Self, NoSuchFile> {
        let mut files = SelectedFiles::default();
        for path in paths {
            let full = current_dir.join(path);
            let given = path.to_string_lossy().into_owned();
            let is_link = full.symlink_metadata().is_ok_and(|found| found.is_symlink());
            if let Some(name) = secret_at(&full, place) {
                files.secrets.insert(name, given);
            } else if is_link
                && let Some(name) = full.canonicalize().ok().and_then(|to| secret_at(&to, place))
            {
                files.secrets.insert(name, given);
            } else if full.is_file() {
                match in_repository(&full, place) {
                    Some(path) => files.others.push(path),
                    None => files.outside.push(given),
                }
            } else {
                return Err(NoSuchFile(path.clone()));
            }
        }
        Ok(Self::Files(files))
    }
}

fn in_repository(file: &Path, place: &Place) -> Option<String> {
    below(place.repository.as_ref().ok()?.root(), file)
}

/// The secret whose value or record is at this path.
fn secret_at(path: &Path, place: &Place) -> Option<SecretName> {
    // Only its folder is resolved, because the file itself need not be there.
    let (folder, file) = (path.parent()?, path.file_name()?.to_str()?);
    let stem = file.strip_suffix(".age").or_else(|| file.strip_suffix(".json"))?;
    let name = match below(place.store.root(), folder)?.as_str() {
        "." => stem.to_owned(),
        folder => format!("{folder}/{stem}"),
    };
    name.parse().ok()
}

fn stem(file: &str) -> &str {
    let name_start = file.rfind('/').map_or(0, |slash| slash + 1);
    match file.get(name_start..).and_then(|name| name.rfind('.')) {
        Some(dot) if dot > 0 => file.get(..name_start + dot).unwrap_or(file),
        _ => file,
    }
}
