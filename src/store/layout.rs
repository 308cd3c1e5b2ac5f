//! Where the store is, and where in it each file lies.

use std::io;
use std::path::{Path, PathBuf};

use crate::domain::name::SecretName;
use crate::domain::text::shell_word;
use crate::system::environment::Environment;
use crate::system::files::{self, FileError};

/// The name of the policy in the store's folder.
pub const POLICY: &str = "policy.toml";
/// The name of the file that keeps git from changing the store's bytes.
pub const ATTRIBUTES: &str = ".gitattributes";
/// What a record's file name ends in.
pub const RECORD_ENDING: &str = ".json";
/// What a sealed value's file name ends in.
pub const SEALED_ENDING: &str = ".age";
/// The variable that names the store's folder.
pub const STORE_VARIABLE: &str = "SECRETS_STORE";
/// The folders that are looked for above the current one, the first before the second.
pub const FOLDERS: [&str; 2] = ["secrets", "custody"];

/// A store that could not be found.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(
        "no store here: neither `secrets/policy.toml` nor `custody/policy.toml` between {} and {}; run \
         `secrets init` to make one, or name one with --store", from.display(), last.display()
    )]
    NotFound { from: PathBuf, last: PathBuf },
    #[error("{}: is no store, it has no `policy.toml` ({named_by}); run `secrets init --store {}` to make one", folder.display(), shell_word(&folder.to_string_lossy()))]
    NoPolicy { folder: PathBuf, named_by: &'static str },
    #[error(
        "{}: is a symbolic link, so git keeps the link and not the store; name the real folder with --store",
        .0.display()
    )]
    SymbolicLink(PathBuf),
    #[error(
        "{}: is the root of a git repository, and a store is a folder below it: move `policy.toml` and the secrets into \
         one, such as `secrets/`",
        .0.display()
    )]
    RepositoryRoot(PathBuf),
    #[error("{}: {source}; name the store's folder with --store", path.display())]
    Io { path: PathBuf, source: io::Error },
}

/// The folder that holds the policy and the secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    root: PathBuf,
}

impl Store {
    /// A store at this folder, whether it is there yet or not: for `init`.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Finds the store: `--store`, else `SECRETS_STORE`, else upwards from the current folder. The way up ends
    /// at the root of a git repository: the store of another repository must not pass for this one's.
    pub fn find(explicit: Option<&Path>, environment: &Environment) -> Result<Self, StoreError> {
        if let Some(folder) = explicit {
            return Self::named(&environment.current_dir().join(folder), "--store");
        }
        if let Some(folder) = environment.path(STORE_VARIABLE) {
            return Self::named(&environment.current_dir().join(folder), STORE_VARIABLE);
        }
        Self::above(environment.current_dir())
    }

    fn named(folder: &Path, named_by: &'static str) -> Result<Self, StoreError> {
        if !is_there(&folder.join(POLICY))? {
            return Err(StoreError::NoPolicy { folder: folder.to_owned(), named_by });
        }
        Self::below_a_root(folder)
    }

    /// At the root of a repository everything in it would be taken for the store's, its sources and `.git` too.
    fn below_a_root(folder: &Path) -> Result<Self, StoreError> {
        let root = real(folder)?;
        if is_there(&root.join(".git"))? {
            return Err(StoreError::RepositoryRoot(root));
        }
        Ok(Self { root })
    }

