//! What the commands for tracked files share: which files are meant, and what lies in them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path};

use super::session::repository;
use super::{CommandError, Session};
use crate::change::writer::Writer;
use crate::domain::claim::{CUSTODY, Claim};
use crate::domain::digest::Digest;
use crate::domain::foreign::{Contents, ForeignFile};
use crate::domain::glob::Glob;
use crate::domain::tracked_name::TrackedName;
use crate::observe::place::Place;
use crate::observe::tracked::{self, MAX_FILE_BYTES};
use crate::store::custody_file::{self, Draft, MAX_CUSTODY_BYTES};
use crate::system::threads::{ParallelIterator as _, Shared as _};
use crate::system::{files, walk};

/// What somebody named on the command line, as it stands to the repository.
pub enum Target {
    /// A file, or the folder above some.
    Path(String),
    Glob(Glob),
    /// One value of a file.
    Value(TrackedName),
}

impl Target {
    /// Paths and globs are relative to the current folder; names of values begin at the root of the repository.
    pub fn read(session: &Session, place: &Place, text: &str) -> Result<Self, CommandError> {
        let root = repository(place)?.root();
        if text.contains("#/") {
            return Ok(Self::Value(text.parse::<TrackedName>()?));
        }
        let from = session.environment.current_dir();
        let path = below_root(root, from, text).ok_or_else(|| {
            CommandError::new(format!("{text}: lies outside the repository {}", root.display()))
        })?;
        let is_there = root.join(&path).symlink_metadata().is_ok();
        if !is_there && text.contains(['*', '?', '[', '{']) {
            return Ok(Self::Glob(path.parse::<Glob>()?));
        }
        Ok(Self::Path(path))
    }

    /// Whether a file, or a value in it, is meant.
    pub fn means(&self, name: &TrackedName) -> bool {
        match self {
            Self::Path(path) => {
                let below =
                    || name.file().strip_prefix(path.as_str()).is_some_and(|rest| rest.starts_with('/'));
                path == "." || name.file() == path || below()
            }
            Self::Glob(glob) => glob.matches(name.file()) || glob.matches(name.as_str()),
            Self::Value(value) => value == name,
        }
    }
}

/// A path of the command line, relative to the root of the repository; `.` for the root itself. The files need not be
/// there.
fn below_root(root: &Path, from: &Path, text: &str) -> Option<String> {
    let from = from.canonicalize().unwrap_or_else(|_| from.to_owned());
    let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let mut parts: Vec<String> = Vec::new();
    let full = from.join(text);
    for part in full.strip_prefix(&root).ok()?.components() {
        match part {
            Component::Normal(part) => parts.push(part.to_str()?.to_owned()),
            Component::CurDir => {}
            Component::ParentDir => drop(parts.pop()?),
            Component::Prefix(_) | Component::RootDir => return None,
        }
    }
    Some(if parts.is_empty() { ".".to_owned() } else { parts.join("/") })
}

/// What the files of the work tree that are meant turned out to be.
#[derive(Default)]
pub struct Gathered {
    pub sealed: BTreeMap<String, ForeignFile>,
    /// With why each is not taken for sealed.
    pub plain: BTreeMap<String, String>,
    /// What bears the marks of a format and can't be read, or can't be read at all; with why.
    pub unreadable: BTreeMap<String, String>,
}

impl Gathered {
    /// Looks into every file of the work tree that a target means. The store and other repositories are left out.
    pub fn look(place: &Place, targets: &[Target]) -> Result<Self, CommandError> {
        let root = repository(place)?.root();
        let enter = |path: &str, full: &Path| {
            path != ".git" && path != place.folder && full.join(".git").symlink_metadata().is_err()
        };
        let walked = walk::walk(root, enter);
        let mut gathered = Self::default();
        for (folder, why) in walked.unreadable {
            gathered.unreadable.insert(folder, format!("can't be listed: {why}"));
        }
        let is_meant = |path: &str| {
            let name = TrackedName::new(path, None);
            name.is_some_and(|name| targets.iter().any(|target| target.means(&name)))
        };
        let meant: Vec<String> = (walked.files.into_iter())
            .filter(|file| file.is_file && file.path.rsplit('/').next() != Some(CUSTODY))
            .map(|file| file.path)
            .filter(|path| is_meant(path))
            .collect();
        let look = |path: String| {
            let read = files::read(&root.join(&path), MAX_FILE_BYTES);
            let found = read.map(|bytes| tracked::contents(&bytes)).map_err(|error| error.reason());
            (path, found)
        };
        for (path, found) in meant.into_par_iter().map(look).collect::<Vec<_>>() {
            match found {
                Ok(Contents::Sealed(file)) => drop(gathered.sealed.insert(path, file)),
                Ok(Contents::Plain(why)) => drop(gathered.plain.insert(path, why)),
                Ok(Contents::Damaged(damage)) => {
                    gathered.unreadable.insert(path, damage.to_string());
                }
                Err(why) => drop(gathered.unreadable.insert(path, why)),
            }
        }
        Ok(gathered)
    }
}

