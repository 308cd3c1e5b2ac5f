//! What is judged: everything, names that fit a glob, or exactly the files that a deploy will read.

use std::collections::BTreeSet;
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
    pub secrets: BTreeSet<SecretName>,
    /// As they were given.
    pub others: Vec<String>,
}

impl Selection {
    pub fn admits(&self, name: &SecretName) -> bool {
        match self {
            Self::All => true,
            Self::Scopes(globs) => globs.iter().any(|glob| glob.matches(name.as_str())),
            Self::Files(files) => files.secrets.contains(name),
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
                .filter(|name| names.binary_search(name).is_err())
                .map(|name| format!("--file {name}.age"))
                .collect(),
        }
    }

    /// What `--scope` and `--file` come to.
    pub fn of(scopes: &[Glob], files: &[PathBuf], place: &Place, current_dir: &Path) -> Self {
        match (scopes, files) {
            ([], []) => Self::All,
            (scopes, []) => Self::Scopes(scopes.to_vec()),
            (_, files) => Self::of_files(files, place, current_dir),
        }
    }

    /// Sorts out what `--file` named.
    fn of_files(paths: &[PathBuf], place: &Place, current_dir: &Path) -> Self {
        let mut files = SelectedFiles::default();
        for path in paths {
            match secret_at(&current_dir.join(path), place) {
                Some(name) => {
                    files.secrets.insert(name);
                }
                None => files.others.push(path.to_string_lossy().into_owned()),
            }
        }
        Self::Files(files)
    }
}

/// The secret whose value or record is at this path.
fn secret_at(path: &Path, place: &Place) -> Option<SecretName> {
    // The file itself need not be there (it may be on the deploy ref only), so only its folder is resolved.
    let (folder, file) = (path.parent()?, path.file_name()?.to_str()?);
    let stem = file.strip_suffix(".age").or_else(|| file.strip_suffix(".json"))?;
    let name = match below(place.store.root(), folder)?.as_str() {
        "." => stem.to_owned(),
        folder => format!("{folder}/{stem}"),
    };
    name.parse().ok()
}