    fn above(from: &Path) -> Result<Self, StoreError> {
        let mut last = from;
        for ancestor in from.ancestors() {
            last = ancestor;
            for folder in FOLDERS {
                let folder = ancestor.join(folder);
                if !is_there(&folder.join(POLICY))? {
                    continue;
                }
                if is_link(&folder)? {
                    return Err(StoreError::SymbolicLink(folder));
                }
                return Self::below_a_root(&folder);
            }
            if is_there(&ancestor.join(".git"))? {
                break;
            }
        }
        Err(StoreError::NotFound { from: from.to_owned(), last: last.to_owned() })
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn policy_path(&self) -> PathBuf {
        self.root.join(POLICY)
    }

    pub fn record_path(&self, name: &SecretName) -> PathBuf {
        self.file(name, RECORD_ENDING)
    }

    pub fn sealed_path(&self, name: &SecretName) -> PathBuf {
        self.file(name, SEALED_ENDING)
    }

    /// Reads a file of the store; `None` where there is none, and no way through a symbolic link.
    pub fn read(&self, path: &Path, most: u64) -> Result<Option<Vec<u8>>, FileError> {
        files::read_below(&self.root, path, most)
    }

    fn file(&self, name: &SecretName, ending: &str) -> PathBuf {
        let mut path = self.root.clone();
        path.extend(name.as_str().split('/'));
        // Not `set_extension`: the name may hold dots of its own.
        path.as_mut_os_string().push(ending);
        path
    }
}

/// Whether there is anything of that name, a symbolic link to nowhere included.
fn is_there(path: &Path) -> Result<bool, StoreError> {
    match path.symlink_metadata() {
        Ok(_) => Ok(true),
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(false),
        Err(source) => Err(StoreError::Io { path: path.to_owned(), source }),
    }
}

fn is_link(path: &Path) -> Result<bool, StoreError> {
    match path.symlink_metadata() {
        Ok(found) => Ok(found.is_symlink()),
        Err(source) => Err(StoreError::Io { path: path.to_owned(), source }),
    }
}

/// Without symbolic links, because git knows the repository by that path.
fn real(folder: &Path) -> Result<PathBuf, StoreError> {
    let wrap = |source| StoreError::Io { path: folder.to_owned(), source };
    // On Windows the real path has a form (`\\?\C:\…`) that git does not take.
    if cfg!(windows) {
        std::path::absolute(folder).map_err(wrap)
    } else {
        folder.canonicalize().map_err(wrap)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn environment(folder: &Path, store: Option<&str>) -> Environment {
        let variables = store.map(|store| (STORE_VARIABLE.into(), store.into()));
        Environment::new(variables, folder.to_owned())
    }

    fn tree(files: &[&str]) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        for file in files {
            let path = root.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        (dir, root)
    }

    #[test]
    fn it_is_found_from_above_and_from_within() {
        let (_dir, root) =
            tree(&["secrets/policy.toml", "secrets/a/b/x.age", "src/deep/x", "custody/policy.toml"]);
        for from in ["", "src/deep", "secrets", "secrets/a/b"] {
            let found = Store::find(None, &environment(&root.join(from), None)).unwrap();
            assert_eq!(found.root(), root.join("secrets"), "from {from:?}");
        }
    }

    #[test]
    fn custody_is_looked_for_where_secrets_is_taken() {
        let (_dir, root) = tree(&["secrets/values.yaml", "custody/policy.toml", "src/x"]);
        let found = Store::find(None, &environment(&root.join("src"), None)).unwrap();
        assert_eq!(found.policy_path(), root.join("custody/policy.toml"));
    }

    #[test]
    fn the_option_wins_over_the_variable_and_both_over_the_folders() {
        let (_dir, root) = tree(&["secrets/policy.toml", "vault/policy.toml", "other/policy.toml"]);
        let environment = environment(&root, Some("other"));
        assert_eq!(Store::find(None, &environment).unwrap().root(), root.join("other"));
        let found = Store::find(Some(Path::new("vault")), &environment).unwrap();
        assert_eq!(found.root(), root.join("vault"));
    }

    #[test]
    fn the_way_up_ends_at_the_repository() {
        let (_dir, root) = tree(&["secrets/policy.toml", "inner/.git/HEAD", "inner/src/x"]);
        let error = Store::find(None, &environment(&root.join("inner/src"), None)).unwrap_err().to_string();
        assert!(error.contains("secrets init") && error.contains("inner"), "{error}");
        let error = Store::find(Some(Path::new("inner")), &environment(&root, None)).unwrap_err().to_string();
        assert!(error.contains("no `policy.toml` (--store)") && error.contains("secrets init"), "{error}");
    }

    #[test]
    fn the_root_of_a_repository_is_no_store() {
        let (_dir, root) = tree(&["secrets/policy.toml", "secrets/.git/HEAD"]);
        for (explicit, from) in [(None, ""), (Some("secrets"), ""), (Some("."), "secrets")] {
            let found = Store::find(explicit.map(Path::new), &environment(&root.join(from), None));
            let error = found.unwrap_err();
            assert!(error.to_string().contains("a store is a folder below it"), "{error}");
            assert!(matches!(error, StoreError::RepositoryRoot(path) if path == root.join("secrets")));
        }
        let found = Store::find(None, &environment(&root, Some("secrets")));
        assert!(matches!(found, Err(StoreError::RepositoryRoot(_))));
    }

    #[cfg(unix)]
    #[test]
    fn a_store_behind_a_link_is_refused_by_name() {
        let (_dir, root) = tree(&["elsewhere/policy.toml"]);
        std::os::unix::fs::symlink(root.join("elsewhere"), root.join("secrets")).unwrap();
        let error = Store::find(None, &environment(&root, None)).unwrap_err();
        assert!(matches!(error, StoreError::SymbolicLink(path) if path == root.join("secrets")));
        let named = Store::find(Some(Path::new("secrets")), &environment(&root, None)).unwrap();
        assert_eq!(named.root(), root.join("elsewhere"));
    }

    #[test]
    fn files_are_named_by_the_secret() {
        let store = Store::at("/r/secrets");
        let name: SecretName = "utoronto/prod/azuread.v2".parse().unwrap();
        assert_eq!(store.record_path(&name), Path::new("/r/secrets/utoronto/prod/azuread.v2.json"));
        assert_eq!(store.sealed_path(&name), Path::new("/r/secrets/utoronto/prod/azuread.v2.age"));
    }
}