/// The records of the work tree, folder by folder, and what becomes of them.
pub struct CustodyRecords<'a> {
    place: &'a Place,
    /// By the path of each `custody.toml`.
    open: BTreeMap<String, Open>,
}

struct Open {
    /// Of the file as it was read; `None` where there was none.
    was: Option<Digest>,
    claims: BTreeMap<TrackedName, Claim>,
    draft: Draft,
    is_changed: bool,
}

impl<'a> CustodyRecords<'a> {
    pub fn new(place: &'a Place) -> Self {
        Self { place, open: BTreeMap::new() }
    }

    /// The path of the `custody.toml` that holds the records of a file.
    fn path_for(file: &str) -> String {
        match tracked::folder_of(file) {
            "" => CUSTODY.to_owned(),
            folder => format!("{folder}/{CUSTODY}"),
        }
    }

    /// The records beside a file.
    pub fn beside(&mut self, file: &str) -> Result<&BTreeMap<TrackedName, Claim>, CommandError> {
        Ok(&self.open(&Self::path_for(file))?.claims)
    }

    pub fn put(&mut self, name: &TrackedName, claim: Claim) -> Result<(), CommandError> {
        let open = self.open(&Self::path_for(name.file()))?;
        open.draft.put(name, &claim);
        open.claims.insert(name.clone(), claim);
        open.is_changed = true;
        Ok(())
    }

    pub fn remove(&mut self, name: &TrackedName) -> Result<bool, CommandError> {
        let open = self.open(&Self::path_for(name.file()))?;
        let removed = open.draft.remove(name);
        open.is_changed |= removed;
        open.claims.remove(name);
        Ok(removed)
    }

    /// Every record in the work tree.
    pub fn all(&mut self) -> Result<BTreeSet<TrackedName>, CommandError> {
        let root = repository(self.place)?.root();
        let enter = |path: &str, full: &Path| path != ".git" && full.join(".git").symlink_metadata().is_err();
        let mut names = BTreeSet::new();
        for file in walk::walk(root, enter).files {
            if file.path.rsplit('/').next() == Some(CUSTODY) {
                names.extend(self.open(&file.path)?.claims.keys().cloned());
            }
        }
        Ok(names)
    }

    /// Plans those that changed; one in which nothing is left is removed.
    pub fn plan(self, writer: &mut Writer<'_>) {
        for (path, open) in self.open.into_iter().filter(|(_, open)| open.is_changed) {
            let text = (!open.draft.is_empty()).then(|| open.draft.to_string().into_bytes());
            writer.put(&path, open.was, text);
        }
    }

    fn open(&mut self, path: &str) -> Result<&mut Open, CommandError> {
        if !self.open.contains_key(path) {
            let root = repository(self.place)?.root();
            let bytes = files::read_below(root, &root.join(path), MAX_CUSTODY_BYTES)?;
            let open = match bytes {
                None => Open { was: None, claims: BTreeMap::new(), draft: Draft::new(), is_changed: false },
                Some(bytes) => {
                    let claims = custody_file::parse(&bytes, path)?.claims;
                    let draft = Draft::read(&String::from_utf8_lossy(&bytes), path)?;
                    Open { was: Some(Digest::of(&bytes)), claims, draft, is_changed: false }
                }
            };
            self.open.insert(path.to_owned(), open);
        }
        self.open.get_mut(path).ok_or_else(|| CommandError::new(format!("{path}: is not open")))
    }
}
