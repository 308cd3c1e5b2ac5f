//! What lies in the store's folder on disk.

use std::borrow::Cow;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::classify::{Entry, EntryKind, Listing, classify, shown};
use super::journal::Unfinished;
use super::layout::Store;
use crate::domain::finding::Unknown;
use crate::domain::reach::Reach;

impl Store {
    /// Lists the store, following no symbolic link. Whatever can't be seen is among the unknowns. The temporary
    /// files of an unfinished change are left out.
    pub fn list(&self, unfinished: Option<&Unfinished>) -> Listing {
        self.list_within(&Reach::ALL, unfinished)
    }

    /// The same, not looking into folders that lie beyond a reach.
    pub fn list_within(&self, reach: &Reach, unfinished: Option<&Unfinished>) -> Listing {
        let mut walk = Walk { reach, folders: Vec::new(), entries: Vec::new(), unknowns: Vec::new() };
        walk.folders.push((self.root().to_owned(), Vec::new()));
        while let Some((folder, prefix)) = walk.folders.pop() {
            walk.read(&folder, &prefix);
        }
        let mut listing = classify(walk.entries, |path| {
            unfinished.is_some_and(|change| change.explains(&self.root().join(path)))
        });
        listing.unknowns.extend(walk.unknowns);
        listing.unknowns.sort();
        listing
    }
}

/// Folders still to be read, and what was found so far. A list and not recursion: folders may nest deeply.
struct Walk<'r> {
    reach: &'r Reach,
    folders: Vec<(PathBuf, Vec<u8>)>,
    entries: Vec<Entry<'static>>,
    unknowns: Vec<Unknown>,
}

impl Walk<'_> {
    /// `prefix` is the folder's path in the store with a `/` at its end, empty for the store itself.
    fn read(&mut self, folder: &Path, prefix: &[u8]) {
        let found = match fs::read_dir(folder) {
            Ok(found) => found,
            Err(e) => return self.unreadable(prefix, &e),
        };
        for entry in found {
            if let Err(e) = entry.and_then(|entry| self.take(&entry, prefix)) {
                self.unreadable(prefix, &e);
            }
        }
    }

    fn take(&mut self, entry: &fs::DirEntry, prefix: &[u8]) -> io::Result<()> {
        let name = entry.file_name();
        let mut path = [prefix, name.as_encoded_bytes()].concat();
        let kind = entry.file_type()?;
        if kind.is_dir() {
            if !self.reach.leads_through(&path) {
                return Ok(());
            }
            if name == ".git" {
                let why = "is a git repository of its own inside the store; move it elsewhere";
                self.unknowns.push(Unknown::new(shown(&path), why));
                return Ok(());
            }
            path.push(b'/');
            self.folders.push((entry.path(), path));
            return Ok(());
        }
        let kind = if kind.is_symlink() {
            EntryKind::SymbolicLink
        } else if kind.is_file() {
            EntryKind::File
        } else {
            EntryKind::Special
        };
        self.entries.push(Entry { path: Cow::Owned(path), kind });
        Ok(())
    }

    fn unreadable(&mut self, prefix: &[u8], error: &io::Error) {
        let what = if prefix.is_empty() { ".".to_owned() } else { shown(prefix) };
        self.unknowns.push(Unknown::new(what, format!("can't be listed: {error}; mend its permissions")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(files: &[&str]) -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let store = Store::at(dir.path());
        (dir, store)
    }

    #[test]
    fn folders_are_walked_and_agree_with_the_rules_for_paths() {
        let files = ["policy.toml", ".gitattributes", "a/b/c/x.age", "a/b/c/x.json", "y.age", "a/notes.txt"];
        let (_dir, store) = store(&files);
        assert_eq!(store.list(None), classify(files.iter().map(Entry::file), |_| false));
    }

    #[test]
    fn a_store_that_is_not_there_is_unknown_and_not_empty() {
        let listing = Store::at("/nowhere/at/all").list(None);
        assert_eq!(listing.unknowns.len(), 1);
        assert!(listing.unknowns[0].why.contains("can't be listed"));
    }

    #[test]
    fn a_repository_inside_is_named_once() {
        let (_dir, store) = store(&["sub/.git/config", "sub/.git/objects/ab/cd", "x.age"]);
        let listing = store.list(None);
        assert_eq!(listing.unknowns.len(), 1, "{listing:?}");
        assert_eq!(listing.unknowns[0].what, "sub/.git");
        assert!(listing.others.is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn links_are_named_and_not_followed() {
        let (dir, store) = store(&["x.age"]);
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("y.age"), "").unwrap();
        std::os::unix::fs::symlink(outside.path(), dir.path().join("linked")).unwrap();
        std::os::unix::fs::symlink(dir.path(), dir.path().join("loop")).unwrap();
        let listing = store.list(None);
        assert_eq!(listing.secrets.len(), 1);
        let whats: Vec<_> = listing.unknowns.iter().map(|u| u.what.as_str()).collect();
        assert_eq!(whats, ["linked", "loop"]);
    }

    #[cfg(unix)]
    #[test]
    fn strange_names_and_fifos_do_not_stop_it() {
        use std::os::unix::ffi::OsStrExt as _;
        let (dir, store) = store(&["x.age"]);
        let strange = dir.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9.age"));
        let made = fs::write(strange, "").is_ok();
        assert!(
            std::process::Command::new("mkfifo").arg(dir.path().join("f.json")).status().unwrap().success()
        );
        let listing = store.list(None);
        assert_eq!(listing.unknowns.len(), 1 + usize::from(made));
        assert_eq!(listing.secrets.len(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_may_not_be_read_is_unknown() {
        use std::os::unix::fs::PermissionsExt as _;
        let (dir, store) = store(&["closed/x.age", "y.age"]);
        let closed = dir.path().join("closed");
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
        let may_read_anyway = fs::read_dir(&closed).is_ok();
        let listing = store.list(None);
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
        // The superuser may read everything, and then there is nothing unknown.
        assert_eq!(listing.unknowns.len(), usize::from(!may_read_anyway));
        assert_eq!(listing.secrets.len(), 1 + usize::from(may_read_anyway));
    }
}
