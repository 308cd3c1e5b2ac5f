//! What is judged: everything, names that fit a glob, or exactly the files that a deploy will read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::place::{Place, below};
use crate::domain::glob::Glob;
use crate::domain::name::SecretName;

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
    /// Relative to the root of the repository, or as they were given where they lie outside.
    pub others: Vec<String>,
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

    /// The parts that select nothing among these names, each of them an error: a typing mistake in a scope must
    /// not let a deploy through.
    pub fn idle_parts(&self, names: &[SecretName]) -> Vec<String> {
        match self {
            Self::All => Vec::new(),
            Self::Scopes(globs) => globs
                .iter()
                .filter(|glob| !names.iter().any(|name| glob.matches(name.as_str())))
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

    /// Sorts out what `--file` named. A secret's file need not be there (it may be on the deploy ref only).
    fn of_files(paths: &[PathBuf], place: &Place, current_dir: &Path) -> Result<Self, NoSuchFile> {
        let mut files = SelectedFiles::default();
        for path in paths {
            let full = current_dir.join(path);
            let given = path.to_string_lossy().into_owned();
            if let Some(name) = secret_at(&full, place) {
                files.secrets.insert(name, given);
            } else if full.is_file() {
                files.others.push(in_repository(&full, place).unwrap_or(given));
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
